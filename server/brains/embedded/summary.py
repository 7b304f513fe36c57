"""What a stretch of the meeting was about: its topics, and its most telling sentences spread over time."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from dataclasses import dataclass

from server.brains.embedded.digest import Digest, Passage, Sentence, stemmed
from server.core.memory_words import ASKING

_CUES = re.compile(
    r"\b(?:the (?:main|important|most important|whole|only|first|second|last|next|big|biggest|real) \w+|"
    r"important|problem|issue|goal|aim|idea is|plan is|reason|conclusion|result|means that|"
    r"we need|we have to|we should|we want|i suggest|i propose|i'd suggest|because|so that|instead of|"
    r"compared|the point|question is|in order to|decided|agreed)\b",
    re.I,
)
_SHAKY = re.compile(
    r"\b(?:maybe|i guess|dunno|don't know|not sure|sort of|kind of|or something|whatever|thing|stuff|blah|"
    r"you know|i mean)\b",
    re.I,
)
_POINTING = re.compile(r"^(?:that|this|it|he|she|they|those|these|which|there|what|you)\b", re.I)
_CONCRETE = re.compile(
    r"\d|\b(?:hundred|thousand|million|percent|euros?|dollars?|pounds?|twenty|thirty|forty|fifty|half)\b|"
    r"(?<=\s)[A-Z][a-z]{2,}"
)
#: said in every meeting, telling of none
_COMMON = frozenset(
    "week weeks month year need needs look looks interesting enter said working works talking problems "
    "nice kind pretty dunno guess people time way work meeting point part question example case number "
    "word problem idea guy guys today day minute minutes fact place side end start okay moment whole "
    "difference reason person person's first second last next different important able".split()
)
#: The most promising passages of each part that are read sentence by sentence.
_READ = 14
#: Passages counted before the event loop gets its turn again: about 2 ms.
_STRETCH = 128


@dataclass(frozen=True, slots=True)
class Summary:
    """Topics as they were said, most frequent first, and sentences in order of time."""

    topics: tuple[str, ...]
    sentences: tuple[Sentence, ...]


async def summarize(digest: Digest, since: float, until: float, *, topics: int = 3, quotes: int = 3) -> Summary:
    """The stretch from `since` to `until` seconds. Empty when nobody said anything there."""
    chosen = [
        (place, passage)
        for place, passage in enumerate(digest.passages)
        if passage.end >= since and passage.start <= until
    ]
    if not chosen:
        return Summary((), ())
    weights = await _weights(digest, chosen)
    await asyncio.sleep(0)
    found = await _topics(chosen, topics)
    return Summary(tuple(found), tuple(await _telling(digest, chosen, weights, quotes)))


async def _weights(digest: Digest, chosen: list[tuple[int, Passage]]) -> dict[str, float]:
    """How much each term stands for this stretch: often here, in several passages, and more here than elsewhere."""
    here: Counter[str] = Counter()
    for at, (place, _) in enumerate(chosen):
        here.update(digest.terms_of(place))
        if at % _STRETCH == _STRETCH - 1:
            await asyncio.sleep(0)
    everywhere, total = digest.spread, max(1, len(digest.passages))
    return {
        term: math.log(1 + count) * (0.5 + (count / len(chosen)) / (everywhere[term] / total) ** 0.5)
        for term, count in here.items()
        if count > 1
    }


async def _topics(chosen: list[tuple[int, Passage]], most: int) -> list[str]:
    """The commonest pairs and single content words, as people said them."""
    singles: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    spelled: dict[str, Counter[str]] = {}
    for at, (_, passage) in enumerate(chosen):
        if at % _STRETCH == _STRETCH - 1:
            await asyncio.sleep(0)
        previous = ""
        seen: set[str] = set()
        for word in passage.content:
            if not word or word in ASKING or word in _COMMON or len(word) < 4 or word.isdigit():
                previous = ""
                continue
            term = stemmed(word)
            spelled.setdefault(term, Counter())[word] += 1
            if term not in seen:
                singles[term] += 1
                seen.add(term)
            if previous and previous != term:
                pairs[previous, term] += 1
            previous = term
    least = 3 if len(chosen) > 12 else 2
    scored: list[tuple[float, tuple[str, ...]]] = [
        (count * 1.9, pair) for pair, count in pairs.items() if count >= least
    ]
    scored += [(float(count), (term,)) for term, count in singles.items() if count >= least]
    scored.sort(key=lambda item: (-item[0], item[1]))
    found: list[str] = []
    used: set[str] = set()
    for _, group in scored:
        if used.intersection(group):
            continue
        used.update(group)
        found.append(" ".join(spelled[term].most_common(1)[0][0] for term in group))
        if len(found) == most:
            break
    return found


async def _telling(
    digest: Digest, chosen: list[tuple[int, Passage]], weights: dict[str, float], most: int
) -> list[Sentence]:
    """The best sentence of each part of the stretch, in order of time."""
    begin, end = chosen[0][1].start, max(passage.end for _, passage in chosen)
    part = max(1.0, (end - begin) / most)
    parts: list[list[tuple[float, int, Passage]]] = [[] for _ in range(most)]
    for place, passage in chosen:
        promise = sum(sorted((weights.get(term, 0.0) for term in digest.terms_of(place)), reverse=True)[:8])
        parts[min(most - 1, int((passage.start - begin) / part))].append((promise, place, passage))
    told: list[Sentence] = []
    for candidates in parts:
        candidates.sort(key=lambda item: -item[0])
        best: tuple[float, Sentence] | None = None
        for _, place, passage in candidates[:_READ]:
            for sentence in passage.sentences(place):
                score = _tells(sentence, weights)
                if any(len(sentence.terms & other.terms) > 0.5 * len(sentence.terms) for other in told):
                    continue
                if score > 0 and (best is None or score > best[0]):
                    best = (score, sentence)
            await asyncio.sleep(0)  # a long passage takes half a millisecond to cut
        if best is not None:
            told.append(best[1])
    return told


def _tells(sentence: Sentence, weights: dict[str, float]) -> float:
    size = sentence.text.count(" ") + 1
    if size < 7 or size > 40 or not sentence.text.endswith((".", "!")):
        return 0.0
    score = sum(weights.get(term, 0.0) for term in sentence.terms) / math.sqrt(size)
    if _CUES.search(sentence.text):
        score *= 1.35
    if _CONCRETE.search(sentence.text):
        score *= 1.15
    if _SHAKY.search(sentence.text):
        score *= 0.75
    if _POINTING.match(sentence.text):
        score *= 0.75
    if size > 28:
        score *= 0.85
    return score
