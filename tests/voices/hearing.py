"""What the tests of voices measure about a sound."""

import numpy as np

from server.media.pcm import level_dbfs, samples
from server.voices.base import SAMPLE_RATE, Sound


def whole(sounds: list[Sound]) -> bytes:
    """All the sound of a piece."""
    return b"".join(sound.pcm for sound in sounds)


def seconds(pcm: bytes) -> float:
    """How long it plays at 24 kHz."""
    return len(pcm) / 2 / SAMPLE_RATE


def alike(one: bytes, other: bytes) -> bool:
    """The same speech: eSpeak's phase and noise differ from time to time, its length and loudness do not."""
    return abs(seconds(one) - seconds(other)) < 0.03 and abs(level_dbfs(one) - level_dbfs(other)) < 0.5


def strongest(pcm: bytes) -> float:
    """The strongest frequency in Hz."""
    values = samples(pcm).astype(float) * np.hanning(len(pcm) // 2)
    return float(np.argmax(np.abs(np.fft.rfft(values))) * SAMPLE_RATE / values.size)


def pitch(pcm: bytes) -> float:
    """The median fundamental of voiced 40 ms frames in Hz, by autocorrelation between 60 and 400 Hz."""
    values = samples(pcm).astype(float)
    size = SAMPLE_RATE // 25
    low, high = SAMPLE_RATE // 400, SAMPLE_RATE // 60
    found = []
    for at in range(0, values.size - 2 * size, size):
        frame = values[at : at + 2 * size] - values[at : at + 2 * size].mean()
        power = float(frame @ frame)
        if power < 2 * size * 1000.0**2:
            continue
        lags = np.array([float(frame[:-lag] @ frame[lag:]) for lag in range(low, high, 2)])
        if lags.max() > 0.5 * power:
            found.append(SAMPLE_RATE / (low + 2 * int(np.argmax(lags))))
    return float(np.median(found))


def quiet_start(pcm: bytes, threshold: int = 100) -> int:
    """Samples before the first that is louder than the threshold."""
    loud = np.flatnonzero(np.abs(samples(pcm).astype(int)) > threshold)
    return int(loud[0]) if loud.size else len(pcm) // 2
