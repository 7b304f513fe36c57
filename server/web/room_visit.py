"""One person's socket in a rehearsal room: messages in, events and sound out, both bounded."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from server.errors import ProtocolError
from server.rehearsal.room import Event, Room

#: Characters of a message.
MAX_MESSAGE = 16_000
#: Commands a second, and how many may come at once.
RATE, BURST = 10.0, 40.0
#: Messages waiting for a slow page; then it is cut off and comes back to a fresh `welcome`.
MAX_QUEUED = 2_000
#: Frames of silence that are still sent after the last sound.
_SILENT_TAIL = 25
_NUMBER = struct.Struct("<I")

# Websocket close codes: refused by policy, and "somewhere else now" of our own range.
POLICY, TRY_LATER, REPLACED, FULL = 1008, 1013, 4001, 4002


class Visit:
    """One person's socket in a room: bounded both ways."""

    def __init__(self, socket: WebSocket, clock: Callable[[], float]) -> None:
        self._socket = socket
        self._clock = clock
        self._tokens, self._filled = BURST, clock()
        self._out: asyncio.Queue[Event | None] = asyncio.Queue()
        self._end: tuple[int, Event | None] = (1000, None)
        self.at_work: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------ in

    async def receive(self) -> dict[str, Any]:
        """The next message. Raises ProtocolError for a bad one, WebSocketDisconnect when nobody is there."""
        frame = await self._socket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame.get("code", 1000))
        self._count()
        text = frame.get("text")
        if text is None:
            raise ProtocolError("Only text messages are understood.")
        if len(text) > MAX_MESSAGE:
            raise ProtocolError("The message is too long.")
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise ProtocolError("The message is not JSON.") from None
        if not isinstance(message, dict):
            raise ProtocolError("The message is not an object.")
        return message

    def _count(self) -> None:
        now = self._clock()
        self._tokens = min(BURST, self._tokens + (now - self._filled) * RATE)
        self._filled = now
        if self._tokens < 1:
            raise ProtocolError("Too many messages: slow down.")
        self._tokens -= 1

    # ------------------------------------------------------------ out

    def put(self, event: Event) -> None:
        """Queue an event; a page too slow to take them is cut off and may come back."""
        if self._out.qsize() >= MAX_QUEUED:
            if self._end[0] != TRY_LATER:
                self._end = (TRY_LATER, None)
                self._out.put_nowait(None)
            return
        self._out.put_nowait(event)
        if event["type"] == "closed":
            self._out.put_nowait(None)

    def replaced(self) -> None:
        """Another tab has come into this room with the same key."""
        self._end = (REPLACED, problem("elsewhere", "This rehearsal goes on in another tab.", fatal=True))
        self._out.put_nowait(None)

    async def refuse(self, code: str, message: str, close: int) -> None:
        await self._socket.send_text(json.dumps(problem(code, message, fatal=True)))
        await self._socket.close(close)

    async def send_events(self) -> None:
        while (event := await self._out.get()) is not None:
            await self._socket.send_text(json.dumps(event))
        code, last = self._end
        if last is not None:
            await self._socket.send_text(json.dumps(last))
        await self._socket.close(code)

    async def send_sound(self, room: Room) -> None:
        feed = room.meeting.subscribe_sound()
        silent, held, first = _SILENT_TAIL, b"", 0
        try:
            async for frame in feed:
                silent = silent + 1 if frame == bytes(len(frame)) else 0
                if silent > _SILENT_TAIL:
                    held = b""
                elif held:
                    await self._socket.send_bytes(_NUMBER.pack(first) + held + frame)
                    held = b""
                else:
                    first, held = feed.position, frame
        finally:
            feed.close()
        await asyncio.Event().wait()  # the meeting is over; the visit ends when the page knows


def problem(code: str, message: str, *, fatal: bool = False) -> Event:
    return {"type": "problem", "code": code, "message": message, "fatal": fatal}
