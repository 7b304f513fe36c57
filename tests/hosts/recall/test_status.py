"""What Recall.ai's status webhooks and Bot objects say, in words."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.hosts.base import OVER, SeatState
from server.hosts.life import Life
from server.hosts.recall import codes
from server.hosts.recall.status import history, latest, news
from tests.hosts.recall.told import BOT, SESSION, payload

S = SeatState
AT = 1804496400.0

#: payload -> state, code, sub code, a part of the words, a part of the advice
EFFECTS = {
    "webhook.bot.joining_call": (S.JOINING, "joining_call", "", "on its way", ""),
    "webhook.bot.in_waiting_room": (
        S.WAITING,
        "in_waiting_room",
        "",
        "waiting to be admitted",
        "Ask the host to admit",
    ),
    "webhook.bot.in_call_not_recording": (S.IN_CALL, "in_call_not_recording", "", "not recording", ""),
    "webhook.bot.recording_permission_allowed": (S.IN_CALL, "recording_permission_allowed", "", "allowed", ""),
    "webhook.bot.recording_permission_denied": (
        S.IN_CALL,
        "recording_permission_denied",
        "zoom_local_recording_request_denied_by_host",
        "host said no",
        "local recording",
    ),
    "webhook.bot.in_call_recording": (S.LIVE, "in_call_recording", "", "in the meeting", ""),
    "webhook.bot.call_ended": (S.LEAVING, "call_ended", "call_ended_by_host", "host ended the meeting", ""),
    "webhook.bot.call_ended.kicked": (
        S.LEAVING,
        "call_ended",
        "bot_kicked_from_call",
        "removed the bot",
        "Ask the host",
    ),
    "webhook.bot.call_ended.leave_call": (S.LEAVING, "call_ended", "bot_received_leave_call", "we told it to", ""),
    "webhook.bot.done": (S.DONE, "done", "", "shut down", ""),
    "webhook.bot.fatal": (S.FAILED, "fatal", "meeting_not_found", "does not exist", "Check the meeting's link"),
    "webhook.bot.status_change.v1_10": (S.LIVE, "in_call_recording", "", "in the meeting", ""),
    "webhook.bot.log.v1_10": (None, "bot.log", "warning", "wrote a warning", "dashboard"),
    "webhook.recording.done": (None, "recording.done", "", "recording is complete", ""),
    "webhook.recording.failed": (
        None,
        "recording.failed",
        "internal_error",
        "recording could not be made",
        "dashboard",
    ),
    "webhook.transcript.done": (None, "transcript.done", "", "transcript is complete", ""),
    "webhook.transcript.failed": (
        None,
        "transcript.failed",
        "provider_connection_failed",
        "could not be reached",
        "key",
    ),
    "webhook.realtime_endpoint.running": (None, "realtime_endpoint.running", "", "begun to send", ""),
    "webhook.realtime_endpoint.done": (None, "realtime_endpoint.done", "", "everything", ""),
    "webhook.realtime_endpoint.failed": (
        None,
        "realtime_endpoint.failed",
        "internal_error",
        "no longer sends to us; the page's own ears take over",
        "reached",
    ),
}


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("form", ["as it is", "type for event", "bare bot"])
def test_every_webhook_has_its_effect(name, form):
    """Each kind of status webhook gives this state, these codes, and these words and advice."""
    message = payload(name)
    if form == "type for event":
        message["type"] = message.pop("event")
    if form == "bare bot" and "bot" in message["data"]:
        message["data"]["bot"] = BOT
    change = news(message)
    state, code, sub_code, words, advice = EFFECTS[name]
    assert (change.bot, change.state, change.code, change.sub_code, change.at) == (BOT, state, code, sub_code, AT)
    assert words in change.words
    assert advice in change.advice if advice else change.advice == ""
    assert change.session == (SESSION if form != "bare bot" and "v1_10" not in name else "")


def status(code, sub_code=None, **more):
    """A v1.11 status webhook."""
    inner = {"code": code, "sub_code": sub_code, "updated_at": "2027-03-08T09:00:00Z"} | more
    return {"event": f"bot.{code}", "data": {"data": inner, "bot": {"id": BOT, "metadata": {"session_id": SESSION}}}}


TABLED = [(code, sub_code) for code, subs in codes.SUB_CODES.items() for sub_code in subs if "." not in code]


@pytest.mark.parametrize(("code", "sub_code"), TABLED)
def test_every_sub_code_has_words_of_its_own(code, sub_code):
    """Each listed sub code is explained in one sentence that names no code; failures say what to do."""
    change = news(status(code, sub_code))
    general = news(status(code))
    assert change.words != general.words
    assert "_" not in change.words + change.advice
    assert change.words[0].islower() or change.words.startswith(("Google", "Microsoft", "Zoom"))
    assert not change.words.endswith(".")
    assert change.advice == "" or (change.advice[0].isupper() and change.advice.endswith("."))
    if change.state is S.FAILED and sub_code != "meeting_ended":
        assert change.advice


#: prefixes and endings as the vendor's documents list them
LISTED = {
    "call_ended": """call_ended_by_host call_ended_by_platform_idle call_ended_by_platform_max_length
        call_ended_by_platform_waiting_room_timeout timeout_exceeded_waiting_room timeout_exceeded_noone_joined
        timeout_exceeded_everyone_left timeout_exceeded_silence_detected
        timeout_exceeded_only_bots_detected_using_participant_names
        timeout_exceeded_only_bots_detected_using_participant_events timeout_exceeded_in_call_not_recording
        timeout_exceeded_in_call_recording timeout_exceeded_recording_permission_denied timeout_exceeded_max_duration
        bot_kicked_from_call bot_kicked_from_waiting_room bot_received_leave_call timeout_exceeded_only_bots_in_call""",
    "fatal": """bot_errored meeting_not_found meeting_not_started meeting_requires_registration
        meeting_requires_sign_in meeting_link_expired meeting_link_invalid meeting_password_incorrect meeting_locked
        meeting_full meeting_ended invalid_meeting_url webex_join_meeting_error"""
    + "".join(
        f" google_meet_{end}"
        for end in """internal_error sign_in_failed sign_in_captcha_failed bot_blocked sso_sign_in_failed
        sign_in_missing_login_credentials sign_in_missing_recovery_credentials sso_sign_in_missing_login_credentials
        sso_sign_in_missing_totp_secret video_error meeting_room_not_ready login_not_available
        permission_denied_breakout""".split()
    )
    + "".join(
        f" zoom_{end}"
        for end in """sdk_credentials_missing sdk_update_required sdk_app_not_published email_blocked_by_admin
        registration_required captcha_required account_blocked invalid_join_token invalid_signature internal_error
        join_timeout email_required web_disallowed connection_failed error_multiple_device_join meeting_not_accessible
        meeting_host_inactive invalid_webinar_invite""".split()
    )
    + "".join(
        f" microsoft_teams_{end}"
        for end in """call_dropped sign_in_credentials_missing sign_in_failed internal_error captcha_detected
        bot_not_invited breakout_room_unsupported event_not_started_for_external 2fa_required""".split()
    ),
    "recording_permission_denied": """zoom_local_recording_disabled zoom_local_recording_request_disabled
        zoom_local_recording_request_disabled_by_host zoom_bot_in_waiting_room zoom_host_not_present
        zoom_local_recording_request_denied_by_host zoom_local_recording_denied
        zoom_local_recording_grant_not_supported zoom_sdk_key_blocked_by_host_admin""",
    "transcript.failed": """provider_connection_failed zoom_global_captions_disabled
        zoom_host_disabled_meeting_captions zoom_captions_failure""",
}


def test_the_tables_are_complete():
    """Every sub code of the vendor's documents is in the tables, and nothing else is."""
    assert {code: set(subs) for code, subs in codes.SUB_CODES.items()} == {
        code: set(listed.split()) for code, listed in LISTED.items()
    }


def test_words_worth_reading():
    """The cases that people meet most say what to do."""
    waiting = news(status("in_waiting_room"))
    assert (waiting.words, waiting.advice) == ("the bot is waiting to be admitted", "Ask the host to admit the bot.")
    assert "guests" in news(status("fatal", "meeting_requires_sign_in")).advice
    assert "end-to-end" in news(status("fatal", "zoom_web_disallowed")).words
    assert "local recording" in news(status("recording_permission_denied", "zoom_local_recording_disabled")).advice
    assert "plain name" in news(status("fatal", "google_meet_bot_blocked")).advice


def test_a_new_code_is_kept_as_text():
    """A code or sub code that is new to us is shown as it is, with a general sentence."""
    change = news(status("in_call_dancing"))
    assert (change.state, change.code) == (None, "in_call_dancing")
    assert change.words == "Recall reports a status that is new to us: in_call_dancing"
    change = news(status("fatal", "meeting_on_fire"))
    assert (change.state, change.sub_code) == (S.FAILED, "meeting_on_fire")
    assert change.words == "the bot could not join, or broke (meeting_on_fire)"
    assert change.advice


@pytest.mark.parametrize("sub_code", [None, "", 7, "with blanks", "x" * 500, "<b>"])
def test_an_odd_sub_code_is_none(sub_code):
    """A sub code that is null, empty, no text or nothing to show is no sub code."""
    assert news(status("fatal", sub_code)).sub_code == ""
    message = status("done")
    del message["data"]["data"]["sub_code"]
    assert news(message).sub_code == ""


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ("2027-03-08T09:00:00Z", AT),
        ("2027-03-08T09:00:00.000000+00:00", AT),
        ("2027-03-08 09:00:00+00:00", AT),
        ("2027-03-08T09:00:00", AT),
        ("2027-03-08T10:00:00+01:00", AT),
        ("2027-03-08T09:00:00.250Z", AT + 0.25),
        (AT, AT),
        (None, None),
        ("yesterday", None),
        (True, None),
        (float("nan"), None),
        (10**400, None),
    ],
)
def test_times(when, at):
    """Times are read with a zone, without one (UTC), with a blank, or as a number; anything else is no time."""
    assert news(status("done", updated_at=when)).at == at


def test_the_event_names_the_code_when_the_data_does_not():
    """Without a readable code in its data, a status is what its event says."""
    message = status("in_waiting_room", updated_at=None)
    message["data"]["data"] = {"code": None}
    assert news(message).state is S.WAITING
    del message["data"]["data"]
    assert news(message).state is S.WAITING


def test_an_endpoint_that_failed_says_which():
    """The role that our order gave an endpoint comes back in the news of its end."""
    message = payload("webhook.realtime_endpoint.failed")
    for role, what in (("text", "words and people"), ("media", "sound and pictures")):
        message["data"]["realtime_endpoint"]["metadata"] = {"role": role}
        change = news(message)
        assert (change.state, what in change.words, "page's own ears" in change.words) == (None, True, True)


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {},
        {"event": "bot.done"},
        {"event": "bot.done", "data": None},
        {"event": "bot.done", "data": {"data": {"code": "done"}}},
        {"event": "bot.done", "data": {"data": {"code": "done"}, "bot": {"id": None}}},
        {"event": "bot.done", "data": {"data": {"code": "done"}, "bot": "../../etc"}},
        {"event": "bot.status_change", "data": {"bot_id": BOT, "status": None}},
        {"event": "bot.log", "data": {"bot_id": BOT, "log": {"level": "info", "message": "hello"}}},
        {"event": "bot.log", "data": {"bot_id": BOT, "log": None}},
        {"event": "calendar.update", "data": {"calendar_id": "c1"}},
        {"event": "recording.processing", "data": {"data": {"code": "processing"}, "bot": {"id": BOT}}},
        {"event": "transcript.data", "data": {"data": {}, "bot": {"id": BOT}}},
        {"event": "", "data": {"bot": {"id": BOT}}},
    ],
)
def test_what_is_about_something_else(message):
    """Webhooks without a bot, of calendars, of real-time data and of no consequence are no news."""
    assert news(message) is None


@pytest.mark.parametrize("code", sorted(codes.IGNORED))
def test_codes_that_say_nothing_about_a_life(code):
    """Codes of storage and analysis are no news of a bot in a meeting."""
    assert news(status(code)) is None


def test_a_bot_object_tells_its_state():
    """The last change of a Bot object that we know is what the bot is doing."""
    assert latest(payload("create_bot.response")) is None
    change = latest(payload("retrieve_bot.response.in_call"))
    assert (change.state, change.code, change.bot, change.session) == (S.LIVE, "in_call_recording", BOT, SESSION)
    assert latest(payload("retrieve_bot.response.done")).state is S.DONE


def test_a_bot_object_with_something_new():
    """A last change that is new to us does not hide what we know; alone it is told as it is."""
    bot = payload("retrieve_bot.response.in_call")
    new = {"code": "in_call_dancing", "created_at": "2027-03-08T09:10:00Z", "sub_code": None}
    bot["status_changes"].append(new)
    assert latest(bot).state is S.LIVE
    bot["status_changes"] = [new]
    assert latest(bot).code == "in_call_dancing"


@pytest.mark.parametrize("changes", [None, [], {}, [None, 3, {"code": 5}, {}]])
def test_a_bot_object_without_changes(changes):
    """A Bot object whose changes are missing or odd tells nothing."""
    assert latest({"id": BOT, "status_changes": changes}) is None
    assert latest(None) is None
    assert history({"status_changes": [{"code": "done"}]}) == []


@pytest.mark.parametrize("seed", range(10))
def test_a_meeting_in_any_order(seed):
    """Webhooks of a whole meeting and its Bot object, shuffled and doubled, end done and tell why."""
    story = [
        "joining_call",
        "in_waiting_room",
        "in_call_not_recording",
        "in_call_recording",
        "call_ended.kicked",
        "done",
    ]
    changes = []
    for second, name in enumerate(story):
        message = payload(f"webhook.bot.{name}")
        message["data"]["data"]["updated_at"] = f"2027-03-08T09:00:{second:02d}Z"
        changes += [news(message)] * 2
    random.Random(seed).shuffle(changes)
    life = Life(BOT)
    for change in changes:
        life.take(change)
    assert life.state is S.DONE
    assert life.why.words == "somebody removed the bot from the meeting"


def test_an_old_generations_story():
    """The webhooks of a v1.10 workspace move a life just the same."""
    life = Life()
    for second, code in enumerate(["joining_call", "in_call_recording", "call_ended", "done"]):
        message = payload("webhook.bot.status_change.v1_10")
        message["data"]["status"] |= {"code": code, "created_at": f"2027-03-08T09:00:{second:02d}"}
        life.take(news(message))
    assert life.state in OVER


def test_no_sentence_holds_what_somebody_wrote():
    """The text of a bot's log and of an error in a webhook is not repeated."""
    message = payload("webhook.bot.log.v1_10")
    message["data"]["log"] |= {"message": "could not send: the merger is off", "level": "ERROR"}
    change = news(message)
    assert change.words == "the bot wrote an error into its log"
    assert "given up" not in repr(news(payload("webhook.realtime_endpoint.failed")))
    assert not re.search("merger", repr(change))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
keys = st.sampled_from(
    ["event", "type", "data", "bot", "bot_id", "id", "code", "sub_code", "updated_at", "created_at", "metadata",
     "session_id", "status", "log", "level", "status_changes", "realtime_endpoint", "role"]
)  # fmt: skip
values = json_values | st.sampled_from(
    ["bot.done", "bot.status_change", "bot.log", "realtime_endpoint.failed", BOT, "error"]
)
shaped = st.recursive(values, lambda inner: st.dictionaries(keys, inner, max_size=6) | st.lists(inner, max_size=3))


@given(st.one_of(json_values, shaped))
def test_nothing_that_is_json_raises(message):
    """Any JSON is news or none, and any JSON may stand where a Bot object is expected."""
    news(message)
    latest(message)


def test_a_bot_that_is_shut_down_keeps_why_it_left():
    """
    Asked for its life, a bot that is done tells why it left, not only that it is shut down.
    """
    changes = [
        {"code": "in_call_recording", "sub_code": None, "created_at": "2026-11-20T10:15:00Z"},
        {"code": "call_ended", "sub_code": "bot_kicked_from_call", "created_at": "2026-11-20T10:20:00Z"},
        {"code": "done", "sub_code": None, "created_at": "2026-11-20T10:21:00Z"},
    ]
    found = latest({"id": "b1", "status_changes": changes})
    left = latest({"id": "b1", "status_changes": changes[:2]})
    assert found is not None and left is not None
    assert (found.state, found.code, found.sub_code) == (SeatState.DONE, "done", "bot_kicked_from_call")
    assert (found.words, found.advice) == (left.words, left.advice)
