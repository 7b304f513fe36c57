"""One server under test in a process and on a core of its own, watched from inside.

    python -m bench.latency.served parley|relay --port 8100 --providers http://127.0.0.1:8101/v1 --core 0

The first line on standard output says that it serves. Then each line on standard input is answered by one line of JSON:
`reset` begins a measurement, `read` gives it. Watched are how late the event loop runs what is due, the longest single
callback (asyncio's own loop only), garbage collections, and, with `--stamp`, the time between a stop word coming in and
the flush going out.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import json
import os
import sys
import time
from asyncio import events
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

SECRET = "a secret of the bench, long enough"
#: seconds between two looks at the event loop
LOOK = 0.01


@dataclass
class Watch:
    """What happened in this process since the last `reset`. Times in milliseconds."""

    lags: list[float] = field(default_factory=list)
    block: float = 0.0
    block_cpu: float = 0.0
    block_in: str = ""
    blocks: int = 0
    gc: list[tuple[float, int]] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    _gc_began: float = 0.0

    def reset(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]

    def on_gc(self, phase: str, info: dict[str, int]) -> None:
        """A callback of the garbage collector."""
        if phase == "start":
            self._gc_began = time.perf_counter()
        else:
            self.gc.append(((time.perf_counter() - self._gc_began) * 1000, info["generation"]))

    def watch_callbacks(self) -> None:
        """Time every callback of asyncio's own loop: the wall and the processor time of the longest."""
        run = events.Handle._run

        def timed(handle: events.Handle) -> None:
            began, cpu = time.perf_counter(), time.thread_time()
            run(handle)
            took = (time.perf_counter() - began) * 1000
            if took > 5:
                used = (time.thread_time() - cpu) * 1000
                self.blocks += used > 20
                if used > self.block_cpu:
                    self.block, self.block_cpu, self.block_in = took, used, _name(handle)

        events.Handle._run = timed  # type: ignore[method-assign]

    async def watch_loop(self) -> None:
        """How late is the loop? Runs until cancelled."""
        clock = time.perf_counter
        while True:
            due = clock() + LOOK
            await asyncio.sleep(LOOK)
            self.lags.append((clock() - due) * 1000)

    def report(self) -> dict[str, Any]:
        """Everything since the last `reset`."""
        times = os.times()
        return {
            "cpu": times.user + times.system,
            "at": time.perf_counter(),
            "waited": int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9,
            "rss": _rss(),
            "lags": [round(lag, 2) for lag in self.lags],
            "block": self.block,
            "block_cpu": self.block_cpu,
            "block_in": self.block_in,
            "blocks": self.blocks,
            "gc": max((took for took, _ in self.gc), default=0.0),
            "gc_full": sum(1 for _, generation in self.gc if generation == 2),
            "stops": [round(stop, 4) for stop in self.stops],
        }


def _name(handle: events.Handle) -> str:
    task = getattr(handle._callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        return task.get_name().rstrip("0123456789") + ":" + str(getattr(task.get_coro(), "__qualname__", "?"))
    return str(getattr(handle._callback, "__qualname__", "?"))


def _rss() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _stamped(app: Any, watch: Watch) -> Any:
    """The application, with the time from a stop word's arrival to the flush handed out."""

    async def stamped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await app(scope, receive, send)
            return
        came = [0.0]

        async def receive_stamped() -> Any:
            message = await receive()
            if (text := message.get("text")) and '"stop."' in text:
                came[0] = time.perf_counter()
            return message

        async def send_stamped(message: Any) -> None:
            if came[0] and (text := message.get("text")) and '"flush"' in text:
                watch.stops.append((time.perf_counter() - came[0]) * 1000)
                came[0] = 0.0
            await send(message)

        await app(scope, receive_stamped, send_stamped)

    return stamped


def parley(providers: str, port: int, folder: str, env: dict[str, str]) -> Any:
    """The whole application, as `parley serve` would make it."""
    from server.app import create_app
    from server.settings import load

    settings = {
        "PARLEY_SECRET": SECRET, "PARLEY_DATA_DIR": folder, "PARLEY_NGROK_API": "http://127.0.0.1:9",
        "PARLEY_PORT": str(port), "PARLEY_VAD": "off", "PARLEY_MAX_SESSIONS": "2000", "PARLEY_MAX_PAGES": "2000",
        "OPENAI_BASE_URL": providers, "OPENAI_API_KEY": "none", "PARLEY_MODEL": "stand-in-1",
    }  # fmt: skip
    return create_app(load({**settings, **env}, env_file=None))


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description="A server under test.")
    parser.add_argument("kind", choices=("parley", "relay"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--providers", required=True)
    parser.add_argument("--folder", default="")
    parser.add_argument("--core", type=int, default=-1)
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    parser.add_argument("--http", choices=("aiohttp", "httpx2"), default="aiohttp", help="the client's transport")
    parser.add_argument("--env", default="{}", help="JSON of further settings")
    parser.add_argument("--stamp", action="store_true")
    parser.add_argument("--profile", default="", help="profile from reset to read, into this file")
    options = parser.parse_args()
    if options.core >= 0:
        os.sched_setaffinity(0, {options.core})
    watch = Watch()
    if options.kind == "relay":
        from bench.latency.relay import Relay

        app: Any = Relay(options.providers).app()
    else:
        if options.http == "httpx2":
            from server.brains import openai_client

            openai_client.aiohttp_is_there = lambda: False
        app = parley(options.providers, options.port, options.folder, json.loads(options.env))
    if options.stamp:
        app = _stamped(app, watch)
    watch.watch_callbacks()
    gc.callbacks.append(watch.on_gc)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=options.port, log_level="error", access_log=False, ws_per_message_deflate=False,
        loop=options.loop, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    profile = cProfile.Profile()

    async def serve() -> None:
        serving = asyncio.create_task(server.serve())
        while not server.started and not serving.done():  # noqa: ASYNC110 (uvicorn gives no event)
            await asyncio.sleep(0.01)
        looking = asyncio.create_task(watch.watch_loop())
        loop = asyncio.get_running_loop()
        print("serving", flush=True)

        def command() -> None:
            line = os.read(0, 100).decode()
            if not line:
                loop.remove_reader(0)
                server.should_exit = True
                return
            if line.startswith("reset"):
                watch.reset()
                if options.profile:
                    profile.enable()
            elif options.profile:
                profile.disable()
                profile.dump_stats(options.profile)
            print(json.dumps(watch.report()), flush=True)

        loop.add_reader(0, command)
        await serving
        looking.cancel()

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve())
    sys.stdout.flush()


if __name__ == "__main__":
    main()
