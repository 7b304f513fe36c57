"""The create_bot request: one order in MeetStream's words.

Field names are strict: the vendor's older pages show others, which are refused or silently dropped.
"""

from __future__ import annotations

from typing import Any

from server.errors import HostError
from server.hosts.base import Order
from server.hosts.platforms import Platform, meeting_at

#: hours for which MeetStream keeps its recording; without a word of ours that may be for ever
RETENTION_HOURS = 24

#: Seconds. `voice_inactivity_timeout` is 100 by itself, which removes a quiet agent from a quiet meeting.
AUTOMATIC_LEAVE = {
    "waiting_room_timeout": 600,
    "no_one_joined_timeout": 600,
    "everyone_left_timeout": 120,
    "voice_inactivity_timeout": 1800,
    "in_call_recording_timeout": 14_400,
}

#: the provider that needs no key of anybody else
OWN_PROVIDER = "meetstream_streaming"
#: providers that send words while they are spoken; the others only after the meeting
PROVIDERS = (OWN_PROVIDER, "deepgram_streaming", "assemblyai_streaming", "jigsawstack_streaming", "meeting_captions")


def create_request(order: Order) -> dict[str, Any]:
    """The body of create_bot for this order, whose channels are those that the adapter `needs`. Raises HostError for
    an address that is none."""
    body: dict[str, Any] = {
        "meeting_link": meeting_at(order.meeting_url).url,  # made whole: people paste it as they find it
        "bot_name": order.name,
        # must be true for live video, and its default is told in two ways: always said
        "video_required": "video" in order.sockets,
        "custom_attributes": {"session_id": order.session},
        "recording_config": {
            "transcript": {"provider": provider_for(order)},
            "retention": {"type": "timed", "hours": RETENTION_HOURS},
        },
        "automatic_leave": dict(AUTOMATIC_LEAVE),
    }
    if order.greeting:
        body["bot_message"] = order.greeting
    for channel, name in (
        ("control", "socket_connection_url"),
        ("audio", "live_audio_required"),
        ("video", "live_video_required"),
    ):
        if channel in order.sockets:
            body[name] = {"websocket_url": order.sockets[channel]}
    if url := order.hooks.get("status"):
        body["callback_url"] = url
    if url := order.hooks.get("words"):
        body["live_transcription_required"] = {"webhook_url": url}
    if url := order.hooks.get("people"):
        events = ["participant_events.join", "participant_events.leave"]
        body["recording_config"]["realtime_endpoints"] = [{"type": "webhook", "url": url, "events": events}]
    return body


def provider_for(order: Order) -> dict[str, Any]:
    """The transcript provider with everything that its schema demands, in the order's language."""
    language = order.language.split("-")[0].lower() or "en"
    match order.provider or OWN_PROVIDER:
        case "deepgram_streaming":
            return {
                "deepgram_streaming": {
                    "transcription_mode": "sentence",
                    "model": "nova-2",
                    "language": order.language or "en",
                    "punctuate": True,
                    "smart_format": True,
                    "endpointing": 300,
                    "vad_events": True,
                    "utterance_end_ms": 1000,
                    "encoding": "linear16",
                    "channels": 1,
                }
            }
        case "assemblyai_streaming":
            kind = "english" if language == "en" else "multilingual"
            return {
                "assemblyai_streaming": {
                    "transcription_mode": "raw",
                    "sample_rate": 48_000,
                    "speech_model": f"universal-streaming-{kind}",
                    "format_turns": True,
                    "encoding": "pcm_s16le",
                    # these numbers are texts in the vendor's schema
                    "vad_threshold": "0.4",
                    "end_of_turn_confidence_threshold": "0.4",
                    "inactivity_timeout": 300,
                    "min_end_of_turn_silence_when_confident": "400",
                    "max_turn_silence": "1280",
                }
            }
        case "meeting_captions":
            return {"meeting_captions": {}}
        case name:
            # English is what both do without a word; the empty object is the form that is documented.
            return {name: {} if language == "en" else {"language": language}}


def check_provider(order: Order, platform: Platform) -> None:
    """Refuse a provider that sends no words while they are spoken. Raises HostError."""
    if order.provider and order.provider not in PROVIDERS:
        raise HostError(
            "MeetStream has no live transcription of this name",
            advice=f"Choose one of {', '.join(PROVIDERS)}, or none for MeetStream's own.",
            code="bad-provider",
        )
    if order.provider == "meeting_captions" and platform == "zoom":
        raise HostError(
            "MeetStream reads no meeting captions on Zoom",
            advice=f"Choose another provider, for instance {OWN_PROVIDER}.",
            code="bad-provider",
        )
