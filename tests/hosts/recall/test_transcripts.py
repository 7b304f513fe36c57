"""The five shapes of a transcript message, from the page's socket or a real-time endpoint."""

from dataclasses import replace

import pytest

from server.hosts.recall.transcripts import heard_from
from tests.hosts.recall.told import payload

FINAL = ["event", "outer_data", "inner_data", "hybrid", "legacy.final"]


@pytest.mark.parametrize("shape", FINAL)
def test_every_shape_says_the_same(shape):
    """Each of the five shapes gives the same speaker and sentence, final, by the page's ear."""
    heard = heard_from(payload(f"page_ws.transcript.{shape}"))
    assert (heard.speaker, heard.speaker_id, heard.text, heard.final) == (
        "Iris Vale",
        "11",
        "Shall we ship on Friday?",
        True,
    )
    assert (heard.start, heard.end, heard.language, heard.source) == (20.1, 21.62, "en", "page")


def test_a_partial_is_shorter_and_not_final():
    """A partial repeats the utterance so far, under the same key as its final."""
    partial = heard_from(payload("page_ws.transcript.legacy.partial"))
    final = heard_from(payload("page_ws.transcript.legacy.final"))
    assert (partial.text, partial.final, partial.key) == ("Shall we shi", False, final.key)
    assert final.key == "88"


def test_the_ear_is_named():
    """The same message by the host's own connection is the same utterance by another ear."""
    message = payload("transcript.data")
    assert heard_from(message, source="host") == replace(heard_from(message), source="host")


def test_type_stands_for_event():
    """A partial whose name stands under `type` is a partial; another `type` does not hide the words."""
    message = payload("transcript.partial_data")
    message["type"] = message.pop("event")
    assert not heard_from(message).final
    assert heard_from(payload("page_ws.transcript.hybrid") | {"type": "message"}).final


def test_numbers_that_fit_no_float_are_no_times():
    """An integer of four hundred digits as a time is no time, and no error."""
    message = payload("page_ws.transcript.legacy.final")
    message["transcript"]["words"][0]["start_time"] = 10**400
    message["transcript"]["words"][1]["start_time"] = float("nan")
    assert heard_from(message).start == 20.52


def test_languages_without_blanks_are_joined_without_them():
    """Japanese words make a sentence without blanks."""
    message = payload("page_ws.transcript.legacy.final")
    message["transcript"] |= {"language": "ja-JP", "words": [{"text": "出荷"}, {"text": "しますか"}]}
    assert heard_from(message).text == "出荷しますか"
