"""The detectors of the process: few, lent to the streams that need one. For the thread of the ears only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.ears.detector import Detector


@dataclass(slots=True)
class VadStats:
    """Counters since the start."""

    #: frames judged by the gate; of those, by a detector; and by level alone for want of a detector
    frames: int = 0
    detector_frames: int = 0
    energy_frames: int = 0
    #: times a stream found the pool empty
    pool_empty: int = 0
    #: samples that were dropped unheard
    dropped: int = 0
    #: detectors that failed to load or broke
    failures: int = 0
    #: detectors loaded, lent now, and the most that were lent at once
    detectors: int = 0
    lent: int = 0
    most_lent: int = 0


class DetectorPool:
    """At most `most` detectors, loaded one ahead of the need."""

    def __init__(self, most: int, load: Callable[[], Detector]) -> None:
        self._may_load = most
        self._load = load
        self._free: list[Detector] = []
        self.counts = VadStats()

    def spare(self) -> None:
        """Load a detector if none is free: loading takes 76 ms, and speech would wait for it."""
        if self._free or self._may_load <= 0:
            return
        self._may_load -= 1
        try:
            self._free.append(self._load())
        except (ImportError, RuntimeError, OSError):
            # Without a net we still hear by level; more attempts would fail in the same way.
            self._may_load = 0
            self.counts.failures += 1
        else:
            self.counts.detectors += 1

    def borrow(self) -> Detector | None:
        """A detector without a past, or None when all are lent."""
        if not self._free:
            return None
        self.counts.lent += 1
        self.counts.most_lent = max(self.counts.most_lent, self.counts.lent)
        return self._free.pop()

    def give_back(self, detector: Detector) -> None:
        """A detector is free again."""
        self.counts.lent -= 1
        detector.reset()
        self._free.append(detector)

    def discard(self) -> None:
        """A lent detector failed and is not used again."""
        self.counts.lent -= 1
        self.counts.failures += 1

    def clear(self) -> None:
        """Drop what is free."""
        self._free.clear()
