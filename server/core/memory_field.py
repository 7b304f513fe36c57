"""Where in a meeting a question is discussed: evidence, spread over its neighbourhood, and cut into places.

People speak in fragments: the turn that answers a question rarely holds the question's words, but stands near
turns that do. So each term's evidence is spread over the neighbouring turns, made to saturate (one word said
ten times is less than three words said once each), and added up. The result, the field, is one number per
turn; its peaks are the places worth reading.

Everything here counts in positions: 0 for the first turn that has words, 1 for the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

#: how far one mention reaches, in turns: near enough to be its answer, and far enough to be the same subject
REACHES = (6.0, 20.0)
#: evidence at which a term is half convinced
HALF = 2.0
#: a mention is followed until this part of it is left
FAINT = 0.01
#: turns between two peaks that are to count as two places
APART = 10
#: places looked at, at most; from the third on, one worth less than this part of the best is left out
PLACES, LEAST = 8, 0.55
#: the part of all turns that the best place gives, at most, and the power by which others give fewer
MOST, LEAN = 0.6, 8.0


def _fading(reach: float) -> list[float]:
    """What is left of a mention after 0, 1, 2, … turns; twice as far as one is followed."""
    far = math.ceil(-reach * math.log(FAINT))
    return [math.exp(-turns / reach) for turns in range(2 * far + 1)]


_POWERS = {reach: _fading(reach) for reach in REACHES}

#: position -> how strongly a term was said there, above 0; positions rising
Evidence = Mapping[int, float]


def spread(evidence: Evidence, reach: float, size: int) -> Iterator[tuple[int, list[float]]]:
    """Stretches of turns with each turn's evidence and that of its neighbours, as (first position, values).

    A mention fades by a factor e every `reach` turns on both sides. Turns far from any mention are left out:
    most words are rare, and a question must not cost the whole meeting for each of them.
    """
    powers = _POWERS[reach]
    far = len(powers) // 2
    said = sorted(evidence)
    at = 0
    while at < len(said):
        last = at
        while last + 1 < len(said) and said[last + 1] - said[last] <= 2 * far:
            last += 1
        here = said[at : last + 1]
        low, high = max(0, here[0] - far), min(size, here[-1] + far + 1)
        # What is carried from one mention to the next is written out a stretch at a time: a question waits for this.
        left = [0.0] * (here[0] - low)
        carried, before = 0.0, here[0]
        for position, until in zip(here, [*here[1:], high], strict=True):
            carried = carried * powers[position - before] + evidence[position]
            left += [carried * power for power in powers[: until - position]]
            before = position
        right = [0.0] * (high - 1 - here[-1])
        carried, before = 0.0, here[-1]
        for position, until in zip(reversed(here), [*reversed(here[:-1]), low - 1], strict=True):
            carried = carried * powers[before - position] + evidence[position]
            right += [carried * power for power in powers[: position - until]]
            before = position
        values = [x + y for x, y in zip(left, reversed(right), strict=True)]
        for position in here:
            values[position - low] -= evidence[position]  # it is in both
        yield low, values
        at = last + 1


def add_term(field: list[float], evidence: Evidence, weight: float) -> None:
    """Add one term to the field: at most `weight` to any turn, spread at every reach."""
    part = weight / len(REACHES)
    for reach in REACHES:
        for low, values in spread(evidence, reach, len(field)):
            here = slice(low, low + len(values))
            field[here] = [was + part * x / (x + HALF) for was, x in zip(field[here], values, strict=True)]


def peaks(field: Sequence[float], count: int) -> list[int]:
    """The highest positions at least `APART` from each other, highest first; none where nothing was found."""
    order = sorted((i for i, x in enumerate(field) if x > 0.0), key=lambda i: (-field[i], i))
    found: list[int] = []
    for i in order:
        if all(abs(i - other) >= APART for other in found):
            found.append(i)
            if len(found) == count:
                break
    return found


def shares(strengths: Sequence[float], limit: int) -> list[int]:
    """How many turns each place gives, at most `limit` together; the strengths are above 0 and fall.

    As long as the list returned, places count: those after them give nothing. A place that nearly equals the best
    gives nearly as much, for either may be the right one; one that is far behind gives its peak only. Where the best
    place leads clearly, fewer turns are handed on, for more would be from elsewhere; but the second place always
    gives one, in case.
    """
    parts = [x / strengths[0] for i, x in enumerate(strengths) if i < 2 or x >= LEAST * strengths[0]]
    given = [max(1, int(MOST * limit * part**LEAN + 0.5)) for part in parts[: max(1, limit * 2 // 3)]]
    while sum(given) > limit:
        given[max(range(len(given)), key=lambda i: (given[i], i))] -= 1
    return given


def choose(field: Sequence[float], score: Sequence[float], usable: Sequence[bool], limit: int) -> list[int]:
    """The positions to hand on, at most `limit`, the best place first.

    `score` is the field with what each line holds itself. It says where the places are, for the line that holds much
    of a question marks its place better than its surroundings do. A place is then read by the field alone, which does
    not jump from line to line.
    """
    places = peaks([x if can else 0.0 for x, can in zip(score, usable, strict=True)], PLACES)
    taken: set[int] = set()
    chosen: list[int] = []
    for peak, share in zip(places, shares([score[peak] for peak in places], limit), strict=False):
        chosen += grow(field, peak, share, usable, taken)
    return chosen


def grow(field: Sequence[float], peak: int, count: int, usable: Sequence[bool], taken: set[int]) -> list[int]:
    """Up to `count` usable positions around the peak, walking outwards where the field is higher."""
    chosen: list[int] = []
    low, high = peak, peak + 1
    while len(chosen) < count and (low >= 0 or high < len(field)):
        left = field[low] if low >= 0 else -1.0
        right = field[high] if high < len(field) else -1.0
        if left >= right:
            at, low = low, low - 1
        else:
            at, high = high, high + 1
        if usable[at] and at not in taken:
            chosen.append(at)
    taken.update(chosen)
    return chosen
