"""What the MeetStream stand-in's bot sends, and what it does with what it is told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from meeting_streams import TEAMS, ZOOM, asked, everything, seated
from receiving import HURRIED, WITHIN, Receiver, Socket, client

from server.errors import RehearsalError
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.film import fragmented, number_of, tone
from server.rehearsal.hosts.line import LineState
from server.rehearsal.hosts.meetstream_bot import MeetStreamBot, MeetStreamHabits
from server.rehearsal.hosts.meetstream_messages import Person, sound_frame
from server.rehearsal.hosts.meetstream_playback import Playback
from server.rehearsal.hosts.meetstream_service import MeetStreamService

pytestmark = pytest.mark.anyio


def names(receiver: Receiver) -> list[str]:
    return [each.get("bot_event") or each["event"] for each in receiver.posted("/status")]


async def test_a_life_is_called_back_once_and_unsigned(receiver: Receiver):
    """
    From joining to done at the bot's own address, once each even when it is refused; a workspace's address hears the
    same, signed over the raw body.
    """
    receiver.answers.append(500)
    habits = MeetStreamHabits(waiting_room=True, joins=2)
    workspace = {"workspace_url": receiver.http + "/workspace", "workspace_secret": "shh"}
    async with (
        MeetStreamService(clocks=HURRIED, habits=habits, **workspace) as meetstream,
        client(meetstream.url) as http,
    ):
        await http.post("bots/create_bot", json=everything(receiver))
        bot = await meetstream.next_bot()
        await bot.reaches("in_waiting_room")
        bot.admit()
        await bot.reaches("recording")
        bot.provider_fails()
        bot.end_meeting()
        await bot.reaches("done")
        await meetstream.settled()

        assert names(receiver) == [
            "bot.joining",
            "bot.joining",
            "bot.in_waiting_room",
            "bot.inmeeting",
            "bot.recording",
            "bot.error",
            "bot.leaving",
            "bot.stopped",
            "manifest.completed",
            "audio.processed",
            "transcription.skipped",
            "video.processed",
            "bot.done",
        ]
        own = [post for post in receiver.posts if post.path == "/status"]
        assert not any("signature" in name for post in own for name in post.headers)
        assert own[0].message["custom_attributes"] == {"session_id": "s1"}
        signed = [post for post in receiver.posts if post.path == "/workspace"]
        assert [post.message for post in signed] == [post.message for post in own]
        for post in signed:
            want = hmac.new(b"shh", post.body, hashlib.sha256).hexdigest()
            assert post.headers["x-meetstream-signature"] == "sha256=" + want


async def test_zoom_asks_for_permission(receiver: Receiver):
    """
    Recording waits for the host; no is told and ends the bot after its time.
    """
    for allowed in (True, False):
        habits = MeetStreamHabits(asks_permission=True)
        async with MeetStreamService(clocks=HURRIED, habits=habits) as meetstream, client(meetstream.url) as http:
            await http.post("bots/create_bot", json=everything(receiver, meeting_link=ZOOM))
            bot = await meetstream.next_bot()
            await bot.reaches("inmeeting")
            bot.permission(allowed)
            await bot.reaches("recording" if allowed else "stopped")
            word = "allowed" if allowed else "denied"
            assert f"recording_permission_{word}" in bot.events
            assert allowed == ("recording" in bot.events)


async def test_a_bot_may_be_scheduled(receiver: Receiver):
    """
    With `join_at` it is scheduled until its time, or until it is sent all the same.
    """
    later = everything(receiver, join_at="2999-01-01T00:00:00Z")
    async with MeetStreamService(clocks=Clocks()) as meetstream, client(meetstream.url) as http:
        await http.post("bots/create_bot", json=later)
        bot = await meetstream.next_bot()
        await bot.reaches("scheduled")
        assert bot.status == "Scheduled" and bot.events == ["scheduled"]
        bot.dispatch()
        await bot.reaches("recording")
        assert bot.events == ["scheduled", "joining", "inmeeting", "recording"]


@pytest.mark.parametrize("generation", ["newest", "bot_event_only", "older"])
@pytest.mark.parametrize("reason", ["stopped", "kicked", "notallowed", "denied", "failed"])
async def test_endings_have_every_form(receiver: Receiver, generation, reason):
    """
    The reason is in `bot_event`, or in older forms only in the status; the status code says 200 there whatever it was.
    """
    async with seated(receiver, habits=MeetStreamHabits(generation=generation, afterwards=False)) as (bot, _):
        act = {
            "stopped": bot.end_meeting,
            "kicked": bot.kick,
            "notallowed": bot.not_let_in,
            "denied": bot.deny,
            "failed": bot.fail,
        }[reason]
        act()
        await bot.reaches(reason)
        await bot.settled()

        last = receiver.posted("/status")[-1]
        assert last.get("event") == (None if generation == "bot_event_only" else "bot.stopped")
        assert last.get("bot_event") == (None if generation == "older" else f"bot.{reason}")
        assert ("timestamp" in last) == (generation != "older")
        status = {"notallowed": "NotAllowed", "denied": "Denied", "failed": "FAILED"}.get(reason, "Stopped")
        assert last["bot_status"] == status
        assert last["status_code"] == (500 if status != "Stopped" and generation != "older" else 200)
        with pytest.raises(RehearsalError, match="without having been"):
            await bot.reaches("done")


async def test_people_and_words_come_by_webhook(receiver: Receiver):
    """
    Joins and leaves at the address of the recording config, growing transcripts at that of live transcription.
    """
    async with seated(receiver) as (bot, _):
        bot.person_joins("devices/1", "Priya Nair")
        bot.says("devices/1", "Ada, can you summarise that?", 67.0, 69.0, partials=2)
        bot.leaves("devices/1")
        with pytest.raises(RehearsalError, match="nobody with this id"):
            bot.says("devices/1", "x", 0, 1)
        await bot.settled()

        joined, left = receiver.posted("/people")
        assert joined["event"] == "participant_events.join" and left["data"]["data"]["action"] == "leave"
        assert joined["data"]["data"]["participant"]["full_name"] == "Priya Nair"
        words = receiver.posted("/words")
        assert [each["transcript"] for each in words] == ["Ada,", "Ada, can you", "Ada, can you summarise that?"]
        assert [each["end_of_turn"] for each in words] == [False, False, True]
        assert words[2]["words"][0]["start"] == 67.0 and words[2]["words"][-1]["end"] == 69.0


async def test_transcripts_have_three_shapes(receiver: Receiver):
    """
    The incremental form tells what is new, the oldest comes once and names no bot.
    """
    async with seated(receiver) as (bot, _):
        bot.person_joins("devices/1", "Priya Nair")
        bot.habits.transcript = "incremental"
        bot.says("devices/1", "Ada, can you?", 0.0, 1.0, partials=1)
        bot.habits.transcript = "oldest"
        bot.says("devices/1", "Ada, can you?", 0.0, 1.0, partials=1)
        await bot.settled()

        begun, whole, oldest = receiver.posted("/words")
        assert (begun["new_text"], whole["new_text"]) == ("Ada,", "you?")
        assert begun["speakerId"] == "devices/1" and not begun["end_of_turn"] and whole["end_of_turn"]
        assert set(oldest) == {"speakerName", "timestamp", "transcript", "words"}


async def test_live_audio_names_who_is_loudest(receiver: Receiver):
    """
    `ready` first, then binary frames with id and name by their length in bytes; nobody is `NoSpeaker`; a paused bot is
    silent; the earlier transport is text.
    """
    async with seated(receiver) as (bot, _):
        bot.person_joins("spaces/abc/devices/101", "Zoë Ångström")
        pcm = tone(0.02, rate=48_000)
        bot.sound("spaces/abc/devices/101", pcm)
        bot.sound(None, pcm)
        bot.paused = True
        bot.sound(None, pcm)
        bot.paused = False
        bot.habits.legacy_sound = True
        bot.sound("spaces/abc/devices/101", pcm)
        await receiver.until(lambda: receiver.at("/audio") and len(receiver.at("/audio")[0].frames) == 5)

        ready, named, nobody, paused, legacy = receiver.at("/audio")[0].frames
        assert json.loads(ready) == {"type": "ready", "bot_id": bot.id, "message": "Ready to receive messages"}
        assert isinstance(named, bytes) and isinstance(nobody, bytes) and isinstance(paused, bytes)
        assert named[:3] == b"\x01\x16\x00" and named[3:25] == b"spaces/abc/devices/101"
        assert named[25:27] == b"\x0f\x00" and named[27:42].decode() == "Zoë Ångström"
        assert named[42:] == pcm
        assert nobody == b"\x01\x00\x00\x09\x00NoSpeaker" + pcm
        assert paused == nobody[: -len(pcm)] + bytes(len(pcm))
        assert base64.b64decode(json.loads(legacy)["audioData"]) == pcm


def answering(wrong: list[int]) -> Any:
    """A receiver's answers to pings; those of the numbers in `wrong` are none."""

    def reply(socket: Socket, frame: str | bytes) -> str | None:
        if not isinstance(frame, str) or json.loads(frame)["type"] != "video_latency_ping":
            return None
        ping = json.loads(frame)
        echo = {"seq": ping["seq"], "sent_at_ms": ping["sent_at_ms"], "bot_id": ping["bot_id"]}
        pong = {"type": "video_latency_pong", **echo, "server_received_at_ms": ping["sent_at_ms"] + 1}
        bad = ["no json", "[]", json.dumps({**pong, "seq": 99}), json.dumps({**pong, "sent_at_ms": 1})]
        return bad[wrong.index(ping["seq"])] if ping["seq"] in wrong else json.dumps(pong)

    return reply


async def test_live_video_plays(receiver: Receiver):
    """
    Start, film cut anywhere with pings in between, end: the bytes in order are the film, every picture decodes, and
    every answered ping has its time.
    """
    receiver.reply = answering([2, 3, 4, 5])
    data = fragmented(2, (160, 90))
    async with seated(receiver) as (bot, _):
        assert bot.video is not None
        bot.video.ping()
        bot.video.put(data[:5000])
        bot.video.ping()
        bot.video.put(data[5000:], largest=700)
        for _ in range(4):
            bot.video.ping()
        bot.video.end(2.0)
        await receiver.until(
            lambda: receiver.at("/video") and "stream_end" in str(receiver.at("/video")[0].frames[-1:])
        )
        await bot.video.news.until(lambda: len(bot.video.pongs) + bot.video.wrong_answers == 6)

        (connection,) = receiver.at("/video")
        start = connection.messages[0]
        assert start["type"] == "video_stream_start" and start["bot_id"] == bot.id and start["container"] == "fmp4"
        pieces = [frame for frame in connection.frames if isinstance(frame, bytes)]
        assert b"".join(pieces) == data and len(pieces) > 10
        with av.open(io.BytesIO(b"".join(pieces))) as film:
            assert [number_of(frame.to_image()) for frame in film.decode(video=0)] == list(range(50))
        assert [pong.seq for pong in bot.video.pongs] == [1, 6] and bot.video.wrong_answers == 4
        assert len(bot.video.pong_ms) == 2 and all(ms > 0 for ms in bot.video.pong_ms)
        assert connection.messages[-1] == {"type": "video_stream_end", "bot_id": bot.id, "duration_seconds": 2.0}
        bot.end_meeting()
        await receiver.until(lambda: all(socket.code == 1000 for socket in receiver.sockets))


async def test_video_flows_at_its_pace(receiver: Receiver):
    """
    `flow` spreads the film over its time and pings as often as it is told.
    """
    receiver.reply = answering([])
    slept: list[float] = []
    now = [100.0]

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    data = fragmented(1, (160, 90))
    clocks = replace(HURRIED, clock=lambda: now[0])
    async with seated(receiver, clocks=clocks) as (bot, _):
        assert bot.video is not None
        bot.video._clocks = replace(clocks, sleep=sleep)
        begin = now[0]
        await bot.video.flow(data, bit_rate=len(data) * 8 / 10.0, ping_every=2.0, largest=512)
        await bot.video.news.until(lambda: len(bot.video.pongs) == 5)
        await receiver.until(lambda: len(b"".join(_bytes(receiver))) == len(data))
        assert now[0] - begin == pytest.approx(10.0, abs=0.5) and len(slept) > 10
        assert b"".join(_bytes(receiver)) == data


async def test_video_may_begin_and_end_badly(receiver: Receiver):
    """
    Bytes before the start message, a disconnect without an end, a second start on a second connection.
    """
    data = fragmented(1, (160, 90))
    async with seated(receiver, habits=MeetStreamHabits(announce_video=False)) as (bot, _):
        assert bot.video is not None
        bot.video.put(data[:900])
        bot.video.begin()
        bot.video.put(data[900:])
        await bot.settled()
        await receiver.until(lambda: receiver.at("/video") and len(b"".join(_bytes(receiver))) == len(data))
        assert isinstance(receiver.at("/video")[0].frames[0], bytes)
        bot.video.line.drop()
        await bot.video.line.opened(2)
        await receiver.until(lambda: len(receiver.at("/video")) == 2)
        assert receiver.at("/video")[0].code not in (None, 1000)
        await bot.video.vanish()
        await receiver.until(lambda: receiver.at("/video")[1].code not in (None, 1000))
        assert bot.video.line.state is LineState.CLOSED

    async with seated(receiver) as (bot, _):
        assert bot.video is not None
        await bot.video.line.opened()
        bot.video.line.drop()
        await receiver.until(lambda: len(receiver.at("/video")) == 4 and receiver.at("/video")[3].frames)
        assert [socket.messages[0]["type"] for socket in receiver.at("/video")[2:]] == ["video_stream_start"] * 2


def _bytes(receiver: Receiver) -> list[bytes]:
    return [frame for frame in receiver.at("/video")[0].frames if isinstance(frame, bytes)]


async def test_zoom_has_no_video(receiver: Receiver):
    """
    On Zoom the video socket never opens; the camel case spelling is understood elsewhere.
    """
    async with seated(receiver, everything(receiver, meeting_link=ZOOM)) as (bot, _):
        assert bot.video is None and bot.control is not None and bot.audio is not None
    request = asked(liveVideoRequired={"websocketUrl": receiver.ws + "/video"})
    async with seated(receiver, request) as (bot, _):
        await receiver.until(lambda: receiver.at("/video"))
        assert bot.control is None and bot.heard_pcm() == b"" and bot.spoke_seconds == 0.0 and bot.images == []
        bot.chats("nobody hears this")
        bot.sound(None, b"")


def sendaudio(bot: MeetStreamBot, pcm: bytes, **changes: Any) -> str:
    message = {
        "command": "sendaudio",
        "bot_id": bot.id,
        "audiochunk": base64.b64encode(pcm).decode(),
        "sample_rate": 48_000,
        "encoding": "pcm16",
        "channels": 1,
        "endianness": "little",
    }
    return json.dumps({**message, **changes})


@pytest.mark.parametrize("link", ["", TEAMS])
async def test_the_bot_plays_what_it_is_sent(receiver: Receiver, link: str):
    """
    Chunks play one behind the other in real time; an interruption empties the queue on Meet and nothing elsewhere.
    """
    now = [50.0]
    request = everything(receiver, **({"meeting_link": link} if link else {}))
    async with seated(receiver, request, clocks=replace(HURRIED, clock=lambda: now[0])) as (bot, _):
        await receiver.until(lambda: receiver.at("/control") and receiver.at("/control")[0].frames)
        wire = receiver.at("/control")[0].connection
        assert bot.control is not None
        pcm = tone(0.5, rate=48_000)
        await wire.send_text(sendaudio(bot, pcm))
        await wire.send_text(sendaudio(bot, pcm))
        await _arrived(bot, 2)
        assert bot.spoke_seconds == 0
        now[0] += 0.75
        assert bot.spoke_seconds == pytest.approx(0.75) and bot.heard_pcm() == pcm + pcm[: len(pcm) // 2]
        assert bot.control.playback.lead(now[0]) == pytest.approx(0.25)
        assert bot.control.playback.leads == [pytest.approx(0.5), pytest.approx(1.0)]
        interrupt = {"command": "interrupt", "bot_id": bot.id, "action": "clear_audio_queue"}
        await wire.send_text(json.dumps(interrupt))
        await wire.send_text(sendaudio(bot, b"\1\0" * 48_000))
        await _arrived(bot, 3)
        now[0] += 10
        assert bot.spoke_seconds == pytest.approx(2.0 if link else 1.75)
        assert len(bot.control.playback.interruptions) == 1


async def _arrived(bot: MeetStreamBot, chunks: int) -> None:
    """Wait until so many chunks were taken; the bot's reader is another task of this loop."""
    control = bot.control
    assert control is not None
    async with asyncio.timeout(WITHIN):
        await control.news.until(lambda: len(control.playback.leads) >= chunks)


def test_playback_remembers_silences():
    """
    What is heard is cut at now, at interruptions and nowhere else; with gaps, the silence between is part of it.
    """
    second = b"\1\0" * 48_000
    playback = Playback(clears=True)
    playback.arrive(second, 10.0)
    playback.arrive(second, 10.2)
    playback.interrupt(11.5)
    playback.arrive(second, 12.0)
    assert [(each.at, each.arrived) for each in playback.stretches] == [(10.0, 10.0), (11.0, 10.2), (12.0, 12.0)]
    assert len(playback.heard(12.25)) == 48_000 * 2 * 1.75
    assert len(playback.heard(12.25, gaps=True)) == 48_000 * 2 * 2.25
    assert playback.seconds(12.25) == pytest.approx(1.75) and playback.seconds(9.0) == 0.0
    assert playback.heard(9.0) == b"" and playback.lead(12.25) == pytest.approx(0.75)
    assert Playback(clears=True).heard(1.0) == b"" and Playback(clears=True).lead(1.0) == 0.0


async def test_commands_are_obeyed_or_skipped(receiver: Receiver):
    """
    Chat by both commands, images and their addresses; what is not in the strict form is skipped and counted.
    """
    async with seated(receiver, everything(receiver, bot_message="Hello, I am an assistant.")) as (bot, _):
        await receiver.until(lambda: receiver.at("/control") and receiver.at("/control")[0].frames)
        wire = receiver.at("/control")[0].connection
        common = {"bot_id": bot.id}
        for message in (
            {**common, "command": "ack", "message": "Control channel bound"},
            {**common, "command": "sendmsg", "message": "One.", "msg": "One."},
            {**common, "command": "sendmsg", "message": "One key only."},
            {**common, "command": "sendchat", "role": "assistant", "text": "Tw", "is_final": False},
            {**common, "command": "sendchat", "role": "assistant", "text": "Two.", "is_final": True},
            {**common, "command": "sendimg", "img": base64.b64encode(b"png").decode()},
            {**common, "command": "sendimg", "img": "not*base64"},
            {**common, "command": "sendimg_url", "img_url": "https://example.org/a.png"},
            {**common, "command": "interrupt"},
            {"command": "sendmsg", "bot_id": "another", "message": "x", "msg": "x"},
            [],
        ):
            await wire.send_text(json.dumps(message))
        for text in (
            "no json",
            "[" * 100_000,
            sendaudio(bot, b"\1\0", sample_rate=24_000),
            sendaudio(bot, b"\1\0", audiochunk=7),
            sendaudio(bot, b"\1\0\2"),
        ):
            await wire.send_text(text)
        await _arrived(bot, 1)

        assert bot.control is not None
        assert [(line.text, line.how, line.final) for line in bot.chat_sent] == [
            ("Hello, I am an assistant.", "rest", True),
            ("One.", "sendmsg", True),
            ("Tw", "sendchat", False),
            ("Two.", "sendchat", True),
        ]
        assert bot.images == [b"png"] and bot.image_urls == ["https://example.org/a.png"]
        assert bot.control.skipped == {
            "one key": 1,
            "no base64": 2,
            "unknown command": 1,
            "another bot": 1,
            "no object": 1,
            "no json": 2,
            "format": 1,
        }
        assert bot.control.playback.stretches[0].pcm == b"\1\0"


async def test_people_reach_the_agent_over_control(receiver: Receiver):
    """
    A chat line and an interruption come as commands, after `ready`; a lost socket comes back and is ready again.
    """
    async with seated(receiver) as (bot, _):
        bot.chats("Ada, what did we decide?")
        bot.interrupts()
        await receiver.until(lambda: receiver.at("/control") and len(receiver.at("/control")[0].frames) == 3)
        ready, chat, interrupt = receiver.at("/control")[0].messages
        assert ready["type"] == "ready"
        assert chat == {"command": "usermsg", "bot_id": bot.id, "message": "Ada, what did we decide?"}
        assert interrupt == {"command": "interrupt", "bot_id": bot.id}
        bot.mischief.garbage()
        bot.mischief.drop()
        await receiver.until(lambda: len(receiver.at("/control")) == 2 and receiver.at("/control")[1].frames)
        assert receiver.at("/control")[1].messages[0]["type"] == "ready"


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: None if key == "custom_attributes" else shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


@pytest.mark.parametrize(
    "name",
    [
        "webhooks/bot.joining",
        "webhooks/bot.joining.older_shape",
        "webhooks/bot.joining.bot_event_only_shape",
        "webhooks/bot.stopped.kicked",
        "webhooks/bot.error.non_terminal",
        "webhooks/manifest.completed",
        "webhooks/audio.processed",
        "webhooks/bot.done",
        "webhooks/participant_events.join",
        "live_transcription/final.meetstream_streaming",
        "live_transcription/interim.meetstream_streaming",
        "live_transcription/incremental.documented_variant",
        "live_transcription/minimal.oldest_variant",
        "live_audio/ready",
        "live_audio/legacy_pcm_chunk",
        "live_video/video_stream_start",
        "live_video/video_latency_ping",
        "live_video/video_stream_end",
        "control/from_bot.usermsg",
        "control/from_bot.interrupt",
    ],
)
async def test_shapes_are_those_of_the_reference(receiver: Receiver, name):
    """
    Where the reference's example messages are at hand, ours have the same keys at every level.
    """
    folder = _reference()
    example = json.loads((folder / f"{name}.json").read_text("utf-8"))
    generation = "older" if "older" in name else "bot_event_only" if "bot_event_only" in name else "newest"
    transcript = "incremental" if "incremental" in name else "oldest" if "oldest" in name else "newest"
    habits = MeetStreamHabits(generation=generation, transcript=transcript, legacy_sound="legacy" in name)
    async with seated(receiver, habits=habits) as (bot, _):
        assert bot.video is not None
        bot.person_joins("devices/1", "Priya Nair")
        bot.says("devices/1", "Ada, can you?", 0.0, 1.0, partials=1)
        bot.sound("devices/1", b"\1\0")
        bot.video.ping()
        bot.video.end(1.0)
        bot.chats("Hello")
        bot.interrupts()
        bot.provider_fails()
        await bot.settled()
        (bot.kick if "kicked" in name else bot.end_meeting)()
        await bot.reaches("done")
        await bot.settled()
        told = [
            *(post.message for post in receiver.posts),
            *(json.loads(f) for socket in receiver.sockets for f in socket.frames if isinstance(f, str)),
        ]
        assert shape(example) in [shape(each) for each in told]


def test_sound_frames_are_those_of_the_reference():
    """
    Where the reference's binary frames are at hand, ours are the same bytes.
    """
    fixture = json.loads((_reference() / "live_audio" / "binary_frames.json").read_text("utf-8"))
    checked = 0
    for frame in fixture["frames"]:
        told = frame.get("decoded") or {}
        if told.get("msg_type") == 1 and "speaker_id" in told and "samples" in told:
            pcm = b"".join(sample.to_bytes(2, "little", signed=True) for sample in told["samples"])
            ours = sound_frame(Person(told["speaker_id"], told["speaker_name"]), pcm)
            checked += ours.hex() == frame["frame_hex"]
    assert checked >= 2


def _reference() -> Path:
    folder = os.environ.get("PARLEY_REFERENCE", "")
    if not folder:
        pytest.skip("PARLEY_REFERENCE is not set: no example messages to compare with")
    return Path(folder) / "meetstream"
