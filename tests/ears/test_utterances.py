"""Sound is cut into utterances where voice activity hears pauses, with what belongs before the onset."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ears.base import SAMPLE_RATE, SpeechEdge
from server.ears.utterances import KEPT, LEAD, LONGEST, PAUSE, PIECE, RATE_OUT, Utterance, Utterances

FRAME = SAMPLE_RATE // 50


def sound(samples: int, value: int = 1000) -> bytes:
    return np.full(samples, value, "<i2").tobytes()


def seconds(utterance: Utterance) -> float:
    return sum(map(len, utterance.pieces)) / 2 / RATE_OUT


class Cutting:
    """Feeds frames of 20 ms, on a clock that the sound drives."""

    def __init__(self, begins: float = 0.0) -> None:
        self.cut = Utterances()
        self.samples = 0
        self.begins = begins
        self.found: list[Utterance] = []

    def feed(self, length: float) -> None:
        for _ in range(round(length * 50)):
            self.samples += FRAME
            self._keep(self.cut.feed(sound(FRAME), self.begins + self.samples / SAMPLE_RATE))

    def edge(self, speaking: bool, at: float) -> None:
        self._keep(self.cut.edge(SpeechEdge(speaking, round(at * SAMPLE_RATE), -30.0)))

    def _keep(self, utterance: Utterance | None) -> None:
        if utterance is not None:
            self.found.append(utterance)


def test_an_utterance_has_its_lead_and_its_times():
    """It begins 300 ms before the onset and is over when the pause is long enough; its times are the session's."""
    cutting = Cutting(begins=100.0)
    cutting.feed(2.0)
    cutting.edge(True, 1.8)
    (utterance,) = cutting.found
    assert utterance.start == pytest.approx(100.0 + 1.8 - LEAD / SAMPLE_RATE)
    cutting.feed(1.0)
    cutting.edge(False, 2.8)
    assert utterance.end is None
    cutting.feed(0.4)
    assert utterance.end == pytest.approx(102.8)
    assert seconds(utterance) == pytest.approx(LEAD / SAMPLE_RATE + 1.0 + PAUSE / SAMPLE_RATE, abs=0.03)
    assert all(PIECE <= len(piece) < 2 * PIECE for piece in list(utterance.pieces)[1:-1])


def test_a_short_pause_does_not_cut():
    """Speech that goes on within the pause is one utterance."""
    cutting = Cutting()
    cutting.feed(1.0)
    cutting.edge(True, 0.5)
    cutting.edge(False, 0.8)
    cutting.feed(0.1)
    cutting.edge(True, 1.05)
    cutting.feed(2.0)
    assert len(cutting.found) == 1 and cutting.found[0].end is None


def test_the_first_word_of_a_session():
    """An onset at the very beginning has less of a lead, or none."""
    cutting = Cutting()
    cutting.feed(0.2)
    cutting.edge(True, 0.0)
    assert cutting.found[0].start == 0.0
    cutting.cut.lull()
    assert seconds(cutting.found[0]) == pytest.approx(0.2, abs=0.001)


def test_an_onset_told_late():
    """An onset that is told long after it begins with the oldest sound that was kept."""
    cutting = Cutting()
    cutting.feed(10.0)
    cutting.edge(True, 2.0)
    assert cutting.found[0].start == pytest.approx(10.0 - KEPT / SAMPLE_RATE, abs=0.03)


def test_somebody_who_never_pauses_is_cut():
    """Long speech is cut into several utterances, without losing a sample between them."""
    cutting = Cutting()
    cutting.feed(1.0)
    cutting.edge(True, 0.5)
    cutting.feed(2.5 * LONGEST / SAMPLE_RATE)
    assert len(cutting.found) == 3
    for one, other in zip(cutting.found, cutting.found[1:], strict=False):
        assert one.end == pytest.approx(other.start)
        assert seconds(one) == pytest.approx(LONGEST / SAMPLE_RATE, abs=0.03)


def test_a_stop_without_an_onset_and_a_lull_without_speech():
    """Neither means anything."""
    cutting = Cutting()
    cutting.edge(False, 0.0)
    cutting.cut.lull()
    cutting.feed(1.0)
    assert cutting.found == []


@given(st.lists(st.tuples(st.booleans(), st.floats(0.02, 2.0)), max_size=20))
def test_times_and_sound_agree(steps):
    """Whatever the edges, an utterance is as long as its sound says, and the next begins after it."""
    cutting = Cutting()
    for speaking, length in steps:
        cutting.feed(length)
        cutting.edge(speaking, max(0.0, cutting.samples / SAMPLE_RATE - 0.2))
    cutting.cut.lull()
    for utterance in cutting.found:
        assert utterance.end is not None
        assert seconds(utterance) >= utterance.end - utterance.start - 0.001
        assert sum(map(len, utterance.pieces)) % 2 == 0
    for one, other in zip(cutting.found, cutting.found[1:], strict=False):
        assert other.number == one.number + 1
        assert other.start >= one.end - LEAD / SAMPLE_RATE
