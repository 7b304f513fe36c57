"""What is kept of fragmented MP4: the initialisation segment and the fragments since the newest key frame.

Each look at a new fragment decodes them from there to the end (2 ms per picture of 1080p): recorders begin a fragment
with a key frame every second or two.
"""

from __future__ import annotations

from server.media.fmp4 import Fmp4Error, Part, Splitter
from server.media.kept import Count, Taken
from server.media.pictures import MediaError
from server.media.video import VideoDecoder

#: Bytes kept since a key frame, and of the largest box taken: 10 s of 1080p at 8 Mbit/s.
MOST_FILM = 12 << 20


class KeptFilm:
    """The initialisation segment of a fragmented MP4 stream and its fragments since the newest key frame."""

    def __init__(self, count: Count, video: VideoDecoder) -> None:
        self._count = count
        self._video = video
        self._stream = video.stream()
        #: None after bytes that are no MP4, until a stream begins
        self._splitter: Splitter | None = Splitter(most=MOST_FILM)
        self._unsplit = 0
        self._init = b""
        # Bounded by MOST_FILM.
        self._fragments: list[bytes] = []
        self._held = 0
        #: the next fragment is the first of its stream: it begins with a key frame, whatever its flags say
        self._first = False
        #: a flag for key frames was ever seen, so that one can wait for the next
        self._flags = False
        self._full = False
        self._decoded: tuple[int, Taken] | None = None
        self._stale = False
        self.newest = 0.0
        self.ended = False

    @property
    def size(self) -> int:
        decoded = len(self._decoded[1].still.jpeg) if self._decoded else 0
        return self._unsplit + len(self._init) + self._held + decoded

    def put(self, data: bytes, now: float, at: float | None) -> None:
        if data[4:8] == b"ftyp":
            self._begin(b"")
        if self._splitter is None:
            self._count("foreign", 1)
            return
        try:
            parts = self._splitter.feed(data)
        except Fmp4Error as error:
            parts, self._splitter, self._unsplit = list(error.parts), None, 0
            self._count("foreign", 1)
        else:
            self._unsplit += len(data) - sum(len(part.data) for part in parts)
        for part in parts:
            self._take(part, now)

    def end(self) -> None:
        self.ended = True
        # A connection that goes on without a new beginning goes on with this one's.
        self._begin(self._init)

    async def still(self, longest: int) -> Taken | None:
        if self._decoded is not None and not self._stale and self._decoded[0] == longest:
            return self._decoded[1]
        if not self._fragments:
            return self._decoded and self._decoded[1]
        self._stale, at = False, self.newest
        try:
            picture = await self._video.film(self._stream, b"".join((self._init, *self._fragments)), longest)
        except MediaError:
            self._stale = True
            raise
        self._count("decoded", 1)
        self._count("broken", picture.broken)
        self._decoded = (longest, Taken(picture.still, at, at))
        return self._decoded[1]

    def drop(self) -> None:
        self._fragments, self._held, self._decoded = [], 0, None
        self._video.drop(self._stream)

    def _begin(self, init: bytes) -> None:
        self._splitter, self._unsplit = Splitter(init, most=MOST_FILM), 0

    def _take(self, part: Part, now: float) -> None:
        if part.kind == "init":
            self._init, self._first = part.data, True
            return
        if part.kind != "fragment":
            return
        if part.key or self._first:
            self._flags = self._flags or part.key
            self._fragments, self._held, self._first, self._full = [], 0, False, False
        elif not self._fragments or self._full:
            self._count("waiting" if not self._full else "dropped", 1)
            return
        elif self._held + len(part.data) > MOST_FILM:
            # Too long since a key frame. Where none is ever marked, this fragment may well begin with one.
            self._full = self._flags
            self._count("dropped", 1 if self._full else len(self._fragments))
            if self._full:
                return
            self._fragments, self._held = [], 0
        self._fragments.append(part.data)
        self._held += len(part.data)
        self.newest, self.ended, self._stale = now, False, True
