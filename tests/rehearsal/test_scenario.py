"""Scenario files: what they may say, and what is refused with which words."""

from __future__ import annotations

import contextlib
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import RehearsalError
from server.rehearsal.scenario import (
    BUILT_IN,
    After,
    Most,
    Words,
    load_scenario,
    parse_scenario,
    seconds_of,
)


def scenario(tmp_path, text: str):
    path = tmp_path / "some.yaml"
    path.write_text(textwrap.dedent(text), "utf-8")
    return load_scenario(path)


def test_the_built_in_scenario_is_sound():
    """
    The scenario that ships has four people's worth of turns and expects speech, silence and an interruption.
    """
    built_in = load_scenario(BUILT_IN)

    assert len(built_in.people) >= 3
    expects = [step.expect for step in built_in.steps]
    assert sum(e.wants_reply for e in expects) >= 3
    assert sum(e.stays_silent is not None for e in expects) >= 3
    assert any(e.stops_within for e in expects) and any(e.keeps_talking for e in expects)


def test_keys_may_have_spaces_or_underscores_and_any_case(tmp_path):
    """
    `replies within`, `replies_within` and `Replies Within` are one key; a person's name too.
    """
    found = scenario(
        tmp_path,
        """
        Title: Forgiving
        agent: Juno
        people: [Ana Maria, {name: Ben, voice: en-gb+f2}]
        steps:
          - AT: 1500ms
            ana_maria: Hello.
            expect: {Replies Within: 3s, reply_contains: [rubber, 12]}
          - "ana maria": And then?
            expect: {replies_within: 800ms, heard at most: 60%}
        """,
    )

    first, second = found.steps
    assert (found.title, found.agent) == ("Forgiving", "Juno")
    assert found.people[1].voice == "en-gb+f2"
    assert first.at == 1.5 and first.person == "Ana Maria"
    assert first.expect.replies_within == 3.0
    assert first.expect.reply_contains == Words(all=("rubber", "12"))
    assert second.at is None and second.after == After("settled", 0) and second.pause == 0.4
    assert second.expect.replies_within == 0.8 and second.expect.heard_at_most == Most(60.0, "percent")


def test_a_step_may_wait_for_the_recorded_meeting(tmp_path):
    """The first step may, and any other; the first can wait for nothing else."""
    file = tmp_path / "a.yaml"
    text = "title: a\npeople: [{name: Ana}]\nsteps:\n  - {after: AFTER, ana: 'Parley?'}\n"
    file.write_text(text.replace("AFTER", "meeting ends"), encoding="utf-8")
    (step,) = load_scenario(file).steps
    assert step.after is not None and step.after.kind == "meeting ends" and step.at is None
    file.write_text(text.replace("AFTER", "reply ends"), encoding="utf-8")
    with pytest.raises(RehearsalError, match="first step"):
        load_scenario(file)


def test_a_step_may_wait_for_lines_replies_and_steps(tmp_path):
    """
    Every form of `after` is understood; a reply means the one to the nearest step that expects one.
    """
    found = scenario(
        tmp_path,
        """
        people: [Ana, Ben]
        steps:
          - ana: One.
          - {id: ask, ben: "Parley, two?", expect: {replies within: 3}}
          - {after: ben ends, ana: Three.}
          - {after: reply begins, ana: Four.}
          - {after: reply has played 1.5s, ana: Five.}
          - {after: reply ends, pause: 2s, ana: Six.}
          - {after: ask, ana: Seven.}
          - {after: ask ends, ana: Eight.}
        """,
    )

    assert [step.after for step in found.steps[2:]] == [
        After("ends", 1),
        After("reply begins", 1),
        After("reply played", 1, 1.5),
        After("reply ends", 1),
        After("settled", 1),
        After("ends", 1),
    ]
    assert found.steps[5].pause == 2.0 and found.steps[2].pause == 0.0
    assert found.steps[0].id == "ana-1"


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("- {carl: Hi.}", "step 1: “carl” is none of the people"),
        ("- {at: 1}", "step 1: one person must speak"),
        ("- {ana: Hi., ben: Hi.}", "step 1: one person must speak"),
        ("- {ana: ''}", "step 1: Ana says nothing"),
        ("- {ana: Hi., wen: 3}", "step 1: “wen” is neither a person nor a key"),
        ("- {ana: Hi., at: soon}", r"step 1 \(ana-1\): give a time such as 3s"),
        ("- {ana: Hi., at: 1, after: ana ends}", "step 1: give either at or after"),
        ("- {ana: Hi., expect: {replies within: never}}", r"step 1 \(ana-1\): expect: replies within: give a time"),
        ("- {ana: Hi., expect: {replys within: 3s}}", "“replys within” is not known here"),
        ("- {ana: Hi., expect: {reply contains: {some: x}}}", "expect: reply contains: give a text"),
        ("- {ana: Hi., expect: {heard at most: much}}", "expect: heard at most: give a number of words"),
        ("- {ana: Hi., expect: {state is: asleep}}", "expect: state is"),
        ("- {ana: Hi., expect: soon}", "step 1: expect must be a mapping"),
        ("- {ana: Hi., speed: 9}", r"step 1 \(ana-1\): speed is between"),
        ("- {ana: Hi.}\n- {ben: Hm., after: carl ends}", "step 2: after “carl ends” is not understood"),
        ("- {ana: Hi.}\n- {ben: Hm., after: reply has played long}", "step 2: after: give a time"),
        ("- {ana: Hi., id: x}\n- {ben: Hm., id: x}", "step 2: another step has the id “x”"),
        ("[]", "no steps"),
    ],
)
def test_a_wrong_step_is_refused_with_its_place_and_reason(tmp_path, steps, reason):
    """
    The error says which step is wrong, and why, in words for whoever wrote it.
    """
    body = textwrap.indent(steps, "  ") if steps.startswith("-") else f"  {steps}"
    with pytest.raises(RehearsalError, match=reason):
        scenario(tmp_path, f"people: [Ana, Ben]\nsteps:\n{body}\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "not valid YAML at line"),
        ("just words", "must be a mapping"),
        ("people: [Ana, ana]\nsteps: [{ana: Hi.}]", "two of them are called"),
        ("people: [Pause]\nsteps: [{pause: Hi.}]", "nobody can be called Pause"),
        ("people: [Ana]\nlanguage: en\nsteps: [{ana: Hi.}]", "“language” is not known here"),
        ("people: [{name: ''}]\nsteps: [{ana: Hi.}]", "people.0.name"),
        ("people: [Ana]\nmeeting: none.json\nsteps: [{ana: Hi.}]", "no such file"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(tmp_path, text, reason):
    """
    What is wrong outside the steps is named as well.
    """
    with pytest.raises(RehearsalError, match=reason):
        scenario(tmp_path, text)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path):
    """
    Reading fails with one line, not with a trace.
    """
    with pytest.raises(RehearsalError, match="cannot be read"):
        load_scenario(tmp_path / "nowhere.yaml")
    (tmp_path / "large.yaml").write_text("#" * 300_000)
    with pytest.raises(RehearsalError, match="too large"):
        load_scenario(tmp_path / "large.yaml")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=True) | st.integers() | st.text(max_size=12),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["people", "steps", "meeting", "agent", "ana", "at", "after", "expect", "id", "title"])
                | st.text(max_size=6),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_whatever_the_file_holds_it_is_read_or_refused(whole):
    """
    No content leads to anything but a scenario or a RehearsalError.
    """
    with contextlib.suppress(RehearsalError):
        assert parse_scenario(whole).steps


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3s", 3.0), ("800ms", 0.8), (2, 2.0), ("1.5 seconds", 1.5), ("2m", 120.0), ("0.5", 0.5)],
)
def test_times_have_units(text, seconds):
    """
    Seconds are meant when nothing else is said.
    """
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", [True, None, "-1s", "soon", -1, "1h", float("nan"), [3]])
def test_what_is_no_time_is_refused(text):
    """
    Negative times, other units and other things are no times.
    """
    with pytest.raises(ValueError, match="give a time"):
        seconds_of(text)


def test_words_are_looked_for_whatever_their_case():
    """
    All of `all`, one of `any`, none of `none`; case, spacing and apostrophes do not matter.
    """
    words = Words(all=("Rubber  case",), any=("March", "April"), none=("metal",))

    assert words.missing("The rubber case, in APRIL") == ""
    assert "Rubber" in words.missing("The case, in April")
    assert "March" in words.missing("The rubber case")
    assert "metal" in words.missing("The rubber case, not metal, in March")
    assert Words(all=("can't",)).missing("I can’t say") == ""
