"""Sound as bytes: level, rate, WAV, silence and mixing.

Everything here is mono, signed 16-bit little-endian ("s16"), unless a name says float. Functions take whole
samples: an odd byte count is a `ValueError`, because it means that somebody upstream split a sample.
"""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]

#: dBFS of digital silence; a finite floor keeps comparisons, JSON and means free of -inf.
SILENCE_DBFS = -120.0


def samples(pcm: bytes | bytearray | memoryview) -> Samples:
    """View s16 bytes as samples, without a copy."""
    if len(pcm) % 2:
        raise ValueError("odd number of bytes: a sample was split")
    return np.frombuffer(pcm, dtype="<i2")


def to_float(pcm: bytes | bytearray | memoryview) -> Floats:
    """s16 to float32 in [-1, 1)."""
    return samples(pcm).astype(np.float32) / np.float32(32768)


def from_float(values: npt.ArrayLike) -> bytes:
    """Float in [-1, 1] to s16; what is outside is clamped."""
    scaled = np.clip(np.asarray(values, dtype=np.float32), -1.0, 1.0) * np.float32(32767)
    return bytes(np.rint(scaled).astype("<i2"))


def level_dbfs(pcm: bytes | bytearray | memoryview) -> float:
    """Root mean square level in dBFS (a full-scale square wave is 0), never below `SILENCE_DBFS`."""
    values = samples(pcm)
    if not values.size:
        return SILENCE_DBFS
    wide = values.astype(np.float32)
    power = float(np.dot(wide, wide)) / values.size
    return max(SILENCE_DBFS, 10 * math.log10(power / 32768**2)) if power > 0 else SILENCE_DBFS


def mix(sounds: Iterable[bytes]) -> bytes:
    """Add sounds of any lengths from their first sample on; the sum saturates instead of wrapping round."""
    views = [samples(sound) for sound in sounds]
    total = np.zeros(max((view.size for view in views), default=0), dtype=np.int32)
    for view in views:
        total[: view.size] += view
    return bytes(np.clip(total, -32768, 32767).astype("<i2"))


class Resampler:
    """One stream from `rate_in` to `rate_out`, in pieces; the sum of its output is aligned with its input."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        if not (4_000 <= rate_in <= 192_000 and 4_000 <= rate_out <= 192_000):
            raise ValueError("sample rate outside 4 to 192 kHz")
        self._stream: soxr.ResampleStream | None = None
        if rate_in != rate_out:
            self._stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16", quality="HQ")

    def feed(self, pcm: bytes) -> bytes:
        """Take some sound, give what is ready."""
        if self._stream is None:
            return pcm
        return self._run(samples(pcm), last=False)

    def finish(self) -> bytes:
        """Give what the filter still holds. The stream ends here."""
        if self._stream is None:
            return b""
        return self._run(np.zeros(0, dtype=np.int16), last=True)

    def _run(self, values: Samples, *, last: bool) -> bytes:
        assert self._stream is not None
        return bytes(self._stream.resample_chunk(values, last=last).astype("<i2", copy=False))


def resample(pcm: bytes, rate_in: int, rate_out: int) -> bytes:
    """Change the rate of a whole recording."""
    stream = Resampler(rate_in, rate_out)
    return stream.feed(pcm) + stream.finish()


class SilenceTrimmer:
    """Cuts the silence before the first sound down to `keep` samples.

    Speech engines begin with up to 250 ms of silence, which a listener feels as slowness. At most `limit`
    samples are dropped, then the stream passes as it is; no more than `keep` samples are ever held.
    """

    def __init__(self, *, keep: int, limit: int, threshold: int = 100) -> None:
        self._keep = keep
        self._limit = limit
        self._threshold = threshold
        self._held = b""
        #: samples cut so far; final as soon as `open` is true
        self.dropped = 0
        #: the cutting is over, everything passes
        self.open = False
        #: something louder than the threshold (-50 dBFS peak) was in the sound
        self.heard = False

    def feed(self, pcm: bytes) -> bytes:
        """Take some sound, give what may be played."""
        if self.heard:
            return pcm
        view = samples(pcm)
        loud = np.flatnonzero(np.abs(view.astype(np.int32)) > self._threshold)
        self.heard = loud.size > 0
        if self.open:
            return pcm
        held = self._held + pcm
        quiet = len(self._held) // 2 + (int(loud[0]) if loud.size else view.size)
        drop = min(max(0, quiet - self._keep), self._limit - self.dropped)
        self.dropped += drop
        held = held[2 * drop :]
        self.open = self.heard or self.dropped >= self._limit
        self._held = b"" if self.open else held
        return held if self.open else b""

    def finish(self) -> bytes:
        """Give what is still held: the last `keep` samples of a sound that was silent throughout."""
        held, self._held = self._held, b""
        self.open = True
        return held


def write_wav(pcm: bytes, rate: int) -> bytes:
    """A WAV file of mono s16 sound."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()


def read_wav(data: bytes) -> tuple[bytes, int]:
    """Mono s16 sound and its rate from a 16-bit WAV file; several channels are averaged."""
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            if file.getsampwidth() != 2:
                raise ValueError("only 16-bit WAV is read")
            channels, rate = file.getnchannels(), file.getframerate()
            pcm = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError("not a PCM WAV file") from error
    whole = len(pcm) - len(pcm) % (2 * channels)
    return downmix(pcm[:whole], channels), rate


def downmix(pcm: bytes, channels: int) -> bytes:
    """Average interleaved channels to one; whole frames only."""
    if channels == 1:
        return pcm
    frames = samples(pcm).reshape(-1, channels)
    return bytes(np.rint(frames.mean(axis=1)).astype("<i2"))
