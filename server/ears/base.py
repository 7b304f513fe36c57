"""What ears are: voice activity on the meeting's sound, outside the event loop.

`Ears.stream` gives one `EarStream` per session. `feed` never blocks and never awaits; onsets and ends come back
through the callback, on the event loop's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

#: Samples per second of the sound that the ears take. Mono, signed 16-bit little-endian.
SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True)
class SpeechEdge:
    """Speech began or ended. `sample` counts 16 kHz samples since the stream began; `level` is dBFS."""

    speaking: bool
    sample: int
    level: float


class EarStream(Protocol):
    """The ear of one session."""

    def feed(self, pcm: bytes) -> None:
        """Take some sound: whole 16-bit samples at 16 kHz, any length. Drops the oldest unheard sound when full."""
        ...

    def close(self) -> None:
        """Stop listening and give the detector back. May be called twice."""
        ...


class Ears(Protocol):
    """Hears speech. One instance serves every session of the process."""

    name: str

    def stream(self, on_edge: Callable[[SpeechEdge], None]) -> EarStream: ...

    async def close(self) -> None: ...
