"""H.264 from outside: where a decoder can begin, without decoding anything.

A host sends one access unit (one coded picture) per message as an Annex B byte stream: start codes 00 00 01 between NAL
units. Types that matter: 7 and 8, the parameter sets (SPS, PPS) without which nothing decodes; 5, a slice of a key
frame (IDR); 1 to 4, a slice that needs pictures before it. Source: ITU-T H.264, 7.4.1 and Annex B.
"""

from __future__ import annotations

from dataclasses import dataclass

_START = b"\0\0\1"
_IDR, _SPS, _PPS = 5, 7, 8
_SLICES = range(1, 6)
#: What stands before the first slice is searched no further than this; real units have fewer than ten.
_MOST_NALS = 32
#: Parameter sets are some dozens of bytes; longer ones are not kept.
_LONGEST_SETS = 4096


@dataclass(frozen=True, slots=True)
class Unit:
    """What an access unit holds, up to its first slice."""

    #: has a slice, so it is a picture
    picture: bool = False
    #: has a slice of a key frame
    key: bool = False
    #: has a sequence parameter set
    sps: bool = False
    #: its parameter sets, with start codes
    sets: bytes = b""


def scan(data: bytes) -> Unit | None:
    """Look at an access unit; None if it is no Annex B. Reads as far as the first slice."""
    at = data.find(_START, 0, 8)
    if at < 0 or data[:at].strip(b"\0"):
        return None
    sets, sps = b"", False
    for _ in range(_MOST_NALS):
        head = at + len(_START)
        if head >= len(data) or data[head] & 0x80:
            return None
        kind = data[head] & 0x1F
        if kind in _SLICES:
            return Unit(True, kind == _IDR, sps, sets)
        at = data.find(_START, head)
        if kind in (_SPS, _PPS):
            sps = sps or kind == _SPS
            sets += b"\0" + _START + (data[head:at] if at >= 0 else data[head:]).rstrip(b"\0")
        if at < 0:
            break
    return Unit(False, False, sps, sets)


class EntryGate:
    """Lets one stream's access units through from the first at which a decoder can begin.

    That is a key frame, or any picture that comes with an SPS: nobody sends one elsewhere. Parameter sets that came by
    themselves, or only once, are put before the key frames that lack them.
    """

    def __init__(self) -> None:
        self._sets = b""
        #: nothing gets through before the next entry
        self.waiting = True

    def take(self, data: bytes) -> tuple[bytes, bool] | None:
        """What to decode, and whether a decoder can begin with it; None if it is of no use by itself or at all.

        Raises ValueError if it is no Annex B.
        """
        unit = scan(data)
        if unit is None:
            raise ValueError("not an Annex B byte stream")
        if unit.sets:
            sets = unit.sets if unit.sps else self._sets + unit.sets
            self._sets = sets if len(sets) <= _LONGEST_SETS else b""
        entry = unit.sps or (unit.key and bool(self._sets))
        if not unit.picture or (self.waiting and not entry):
            return None
        self.waiting = False
        return (data if unit.sps or not entry else self._sets + data), entry

    def lose(self) -> None:
        """A unit was dropped: what follows is of no use until the next entry."""
        self.waiting = True
