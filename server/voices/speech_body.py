"""What a speech endpoint really sent, turned into 24 kHz s16 mono. Pure.

We ask for headerless PCM at 24 kHz. Compatible servers also answer with WAV (with every kind of length in its
header), with another rate, with MP3 all the same, or with an error page and status 200. The first bytes tell.
"""

from __future__ import annotations

import re

import numpy as np

from server.errors import ProviderRefused
from server.media.pcm import Resampler, downmix
from server.voices.base import SAMPLE_RATE
from server.voices.wav_header import WavHeader, WavTrouble, read_wav_header

# Enough to tell text from sound: PCM of 64 printable characters in a row does not occur.
_TEXT_PROBE = 64
# An MPEG frame is at most 1441 bytes; the second frame's header must be in sight.
_MP3_PROBE = 1500
# A WAV whose sound has not begun after this is not one.
_WAV_PROBE = 65_536
_MAGIC = (
    (b"ID3", "MP3"),
    (b"OggS", "Ogg (Opus)"),
    (b"fLaC", "FLAC"),
    (b"FORM", "AIFF"),
    (b"\x1aE\xdf\xa3", "WebM"),
    (b"RF64", "RF64"),
    (b"RIFX", "big-endian WAV"),
)
_MP3_KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


class SpeechBody:
    """The body of one answer, in chunks of any size."""

    def __init__(self, content_type: str = "", rate: int = SAMPLE_RATE) -> None:
        """`rate` is assumed for headerless sound whose `content_type` names none. Raises ProviderRefused."""
        self._type = content_type.partition(";")[0].strip().lower()
        self._rate = _parameter(content_type, "rate") or rate
        self._channels = _parameter(content_type, "channels") or 1
        self._float = False
        self._open = False
        self._resampler: Resampler | None = None
        self._buffer = bytearray()
        # Bytes of sound that are still to come, if a WAV header says so; what follows it is not sound.
        self._left: int | None = None

    def feed(self, data: bytes) -> bytes:
        """Take some of the body, give the sound that is ready. Raises ProviderRefused."""
        self._buffer += data
        return self._run(last=False)

    def finish(self) -> bytes:
        """The body is complete: the rest of the sound. A split last sample is dropped."""
        sound = self._run(last=True)
        if self._resampler is not None:
            sound += self._resampler.finish()
        return sound

    def _run(self, *, last: bool) -> bytes:
        if not self._open and not self._begin(last):
            return b""
        width = self._channels * (4 if self._float else 2)
        ready = len(self._buffer) if self._left is None else min(len(self._buffer), self._left)
        ready -= ready % width
        raw = bytes(self._buffer[:ready])
        if self._left is None:
            del self._buffer[:ready]
        else:
            self._left -= ready
            del self._buffer[: ready if self._left >= width else len(self._buffer)]
        if not raw or self._resampler is None:
            return b""
        return self._resampler.feed(downmix(_narrow(raw) if self._float else raw, self._channels))

    def _begin(self, last: bool) -> bool:
        """Find out what it is; false when more bytes are needed to say."""
        head = bytes(self._buffer[:_MP3_PROBE])
        if len(head) < 12 and not last:
            return False
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            return self._begin_wav(last)
        for magic, name in _MAGIC:
            if head.startswith(magic):
                raise _not_pcm(name)
        if head[4:8] == b"ftyp":
            raise _not_pcm("MP4")
        if self._type.startswith("text/") or self._type.endswith(("json", "xml")):
            raise _not_pcm(f"a text ({self._type})")
        if _may_be_text(head[:_TEXT_PROBE]):
            if len(head) < _TEXT_PROBE and not last:
                return False
            raise _not_pcm("a text")
        if _mp3_frame(head):
            if len(head) < _MP3_PROBE and not last:
                return False
            if _mp3_frame(head[_mp3_frame(head) :]):
                raise _not_pcm("MP3")
        self._start()
        return True

    def _begin_wav(self, last: bool) -> bool:
        try:
            header = read_wav_header(bytes(self._buffer[:_WAV_PROBE]))
        except WavTrouble as error:
            raise ProviderRefused(f"the speech provider sent a WAV file {error}") from error
        if header is None:
            if len(self._buffer) >= _WAV_PROBE:
                raise ProviderRefused("the speech provider sent a WAV file without sound")
            return False
        self._take(header)
        self._start()
        return True

    def _take(self, header: WavHeader) -> None:
        self._rate, self._channels, self._float = header.rate, header.channels, header.is_float
        self._left = header.size
        del self._buffer[: header.begin]

    def _start(self) -> None:
        if not 1 <= self._channels <= 8:
            raise ProviderRefused("the speech provider sent sound with an impossible number of channels")
        try:
            self._resampler = Resampler(self._rate, SAMPLE_RATE)
        except ValueError as error:
            raise ProviderRefused("the speech provider sent sound with an impossible sample rate") from error
        self._open = True


def _parameter(content_type: str, name: str) -> int | None:
    found = re.search(rf';\s*{name}\s*=\s*"?(\d{{1,7}})', content_type.lower())
    return int(found.group(1)) if found else None


def _not_pcm(what: str) -> ProviderRefused:
    return ProviderRefused(f"the speech provider sent {what} where PCM or WAV was asked for")


def _may_be_text(head: bytes) -> bool:
    return bool(head) and all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head)


def _mp3_frame(data: bytes) -> int:
    """The length in bytes of the MPEG layer III frame that begins here; 0 if none does.

    One header alone proves nothing: quiet PCM may well begin with FF FB."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:
        return 0
    version, kbps, rate = (data[1] >> 3) & 3, data[2] >> 4, (data[2] >> 2) & 3
    if version == 1 or kbps in (0, 15) or rate == 3:
        return 0
    first = version == 3
    bits = _MP3_KBPS[1 if first else 2][kbps] * 1000
    return (144 if first else 72) * bits // _MP3_RATES[version][rate] + ((data[2] >> 1) & 1)


def _narrow(raw: bytes) -> bytes:
    values = np.nan_to_num(np.frombuffer(raw, dtype="<f4"), posinf=1.0, neginf=-1.0)
    return bytes(np.rint(np.clip(values, -1.0, 1.0) * np.float32(32767)).astype("<i2"))
