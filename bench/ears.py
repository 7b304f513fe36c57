"""What voice activity costs: `python -m bench.ears [--streams 200] [--seconds 10]`.

Feeds streams in real time, as a server with that many sessions does, and prints microseconds per `feed` on the event
loop and the CPU of the whole process (the feeding included). Speech comes from the embedded voice.
"""

from __future__ import annotations

import argparse
import asyncio
import time

import numpy as np

from server.ears.base import SAMPLE_RATE
from server.ears.vad import VadEars
from server.media.pcm import from_float, mix, resample
from server.voices.espeak import VOICES, EspeakVoice

LINE = "I think we should move the review to Thursday, because two of us are away until then. "


async def talk(seconds: int) -> bytes:
    """Somebody who speaks all the time, at 16 kHz, over a quiet room."""
    voice = EspeakVoice(frame_deadline=30.0)
    pcm = b"".join([sound.pcm async for sound in voice.speak(LINE * 20, voice=VOICES[1])])
    await voice.close()
    sound = resample(pcm, 24_000, SAMPLE_RATE)[: 2 * seconds * SAMPLE_RATE]
    return mix([sound, room(seconds)])


def room(seconds: int) -> bytes:
    """A room at -60 dBFS."""
    return from_float(np.random.default_rng(1).normal(0, 0.001, seconds * SAMPLE_RATE))


async def measure(name: str, sounds: list[bytes], ms: int, seconds: int) -> None:
    """Feed every stream its sound in pieces of `ms`, in real time."""
    ears = VadEars(4)
    edges = 0

    def count(edge: object) -> None:
        nonlocal edges
        edges += 1

    streams = [ears.stream(count) for _ in sounds]
    await ears.settle()
    step, feeding, late = 2 * SAMPLE_RATE * ms // 1000, 0.0, 0.0
    wall, cpu = time.perf_counter(), time.process_time()
    for tick in range(seconds * 1000 // ms):
        pieces = [sound[tick * step : (tick + 1) * step] for sound in sounds]
        begun = time.thread_time()
        for stream, piece in zip(streams, pieces, strict=True):
            stream.feed(piece)
        feeding += time.thread_time() - begun
        ahead = wall + (tick + 1) * ms / 1000 - time.perf_counter()
        late = max(late, -ahead)
        await asyncio.sleep(max(0.0, ahead))
    await ears.settle()
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    feeds = len(streams) * (seconds * 1000 // ms)
    stats = ears.stats
    await ears.close()
    print(
        f"{name}: {1e6 * feeding / feeds:.1f} us per feed, {100 * share:.1f} % of a core, "
        f"latest tick {1000 * late:.0f} ms behind; frames {stats.frames}, by the net {stats.detector_frames}, "
        f"by level {stats.energy_frames}, dropped {stats.dropped}, edges {edges}"
    )


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What voice activity costs.")
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    seconds, streams = options.seconds, options.streams
    quiet, speech, nothing = room(seconds), await talk(seconds), bytes(2 * seconds * SAMPLE_RATE)
    for ms in (20, 100):
        print(f"{streams} streams, pieces of {ms} ms")
        await measure("  digital silence", [nothing] * streams, ms, seconds)
        await measure("  a quiet room   ", [quiet] * streams, ms, seconds)
        await measure("  4 speak        ", [speech] * 4 + [quiet] * (streams - 4), ms, seconds)
        await measure("  20 speak       ", [speech] * 20 + [quiet] * (streams - 20), ms, seconds)


if __name__ == "__main__":
    asyncio.run(main())
