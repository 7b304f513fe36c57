"""From probabilities to edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ears.base import SpeechEdge
from server.ears.segments import Segments, Thresholds

F = 512


def edges_of(probabilities: str, level: float = -30.0) -> list[tuple[bool, int, int]]:
    """Edges as (speaking, frame of the edge, frame at which it was known); `#` speech, `-` doubt, `.` none."""
    segments, found = Segments(), []
    for index, letter in enumerate(probabilities):
        edge = segments.hear(index, {"#": 0.9, "-": 0.4, ".": 0.1}[letter], level)
        if edge is not None:
            found.append((edge.speaking, edge.sample // F, index))
    return found


def test_speech_begins_at_its_first_frame() -> None:
    """The onset is known after 128 ms and points at the first frame; the end is known 200 ms after the last."""
    assert edges_of("...######........") == [(True, 3, 6), (False, 9, 15)]


def test_a_click_is_no_speech() -> None:
    """Less than 120 ms is not reported, however often it occurs."""
    assert edges_of("..###......###......##.....#.....") == []


def test_a_short_gap_does_not_begin_again() -> None:
    """A consonant's gap of 64 ms while speech begins is part of it; one of 96 ms begins anew."""
    assert edges_of("..##..###........")[0] == (True, 2, 7)
    assert edges_of("..##...####.....")[0] == (True, 7, 10)


def test_a_pause_for_breath_is_no_end() -> None:
    """Less than 200 ms of silence ends nothing, and the end is that of the last frame of speech."""
    assert edges_of("####......####.......") == [(True, 0, 3), (False, 14, 20)]


def test_doubt_changes_nothing() -> None:
    """Between the thresholds speech does not begin, and does not end."""
    assert edges_of("--------") == []
    assert edges_of("####------------") == [(True, 0, 3)]


def test_a_skipped_stretch_is_silence() -> None:
    """Frames that were never judged end speech like silent ones."""
    segments = Segments()
    for index in range(5):
        segments.hear(index, 0.9, -30)
    assert segments.speaking

    assert segments.hear(500, 0.1, -90) == SpeechEdge(False, 5 * F, pytest.approx(-30))
    assert segments.idle and segments.finish() is None


def test_the_end_of_the_stream_ends_speech() -> None:
    """A stream that is cut in mid-speech still says where it ended; the beginning of a beginning says nothing."""
    segments = Segments()
    for index in range(5):
        segments.hear(index, 0.9, -30)
    assert segments.finish() == SpeechEdge(False, 5 * F, pytest.approx(-30))
    segments.hear(9, 0.9, -30)
    assert segments.finish() is None


@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 1), st.floats(-90, 0)), max_size=300))
def test_edges_alternate_and_move_forward(frames: list[tuple[int, float, float]]) -> None:
    """Whatever the probabilities: onset, end, onset, end; each later than the last, none in the future."""
    segments, found, index = Segments(Thresholds()), [], 0
    for step, probability, level in frames:
        index += step
        edge = segments.hear(index, probability, level)
        if edge is not None:
            assert edge.sample <= (index + 1) * F and -90 <= edge.level <= 0.001
            found.append(edge)
            assert edge.speaking == segments.speaking

    assert [edge.speaking for edge in found] == [number % 2 == 0 for number in range(len(found))]
    samples = [edge.sample for edge in found]
    assert samples == sorted(samples)
    assert all(off - on >= 4 * F for on, off in zip(samples[::2], samples[1::2], strict=False))
