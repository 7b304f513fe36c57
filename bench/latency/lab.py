"""The processes of a measurement: providers, servers under test and pages, each where it belongs, all ended at the end.

The server under test has one core for itself; providers and pages share another. On a machine with one core nothing is
pinned and the figures only compare.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A child that answers lines with lines."""

    def __init__(self, *command: str) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def line(self) -> str:
        """The next line. Raises RuntimeError when the child is gone."""
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"a process of the bench ended with status {self.child.wait(10)}")
        return line

    def tell(self, command: str) -> None:
        """Give a command."""
        assert self.child.stdin is not None
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()

    def ask(self, command: str) -> dict[str, Any]:
        """Give a command and wait for its answer."""
        self.tell(command)
        answer: dict[str, Any] = json.loads(self.line())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def end(self) -> None:
        """End the child; at once when it does not want to."""
        if self.child.stdin is not None:
            self.child.stdin.close()
        try:
            self.child.wait(3)
        except subprocess.TimeoutExpired:
            self.child.terminate()
            try:
                self.child.wait(8)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


@dataclass
class Subject:
    """A server under test and its pages."""

    kind: str
    server: Process
    crowd: Process

    def pages(self, do: str, **more: Any) -> dict[str, Any]:
        """Have the pages do something; see `pages._obey`."""
        return self.crowd.ask(json.dumps({"do": do, **more}))

    def begin(self) -> dict[str, Any]:
        """Forget what was; what the server says of itself now."""
        self.pages("reset")
        return self.server.ask("reset")


class Lab:
    """All processes of one run. Use as a context manager."""

    def __init__(self, folder: Path, *, loop: str = "asyncio", http: str = "aiohttp") -> None:
        self.folder = folder
        self._loop, self._http = loop, http
        self._processes: list[Process] = []
        cores = sorted(os.sched_getaffinity(0))
        self.core, self.other = (cores[0], cores[1]) if len(cores) > 1 else (-1, -1)
        self.providers = free_port()

    def __enter__(self) -> Lab:
        self._start("bench.latency.providers", "--port", str(self.providers), "--core", str(self.other))
        _wait(self.providers)
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.end()

    def _start(self, *command: str) -> Process:
        process = Process(*command)
        self._processes.append(process)
        return process

    def subject(
        self, kind: str, *, env: dict[str, str] | None = None, sound: str = "", stamp: bool = False, profile: str = ""
    ) -> Subject:
        """Start a server (`parley` or `relay`) and a crowd for it, without pages yet."""
        port = free_port()
        own = self.folder / f"{kind}-{port}"
        own.mkdir()
        server = self._start(
            "bench.latency.served", kind, "--port", str(port), "--folder", str(own), "--core", str(self.core),
            "--providers", f"http://127.0.0.1:{self.providers}/v1", "--loop", self._loop, "--http", self._http,
            "--env", json.dumps(env or {}), *(["--stamp"] if stamp else []),
            *(["--profile", profile] if profile else []),
        )  # fmt: skip
        assert server.line().strip() == "serving"
        crowd = self._start("bench.latency.pages", "--port", str(port), "--core", str(self.other), "--sound", sound)
        return Subject(kind, server, crowd)

    def set_times(self, *, first: float, rate: float, speech: float, pace: float, further: int) -> None:
        """How slow the providers are from now on; see `Providers`."""
        wanted = {"first": first, "rate": rate, "speech": speech, "pace": pace, "further": further}
        self._http_call("/set", json.dumps(wanted).encode())

    def stamps(self) -> dict[str, list[float]]:
        """The providers' stamps since the last call, by key."""
        given: dict[str, list[float]] = self._http_call("/stamps", None)
        return given

    def _http_call(self, path: str, body: bytes | None) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.providers}{path}", data=body, timeout=10) as answer:
            return json.load(answer)

    def retire(self, subject: Subject) -> None:
        """End a subject before the run is over."""
        for process in (subject.crowd, subject.server):
            process.end()
            self._processes.remove(process)


def _wait(port: int, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the providers did not start")
