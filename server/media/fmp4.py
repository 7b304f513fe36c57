"""A fragmented MP4 byte stream cut into its initialisation segment and its fragments. Pure: bytes in, parts out.

Source: ISO/IEC 14496-12. A box is a u32 big-endian size, four characters of type and its payload; size 1 means that a
u64 size follows the type, size 0 that the box goes on to the end. Bytes are never changed: all parts in order, with
what an `Fmp4Error` carries, are exactly the bytes that were fed, whatever their cutting.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

#: bytes of the largest box and of the largest fragment; twice this is the most that is ever held back
MOST = 64 * 1024 * 1024

_HEAD = struct.Struct(">I4s")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")

#: bits of a sample's flags
_DEPENDS = 24
_NOT_SYNC = 1 << 16


@dataclass(frozen=True, slots=True)
class Box:
    """One whole top-level box, header included."""

    type: bytes
    data: bytes = field(repr=False)
    #: bytes before the payload
    head: int = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the stream that belongs together.

    `init` is ftyp and moov, without which nothing decodes; `fragment` is moof and mdat with what stands before them;
    `other` is anything else: an index at the end, a box that was cut off.
    """

    kind: Literal["init", "fragment", "other"]
    data: bytes = field(repr=False)
    #: a fragment that certainly begins with a key frame; False also when the flags do not say
    key: bool = False


class Fmp4Error(ValueError):
    """These bytes are no MP4 boxes. The splitter is of no more use and gives back everything it is fed.

    To recover: hand `parts` and then `rest` on, so that no byte is lost, and begin a new splitter where a new stream
    begins (a new connection, a new start message). There is no safe place to go on in the middle.
    """

    def __init__(self, reason: str, parts: tuple[Part, ...], rest: bytes) -> None:
        super().__init__(reason)
        #: what was whole before the fault
        self.parts = parts
        #: every byte taken and not in `parts`, in order
        self.rest = rest


class _Garbage(ValueError):
    """What follows in the buffer is no box."""


class BoxReader:
    """Whole top-level boxes from bytes cut anywhere. Holds at most one unfinished box."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held = bytearray()
        #: bytes that must be there before there is anything new to see
        self._need = 8

    def feed(self, data: bytes) -> Iterator[Box]:
        """Take some bytes and give the boxes that are whole now. Exhaust it. Raises ValueError when it is no box."""
        self._held += data
        while len(self._held) >= self._need:
            size, kind, head = self._header()
            if size is None:
                break
            if len(self._held) < size:
                self._need = size
                break
            with memoryview(self._held) as view:
                box = Box(kind, bytes(view[:size]), head)
            del self._held[:size]
            self._need = 8
            yield box
        if len(self._held) > self._most:
            raise _Garbage("the stream's last box is too large")

    def take_rest(self) -> bytes:
        """Everything held, which is then forgotten."""
        rest = bytes(self._held)
        self._held.clear()
        self._need = 8
        return rest

    def _header(self) -> tuple[int | None, bytes, int]:
        """Size, type and header length of the box that begins here; size None while it is not known."""
        size, kind = _HEAD.unpack_from(self._held)
        head = 8
        if not all(0x20 <= c < 0x7F or c == 0xA9 for c in kind):
            raise _Garbage("a box has no readable type")
        if size == 0:
            self._need = len(self._held) + 1  # goes on to the end of the stream
            return None, kind, head
        if size == 1:
            head = 16
            if len(self._held) < head:
                self._need = head
                return None, kind, head
            (size,) = _U64.unpack_from(self._held, 8)
        if size < head:
            raise _Garbage("a box is smaller than its header")
        if size > self._most:
            raise _Garbage("a box declares more than the largest size")
        return size, kind, head


class Splitter:
    """Parts from bytes cut anywhere. `init` is an initialisation segment known from before, for the key frames."""

    def __init__(self, init: bytes = b"", most: int = MOST) -> None:
        self._reader = BoxReader(most)
        self._most = most
        self._broken = ""
        #: whole boxes that wait for the one that completes their part
        self._pending = bytearray()
        self._begun = False  # among them is a ftyp or a moof
        self._key: bool | None = None  # of the moof that waits for its mdat
        self._tracks: dict[int, _Track] = {}
        if init:
            for box in _children(init, 0):
                if box[0] == b"moov":
                    self._tracks = _tracks(init, box[1], box[2])

    def feed(self, data: bytes) -> list[Part]:
        """Take some bytes and give the parts that are whole now. Raises Fmp4Error."""
        if self._broken:
            raise Fmp4Error(self._broken, (), data)
        parts: list[Part] = []
        try:
            for box in self._reader.feed(data):
                self._take(box, parts)
                if len(self._pending) > self._most:
                    raise _Garbage("a fragment is too large")
        except _Garbage as error:
            self._broken = str(error)
            raise Fmp4Error(self._broken, tuple(parts), self._rest()) from None
        return parts

    def finish(self) -> list[Part]:
        """The stream is over: what was not whole, as it is. May be called twice."""
        rest = self._rest()
        return [Part("other", rest)] if rest else []

    def _rest(self) -> bytes:
        return self._join() + self._reader.take_rest()

    def _take(self, box: Box, parts: list[Part]) -> None:
        if self._begun and box.type in (b"ftyp", b"moof", b"mfra"):
            self._other(parts)  # what was begun is not going to be completed
        self._pending += box.data
        self._begun = self._begun or box.type in (b"ftyp", b"moof")
        match box.type:
            case b"moov":
                self._tracks = _tracks(box.data, box.head, len(box.data))
                parts.append(Part("init", self._join()))
            case b"moof":
                self._key = begins_with_key(box, self._tracks)
            case b"mdat" if self._key is not None:
                key = self._key
                parts.append(Part("fragment", self._join(), key))
            case b"mdat" | b"mfra":
                self._other(parts)

    def _other(self, parts: list[Part]) -> None:
        parts.append(Part("other", self._join()))

    def _join(self) -> bytes:
        data = bytes(self._pending)
        self._pending.clear()
        self._begun = False
        self._key = None
        return data


# ---------------------------------------------------------------- does it begin with a key frame?


@dataclass(frozen=True, slots=True)
class _Track:
    is_video: bool = False
    flags: int = 0  # of a sample about which the fragment says nothing


def begins_with_key(moof: Box, tracks: dict[int, _Track]) -> bool:
    """Whether the first video sample of this fragment is said to be a key frame.

    Flags of the fragment itself count in full; the default of the initialisation segment counts only when it says
    "depends on no other", because many recorders leave it at zero and mean nothing by it.
    """
    for kind, start, end in _children(moof.data, moof.head):
        if kind != b"traf":
            continue
        track: _Track | None = None
        default: int | None = None
        for inner, at, stop in _children(moof.data, start, end):
            if inner == b"tfhd":
                ident, default = _track_header(moof.data, at, stop)
                track = tracks.get(ident)
            elif inner == b"trun" and track is not None and track.is_video:
                count, flags = _first_sample(moof.data, at, stop)
                if not count:
                    continue
                flags = default if flags is None else flags
                if flags is None:
                    return track.flags >> _DEPENDS & 3 == 2
                depends = flags >> _DEPENDS & 3
                return depends == 2 or (depends != 1 and not flags & _NOT_SYNC)
    return False


def _children(data: bytes, start: int, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Type, payload start and end of each box in this stretch; ends silently where there is no further box."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = _HEAD.unpack_from(data, start)
        if size == 1 and start + 16 <= end:
            head, (size,) = 16, _U64.unpack_from(data, start + 8)
        else:
            head, size = 8, size or end - start
        if size < head or start + size > end:
            return
        yield kind, start + head, start + size
        start += size


def _numbers(data: bytes, start: int, end: int) -> Iterator[int]:
    """The u32 numbers of this stretch, then zeros: fields that are missing are not set."""
    while True:
        yield _U32.unpack_from(data, start)[0] if start + 4 <= end else 0
        start += 4


def _tracks(data: bytes, start: int, end: int) -> dict[int, _Track]:
    """The tracks of a moov's payload by id."""
    video: set[int] = set()
    flags: dict[int, int] = {}
    for kind, at, stop in _children(data, start, end):
        if kind == b"trak":
            ident, is_video = _trak(data, at, stop)
            if is_video:
                video.add(ident)
        elif kind == b"mvex":
            for inner, first, last in _children(data, at, stop):
                if inner == b"trex":
                    _, ident, _, _, _, default = islice(_numbers(data, first, last), 6)
                    flags[ident] = default
    return {ident: _Track(ident in video, flags.get(ident, 0)) for ident in video | set(flags)}


def _trak(data: bytes, start: int, end: int) -> tuple[int, bool]:
    ident, is_video = 0, False
    for kind, at, stop in _children(data, start, end):
        if kind == b"tkhd" and stop - at >= 24:
            (ident,) = _U32.unpack_from(data, at + (20 if data[at] == 1 else 12))
        elif kind == b"mdia":
            for inner, first, last in _children(data, at, stop):
                if inner == b"hdlr" and last - first >= 12:
                    is_video = data[first + 8 : first + 12] == b"vide"
    return ident, is_video


def _track_header(data: bytes, start: int, end: int) -> tuple[int, int | None]:
    """Track id and default sample flags (None when not given) of a tfhd."""
    numbers = _numbers(data, start, end)
    given = next(numbers)
    ident = next(numbers)
    for bit, words in ((0x01, 2), (0x02, 1), (0x08, 1), (0x10, 1)):
        if given & bit:
            for _ in range(words):
                next(numbers)
    return ident, next(numbers) if given & 0x20 else None


def _first_sample(data: bytes, start: int, end: int) -> tuple[int, int | None]:
    """How many samples a trun has, and the flags of its first one: None when it does not say."""
    numbers = _numbers(data, start, end)
    given, count = next(numbers), next(numbers)
    if given & 0x001:
        next(numbers)
    if given & 0x004:
        return count, next(numbers)
    for bit in (0x100, 0x200):
        if given & bit:
            next(numbers)
    return count, next(numbers) if given & 0x400 else None
