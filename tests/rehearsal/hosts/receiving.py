"""Our side in the tests of stand-ins: a server that keeps whatever is sent to it, and a client of the vendors' APIs."""

from __future__ import annotations

import asyncio
import hashlib
import json
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.news import News
from server.rehearsal.hosts.serving import Serving

#: Seconds after which a condition counts as never coming true.
WITHIN = 30.0
#: The secret and the keys of the published vectors of this signature scheme.
SECRET = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"
OLD_SECRET = "whsec_ZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8"


async def no_wait(seconds: float) -> None:
    """A sleep that takes no time, but lets others run."""
    await asyncio.sleep(0)


#: Clocks that show the real time and never wait.
HURRIED = Clocks(sleep=no_wait)


@dataclass(eq=False)
class Socket:
    """One connection as it was let in. `code` is how it closed, None while it is open."""

    path: str
    headers: Mapping[str, str]
    connection: WebSocket
    frames: list[str | bytes] = field(default_factory=list)
    code: int | None = None

    @property
    def messages(self) -> list[Any]:
        """The text frames that are JSON."""
        return [json.loads(frame) for frame in self.frames if isinstance(frame, str)]

    def events(self, name: str) -> list[Any]:
        """`data.data` of every event of this name."""
        return [message["data"]["data"] for message in self.messages if message["event"] == name]


@dataclass(frozen=True)
class Posted:
    """One POST as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Takes websockets and POSTs at any path. An async context manager."""

    def __init__(self) -> None:
        self.sockets: list[Socket] = []
        self.posts: list[Posted] = []
        #: upgrade headers of every handshake, refused ones too
        self.handshakes: list[Mapping[str, str]] = []
        #: how many of the next handshakes are refused
        self.refuse = 0
        #: statuses of the next answers to POSTs; 204 when there are none
        self.answers: deque[int] = deque()
        #: what is said back on a socket to a frame, if anything
        self.reply: Callable[[Socket, str | bytes], str | None] = lambda socket, frame: None
        self._news = News()
        routes = [
            WebSocketRoute("/{path:path}", self._socket),
            Route("/{path:path}", self._post, methods=["POST"]),
        ]
        self._serving = Serving(Starlette(routes=routes), websockets=True, largest=64 * 1024 * 1024)

    async def __aenter__(self) -> Receiver:
        self.http = await self._serving.start()
        self.ws = self.http.replace("http", "ws")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._serving.stop()

    def at(self, path: str) -> list[Socket]:
        """The connections at this path, oldest first."""
        return [socket for socket in self.sockets if socket.path == path]

    def posted(self, path: str) -> list[Any]:
        """The messages posted to this path, oldest first."""
        return [post.message for post in self.posts if post.path == path]

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something received makes this true."""
        async with asyncio.timeout(WITHIN):
            await self._news.until(true)

    async def _socket(self, websocket: WebSocket) -> None:
        headers = dict(websocket.headers)
        self.handshakes.append(headers)
        if self.refuse:
            self.refuse -= 1
            self._news.tell()
            await websocket.close(1008)
            return
        await websocket.accept()
        socket = Socket(websocket.url.path, headers, websocket)
        self.sockets.append(socket)
        self._news.tell()
        while (message := await websocket.receive())["type"] == "websocket.receive":
            text = message.get("text")
            frame = text if text is not None else message["bytes"]
            socket.frames.append(frame)
            self._news.tell()
            if (answer := self.reply(socket, frame)) is not None:
                await websocket.send_text(answer)
        socket.code = message["code"]
        self._news.tell()

    async def _post(self, request: Request) -> Response:
        body = await request.body()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.posts.append(Posted(request.url.path, headers, body))
        self._news.tell()
        return Response(status_code=self.answers.popleft() if self.answers else 204)


class RawReceiver:
    """Lets one websocket after another in and keeps the bytes behind the handshake as they come, unframed."""

    def __init__(self) -> None:
        #: what came on each connection, in the pieces in which it was read
        self.connections: list[list[bytes]] = []
        self.ended = 0
        self._news = News()

    async def __aenter__(self) -> RawReceiver:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.ws = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN):
            await self._news.until(true)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
        accept = b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        pieces: list[bytes] = []
        self.connections.append(pieces)
        try:
            while piece := await reader.read(1 << 16):
                pieces.append(piece)
        except ConnectionResetError:
            pieces.append(b"reset")
        writer.close()
        self.ended += 1
        self._news.tell()


def client(url: str, key: str = "rehearsal", **headers: str) -> httpx.AsyncClient:
    """A client of a vendor's API below `/api/v1/`."""
    headers = {"Authorization": f"Token {key}", **headers}
    # There is no TLS here; loading certificates for it takes longer than most tests.
    return httpx.AsyncClient(base_url=url + "/api/v1/", headers=headers, verify=False)
