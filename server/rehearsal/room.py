"""The rehearsal room: one live meeting, the agent's session in it, and what a person at the screen may do.

Commands come in through methods; what happens goes out as plain dicts to everyone who called `listen`. The
shapes of the dicts are in `server/web/room_socket.py`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from server.errors import ProviderError, RehearsalError
from server.rehearsal.meeting import Line, Meeting, MeetingEvent, Person
from server.rehearsal.room_file import MAX_NAME, read_meeting
from server.rehearsal.room_lines import Lines
from server.rehearsal.room_manners import Manners
from server.rehearsal.room_player import Player
from server.voices.espeak_speaker import VOICES

Event = dict[str, Any]

MAX_PEOPLE = 12
#: Characters of one typed line: half a minute of speech.
MAX_LINE = 500
#: Lines one person may have waiting; a person says one after the other.
MAX_WAITING = 4
#: Who is there when a room opens, and which of the voice's speakers they take.
FIRST_PEOPLE = (("Ana", 1), ("Ben", 0))
#: The order in which the voice's speakers are given out to everyone else.
NEXT_VOICES = (3, 2, 5, 4, 7, 6, 10, 8, 12, 9, 11, 13)


class Room:
    """One rehearsal. The meeting and everything it starts end with `close`."""

    def __init__(
        self,
        meeting: Meeting,
        session_id: str,
        *,
        agent_name: str = "Parley",
        on_close: Callable[[], Awaitable[None]] | None = None,
        voices: Sequence[str] | None = None,
        room_id: str = "",
    ) -> None:
        """`on_close` ends the agent's session. `voices` are the speakers that people get, one each; by
        default the embedded voice's, and one for all with any other. `room_id` is the key: whoever has it
        may enter.
        """
        self.id = room_id or secrets.token_urlsafe(18)
        self.meeting = meeting
        self.session_id = session_id
        self.agent_name = agent_name
        self.player: Player | None = None
        self.closed = False
        #: who joined with the loaded meeting, and leaves with it
        self._cast: list[int] = []
        self._on_close = on_close
        self._listeners: list[Callable[[Event], None]] = []
        self._lines = Lines()
        self._manners = Manners()
        self._state = "listening"
        self._waiting: dict[int, int] = {}
        self._floor: dict[int, asyncio.Lock] = {}
        #: how often each person has cut in: what they had waiting before is not said any more
        self._cuts: dict[int, int] = {}
        embedded = VOICES if meeting.voice.name == "espeak" else ()
        self._voices = tuple(voices if voices is not None else embedded)
        self._stop_listening = meeting.listen(self._meeting_event)
        for name, number in FIRST_PEOPLE:
            meeting.add(name, self._voices[number % len(self._voices)] if self._voices else "")

    @property
    def transcript_path(self) -> str:
        """Where the agent's page reads this meeting's words, as a path with the room's key."""
        return f"/rehearsal/meeting-data/api/v1/transcript?room={self.id}"

    # ------------------------------------------------------------ what goes out

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back at once with everything that happens from now on. Returns how to stop that."""
        self._listeners.append(callback)

        def stop() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return stop

    @property
    def snapshot(self) -> Event:
        """The whole room as it stands, for a page that has just come in."""
        return {
            "type": "welcome",
            "room": self.id,
            "agent": self.agent_name,
            "state": self._state,
            "people": self._people(),
            "lines": self._lines.snapshot(self.meeting.now()),
            "meeting": self.player.snapshot if self.player else None,
            "manners": self._manners.snapshot,
        }

    def _tell(self, event: Event) -> None:
        for callback in tuple(self._listeners):
            callback(event)

    def _people(self) -> list[Event]:
        return [{"id": p.id, "name": p.name} for p in self.meeting.people]

    def _meeting_event(self, event: MeetingEvent) -> None:
        if event.line is None:
            self._tell({"type": "people", "people": self._people()})
        elif event.kind == "started":
            self._tell(self._lines.started(event.line))
        elif event.kind == "ended":
            self._tell(self._lines.ended(event.line))

    def session_event(self, event: Event) -> None:
        """Something happened in the agent's session: a `state`, a `line`, a `decision`, what its ears hear (`floor`),
        or a message that moves its voice or its hand.
        """
        match event.get("type"):
            case "state":
                self._state = str(event.get("state", ""))
                self._tell({"type": "state", "state": self._state})
            case "line" if event.get("agent"):
                self._tell(self._lines.agent(event))
            case "line":
                self._lines.understood(event)
            case "decision":
                self._tell(self._lines.decided(event))
            case _:
                pass  # the session has more to tell than this room shows
        changed = self._manners.take(event)
        if changed is None:
            return
        self._tell(changed)
        if changed["type"] == "voice" and (line := self._lines.voiced(changed["voice"])) is not None:
            self._tell(line)

    def _player_changed(self) -> None:
        self._tell({"type": "meeting", "meeting": self.player.snapshot if self.player else None})

    # ------------------------------------------------------------ people

    def add_person(self, name: str) -> Person:
        """Someone comes in, with a voice nobody here has yet while there is one."""
        name = _name(name)
        if len(self.meeting.people) >= MAX_PEOPLE:
            raise RehearsalError(f"The room is full: at most {MAX_PEOPLE} people.")
        self._unused_name(name)
        return self.meeting.add(name, self._next_voice())

    def rename_person(self, person_id: int, name: str) -> Person:
        name = _name(name)
        person = self.meeting.person(person_id)
        self._not_in_play(person)
        if name.casefold() != person.name.casefold():
            self._unused_name(name)
        return self.meeting.rename(person_id, name)

    def remove_person(self, person_id: int) -> None:
        person = self.meeting.person(person_id)
        self._not_in_play(person)
        if len(self.meeting.people) == 1:
            raise RehearsalError("Somebody has to stay.")
        self.meeting.remove(person_id)
        self._floor.pop(person_id, None)
        self._cuts.pop(person_id, None)

    def _next_voice(self) -> str:
        taken = {p.voice for p in self.meeting.people}
        order = [self._voices[n % len(self._voices)] for n in NEXT_VOICES] if self._voices else [""]
        return next((v for v in order if v not in taken), order[len(self.meeting.people) % len(order)])

    def _unused_name(self, name: str) -> None:
        # Two of one name may meet in real meetings; here the transcript would leave everybody guessing.
        if self.meeting.find(name) is not None:
            raise RehearsalError("Somebody of this name is here already.")
        if name.casefold() == self.agent_name.casefold():
            raise RehearsalError("That is the agent's own name.")

    def _not_in_play(self, person: Person) -> None:
        player = self.player
        if player is not None and player.state == "playing":
            names = {name.casefold() for name in player.file.speakers}
            if person.name.casefold() in names:
                raise RehearsalError("This person is speaking in the meeting that plays: pause it first.")

    # ------------------------------------------------------------ lines

    async def say(self, person_id: int, text: str) -> Line | None:
        """Someone says a typed line, after what they are already saying. Returns when it has begun, or None when
        they cut in meanwhile and this is not said any more.

        When the voice fails the line is said without sound, and everyone is told so.
        """
        person, text = self.meeting.person(person_id), _words(text)
        if self._waiting.get(person_id, 0) >= MAX_WAITING:
            raise RehearsalError("Wait a moment: this person has enough left to say.")
        return await self._say(person, text)

    async def interrupt(self, person_id: int, text: str) -> Line | None:
        """Someone cuts in: breaks off what they are saying, forgets what they had waiting, and says this at once,
        whoever is talking. Otherwise as `say`.
        """
        person, text = self.meeting.person(person_id), _words(text)
        self._cuts[person_id] = self._cuts.get(person_id, 0) + 1
        for line in self.meeting.lines:
            if line.person.id == person_id:
                self.meeting.stop(line)
        return await self._say(person, text)

    async def _say(self, person: Person, text: str) -> Line | None:
        number, cuts = person.id, self._cuts.get(person.id, 0)
        self._waiting[number] = self._waiting.get(number, 0) + 1
        try:
            async with self._floor.setdefault(number, asyncio.Lock()):
                for line in self.meeting.lines:
                    if line.person.id == number:
                        await line.done
                if self._cuts.get(number, 0) != cuts:
                    return None
                try:
                    spoken = await self.meeting.prepare(person, text)
                except ProviderError as error:
                    self._tell({"type": "notice", "text": f"The voice is silent ({error.code}): words only."})
                    spoken = await self.meeting.prepare(person, text, sound=False)
                if self._cuts.get(number, 0) != cuts:  # they cut in while the voice was made
                    return None
                return await self.meeting.say(number, text, spoken=spoken)
        finally:
            self._waiting[number] -= 1
            if not self._waiting[number]:
                del self._waiting[number]

    def hush(self) -> None:
        """Everybody breaks off in the middle of the word."""
        for line in self.meeting.lines:
            self.meeting.stop(line)

    # ------------------------------------------------------------ a whole meeting

    async def load(self, whole: Any, title: str = "") -> Player:
        """Take a meeting file in place of the one before; its speakers join. Raises RehearsalError."""
        file = await asyncio.to_thread(read_meeting, whole, title[:MAX_NAME])
        if self.agent_name.casefold() in (speaker.casefold() for speaker in file.speakers):
            raise RehearsalError("Somebody in this meeting has the agent's own name.")
        await self.unload()
        for speaker in file.speakers:
            if self.meeting.find(speaker) is None:
                self._cast.append(self.meeting.add(speaker, self._next_voice()).id)
        self.player = Player(self.meeting, file, self._player_changed)
        self._player_changed()
        return self.player

    async def play(self, speed: float) -> None:
        """Play the loaded meeting on from where it is; speed 0 says all of it at once."""
        if self.player is None:
            raise RehearsalError("Load a meeting first.")
        await self.player.play(speed)

    async def pause(self) -> None:
        if self.player is not None:
            await self.player.pause()

    async def unload(self) -> None:
        """Put the loaded meeting away. Who joined with it leaves, except the last person in the room."""
        if self.player is not None:
            await self.player.close()
            self.player = None
            self._player_changed()
        for person in self.meeting.people:
            if person.id in self._cast and len(self.meeting.people) > 1:
                self.meeting.remove(person.id)
        self._cast.clear()

    async def close(self) -> None:
        """Everyone goes home. May be called twice."""
        if self.closed:
            return
        self.closed = True
        if self.player is not None:
            await self.player.close()
        self._stop_listening()
        await self.meeting.close()
        if self._on_close is not None:
            await self._on_close()
        self._tell({"type": "closed"})
        self._listeners.clear()


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _words(text: str) -> str:
    text = _one_line(text)
    if not text:
        raise RehearsalError("A line needs a word.")
    if len(text) > MAX_LINE:
        raise RehearsalError(f"A line has at most {MAX_LINE} characters.")
    return text


def _name(name: str) -> str:
    name = _one_line(name)
    if not name:
        raise RehearsalError("A person needs a name.")
    if len(name) > MAX_NAME:
        raise RehearsalError(f"A name has at most {MAX_NAME} characters.")
    return name
