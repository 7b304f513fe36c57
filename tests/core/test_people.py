"""Who is in the meeting, as far as the host tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.people import REMEMBERED, People


@pytest.fixture
def people() -> People:
    """Nobody yet."""
    return People("Parley")


def names(people: People) -> list[str]:
    return [one.name for one in people.here]


def test_joins_and_leaves(people):
    """People are listed while they are there; who left is still known by id."""
    people.seen("100", "Ana", True)
    people.seen("200", "Ben", False)
    assert names(people) == ["Ana", "Ben"] and people.host_known
    people.left("100")
    people.left("nobody")
    assert names(people) == ["Ben"] and not people.host_known
    known = people.by("100")
    assert known is not None and (known.name, known.is_host, known.here) == ("Ana", True, False)
    people.seen("100", "Ana", False)
    assert names(people) == ["Ben", "Ana"] and people.host_known, "a host stays one"


def test_names_are_learned_and_changed(people):
    """A name that is missing keeps the one before; a new one replaces it."""
    people.seen("100", "", False)
    assert names(people) == [""]
    people.seen("100", "Ana", False)
    people.seen("100", "", True)
    assert names(people) == ["Ana"] and people.host_known
    people.seen("100", "Ana Lima", False)
    assert names(people) == ["Ana Lima"]


def test_the_agents_own_bot_is_nobody(people):
    """Whoever has the agent's name, in any letter case, or no id, is not in the list."""
    people.seen("9", "PARLEY", True)
    people.seen("", "Ana", False)
    assert not people.here and not people.met


@pytest.mark.parametrize(
    ("name", "is_bot"),
    [
        ("Otter.ai", True), ("Fireflies.ai Notetaker Ana", True), ("Read.ai notes", True), ("Ana's notetaker", True),
        ("Recording Bot", True), ("Fathom", True), ("tl;dv", True), ("Note taker", True), ("MeetGeek", True),
        ("Ana", False), ("Robot Sanchez", False), ("Abbott", False), ("Ben Botha", False), ("Otterbein", False),
        ("Mary Recorderson", False), ("", False), ("Talbot", False),
    ],
)  # fmt: skip
def test_who_is_a_bot(people, name, is_bot):
    """Other bots are known by whole words of their names; people with such letters in theirs are people."""
    people.seen("100", name, False)
    (one,) = people.here
    assert one.is_bot is is_bot and people.met is not is_bot and len(people.humans) == (not is_bot)


def test_one_of_two_with_a_name(people):
    """A name finds a person only when nobody else has it; an id always does."""
    people.seen("100", "Ana", False)
    people.seen("200", "Ben", False)
    assert people.by("", "Ana") is people.by("100")
    people.seen("300", "Ana", False)
    assert people.by("", "Ana") is None and people.by("nobody", "Ana") is None
    assert people.by("300", "Ana") is not None


def test_what_is_shown(people):
    """Cameras and screens are listed in the order they came up, the newest last, and go with their person."""
    people.seen("100", "Ana", False)
    people.shows("100", "webcam", True)
    people.shows("200", "screenshare", True)
    people.shows("100", "webcam", True)
    assert list(people.shown) == [("200", "screenshare"), ("100", "webcam")]
    people.shows("100", "screenshare", False)
    people.left("100")
    assert list(people.shown) == [("200", "screenshare")]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["Ana", "Otter.ai", ""]), st.booleans())))
def test_any_order(events):
    """After any comings and goings exactly those are here whose last news was a join."""
    people = People("Parley")
    here: dict[str, None] = {}
    met = False
    for id, name, joins in events:
        here.pop(id, None)
        if joins:
            people.seen(id, name, False)
            here[id] = None
            met = met or not next(one for one in people.here if one.id == id).is_bot
        else:
            people.left(id)
    assert [one.id for one in people.here] == list(here) and people.met is met
    assert set(people.humans) <= set(people.here)


def test_no_more_are_remembered_than_fit(people):
    """With more people than can be remembered, those who left are forgotten first."""
    people.seen("first", "Ana", False)
    for number in range(REMEMBERED):
        people.seen(f"p{number}", f"P{number}", False)
        if number < 10:
            people.left(f"p{number}")
    assert people.by("first") is not None and people.by("p0") is None and people.by("p9") is not None
    for number in range(2 * REMEMBERED):
        people.seen(f"q{number}", f"Q{number}", False)
    assert len(people.here) <= REMEMBERED
