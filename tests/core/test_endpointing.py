"""When a turn is over: a person's habits, each person for themselves, and words that come late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.core import events as ev
from server.core.conversation import Config
from server.core.endpointing import INCOMPLETE, LATEST, LONGEST, QUESTION, Habits, Lateness, silence_needed
from tests.core.timeline import Timeline


def paused(habits: Habits, who: str, pause: float, times: int = 10, *, after: str = "") -> Habits:
    """This person pauses so long in the middle of a turn; or the pause is followed by somebody else's words."""
    at = 0.0
    for _ in range(times):
        habits.words(who)
        habits.quiet(at)
        habits.speech(at + pause)
        habits.words(after or who)
        at += 10.0
    return habits


def test_somebody_who_pauses_gets_more_time():
    """One who usually pauses for 0.8 s within a turn is waited for longer; others are not."""
    habits = paused(Habits(), "Ana", 0.8)
    text = "so the second point would be the price"
    assert habits.silence_needed("Ana", text) > 0.8
    assert habits.silence_needed("Ben", text) == silence_needed(text)


def test_a_gap_between_two_people_is_no_pause():
    """Silence after which somebody else speaks says nothing about the first one."""
    habits = paused(Habits(), "Ana", 0.8, after="Ben")
    assert habits.silence_needed("Ana", "so the price") == silence_needed("so the price")


@given(st.lists(st.floats(-1.0, 100.0), max_size=30), st.sampled_from(["so and", "so the price", "What is it?"]))
def test_nobody_is_waited_for_longer_than_the_longest(pauses: list[float], text: str):
    """Whatever somebody's habits, the wait stays between the least and the longest."""
    habits = Habits()
    for pause in pauses:
        paused(habits, "Ana", pause, times=1)
    assert QUESTION <= habits.silence_needed("Ana", text) <= LONGEST


def test_lateness_is_the_source_s_own():
    """95 of 100 finals of a source are there within its wait; an unknown one is waited for the longest."""
    lateness = Lateness()
    for delay in (0.2, 0.3, 0.4, 0.3, 0.25):
        lateness.note("page", delay)
    assert lateness.wait("page") == 0.4 and lateness.least("page") == 0.2
    assert lateness.wait("host") == LATEST and lateness.least("host") == 0.0
    lateness.note("page", 60.0)  # a clock that jumped
    assert lateness.wait("page") == 0.4


def heard(t: Timeline, text: str, at: float, *, final: bool, end: float) -> None:
    """Words of Ana."""
    t.at(at, lambda: t.tell(ev.Heard("Ana", text, final, "100", start=0.0, end=end)))


def speaks(t: Timeline, id: str, begin: float, end: float) -> None:
    """Somebody's own sound."""
    t.at(begin + 0.1, lambda: t.tell(ev.PersonSpeaks(id, id, True, 0.1)))
    t.at(end + 0.2, lambda: t.tell(ev.PersonSpeaks(id, id, False, 0.2)))


def test_a_turn_ends_though_others_go_on_but_nobody_is_spoken_over():
    """With sound per person Ana's turn is over when she is; the answer waits until Ben is quiet."""
    t = Timeline(Config(speculate=False))
    speaks(t, "100", 0.0, 1.5)
    speaks(t, "200", 0.8, 3.5)
    heard(t, "Parley, what did we decide?", 1.75, final=True, end=1.5)
    t.model("You chose the rubber case.")
    t.run()
    (reply,) = t.replies
    assert reply.times["committed"] < 2.0
    assert 3.5 < reply.times["released"] < 4.0


def test_words_that_are_still_missing_are_waited_for():
    """A second part has begun to come when the room falls quiet: its final, half a second late, belongs to the turn."""
    t = Timeline(Config(speculate=False))
    t.at(0.12, lambda: t.tell(ev.SpeechStarted(0.12)))
    heard(t, "Parley, one question.", 1.2, final=True, end=1.0)
    heard(t, "what did we", 1.9, final=False, end=1.7)
    t.at(2.2, lambda: t.tell(ev.SpeechStopped(0.2)))
    heard(t, "what did we decide about the case?", 2.9, final=True, end=2.0)
    t.model("You chose the rubber case.")
    t.run()
    (reply,) = t.replies
    assert reply.text.endswith("decide about the case?")


def test_a_final_that_is_lost_does_not_lose_the_question():
    """Its partial had come: after the longest wait the words of the partial count."""
    t = Timeline(Config(speculate=False))
    t.at(0.12, lambda: t.tell(ev.SpeechStarted(0.12)))
    heard(t, "Parley, one question.", 1.2, final=True, end=1.0)
    heard(t, "what did we decide", 1.9, final=False, end=1.9)
    t.at(2.2, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.model("You chose the rubber case.")
    t.run()
    (reply,) = t.replies
    assert reply.text.endswith("what did we decide")
    assert reply.times["committed"] <= 2.0 + LONGEST + INCOMPLETE


def test_without_ears_growing_words_hold_the_floor():
    """Nothing is heard, only read: while somebody's words still grow the answer waits."""
    t = Timeline(Config(speculate=False), sound=False)
    heard(t, "Parley, what did we decide?", 1.0, final=True, end=0.9)
    for at in (1.2, 1.4, 1.6, 1.8, 2.0):
        t.at(at, lambda: t.tell(ev.Heard("Ben", "well I think", False, "200")))
    t.model("You chose the rubber case.")
    t.run()
    assert t.replies[0].times["released"] >= 2.5
