"""Our own words coming back: explained away, and never at the cost of a person's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core import events as ev
from server.core.echo import KEEP, Ledger
from server.core.messages import Flush, Pause
from tests.core.timeline import Timeline

BUDGET = "So the budget is two hundred."
CASE = "You chose the rubber case, pending the cost check. Ben will ask the supplier."
#: words a second of the voice in these tests
PACE = 2.7


def spoken(text: str) -> tuple[Ledger, float]:
    """A ledger after this was played from second 0 on, and when its last word was out."""
    ledger, words = Ledger(("Parley",)), text.split()
    for at, word in enumerate(words):
        ledger.played(f"{word} ", (at + 1) / PACE)
    return ledger, len(words) / PACE


def rest(text: str, said: str, after: float = 1.0) -> str:
    """What is left of a line that comes `after` seconds behind the last word."""
    ledger, last = spoken(text)
    return ledger.sift(said, last + after)


@pytest.mark.parametrize(
    "line",
    [
        "So the budget is two hundred.",
        "so the budget is two hundred",
        "the budget is two",  # cut at both ends
        "get is two hun",  # cut inside words
        "so the budgie is two hundred",
        "so the budget's two hundred",
        "so the the budget is uh two hundred",
        "so the budget is 200",
    ],
)
def test_our_words_are_explained_away_however_they_come_back(line):
    """Whole, cut, mis-heard, with a filler or with numbers in figures: it is ours, some seconds later, too."""
    assert rest(BUDGET, line) == ""
    assert rest(BUDGET, line, after=5.0) == ""


@pytest.mark.parametrize(
    "line",
    [
        "you chose the rubber case spending the cast check",
        "you shows the rubber case pending the cost check then we'll ask the supplier",
        "bber case pending the cos",
        "check Ben will ask the supply",
    ],
)
def test_a_mangled_longer_line_is_ours(line):
    """Several mis-heard words in one line do not make it a person's."""
    assert rest(CASE, line) == ""


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("so the budget is no stop two hundred", "no stop"),
        ("stop so the budget is two hundred", "stop"),
        ("so the budget is two hundred wait", "wait"),
        ("so the budget no stop hundred", "so the budget no stop hundred"),  # more theirs than ours
        ("so the budget is hold on Parley two hundred", "hold on Parley"),
    ],
)
def test_a_person_in_the_middle_of_our_words_is_heard(line, left):
    """What does not run along with us is a person's."""
    assert rest(BUDGET, line) == left


@pytest.mark.parametrize(
    "line",
    [
        "Parley, the budget is two hundred?",
        "the budget is two hundred, Parley?",
        "you said the budget is two hundred",
        "the budget is not two hundred",
        "so the budget is three hundred",
        "but the budget is much too small for what we want to do here",
        "I think the budget is low",
    ],
)
def test_a_person_who_uses_our_words_is_heard_whole(line):
    """Calling us with them, quoting us, putting us right, or saying something else about the same."""
    assert rest(BUDGET, line) == line


def test_a_sentence_of_ours_much_later_is_a_person():
    """Words come back within seconds; whoever says them later quotes us."""
    assert rest(BUDGET, "so the budget is two hundred", after=KEEP + 4.0) == "so the budget is two hundred"


def test_the_time_at_which_a_line_was_said_tells_echo_from_quotation():
    """A late line that was said while we said it is ours; one said long after our words is not."""
    ledger, last = spoken(BUDGET)
    line = "so the budget is two hundred"
    assert ledger.sift(line, last + 9.0, said=(0.4, last + 0.4)) == ""
    assert ledger.sift(line, last + 9.0, said=(last + 5.0, last + 7.0)) == line


def test_one_or_two_words_are_ours_only_right_behind_the_same_words():
    """A short line is an echo within a tight time, and never when it asks."""
    assert rest(CASE, "the supplier", after=0.8) == ""
    assert rest(CASE, "the supplier", after=3.0) == "the supplier"
    assert rest(CASE, "supplier?", after=0.8) == "supplier?"
    ledger, last = spoken(CASE)
    assert ledger.sift("supplier", last + 2.5, said=(last + 0.1, last + 0.6)) == ""
    assert ledger.sift("supplier", last + 4.5, said=(last + 3.0, last + 3.5)) == "supplier"


@pytest.mark.parametrize("line", ["stop", "Wait.", "no", "Parley", "Parley stop", "yes", "okay"])
def test_stop_words_names_and_answers_are_never_short_echoes(line):
    """Even right after we said the same word."""
    ledger, last = spoken("Yes, okay, no, wait, Parley can stop")
    assert ledger.sift(line, last + 0.3) == line


def test_a_stop_word_of_ours_comes_back_within_our_sentence():
    """Word for word in the middle of a stretch of ours, a stop word is ours; once more than we said it, it is not."""
    said = "You can stop the machine, or wait until noon."
    assert rest(said, "you can stop the machine or wait until noon") == ""
    assert rest(said, "you can stop the machine stop stop") == "stop stop"


def test_an_answer_in_the_words_of_our_question_is_heard():
    """We asked; a part of the question is an answer, the whole of it an echo."""
    asked = "I found two. Shall it be the rubber or the steel case?"
    assert rest(asked, "the steel case") == "the steel case"
    assert rest(asked, "steel", after=0.8) == "steel"
    assert rest(asked, "shall it be the rubber or the steel case") == ""


def test_somebody_on_sound_of_their_own_needs_more_to_be_an_echo():
    """A few of our words from a person who is heard speaking are theirs."""
    ledger, last = spoken(CASE)
    assert ledger.sift("Ben will ask", last + 0.8, person=True) == "Ben will ask"
    assert ledger.sift("Ben will ask", last + 0.8) == ""
    assert ledger.sift("the cost check Ben will ask the supplier", last + 0.8, person=True) == ""


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Der Preis beträgt zwei Euro pro Stück.", "der Preis betragt zwei Euro pro stuck"),
        ("予算は二百です", "予算は二百です"),
    ],
)
def test_other_languages_and_scripts(said, line):
    """Accents may be lost, and scripts without spaces are aligned by their characters."""
    assert rest(said, line) == ""


def test_other_talk_is_left_as_it_is():
    """Lines that have nothing to do with us come back unchanged, marks and all, and so do noises."""
    for line in ("What about lunch, then?", "[cough]", "…", ""):
        assert rest(CASE, line) == line
        assert Ledger().sift(line, 3.0) == line


_OURS = st.lists(
    st.sampled_from(
        "rubber case costs two hundred euros pending the check of supplier which Ben asks about on Monday and then"
        " decides whether to order steel".split()
    ),
    min_size=5,
    max_size=25,
)
_STOPS = st.sampled_from(["stop", "wait", "no stop", "hold on", "never mind", "Parley stop", "quiet please"])


@settings(deadline=None)
@given(_OURS, _STOPS, st.integers(0, 25), st.integers(0, 4), st.floats(0.2, 4.0))
def test_a_stop_word_among_our_words_is_never_hidden(ours, stop, at, cut, after):
    """Wherever it falls into our words, however much of these came back."""
    line = ours[cut:]
    line[min(at, len(line)) : min(at, len(line))] = stop.split()
    left = rest(" ".join(ours), " ".join(line), after).lower().split()
    assert all(word.lower() in left for word in stop.split() if word not in ("on", "mind", "please"))


@settings(deadline=None)
@given(
    _OURS,
    st.lists(
        st.sampled_from("rubber case the no we think about lunch two euros and Monday stop?".split()), max_size=20
    ),
    st.floats(0.0, 12.0),
    st.booleans(),
    st.none() | st.tuples(st.floats(0, 10), st.floats(0, 10)),
)
def test_no_word_is_invented_and_none_changes_place(ours, line, after, person, said):
    """What is left of a line are words of it, in their order."""
    ledger, last = spoken(" ".join(ours))
    left = ledger.sift(" ".join(line), last + after, said=said, person=person)
    words = iter(line)
    assert all(word in words for word in left.split())


@settings(deadline=None)
@given(_OURS, st.integers(0, 10), st.integers(0, 10), st.floats(0.0, 5.0))
def test_any_long_enough_piece_of_ours_is_ours(ours, first, last, after):
    """Six words or more in a row, with three telling ones among them, are explained whatever was cut off."""
    line = ours[first : len(ours) - last]
    if len(line) < 6 or len({word for word in line if len(word) > 3}) < 3:
        return
    assert rest(" ".join(ours), " ".join(line), after) == ""


# ---------------------------------------------------------------- in a meeting


def asked(answer: str = CASE) -> Timeline:
    """A meeting in which Ana asks and this is the answer: its sound begins before 2.6 s."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(answer)
    return t


def test_an_echo_is_no_line_and_stops_nothing():
    """Words of ours under another name, some seconds late, leave the reply alone and the transcript clean."""
    t = asked()
    t.says("Meeting room", "you chose the rubber case spending the cost check", at=2.7, until=6.3, delay=1.8)
    t.run()
    (reply,) = t.replies
    assert reply.outcome == "complete" and reply.heard == CASE
    assert "echo" in [decision.reason for decision in t.decisions]
    assert not [turn for turn in t.conversation.transcript.turns if turn.speaker == "Meeting room"]


def test_a_stop_in_the_middle_of_an_echo_is_heard():
    """The recogniser mixes a person's "no stop" into our words: it stops us, and only it enters the transcript."""
    t = asked()
    t.says("Meeting room", "you chose the rubber no stop case pending", at=2.7, until=5.4)
    t.run()
    assert t.replies[0].outcome == "interrupted"
    said = [turn.text for turn in t.conversation.transcript.turns if turn.speaker == "Meeting room"]
    assert said == ["no stop"]


def test_our_own_sound_only_ducks():
    """Sound that begins just after ours, with no words but ours, never holds or stops the reply."""
    t = asked()
    t.at(2.95, lambda: t.tell(ev.SpeechStarted(0.2)))
    t.at(7.8, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.says("", "you chose the rubber case pending", at=2.7, until=5.0)
    t.run()
    assert t.replies[0].outcome == "complete"
    assert not t.sent(Pause) and not t.sent(Flush)


def test_sound_that_ends_when_we_are_held_was_ours():
    """The first such sound may hold us for a moment; from then on it is known and only ducks."""
    t = asked(CASE + " " + CASE)

    t.at(4.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.run(until=4.6)
    assert len(t.sent(Pause)) == 1
    t.at(4.9, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.at(7.5, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(10.5, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    assert len(t.sent(Pause)) == 1
    assert t.replies[0].outcome == "complete"


def test_a_line_is_never_longer_than_what_was_said():
    """The words that are left stand in the transcript as they were written."""
    text = rest(BUDGET, "so the budget is, No — stop! two hundred.")
    assert re.findall(r"\w+", text) == ["No", "stop"]
