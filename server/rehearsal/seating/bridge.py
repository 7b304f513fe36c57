"""From the rehearsed meeting to the vendor's bot: what people do, say and show, as it happens."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from server.core.transcript import Word
from server.rehearsal.meeting import Line, Meeting, MeetingEvent, Person

#: Seconds after which a host notices that somebody is gone: more than a last word takes to be written down.
GONE_AFTER = 0.5


@dataclass(frozen=True)
class Said:
    """Something that the bot was told somebody said or wrote; `at` is the second of the meeting at which it began."""

    at: float
    person: str
    text: str
    written: bool = False


class Bridge(ABC):
    """Tells one bot of one meeting, from `start` to `stop`. `sent` counts what was told, by kind; `said` is every line
    that was told to its end.
    """

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        self.sent: Counter[str] = Counter()
        self.said: list[Said] = []
        self._stops: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []

    def start(self) -> None:
        """Tell who is here already, and everything from now on."""
        for person in self.meeting.people:
            self.joined(person)
        self._stops = [self.meeting.listen(self._happened), self.meeting.read(self._read)]
        self.begin()

    async def stop(self) -> None:
        """Tell nothing more. May be called twice."""
        for stop in self._stops:
            stop()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def check(self) -> None:
        """Raises what went wrong in the bridge itself, if anything did."""
        if self._failures:
            raise self._failures[0]

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this until `stop`."""
        task = asyncio.create_task(work, name="rehearsal-bridge")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures.append(error)

    # ------------------------------------------------------------ for each vendor

    @abstractmethod
    def begin(self) -> None:
        """Start what goes on by itself: sound, pictures."""

    @abstractmethod
    def knows(self, person: Person) -> bool:
        """Whether the bot is still there, and this person for it."""

    @abstractmethod
    def joined(self, person: Person) -> None: ...

    @abstractmethod
    def left(self, person: Person) -> None: ...

    @abstractmethod
    def renamed(self, person: Person) -> None: ...

    @abstractmethod
    def wrote(self, person: Person, text: str) -> None: ...

    @abstractmethod
    def words(self, person: Person, words: list[Word], *, final: bool) -> None:
        """What somebody said so far; times are the host's."""

    @abstractmethod
    def speaks(self, line: Line, *, on: bool) -> None:
        """Somebody begins or ends to speak."""

    # ------------------------------------------------------------ what happens

    def _happened(self, event: MeetingEvent) -> None:
        match event.kind:
            case "joined":
                self.joined(event.person)
            case "left":
                self.spawn(self._leave(event.person))
            case "renamed":
                self.renamed(event.person)
            case "wrote" if event.line is not None and self.knows(event.person):
                self.said.append(Said(event.line.start, event.person.name, event.line.text, written=True))
                self.wrote(event.person, event.line.text)
            case "started" | "ended" if event.line is not None and self.knows(event.person):
                self.speaks(event.line, on=event.kind == "started")

    async def _leave(self, person: Person) -> None:
        await self.meeting.until(self.meeting.now() + GONE_AFTER)
        self.left(person)

    def _read(self, line: Line, words: tuple[Word, ...], final: bool) -> None:
        if self.knows(line.person):
            clock = self.meeting.host_time
            told = [replace(word, start=clock(word.start), end=clock(word.end)) for word in words]
            if final:
                self.said.append(Said(line.start, line.person.name, " ".join(word.text for word in words)))
            self.words(line.person, told, final=final)
