"""What real sound tells: where a voice was lowered, to a hundredth of a second."""

import asyncio

import numpy as np
import pytest

from server.errors import RehearsalError
from server.rehearsal.agent_sound import HeardReply
from server.rehearsal.manners.on_sound import duck_after, evaluate_on_sound
from server.rehearsal.manners.run import chosen
from server.rehearsal.spoken import RATE


def voice(seconds=5.0):
    """Something like speech: noise that swells and falls."""
    time = np.arange(int(seconds * RATE)) / RATE
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 2.3 * time)
    return np.random.default_rng(7).normal(0, 0.1, len(time)) * swell


def played(gain, begin=3.0, seconds=5.0):
    """The voice as the page played it from `begin` on, its gain at each moment given by a function."""
    sound = voice(seconds)
    heard = np.zeros(int((begin + seconds + 2) * RATE))
    times = begin + np.arange(len(sound)) / RATE
    first = int(begin * RATE)
    heard[first : first + len(sound)] = sound * gain(times)
    return HeardReply(begin, begin + seconds), heard, sound


@pytest.mark.parametrize("after", [0.06, 0.12, 0.4])
def test_a_duck_is_seen_where_it_is(after):
    """A voice that falls by 12 dB over 30 ms is found to the window and its ramp."""
    reply, heard, sound = played(lambda times: 1 - 0.75 * np.clip((times - 5.0 - after) / 0.03, 0, 1))
    assert duck_after(5.0, reply, heard, sound) == pytest.approx(after + 0.015, abs=0.03)


def test_a_voice_that_is_not_lowered_counts_as_late():
    """Without a duck the figure is as large as it can be."""
    reply, heard, sound = played(lambda times: np.ones_like(times))
    assert duck_after(4.6, reply, heard, sound) == 2.0


def test_a_voice_that_is_low_already_cannot_be_lowered():
    """An onset over a ducked voice says nothing."""
    reply, heard, sound = played(lambda times: np.where(times < 4.8, 1.0, 0.25))
    assert duck_after(6.0, reply, heard, sound) is None


def test_only_marked_scenarios_are_rehearsed_on_sound():
    """Where none says `sound: true` there is nothing to do, and that is an error in words."""
    with pytest.raises(RehearsalError, match="sound: true"):
        asyncio.run(evaluate_on_sound(chosen(["echo/"])))
