"""A stand-in for a speech provider: `POST /v1/audio/speech` over a real loopback socket.

Tests script it answer by answer, faults included; the load bench runs it as a command:

    python -m tests.standins.speech --port 8102 --first 0.2 --pace 8
"""

from __future__ import annotations

import argparse
import asyncio
import queue
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

RATE = 24_000


def tone(seconds: float, hz: float = 440.0, rate: int = RATE, level: float = 0.3) -> bytes:
    """A sine as s16 mono."""
    at = np.arange(round(seconds * rate)) / rate
    return bytes(np.rint(np.sin(2 * np.pi * hz * at) * level * 32767).astype("<i2"))


def pieces(data: bytes, size: int = 4800) -> tuple[bytes, ...]:
    """Cut bytes into chunks of `size`."""
    return tuple(data[at : at + size] for at in range(0, len(data), size))


@dataclass(frozen=True)
class Spoken:
    """One response: the chunks of its body, and what happens before the first and after the last.

    `hold` means nothing until the client goes away or the test calls `release`; `reset` breaks the connection.
    """

    chunks: tuple[bytes, ...] = ()
    content_type: str = "audio/pcm"
    before: Literal["", "hold"] = ""
    after: Literal["end", "hold", "reset"] = "end"
    #: seconds before the first chunk, and before each further one
    first: float = 0.0
    every: float = 0.0


@dataclass(frozen=True)
class Refusal:
    """An error response."""

    status: int
    code: str = "some_code"
    headers: tuple[tuple[str, str], ...] = ()


Answer = Spoken | Refusal


def by_length(first: float = 0.0, pace: float = 0.0) -> Callable[[dict[str, Any]], Spoken]:
    """A tone of 0.35 s per word of the request, the first chunk after `first` seconds, then `pace` times as
    fast as it plays (0: at once)."""

    def answer(request: dict[str, Any]) -> Spoken:
        sound = tone(0.35 * max(1, len(str(request["input"]).split())))
        return Spoken(pieces(sound), first=first, every=0.1 / pace if pace else 0.0)

    return answer


class _Broken(Exception):
    """Raised into the web server so that it drops the connection."""


@dataclass
class SpeechStandIn:
    """Answers with the scripted answers in order, then with `usual`. Keeps the requests and their headers."""

    usual: Callable[[dict[str, Any]], Answer] = field(default_factory=by_length)
    script: deque[Answer] = field(default_factory=deque)
    #: the last thousand
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=1000))
    headers: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=1000))
    #: one entry per request that has come in
    arrived: queue.Queue[str] = field(default_factory=queue.Queue)
    #: one entry per client that went away before its answer was complete
    left: queue.Queue[str] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self.released = threading.Event()
        self._server: uvicorn.Server | None = None
        self.app = Starlette(routes=[Route("/v1/audio/speech", self._speech, methods=["POST"])])

    def will(self, *answers: Answer) -> None:
        """Script the next answers."""
        self.script.extend(answers)

    def release(self) -> None:
        """Let everything that holds go on."""
        self.released.set()

    async def _speech(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.arrived.put("arrived")
        answer = self.script.popleft() if self.script else self.usual(body)
        if isinstance(answer, Refusal):
            error = {"message": "no", "type": "error", "param": None, "code": answer.code}
            return JSONResponse({"error": error}, status_code=answer.status, headers=dict(answer.headers))
        return _Body(self, answer)

    def start(self) -> str:
        """Serve from a thread of its own, so that its loop is not the loop under test. Gives the base URL."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(self.app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"

    def stop(self) -> None:
        """Stop serving and wait for the thread."""
        self.release()
        if self._server is not None:
            self._server.should_exit = True
            self._thread.join(10)


class _Body(Response):
    """Plays an answer and notices when the client leaves."""

    def __init__(self, owner: SpeechStandIn, answer: Spoken) -> None:
        super().__init__(media_type=answer.content_type or None)
        del self.headers["content-length"]
        self._owner, self._answer = owner, answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        gone = asyncio.ensure_future(self._until_gone(receive))
        try:
            await self._play(send, gone)
        finally:
            if gone.done():
                self._owner.left.put("gone")
            gone.cancel()

    async def _until_gone(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _hold(self, gone: asyncio.Future[None]) -> None:
        while not gone.done() and not self._owner.released.is_set():
            await asyncio.wait([gone], timeout=0.01)

    async def _play(self, send: Any, gone: asyncio.Future[None]) -> None:
        answer = self._answer
        if answer.before == "hold":
            await self._hold(gone)
        if answer.first:
            await asyncio.wait([gone], timeout=answer.first)
        if gone.done():
            return
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        for number, chunk in enumerate(answer.chunks):
            if number and answer.every:
                await asyncio.wait([gone], timeout=answer.every)
            if gone.done():
                return
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)
        if answer.after == "hold":
            await self._hold(gone)
        if answer.after == "reset":
            raise _Broken
        if not gone.done():
            await send({"type": "http.response.body", "body": b""})


def main() -> None:
    """Serve tones until interrupted."""
    parser = argparse.ArgumentParser(description="A stand-in speech provider on the loopback address.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--first", type=float, default=0.2, help="seconds until the first sound")
    parser.add_argument("--pace", type=float, default=8.0, help="times as fast as the sound plays; 0: at once")
    options = parser.parse_args()
    stand_in = SpeechStandIn(usual=by_length(options.first, options.pace))
    # Nobody takes these out here.
    stand_in.arrived = stand_in.left = _Forgetful()
    uvicorn.run(stand_in.app, host="127.0.0.1", port=options.port, log_level="warning", access_log=False)


class _Forgetful(queue.Queue[str]):
    """A queue that keeps nothing."""

    def put(self, item: str, block: bool = True, timeout: float | None = None) -> None:
        pass


if __name__ == "__main__":
    main()
