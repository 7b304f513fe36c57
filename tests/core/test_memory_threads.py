"""A meeting is cut where its subject changes, and each piece is named by its own words."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.memory_threads import WINDOW, salient, segments
from server.core.transcript import Turn

SUBJECTS = {
    "garden": "tulips compost greenhouse spade watering hedge gravel beds",
    "choir": "soprano tenor rehearsal concert organ psalm conductor voices",
    "bicycle": "brakes saddle pedals chain gears spokes handlebar tyres",
}


def talk(subject: str, count: int, first: int, rng: random.Random) -> list[Turn]:
    """Turns of four words of a subject among words of every meeting, with a murmur now and then."""
    own, common = SUBJECTS[subject].split(), "maybe monday everyone table printer coffee number".split()
    spoken = []
    for i in range(first, first + count):
        said = "Mm-hmm." if rng.random() < 0.2 else " ".join([*rng.choices(own, k=4), *rng.choices(common, k=2)])
        spoken.append(Turn(i, "AB"[i % 2], said, i * 3.0, i * 3.0 + 2.0))
    return spoken


def test_a_change_of_subject_is_found():
    """Three subjects of 120 turns become three segments, each cut within a few turns of the change."""
    rng = random.Random(5)
    turns = [turn for n, subject in enumerate(SUBJECTS) for turn in talk(subject, 120, n * 120, rng)]

    found = segments(turns)

    assert len(found) == 3
    assert [abs(piece.first - start) <= 6 for piece, start in zip(found, (0, 120, 240), strict=True)] == [True] * 3
    for piece, subject in zip(found, SUBJECTS.values(), strict=True):
        assert set(piece.words) <= set(subject.split())


def test_a_short_meeting_is_one_segment():
    """There is nothing to compare in less than two windows."""
    turns = talk("garden", WINDOW, 0, random.Random(1)) + talk("choir", WINDOW - 1, WINDOW, random.Random(2))

    assert len(segments(turns)) == 1


def test_no_words_no_segments():
    """An empty meeting, and one of murmurs only, have no subject."""
    assert segments([]) == ()
    assert segments([Turn(i, "A", "Mm.", i, i + 1.0) for i in range(100)]) == ()


def test_salient_words_are_said_here_and_not_elsewhere():
    """What everyone says all the time does not name a part, and words come as people said them."""
    rng = random.Random(9)
    garden, choir = talk("garden", 60, 0, rng), talk("choir", 60, 60, rng)

    named = salient(choir, among=[*garden, *choir], limit=8)

    assert set(named) == set(SUBJECTS["choir"].split())
    assert salient([], among=garden) == ()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=40), max_size=120), st.integers(0, 6))
def test_segments_cover_the_meeting_in_order(spoken, repeat):
    """Whatever was said, segments follow one another and never overlap."""
    texts = [text for text in spoken for _ in range(repeat)]
    turns = [Turn(i, "A", text, i, i + 1.0) for i, text in enumerate(texts)]

    found = segments(turns)

    edges = [edge for piece in found for edge in (piece.first, piece.last)]
    assert edges == sorted(edges)
    assert all(a.last < b.first for a, b in pairwise(found))
