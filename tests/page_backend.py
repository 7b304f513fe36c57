"""A small backend for the agent page alone: serves it as the real one does and is driven by a test, line by line.

It runs in its own thread with its own event loop, speaks the true protocol over real sockets, and keeps everything
the page said. Nothing here decides anything; the tests do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.core.messages import HEADER, SOUND, VOICE, Begin, End, Marks, Piece, Welcome, pack_sound, plain

ROOT = Path(__file__).parent.parent
TOKEN = "a-token-for-tests"
RATE = 24_000

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "media-src 'self' blob:; connect-src 'self' ws://{host} wss://{host} wss://meeting-data.bot.recall.ai; "
    "worker-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)

#: Listens to what the page really plays, sample by sample: the other end of the played count.
TAP = """
registerProcessor('tap', class extends AudioWorkletProcessor {
  process([input]) {
    this.calls = (this.calls ?? 0) + 1;
    if (this.calls === 20) this.port.postMessage('alive');
    const channel = input[0];
    if (channel && channel.some((v) => v !== 0)) this.port.postMessage([currentFrame, channel.slice()]);
    return true;
  }
});
"""


def speech(seconds: float, *, seed: int = 1) -> np.ndarray:
    """Something with the loudness of speech: harmonics under syllables, 24 kHz int16. Never exactly zero."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    t = np.arange(n) / RATE
    pitch = 2 * np.pi * np.cumsum(120 + 25 * np.sin(2 * np.pi * 0.7 * t)) / RATE
    voice = sum(np.sin(k * pitch) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 3.7 * t) + 0.35, 0, None) * (np.sin(2 * np.pi * 0.31 * t) > -0.8)
    out = 0.16 * voice * syllables + 0.002 * rng.standard_normal(n)
    return np.asarray(np.clip(out, -1, 1) * 32767, dtype="<i2")


def ramp(seconds: float) -> np.ndarray:
    """Samples that tell their own position: 1..30000 and again, 24 kHz int16."""
    return np.asarray(np.arange(int(seconds * RATE)) % 30_000 + 1, dtype="<i2")


class PageGone(Exception):
    """There is no page to send to, or it closed in the middle."""


class Backend:
    """`with Backend() as backend:` then `backend.url`, `backend.send(...)`, `backend.wait("played")`."""

    def __init__(self, *, name: str = "Parley", transcript_url: str | None = None) -> None:
        self.name = name
        self.transcript_url = transcript_url
        self.welcome: Callable[[dict[str, Any]], Welcome] = self._welcome
        #: close code for the next hellos instead of a welcome
        self.refuse: int | None = None
        #: while true, new connections are closed before any hello is answered
        self.away = False
        self.received: list[tuple[float, dict[str, Any]]] = []
        self.frames: list[tuple[float, int, int]] = []
        self.pcm = bytearray()
        self.hellos: list[dict[str, Any]] = []
        self._page: WebSocket | None = None
        self._feeds: set[WebSocket] = set()
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._templates = Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=select_autoescape())

    # ---- running

    def __enter__(self) -> Backend:
        app = Starlette(
            routes=[
                Route("/agent/", self._agent),
                Route("/blank", lambda request: HTMLResponse("<!doctype html><title>blank</title>")),
                Route("/tap.js", lambda request: Response(TAP, media_type="text/javascript")),
                WebSocketRoute("/agent/socket", self._socket),
                WebSocketRoute("/transcript", self._transcript),
                Mount("/static", StaticFiles(directory=ROOT / "static")),
            ]
        )
        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, log_level="warning", lifespan="off", ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve()

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/agent/?t={TOKEN}"

    # ---- what it serves

    async def _agent(self, request: Request) -> Response:
        url = self.transcript_url if self.transcript_url is not None else f"ws://{request.url.netloc}/transcript"
        body = self._templates.get_template("agent.html").render(
            name=self.name, version="test", transcript_url=url, stand_in=False
        )
        headers = {
            "content-security-policy": CSP.format(host=request.url.netloc),
            "permissions-policy": "microphone=(self)",
            "cache-control": "no-store",
        }
        return HTMLResponse(body, headers=headers)

    async def _transcript(self, socket: WebSocket) -> None:
        await socket.accept()
        self._feeds.add(socket)
        self._note()
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            self._feeds.discard(socket)

    async def _socket(self, socket: WebSocket) -> None:
        if self.away:
            await socket.close(1013)
            return
        await socket.accept()
        try:
            hello = json.loads(await socket.receive_text())
            self.hellos.append(hello)
            if self.refuse is not None:
                problem = {"type": "problem", "code": "token", "message": "no", "fatal": True}
                await socket.send_text(json.dumps(problem))
                await socket.close(self.refuse)
                return
            self._page = socket
            await socket.send_text(json.dumps(plain(self.welcome(hello))))
            self._note()
            while True:
                self._hear(await socket.receive(), socket)
        except (WebSocketDisconnect, RuntimeError):
            if self._page is socket:
                self._page = None

    def _hear(self, message: dict[str, Any], socket: WebSocket) -> None:
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect
        now = time.perf_counter()
        if (data := message.get("bytes")) is not None:
            kind, _, _, epoch, reply, first = HEADER.unpack_from(data)
            assert (kind, epoch, reply) == (SOUND, 0, 0), "a sound frame of the page"
            self.frames.append((now, first, (len(data) - HEADER.size) // 2))
            self.pcm += data[HEADER.size :]
        else:
            value = json.loads(message["text"])
            if value["type"] == "ping":
                self.send({"type": "pong", "t": value["t"]})
            self.received.append((now, value))
        self._note()

    def _note(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _welcome(self, hello: dict[str, Any]) -> Welcome:
        return Welcome(session="s1", name=self.name, epoch=1, state="listening")

    # ---- what a test does with it (any thread)

    def _submit(self, coroutine: Any) -> Any:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def send(self, *messages: Any) -> float:
        """Send dataclasses, dicts, or bytes; returns the time right before."""

        async def out() -> None:
            page = self._page
            if page is None:
                raise PageGone
            try:
                for message in messages:
                    if isinstance(message, bytes):
                        await page.send_bytes(message)
                    else:
                        await page.send_text(message if isinstance(message, str) else json.dumps(plain(message)))
            except (WebSocketDisconnect, RuntimeError) as error:
                raise PageGone from error

        at = time.perf_counter()
        future = self._submit(out())
        if threading.current_thread() is not self._thread:
            future.result(10)
        return at

    def feed(self, text: str) -> None:
        """One message on the host's transcript socket."""

        async def out() -> None:
            for socket in list(self._feeds):
                await socket.send_text(text)

        self._submit(out()).result(10)

    def drop(self, code: int = 1012) -> None:
        """Close the page's socket."""
        page = self._page
        assert page is not None, "no page is connected"
        self._submit(page.close(code)).result(10)

    def wait_until(self, done: Callable[[], Any], seconds: float = 15.0) -> Any:
        """Wait until `done()` is true; returns what it returned."""
        end = time.monotonic() + seconds
        with self._changed:
            while not (value := done()):
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError("waited in vain; the page said " + ", ".join(self.said()))
                self._changed.wait(min(left, 0.25))
        return value

    def said(self) -> list[str]:
        return sorted({message["type"] for _, message in self.received})

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for _, message in list(self.received) if message["type"] == kind]

    def wait(self, kind: str, match: Callable[[dict[str, Any]], bool] = lambda m: True, seconds: float = 15.0) -> Any:
        """The first message of this kind that matches."""
        return self.wait_until(lambda: next((m for m in self.of(kind) if match(m)), None), seconds)

    def connected(self, hellos: int = 1) -> None:
        """Wait for the welcome of the n-th connection."""
        self.wait_until(lambda: len(self.hellos) >= hellos and self._page is not None)

    def feed_open(self) -> None:
        self.wait_until(lambda: self._feeds)

    def clear(self) -> None:
        self.received.clear()

    # ---- speaking

    def say(
        self, pcm: np.ndarray, *, epoch: int = 1, reply: int = 1, text: str = "", first: int = 0, frame: int = 960,
        end: bool = True, begin: bool = True, marks: bool = False,
    ) -> None:  # fmt: skip
        """The whole of a reply at once, as fast as the line takes it."""
        if begin:
            self.send(Begin(epoch, reply))
        if text:
            self.send(Piece(epoch, reply, 0, 0, text))
        if marks:
            self.send(marks_of(text, len(pcm), epoch, reply))
        data = pcm.astype("<i2").tobytes()
        for at in range(0, len(pcm), frame):
            self.send(pack_sound(VOICE, epoch, reply, first + at, data[2 * at : 2 * (at + frame)]))
        if end:
            self.send(End(epoch, reply, first + len(pcm)))

    def stream(
        self, pcm: np.ndarray, *, epoch: int = 1, reply: int = 1, text: str = "", first: int = 0, frame: int = 960,
        ahead: float = 1.0, begin: bool = True, marks: bool = True,
    ) -> threading.Event:  # fmt: skip
        """As the real backend: never more than `ahead` seconds in front of the page. Set the event to stop."""
        stop = threading.Event()

        def run() -> None:
            # A test that closed its page is done with the rest of the reply.
            with contextlib.suppress(PageGone):
                pace()

        def pace() -> None:
            if begin:
                self.send(Begin(epoch, reply))
            if text:
                self.send(Piece(epoch, reply, 0, 0, text))
                if marks:
                    self.send(marks_of(text, first + len(pcm), epoch, reply))
            data = pcm.astype("<i2").tobytes()
            started = time.monotonic()
            for at in range(0, len(pcm), frame):
                while not stop.is_set() and at / RATE > time.monotonic() - started + ahead:
                    stop.wait(0.02)
                if stop.is_set():
                    return
                self.send(pack_sound(VOICE, epoch, reply, first + at, data[2 * at : 2 * (at + frame)]))
            self.send(End(epoch, reply, first + len(pcm)))

        threading.Thread(target=run, daemon=True).start()
        return stop


def marks_of(text: str, samples: int, epoch: int = 1, reply: int = 1) -> Marks:
    """Word marks spread evenly over the sound."""
    words: list[tuple[int, int, int]] = []
    at = 0
    for word in text.split():
        at = text.index(word, at)
        words.append((at, len(word), samples * at // max(1, len(text))))
        at += len(word)
    return Marks(epoch, reply, 0, tuple(words))
