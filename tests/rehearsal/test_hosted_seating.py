"""A seat through a host with the real backend as a process, without a browser: what happens when it goes wrong."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from rehearsing import ToneVoice

from server.errors import RehearsalError
from server.rehearsal.backend import Backend
from server.rehearsal.director import Progress
from server.rehearsal.hosts.meetstream_bot import MeetStreamBot
from server.rehearsal.meeting import Meeting
from server.rehearsal.scenario import Scenario, Seat, parse_scenario
from server.rehearsal.seating import hosted
from server.rehearsal.seating.meetstream import ThroughMeetStream
from server.store.tape import read_entries

pytest.importorskip("av", reason="PyAV is not installed")
pytestmark = pytest.mark.anyio

SCENARIO = parse_scenario({"people": ["Ana"], "steps": [{"ana": "Hello."}], "seat": {"senses": []}})


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is kept waiting before the door."""
    monkeypatch.setattr(hosted, "LET_IN_AFTER", 0.0)


class Rig:
    """A seating with everything it needs; the test says what happens."""

    def __init__(self, folder: Path, scenario: Scenario = SCENARIO) -> None:
        self.told: list[Progress] = []
        self.backend = Backend(folder, name="Parley")
        self.meeting = Meeting(ToneVoice(), clock=clock.monotonic, bot_id="none")
        self.seating = ThroughMeetStream(self.meeting, scenario, folder, tell=self.told.append)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Rig:
        self._stack.push_async_callback(self.backend.stop)
        self._stack.push_async_callback(self.meeting.close)
        await self._stack.enter_async_context(self.seating)
        await self.backend.start(await self.seating.arrange(self.backend))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.__aexit__(*error)

    async def until(self, true: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait for something that another process brings about."""
        end = clock.monotonic() + seconds
        while not true():
            assert clock.monotonic() < end, [event.text for event in self.told]
            await self.meeting.until(self.meeting.now() + 0.02)


async def test_a_seat_from_join_to_leave(tmp_path):
    """
    The bot is let in, the agent greets the first who comes and is heard on the sound itself; the account holds all that
    is expected of a seat, and both sides agree that it is done.
    """
    async with Rig(tmp_path) as rig:
        session = await rig.seating.take()
        begin = rig.meeting.now()
        ana = rig.meeting.add("Ana", "500")
        await rig.until(lambda: bool(rig.seating.agent.replies))
        rig.meeting.write(ana.id, "Parley, are you there?")
        await rig.until(lambda: bool(rig.seating.written))
        await rig.until(lambda: rig.seating.agent.current is None)
        await rig.seating.leave()
        rig.seating.agent.finish()
    account = rig.seating.account(read_entries(rig.backend.tape, session), begin)

    assert [v.name for v in account.verdicts if not v.held] == []
    assert account.seat is not None and account.seat.state == "done"
    assert [reply.number for reply in rig.seating.agent.replies][:1] == [1]
    assert rig.seating.agent.replies[0].seconds > 1.0
    assert {"speaking", "listening"} <= {state.agent for state in rig.seating.agent.states}
    assert account.pictures is not None and account.pictures.at(rig.meeting.now()) is not None
    assert account.seat.steps[0].at < 0 < account.seat.chat[0][0]
    assert [event.who for event in rig.told if event.kind == "seat"][:2] == ["joining", "joining"]
    assert rig.seating.service.url not in rig.backend.log.read_text()


async def test_a_bot_that_cannot_be_sent_is_an_error_with_the_operator_s_words(tmp_path):
    """
    As `parley join` would print them, with the advice.
    """
    async with Rig(tmp_path) as rig:
        rig.seating.service.script("403", times=9, on="POST /api/v1/bots/create_bot")
        with pytest.raises(RehearsalError, match=r"ended before it came into the waiting room: .+"):
            await rig.seating.take()


async def test_a_bot_that_is_turned_away_is_an_error_with_the_operator_s_words(tmp_path, monkeypatch):
    """
    The host of the meeting refuses it in the waiting room.
    """
    monkeypatch.setattr(MeetStreamBot, "admit", MeetStreamBot.deny)
    async with Rig(tmp_path) as rig:
        with pytest.raises(RehearsalError, match="ended before it was let in: The host refused to let the bot in"):
            await rig.seating.take()


async def test_a_bot_that_is_never_let_in_is_an_error_after_a_while(tmp_path, monkeypatch):
    """
    With the last that was said and what to do about it.
    """

    def stay_away(bot: MeetStreamBot) -> None:
        monkeypatch.setattr(hosted, "SEATED_WITHIN", 0.5)

    monkeypatch.setattr(MeetStreamBot, "admit", stay_away)
    async with Rig(tmp_path) as rig:
        with pytest.raises(
            RehearsalError, match=r"never was let in; the last that was said: The bot is in the waiting"
        ):
            await rig.seating.take()


async def test_a_bot_that_is_thrown_out_is_not_said_to_have_stayed(tmp_path):
    """
    Whoever removed it, the seat is over; nothing is told to a bot that is gone, and the operator need not take it out.
    """
    async with Rig(tmp_path) as rig:
        session = await rig.seating.take()
        ana = rig.meeting.add("Ana", "500")
        rig.seating.bot.kick()
        await rig.until(lambda: any(event.who == "done" for event in rig.told if event.kind == "seat"))
        line = await rig.meeting.say(ana.id, "one two")
        await line.done
        await rig.seating.leave()
        rig.seating.agent.finish()
    account = rig.seating.account(read_entries(rig.backend.tape, session), 0.0)

    verdicts = {verdict.name: verdict for verdict in account.verdicts}
    assert verdicts["leaves"].held and verdicts["hears every line once"].found.startswith("0 of 0")
    assert "the operator takes the bot out" not in [event.text for event in rig.told]


async def test_what_a_host_cannot_send_is_an_error_in_the_backend_s_words(tmp_path):
    """
    Before a bot is asked for.
    """
    async with Rig(tmp_path, replace(SCENARIO, seat=Seat(senses=["voices"]))) as rig:
        with pytest.raises(RehearsalError, match="the backend refused: MeetStream sends the meeting's sound mixed"):
            await rig.seating.take()
        assert not rig.seating.service.bots
