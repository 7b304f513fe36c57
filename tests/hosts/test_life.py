"""One bot's life, from news in any order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.hosts.base import OVER, SeatChange, SeatState
from server.hosts.life import REMEMBERED, Life

S = SeatState


def change(state, at=None, code="", **more):
    """Some news of the bot b1."""
    return SeatChange("b1", state, code or (state.value if state else "news"), at=at, **more)


def lived(*changes):
    """The life after these changes."""
    life = Life("b1")
    for each in changes:
        life.take(each)
    return life


STORY = [
    change(S.JOINING, 1.0),
    change(S.WAITING, 2.0),
    change(S.IN_CALL, 3.0),
    change(S.LIVE, 4.0),
    change(S.LEAVING, 9.0, sub_code="bot_kicked_from_call", words="somebody removed the bot"),
    change(S.DONE, 10.0),
]


def test_a_life_goes_from_joining_to_done():
    """Each piece of news that comes in order becomes the state."""
    life = Life()
    assert life.state is S.JOINING and life.current is None and life.why is None and not life.over
    for each in STORY:
        assert life.take(each)
        assert life.state is each.state
        assert life.current is each
    assert life.over


def test_a_late_webhook_does_not_turn_back_time():
    """News that are older than the state are taken and change nothing."""
    life = lived(STORY[3])
    assert life.take(STORY[2])
    assert life.state is S.LIVE
    assert life.current is STORY[3]


def test_a_pause_is_no_step_back():
    """A recording that is paused and goes on again moves the state between in-call and live."""
    life = lived(*STORY[:4], change(S.IN_CALL, 5.0))
    assert life.state is S.IN_CALL
    life.take(change(S.LIVE, 6.0))
    assert life.state is S.LIVE


def test_nothing_comes_after_the_end():
    """Done before call_ended is still done, and so it stays; the reason may come later."""
    life = lived(STORY[5])
    assert life.why is STORY[5]
    assert life.take(STORY[4])
    life.take(change(S.LIVE, 99.0))
    assert life.state is S.DONE
    assert life.why is STORY[4]


def test_a_failure_is_its_own_reason():
    """A bot that failed tells why by the failure, and a `done` behind it does not hide it."""
    failed = change(S.FAILED, 5.0, words="the meeting does not exist")
    life = lived(failed, change(S.DONE, 6.0))
    assert life.state is S.FAILED
    assert life.why is failed


def test_repeats_are_told_apart():
    """The same bot, code and time is a repeat; another time is not."""
    life = lived(STORY[0])
    assert not life.take(STORY[0])
    assert life.take(change(S.JOINING, 1.5))
    assert life.take(change(None, 1.0, code="realtime_endpoint.failed"))
    assert not life.take(change(None, 1.0, code="realtime_endpoint.failed"))
    assert life.state is S.JOINING


def test_another_bots_news_are_not_taken():
    """A life belongs to the bot it began with."""
    life = Life()
    life.take(STORY[0])
    assert not life.take(SeatChange("b2", S.DONE, "done", at=50.0))
    assert life.state is S.JOINING


def test_news_without_a_time_only_move_forward():
    """What comes without a time may lead on, never back."""
    life = lived(STORY[3], change(S.JOINING))
    assert life.state is S.LIVE
    life.take(change(S.LEAVING))
    assert life.state is S.LEAVING


def test_the_memory_for_repeats_is_bounded():
    """A thousand different pieces of news leave no more than the bound, and the state is right."""
    life = Life("b1")
    for second in range(REMEMBERED + 500):
        life.take(change(S.LIVE, float(second)))
    assert len(life._seen) == REMEMBERED
    assert life.take(change(S.LIVE, 0.0))
    assert life.state is S.LIVE


changes = st.builds(
    SeatChange,
    bot=st.just("b1"),
    state=st.one_of(st.none(), st.sampled_from(SeatState)),
    code=st.sampled_from(["a", "b", "c"]),
    sub_code=st.sampled_from(["", "x"]),
    at=st.one_of(st.none(), st.integers(0, 5).map(float)),
    words=st.sampled_from(["", "w"]),
)


@given(st.lists(changes, max_size=12), st.randoms(use_true_random=False), st.data())
def test_any_order_and_any_repetition_end_alike(news, chance, data):
    """The same news, shuffled and repeated, end in the same state, told by the same news with the same reason."""
    again = news + data.draw(st.lists(st.sampled_from(news), max_size=8)) if news else []
    chance.shuffle(again)
    first, second = lived(*news), lived(*again)
    assert (first.state, first.current, first.why) == (second.state, second.current, second.why)


@given(st.lists(changes, max_size=12))
def test_the_end_is_the_end(news):
    """Once done or failed, always over."""
    life, over = Life("b1"), False
    for each in news:
        life.take(each)
        over = over or each.state in OVER
        assert life.over == over


@pytest.mark.parametrize("seed", range(20))
def test_a_real_story_in_any_order(seed):
    """A whole meeting's news in any order end done, with the reason."""
    shuffled = STORY * 2
    random.Random(seed).shuffle(shuffled)
    life = lived(*shuffled)
    assert life.state is S.DONE
    assert life.why is STORY[4]
