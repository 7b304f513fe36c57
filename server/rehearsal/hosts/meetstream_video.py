"""The live video of a MeetStream bot: fragmented MP4 over a websocket, with pings in between that want an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.film import cuts
from server.rehearsal.hosts.line import Line
from server.rehearsal.hosts.news import News

Json = dict[str, Any]

#: What the documentation shows of a stream; tests change it at will.
DESCRIPTION: Json = {
    "codec": "h264",
    "audio_codec": "aac",
    "container": "fmp4",
    "width": 160,
    "height": 90,
    "framerate": 25,
    "audio_sample_rate": 44_100,
    "audio_bitrate": "64k",
}


@dataclass(frozen=True, slots=True)
class Pong:
    """An answer: `ms` after its ping was written, as seen from here; and the whole message."""

    seq: int
    ms: float
    message: Json


class LiveVideo:
    """One bot's video socket.

    `announce` False leaves `video_stream_start` to `begin()`, so that bytes can come before it. Every new connection
    is announced anew.
    """

    def __init__(
        self,
        bot: str,
        dial: Callable[[Callable[[], Iterable[str]], Callable[[str | bytes, float], None]], Line],
        clocks: Clocks,
        *,
        announce: bool,
        description: Json,
    ) -> None:
        """`dial` makes the line from its greeting and from who gets what the other side says."""
        self.pongs: list[Pong] = []
        #: pings that were written, by number, and when (`Clocks.clock`)
        self.pings: dict[int, float] = {}
        #: messages to us that are no answers: unknown numbers, wrong echoes, other types
        self.wrong_answers = 0
        #: told of every answer
        self.news = News()
        self._bot = bot
        self._clocks = clocks
        self._start = json.dumps({"type": "video_stream_start", "bot_id": bot, **description})
        self._sent_at: dict[int, int] = {}
        self._seq = 0
        self.line = dial(lambda: [self._start] if announce else [], self._answered)

    @property
    def pong_ms(self) -> list[float]:
        """Milliseconds from each ping to its pong, our own event loop's delays included."""
        return [pong.ms for pong in self.pongs]

    def begin(self) -> None:
        """`video_stream_start` by hand."""
        self.line.put(self._start)

    def put(self, data: bytes, *, seed: int = 1, largest: int = 4096) -> None:
        """Film in pieces of 1 to `largest` bytes that respect no box."""
        for piece in cuts(data, seed=seed, largest=largest):
            self.line.put(piece)

    def ping(self) -> None:
        """`video_latency_ping`; its time is taken when it is written."""
        self._seq += 1
        seq = self._seq

        def ping() -> str:
            self.pings[seq] = self._clocks.clock()
            self._sent_at[seq] = int(self._clocks.wall() * 1000)
            message = {"type": "video_latency_ping", "bot_id": self._bot, "seq": seq, "sent_at_ms": self._sent_at[seq]}
            return json.dumps(message)

        self.line.put(ping)

    async def flow(self, data: bytes, *, bit_rate: float, ping_every: float = 1.0, largest: int = 16_384) -> None:
        """Film at so many bits a second, with pings; returns when the last byte was written."""
        begin, sent, next_ping = self._clocks.clock(), 0, 0.0
        for piece in cuts(data, largest=largest):
            due = sent * 8 / bit_rate
            if (wait := begin + due - self._clocks.clock()) > 0:
                await self._clocks.sleep(wait)
            if due >= next_ping:
                self.ping()
                next_ping += ping_every
            self.line.put(piece)
            sent += len(piece)
            # No more than one piece waits here: a slow reader slows the flow, as it does the vendor.
            await self.line.settled()

    def end(self, duration: float) -> None:
        """`video_stream_end`; the socket stays until the bot leaves."""
        message = {"type": "video_stream_end", "bot_id": self._bot, "duration_seconds": duration}
        self.line.put(json.dumps(message))

    async def vanish(self) -> None:
        """Break off without an end, and do not come back."""
        self.line.drop()
        await self.line.close()

    def _answered(self, frame: str | bytes, at: float) -> None:
        if (pong := self._read(frame, at)) is not None:
            self.pongs.append(pong)
        else:
            self.wrong_answers += 1
        self.news.tell()

    def _read(self, frame: str | bytes, at: float) -> Pong | None:
        try:
            message = json.loads(frame)
        except ValueError:
            return None
        if not isinstance(message, dict) or message.get("type") != "video_latency_pong":
            return None
        seq, received = message.get("seq"), message.get("server_received_at_ms")
        if not isinstance(seq, int) or seq not in self.pings or not isinstance(received, int):
            return None
        if message.get("sent_at_ms") != self._sent_at[seq] or message.get("bot_id") != self._bot:
            return None
        return Pong(seq, (at - self.pings[seq]) * 1000, message)
