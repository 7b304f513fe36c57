"""Voice activity for every session of the process: a gate per stream, a few detectors, one thread.

A detector is big and has a memory of its stream, so there is a bounded pool. A stream that rises above its
own noise floor borrows one, hears its last 300 ms again through it, and gives it back after a second without
speech. When the pool is empty the gate decides by level alone, with hysteresis; that is counted. Nothing here
runs on the event loop but `feed` and the delivery of edges.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from server.ears.base import SpeechEdge
from server.ears.detector import Detector, load_detector
from server.ears.pool import DetectorPool, VadStats
from server.ears.segments import Thresholds
from server.ears.vad_stream import VadStream

__all__ = ["Thresholds", "VadEars", "VadStats", "VadStream"]

# The thread gathers work for this long (s): 200 streams would otherwise wake it ten thousand times a second.
_GATHER = 0.008


class VadEars:
    """Voice activity by an energy gate and the Silero net. See the module."""

    name = "vad"

    def __init__(
        self,
        detectors: int = 4,
        *,
        thresholds: Thresholds | None = None,
        load: Callable[[], Detector] = load_detector,
    ) -> None:
        """`detectors`: how many may be loaded (11.6 MB each); 0 judges by level alone."""
        self._thresholds = thresholds or Thresholds()
        self._pool = DetectorPool(detectors, load)
        self._lock = threading.Lock()
        # Streams with something to hear; each is in it at most once, so the streams bound it.
        self._ready: deque[VadStream] = deque()
        self._settled: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def stats(self) -> VadStats:
        """The counters now."""
        return replace(self._pool.counts)

    def stream(self, on_edge: Callable[[SpeechEdge], None]) -> VadStream:
        """Listen to one more stream. Call on the event loop; `on_edge` is called there."""
        if self._stopping:
            raise RuntimeError("the ears are closed")
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="ears-vad", daemon=True)
            self._thread.start()
        return VadStream(self._pool, self._push, on_edge, asyncio.get_running_loop(), self._thresholds)

    async def settle(self) -> None:
        """Return when everything fed so far has been judged and its edges were delivered."""
        if self._thread is None or self._stopping:
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._settled.append((loop, done))
        self._wake.set()
        await done

    async def close(self) -> None:
        """End the thread and drop the detectors. May be called twice."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        self._pool.clear()

    def _push(self, stream: VadStream) -> None:
        """From a stream: it has something to hear."""
        self._ready.append(stream)
        if not self._wake.is_set():
            self._wake.set()

    # On the thread.

    def _work(self) -> None:
        while not self._stopping:
            self._pool.spare()
            self._wake.wait()
            self._wake.clear()
            with self._lock:
                settled, self._settled = self._settled, []
            edges: dict[asyncio.AbstractEventLoop, list[tuple[VadStream, SpeechEdge]]] = {}
            for _ in range(len(self._ready)):
                stream = self._ready.popleft()
                found = stream.judge()
                if found:
                    edges.setdefault(stream.loop, []).extend((stream, edge) for edge in found)
            for loop, batch in edges.items():
                _call(loop, _deliver, batch)
            for loop, done in settled:
                _call(loop, _resolve, done)
            if not settled:
                time.sleep(_GATHER)
        for loop, done in self._settled:
            _call(loop, _resolve, done)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *args: object) -> None:
    # The loop may have gone while we worked; then nobody wants to know.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *args)


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _deliver(batch: list[tuple[VadStream, SpeechEdge]]) -> None:
    for stream, edge in batch:
        stream.deliver(edge)
