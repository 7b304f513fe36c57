"""Long chat messages in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.seats.chat_parts import MOST, parts

LIMITS = st.sampled_from([20, 100, 500, 4096])
TEXTS = st.text(alphabet="ab .,?!;\n字", max_size=3000)


@given(TEXTS, LIMITS)
def test_every_part_fits_and_no_word_is_lost(text, limit):
    """No part is empty or longer than the limit; together they say everything, or end in an ellipsis."""
    found = parts(text, limit)
    assert all(0 < len(part) <= limit and part == part.strip() for part in found) and len(found) <= MOST
    said, meant = "".join("".join(found).split()), "".join(text.split())
    if said != meant:
        assert len(found) == MOST and said.endswith("…") and meant.startswith(said[:-1])


def test_cut_where_it_reads_well():
    """A text is cut between paragraphs before sentences before words, and in a word only where it has no end."""
    assert parts("One two three.\n\nFour five six seven.", 22) == ["One two three.", "Four five six seven."]
    assert parts("One two three. Four five six seven.", 22) == ["One two three.", "Four five six seven."]
    assert parts("one two three four five six", 15) == ["one two three", "four five six"]
    assert parts("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert parts("  short  ", 10) == ["short"] and parts("   ", 10) == []
    assert parts("exactly ten", 11) == ["exactly ten"]
