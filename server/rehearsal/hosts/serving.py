"""A Starlette application on a free loopback port, in the event loop of whoever starts it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

#: Seconds that requests under way may take when it stops.
_GRACE = 1


class Serving:
    """Serves from `start()` to `stop()`; websockets only with `websockets`, of up to `largest` bytes a message."""

    def __init__(self, application: Starlette, *, websockets: bool = False, largest: int = 1 << 20) -> None:
        self._application = application
        self._websockets = websockets
        self._largest = largest
        self._server: _Quiet | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Gives the address, `http://127.0.0.1:PORT`."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            self._application,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="auto" if self._websockets else "none",
            ws_max_size=self._largest,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = _Quiet(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="stand-in-server")
        up = asyncio.create_task(self._server.up.wait())
        await asyncio.wait({up, self._task}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._task.done():
            self._task.result()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """May be called twice."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            self._server.leave.set()
            await self._task
            self._task = None


class _Quiet(uvicorn.Server):
    """uvicorn that says when it is up and leaves the process's signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.leave = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        # Without looking ten times a second whether it is over: many of these live for a moment only.
        await self.on_tick(0)
        await self.leave.wait()
