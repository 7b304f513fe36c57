"""From probabilities of frames to edges of speech. Pure; time is counted in frames of 512 samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

from server.ears.base import SAMPLE_RATE, SpeechEdge
from server.ears.energy import FRAME


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When speech begins and ends. Probabilities, and milliseconds."""

    #: a frame from here on is speech
    on: float = 0.5
    #: a frame below is silence; between the two nothing changes
    off: float = 0.35
    #: shorter is a click or a cough, not reported
    speech_ms: int = 120
    #: silence that ends speech
    stop_ms: int = 200
    #: a gap that a beginning may have before it counts as a new beginning
    gap_ms: int = 90


def _frames(ms: int) -> int:
    return max(1, math.ceil(ms * SAMPLE_RATE / 1000 / FRAME))


class Segments:
    """The speech of one stream."""

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        self._thresholds = thresholds or Thresholds()
        self._needed = _frames(self._thresholds.speech_ms)
        self._stop = _frames(self._thresholds.stop_ms)
        self._gap = _frames(self._thresholds.gap_ms)
        #: between an onset and its end
        self.speaking = False
        self._start = -1
        self._end = -1
        self._heard = 0
        self._power = 0.0

    @property
    def idle(self) -> bool:
        """Neither speech nor the beginning of one."""
        return self._start < 0

    def hear(self, index: int, probability: float, level: float) -> SpeechEdge | None:
        """Take frame number `index`; indexes grow, frames that were skipped are silence. Level in dBFS."""
        speech = probability >= (self._thresholds.on if self._start < 0 else self._thresholds.off)
        silent_for = index - self._end + 1
        if not speech:
            if self._start < 0 or silent_for < (self._stop if self.speaking else self._gap):
                return None
            return self._finish()
        if self._start < 0:
            self._start, self._heard, self._power = index, 0, 0.0
        self._end = index + 1
        self._heard += 1
        self._power += 10 ** (level / 10)
        if self.speaking or self._heard < self._needed:
            return None
        self.speaking = True
        return SpeechEdge(True, self._start * FRAME, self._level())

    def finish(self) -> SpeechEdge | None:
        """The stream ends or is cut here: end the speech, if there is one."""
        return None if self._start < 0 else self._finish()

    def _finish(self) -> SpeechEdge | None:
        edge = SpeechEdge(False, self._end * FRAME, self._level()) if self.speaking else None
        self.speaking = False
        self._start = self._end = -1
        return edge

    def _level(self) -> float:
        return 10 * math.log10(self._power / self._heard)
