"""The bare baseline: a Starlette websocket and one shared aiohttp client, and nothing that makes an agent of it.

It takes the same frames of sound and the same messages as Parley. On a final transcript with the agent's name it posts
to the chat server, cuts the text at full stops, has each piece spoken by the speech server, and sends the sound on. No
turn-taking, no interruptions, no memory, no tape, no checks. What Parley costs beyond this is Parley's own.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.core.messages import HEADER, VOICE, pack_sound


class Relay:
    """All pages of the process, over one client."""

    def __init__(self, base_url: str, name: str = "parley") -> None:
        self._base = base_url
        self._name = name
        self._http: aiohttp.ClientSession | None = None

    def app(self) -> Starlette:
        """The application."""

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self._http:
                gc.collect()
                gc.freeze()  # as Parley does
                yield

        return Starlette(routes=[WebSocketRoute("/agent/socket", self.serve)], lifespan=lifespan)

    async def serve(self, websocket: WebSocket) -> None:
        """One page."""
        await websocket.accept()
        self.samples = replies = 0
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                message = await websocket.receive()
                if message["type"] != "websocket.receive":
                    return
                if (frame := message.get("bytes")) is not None:
                    self.samples = HEADER.unpack_from(frame)[5] + (len(frame) - HEADER.size) // 2
                    continue
                said = json.loads(message["text"])
                match said["type"]:
                    case "hello":
                        await _say(websocket, {"type": "welcome", "epoch": 1})
                    case "ping":
                        await _say(websocket, {"type": "pong", "t": said["t"]})
                    case "transcript" if said["raw"]["transcript"]["is_final"]:
                        text = " ".join(word["text"] for word in said["raw"]["transcript"]["words"])
                        if self._name in text.lower():
                            replies += 1
                            task = asyncio.create_task(self._answer(websocket, replies, text))
                            running.add(task)
                            task.add_done_callback(running.discard)
        except WebSocketDisconnect:
            pass
        finally:
            for task in running:
                task.cancel()

    async def _answer(self, websocket: WebSocket, reply: int, question: str) -> None:
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        speaking = asyncio.create_task(self._speak(websocket, reply, pieces))
        try:
            text = ""
            async for token in self._think(question):
                text += token
                if text.endswith("."):
                    pieces.put_nowait(text.strip())
                    text = ""
            pieces.put_nowait(None)
            await speaking
        except (aiohttp.ClientError, RuntimeError, WebSocketDisconnect):
            pass  # the page or a server is gone: a relay has no more to say
        finally:
            speaking.cancel()

    async def _think(self, question: str) -> AsyncIterator[str]:
        assert self._http is not None
        body = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": question}]}
        async with self._http.post(f"{self._base}/chat/completions", json=body) as response:
            async for line in response.content:
                if not line.startswith(b"data: {"):
                    continue
                choices = json.loads(line[6:])["choices"]
                if choices and (content := choices[0]["delta"].get("content")):
                    yield content

    async def _speak(self, websocket: WebSocket, reply: int, pieces: asyncio.Queue[str | None]) -> None:
        assert self._http is not None
        sent = 0
        while (piece := await pieces.get()) is not None:
            body: dict[str, Any] = {"model": "bench", "voice": "a", "input": piece, "response_format": "pcm"}
            async with self._http.post(f"{self._base}/audio/speech", json=body) as response:
                async for pcm in response.content.iter_any():
                    whole = pcm[: len(pcm) // 2 * 2]  # the stand-in sends whole samples in each chunk
                    await websocket.send_bytes(pack_sound(VOICE, 1, reply, sent, whole))
                    sent += len(whole) // 2
        await _say(websocket, {"type": "end", "epoch": 1, "reply": reply, "samples": sent})


async def _say(websocket: WebSocket, message: dict[str, Any]) -> None:
    await websocket.send_text(json.dumps(message))
