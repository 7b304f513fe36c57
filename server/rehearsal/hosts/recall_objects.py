"""Recall's objects as its API gives them, and its error bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from server.rehearsal.hosts.answers import Answer

Json = dict[str, Any]

# ---------------------------------------------------------------- errors

_FIREWALL = """<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD>
<BODY>
<H1>403 ERROR</H1>
<H2>The request could not be satisfied.</H2>
<HR noshade size="1px">
Request blocked.
</BODY></HTML>
"""
_NO_ROUTE = """<!doctype html>
<html lang="en"><head><title>Not Found</title></head>
<body><h1>Not Found</h1><p>The requested resource was not found on this server.</p></body></html>
"""
_OVERLOADED = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
_TOKEN = {"WWW-Authenticate": "Token", "Allow": "GET, POST, HEAD, OPTIONS"}


def error(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {"code": code, "detail": detail}, headers or {})


NO_KEY = error(401, "not_authenticated", "Authentication credentials were not provided.", _TOKEN)
WRONG_KEY = error(
    401,
    "authentication_failed",
    "Invalid API token. The API token provided might be for another Recall region (such as us-east-1, us-west-2, "
    "eu-central-1, or ap-northeast-1). Verify token is valid and belongs to the correct region.",
    _TOKEN,
)
NO_CREDIT = error(402, "insufficient_credit_balance", "Insufficient credit balance.")
BLOCKED = Answer(403, _FIREWALL)
NO_ROUTE = Answer(404, _NO_ROUTE)
NO_SUCH = error(404, "not_found", "Not found.")
IN_FLIGHT = error(409, "conflict", "A request with this idempotency key is already being processed.")
LIMITED = error(429, "throttled", "Request was throttled. Expected available in 12 seconds.", {"Retry-After": "12"})
NO_BOT_FREE = error(
    507,
    "adhoc_pool_depleted",
    "No ad-hoc bots are available right now. Try again in 30 seconds.",
    {"Retry-After": "30"},
)
BAD_JSON = error(400, "parse_error", "JSON parse error")
DISPATCHED = error(400, "update_bot_failed", "Only non-dispatched bots can be updated")
NOT_STARTED = error(400, "cannot_command_unstarted_bot", "Cannot send a command to a bot which has not been started.")
COMPLETED = error(
    400,
    "cannot_command_completed_bot",
    "Cannot send a command to a bot which has completed(is shutting/has shut down/has errored).",
)


def overloaded(status: int, words: str) -> Answer:
    return Answer(status, _OVERLOADED.format(f"{status} {words}"))


def no_such_method(method: str) -> Answer:
    return error(405, "method_not_allowed", f'Method "{method}" not allowed.')


# ---------------------------------------------------------------- meetings


def read_meeting_url(url: str) -> Json | None:
    """What a Bot object says of its meeting: `platform`, `meeting_id` and more; None for an unknown address."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    host, path = (parts.hostname or "").lower(), [piece for piece in parts.path.split("/") if piece]
    if parts.scheme not in ("http", "https") or not path:
        return None
    last = path[-1]
    if _under(host, "meet.google.com"):
        return {"meeting_id": last, "platform": "google_meet"}
    if _under(host, "zoom.us", "zoom.com", "zoomgov.com"):
        password = parse_qs(parts.query).get("pwd", [None])[0]
        return {"meeting_id": last, "meeting_password": password, "platform": "zoom"}
    if _under(host, "teams.microsoft.com"):
        return {"thread_id": path[-2] if len(path) > 1 else last, "message_id": last, "platform": "microsoft_teams"}
    if _under(host, "teams.live.com"):
        return {"meeting_id": last, "platform": "microsoft_teams_live"}
    if _under(host, "webex.com"):
        return {"meeting_subdomain": host.partition(".")[0], "meeting_id": last, "platform": "webex"}
    if _under(host, "app.slack.com"):
        return {"meeting_id": last, "platform": "slack_huddle_observer"}
    if _under(host, "meet.goto.com"):
        return {"meeting_id": last, "platform": "goto_meeting"}
    return None


def _under(host: str, *domains: str) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def size_of(variant: Mapping[str, str] | None, platform: str) -> str:
    """What a bot's `variant` says for its platform."""
    key = "microsoft_teams" if platform == "microsoft_teams_live" else platform
    return (variant or {}).get(key, "web")


def holds_address(text: str, *, allow_loopback: bool) -> bool:
    """Whether the firewall would stop a payload: `localhost` or a bare IP address anywhere in it."""
    found = re.findall(r"localhost|\b\d{1,3}(?:\.\d{1,3}){3}\b|\[[0-9a-f:]*::[0-9a-f:]*\]", text, re.IGNORECASE)
    loopback = {"localhost", "127.0.0.1", "[::1]"}
    return any(not (allow_loopback and each.lower() in loopback) for each in found)


# ---------------------------------------------------------------- the Bot object

_SWITCHES = (
    "audio_mixed_raw", "audio_mixed_mp3", "video_separate_mp4", "audio_separate_raw", "audio_separate_mp3",
    "video_mixed_flv", "video_separate_png", "video_separate_h264",
)  # fmt: skip
_ON = ("video_mixed_mp4", "participant_events", "meeting_metadata")


def stored_recording(config: Json) -> Json:
    """A `recording_config` as it is kept: defaults filled in."""
    kept: Json = {
        "transcript": None,
        "realtime_endpoints": [],
        "retention": {"type": "timed", "hours": 168},
        "video_mixed_layout": "speaker_view",
        "video_mixed_participant_video_when_screenshare": "overlap",
        "start_recording_on": "participant_join",
        "include_bot_in_recording": {"audio": False},
        "metadata": {},
        **{switch: {} for switch in _ON},
        **dict.fromkeys(_SWITCHES),
        **config,
    }
    for switch in (*_ON, *_SWITCHES):
        if kept[switch] is not None:
            kept[switch] = {"metadata": {}, **kept[switch]}
    if kept["transcript"] is not None:
        kept["transcript"] = {"metadata": {}, **kept["transcript"]}
    kept["realtime_endpoints"] = [{"metadata": {}, **endpoint} for endpoint in kept["realtime_endpoints"]]
    return kept


def stored(request: Json) -> Json:
    """A Create Bot request as it is kept: every field of a Bot object but the ones that its life makes."""
    leave = request.get("automatic_leave") or {}
    config = request.get("recording_config", {})
    return {
        "meeting_url": request["meeting_url"],
        "bot_name": request.get("bot_name") or "Meeting Notetaker",
        "join_at": request.get("join_at"),
        "recording_config": None if config is None else stored_recording(config),
        "output_media": request.get("output_media"),
        "automatic_video_output": request.get("automatic_video_output"),
        "automatic_audio_output": request.get("automatic_audio_output"),
        "chat": {"on_bot_join": None, "on_participant_join": None, **(request.get("chat") or {})},
        "automatic_leave": {
            "waiting_room_timeout": 1200,
            "noone_joined_timeout": 1200,
            "everyone_left_timeout": {"timeout": 2, "activate_after": None},
            "in_call_not_recording_timeout": 3600,
            "in_call_recording_timeout": None,
            "recording_permission_denied_timeout": 30,
            "silence_detection": {"timeout": 3600, "activate_after": 1200},
            "bot_detection": {"using_participant_events": {"timeout": 600, "activate_after": 1200}},
            **leave,
        },
        "variant": {
            **dict.fromkeys(("zoom", "google_meet", "microsoft_teams", "webex"), "web"),
            **(request.get("variant") or {}),
        },
        "calendar_meetings": [],
        "zoom": request.get("zoom"),
        "google_meet": request.get("google_meet"),
        "slack_team": None,
        "breakout_room": request.get("breakout_room"),
        "metadata": request.get("metadata") or {},
    }
