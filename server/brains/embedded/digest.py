"""One meeting, prepared for answering: turns joined into passages, passages cut into sentences.

Kept up to date turn by turn, so that a question in a long meeting costs only what was said since the last one. A
turn that was corrected or renamed is a new object in the transcript; everything from there on is prepared again.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from server.brains.embedded.speech import clean, is_backchannel, sentences
from server.core.memory_text import stem, words
from server.core.memory_words import ASKING, STOP
from server.core.transcript import Turn

#: Turns of one speaker join into a passage over a pause of at most this many seconds …
_PAUSE = 12.0
#: … up to this many words.
_LONG = 140
#: Turns prepared before the event loop gets its turn again: about 1 ms.
_STRETCH = 24
#: Meetings kept; full: the one asked least recently is forgotten and prepared again when it asks.
_MEETINGS = 64

#: People use the same few thousand words; a stem costs thirty times as much as looking one up.
stemmed = lru_cache(maxsize=20_000)(stem)


def content(text: str) -> list[str]:
    """The words of a text in order, with "" in place of each that says nothing about a subject."""
    return [word if word not in STOP and (len(word) > 2 or word.isdigit()) else "" for word in words(text)]


def terms(text: str) -> list[str]:
    """The stems of a text's content words, in order."""
    return [stemmed(word) for word in content(text) if word]


def subject(text: str) -> list[str]:
    """The stems of what a question is about: without the words of asking, unless nothing else is left."""
    plain = [word for word in content(text) if word]
    about = [word for word in plain if word not in ASKING]
    return list(dict.fromkeys(stemmed(word) for word in about or plain))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, cleaned, and where it stands."""

    speaker: str
    text: str
    start: float
    #: place of its passage in the digest, and its own place in the passage
    passage: int
    place: int
    terms: frozenset[str]


@dataclass(slots=True)
class Passage:
    """What one person said without a real interruption; `turns` are the `index` of its turns."""

    speaker: str
    start: float
    end: float
    text: str
    #: place of its first turn in the transcript
    first: int
    turns: list[int] = field(default_factory=list)
    words: int = 0
    #: its words, see `content`
    content: tuple[str, ...] = ()
    _sentences: tuple[Sentence, ...] | None = None

    def sentences(self, place: int) -> tuple[Sentence, ...]:
        """Its sentences, cleaned when first asked for."""
        if self._sentences is None or (self._sentences and self._sentences[0].passage != place):
            self._sentences = tuple(self._cut(place))
        return self._sentences

    def _cut(self, place: int) -> list[Sentence]:
        parts = sentences(clean(self.text))
        size = max(1, sum(len(part) for part in parts))
        made, passed = [], 0
        for at, part in enumerate(parts):
            start = self.start + (self.end - self.start) * passed / size
            passed += len(part)
            made.append(Sentence(self.speaker, part, start, place, at, frozenset(terms(part))))
        return made


class Digest:
    """The passages of one meeting. `follow` brings it up to date with the transcript."""

    def __init__(self, agent: str = "") -> None:
        self._agent = agent.lower()
        self.passages: list[Passage] = []
        #: in how many passages a term occurs
        self.spread: Counter[str] = Counter()
        self._turns: list[Turn] = []
        self._terms: list[frozenset[str]] = []
        self._kept: dict[str, dict[int, Any]] = {}

    def kept(self, kind: str) -> dict[int, Any]:
        """What was worked out for each passage, by its place; forgotten when a passage is."""
        return self._kept.setdefault(kind, {})

    def unjudged(self, kind: str) -> int:
        """How many passages `kept` holds nothing about."""
        return len(self.passages) - len(self._kept.get(kind, ()))

    def behind(self, turns: Sequence[Turn]) -> int:
        """How many turns are still to be taken in, roughly."""
        return len(turns) - len(self._turns)

    async def follow(self, turns: Sequence[Turn]) -> None:
        """Take in what is new. Gives the event loop its turn now and then."""
        same = self._common(turns)
        if same < len(self._turns):
            self._forget(same)
        # Another reply may follow the same meeting while this one waits: each goes on where the list really ends.
        while len(self._turns) < len(turns):
            for turn in turns[len(self._turns) : len(self._turns) + _STRETCH]:
                self._add(turn)
            self._count()
            if len(self._turns) < len(turns):
                await asyncio.sleep(0)

    def _common(self, turns: Sequence[Turn]) -> int:
        known = self._turns
        for at in range(min(len(known), len(turns))):
            if known[at] is not turns[at]:
                return at
        return min(len(known), len(turns))

    def _forget(self, same: int) -> None:
        """Drop every passage that a turn from place `same` on is part of, and the turns of those passages."""
        while self.passages and (self.passages[-1].first >= same or self._reaches(self.passages[-1], same)):
            passage = self.passages.pop()
            same = min(same, passage.first)
        while len(self._terms) > len(self.passages):
            self.spread.subtract(self._terms.pop())
        del self._turns[same:]
        self._kept.clear()  # places before the cut hold, but what followed them may have changed

    def _reaches(self, passage: Passage, same: int) -> bool:
        gone = {turn.index for turn in self._turns[same:]}
        return any(index in gone for index in passage.turns)

    def _add(self, turn: Turn) -> None:
        place = len(self._turns)
        self._turns.append(turn)
        if turn.is_agent or not turn.text.strip() or is_backchannel(turn.text) or self._to_agent(turn.text):
            return
        size = turn.text.count(" ") + 1
        last = self.passages[-1] if self.passages else None
        joins = (
            last is not None
            and last.speaker == turn.speaker
            and turn.start - last.end <= _PAUSE
            and last.words + size <= _LONG
        )
        if last is not None and joins:
            if len(self._terms) == len(self.passages):
                self.spread.subtract(self._terms.pop())
            last.text += " " + turn.text
            last.end = max(last.end, turn.end)
            last.turns.append(turn.index)
            last.words += size
            last._sentences = None
        else:
            self.passages.append(Passage(turn.speaker, turn.start, turn.end, turn.text, place, [turn.index], size))

    def _to_agent(self, text: str) -> bool:
        """Is this said to the agent? Its name stands at either end, or in a question. Such turns are never quoted."""
        low = text.lower()
        if not self._agent or self._agent not in low:
            return False
        spoken = words(low)
        return self._agent in spoken[:3] or self._agent in spoken[-2:] or (self._agent in spoken and "?" in text)

    def _count(self) -> None:
        """Note the terms of passages that are new or have grown."""
        for passage in self.passages[len(self._terms) :]:
            passage.content = tuple(content(passage.text))
            found = frozenset(stemmed(word) for word in passage.content if word)
            self._terms.append(found)
            self.spread.update(found)

    def terms_of(self, place: int) -> frozenset[str]:
        """The terms of a passage."""
        return self._terms[place]

    def answers(self, passage: Passage, since: float, within: float) -> Iterator[tuple[str, str]]:
        """(speaker, text) of what others said after a passage, until `within` seconds past `since` or its end."""
        limit = max(since, passage.end) + within
        for turn in self._turns[passage.first : passage.first + len(passage.turns) + 12]:
            if turn.start > limit:
                return
            if turn.start >= since and turn.speaker != passage.speaker and not turn.is_agent and turn.text:
                yield turn.speaker, turn.text

    def after(self, passage: Passage, since: float, within: float) -> Iterator[str]:
        """The texts of `answers`."""
        return (text for _, text in self.answers(passage, since, within))

    def place_of(self, index: int) -> int | None:
        """The passage that holds the turn with this index, or None."""
        for place in range(len(self.passages) - 1, -1, -1):
            if index in self.passages[place].turns:
                return place
        return None


class Digests:
    """The digests of the meetings that asked most recently."""

    def __init__(self, most: int = _MEETINGS) -> None:
        self._most = most
        self._by_first: OrderedDict[int, tuple[Turn, Digest]] = OrderedDict()

    def of(self, turns: Sequence[Turn], agent: str) -> Digest:
        """The digest of this meeting, not yet brought up to date. A meeting is known by its first turn object."""
        if not turns:
            return Digest(agent)
        first = turns[0]
        known = self._by_first.get(id(first))
        if known is None or known[0] is not first:
            known = (first, Digest(agent))
            self._by_first[id(first)] = known
            if len(self._by_first) > self._most:
                self._by_first.popitem(last=False)
        self._by_first.move_to_end(id(first))
        return known[1]
