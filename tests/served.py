"""The whole backend, served for a test on a loopback port of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from server.app import Wired, create_app
from server.settings import Settings, load
from server.web.access import mint
from server.web.host_sockets import LargeForHosts

SECRET = "a secret of the tests, long enough"


@dataclass
class Served:
    """A running backend."""

    wired: Wired
    port: int

    @property
    def http(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket(self) -> str:
        """The page's socket."""
        return f"ws://127.0.0.1:{self.port}/agent/socket"

    def token(self, session: str = "session-1", ttl: float = 600) -> str:
        """A token of this backend."""
        return mint(SECRET, session, ttl)


def settings_for(folder: Path, **env: str) -> Settings:
    """Settings with everything in this folder and nothing of the machine's own."""
    return load(
        {
            "PARLEY_SECRET": SECRET,
            "PARLEY_DATA_DIR": str(folder),
            "PARLEY_NGROK_API": "http://127.0.0.1:9",
            # the pages of tests play, and report, a hundred times as fast as a person listens
            "PARLEY_MAX_MESSAGES_PER_SECOND": "2000",
            **env,
        },
        env_file=None,
    )


@asynccontextmanager
async def serve(folder: Path, *, public: bool = False, **env: str) -> AsyncIterator[Served]:
    """Serve with these settings until the block ends. `public`: stand-ins of hosts reach it at its own address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    if public:
        env["PARLEY_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    app = create_app(settings_for(folder, PARLEY_PORT=str(port), **env))
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws=LargeForHosts, ws_per_message_deflate=False, ws_max_size=1 << 20
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task: asyncio.Task[Any] = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(20):
        while not server.started:
            if task.done():
                task.result()
            await asyncio.sleep(0.01)
    try:
        yield Served(app.state.parley, port)
    finally:
        server.should_exit = True
        await task
        listener.close()
