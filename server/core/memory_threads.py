"""The threads of a meeting: where one subject ends and the next begins, and the words that set each apart.

Subjects are cut where the talk before a gap and the talk after it share the fewest words (Hearst, "TextTiling",
Computational Linguistics 23(1), 1997), measured over windows of turns because people speak in fragments.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.core.memory_text import stem, words
from server.core.memory_words import ASKING, STOP
from server.core.transcript import Turn

#: turns with substance on each side of a gap that are compared, and the fewest a segment has
WINDOW = 40
#: a valley must be this many standard deviations deeper than the mean valley
DEEP = 0.5
#: words that name a segment
NAMING = 5


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the meeting about one subject. `first` and `last` are turn indices, inclusive."""

    first: int
    last: int
    #: what sets it apart, most telling first, as people said it
    words: tuple[str, ...]


def segments(turns: Sequence[Turn]) -> tuple[Segment, ...]:
    """The meeting cut into segments, in order. Turns must be in order of index; empty for an empty meeting.

    Reads the whole meeting: for a summary, an export or a card, not for every turn.
    """
    stems = _Stems()
    solid = [(turn, bag) for turn in turns if (bag := _bag(turn, stems))]
    if not solid:
        return ()
    bags = [bag for _, bag in solid]
    everywhere = Counter(term for bag in bags for term in bag)
    found: list[Segment] = []
    for low, high in pairwise([0, *_cuts(bags), len(solid)]):
        piece = [turn for turn, _ in solid[low:high]]
        here = Counter(term for bag in bags[low:high] for term in bag)
        telling = _telling(piece, here, everywhere, NAMING, stems)
        found.append(Segment(piece[0].index, piece[-1].index, telling))
    return tuple(found)


def salient(part: Sequence[Turn], *, among: Sequence[Turn], limit: int = 8) -> tuple[str, ...]:
    """The words that set a part of the meeting apart from all of it, most telling first, as people said them."""
    stems = _Stems()
    here, everywhere = (Counter(term for turn in some for term in _bag(turn, stems)) for some in (part, among))
    return _telling(part, here, everywhere, limit, stems)


class _Stems(dict[str, str]):
    """The stem of each word, found once per call: a meeting says the same words again and again."""

    def __missing__(self, word: str) -> str:
        self[word] = stem(word)
        return self[word]


def _telling(
    part: Sequence[Turn], here: Counter[str], everywhere: Counter[str], limit: int, stems: _Stems
) -> tuple[str, ...]:
    size, total = here.total(), everywhere.total()
    worth: dict[str, float] = {}
    for term, count in here.items():
        expected = max(everywhere[term], count) * size / max(total, size)
        worth[term] = count * math.log(1.0 + count / expected)
    best = sorted(worth, key=lambda term: (-worth[term], term))[:limit]
    spelling: dict[str, Counter[str]] = {term: Counter() for term in best}
    for turn in part:
        for word in words(turn.text):
            if (term := stems[word]) in spelling:
                spelling[term][word] += 1
    return tuple(min(spelling[term].items(), key=lambda one: (-one[1], one[0]))[0] for term in best)


def _bag(turn: Turn, stems: _Stems) -> list[str]:
    """The stems a turn adds to the subject; two letters are a false start more often than a subject."""
    return [
        stems[word]
        for word in words(turn.text)
        if word not in STOP and word not in ASKING and (len(word) > 2 or not word.isascii())
    ]


def _cuts(bags: Sequence[Sequence[str]]) -> list[int]:
    """Where a new segment begins, rising."""
    alike = _alike_at_gaps(bags)
    depth = [0.0] * len(bags)
    for gap in range(WINDOW, len(bags) - WINDOW + 1):
        left = max(alike[max(1, gap - 2 * WINDOW) : gap + 1])
        right = max(alike[gap : gap + 2 * WINDOW + 1])
        depth[gap] = left + right - 2 * alike[gap]
    valleys = [d for d in depth if d > 0.0]
    if not valleys:
        return []
    enough = statistics.fmean(valleys) + DEEP * statistics.pstdev(valleys)
    cuts: list[int] = []
    for gap in sorted(range(len(depth)), key=lambda gap: (-depth[gap], gap)):
        if depth[gap] < enough:
            break
        if all(abs(gap - cut) >= WINDOW for cut in cuts):
            cuts.append(gap)
    return sorted(cuts)


def _alike_at_gaps(bags: Sequence[Sequence[str]]) -> list[float]:
    """For each gap (before turn 1, 2, ...; index 0 is unused) how alike both sides are: a cosine, 0 to 1.

    Words said everywhere count for little. The sums are kept while the windows slide, for only a few words change
    from one gap to the next.
    """
    spread = Counter(term for bag in bags for term in set(bag))
    weight = {term: math.log(1.0 + len(bags) / count) ** 2 for term, count in spread.items()}
    before, after = dict.fromkeys(weight, 0), dict.fromkeys(weight, 0)
    inner = left = right = 0.0

    def move(bag: Sequence[str], out_of_after: int, into_before: int) -> None:
        nonlocal inner, left, right
        for term in bag:
            w, b, a = weight[term], before[term], after[term]
            before[term], after[term] = b + into_before, a + out_of_after
            left += w * (before[term] ** 2 - b * b)
            right += w * (after[term] ** 2 - a * a)
            inner += w * (before[term] * after[term] - b * a)

    for bag in bags[:WINDOW]:
        move(bag, 1, 0)
    alike = [1.0]
    for gap in range(1, len(bags)):
        move(bags[gap - 1], -1, 1)
        if gap > WINDOW:
            move(bags[gap - 1 - WINDOW], 0, -1)
        if gap + WINDOW <= len(bags):
            move(bags[gap + WINDOW - 1], 1, 0)
        alike.append(inner / math.sqrt(left * right) if left > 1e-9 and right > 1e-9 else 0.0)
    return alike
