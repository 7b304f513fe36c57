"""How soon the embedded voice is heard: `python -m bench.voices`.

Prints milliseconds from asking for a piece to its first sound, alone and with others at the same moment, the time for
a whole piece, and how long the helper process takes to start.
"""

from __future__ import annotations

import asyncio
import statistics
import time

from server.voices.base import SAMPLE_RATE
from server.voices.espeak import VOICES, EspeakVoice

PIECE = "I think we should move the review to Thursday, because two of us are away until then."


async def one(voice: EspeakVoice, who: str) -> tuple[float, float, float]:
    """Seconds to the first sound and to the last, and the seconds of sound."""
    begun = time.perf_counter()
    first, size = 0.0, 0
    async for sound in voice.speak(PIECE, voice=who):
        first = first or time.perf_counter() - begun
        size += len(sound.pcm)
    return first, time.perf_counter() - begun, size / 2 / SAMPLE_RATE


async def main() -> None:
    """Measure and print."""
    voice = EspeakVoice(frame_deadline=30.0)
    begun = time.perf_counter()
    print(await voice.check(), f"(start and first word {1000 * (time.perf_counter() - begun):.0f} ms)")
    for together, rounds in ((1, 50), (5, 10), (20, 5), (100, 2)):
        results: list[tuple[float, float, float]] = []
        for _ in range(rounds):
            results += await asyncio.gather(*(one(voice, VOICES[i % len(VOICES)]) for i in range(together)))
        firsts = sorted(1000 * first for first, _, _ in results)
        whole = statistics.median(1000 * last for _, last, _ in results)
        length = statistics.mean(seconds for _, _, seconds in results)
        print(
            f"{together:3d} at once: first sound p50 {statistics.median(firsts):.1f} ms, "
            f"p95 {firsts[int(0.95 * (len(firsts) - 1))]:.1f} ms; whole piece ({length:.1f} s) p50 {whole:.0f} ms"
        )
    await voice.close()


if __name__ == "__main__":
    asyncio.run(main())
