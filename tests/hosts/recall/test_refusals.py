"""Error answers in words, with nothing private in them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import HostError
from server.hosts.recall.refusals import LONGEST, refusal
from tests.hosts.recall.scripted_api import error
from tests.hosts.recall.told import PAYLOADS, payload

WORDS = {
    "400.cannot_command_completed_bot": ("leaving or gone", "Send a new bot."),
    "400.cannot_command_unstarted_bot": ("not in the meeting yet", "admitted"),
    "400.update_bot_failed": ("can no longer be changed", "leave"),
    "400.field_errors": ("meeting_url: This field is needed", "Check the meeting's link."),
    "401.missing": ("does not accept the API key", "Check the key and the region"),
    "401.wrong_key_or_region": ("does not accept the API key", "a key opens one region only"),
    "402": ("out of credit", "Add credit"),
    "403.waf": ("firewall blocked the request", "bare IP number"),
    "404.bot": ("does not know this bot", "region"),
    "404.route": ("does not know the address", "base URL"),
    "405.delete_dispatched": ("does not allow this", "told to leave"),
    "409": ("still busy", "Try again"),
    "429": ("too many requests", "Try again"),
    "507": ("no bot free", "Try again"),
}


def refusal_of(name, request=None):
    """The error for an answer of the payloads."""
    answer = error(name)
    body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    return refusal(answer.status, body.encode(), request)


@pytest.mark.parametrize("name", WORDS)
def test_every_answer_says_what_happened_and_what_to_do(name):
    """Each kind of error answer becomes a sentence, and advice."""
    made = refusal_of(name)
    words, advice = WORDS[name]
    assert words in str(made)
    assert advice in made.advice
    assert "<" not in str(made)


def test_every_error_payload_is_spoken_for():
    """No error answer of the payloads is left out above."""
    files = {path.name.removeprefix("error.").rsplit(".", 1)[0] for path in PAYLOADS.glob("error.*")}
    assert files == set(WORDS)


def test_field_errors_are_flattened():
    """Nested field errors become one line of paths and messages."""
    assert str(refusal_of("400.field_errors")) == (
        "Recall refused the request: meeting_url: This field is needed; "
        "recording_config.realtime_endpoints[0].url: Give a valid URL"
    )


def test_fields_bring_their_own_advice():
    """A refused field says what to choose instead."""
    body = {"recording_config": {"video_separate_h264": ["Needs another variant."]}}
    assert "web_4_core" in refusal(400, json.dumps(body).encode()).advice
    assert "API key" in str(refusal(401, b'{"meeting_url": ["?"]}'))
    assert "region" in refusal(401, b'{"meeting_url": ["?"]}').advice


def test_nothing_that_was_sent_is_repeated():
    """Values of the request, addresses, quotations and tokens in the vendor's text are left out."""
    request = {
        "meeting_url": "https://meet.google.com/xyz-mnop-qrs",
        "bot_name": "Greta's Helper",
        "metadata": {"session_id": "kq7wz3m9t2"},
        "recording_config": {"realtime_endpoints": [{"url": "wss://agent.example.org/text/?t=page-token"}]},
    }
    body = {
        "detail": 'Greta\'s Helper may not join xyz at https://meet.google.com/xyz-mnop-qrs: "wss://agent" is bad; '
        "session kq7wz3m9t2, ana@example.org, key sk_" + "a1" * 40,
        "meeting_url": ["https://meet.google.com/xyz-mnop-qrs is no URL.", "'xyz-mnop-qrs' was not found."],
    }
    made = refusal(400, json.dumps(body).encode(), request)
    told = f"{made!r} {made} {made.advice} {made.code}"
    for private in ("Greta", "xyz-mnop", "agent", "kq7wz3m9t2", "ana@", "a1a1"):
        assert private not in told
    assert "may not join" in told and "was not found" in told


def test_long_texts_are_cut():
    """A vendor's novel is cut, and of a hundred refused fields the first few are told."""
    assert len(str(refusal(400, json.dumps({"detail": "no " * 5000}).encode()))) < LONGEST + 60
    many = {f"field_{number}": ["bad"] for number in range(100)}
    assert str(refusal(400, json.dumps(many).encode())).count("field_") == 8


OTHERS = [(301, "no-route", False), (500, "unavailable", True), (418, "failed", False), (599, "unavailable", True)]


@pytest.mark.parametrize(("status", "code", "retryable"), OTHERS)
def test_other_answers(status, code, retryable):
    """A redirect, a failing server and an answer nobody expected are told apart by their status."""
    made = refusal(status, b"")
    assert (made.code, made.retryable, made.status) == (code, retryable, status)
    assert made.advice


def test_the_vendors_code_wins():
    """A code of the vendor is the error's code, if it is a word; otherwise ours is."""
    assert refusal(400, b'{"code": "teams_blacklisted_tenant"}').code == "teams_blacklisted_tenant"
    assert "organisation" in str(refusal(400, b'{"code": "teams_blacklisted_tenant"}'))
    assert refusal(400, b'{"code": "Not A Word!"}').code == "bad-request"
    assert refusal(400, b'{"code": ["x"]}').code == "bad-request"


@given(st.integers(300, 599), st.binary(max_size=200), st.none() | st.dictionaries(st.text(), st.text()))
def test_any_answer_is_an_error_in_words(status, body, request):
    """Whatever comes back, it becomes a HostError in one line."""
    made = refusal(status, body, request)
    assert isinstance(made, HostError) and str(made) and "\n" not in str(made)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_any_json_is_an_error_in_words(body):
    """Whatever JSON comes back, it becomes a HostError in one line."""
    assert "\n" not in str(refusal(400, json.dumps(body).encode(), payload("create_bot.request")))


def test_deep_nesting_is_no_error_of_ours():
    """A body of a hundred thousand brackets is only a body without words."""
    assert str(refusal(400, b"[" * 100_000)) == "Recall refused the request"
