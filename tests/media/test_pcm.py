"""Sound as bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.pcm import (
    SILENCE_DBFS,
    Resampler,
    SilenceTrimmer,
    downmix,
    from_float,
    level_dbfs,
    mix,
    read_wav,
    resample,
    samples,
    to_float,
    write_wav,
)

PCM = st.lists(st.integers(-32768, 32767), max_size=300).map(lambda values: np.array(values, "<i2").tobytes())


def tone(hz: float, rate: int, seconds: float = 1.0, level: float = 0.5) -> bytes:
    return from_float(np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate) * level)


def test_levels_are_dbfs() -> None:
    """A full square wave is 0, half of it -6, a full sine -3, and silence a finite number."""
    assert level_dbfs(np.full(100, -32768, "<i2").tobytes()) == pytest.approx(0)
    assert level_dbfs(np.full(100, 16384, "<i2").tobytes()) == pytest.approx(-6.02, abs=0.01)
    assert level_dbfs(tone(440, 16_000, level=1.0)) == pytest.approx(-3.01, abs=0.01)
    assert level_dbfs(bytes(100)) == level_dbfs(b"") == SILENCE_DBFS


@given(PCM)
def test_floats_come_back(pcm: bytes) -> None:
    """s16 to float and back changes a sample by one at most."""
    back = samples(from_float(to_float(pcm))).astype(int)

    assert np.abs(back - samples(pcm)).max(initial=0) <= 1
    assert np.abs(to_float(pcm)).max(initial=0.0) <= 1.0


def test_an_odd_byte_is_an_error() -> None:
    """Half a sample means that somebody upstream split one."""
    with pytest.raises(ValueError, match="odd"):
        samples(b"\0\0\0")


@given(st.lists(PCM, max_size=4))
def test_a_mix_saturates(sounds: list[bytes]) -> None:
    """The sum is as long as the longest and stays at the rails instead of wrapping round."""
    longest = max((len(sound) // 2 for sound in sounds), default=0)
    padded = [np.pad(samples(sound).astype(int), (0, longest - len(sound) // 2)) for sound in sounds]
    expected = np.clip(sum(padded, np.zeros(longest, int)), -32768, 32767)

    assert samples(mix(sounds)).tolist() == expected.tolist()


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_resampling_keeps_pitch_length_and_level(rate: int) -> None:
    """A tone is the same tone at 24 kHz."""
    out = resample(tone(441, rate), rate, 24_000)
    spectrum = np.abs(np.fft.rfft(samples(out).astype(float)))

    assert len(out) // 2 == 24_000
    assert int(np.argmax(spectrum)) == 441
    assert level_dbfs(out) == pytest.approx(level_dbfs(tone(441, rate)), abs=0.1)


@given(st.lists(st.integers(1, 4_000), min_size=1, max_size=20))
def test_a_resampled_stream_has_its_exact_length(sizes: list[int]) -> None:
    """In pieces of any size the output is as long as in one, and nothing is lost at the end."""
    stream = Resampler(22_050, 24_000)
    sound = tone(300, 22_050, seconds=sum(sizes) / 22_050)
    out, at = b"", 0
    for size in sizes:
        out += stream.feed(sound[2 * at : 2 * (at + size)])
        at += size
    out += stream.finish()

    assert abs(len(out) // 2 - sum(sizes) * 24_000 / 22_050) <= 1


def test_the_same_rate_is_not_touched() -> None:
    """Nothing is computed where nothing is to be done; an impossible rate is an error."""
    assert resample(b"\1\2\3\4", 24_000, 24_000) == b"\1\2\3\4"
    with pytest.raises(ValueError, match="rate"):
        Resampler(0, 24_000)


@given(st.integers(0, 400), st.lists(st.integers(1, 90), max_size=12), st.integers(0, 50))
def test_silence_before_the_first_sound_is_cut(silence: int, cuts: list[int], keep: int) -> None:
    """However it is fed, `keep` samples of silence stay, and what was cut is counted."""
    loud = np.array([5000, 0, -5000, 7], "<i2").tobytes()
    data = bytes(2 * silence) + loud
    trimmer = SilenceTrimmer(keep=keep, limit=10_000)
    out, at = b"", 0
    for cut in [*cuts, 1_000]:
        out += trimmer.feed(data[2 * at : 2 * (at + cut)])
        at += cut
    out += trimmer.finish()

    assert out == bytes(2 * min(silence, keep)) + loud
    assert trimmer.dropped == max(0, silence - keep) and trimmer.heard


@given(st.lists(st.integers(1, 100), max_size=20))
def test_the_cutting_has_a_limit(sizes: list[int]) -> None:
    """A stream that stays silent passes after `limit` samples; before that its last `keep` come at the end."""
    trimmer = SilenceTrimmer(keep=30, limit=300)
    out = b"".join(trimmer.feed(bytes(2 * size)) for size in sizes)
    total = sum(sizes)
    assert len(out) // 2 == (total - 300 if total >= 330 else 0)
    out += trimmer.finish()

    assert len(out) // 2 == total - trimmer.dropped == max(min(total, 30), total - 300)
    assert not trimmer.heard


@given(PCM, st.sampled_from([8_000, 24_000, 48_000]))
def test_wav_comes_back(pcm: bytes, rate: int) -> None:
    """What was written is read."""
    assert read_wav(write_wav(pcm, rate)) == (pcm, rate)


def test_what_is_no_wav_is_an_error() -> None:
    """Anything else is a ValueError, a file cut short included."""
    for data in (b"", b"RIFF", b"nothing", write_wav(bytes(100), 8_000)[:30]):
        with pytest.raises(ValueError, match="WAV"):
            read_wav(data)


def test_channels_are_averaged() -> None:
    """Left and right become their mean."""
    stereo = np.array([100, 300, -32768, -32768, 32767, 32767], "<i2").tobytes()

    assert samples(downmix(stereo, 2)).tolist() == [200, -32768, 32767]
