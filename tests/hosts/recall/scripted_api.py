"""A server on the loopback address that answers Recall.ai's REST calls as a test has scripted, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import h11

from tests.hosts.recall.told import PAYLOADS


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)

    @property
    def key(self) -> str:
        """The idempotency key, or an empty string."""
        return self.headers.get("idempotency-key", "")


@dataclass(frozen=True)
class Answer:
    """One response; text is sent as it is, anything else as JSON, None as no body at all."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Break:
    """The connection ends: before the response, or in the middle of its body."""

    midway: bool = False


def error(name: str) -> Answer:
    """An error answer from the payloads."""
    file = PAYLOADS / f"error.{name}.html"
    if file.exists():
        return Answer(int(name[:3]), file.read_text(encoding="utf-8"), {"content-type": "text/html"})
    wrapped = json.loads((PAYLOADS / f"error.{name}.json").read_text(encoding="utf-8"))
    return Answer(wrapped["status"], wrapped["body"], wrapped["headers"])


class ScriptedApi:
    """Answers with the scripted answers in order and keeps what it was asked. Unscripted requests get 500."""

    def __init__(self) -> None:
        self.script: deque[Answer | Break] = deque()
        self.asked: list[Asked] = []
        self.base_url = ""

    def will(self, *answers: Answer | Break) -> None:
        """Script the next answers."""
        self.script.extend(answers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request: every answer closes it."""
        connection = h11.Connection(h11.SERVER)
        try:
            request: Any = None
            body = bytearray()
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Request):
                    request = event
                elif isinstance(event, h11.Data):
                    body += event.data
                else:
                    break
            if request is None:
                return
            self._keep(request, bytes(body))
            answer = self.script.popleft() if self.script else Answer(500, {"detail": "nothing is scripted"})
            writer.write(self._written(connection, answer))
            await writer.drain()
        except ConnectionError:
            pass  # the client had heard enough
        finally:
            writer.close()

    def _keep(self, request: Any, body: bytes) -> None:
        parts = urlsplit(request.target.decode())
        headers = {name.decode().lower(): value.decode() for name, value in request.headers}
        self.asked.append(Asked(request.method.decode(), parts.path, dict(parse_qsl(parts.query)), headers, body))

    def _written(self, connection: Any, answer: Answer | Break) -> bytes:
        if isinstance(answer, Break):
            return b"HTTP/1.1 201 Created\r\ncontent-length: 900\r\n\r\n{" if answer.midway else b""
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        data = b"" if answer.body is None else text.encode()
        headers = {"content-type": "application/json"} | answer.headers
        sent = [*headers.items(), ("connection", "close"), ("content-length", str(len(data)))]
        head = connection.send(h11.Response(status_code=answer.status, headers=sent))
        if not data:
            return head
        return head + connection.send(h11.Data(data=data))


@asynccontextmanager
async def serving() -> AsyncIterator[ScriptedApi]:
    """A scripted server until the block ends."""
    api = ScriptedApi()
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    api.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield api
