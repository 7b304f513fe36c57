"""What Recall.ai's status codes and sub codes mean, in plain words, and what to do about each.

New codes may appear at any time: a code that is not in these tables is kept as text and explained in general.
"""

from __future__ import annotations

from typing import NamedTuple

from server.hosts.base import SeatState


class Meaning(NamedTuple):
    """One plain sentence of what happened, and one of what to do about it, or nothing."""

    words: str
    advice: str = ""


#: codes that appear in a bot's list of changes and say nothing about its life in the meeting
IGNORED = frozenset({"ready", "recording_done", "media_expired", "analysis_done", "analysis_failed"})

#: code of a bot -> the state it means
STATES: dict[str, SeatState] = {
    "joining_call": SeatState.JOINING,
    "in_waiting_room": SeatState.WAITING,
    "in_call_not_recording": SeatState.IN_CALL,
    "recording_permission_allowed": SeatState.IN_CALL,
    "recording_permission_denied": SeatState.IN_CALL,
    "in_call_recording": SeatState.LIVE,
    "call_ended": SeatState.LEAVING,
    "done": SeatState.DONE,
    "fatal": SeatState.FAILED,
}

CODES: dict[str, Meaning] = {
    "joining_call": Meaning("the bot is on its way into the meeting"),
    "in_waiting_room": Meaning("the bot is waiting to be admitted", "Ask the host to admit the bot."),
    "in_call_not_recording": Meaning("the bot is in the meeting and not recording: only the page's own ears work yet"),
    "recording_permission_allowed": Meaning("the host allowed the recording"),
    "recording_permission_denied": Meaning(
        "the recording was denied, so Recall sends no words, people or pictures", "Ask the host to allow recording."
    ),
    "in_call_recording": Meaning("the bot is in the meeting and Recall sends everything it was asked for"),
    "call_ended": Meaning("the bot left the meeting"),
    "done": Meaning("the bot is shut down"),
    "fatal": Meaning("the bot could not join, or broke", "Send a new bot; look it up in the Recall dashboard."),
}

_AGAIN = "Send a new bot."
_DASHBOARD = "Look the bot up in the Recall dashboard, then send a new one."
_LONGER = "Send a new bot if the meeting goes on."
_LINK = "Check the meeting's link and send a new bot."
_GOOGLE = "Check the Google login of the bots in the Recall dashboard."
_ZOOM_APP = "Check the Zoom app credentials in the Recall dashboard."
_TEAMS = "Check the Microsoft Teams login of the bots in the Recall dashboard."
_LOCAL = "The host must allow local recording for participants in the meeting's Zoom settings."
_BREAKOUT = "Bring the bot to the main room."

CALL_ENDED: dict[str, Meaning] = {
    "call_ended_by_host": Meaning("the host ended the meeting"),
    "call_ended_by_platform_idle": Meaning("the platform ended the meeting because nothing happened in it"),
    "call_ended_by_platform_max_length": Meaning(
        "the platform ended the meeting at its longest length; free Zoom accounts have 40 minutes", _LONGER
    ),
    "call_ended_by_platform_waiting_room_timeout": Meaning(
        "nobody admitted the bot in time; Google Meet waits 10 minutes",
        "Tell the host that the bot is coming, then send a new one.",
    ),
    "timeout_exceeded_waiting_room": Meaning(
        "nobody admitted the bot in time", "Tell the host that the bot is coming, then send a new one."
    ),
    "timeout_exceeded_noone_joined": Meaning("nobody else came to the meeting", _LONGER),
    "timeout_exceeded_everyone_left": Meaning("everybody else left the meeting"),
    "timeout_exceeded_silence_detected": Meaning("nobody spoke for a long time", _LONGER),
    "timeout_exceeded_only_bots_detected_using_participant_names": Meaning("only bots were left, by their names"),
    "timeout_exceeded_only_bots_detected_using_participant_events": Meaning(
        "only bots were left, as far as it could be told from who speaks and shares", _LONGER
    ),
    "timeout_exceeded_only_bots_in_call": Meaning("only bots were left in the meeting"),
    "timeout_exceeded_in_call_not_recording": Meaning(
        "the bot was in the meeting without recording for too long", "Ask the host to allow recording."
    ),
    "timeout_exceeded_in_call_recording": Meaning("the bot reached its longest recording time", _LONGER),
    "timeout_exceeded_recording_permission_denied": Meaning(
        "the bot left because the recording was denied", "Ask the host to allow recording, then send a new bot."
    ),
    "timeout_exceeded_max_duration": Meaning("the bot reached the longest time of a pay-as-you-go workspace", _LONGER),
    "bot_kicked_from_call": Meaning(
        "somebody removed the bot from the meeting", "Ask the host before sending it again."
    ),
    "bot_kicked_from_waiting_room": Meaning(
        "somebody turned the bot away in the waiting room", "Ask the host before sending it again."
    ),
    "bot_received_leave_call": Meaning("the bot left because we told it to"),
}

FATAL: dict[str, Meaning] = {
    "bot_errored": Meaning("the bot broke", _DASHBOARD),
    "meeting_not_found": Meaning("the meeting does not exist", _LINK),
    "meeting_not_started": Meaning("the meeting has not begun", "Send a new bot when the host has opened it."),
    "meeting_requires_registration": Meaning(
        "the meeting asks for a registration", "Use a meeting without registration, or a registered link."
    ),
    "meeting_requires_sign_in": Meaning(
        "the meeting lets in only people who are signed in",
        "Allow guests in the meeting's settings, or set up signed-in bots in the Recall dashboard.",
    ),
    "meeting_link_expired": Meaning("the meeting's link has expired", _LINK),
    "meeting_link_invalid": Meaning("the meeting's link is not valid", _LINK),
    "invalid_meeting_url": Meaning("the meeting's link is not valid", _LINK),
    "meeting_password_incorrect": Meaning("the meeting's password is wrong", "Use the link that holds the password."),
    "meeting_locked": Meaning("the meeting is locked", "Ask the host to unlock it, then send a new bot."),
    "meeting_full": Meaning("the meeting is full", "Ask somebody to make room, then send a new bot."),
    "meeting_ended": Meaning("the meeting is over"),
    "google_meet_internal_error": Meaning("Google Meet did not work for the bot", _AGAIN),
    "google_meet_sign_in_failed": Meaning("the bot could not sign in to Google", _GOOGLE),
    "google_meet_sign_in_captcha_failed": Meaning("Google asked the bot for a captcha", _GOOGLE),
    "google_meet_bot_blocked": Meaning(
        "Google Meet blocked the bot", "Use a plain name, and a host or a signed-in bot of the same organisation."
    ),
    "google_meet_sso_sign_in_failed": Meaning("the bot could not sign in through your organisation", _GOOGLE),
    "google_meet_sign_in_missing_login_credentials": Meaning("the bot has no Google login", _GOOGLE),
    "google_meet_sign_in_missing_recovery_credentials": Meaning("the Google login has no recovery address", _GOOGLE),
    "google_meet_sso_sign_in_missing_login_credentials": Meaning("the bot has no login of your organisation", _GOOGLE),
    "google_meet_sso_sign_in_missing_totp_secret": Meaning(
        "the login of your organisation has no one-time-code secret", _GOOGLE
    ),
    "google_meet_video_error": Meaning("Google Meet showed the bot an error about its video", _AGAIN),
    "google_meet_meeting_room_not_ready": Meaning("the Google Meet room was not ready", _AGAIN),
    "google_meet_login_not_available": Meaning(
        "every Google login of the bots is in use", "Add logins in the Recall dashboard, or try again later."
    ),
    "google_meet_permission_denied_breakout": Meaning("the bot may not enter the breakout room", _BREAKOUT),
    "zoom_sdk_credentials_missing": Meaning("the Zoom app credentials are missing", _ZOOM_APP),
    "zoom_sdk_update_required": Meaning("Zoom asks for a newer Zoom app", _ZOOM_APP),
    "zoom_sdk_app_not_published": Meaning(
        "the Zoom app is not published, so it may only join meetings of its own account", _ZOOM_APP
    ),
    "zoom_email_blocked_by_admin": Meaning(
        "an administrator blocks the bot's mail address", "Ask the Zoom administrator to allow it."
    ),
    "zoom_registration_required": Meaning(
        "the Zoom meeting asks for a registration", "Use a meeting without registration, or a registered link."
    ),
    "zoom_captcha_required": Meaning("Zoom asked the bot for a captcha", "Use the link that holds the password."),
    "zoom_account_blocked": Meaning(
        "Zoom blocked the account of the meeting or of the bot", "Ask the Zoom administrator."
    ),
    "zoom_invalid_join_token": Meaning("the Zoom join token is not valid", _ZOOM_APP),
    "zoom_invalid_signature": Meaning("the signature of the Zoom app is not valid", _ZOOM_APP),
    "zoom_internal_error": Meaning("Zoom did not work for the bot", _AGAIN),
    "zoom_join_timeout": Meaning("Zoom did not let the bot in in time", _AGAIN),
    "zoom_email_required": Meaning(
        "the Zoom webinar asks for a registered mail address", "Register an address for the bot."
    ),
    "zoom_web_disallowed": Meaning(
        "the Zoom meeting is end-to-end encrypted or forbids joining from a browser",
        "Ask the host to turn off end-to-end encryption and to allow joining from a browser.",
    ),
    "zoom_connection_failed": Meaning("the bot could not connect to Zoom", _AGAIN),
    "zoom_error_multiple_device_join": Meaning(
        "the bot's Zoom account is already in a meeting", "Use another account, or end the other meeting."
    ),
    "zoom_meeting_not_accessible": Meaning("the bot may not enter this Zoom meeting", "Ask the host."),
    "zoom_meeting_host_inactive": Meaning("the host's Zoom account is not active", "Ask the host."),
    "zoom_invalid_webinar_invite": Meaning("the invitation to the Zoom webinar is not valid", _LINK),
    "microsoft_teams_call_dropped": Meaning("Microsoft Teams dropped the bot's call", _AGAIN),
    "microsoft_teams_sign_in_credentials_missing": Meaning("the bot has no Microsoft Teams login", _TEAMS),
    "microsoft_teams_sign_in_failed": Meaning("the bot could not sign in to Microsoft Teams", _TEAMS),
    "microsoft_teams_internal_error": Meaning("Microsoft Teams did not work for the bot", _AGAIN),
    "microsoft_teams_captcha_detected": Meaning(
        "Microsoft Teams asked the bot for a captcha", "Allow guests without verification, or use a signed-in bot."
    ),
    "microsoft_teams_bot_not_invited": Meaning("only invited people may enter this meeting", "Ask the host."),
    "microsoft_teams_breakout_room_unsupported": Meaning("the bot cannot enter breakout rooms", _BREAKOUT),
    "microsoft_teams_event_not_started_for_external": Meaning(
        "the event has not begun for people from outside", "Send a new bot when the host has opened it."
    ),
    "microsoft_teams_2fa_required": Meaning("the Microsoft Teams login asks for a second factor", _TEAMS),
    "webex_join_meeting_error": Meaning("the bot could not join the Webex meeting", _LINK),
}

RECORDING_DENIED: dict[str, Meaning] = {
    "zoom_local_recording_disabled": Meaning("local recording is off in Zoom, so the host was not even asked", _LOCAL),
    "zoom_local_recording_request_disabled": Meaning(
        "asking for local recording is off in Zoom, so the host was not even asked", _LOCAL
    ),
    "zoom_local_recording_request_disabled_by_host": Meaning(
        "the host turned off requests for local recording, so nobody was asked", _LOCAL
    ),
    "zoom_bot_in_waiting_room": Meaning(
        "the bot was still in the waiting room, so nobody was asked for the recording", "Ask the host to admit the bot."
    ),
    "zoom_host_not_present": Meaning(
        "the host was not there to allow the recording", "Send the bot again when the host is in the meeting."
    ),
    "zoom_local_recording_request_denied_by_host": Meaning("the host said no to the recording", _LOCAL),
    "zoom_local_recording_denied": Meaning("Zoom denied the local recording", _LOCAL),
    "zoom_local_recording_grant_not_supported": Meaning(
        "the host's Zoom client cannot allow local recording", "Ask the host to use a current Zoom client."
    ),
    "zoom_sdk_key_blocked_by_host_admin": Meaning(
        "an administrator of the host's organisation blocks the Zoom app", "Ask that administrator to allow it."
    ),
}

TRANSCRIPT_FAILED: dict[str, Meaning] = {
    "provider_connection_failed": Meaning(
        "the transcript provider could not be reached or refused",
        "Check the provider's key and limits in the Recall dashboard.",
    ),
    "zoom_global_captions_disabled": Meaning(
        "captions are off in the host's Zoom account", "Turn captions on, or choose another transcript provider."
    ),
    "zoom_host_disabled_meeting_captions": Meaning(
        "the host turned captions off", "Ask the host to turn them on, or choose another transcript provider."
    ),
    "zoom_captions_failure": Meaning("the Zoom captions failed", "Choose another transcript provider."),
}

#: code of a bot -> the meanings of its sub codes
SUB_CODES: dict[str, dict[str, Meaning]] = {
    "call_ended": CALL_ENDED,
    "fatal": FATAL,
    "recording_permission_denied": RECORDING_DENIED,
    "transcript.failed": TRANSCRIPT_FAILED,
}

_REACH = "Check that this server can be reached from outside and that the webhook secret is right, then send a new bot."
#: what an endpoint was for -> what its end means
ENDPOINT_FAILED: dict[str, Meaning] = {
    "text": Meaning("Recall no longer sends words and people to us; the page's own ears take over", _REACH),
    "media": Meaning("Recall no longer sends sound and pictures to us; the page's own ears take over", _REACH),
}

#: what is recorded and sent, by the first part of an event's name
_ARTIFACTS = {
    "recording": "the recording",
    "transcript": "the transcript",
    "audio_mixed": "the mixed sound",
    "audio_separate": "the sound of each person",
    "video_mixed": "the film of the meeting",
    "video_separate": "the film of each person",
    "participant_events": "the list of people's comings and goings",
    "meeting_metadata": "the data about the meeting",
}

#: full name of a dashboard event that changes no state -> what it means
NEWS: dict[str, Meaning] = {
    **{f"{kind}.done": Meaning(f"{what} is complete") for kind, what in _ARTIFACTS.items()},
    **{
        f"{kind}.failed": Meaning(f"{what} could not be made", "Look the bot up in the Recall dashboard.")
        for kind, what in _ARTIFACTS.items()
    },
    **{f"{kind}.deleted": Meaning(f"{what} was deleted at Recall") for kind, what in _ARTIFACTS.items()},
    "recording.paused": Meaning("the recording is paused: only the page's own ears work meanwhile"),
    "transcript.failed": Meaning(
        "the transcript failed: no words come from Recall any more", "Choose another transcript provider."
    ),
    "realtime_endpoint.running": Meaning("Recall has begun to send to us"),
    "realtime_endpoint.done": Meaning("Recall has sent everything it had"),
    "realtime_endpoint.failed": Meaning("Recall no longer sends to us; the page's own ears take over", _REACH),
}
