"""The first piece of a reply comes early, and the same one however the text arrives."""

from __future__ import annotations

import pytest

from server.core.chunking import Chunker


def pieces(text: str, size: int) -> list[str]:
    """The pieces of a text that arrives in parts of this many characters."""
    chunker = Chunker()
    found = []
    for at in range(0, len(text), size):
        found += chunker.feed(text[at : at + size])
    return [*found, *chunker.flush()]


def test_a_comma_behind_a_word_is_enough():
    """The voice begins before anything follows the clause."""
    chunker = Chunker()
    assert chunker.feed("The rubber one,") == ["The rubber one,"]


@pytest.mark.parametrize("text", ["It costs us 1,", "Well,", "It starts at twelve:", "See (the rubber one,"])
def test_what_may_go_on_is_waited_for(text):
    """A comma may stand in a number, a colon in a time, both in brackets; one word is too little to begin with."""
    assert Chunker().feed(text) == []


@pytest.mark.parametrize("size", [1, 3, 7, 200])
def test_the_cutting_makes_no_difference(size):
    """Three words and a comma, then whole sentences."""
    text = "The rubber one, because metal was too heavy. It costs 1,250 euros for the first lot. Ben will ask again."
    assert pieces(text, size) == [
        "The rubber one,",
        "because metal was too heavy.",
        "It costs 1,250 euros for the first lot.",
        "Ben will ask again.",
    ]
