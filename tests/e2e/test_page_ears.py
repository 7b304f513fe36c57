"""What the page hears: the sound it sends up, and what it does when somebody begins to talk."""

from __future__ import annotations

import numpy as np
import pytest

from server.core.messages import HEADER, Duck, Flush
from tests.page_backend import RATE, speech
from tests.page_stage import chromium, hiss, microphone

pytestmark = pytest.mark.browser

TONE = 1000


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A microphone with 2.5 s of a quiet room, then 3 s of loud talk with a 1 kHz tone in it, again and again."""
    t = np.arange(48_000 * 3) / 48_000
    talk = np.repeat(speech(3.0), 2)[: len(t)] * 0.6 + 9000 * np.sin(2 * np.pi * TONE * t)
    sound = np.concatenate([hiss(2.5), talk])
    path = microphone(tmp_path_factory.mktemp("mic") / "talk.wav", np.clip(sound, -32767, 32767))
    yield from chromium(f"--use-file-for-fake-audio-capture={path}")


@pytest.mark.parametrize("query", ["", "&capture=worklet"], ids=["track processor", "audio worklet"])
def test_the_meetings_sound_goes_up_at_16_khz(seat, backend, query):
    """
    100 ms chunks, numbered without a gap, carrying the tone of the meeting at its true pitch.
    """
    seat.open(query)
    backend.wait_until(lambda: len(backend.frames) >= 55)
    firsts = [first for _, first, _ in backend.frames]
    assert {n for _, _, n in backend.frames} == {1600}
    assert firsts == list(range(firsts[0], firsts[0] + 1600 * len(firsts), 1600))
    assert len(backend.pcm) == 3200 * len(firsts)
    pcm = np.frombuffer(bytes(backend.pcm), dtype="<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    assert abs(np.fft.rfftfreq(len(pcm), 1 / 16_000)[spectrum.argmax()] - TONE) < 1
    live = backend.wait("mic", lambda m: m["state"] == "live" and m["rate"] > 0 and m["channels"] > 0)
    assert live["rate"] in (44_100, 48_000)
    assert HEADER.size == 20


def test_somebody_begins_to_talk_and_the_page_ducks_by_itself(seat, backend):
    """
    A loud onset lowers the voice by 12 dB before the backend says anything, is reported, and wears off.
    """
    seat.open()
    backend.stream(np.full(RATE * 9, 20_000, dtype="<i2"))
    onset = backend.wait("onset", seconds=20)
    assert -45 < onset["level"] < 0
    seat.page.wait_for_function("() => parley.state.ducked")
    seat.page.wait_for_function("() => !parley.state.ducked")
    seat.page.wait_for_timeout(300)
    values = np.concatenate([v for _, v in seat.heard()])
    ducked = np.count_nonzero(np.abs(values - 20_000 * 10 ** (-12 / 20)) < 20) / RATE
    assert 0.8 < ducked < 2.5
    assert abs(values[-500:].mean() - 20_000) < 50
    backend.send(Flush(9))


def test_the_backends_duck_ends_the_pages_own(seat, backend):
    """
    After a word from the backend the page does not bring the voice back by itself.
    """
    seat.open()
    backend.stream(np.full(RATE * 9, 20_000, dtype="<i2"))
    backend.wait("onset", seconds=20)
    backend.send(Duck(-20, 30))
    seat.page.wait_for_timeout(1600)
    values = np.concatenate([v for _, v in seat.heard()])
    assert abs(values[-200:].mean() - 2000) < 20
    backend.send(Flush(9))


def test_talk_over_the_agent_goes_up_in_short_chunks(seat, backend):
    """
    While the agent speaks and somebody talks, 20 ms at a time and what was gathered at once; when the reply is over
    100 ms again; numbered without a gap all the while.
    """
    seat.open()
    backend.stream(np.full(RATE * 9, 20_000, dtype="<i2"))
    backend.wait("onset", seconds=20)
    backend.wait_until(lambda: len([n for _, _, n in backend.frames if n < 400]) >= 40)
    backend.send(Flush(9))
    backend.wait("flushed")
    seat.page.wait_for_timeout(300)
    over = len(backend.frames)
    backend.wait_until(lambda: len(backend.frames) >= over + 10)
    assert {n for _, _, n in backend.frames[over + 1 :]} == {1600}
    assert all(0 < n <= 1600 for _, _, n in backend.frames)
    firsts, sizes = [first for _, first, _ in backend.frames], [n for _, _, n in backend.frames]
    assert firsts == [firsts[0] + sum(sizes[:index]) for index in range(len(sizes))]


def test_nobody_is_ducked_for_while_the_voice_is_silent(seat, backend):
    """
    Talk while the agent is silent is no onset.
    """
    seat.open()
    backend.wait_until(lambda: len(backend.frames) >= 60)
    assert backend.of("onset") == []
