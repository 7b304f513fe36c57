"""The frames between the server and the video helper process. Described in docs/video-helper.md.

A frame, in both directions, is: u32 length of what follows, u8 kind, u32 number, payload. All numbers are big-endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from server.media.pictures import CELLS, Still

#: Changes when a byte changes its meaning. Both sides come from one installation, so it only guards a mix-up.
VERSION = 1
#: A frame longer than this is not ours: the stream is out of step.
LONGEST = 64 << 20

HEAD = struct.Struct(">IBI")
_UNITS = struct.Struct(">IB")
_UNIT = struct.Struct(">qI")
_LOOK = struct.Struct(">IH")
_NUMBER = struct.Struct(">I")
_PICTURE = struct.Struct(">IIqI")
_PRINT = CELLS[0] * CELLS[1]
_FRESH, _END = 1, 2


class Ask(IntEnum):
    """What the server asks. Each is answered exactly once, in order."""

    UNITS = 1  # u32 stream, u8 flags (1: begin afresh, 2: the stream ends), then units of i64 ms, u32 length, bytes
    LOOK = 2  # u32 stream, u16 longest side: the newest picture of this stream
    FILM = 3  # u32 stream, u16 longest side, fragmented MP4 from its first byte: the last picture in it
    CLOSE = 4  # u32 stream: forget it


class Answer(IntEnum):
    """What the process answers."""

    HELLO = 0  # JSON: version, engine; the first frame, number 0
    DONE = 1  # u32 units that could not be decoded
    PICTURE = 2  # u32 width, u32 height, i64 ms, u32 broken units of the stream so far, fingerprint, JPEG
    ERROR = 3  # JSON: code, message; number 0 means that the process cannot work at all


@dataclass(frozen=True, slots=True)
class Timed:
    """An access unit and when it came, in milliseconds of the server's clock."""

    ms: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Units:
    """Access units of one stream, in order."""

    stream: int
    units: tuple[Timed, ...]
    #: the first one is an entry: begin a new decoder
    fresh: bool = False
    #: nothing follows: give what the decoder holds back
    end: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture. `ms` is that of the unit it came in, of no meaning for film; `broken` counts damage so far."""

    still: Still
    ms: int
    broken: int


def frame(kind: int, number: int, payload: bytes = b"") -> bytes:
    """The bytes of a frame."""
    return HEAD.pack(5 + len(payload), kind, number) + payload


def frame_json(kind: int, number: int, value: dict[str, Any]) -> bytes:
    """The bytes of a frame that carries JSON."""
    return frame(kind, number, json.dumps(value).encode())


def body_length(head: bytes) -> tuple[int, int, int]:
    """Bytes of payload that follow this head, kind and number. Raises ValueError when the stream is out of step."""
    length, kind, number = HEAD.unpack(head)
    if not 5 <= length <= LONGEST:
        raise ValueError("a frame of impossible length")
    return length - 5, kind, number


def pack_units(stream: int, units: Iterable[Timed], *, fresh: bool, end: bool) -> bytes:
    """The payload of UNITS."""
    parts = [_UNITS.pack(stream, _FRESH * fresh | _END * end)]
    for unit in units:
        parts += (_UNIT.pack(unit.ms, len(unit.data)), unit.data)
    return b"".join(parts)


def unpack_units(payload: bytes) -> Units:
    """Raises ValueError or struct.error when it is malformed."""
    stream, flags = _UNITS.unpack_from(payload)
    at, units = _UNITS.size, []
    while at < len(payload):
        ms, length = _UNIT.unpack_from(payload, at)
        at += _UNIT.size
        if at + length > len(payload):
            raise ValueError("a unit is longer than its frame")
        units.append(Timed(ms, payload[at : at + length]))
        at += length
    return Units(stream, tuple(units), bool(flags & _FRESH), bool(flags & _END))


def pack_look(stream: int, longest: int, film: bytes = b"") -> bytes:
    """The payload of LOOK or FILM."""
    return _LOOK.pack(stream, min(longest, 0xFFFF)) + film


def unpack_look(payload: bytes) -> tuple[int, int, bytes]:
    """Stream, longest side, film. Raises struct.error when it is malformed."""
    stream, longest = _LOOK.unpack_from(payload)
    return stream, longest, payload[_LOOK.size :]


def pack_number(number: int) -> bytes:
    """The payload of CLOSE (a stream) and of DONE (how many units were broken)."""
    return _NUMBER.pack(number)


def unpack_number(payload: bytes) -> int:
    """Raises struct.error when it is malformed."""
    (number,) = _NUMBER.unpack(payload)
    return int(number)


def pack_picture(picture: Picture) -> bytes:
    """The payload of PICTURE."""
    still = picture.still
    head = _PICTURE.pack(still.width, still.height, picture.ms, picture.broken)
    return head + still.fingerprint + still.jpeg


def unpack_picture(payload: bytes) -> Picture:
    """Raises ValueError or struct.error when it is malformed."""
    width, height, ms, broken = _PICTURE.unpack_from(payload)
    at = _PICTURE.size + _PRINT
    if len(payload) <= at:
        raise ValueError("a picture without bytes")
    return Picture(Still(payload[at:], width, height, payload[_PICTURE.size : at]), ms, broken)
