"""What Recall's API refuses with 400: a map from field to messages, nested like the request.

Stricter than the real one in one respect: an unknown field is refused, so that a misspelt one is noticed. Sources of
the rules are the vendor's schema and guides; the texts are invented.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from server.rehearsal.hosts.recall_objects import read_meeting_url, size_of

Json = dict[str, Any]

VARIANTS = frozenset({"web", "web_4_core", "web_gpu", "native"})
LARGE = frozenset({"web_4_core", "web_gpu"})
#: Platforms whose bots can show a page.
PAGES = frozenset({"zoom", "google_meet", "microsoft_teams", "microsoft_teams_live", "webex"})
PROVIDERS = frozenset(
    {
        "recallai_streaming", "meeting_captions", "deepgram_streaming", "assembly_ai_v3_streaming",
        "elevenlabs_streaming", "gladia_v2_streaming", "rev_streaming", "aws_transcribe_streaming",
        "speechmatics_streaming", "assembly_ai_async_chunked",
    }
)  # fmt: skip
TEXT_EVENTS = frozenset(
    {
        "transcript.data", "transcript.partial_data", "transcript.provider_data",
        *(
            f"participant_events.{each}"
            for each in (
                "join", "leave", "update", "speech_on", "speech_off", "webcam_on", "webcam_off", "screenshare_on",
                "screenshare_off", "chat_message",
            )
        ),
    }
)  # fmt: skip
MEDIA_EVENTS = frozenset(
    {"audio_mixed_raw.data", "audio_separate_raw.data", "video_separate_png.data", "video_separate_h264.data"}
)
#: Longest chat message by platform.
CHAT_LIMITS = {"google_meet": 500}
CHAT_LIMIT = 4096

_REQUIRED = ["This field is required."]
_CREATE_FIELDS = frozenset(
    {
        "meeting_url", "bot_name", "join_at", "output_media", "recording_config", "variant", "automatic_leave", "chat",
        "metadata", "automatic_video_output", "automatic_audio_output", "zoom", "google_meet", "breakout_room",
    }
)  # fmt: skip
_RECORDING_FIELDS = frozenset(
    {
        "transcript", "realtime_endpoints", "start_recording_on", "video_mixed_layout",
        "video_mixed_participant_video_when_screenshare", "video_mixed_mp4", "participant_events", "meeting_metadata",
        "audio_mixed_raw", "audio_separate_raw", "video_separate_png", "video_separate_h264", "video_mixed_flv",
        "audio_mixed_mp3", "audio_separate_mp3", "video_separate_mp4", "include_bot_in_recording", "retention",
        "metadata",
    }
)  # fmt: skip
_LEAVE_FIELDS = frozenset(
    {
        "waiting_room_timeout", "noone_joined_timeout", "everyone_left_timeout", "in_call_not_recording_timeout",
        "in_call_recording_timeout", "recording_permission_denied_timeout", "silence_detection", "bot_detection",
    }
)  # fmt: skip
_CHAT_TO = {"zoom": ("everyone", "host", "everyone_except_host")}


def create_errors(request: Any, *, allow_loopback: bool) -> Json:
    """What is wrong with a Create Bot request; empty when nothing is."""
    if not isinstance(request, dict):
        return {"non_field_errors": ["Invalid data. Expected a dictionary."]}
    errors = _unknown(request, _CREATE_FIELDS)
    meeting = read_meeting_url(url) if isinstance(url := request.get("meeting_url"), str) else None
    if meeting is None:
        errors["meeting_url"] = ["Enter a valid meeting URL."] if url else _REQUIRED
    platform = meeting["platform"] if meeting is not None else ""
    name = request.get("bot_name", "x")
    if not isinstance(name, str) or not name or len(name) > 100:
        errors["bot_name"] = ["Ensure this field has 1 to 100 characters."]
    _put(errors, "metadata", _metadata(request.get("metadata")))
    _put(errors, "variant", _variant(request.get("variant")))
    _put(errors, "automatic_leave", _leave(request.get("automatic_leave"), platform))
    _put(errors, "output_media", _output(request, platform))
    if errors:
        return errors
    size = size_of(request.get("variant"), platform)
    recording = request.get("recording_config")
    if recording is not None:
        _put(errors, "recording_config", recording_errors(recording, size, allow_loopback=allow_loopback))
    return errors


def recording_errors(config: Any, variant: str, *, allow_loopback: bool) -> Json:
    """What is wrong with a `recording_config`, or with the body of `start_recording`."""
    if not isinstance(config, dict):
        return {"non_field_errors": ["Invalid data. Expected a dictionary."]}
    errors = _unknown(config, _RECORDING_FIELDS)
    _put(errors, "metadata", _metadata(config.get("metadata")))
    if (start := config.get("start_recording_on", "manual")) not in _STARTS:
        errors["start_recording_on"] = [f'"{start}" is not a valid choice.']
    gallery = config.get("video_mixed_layout") == "gallery_view_v2"
    for field in ("video_separate_png", "video_separate_h264"):
        if config.get(field) is not None and not gallery:
            errors[field] = ["video_mixed_layout must be gallery_view_v2."]
    if config.get("video_separate_h264") is not None and variant not in LARGE:
        errors["video_separate_h264"] = ["Requires a bot variant of web_4_core or larger."]
    transcript = config.get("transcript")
    if transcript is not None:
        provider = transcript.get("provider") if isinstance(transcript, dict) else None
        if not isinstance(provider, dict) or len(provider) != 1 or not set(provider) <= PROVIDERS:
            errors["transcript"] = {"provider": ["Exactly one known provider must be given."]}
    endpoints = config.get("realtime_endpoints") or []
    if not isinstance(endpoints, list):
        errors["realtime_endpoints"] = ["Expected a list of items."]
    elif any(each := [_endpoint(endpoint, config, allow_loopback) for endpoint in endpoints]):
        errors["realtime_endpoints"] = each
    return errors


_STARTS = ("participant_join", "call_join", "participant_speak", "manual")


def output_errors(media: Any) -> Json:
    """What is wrong with an `output_media` object."""
    if not isinstance(media, dict) or not media:
        return {"non_field_errors": ["One of camera and screenshare is required."]}
    errors = _unknown(media, {"camera", "screenshare"})
    for place in ("camera", "screenshare"):
        if (page := media.get(place)) is None:
            continue
        config = page.get("config") if isinstance(page, dict) else None
        if not isinstance(page, dict) or page.get("kind") != "webpage":
            errors[place] = {"kind": ['Must be "webpage".']}
        elif not isinstance(config, dict) or not _is_url(config.get("url"), ("https", "http")):
            errors[place] = {"config": {"url": ["Enter a valid URL."]}}
    return errors


def chat_errors(body: Any, platform: str) -> Json:
    """What is wrong with a chat message for this platform."""
    if not isinstance(body, dict):
        return {"message": _REQUIRED}
    errors = _unknown(body, {"to", "message", "pin"})
    limit = CHAT_LIMITS.get(platform, CHAT_LIMIT)
    message = body.get("message")
    if not isinstance(message, str) or not message:
        errors["message"] = _REQUIRED
    elif len(message) > limit:
        errors["message"] = [f"Ensure this field has no more than {limit} characters."]
    to = body.get("to", "everyone")
    known = _CHAT_TO.get(platform, ("everyone",))
    private = platform == "zoom" and isinstance(to, str) and to.isdigit()
    if to not in known and not private:
        errors["to"] = [f'"{to}" is not a valid choice.']
    if platform not in PAGES - {"webex"} | {"slack_huddle_observer"}:
        errors["non_field_errors"] = ["Chat is not supported on this platform."]
    return errors


# ---------------------------------------------------------------- parts


def _output(request: Json, platform: str) -> Json | list[str]:
    media = request.get("output_media")
    if media is None:
        return []
    for field in ("automatic_video_output", "automatic_audio_output"):
        if request.get(field) is not None:
            return [f"Cannot be used together with {field}."]
    if platform and platform not in PAGES:
        return ["Output Media is not supported on this platform."]
    variant = request.get("variant")
    if platform == "zoom" and isinstance(variant, dict) and variant.get("zoom") == "native":
        return ["Output Media is not supported by the native variant."]
    return output_errors(media)


def _endpoint(endpoint: Any, config: Json, allow_loopback: bool) -> Json:
    if not isinstance(endpoint, dict):
        return {"non_field_errors": ["Invalid data. Expected a dictionary."]}
    errors = _unknown(endpoint, {"type", "url", "events", "metadata"})
    _put(errors, "metadata", _metadata(endpoint.get("metadata")))
    kind = endpoint.get("type")
    schemes = {"websocket": ("wss", "ws"), "webhook": ("https",), "rtmp": ("rtmp", "rtmps")}.get(str(kind))
    if schemes is None:
        return {**errors, "type": [f'"{kind}" is not a valid choice.']}
    # A rehearsal has no certificate for its loopback address.
    if kind == "webhook" and allow_loopback:
        schemes = ("https", "http")
    if not _is_url(endpoint.get("url"), schemes):
        errors["url"] = ["Enter a valid URL."]
    events = endpoint.get("events")
    if not isinstance(events, list) or not events:
        errors["events"] = _REQUIRED
    else:
        wrong = [text for event in events if (text := _event(event, str(kind), config))]
        _put(errors, "events", wrong)
    return errors


def _event(event: Any, kind: str, config: Json) -> str:
    if event not in TEXT_EVENTS | MEDIA_EVENTS:
        return f'"{event}" is not a valid choice.'
    if event in MEDIA_EVENTS and kind != "websocket":
        return f"{event} needs an endpoint of type websocket."
    field = str(event).partition(".")[0]
    # participant_events is on unless it is switched off; everything else is off unless it is switched on.
    if config.get(field, {} if field == "participant_events" else None) is None:
        return f"{event} needs recording_config.{field}."
    return ""


def _variant(variant: Any) -> Json | list[str]:
    if variant is None:
        return []
    if not isinstance(variant, dict):
        return ["Invalid data. Expected a dictionary."]
    errors = _unknown(variant, {"zoom", "google_meet", "microsoft_teams", "webex"})
    for platform, size in variant.items():
        if size not in VARIANTS or (size == "native" and platform != "zoom"):
            errors[platform] = [f'"{size}" is not a valid choice.']
    return errors


def _leave(leave: Any, platform: str) -> Json | list[str]:
    if leave is None:
        return []
    if not isinstance(leave, dict):
        return ["Invalid data. Expected a dictionary."]
    errors = _unknown(leave, _LEAVE_FIELDS)
    most = {"google_meet": 600, "microsoft_teams": 1800}.get(platform, 10**6)
    _between(errors, leave, "waiting_room_timeout", 30, most)
    _between(errors, leave, "noone_joined_timeout", 30, 10**6)
    silence = leave.get("silence_detection")
    if isinstance(silence, dict):
        _put(errors, "silence_detection", _between({}, silence, "timeout", 10, 10**6))
    bots = leave.get("bot_detection")
    names = bots.get("using_participant_names") if isinstance(bots, dict) else None
    if isinstance(names, dict):
        missing = {key: _REQUIRED for key in ("matches", "timeout", "activate_after") if key not in names}
        if missing:
            errors["bot_detection"] = {"using_participant_names": missing}
    return errors


def _metadata(metadata: Any) -> list[str]:
    if metadata is None:
        return []
    if not isinstance(metadata, dict):
        return ["Invalid data. Expected a dictionary."]
    if not all(value is None or (isinstance(value, str) and len(value) <= 500) for value in metadata.values()):
        return ["Values must be strings of at most 500 characters."]
    return []


def _unknown(given: Mapping[str, Any], known: Iterable[str]) -> Json:
    return {field: ["Unexpected field."] for field in given if field not in set(known)}


def _between(errors: Json, given: Json, field: str, least: int, most: int) -> Json:
    value = given.get(field, least)
    if not isinstance(value, int) or not least <= value <= most:
        errors[field] = [f"Ensure this value is between {least} and {most}."]
    return errors


def _put(errors: Json, field: str, found: Json | list[str]) -> None:
    if found:
        errors[field] = found


def _is_url(url: Any, schemes: Iterable[str]) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in tuple(schemes) and bool(parts.hostname)
