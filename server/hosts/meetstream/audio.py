"""The meeting's sound from MeetStream's live audio socket: labelled frames of 48 kHz sound.

The sound is the whole meeting, mixed, and the label names who is loudest; it isolates nobody. Should the frames of
several people cover the same time after all, more sound comes than time passes; then each person's frames are that
person's own sound.
"""

from __future__ import annotations

import base64
import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from server.hosts.base import SAMPLE_RATE, Person, Sink
from server.hosts.meetstream.fields import LONGEST_ID, LONGEST_NAME, parse_object, text_of
from server.hosts.meetstream.transcription import NOBODY
from server.media.pcm import Resampler

#: samples per second of the vendor's sound, in both directions
RATE = 48_000
#: bytes of one message; the vendor's are 20 ms, about 2,000
LONGEST_FRAME = 1_048_576
#: people whose sound is resampled apart; full: the one who was silent longest begins anew
VOICES = 64

#: seconds over which sound is compared with time, and how much more of it there must be, twice in a row
WINDOW = 5.0
MORE = 1.3

_LENGTH = struct.Struct("<H")
_PCM = 1


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """Sound and whom it is labelled with; both texts may be empty, equal, or a device's path."""

    speaker_id: str
    name: str = field(repr=False)
    #: 48 kHz, signed 16-bit little-endian, whole samples
    pcm: bytes = field(repr=False)

    @property
    def person(self) -> Person | None:
        """Who is labelled; None when the sound could not be attributed."""
        name = "" if self.name == NOBODY else self.name
        ident = self.speaker_id or name
        return Person(ident, name) if ident and ident != NOBODY else None


def read_frame(data: bytes) -> AudioFrame | None:
    """A binary frame; None when it is none: another type, or a length that runs past the end.

    Layout, little-endian: type u8 (1), length u16 and speaker id, length u16 and speaker name, then the sound.
    """
    if not data or data[0] != _PCM or len(data) > LONGEST_FRAME:
        return None
    texts, at = [], 1
    for most in (LONGEST_ID, LONGEST_NAME):
        if at + 2 > len(data):
            return None
        (length,) = _LENGTH.unpack_from(data, at)
        at += 2 + length
        if at > len(data):
            return None
        texts.append(text_of(data[at - length : at].decode("utf-8", "replace"), most))
    end = len(data) - (len(data) - at) % 2  # half a sample is no sound
    return AudioFrame(texts[0], texts[1], data[at:end])


def read_legacy(message: dict[str, Any]) -> AudioFrame | None:
    """The older text form, `PCMChunk` with base64; None when its sound cannot be read."""
    try:
        pcm = base64.b64decode(message["audioData"], validate=True)
    except (KeyError, TypeError, ValueError):
        return None
    speaker_id = text_of(message.get("speakerId"), LONGEST_ID)
    return AudioFrame(speaker_id, text_of(message.get("speakerName")), pcm[: len(pcm) - len(pcm) % 2])


class Surplus:
    """Tells whether more sound comes than time passes, which one meeting's mixed sound cannot do for long."""

    def __init__(self) -> None:
        self.found = False
        self._since: float | None = None
        self._seconds = 0.0
        self._labels: set[str] = set()
        self._before = False

    def add(self, label: str, seconds: float, now: float) -> None:
        """This much sound with this label came just now."""
        if self.found:
            return
        if self._since is None:
            self._since = now
        elapsed = now - self._since
        if elapsed >= WINDOW:
            # A backlog sent at once after a stall looks the same, but only once and with any number of people.
            more = self._seconds > MORE * elapsed and len(self._labels) > 1
            self.found = more and self._before
            self._before = more
            self._since, self._seconds, self._labels = now, 0.0, set()
        self._seconds += seconds
        if label and len(self._labels) < 2:
            self._labels.add(label)


class AudioSocket:
    """One live audio connection. `current` says whether it is still the newest of its seat; an older one is not heard.

    `is_own` tells the bot's name in the meeting: what is labelled with it is our own voice.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        is_own: Callable[[str], bool],
        current: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._sink = sink
        self._is_own = is_own
        self._current = current
        self._clock = clock
        self._surplus = Surplus()
        self._mixed = Resampler(RATE, SAMPLE_RATE)
        self._voices: OrderedDict[str, Resampler] = OrderedDict()

    def feed(self, frame: str | bytes) -> None:
        """Take one message."""
        if isinstance(frame, bytes):
            sound = read_frame(frame)
        else:
            message = parse_object(frame)
            if message is not None and message.get("type") != "PCMChunk":
                return  # `ready`, or something that says nothing to us
            sound = read_legacy(message) if message is not None else None
        if sound is None:
            self._sink.count("audio-malformed")
        elif not self._current():
            self._sink.count("audio-replaced")
        elif sound.pcm:
            self._hear(sound)

    def close(self) -> None:
        """The connection is gone. Nothing is held that would be worth a sound."""

    def _hear(self, sound: AudioFrame) -> None:
        person = sound.person
        label = person.id if person else ""
        self._surplus.add(label, len(sound.pcm) / 2 / RATE, self._clock())
        own = self._is_own(sound.name)
        if not self._surplus.found:
            # Our own voice becomes silence of the same length: time must go on for whoever listens for a pause.
            self._give(self._mixed.feed(bytes(len(sound.pcm)) if own else sound.pcm), None)
        elif not own:
            self._give(self._voice(label).feed(sound.pcm), person)

    def _give(self, pcm: bytes, person: Person | None) -> None:
        if pcm:
            self._sink.hear(pcm, person)

    def _voice(self, label: str) -> Resampler:
        stream = self._voices.pop(label, None) or Resampler(RATE, SAMPLE_RATE)
        self._voices[label] = stream
        if len(self._voices) > VOICES:
            self._voices.popitem(last=False)
        return stream
