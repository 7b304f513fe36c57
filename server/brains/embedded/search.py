"""Finds what was said about something: the memory's evidence first, then every passage that shares rare words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from server.brains.embedded.digest import Digest, Sentence, subject
from server.core.transcript import Turn


@dataclass(frozen=True, slots=True)
class Hit:
    """A sentence that answers, how well, and how many of the asked words it or its passage holds."""

    sentence: Sentence
    score: float
    shared: int


def rarity(digest: Digest, term: str) -> float:
    """How much a term says in this meeting: 0 for one nobody used."""
    count = digest.spread.get(term, 0)
    return math.log(1 + len(digest.passages) / count) if count else 0.0


def find(
    digest: Digest,
    topic: str,
    evidence: Sequence[Turn] = (),
    *,
    person: str = "",
    most: int = 3,
    skip: frozenset[int] = frozenset(),
) -> list[Hit]:
    """The best sentences for a topic, best first; of `person` only, when given.

    `skip` holds the places of passages that must not be quoted, such as the question itself. An empty result means that
    nobody used the asked words and the memory found nothing either.
    """
    asked = subject(topic)
    weights = {term: rarity(digest, term) for term in asked}
    backed = _backed(digest, evidence)
    hits: list[Hit] = []
    for place, passage in enumerate(digest.passages):
        if place in skip or (person and passage.speaker != person):
            continue
        shared = [term for term in asked if term in digest.terms_of(place)]
        spans = backed.get(place, [])
        if not shared and not spans:
            continue
        near = sum(weights[term] for term in shared)
        hits += _sentences(digest, place, weights, near, spans)
    hits.sort(key=lambda hit: (-hit.score, hit.sentence.start))
    return _varied(hits, most)


def _backed(digest: Digest, evidence: Sequence[Turn]) -> dict[int, list[tuple[float, float, float]]]:
    """Where the evidence stands in each passage: (start, end, weight); the first piece weighs most."""
    backed: dict[int, list[tuple[float, float, float]]] = {}
    for rank, turn in enumerate(evidence):
        place = None if turn.is_agent else digest.place_of(turn.index)
        if place is not None:
            weight = 3.0 / (1 + 0.3 * rank)
            backed.setdefault(place, []).append((turn.start - 0.5, turn.end + 0.5, weight))
    return backed


def _sentences(
    digest: Digest, place: int, weights: dict[str, float], near: float, spans: list[tuple[float, float, float]]
) -> list[Hit]:
    hits = []
    for sentence in digest.passages[place].sentences(place):
        own = [term for term in weights if term in sentence.terms]
        bonus = max((weight for start, end, weight in spans if start <= sentence.start <= end), default=0.0)
        if not own and not bonus:
            continue
        score = sum(weights[term] for term in own) + 0.25 * near + bonus + _worth(sentence)
        if len(own) > 1:
            score += 0.5 * (len(own) - 1)
        hits.append(Hit(sentence, score, len(own)))
    return hits


def _worth(sentence: Sentence) -> float:
    """A whole statement with some content is better to listen to than a fragment or a question."""
    size = sentence.text.count(" ") + 1
    worth = min(len(sentence.terms), 6) * 0.12
    if size < 5:
        worth -= 1.2
    elif size > 45:
        worth -= 0.4
    if sentence.text.endswith("?") or not sentence.text.endswith((".", "!")):
        worth -= 0.9
    return worth


def _varied(hits: list[Hit], most: int) -> list[Hit]:
    """The best hits that do not say the same, with at most two of one passage."""
    chosen: list[Hit] = []
    for hit in hits:
        beside = [other for other in chosen if other.sentence.passage == hit.sentence.passage]
        same = any(
            len(other.sentence.terms & hit.sentence.terms)
            > 0.7 * max(1, min(len(other.sentence.terms), len(hit.sentence.terms)))
            for other in chosen
        )
        if len(beside) < 2 and not same:
            chosen.append(hit)
        if len(chosen) == most:
            break
    return chosen
