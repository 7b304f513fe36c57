"""A stand-in for a realtime transcription server: `/v1/realtime?intent=transcription` on a loopback port.

It checks what it is sent as strictly as the real one (no model in the address, settings before sound, sound in base64,
at least 100 ms for a commit) and answers each commit with what the test scripted, faults included.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

KEY = "a-key-of-the-tests"
RATE = 24_000
#: bytes of 100 ms: less than that cannot be committed
LEAST = 2 * RATE // 10


@dataclass(frozen=True)
class Heard:
    """The answer to one commit. `then` is what happens after it, or in its place."""

    text: str = "Fine."
    #: the words in growing pieces first
    grows: bool = True
    then: Literal["", "fails", "silent", "breaks", "expires", "error"] = ""


@dataclass
class Item:
    """Sound that was committed."""

    id: str
    pcm: bytes
    connection: int


@dataclass
class TranscriptionStandIn:
    """Use as an async context manager. `base_url` is what `OPENAI_BASE_URL` would be."""

    usual: Heard = field(default_factory=Heard)
    script: deque[Heard] = field(default_factory=deque)
    #: statuses with which the next connections are refused
    refuse: deque[int] = field(default_factory=deque)
    #: fields of `transcription` that this server does not know
    unknown: frozenset[str] = frozenset()
    #: frames sent right after the settings were accepted
    rubbish: tuple[str | bytes, ...] = ()
    #: never answers a session.update
    mute: bool = False

    items: list[Item] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    #: bytes of sound that came in
    received: int = 0
    connections: list[ServerConnection] = field(default_factory=list)
    base_url: str = ""

    async def __aenter__(self) -> TranscriptionStandIn:
        self._count = itertools.count(1)
        self._changed = asyncio.Condition()
        self._server: Server = await serve(self._serve, "127.0.0.1", 0, process_request=self._greet)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def will(self, *answers: Heard) -> None:
        """Script the next answers."""
        self.script.extend(answers)

    async def until(self, holds: Any, seconds: float = 30.0) -> None:
        """Wait until something about what came in is true."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(holds)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.keys.append(key)
        if self.refuse:
            return connection.respond(HTTPStatus(self.refuse.popleft()), "no\n")
        parts = urlsplit(request.path)
        if parts.path != "/v1/realtime" or parse_qs(parts.query) != {"intent": ["transcription"]}:
            return connection.respond(HTTPStatus.NOT_FOUND, "no\n")
        if key != KEY:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        await self._tell()
        with contextlib.suppress(ConnectionClosed):
            await _Conversation(self, connection, len(self.connections)).run()

    def _answer(self) -> Heard:
        return self.script.popleft() if self.script else self.usual


class _Conversation:
    """One connection."""

    def __init__(self, server: TranscriptionStandIn, connection: ServerConnection, number: int) -> None:
        self._server = server
        self._connection = connection
        self._number = number
        self._buffer = bytearray()
        self._configured = False
        self._previous: str | None = None

    async def run(self) -> None:
        await self._send("session.created", session={"type": "transcription", "id": f"sess_{self._number}"})
        async for frame in self._connection:
            message = json.loads(frame)
            match message["type"]:
                case "session.update":
                    await self._update(message)
                case "input_audio_buffer.append" if self._configured:
                    pcm = base64.b64decode(message["audio"], validate=True)
                    assert len(pcm) % 2 == 0
                    self._buffer += pcm
                    self._server.received += len(pcm)
                case "input_audio_buffer.commit" if self._configured:
                    await self._commit(message)
                case kind:
                    await self._error("invalid_value", f"{kind} is not expected here", message)
            await self._server._tell()

    async def _update(self, message: dict[str, Any]) -> None:
        session = message["session"]
        sound = session["audio"]["input"]
        assert session["type"] == "transcription"
        assert sound["format"] == {"type": "audio/pcm", "rate": RATE}
        assert sound["turn_detection"] is None
        if self._server.mute:
            return
        if odd := self._server.unknown & set(sound["transcription"]):
            await self._error("unknown_parameter", f"unknown: {odd}", message)
            return
        self._configured = True
        self._server.sessions.append(session)
        await self._send("session.updated", session=session)
        for frame in self._server.rubbish:
            await self._connection.send(frame)

    async def _commit(self, message: dict[str, Any]) -> None:
        if len(self._buffer) < LEAST:
            await self._error("input_audio_buffer_commit_empty", "buffer too small", message)
            return
        pcm, self._buffer = bytes(self._buffer), bytearray()
        item = f"item_{next(self._server._count)}"
        previous, self._previous = self._previous, item
        answer = self._server._answer()
        if answer.then == "breaks":
            self._connection.transport.abort()
            return
        if answer.then == "error":
            await self._error("server_error", "try later", message)
            return
        self._server.items.append(Item(item, pcm, self._number))
        await self._send("input_audio_buffer.committed", item_id=item, previous_item_id=previous)
        await self._send("conversation.item.added", item={"id": item}, previous_item_id=previous)
        if answer.then == "silent":
            return
        of = "conversation.item.input_audio_transcription"
        if answer.grows:
            for at, word in enumerate(answer.text.split(" ")):
                await self._send(f"{of}.delta", item_id=item, content_index=0, delta=f" {word}" if at else word)
        if answer.then == "fails":
            error = {"type": "transcription_error", "code": "audio_unintelligible", "message": answer.text}
            await self._send(f"{of}.failed", item_id=item, content_index=0, error=error)
            return
        usage = {"type": "duration", "seconds": len(pcm) / 2 / RATE}
        await self._send(f"{of}.completed", item_id=item, content_index=0, transcript=answer.text, usage=usage)
        if answer.then == "expires":
            await self._error("session_expired", "Your session hit the maximum duration of 60 minutes.", {})
            await self._connection.close(1001, "maximum duration")

    async def _error(self, code: str, text: str, message: dict[str, Any]) -> None:
        self._server.complaints.append(code)
        error = {"type": "invalid_request_error", "code": code, "message": text, "event_id": message.get("event_id")}
        await self._send("error", error=error)

    async def _send(self, kind: str, **fields: Any) -> None:
        number = next(self._server._count)
        await self._connection.send(json.dumps({"type": kind, "event_id": f"event_{number}", **fields}))
