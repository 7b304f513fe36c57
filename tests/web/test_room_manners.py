"""What the rehearsal room is told of the floor, the voice and the hand, and how a person cuts in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.core.messages import Continue, Duck, Flush, Hand, Pause, State, plain
from server.errors import RehearsalError
from server.rehearsal.room_lines import KEPT, MAX_TOLD, Lines
from server.rehearsal.room_manners import Manners
from tests.web.room_app import TonesVoice, build
from tests.web.test_room import joined, serve

DUCK, UNDUCK, PAUSE, GO_ON, FLUSH = Duck(-12.0), Duck(0.0, 80), Pause(1, 1), Continue(1, 1), Flush(2)
SPEAKING, LISTENING = State("speaking"), State("listening")
STOPPED = {"type": "decision", "outcome": "interrupted", "trouble": "interrupted"}


def told(*events: Any) -> list[tuple[str, str]]:
    """The voice and its words after each event that changed them."""
    manners = Manners()
    changes = [manners.take(event if isinstance(event, dict) else plain(event)) for event in events]
    return [(change["voice"], change["words"]) for change in changes if change]


@pytest.mark.parametrize(
    ("events", "voices"),
    [
        ((SPEAKING, LISTENING), ["speaking", "silent"]),
        ((SPEAKING, DUCK, UNDUCK, LISTENING), ["speaking", "lowered", "going on", "silent"]),
        ((SPEAKING, DUCK, PAUSE, DUCK, GO_ON, UNDUCK), ["speaking", "lowered", "held", "going on"]),
        ((SPEAKING, PAUSE, FLUSH, LISTENING), ["speaking", "held", "stopped"]),
        ((SPEAKING, FLUSH, LISTENING, State("thinking"), SPEAKING), ["speaking", "stopped", "speaking"]),
        ((SPEAKING, State("trouble")), ["speaking", "silent"]),
        ((DUCK, UNDUCK, PAUSE, GO_ON, FLUSH, LISTENING), []),
    ],
)
def test_the_voice_follows_the_messages_to_the_page(events: tuple[Any, ...], voices: list[str]):
    """Each turn of the voice is told once; what reaches no reply changes nothing."""
    assert [voice for voice, _ in told(*events)] == voices


def test_why_it_stopped_comes_with_the_decision():
    """The page is told that the voice stopped at once, and why as soon as the record of the reply says it."""
    assert told(SPEAKING, FLUSH, LISTENING, STOPPED, STOPPED)[1:] == [("stopped", ""), ("stopped", "interrupted")]
    assert told(SPEAKING, FLUSH, {**STOPPED, "trouble": "stop"})[-1] == ("stopped", "told to")
    assert told(SPEAKING, FLUSH, {**STOPPED, "trouble": "unheard of"})[1:] == [("stopped", "")]
    assert told(SPEAKING, {**STOPPED, "outcome": "complete"}) == [("speaking", "")]


def test_hand_and_floor_are_told_when_they_change():
    """The same label, and the same silence, again are no news; a page that comes later gets both."""
    manners = Manners()
    up, down = plain(Hand("Ship date")), plain(Hand(""))
    assert [manners.take(event) for event in (up, up)] == [{"type": "hand", "label": "Ship date"}, None]
    talking = {"type": "floor", "talking": True}
    assert [manners.take(event) for event in (talking, talking)] == [talking, None]
    assert manners.snapshot == {"voice": "silent", "words": "", "hand": "Ship date", "talking": True}
    assert manners.take(down) == {"type": "hand", "label": ""}
    assert manners.take({"type": "chat", "text": "x"}) is None


def test_a_line_of_the_agent_keeps_what_became_of_its_voice():
    """Turns of the voice stay with the line they fell into, through its end; a finished line takes no more."""
    lines = Lines()
    said = {"id": "a1", "speaker": "Parley", "text": "Two things.", "final": False}
    assert lines.voiced("lowered") is None
    lines.agent(said)
    assert lines.voiced("speaking") is None
    lines.voiced("lowered")
    assert (lines.voiced("going on") or {})["voice"] == ["lowered", "going on"]
    assert lines.agent({**said, "final": True})["voice"] == ["lowered", "going on"]
    assert lines.voiced("stopped") is None
    lines.agent({**said, "id": "a2"})
    assert lines.voiced("held") is not None and lines.voiced("held") is None
    turns = ["lowered", "going on"] * MAX_TOLD
    assert sum(lines.voiced(turn) is not None for turn in turns) == MAX_TOLD - 1
    assert len(lines.snapshot(0.0)) == 2 < KEPT


@pytest.mark.anyio
async def test_the_page_is_told_of_floor_voice_and_hand():
    """Everything of the manners reaches the page as it happens, and a page that comes back finds it."""
    app = build()
    async with serve(app) as base:
        async with joined(base) as (page, welcome):
            assert welcome["manners"] == {"voice": "silent", "words": "", "hand": "", "talking": False}
            session = app.state.rooms.find(page.room).session_id
            said = {"type": "line", "id": "a1", "speaker": "Parley", "text": "Well", "final": False, "agent": True}
            for event in (said, plain(SPEAKING), {"type": "floor", "talking": True}, plain(DUCK), plain(Hand("Cost"))):
                app.state.agent.tell(session, event)
            assert (await page.wait("floor"))["talking"] is True
            assert (await page.wait("voice"))["voice"] == "lowered"
            assert (await page.wait("line"))["voice"] == ["lowered"]
            assert (await page.wait("hand"))["label"] == "Cost"
        async with joined(base, page.room) as (_, again):
            assert again["manners"] == {"voice": "lowered", "words": "", "hand": "Cost", "talking": True}


@pytest.mark.anyio
async def test_evidence_comes_with_a_decision():
    """A decision brings what it went by, for whoever wants to look closer."""
    app = build()
    async with serve(app) as base, joined(base) as (page, _):
        session = app.state.rooms.find(page.room).session_id
        event = {"type": "decision", "verdict": "silent", "reason": "not-called", "words": "nobody called its name"}
        app.state.agent.tell(session, {**event, "evidence": "no name", "floor": "quiet for 0.6 s"})
        decision = await page.wait("decision")
        assert (decision["evidence"], decision["floor"]) == ("no name", "quiet for 0.6 s")


@pytest.mark.anyio
async def test_who_cuts_in_breaks_off_and_is_heard_at_once():
    """The person's own line ends where it is, what they had waiting is never said, and the new one begins."""
    async with serve(build()) as base, joined(base) as (page, _):
        long = "one two three four five six seven eight nine ten " * 5
        await page.send(type="say", person=1, text=long)
        first = await page.wait("line", final=False)
        for text in ("waiting one", "waiting two", "waiting three"):
            await page.send(type="say", person=1, text=text)
        await page.send(type="interrupt", person=1, text="  Stop.\n ")
        over = await page.wait("line", id=first["id"], final=True)
        assert over["cut"] is True and len(over["text"]) < len(long)
        assert (await page.wait("line", final=False))["text"] == "Stop."
        await page.wait("line", text="Stop.", final=True)
        await page.send(type="say", person=1, text="After that.")
        assert (await page.wait("line", final=False))["text"] == "After that."


@pytest.mark.anyio
async def test_others_go_on_while_somebody_cuts_in():
    """Only the person who cuts in breaks off; two are heard at once."""
    app = build()
    async with serve(app) as base, joined(base) as (page, _):
        await page.send(type="say", person=2, text="one two three four five six seven eight nine ten " * 5)
        await page.wait("line", person=2, final=False)
        await page.send(type="interrupt", person=1, text="Wait.")
        await page.wait("line", person=1, final=False)
        assert {line.person.id for line in app.state.rooms.find(page.room).meeting.lines} == {1, 2}
        for bad in ({"person": 1, "text": " "}, {"person": 99, "text": "x"}, {"person": 1}):
            await page.send(type="interrupt", **bad)
            assert not (await page.wait("problem"))["fatal"]


@pytest.mark.anyio
async def test_a_line_whose_voice_was_still_made_is_not_said_after_all():
    """Who cuts in while their line is on its way to the voice says only what they cut in with."""
    made, go = asyncio.Event(), asyncio.Event()

    class Slow(TonesVoice):
        async def speak(self, text: str, *, voice: str = "", language: str = "en"):
            if text.startswith("Slow"):
                made.set()
                await go.wait()
            async for sound in super().speak(text, voice=voice, language=language):
                yield sound

    app = build(voice=Slow())
    async with serve(app) as base, joined(base) as (page, _):
        room = app.state.rooms.find(page.room)
        slow = asyncio.create_task(room.say(1, "Slow to come."))
        await made.wait()
        cut = asyncio.create_task(room.interrupt(1, "Stop."))
        await asyncio.sleep(0)
        go.set()
        assert await slow is None
        line = await cut
        assert line is not None and line.text == "Stop."
        with pytest.raises(RehearsalError):
            await room.interrupt(1, "x" * 501)
