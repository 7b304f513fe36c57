"""A voice of pure tones and a clock that only moves when somebody waits."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from itertools import count

import numpy as np

from server.voices.base import SAMPLE_RATE, Sound, WordMark


class ToneVoice:
    """Says every word as a tone of 0.2 s and 0.1 s of silence; `voice` is the tone's frequency."""

    name = "tone"

    def __init__(self, *, marks: bool = True) -> None:
        self.marks = marks

    async def speak(self, text: str, *, voice: str = "", language: str = "en") -> AsyncIterator[Sound]:
        at = 0
        times = np.arange(int(0.2 * SAMPLE_RATE)) / SAMPLE_RATE
        tone = (8000 * np.sin(2 * np.pi * float(voice or 440) * times)).astype(np.int16)
        word = np.concatenate([tone, np.zeros(int(0.1 * SAMPLE_RATE), np.int16)])
        for index, token in enumerate(text.split()):
            offset = text.index(token, at)
            at = offset + len(token)
            marks = (WordMark(offset, len(token), index * len(word)),) if self.marks else ()
            yield Sound(word.tobytes(), marks)

    async def check(self) -> str:
        return "tones"

    async def close(self) -> None:
        return None


class VirtualTime:
    """A clock for `Meeting(clock=..., sleep=...)`: time jumps to the next sleeper when everyone waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + max(0.0, seconds), next(self._number), future))
        await future

    async def run(self, seconds: float) -> None:
        """Let `seconds` pass, waking every sleeper in its turn."""
        end = self.now + seconds
        while True:
            await _settled()
            while self._sleepers and self._sleepers[0][2].done():
                heapq.heappop(self._sleepers)
            if not self._sleepers or self._sleepers[0][0] > end:
                self.now = end
                return
            at, _, future = heapq.heappop(self._sleepers)
            self.now = max(self.now, at)
            future.set_result(None)


async def _settled() -> None:
    """Until every task that could run has run, those waiting for a thread included."""
    for _ in range(8):
        await asyncio.sleep(0)
