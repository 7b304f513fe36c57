"""Many agent pages in one process, cheap enough that the server is what is measured.

They send what a page sends: frames of sound, transcripts, reports of what was played; and they play in real time. The
websocket is written out by hand (a zero mask leaves the bytes as they are), because the usual client would need more
processor than the server. All times are `time.perf_counter`, which every process of a Linux machine shares.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.latency.served import SECRET
from server.core.messages import HEADER, SOUND, VERSION, VOICE, pack_sound
from server.web.access import mint

RATE = 24_000
#: one frame of sound: 20 ms at 16 kHz
SAMPLES = 320
STEP = 0.02
#: steps between two reports of what was played (80 ms), and between two pings (1 s)
REPORT, PING = 4, 50
PEOPLE = ("Ada Marsh", "Ben Ortiz", "Cleo Park")
TALK = (
    "I looked at the numbers again and they are fine.",
    "We should move the review to Thursday afternoon.",
    "The new cases cost a little more than the old ones.",
    "Marketing wants the pictures before the launch.",
    "Let us keep the two colours we have.",
)


@dataclass
class Turn:
    """One question and what came of it; times in seconds of the machine's clock."""

    key: str
    sent: float
    first: float = 0.0
    stop_sent: float = 0.0
    flushed: float = 0.0


@dataclass
class Counts:
    """What the pages saw since the last `reset`."""

    turns: list[Turn] = field(default_factory=list)
    #: round trips of pings behind sound frames, ms
    trips: list[float] = field(default_factory=list)
    frames_in: int = 0
    frames_out: int = 0
    stale: int = 0
    problems: int = 0
    closed: int = 0
    #: how late the pages' own loop was at worst, ms
    own_late: float = 0.0


class Page(asyncio.Protocol):
    """One page: a connection and a player."""

    def __init__(self, number: int, counts: Counts, sound: bytes) -> None:
        self.number = number
        self.counts = counts
        self.turn: Turn | None = None
        self.welcome = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()
        self._sound = sound
        self._sample = 0
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._open = False
        self._seq = 0
        self._asked = 0
        self._epoch = 0
        self._reply = 0
        self._have = 0
        self._told = 0
        self._total: int | None = None
        self._began = 0.0
        self._said_end = False
        #: play everything at once: a page of the overhead measurement does not wait for its own voice
        self.hasty = False

    # ------------------------------------------------------------ the connection

    async def open(self, port: int) -> None:
        """Connect and be welcomed."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /agent/socket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await asyncio.wait_for(self.welcome, 20)
        self.say({"type": "mic", "state": "live", "rate": 48000, "channels": 1})
        self.say({"type": "feed", "connected": True})

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.counts.closed += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            at = self._buffer.find(b"\r\n\r\n")
            if at < 0:
                return
            assert self._buffer.startswith(b"HTTP/1.1 101"), bytes(self._buffer[:40])
            del self._buffer[: at + 4]
            self._open = True
            token = mint(SECRET, f"bench-{os.getpid()}-{self.number}", 3600)
            self.say({"type": "hello", "version": VERSION, "token": token, "page": "page", "resume": None})
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, head = buffer[at + 1] & 127, 2
            if size == 126:
                size, head = int.from_bytes(buffer[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(buffer[at + 2 : at + 10], "big"), 10
            if len(buffer) - at < head + size:
                break
            kind = buffer[at] & 15
            body = bytes(buffer[at + head : at + head + size])
            at += head + size
            if kind == 2:
                self._voice(body)
            elif kind == 1:
                self._message(body)
            elif kind == 9:
                self._send(10, body)
        del buffer[:at]

    def _send(self, kind: int, body: bytes) -> None:
        size = len(body)
        head = bytes((0x80 | kind, 0x80 | size)) if size < 126 else bytes((0x80 | kind, 0xFE)) + size.to_bytes(2, "big")
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(head + b"\0\0\0\0" + body)

    def say(self, message: dict[str, Any]) -> None:
        """Send a text message."""
        self._send(1, json.dumps(message).encode())

    # ------------------------------------------------------------ what comes

    def _voice(self, frame: bytes) -> None:
        kind, _, _, epoch, reply, first = HEADER.unpack_from(frame)
        assert kind == VOICE
        if epoch < self._epoch:
            self.counts.stale += 1
            return
        self.counts.frames_in += 1
        if reply != self._reply:
            self._reply, self._epoch = reply, max(epoch, self._epoch)
            self._have, self._total, self._said_end = 0, None, False
            self._began = time.perf_counter()
            if self.turn is not None and not self.turn.first:
                self.turn.first = self._began
            self._report(1)
        self._have = first + (len(frame) - HEADER.size) // 2
        if self.hasty and self._have - self._told >= RATE // 2:
            self._report(self._have)

    def _message(self, body: bytes) -> None:
        if body.startswith((b'{"type": "line"', b'{"id"')):
            return
        message = json.loads(body)
        match message["type"]:
            case "welcome":
                self._epoch = message["epoch"]
                if not self.welcome.done():
                    self.welcome.set_result(None)
            case "pong":
                self.counts.trips.append(time.perf_counter() * 1000 - message["t"])
            case "end" if message["reply"] == self._reply:
                self._total = message["samples"]
                if self.hasty:
                    self._play(time.perf_counter() + 60)
            case "flush":
                self._epoch = message["epoch"]
                if self.turn is not None and not self.turn.flushed:
                    self.turn.flushed = time.perf_counter()
                self.say({"type": "flushed", "epoch": self._epoch - 1, "reply": self._reply, "samples": self._played()})
                self._total, self._said_end = None, True
                self.ended.set()
            case "problem":
                self.counts.problems += 1

    # ------------------------------------------------------------ what goes

    def _played(self, now: float | None = None) -> int:
        return min(self._have, int(((now or time.perf_counter()) - self._began) * RATE))

    def _report(self, samples: int, *, ended: bool = False) -> None:
        self._told = samples
        self.say(
            {
                "type": "played", "epoch": self._epoch, "reply": self._reply, "samples": samples,
                "buffered": self._have - samples, "underruns": 0, "ended": ended,
            }
        )  # fmt: skip

    def _play(self, now: float) -> None:
        if not self._reply or self._said_end:
            return
        samples = self._played(now)
        self._said_end = self._total is not None and samples >= self._total
        self._report(samples, ended=self._said_end)
        if self._said_end:
            self.ended.set()

    def step(self, count: int, now: float) -> None:
        """Twenty milliseconds of being a page: a frame of sound, and now and then a report or a ping."""
        at = (count + self.number * 37) % (len(self._sound) // 640) * 640
        self._send(2, pack_sound(SOUND, 0, 0, self._sample, self._sound[at : at + 640]))
        self._sample += SAMPLES
        self.counts.frames_out += 1
        if count % REPORT == 0:
            self._play(now)
        if (count + self.number) % PING == 0:
            self.say({"type": "ping", "t": time.perf_counter() * 1000})

    def hears(self, who: int, text: str, *, final: bool) -> None:
        """The meeting's transcript says this, and it was said just now."""
        self._seq += 1
        start = time.perf_counter() % 10_000 - 0.3 * len(text.split())
        words = [
            {"text": word, "start_time": start + at * 0.3, "end_time": start + at * 0.3 + 0.25}
            for at, word in enumerate(text.split())
        ]
        said = {
            "speaker": PEOPLE[who], "speaker_id": 100 + who, "words": words, "is_final": final, "language": "en",
        }  # fmt: skip
        raw = {"bot_id": "bot", "transcript": said}
        self.say({"type": "transcript", "seq": self._seq, "raw": raw, "age": 0})

    def ask(self) -> None:
        """Ask something by name: a turn begins."""
        self._asked += 1
        key = f"k{self.number}x{self._asked}"
        self.ended.clear()
        self.turn = Turn(key, time.perf_counter())
        self.counts.turns.append(self.turn)
        self.hears(0, f"Parley, what is open about {key}?", final=True)

    def stop(self) -> None:
        """Tell the agent to stop."""
        if self.turn is not None:
            self.turn.stop_sent = time.perf_counter()
            self.hears(0, "Parley, stop.", final=True)


class Crowd:
    """All pages of one server, in one loop."""

    def __init__(self, port: int, sound: bytes, *, cycle: float = 15.0) -> None:
        self.port = port
        self.counts = Counts()
        self.pages: list[Page] = []
        self._sound = sound
        self._cycle = round(cycle / STEP)
        #: tell every agent to stop, two seconds after it was asked
        self.stops = False

    async def grow(self, sessions: int, *, hasty: bool = False) -> None:
        """Open pages until there are so many."""
        while len(self.pages) < sessions:
            page = Page(len(self.pages) + 1, self.counts, self._sound)
            page.hasty = hasty
            await page.open(self.port)
            self.pages.append(page)

    def reset(self) -> None:
        """Begin a measurement."""
        self.counts = Counts()
        for page in self.pages:
            page.counts = self.counts

    async def run(self, seconds: float) -> None:
        """Let all pages live for so long, twenty milliseconds at a time, evenly spread over each."""
        began = time.perf_counter()
        slots: list[list[Page]] = [self.pages[at::20] for at in range(20)]
        for tick in range(round(seconds * 1000)):
            now = time.perf_counter()
            if (wait := began + tick / 1000 - now) > 0.0002:
                await asyncio.sleep(wait)
                now = time.perf_counter()
            elif tick % 5 == 0:
                await asyncio.sleep(0)
            self.counts.own_late = max(self.counts.own_late, (now - began) * 1000 - tick)
            for page in slots[tick % 20]:
                self._live(page, tick // 20, now)

    def _live(self, page: Page, count: int, now: float) -> None:
        page.step(count, now)
        # The cycle of one page: others talk, partials first, then it is asked; each page at its own time.
        at = (count + page.number * 211) % self._cycle
        quiet = self._cycle - 150
        if at == 0:
            page.ask()
        elif self.stops and at == 100:
            page.stop()
        elif at > quiet and (at - quiet) % 25 == 0:
            line = TALK[(count + page.number) % len(TALK)]
            part = (at - quiet) // 25
            if part < 4:
                page.hears(1, " ".join(line.split()[: part * 2]), final=False)
            elif part == 4:
                page.hears(1, line, final=True)

    async def turns(self, count: int) -> None:
        """So many turns of the first page, one after the other, while its sound goes on."""
        page = self.pages[0]
        sounding = asyncio.create_task(self._sounding(page))
        try:
            for _ in range(count):
                page.ask()
                await asyncio.wait_for(page.ended.wait(), 10)
                await asyncio.sleep(0.03)
        finally:
            sounding.cancel()

    async def _sounding(self, page: Page) -> None:
        began, count = time.perf_counter(), 0
        while True:
            page.step(count, time.perf_counter())
            count += 1
            await asyncio.sleep(max(0.0, began + count * STEP - time.perf_counter()))

    def report(self) -> dict[str, Any]:
        """Everything since the last `reset`."""
        return asdict(self.counts)


async def _obey(crowd: Crowd, command: dict[str, Any]) -> dict[str, Any]:
    match command["do"]:
        case "grow":
            await crowd.grow(command["sessions"], hasty=command.get("hasty", False))
        case "run":
            crowd.stops = command.get("stops", False)
            await crowd.run(command["seconds"])
        case "turns":
            await crowd.turns(command["count"])
        case "reset":
            crowd.reset()
        case "report":
            return crowd.report()
    return {}


async def _main(port: int, sound: bytes) -> None:
    crowd = Crowd(port, sound)
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop.add_reader(0, lambda: lines.put_nowait(os.read(0, 10_000).decode()))
    while line := await lines.get():
        try:
            answer = await _obey(crowd, json.loads(line))
        except (TimeoutError, OSError, AssertionError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def main() -> None:
    """One JSON command a line on standard input, one JSON answer each on standard output."""
    parser = argparse.ArgumentParser(description="Many pages.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--core", type=int, default=-1)
    parser.add_argument("--sound", default="", help="a file of 16 kHz s16le mono, said over and over; else silence")
    options = parser.parse_args()
    if options.core >= 0:
        os.sched_setaffinity(0, {options.core})
    sound = Path(options.sound).read_bytes() if options.sound else bytes(640 * 50)
    asyncio.run(_main(options.port, sound))


if __name__ == "__main__":
    main()
