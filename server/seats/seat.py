"""One bot of ours in one meeting: everything it hears and sees goes in here, and what the agent writes goes out.

A seat stands between a host's adapter (it is the adapter's `Sink`) and a session (it is the session's `SeatLink`). It
decides nothing about the conversation; it follows the bot's life and tells the operator in words.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from server.brains.base import Sight
from server.core import events as ev
from server.core.messages import Resume
from server.ears.base import Ears
from server.errors import HostError
from server.hosts.base import Host, Person, Picture, SeatChange, SeatState, Source
from server.hosts.life import Life
from server.media.frames import Frames
from server.media.pictures import MediaError, jpeg_size
from server.media.sheet import contact_sheet, glance_at
from server.media.video import VideoDecoder
from server.playout import PageLink
from server.seats.chat_parts import parts
from server.seats.recording import Recording
from server.seats.voices import Voices
from server.session import Session

log = logging.getLogger("parley.seats")

#: steps of a bot's life kept for the operator; full: the oldest is forgotten
STEPS = 200
#: the code of a change that asks the agent to stop talking
STOP_ASKED = "stop-asked"
#: longest side of a picture for a model
LONGEST = 1024
#: what `Frames` counts of pictures that were of no use
_BAD_PICTURES = ("truncated", "too-large", "foreign", "broken", "dropped", "forgotten")


@dataclass(frozen=True, slots=True)
class Step:
    """Something the operator should know, in words. `at` is seconds since 1970."""

    at: float
    state: str
    words: str
    advice: str = ""


class SpokenLink(PageLink, Protocol):
    """A connection that carries the voice where there is no page, and says how far it was heard."""

    report: Any
    resume: Resume | None


@dataclass(eq=False)
class Seat:
    """One bot's seat. Used from the event loop's thread only."""

    session: Session
    host: Host
    platform: str
    name: str
    video: VideoDecoder
    ears: Ears | None
    #: called when the agent wants to go, with the reason
    on_leave: Callable[[Seat, str], None]
    #: called after every piece of news was taken
    on_change: Callable[[Seat], None]
    counted: Callable[[str], None] = lambda what: None
    clock: Callable[[], float] = time.time
    bot: str = ""
    recording: Recording | None = None
    page_url: Callable[[], str] = lambda: ""
    steps: deque[Step] = field(default_factory=lambda: deque(maxlen=STEPS))

    def __post_init__(self) -> None:
        self.id = self.session.id
        self.life = Life(self.bot)
        self.frames = Frames(self.video)
        self.odd: Counter[str] = Counter()
        #: channels of the host that are connected now
        self.connected: Counter[str] = Counter()
        #: whether something came over a connection of the host since the bot was seated
        self.sensed = False
        self.closed = False
        #: seconds since 1970 at which it was asked for, or taken up again
        self.since = self.clock()
        #: nobody wants the bot any more, and none has come yet
        self.withdrawn = False
        #: whether somebody wants the agent's page to be shown, and as what
        self.wants_page, self.screen = True, False
        self._voices = Voices(self.ears, self.session.tell, self.count) if self.ears is not None else None
        #: ids of our own bot among the participants
        self._own: set[str] = set()
        self._shown: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing = asyncio.Lock()

    # ------------------------------------------------------------ what the operator sees

    @property
    def state(self) -> SeatState:
        """What the bot is doing."""
        return self.life.state

    def step(self, words: str, advice: str = "") -> None:
        """Tell the operator something that is no news of the host."""
        if words and (not self.steps or (self.steps[-1].words, self.steps[-1].advice) != (words, advice)):
            self.steps.append(Step(self.clock(), self.state.value, words, advice))

    def view(self) -> dict[str, Any]:
        """The seat as the API and the start page show it; no meeting address, no word of what was said."""
        # How it ended stays to be read, whatever is told of its recordings afterwards.
        last = self._why or (self.steps[-1] if self.steps else Step(0.0, self.state.value, ""))
        conversation = self.session.conversation
        return {
            "id": self.id,
            "host": self.host.name,
            "platform": self.platform,
            "bot": self.bot,
            "name": self.name,
            "since": self.since,
            "screen": self.screen,
            "state": self.state.value,
            "over": self.life.over,
            "words": last.words,
            "advice": last.advice,
            "agent": conversation.state,
            "page": self.session.link is not None,
            "people": [
                {"id": one.id, "name": one.name, "host": one.is_host, "bot": one.is_bot}
                for one in conversation.room.people.here
            ],
            "pictures": [
                {"person": each.person_id, "source": each.source, "age": round(each.age, 1), "live": each.live}
                for each in self.frames.seen()
            ],
            "connected": sorted(channel for channel, count in self.connected.items() if count),
            "recording": self.recording.view() if self.recording is not None else None,
            "odd": self._odd(),
            "steps": [
                {"at": each.at, "state": each.state, "words": each.words, "advice": each.advice} for each in self.steps
            ],
        }

    def _odd(self) -> dict[str, int]:
        pictures = {f"picture-{word}": self.frames.counts[word] for word in _BAD_PICTURES if self.frames.counts[word]}
        return {**self.odd, **pictures}

    # ------------------------------------------------------------ Sink: what the host sends

    def tell(self, event: ev.Event) -> None:
        """A fact for the core."""
        if self.closed:
            return
        self.sensed = True
        if isinstance(event, ev.Heard) and self._is_own(event.speaker):
            # The core knows the agent by its own name, and not by the one its bot was given for this meeting.
            event = replace(event, speaker=self.session.config.name)
        match event:
            # Some hosts list our own bot among the people.
            case ev.PersonSeen(id, name) if self._is_own(name):
                self._own.add(id)
                return
            case ev.PersonShares(id) | ev.PersonLeft(id) if id in self._own:
                return
            case ev.ChatSaid(speaker) if self._is_own(speaker):
                return
            case ev.PersonLeft(id):
                if self._voices is not None:
                    self._voices.forget(id)
                self.frames.forget(id)
                self._shown = {key for key in self._shown if key[0] != id}
            case ev.PersonShares(id, source, on):
                if not on:
                    self._shown.discard((id, source))
                elif (id, source) in self._shown:
                    return
                else:
                    self._shown.add((id, source))
            case ev.Heard(speaker, text, True) if self.recording is not None:
                self.recording.line(speaker, text, self.session.clock())
        self.session.tell(event)

    def hear(self, pcm: bytes, person: Person | None = None, at: float | None = None) -> None:
        """Sound of one person, or of the whole meeting."""
        if self.closed:
            return
        self.sensed = True
        if self.recording is not None:
            self.recording.sound(pcm, person, at)
        if person is None:
            # The page's ear is as good and has no detour; a second hearing of the same would only be late.
            if not (self.host.shows_page and self.session.link is not None and self.session.mic == "live"):
                self.session.hear(pcm)
        elif self._voices is not None and not self._is_own(person.name):
            self._voices.hear(person, pcm)

    def see(self, picture: Picture) -> None:
        """A picture or a stretch of film."""
        if self.closed or (picture.person is not None and self._is_own(picture.person.name)):
            return  # over, or our own page
        self.sensed = True
        id = picture.person.id if picture.person is not None else ""
        self.frames.put(id, picture.source, picture.coding, picture.data, picture.at)
        if self.recording is not None:
            self.recording.picture(picture)
        if (id, picture.source) not in self._shown:
            self._shown.add((id, picture.source))
            self.session.tell(ev.PersonShares(id, picture.source, True))

    def blind(self, person: Person | None, source: Source) -> None:
        """No more pictures of this source."""
        id = person.id if person is not None else ""
        self.frames.end(id, source)
        if self.recording is not None:
            self.recording.over(person, source)
        if (id, source) in self._shown:
            self._shown.discard((id, source))
            self.session.tell(ev.PersonShares(id, source, False))

    def change(self, change: SeatChange) -> None:
        """News of the bot itself."""
        before = self.state
        if not self.life.take(change):
            return
        if change.code == STOP_ASKED:
            self.session.tell(ev.StopAsked())
        self.bot = self.bot or change.bot
        if (told := self._worth_telling(change)) is not None:
            self.step(told.words, told.advice)
        self.session.record("seat", self.kept(change))
        if self.state is not before:
            self.sensed = self.sensed and self.state in (SeatState.IN_CALL, SeatState.LIVE)
            self.session.tell(ev.SeatChanged(self.state.value, change.sub_code or change.code))
        self.on_change(self)

    def _worth_telling(self, change: SeatChange) -> SeatChange | None:
        """What the operator reads about this news: nothing of a state that was left already, and of the end its reason,
        once, whichever of the two came first."""
        if change.state is None:
            return change
        if not self.life.over:
            return change if change is self.life.current else None
        why = self._why
        return why if why is not None and all(step.words != why.words for step in self.steps) else None

    @property
    def _why(self) -> SeatChange | None:
        """What explains the end; None before it. Some vendors give the reason with the leaving, some with the end."""
        if not self.life.over:
            return None
        why, end = self.life.why, self.life.current
        explains = why is None or why.advice or end is None or not end.advice
        return why if explains else end

    def count(self, what: str) -> None:
        """Something odd was dropped."""
        self.odd[what] += 1
        self.counted(what)

    def kept(self, change: SeatChange | None = None) -> dict[str, Any]:
        """What the tape keeps of the seat, so that another process can take it up."""
        return {
            "host": self.host.name,
            "platform": self.platform,
            "bot": self.bot,
            "name": self.name,
            "screen": self.screen,
            "state": self.state.value,
            "record": self.recording is not None,
            "code": change.code if change is not None else "",
            "sub_code": change.sub_code if change is not None else "",
        }

    # ------------------------------------------------------------ hosts without a page

    def speak_through(self, link: SpokenLink) -> None:
        """The host shows no page: the agent speaks through this connection, as it would through a page's socket."""
        link.report = self.session.played
        self.session.join(link, link.resume)

    def fall_silent(self, link: SpokenLink) -> None:
        """That connection is gone."""
        self.session.leave(link)

    # ------------------------------------------------------------ SeatLink: what the agent wants

    def chat(self, text: str, to: str) -> None:
        """Write into the chat; long texts in parts, in order."""
        self.begin(self.write(text, to), "chat")

    def leave(self, reason: str) -> None:
        """The agent wants to go."""
        self.on_leave(self, reason)

    async def look(self, source: Source, person: str) -> Sight | None:
        """The newest picture of a person and source; of whoever shares it when no person is named."""
        for seen in self.frames.seen():
            if seen.source != source or (person and seen.person_id != person):
                continue
            try:
                look = await self.frames.look(seen.person_id, seen.source, LONGEST)
            except MediaError:
                self.count("picture-unreadable")
                continue
            if look is not None:
                name = self._name_of(seen.person_id)
                return Sight(
                    look.jpeg, look.width, look.height, look.age, seen.source, seen.person_id, name, look.changed
                )
        if source == "stage" and (sheet := await self.sheet()) is not None:
            # No picture of everybody: one made of everybody's, the oldest of which says how old it is.
            width, height = await asyncio.to_thread(jpeg_size, sheet)
            age = max((seen.age for seen in self.frames.seen()), default=0.0)
            return Sight(sheet, width, height, age, "stage")
        return None

    async def sheet(self) -> bytes | None:
        """Everybody's newest picture on one sheet, as a JPEG; None when there is none."""
        tiles = await glance_at(self.frames, lambda seen: self._name_of(seen.person_id) or "Everybody")
        return await asyncio.to_thread(contact_sheet, tiles) if tiles else None

    async def write(self, text: str, to: str) -> None:
        """Write into the chat, and wait until the host has taken it all. Raises HostError."""
        limit = self.host.chat_limits.get(self.platform, self.host.chat_limits.get("", 4096))
        if limit <= 0:
            raise HostError(
                "the chat of this platform cannot be written to",
                advice="Have it said aloud instead.",
                code="no-chat",
                status=409,
            )
        async with self._writing:
            for part in parts(text, limit):
                await self.host.chat(self.bot, part, to=to)

    # ------------------------------------------------------------ small things

    def begin(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Do something that may fail on the way to the host; a failure is a step the operator reads."""

        async def run() -> None:
            try:
                await work
            except HostError as error:
                log.warning("the host failed", extra={"session": self.id, "kind": what, "code": error.code})
                self.step(f"{what}: {error}", error.advice)
            except Exception:
                log.exception("a seat's work broke", extra={"session": self.id, "kind": what})
                self.step(f"{what}: failed", "The log says where.")

        task = asyncio.create_task(run(), name=f"seat-{what}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _name_of(self, id: str) -> str:
        """What the person of this id is called."""
        known = self.session.conversation.room.people.by(id)
        return known.name if known is not None else ""

    def _is_own(self, name: str) -> bool:
        """Whether this is what our bot is called in the meeting."""
        return name.casefold() == self.name.casefold() != ""

    async def close(self) -> None:
        """Let go of everything. May be called twice."""
        if self.closed:
            return
        self.closed = True
        if self.session.seat is self:
            self.session.seat = None
        if self._voices is not None:
            self._voices.close()
        self.frames.clear()
        tasks = self._tasks - {asyncio.current_task()}  # one of them may be what ends the seat
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.recording is not None:
            await self.recording.close()
