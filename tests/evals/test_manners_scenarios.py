"""What a scenario may say beyond a rehearsal in real time, and what is refused with which words."""

import pytest

from server.errors import RehearsalError
from server.rehearsal.manners.conditions import Conditions, Range
from server.rehearsal.manners.run import chosen
from server.rehearsal.scenario import After, load_scenario, load_scenarios, only_virtual, parse_scenario


def parsed(*steps, **more):
    """A scenario of Ana and Ben with these steps."""
    return parse_scenario({"people": ["Ana", "Ben"], "steps": list(steps), **more})


def test_pauses_are_marked_in_the_line():
    """`<0.8s>` is silence after the words before it, and no word."""
    (step,) = parsed({"ana": "Well, <600ms> one and <1.2s> two."}).steps
    assert step.text == "Well, one and two."
    assert step.pauses == ((1, 0.6), (3, 1.2))


def test_a_line_may_begin_over_another():
    """`over` names a person or a step; the line begins with it, and `pause` later."""
    one, two, three = parsed(
        {"id": "talk", "ana": "Hello."}, {"over": "talk", "pause": "0.5s", "ben": "Hi."}, {"over": "ben", "ana": "Hm."}
    ).steps
    assert one.after is None
    assert two.after == After("begins", 0) and two.pause == 0.5
    assert three.after == After("begins", 1)


def test_sounds_that_are_no_words():
    """A cough, a laugh and a noise belong to a person, last for a while, and may have a transcriber's words."""
    cough, laugh, noise = parsed(
        {"coughs": "ana"}, {"laughs": {"ben": "[laughter]"}, "lasts": "2s"}, {"noise": "ana"}
    ).steps
    assert (cough.kind, cough.person, cough.text, cough.lasts) == ("coughs", "Ana", "", 0.5)
    assert (laugh.kind, laugh.person, laugh.text, laugh.lasts) == ("laughs", "Ben", "[laughter]", 2.0)
    assert noise.kind == "noise"


def test_a_request_may_go_on():
    """`continues` is the same person's step above, or the one that is named."""
    steps = parsed(
        {"id": "ask", "ana": "Parley?"}, {"ben": "Hm."}, {"ana": "When?", "continues": True},
        {"ben": "Yes, when?", "continues": "ask"},
    ).steps  # fmt: skip
    assert [step.continues for step in steps] == [None, None, 0, 0]


def test_conditions_have_defaults_and_ranges():
    """Left out, the conditions are those of the figures; a range is drawn anew each time."""
    assert parsed({"ana": "Hi."}).conditions == Conditions() and Conditions().plain
    found = parsed(
        {"ana": "Hi."}, conditions={"final": ["250ms", "2.5s"], "reorder": "10%", "echo": {"late": "1s", "cut": True}}
    ).conditions
    assert found.final == Range(0.25, 2.5) and found.reorder == 0.1
    assert found.echo is not None and found.echo.late == Range(1.0, 1.0) and found.echo.cut
    assert not found.plain


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"ana": "Hi.", "kind": "shout"}, "kind is backchannel or aside"),
        ({"ana": "Hi.", "over": "chloe"}, "over “chloe” is not understood"),
        ({"ana": "Hi.", "continues": "nothing"}, "nothing above that it could continue"),
        ({"ana": "Hi.", "late": ["2s", "1s"]}, "the first of the two times is the least"),
        ({"ana": "Hi.", "over": "ben", "at": 3}, "not two of them"),
        ({"coughs": "dora"}, "“dora” is none of the people"),
        ({"ana": "Hi.", "mixed": "yes"}, "mixed is true or false"),
    ],
)
def test_a_wrong_step_is_refused_in_words(step, reason):
    """The error names the step and what is wrong with it."""
    with pytest.raises(RehearsalError, match=f"step 2.*{reason}"):
        parsed({"ben": "Well."}, step)


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"policy": "shy"}, "policy"),
        ({"jitter": "long"}, "jitter"),
        ({"duplicate": "200%"}, "give a share"),
        ({"loud": True}, "“conditions.loud” is not known here"),
        ({"final": [1, 2, 3]}, "give a time or"),
    ],
)
def test_wrong_conditions_are_refused(conditions, reason):
    """The error names the condition."""
    with pytest.raises(RehearsalError, match=reason):
        parsed({"ana": "Hi."}, conditions=conditions)


@pytest.mark.parametrize(
    ("steps", "more"),
    [
        ([{"ana": "One <1s> two."}], {}),
        ([{"ana": "One.", "expect": {"resumes within": 1}}], {}),
        ([{"ana": "One."}], {"conditions": {"ears": "none"}}),
    ],
)
def test_what_needs_virtual_time_is_no_rehearsal(tmp_path, steps, more):
    """A rehearsal in real time refuses what it cannot do, and says which command can."""
    scenario = parsed(*steps, **more)
    assert only_virtual(scenario)
    file = tmp_path / "one.yaml"
    file.write_text(_yaml(steps, more), encoding="utf-8")
    with pytest.raises(RehearsalError, match="only `parley eval manners` can do that"):
        load_scenario(file)
    assert load_scenarios(file)


def test_a_file_may_hold_several_scenarios(tmp_path):
    """Documents divided by `---` are scenarios named after the file and their title; a rehearsal takes one only."""
    file = tmp_path / "both.yaml"
    file.write_text(
        "title: First one\npeople: [Ana]\nsteps: [{ana: Hi.}]\n---\n"
        "title: Second, too\npeople: [Ana]\nsteps: [{ana: Hm.}]\n",
        encoding="utf-8",
    )
    assert [one.name for one in load_scenarios(file)] == ["both/first-one", "both/second-too"]
    with pytest.raises(RehearsalError, match="holds several scenarios"):
        load_scenario(file)


def test_scenarios_are_chosen_by_file_or_part_of_a_name(tmp_path):
    """A file's scenarios, those of the library with these words in their name, or an error in words."""
    file = tmp_path / "mine.yaml"
    file.write_text("people: [Ana]\nsteps: [{ana: Hi.}]\n", encoding="utf-8")
    assert [one.name for one in chosen([str(file)])] == ["mine"]
    assert all(one.name.startswith("echo/") for one in chosen(["echo/"]))
    with pytest.raises(RehearsalError, match="there is no scenario “nowhere”"):
        chosen(["nowhere"])


def _yaml(steps, more):
    import yaml

    return yaml.safe_dump({"people": ["Ana", "Ben"], "steps": steps, **more})
