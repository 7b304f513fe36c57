"""Speculation: begin to think, and voice the first piece, before it is sure that a turn is over.

Pure. A guess is a reply of which nobody hears anything: it may neither speak nor do anything until the turn is
committed with the same words; then it is the reply, further on its way than one that begins only now. Words that differ
take it back. What is taken back is counted, and when too much is, only finals are good enough to guess on.
"""

from __future__ import annotations

from collections import deque

from server.core import endpointing
from server.core.asking import Asking
from server.core.delivery import Delivery
from server.core.reply import Asked
from server.core.room import Room

#: seconds by which the last word may have ended before its speech did, to be the last one
LAST_WORD = 0.25
#: turns whose fate is remembered, and the share of them that may have wasted a guess
REMEMBERED = 20
WASTED = 0.1
#: guesses for one utterance
TRIES = 2
#: seconds after which a guess whose turn was never committed is given up
KEPT = 4.0


class Guessing:
    """The guesses of one conversation: at most one at a time."""

    def __init__(self, room: Room, delivery: Delivery, asking: Asking) -> None:
        self._room = room
        self._delivery = delivery
        self._asking = asking
        self._fates: deque[bool] = deque(maxlen=REMEMBERED)
        self._tries = 0

    @property
    def guess(self) -> Asked | None:
        """What the running guess takes for the question; None when there is none."""
        reply = self._delivery.running
        return reply.asked if reply is not None and reply.guess else None

    def may(self, asked: Asked) -> bool:
        """Whether a final whose speaker may still go on is good enough to begin with."""
        return self._room.config.speculate and self._tries < TRIES and not endpointing.trails_off(asked.text)

    def may_grow(self, asked: Asked, now: float, *, ended: float | None) -> bool:
        """Whether words that may still grow are good enough to begin with: they look complete, or were the last ones.

        `ended` is when the last of them was spoken, if that is known.
        """
        if not self.may(asked) or self._wasteful:
            return False
        if endpointing.looks_complete(asked.text):
            return True
        floor = self._room.floor
        if floor.speaks(asked.who, now) or ended is None:
            return False
        speech_end = floor.speech_end(now, asked.who)
        return speech_end is not None and ended >= speech_end - LAST_WORD

    def begin(self, asked: Asked, now: float) -> None:
        """Think about this; it may have been the whole question."""
        self._tries += 1
        reply = self._delivery.begin(asked, now, guess=True)
        self._room.out.timer("guess", now + KEPT)
        self._delivery.think(self._asking.thought(asked, reply.id, reply.epoch, now))

    def adopt(self, asked: Asked, now: float) -> bool:
        """The turn is over, and it is this. True when the guess was right: it is the reply now."""
        guess = self.guess
        if guess is None:
            self._fates.append(False)
            return False
        if guess.who != asked.who or folded(guess.question) != folded(asked.question):
            self.drop(now)
            return False
        self._over(wasted=False)
        self._delivery.adopt(asked, now)
        return True

    def contradicted(self, who: str, text: str, now: float) -> None:
        """This is said now: take the guess back if it was another question of the same person."""
        guess = self.guess
        if guess is not None and guess.who == who and folded(text) not in folded(guess.text):
            self.drop(now)

    def drop(self, now: float) -> None:
        """It was none."""
        if self.guess is not None:
            self._over(wasted=True)
            self._delivery.withdraw("guessed-wrong", now)

    def next_utterance(self) -> None:
        """The last utterance is decided on: the next one may be guessed again."""
        self._tries = 0

    @property
    def _wasteful(self) -> bool:
        return sum(self._fates) > WASTED * max(len(self._fates), REMEMBERED / 4)

    def _over(self, *, wasted: bool) -> None:
        self._fates.append(wasted)
        self._room.out.cancel("guess")


def folded(text: str) -> str:
    """The words, whatever their case and punctuation."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
