"""The ear of one session: what waits to be heard, the gate, and the detector while it has one."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from server.ears.base import SAMPLE_RATE, SpeechEdge
from server.ears.detector import Detector
from server.ears.energy import FRAME, EnergyGate
from server.ears.pool import DetectorPool
from server.ears.segments import Segments, Thresholds
from server.media.pcm import SILENCE_DBFS

#: Samples that a stream keeps unheard (4 s). Beyond it the oldest becomes silence: time stays right.
MOST_UNHEARD = 4 * SAMPLE_RATE
#: What a detector hears of the past: ten frames, 320 ms.
PRE_ROLL = 10
#: Frames without speech after which a detector is given back: one second.
GIVE_BACK = SAMPLE_RATE // FRAME
_FRAME_BYTES = 2 * FRAME
# Samples for which the thread looks at a stream that has no detector. The gate wants two frames anyway.
_WORTH_WAKING = 2 * FRAME


class VadStream:
    """The ear of one session. `feed`, `close` and `deliver` belong to the event loop, `judge` to the
    thread."""

    def __init__(
        self,
        pool: DetectorPool,
        push: Callable[[VadStream], None],
        on_edge: Callable[[SpeechEdge], None],
        loop: asyncio.AbstractEventLoop,
        thresholds: Thresholds,
    ) -> None:
        self.loop = loop
        self._pool = pool
        self._push = push
        self._on_edge = on_edge
        self._lock = threading.Lock()
        # Sound, or a number of silent samples. Bounded by MOST_UNHEARD.
        self._unheard: deque[bytes | int] = deque()
        self._waiting = 0
        self._queued = False
        self._closed = False
        self._dropped = 0
        # The thread's:
        self._gate = EnergyGate()
        self._segments = Segments(thresholds)
        self._off = thresholds.off
        self._detector: Detector | None = None
        self._awake = False
        self._quiet = 0
        self._index = 0
        self._rest = b""
        self._past: deque[tuple[int, float, bytes]] = deque(maxlen=PRE_ROLL)
        self._edges: list[SpeechEdge] = []

    def feed(self, pcm: bytes) -> None:
        """See EarStream."""
        if self._closed or not pcm:
            return
        size = len(pcm) // 2
        silent = _silent(pcm)
        with self._lock:
            last = self._unheard[-1] if self._unheard else None
            if not silent:
                self._unheard.append(pcm)
                self._waiting += size
                while self._waiting > MOST_UNHEARD:
                    self._drop()
            elif isinstance(last, int):
                self._unheard[-1] = last + size
            else:
                self._unheard.append(size)
            # Silence in a stream where nobody speaks can wait: it costs nothing at all.
            queue = not self._queued and (self._awake or (not silent and self._waiting >= _WORTH_WAKING))
            self._queued = self._queued or queue
        if queue:
            self._push(self)

    def close(self) -> None:
        """See EarStream."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            queue, self._queued = not self._queued, True
        if queue:
            self._push(self)

    def deliver(self, edge: SpeechEdge) -> None:
        """On the event loop: an edge was found."""
        if self._closed:
            return
        try:
            self._on_edge(edge)
        except Exception as error:
            context = {"message": "a listener of speech edges failed", "exception": error}
            self.loop.call_exception_handler(context)

    def _drop(self) -> None:
        """Make the oldest sound silence: what is late is worthless, but the samples after it keep their
        numbers."""
        silence = 0
        while self._unheard:
            first = self._unheard.popleft()
            if isinstance(first, int):
                silence += first
                continue
            silence += len(first) // 2
            self._waiting -= len(first) // 2
            self._dropped += len(first) // 2
            break
        self._unheard.appendleft(silence)

    # On the thread.

    def judge(self) -> list[SpeechEdge]:
        """Hear what waits; the edges in it."""
        with self._lock:
            self._queued = False
            unheard, self._unheard = self._unheard, deque()
            self._waiting = 0
            dropped, self._dropped = self._dropped, 0
            closed = self._closed
        if dropped:
            self._pool.counts.dropped += dropped
        if closed:
            self._sleep()
            return []
        self._edges = []
        sound: list[bytes] = []
        for item in unheard:
            if isinstance(item, int):
                self._hear(b"".join(sound))
                sound.clear()
                self._hear_silence(item)
            else:
                sound.append(item)
        self._hear(b"".join(sound))
        return self._edges

    def _hear(self, pcm: bytes) -> None:
        data = self._rest + pcm
        count = len(data) // _FRAME_BYTES
        self._rest = data[count * _FRAME_BYTES :]
        if not count:
            return
        shape = (count, FRAME)
        values = np.frombuffer(data, dtype="<i2", count=count * FRAME).reshape(shape).astype(np.float32)
        power = np.einsum("ij,ij->i", values, values) / np.float32(FRAME * 32768.0**2)
        levels = (10 * np.log10(np.maximum(power, 1e-12))).tolist()
        self._pool.counts.frames += count
        for number, level in enumerate(levels):
            self._frame(level, data[number * _FRAME_BYTES : (number + 1) * _FRAME_BYTES])

    def _hear_silence(self, size: int) -> None:
        if self._rest:
            pad = min(size, FRAME - len(self._rest) // 2)
            size -= pad
            self._hear(bytes(2 * pad))
        while size >= FRAME and self._awake:
            size -= FRAME
            self._frame(SILENCE_DBFS, b"")
        if size >= FRAME:
            self._index += size // FRAME
            self._past.clear()
        self._rest += bytes(2 * (size % FRAME))

    def _frame(self, level: float, frame: bytes) -> None:
        """Frame number `_index`. Empty bytes are digital silence, which needs no detector."""
        index = self._index
        self._index += 1
        loud = bool(frame) and self._gate.hear(level)
        if self._awake:
            if loud and self._detector is None:
                self._borrow()
            self._judge(index, level, frame)
        if not self._awake:
            if not frame:
                return
            self._past.append((index, level, frame))
            if loud:
                self._awake = True
                self._quiet = 0
                self._borrow()
                if self._detector is None:
                    self._pool.counts.pool_empty += 1
                past = list(self._past)
                self._past.clear()
                for entry in past:
                    self._judge(*entry)

    def _borrow(self) -> None:
        self._detector = self._pool.borrow()

    def _judge(self, index: int, level: float, frame: bytes) -> None:
        probability = self._probability(level, frame) if frame else 0.0
        edge = self._segments.hear(index, probability, level)
        if edge is not None:
            self._edges.append(edge)
        self._quiet = 0 if probability >= self._off else self._quiet + 1
        if self._quiet >= GIVE_BACK and self._segments.idle:
            self._sleep()

    def _probability(self, level: float, frame: bytes) -> float:
        if self._detector is not None:
            try:
                probability = self._detector.probability(frame)
            except Exception:
                # A net that failed once is not asked again; the gate goes on in its place.
                self._pool.discard()
                self._detector = None
            else:
                self._pool.counts.detector_frames += 1
                return probability
        self._pool.counts.energy_frames += 1
        return self._gate.guess(level)

    def _sleep(self) -> None:
        self._awake = False
        if self._detector is not None:
            self._pool.give_back(self._detector)
            self._detector = None


_ZEROS: dict[int, bytes] = {}


def _silent(pcm: bytes) -> bool:
    """Whether every sample is zero; a comparison of memory, for the few lengths that occur."""
    zeros = _ZEROS.get(len(pcm))
    if zeros is None:
        zeros = bytes(len(pcm))
        if len(_ZEROS) < 64:
            _ZEROS[len(pcm)] = zeros
    return pcm == zeros
