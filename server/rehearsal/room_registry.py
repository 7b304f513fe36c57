"""Every open rehearsal room: made on demand, kept while a tab is there, ended when nobody comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from server.errors import RehearsalError
from server.rehearsal.room import Room


class Rooms:
    """At most `limit` rooms. A room whose last socket has gone ends `grace` seconds later."""

    def __init__(
        self,
        make_room: Callable[[], Awaitable[Room]],
        *,
        limit: int = 8,
        grace: float = 60.0,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        on_open: Callable[[Room], None] | None = None,
    ) -> None:
        """`on_open` is told of every new room before anybody is in it."""
        self._make = make_room
        self._limit = limit
        self._grace = grace
        self._sleep = sleep
        self.on_open = on_open
        self._rooms: dict[str, Room] = {}
        self._sockets: dict[str, int] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._making = 0

    def __len__(self) -> int:
        return len(self._rooms)

    def find(self, room_id: str) -> Room | None:
        """The open room with this key, or None."""
        return self._rooms.get(room_id)

    def of_session(self, session_id: str) -> Room | None:
        """The open room this agent's session belongs to, or None."""
        return next((room for room in self._rooms.values() if room.session_id == session_id), None)

    async def enter(self, room_id: str = "") -> Room:
        """The room with this key, or a new one. Raises RehearsalError when all are taken."""
        if (room := self._rooms.get(room_id)) is not None:
            return room
        if len(self._rooms) + self._making >= self._limit:
            await self._end_an_empty_one()
        self._making += 1
        try:
            room = await self._make()
        finally:
            self._making -= 1
        self._rooms[room.id] = room
        self._expire_later(room)
        if self.on_open is not None:
            self.on_open(room)
        return room

    async def _end_an_empty_one(self) -> None:
        """A room in its grace makes way for somebody who is really there."""
        for room_id in list(self._rooms):
            if not self._sockets.get(room_id):
                await self.end(self._rooms[room_id])
                return
        raise RehearsalError(f"All {self._limit} rehearsal rooms are taken: close one in another tab.")

    @contextlib.contextmanager
    def hold(self, room: Room) -> Iterator[None]:
        """Keep the room open meanwhile: one socket is in it."""
        self._sockets[room.id] = self._sockets.get(room.id, 0) + 1
        if (task := self._ending.pop(room.id, None)) is not None:
            task.cancel()
        try:
            yield
        finally:
            self._sockets[room.id] -= 1
            if not self._sockets[room.id]:
                del self._sockets[room.id]
                if room.id in self._rooms:
                    self._expire_later(room)

    def _expire_later(self, room: Room) -> None:
        async def expire() -> None:
            await self._sleep(self._grace)
            self._ending.pop(room.id, None)
            await self.end(room)

        self._ending[room.id] = asyncio.create_task(expire(), name="rehearsal-room-expiry")

    async def end(self, room: Room) -> None:
        """Close the room now, whoever is in it. May be called twice."""
        if self._rooms.pop(room.id, None) is None:
            return
        if (task := self._ending.pop(room.id, None)) is not None and task is not asyncio.current_task():
            task.cancel()
        await room.close()

    async def close(self) -> None:
        """End every room."""
        for room in list(self._rooms.values()):
            await self.end(room)
