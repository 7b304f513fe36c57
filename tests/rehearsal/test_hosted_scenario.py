"""Scenarios for a meeting through a host: who comes and goes, who writes, and what a step may expect of the chat."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import RehearsalError
from server.rehearsal.run import rehearse
from server.rehearsal.scenario import SEATED, Words, load_scenario, parse_scenario


def of(*steps: dict, **rest: object):
    return parse_scenario({"people": ["Ana", "Ben"], "steps": list(steps), **rest})


def test_the_built_in_scenario_for_hosts_is_sound():
    """
    It has a greeting, a spoken and a written question, talk that is not for the agent, an interruption, and an end at
    which everybody is gone.
    """
    seated = load_scenario(SEATED)

    assert seated.present == ()
    assert seated.steps[0].kind == "joins" and seated.steps[0].expect.wants_reply
    assert any(step.kind == "says" and step.expect.wants_reply for step in seated.steps)
    assert any(step.kind == "chat" and step.expect.wants_chat for step in seated.steps)
    assert any(step.expect.stops_within for step in seated.steps)
    assert [step.person for step in seated.steps if step.kind == "leaves"] == ["Chloe", "Ben", "Ana"]


def test_a_step_may_be_a_line_in_the_chat_a_coming_or_a_going():
    """
    Each has a person, a text in words, and may expect what any step may.
    """
    found = of(
        {"joins": "ben", "expect": {"replies within": "3s"}},
        {"chat": {"ana": " Parley, what next? "}, "expect": {"chat within": "5s", "chat contains": ["soup"]}},
        {"leaves": "Ben", "id": "gone"},
    )

    assert [(step.kind, step.person, step.text) for step in found.steps] == [
        ("joins", "Ben", "joins"),
        ("chat", "Ana", "Parley, what next?"),
        ("leaves", "Ben", "leaves"),
    ]
    assert found.steps[1].expect.chat_within == 5.0
    assert found.steps[1].expect.chat_contains == Words(all=("soup",))
    assert [person.name for person in found.present] == ["Ana"]
    assert found.chatting is found.steps[1]
    assert (found.steps[0].id, found.steps[2].id) == ("ben-1", "gone")


def test_a_step_that_waits_for_a_chat_needs_a_host_as_well():
    """
    Not only who writes, also who expects the agent to write.
    """
    assert of({"ana": "Parley, write it down.", "expect": {"chat contains": "x"}}).chatting is not None
    assert of({"ana": "Parley, say it."}, {"leaves": "ana"}).chatting is None


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([{"chat": "Hi."}], "step 1: chat: one person writes"),
        ([{"chat": {"ana": "Hi.", "ben": "Hi."}}], "step 1: chat: one person writes"),
        ([{"chat": {"carl": "Hi."}}], "step 1: chat: “carl” is none of the people"),
        ([{"chat": {"ana": " "}}], "step 1: Ana writes nothing"),
        ([{"joins": "carl"}], "step 1: joins: “carl” is none of the people"),
        ([{"leaves": ["ana", "ben"]}], "step 1: leaves: .* is none of the people"),
        ([{"ana": "Hi.", "leaves": "ben"}], "step 1: “leaves” needs a step of its own"),
        ([{"joins": "ana", "chat": {"ben": "Hi."}}], "step 1: “chat” needs a step of its own"),
        ([{"ana": "Hi.", "expect": {"chat within": "soon"}}], r"step 1 \(ana-1\): expect: chat within: give a time"),
        ([{"leaves": "ana"}, {"ana": "Hi."}], "step 2: Ana is not in the meeting"),
        ([{"leaves": "ana"}, {"chat": {"ana": "Hi."}}], "step 2: Ana is not in the meeting"),
        ([{"ana": "Hi."}, {"joins": "ana"}], "step 1: Ana is not in the meeting"),
        ([{"joins": "ana"}, {"joins": "ana"}], "step 2: Ana is already in the meeting"),
        ([{"leaves": "ana"}, {"leaves": "ana"}], "step 2: Ana is not in the meeting"),
    ],
)
def test_a_wrong_step_is_refused_with_its_place_and_reason(steps, reason):
    """
    Nobody speaks who is not there, comes twice or goes twice; nobody does two things at once.
    """
    with pytest.raises(RehearsalError, match=reason):
        of(*steps)


def test_the_seat_says_what_is_sent_and_shared():
    """
    Senses by our names; lines for the slide. Without a word the host's own are meant.
    """
    found = of({"ana": "Hi."}, seat={"senses": ["film", "mixed"], "slide": ["One", "Two"]})

    assert found.seat.senses == ["film", "mixed"] and found.seat.slide == ["One", "Two"]
    assert of({"ana": "Hi."}).seat.senses is None
    with pytest.raises(RehearsalError, match=r"seat\.senses\.0"):
        of({"ana": "Hi."}, seat={"senses": ["smell"]})
    with pytest.raises(RehearsalError, match=r"“seat\.camera” is not known here"):
        of({"ana": "Hi."}, seat={"camera": True})


@pytest.mark.anyio
async def test_a_chat_without_a_host_is_refused_before_anything_starts(tmp_path):
    """
    The step is named, and what to do about it.
    """
    (tmp_path / "a.yaml").write_text("people: [Ana]\nsteps: [{ana: Hi.}, {chat: {ana: Hi.}}]\n")
    with pytest.raises(RehearsalError, match=r"step 2 \(ana-2\): only a host has a chat: .* --host recall or"):
        await rehearse(tmp_path / "a.yaml", out=tmp_path / "out")
    with pytest.raises(RehearsalError, match="no stand-in of this host: use recall or meetstream"):
        await rehearse(tmp_path / "a.yaml", out=tmp_path / "out", host="zoom")
    assert not (tmp_path / "out").exists()


@given(
    st.fixed_dictionaries(
        {},
        optional={
            key: st.none()
            | st.text(max_size=4)
            | st.just("ana")
            | st.dictionaries(st.just("ana") | st.none(), st.text())
            for key in ("ana", "chat", "joins", "leaves", "expect", "after")
        },
    )
)
def test_whatever_a_step_holds_it_is_read_or_refused(step):
    """
    No content leads to anything but a step or a RehearsalError.
    """
    with contextlib.suppress(RehearsalError):
        assert of(step).steps[0].person in ("Ana", "Ben")
