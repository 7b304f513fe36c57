"""The memory of a meeting: which turns is a question about?

No model and no download. A `Memory` is an index of stemmed words that grows turn by turn; `find` reads a
question, looks where in the meeting its words and their relatives gather, and hands on a few whole places
rather than isolated lines (docs/decisions/0002-memory-without-a-model.md tells why, with figures).
Deterministic: the same turns give the same answer in whatever order they came.

The index holds terms and turn numbers; the turns themselves are the transcript's own objects.
"""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from server.core import memory_field as fields
from server.core.memory_text import THESAURUS, alike, stem, words
from server.core.memory_words import ASKING, STOP
from server.core.transcript import Turn

#: what counts less than the question's own word: a relative, a word that begins alike, a word that only asks,
#: and the subject named after "when discussing"
RELATIVE, ALIKE, ASKED, ASIDE = 0.35, 0.5, 0.1, 0.5
#: what our own replies count as evidence: they repeat questions
AGENT = 0.3
#: how much the neighbourhood of the person a question names gains, at most; and a line of that person's own
NAMED, SAID = 0.3, 1.5
#: a turn's score is so much its own and the rest its neighbourhood's
OWN = 0.3
#: a term's rarity is counted in stretches of this many turns: a subject is talked about in bursts
STRETCH = 16
#: a term worth less than this part of the weightiest one is not followed
FAINT = 0.05
#: more terms than this in one question add time, not sense; the weightiest are kept
MOST_TERMS = 12
#: questions and turns are read up to this many words
MOST_WORDS = 400

_ASIDE = re.compile(
    r"\b(?:when|while|during|after)\s+(?:the\s+)?(?:\w+ing\b|discussions?\b|they\b|we\b)", re.IGNORECASE
)
_FIRST_PERSON = re.compile(r"\b(?:i|me|my|mine)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A turn handed on. `score` is the part of the question found in and around it, 0 to 1."""

    turn: Turn
    score: float


@dataclass(frozen=True, slots=True)
class _Question:
    """A question as the index understands it."""

    #: term -> what it is worth before its rarity is known, 0 to 1
    worth: dict[str, float]
    #: terms that only name the occasion: they say where to look, not which line
    aside: frozenset[str]
    #: whose words are asked for, or ""
    speaker: str


class Memory:
    """An index over the turns of one meeting."""

    def __init__(self, turns: Iterable[Turn] = ()) -> None:
        self._turns: dict[int, Turn] = {}
        #: term -> the indices of the turns that hold it, in the order they came
        self._postings: dict[str, array[int]] = {}
        #: for each turn with words: how many of them could be about something
        self._substance: dict[int, int] = {}
        #: speaker label -> turns, so that a question can name one
        self._speakers: dict[str, int] = {}
        #: keys of `_substance` rising, and terms rising; None when they must be sorted again
        self._order: list[int] | None = []
        #: index -> its place in the order, of as many as were asked for last
        self._places: dict[int, int] = {}
        self._vocabulary: list[str] | None = []
        for turn in turns:
            self.add(turn)

    def __len__(self) -> int:
        return len(self._turns)

    def add(self, turn: Turn) -> None:
        """Take in a turn, or put it in the place of the one with the same index."""
        if turn.index in self._turns:
            self._forget(turn.index)
        self._turns[turn.index] = turn
        self._speakers[turn.speaker] = self._speakers.get(turn.speaker, 0) + 1
        spoken = words(turn.text)
        if not spoken:
            return  # a laugh or a cough: known, never handed on
        terms = _terms(spoken)
        self._substance[turn.index] = len(terms)
        if self._order is not None and (not self._order or self._order[-1] < turn.index):
            self._order.append(turn.index)
        else:
            self._order = None
        for term in dict.fromkeys(terms):
            postings = self._postings.get(term)
            if postings is None:
                self._postings[term] = array("q", (turn.index,))
                self._vocabulary = None
            else:
                postings.append(turn.index)

    def find(self, question: str, *, limit: int = 12, asker: str = "", before: int | None = None) -> tuple[Found, ...]:
        """The turns a question is about, best first, at most `limit`; from index `before` on they stay
        unseen.

        `asker` is the speaker label of whoever asks: "what did I say" is about that person. Empty when
        nothing in the meeting has to do with the question.
        """
        order = self._layout()
        if before is not None:
            order = order[: bisect_left(order, before)]
        if limit <= 0 or not order:
            return ()
        asked = self._read(question, asker)
        field, own, most = self._field(asked, self._positions(len(order)), len(order))
        if most <= 0.0:
            return ()
        if asked.speaker:
            self._lean(field, asked.speaker, order)
            own = {i: x * SAID if self._is_by(asked.speaker, order[i]) else x for i, x in own.items()}
        usable = [self._substance[index] > 0 for index in order]
        whole = [(1.0 - OWN) * x / most for x in field]
        for i, x in own.items():
            whole[i] += OWN * x / most
        scores = {i: min(1.0, whole[i]) for i in fields.choose(field, whole, usable, limit)}
        best = sorted(scores, key=lambda i: (-scores[i], i))
        return tuple(Found(self._turns[order[i]], round(scores[i], 4)) for i in best)

    def turns(self) -> tuple[Turn, ...]:
        """Every turn with words, in order of index."""
        return tuple(self._turns[index] for index in self._layout())

    # --- the index

    def _forget(self, index: int) -> None:
        old = self._turns.pop(index)
        self._speakers[old.speaker] -= 1
        if not self._speakers[old.speaker]:
            del self._speakers[old.speaker]
        for term in dict.fromkeys(_terms(words(old.text))):
            postings = self._postings[term]
            postings.remove(index)
            if not postings:
                del self._postings[term]
                self._vocabulary = None
        if self._substance.pop(index, None) is not None:
            self._order = None

    def _layout(self) -> list[int]:
        if self._order is None:
            self._order = sorted(self._substance)
            self._places = {}
        return self._order

    def _positions(self, size: int) -> dict[int, int]:
        """The place of each of the first `size` turns with words."""
        places, order = self._places, self._layout()
        if len(places) > size:
            places = self._places = {}
        for i in range(len(places), size):
            places[order[i]] = i
        return places

    def _beginning(self, start: str) -> Iterator[str]:
        if self._vocabulary is None:
            self._vocabulary = sorted(self._postings)
        for term in self._vocabulary[bisect_left(self._vocabulary, start) :]:
            if not term.startswith(start):
                return
            yield term

    def _is_by(self, speaker: str, index: int) -> bool:
        return self._turns[index].speaker == speaker

    # --- the question

    def _read(self, question: str, asker: str) -> _Question:
        speaker = ""
        for name in sorted(self._speakers, key=lambda name: (-len(name), name)):
            named = name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", question, re.IGNORECASE)
            if named:
                speaker = speaker or name
                question = f"{question[: named.start()]} . {question[named.end() :]}"
        if not speaker and asker and _FIRST_PERSON.search(question):
            speaker = asker
        main, aside = _occasion(question)
        worth: dict[str, float] = {}
        for part, full in ((main, 1.0), (aside, ASIDE)):
            for word in words(part)[:MOST_WORDS]:
                if word not in STOP:
                    term, here = stem(word), full * ASKED if word in ASKING else full
                    worth[term] = max(worth.get(term, 0.0), here)
        return _Question(worth, frozenset(worth).difference(_terms(words(main))), speaker)

    def _field(
        self, asked: _Question, position: dict[int, int], size: int
    ) -> tuple[list[float], dict[int, float], float]:
        """The field, what each turn holds itself, and the most any turn could (0 if nothing was found)."""
        weighed: list[tuple[float, str, dict[int, float]]] = []
        for term, worth in asked.worth.items():
            said = {at: 1.0 for at in map(position.get, self._postings.get(term, ())) if at is not None}
            evidence = self._evidence(term, position)
            weighed.append((worth * _rarity(said or evidence, size), term, evidence))
        most = sum(weight for weight, _, _ in weighed)
        heard = sorted((one for one in weighed if one[2]), key=lambda one: (-one[0], one[1]))
        # A word that is said all the time tells no place from another, and is the dearest to follow.
        heard = [one for one in heard if one[0] >= FAINT * heard[0][0]]
        field, own = [0.0] * size, dict[int, float]()
        for weight, term, evidence in heard[:MOST_TERMS]:
            fields.add_term(field, evidence, weight)
            if term not in asked.aside:
                for at, x in evidence.items():
                    own[at] = own.get(at, 0.0) + weight * x
        return field, own, most if heard else 0.0

    def _evidence(self, term: str, position: dict[int, int]) -> dict[int, float]:
        """Where a term or its kin was said, and how sure that is: 1 for the term itself."""
        kin = dict.fromkeys(THESAURUS.get(term, ()), RELATIVE)
        kin.update((other, ALIKE) for other in self._beginning(term[:4]) if alike(term, other))
        kin[term] = 1.0
        evidence: dict[int, float] = {}
        for other, worth in kin.items():
            for index in self._postings.get(other, ()):
                at = position.get(index)
                if at is not None:
                    sure = worth * AGENT if self._turns[index].is_agent else worth
                    evidence[at] = max(evidence.get(at, 0.0), sure)
        return evidence

    def _lean(self, field: list[float], speaker: str, order: list[int]) -> None:
        """Raise the places where a person said something of substance."""
        spoke = {
            i: min(self._substance[index], 10) / 10
            for i, index in enumerate(order)
            if self._substance[index] and self._is_by(speaker, index)
        }
        near = [0.0] * len(field)
        for low, values in fields.spread(spoke, fields.REACHES[0], len(field)):
            near[low : low + len(values)] = values
        most = max(near)
        if most > 0.0:
            for i, x in enumerate(near):
                field[i] *= 1.0 + NAMED * x / most


def _occasion(question: str) -> tuple[str, str]:
    """A question in two: what is asked, and the occasion it names ("... when discussing the price"), or "".

    What only asks is no question by itself: "what did we decide when we discussed the price" is about the price.
    """
    found = _ASIDE.search(question)
    if not found:
        return question, ""
    main, aside = question[: found.start()], question[found.start() :]
    if not _about(main):  # "When discussing the price, what did they ..."
        aside, _, main = aside.partition(",")
    return (main, aside) if _about(main) else (question, "")


def _about(text: str) -> bool:
    """Whether a text names a subject, and does not only ask."""
    return any(word not in STOP and word not in ASKING for word in words(text))


def _terms(spoken: list[str]) -> list[str]:
    """The stems of the words that could be about something, in order."""
    return [stem(word) for word in spoken[:MOST_WORDS] if word not in STOP]


def _rarity(evidence: dict[int, float], size: int) -> float:
    """What a term is worth by how few stretches of the meeting it was said in."""
    strongest: dict[int, float] = {}
    for at, x in evidence.items():
        strongest[at // STRETCH] = max(strongest.get(at // STRETCH, 0.0), x)
    stretches, over = math.ceil(size / STRETCH), sum(strongest.values())
    return math.log(1.0 + (stretches - over + 0.5) / (over + 0.5))
