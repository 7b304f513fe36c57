"""A backend that dies while its bots are in meetings: the real process, killed, and its successor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.recall_bot import RecallBot
from server.rehearsal.hosts.recall_service import RecallService
from server.seats.seat import Seat
from server.store.tape import read_entries
from tests.seats.seating import KEY, MEET, SECRET, WITHIN, House, house, until
from tests.served import SECRET as OURS

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def process(folder: Path, port: int, recall: RecallService) -> AsyncIterator[subprocess.Popen[bytes]]:
    """`parley serve` until the block ends; killed then, if it still runs."""
    address = f"http://127.0.0.1:{port}"
    env = {
        "PARLEY_SECRET": OURS, "PARLEY_DATA_DIR": str(folder), "PARLEY_PORT": str(port), "PARLEY_PUBLIC_URL": address,
        "PARLEY_RECALL_API_KEY": KEY, "PARLEY_RECALL_BASE_URL": recall.url, "PARLEY_RECALL_SECRETS": SECRET,
        "PARLEY_VAD": "off", "PARLEY_GREETING": "off", "PARLEY_SHUTDOWN_GRACE": "1", "PATH": os.environ["PATH"],
    }  # fmt: skip
    command = [sys.executable, "-m", "server.cli", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=env) as child:  # noqa: ASYNC220  it is waited for in a thread
        try:
            async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(WITHIN):
                while child.poll() is None:
                    with contextlib.suppress(httpx.TransportError):
                        if (await http.get(f"{address}/readyz")).status_code == 200:
                            break
                    await asyncio.sleep(0.05)
            assert child.poll() is None
            yield child
        finally:
            if child.poll() is None:
                child.kill()
            await asyncio.to_thread(child.wait, 20)


async def view(http: httpx.AsyncClient, seat: str) -> dict[str, Any]:
    """The seat as the API shows it; empty while it cannot be asked, or does not know it yet."""
    try:
        answer = await http.get(f"/api/bots/{seat}")
    except httpx.TransportError:
        return {}
    found = answer.json() if answer.status_code == 200 else {}
    assert isinstance(found, dict)
    return found


async def becomes(http: httpx.AsyncClient, seat: str, **wanted: Any) -> dict[str, Any]:
    """Wait until the seat's view has these values."""
    async with asyncio.timeout(WITHIN):
        while True:
            now = await view(http, seat)
            if all(now.get(name) == value for name, value in wanted.items()):
                return now
            await asyncio.sleep(0.05)


async def answers(bot: RecallBot, text: str) -> str:
    """What the agent writes when this is asked in the chat."""
    before = len(bot.chat_sent)
    bot.chat(100, text)
    await until(lambda: len(bot.chat_sent) > before)
    return bot.chat_sent[-1].message


async def test_killed_and_taken_up_again(tmp_path):
    """
    After a SIGKILL the successor takes the seat up from the tape: the connections come back with their old tokens, it
    remembers what was said, the bot's life goes on, and it can be told to leave.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    # Thirty tries of a connection must outlast the restart.
    clocks = Clocks(sleep=lambda seconds: asyncio.sleep(min(seconds, 0.5)))
    async with (
        RecallService(key=KEY, secrets=[SECRET], clocks=clocks) as recall,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=WITHIN) as http,
    ):
        async with process(tmp_path, port, recall) as child:
            seat = (await http.post("/api/bots", json={"meeting_url": MEET, "name": "Scribe"})).json()["id"]
            bot = await recall.next_bot()
            await becomes(http, seat, state="live", connected=["text"])
            bot.person_joins(100, "Ana", is_host=True)
            bot.says(100, "The remote gets a rubber case.", 1.0, 3.0)
            assert "rubber" in await answers(bot, "Parley, what did we say about the case?")
            await until(lambda: kept(tmp_path, seat) == ("live", bot.id, "written"))
            child.send_signal(signal.SIGKILL)
            await asyncio.to_thread(child.wait, 20)
        async with process(tmp_path, port, recall):
            again = await becomes(http, seat, state="live", connected=["text"])
            assert (again["bot"], again["host"], again["platform"]) == (bot.id, "recall", "google_meet")
            assert again["steps"][0]["words"] == "taken up again after a restart"
            assert [person["name"] for person in again["people"]] == ["Ana"]
            assert bot.lines[0].connections >= 2
            assert "rubber" in await answers(bot, "Parley, what did we say about the case?")
            recall.dashboard = Post(
                recall.client, f"http://127.0.0.1:{port}/hosts/recall/status/", clocks, sign=recall.signer.headers
            )
            assert (await http.post(f"/api/bots/{seat}/leave")).status_code == 200
            over = await becomes(http, seat, state="done")
            assert over["words"] == "the bot left because we told it to"
        assert len(recall.bots) == 1, "no second bot was sent"


def kept(folder: Path, seat: str) -> tuple[str, str, str]:
    """What is on disk of the seat: its state, its bot, and the outcome of the last turn."""
    newest = {entry.kind: entry.data for entry in read_entries(folder / "tape.db", seat)}
    kept = newest.get("seat", {})
    return kept.get("state", ""), kept.get("bot", ""), newest.get("decision", {}).get("outcome", "")


@asynccontextmanager
async def restarted(folder: Path) -> AsyncIterator[tuple[House, Seat]]:
    """A seat whose backend was told to stop, in a house that begins with the same tape."""
    async with house(folder) as it:
        seat, bot = await it.seated()
        bot.person_joins(100, "Ana")
        over = await it.join()
        assert (await it.do(over, "leave")).status_code == 200
        await until(lambda: over.closed)
        tape = it.served.wired.parts.tape
        for odd in ({}, {"bot": "b"}, {"bot": "b", "state": "asleep"}, {"bot": "b", "state": "live", "host": "recall"}):
            tape.append(f"odd-{len(odd)}", 0.0, "seat", odd)  # as another version may have left it
        for number in range(100):
            tape.append(f"zz-{number}", 0.0, "seat", {"bot": "b", "state": "done", "host": "recall"})
    assert bot.status_changes[-1]["code"] == "in_call_recording", "stopping takes no bot out of its meeting"
    async with house(folder) as it:
        # The vendor is another instance: its bot is as it was, and has connections of its own.
        again = RecallBot(bot.asked, it.recall.habits, it.recall._surroundings)
        again.id = bot.id
        it.recall.add(again)
        again.start()
        await until(lambda: list(it.seats.seats) == [seat.id])
        yield it, it.seats.get(bot.id)


async def test_stopped_and_started_again(tmp_path):
    """
    A backend that is told to stop leaves its bots in their meetings; its successor takes them up, and no seat that is
    over.
    """
    async with restarted(tmp_path) as (it, seat):
        await until(lambda: seat.state.value == "live")
        assert seat.steps[0].words == "taken up again after a restart"
        async with it.page(seat) as page:
            await page.until_type("welcome")
            assert seat.view()["page"]
        assert (await it.do(seat, "leave")).status_code == 200
        await until(lambda: seat.closed)


async def test_stopped_and_started_again_it_answers(tmp_path):
    """
    What the successor of a stopped backend is asked it answers, as before.
    """
    async with restarted(tmp_path) as (it, seat):
        async with it.page(seat) as page:
            await page.until_type("welcome")
            await page.hears("Ana", "Parley, who are you?", who=100, start=9.0)
            await page.until_type("line", final=True)
            async with asyncio.timeout(WITHIN):
                while not (decisions := await it.taped(seat, "decision")):  # noqa: ASYNC110  a file tells nobody
                    await asyncio.sleep(0.05)
            assert [each["verdict"] for each in decisions] == ["reply"]
