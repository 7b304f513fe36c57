"""Our own words coming back: a ledger of what was played explains them away, instead of going deaf.

Pure. A line of the transcript is aligned, in order, with the sequence of words that were played and when. Stretches
that run along with it are ours: mis-heard words inside them, words cut at either end, numbers written in another way.
What is left over is a person's. In doubt the words are a person's: an echo that is heard costs a moment of ducking, a
person who is not heard costs the meeting.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from server.core.addressing.text import fold
from server.core.echo_words import (
    EARLY,
    FEWEST,
    LATE,
    LATE_PERSON,
    PROTECTED,
    WORD,
    Out,
    Said,
    is_nearly,
    is_number,
    nothing_alike,
    ours_of,
    outs_of,
    says_something,
    sentence_end,
    without,
    words_of,
)

#: seconds between the last word's being out and a line's coming back, at most, when nobody says when it was said
KEEP = 10.0
#: words a second of any voice, at least
PACE = 2.0
#: a line of one or two words is ours only this close to the same words: said at known times, or by their arrival
TIGHT = 1.2
TIGHT_ARRIVAL = 2.0
#: share of a line that must be ours before anything is taken out of it
SHARE = 0.6
SHARE_PERSON = 0.8
#: an answer to our question may use its words: a line this short is an answer unless it is nearly all of the question
ANSWER = 5
#: seconds after our last word in which a line that begins later is no longer mixed with us
AFTER = 0.7
#: words kept, however fast the agent speaks
MOST = 120
_ANSWERS = frozenset("yes yeah yep yup ok okay right sure correct ja jawohl oui si vale genau".split())
_DENIES = frozenset("not isn't wasn't aren't never nicht pas".split())
_QUOTES = re.compile(
    r"\b(?:you|it|he|she) (?:just |really |also )*(?:said|say|says|mean|meant|told)\b"
    r"|\b(?:did|do) you (?:just )?(?:say|mean)\b|\bwhat do you mean\b|\bdu sagtest\b|\bhast du gesagt\b|\bmeinst du\b"
    r"|\btu as dit\b|\bdijiste\b"
)


class Ledger:
    """The words played lately, in order, with the session time at which each was out."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        # Full: the oldest word leaves; it is the one least likely to come back.
        self._played: deque[Out] = deque(maxlen=MOST)
        self._coming: list[Out] = []
        self._names = frozenset(fold(word) for name in names for word in WORD.findall(name))

    def played(self, text: str, now: float, coming: str = "") -> None:
        """These words of ours were just out, and `coming` are about to be: reports of the page come a little late."""
        found = outs_of(text, now)
        ends, asks = sentence_end(WORD.split(text, maxsplit=1)[0])
        if self._played and ends:  # the marks behind the word before
            self._played[-1] = replace(self._played[-1], ends=True, asks=asks)
        self._played.extend(found)
        self._coming = outs_of(coming, now)

    def _all(self) -> list[Out]:
        return [*self._played, *self._coming]

    def sift(self, text: str, now: float, *, said: tuple[float, float] | None = None, person: bool = False) -> str:
        """The words of this line that are not ours: all of it when none is, "" when all are.

        `said` is when the line was said, from its first word to its last, in session seconds. `person`: it comes from
        somebody who is speaking on sound of their own.
        """
        words = words_of(text, said)
        out = self._lately(now, len(words), said, person)
        if not words or not out or nothing_alike(words, out):
            return text
        if len(words) < FEWEST:
            return "" if self._short_is_ours(text, words, out, now, person) else text
        ours = ours_of(words, out, person)
        share = ours.count(True) / len(words)
        if share < (SHARE_PERSON if person else SHARE) or self._answers(words):
            return text
        rest = [at for at in range(len(words)) if not ours[at]]
        if not says_something(words, rest):
            return ""
        return text if self._repeats(text, words, ours, now) else without(text, words, ours)

    def _lately(self, now: float, count: int, said: tuple[float, float] | None, person: bool) -> list[Out]:
        """The words of ours that can be in a line of so many words, said then."""
        if said is None:
            return [one for one in self._all() if now - one.at <= KEEP + count / PACE]
        first, last = said[0] - (LATE_PERSON if person else LATE), said[1] + EARLY
        return [one for one in self._all() if first <= one.at <= last]

    def _question(self) -> list[str]:
        """The words of our question, if that was the last thing out."""
        if not self._played or not self._played[-1].asks:
            return []
        words = [self._played[-1].word]
        for one in list(self._played)[-2::-1]:
            if one.ends:
                break
            words.append(one.word)
        return words

    def _answers(self, words: Sequence[Said]) -> bool:
        """Whether these few words of ours are an answer: we asked, and they are a part of the question."""
        return len(words) <= ANSWER and len(words) < 0.8 * len(self._question())

    def _short_is_ours(self, text: str, words: list[Said], out: list[Out], now: float, person: bool) -> bool:
        """One or two words: ours only right behind the same words, and never a stop word, a name or an answer."""
        if person or self._question() or text.rstrip().endswith(("?", "？")):
            return False
        if any(one.word in PROTECTED or one.word in _ANSWERS or one.word in self._names for one in words):
            return False
        for at in range(len(out) - len(words), -1, -1):
            pairs = list(zip(words, out[at:], strict=False))
            near = all(
                abs(one.at - ours.at) <= TIGHT if one.at is not None else now - ours.at <= TIGHT_ARRIVAL
                for one, ours in pairs
            )
            if near and all(is_nearly(one.word, ours.word) for one, ours in pairs):
                return True
        return False

    def _repeats(self, text: str, words: list[Said], ours: list[bool], now: float) -> bool:
        """Whether a person says our words: calls us with them, quotes us or puts us right."""
        rest = " ".join(one.word for one, mine in zip(words, ours, strict=True) if not mine)
        if _QUOTES.search(rest) or all(word in _DENIES or is_number(word) for word in rest.split()):
            return True  # "you said ...", "the budget is not two hundred", "the budget is three hundred"
        if self._names.isdisjoint(rest.split()):
            return False
        last = self._played[-1].at
        began = words[0].at if words[0].at is not None else now - KEEP / 4
        return text.rstrip().endswith(("?", "？")) or began > last + AFTER
