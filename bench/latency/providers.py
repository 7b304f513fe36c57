"""The providers of the bench: a chat and a speech server in one process that stamp what they do.

    python -m bench.latency.providers --port 8101 --first 0.3 --rate 30 --speech 0.1 --pace 4

They speak like the stand-ins of the tests, with set times. A question carries a key (`k3x7`); the first sentence of the
answer carries it on to the speech server. For every key `GET /stamps` gives four times of the machine's monotonic
clock, which all processes share: the chat request was here, the token that completes the first sentence left, the
speech request was here, the first sound left. What is between the first two and between the last two is the providers'
time; the rest of a turn is the backend's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import time
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins.chat import DONE, ROLE, USAGE, Send, chunk
from tests.standins.speech import RATE, pieces, tone

_KEY = re.compile(r"\bk\d+x\d+\b")
_FIRST = "About {key} it is still open."
_FURTHER = ("Somebody wanted to look into that before Friday.", "Nothing else was said about it so far.")
#: seconds of sound per word of a piece
WORD = 0.35


class Providers:
    """Both servers. `first` and `speech` are seconds, `rate` tokens a second (0: at once), `pace` times real time
    (0: at once), `further` sentences after the first."""

    def __init__(self, *, first: float, rate: float, speech: float, pace: float, further: int) -> None:
        self._first, self._rate, self._speech, self._pace = first, rate, speech, pace
        self._further = further
        self.stamps: dict[str, list[float]] = {}
        self._sound = pieces(tone(20.0))
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/audio/speech", self._say, methods=["POST"]),
                Route("/stamps", self._give),
                Route("/set", self._set, methods=["POST"]),
            ]
        )

    async def _give(self, request: Request) -> Response:
        given, self.stamps = self.stamps, {}
        return JSONResponse(given)

    async def _set(self, request: Request) -> Response:
        wanted: dict[str, Any] = await request.json()
        self._first, self._rate = float(wanted["first"]), float(wanted["rate"])
        self._speech, self._pace = float(wanted["speech"]), float(wanted["pace"])
        self._further = int(wanted["further"])
        return JSONResponse({})

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        asked = time.perf_counter()
        found = _KEY.findall(body["messages"][-1]["content"])
        key = found[-1] if found else ""
        text = _FIRST.format(key=key or "that")
        first = [word if at == 0 else f" {word}" for at, word in enumerate(text.split())]
        further = [f" {word}" for sentence in _FURTHER[: self._further] for word in sentence.split()]
        return _Chat(self, key, asked, first, further)

    async def _say(self, request: Request) -> Response:
        body = await request.json()
        asked = time.perf_counter()
        found = _KEY.findall(body["input"])
        frames = max(1, round(WORD * len(body["input"].split()) * 10))
        return _Speech(self, found[0] if found else "", asked, self._sound[:frames])


class _Chat(Response):
    def __init__(self, owner: Providers, key: str, asked: float, first: list[str], further: list[str]) -> None:
        super().__init__(media_type="text/event-stream")
        del self.headers["content-length"]
        self._owner, self._key, self._asked = owner, key, asked
        self._tokens, self._last = [*first, *further], len(first) - 1

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        owner = self._owner
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await asyncio.sleep(owner._first)
        await _body(send, ROLE)
        for at, token in enumerate(self._tokens):
            if at == self._last:
                owner.stamps.setdefault(self._key, []).extend((self._asked, time.perf_counter()))
            await _body(send, chunk({"content": token}))
            if owner._rate:
                await asyncio.sleep(1 / owner._rate)
        for step in (chunk(finish="stop"), USAGE, DONE):
            await _body(send, step)
        await send({"type": "http.response.body", "body": b""})


class _Speech(Response):
    def __init__(self, owner: Providers, key: str, asked: float, sound: tuple[bytes, ...]) -> None:
        super().__init__(media_type="audio/pcm")
        del self.headers["content-length"]
        self._owner, self._key, self._asked, self._sound = owner, key, asked, sound

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        owner = self._owner
        await asyncio.sleep(owner._speech)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        began = time.perf_counter()
        if self._key:
            owner.stamps.setdefault(self._key, []).extend((self._asked, began))
        for at, frame in enumerate(self._sound):
            if at and owner._pace:
                await asyncio.sleep(max(0.0, began + at * len(frame) / 2 / RATE / owner._pace - time.perf_counter()))
            await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _body(send: Any, step: Send) -> None:
    await send({"type": "http.response.body", "body": step.data, "more_body": True})


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="Stand-in providers that stamp their times.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--core", type=int, default=-1)
    parser.add_argument("--times", default="{}", help="JSON: first, rate, speech, pace, further")
    options = parser.parse_args()
    if options.core >= 0:
        os.sched_setaffinity(0, {options.core})
    times = {"first": 0.3, "rate": 30.0, "speech": 0.1, "pace": 4.0, "further": 2, **json.loads(options.times)}
    uvicorn.run(Providers(**times).app, host="127.0.0.1", port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
