"""What the pictures of a meeting cost: `python -m bench.video [--seconds 40] [--people 16] [--films 9] [--looks 0.2]`.

Sixteen people send two PNG a second and nine of them H.264 of 360p at 15 a second, all through one real websocket, as
from Recall.ai; the receiver reads them as the product does and keeps them for whoever looks. Beside it a bare receiver
that only counts bytes. Every message carries the moment at which it was sent. Times hold on a quiet machine only: how
long the receiver had no core to run on is printed beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import heapq
import json
import os
import random
import resource
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.hosts.base import Person, Picture, Source
from server.hosts.recall.realtime import Receiver
from server.media.frames import MOST_BYTES, Frames
from server.media.pictures import MediaError
from server.media.video import VideoDecoder

#: A message begins like this, then comes the moment it was sent, fourteen characters.
STAMP = b'{"sent":"'
_TICKS = os.sysconf("SC_CLK_TCK")


# ---------------------------------------------------------------- the receiver, in a process of its own


@dataclass
class Waits:
    """How long messages waited between the sender and whoever reads them, in seconds."""

    each: list[float] = field(default_factory=list)
    bytes: int = 0

    def take(self, text: str) -> None:
        """Note a message that is read now."""
        self.each.append(time.monotonic() - float(text[len(STAMP) : len(STAMP) + 14]))
        self.bytes += len(text)

    def told(self) -> dict[str, Any]:
        """The figures since the last time."""
        found, self.each = sorted(self.each), []
        size, self.bytes = self.bytes, 0
        if not found:
            return {"messages": 0}
        return {
            "messages": len(found),
            "bytes": size,
            "p50": found[len(found) // 2],
            "p99": found[len(found) * 99 // 100],
            "worst": found[-1],
            "over_50": sum(wait > 0.05 for wait in found),
            "over_100": sum(wait > 0.1 for wait in found),
        }


class Eyes:
    """A sink that keeps the pictures."""

    def __init__(self, looks: float, blind: bool = False) -> None:
        self.video = VideoDecoder(command=("/nowhere/no-decoder",)) if blind else VideoDecoder()
        self.frames = Frames(self.video)
        self.odd = 0
        self._looks = looks
        self._looking: asyncio.Task[None] | None = None

    def tell(self, event: Any) -> None: ...
    def hear(self, pcm: bytes, person: Person | None = None, at: float | None = None) -> None: ...
    def change(self, change: Any) -> None: ...
    def blind(self, person: Person | None, source: Source) -> None: ...

    def count(self, what: str) -> None:
        self.odd += 1

    def see(self, picture: Picture) -> None:
        person = picture.person.id if picture.person is not None else ""
        self.frames.put(person, picture.source, picture.coding, picture.data, picture.at)
        if self._looking is None and self._looks:
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        """Somebody looks now and then."""
        while True:
            await asyncio.sleep(1 / self._looks)
            seen = random.choice(self.frames.seen())
            with contextlib.suppress(MediaError):
                await self.frames.look(seen.person_id, seen.source)

    def told(self) -> dict[str, Any]:
        seen = self.frames.seen()
        return {
            "held": self.frames.size,
            "sources": len(seen),
            "oldest": max((each.age for each in seen), default=0.0),
            "counts": dict(self.frames.counts),
            "odd": self.odd,
            "helper": _cpu_of(self.video.pid),
        }


def _cpu_of(pid: int | None) -> float:
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _kept_waiting() -> float:
    """Seconds for which the main thread could have run, but had no core."""
    return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def serve(sink: Any | None) -> None:
    """Receive on a free port, which is printed, until killed. Without a sink bytes are only counted."""
    waits = Waits()

    async def receive(websocket: WebSocket) -> None:
        await websocket.accept()
        feed: Callable[[str], None] = Receiver(sink).feed if sink is not None else lambda text: None
        while (message := await websocket.receive())["type"] == "websocket.receive":
            waits.take(message["text"])
            feed(message["text"])

    async def stats(request: Request) -> JSONResponse:
        told = waits.told() | {"cpu": time.process_time(), "memory": _memory(), "delay": _kept_waiting()}
        return JSONResponse(told | (sink.told() if sink is not None else {}))

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    app = Starlette(routes=[WebSocketRoute("/", receive), Route("/stats", stats)])
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=16 << 20,
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


class Child:
    """A receiver process."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", *arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def stats(self) -> dict[str, Any]:
        """What it says since the last time."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


# ---------------------------------------------------------------- the sender


@dataclass
class Stream:
    """Messages that are sent in turn, so many seconds apart. Each is JSON without its stamp."""

    messages: Sequence[bytes]
    period: float
    connection: int = 0


class Socket:
    """A websocket client that costs as little as possible: the mask is zero, so a message goes out as it is."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> Socket:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in answer.split(b"\r\n")[0]
        return cls(reader, writer)

    def send(self, rest: bytes) -> None:
        """Send a message now."""
        text = b'%s%014.6f"%s' % (STAMP, time.monotonic(), rest)
        self.writer.write(struct.pack(">BBQI", 0x81, 0xFF, len(text), 0) + text)


async def send(port: int, streams: Sequence[Stream], seconds: float) -> float:
    """Send all streams for so long, in real time; by how much the sender itself was late at worst."""
    sockets = [await Socket.connect(port) for _ in range(1 + max(stream.connection for stream in streams))]
    begun = time.monotonic()
    due = [(begun + stream.period * random.random(), number, 0) for number, stream in enumerate(streams)]
    heapq.heapify(due)
    late = 0.0
    while due[0][0] < begun + seconds:
        ahead = due[0][0] - time.monotonic()
        if ahead > 0:
            await asyncio.sleep(ahead)
            continue
        late = max(late, -ahead)
        at, number, turn = heapq.heappop(due)
        stream = streams[number]
        sockets[stream.connection].send(stream.messages[turn % len(stream.messages)])
        heapq.heappush(due, (at + stream.period, number, turn + 1))
        if turn % 16 == 0:
            await sockets[stream.connection].writer.drain()
    for each in sockets:
        await each.writer.drain()
    await asyncio.sleep(1.0)
    for each in sockets:
        each.writer.close()
    return late


def message(event: str, person: int, data: bytes, **more: Any) -> bytes:
    """An event of Recall.ai without its first brace, which the stamp brings."""
    payload = {
        "buffer": base64.b64encode(data).decode(),
        "timestamp": {"absolute": "2026-11-20T10:15:18.500000Z", "relative": 0.0},
        "participant": {"id": person, "name": f"Person {person}", "is_host": False, "platform": "desktop"},
        **more,
    }
    whole = {"event": event, "data": {"data": payload, "bot": {"id": "bot", "metadata": {}}}}
    return b"," + json.dumps(whole).encode()[1:]


def faces(people: int) -> list[Stream]:
    """Two PNG a second of each person, at 360p, as heavy as a camera's."""
    import io

    from PIL import Image, ImageChops

    pictures = []
    for number in range(4):
        noise = Image.effect_noise((640, 360), 6).convert("RGB")
        ground = Image.linear_gradient("L").resize((640, 360)).rotate(40 * number).convert("RGB")
        out = io.BytesIO()
        ImageChops.add(ground, noise, offset=-128).save(out, "PNG", compress_level=1)
        pictures.append(out.getvalue())
    return [
        Stream([message("video_separate_png.data", person, data, type="webcam") for data in pictures], 0.5)
        for person in range(people)
    ]


def films(people: int, seconds: float, gop: int, filler: int = 0) -> list[Stream]:
    """H.264 of 360p at 15 a second, with so many bytes of filler in each unit."""
    from fractions import Fraction

    import av
    import numpy as np

    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = 640, 360, "yuv420p"
    codec.time_base, codec.framerate, codec.gop_size, codec.bit_rate = Fraction(1, 15), 15, gop, 400_000
    codec.options = {
        "preset": "superfast",
        "tune": "zerolatency",
        "x264-params": f"bframes=0:repeat-headers=1:annexb=1:scenecut=0:keyint={gop}",
    }
    texture = np.random.default_rng(1).integers(40, 200, (90, 160, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    units: list[bytes] = []
    for number in range(int(seconds * 15) + 15):
        picture = av.VideoFrame.from_ndarray(np.roll(texture, 3 * number, 1), format="rgb24")
        picture.pts = number
        units += [bytes(packet) for packet in codec.encode(picture)]
    units = [unit + b"\0\0\1\x0c" + b"\xff" * filler + b"\x80" for unit in units]
    return [
        Stream([message("video_separate_h264.data", 100 + person, unit, type="webcam") for unit in units], 1 / 15)
        for person in range(people)
    ]


# ---------------------------------------------------------------- together


def row(name: str, begun: dict[str, Any], told: dict[str, Any], seconds: float, late: float) -> float:
    """Print a line; the share of a core that the receiver took."""
    share = (told["cpu"] - begun["cpu"]) / seconds
    print(
        f"{name}: {told['messages']} messages, {told['bytes'] / 1e6 / seconds:.1f} MB/s, waited "
        f"p50 {1000 * told['p50']:.1f} p99 {1000 * told['p99']:.1f} worst {1000 * told['worst']:.1f} ms, "
        f"over 50 ms {told['over_50']}, over 100 ms {told['over_100']}; {100 * share:.1f} % of a core, "
        f"{told['memory'] / 1e6:.0f} MB (before {begun['memory'] / 1e6:.0f}); without a core for "
        f"{1000 * (told['delay'] - begun['delay']) / seconds:.1f} ms/s, sender late by {1000 * late:.1f} ms"
    )
    return share


def run(child: Child, name: str, streams: Sequence[Stream], seconds: float) -> tuple[float, dict[str, Any]]:
    """Send to a receiver and print what it says: its share of a core, and all of it."""
    begun = child.stats()
    late = asyncio.run(send(child.port, streams, seconds))
    told = child.stats()
    share = row(name, begun, told, seconds, late)
    if "helper" in told:
        video = 100 * (told["helper"] - begun["helper"]) / seconds
        print(
            f"    kept {told['sources']} sources in {told['held'] / 1e6:.1f} MB (bound {MOST_BYTES / 1e6:.0f}), oldest "
            f"{told['oldest']:.2f} s; {told['counts']}; video process {video:.1f} % of a core"
        )
    return share, told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the pictures of a meeting cost.")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--people", type=int, default=16)
    parser.add_argument("--films", type=int, default=9)
    parser.add_argument("--looks", type=float, default=0.2, help="looks a second")
    parser.add_argument("--serve", choices=("bare", "frames", "blind"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(None if options.serve == "bare" else Eyes(options.looks, blind=options.serve == "blind"))
        return
    common = ["bench.video", "--looks", str(options.looks), "--serve"]
    shown = faces(options.people)
    endless = 1_000_000
    for gop, filler, kind, name in (
        (150, 0, "frames", "a key frame every 10 s"),
        (endless, 0, "frames", "no second key frame"),
        (endless, 15_000, "blind", "heavy, no second key frame and no decoder"),
    ):
        children = {"bare  ": Child(*common, "bare"), kind: Child(*common, kind)}
        streams = shown + films(options.films, options.seconds, gop, filler)
        print(f"{options.people} people at 2 PNG/s, {options.films} films at 15/s, {name}")
        try:
            shares = [run(child, f"  {label}", streams, options.seconds)[0] for label, child in children.items()]
        finally:
            for child in children.values():
                child.end()
        print(f"  ratio {shares[1] / shares[0]:.2f}")


if __name__ == "__main__":
    main()
