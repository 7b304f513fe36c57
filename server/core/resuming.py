"""After an interruption: go on with the rest, say where we were, or come back with what was not begun.

Pure. What was cut stays in reach for a while. "Go on" has the unheard rest spoken from the cut word, "where were you?"
the last words heard and then the rest, both without a brain. A reply that gave way before it had said anything comes
back by itself when the talk was for somebody else and the room is quiet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from server.core import addressing, bargein, commands
from server.core.delivery import Delivery
from server.core.hand import label_of
from server.core.reply import Asked, Reply
from server.core.room import Room
from server.core.transcript import Turn
from server.core.turns import Turns

#: seconds after an interruption in which "go on" needs no name, from those who had to do with it
WINDOW = 20.0
#: seconds for which the rest is kept for somebody who calls the agent
KEPT = 180.0
#: words of somebody else, said so lately, that "go on" would be an answer to
THEIRS = 4
LATELY = 6.0
#: seconds before the interruption in which the words that made it may have ended
CUTTING = 1.5
#: words that were heard and are said again to recall where it was
RECALLED = 6
#: seconds of quiet before what gave way comes back, without the final words of who spoke, and how old it may be
QUIET = 0.7
QUIET_UNSURE = 1.5
STALE = 6.0
#: samples of a reply that had hardly begun
HARDLY = 12_000

RECALL = {"en": "I was saying:", "de": "Ich sagte gerade:", "fr": "Je disais :", "es": "Estaba diciendo:"}
#: reasons of replies that take up an earlier one
_AGAIN = frozenset({"went-on", "where"})
_NOT_US = frozenset({"other-person", "other-assistant", "quoted", "talked-about", "muted"})


@dataclass(frozen=True, slots=True)
class Cut:
    """A reply that was interrupted: what was heard of it and what not, when, and who had to do with it."""

    asked: Asked
    heard: str
    rest: str
    #: all its words are known; otherwise a brain has to find the rest
    whole: bool
    people: frozenset[str]
    at: float


@dataclass(slots=True)
class Offer:
    """A reply that gave way at its very beginning. `text` is "" when its words were not all known."""

    asked: Asked
    text: str
    by: str
    at: float
    #: the words of who spoke are known to the end
    known: bool = False


class Resuming:
    """What the agent takes up again."""

    def __init__(self, room: Room, delivery: Delivery, turns: Turns) -> None:
        self._room = room
        self._delivery = delivery
        self._turns = turns
        self._cut: Cut | None = None
        self._offer: Offer | None = None
        self._by = ""
        #: has the brain answer anew, where the words were not all known
        self.answer: Callable[[Asked, float], None] = turns.answer

    # ------------------------------------------------------------ what was cut

    def cut_by(self, who: str) -> None:
        """This person is about to interrupt the running reply."""
        self._by = who

    def over(self, reply: Reply, outcome: str, now: float) -> None:
        """A reply ended so: keep its rest, or forget what an earlier one left."""
        by, self._by = self._by, ""
        if outcome == "interrupted" and reply.trouble not in ("merged", "gave-way"):
            rest = reply.spoken.unheard
            if rest:
                before = self._cut.people if self._cut is not None and reply.asked.reason in _AGAIN else frozenset()
                people = before | ({by, reply.asked.who} - {""})
                self._cut = Cut(reply.asked, reply.spoken.heard, rest, reply.thought, people, now)
        elif outcome == "complete":
            self._cut = None

    def takes(self, turn: Turn, who: str, text: str, now: float) -> bool:
        """Whether these final words ask to go on, or where it was: then that is done."""
        if self._offer is not None and self._offer.by == who:
            self._offer.known = True
        cut = self._cut
        if cut is None or now - cut.at > KEPT:
            return False
        running = self._delivery.running
        if self._turns.closing or not self._delivery.page_there or (running is not None and not running.guess):
            return False
        growing = self._turns.asked
        begun = growing is not None and growing.who == who and growing.call_only
        verdict = addressing.judge(text, self._room.context(who, turn.speaker, now))
        command = commands.resumption(verdict.question or text)
        if command is None or not (begun or verdict.addressed or self._may(cut, turn, who, verdict.reason, now)):
            return False
        if command.kind == "go-on" and not cut.whole:
            return False  # a brain knows how it goes on
        self._turns.guessing.drop(now)
        self._turns.forget()
        if self._delivery.muted:
            self._delivery.unmute()
        go_on = command.kind == "go-on"
        asked = replace(
            cut.asked, turn=turn.index, speaker=turn.speaker, speaker_id=turn.speaker_id, text=text,
            reason="went-on" if go_on else "where", evidence=verdict.evidence, since=now, latest=now,
        )  # fmt: skip
        self._delivery.say(asked, cut.rest if go_on else self._recalled(cut), now)
        return True

    def _may(self, cut: Cut, turn: Turn, who: str, reason: str, now: float) -> bool:
        """Whether this person may say so without the name: they asked or cut in, lately, and nobody else talks."""
        if now - cut.at > WINDOW or who not in cut.people or reason in _NOT_US:
            return False
        for other in self._room.transcript.turns[-4:]:
            if other.is_agent or other.index == turn.index or other.via or (other.speaker_id or other.speaker) == who:
                continue
            lately = turn.start - other.end <= LATELY and other.end > self._meeting(cut.at, now) - CUTTING
            if lately and len(other.text.split()) > THEIRS and not bargein.is_backchannel(other.text):
                return False
        return True

    def _meeting(self, session: float, now: float) -> float:
        """The meeting's time at this session time."""
        return self._room.transcript.clock.now(now) - (now - session)

    def _recalled(self, cut: Cut) -> str:
        lead = RECALL.get(self._room.config.language, RECALL["en"])
        return " ".join(part for part in (lead, _tail(cut.heard), cut.rest) if part)

    # ------------------------------------------------------------ giving way

    def gave_way(self, reply: Reply, who: str, now: float) -> None:
        """The running reply is about to be cut by this person when it has hardly begun: it may come back."""
        whole = reply.thought and not reply.chunker.waiting
        self._offer = Offer(reply.asked, reply.spoken.planned if whole else "", who, now)
        self._room.out.timer("come-back", now + QUIET)

    def look(self, now: float) -> None:
        """The timer came: come back if the room is quiet, wait while it is not, let go when the moment has passed."""
        offer, delivery, room = self._offer, self._delivery, self._room
        if offer is None:
            return
        running = delivery.running
        taken = (running is not None and not running.guess) or self._turns.asked is not None
        stale = now - offer.at > STALE
        if taken or delivery.muted or self._turns.closing or stale:
            self._offer = None
            if stale and not (taken or delivery.muted or self._turns.closing):
                delivery.tile.hand.up(offer.asked, offer.text, label_of(offer.asked), now)
            room.decide(
                "silent", "let-go", now, turn=offer.asked.turn, speaker=offer.asked.speaker, text=offer.asked.text,
                epoch=delivery.epoch,
            )  # fmt: skip
            return
        free = max(room.floor.free_at(QUIET), offer.at + QUIET, room.last_words + QUIET)
        if not offer.known:
            free = max(free, room.floor.free_at(QUIET_UNSURE), offer.at + QUIET_UNSURE)
        if room.floor.talking(now) or now + 1e-6 < free:
            room.out.timer("come-back", max(free, now + QUIET / 2))
            return
        self._offer = None
        self._turns.guessing.drop(now)
        asked = replace(offer.asked, reason="came-back", latest=now)
        if offer.text:
            delivery.say(asked, offer.text, now)
        else:
            self.answer(asked, now)


def _tail(heard: str) -> str:
    """The last words heard, not beyond the beginning of their sentence."""
    words = heard.rstrip(" —").split()[-RECALLED:]
    for at in range(len(words) - 2, -1, -1):
        if words[at].endswith((".", "!", "?", "…")):
            words = words[at + 1 :]
            break
    return " ".join(words)
