"""Decoded video for the whole server: many streams, one helper process that is replaced when it dies or hangs."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections import Counter
from collections.abc import Sequence

from server.media.pictures import MediaError
from server.media.video_process import COMMAND, MOST_WAITING, VideoProcess
from server.media.video_wire import Ask, Picture, Timed, pack_look, pack_number, pack_units

log = logging.getLogger("parley.video")

#: Decoders in the process at once, over all meetings. One holds up to 16 pictures: 5 MB at 360p, 22 MB at 720p. With
#: more, the one fed longest ago is given up and its stream waits for a key frame.
MOST_STREAMS = 64
#: How often the process may die over the same stream before that stream is not decoded any more.
STRIKES = 2
#: Seconds between attempts to start it for those who only feed, when a start failed. Whoever looks tries at once.
_RETRY = 5.0


class VideoDecoder:
    """Decodes H.264 access units and pieces of fragmented MP4. One instance serves every meeting.

    The process starts with the first use. Everything here runs on the event loop and, but for the coroutines, never
    waits.
    """

    def __init__(
        self,
        *,
        command: Sequence[str] = COMMAND,
        start_deadline: float = 10.0,
        patience: float = 5.0,
        look_deadline: float = 10.0,
    ) -> None:
        """Seconds: for the process to start, without an answer before it is killed, and for one picture."""
        self._command = tuple(command)
        self._start_deadline = start_deadline
        self._patience = patience
        self._look_deadline = look_deadline
        self._numbers = itertools.count(1)
        # Streams whose decoder is in the process, the one fed longest ago first. At most MOST_STREAMS.
        self._held: dict[int, None] = {}
        self._strikes: Counter[int] = Counter()
        self._process: VideoProcess | None = None
        self._starting: asyncio.Task[VideoProcess] | None = None
        self._missing: MediaError | None = None
        self._closed = False
        self._retry_at = 0.0
        #: processes started so far
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The helper's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.alive else None

    def stream(self) -> int:
        """A number for a new stream."""
        return next(self._numbers)

    def holds(self, stream: int) -> bool:
        """Whether the process has decoded this stream so far; False once it died or gave the stream up."""
        return self.pid is not None and stream in self._held

    def feed(self, stream: int, units: Sequence[Timed], *, fresh: bool = False, end: bool = False) -> bool:
        """Have units decoded; `fresh` begins a new decoder with them. False: nothing was taken, because the process
        does not run yet (it is being started), has too much to do, or because the stream is barred."""
        process = self._process
        if process is None or not process.alive:
            if asyncio.get_running_loop().time() >= self._retry_at:
                self._begin()
            return False
        if process.waiting > MOST_WAITING or self._barred(stream) or not (fresh or stream in self._held):
            return False
        self._held.pop(stream, None)
        self._held[stream] = None
        if len(self._held) > MOST_STREAMS:
            self._give_up(next(iter(self._held)))
        process.tell(Ask.UNITS, stream, pack_units(stream, units, fresh=fresh, end=end))
        return True

    def drop(self, stream: int) -> None:
        """Nobody wants this stream any more."""
        self._strikes.pop(stream, None)
        if stream in self._held:
            self._give_up(stream)

    async def ready(self, stream: int = 0) -> None:
        """Have a running process. Raises MediaError, also when this stream is barred."""
        if self._barred(stream):
            raise MediaError("barred", "the decoder died of this video, it is not decoded any more")
        await self._running()

    async def picture(self, stream: int, longest: int) -> Picture:
        """The newest picture of what was fed. Raises MediaError."""
        process = self._process
        if process is None or stream not in self._held:
            raise MediaError("died", "the video process ended")
        return await self._asked(process, stream, Ask.LOOK, pack_look(stream, longest))

    async def film(self, stream: int, film: bytes, longest: int) -> Picture:
        """The last picture of a piece of fragmented MP4 with its initialisation segment. Raises MediaError."""
        await self.ready(stream)
        assert self._process is not None
        if self._process.waiting > MOST_WAITING:
            raise MediaError("busy", "the video process has too much to do")
        return await self._asked(self._process, stream, Ask.FILM, pack_look(stream, longest, film))

    async def check(self) -> str:
        """Starts the process and says what decodes. Raises MediaError."""
        return f"video: {(await self._running()).engine}"

    async def close(self) -> None:
        """End the process. May be called twice."""
        self._closed = True
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._process is not None:
            await self._process.close()

    async def _asked(self, process: VideoProcess, stream: int, kind: Ask, payload: bytes) -> Picture:
        try:
            async with asyncio.timeout(self._look_deadline):
                picture = await process.ask(kind, stream, payload)
        except TimeoutError as error:
            raise MediaError("busy", "the video process has too much to do") from error
        del self._strikes[stream]
        return picture

    def _give_up(self, stream: int) -> None:
        del self._held[stream]
        if self._process is not None and self._process.alive:
            self._process.tell(Ask.CLOSE, stream, pack_number(stream))

    def _barred(self, stream: int) -> bool:
        return self._strikes[stream] >= STRIKES

    # -------------------------------------------------------------- one process after the other

    async def _running(self) -> VideoProcess:
        if self._process is not None and self._process.alive:
            return self._process
        # Shielded: whoever came first may be interrupted, the others still need the process.
        return await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Task[VideoProcess]:
        if self._starting is None:
            self._starting = asyncio.create_task(self._start(self._process), name="video-start")
            self._starting.add_done_callback(self._begun)
        return self._starting

    def _begun(self, task: asyncio.Task[VideoProcess]) -> None:
        self._starting = None
        if task.cancelled() or task.exception() is not None:
            # Whoever only fed it was told that nothing was taken, and nobody else waits.
            self._retry_at = asyncio.get_running_loop().time() + _RETRY

    async def _start(self, dead: VideoProcess | None) -> VideoProcess:
        if self._closed:
            raise MediaError("died", "the video decoder was closed")
        if self._missing is not None:
            raise MediaError(self._missing.code, str(self._missing))
        if dead is not None:
            await self._bury(dead)
        try:
            self._process = await VideoProcess.start(self._command, self._start_deadline, self._patience)
        except MediaError as error:
            if error.code == "missing":
                self._missing = error  # nobody installs it under a running server
            raise
        self.starts += 1
        return self._process

    async def _bury(self, dead: VideoProcess) -> None:
        self._process = None
        self._held.clear()
        if dead.culprit is not None:
            self._strikes[dead.culprit] += 1
        log.warning("the video process ended and is replaced", extra={"count": self.starts})
        with contextlib.suppress(Exception):
            await dead.close()
