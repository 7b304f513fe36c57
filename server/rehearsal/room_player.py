"""Plays a meeting file in the rehearsal room: faster or slower, paused in mid-sentence, or all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from server.errors import ParleyError, RehearsalError
from server.rehearsal.meeting import Line, Meeting, MeetingEvent
from server.rehearsal.replay import MeetingFile, MeetingTurn
from server.rehearsal.spoken import silent

SPEEDS = (1.0, 2.0, 5.0, 20.0)
#: The speed that says everything as fast as the agent's page may take it.
INSTANT = 0.0
#: Seconds between two turns of an instant meeting: below the 200 messages a second that a page may send up.
_INSTANT_STEP = 1 / 120

PlayerState = Literal["ready", "playing", "paused", "over"]


class Player:
    """One loaded meeting file and how far it has been played.

    `on_change` is called at once after every change of state and every turn. Pausing cuts the open lines;
    playing on says the rest of them, from the next word.
    """

    def __init__(self, meeting: Meeting, file: MeetingFile, on_change: Callable[[], None]) -> None:
        self.file = file
        self.state: PlayerState = "ready"
        self.speed = 1.0
        #: one sentence when playing ended by itself before its time
        self.trouble = ""
        self._meeting = meeting
        self._changed = on_change
        self._todo: tuple[MeetingTurn, ...] = file.turns
        self._said = 0
        self._at = 0.0
        self._began = 0.0
        self._open: dict[Line, MeetingTurn] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def seconds(self) -> float:
        """Seconds of the recording that have been played."""
        if self.state == "playing" and self.speed:
            return min(self.duration, self._at + (self._meeting.now() - self._began) * self.speed)
        return self._at

    @property
    def duration(self) -> float:
        return max(turn.end for turn in self.file.turns)

    @property
    def snapshot(self) -> dict[str, Any]:
        """The player as the room's page shows it. Times are seconds of the recording."""
        return {
            "title": self.file.title,
            "speakers": list(self.file.speakers),
            "turns": len(self.file.turns),
            "said": min(self._said, len(self.file.turns)),
            "seconds": round(self.seconds, 2),
            "duration": round(self.duration, 2),
            "speed": self.speed,
            "state": self.state,
            "trouble": self.trouble,
        }

    async def play(self, speed: float) -> None:
        """Play on from here at this speed, `INSTANT` for at once. Over: from the beginning."""
        if speed not in (*SPEEDS, INSTANT):
            raise RehearsalError("The speed is one of 1, 2, 5, 20 or 0 for at once.")
        if self.state == "playing":
            if speed == self.speed:
                return
            await self._halt()
        if self.state == "over":
            self._todo, self._said, self._at = self.file.turns, 0, 0.0
        self.speed = speed
        self.trouble = ""
        self.state = "playing"
        self._began = self._meeting.now()
        self._task = asyncio.create_task(self._run(speed), name="rehearsal-room-player")
        self._changed()

    async def pause(self) -> None:
        """Stop in the middle; `play` goes on from the next word. Does nothing when it does not play."""
        if self.state == "playing":
            await self._halt()
            self.state = "paused"
            self._changed()

    async def close(self) -> None:
        """Stop for good. May be called twice."""
        if self.state == "playing":
            await self._halt()
            self.state = "over"

    async def _halt(self) -> None:
        """Cancel the playing; what was cut or not said at all becomes what is still to be said."""
        self._at = self.seconds
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self, speed: float) -> None:
        stop_listening = self._meeting.listen(self._heard)
        try:
            if speed == INSTANT:
                await self._say_at_once()
            else:
                rest = MeetingFile(self.file.title, self._todo)
                # Turns that waited for a slow speaker may be overdue; none of them is left out.
                self._at = min(self._at, self._todo[0].start) if self._todo else self._at
                await self._meeting.play(rest, speed=speed, begin=self._at)
            self._at, self.state = self.duration, "over"
        except asyncio.CancelledError:
            pass  # the meeting has cut the open lines; `_heard` has kept the rest of each
        except ParleyError as error:
            self._at = self.seconds
            self.state, self.trouble = "paused", str(error)
        finally:
            stop_listening()
        # A line that was cut says its rest before anything else is said.
        rests = [_rest(line, turn, self._at) for line, turn in self._open.items()]
        self._todo = (*(rest for rest in rests if rest is not None), *self._todo)
        self._open.clear()
        if self.state != "playing":
            self._changed()

    async def _say_at_once(self) -> None:
        people = {name: self._meeting.find(name) for name in self.file.speakers}
        for turn in self._todo:
            person = people[turn.speaker] or self._meeting.add(turn.speaker)
            people[turn.speaker] = person
            await self._meeting.say(person.id, turn.text, spoken=silent(turn.text, 0.05))
            await self._meeting.until(self._meeting.now() + _INSTANT_STEP)

    def _heard(self, event: MeetingEvent) -> None:
        line = event.line
        if line is None:
            return
        if event.kind == "started" and self._todo:
            turn = self._todo[0]
            # Turns are said strictly in order; any other line is somebody typing in between.
            if turn.text == line.text and turn.speaker.casefold() == line.person.name.casefold():
                self._todo = self._todo[1:]
                self._open[line] = turn
                self._said = len(self.file.turns) - len(self._todo)
                self._changed()
        elif event.kind == "ended" and not line.cut:
            self._open.pop(line, None)


def _rest(line: Line, turn: MeetingTurn, now: float) -> MeetingTurn | None:
    """What of a cut line was not said, as a turn that is due now."""
    words = turn.text.split()[len(line.words) :] if line.cut else []
    if not words:
        return None
    return replace(turn, text=" ".join(words), start=now, end=max(turn.end, now + 0.3))
