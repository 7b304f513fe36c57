"""Recall.ai as a host: orders, commands, and who is let in, over a real socket to a scripted vendor."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import HostError, SettingsError
from server.hosts.base import Host, SeatState
from server.hosts.recall import realtime
from server.hosts.recall.adapter import Recall
from server.hosts.recall.client import Client
from server.hosts.recall.request import create_bot
from server.hosts.signatures import SignatureRefused, sign
from tests.hosts.recall.scripted_api import Answer, error
from tests.hosts.recall.told import BOT, SESSION, Told, order, payload

pytestmark = pytest.mark.anyio

SECRET = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"
OLD_SECRET = "whsec_ZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8"


@pytest.fixture
def host(client):
    """The adapter on the scripted vendor."""
    made: Host = Recall(client)
    return made


@pytest.fixture
async def cloud(anyio_backend):
    """The adapter on the real vendor, to which nothing is ever sent."""
    client = Client("a-key", region="eu-central-1")
    yield Recall(client, secrets=["", SECRET, OLD_SECRET])
    await client.close()


async def test_joining_sends_the_whole_request(host, api):
    """A bot is ordered with the request of the order, and its id comes back."""
    api.will(Answer(201, payload("create_bot.response")))
    assert await host.join(order()) == BOT
    assert api.asked[0].json == create_bot(order())


async def test_joining_says_why_it_takes_long(client, api):
    """While no bot is free the operator hears so, for the session that waits."""
    heard = []
    host = Recall(client, on_wait=lambda session, words: heard.append((session, words)))
    api.will(error("507"), Answer(201, payload("create_bot.response")))
    assert await host.join(order()) == BOT
    assert heard == [(SESSION, "no bot is free; trying again in 30 s (2 of 10)")]


async def test_what_cannot_work_is_not_sent(host, api):
    """An order that is refused beforehand costs no request."""
    with pytest.raises(HostError):
        await host.join(order(meeting_url="https://app.slack.com/huddle/T1/C1"))
    with pytest.raises(HostError):
        await host.show(BOT, "")
    for text in ("", "  ", "x" * 4097):
        with pytest.raises(HostError):
            await host.chat(BOT, text)
    assert api.asked == []


async def test_the_page_is_shown_and_hidden(host, api):
    """Showing posts the page as camera or screen; hiding names what to hide."""
    bot = Answer(200, payload("retrieve_bot.response.in_call"))
    api.will(bot, bot, Answer(204), Answer(204))
    url = "https://agent.example.org/page/?t=abc"
    await host.show(BOT, url)
    await host.show(BOT, url, screen=True)
    await host.hide(BOT)
    await host.hide(BOT, screen=True)
    assert [asked.method for asked in api.asked] == ["POST", "POST", "DELETE", "DELETE"]
    assert [asked.json for asked in api.asked] == [
        payload("output_media.start.request"),
        payload("output_media.start_screenshare.request"),
        payload("output_media.stop.request"),
        {"screenshare": True},
    ]


async def test_chat_and_leave(host, api):
    """A message goes to everyone or to whom it is for; leaving twice is no error."""
    bot = Answer(200, payload("retrieve_bot.response.in_call"))
    api.will(bot, bot, bot, error("400.cannot_command_completed_bot"))
    await host.chat(BOT, "Two items are open.")
    await host.chat(BOT, "Only for you.", to="33554944")
    await host.leave(BOT)
    await host.leave(BOT)
    assert api.asked[0].json == payload("send_chat_message.request")
    assert api.asked[1].json["to"] == "33554944"


async def test_the_state_is_asked_for(host, api):
    """The state of a bot is the last change of its Bot object, and none right after its creation."""
    api.will(Answer(200, payload("retrieve_bot.response.done")), Answer(200, payload("create_bot.response")))
    change = await host.status(BOT)
    assert (change.state, change.bot, change.session) == (SeatState.DONE, BOT, SESSION)
    assert await host.status(BOT) is None
    await host.close()
    await host.close()


async def test_what_an_order_needs(host):
    """Text comes over a socket unless the order has an address for posts; media is asked for by the senses."""
    hooked = {"text": "https://agent.example.org/h/"}
    assert host.needs(order()) == ({"text"}, frozenset())
    assert host.needs(order(senses=frozenset({"mixed"}))) == ({"text", "media"}, frozenset())
    assert host.needs(order(hooks=hooked)) == (frozenset(), {"text"})
    assert host.needs(order(hooks=hooked, senses=frozenset({"film"}))) == ({"media"}, {"text"})
    for sockets, hooks in (host.needs(order()), host.needs(order(hooks=hooked))):
        assert sockets <= set(host.sockets) and hooks <= set(host.hooks)
    assert (host.name, host.shows_page) == ("recall", True)
    limits = [host.chat_limits.get(platform, host.chat_limits[""]) for platform in ("google_meet", "webex", "zoom")]
    assert limits == [500, 0, 4096]


async def test_addresses_of_this_machine_are_for_a_vendor_on_it(host, cloud):
    """The scripted vendor on the loopback address may open our page there; the real one cannot and is not asked to."""
    local = order(page_url="http://127.0.0.1:8000/agent/", sockets={"text": "ws://127.0.0.1:8000/text/"})
    host.check(local)
    with pytest.raises(HostError):
        cloud.check(local)
    with pytest.raises(HostError):
        await cloud.show(BOT, "http://127.0.0.1:8000/agent/")


async def test_a_heavy_page_is_told_to_the_adapter(client):
    """A page that needs a larger bot is refused on the smallest."""
    heavy = Recall(client, page_variant="web_4_core")
    with pytest.raises(HostError, match="larger machine"):
        heavy.check(order())
    heavy.check(order(variant="web_4_core"))


async def test_who_is_let_in(cloud, host):
    """With secrets a good signature of either is let in once and everything else refused; without, nothing is known."""
    now = int(time.time())
    body = json.dumps(payload("webhook.bot.done")).encode()
    assert cloud.admit(sign(SECRET, "msg_1", now, body), body, now) == "signed"
    assert cloud.admit(sign(OLD_SECRET, "msg_2", now, body, family="svix"), body, now) == "signed"
    assert cloud.admit(sign(SECRET, "msg_3", now), b"", now) == "signed"
    for headers, code in (
        ({}, "missing"),
        (sign(SECRET, "msg_4", now, b"other"), "wrong"),
        (sign(SECRET, "msg_5", now - 400, body), "old"),
        (sign(SECRET, "msg_6", now + 400, body), "future"),
        (sign(SECRET, "msg_1", now, body), "replayed"),
    ):
        with pytest.raises(SignatureRefused) as caught:
            cloud.admit(headers, body, now)
        assert caught.value.code == code
    with pytest.raises(SignatureRefused) as caught:
        cloud.admit(sign(SECRET, "msg_3", now), b"", now)
    assert caught.value.code == "replayed-upgrade"
    assert host.admit({}, b"", now) == "unsigned"


async def test_the_window_is_a_setting(client):
    """A wider window lets in what would be too old."""
    wide = Recall(client, secrets=[SECRET], window=3600)
    assert wide.admit(sign(SECRET, "msg_1", 10_000), b"", 13_000.0) == "signed"
    with pytest.raises(SettingsError):
        Recall(client, secrets=["no secret"])


async def test_connections_and_posts_tell_the_sink(host):
    """Every channel takes every event, and several connections of one bot do not know each other."""
    sink = Told()
    sent = []
    first, second = host.connect("text", sink, sent.append), host.connect("media", sink, sent.append)
    first.feed(json.dumps(payload("transcript.data")))
    second.feed(json.dumps(payload("audio_separate_raw.data")).encode())
    host.posted("text", payload("participant_events.join"), sink)
    first.close()
    second.feed(json.dumps(payload("video_separate_png.data")))
    assert [call[0] for call in sink.calls] == ["tell", "hear", "tell", "see"]
    assert (sent, sink.counts) == ([], {})


async def test_news_of_a_webhook(host):
    """A dashboard webhook is news of its bot."""
    assert host.news(payload("webhook.bot.in_waiting_room")).state is SeatState.WAITING
    assert host.news({"event": "calendar.update"}) is None


async def test_media_is_parsed_once(host, monkeypatch):
    """One reading of the JSON and one of the base64 is all that a picture costs."""
    calls = []
    loads, decode = json.loads, realtime.binascii.a2b_base64

    def counted_loads(text):
        calls.append("json")
        return loads(text)

    class Counted:
        @staticmethod
        def a2b_base64(data, **more):
            calls.append("base64")
            return decode(data, **more)

    sink, frame = Told(), json.dumps(payload("video_separate_png.data"))
    monkeypatch.setattr(realtime.json, "loads", counted_loads)
    monkeypatch.setattr(realtime, "binascii", Counted)
    host.connect("media", sink, calls.append).feed(frame)
    assert calls == ["json", "base64"]
    assert sink.calls[0][0] == "see"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


async def test_no_message_raises(cloud):
    """Any JSON may come as a status webhook or a posted event."""

    @given(json_values)
    def try_it(message):
        sink = Told()
        cloud.news(message)
        cloud.posted("text", message, sink)
        assert sink.counts

    try_it()
