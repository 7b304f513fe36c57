"""MeetStream's pings while film flows: `python -m bench.pong [--seconds 20] [--bit-rate 8e6] [--slow 0.05]`.

The whole application records a bot's film (fragmented MP4 at 8 Mbit/s) to a slow disk: every write of the recorder
takes 50 ms longer. Beside it, in the same run, a bare websocket that answers pings and counts bytes. The vendor's
stand-in runs alone in this process, so that its own delays are the same for both. The recorded film is then compared
byte for byte with what was sent, and played.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import httpx

from server.rehearsal.hosts.film import fragmented
from server.rehearsal.hosts.meetstream_bot import MeetStreamBot
from server.rehearsal.hosts.meetstream_service import MeetStreamService

NOBODY = "http://127.0.0.1:9"
MEETING = "https://meet.google.com/abc-defg-hij"
PING_EVERY = 0.1


def serve(port: int, slow: float) -> None:
    """The application, with a disk on which every write of the recorder takes `slow` seconds longer."""
    from server.media.take_writer import TakeWriter
    from server.serving import run
    from server.settings import load

    write = TakeWriter.write

    def slowly(self: TakeWriter, piece: Any) -> None:
        time.sleep(slow)
        write(self, piece)

    TakeWriter.write = slowly  # type: ignore[method-assign]
    run(load(env_file=None).model_copy(update={"port": port}))


def bare(port: int) -> None:
    """The baseline: takes any upgrade, answers pings, counts bytes."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        while (message := await websocket.receive())["type"] == "websocket.receive":
            if text := message.get("text"):
                said = json.loads(text)
                if said["type"] == "video_latency_ping":
                    now = time.time_ns() // 1_000_000
                    pong = {**said, "type": "video_latency_pong", "server_received_at_ms": now}
                    await websocket.send_text(json.dumps(pong))

    async def ready(request: Request) -> JSONResponse:
        return JSONResponse({})

    app = Starlette(routes=[Route("/readyz", ready), WebSocketRoute("/{rest:path}", echo)])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", ws_max_size=64 << 20)


@contextlib.asynccontextmanager
async def running(kind: str, slow: float, folder: Path, vendor: str) -> AsyncIterator[str]:
    """A server in a process of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    env = {
        **os.environ, "PARLEY_DATA_DIR": str(folder), "PARLEY_NGROK_API": NOBODY, "PARLEY_PUBLIC_URL": url,
        "PARLEY_MEETSTREAM_API_KEY": "k", "PARLEY_MEETSTREAM_BASE_URL": f"{vendor}/api/v1", "PARLEY_LOG_LEVEL": "error",
        "PARLEY_VAD": "energy",
    }  # fmt: skip
    command = [sys.executable, "-m", "bench.pong", "--serve", kind, "--port", str(port), "--slow", str(slow)]
    child = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(30):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"{url}/readyz")).status_code == 200:
                        break
                await asyncio.sleep(0.1)
        yield url
    finally:
        child.terminate()
        await child.wait()


async def flow(bot: MeetStreamBot, film: bytes, bit_rate: float) -> list[float]:
    """Milliseconds from each ping to its pong while the film flows."""
    video = bot.video
    assert video is not None
    await video.flow(film, bit_rate=bit_rate, ping_every=PING_EVERY)
    async with asyncio.timeout(30):
        await video.news.until(lambda: len(video.pongs) >= len(video.pings))
    assert not video.wrong_answers
    return video.pong_ms


async def ours(folder: Path, film: bytes, bit_rate: float, slow: float) -> tuple[list[float], bytes]:
    """The application's pongs, and the film that it recorded."""
    async with (
        MeetStreamService(key="k") as vendor,
        running("parley", slow, folder, vendor.url) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        asked = {"meeting_url": MEETING, "host": "meetstream", "senses": ["film"], "record": True}
        answer = (await http.post("/api/bots", json=asked)).raise_for_status().json()
        bot = await vendor.next_bot()
        await bot.reaches("recording")
        pongs = await flow(bot, film, bit_rate)
        (await http.post(f"/api/bots/{answer['id']}/leave", json={})).raise_for_status()
        await bot.reaches("stopped")
    from server.media.takes import files, repair

    repair(folder / "recordings")  # the process was told to stop while its slow disk was behind
    kept = [path for path in files(folder / "recordings", answer["id"]) if path.suffix == ".mp4"]
    return pongs, kept[0].read_bytes() if kept else b""


async def baseline(folder: Path, film: bytes, bit_rate: float) -> list[float]:
    """The bare receiver's pongs."""
    async with MeetStreamService(key="k") as vendor, running("bare", 0.0, folder, vendor.url) as url:
        video = {"websocket_url": f"{url.replace('http', 'ws')}/video/"}
        asked = {"meeting_link": MEETING, "bot_name": "B", "video_required": True, "live_video_required": video}
        async with httpx.AsyncClient(base_url=vendor.url, trust_env=False) as http:
            headers = {"Authorization": "Token k"}
            (await http.post("/api/v1/bots/create_bot", json=asked, headers=headers)).raise_for_status()
        bot = await vendor.next_bot()
        await bot.reaches("recording")
        return await flow(bot, film, bit_rate)


def frames_of(film: bytes) -> int:
    """Pictures that a player gets out of it."""
    with av.open(io.BytesIO(film)) as container:
        return sum(1 for _ in container.decode(video=0))


def line(name: str, pongs: list[float]) -> str:
    """Percentiles in ms."""
    ordered = sorted(pongs)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return f"  {name:8}{len(ordered):6}{statistics.median(ordered):8.2f}{p99:8.2f}{ordered[-1]:8.2f}"


async def main(options: argparse.Namespace) -> None:
    """Both, one after the other."""
    film = fragmented(options.seconds, (640, 360), bit_rate=int(options.bit_rate))
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as one, tempfile.TemporaryDirectory() as other:
        theirs = await baseline(Path(other), film, options.bit_rate)
        pongs, kept = await ours(Path(one), film, options.bit_rate, options.slow)
    print(f"{len(film) / 1e6:.1f} MB of film at {options.bit_rate / 1e6:.0f} Mbit/s, a ping every {PING_EVERY} s")
    print(f"  {'':8}{'pings':>6}{'p50':>8}{'p99':>8}{'worst':>8}   ms from ping to pong (reach: p99 20)")
    print(line("bare", theirs))
    print(line("parley", pongs))
    print(f"  ratio   p50 {statistics.median(pongs) / statistics.median(theirs):.2f}")
    same = "every byte, in order" if kept == film else f"{len(kept)} bytes of {len(film)}, or in another order"
    print(f"  recorded to a disk {options.slow * 1000:.0f} ms slower a write: {same}; {frames_of(kept)} of "
          f"{frames_of(film)} pictures play")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--bit-rate", type=float, default=8e6)
    parser.add_argument("--slow", type=float, default=0.05)
    parser.add_argument("--serve", choices=("parley", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve == "parley":
        serve(options.port, options.slow)
    elif options.serve == "bare":
        bare(options.port)
    else:
        asyncio.run(main(options))
