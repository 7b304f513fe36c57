"""Spoken language made fit to be quoted."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.brains.embedded.speech import clean, quotable, sentences


@pytest.mark.parametrize(
    ("spoken_text", "read_out"),
    [
        ("So, um, we we should, you know, d do it on on Friday.", "We should do it on Friday."),
        ("I I mean the the price is, uh, twenty five euros.", "The price is twenty five euros."),
        ("Very very good, thank you.", "Very very good, thank you."),
        ("Call two two five, please.", "Call two two five, please."),
        ("It's on T_V_ every night and", "It's on TV every night."),
        ("Yeah, okay, so the the deadline is is May.", "The deadline is May."),
        ("We have to The whole thing turns green.", "The whole thing turns green."),
    ],
)
def test_quotes_are_clean_and_mean_the_same(spoken_text: str, read_out: str) -> None:
    """Noises, stutters and repeats go; words said twice on purpose and digits stay."""
    assert quotable(sentences(clean(spoken_text))[-1]) == read_out


@example(",–")
@given(st.text(max_size=200))
def test_cleaning_survives_anything_and_adds_no_words(text: str) -> None:
    """Recognisers write strange things; every word read out was in the text."""
    kept = clean(text).lower().split()
    source = "".join(text.lower().replace("_", "").split())
    assert all(word.replace("_", "").strip(".,;:?!-") in source for word in kept)
    for sentence in sentences(clean(text)):
        quotable(sentence)
