"""Runs a scenario: waits for what each step waits for, has its line said, and gives what follows its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from server.rehearsal.agent_sound import AgentSound, HeardReply
from server.rehearsal.judge import (
    CARD_WITHIN,
    CHAT_WITHIN,
    REPLY_WITHIN,
    STATE_WITHIN,
    Played,
    Written,
    reply_after,
)
from server.rehearsal.manners.noises import noise
from server.rehearsal.meeting import Line, Meeting, MeetingEvent, Person
from server.rehearsal.replay import FASTEST_SPOKEN, load_meeting_file
from server.rehearsal.report import Report
from server.rehearsal.scenario import SOUNDS, Scenario, Step

#: A step never waits longer for another than this, in seconds.
PATIENCE = 45.0
#: Live conditions are looked at this often. The verdicts use the recorded times, not these looks.
_LOOK = 0.02
#: After the last step: for a reply nobody expected, and so that the film does not end on a word.
_TAIL = 1.2


@dataclass(frozen=True)
class Progress:
    """Something the person who started the rehearsal may like to see, as it happens."""

    kind: Literal["stage", "seat", "line", "act", "chat", "reply", "silent", "written", "trouble", "verdict", "done"]
    text: str
    #: seconds since the scenario began, once it has
    at: float | None = None
    who: str = ""
    held: bool | None = None
    #: with `done`
    report: Report | None = None


OnProgress = Callable[[Progress], None]


def nobody(event: Progress) -> None:
    """The progress of a rehearsal nobody watches."""


class Director:
    """Plays one scenario in a meeting whose agent is heard through `agent`."""

    def __init__(
        self,
        meeting: Meeting,
        agent: AgentSound,
        scenario: Scenario,
        *,
        speed: float = 1.0,
        written: Callable[[], Sequence[Written]] = tuple,
        on_progress: OnProgress = nobody,
    ) -> None:
        """`speed` hurries a recorded meeting and the steps' times; lines are spoken at most twice as fast. `written`
        gives what the agent wrote into the chat so far.
        """
        self._meeting = meeting
        self._agent = agent
        self._scenario = scenario
        self._speed = speed
        self._written = written
        self._tell = on_progress
        self._told: set[int] = set()
        self._told_chat = 0
        self._people: dict[str, Person] = {}
        self.played: list[Played] = []
        self._zero = 0.0
        self._recording: asyncio.Task[int] | None = None

    async def run(self) -> list[Played]:
        """Everything the scenario holds, to the end. Cancelling cuts the open lines."""
        self._people = {p.name: self._meeting.add(p.name, p.voice) for p in self._scenario.present}
        self._zero = self._meeting.now()
        stop_listening = self._meeting.listen(self._heard_line)
        watcher = asyncio.create_task(self._watch(), name="rehearsal-watch")
        self._recording = background = self._background()
        try:
            for step in self._scenario.steps:
                missing = await self._wait_for(step)
                speaking = self._agent.current
                line = await self._act(step)
                if missing:
                    self._tell(Progress("trouble", missing, self._meeting.now() - self._zero, step.label))
                self.played.append(Played(step, line, speaking, missing))
            if self.played:
                await self._until(lambda: all(self._settled(p) for p in self.played))
            if background is not None and not self._scenario.steps:
                await background
            await self._meeting.until(self._meeting.now() + _TAIL)
            await self._until(lambda: self._agent.current is None)
        finally:
            stop_listening()
            for task in (watcher, background):
                if task is not None:
                    task.cancel()
            await asyncio.gather(*filter(None, (watcher, background)), return_exceptions=True)
        return self.played

    async def _act(self, step: Step) -> Line:
        """Have this done; a step without sound is over at once."""
        meeting = self._meeting
        if step.kind == "joins":
            voice = next(p.voice for p in self._scenario.people if p.name == step.person)
            self._people[step.person] = meeting.add(step.person, voice)
        person = self._people[step.person]
        if step.kind == "leaves":
            meeting.remove(person.id)
        elif step.kind == "chat":
            return meeting.write(person.id, step.text)
        elif step.kind == "says":
            return await meeting.say(person.id, step.text, speed=min(FASTEST_SPOKEN, step.speed * self._speed))
        elif step.kind in SOUNDS:
            sound = await asyncio.to_thread(noise, step.kind, step.lasts, text=step.text, seed=person.id)
            return await meeting.say(person.id, step.text or f"[{step.kind}]", spoken=sound)
        self._tell(Progress("act", step.text, meeting.now() - self._zero, step.person))
        return meeting.mark(person, step.text)

    def _background(self) -> asyncio.Task[int] | None:
        scenario = self._scenario
        if scenario.meeting is None:
            return None
        recording = load_meeting_file(scenario.meeting)
        return asyncio.create_task(
            self._meeting.play(recording, self._speed, until=scenario.meeting_until, begin=scenario.meeting_begin),
            name="rehearsal-recording",
        )

    # ------------------------------------------------------------ waiting

    async def _until(self, true: Callable[[], bool], patience: float = PATIENCE) -> bool:
        """Wait until something is so; False when it never was."""
        end = self._meeting.now() + patience
        while not true():
            if self._meeting.now() > end:
                return False
            await asyncio.sleep(_LOOK)
        return True

    async def _wait_for(self, step: Step) -> str:
        """Wait for the step's moment; returns what never came, in words, or nothing."""
        missing = ""
        if step.at is not None:
            await self._meeting.until(self._zero + step.at / self._speed)
        elif (after := step.after) is not None:
            if after.kind == "meeting ends":
                if self._recording is not None:
                    await asyncio.wait([self._recording])
            elif after.kind == "ends":
                await self.played[after.step].line.done
            elif after.kind == "begins":
                await self._meeting.until(self.played[after.step].line.start)
            elif after.kind == "settled":
                await self._until(lambda: self._settled(self.played[after.step]))
            else:
                missing = await self._wait_for_reply(self.played[after.step], after.kind, after.seconds)
        if step.pause:
            since = self._meeting.now()
            if step.after is not None and step.after.kind == "begins":
                since = self.played[step.after.step].line.start
            await self._meeting.until(since + step.pause / self._speed)
        return missing

    async def _wait_for_reply(self, played: Played, kind: str, seconds: float) -> str:
        await played.line.done
        patience = (played.step.expect.replies_within or REPLY_WITHIN) + 0.5
        begun = await self._until(lambda: self._reply(played) is not None, patience)
        reply = self._reply(played)
        if not begun or reply is None:
            return f"a reply to {played.step.label}"
        if kind == "reply ends":
            await self._until(lambda: self._over(reply))
        elif kind == "reply played":
            reached = await self._until(lambda: reply.seconds >= seconds or self._over(reply))
            if not reached or reply.seconds < seconds - 0.1:
                return f"{seconds:g} s of the reply to {played.step.label}"
        return ""

    def _reply(self, played: Played) -> HeardReply | None:
        return reply_after(played, self._agent.replies)

    def _over(self, reply: HeardReply) -> bool:
        self._agent.settle()
        return reply.over

    def _settled(self, played: Played) -> bool:
        """Whether everything that the step expects has come or can no longer come in time."""
        line, expect, now = played.line, played.step.expect, self._meeting.now()
        if not line.done.is_set():
            return False
        if now > line.end + PATIENCE:
            return True
        if expect.wants_reply:
            reply = self._reply(played)
            within = expect.replies_within if expect.replies_within is not None else REPLY_WITHIN
            if reply is None and now < line.end + within + 0.3:
                return False
            if reply is not None and not self._over(reply):
                return False
        if expect.wants_chat:
            within = expect.chat_within if expect.chat_within is not None else CHAT_WITHIN
            if now < line.end + within + 0.3 and not any(each.at > line.start for each in self._written()):
                return False
        if expect.stays_silent is not None and now < line.end + expect.stays_silent:
            return False
        if expect.keeps_talking is not None and now < line.start + expect.keeps_talking:
            return False
        interrupted = played.speaking is not None and not self._over(played.speaking)
        if expect.stops_within is not None and interrupted and now < line.start + expect.stops_within + 1.0:
            return False
        if expect.heard_at_most is not None and interrupted:
            return False
        states = [s for s in self._agent.states if s.at >= line.start]
        if expect.shows_card is not None and now < line.end + CARD_WITHIN and not any(s.card for s in states):
            return False
        if expect.state_is is not None and now < line.end + STATE_WITHIN:
            current = self._agent.state
            return current is not None and expect.state_is in {current.agent, *(s.agent for s in states)}
        return True

    # ------------------------------------------------------------ telling

    def _heard_line(self, event: MeetingEvent) -> None:
        if event.line is not None and (event.kind == "started" or event.kind == "wrote"):
            kind: Literal["line", "chat"] = "line" if event.kind == "started" else "chat"
            self._tell(Progress(kind, event.line.text, event.line.start - self._zero, event.person.name))

    async def _watch(self) -> None:
        while True:
            self._agent.settle()
            for index, reply in enumerate(self._agent.replies):
                if index not in self._told:
                    self._told.add(index)
                    self._tell(Progress("reply", "begins to speak", reply.begin - self._zero))
                if reply.over and -1 - index not in self._told:
                    self._told.add(-1 - index)
                    self._tell(Progress("silent", f"spoke for {reply.seconds:.1f} s", reply.end - self._zero))
            written = self._written()
            for each in written[self._told_chat :]:
                self._tell(Progress("written", each.text, each.at - self._zero))
            self._told_chat = len(written)
            await asyncio.sleep(0.05)
