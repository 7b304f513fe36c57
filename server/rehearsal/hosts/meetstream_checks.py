"""What MeetStream's API refuses with 400, one sentence at a time. An unknown field is refused too, unlike there."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

Json = dict[str, Any]
Platform = Literal["GMeet", "Zoom", "Teams"]

STREAMING = frozenset(
    {
        "deepgram_streaming", "assemblyai_streaming", "jigsawstack_streaming", "meetstream_streaming",
        "meeting_captions",
    }
)  # fmt: skip
#: Fields of a create request that hold a websocket address.
SOCKETS = ("socket_connection_url", "live_audio_required", "live_video_required")
_FIELDS = frozenset(
    {
        "meeting_link", "bot_name", "video_required", "live_transcription_required", "callback_url",
        "custom_attributes", "bot_message", "bot_image_url", "join_at", "deduplication_key", "audio_separate_streams",
        "video_separate_streams", "recording_config", "automatic_leave", "zoom", "google_meet", "teams",
        "workflow_config_ids", "liveVideoRequired", *SOCKETS,
    }
)  # fmt: skip


def create_error(body: Any, *, allow_loopback: bool) -> str:
    """What is wrong with a create request, as the API says it; "" when nothing is."""
    if not isinstance(body, dict) or not body.get("meeting_link"):
        return "meeting_link is required."
    for field in body:
        if field not in _FIELDS:
            return f"{field} is not allowed."
    if not isinstance(body["meeting_link"], str) or not read_platform(body["meeting_link"]):
        return "meeting_link is not a supported meeting URL."
    if not isinstance(body.get("bot_name"), str) or not body["bot_name"]:
        return "bot_name is required."
    attributes = body.get("custom_attributes", {})
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        return "custom_attributes must be strings."
    for field in SOCKETS:
        given = body.get(field)
        if given is not None and not (
            isinstance(given, dict) and _is_safe(given.get("websocket_url"), "wss", "ws", allow_loopback)
        ):
            return f"{field}.websocket_url must be a wss:// URL."
    hooks = [body.get("callback_url"), *_transcription(body)]
    if not all(hook is None or _is_safe(hook, "https", "http", allow_loopback) for hook in hooks):
        return "callback_url and webhook_url must be https:// URLs."
    return _recording_error(body) or _leave_error(body)


def _recording_error(body: Json) -> str:
    config = body.get("recording_config") or {}
    providers = (config.get("transcript") or {}).get("provider") or {}
    if len(providers) > 1:
        return "recording_config.transcript.provider must have exactly one provider."
    if body.get("live_transcription_required") and not STREAMING & set(providers):
        return "A webhook URL was given for live transcription but no streaming provider was found."
    zoom = body.get("zoom") or {}
    if "zak_url" in zoom and "obf_url" in zoom:
        return "zoom.zak_url and zoom.obf_url cannot be used together."
    return ""


def _leave_error(body: Json) -> str:
    leave = body.get("automatic_leave") or {}
    if leave.get("in_call_recording_timeout", 600) < 600:
        return "in_call_recording_timeout must be at least 600 seconds"
    if leave.get("recording_permission_denied_timeout", 0) > 300:
        return "recording_permission_denied_timeout must not exceed 300 seconds"
    return ""


def read_platform(link: str) -> Platform | None:
    """Which platform a meeting is on."""
    host = urlsplit(link).hostname or ""
    known: tuple[tuple[str, Platform], ...] = (
        ("meet.google.com", "GMeet"),
        ("zoom.us", "Zoom"),
        ("zoom.com", "Zoom"),
        ("teams.microsoft.com", "Teams"),
        ("teams.live.com", "Teams"),
    )
    return next((name for domain, name in known if host == domain or host.endswith("." + domain)), None)


def _transcription(body: Json) -> list[Any]:
    asked = body.get("live_transcription_required")
    return [] if asked is None else [asked.get("webhook_url", "") if isinstance(asked, dict) else ""]


def _is_safe(url: Any, scheme: str, naked: str, allow_loopback: bool) -> bool:
    """TLS everywhere; a rehearsal has no certificate for its loopback address."""
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
    return parts.scheme == scheme or (parts.scheme == naked and allow_loopback and loopback)


def channel_url(asked: Json, channel: str) -> str:
    """The websocket address that was given for a channel, or "". Live video may also be asked for in camel case."""
    given = asked.get(channel)
    if given is None and channel == "live_video_required":
        given = {"websocket_url": (asked.get("liveVideoRequired") or {}).get("websocketUrl", "")}
    return str((given or {}).get("websocket_url", ""))
