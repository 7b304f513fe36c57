"""The library of manners, run once as a whole: what the agent reaches, and that every run replays."""

import pytest

from server.rehearsal.manners.run import evaluate, library
from server.rehearsal.scenario import load_scenario

#: figures that hold; the others are printed by `parley eval manners` and are not yet reached everywhere
HELD = (
    "answered", "yielded", "not_for_us", "backchannels", "noises", "starts_over", "pause_ended", "duck",
    "decision_to_silence", "onset_to_silence", "resume", "words_lost", "heard_error", "latency_plain", "guess_wasted",
    "unasked",
)  # fmt: skip


@pytest.fixture(scope="module")
def card():
    """The scorecard of the whole library."""
    return evaluate(library())


@pytest.mark.parametrize("name", HELD)
def test_the_figure_is_reached(card, name):
    """The agent reaches what is asked of it, measured on virtual time over every scenario."""
    assert card[name].count
    assert card[name].reached, f"{name}: {card[name]}"


def test_every_tape_replays_to_the_same_decisions(card):
    """A fresh conversation that is told what this one was told decides the same, in every scenario."""
    assert card.replayed == card.runs == len(library())


def test_nothing_breaks(card):
    """No fact makes the core fail, and every meeting comes to its end."""
    assert card.faults == ()


def test_the_library_is_large_and_many_are_there():
    """There are at least forty scenarios with names of their own, and several have more than three people."""
    scenarios = library()
    names = [scenario.name for scenario in scenarios]
    assert len(scenarios) >= 40 and len(set(names)) == len(names)
    assert sum(len(scenario.people) > 3 for scenario in scenarios) >= 10
    assert all(scenario.title and scenario.steps for scenario in scenarios)


def test_every_topic_is_covered():
    """Disorder, echo, languages, policies, sounds that are no words, overlaps and pauses all appear."""
    conditions = [scenario.conditions for scenario in library()]
    steps = [step for scenario in library() for step in scenario.steps]
    assert {one.policy for one in conditions} == {"named", "open", "standing", "muted"}
    assert {one.language for one in conditions} >= {"en", "de", "fr", "es"}
    assert any(one.jitter for one in conditions) and any(one.reorder for one in conditions)
    assert any(one.duplicate for one in conditions) and any(one.final.most >= 2.5 for one in conditions)
    assert any(one.echo and one.echo.mangled for one in conditions) and any(step.mixed for step in steps)
    assert {"coughs", "laughs", "noise", "joins"} <= {step.kind for step in steps}
    assert any(step.pauses for step in steps) and any(step.continues is not None for step in steps)
    assert any(step.after is not None and step.after.kind == "begins" for step in steps)
    assert {"backchannel", "aside"} <= {step.role for step in steps}


def test_the_sound_scenarios_are_rehearsals_too():
    """Those marked for real sound are files that `parley rehearse` takes as they are."""
    from server.rehearsal.manners.run import LIBRARY

    marked = {scenario.name for scenario in library() if scenario.sound}
    assert len(marked) >= 4
    assert {load_scenario(LIBRARY / f"{name}.yaml").name for name in marked} == marked
