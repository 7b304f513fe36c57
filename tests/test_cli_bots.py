"""The commands that seat the agent in meetings, against a running backend and a stand-in of the vendor."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from server import cli_bots
from server.cli import app
from server.errors import HostError
from tests.seats.seating import MEET, House, house, until

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[float]:
    """No settings of whoever runs this, and short waits; one entry for every look at a bot that is on its way."""
    found: list[float] = []

    def sleep(seconds: float) -> None:
        found.append(seconds)
        time.sleep(0.02)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        cli_bots, "time", SimpleNamespace(sleep=sleep, strftime=time.strftime, localtime=time.localtime)
    )
    return found


async def parley(it: House, *words: str) -> Result:
    """Run a command beside the backend."""
    env = {"PARLEY_PORT": str(it.served.port)}
    return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=env)


async def test_join_follows_until_the_agent_is_seated(tmp_path, looks):
    """
    `parley join` prints every step with what to do, and comes back when the agent is seated; `bots` lists it then.
    """
    async with house(tmp_path / "data") as it:
        assert (await parley(it, "bots")).output == ""
        it.recall.habits.waiting_room = True
        joining = asyncio.create_task(parley(it, "join", MEET, "--name", "Scribe", "--sense", "mixed"))
        bot = await it.recall.next_bot()
        await until(lambda: any(seat.state.value == "waiting" for seat in it.seats.seats.values()))
        before = len(looks)
        await until(lambda: len(looks) > before + 1)
        bot.person_joins(100, "Ana")
        bot.admit()
        result = await joining
        assert result.exit_code == 0, result.output
        (seat,) = it.seats.seats.values()
        lines = result.output.splitlines()
        assert lines[0] == f"bot {seat.id} on recall"
        assert lines[-1] == f"seated; `parley leave {seat.id}` takes it out again"
        assert any(line.split(maxsplit=2)[1:] == ["waiting", "the bot is waiting to be admitted"] for line in lines)
        assert "Ask the host to admit the bot." in result.output
        assert bot.asked["bot_name"] == "Scribe" and "audio_mixed_raw" in bot.asked["recording_config"]
        assert MEET not in result.output

        await until(lambda: seat.view()["people"])
        (line,) = (await parley(it, "bots")).output.splitlines()
        assert line.startswith(f"{seat.id}  recall     live     1 people")


async def test_join_says_what_went_wrong(tmp_path):
    """
    A bot that failed ends `parley join` with exit status 1 and the reason; with `--no-wait` nothing is waited for.
    """
    async with house(tmp_path / "data") as it:
        it.recall.script("402")
        result = await parley(it, "join", MEET)
        assert result.exit_code == 1
        assert "the Recall workspace is out of credit" in result.output and "Add credit" in result.output
        it.recall.habits.waiting_room = True
        result = await parley(it, "join", MEET, "--no-wait")
        assert result.exit_code == 0 and len(result.output.splitlines()) == 1
        listed = (await parley(it, "bots")).output.splitlines()
        every = (await parley(it, "bots", "--all")).output.splitlines()
        assert len([line for line in listed if "recall" in line]) == 1
        assert len([line for line in every if "recall" in line]) == 2


async def test_steering(tmp_path):
    """
    `show`, `hide`, `say`, `chat` and `leave` do what they say, by either id of the bot.
    """
    async with house(tmp_path / "data") as it:
        seat, bot = await it.seated()
        async with it.page(seat) as page:
            await page.until_type("welcome")
            assert (await parley(it, "show", seat.id, "--screen")).exit_code == 0
            assert bot.pages.open.keys() == {"camera", "screenshare"}
            result = await parley(it, "hide", bot.id, "--screen")
            assert result.output == f"{seat.id}: the shared screen was taken away\n"
            assert bot.pages.open.keys() == {"camera"}
            assert (await parley(it, "say", seat.id, "Good morning.")).exit_code == 0
            assert (await page.until_type("piece"))["text"] == "Good morning."
            assert (await parley(it, "chat", seat.id, "Minutes follow.")).exit_code == 0
            assert [line.message for line in bot.chat_sent] == ["Minutes follow."]
            assert (await parley(it, "leave", seat.id)).exit_code == 0
        await until(lambda: seat.closed)


async def test_refusals_are_in_the_servers_own_words(tmp_path):
    """
    What the server refuses is an error with its advice; a field that is wrong is named.
    """
    async with house(tmp_path / "data") as it:
        for words, message, advice in (
            (["join", "https://meet.goto.com/1"], "cannot show a page on GoTo", "Meet on Zoom"),
            (["join", MEET, "--sense", "smell"], "senses.0: Input should be 'mixed'", "openapi"),
            (["leave", "nobody"], "there is no such bot", "`parley bots` lists them."),
            (["say", "nobody", ""], "text: String should have at least 1 character", "openapi"),
        ):
            result = await parley(it, *words)
            assert isinstance(result.exception, HostError), result.output
            assert message in str(result.exception) and advice in result.exception.advice
            assert not it.recall.requests


def test_no_server_runs():
    """
    Without a server every command says how to start one, in two lines and with exit status 2.
    """
    env = {"PATH": os.environ["PATH"], "PARLEY_PORT": "9", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "bots"], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.splitlines() == ["parley: no Parley answers on port 9", "        Start it with `parley serve`."]
