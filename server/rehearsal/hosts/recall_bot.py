"""A bot of Recall's in a meeting that a test or a rehearsal plays.

What happens in the meeting is told to the bot (`person_joins`, `says`, `sound`, `picture`, ...); the bot tells it to
the realtime endpoints that asked for it, but only while it records, as the real one does. Nothing waits; `settled()`
does.

    admit() permission() kick() end_meeting() fail() dispatch()      what becomes of the bot
    person_joins() leaves() renames() mute() unmute()                who is there
    says() transcript() speaking() chat() webcam() share()           what they do
    sound() sounds() mixed() picture() film()                        what is heard and seen of them
    reaches() settled() status chat_sent pages recordings            what became of it
    mischief                                                         what a broken or hostile sender does

People are named by their numbers. Times are seconds of the recording. Sound and pictures that the other side does not
read are dropped beyond 400 messages (`line.dropped`), as by the vendor: await `settled()` between larger bursts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from server.core.transcript import Word
from server.errors import RehearsalError
from server.rehearsal.hosts.clocks import iso
from server.rehearsal.hosts.line import Line
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.recall_life import Habits, Life, Surroundings
from server.rehearsal.hosts.recall_messages import (
    Participant,
    event_message,
    media_data,
    participant_data,
    transcript_data,
)
from server.rehearsal.hosts.recall_mischief import RecallMischief
from server.rehearsal.hosts.recall_recording import Endpoint, Recording
from server.rehearsal.hosts.words import beginnings, timed

Json = dict[str, Any]
Source = Literal["webcam", "screenshare"]

#: Frames a second of `film()`.
FILM_RATE = 15
#: The number that the bot itself has where it appears among the participants.
BOT = 9_000


@dataclass(frozen=True, slots=True)
class ChatLine:
    """What the bot wrote into the chat."""

    message: str = field(repr=False)
    to: str = "everyone"
    pin: bool = False


class RecallBot(Life):
    """One bot. See the module for its methods."""

    def __init__(self, asked: Json, habits: Habits, surroundings: Surroundings) -> None:
        super().__init__(asked, habits, surroundings)
        #: who is in the meeting, by number
        self.people: dict[int, Participant] = {}
        #: what our side wrote into the chat through this bot, greeting included
        self.chat_sent: list[ChatLine] = []
        self.mischief = RecallMischief(self)
        if self.habits.shows_itself:
            self.people[BOT] = Participant(BOT, self.kept["bot_name"], platform="unknown")

    @property
    def lines(self) -> list[Line]:
        """Every websocket to us that is still in use."""
        return [line for endpoint in self.endpoints for line in endpoint.lines]

    @property
    def posts(self) -> list[Post]:
        """The webhook addresses of its realtime endpoints."""
        return [endpoint.post for endpoint in self.endpoints if endpoint.post is not None]

    @property
    def endpoints(self) -> list[Endpoint]:
        """The realtime endpoints of the latest recording."""
        return self.recordings[-1].endpoints if self.recordings else []

    # ------------------------------------------------------------ who is there

    def person_joins(
        self, person: int, name: str, is_host: bool = False, *, muted: bool = False, **details: Any
    ) -> Participant:
        """Somebody joins. `details` are further fields of `Participant`."""
        participant = Participant(person, name, is_host, muted=muted, **details)
        self.people[person] = participant
        before = len(self.recordings)
        self._record_if_due()
        if len(self.recordings) == before:
            # A recording that begins announces everybody who is there.
            self._announce(participant)
        greeting = self.kept["chat"]["on_participant_join"] if self.in_call else None
        if greeting and not (is_host and greeting.get("exclude_host", False)):
            self.send_chat(greeting["message"])
        return participant

    def leaves(self, person: int) -> None:
        """Somebody leaves."""
        self._participant_event("leave", person)
        for endpoint in self.endpoints:
            endpoint.hear(person, on=False)
        del self.people[person]

    def renames(self, person: int, name: str, **details: Any) -> None:
        """A detail of somebody changes: the name, whether they are host, the email."""
        self.people[person] = replace(self._person(person), name=name, **details)
        self._participant_event("update", person)

    def mute(self, person: int) -> None:
        """No more sound of this person is sent."""
        self._set_muted(person, True)

    def unmute(self, person: int) -> None:
        self._set_muted(person, False)

    def _set_muted(self, person: int, muted: bool) -> None:
        self.people[person] = replace(self._person(person), muted=muted)
        for endpoint in self.endpoints:
            endpoint.hear(person, on=not muted)

    # ------------------------------------------------------------ what they do

    def says(
        self, person: int | None, text: str, start: float, end: float, *, partials: Sequence[str] | int = ()
    ) -> None:
        """A transcript of one utterance; `person` None is nobody the bot knows.

        `partials` come first: texts, or how many beginnings of the text.
        """
        words = timed(text, start, end)
        if isinstance(partials, int):
            begun = beginnings(words, partials)
        else:
            begun = [
                [replace(word, text=each) for each, word in zip(partial.split(), words, strict=False)]
                for partial in partials
            ]
        for heard in begun:
            # The last word is still being said.
            self.transcript(person, [*heard[:-1], *(replace(word, end=None) for word in heard[-1:])], final=False)
        self.transcript(person, words)

    def transcript(self, person: int | None, words: Sequence[Word], *, final: bool = True) -> None:
        """One `transcript.data` (or `.partial_data`), with the words' own times."""
        participant = None if person is None else self._person(person)
        self._record_if_due(spoken=True)
        recording = self.recording
        if recording is None or recording.config["transcript"] is None:
            return
        if "meeting_captions" in recording.config["transcript"]["provider"] and words:
            # Captions have no time for each word: one element holds the sentence.
            words = [Word(" ".join(word.text for word in words), words[0].start, words[-1].end)]
        data = transcript_data(
            words,
            participant,
            language=self.habits.language,
            begin=iso(recording.started),
            envelope=self.habits.envelope,
        )
        self.emit("transcript.data" if final else "transcript.partial_data", data)

    def speaking(self, person: int, on: bool) -> None:
        """The platform's own indicator says that somebody begins or ends to speak."""
        if on:
            self._record_if_due(spoken=True)
        self._participant_event("speech_on" if on else "speech_off", person)

    def chat(self, person: int, text: str, private: bool = False) -> None:
        """Somebody writes into the chat, to everyone or only to the bot."""
        self._participant_event("chat_message", person, {"text": text, "to": "only_bot" if private else "everyone"})

    def webcam(self, person: int, on: bool) -> None:
        self._participant_event("webcam_on" if on else "webcam_off", person)

    def share(self, person: int, on: bool) -> None:
        self._participant_event("screenshare_on" if on else "screenshare_off", person)

    # ------------------------------------------------------------ what is heard and seen

    def sound(self, person: int, pcm: bytes, at: float | None = None) -> None:
        """Sound of one person and nobody else: s16le mono 16 kHz, separate and as the mix. Muted people send none."""
        self.sounds({person: pcm}, at)

    def sounds(self, pcm: Mapping[int, bytes], at: float | None = None) -> None:
        """Sound of several people at once: each separate, and their sum as the mix."""
        heard = {person: sound for person, sound in pcm.items() if not self._person(person).muted}
        for person, sound in heard.items():
            self._media("audio_separate_raw.data", sound, at, person)
        if heard:
            self.mixed(_mix(list(heard.values())), at)

    def mixed(self, pcm: bytes, at: float | None = None) -> None:
        """Only the mix: s16le mono 16 kHz."""
        self._media("audio_mixed_raw.data", pcm, at, None)

    def picture(self, person: int, source: Source, png: bytes, at: float | None = None) -> None:
        """One PNG of somebody's camera or shared screen."""
        self._media("video_separate_png.data", png, at, person, source)

    def film(self, person: int, source: Source, access_units: Sequence[bytes], at: float | None = None) -> None:
        """H.264 of somebody: one message for each access unit, 15 of them a second."""
        begin = at if at is not None else self.recording.now if self.recording is not None else 0.0
        for index, unit in enumerate(access_units):
            self._media("video_separate_h264.data", unit, begin + index / FILM_RATE, person, source)

    def _media(self, event: str, data: bytes, at: float | None, person: int | None, source: str = "") -> None:
        participant = None if person is None else self._person(person)
        recording = self.recording
        if recording is not None and recording.wants(event):
            stamp = recording.timestamp(at)
            told = media_data(data, stamp, participant=participant, source=source, envelope=self.habits.envelope)
            self.emit(event, told, person=person, media=True)

    # ------------------------------------------------------------ what our side asks of it

    def send_chat(self, message: str, to: str = "everyone", pin: bool = False) -> None:
        """The bot writes into the chat."""
        self.chat_sent.append(ChatLine(message, to, pin))
        if self.habits.shows_itself:
            self.chat(BOT, message)

    def as_json(self) -> Json:
        """The Bot object."""
        return {
            "id": self.id,
            **self.kept,
            "meeting_url": self.meeting,
            "join_at": None if self.dispatched else self.kept["join_at"],
            "status_changes": list(self.status_changes),
            "recordings": [each.as_json(paused=self.paused) for each in self.recordings],
        }

    # ------------------------------------------------------------ how it is told

    def emit(self, event: str, data: Json, *, person: int | None = None, media: bool = False) -> None:
        """Send a realtime event of this payload to the endpoints that asked for it, if it is recording."""
        recording = self.recording
        for endpoint in recording.wants(event) if recording is not None else ():
            message = self.message(event, data, endpoint)
            endpoint.send(event, message, person, media=media, as_bytes=self.mischief.as_bytes)

    def message(self, event: str, data: Json, endpoint: Endpoint) -> Json:
        """A realtime event for one endpoint of the latest recording."""
        recording: Recording = self.recordings[-1]
        return event_message(
            event,
            data,
            endpoint=endpoint.identity,
            artifact=recording.artifact(event.partition(".")[0]),
            recording=recording.identity,
            bot=self.identity,
            envelope=self.habits.envelope,
        )

    def _participant_event(self, kind: str, person: int, data: Json | None = None) -> None:
        participant = self._person(person)
        if (recording := self.recording) is not None:
            told = participant_data(participant, recording.timestamp(), data=data, envelope=self.habits.envelope)
            self.emit(f"participant_events.{kind}", told)

    def _announce(self, participant: Participant) -> None:
        self._participant_event("join", participant.id)
        for endpoint in self.endpoints:
            endpoint.hear(participant.id, on=not participant.muted)

    def _person(self, person: int) -> Participant:
        try:
            return self.people[person]
        except KeyError:
            raise RehearsalError("nobody with this number is in the meeting") from None

    def _joined(self) -> None:
        if greeting := self.kept["chat"]["on_bot_join"]:
            self.send_chat(greeting["message"], greeting.get("send_to", "everyone"), greeting.get("pin", False))

    def _somebody_here(self) -> bool:
        return any(person != BOT for person in self.people)

    def _recording_began(self) -> None:
        for participant in tuple(self.people.values()):
            self._announce(participant)


def _mix(sounds: Sequence[bytes]) -> bytes:
    """The sum of sounds that begin together, as long as the longest."""
    total = np.zeros(max(len(sound) // 2 for sound in sounds), np.int32)
    for sound in sounds:
        samples = np.frombuffer(sound[: len(sound) // 2 * 2], np.int16)
        total[: len(samples)] += samples
    return np.clip(total, -32768, 32767).astype("<i2").tobytes()
