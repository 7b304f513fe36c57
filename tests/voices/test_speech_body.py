"""What speech endpoints send, whatever they were asked for."""

import contextlib
import itertools
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import ProviderRefused
from server.media.pcm import resample, write_wav
from server.voices.speech_body import SpeechBody
from server.voices.wav_header import WavTrouble, read_wav_header
from tests.standins.speech import tone
from tests.voices.hearing import seconds, strongest

TONE = tone(0.25)


def read(data: bytes, content_type: str = "", rate: int = 24_000, cuts: tuple[int, ...] = ()) -> bytes:
    """Feed a body in pieces that end at `cuts`."""
    body = SpeechBody(content_type, rate)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    out = b"".join(body.feed(data[a:b]) for a, b in itertools.pairwise(edges))
    return out + body.finish()


def wav(
    pcm: bytes, rate: int = 24_000, channels: int = 1, size: int | None = None, code: int = 1, bits: int = 16,
    before: bytes = b"", after: bytes = b"",
) -> bytes:  # fmt: skip
    """A WAV file with any length in its header and other chunks around the sound."""
    fmt = struct.pack("<HHIIHH", code, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    if code == 0xFFFE:
        fmt += struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", 1) + bytes(14)
    said = len(pcm) if size is None else size
    data = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + before + b"data" + struct.pack("<I", said) + pcm + after
    return b"RIFF" + struct.pack("<I", size if size is not None else len(data)) + data


CUTS = st.lists(st.integers(0, 20_000), max_size=30).map(tuple)
KINDS = st.sampled_from(["pcm", "wav", "endless", "rate", "stereo", "float"])


def body_of(kind: str, pcm: bytes) -> tuple[bytes, str]:
    """The same sound as one of the bodies that servers send."""
    match kind:
        case "pcm":
            return pcm, "audio/pcm"
        case "wav":
            return wav(pcm, after=b"LIST\x04\0\0\0abcd"), "audio/wav"
        case "endless":
            return wav(pcm, size=0xFFFFFFFF), "application/octet-stream"
        case "rate":
            return pcm, "audio/L16; rate=16000"
        case "stereo":
            return wav(np.repeat(np.frombuffer(pcm, "<i2"), 2).tobytes(), channels=2), "audio/wav"
        case _:
            return wav((np.frombuffer(pcm, "<i2") / 32767).astype("<f4").tobytes(), code=3, bits=32), "audio/wav"


@given(KINDS, CUTS)
@settings(max_examples=150)
def test_any_split_gives_the_same_sound(kind: str, cuts: tuple[int, ...]) -> None:
    """Samples, headers and frames may be cut anywhere by the network."""
    data, content_type = body_of(kind, TONE)
    expected = resample(TONE, 16_000, 24_000) if kind == "rate" else TONE
    got = read(data, content_type, cuts=cuts)

    if kind == "rate":
        # The resampler's own rounding depends a little on how it is fed.
        assert len(got) == len(expected)
        assert np.abs(np.frombuffer(got, "<i2").astype(int) - np.frombuffer(expected, "<i2")).max() <= 2
    else:
        assert got == expected


@given(st.binary(max_size=400), CUTS, st.sampled_from(["", "audio/pcm", "audio/wav", "text/html", "audio/mpeg"]))
def test_any_bytes_are_sound_or_refused(data: bytes, cuts: tuple[int, ...], content_type: str) -> None:
    """Nothing a server sends raises anything but a refusal, and what comes out are whole samples."""
    with contextlib.suppress(ProviderRefused):
        assert len(read(data, content_type, cuts=cuts)) % 2 == 0


@given(st.binary(min_size=0, max_size=200))
def test_any_wav_header_is_read_or_refused(tail: bytes) -> None:
    """A damaged header is told, or waits for more; it never raises anything else."""
    try:
        header = read_wav_header(b"RIFF\0\0\0\0WAVE" + tail)
    except WavTrouble:
        return
    assert header is None or 12 < header.begin <= 12 + len(tail)


@given(
    st.sampled_from([8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000]),
    st.integers(1, 3),
    st.sampled_from([None, 0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000]),
    st.binary(max_size=21),
)
def test_a_wav_header_is_read_whole(rate: int, channels: int, size: int | None, extra: bytes) -> None:
    """Rate, channels and the place of the sound are found behind other chunks of odd lengths too."""
    other = b"LIST" + struct.pack("<I", len(extra)) + extra + bytes(len(extra) % 2)
    data = wav(bytes(60), rate, channels, size, before=other)
    header = read_wav_header(data)

    assert header is not None
    assert (header.rate, header.channels) == (rate, channels)
    assert header.begin == len(data) - 60
    assert header.size == (60 if size is None else None)
    assert all(read_wav_header(data[:end]) is None for end in range(header.begin))


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_another_rate_keeps_the_pitch(rate: int) -> None:
    """A tone of 440 Hz at any rate, in WAV or announced in the content type, is one of 440 Hz at 24 kHz."""
    sound = tone(0.5, 440.0, rate)
    for got in (read(write_wav(sound, rate)), read(sound, f"audio/pcm;rate={rate}"), read(sound, rate=rate)):
        assert strongest(got) == pytest.approx(440, abs=2)
        assert seconds(got) == pytest.approx(0.5, abs=0.001)


def test_an_extensible_wav_is_read() -> None:
    """WAVE_FORMAT_EXTENSIBLE with PCM inside is PCM."""
    assert read(wav(TONE, code=0xFFFE)) == TONE


def test_a_header_that_promises_too_much_is_forgiven() -> None:
    """A length beyond the body is what a streaming server writes; the sound is what came."""
    assert read(wav(TONE, size=10**8)) == TONE


def test_the_last_odd_byte_is_dropped() -> None:
    """A body of an odd length loses half a sample and nothing else."""
    assert read(TONE + b"\x01") == TONE


def _mp3(frames: int) -> bytes:
    """Frames of MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes each."""
    return (b"\xff\xfb\x90\x64" + bytes(413)) * frames


@pytest.mark.parametrize(
    ("data", "content_type", "named"),
    [
        (_mp3(8), "audio/mpeg", "MP3"),
        (_mp3(8), "audio/pcm", "MP3"),
        (b"ID3\x04\0\0\0\0\0\x00" + _mp3(4), "", "MP3"),
        (b"OggS" + bytes(60), "audio/ogg", "Ogg"),
        (b"fLaC" + bytes(60), "audio/flac", "FLAC"),
        (b"\0\0\0\x20ftypM4A " + bytes(60), "audio/mp4", "MP4"),
        (b'{"error": {"message": "no"}}', "application/json", "application/json"),
        (b'{"error": {"message": "something went quite wrong in the engine"}}', "audio/pcm", "text"),
        (b"<!DOCTYPE html><html><body>Bad gateway</body></html>", "text/html; charset=utf-8", "text/html"),
        (b"<html><head><title>502 Bad Gateway</title></head><body>no</body></html>", "", "text"),
        (b"no", "", "text"),
        (wav(TONE, bits=24), "audio/wav", "16-bit"),
        (wav(TONE, code=0x11, bits=4), "audio/wav", "16-bit"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0" + TONE, "audio/wav", "format"),
        (wav(TONE, rate=1), "audio/wav", "rate"),
        (wav(TONE, channels=0), "audio/wav", "channels"),
    ],
)  # fmt: skip
def test_what_is_not_pcm_is_refused_by_name(data: bytes, content_type: str, named: str) -> None:
    """The operator is told what came, in one sentence; nothing of it is played."""
    with pytest.raises(ProviderRefused, match=named):
        read(data, content_type)


@pytest.mark.parametrize(
    "head", [b"\xff\xfb\x90\x64", b"\xff\xff\xff\xff", b"\xff\xf3\x40\xc0", b'{"a"\0\xfe\xff\xff', b"<h\0\0"]
)
def test_sound_that_begins_like_something_else_is_played(head: bytes) -> None:
    """Quiet PCM may begin with the bytes of an MP3 frame or with a brace; it is still sound, even if it is
    labelled as MP3."""
    data = head + TONE
    assert read(data, "audio/mpeg") == data[: len(data) // 2 * 2]
