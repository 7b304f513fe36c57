"""The raised hand, the line that bridges a long wait, a second asking, and the policies that people set."""

from __future__ import annotations

import pytest

from server.core import events as ev
from server.core.commands import invites, parse
from server.core.conversation import Config
from server.core.effects import Unsay
from server.core.hand import STALE
from server.core.holding import AFTER, LINES
from server.core.messages import Begin, Hand, State
from tests.core.timeline import Timeline

ASKED = "Parley, what did we decide?"
ANSWER = "You chose the rubber case."


def labels(t: Timeline) -> list[str]:
    """Every label the hand was shown with, "" for down."""
    return [message.label for message in t.sent(Hand) if isinstance(message, Hand)]


def outcomes(t: Timeline) -> list[tuple[str, str]]:
    """Reason and outcome of every reply."""
    return [(decision.reason, decision.outcome) for decision in t.replies]


def long_talk(t: Timeline) -> None:
    """Ana asks, and before the answer is ready Ben takes the floor for a long time without a pause."""
    t.says("Ana", ASKED, at=0.0, until=1.6)
    t.model(ANSWER)
    t.at(2.0, lambda: t.tell(ev.SpeechStarted()))
    for at in range(2, 18):
        t.at(at + 0.5, lambda at=at: t.tell(ev.Heard("Ben", f"and point {at} is this", False, "200")))
        t.at(at + 0.6, lambda at=at: t.tell(ev.Heard("Ben", f"and point {at} is this.", True, "200")))
        # the detector begins a new stretch, without a gap long enough to speak into
        t.at(at + 0.7, lambda: t.tell(ev.SpeechStarted()))


def test_an_answer_without_a_gap_raises_the_hand_and_speaks_when_invited():
    """Ben never pauses: nothing is said, the hand goes up, and "Parley, go ahead" has the answer said."""
    t = Timeline(Config(speculate=False))
    long_talk(t)
    t.at(18.0, lambda: t.tell(ev.SpeechStopped()))
    t.says("Ana", "Parley, go ahead.", at=20.0, until=21.0)
    t.run()
    assert outcomes(t) == [("called", "withdrawn"), ("invited", "complete")]
    assert labels(t) == ["Answer for Ana", ""]
    assert t.replies[1].heard == ANSWER and t.replies[1].evidence


def test_the_hand_goes_down_when_a_gap_comes():
    """A pause comes in time: the answer is said and the hand goes down by itself."""
    t = Timeline(Config(speculate=False))
    t.says("Ana", ASKED, at=0.0, until=1.6)
    t.model(ANSWER)
    t.at(2.0, lambda: t.tell(ev.SpeechStarted()))
    t.at(4.5, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    assert outcomes(t) == [("called", "complete")] and labels(t) == ["Answer for Ana", ""]


def test_a_hand_nobody_invites_goes_down():
    """After a while nobody wants to know: let go, without a word."""
    t = Timeline(Config(speculate=False))
    long_talk(t)
    t.run(until=30.0 + STALE)
    assert labels(t) == ["Answer for Ana", ""] and not t.sent(Begin)
    t.at(t.now + 1, lambda: None)
    t.says("Ana", "Parley?", at=t.now + 2, until=t.now + 2.5)
    t.run(until=t.now + 20)
    assert [reply.reason for reply in t.replies[1:]] != ["invited"]


def test_a_timer_that_ends_while_it_is_muted_raises_the_hand():
    """Asked to be quiet, it does not speak up; the tile shows that the time is over, and asked, it says so."""
    t = Timeline()

    def answer(reply: int) -> list[ev.Event]:
        tool = ev.BrainTool(reply, "set_timer", {"seconds": 20, "label": "tea"})
        return [tool, ev.BrainText(reply, "All right."), ev.BrainDone(reply, "stop", "scripted")]

    t.model(answer)
    t.says("Ana", "Parley, tell us when twenty seconds are over.", at=0.0, until=2.0)
    t.says("Ana", "Parley, be quiet.", at=8.0, until=9.0)
    t.run(until=40.0)
    assert labels(t) == ["Time is up: tea."]
    t.says("Ana", "Yes, Parley?", at=42.0, until=42.6)
    t.run(until=60.0)
    assert t.replies[-1].reason == "invited" and t.replies[-1].heard == "Time is up: tea."


def test_a_called_agent_shows_at_once_that_it_heard():
    """Its bare name is called: the tile says so before anything was asked."""
    t = Timeline()
    t.says("Ana", "Parley?", at=0.0, until=0.5)
    t.run(until=0.95)
    assert State("listening", "Yes?") in t.sent(State)
    assert max(at for at, message in t.messages if isinstance(message, State)) <= 0.8


def test_a_long_wait_is_bridged_and_no_line_comes_twice():
    """Every answer takes six seconds: each is bridged by a line of its own until all are used, then by none."""
    t = Timeline(Config(speculate=False), ttft=6.0)
    t.model(ANSWER)
    times = len(LINES["en"]) + 2
    for at in range(0, 20 * times, 20):
        t.says("Ana", ASKED, at=float(at), until=at + 1.6)
    t.run(until=20.0 * times)
    lines = [reply.heard.removesuffix(ANSWER).strip() for reply in t.replies]
    assert lines == [*LINES["en"], "", ""]
    assert all(reply.heard.endswith(ANSWER) for reply in t.replies)
    first = t.replies[0].times
    assert AFTER <= first["voice"] - first["committed"] < AFTER + 0.5


def test_a_quick_answer_is_not_bridged():
    """The answer comes in time: only it is said."""
    t = Timeline(Config(speculate=False), ttft=AFTER - 0.5)
    t.model(ANSWER)
    t.says("Ana", ASKED, at=0.0, until=1.6)
    t.run()
    assert t.replies[0].heard == ANSWER


def test_a_line_that_is_not_out_yet_is_taken_back_when_the_answer_comes():
    """Somebody speaks, so the line waits; the answer comes first and the line is never heard."""
    t = Timeline(Config(speculate=False), ttft=AFTER + 1.0)
    t.model(ANSWER)
    t.says("Ana", ASKED, at=0.0, until=1.6)
    t.at(4.0, lambda: t.tell(ev.SpeechStarted()))
    t.at(7.5, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    assert [effect for effect in t.effects if isinstance(effect, Unsay)]
    assert t.replies[0].heard == ANSWER and t.replies[0].outcome == "complete"


@pytest.mark.parametrize("again", ["Parley?", "Parley, what did we decide?"])
def test_a_second_asking_joins_the_first(again: str):
    """Asked again while it thinks, it answers once."""
    t = Timeline(Config(speculate=False), ttft=3.0)
    t.model(ANSWER)
    t.says("Ana", ASKED, at=0.0, until=1.6)
    t.says("Ana", again, at=2.6, until=3.2)
    t.run()
    assert [reply.heard for reply in t.replies if reply.outcome == "complete"] == [ANSWER]
    assert ("silent", "joined") in [(decision.verdict, decision.reason) for decision in t.decisions]


def test_somebody_else_asks_the_same():
    """Ben asks what Ana has just asked: one answer is enough."""
    t = Timeline(Config(speculate=False), ttft=3.0)
    t.model(ANSWER)
    t.says("Ana", ASKED, at=0.0, until=1.6)
    t.says("Ben", "Parley, what did we decide?", at=2.6, until=3.6)
    t.run()
    assert len([reply for reply in t.replies if reply.outcome == "complete"]) == 1


def test_invited_for_a_while_it_joins_in_and_then_waits_again():
    """ "Stay with us for five minutes": questions to everybody are its own too, for five minutes."""
    t = Timeline()
    t.model(ANSWER)
    t.says("Ana", "Parley, stay with us for five minutes.", at=0.0, until=2.0)
    t.says("Ben", "Does anybody know what we decided?", at=20.0, until=22.0)
    t.says("Ben", "Does anybody know what we decided?", at=340.0, until=342.0)
    t.run(until=400.0)
    assert [(decision.verdict, decision.reason) for decision in t.decisions if decision.verdict != "guess"] == [
        ("obeyed", "asked-to-stay"),
        ("reply", "standing"),
        ("silent", "not-called"),
    ]
    assert State("listening", "Joining in for 5 min") in t.sent(State)
    assert t.sent(State)[-1] == State("listening")


def test_dismissed_it_waits_until_it_is_called():
    """ "Just listen now": it no longer joins in."""
    t = Timeline()
    t.says("Ana", "Parley, stay with us.", at=0.0, until=2.0)
    t.says("Ana", "Parley, just listen now.", at=6.0, until=7.0)
    t.says("Ben", "Does anybody know what we decided?", at=20.0, until=22.0)
    t.run()
    assert [decision.reason for decision in t.decisions] == ["asked-to-stay", "dismissed", "not-called"]


def test_muted_it_comes_back_when_called_by_its_own_name():
    """Asked to be quiet it answers nothing but a call."""
    t = Timeline()
    t.model(ANSWER)
    t.says("Ana", "Parley, be quiet.", at=0.0, until=1.0)
    t.says("Ana", "So what did we decide?", at=6.0, until=7.0)
    t.says("Ana", ASKED, at=12.0, until=13.6)
    t.run()
    assert [decision.reason for decision in t.decisions if decision.verdict != "guess"] == [
        "be-quiet",
        "muted",
        "called",
    ]


def test_a_name_that_is_always_heard_wrong_is_learned():
    """Twice called by what only sounds like its name, it knows it; a person of that name keeps it."""
    t = Timeline()
    t.model(ANSWER)
    for at in (0.0, 12.0):
        t.says("Ana", "Hey Barley, what did we decide?", at=at, until=at + 2.0)
    t.run(until=24.0)
    assert [reply.reason for reply in t.replies] == ["sounds-like", "sounds-like"]
    t.says("Ana", "What did we decide about the price, Barley?", at=26.0, until=28.0)
    t.run(until=40.0)
    assert t.replies[-1].reason == "called"
    t.at(41.0, lambda: t.tell(ev.PersonSeen("900", "Barley Smith")))
    t.says("Ana", "What did we decide about the price, Barley?", at=42.0, until=44.0)
    t.run(until=60.0)
    assert t.decisions[-1].verdict == "silent"


@pytest.mark.parametrize(
    ("words", "kind", "minutes"),
    [
        ("stay with us", "stay", 0.0),
        ("please stay with us for ten minutes", "stay", 10.0),
        ("feel free to jump in", "stay", 0.0),
        ("bleib dabei", "stay", 0.0),
        ("just listen", "dismiss", 0.0),
        ("only answer when we call you", "dismiss", 0.0),
        ("be quiet for 5 minutes", "quiet", 5.0),
    ],
)
def test_what_the_words_mean(words: str, kind: str, minutes: float):
    """The spoken commands, with how long."""
    command = parse(words)
    assert command is not None and (command.kind, command.minutes) == (kind, minutes)


@pytest.mark.parametrize("words", ["join the dots for us", "stay on topic", "listen to this", "take part two out"])
def test_what_is_no_command(words: str):
    """Sentences that begin alike are questions for the brain."""
    assert parse(words) is None


def test_invitations():
    """What invites a raised hand, and what is a question of its own."""
    assert invites("go ahead") and invites("yes, what is it?") and invites("you wanted to say something?")
    assert not invites("what is the budget?") and not invites("go to the next slide")
