"""What the tests of ears feed and measure."""

import numpy as np
import numpy.typing as npt

from server.ears.base import SAMPLE_RATE, SpeechEdge
from server.ears.vad import VadEars

#: Samples of a 10 ms step, in which detections are compared with a reference.
STEP = SAMPLE_RATE // 100


async def hear(ears: VadEars, pcm: bytes, chunk: int = 640) -> list[SpeechEdge]:
    """Feed a recording as fast as it is judged, then two seconds of silence; the edges."""
    edges: list[SpeechEdge] = []
    stream = ears.stream(edges.append)
    fed = 0
    for at in range(0, len(pcm), chunk):
        stream.feed(pcm[at : at + chunk])
        fed += chunk
        if fed >= SAMPLE_RATE:
            fed = 0
            await ears.settle()
    stream.feed(bytes(4 * SAMPLE_RATE))
    await ears.settle()
    stream.close()
    return edges


def spans(edges: list[SpeechEdge]) -> list[tuple[int, int]]:
    """Onset and end samples in pairs."""
    assert [edge.speaking for edge in edges] == [True, False] * (len(edges) // 2)
    return [(on.sample, off.sample) for on, off in zip(edges[::2], edges[1::2], strict=True)]


def steps(found: list[tuple[int, int]], total: int) -> npt.NDArray[np.bool_]:
    """Which 10 ms steps lie in the spans (in samples), `total` samples long."""
    mask = np.zeros(total // STEP, dtype=bool)
    for start, end in found:
        mask[start // STEP : -(-end // STEP)] = True
    return mask


def errors(
    found: list[tuple[int, int]], truth: list[tuple[int, int]], total: int, collar: float = 0.3
) -> tuple[float, float]:
    """Missed speech (none found within the collar) and false alarms (no speech within it), as shares of the
    speech and of the rest. The collar is in seconds."""
    heard, real = steps(found, total), steps(truth, total)
    window = np.ones(2 * round(collar * 100) + 1)

    def near(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        return np.convolve(mask, window, "same")[: mask.size] > 0.5

    missed = (real & ~near(heard)).sum() / max(1, real.sum())
    false = (heard & ~near(real)).sum() / max(1, (~real).sum())
    return float(missed), float(false)
