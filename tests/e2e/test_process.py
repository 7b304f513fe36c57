"""The real process: `parley serve` as a child, killed and stopped, with its page's socket on the other side."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from server.web.access import mint
from tests.page_client import PageClient
from tests.served import SECRET

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
QUESTION = "Parley, who are you and what can you do for us?"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(folder: Path, port: int, **env: str) -> Iterator[subprocess.Popen[str]]:
    """`parley serve` until the block ends."""
    settings = {
        "PARLEY_SECRET": SECRET,
        "PARLEY_DATA_DIR": str(folder),
        "PARLEY_PORT": str(port),
        "PARLEY_NGROK_API": "http://127.0.0.1:9",
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        **env,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "serve"],
        cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait(10)
        if child.stdout is not None:
            child.stdout.close()


async def ready(port: int) -> None:
    """Wait until it serves."""
    async with httpx.AsyncClient() as client, asyncio.timeout(30):
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


def page(port: int, name: str = "one", resume: dict[str, int] | None = None, *, holding: bool = False) -> PageClient:
    """A page of the test's session."""
    return PageClient(
        f"ws://127.0.0.1:{port}/agent/socket", mint(SECRET, "session-1", 600), name, resume, holding=holding
    )


async def test_killed_in_mid_sentence_it_goes_on(tmp_path):
    """After a SIGKILL in mid-sentence the successor takes the session up and says exactly the unheard rest."""
    port = free_port()
    with process(tmp_path, port) as child:
        await ready(port)
        async with page(port, holding=True) as one:
            await one.hears("Ana", "We chose the rubber case for the remote.")
            await one.hears("Ana", QUESTION, start=6)
            await one.until_true(lambda: len(one.pcm.get(1, b"")) > 40_000)
            one.played = 19_200
            await one.report()
            await asyncio.sleep(0.5)  # the tape is written every 50 ms
            child.send_signal(signal.SIGKILL)
            await one.until_true(lambda: one.close_code is not None)
            before = [piece["text"] for piece in one.of("piece")]
    with process(tmp_path, port):
        await ready(port)
        resume = {"epoch": 1, "reply": 1, "played": 19_200}
        async with page(port, "two", resume) as two:
            await two.until_type("end", seconds=30)
            await two.until_type("line", agent=True, final=True)
            rest = " ".join(piece["text"] for piece in two.of("piece"))
            assert rest and not rest.startswith(before[0]), "nothing is said twice"
            first_half = " ".join(before)
            assert (
                any(first_half.endswith(rest[:at]) for at in range(len(rest), 10, -1)) or rest.split()[0] in first_half
            )
            await two.hears("Ana", "Parley, what did we say about the case?", start=60)
            await two.until(lambda m: m["type"] == "piece" and "rubber" in m["text"], 20)


async def test_stopped_it_finishes_its_sentence(tmp_path):
    """On SIGTERM a reply that is being spoken is spoken to its end before the page is told to come back."""
    port = free_port()
    with process(tmp_path, port) as child:
        await ready(port)
        async with page(port, holding=True) as one:
            await one.hears("Ana", QUESTION)
            await one.until_true(lambda: bool(one.pcm.get(1)))
            child.send_signal(signal.SIGTERM)
            one.holding = False
            one.played = len(one.pcm[1]) // 2
            await one.report()
            await one.until_type("end", seconds=20)
            await one.until_type("line", agent=True, final=True)
            await one.until_true(lambda: one.close_code is not None)
            assert one.close_code == 4503
        assert await asyncio.to_thread(child.wait, 15) == 0


async def test_a_wrong_setting_is_refused_at_the_start(tmp_path):
    """It names the setting and the reason, never the value, and leaves with status 2."""
    with process(tmp_path, free_port(), PARLEY_POLICY="hush-hush-value") as child:
        assert await asyncio.to_thread(child.wait, 30) == 2
        said = child.stdout.read() if child.stdout else ""
    assert "PARLEY_POLICY" in said and "hush-hush-value" not in said


async def test_a_taken_port_is_one_line(tmp_path):
    """Two on one port: the second says which and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with process(tmp_path, port) as child:
            assert await asyncio.to_thread(child.wait, 30) == 2
            said = child.stdout.read() if child.stdout else ""
    assert str(port) in said and "PORT" in said and "Traceback" not in said
