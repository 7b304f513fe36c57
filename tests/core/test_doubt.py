"""A second opinion where the rules are not sure: it decides when it comes in time, and costs no time when it is yes."""

from __future__ import annotations

from server.core import events as ev
from server.core.conversation import Config
from server.core.doubt import DEADLINE
from server.core.effects import AskAddressee
from server.core.messages import Begin
from tests.core.timeline import Timeline

#: spoken of in the third person, with something asked: the rules keep silent
UNSURE = "What did Parley say about the case?"
ANSWER = "You chose the rubber case."


def meeting(*, second_opinion: bool = True) -> Timeline:
    """Somebody says the sentence in doubt; its final is there at 1.75."""
    t = Timeline(Config(second_opinion=second_opinion))
    t.model(ANSWER)
    t.says("Ana", UNSURE, at=0.0, until=1.5)
    return t


def asked(t: Timeline) -> list[AskAddressee]:
    """The questions that a model got."""
    return [effect for effect in t.effects if isinstance(effect, AskAddressee)]


def decided(t: Timeline) -> list[tuple[str, str]]:
    """Verdict and reason of every decision but the guesses."""
    return [(decision.verdict, decision.reason) for decision in t.decisions if decision.verdict != "guess"]


def opinion(t: Timeline, at: float, addressed: bool) -> None:
    """The model says this."""
    t.at(at, lambda: t.tell(ev.AddresseeJudged(0, addressed)))


def test_a_yes_in_time_has_it_answer_without_losing_time():
    """While the model is asked the answer is already thought about."""
    t = meeting()
    opinion(t, 2.05, True)
    t.run()
    assert decided(t) == [("reply", "second-opinion")] and t.replies[0].heard == ANSWER
    assert t.replies[0].times["guessed"] == 1.75 and t.replies[0].times["first_token"] == 2.05
    assert asked(t)[0].text == UNSURE and asked(t)[0].name == "Parley"


def test_a_no_keeps_it_silent():
    """Nothing of what was thought meanwhile is heard."""
    t = meeting()
    opinion(t, 2.0, False)
    t.run()
    assert decided(t) == [("silent", "second-opinion-no")] and not t.sent(Begin)


def test_without_an_opinion_the_rules_decide():
    """After the deadline the rules' verdict holds, and a late opinion changes nothing."""
    t = meeting()
    opinion(t, 1.75 + DEADLINE + 0.1, True)
    t.run()
    assert decided(t) == [("silent", "talked-about")]
    assert not t.sent(Begin) and t.conversation.state == "listening"


def test_somebody_who_goes_on_does_not_lose_the_first_part():
    """Something else is said while the model is asked: the first is decided at once, then the second."""
    t = meeting()
    t.at(1.9, lambda: t.tell(ev.Heard("Ben", "I doubt it.", True, "200")))
    t.run()
    assert decided(t) == [("silent", "talked-about"), ("silent", "not-called")]


def test_only_unsure_verdicts_are_asked_about():
    """A call by name, and talk among people, need no model; without the setting none is asked at all."""
    t = Timeline(Config(second_opinion=True))
    t.model(ANSWER)
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.5)
    t.says("Ben", "The rubber one is nicer.", at=8.0, until=9.5)
    t.run()
    assert not asked(t) and not asked(meeting(second_opinion=False).run())
