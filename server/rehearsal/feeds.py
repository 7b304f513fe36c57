"""Live feeds out of a rehearsed meeting: its mixed sound and its transcript, each bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Feed(Generic[T]):
    """An async iterator over what is put into it, until it is closed.

    Holds at most `room` items: when the reader is slow the oldest are lost, counted in `lost`, because a
    live meeting does not wait and old sound or old partials are worth least.
    """

    def __init__(self, room: int, on_close: Callable[[Any], None]) -> None:
        self._items: deque[T] = deque()
        self._room = room
        self._on_close = on_close
        self._waiting: asyncio.Future[None] | None = None
        self.closed = False
        self.lost = 0

    def put(self, item: T) -> None:
        """Offer an item; never blocks. Does nothing after `close`."""
        if self.closed:
            return
        if len(self._items) >= self._room:
            self._items.popleft()
            self.lost += 1
        self._items.append(item)
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def __aiter__(self) -> Feed[T]:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self.closed:
                raise StopAsyncIteration
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        return self._items.popleft()

    def close(self) -> None:
        """No more items; what is already here can still be read. May be called twice."""
        if not self.closed:
            self.closed = True
            self._on_close(self)
            self._wake()

    async def aclose(self) -> None:
        self.close()


class SoundFeed(Feed[bytes]):
    """The mixed sound of the meeting in real time: 20 ms frames of 48 kHz s16le mono, silence included.

    `position` is the number of the frame read last; frame n covers the meeting's time from n * 0.02 s on,
    also after frames were lost.
    """

    #: One second: a reader further behind than that hears a meeting that is already over.
    ROOM = 50

    def __init__(self, on_close: Callable[[Any], None]) -> None:
        super().__init__(self.ROOM, on_close)
        self._newest = -1

    @property
    def position(self) -> int:
        return self._newest - len(self._items)

    def put_frame(self, number: int, frame: bytes) -> None:
        self.put(frame)
        self._newest = number


class TranscriptFeed(Feed[dict[str, Any]]):
    """Transcript messages as the bot's socket sends them."""

    ROOM = 500

    def __init__(self, on_close: Callable[[Any], None]) -> None:
        super().__init__(self.ROOM, on_close)
