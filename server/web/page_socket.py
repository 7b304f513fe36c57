"""The agent page's websocket: who may open it, what may come through it, and how it leaves.

Malformed input is answered with a `problem` and the socket lives on; oversized or too frequent input is refused.
Every message is described in `docs/protocol.md`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import Discriminator, TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.core import events as ev
from server.core.messages import (
    HEADER,
    SOUND,
    VERSION,
    Ack,
    Feed,
    Flush,
    Flushed,
    FromPage,
    Health,
    Hello,
    Mic,
    Onset,
    PageTrouble,
    Ping,
    Played,
    Pong,
    Problem,
    ToPage,
    TranscriptRaw,
    plain,
)
from server.errors import AccessError
from server.hosts.recall.transcripts import heard_from
from server.hub import Hub, HubFull
from server.session import Session

log = logging.getLogger("parley.page")

_FROM_PAGE: TypeAdapter[FromPage] = TypeAdapter(Annotated[FromPage, Discriminator("type")])

#: seconds a connection may take to say hello
HELLO_WAIT = 5.0
#: frames that may wait for the page; full: it is too slow to live, the socket is closed and comes back
OUTGOING = 2000
#: transcript messages between two acks
ACK_EVERY = 8

BAD_MESSAGE, REFUSED, NO_HELLO, REPLACED, TOO_MANY, CLOSING = 4400, 4401, 4408, 4409, 4429, 4503


@dataclass(frozen=True, slots=True)
class SocketRules:
    """Limits and checks of the page socket."""

    check_token: Callable[[str], str]
    origin_allowed: Callable[[str | None, str], bool]
    max_text: int = 65_536
    max_sound: int = 20_000
    max_per_second: int = 200
    max_connections: int = 400
    count: Callable[[str], None] = lambda what: None
    frames_in: Callable[[], None] = lambda: None


class Outgoing:
    """What goes to one page, in order; a flush overtakes all sound. Sends never wait."""

    def __init__(self, websocket: WebSocket) -> None:
        self.page = ""
        self._websocket = websocket
        self._queue: deque[tuple[int, str | bytes]] = deque()
        self._wake = asyncio.Event()
        self._closing: tuple[int, str] | None = None

    def send(self, message: ToPage) -> None:
        """Queue a message."""
        if isinstance(message, Flush):
            # No sound of an old epoch may leave after a flush: it goes first and that sound is forgotten.
            self._queue = deque(item for item in self._queue if not 0 < item[0] < message.epoch)
            self._queue.appendleft((0, json.dumps(plain(message))))
        else:
            self._queue.append((0, json.dumps(plain(message))))
        self._check()

    def send_sound(self, epoch: int, frame: bytes) -> None:
        """Queue a frame of sound of this epoch."""
        self._queue.append((epoch, frame))
        self._check()

    def close(self, code: int, reason: str) -> None:
        """Close once everything queued is out."""
        self._closing = self._closing or (code, reason)
        self._wake.set()

    def _check(self) -> None:
        if len(self._queue) > OUTGOING:
            self._queue.clear()
            self.close(TOO_MANY, "the page reads too slowly")
        self._wake.set()

    async def end(self, writer: asyncio.Task[None]) -> None:
        """The reader is done: let a close that was asked for go out, then stop writing."""
        if self._closing is not None:
            await asyncio.wait([writer], timeout=1.0)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)

    async def run(self) -> None:
        """Write until closed."""
        send = self._websocket.send
        while True:
            while self._queue:
                _, frame = self._queue.popleft()
                if isinstance(frame, str):
                    await send({"type": "websocket.send", "text": frame})
                else:
                    await send({"type": "websocket.send", "bytes": frame})
            if self._closing is not None:
                await self._websocket.close(*self._closing)
                return
            self._wake.clear()
            await self._wake.wait()


class PageSocket:
    """The endpoint. One instance serves all pages of the process."""

    def __init__(self, hub: Hub, rules: SocketRules) -> None:
        self._hub = hub
        self._rules = rules
        self.open = 0

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one page until it leaves."""
        headers = websocket.headers
        if not self._rules.origin_allowed(headers.get("origin"), headers.get("host", "")):
            self._rules.count("origin")
            await websocket.close(REFUSED)
            return
        if self.open >= self._rules.max_connections:
            self._rules.count("connections")
            await websocket.close(TOO_MANY)
            return
        self.open += 1
        try:
            await websocket.accept()
            await self._serve(websocket)
        except (WebSocketDisconnect, ConnectionError, RuntimeError):
            pass  # the page is gone; sessions outlive their pages
        finally:
            self.open -= 1

    async def _serve(self, websocket: WebSocket) -> None:
        outgoing = Outgoing(websocket)
        try:
            async with asyncio.timeout(HELLO_WAIT):
                hello, session = await self._hello(websocket)
        except TimeoutError:
            await self._refuse(websocket, NO_HELLO, "no-hello", "the first message must be hello, within five seconds")
            return
        except _Refused as refused:
            await self._refuse(websocket, refused.close, refused.code, refused.message)
            return
        outgoing.page = hello.page
        writer = asyncio.create_task(outgoing.run(), name="page-writer")
        try:
            session.join(outgoing, hello.resume)
            await _Incoming(websocket, outgoing, session, self._rules).run(writer)
        finally:
            session.leave(outgoing)
            await outgoing.end(writer)

    async def _hello(self, websocket: WebSocket) -> tuple[Hello, Session]:
        message = await websocket.receive()
        if message["type"] != "websocket.receive":
            raise WebSocketDisconnect(1006)
        text = message.get("text")
        if text is None or len(text) > self._rules.max_text:
            raise _Refused(BAD_MESSAGE, "bad-message", "the first message must be hello")
        try:
            hello = _FROM_PAGE.validate_json(text)
        except ValidationError:
            raise _Refused(BAD_MESSAGE, "bad-message", "the first message must be hello") from None
        if not isinstance(hello, Hello) or not 0 < len(hello.page) <= 64:
            raise _Refused(BAD_MESSAGE, "bad-message", "the first message must be hello")
        if hello.version != VERSION:
            raise _Refused(BAD_MESSAGE, "version", f"this backend speaks version {VERSION}; load the page again")
        try:
            session_id = self._rules.check_token(hello.token)
        except AccessError as error:
            code = str(getattr(error, "code", "invalid"))
            self._rules.count(f"token-{code}")
            raise _Refused(REFUSED, f"token-{code}", f"the page's link is {code}") from None
        try:
            return hello, await self._hub.open(session_id)
        except HubFull:
            if self._hub.closing:
                raise _Refused(CLOSING, "closing", "the backend is shutting down") from None
            raise _Refused(TOO_MANY, "full", "there are too many sessions") from None

    async def _refuse(self, websocket: WebSocket, close: int, code: str, message: str) -> None:
        self._rules.count(code)
        await websocket.send_json(plain(Problem(code, message, fatal=True)))
        await websocket.close(close, code)


class _Refused(Exception):
    """The hello was not good enough."""

    def __init__(self, close: int, code: str, message: str) -> None:
        super().__init__(message)
        self.close = close
        self.code = code
        self.message = message


class _Incoming:
    """Everything one page sends, after its hello."""

    def __init__(self, websocket: WebSocket, outgoing: Outgoing, session: Session, rules: SocketRules) -> None:
        self._websocket = websocket
        self._out = outgoing
        self._session = session
        self._rules = rules
        self._tokens = float(rules.max_per_second)
        self._at = time.monotonic()
        self._warned = 0.0
        self._unacked = 0
        self._next_sample = 0

    async def run(self, writer: asyncio.Task[None]) -> None:
        """Read until the page leaves, another takes its seat, or the writer ends."""
        receive = self._websocket.receive
        session = self._session
        while not writer.done():
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            if session.link is not self._out:
                return  # replaced: the writer is saying so
            if not self._allowed():
                continue
            data = message.get("bytes")
            if data is not None:
                self._sound(data)
            else:
                self._text(message.get("text") or "")

    def _allowed(self) -> bool:
        now = time.monotonic()
        limit = self._rules.max_per_second
        self._tokens = min(float(limit), self._tokens + (now - self._at) * limit)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return True
        if now - self._warned > 1:
            self._warned = now
            self._problem("too-many", "messages come too fast; some were dropped")
        return False

    def _sound(self, frame: bytes) -> None:
        size = len(frame) - HEADER.size
        if size <= 0 or size % 2 or frame[0] != SOUND or frame[1]:
            self._problem("bad-sound", "a sound frame has a 20-byte header and whole 16-bit samples")
            return
        if size > self._rules.max_sound:
            self._problem("too-large", "the sound frame is too large")
            return
        first = HEADER.unpack_from(frame)[5]
        overlap = self._next_sample - first
        if 0 < overlap <= size // 2 and overlap < 16_000:
            frame, size, first = (
                frame[overlap * 2 :],
                size - overlap * 2,
                self._next_sample,
            )  # sent again after a reconnect
            if size <= 0:
                return
        self._next_sample = first + size // 2
        self._rules.frames_in()
        self._session.hear(frame[HEADER.size :])

    def _text(self, text: str) -> None:
        if len(text) > self._rules.max_text:
            self._problem("too-large", "the message is too large")
            return
        try:
            message = _FROM_PAGE.validate_json(text)
        except ValidationError as error:
            kind = error.errors(include_input=False, include_url=False)[0]["type"]
            self._problem("bad-message", f"the message is not understood ({kind})")
            return
        self._take(message)

    def _take(self, message: FromPage) -> None:
        session = self._session
        match message:
            case Played():
                if message.samples >= 0:
                    session.played(message.epoch, message.reply, message.samples, ended=message.ended)
            case TranscriptRaw():
                self._transcript(message)
            case Flushed():
                session.played(message.epoch, message.reply, max(0, message.samples), flushed=True)
            case Onset(level):
                session.tell(ev.OnsetAtPage(level))
            case Mic(state):
                session.mic = state
                session.tell(ev.MicChanged(state))
            case Feed(connected):
                session.tell(ev.FeedChanged(connected))
            case Health(values):
                session.health = dict(list(values.items())[:40])
                session.record("health", session.health)
            case PageTrouble(code):
                session.record("page-trouble", {"code": code[:40]})
                self._rules.count("page-trouble")
                log.warning("the page has trouble", extra={"code": _known_trouble(code)})
            case Ping(t):
                self._out.send(Pong(t))
            case Hello():
                self._problem("bad-message", "hello was already said")

    def _transcript(self, message: TranscriptRaw) -> None:
        session, page = self._session, self._out.page
        last = session.acked.get(page, 0)
        if message.seq <= last:
            self._out.send(Ack(last))  # sent again after a reconnect: we have it
            return
        session.acked[page] = message.seq
        session.record("received", {"page": page, "seq": message.seq, "raw": message.raw})
        heard = heard_from(message.raw)
        if heard is not None:
            session.tell(heard)
        self._unacked += 1
        if self._unacked >= ACK_EVERY or (heard is not None and heard.final):
            self._unacked = 0
            self._out.send(Ack(message.seq))

    def _problem(self, code: str, message: str) -> None:
        self._rules.count(code)
        self._out.send(Problem(code, message))


@lru_cache(maxsize=64)
def _known_trouble(code: str) -> str:
    """A code that may be logged: one short word of letters and dashes, or "other"."""
    return code if code.replace("-", "").isalpha() and code.isascii() and len(code) <= 24 else "other"
