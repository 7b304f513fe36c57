"""An agent page without a browser: speaks the page's side of the wire over a real socket.

It plays as fast as the sound comes (every sample is reported as soon as it arrives), unless told to hold.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.core.messages import HEADER, SOUND, VERSION, VOICE, pack_sound


class PageClient:
    """One connection of one page. Use as an async context manager."""

    def __init__(
        self, url: str, token: str, page: str = "page-1", resume: dict[str, int] | None = None, *, holding: bool = False
    ) -> None:
        self.url = url
        self.token = token
        self.page = page
        self.resume = resume
        self.holding = holding
        self.messages: list[dict[str, Any]] = []
        self.pcm: dict[int, bytearray] = {}
        self.firsts: dict[int, int] = {}
        self.stale = 0
        self.epoch = 0
        self.played = 0
        self.reply = 0
        self.ended: set[int] = set()
        self.seq = 0
        self.close_code: int | None = None
        self._changed = asyncio.Condition()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> PageClient:
        self._socket = await connect(self.url, compression=None, max_size=None)
        hello = {"type": "hello", "version": VERSION, "token": self.token, "page": self.page, "resume": self.resume}
        await self.send(hello)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None and self._reader is not None
        await self._socket.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    # ------------------------------------------------------------ sending

    async def send(self, message: dict[str, Any]) -> None:
        """A text message."""
        assert self._socket is not None
        await self._socket.send(json.dumps(message))

    async def send_raw(self, data: str | bytes) -> None:
        """Whatever this is."""
        assert self._socket is not None
        await self._socket.send(data)

    async def hears(self, speaker: str, text: str, *, who: int = 100, start: float = 0.0, final: bool = True) -> None:
        """The host's transcript socket said this: the v1.10 shape."""
        self.seq += 1
        words = [
            {"text": word, "start_time": start + at * 0.3, "end_time": start + at * 0.3 + 0.25}
            for at, word in enumerate(text.split())
        ]
        raw = {
            "bot_id": "bot",
            "transcript": {"speaker": speaker, "speaker_id": who, "words": words, "is_final": final, "language": "en"},
        }
        await self.send({"type": "transcript", "seq": self.seq, "raw": raw})

    async def sends_sound(self, pcm: bytes, first: int = 0) -> None:
        """A frame of the meeting's sound."""
        await self.send_raw(pack_sound(SOUND, 0, 0, first, pcm))

    async def report(self, *, ended: bool = False) -> None:
        """Say how far we played."""
        await self.send(
            {"type": "played", "epoch": self.epoch, "reply": self.reply, "samples": self.played, "ended": ended}
        )

    # ------------------------------------------------------------ receiving

    async def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 15.0) -> dict[str, Any]:
        """The first message, past or coming, for which `wanted` holds."""
        async with asyncio.timeout(seconds), self._changed:
            while True:
                for message in self.messages:
                    if wanted(message):
                        return message
                await self._changed.wait()

    async def until_type(self, kind: str, seconds: float = 15.0, **fields: Any) -> dict[str, Any]:
        """The first message of this type with these fields."""
        return await self.until(
            lambda message: message["type"] == kind and all(message.get(k) == v for k, v in fields.items()), seconds
        )

    async def until_true(self, check: Callable[[], bool], seconds: float = 15.0) -> None:
        """Wait until something about this page holds."""
        async with asyncio.timeout(seconds), self._changed:
            while not check():
                await self._changed.wait()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """All messages of a type."""
        return [message for message in self.messages if message["type"] == kind]

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for data in self._socket:
                if isinstance(data, bytes):
                    await self._frame(data)
                else:
                    await self._message(json.loads(data))
                async with self._changed:
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        self.close_code = self._socket.close_code
        async with self._changed:
            self._changed.notify_all()

    async def _frame(self, data: bytes) -> None:
        kind, _, _, epoch, reply, first = HEADER.unpack_from(data)
        assert kind == VOICE
        if epoch < self.epoch:
            self.stale += 1
            return
        sound = self.pcm.setdefault(reply, bytearray())
        self.firsts.setdefault(reply, first)
        expected = self.firsts[reply] + len(sound) // 2
        assert first == expected, f"sample {first} came where {expected} was due"
        sound += data[HEADER.size :]
        if reply == self.reply and not self.holding:
            self.played = first + (len(data) - HEADER.size) // 2
            await self.report()

    async def _message(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        match message["type"]:
            case "welcome":
                self.epoch = message["epoch"]
                if goes_on := message["resume"]:  # no begin follows: the reply goes on
                    self.reply, self.played = goes_on["reply"], goes_on["played"]
            case "begin":
                self.epoch, self.reply = message["epoch"], message["reply"]
                self.played = 0
            case "flush":
                self.epoch = message["epoch"]
                await self.send({"type": "flushed", "epoch": self.epoch, "reply": self.reply, "samples": self.played})
            case "end":
                self.ended.add(message["reply"])
                if not self.holding:
                    self.played = message["samples"]
                    await self.report(ended=True)
