"""The MeetStream stand-in's API."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from meeting_streams import MEET, TEAMS, ZOOM, asked, everything
from receiving import HURRIED, Receiver, client

from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.meetstream_bot import MeetStreamHabits
from server.rehearsal.hosts.meetstream_checks import create_error
from server.rehearsal.hosts.meetstream_service import MeetStreamService

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("header", "status"),
    [(None, 401), ("Bearer rehearsal", 401), ("rehearsal", 401), ("Token wrong", 403), ("Token rehearsal", 200)],
)
async def test_only_token_and_key_open_the_api(header, status):
    """
    `Token` is the only scheme; without one it is 401, with a wrong key 403, each with a message.
    """
    async with MeetStreamService(clocks=HURRIED) as meetstream, httpx.AsyncClient(base_url=meetstream.url) as http:
        answer = await http.get("/api/v1/bots", headers={"Authorization": header} if header else {})
        assert answer.status_code == status
        assert status == 200 or set(answer.json()) == {"message"}


async def test_a_repeated_creation_is_a_507_and_a_success():
    """
    The first call with an idempotency key is 201, every later one 507 with the same bot, whatever its body says.
    """
    async with MeetStreamService(clocks=HURRIED) as meetstream, client(meetstream.url) as http:
        headers = {"Idempotency-Key": "one"}
        first = await http.post("bots/create_bot", json=asked(), headers=headers)
        again = await http.post("bots/create_bot", json={"nothing": 1}, headers=headers)
        other = await http.post("bots/create_bot", json=asked(), headers={"Idempotency-Key": "two"})

        assert (first.status_code, again.status_code, other.status_code) == (201, 507, 201)
        assert first.json() == {**first.json(), "transcript_id": None, "meeting_url": MEET, "status": "Active"}
        assert first.json()["bot_id"] == again.json()["bot_id"] != other.json()["bot_id"]


async def test_a_deduplication_key_belongs_to_one_meeting():
    """
    The same key and meeting give 200 with the bot that is there; another meeting gives 409.
    """
    async with MeetStreamService(clocks=HURRIED) as meetstream, client(meetstream.url) as http:
        answers = [
            await http.post("bots/create_bot", json=asked(deduplication_key="k", meeting_link=link))
            for link in (MEET, MEET, ZOOM)
        ]
        assert [answer.status_code for answer in answers] == [201, 200, 409]
        assert answers[0].json()["bot_id"] == answers[1].json()["bot_id"]


STREAMING = {"recording_config": {"transcript": {"provider": {"meetstream_streaming": {}}}}}
WORDS = {"live_transcription_required": {"webhook_url": "https://agent.example.org/words"}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"meeting_link": None}, "meeting_link is required."),
        ({"meeting_link": "https://example.org/x"}, "meeting_link"),
        ({"meeting_url": MEET}, "meeting_url"),
        ({"bot_name": ""}, "bot_name"),
        ({"custom_attributes": {"n": 1}}, "custom_attributes"),
        ({"socket_connection_url": "wss://agent.example.org/control"}, "socket_connection_url"),
        ({"live_audio_required": {"websocket_url": "ws://agent.example.org/audio"}}, "live_audio_required"),
        ({"live_video_required": {"url": "wss://agent.example.org/video"}}, "live_video_required"),
        ({"callback_url": "http://agent.example.org/status"}, "callback_url"),
        ({"live_transcription_required": "https://agent.example.org/words"}, "webhook_url"),
        (WORDS, "no streaming provider"),
        ({"recording_config": {"transcript": {"provider": {"a": {}, "b": {}}}}}, "exactly one provider"),
        ({"zoom": {"zak_url": "x", "obf_url": "y"}}, "zak_url"),
        ({"automatic_leave": {"in_call_recording_timeout": 599}}, "must be at least 600 seconds"),
        ({"automatic_leave": {"recording_permission_denied_timeout": 301}}, "must not exceed 300 seconds"),
        ({"use_zoom_obf": True}, "use_zoom_obf"),
        ({**WORDS, **STREAMING}, ""),
        ({"liveVideoRequired": {"websocketUrl": "wss://agent.example.org/video"}}, ""),
        ({"live_audio_required": {"websocket_url": "ws://127.0.0.1:9/audio"}}, ""),
    ],
)
def test_what_cannot_be_is_said(change, said):
    """
    A wrong request is refused with one sentence that names the field; a loopback address needs no TLS.
    """
    found = create_error(asked(**change), allow_loopback=True)
    assert (said in found) if said else (found == "")


async def test_wrong_requests_make_no_bot():
    """
    400 with the sentence; without a body too; TLS is demanded even of loopback addresses unless it is a rehearsal.
    """
    plain = asked(live_audio_required={"websocket_url": "ws://127.0.0.1:9/audio"})
    async with MeetStreamService(clocks=HURRIED, allow_loopback=False) as meetstream, client(meetstream.url) as http:
        answers = [
            await http.post("bots/create_bot", json={}),
            await http.post("bots/create_bot"),
            await http.post("bots/create_bot", content=b"{"),
            await http.post("bots/create_bot", json=plain),
        ]
        assert [answer.status_code for answer in answers] == [400] * 4
        assert answers[0].json() == {"message": "meeting_link is required."}
        assert not meetstream.bots
        assert (await http.get("nothing")).status_code == 404
        assert (await http.post("bots")).status_code == 405


async def test_scripted_answers_come_as_often_as_asked():
    """
    429 with Retry-After (any, also a date), 5xx with a message, then everything is well again.
    """
    async with MeetStreamService(clocks=HURRIED) as meetstream, client(meetstream.url) as http:
        meetstream.script("429")
        meetstream.script("429", retry_after="Fri, 20 Nov 2026 10:15:00 GMT")
        for status in ("500", "502", "503", "504"):
            meetstream.script(status)
        answers = [await http.post("bots/create_bot", json=asked()) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [429, 429, 500, 502, 503, 504, 201]
        assert [answer.headers.get("retry-after") for answer in answers[:3]] == [
            "5",
            "Fri, 20 Nov 2026 10:15:00 GMT",
            None,
        ]


async def test_a_bot_can_be_asked_and_told(receiver: Receiver):
    """
    Status, detail, list with filters, participants, chat, image, pause, removal, deletion: each in its documented form.
    """
    async with MeetStreamService(clocks=HURRIED) as meetstream, client(meetstream.url) as http:
        for link in (MEET, TEAMS):
            await http.post("bots/create_bot", json=everything(receiver, meeting_link=link))
        bot, other = await meetstream.next_bot(), await meetstream.next_bot()
        path = f"bots/{bot.id}"
        await bot.reaches("recording")
        await other.reaches("recording")
        bot.person_joins("spaces/abc/devices/101", "Priya Nair")

        async def got(method: str, what: str, body: Any = None) -> Any:
            answer = await http.request(method, f"{path}/{what}", json=body)
            return answer.status_code, answer.json()

        status = {"bot_id": bot.id, "status": "Recording", "custom_attributes": {"session_id": "s1"}}
        assert await got("GET", "status") == (200, status)
        detail = (await got("GET", "detail"))[1]["bot_details"]
        assert detail["Platform"] == "GMeet" and list(detail["StatusTimeline"]) == ["joining", "inmeeting", "recording"]
        assert (await got("GET", "get_participants"))[1][0]["fullName"] == "Priya Nair"
        assert (await got("POST", "send_message", {"message": "Hello"}))[1]["command"] == "sendmsg"
        assert (await got("POST", "send_image", {"img_url": "https://example.org/a.png"}))[0] == 200
        assert (await got("POST", "send_message", {}))[0] == 400
        assert [line.text for line in bot.chat_sent] == ["Hello"]
        assert bot.image_urls == ["https://example.org/a.png"]
        accepted = {"status": "accepted", "bot_id": bot.id}
        assert await got("POST", "pause_recording") == (200, {**accepted, "command": "pause_recording"})
        assert bot.paused
        assert await got("POST", "resume_recording") == (200, {**accepted, "command": "resume_recording"})
        assert (await http.post(f"bots/{other.id}/pause_recording")).status_code == 400
        for query, count in (
            ({}, 2),
            ({"platform": "Teams"}, 1),
            ({"status": "Recording", "custom_attr[session_id]": "s1"}, 2),
            ({"custom_attr[session_id]": "s2"}, 0),
        ):
            assert len((await http.get("bots", params=query)).json()["bots"]) == count

        assert await got("GET", "remove_bot") == (200, {"message": "Bot removal requested"})
        await bot.reaches("done")
        assert (await got("GET", "remove_bot"))[0] == 409
        assert (await got("POST", "send_message", {"message": "Too late"}))[0] == 409
        assert (await got("GET", "status"))[1]["status"] == "Done"
        assert (await got("DELETE", "delete"))[0] == 200
        assert (await http.get("bots/nobody/status")).status_code == 404


async def test_sockets_may_be_there_before_the_answer(receiver: Receiver):
    """
    With early sockets the audio and control channels say `ready` before Create Bot is answered.
    """
    habits = MeetStreamHabits(early_sockets=True, waiting_room=True)
    async with MeetStreamService(clocks=Clocks(), habits=habits) as meetstream, client(meetstream.url) as http:
        meetstream.script("hold", on="status")
        receiver.refuse = 0
        answer = await http.post("bots/create_bot", json=everything(receiver))
        assert {socket.path for socket in receiver.sockets} == {"/audio", "/control"}
        await receiver.until(lambda: all(socket.frames for socket in receiver.sockets))
        assert {socket.messages[0]["bot_id"] for socket in receiver.sockets} == {answer.json()["bot_id"]}
        held = asyncio.create_task(http.get(f"bots/{answer.json()['bot_id']}/status"))
        await meetstream.held()
        meetstream.let_go()
        assert (await held).status_code == 200
