"""What a voice is: something that turns a piece of text into 24 kHz sound, streaming, with word times."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

#: Samples per second of every voice's output. Mono, signed 16-bit little-endian.
SAMPLE_RATE = 24_000


@dataclass(frozen=True, slots=True)
class WordMark:
    """A word of the piece begins here. `offset` and `length` are characters in the text that was handed in;
    `start` is a sample of this piece at 24 kHz."""

    offset: int
    length: int
    start: int


@dataclass(frozen=True, slots=True)
class MouthMark:
    """The mouth changes here. `shape` is one of rest, closed, open, wide, round, teeth; `start` in samples."""

    shape: str
    start: int


@dataclass(frozen=True, slots=True)
class Sound:
    """Some sound of the piece, in order: whole 16-bit samples, never an odd byte, and the marks that begin in it."""

    pcm: bytes
    words: tuple[WordMark, ...] = ()
    mouth: tuple[MouthMark, ...] = ()


class Voice(Protocol):
    """Speaks pieces of text. One instance serves every session of the process."""

    #: short name for logs, metrics and decision records
    name: str

    def speak(self, text: str, *, voice: str = "", language: str = "en") -> AsyncIterator[Sound]:
        """Stream the sound of `text` (at most 4096 characters) as 24 kHz s16le mono, leading silence trimmed to 20 ms.

        `voice` names one of the voice's speakers; empty means its default. Yields at least one non-empty `Sound` for
        text with a letter or digit. Raises a `ProviderError` (nothing came, unknown format, no answer in time).
        Closing the iterator stops the work at once.
        """
        ...

    async def check(self) -> str:
        """One line that says the voice works and which it is. Raises ProviderError otherwise."""
        ...

    async def close(self) -> None:
        """Give back sockets and helper processes. May be called twice."""
        ...
