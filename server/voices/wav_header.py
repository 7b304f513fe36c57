"""The header of a WAV file that is still arriving. The standard library's `wave` needs the whole file."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
# Servers that stream do not know the length; they write one of these, or something above them.
_UNKNOWN = 0x7FFFFFFF - 4096


class WavTrouble(ValueError):
    """The file cannot be read. The message ends the sentence "a WAV file ..."."""


@dataclass(frozen=True, slots=True)
class WavHeader:
    """`begin` is the byte where the sound begins; `size` its bytes, None when it lasts until the end."""

    rate: int
    channels: int
    is_float: bool
    begin: int
    size: int | None


def read_wav_header(data: bytes) -> WavHeader | None:
    """The header at the beginning of `data`; None while it is not complete. Raises WavTrouble."""
    if len(data) < 12:
        return None
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavTrouble("without its first words")
    sound: tuple[int, int, bool] | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if name == b"data":
            if sound is None:
                raise WavTrouble("that does not say its format")
            channels, rate, is_float = sound
            return WavHeader(rate, channels, is_float, at, size if 0 < size < _UNKNOWN else None)
        if name == b"fmt ":
            if at + min(size, 40) > len(data):
                return None
            sound = _format(data[at : at + size])
        at += size + size % 2
    return None


def _format(chunk: bytes) -> tuple[int, int, bool]:
    if len(chunk) < 16:
        raise WavTrouble("with a damaged header")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and len(chunk) >= 26:
        (code,) = struct.unpack_from("<H", chunk, 24)
    if (code, bits) not in ((_PCM, 16), (_FLOAT, 32)):
        raise WavTrouble("that is neither 16-bit PCM nor 32-bit float")
    return channels, rate, code == _FLOAT
