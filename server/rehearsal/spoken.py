"""What one line sounds like: samples at 48 kHz and the time of every word in them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from server.core.transcript import Word
from server.voices.base import SAMPLE_RATE as VOICE_RATE
from server.voices.base import Voice, WordMark

#: Samples per second of the meeting's sound, mono. What a browser's own microphone gives most often.
RATE = 48_000

Samples = NDArray[np.int16]

#: Words a second of a line nobody speaks aloud; the pace of ordinary English talk.
SILENT_PACE = 2.9
#: Below this level a voice's tail counts as silence and is cut, so that a line's end is the end of its sound.
_TAIL_LEVEL = 90
_TAIL_KEPT = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A line as sound. `pcm` is empty when nobody says it aloud; word times are seconds from the line's
    begin.
    """

    pcm: Samples
    words: tuple[Word, ...]
    seconds: float


#: What is heard of a line that nobody says.
UNSAID = Spoken(np.zeros(0, np.int16), (), 0.0)


async def speak(voice: Voice, text: str, *, speaker: str = "", language: str = "en", speed: float = 1.0) -> Spoken:
    """The whole line, spoken by `voice`. Raises what the voice raises."""
    parts: list[bytes] = []
    marks: list[WordMark] = []
    async for sound in voice.speak(text, voice=speaker, language=language):
        parts.append(sound.pcm)
        marks.extend(sound.words)
    return await asyncio.to_thread(_finish, b"".join(parts), text, marks, speed)


def silent(text: str, seconds: float | None = None, *, speed: float = 1.0) -> Spoken:
    """The line without sound: words at an even pace, over `seconds` or as long as people take."""
    tokens = text.split()
    length = seconds if seconds is not None else max(0.3, len(tokens) / SILENT_PACE / speed)
    starts = _even(tokens, 0.0, length)
    return Spoken(np.zeros(0, np.int16), _words(tokens, starts, length), length)


def _finish(raw: bytes, text: str, marks: list[WordMark], speed: float) -> Spoken:
    pcm = _without_tail(np.frombuffer(raw, np.int16))
    if speed != 1.0:
        pcm = hurry(pcm, speed, rate=VOICE_RATE)
    seconds = len(pcm) / VOICE_RATE
    tokens = text.split()
    starts = _marked(text, tokens, marks, speed) or _even(tokens, 0.0, seconds)
    out = soxr.resample(pcm, VOICE_RATE, RATE).astype(np.int16) if len(pcm) else pcm
    return Spoken(out, _words(tokens, starts, seconds), seconds)


def _without_tail(pcm: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > _TAIL_LEVEL)
    return pcm if not len(loud) else pcm[: int(loud[-1]) + int(_TAIL_KEPT * VOICE_RATE)]


def _marked(text: str, tokens: list[str], marks: list[WordMark], speed: float) -> list[float]:
    """Begin of each token by the voice's own marks; tokens without one share the time between their
    neighbours.
    """
    if not marks:
        return []
    known: dict[int, float] = {}
    at = 0
    for index, token in enumerate(tokens):
        begin = text.index(token, at)
        at = begin + len(token)
        inside = [mark.start for mark in marks if begin <= mark.offset < at]
        if inside:
            known[index] = min(inside) / VOICE_RATE / speed
    known.setdefault(0, 0.0)
    anchors = sorted(known)
    starts = np.interp(range(len(tokens)), anchors, [known[i] for i in anchors])
    return [float(s) for s in np.maximum.accumulate(starts)]


def _even(tokens: list[str], begin: float, end: float) -> list[float]:
    """Begin of each token when time is shared out by letters."""
    weights = [len(token) + 1 for token in tokens]
    total = sum(weights) or 1
    starts, passed = [], 0
    for weight in weights:
        starts.append(begin + (end - begin) * passed / total)
        passed += weight
    return starts


def _words(tokens: list[str], starts: list[float], seconds: float) -> tuple[Word, ...]:
    # A word lasts until the next begins: nobody downstream may see one end before it starts.
    ends = [*starts[1:], seconds]
    return tuple(
        Word(token, round(start, 3), round(max(start, end), 3))
        for token, start, end in zip(tokens, starts, ends, strict=True)
    )


def hurry(pcm: Samples, speed: float, *, rate: int) -> Samples:
    """The same speech faster (or slower) at the same pitch, by overlapping pieces where they fit best
    (WSOLA).
    """
    hop = rate // 80
    search = rate // 160
    window = np.hanning(2 * hop + 1)[:-1]
    source = np.concatenate([np.zeros(search), pcm.astype(np.float64), np.zeros(3 * hop + 2 * search)])
    count = max(1, int(len(pcm) / speed / hop))
    out = np.zeros((count + 1) * hop)
    follow = source[search : search + hop]
    for index in range(count):
        near = int(index * hop * speed)
        room = source[near : near + 2 * search + hop]
        best = near + int(np.argmax(np.correlate(room, follow, "valid"))) if index else search
        piece = source[best : best + 2 * hop]
        out[index * hop : index * hop + len(piece)] += piece * window[: len(piece)]
        follow = source[best + hop : best + 2 * hop]
    return np.clip(out, -32768, 32767).astype(np.int16)
