"""A meeting without a meeting: people say lines; whoever listens gets the sound and the transcript, live.

The headless rehearsal and the rehearsal room in the browser both stand on this. Times are seconds since
the meeting began, by the clock that is handed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from server.core.transcript import Word
from server.errors import RehearsalError
from server.rehearsal import replay
from server.rehearsal.feeds import SoundFeed, TranscriptFeed
from server.rehearsal.mixer import Mixer
from server.rehearsal.recall_shapes import SHAPES, WITH_PARTIALS, transcript_message
from server.rehearsal.spoken import RATE, UNSAID, Spoken, silent, speak
from server.voices.base import Voice


@dataclass(frozen=True)
class Person:
    """Someone in the meeting. `voice` names one of the voice's speakers; empty is its default."""

    id: int
    name: str
    voice: str


class Ending:
    """Something to await, by as many as want to; never cancelled by one of them going away."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def __await__(self) -> Generator[Any, None, bool]:
        return self._event.wait().__await__()


@dataclass(eq=False)
class Line:
    """One line as it is being said. `start`, `end` and the words' times are seconds of the meeting.

    `end` is known from the start and moves to the front when the line is cut short. `done` is over when
    the sound is.
    """

    id: int
    person: Person
    text: str
    start: float
    end: float
    words: tuple[Word, ...]
    spoken: Spoken = field(repr=False)
    done: Ending = field(default_factory=Ending, repr=False)
    cut: bool = False


@dataclass(frozen=True)
class MeetingEvent:
    """Something happened in the meeting, said at once to everyone who called `listen`."""

    kind: Literal["joined", "left", "renamed", "started", "ended", "wrote"]
    person: Person
    line: Line | None = None


#: Takes the words of a line so far, as a transcriber hears them, and whether they are final.
OnWords = Callable[[Line, tuple[Word, ...], bool], None]


class Meeting:
    """People, their lines, and the live feeds of them. Nothing runs while nobody speaks and nobody
    listens.
    """

    def __init__(
        self,
        voice: Voice,
        *,
        clock: Callable[[], float],
        bot_id: str,
        shape: str = "legacy",
        partial_every: float = 0.3,
        final_delay: float = 0.25,
        language: str = "en",
        voices: Sequence[str] = (),
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        """`voice` stays the caller's to close. `partial_every` 0 means no partials; `sleep` must follow
        `clock`. People who join without a voice get the next of `voices`.
        """
        if shape not in SHAPES:
            raise RehearsalError(f"unknown transcript shape: use one of {', '.join(SHAPES)}")
        self.voice = voice
        self.language = language
        #: the bot that the transcript is said to come from
        self.bot_id = bot_id
        #: the second of the meeting from which the transcript's times count: where a host began its recording
        self.host_zero = 0.0
        self._voices = tuple(voices)
        self._shape = shape
        self._partial_every = partial_every if shape in WITH_PARTIALS else 0.0
        self._final_delay = final_delay
        self._clock = clock
        self._sleep = sleep
        self._zero = clock()
        self._people: dict[int, Person] = {}
        self._last_person = 0
        self._last_line = 0
        self._running: dict[Line, asyncio.Task[None]] = {}
        self._transcripts: list[TranscriptFeed] = []
        self._listeners: list[Callable[[MeetingEvent], None]] = []
        self._readers: list[OnWords] = []
        self._mixer = Mixer(self.now, sleep)
        self._closed = False

    def now(self) -> float:
        """Seconds since the meeting began."""
        return self._clock() - self._zero

    async def until(self, at: float) -> None:
        """Wait until the meeting's clock shows `at`."""
        while (wait := at - self.now()) > 1e-6:
            await self._sleep(wait)

    # ------------------------------------------------------------ people

    @property
    def people(self) -> tuple[Person, ...]:
        """Everyone who is here, in the order they came."""
        return tuple(self._people.values())

    def person(self, person_id: int) -> Person:
        """Who has this id. Raises RehearsalError when nobody here does."""
        try:
            return self._people[person_id]
        except KeyError:
            raise RehearsalError("nobody with this id is in the meeting") from None

    def find(self, name: str) -> Person | None:
        """The person of this name, whatever its case, or None."""
        return next((p for p in self.people if p.name.casefold() == name.casefold()), None)

    def add(self, name: str, voice: str = "") -> Person:
        """Someone joins. Two people may have the same name, as in real meetings."""
        if not name.strip():
            raise RehearsalError("a person needs a name")
        if not voice and self._voices:
            voice = self._voices[self._last_person % len(self._voices)]
        self._last_person += 1
        person = Person(self._last_person, name.strip(), voice)
        self._people[person.id] = person
        self._tell(MeetingEvent("joined", person))
        return person

    def rename(self, person_id: int, name: str) -> Person:
        """Someone changes the name that the meeting shows; lines under way keep the old one."""
        if not name.strip():
            raise RehearsalError("a person needs a name")
        person = replace(self.person(person_id), name=name.strip())
        self._people[person_id] = person
        self._tell(MeetingEvent("renamed", person))
        return person

    def remove(self, person_id: int) -> None:
        """Someone leaves, in the middle of a line if need be."""
        person = self.person(person_id)
        for line in self.lines:
            if line.person.id == person_id:
                self.stop(line)
        del self._people[person_id]
        self._tell(MeetingEvent("left", person))

    # ------------------------------------------------------------ lines

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines that are being said right now, oldest first."""
        return tuple(line for line in self._running if not line.done.is_set())

    async def say(
        self,
        person_id: int,
        text: str,
        *,
        speed: float = 1.0,
        sound: bool = True,
        spoken: Spoken | None = None,
    ) -> Line:
        """Someone says a line, now, whoever else is talking. Returns when it has started.

        `speed` 2.0 talks twice as fast. Without `sound` only the transcript hears it. `spoken` is a line
        prepared earlier. Raises RehearsalError for an unknown person or an empty line, and what the voice
        raises.
        """
        person = self.person(person_id)
        if not text.strip():
            raise RehearsalError("a line needs a word")
        if self._closed:
            raise RehearsalError("the meeting is over")
        if spoken is None:
            spoken = await self.prepare(person, text, speed=speed, sound=sound)
        if person_id not in self._people or self._closed:
            raise RehearsalError("the speaker left before the line began")
        self._last_line += 1
        begin = self._mixer.first_free()
        start = begin / RATE
        words = tuple(replace(w, start=_at(start, w.start), end=_at(start, w.end)) for w in spoken.words)
        line = Line(self._last_line, person, text, start, start + spoken.seconds, words, spoken)
        if len(spoken.pcm):
            self._mixer.place(line.id, begin, spoken.pcm)
        self._run(line, self._speak(line))
        self._tell(MeetingEvent("started", person, line))
        return line

    async def prepare(self, person: Person, text: str, *, speed: float = 1.0, sound: bool = True) -> Spoken:
        """The sound of a line, to be said later without any delay."""
        if not sound:
            return silent(text, speed=speed)
        return await speak(self.voice, text, speaker=person.voice, language=self.language, speed=speed)

    def write(self, person_id: int, text: str) -> Line:
        """Someone writes into the chat: a line that is over at once and that nobody hears. Raises RehearsalError for
        an unknown person or an empty line.
        """
        if not text.strip():
            raise RehearsalError("a line needs a word")
        line = self.mark(self.person(person_id), text)
        self._tell(MeetingEvent("wrote", line.person, line))
        return line

    def mark(self, person: Person, text: str) -> Line:
        """This moment as a line that nobody hears: something someone does beside speaking. Nobody is told."""
        self._last_line += 1
        now = self.now()
        line = Line(self._last_line, person, text, now, now, (), UNSAID)
        line.done.set()
        return line

    def stop(self, line: Line) -> None:
        """The speaker breaks off: the sound ends, the words not yet begun are never said. May be called
        twice.
        """
        task = self._running.get(line)
        if task is None or line.done.is_set():
            return
        task.cancel()
        self._mixer.cut(line.id)
        now = max(self.now(), line.start)
        line.cut = True
        line.end = min(line.end, now)
        line.words = tuple(replace(w, end=min(w.end or now, line.end)) for w in line.words if (w.start or 0.0) < now)
        self._ended(line)
        self._run(line, self._finish(line))

    def _run(self, line: Line, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work, name=f"rehearsal-line-{line.id}")
        self._running[line] = task

        def over(finished: asyncio.Task[None]) -> None:
            if self._running.get(line) is finished:
                del self._running[line]

        task.add_done_callback(over)

    async def _speak(self, line: Line) -> None:
        at, shown = line.start + self._partial_every, 0
        while self._partial_every and at < line.end:
            await self.until(at)
            known = [w for w in line.words if (w.end or 0.0) <= at]
            if len(known) > shown:
                shown = len(known)
                self._send(line, tuple(known), final=False)
            at += self._partial_every
        await self.until(line.end)
        self._ended(line)
        await self._finish(line)

    async def _finish(self, line: Line) -> None:
        await self.until(line.end + self._final_delay)
        if line.words:
            self._send(line, line.words, final=True)

    def _ended(self, line: Line) -> None:
        line.done.set()
        self._tell(MeetingEvent("ended", line.person, line))

    def _send(self, line: Line, words: tuple[Word, ...], *, final: bool) -> None:
        for read in tuple(self._readers):
            read(line, words, final)
        if not self._transcripts:
            return
        words = tuple(replace(w, start=self.host_time(w.start), end=self.host_time(w.end)) for w in words)
        message = transcript_message(
            self._shape,
            bot_id=self.bot_id,
            utterance=line.id,
            speaker_id=line.person.id,
            speaker=line.person.name,
            words=words,
            language=self.language,
            final=final,
        )
        for feed in self._transcripts:
            feed.put(message)

    def host_time(self, at: float | None) -> float | None:
        """A second of the meeting on the clock of the host's transcript."""
        return None if at is None else round(at - self.host_zero, 3)

    # ------------------------------------------------------------ listening

    def subscribe_sound(self) -> SoundFeed:
        """The mixed sound from now on, in real time. Close the feed when done."""
        return self._mixer.subscribe()

    def subscribe_transcript(self) -> TranscriptFeed:
        """Transcript messages from now on: growing partials, then the final. Close the feed when done."""
        feed = TranscriptFeed(self._transcripts.remove)
        self._transcripts.append(feed)
        return feed

    def listen(self, callback: Callable[[MeetingEvent], None]) -> Callable[[], None]:
        """Call back at once whenever someone joins or leaves and a line starts or ends. Returns how to
        stop that.
        """
        self._listeners.append(callback)

        def stop() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return stop

    def read(self, callback: OnWords) -> Callable[[], None]:
        """Call back with the words of every line, growing, and at last whole. Returns how to stop that."""
        self._readers.append(callback)

        def stop() -> None:
            if callback in self._readers:
                self._readers.remove(callback)

        return stop

    def _tell(self, event: MeetingEvent) -> None:
        for callback in tuple(self._listeners):
            callback(event)

    # ------------------------------------------------------------ whole meetings

    async def play(
        self,
        meeting_file: Path | replay.MeetingFile,
        speed: float = 1.0,
        until: float | None = None,
        sound: bool = True,
        begin: float = 0.0,
    ) -> int:
        """Play a recorded meeting from its second `begin` to `until`; returns how many turns were said.

        Its speakers join unless someone of their name is here. Up to `speed` 2 the turns are spoken,
        squeezed into their time (up to twice as fast); above that only the transcript hears them.
        Cancelling cuts the open lines.
        """
        return await replay.play(self, meeting_file, speed=speed, begin=begin, until=until, sound=sound)

    async def close(self) -> None:
        """Everyone stops, every feed ends. May be called twice."""
        self._closed = True
        tasks = list(self._running.values())
        for line in self.lines:
            line.cut = True
            line.done.set()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for feed in list(self._transcripts):
            feed.close()
        await self._mixer.close()


def _at(start: float, offset: float | None) -> float:
    return round(start + (offset or 0.0), 3)
