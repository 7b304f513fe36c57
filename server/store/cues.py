"""Turns cut into captions: at most two lines and seven seconds each, broken where people breathe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.core.transcript import Turn

#: Characters in a line, lines in a cue, seconds on screen: what subtitlers agree on.
WIDTH, LINES, LONGEST = 42, 2, 7.0
#: A pause of this many seconds between two words ends a cue.
PAUSE = 1.5
#: A cue is on screen at least this long, seconds, so that it can be seen at all.
SHORTEST = 0.2


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption. `start` and `end` are seconds of the meeting; `lines` are plain text."""

    start: float
    end: float
    speaker: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: float
    end: float


def cues_of(turns: Sequence[Turn], *, prefixed: bool = False) -> list[Cue]:
    """The captions of a meeting, in order of their starts.

    With `prefixed` the first caption of a turn begins with its speaker's name, for formats that have no place for it.
    """
    cues = [cue for turn in turns for cue in _of_turn(turn, prefixed)]
    return sorted(cues, key=lambda cue: cue.start)


def _of_turn(turn: Turn, prefixed: bool) -> list[Cue]:
    tokens = _tokens(turn)
    speaker = one_line(turn.speaker) or "Unknown"
    if tokens and prefixed:
        tokens.insert(0, _Token(f"{speaker[: WIDTH - 2]}:", tokens[0].start, tokens[0].start))
    cues: list[Cue] = []
    part: list[_Token] = []
    for token in tokens:
        if part and not _fits(part, token):
            cues.append(_cue(part, speaker, token.start))
            part = []
        part.append(token)
    if part:
        cues.append(_cue(part, speaker, None))
    return cues


def _fits(part: list[_Token], token: _Token) -> bool:
    if len(_wrap([*part, token])) > LINES or token.end - part[0].start > LONGEST:
        return False
    if token.start - part[-1].end > PAUSE:
        return False
    ended = part[-1].text[-1:] in ".?!。？！…"
    return not (ended and sum(len(each.text) + 1 for each in part) > WIDTH)


def _cue(part: list[_Token], speaker: str, limit: float | None) -> Cue:
    """One cue; `limit` is where the next one of the same person starts."""
    start = part[0].start
    end = max(start + SHORTEST, min(part[-1].end, start + LONGEST))
    if limit is not None and limit > start:
        end = min(end, limit)
    return Cue(start, end, speaker, tuple(_wrap(part)))


def _wrap(part: list[_Token]) -> list[str]:
    lines: list[str] = []
    for token in part:
        if lines and len(lines[-1]) + 1 + len(token.text) <= WIDTH:
            lines[-1] += f" {token.text}"
        else:
            lines.append(token.text)
    return lines


def _tokens(turn: Turn) -> list[_Token]:
    """The words of a turn with their times on the meeting's clock.

    The host's word times are on its own clock, so only their distances count: they are laid over the turn's own
    start and end. Without them, or when they do not fit the text, words take time by their length.
    """
    texts = one_line(turn.text).split(" ") if one_line(turn.text) else []
    if not texts:
        return []
    begin, length = max(0.0, turn.start), max(turn.end - turn.start, SHORTEST)
    times = _word_times(turn, len(texts))
    if times is None:
        weights = [len(text) + 1 for text in texts]
        total, passed, times = sum(weights), 0, []
        for weight in weights:
            times.append((passed / total, (passed + weight) / total))
            passed += weight
    tokens = [
        _Token(text, begin + first * length, begin + last * length)
        for text, (first, last) in zip(texts, times, strict=True)
    ]
    return [piece for token in tokens for piece in _cut(token)]


def _word_times(turn: Turn, count: int) -> list[tuple[float, float]] | None:
    """Begin and end of each word as parts of the turn, 0 to 1; None when the host's times cannot be used."""
    spans = [(word.start, word.end) for word in turn.words if word.start is not None and word.end is not None]
    if len(spans) != len(turn.words) or len(spans) != count:
        return None
    first, last = spans[0][0], spans[-1][1]
    rising = all(a <= b for a, b in spans) and all(a[0] <= b[0] for a, b in pairwise(spans))
    if not rising or last <= first:
        return None
    whole = last - first
    return [((a - first) / whole, min(1.0, (b - first) / whole)) for a, b in spans]


def _cut(token: _Token) -> list[_Token]:
    """A word longer than a line, cut: scripts without spaces, addresses."""
    pieces = [token.text[at : at + WIDTH] for at in range(0, len(token.text), WIDTH)]
    step = (token.end - token.start) / len(pieces)
    return [_Token(text, token.start + n * step, token.start + (n + 1) * step) for n, text in enumerate(pieces)]


def one_line(text: str) -> str:
    """Text on one line, with single spaces and without control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
