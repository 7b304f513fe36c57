"""A cheap first judgement: is it louder than this room usually is? Pure; time is counted in samples.

The gate only decides which streams deserve a real detector, and stands in when no detector is free. It never
says "speech" about a stream that has one.
"""

from __future__ import annotations

from collections import deque

from server.ears.base import SAMPLE_RATE

#: Samples of a frame, for the gate and for the detector: 32 ms, what the Silero net takes.
FRAME = 512

# Levels are counted in steps of 1 dB from -90 to 0 dBFS. What is quieter is not a room but a host's filler.
_LOWEST = -90
_BINS = 91


class NoiseFloor:
    """The level that a stream is rarely below: a low percentile of its last seconds."""

    def __init__(self, window: int = 10 * SAMPLE_RATE, percentile: float = 0.05, initial: float = -60.0) -> None:
        """`window` in samples; `initial` is the dBFS assumed until a second has been heard."""
        self._levels: deque[int] = deque()
        self._most = max(1, window // FRAME)
        self._percentile = percentile
        self._counts = [0] * _BINS
        self._until_update = SAMPLE_RATE // FRAME
        #: dBFS
        self.level = initial

    def hear(self, level: float) -> None:
        """Take the level of one frame. Digital silence does not count."""
        if level < _LOWEST:
            return
        step = min(_BINS - 1, int(level) - _LOWEST)
        self._counts[step] += 1
        self._levels.append(step)
        if len(self._levels) > self._most:
            self._counts[self._levels.popleft()] -= 1
        # Walking the counts at every frame would cost more than the rest; a floor may be a quarter second
        # old.
        self._until_update -= 1
        if self._until_update <= 0:
            self._until_update = SAMPLE_RATE // FRAME // 4
            self.level = self._low()

    def _low(self) -> float:
        wanted = max(1, int(len(self._levels) * self._percentile))
        for step, count in enumerate(self._counts):
            wanted -= count
            if wanted <= 0:
                return float(step + _LOWEST)
        return float(_LOWEST)


class EnergyGate:
    """Opens when two of the last three frames rise above the floor."""

    def __init__(self, *, rise: float = 9.0, fall: float = 6.0, least: float = -50.0) -> None:
        """`rise` and `fall`: dB above the floor for on and off; `least`: dBFS that is never passed over
        quietly."""
        self._rise = rise
        self._fall = fall
        self._least = least
        self._floor = NoiseFloor()
        self._recent = (False, False)

    @property
    def floor(self) -> float:
        """The noise floor in dBFS."""
        return self._floor.level

    def hear(self, level: float) -> bool:
        """Take the level (dBFS) of the next frame; whether someone may be speaking."""
        loud = level > max(self._least, self._floor.level + self._rise)
        before, last = self._recent
        self._recent = (last, loud)
        self._floor.hear(level)
        return (before + last + loud) >= 2

    def guess(self, level: float) -> float:
        """A stand-in for a detector's probability: 1 above the threshold, 0 below the lower one, 0.4
        between."""
        floor = self._floor.level
        if level > max(self._least, floor + self._rise):
            return 1.0
        return 0.4 if level > max(self._least - 3, floor + self._fall) else 0.0
