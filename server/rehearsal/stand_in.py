"""Stands in for the host that only exists inside a bot: the transcript socket, over TLS, as the page knows
it.

Two more paths serve the rehearsal: the meeting's sound for the page's microphone, and the tap of what the
page plays. They are on the same host because the page's own policy lets it open sockets nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from server.rehearsal.certificate import Certificate, make_certificate
from server.rehearsal.feeds import Feed
from server.rehearsal.meeting import Meeting

HOST = "meeting-data.bot.recall.ai"
TRANSCRIPT = "/api/v1/transcript"
SOUND = "/rehearsal/sound"
TAP = "/rehearsal/tap"

#: run u32, rate u32, milliseconds since 1970 f64; little-endian; see tap.js
_TAP_HEADER = struct.Struct("<IId")


@dataclass(frozen=True, slots=True, eq=False)
class TapFrame:
    """Some sound the page played: s16le mono at `rate`; its last sample was rendered before `wall`
    (seconds since 1970, by the server's clock)."""

    run: int
    rate: int
    wall: float
    pcm: bytes


class TapListener(Protocol):
    """Who wants what the page plays and says about itself."""

    def sound(self, frame: TapFrame) -> None: ...

    def page_state(self, wall: float, facts: dict[str, Any]) -> None: ...


class StandIn:
    """The TLS server on a free loopback port. `port` and `key_hash` are for the browser's flags."""

    def __init__(self, meeting: Meeting, listener: TapListener, *, wall: Callable[[], float], folder: Path) -> None:
        """`wall` gives seconds since 1970; the certificate passes through `folder`."""
        self._meeting = meeting
        self._listener = listener
        self._wall = wall
        self._folder = folder
        self._certificate: Certificate | None = None
        self._server: Server | None = None
        #: pages connected to the transcript right now
        self.transcripts = 0
        #: pages whose microphone listens, and taps open, right now
        self.microphones = 0
        self.taps = 0
        #: seconds to add to the page's clock, from its quickest answer
        self.clock_offset = 0.0
        self._best_trip = float("inf")

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the stand-in is not running")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def key_hash(self) -> str:
        return self._certificate.key_hash if self._certificate else ""

    @property
    def clock_error(self) -> float:
        """How far the clocks of page and server can disagree, in seconds: half the quickest round trip."""
        return self._best_trip / 2

    async def start(self) -> None:
        self._certificate = make_certificate(HOST, self._folder)
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            0,
            ssl=self._certificate.context,
            compression=None,
            max_size=1 << 20,
            open_timeout=20,
            ping_interval=None,
        )

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _handle(self, connection: ServerConnection) -> None:
        request = connection.request
        path = request.path if request is not None else ""
        with contextlib.suppress(ConnectionClosed):
            if path == TRANSCRIPT:
                await self._transcript(connection)
            elif path == SOUND:
                await self._sound(connection)
            elif path == TAP:
                await self._tap(connection)
            else:
                await connection.close(1008, "no such path")

    async def _transcript(self, connection: ServerConnection) -> None:
        feed = self._meeting.subscribe_transcript()
        self.transcripts += 1
        goodbye = asyncio.create_task(_close_with(connection, feed), name="rehearsal-transcript")
        try:
            async for message in feed:
                await connection.send(json.dumps(message))
        finally:
            self.transcripts -= 1
            goodbye.cancel()
            feed.close()

    async def _sound(self, connection: ServerConnection) -> None:
        feed = self._meeting.subscribe_sound()
        self.microphones += 1
        goodbye = asyncio.create_task(_close_with(connection, feed), name="rehearsal-sound")
        try:
            async for frame in feed:
                await connection.send(frame)
        finally:
            self.microphones -= 1
            goodbye.cancel()
            feed.close()

    async def _tap(self, connection: ServerConnection) -> None:
        self.taps += 1
        try:
            async for message in connection:
                if isinstance(message, bytes):
                    self._frame(message)
                else:
                    await self._word(connection, json.loads(message))
        finally:
            self.taps -= 1

    def _frame(self, data: bytes) -> None:
        run, rate, t = _TAP_HEADER.unpack_from(data)
        wall = t / 1000 + self.clock_offset
        self._listener.sound(TapFrame(run, rate, wall, data[_TAP_HEADER.size :]))

    async def _word(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        kind = message.pop("type", "")
        if kind == "ping":
            await connection.send(json.dumps({"t": message["t"], "at": self._wall() * 1000}))
        elif kind == "clock":
            trip = (message["back"] - message["t"]) / 1000
            if trip < self._best_trip:
                self._best_trip = trip
                offset = (message["at"] - (message["t"] + message["back"]) / 2) / 1000
                # On one machine both read the same clock: what is within the error is the error.
                self.clock_offset = offset if abs(offset) > trip / 2 else 0.0
        elif kind == "state":
            wall = message.pop("t") / 1000 + self.clock_offset
            self._listener.page_state(wall, message)


async def _close_with(connection: ServerConnection, feed: Feed[Any]) -> None:
    """A page that left while nobody spoke would otherwise be noticed only at the next word."""
    await connection.wait_closed()
    feed.close()
