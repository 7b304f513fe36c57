"""Host time and our own on one line."""

from hypothesis import given
from hypothesis import strategies as st

from server.media.timeline import FARTHEST, Timeline


def test_host_times_are_exact_between_streams():
    """However late they come, things are as far apart as the host says; the first one tells where its line begins."""
    line = Timeline(100.0)
    assert line.place(102.5, 50.0, 0.5) == 2.0
    assert line.place(103.9, 50.5) == 2.5
    assert line.place(103.9, 49.0) == 1.0
    assert line.place(140.0, 80.25) == 32.25
    assert line.anchors == 1


def test_without_host_time_it_is_when_it_came():
    """What has no time, or none that is a number, began as long ago as it lasts."""
    line = Timeline(100.0)
    assert line.place(103.0, None, 0.5) == 2.5
    assert line.place(103.0, float("nan")) == line.place(103.0, float("inf")) == 3.0
    assert line.place(100.1, None, 5.0) == 0.0


def test_a_host_that_counts_anew_is_followed():
    """A new count of the host is taken up where we are."""
    line = Timeline(0.0)
    assert line.place(600.0, 900.0) == 600.0
    assert line.place(610.0, 3.0) == 610.0
    assert line.place(611.0, 4.5) == 611.5
    assert line.anchors == 2


@given(st.lists(st.tuples(st.floats(0, 10), st.none() | st.floats(-1e18, 1e18)), max_size=50))
def test_nothing_lies_far_from_now(moments):
    """Whatever a host says, a place is never before the beginning nor farther than the bound from what has passed."""
    line, now = Timeline(0.0), 0.0
    for step, at in moments:
        now += step
        assert max(0.0, now - FARTHEST) - 0.001 <= line.place(now, at) <= now + FARTHEST + 0.001
