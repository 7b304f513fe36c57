"""What Recall.ai sends while a meeting runs: words, people, chat, sound and pictures, over websockets and webhooks.

A message is routed by its full event name (the dashboard's `transcript.done` is another thing than `transcript.data`)
and read in both envelopes, the payload in `data.data` or in `data` itself. The participant is taken from each message,
never from the connection, because the vendor may use one connection for all or one for each. Whatever cannot be read
is counted and dropped.
"""

from __future__ import annotations

import binascii
import json
from collections import OrderedDict
from typing import Any

from server.core.events import ChatSaid, PersonLeft, PersonSeen, PersonShares
from server.hosts.base import SAMPLE_RATE, Coding, Person, Picture, Sink, Source
from server.hosts.recall.fields import event_of, number_of, object_of, text_of
from server.hosts.recall.transcripts import LATEST, LONGEST_NAME, heard_from

#: bytes. The largest message that Recall sends is unknown; a shared screen as PNG takes about 1.5 MB.
LARGEST_MESSAGE = 16 * 1024 * 1024
#: characters; the longest chat message of any platform is 4096
LONGEST_CHAT = 8192
#: People whose last odd byte is kept. Full: the oldest is dropped, at most one wrong sample of that person.
MOST_CARRIED = 64
#: seconds. An odd byte is joined to what follows at once, never to sound after a pause, which begins a sample anew.
SEAM = 0.25

#: Keys that only the payload of an event has: where `data` has one of them, it is the payload itself, and a `data`
#: within it is the chat message's.
_PAYLOAD_KEYS = frozenset({"words", "participant", "buffer", "timestamp"})

Payload = dict[str, Any]


class _Dropped(Exception):
    """A message holds nothing that can be told. Its text is the word for the counters."""


class Receiver:
    """One connection, or one address for webhooks. Takes any event on any channel."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._sound = _Samples()

    def feed(self, frame: str | bytes) -> None:
        """Take one websocket message."""
        # JSON text is nearly all ASCII, so its characters are as many as its bytes.
        if len(frame) > LARGEST_MESSAGE:
            self._sink.count("oversized")
            return
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            self._sink.count("bad-json")
            return
        self.take(message)

    def take(self, message: Any) -> None:
        """Take one event whose JSON is read already, as from a webhook."""
        if not isinstance(message, dict):
            self._sink.count("bad-message")
            return
        name = event_of(message)
        if name.startswith("participant_event."):  # a misprint of one of the vendor's samples
            name = name.replace("participant_event.", "participant_events.", 1)
        try:
            self._route(name, message, _payload(message))
        except _Dropped as dropped:
            self._sink.count(str(dropped))

    def close(self) -> None:
        """Nothing is held but odd bytes, which are no samples."""

    def _route(self, name: str, message: dict[str, Any], payload: Payload) -> None:
        match name:
            case "audio_separate_raw.data":
                # Sound of nobody must not pass for the sound of everybody.
                self._hear(payload, _person(payload))
            case "audio_mixed_raw.data":
                self._hear(payload, None)
            case "video_separate_png.data":
                self._see(payload, "png")
            case "video_separate_h264.data":
                self._see(payload, "h264")
            case "transcript.data" | "transcript.partial_data":
                heard = heard_from(message, source="host")
                if heard is None:
                    raise _Dropped("no-words")
                self._sink.tell(heard)
            case "participant_events.join" | "participant_events.update":
                person = _person(payload)
                self._sink.tell(PersonSeen(person.id, person.name, person.is_host))
            case "participant_events.leave":
                self._sink.tell(PersonLeft(_person(payload).id))
            case "participant_events.webcam_on" | "participant_events.screenshare_on":
                self._sink.tell(PersonShares(_person(payload).id, _source_in(name), True))
            case "participant_events.webcam_off" | "participant_events.screenshare_off":
                person, source = _person(payload), _source_in(name)
                self._sink.tell(PersonShares(person.id, source, False))
                self._sink.blind(person, source)
            case "participant_events.speech_on" | "participant_events.speech_off":
                # From the platform's activity light: late, and false for bots on Google Meet. No turn is taken by it.
                self._sink.count("speech-hint")
            case "participant_events.chat_message":
                self._sink.tell(_chat(payload))
            case _:
                raise _Dropped("unknown-event")

    def _hear(self, payload: Payload, person: Person | None) -> None:
        at = _relative(payload)
        pcm = self._sound.whole(person.id if person else "", _buffer(payload), at)
        if pcm:
            self._sink.hear(pcm, person, at)

    def _see(self, payload: Payload, coding: Coding) -> None:
        kind = payload.get("type")
        if kind not in ("webcam", "screenshare", None):
            raise _Dropped("unknown-source")
        source: Source = "screenshare" if kind == "screenshare" else "webcam"
        self._sink.see(Picture(_person(payload), source, coding, _buffer(payload), _relative(payload)))


class _Samples:
    """Makes whole samples of buffers that may be cut in the middle of one, for each person."""

    def __init__(self) -> None:
        #: person -> the odd byte, and the host second at which what follows it should begin, if known
        self._odd: OrderedDict[str, tuple[bytes, float | None]] = OrderedDict()

    def whole(self, who: str, buffer: bytes, at: float | None) -> bytes:
        """The samples that are complete now."""
        odd, expected = self._odd.pop(who, (b"", None))
        if odd and (at is None or expected is None or abs(at - expected) < SEAM):
            buffer = odd + buffer
        if len(buffer) % 2:
            follows = None if at is None else at + len(buffer) / 2 / SAMPLE_RATE
            self._odd[who] = (buffer[-1:], follows)
            if len(self._odd) > MOST_CARRIED:
                self._odd.popitem(last=False)
            buffer = buffer[:-1]
        return buffer


def _payload(message: dict[str, Any]) -> Payload:
    """The part that belongs to the event, in either envelope."""
    data = object_of(message.get("data"))
    inner = data.get("data")
    return inner if isinstance(inner, dict) and _PAYLOAD_KEYS.isdisjoint(data) else data


def _source_in(name: str) -> Source:
    return "screenshare" if "screenshare" in name else "webcam"


def _person(payload: Payload) -> Person:
    """The participant of a message, who must have an id."""
    participant = object_of(payload.get("participant"))
    who = participant.get("id")
    if isinstance(who, bool) or not isinstance(who, (int, str)) or who == "":
        raise _Dropped("no-person")
    name = text_of(participant.get("name"))[:LONGEST_NAME]
    return Person(str(who)[:64], name, participant.get("is_host") is True)


def _relative(payload: Payload) -> float | None:
    """Seconds since the recording began."""
    return number_of(object_of(payload.get("timestamp")).get("relative"), LATEST)


def _buffer(payload: Payload) -> bytes:
    """The decoded buffer, which must not be empty."""
    buffer = payload.get("buffer")
    if not isinstance(buffer, str) or not buffer:
        raise _Dropped("no-buffer")
    try:
        # The str goes in as it is: `base64.b64decode` would copy it first.
        return binascii.a2b_base64(buffer, strict_mode=True)
    except ValueError:  # also for letters that are not ASCII
        raise _Dropped("bad-base64") from None


def _chat(payload: Payload) -> ChatSaid:
    said = object_of(payload.get("data"))
    text = text_of(said.get("text"))[:LONGEST_CHAT]
    if not text:
        raise _Dropped("no-words")
    try:
        person = _person(payload)
    except _Dropped:
        person = Person("")  # what was written is worth more than who wrote it
    # A webhook may come twice; who wrote when makes the two one.
    stamp = object_of(payload.get("timestamp"))
    when = text_of(stamp.get("absolute"))[:40] or _relative(payload)
    key = "" if when is None else f"{person.id}@{when}"
    return ChatSaid(person.name, text, person.id, said.get("to") == "only_bot", key)
