"""The agent's seat in a real meeting: when to greet, and when to go.

Pure. Both need a host that tells of the bot's life; in a rehearsal there is none, and nothing here happens.
"""

from __future__ import annotations

from server.core.effects import LeaveMeeting
from server.core.events import SeatChanged
from server.core.room import Room

#: seconds between the moment both are in and the greeting: somebody may be in mid-sentence, or still opening the door
GREET_AFTER = 2.0
#: seconds for which only bots, or nobody, may be left before the agent goes too
ALONE = 30.0
#: the states in which the bot is in the meeting
SEATED = frozenset({"in-call", "live"})
#: why the agent leaves, in plain words
LEAVING = {
    "alone": "everybody else has left",
    "asked": "it was asked to leave",
}


class Seat:
    """One bot's stay in one meeting."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._out = room.out
        self.state = ""
        self.greeted = False
        self._heard = False

    @property
    def seated(self) -> bool:
        """Whether the bot is in the meeting."""
        return self.state in SEATED

    def changed(self, event: SeatChanged, now: float) -> None:
        """The bot's life went on."""
        self.state = event.state
        self.look(now)

    def heard(self, now: float) -> None:
        """Somebody said or wrote something: somebody is there, whether the host names them or not."""
        if not self._heard:
            self._heard = True
            self.look(now)

    def look(self, now: float) -> None:
        """Who is here has changed, or where we are: is it time to greet, or to go?"""
        if not self.seated:
            self._out.cancel("greet")
            self._out.cancel("alone")
            return
        people = self._room.people
        somebody = bool(people.humans) or (self._heard and not people.met)
        if not somebody:
            self._out.cancel("greet")
        elif not self.greeted and "greet" not in self._out.timers:
            self._out.timer("greet", now + GREET_AFTER)
        if people.met and not people.humans:
            if "alone" not in self._out.timers:
                self._out.timer("alone", now + ALONE)
        else:
            self._out.cancel("alone")

    def greeting(self, page_there: bool) -> str:
        """What to say now, once; empty when there is nothing to say, or nothing yet to say it with."""
        if self.greeted or not self.seated or not page_there:
            return ""
        self.greeted = True
        return self._room.config.greeting.replace("{name}", self._room.config.name)

    def go(self, now: float) -> None:
        """Nobody came back."""
        if self.seated and not self._room.people.humans:
            self._out.add(LeaveMeeting("alone"))
