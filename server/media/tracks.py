"""The files of a recording while it runs. For one thread, which may wait for the disk.

Whatever moment the process dies at, what is on disk can be made whole (`server/media/takes.py`): sound lacks only the
sizes in its header, H.264 lies as a byte stream beside an index, film is appended box by box.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from server.media.pieces import AccessUnit, FilmPart, Line, Shot, Voice
from server.media.wav import HEADER, RATE, header

#: One H.264 unit in the index: seconds since the stream's first, bytes, whether a decoder can begin here.
INDEX = struct.Struct(">dIB")
#: Samples by which a piece of sound may be off and still counts as the next one; of pieces without the host's time.
SLACK, LOOSE_SLACK = RATE * 40 // 1000, RATE // 2
#: Snapshots of one source. With more, every second one goes, and the next ones come half as often.
MOST_SNAPSHOTS = 16
_BUFFER = 64 << 10


class Track(Protocol):
    """One file. Every method may raise OSError."""

    def write(self, piece: Any) -> int:
        """Append a piece of this track's kind; bytes written."""
        ...

    def flush(self) -> None:
        """Hand everything to the system: it survives the death of this process."""
        ...

    def close(self) -> None:
        """Flush and give the file back."""
        ...


class Sound:
    """A WAV file of mono s16 sound at 16 kHz, in step with the meeting: what nobody sent is silence.

    Long silence is a hole in the file and takes no space where the file system knows holes.
    """

    def __init__(self, path: Path) -> None:
        self._file = make(path)
        self._file.write(header(0))
        self._samples = 0

    def write(self, piece: Voice) -> int:
        """Put sound in its place. What lies before the end of the file was late or came twice, and is left out."""
        ahead, pcm = round(piece.at * RATE) - self._samples, piece.data
        if ahead > (SLACK if piece.stamped else LOOSE_SLACK):
            self._skip(ahead)
        elif ahead < -SLACK and piece.stamped:
            pcm = pcm[-2 * ahead :]
        self._file.write(pcm)
        self._samples += len(pcm) // 2
        return len(pcm)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _skip(self, samples: int) -> None:
        self._samples += samples
        if samples < RATE:
            self._file.write(bytes(2 * samples))
        else:
            self._file.seek(HEADER + 2 * self._samples)


class Units:
    """The access units of an H.264 stream, as they came, and an index of them."""

    def __init__(self, path: Path) -> None:
        self._file = make(path)
        self._index = make(path.with_suffix(".idx"))
        self._first: float | None = None

    def write(self, piece: AccessUnit) -> int:
        if self._first is None:
            self._first = piece.at
        self._file.write(piece.data)
        self._index.write(INDEX.pack(piece.at - self._first, len(piece.data), piece.entry))
        return len(piece.data) + INDEX.size

    def flush(self) -> None:
        self._file.flush()
        self._index.flush()

    def close(self) -> None:
        try:
            self._file.close()
        finally:
            self._index.close()


class Plain:
    """A file that is only appended to: fragmented MP4, which plays at any moment, or lines of text."""

    def __init__(self, path: Path) -> None:
        self._file = make(path)

    def write(self, piece: FilmPart | Line) -> int:
        self._file.write(piece.data)
        return len(piece.data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class _Shot(NamedTuple):
    at: float
    path: Path
    size: int


class Snapshots:
    """Some pictures of one source, spread over the whole time that it was seen."""

    def __init__(self, stem: Path) -> None:
        """Files are named `stem` and the second."""
        self._stem = stem
        self._pause = 1.0
        self._shots: list[_Shot] = []

    def write(self, piece: Shot) -> int:
        """Keep this picture if its time has come; bytes written, less those that made room."""
        if self._shots and piece.at < self._shots[-1].at + self._pause:
            return 0
        path = self._stem.with_name(f"{self._stem.name}-{int(piece.at):06}.png")
        with make(path) as file:
            file.write(piece.data)
        self._shots.append(_Shot(piece.at, path, len(piece.data)))
        freed = 0
        if len(self._shots) > MOST_SNAPSHOTS:
            self._pause = 2 * (self._shots[-1].at - self._shots[0].at) / MOST_SNAPSHOTS
            for shot in self._shots[1::2]:
                shot.path.unlink(missing_ok=True)
                freed += shot.size
            self._shots = self._shots[::2]
        return len(piece.data) - freed

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def make(path: Path) -> BinaryIO:
    """A new file that only its owner may read. Raises OSError, also when it exists."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", _BUFFER)
