"""The real net on real speech: spoken by the embedded voice here, and by people where recordings are at hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from server.ears.base import SAMPLE_RATE
from server.ears.vad import VadEars
from server.media.pcm import from_float, level_dbfs, mix, read_wav, resample, samples, to_float
from server.voices.espeak import VOICES, EspeakVoice
from tests.ears.hearing import errors, hear, spans

pytestmark = pytest.mark.anyio

LINES = (
    "Good morning everybody, shall we look at the budget before lunch?",
    "I think the second option is cheaper.",
    "Yes, but it takes two more weeks, and nobody is there in August.",
    "Then let us decide it on Thursday.",
)


@pytest.fixture(params=[4, 0], ids=["net", "level alone"])
async def ears(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[VadEars]:
    """With the net, and with the gate alone."""
    made = VadEars(request.param)
    yield made
    await made.close()


@pytest.fixture
async def net(anyio_backend: str) -> AsyncIterator[VadEars]:
    made = VadEars(1)
    yield made
    await made.close()


async def conversation() -> tuple[bytes, list[tuple[int, int]]]:
    """Four people speak in turn, with 1.2 s between them; the sound at 16 kHz and where speech is."""
    pytest.importorskip("espeakng_loader", reason="the extra 'voice' is not installed")
    voice = EspeakVoice(frame_deadline=20.0, start_deadline=30.0)
    sound, truth = bytes(2 * SAMPLE_RATE), []
    try:
        for who, line in zip(VOICES, LINES, strict=False):
            pcm = b"".join([piece.pcm async for piece in voice.speak(line, voice=who)])
            spoken = resample(pcm, 24_000, SAMPLE_RATE)
            quiet = np.abs(samples(spoken).astype(int)) > 200
            first, last = np.flatnonzero(quiet)[[0, -1]]
            at = len(sound) // 2
            truth.append((at + int(first), at + int(last)))
            sound += spoken + bytes(2 * (SAMPLE_RATE * 12 // 10))
    finally:
        await voice.close()
    return sound, truth


def at_level(pcm: bytes, dbfs: float, truth: list[tuple[int, int]]) -> bytes:
    """The same sound, its speech at a level."""
    speech = b"".join(pcm[2 * start : 2 * end] for start, end in truth)
    return from_float(to_float(pcm) * 10 ** ((dbfs - level_dbfs(speech)) / 20))


async def measured(ears: VadEars, level: float, signal_to_noise: float | None) -> tuple[float, float, float]:
    """Missed, false, and the worst onset in seconds, for the conversation at a level (dBFS) in white noise."""
    sound, truth = await conversation()
    sound = at_level(sound, level, truth)
    if signal_to_noise is not None:
        hiss = np.random.default_rng(3).normal(0, 10 ** ((level - signal_to_noise) / 20), len(sound) // 2)
        sound = mix([sound, from_float(hiss)])
    found = spans(await hear(ears, sound))
    worst = max(min(abs(start - real) for start, _ in found) for real, _ in truth)
    return (*errors(found, truth, len(sound) // 2), worst / SAMPLE_RATE)


@pytest.mark.parametrize(("level", "signal_to_noise"), [(-20, None), (-38, None), (-25, 15), (-25, 8)])
async def test_embedded_speech_is_heard(net: VadEars, level: float, signal_to_noise: float | None) -> None:
    """Speech is found and gaps are not, loud or low, in white noise down to 8 dB below it."""
    missed, false, worst = await measured(net, level, signal_to_noise)

    assert missed <= 0.03 and false <= 0.02
    assert worst <= 0.2


@pytest.mark.parametrize(
    ("level", "signal_to_noise", "most_false"), [(-20, None, 0.02), (-38, None, 0.02), (-25, 15, 0.15)]
)
async def test_level_alone_hears_speech_too(level: float, signal_to_noise: float | None, most_false: float) -> None:
    """Without a detector speech is found as well; noise that is there from the start is taken for speech until
    the floor is known."""
    ears = VadEars(0)
    missed, false, worst = await measured(ears, level, signal_to_noise)
    await ears.close()

    assert missed <= 0.03 and false <= most_false
    assert worst <= 0.25 or signal_to_noise is not None


async def test_noise_that_is_not_speech_is_told_apart(net: VadEars) -> None:
    """Bursts of noise, clicks and a hum are loud, but the net does not take them for speech."""
    rng = np.random.default_rng(5)
    at = np.arange(8 * SAMPLE_RATE) / SAMPLE_RATE
    room = rng.normal(0, 0.001, at.size)
    bursts = rng.normal(0, 0.05, at.size) * (at % 2 < 0.4)
    clicks = np.where(rng.random(at.size) < 2 / SAMPLE_RATE, 0.8, 0.0)
    hum = 0.05 * np.sin(2 * np.pi * 50 * at) * (at > 4)
    edges = await hear(net, from_float(room + bursts + clicks + hum))

    assert net.stats.detector_frames > 30
    assert edges == []


# ---------------------------------------------------------------- recordings of people


def recording(folder: Path, name: str) -> bytes:
    pcm, rate = read_wav((folder / "audio" / f"{name}.wav").read_bytes())
    assert rate == SAMPLE_RATE
    return pcm


def reference(folder: Path, name: str) -> list[tuple[int, int]]:
    """Where somebody speaks, from the RTTM file: start and duration in the fourth and fifth column."""
    rows = [line.split() for line in (folder / "audio" / f"{name}.rttm").read_text().splitlines()]
    return [(round(float(r[3]) * SAMPLE_RATE), round((float(r[3]) + float(r[4])) * SAMPLE_RATE)) for r in rows]


@pytest.mark.data
@pytest.mark.parametrize(("name", "most_missed"), [("ami-dev00", 0.12), ("ami-trn08", 0.12)])
async def test_a_meeting_room_is_heard(net: VadEars, real_data: Path, name: str, most_missed: float) -> None:
    """In a real meeting room, with a far microphone, little speech is missed and almost nothing is invented."""
    pcm = recording(real_data, name)
    missed, false = errors(spans(await hear(net, pcm)), reference(real_data, name), len(pcm) // 2)

    assert missed <= most_missed and false <= 0.02


@pytest.mark.data
async def test_nobody_speaks_in_the_silences_of_a_meeting(net: VadEars, real_data: Path) -> None:
    """No onset lies in a silence of that meeting, further than 300 ms from anybody's speech."""
    pcm, truth = recording(real_data, "ami-trn08"), reference(real_data, "ami-trn08")
    onsets = [start for start, _ in spans(await hear(net, pcm))]
    margin = SAMPLE_RATE * 3 // 10

    assert onsets
    assert all(any(a - margin <= onset <= b + margin for a, b in truth) for onset in onsets)


@pytest.mark.data
async def test_a_clean_speech_is_heard(ears: VadEars, real_data: Path) -> None:
    """One clear speaker: several phrases, most of the time speaking, nothing before the first word."""
    pcm = recording(real_data, "jfk")
    found = spans(await hear(ears, pcm))
    share = sum(end - start for start, end in found) / (len(pcm) // 2)

    assert 3 <= len(found) <= 8 and 0.55 < share < 0.9
    assert found[0][0] < 0.5 * SAMPLE_RATE


@pytest.mark.data
@pytest.mark.parametrize(("name", "share"), [("katiesteve", 0.5), ("recognize-speech", 0.25)])
async def test_a_low_recording_is_heard(ears: VadEars, real_data: Path, name: str, share: float) -> None:
    """People who were recorded at a low level are heard, with the net and by level alone."""
    pcm = recording(real_data, name)
    found = spans(await hear(ears, pcm))

    assert sum(end - start for start, end in found) / (len(pcm) // 2) > share
