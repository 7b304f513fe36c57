"""A meeting is read in places: how the turns are shared among them, and which lines they give."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.core import memory_field as fields

strengths = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=fields.PLACES).map(lambda some: sorted(some)[::-1])


@given(strengths, st.integers(1, 40))
def test_shares_keep_the_limit_and_favour_the_better(worth, limit):
    """Every place that counts gives a turn, and a better one never fewer than a worse."""
    shares = fields.shares(worth, limit)

    assert 1 <= len(shares) <= len(worth)
    assert sum(shares) <= limit
    assert min(shares) >= 1
    assert all(better >= worse for better, worse in pairwise(shares))


def test_a_clear_lead_takes_the_turns_and_a_tie_shares_them():
    """Far ahead, the best place gives seven of twelve turns and the next one; of equals, each gives as much."""
    assert fields.shares([1.0, 0.4, 0.4, 0.4], 12) == [7, 1]
    assert fields.shares([1.0, 1.0], 12) == [6, 6]
    assert fields.shares([1.0] * 8, 12) == [2, 2, 2, 2, 1, 1, 1, 1]
    assert fields.shares([0.8], 12) == [7]


def test_a_place_is_a_stretch_and_murmurs_are_left_out():
    """The turns of one place stand side by side, but for those that cannot be handed on."""
    field = [1.0 / (1 + abs(i - 20)) for i in range(40)]
    usable = [i != 21 for i in range(40)]

    chosen = fields.choose(field, field, usable, 12)

    assert chosen[0] == 20
    assert 21 not in chosen
    assert set(range(18, 23)) - {21} <= set(chosen)


def test_a_line_can_make_a_place_of_its_own():
    """Where the surroundings say nothing, a line that holds the question is still a place."""
    field = [1.0 if i < 10 else 0.2 for i in range(60)]
    score = [*field[:40], 0.9, *field[41:]]

    assert 40 in fields.choose(field, score, [True] * 60, 12)


def test_nothing_found_is_no_place():
    """Without a score above 0 among the turns that can be handed on nothing is chosen."""
    assert fields.choose([0.0] * 5, [0.0] * 5, [True] * 5, 12) == []
    assert fields.choose([1.0] * 5, [1.0] * 5, [False] * 5, 12) == []
