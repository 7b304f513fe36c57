"""Callbacks of every generation become one kind of news."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.events import PersonLeft, PersonSeen
from server.hosts.base import OVER, SeatState
from server.hosts.life import Life
from server.hosts.meetstream.status import EVENTS, STATUSES, news_of, person_of, status_of
from tests.hosts.meetstream.told import BOT, SESSION, payload

S = SeatState


@pytest.mark.parametrize(
    ("name", "state", "code"),
    [
        ("bot.joining", S.JOINING, "bot.joining"),
        ("bot.joining.older_shape", S.JOINING, "bot.joining"),
        ("bot.joining.bot_event_only_shape", S.JOINING, "bot.joining"),
        ("bot.in_waiting_room", S.WAITING, "bot.in_waiting_room"),
        ("bot.inmeeting", S.IN_CALL, "bot.inmeeting"),
        ("bot.recording", S.LIVE, "bot.recording"),
        ("bot.leaving", S.LEAVING, "bot.leaving"),
        ("bot.stopped.clean", S.DONE, "bot.stopped"),
        ("bot.stopped.kicked", S.DONE, "bot.kicked"),
        ("bot.stopped.notallowed", S.FAILED, "bot.notallowed"),
        ("bot.stopped.denied", S.FAILED, "bot.denied"),
        ("bot.stopped.failed", S.FAILED, "bot.failed"),
        ("bot.done", S.DONE, "bot.done"),
        ("bot.error.non_terminal", None, "bot.error"),
        ("manifest.completed", None, "manifest.completed"),
        ("audio.processed", None, "audio.processed"),
        ("video.processed", None, "video.processed"),
        ("transcription.processed", None, "transcription.processed"),
        ("transcription.failed", None, "transcription.failed"),
        ("data_deletion", None, "data_deletion"),
    ],
)
def test_every_callback_is_news(name, state, code):
    """Each delivery says in words what happened, to which bot, and whether its state changes."""
    message = payload(f"webhooks/{name}")
    news = news_of(message)
    assert (news.bot, news.state, news.code) == (BOT, state, code)
    assert news.words.endswith(".") and news.sub_code == message.get("bot_status", "")
    assert news.session == (SESSION if "custom_attributes" in message else "")
    assert (news.at is not None) == ("timestamp" in message)


@pytest.mark.parametrize("kind", ["kicked", "notallowed", "denied", "failed"])
def test_an_end_that_is_not_plain_says_what_to_do(kind):
    """Whoever reads that a bot was refused also reads how it may come in."""
    assert news_of(payload(f"webhooks/bot.stopped.{kind}")).advice


@pytest.mark.parametrize(
    ("message", "state", "words"),
    [
        # older: the reason only in the status, the code always 200
        ({"event": "bot.stopped", "bot_status": "Denied", "status_code": 200}, S.FAILED, "refused"),
        ({"event": "bot.stopped", "bot_status": "NOTALLOWED"}, S.FAILED, "waiting"),
        ({"event": "bot.stopped", "bot_status": "not_allowed"}, S.FAILED, "waiting"),
        ({"event": "bot.stopped", "bot_status": "ERROR"}, S.FAILED, "failed"),
        ({"event": "bot.stopped", "bot_status": "Stopped"}, S.DONE, "left"),
        ({"event": "bot.stopped"}, S.DONE, "left"),
        ({"event": "bot.stopped", "bot_status": "InMeeting"}, S.DONE, "left"),
        # a guide: the five names on their own
        ({"bot_event": "bot.kicked"}, S.DONE, "removed"),
        ({"event": "bot.denied", "status_code": 500}, S.FAILED, "refused"),
        ({"bot_event": "bot.brand_new_end", "event": "bot.stopped", "bot_status": "Failed"}, S.FAILED, "failed"),
        # the exact name tells more than the status
        ({"event": "bot.stopped", "bot_event": "bot.kicked", "bot_status": "Error"}, S.DONE, "removed"),
        # letter case
        ({"event": "BOT.InMeeting"}, S.IN_CALL, "in the meeting"),
        # the oldest: no event at all
        ({"bot_status": "joining", "status_code": 102}, S.JOINING, "on its way"),
        # one name unknown, the other not
        ({"bot_event": "bot.something", "event": "bot.recording"}, S.LIVE, "hears"),
        ({"event": "bot.recording_permission_denied"}, None, "did not allow"),
        ({"event": "bot.recording_permission_allowed"}, None, "allowed"),
    ],
)
def test_older_and_odd_forms(message, state, words):
    """The reason is read from wherever a generation wrote it."""
    news = news_of(message)
    assert news.state is state and words in news.words


@pytest.mark.parametrize(
    "message",
    [None, [], "bot.joining", {}, {"event": "bot.brand_new"}, {"event": 7}, {"event": None, "bot_status": "Active"}],
)
def test_what_is_unknown_is_no_news(message):
    """An unknown event is nothing, never an error."""
    assert news_of(message) is None


def test_an_error_of_the_transcription_is_no_end():
    """bot.error leaves the bot where it is and says where to look."""
    news = news_of(payload("webhooks/bot.error.non_terminal"))
    assert news.state is None and news.at is None and "dashboard" in news.advice


def test_a_whole_life_in_any_order_ends_the_same():
    """The news of one bot fold into the same state, however late and often they come."""
    names = ["bot.joining", "bot.in_waiting_room", "bot.inmeeting", "bot.recording", "bot.leaving"]
    names += ["bot.stopped.denied", "bot.done"]
    for turn in range(len(names)):
        life = Life()
        for name in names[turn:] + names[: turn + 1]:
            life.take(news_of(payload(f"webhooks/{name}")))
        assert life.state is S.FAILED and "refused" in life.why.words


@pytest.mark.parametrize("status", [*STATUSES, "InWaitingRoom", "NotAllowed", "In_Meeting"])
def test_the_status_endpoint_in_any_letter_case(status):
    """The answer of the status endpoint means the same as the webhook of that name."""
    news = status_of(BOT, {"bot_id": BOT, "status": status.upper()})
    assert news.bot == BOT and news.state is not None and news.words and news.code.startswith("status.")


@pytest.mark.parametrize("answer", [None, {}, {"status": "Active"}, {"status": 5}, {"status": "Brand new"}])
def test_an_unknown_status_is_no_change(answer):
    """ "Active" and whatever is invented later say nothing about where the bot is."""
    assert status_of(BOT, answer) is None


def test_the_recorded_status_answer():
    """The documented answer is read whole."""
    news = status_of(BOT, payload("rest/status.response.200"))
    assert (news.state, news.session, news.sub_code) == (S.IN_CALL, SESSION, "InMeeting")


def test_people_come_and_go():
    """A participant event names the person by the longer of both names and by the id."""
    assert person_of(payload("webhooks/participant_events.join")) == PersonSeen(
        "spaces/kLm/devices/207", "Marta Oyelaran"
    )
    assert person_of(payload("webhooks/participant_events.leave")) == PersonLeft("spaces/kLm/devices/207")


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"event": "participant_events.join", "data": {"data": {"participant": {"name": "Otto"}}}},
         PersonSeen("Otto", "Otto")),
        ({"data": {"data": {"action": "LEAVE", "participant": {"id": 7}}}}, PersonLeft("7")),
        ({"data": {"data": {"action": "wave", "participant": {"id": "7"}}}}, None),
        ({"event": "participant_events.join", "data": {"data": {"participant": {}}}}, None),
        ({"event": "participant_events.join", "data": []}, None),
        (None, None),
    ],
)  # fmt: skip
def test_people_in_odd_forms(message, event):
    """Half a participant event is taken as far as it goes, or is nothing."""
    assert person_of(message) == event


def test_ends_and_states_agree():
    """Every word that ends a bot is among the states after which nothing comes; none of the others is."""
    ends = {name for name, meaning in EVENTS.items() if meaning.state in OVER}
    assert ends == {"bot.stopped", "bot.kicked", "bot.notallowed", "bot.denied", "bot.failed", "bot.done"}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from([*EVENTS, *STATUSES]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["event", "bot_event", "bot_status", "bot_id", "timestamp", "custom_attributes", "data",
                         "participant", "action", "id", "name", "full_name", "status", "session_id"]),
        inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(anything)
def test_no_message_raises(message):
    """Whatever comes is news or nothing."""
    news_of(message)
    person_of(message)
    status_of(BOT, message)
