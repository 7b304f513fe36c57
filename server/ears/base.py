"""What ears are: voice activity on the meeting's sound, and its words.

`Ears.stream` gives one `EarStream` per session, `Transcriber.stream` one `WordStream`. `feed` never blocks and never
awaits; onsets, ends and words come back through the callback, on the event loop's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from server.core.events import Heard

#: Samples per second of the sound that the ears take. Mono, signed 16-bit little-endian.
SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True)
class SpeechEdge:
    """Speech began or ended. `sample` counts 16 kHz samples since the stream began; `level` is dBFS."""

    speaking: bool
    sample: int
    level: float

    def ago(self, samples: int) -> float:
        """How many seconds ago this was in a stream that has taken so many samples."""
        return max(0.0, (samples - self.sample) / SAMPLE_RATE)


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


class WordStream(Protocol):
    """The words of one session's sound."""

    def feed(self, pcm: bytes) -> None:
        """Take some sound, the same that the session's `EarStream` takes."""
        ...

    def edge(self, edge: SpeechEdge) -> None:
        """The ear of the session heard speech begin or end in this sound."""
        ...

    def close(self) -> None:
        """Stop listening. May be called twice."""
        ...


class Transcriber(Protocol):
    """Turns sound into words. One instance serves every session of the process."""

    name: str

    def stream(self, tell: Callable[[Heard], None], clock: Callable[[], float]) -> WordStream:
        """Listen to one more session. `clock` gives its seconds, which are those of the words."""
        ...

    async def check(self) -> str:
        """One line on what answers. Raises ProviderError."""
        ...

    async def close(self) -> None: ...
