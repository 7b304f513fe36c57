"""Everybody's sound as one: a ticker that mixes 20 ms of it every 20 ms, for whoever listens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from server.rehearsal.feeds import SoundFeed
from server.rehearsal.spoken import RATE, Samples

FRAME = RATE // 50
FRAME_SECONDS = 0.02


class Mixer:
    """Sounds placed on the meeting's clock, read as one stream.

    Frame n is due at n * 20 ms after the meeting's begin, however late the one before it was: a stalled
    loop catches up and never drifts. With nobody listening nothing runs.
    """

    def __init__(self, now: Callable[[], float], sleep: Callable[[float], Awaitable[Any]]) -> None:
        self._now = now
        self._sleep = sleep
        self._sounds: dict[int, tuple[int, Samples]] = {}
        self._feeds: list[SoundFeed] = []
        self._ticker: asyncio.Task[None] | None = None
        self._next = 0

    def first_free(self) -> int:
        """The first sample that no listener has been given yet."""
        due = int(self._now() * RATE)
        return max(due, self._next * FRAME) if self._ticker is not None else due

    def place(self, key: int, start: int, pcm: Samples) -> None:
        """Let `pcm` begin at sample `start`. `key` (above 0) takes it away again."""
        self._forget()
        self._sounds[key] = (start, pcm)

    def cut(self, key: int) -> None:
        """Take a sound away, over or not, with a 10 ms fade when it is in the middle."""
        found = self._sounds.pop(key, None)
        if found is None:
            return
        start, pcm = found
        at = self.first_free() - start
        if 0 < at < len(pcm) - 480 and self._ticker is not None:
            rest = (pcm[at : at + 480] * np.linspace(1.0, 0.0, 480)).astype(np.int16)
            self._sounds[-key] = (start + at, rest)

    def subscribe(self) -> SoundFeed:
        feed = SoundFeed(self._leave)
        self._feeds.append(feed)
        if self._ticker is None:
            self._next = int(np.ceil(self._now() / FRAME_SECONDS))
            self._ticker = asyncio.create_task(self._tick(), name="rehearsal-mixer")
        return feed

    def _leave(self, feed: SoundFeed) -> None:
        self._feeds.remove(feed)
        if not self._feeds and self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    async def _tick(self) -> None:
        while True:
            wait = self._next * FRAME_SECONDS - self._now()
            if wait > 1e-6:
                await self._sleep(wait)
                continue
            frame = self.mix(self._next * FRAME, FRAME)
            for feed in list(self._feeds):
                feed.put_frame(self._next, frame.tobytes())
            self._next += 1
            if self._next % 50 == 0:
                # A loop that was stalled for long must not starve the others while it catches up.
                await asyncio.sleep(0)

    def mix(self, first: int, count: int) -> Samples:
        """`count` samples of the mix from sample `first` on, clipped to 16 bits."""
        total = np.zeros(count, np.int32)
        for start, pcm in self._sounds.values():
            begin, end = max(first, start), min(first + count, start + len(pcm))
            if begin < end:
                total[begin - first : end - first] += pcm[begin - start : end - start]
        return np.clip(total, -32768, 32767).astype(np.int16)

    def _forget(self) -> None:
        given = self.first_free() if self._ticker is None else self._next * FRAME
        for key in [key for key, (start, pcm) in self._sounds.items() if start + len(pcm) < given]:
            del self._sounds[key]

    async def close(self) -> None:
        ticker = self._ticker
        for feed in list(self._feeds):
            feed.close()
        self._sounds.clear()
        if ticker is not None:
            await asyncio.wait([ticker])
