"""The real backend, as a process of its own, for the length of one rehearsal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from server.errors import RehearsalError

#: How the backend is started; the tests start a stand-in of their own.
COMMAND: tuple[str, ...] = (sys.executable, "-m", "server.cli", "serve")
READY_WITHIN = 30.0
STOP_WITHIN = 10.0


class Backend:
    """`parley serve` on a free loopback port. Stopped by its process id, politely first."""

    def __init__(self, folder: Path, *, name: str = "", command: Sequence[str] = COMMAND) -> None:
        """`folder` takes the tape and the log; `name` is the agent's name, empty for the configured one."""
        self.folder = folder
        self.tape = folder / "tape.db"
        self.log = folder / "backend.log"
        self.secret = secrets.token_urlsafe(32)
        self.port = free_port()
        self._name = name
        self._command = tuple(command)
        self._process: asyncio.subprocess.Process | None = None
        self._settings: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Ours on top of the caller's, so that a configured brain and voice are the ones rehearsed."""
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, inherited.get("PYTHONPATH", "").split(os.pathsep))]
        mine = {
            "PARLEY_HOST": "127.0.0.1",
            "PARLEY_PORT": str(self.port),
            "PARLEY_SECRET": self.secret,
            "PARLEY_TAPE": str(self.tape),
            "PARLEY_DATA_DIR": str(self.folder),
            "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        }
        if self._name:
            mine["PARLEY_NAME"] = self._name
        return {**inherited, **mine, **self._settings}

    async def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Start it with these settings above all others, and wait until it is ready. Raises RehearsalError when it
        stops or takes too long.
        """
        self._settings = dict(settings or {})
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C is for us, and we end the backend after the page.
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env=self.environment(os.environ),
                start_new_session=True,
            )
        async with httpx.AsyncClient(base_url=self.url, timeout=2.0, trust_env=False) as client:
            try:
                async with asyncio.timeout(READY_WITHIN):
                    await self._until_ready(client)
            except TimeoutError:
                raise RehearsalError(
                    f"the backend was not ready within {READY_WITHIN:.0f} s: see backend.log in the output"
                ) from None

    async def _until_ready(self, client: httpx.AsyncClient) -> None:
        while not await self._ready(client):  # noqa: ASYNC110 - another process cannot set our event
            await asyncio.sleep(0.05)

    async def _ready(self, client: httpx.AsyncClient) -> bool:
        process = self._process
        if process is not None and process.returncode is not None:
            raise RehearsalError(f"the backend stopped at start: {self.last_words() or 'it said nothing'}")
        try:
            return (await client.get("/readyz")).status_code == 200
        except httpx.HTTPError:
            return False

    def last_words(self) -> str:
        """The last line of its log, where it says what is wrong."""
        with contextlib.suppress(OSError):
            lines = deque(self.log.read_text("utf-8", errors="replace").strip().splitlines(), maxlen=1)
            return lines[0][:300] if lines else ""
        return ""

    async def stop(self) -> int | None:
        """Ask it to end, insist after a while; returns its exit status. May be called twice."""
        process = self._process
        if process is None:
            return None
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(STOP_WITHIN):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return process.returncode


def free_port() -> int:
    """A port of the loopback address that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
