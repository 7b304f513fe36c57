"""The websockets on which a host comes back to us: who may open one, and what is read from it.

A connection belongs to the session, host and channel that the token in its address names; the host's own proof (a
signature over the upgrade) is checked as well. What arrives is handed to the host's adapter in the order it came, at
once: nothing here waits for a decoder or a disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.errors import AccessError, HostError
from server.seats.seat import Seat
from server.seats.service import Seats

log = logging.getLogger("parley.hosts")

#: where hosts connect
PREFIX = "/hosts/"
#: bytes of one message of a host: a shared screen as PNG in base64, or a stretch of film; everybody else gets less
LARGEST = 64 << 20
#: text frames that may wait for a host to read them; full: it is too slow to be spoken through, and may come again
OUTGOING = 500
#: seconds that saying goodbye to one that does not read may take
GOODBYE = 1.0
NOT_ALLOWED, TOO_MANY, SLOW, GOING = 1008, 1013, 1013, 1001
#: a newer connection of the channel took its place
REPLACED = 1000
SECRET_ADVICE = "Check that the verification secret is the workspace's, and that this machine's clock is right."


class LargeForHosts(WebSocketsSansIOProtocol):
    """Takes large messages on the hosts' addresses, and only there. Give it to uvicorn as `ws`."""

    def handle_connect(self, event: Any) -> None:
        """The path is known: set the limit before the first frame is read."""
        if event.path.startswith(PREFIX):
            self.conn.max_message_size = LARGEST
        super().handle_connect(event)


class HostSockets:
    """The endpoint. One instance serves all connections of all hosts."""

    def __init__(
        self,
        seats: Seats,
        *,
        most: int = 400,
        count: Callable[[str], None] = lambda what: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._seats = seats
        self._most = most
        self._count = count
        self._clock = clock
        self.open = 0
        # the connection of a seat's channel, where there may be one only: as many as are open
        self._single: dict[tuple[str, str], WebSocket] = {}

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection until it ends. Whoever may not come in is refused before the upgrade: 403."""
        params = websocket.path_params
        seat: Seat | None = None
        try:
            way = self._seats.addresses.read(params["token"], params["host"], params["channel"])
            seat = self._seats.session_of(way)
            if way.channel not in seat.host.sockets:
                raise AccessError("this host has no such channel")
            if seat.closed:
                raise AccessError("the bot is gone")
            seat.host.admit(websocket.headers, b"", self._clock())
        except (AccessError, HostError) as error:
            code = str(getattr(error, "code", "token"))
            self._count(f"host-{code}")
            log.warning("a host's connection was refused", extra={"code": code, "kind": params["channel"]})
            if seat is not None and not seat.closed:
                seat.count(f"refused-{code}")
                seat.step(f"a connection of {seat.host.title} was refused: {error}", SECRET_ADVICE)
            await websocket.close(NOT_ALLOWED)
            return
        if self.open >= self._most:
            self._count("host-connections")
            await websocket.close(TOO_MANY)
            return
        self.open += 1
        patience = asyncio.timeout(None)
        writer = Writer(websocket, lambda: patience.reschedule(0))
        try:
            await websocket.accept()
            async with patience:
                await self._talk(websocket, way.channel, seat, writer)
        except TimeoutError:
            seat.count(f"{way.channel}-slow")
            with contextlib.suppress(TimeoutError, WebSocketDisconnect, ConnectionError, RuntimeError):
                async with asyncio.timeout(GOODBYE):
                    await websocket.close(SLOW)
        except (WebSocketDisconnect, ConnectionError, RuntimeError):
            pass  # the host is gone; seats outlive its connections
        finally:
            self.open -= 1
            await writer.close()

    async def _replace(self, websocket: WebSocket, channel: str, seat: Seat) -> None:
        """A channel that takes one connection at a time: the newer one wins."""
        before = self._single.pop((seat.id, channel), None)
        self._single[seat.id, channel] = websocket
        if before is not None:
            with contextlib.suppress(TimeoutError, WebSocketDisconnect, ConnectionError, RuntimeError):
                async with asyncio.timeout(GOODBYE):
                    await before.close(REPLACED)

    async def _talk(self, websocket: WebSocket, channel: str, seat: Seat, writer: Writer) -> None:
        receive = websocket.receive
        if not seat.host.many_sockets:
            await self._replace(websocket, channel, seat)
        seat.connected[channel] += 1
        incoming = seat.host.connect(channel, seat, writer.send)
        try:
            while not seat.closed:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return
                data = message.get("bytes")
                incoming.feed(data if data is not None else message.get("text") or "")
        finally:
            if self._single.get((seat.id, channel)) is websocket:
                del self._single[seat.id, channel]
            seat.connected[channel] -= 1
            incoming.close()
        await websocket.close(GOING)


class Writer:
    """What goes to one host, in order. `send` never waits."""

    def __init__(self, websocket: WebSocket, on_full: Callable[[], None]) -> None:
        """`on_full` is called when too much waits: nothing is sent any more."""
        self._websocket = websocket
        self._on_full = on_full
        # Full: see OUTGOING.
        self._queue: deque[str] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def send(self, text: str) -> None:
        """Send a text frame."""
        if self._closed:
            return
        self._queue.append(text)
        if len(self._queue) > OUTGOING:
            self._queue.clear()
            self._closed = True
            self._on_full()
        self._wake.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="host-writer")

    async def _run(self) -> None:
        try:
            while True:
                while self._queue:
                    await self._websocket.send({"type": "websocket.send", "text": self._queue.popleft()})
                self._wake.clear()
                await self._wake.wait()
        except (WebSocketDisconnect, ConnectionError, RuntimeError):
            self._closed = True

    async def close(self) -> None:
        """The connection is over."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
