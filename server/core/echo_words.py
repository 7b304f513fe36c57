"""Which words of a line run along with what was played: an alignment, word by word, in order.

Pure. Recognisers mis-hear words, leave some out, split and join them, write numbers in another way and cut a word at
either end; the order stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from server.core.addressing.sound import unlike
from server.core.addressing.text import fold

#: seconds by which the time at which a word was said may be before or after its being out: the transcript's clock is
#: only known up to its smallest delay, and words inside a line are placed by their number
EARLY = 1.2
LATE = 3.5
#: the same for a person with sound of their own, whose microphone may still bring us
LATE_PERSON = 1.5
#: words of a stretch that make it ours, and of one from a person with sound of their own
FEWEST = 3
FEWEST_PERSON = 5
#: words of ours that a transcript may leave out inside one stretch
DROPPED = 2


# One word; scripts without spaces are aligned by their characters.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:['’][^\W_]+)*")
_END = re.compile(r"[.!?。！？؟]")
#: never explained away unless they stand in the middle of a stretch of ours, word for word
PROTECTED = frozenset(
    "stop wait hold hang quiet shut cancel enough no nope pause excuse sorry never let silence stopp halt warte ruhe"
    " nein moment arrete attends attendez non silence espera para basta silencio hey".split()
)
_FILLERS = frozenset("um uh er erm hmm hm mm ah oh eh uhm ahm euh este".split())
# words that recognisers add and swallow; they tell nothing by themselves
_SMALL = frozenset(
    "a an the and or of to in on at for is are was it its that this be so as by with you i we he she they"
    " der die das und zu in ist ein eine le la les et de un une el y los las que".split()
)
#: said of a number that was written with a sign
_UNITS = frozenset("dollar dollars euro euros pound pounds percent prozent cent cents degrees".split())
_NUMBERS = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion"
    " eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf hundert tausend deux trois quatre cinq six sept"
    " huit neuf dix cent mille dos tres cuatro cinco seis siete ocho nueve diez cien mil".split()
)


@dataclass(frozen=True, slots=True)
class Out:
    """A word of ours that was out, and what stood behind it."""

    word: str
    at: float
    ends: bool
    asks: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A word of a line and its place in it."""

    word: str
    start: int
    end: int
    #: session seconds at which it was said, None when nobody knows
    at: float | None


def outs_of(text: str, now: float) -> list[Out]:
    """The words of a text of ours, out at this time."""
    found = list(WORD.finditer(text))
    words = []
    for at, match in enumerate(found):
        behind = text[match.end() : found[at + 1].start() if at + 1 < len(found) else len(text)]
        ends, asks = sentence_end(behind)
        words.append(Out(fold(match.group()), now, ends, asks))
    return words


def sentence_end(marks: str) -> tuple[bool, bool]:
    """Whether a sentence ends with these marks, and whether it asks."""
    mark = _END.search(marks)
    return mark is not None, mark is not None and mark.group() in "?？؟"


def words_of(text: str, said: tuple[float, float] | None) -> list[Said]:
    """The words of a line, each with the time at which it was said when the line's is known."""
    found = list(WORD.finditer(text))
    step = (said[1] - said[0]) / max(1, len(found)) if said is not None else 0.0
    return [
        Said(fold(match.group()), *match.span(), None if said is None else said[0] + step * (at + 0.5))
        for at, match in enumerate(found)
    ]


@lru_cache(maxsize=8192)
def likeness(heard: str, played: str) -> float:
    """How well one word may be another one mis-heard: 1 the same, 0 not at all."""
    if heard == played:
        return 1.0
    if heard in PROTECTED:
        return 0.0
    short, long = sorted((heard, played), key=len)
    if len(short) < 3 or (any(map(str.isdigit, heard)) and any(map(str.isdigit, played))):
        return 0.0
    if 2 * len(short) >= len(long) and (long.startswith(short) or long.endswith(short)):
        return 0.7
    if len(short) > 3 and SequenceMatcher(None, heard, played, autojunk=False).ratio() >= 0.75:
        return 0.8
    cost = unlike(heard, played)
    return 0.7 if cost <= 0.26 else 0.5 if cost <= 0.36 else 0.0


def is_nearly(heard: str, played: str) -> bool:
    """Whether a word is one of ours as it stands, nearly so, or a piece of it: more than sounding like it."""
    return likeness(heard, played) >= 0.8 or _cut(heard, played)


def _cut(heard: str, played: str) -> bool:
    """Whether a word at the edge of a line is a piece of ours."""
    return len(heard) > 1 and heard not in PROTECTED and (played.startswith(heard) or played.endswith(heard))


def nothing_alike(words: Sequence[Said], out: Sequence[Out]) -> bool:
    """A cheap look: nearly every line has nothing to do with us."""
    ours = {one.word for one in out}
    if any(one.word in ours for one in words):
        return False
    return len(words) >= FEWEST or not any(is_nearly(a.word, b.word) for a in words for b in out)


def says_something(words: Sequence[Said], rest: Sequence[int]) -> bool:
    """Whether the words left over say anything: not only fillers, and small words standing alone."""
    left = {at for at in rest if words[at].word not in _FILLERS}
    small = _SMALL | _UNITS
    return any(words[at].word not in small or at - 1 in left or at + 1 in left for at in left)


def without(text: str, words: Sequence[Said], ours: Sequence[bool]) -> str:
    """The text without our words; what belongs together stays as it was written."""
    parts: list[str] = []
    at = 0
    while at < len(words):
        if ours[at]:
            at += 1
            continue
        first = at
        while at < len(words) and not ours[at]:
            at += 1
        end = words[at].start if at < len(words) else len(text)
        parts.append(text[words[first].start : end].strip())
    return " ".join(parts)


# ---------------------------------------------------------------- alignment

#: a matched word gains 2, a word of the line that is not ours costs a little, one of ours that was left out a bit more
_GAIN = 2.0
_EXTRA = 0.3
_LEFT_OUT = 0.4


def _align(words: Sequence[Said], out: Sequence[Out], late: float) -> list[int | None]:
    """For every word of the line the place in `out` of the word it is, in order; None for the others."""
    columns = len(out)
    best = [[0.0] * (columns + 1)]
    ways: list[bytes] = []  # 0 end, 1 match, 2 extra word of the line, 3 word of ours left out
    for one in words:
        above, row, way = best[-1], [best[-1][0] - _EXTRA], bytearray([2])
        for j in range(columns):
            score, step = above[j + 1] - _EXTRA, 2
            if row[j] - _LEFT_OUT > score:
                score, step = row[j] - _LEFT_OUT, 3
            like = likeness(one.word, out[j].word)
            if like and (one.at is None or -EARLY <= one.at - out[j].at <= late):
                matched = above[j] + _GAIN * like
                if matched >= score:
                    score, step = matched, 1
            row.append(score)
            way.append(step)
        best.append(row)
        ways.append(bytes(way))
    # The latest place of the best score: what was said twice comes back from the last time.
    j = max(range(columns + 1), key=lambda at: (best[-1][at], at))
    places: list[int | None] = [None] * len(words)
    i = len(words)
    while i:
        step = ways[i - 1][j]
        if step == 1:
            places[i - 1] = j - 1
            i, j = i - 1, j - 1
        elif step == 3:
            j -= 1
        else:
            i -= 1
    return places


def ours_of(words: Sequence[Said], out: Sequence[Out], person: bool) -> list[bool]:
    """Which words of the line are ours."""
    places = _align(words, out, LATE_PERSON if person else LATE)
    runs = _runs(words, out, places)
    fewest = FEWEST_PERSON if person else FEWEST
    sure = [_is_sure(run, words, out, places, fewest) for run in runs]
    for at in range(len(runs)):  # a short stretch goes with the sure one that it follows on, or leads to
        for other in (at - 1, at + 1):
            if not sure[at] and 0 <= other < len(runs) and sure[other]:
                sure[at] = _goes_on(runs[min(at, other)], runs[max(at, other)], len(runs[at]), places)
    ours = [False] * len(words)
    for run, counts in zip(runs, sure, strict=True):
        for at in run if counts else ():
            ours[at] = True
    _edges(words, out, places, ours)
    return ours


def _runs(words: Sequence[Said], out: Sequence[Out], places: Sequence[int | None]) -> list[list[int]]:
    """Stretches of the line that run along with ours, mis-heard words inside them among them."""
    runs: list[list[int]] = []
    last: int | None = None
    for at, place in enumerate(places):
        if place is None:
            continue
        if last is not None and (before := places[last]) is not None:
            between, missed = range(last + 1, at), range(before + 1, place)
            if (not between and len(missed) <= DROPPED) or _misheard(words, between, out, missed):
                runs[-1] += [*between, at]
                last = at
                continue
        runs.append([at])
        last = at
    return [run for run in runs if len(run) > 1 or words[run[0]].word not in PROTECTED]


def _misheard(words: Sequence[Said], between: range, out: Sequence[Out], missed: range) -> bool:
    """Whether words in the middle of a stretch are what became of ours there."""
    heard, played = [words[at].word for at in between], [out[at].word for at in missed]
    if not heard or not played or not PROTECTED.isdisjoint(heard):
        return False
    if any(map(is_number, heard)) and any(map(is_number, played)):
        return _same_number(heard, played)
    if len(heard) == len(played) == 1:
        return not is_number(heard[0])
    one, other = "".join(heard), "".join(played)
    return len(heard) <= len(played) + 2 and SequenceMatcher(None, one, other, autojunk=False).ratio() >= 0.55


def is_number(word: str) -> bool:
    return word in _NUMBERS or any(map(str.isdigit, word))


def _same_number(heard: Sequence[str], played: Sequence[str]) -> bool:
    """Whether one may be the other written in another way, "200" and "two hundred"; not two different numbers."""
    return any(map(str.isdigit, "".join(heard))) != any(map(str.isdigit, "".join(played)))


def _is_sure(
    run: Sequence[int], words: Sequence[Said], out: Sequence[Out], places: Sequence[int | None], fewest: int
) -> bool:
    """Whether a stretch is long and like enough to be ours by itself."""
    same = [at for at in run if (place := places[at]) is not None and out[place].word == words[at].word]
    telling = any(words[at].word not in _SMALL for at in same)
    return len(run) >= fewest and 2 * len(same) >= len(run) and len(same) > 1 and telling


def _goes_on(first: Sequence[int], second: Sequence[int], length: int, places: Sequence[int | None]) -> bool:
    """Whether ours goes on from the first stretch to the second, with a person's words between them."""
    end, start = places[first[-1]], places[second[0]]
    return end is not None and start is not None and start - end - 1 <= (DROPPED if length > 1 else 0)


def _edges(words: Sequence[Said], out: Sequence[Out], places: Sequence[int | None], ours: list[bool]) -> None:
    """The first and the last word of a line may be a piece of ours, cut by the recogniser; or a number of ours."""
    if True not in ours:
        return
    first, last = ours.index(True), len(ours) - 1 - ours[::-1].index(True)
    if (place := places[first]) and first and _is_edge(words[:first], out[place - 1].word):
        ours[:first] = [True] * first
    place, behind = places[last], len(words) - last - 1
    if place is not None and place + 1 < len(out) and behind and _is_edge(words[last + 1 :], out[place + 1].word):
        ours[last + 1 :] = [True] * behind


def _is_edge(words: Sequence[Said], played: str) -> bool:
    heard = [one.word for one in words]
    if len(heard) == 1 and _cut(heard[0], played):
        return True
    return all(map(is_number, heard)) and is_number(played) and _same_number(heard, [played])
