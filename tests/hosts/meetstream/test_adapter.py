"""MeetStream as a host: what it refuses, what it does, and how its connections meet in one seat."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.core.events import ChatSaid, Heard, PersonLeft, PersonSeen
from server.core.messages import Begin, End, Flush, Welcome, pack_sound
from server.errors import AccessError, HostError
from server.hosts.base import Host, SeatState
from server.hosts.meetstream.adapter import BOTS, OWN_FOR, OWN_LINES, MeetStream
from server.hosts.meetstream.client import Client
from server.hosts.meetstream.link import ControlLink
from server.hosts.signatures import sign_meetstream
from tests.hosts.meetstream.told import BOT, NAME, SESSION, Told, VirtualTimers, order, payload, payload_text
from tests.hosts.recall.scripted_api import Answer, ScriptedApi, serving

pytestmark = pytest.mark.anyio

CREATED = Answer(201, payload("rest/create_bot.response.201"))


class House:
    """An adapter of a scripted vendor, on a clock of its own, with one seat."""

    def __init__(self, api: ScriptedApi, **more: Any) -> None:
        self.api = api
        self.timers = VirtualTimers()
        self.told = Told()
        self.platform = "google_meet"
        self.links: list[ControlLink] = []
        self.gone: list[ControlLink] = []
        self.waits: list[tuple[str, str]] = []
        self.host = MeetStream(
            Client("a-key", base_url=f"{api.base_url}/api/v1", sleep=self._sleep),
            about=lambda sink: (NAME, self.platform),
            on_link=lambda sink, link: self.links.append(link),
            on_unlink=lambda sink, link: self.gone.append(link),
            on_wait=lambda session, words: self.waits.append((session, words)),
            draw=lambda face, done: None,
            timers=lambda: self.timers,
            clock=lambda: self.timers.now,
            clock_ms=lambda: 1_802_352_001_000,
            **more,
        )
        self.sent: list[dict[str, Any]] = []

    async def _sleep(self, seconds: float) -> None:
        pass

    def connect(self, channel: str) -> Any:
        return self.host.connect(channel, self.told, lambda text: self.sent.append(json.loads(text)))

    def control(self) -> Any:
        socket = self.connect("control")
        socket.feed(payload_text("control/from_bot.ready"))
        return socket


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A house that is torn down."""
    async with serving() as api:
        made = House(api)
        yield made
        await made.host.close()
        await made.host.close()


def public() -> MeetStream:
    """An adapter of the real vendor, never called."""
    return MeetStream(Client("a-key"))


# ---------------------------------------------------------------- what it can and cannot


async def test_it_is_a_host(house):
    """It fits the seam, says what it shows, and names every channel."""
    host: Host = house.host
    assert (host.name, host.title, host.shows_page) == ("meetstream", "MeetStream", False)
    assert host.sockets == ("control", "audio", "video") and host.hooks == ("status", "words", "people")
    assert host.chat_limits["google_meet"] == 500 and host.chat_limits[""] >= 4000


@pytest.mark.parametrize(
    "meeting",
    ["https://meet.google.com/mno-pqrs-tuv", "https://us02web.zoom.us/j/123456789?pwd=x",
     "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"],
)  # fmt: skip
async def test_its_platforms(meeting):
    """Meet, Zoom and Teams are joined."""
    public().check(order(meeting_url=meeting))


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"meeting_url": "https://example.webex.com/meet/marta"}, "bad-platform", "cannot join Webex"),
        ({"meeting_url": "https://example.net/room"}, "bad-platform", "cannot join"),
        ({"meeting_url": "hello"}, "bad-meeting-url", "meeting"),
        ({"meeting_url": "https://zoom.us/j/1", "senses": frozenset({"film"})}, "no-film", "from Zoom"),
        ({"senses": frozenset({"pictures"})}, "no-pictures", "single people"),
        ({"senses": frozenset({"voices"})}, "no-voices", "mixed"),
        ({"name": " "}, "bad-name", "name"),
        ({"name": "x" * 101}, "bad-name", "name"),
        ({"name": "a\nb"}, "bad-name", "name"),
        ({"screen": True}, "no-page", "screen"),
        ({"variant": "web_4_core"}, "bad-variant", "sizes"),
        ({"provider": "deepgram"}, "bad-provider", "transcription"),
        ({"sockets": {"control": "wss://a.example.net/c"}}, "bad-address", "audio"),
        ({"sockets": {"control": "ws://a.example.net/c", "audio": "wss://a.example.net/a"}}, "bad-address", "control"),
        ({"hooks": {}}, "bad-address", "people"),
    ],
)
async def test_what_is_refused_early(more, code, words):
    """What cannot work is refused before anything is sent, with the reason and what to do, without addresses."""
    with pytest.raises(HostError, match=words) as caught:
        public().check(order(**more))
    error = caught.value
    assert error.code == code and error.advice
    assert "example" not in str(error) and "mno-pqrs" not in str(error)


async def test_a_stand_in_may_be_plain(house):
    """A vendor on this machine reaches this machine without a certificate."""
    local = {name: f"ws://127.0.0.1:9/{name}" for name in ("control", "audio")}
    hooks = {name: f"http://127.0.0.1:9/{name}" for name in house.host.hooks}
    house.host.check(order(sockets=local, hooks=hooks))
    with pytest.raises(HostError):
        public().check(order(sockets=local, hooks=hooks))


async def test_what_an_order_needs(house):
    """Sound in both directions in any case, as there is no page; film only when it is asked for."""
    assert house.host.needs(order(senses=frozenset())) == ({"control", "audio"}, {"status", "words", "people"})
    assert "video" in house.host.needs(order(senses=frozenset({"film"})))[0]


async def test_it_shows_no_page(house):
    """Showing and hiding say so, and what is there instead."""
    for call in (house.host.show(BOT, "https://x.example.net"), house.host.hide(BOT)):
        with pytest.raises(HostError, match="page") as caught:
            await call
        assert "picture of the agent" in caught.value.advice


# ---------------------------------------------------------------- joining and leaving


async def test_joining(house):
    """One request; its answer's bot. Waits are told to whoever waits."""
    house.api.will(Answer(503), CREATED)
    assert await house.host.join(order(greeting="Good morning.")) == BOT
    assert house.api.asked[-1].json["bot_message"] == "Good morning."
    assert len(house.waits) == 1 and house.waits[0][0] == SESSION


async def test_nothing_is_sent_for_an_order_that_cannot_work(house):
    """join checks first."""
    with pytest.raises(HostError):
        await house.host.join(order(screen=True))
    assert not house.api.asked


async def test_status(house):
    """What the vendor says becomes news; what it says without meaning is none."""
    house.api.will(Answer(200, payload("rest/status.response.200")), Answer(200, {"status": "Active"}))
    assert (await house.host.status(BOT)).state is SeatState.IN_CALL
    assert await house.host.status(BOT) is None


@pytest.mark.parametrize(
    "answers",
    [
        [Answer(200, payload("rest/remove_bot.response.200"))],
        [Answer(404, {"message": "no such bot"})],
        [Answer(410)],
        [Answer(409), Answer(200, {"status": "Stopped"})],
        [Answer(409), Answer(200, {"status": "Leaving"})],
    ],
)
async def test_leaving_once_or_twice(house, answers):
    """A bot that is gone has left."""
    house.api.will(*answers)
    await house.host.leave(BOT)


@pytest.mark.parametrize(
    "answers",
    [
        [Answer(403)],
        [Answer(409), Answer(200, {"status": "Joining"})],
        [Answer(409), Answer(200, {"status": "Active"})],
    ],
)
async def test_a_bot_that_did_not_leave(house, answers):
    """A refusal is told, also when the bot is only on its way and cannot be removed yet."""
    house.api.will(*answers)
    with pytest.raises(HostError):
        await house.host.leave(BOT)


# ---------------------------------------------------------------- who may come in


async def test_signatures(house):
    """A signed request is signed, a wrong signature is refused, and an unsigned one is left to the address's token."""
    async with serving() as api:
        host = House(api, secrets=["", "a secret of the workspace"]).host
        body = json.dumps(payload("webhooks/bot.inmeeting")).encode()
        good = {"x-meetstream-SIGNATURE": sign_meetstream("a secret of the workspace", body)}
        assert host.admit(good, body, 0.0) == "signed"
        with pytest.raises(AccessError):
            host.admit(good, body, 0.0)  # seen before
        with pytest.raises(AccessError):
            host.admit({"X-MeetStream-Signature": sign_meetstream("another", body)}, body, 0.0)
        assert host.admit({}, body, 0.0) == "unsigned"
        await host.close()
    assert house.host.admit({"X-MeetStream-Signature": "sha256=00"}, b"", 0.0) == "unsigned", "no secret is set"


# ---------------------------------------------------------------- the mouth


async def test_the_owner_gets_the_link_when_the_bot_is_ready(house):
    """With the seat's sink; then the agent speaks through it, and the owner is told when it is gone."""
    socket = house.connect("control")
    assert not house.links
    socket.feed(payload_text("control/from_bot.ready"))
    (link,) = house.links
    link.report = lambda *where, **flags: None
    link.send(Welcome("s", NAME, 1, "listening"))
    link.send(Begin(1, 1))
    link.send_sound(1, pack_sound(1, 1, 1, 0, bytes(24_000)))
    link.send(End(1, 1, 12_000))
    assert [each["command"] for each in house.sent] == ["sendaudio"] and house.sent[0]["bot_id"] == BOT
    socket.close()
    assert house.gone == [link] and link.closed


async def test_the_newest_control_connection_wins(house):
    """A second connection makes a new link that goes on where the first was; the first falls silent at once."""
    old = house.control()
    house.links[0].send(Begin(1, 1))
    house.links[0].send_sound(1, pack_sound(1, 1, 1, 0, bytes(48_000)))
    house.timers.run(0.1)
    house.control()
    first, second = house.links
    assert first.closed and not second.closed and first.page != second.page
    assert (second.resume.epoch, second.resume.reply) == (1, 1) and second.resume.played > 4000
    old.close()
    assert house.gone == [first]
    await house.host.chat(BOT, "still here")
    assert house.sent[-1]["command"] == "sendmsg"


async def test_a_connection_after_a_gap_goes_on(house):
    """Between two connections there may be none for a while; where the first left off is kept."""
    socket = house.control()
    house.links[0].send(Begin(1, 1))
    house.links[0].send_sound(1, pack_sound(1, 1, 1, 0, bytes(48_000)))
    socket.close()
    house.timers.run(5)
    house.control()
    assert house.links[1].resume.reply == 1 and house.links[1].resume.played > 4000


@pytest.mark.parametrize(("platform", "clears"), [("google_meet", True), ("zoom", False), ("unknown", False)])
async def test_what_a_flush_reports_depends_on_the_platform(house, platform, clears):
    """Only Google Meet drops what the bot has; elsewhere, and where nobody knows, it will be heard."""
    house.platform = platform
    house.control()
    reports = []
    (link,) = house.links
    link.report = lambda epoch, reply, samples, **flags: reports.append(samples)
    link.send(Begin(1, 1))
    link.send_sound(1, pack_sound(1, 1, 1, 0, bytes(48_000)))
    house.timers.run(0.1)
    link.send(Flush(2))
    assert (reports[-1] <= 2400) is clears


# ---------------------------------------------------------------- chat


async def test_chat_by_socket_or_by_call(house):
    """Over the control socket while there is one, else by REST."""
    house.api.will(Answer(200, payload("rest/send_message.response.200")))
    await house.host.chat(BOT, "before")
    socket = house.control()
    await house.host.chat(BOT, "now")
    socket.close()
    assert [asked.json["message"] for asked in house.api.asked] == ["before"]
    assert [each["message"] for each in house.sent] == ["now"]
    house.api.will(Answer(404))
    with pytest.raises(HostError):
        await house.host.chat(BOT, "after")


async def test_no_private_chat(house):
    """What is for one person is not shown to everybody instead."""
    house.control()
    with pytest.raises(HostError, match="everybody"):
        await house.host.chat(BOT, "psst", to="host")
    assert not house.sent


async def test_our_own_lines_are_not_heard(house):
    """What we wrote comes back within a minute, with other spaces; later, or from another, it is a person's."""
    house.api.will(CREATED)
    await house.host.join(order(greeting="Good morning."))
    socket = house.control()
    await house.host.chat(BOT, "The  summary\nis ready.")

    def said(text: str, **more: str) -> int:
        house.told.events.clear()
        socket.feed(json.dumps({"command": "usermsg", "message": text, **more}))
        return len(house.told.events)

    assert said("The summary is ready.") == 0 and said("Good morning.") == 0
    assert said("Is the summary ready?") == 1
    assert said("The summary is ready.", sender="Otto") == 1 and said("Anything", sender=NAME.lower()) == 0
    house.timers.run(OWN_FOR + 1)
    assert said("The summary is ready.") == 1


async def test_what_is_remembered_of_chats_is_bounded(house):
    """Neither many bots nor many lines are kept for ever."""
    house.control()
    for at in range(OWN_LINES * 2):
        await house.host.chat(BOT, f"line {at}")
    for at in range(BOTS * 2):
        house.host._remember(f"bot {at}", "hello")
    assert len(house.host._lines) == BOTS and all(len(lines) <= OWN_LINES for lines in house.host._lines.values())


# ---------------------------------------------------------------- what the vendor posts and sends


async def test_hooks(house):
    """Each hook's POST has its effect on the seat."""
    for name in ("interim.meetstream_streaming", "final.meetstream_streaming"):
        house.host.posted("words", payload(f"live_transcription/{name}"), house.told)
    for name in ("join", "leave"):
        house.host.posted("people", payload(f"webhooks/participant_events.{name}"), house.told)
    house.host.posted("status", payload("webhooks/bot.recording"), house.told)
    heard, final, seen, left = house.told.events
    assert isinstance(heard, Heard) and not heard.final and final.final and heard.key == final.key
    assert seen == PersonSeen("spaces/kLm/devices/207", "Marta Oyelaran") and left == PersonLeft(seen.id)
    assert house.told.changes[0].state is SeatState.LIVE
    assert house.host.news(payload("webhooks/bot.recording")) == house.told.changes[0]


async def test_the_bot_is_not_a_person(house):
    """Its own arrival says nothing about who is there."""
    event = payload("webhooks/participant_events.join")
    event["data"]["data"]["participant"]["full_name"] = NAME.upper()
    house.host.posted("people", event, house.told)
    assert not house.told.events and not house.told.counts


@pytest.mark.parametrize("channel", ["status", "words", "people"])
@pytest.mark.parametrize("message", [None, [], {}, "x", {"event": "brand.new"}, {"data": {"data": 7}}])
async def test_odd_posts_are_counted(house, channel, message):
    """They change nothing."""
    house.host.posted(channel, message, house.told)
    assert house.told.counts == {f"{channel}-unknown": 1} and not house.told.events and not house.told.changes


async def test_sound_and_film_meet_in_the_seat(house):
    """Sound of the newest connection only; pongs go back on the connection of the ping."""
    old, new = house.connect("audio"), house.connect("audio")
    frame = bytes.fromhex(payload("live_audio/binary_frames")["frames"][0]["frame_hex"]) + bytes(9600)
    old.feed(frame)
    assert not house.told.sounds
    new.feed(frame)
    new.feed(frame)
    assert house.told.sounds
    video = house.connect("video")
    video.feed(payload_text("live_video/video_latency_ping"))
    assert house.sent[-1]["server_received_at_ms"] == 1_802_352_001_000


async def test_our_voice_in_the_mix_is_not_heard(house):
    """The seat knows the bot's name."""
    socket = house.connect("audio")
    name = NAME.encode()
    frame = b"\x01\x00\x00" + len(name).to_bytes(2, "little") + name + b"\x00\x40" * 9600
    socket.feed(frame)
    assert house.told.sounds and max(abs(b) for pcm, _ in house.told.sounds for b in memoryview(pcm).cast("h")) <= 2


async def test_seats_are_apart(house):
    """The words and films of one seat have nothing to do with those of another."""
    other = Told()
    message = payload("live_transcription/final.meetstream_streaming")
    house.host.posted("words", message, house.told)
    house.host.posted("words", message, other)
    assert len(house.told.events) == len(other.events) == 1
    assert house.told.events[0].key != other.events[0].key


async def test_a_seat_is_forgotten_with_its_sink(house):
    """When nobody holds the sink any more, nothing of the seat is left here."""
    sink = Told()
    for channel in house.host.sockets:
        socket = house.host.connect(channel, sink, lambda text: None)
        socket.feed(payload_text("control/from_bot.ready"))
        socket.feed(payload_text("live_video/video_stream_start"))
        socket.close()
    house.host.posted("words", payload("live_transcription/interim.meetstream_streaming"), sink)
    house.links.clear()
    house.gone.clear()
    known, gone = len(house.host._seats), weakref.ref(sink)
    del sink, socket
    gc.collect()
    assert gone() is None and len(house.host._seats) == known - 1


async def test_closing(house):
    """Every link falls silent."""
    house.control()
    await house.host.close()
    assert house.links[0].closed


async def test_a_person_writes_to_the_agent(house):
    """The line reaches the core."""
    house.control().feed(payload_text("control/from_bot.usermsg"))
    assert house.told.events == [ChatSaid("", "Parley, which hinge did we pick?")]
