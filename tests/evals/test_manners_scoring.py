"""The judge and the scorecard: what is held against the agent, on meetings whose outcome is known."""

import json

import pytest
from typer.testing import CliRunner

from server.cli import app
from server.rehearsal.manners import meeting, session
from server.rehearsal.manners.judge import unasked, verdicts
from server.rehearsal.manners.measuring import measure
from server.rehearsal.manners.meeting import play
from server.rehearsal.manners.run import evaluate
from server.rehearsal.manners.scorecard import TARGETS, figure, render, to_json
from server.rehearsal.scenario import parse_scenario

CASE = {"at": 1, "ana": "Parley, what did we decide about the case?", "expect": {"replies within": 2}}


def scenario(*steps, **more):
    return parse_scenario({"title": "test", "people": ["Ana", "Ben"], "steps": list(steps), **more}, name="test")


def outcome(*steps, **more):
    """Each expectation of these steps: (name, held, measure)."""
    facts = play(scenario(*steps, **more)).facts
    return [(one.name, one.held, one.measure) for one in verdicts(facts)], facts


def target(name):
    return next(each for each in TARGETS if each.name == name)


def test_an_answer_in_time_is_held_and_measured():
    """The reply to the line is found, and counts as an answer with its latency."""
    found, facts = outcome(CASE)
    assert found == [("replies within", True, "answered")]
    (latency,) = measure(facts, scenario(CASE).conditions)["latency"]
    assert latency == pytest.approx(facts.replies[0].begin - facts.lines[0].end)
    assert unasked(facts) == []


def test_a_missing_answer_is_told_with_the_decision():
    """When nothing is said, the finding has what was decided about the line."""
    facts = play(scenario({"at": 1, "ana": "Ben, where is it?", "expect": {"replies within": 1}})).facts
    (one,) = verdicts(facts)
    assert not one.held and one.found.startswith("no reply: silent (")


def test_an_answer_that_nobody_wanted_is_unasked():
    """A reply to a line that expects silence breaks the silence and counts as unasked."""
    found, facts = outcome({**CASE, "expect": {"stays silent": 4}})
    assert found == [("stays silent", False, "not_for_us")]
    assert len(unasked(facts)) == 1


def test_a_reply_that_is_waited_for_and_never_comes():
    """The step says so; what it expects of a speaking agent fails, but counts in no rate."""
    found, _ = outcome(
        {"at": 1, "ana": "Ben, where is it?"},
        {"after": "reply has played 1s", "ben": "Stop.", "expect": {"stops within": 1}},
    )
    assert found == [("after", False, ""), ("stops within", False, "")]


def test_a_murmur_over_which_it_goes_on():
    """The reply is heard to its end: held as a backchannel, and its full voice is back soon."""
    found, facts = outcome(
        CASE,
        {"after": "reply has played 2s", "ben": "Mm-hmm.", "kind": "backchannel", "expect": {"keeps talking": 2}},
    )
    assert ("keeps talking", True, "backchannels") in found
    samples = measure(facts, scenario(CASE).conditions)
    assert samples["words_lost"] == [0.0] and len(samples["resume"]) == 1
    assert all(duck < 0.2 for duck in samples["duck"]) and samples["duck"]


def test_a_stop_is_measured_from_onset_to_silence():
    """The reply ends soon after the word, what was heard is known to the word, and the page obeyed quickly."""
    found, facts = outcome(
        CASE, {"after": "reply has played 3s", "ana": "Parley, stop.", "expect": {"stops within": 1.5}}
    )
    assert ("stops within", True, "yielded") in found
    samples = measure(facts, scenario(CASE).conditions)
    assert samples["onset_to_silence"] == [pytest.approx(facts.replies[0].end - facts.lines[1].start)]
    assert samples["heard_error"][0] <= 1
    assert samples["decision_to_silence"][0] <= 0.05


def test_a_pause_within_a_request_counts_even_over_two_lines():
    """Each pause of an addressed request is one chance to break in."""
    _, facts = outcome(
        {"id": "one", "at": 1, "ana": "Parley, can you <0.5s> tell me"},
        {"after": "one ends", "pause": 0.5, "ana": "what we decided?", "continues": True,
         "expect": {"replies within": 2}},
    )  # fmt: skip
    assert len(measure(facts, scenario(CASE).conditions)["pause_ended"]) == 2


def test_the_same_seed_is_the_same_meeting():
    """Everything random comes from the seed."""
    disorder = scenario(CASE, conditions={"jitter": 0.3, "duplicate": 0.5, "reorder": 0.3})
    one, again, other = (play(disorder, seed=seed).facts for seed in ("a", "a", "b"))
    assert [decision for _, decision in one.decisions] == [decision for _, decision in again.decisions]
    assert one.replies[0].begin == again.replies[0].begin != other.replies[0].begin


def test_a_tape_with_another_outcome_is_seen():
    """The comparison of a replay is of every decision and every field."""
    played = scenario(CASE)
    room = meeting._Meeting(played, "", None)
    room.play()
    taped = room._session
    decisions = [decision for _, decision in taped.decisions]
    assert session.replays_alike(taped.config, taped.tape, decisions)
    assert not session.replays_alike(taped.config, taped.tape, decisions[:-1])
    assert not session.replays_alike(taped.config, taped.tape[:-40], decisions)


def test_a_fault_of_the_core_does_not_end_the_meeting(monkeypatch):
    """It is noted by its kind and place, never with its text, and makes the scorecard fail."""
    from server.core.conversation import Conversation

    handle = Conversation.handle

    def breaks(self, event, now):
        if event.type == "Heard" and event.final:
            raise ValueError("a secret that was said")
        return handle(self, event, now)

    monkeypatch.setattr(Conversation, "handle", breaks)
    card = evaluate([scenario(CASE)])
    assert len(card.faults) == 1 and "ValueError" in card.faults[0] and "secret" not in card.faults[0]
    assert not card.reached and "BROKEN" in render(card)


@pytest.mark.parametrize(
    ("name", "samples", "reached"),
    [
        ("answered", [1.0] * 98 + [0.0] * 2, True),
        ("answered", [1.0] * 97 + [0.0] * 3, False),
        ("starts_over", [0.0] * 19 + [1.0], True),
        ("starts_over", [0.0] * 9 + [1.0], False),
        ("onset_to_silence", [0.3, 0.3, 0.9], True),
        ("onset_to_silence", [0.3, 0.4, 0.4], False),
        ("heard_error", [0.0, 1.0], True),
        ("heard_error", [0.0, 2.0], False),
        ("unasked", [0.0, 0.0], True),
        ("unasked", [0.0, 1.0], False),
        ("noises", [], None),
    ],
)
def test_a_target_is_reached_or_not(name, samples, reached):
    """Shares have a least or a most, times their median and 95th percentile, counts and words a most."""
    assert figure(target(name), samples).reached is reached


def test_the_scorecard_is_read_by_people_and_programs():
    """Text and JSON have every figure with its target; what was missed has the scenario, the step, both sides."""
    card = evaluate([scenario({**CASE, "expect": {"stays silent": 2}})], repeat=2)
    text, data = render(card), json.loads(json.dumps(to_json(card)))
    assert all(one.title in text for one in TARGETS)
    assert set(data["measures"]) == {one.name for one in TARGETS}
    assert data["runs"] == 2 and data["replayed"] == 2 and not data["reached"]
    broken = next(miss for miss in data["failures"] if miss["expected"].startswith("stays silent"))
    assert (broken["scenario"], broken["step"], broken["times"]) == ("test", "step 1 (ana-1)", 2)
    assert data["measures"]["unasked"] | {"value": 2.0, "reached": False} == data["measures"]["unasked"]


def test_the_command_prints_json(tmp_path):
    """`parley eval manners FILE --json` scores this file alone."""
    file = tmp_path / "mine.yaml"
    file.write_text(
        'people: [Ana]\nsteps: [{at: 1, ana: "Parley, what is the date?", expect: {replies within: 3s}}]\n',
        encoding="utf-8",
    )
    result = CliRunner().invoke(app, ["eval", "manners", str(file), "--json", "--repeat", "2"])
    assert result.exit_code == 0, result.output
    data = json.loads(result.output)
    assert data["scenarios"] == 1 and data["runs"] == 2 and data["measures"]["answered"]["value"] == 1.0
    assert "of 2 tapes" in CliRunner().invoke(app, ["eval", "manners", str(file), "--repeat", "2"]).output
