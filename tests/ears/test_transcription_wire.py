"""The messages of a transcription session: what is sent is what the protocol says, and odd answers do no harm."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ears import transcription_wire as wire


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("https://api.openai.com/v1", "wss://api.openai.com/v1/realtime?intent=transcription"),
        ("http://127.0.0.1:8000/v1/", "ws://127.0.0.1:8000/v1/realtime?intent=transcription"),
        ("https://a.example", "wss://a.example/realtime?intent=transcription"),
    ],
)
def test_the_address_names_no_model(base, address):
    """A model in the address would make it a conversation, which refuses our settings."""
    assert wire.address(base) == address


def test_the_settings_of_a_session():
    """The newest models take no turn detection, so none is asked of any; what is not set is not sent."""
    message = json.loads(wire.configure("m-1", "en", ("Parley",)))
    assert message == {
        "type": "session.update",
        "event_id": wire.CONFIGURE,
        "session": {
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": {"model": "m-1", "language": "en", "keywords": ["Parley"]},
                    "turn_detection": None,
                }
            },
        },
    }
    assert json.loads(wire.configure("m-1"))["session"]["audio"]["input"]["transcription"] == {"model": "m-1"}


def test_sound_and_its_end():
    """Sound goes as base64; a commit carries the number of its utterance, which an error about it names."""
    message = json.loads(wire.append(b"\x01\x02" * 3))
    assert message["type"] == "input_audio_buffer.append"
    assert base64.b64decode(message["audio"]) == b"\x01\x02" * 3
    commit = json.loads(wire.commit(7))
    error = {"type": "error", "error": {"code": "input_audio_buffer_commit_empty", "event_id": commit["event_id"]}}
    assert wire.read(json.dumps(error)) == wire.Trouble("input_audio_buffer_commit_empty", commit=7)
    refused = {"type": "error", "error": {"type": "invalid_request_error", "code": None, "event_id": wire.CONFIGURE}}
    assert wire.read(json.dumps(refused)) == wire.Trouble("invalid_request_error", configuring=True)


def test_what_the_server_tells():
    """Every message we use is read; the others are passed over."""
    of = "conversation.item.input_audio_transcription"
    tests = [
        ({"type": "session.created", "session": {}}, None),
        ({"type": "session.updated", "session": {}}, wire.Configured()),
        ({"type": "input_audio_buffer.committed", "item_id": "i", "previous_item_id": None}, wire.Committed("i")),
        ({"type": f"{of}.delta", "item_id": "i", "content_index": 0, "delta": " we"}, wire.Grew("i", " we")),
        ({"type": f"{of}.completed", "item_id": "i", "transcript": " We did. "}, wire.Ended("i", "We did.")),
        ({"type": f"{of}.completed", "item_id": "i", "transcript": "Ja.", "languages": ["de"]},
         wire.Ended("i", "Ja.", "de")),
        ({"type": f"{of}.failed", "item_id": "i", "error": {"code": "bad_sound"}}, wire.Failed("i", "bad_sound")),
        ({"type": f"{of}.segment", "item_id": "i", "text": "x", "start": 0, "end": 1}, None),
        ({"type": "rate_limits.updated", "rate_limits": []}, None),
    ]  # fmt: skip
    for message, read in tests:
        assert wire.read(json.dumps(message)) == read


def test_codes_are_words():
    """What a server calls its trouble may go into a log, so a sentence is not taken for a code."""
    error = {"type": "error", "error": {"code": "Ana said no", "type": "x" * 100}}
    assert wire.read(json.dumps(error)) == wire.Trouble("error")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
KINDS = st.sampled_from(
    ["error", "session.updated", "input_audio_buffer.committed"]
    + [f"conversation.item.input_audio_transcription.{end}" for end in ("delta", "completed", "failed")]
)
FIELDS = st.sampled_from(["item_id", "delta", "transcript", "languages", "error", "code", "event_id"])


@given(KINDS, st.dictionaries(FIELDS, ANYTHING | st.dictionaries(FIELDS, ANYTHING)))
def test_odd_messages_do_no_harm(kind, fields):
    """Whatever the fields hold, a message is read or passed over."""
    wire.read(json.dumps({**fields, "type": kind}))


@given(st.binary() | st.text())
def test_rubbish_does_no_harm(frame):
    """What is no message at all is passed over."""
    assert wire.read(frame) is None or isinstance(wire.read(frame), wire.Configured)
