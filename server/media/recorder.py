"""Records what comes in of one meeting, when asked: nobody who hands something in waits for the disk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from server.media.intake import Intake
from server.media.pieces import Piece, PieceQueue
from server.media.remux import remux
from server.media.take_writer import Ended, Limits, TakeWriter, TroubleCode
from server.media.takes import Remux, locked
from server.media.writing import WRITING, WritingThread

__all__ = ["Limits", "Recorder", "Trouble"]

log = logging.getLogger("parley.recorder")

#: Seconds between handing everything to the system and looking at the free space.
_FLUSH = 1.0

_LINES: dict[TroubleCode, str] = {
    "limit": "the recording has reached its limit and was ended; what was recorded is kept",
    "space": "the disk is nearly full, so the recording was ended; what was recorded is kept",
    "full": "the disk is full, so the recording was ended; what was recorded is kept",
    "readonly": "the folder for recordings cannot be written, so nothing is recorded",
    "failed": "the recording could not be written and was ended",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing is recorded any more."""

    code: TroubleCode
    #: one plain sentence for the operator
    line: str


class Recorder:
    """One take of one session. Construct it when recording begins, on the event loop.

    Handing in never waits and never raises. When a limit is reached or the disk is full, recording ends, what is there
    is made whole, and `trouble` says why; from then on everything is refused and counted.
    """

    def __init__(
        self,
        root: Path,
        session: str,
        limits: Limits | None = None,
        *,
        on_trouble: Callable[[Trouble], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        remux: Remux = remux,
        queue: PieceQueue | None = None,
        thread: WritingThread | None = None,
    ) -> None:
        """`root`: folder of all recordings. `on_trouble` is called from a thread. `clock`: monotonic seconds; `wall`:
        seconds since 1970."""
        self.trouble: Trouble | None = None
        #: what was left out, by one word. For want of room on the queue: `video`, `sound`, `lines`. After the end:
        #: `refused`. Beyond the bounds: `crowd`. Malformed: `foreign`, `truncated`, `too-large`. Came twice: `same`
        self.counts: Counter[str] = Counter()
        self._root, self._session, self._limits = root, session, limits or Limits()
        self._on_trouble = on_trouble
        self._wall = wall
        self._began = wall()
        self._remux = remux
        self._queue = queue or PieceQueue()
        self._intake = Intake(self._put, self.counts, clock)
        self._writer: TakeWriter | None = None
        self._held = contextlib.ExitStack()
        self._flushed = 0.0
        self._closing = False
        self._keep = True
        self._done: Future[None] = Future()
        self._thread = thread or WRITING
        self._thread.add(self)

    @property
    def folder(self) -> Path | None:
        """Where the take is; None until it is made."""
        return self._writer.folder if self._writer is not None else None

    @property
    def written(self) -> int:
        """Bytes on the disk, of all takes of the session."""
        return self._writer.written if self._writer is not None else 0

    # ------------------------------------------------------------ handing in

    def person(self, person_id: str, name: str) -> None:
        """Somebody is called this. Names go into the manifest and nowhere else."""
        if self._open():
            self._intake.person(person_id, name)

    def hear(self, pcm: bytes, person_id: str = "", at: float | None = None) -> None:
        """Sound at 16 kHz, mono, s16, of one person or, without an id, of the whole meeting.

        `at`: host seconds of its first sample; without it sound is placed by when it came.
        """
        if self._open():
            self._intake.hear(pcm, person_id, at)

    def see(self, person_id: str, source: str, coding: str, data: bytes, at: float | None = None) -> None:
        """A picture or a stretch of film, as the host sent it. `source`: "webcam", "screenshare" or "stage"; `coding`:
        "png" (some are kept, for the contact sheet), "h264" or "fmp4" (all of it)."""
        if self._open():
            self._intake.see(person_id, source, coding, data, at)

    def end(self, person_id: str, source: str) -> None:
        """The stream of this source ended: what comes next begins anew."""
        self._intake.end(person_id, source)

    def line(self, text: str) -> None:
        """A line of the transcript, as it shall be read."""
        if self._open():
            self._intake.line(text)

    async def close(self, *, keep: bool = True) -> None:
        """Write what waits and make the take whole; or, not to be kept, delete it. May be called twice.

        Films of hours take seconds. Whoever cannot wait cancels: the work goes on while the process lives, and `repair`
        does what is left.
        """
        if not self._over:
            self._intake.flush()
        self._keep = self._keep and keep
        self._closing = True
        self._thread.hurry()
        await asyncio.shield(asyncio.wrap_future(self._done))

    def _open(self) -> bool:
        if not self._over:
            return True
        self.counts["refused"] += 1
        return False

    @property
    def _over(self) -> bool:
        return self._closing or self.trouble is not None

    def _put(self, piece: Piece) -> bool:
        put = self._queue.put(piece)
        if self._queue.pressing:
            self._thread.hurry()
        return put

    # ------------------------------------------------------------ in threads

    def write(self) -> bool:
        """Write what waits; False when nothing more is to be written. In the thread of all recordings."""
        try:
            if self._writer is None:
                self._writer = TakeWriter(self._root, self._session, self._limits, self._began)
                self._held.enter_context(locked(self._writer.folder))
            closing = self._closing
            pieces = self._queue.take() if self._keep else []
            for piece in pieces:
                self._writer.write(piece)
            self._queue.done(pieces)
            if time.monotonic() - self._flushed >= _FLUSH:
                self._writer.flush()
                self._flushed = time.monotonic()
            return not closing
        except Ended as ended:
            self._stop(ended.code)
        except Exception as error:
            self._failed(error)
        return False

    def finish(self) -> None:
        """Make the take whole. In a thread of its own: others go on recording."""
        try:
            with self._held:
                if self._writer is not None and self._keep:
                    trouble = self.trouble.code if self.trouble is not None else ""
                    self._writer.finish(self._wall(), trouble, dict(self.counts), self._remux)
                elif self._writer is not None:
                    self._writer.discard()
        except Exception as error:
            self._failed(error)
        finally:
            self._queue.done(self._queue.take())
            self._done.set_result(None)

    def _failed(self, error: Exception) -> None:
        log.warning("a recording failed", exc_info=error)
        self._stop("failed")

    def _stop(self, code: TroubleCode) -> None:
        if self.trouble is not None:
            return
        self.trouble = Trouble(code, _LINES[code])
        log.warning("a recording ended before its time", extra={"code": code})
        if self._on_trouble is not None:
            try:
                self._on_trouble(self.trouble)
            except Exception as error:
                log.warning("a listener failed", exc_info=error)
