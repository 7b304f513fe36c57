"""People, times, timers and the agent itself: what needs no quote."""

from __future__ import annotations

import re
from typing import Any

from server.brains.embedded import timing
from server.brains.embedded.phrases import listed
from server.brains.embedded.room import LINES, Answer, Room, capital
from server.brains.embedded.speech import sentences
from server.brains.embedded.talk import Share, shares
from server.brains.embedded.wordings import Intent


async def people(room: Room) -> Answer:
    names = room.people
    if not names:
        return Answer("I don't know who is here.")
    count = "one person" if len(names) == 1 else f"{timing.spell(len(names))} people"
    return Answer(f"{capital(count)}: {listed(names)}.")


async def spoke(room: Room) -> Answer:
    spoken = [share.speaker for share in shares(room.request.turns)]
    if not spoken:
        return Answer(room.say("nothing_yet"))
    silent = [name for name in room.people if name not in spoken]
    text = f"{listed(spoken)} {'has' if len(spoken) == 1 else 'have'} spoken so far"
    return Answer(f"{text}; {listed(silent)} {'has' if len(silent) == 1 else 'have'} not." if silent else f"{text}.")


async def last_speaker(room: Room) -> Answer:
    question = room.request.question.lower()
    for turn in reversed(room.request.turns):
        if not turn.is_agent and turn.text and turn.text.lower() not in question and question not in turn.text.lower():
            return Answer(f"That was {turn.speaker}, {room.when(turn.end)}.")
    return Answer(room.say("nothing_yet"))


async def talk_time(room: Room) -> Answer:
    found = shares(room.request.turns)
    if not found:
        return Answer(room.say("nothing_yet"))
    calls = _talk_card(found, room.ask.form) if room.ask.show or room.ask.form else ()
    if room.ask.person:
        mine = next((share for share in found if share.speaker == room.ask.person), None)
        if mine is None:
            return Answer(room.say("person_silent", person=room.ask.person), calls)
        return Answer(
            f"{mine.speaker} has spoken for {timing.length(mine.seconds)}, {mine.percent} percent of the talking.",
            calls,
        )
    if room.ask.detail == "least":
        last = found[-1]
        return Answer(
            f"{last.speaker} has talked the least: {timing.length(last.seconds)}, {last.percent} percent.", calls
        )
    top, *rest = found
    text = f"{top.speaker} has talked the most, {top.percent} percent of the time"
    if rest:
        text += ", then " + listed([f"{share.speaker} with {share.percent}" for share in rest[:3]])
    return Answer(text + ".", calls)


def _talk_card(found: list[Share], form: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    if form == "table":
        rows = [[share.speaker, _minutes(share.seconds), f"{share.percent} %"] for share in found[:LINES]]
        return (
            ("show_card", {"kind": "table", "title": "Talk time", "columns": ["Who", "Time", "Share"], "rows": rows}),
        )
    labels = [share.speaker for share in found[:LINES]]
    values = [round(share.seconds / 60, 1) for share in found[:LINES]]
    return (("show_card", {"kind": "bar", "title": "Talk time in minutes", "labels": labels, "values": values}),)


def _minutes(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


async def elapsed(room: Room) -> Answer:
    length = timing.length(room.elapsed)
    began = timing.earlier(room.request.wall_time, room.elapsed)
    return Answer(room.say("began", length=length, clock=began) if began else room.say("elapsed", length=length))


async def clock(room: Room) -> Answer:
    known = timing.clock(room.request.wall_time)
    if known is None:
        return Answer(room.say("no_clock", length=timing.length(room.elapsed)))
    day = re.search(r"\b(?:day|date)\b", room.request.question.lower())
    return Answer(room.say("day" if day else "clock", clock=known[0], day=known[1]))


async def timer(room: Room) -> Answer:
    seconds = room.ask.seconds or 0.0
    arguments: dict[str, Any] = {"seconds": seconds}
    if room.ask.label:
        arguments["label"] = room.ask.label
    length = timing.length(seconds)
    text = (
        room.say("timer_for", length=length, label=room.ask.label)
        if room.ask.label
        else room.say("timer", length=length)
    )
    return Answer(text, (("set_timer", arguments),))


async def timer_left(room: Room) -> Answer:
    """What is left of a timer we announced ourselves; others are not known here."""
    for spoken in reversed(room.request.spoken):
        found = re.search(r"I'll speak up in ([^.]+)\.|in ([^.]+?) I'll remind", spoken.planned)
        seconds = timing.duration(found[1] or found[2]) if found else None
        if seconds is not None and (left := spoken.at + seconds - room.request.now) > 0:
            return Answer(room.say("timer_left", length=timing.length(left)))
    return Answer(room.say("no_timer"))


async def repeat(room: Room) -> Answer:
    last = next((spoken.planned for spoken in reversed(room.request.spoken) if spoken.planned.strip()), "")
    return Answer(last or room.say("nothing_to_repeat"))


async def go_on(room: Room) -> Answer:
    return Answer(room.request.unheard.strip() or room.say("finished"))


async def quiet(room: Room) -> Answer:
    if not room.ask.seconds:
        return Answer(room.say("quiet"), (("be_quiet", {}),))
    minutes = round(room.ask.seconds / 60, 2)
    return Answer(room.say("quiet_for", length=timing.length(room.ask.seconds)), (("be_quiet", {"minutes": minutes}),))


async def hide(room: Room) -> Answer:
    return Answer(room.say("hidden"), (("hide_card", {}),))


async def show_last(room: Room) -> Answer:
    """The last reply as a list."""
    last = next((spoken.planned for spoken in reversed(room.request.spoken) if len(spoken.planned) > 40), "")
    items = [one.strip(" ”") for one in sentences(last.replace("”", "” ")) if len(one) > 12][:LINES]
    if not items:
        return Answer(room.say("nothing_to_show"))
    return Answer(room.say("shown"), (("show_card", {"kind": "list", "title": "What I said", "items": items}),))


async def fixed(room: Room) -> Answer:
    name = {
        Intent.CALLED: "called",
        Intent.GREETING: "hello",
        Intent.THANKS: "welcome",
        Intent.HELP: "help",
    }[room.ask.intent]
    return Answer(room.say(name, name=room.request.agent_name))
