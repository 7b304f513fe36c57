"""A stand-in for a chat model's server: `/v1/chat/completions` and `/v1/models` over a real loopback socket.

Tests script it answer by answer, faults included; the load bench runs it as a command:

    python -m tests.standins.chat --port 8101 --first 0.3 --rate 30 --words 40
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import queue
import socket
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MODEL = "stand-in-1"


# ---------------------------------------------------------------- what an answer is made of


@dataclass(frozen=True)
class Send:
    """Bytes of the body, as they are."""

    data: bytes


@dataclass(frozen=True)
class Wait:
    """Nothing for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """Nothing until the client goes away or the test calls `release`."""


@dataclass(frozen=True)
class Reset:
    """The connection breaks without the closing chunk."""


Step = Send | Wait | Hold | Reset


@dataclass(frozen=True)
class Answer:
    """One response. With status 200 the steps are sent as an event stream, otherwise `body` as JSON."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: Any = None


def event(payload: Any) -> Send:
    """One server-sent event holding this JSON."""
    return Send(b"data: " + json.dumps(payload).encode() + b"\n\n")


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> Send:
    """One chat chunk with this delta."""
    choice = {"index": 0, "delta": delta if delta is not None else {}, "finish_reason": finish}
    return event(
        {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice]} | more
    )


DONE = Send(b"data: [DONE]\n\n")
ROLE = chunk({"role": "assistant", "content": ""})
USAGE = event(
    {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [],
     "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}}
)  # fmt: skip


def texts(*pieces: str) -> tuple[Send, ...]:
    """One chunk of content per piece."""
    return tuple(chunk({"content": piece}) for piece in pieces)


def says(*pieces: str, finish: str | None = "stop") -> Answer:
    """A well-formed answer made of these pieces."""
    return Answer((ROLE, *texts(*pieces), chunk(finish=finish), USAGE, DONE))


def calls(*tools: tuple[str, str], text: str = "") -> Answer:
    """An answer that calls tools: pairs of name and arguments as JSON text, sent in fragments of five
    characters.
    """
    steps: list[Step] = [ROLE]
    if text:
        steps.append(chunk({"content": text}))
    for index, (name, arguments) in enumerate(tools):
        head = {
            "index": index,
            "id": f"call-{index}",
            "type": "function",
            "function": {"name": name, "arguments": ""},
        }
        steps.append(chunk({"tool_calls": [head]}))
        for at in range(0, len(arguments), 5):
            part = {"index": index, "function": {"arguments": arguments[at : at + 5]}}
            steps.append(chunk({"tool_calls": [part]}))
    return Answer((*steps, chunk(finish="tool_calls"), USAGE, DONE))


def refuses(status: int, *, param: str | None = None, code: str | None = None, message: str = "no",
            headers: Iterable[tuple[str, str]] = ()) -> Answer:  # fmt: skip
    """An error response in the shape every compatible server uses."""
    error = {"message": message, "type": "error", "param": param, "code": code}
    return Answer(status=status, body={"error": error}, headers=tuple(headers))


# ---------------------------------------------------------------- what a request carries


@dataclass(frozen=True)
class Picture:
    """A picture in a request, as the server would decode it."""

    mime: str
    data: bytes
    detail: str
    #: place of its message
    message: int


class NotAllowed(Exception):
    """A request that OpenAI would refuse: a picture where none may be."""


def pictures_of(body: dict[str, Any]) -> list[Picture]:
    """The pictures of a request, in order. Raises NotAllowed for a part or a place the protocol does not know."""
    found = []
    for place, message in enumerate(body["messages"]):
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part["type"] == "text":
                continue
            if part["type"] != "image_url" or message["role"] != "user":
                raise NotAllowed(f"{part['type']} in a message of {message['role']}")
            head, _, data = part["image_url"]["url"].partition(";base64,")
            detail = part["image_url"].get("detail", "auto")
            if not head.startswith("data:image/") or detail not in ("low", "high", "auto"):
                raise NotAllowed("not a data URL, or an unknown detail")
            found.append(Picture(head.removeprefix("data:"), base64.b64decode(data, validate=True), detail, place))
    return found


# ---------------------------------------------------------------- the server


class _Broken(Exception):
    """Raised into the web server so that it drops the connection."""


@dataclass
class ChatStandIn:
    """Answers with the scripted answers in order, then with `usual`. Keeps every request body and its
    headers.
    """

    usual: Answer = field(default_factory=lambda: says("Fine."))
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    #: one entry (the number of the request, from 0) per client that went away before its answer was complete
    left: queue.Queue[int] = field(default_factory=queue.Queue)
    script: deque[Answer] = field(default_factory=deque)
    #: the pictures of each request
    pictures: list[list[Picture]] = field(default_factory=list)
    #: answers every request that carries a picture, when set: a model without eyes
    blind: Answer | None = None
    base_url: str = ""

    def __post_init__(self) -> None:
        self._released = threading.Event()
        self._server: uvicorn.Server | None = None
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/models", self._models),
                Route("/v1/models/{name:path}", self._model),
            ]
        )

    def fresh(self) -> None:
        """Forget the script and what was asked. Answers still held are let go."""
        self._released.set()
        self._released = threading.Event()
        self.usual = says("Fine.")
        self.script.clear()
        self.blind = None
        # New lists: a late answer of an earlier test writes to the old ones.
        self.requests, self.headers, self.pictures, self.left = [], [], [], queue.Queue()

    def will(self, *answers: Answer) -> None:
        """Script the next answers."""
        self.script.extend(answers)

    def release(self) -> None:
        """Let every `Hold` go on."""
        self._released.set()

    async def _models(self, request: Request) -> Response:
        return JSONResponse(
            {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1, "owned_by": "us"}]}
        )

    async def _model(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name != MODEL:
            return JSONResponse({"error": {"message": "no such model", "code": "model_not_found"}}, status_code=404)
        return JSONResponse({"id": name, "object": "model", "created": 1, "owned_by": "us"})

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        number = len(self.requests)
        self.requests.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        try:
            carried = pictures_of(body)
        except (NotAllowed, ValueError) as error:
            return JSONResponse(refuses(400, message=str(error), code="not_allowed").body, status_code=400)
        self.pictures.append(carried)
        if self.blind is not None and carried:
            answer = self.blind
        else:
            answer = self.script.popleft() if self.script else self.usual
        if answer.status != 200:
            return JSONResponse(answer.body, status_code=answer.status, headers=dict(answer.headers))
        return _Stream(self, number, answer)

    # -------- running it

    def start(self) -> str:
        """Serve from a thread of its own, so that its loop is not the loop under test. Returns the base
        URL.
        """
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


class _Stream(Response):
    """Plays the steps of an answer and notices when the client leaves."""

    def __init__(self, owner: ChatStandIn, number: int, answer: Answer) -> None:
        super().__init__(media_type="text/event-stream", headers=dict(answer.headers))
        del self.headers["content-length"]
        self._owner, self._number, self._answer, self._left = owner, number, answer, owner.left

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        gone = asyncio.ensure_future(self._until_gone(receive))
        try:
            await self._play(send, gone)
        finally:
            if gone.done():
                self._left.put(self._number)
            gone.cancel()

    async def _until_gone(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _play(self, send: Any, gone: asyncio.Future[None]) -> None:
        steps = self._answer.steps
        begun = False
        for step in steps:
            if isinstance(step, Wait):
                await asyncio.wait([gone], timeout=step.seconds)
            elif isinstance(step, Hold):
                released = self._owner._released
                while not gone.done() and not released.is_set():
                    await asyncio.wait([gone], timeout=0.01)
            if gone.done():
                return
            if isinstance(step, Reset):
                raise _Broken
            if isinstance(step, Send):
                if not begun:
                    begun = True
                    await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": step.data, "more_body": True})
                await asyncio.sleep(0)
        if not begun:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b""})


def steady(first: float, rate: float, words: int) -> Answer:
    """A calm model: the first token after `first` seconds, then `rate` tokens a second, `words` in all."""
    pieces = [chunk({"content": ("" if i == 0 else " ") + f"word{i}"}) for i in range(words)]
    steps: list[Step] = [Wait(first), ROLE]
    for piece in pieces:
        steps += [piece, Wait(1 / rate)]
    return Answer((*steps, chunk(finish="stop"), USAGE, DONE))


def main() -> None:
    """Serve the steady answer until interrupted."""
    parser = argparse.ArgumentParser(description="A stand-in chat model on the loopback address.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--first", type=float, default=0.3, help="seconds until the first token")
    parser.add_argument("--rate", type=float, default=30.0, help="tokens a second")
    parser.add_argument("--words", type=int, default=40, help="tokens in a reply")
    options = parser.parse_args()
    stand_in = ChatStandIn(usual=steady(options.first, options.rate, options.words))
    # The load bench sends thousands of requests: forget them as they come.
    stand_in.requests = _Forgetful()
    stand_in.headers = _Forgetful()
    stand_in.pictures = _Forgetful()
    uvicorn.run(stand_in.app, host="127.0.0.1", port=options.port, log_level="warning", access_log=False)


class _Forgetful(list[Any]):
    """A list that keeps nothing."""

    def append(self, item: Any) -> None:
        pass


if __name__ == "__main__":
    main()
