"""The create_bot request, field by field."""

from __future__ import annotations

import pytest

from server.errors import HostError
from server.hosts.meetstream.request import PROVIDERS, check_provider, create_request
from tests.hosts.meetstream.told import order, payload


def test_a_full_order_in_the_vendors_words():
    """A seat with every sense asks for everything, in the shape and with the types of the documented request."""
    body = create_request(order(senses=frozenset({"mixed", "film"}), greeting="Good morning."))
    documented = payload("rest/create_bot.request.voice_agent_full")
    assert set(body) == set(documented) - {"bot_image_url"}
    assert set(body["recording_config"]) == set(documented["recording_config"])
    assert body["automatic_leave"].keys() == documented["automatic_leave"].keys()
    for name in ("socket_connection_url", "live_audio_required", "live_video_required", "live_transcription_required"):
        assert body[name].keys() == documented[name].keys()
    assert (
        body["recording_config"]["realtime_endpoints"][0].keys()
        == documented["recording_config"]["realtime_endpoints"][0].keys()
    )
    assert all(isinstance(value, str) for value in body["custom_attributes"].values())
    assert body["bot_message"] == "Good morning."
    assert body["custom_attributes"]["session_id"] == order().session


def test_the_strict_form_is_sent():
    """Only the names that the current API knows: snake case, an object for every address, no page, no hosted agent."""
    body = create_request(order(senses=frozenset({"film"})))
    assert body["meeting_link"] == order().meeting_url and "meeting_url" not in body
    minimal = payload("rest/create_bot.request.live_video_minimal")
    assert set(minimal) <= set(body)
    assert not set(payload("rest/create_bot.request.live_video_camel_case")) & {"liveVideoRequired"} & set(body)
    assert "audio_required" not in body and "agent_config_id" not in body


def test_the_meetings_address_is_made_whole():
    """It is pasted as people find it, and sent as the platform knows it."""
    body = create_request(order(meeting_url="Join: <meet.google.com/mno-pqrs-tuv>".split()[1]))
    assert body["meeting_link"] == "https://meet.google.com/mno-pqrs-tuv"


def test_video_is_always_said_and_true_only_with_film():
    """The default of video_required is told in two ways, and live video needs it."""
    assert create_request(order())["video_required"] is False
    with_film = create_request(order(senses=frozenset({"film"})))
    assert with_film["video_required"] is True and "live_video_required" in with_film
    assert "live_video_required" not in create_request(order())


def test_a_quiet_agent_is_not_put_out():
    """Within what is accepted, the timeouts let a silent meeting go on; retention is always said."""
    leave = create_request(order())["automatic_leave"]
    assert 900 <= leave["voice_inactivity_timeout"] <= 1800
    assert 600 <= leave["in_call_recording_timeout"] <= 18_000
    assert leave["everyone_left_timeout"] >= 60 and 60 <= leave["waiting_room_timeout"] <= 600
    assert create_request(order())["recording_config"]["retention"] == {"type": "timed", "hours": 24}


def test_what_the_order_leaves_out_is_left_out():
    """No greeting, no hook: no field."""
    body = create_request(order(hooks={}, sockets={}))
    for name in ("bot_message", "callback_url", "live_transcription_required", "socket_connection_url"):
        assert name not in body
    assert "realtime_endpoints" not in body["recording_config"]


@pytest.mark.parametrize("provider", ["", *PROVIDERS])
@pytest.mark.parametrize("language", ["en", "en-GB", "de", "pt-BR", ""])
def test_exactly_one_streaming_provider(provider, language):
    """Every provider streams, and nobody's is chosen that needs a key of its own unless it was asked for."""
    found = create_request(order(provider=provider, language=language))["recording_config"]["transcript"]["provider"]
    assert list(found) == [provider or "meetstream_streaming"]


def test_the_language_reaches_the_provider():
    """A meeting in another language is heard in that language, wherever the provider has a word for it."""

    def provider(name, language):
        return create_request(order(provider=name, language=language))["recording_config"]["transcript"]["provider"]

    assert provider("", "en") == {"meetstream_streaming": {}}
    assert provider("", "de-AT") == {"meetstream_streaming": {"language": "de"}}
    documented = payload("rest/create_bot.request.deepgram_streaming")["recording_config"]["transcript"]["provider"]
    assert provider("deepgram_streaming", "en") == documented
    assert provider("deepgram_streaming", "fr")["deepgram_streaming"]["language"] == "fr"
    assert "english" in provider("assemblyai_streaming", "en")["assemblyai_streaming"]["speech_model"]
    assert "multilingual" in provider("assemblyai_streaming", "it")["assemblyai_streaming"]["speech_model"]


def test_a_provider_that_does_not_stream_is_refused():
    """What would be a 400 of the vendor, or no words at all, is refused here with the choices."""
    with pytest.raises(HostError, match="no live transcription") as caught:
        check_provider(order(provider="deepgram"), "google_meet")
    assert "deepgram_streaming" in caught.value.advice
    with pytest.raises(HostError, match="captions on Zoom"):
        check_provider(order(provider="meeting_captions"), "zoom")
    check_provider(order(provider="meeting_captions"), "microsoft_teams")
    check_provider(order(), "zoom")
