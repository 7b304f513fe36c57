"""The WAV files of a recording: mono, s16, 16 kHz, with a header of 44 bytes that a crash may have left unfinished."""

from __future__ import annotations

import struct
from pathlib import Path

#: Samples per second.
RATE = 16_000
_HEAD = struct.Struct("<4sI4s4sIHHIIHH4sI")
#: Bytes before the sound.
HEADER = _HEAD.size
_LONGEST = 0xFFFFFFFF - HEADER


def header(size: int) -> bytes:
    """The header of a file with so many bytes of sound."""
    size = min(size, _LONGEST)
    return _HEAD.pack(b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16, b"data", size)


def mend(path: Path) -> float:
    """Make the header fit the file, and the file end with a whole sample; its seconds. Raises OSError.

    Needs no free space: nothing grows.
    """
    size = path.stat().st_size
    sound = max(0, size - HEADER) // 2 * 2
    with path.open("r+b") as file:
        file.write(header(sound))
        if size > HEADER + sound:
            file.truncate(HEADER + sound)
    return sound / 2 / RATE
