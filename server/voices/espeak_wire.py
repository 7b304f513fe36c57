"""The frames that the eSpeak helper process writes. Described in docs/voice-helper.md.

A frame is: u32 length of what follows, u8 kind, u32 request, payload. All numbers are big-endian.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from server.voices.base import MouthMark, Sound, WordMark

#: Changes when a byte changes its meaning. Both sides come from one installation, so it only guards a mix-up.
VERSION = 1

_HEAD = struct.Struct(">IBI")
_MARKS = struct.Struct(">I")
#: A frame longer than this is not ours: the stream is out of step.
LONGEST = 4_000_000


class Kind(IntEnum):
    """What a frame carries."""

    HELLO = 0  # JSON: version, engine
    SOUND = 1  # u32 length of the marks, marks as JSON, PCM
    DONE = 2  # nothing: the request is complete
    ERROR = 3  # JSON: code, message; request 0 means that the process cannot work at all


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, its payload not yet read."""

    kind: Kind
    request: int
    payload: bytes


def encode(kind: Kind, request: int, payload: bytes = b"") -> bytes:
    """The bytes of a frame."""
    return _HEAD.pack(5 + len(payload), kind, request) + payload


def encode_json(kind: Kind, request: int, value: dict[str, Any]) -> bytes:
    """The bytes of a frame that carries JSON."""
    return encode(kind, request, json.dumps(value).encode())


def encode_sound(request: int, sound: Sound) -> bytes:
    """The bytes of a frame of sound."""
    marks = {
        "words": [[word.offset, word.length, word.start] for word in sound.words],
        "mouth": [[mouth.shape, mouth.start] for mouth in sound.mouth],
    }
    written = json.dumps(marks, separators=(",", ":")).encode()
    return encode(Kind.SOUND, request, _MARKS.pack(len(written)) + written + sound.pcm)


def decode_sound(payload: bytes) -> Sound:
    """The sound of a frame. Raises ValueError (or KeyError, struct.error) if it is malformed."""
    (length,) = _MARKS.unpack_from(payload)
    marks = json.loads(payload[4 : 4 + length])
    return Sound(
        pcm=payload[4 + length :],
        words=tuple(WordMark(*word) for word in marks["words"]),
        mouth=tuple(MouthMark(*mouth) for mouth in marks["mouth"]),
    )


class FrameReader:
    """Cuts a byte stream, in any pieces, into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now. Raises ValueError when the stream is out of step."""
        self._buffer += data
        frames: list[Frame] = []
        at = 0
        while len(self._buffer) - at >= _HEAD.size:
            length, kind, request = _HEAD.unpack_from(self._buffer, at)
            if not 5 <= length <= LONGEST:
                raise ValueError("a frame of impossible length")
            end = at + 4 + length
            if len(self._buffer) < end:
                break
            frames.append(Frame(Kind(kind), request, bytes(self._buffer[at + _HEAD.size : end])))
            at = end
        del self._buffer[:at]
        return frames
