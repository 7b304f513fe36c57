"""What a recorder hands from the event loop to the thread that writes, and the bounded queue between them."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

TRANSCRIPT = "transcript.txt"
#: Bytes that wait for the disk or are being written: of video, and of all. So video is dropped first; the rest of the
#: room is for sound and words, 4 minutes of one voice. Whoever hands in is told that there is no room, and counts.
MOST_VIDEO, MOST_WAITING = 24 << 20, 32 << 20
#: What a piece takes besides its data.
_OVERHEAD = 200


@dataclass(frozen=True, slots=True)
class Voice:
    """Sound: 16 kHz, mono, s16. `at` is the second of the recording at which it begins."""

    who: str
    at: float
    data: bytes = field(repr=False)
    #: `at` comes from the host, so it is exact
    stamped: bool

    @property
    def file(self) -> str:
        return f"{self.who}.wav"


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """A picture of an H.264 stream."""

    who: str
    source: str
    at: float
    data: bytes = field(repr=False)
    #: a decoder can begin here
    entry: bool

    @property
    def file(self) -> str:
        return f"{self.who}-{self.source}.h264"


@dataclass(frozen=True, slots=True)
class FilmPart:
    """Whole boxes of fragmented MP4. Streams of a source are numbered from 1; each is a file that plays by itself."""

    who: str
    source: str
    at: float
    data: bytes = field(repr=False)
    stream: int

    @property
    def file(self) -> str:
        return f"{self.who}-{self.source}{f'-{self.stream}' if self.stream > 1 else ''}.mp4"


@dataclass(frozen=True, slots=True)
class Shot:
    """A PNG that may be kept. `file` is what the names of all snapshots of its source begin with."""

    who: str
    source: str
    at: float
    data: bytes = field(repr=False)

    @property
    def file(self) -> str:
        return f"{self.who}-{self.source}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the transcript."""

    data: bytes = field(repr=False)
    who: str = ""
    source: str = ""
    at: float = 0.0

    @property
    def file(self) -> str:
        return TRANSCRIPT


@dataclass(frozen=True, slots=True)
class Named:
    """Who is meant by a number; for the manifest."""

    who: str
    id: str = field(repr=False)
    name: str = field(repr=False)
    data: bytes = b""


Written = Voice | AccessUnit | FilmPart | Shot | Line
Piece = Written | Named
_VIDEO = (AccessUnit, FilmPart, Shot)


class PieceQueue:
    """Between the event loop, which puts, and one thread, which takes."""

    def __init__(self, most_video: int = MOST_VIDEO, most: int = MOST_WAITING) -> None:
        self._most_video = most_video
        self._most = most
        # Bounded by the two; `put` says when there is no room.
        self._pieces: deque[Piece] = deque()
        self._size = 0
        self._video = 0
        self._lock = threading.Lock()

    def put(self, piece: Piece) -> bool:
        """Put something on the queue; False if there is no room for it. Never waits for the disk."""
        size = len(piece.data) + _OVERHEAD
        video = size if isinstance(piece, _VIDEO) else 0
        with self._lock:
            if self._size + size > self._most or (video and self._video + video > self._most_video):
                return False
            self._pieces.append(piece)
            self._size += size
            self._video += video
        return True

    @property
    def pressing(self) -> bool:
        """So much waits that the thread should look at once."""
        return self._size > self._most // 4

    def take(self) -> list[Piece]:
        """All that waits. It keeps its room until `done`."""
        with self._lock:
            taken, self._pieces = self._pieces, deque()
        return list(taken)

    def done(self, pieces: list[Piece]) -> None:
        """These are written: their room is free."""
        sizes = [(len(piece.data) + _OVERHEAD, isinstance(piece, _VIDEO)) for piece in pieces]
        with self._lock:
            self._size -= sum(size for size, _ in sizes)
            self._video -= sum(size for size, video in sizes if video)
