"""A bot of MeetStream's in a meeting that a test or a rehearsal plays.

    dispatch() admit() deny() not_let_in() permission()              what becomes of the bot
    kick() end_meeting() fail() provider_fails()
    person_joins() leaves() says() chats() interrupts()              what people do
    sound()                                                          what is heard: 48 kHz
    video.put() video.ping() video.flow() video.end()                what is seen, see `LiveVideo`
    heard_pcm() spoke_seconds control.playback chat_sent images      what people hear and see of our agent
    reaches() settled() status events                                what became of it
    mischief                                                         what a broken or hostile sender does

Nothing waits; `settled()` does. People are named by their ids, which look like device paths on Meet.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from server.core.transcript import Word
from server.errors import RehearsalError
from server.rehearsal.hosts.clocks import Clocks, iso, seconds_until
from server.rehearsal.hosts.life import Living
from server.rehearsal.hosts.line import Line
from server.rehearsal.hosts.meetstream_checks import Platform, channel_url
from server.rehearsal.hosts.meetstream_control import ChatLine, Control
from server.rehearsal.hosts.meetstream_messages import (
    ENDINGS,
    STEPS,
    About,
    Ending,
    Generation,
    Person,
    TranscriptShape,
    ending_message,
    legacy_sound,
    participant_message,
    processed_messages,
    provider_error,
    ready_message,
    sound_frame,
    step_message,
    transcript_message,
)
from server.rehearsal.hosts.meetstream_video import DESCRIPTION, LiveVideo
from server.rehearsal.hosts.mischief import Mischief
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.words import beginnings, timed

Json = dict[str, Any]

#: Seconds between two tries of a socket, and how many for one loss. The vendor says that it retries, not how.
SOCKET_WAIT, SOCKET_TRIES = 2.0, 10
#: The label of sound that could not be attributed.
NO_SPEAKER = Person("", "NoSpeaker")


@dataclass(slots=True)
class MeetStreamHabits:
    """How a bot's meeting behaves. Set on the service before the bot is created; each bot gets a copy."""

    #: somebody must `admit()` the bot
    waiting_room: bool = False
    #: Zoom: recording begins only after `permission()`
    asks_permission: bool = False
    #: how often `bot.joining` is said
    joins: int = 1
    generation: Generation = "newest"
    transcript: TranscriptShape = "newest"
    #: live audio as text frames of an earlier transport
    legacy_sound: bool = False
    #: audio and control connect before Create Bot is answered
    early_sockets: bool = False
    #: `video_stream_start` comes by itself
    announce_video: bool = True
    description: Json = field(default_factory=lambda: dict(DESCRIPTION))
    #: what is processed after the meeting, and `bot.done`, are reported
    afterwards: bool = True
    #: seconds from one step to the next
    step: float = 0.0


class MeetStreamBot(Living[Ending]):
    """One bot. See the module for its methods."""

    def __init__(
        self,
        asked: Json,
        platform: Platform,
        habits: MeetStreamHabits,
        clocks: Clocks,
        post: Callable[[str], Post],
        tell: Callable[[Json], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """`asked` is a valid create request; `post` makes a webhook address, `tell` posts to the workspace's."""
        super().__init__(clocks, failed)
        self.id = str(uuid.uuid4())
        self.asked = asked
        self.platform: Platform = platform
        self.habits = replace(habits)
        #: the REST status
        self.status = "Scheduled" if asked.get("join_at") else "Active"
        #: names of the callbacks of its life so far, without `bot.`
        self.events: list[str] = []
        self.people: dict[str, Person] = {}
        self.in_call = False
        self.paused = False
        self.control: Control | None = None
        self.audio: Line | None = None
        self.video: LiveVideo | None = None
        self._chat: list[ChatLine] = []
        self._image_urls: list[str] = []
        self._tell = tell
        self._zero = clocks.clock()
        self._due, self._admitted, self._permitted = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._callback = post(asked["callback_url"]) if asked.get("callback_url") else None
        words = asked.get("live_transcription_required")
        self._words = post(words["webhook_url"]) if words else None
        #: addresses for participant events, with the events that each wants
        self._hooks = [
            (post(each["url"]), frozenset(each["events"]))
            for each in (asked.get("recording_config") or {}).get("realtime_endpoints", [])
        ]
        self.mischief = Mischief(lambda: self.lines, lambda: self.posts)

    # ------------------------------------------------------------ where it is

    @property
    def lines(self) -> list[Line]:
        """Every websocket to us that is still in use."""
        parts = (self.control, self.video)
        return [*(each.line for each in parts if each is not None), *([self.audio] if self.audio is not None else [])]

    @property
    def posts(self) -> list[Post]:
        """Every webhook address of this bot."""
        parts = [self._callback, self._words, *(post for post, _ in self._hooks)]
        return [post for post in parts if post is not None]

    async def reaches(self, event: str) -> None:
        """Wait until this step of its life was reached, by its callback's name without `bot.`."""
        await self.until(lambda: event in self.events, event)

    async def settled(self) -> None:
        """Wait until everything it was told to send was written and posted, or lost in a gap."""
        await asyncio.gather(*(line.settled() for line in self.lines), *(post.settled() for post in self.posts))

    async def close(self) -> None:
        """End everything at once, without another callback. May be called twice."""
        await self.cancel()
        await asyncio.gather(*(line.close() for line in self.lines), *(post.close() for post in self.posts))

    # ------------------------------------------------------------ what becomes of it

    def dispatch(self) -> None:
        """Send a scheduled bot now, whatever its time."""
        self._due.set()

    def permission(self, allowed: bool) -> None:
        """The host answers the question for recording. No ends the bot after a while."""
        self._reach("recording_permission_allowed" if allowed else "recording_permission_denied")
        self._permitted.set()

    def admit(self) -> None:
        """Let it in from the waiting room."""
        self._admitted.set()

    def deny(self) -> None:
        """The host refuses it."""
        self.end("denied")

    def not_let_in(self) -> None:
        """Nobody lets it in until the platform's time is over."""
        self.end("notallowed")

    def kick(self) -> None:
        self.end("kicked")

    def end_meeting(self) -> None:
        """It leaves: the meeting is over, or it was told to."""
        self.end("stopped")

    def fail(self) -> None:
        self.end("failed")

    def provider_fails(self) -> None:
        """`bot.error`, which is no ending."""
        self._call_back(provider_error(self._about, self.status))

    # ------------------------------------------------------------ what people do

    def person_joins(self, person: str, name: str) -> Person:
        """Somebody joins."""
        self.people[person] = Person(person, name)
        self._participant("join", self.people[person])
        return self.people[person]

    def leaves(self, person: str) -> None:
        self._participant("leave", self._person(person))
        del self.people[person]

    def says(self, person: str, text: str, start: float, end: float, *, partials: int = 0) -> None:
        """One turn over the transcription webhook: growing beginnings, then the whole."""
        words = timed(text, start, end)
        if self.habits.transcript != "oldest":
            for heard in beginnings(words, partials):
                self.transcript(person, heard, final=False)
        self.transcript(person, words)

    def transcript(self, person: str, words: Sequence[Word], *, final: bool = True) -> None:
        """One update of what somebody is saying, with the words' own times."""
        if self._words is not None and self.in_call and not self.paused:
            self._words.put(
                transcript_message(
                    self.habits.transcript,
                    self._person(person),
                    words,
                    self._about,
                    final=final,
                    at=iso(self._clocks.wall()),
                    new_text=words[-1].text if words else "",
                )
            )

    def sound(self, person: str | None, pcm: bytes) -> None:
        """Sound of the meeting, s16le mono 48 kHz, labelled with who is loudest; None: nobody knows."""
        if self.audio is None:
            return
        who = NO_SPEAKER if person is None else self._person(person)
        pcm = bytes(len(pcm)) if self.paused else pcm
        self.audio.put(legacy_sound(who, pcm) if self.habits.legacy_sound else sound_frame(who, pcm), media=True)

    def chats(self, text: str) -> None:
        """Somebody writes into the chat; who it was is not told."""
        self._command({"command": "usermsg", "bot_id": self.id, "message": text})

    def interrupts(self) -> None:
        """The vendor tells our agent to stop talking."""
        self._command({"command": "interrupt", "bot_id": self.id})

    def _command(self, message: Json) -> None:
        if self.control is not None:
            self.control.line.put(json.dumps(message))

    # ------------------------------------------------------------ what people hear and see of our agent

    def heard_pcm(self, *, gaps: bool = False) -> bytes:
        """What was played into the meeting so far, s16le mono 48 kHz; with `gaps` the silence between too."""
        return self.control.playback.heard(self._clocks.clock(), gaps=gaps) if self.control is not None else b""

    @property
    def spoke_seconds(self) -> float:
        """How long the agent was heard so far, in seconds."""
        return self.control.playback.seconds(self._clocks.clock()) if self.control is not None else 0.0

    @property
    def chat_sent(self) -> list[ChatLine]:
        """What our side wrote into the chat through this bot: over REST, then over the control socket."""
        return [*self._chat, *(self.control.chat if self.control is not None else [])]

    @property
    def images(self) -> list[bytes]:
        """Pictures that our side gave for the camera."""
        return self.control.images if self.control is not None else []

    @property
    def image_urls(self) -> list[str]:
        return [*self._image_urls, *(self.control.image_urls if self.control is not None else [])]

    def send_chat(self, text: str) -> None:
        """A chat line over REST."""
        self._chat.append(ChatLine(text, "rest"))

    def send_image(self, url: str) -> None:
        """A picture over REST."""
        self._image_urls.append(url)

    # ------------------------------------------------------------ step by step

    async def over(self, ending: Ending) -> None:
        if self.in_call:
            self._reach("leaving")
        self.in_call = False
        await asyncio.gather(*(line.close() for line in self.lines))
        self.status = ENDINGS[ending][0]
        self._call_back(ending_message(ending, self._about, iso(self._clocks.wall(), "+00:00")))
        self._happened(ending)
        if self.habits.afterwards and ending in ("stopped", "kicked"):
            await self._step()
            self.status = "Done"
            for message in processed_messages(self._about, iso(self._clocks.wall(), "+00:00")):
                self._call_back(message)
            self._happened("done")

    async def steps(self) -> None:
        if wait := seconds_until(self.asked.get("join_at"), self._clocks):
            self._reach("scheduled")
            await self.rest(wait, self._due)
        for _ in range(self.habits.joins):
            self._reach("joining")
            await self._step()
        if self.habits.waiting_room:
            self._reach("in_waiting_room")
            await self._admitted.wait()
            await self._step()
        self._reach("inmeeting")
        self.in_call = True
        self.dial()
        if message := self.asked.get("bot_message"):
            self.send_chat(message)
        await self._step()
        if self.habits.asks_permission:
            await self._permitted.wait()
            if "recording_permission_allowed" not in self.events:
                leave = self.asked.get("automatic_leave") or {}
                await self._clocks.sleep(leave.get("recording_permission_denied_timeout", 60))
                self.end_meeting()
                return
        self._reach("recording")
        # Zoom has no live video: the socket never opens.
        video = channel_url(self.asked, "live_video_required")
        if video and self.platform != "Zoom":
            self.video = LiveVideo(
                self.id,
                lambda greeting, on_frame: self._line(video, greeting, on_frame),
                self._clocks,
                announce=self.habits.announce_video,
                description=self.habits.description,
            )

    def dial(self) -> None:
        """Open the audio and control sockets, if they were asked for and are not open yet."""
        control = channel_url(self.asked, "socket_connection_url")
        if control and self.control is None:
            self.control = Control(
                self.id,
                lambda greeting, on_frame: self._line(control, greeting, on_frame),
                clears=self.platform == "GMeet",
            )
        audio = channel_url(self.asked, "live_audio_required")
        if audio and self.audio is None:
            self.audio = self._line(audio, lambda: [ready_message(self.id)], _deaf)

    def _line(
        self, url: str, greeting: Callable[[], Iterable[str]], on_frame: Callable[[str | bytes, float], None]
    ) -> Line:
        return Line(
            url, self._clocks, wait=SOCKET_WAIT, tries=SOCKET_TRIES, greeting=greeting, on_frame=on_frame
        ).start()

    async def _step(self) -> None:
        await self._clocks.sleep(self.habits.step)

    def _reach(self, event: str) -> None:
        self.status = STEPS[event][0]
        self._call_back(step_message(event, self._about, iso(self._clocks.wall(), "+00:00")))
        self._happened(event)

    def _happened(self, event: str) -> None:
        self.events.append(event)
        self.news.tell()

    @property
    def _about(self) -> About:
        return About(self.id, self.asked.get("custom_attributes") or {}, self.habits.generation)

    def _call_back(self, message: Json) -> None:
        if self._callback is not None:
            self._callback.put(message)
        self._tell(message)

    def _participant(self, action: str, person: Person) -> None:
        for post, events in self._hooks:
            if f"participant_events.{action}" in events:
                post.put(
                    participant_message(
                        action,
                        person,
                        self._about,
                        platform=self.platform.lower(),
                        relative=self._clocks.clock() - self._zero,
                        at=iso(self._clocks.wall()),
                    )
                )

    def _person(self, person: str) -> Person:
        try:
            return self.people[person]
        except KeyError:
            raise RehearsalError("nobody with this id is in the meeting") from None


def _deaf(frame: str | bytes, at: float) -> None:
    """Nothing that we say on the audio socket means anything."""
