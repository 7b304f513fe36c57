"""What is kept of an H.264 stream: everything since the last key frame, because a picture needs those before it.

Meeting platforms may send a key frame once in many minutes. So when that stretch outgrows its bound it is handed to the
video process, which decodes it and all that follows in batches (0.6 ms per picture of 360p), and nothing of it is kept
here. While key frames come often nothing is decoded at all until somebody looks, and what was looked at is not decoded
twice. The price: if the process dies while it follows a stream, that stream waits for its next key frame.
"""

from __future__ import annotations

from server.media.annexb import EntryGate
from server.media.kept import Count, Taken
from server.media.pictures import MediaError
from server.media.video import VideoDecoder
from server.media.video_wire import Timed

#: Kept since a key frame: bytes and units. 1 MiB is 15 to 30 s of a face at 360p.
MOST_STRETCH, MOST_UNITS = 1 << 20, 450
#: Of a stream that the process follows: handed over in batches of this many bytes or units.
BATCH, BATCH_UNITS = 128 << 10, 32
#: While nothing can be handed over, up to this many times the bound is kept; then all of it is dropped and counted, and
#: the stream waits for a key frame.
_PATIENCE = 2


class KeptH264:
    """The access units of a stream that a decoder needs to show the newest."""

    def __init__(self, count: Count, video: VideoDecoder) -> None:
        self._count = count
        self._video = video
        self._stream = video.stream()
        self._gate = EntryGate()
        # Bounded by MOST_STRETCH and MOST_UNITS, or by a batch; see `_bound`.
        self._units: list[Timed] = []
        #: how many of them the process has
        self._sent = 0
        #: they begin with an entry; otherwise the process has what came before them
        self._whole = False
        self._held = 0
        self._broken = 0
        self._last = (0.0, 0)
        self._decoded: tuple[int, Taken] | None = None
        #: something came since that was decoded
        self._stale = False
        self.newest = 0.0
        self.ended = False

    @property
    def size(self) -> int:
        return self._held + (len(self._decoded[1].still.jpeg) if self._decoded else 0)

    def put(self, data: bytes, now: float, at: float | None) -> None:
        if at is not None:
            if self._last == (at, hash(data)):
                self._count("same", 1)
                return
            self._last = (at, hash(data))
        self._follow()
        try:
            taken = self._gate.take(data)
        except ValueError:
            self._count("foreign", 1)
            return
        if taken is None:
            self._count("waiting", 1)
            return
        unit, entry = taken
        if entry:
            self._units, self._sent, self._held, self._whole = [], 0, 0, True
        self._units.append(Timed(int(now * 1000), unit))
        self._held += len(unit)
        self.newest, self.ended, self._stale = now, False, True
        self._bound()

    def end(self) -> None:
        self.ended = True
        self._gate.lose()

    async def still(self, longest: int) -> Taken | None:
        if self._decoded is not None and not self._stale and self._decoded[0] == longest:
            return self._decoded[1]
        self._follow()
        if not self._units and not self._video.holds(self._stream):
            return self._decoded and self._decoded[1]
        self._stale = False
        try:
            taken = await self._shown(longest)
        except MediaError as error:
            self._stale = True
            # What is whole goes to the process that takes the place of the one that died.
            if error.code not in ("died", "stuck") or not self._whole:
                raise
            taken = await self._shown(longest)
        self._decoded = (longest, taken)
        return taken

    def drop(self) -> None:
        self._units, self._held, self._decoded = [], 0, None
        self._video.drop(self._stream)

    async def _shown(self, longest: int) -> Taken:
        await self._video.ready(self._stream)
        if not self._hand_over(end=self.ended):
            raise MediaError("busy", "the video process has too much to do")
        picture = await self._video.picture(self._stream, longest)
        self._count("decoded", 1)
        self._count("broken", max(0, picture.broken - self._broken))
        self._broken = picture.broken
        return Taken(picture.still, picture.ms / 1000, picture.ms / 1000)

    def _hand_over(self, *, end: bool = False) -> bool:
        """Let the process have what it has not had yet. False if it takes nothing now."""
        fresh = self._whole and not (self._sent and self._video.holds(self._stream))
        unsent = self._units if fresh else self._units[self._sent :]
        if (unsent or end) and not self._video.feed(self._stream, unsent, fresh=fresh, end=end):
            return False
        self._sent = len(self._units)
        if not self._whole:
            self._clear()
        return True

    def _follow(self) -> None:
        """Notice that the process which had what came before is gone, or has given this stream up."""
        if not self._whole and not self._video.holds(self._stream):
            self._lose()

    def _bound(self) -> None:
        most, units = (MOST_STRETCH, MOST_UNITS) if self._whole else (BATCH, BATCH_UNITS)
        if self._held <= most and len(self._units) <= units:
            return
        if self._hand_over():
            self._whole = False
            self._clear()
        elif self._held > _PATIENCE * most or len(self._units) > _PATIENCE * units:
            self._lose()

    def _lose(self) -> None:
        self._count("dropped", len(self._units))
        self._clear()
        self._whole = False
        self._gate.lose()

    def _clear(self) -> None:
        self._units, self._sent, self._held = [], 0, 0
