"""The Recall stand-in's API: the vendor's forms, also the ones that bite."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from recalling import MEET, ZOOM, asked, endpoint, everything
from receiving import HURRIED, Receiver, client

from server.errors import RehearsalError
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.recall_checks import create_errors
from server.rehearsal.hosts.recall_life import Habits
from server.rehearsal.hosts.recall_service import RecallService

pytestmark = pytest.mark.anyio


async def test_a_created_bot_comes_back_as_the_vendors_object():
    """
    Create Bot answers 201 with the request as it is stored: the meeting as an object, the defaults filled in, no status
    field but a list of changes.
    """
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        answer = await http.post("bot/", json=asked(recording_config={"realtime_endpoints": []}))

        bot = answer.json()
        assert answer.status_code == 201
        assert bot["meeting_url"] == {"meeting_id": "abc-defg-hij", "platform": "google_meet"}
        assert [change["code"] for change in bot["status_changes"]] == ["ready"]
        assert bot["automatic_leave"]["everyone_left_timeout"] == {"timeout": 2, "activate_after": None}
        assert bot["recording_config"]["start_recording_on"] == "participant_join"
        assert bot["recording_config"]["video_mixed_mp4"] == {"metadata": {}}
        assert bot["recording_config"]["audio_mixed_raw"] is None
        assert (await http.get(f"bot/{bot['id']}/")).json()["id"] == bot["id"]
        assert recall.requests[0].json()["meeting_url"] == MEET


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 401, "not_authenticated"),
        ("Token of another region", 401, "authentication_failed"),
        ("Token rehearsal", 200, None),
        ("rehearsal", 200, None),
        ("Bearer rehearsal", 200, None),
    ],
)
async def test_only_the_key_opens_the_api(header, status, code):
    """
    Without a key and with a wrong one it is 401 with the two documented codes; the bare key works as well.
    """
    async with RecallService(clocks=HURRIED) as recall, httpx.AsyncClient(base_url=recall.url) as http:
        answer = await http.get("/api/v1/bot/", headers={"Authorization": header} if header else {})

        assert answer.status_code == status
        assert answer.json().get("code") == code
        assert status == 200 or answer.headers["www-authenticate"] == "Token"


async def test_the_firewall_answers_in_html():
    """
    A body on a GET and a bare address anywhere in a payload are 403 with an HTML body; a loopback address too, unless
    it is a rehearsal.
    """
    url = "http://127.0.0.1:9/page"
    page = {"camera": {"kind": "webpage", "config": {"url": url}}}
    async with RecallService(clocks=HURRIED, allow_loopback=False) as recall, client(recall.url) as http:
        answers = [
            await http.request("GET", "bot/", json=None, content=b"null"),
            await http.post("bot/", json=asked(output_media=page)),
            await http.post("bot/", json=asked(metadata={"where": "http://localhost/"})),
        ]
        assert [(answer.status_code, answer.headers["content-type"][:9]) for answer in answers] == [
            (403, "text/html")
        ] * 3
        assert "Request blocked." in answers[0].text and not recall.bots
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        assert (await http.post("bot/", json=asked(output_media=page))).status_code == 201
        assert (await http.post("bot/", json=asked(metadata={"where": "10.0.0.7"}))).status_code == 403


async def test_paths_are_told_apart():
    """
    An unknown path is HTML, an unknown bot JSON, a wrong method 405, a missing slash a redirect that loses the body.
    """
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        unknown = await http.get("nothing/")
        no_bot = await http.get("bot/5f0b1c62-7a34-4c9d-9a8e-2b6f4d1e7c10/")
        method = await http.put("bot/", json={})
        slash = await http.post("bot", json=asked())
        broken = await http.post("bot/", content=b"{")

        assert unknown.status_code == 404 and unknown.text.startswith("<!doctype html>")
        assert no_bot.status_code == 404 and no_bot.json() == {"code": "not_found", "detail": "Not found."}
        assert method.status_code == 405 and method.json()["code"] == "method_not_allowed"
        assert slash.status_code == 301 and slash.headers["location"].endswith("/api/v1/bot/")
        assert broken.status_code == 400 and broken.json()["code"] == "parse_error"
        assert not recall.bots


PAGE = {"camera": {"kind": "webpage", "config": {"url": "https://agent.example.org/page/"}}}
SOCKET = {"type": "websocket", "url": "wss://agent.example.org/rt/"}


def recording(**config: Any) -> dict[str, Any]:
    return {"recording_config": config}


def listening(event: str, kind: str = "websocket", url: str = "", **config: Any) -> dict[str, Any]:
    url = url or {"websocket": "wss", "webhook": "https"}[kind] + "://agent.example.org/rt/"
    return recording(realtime_endpoints=[{"type": kind, "url": url, "events": [event]}], **config)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"meeting_url": None}, "meeting_url"),
        ({"meeting_url": "https://example.org/room"}, "meeting_url"),
        ({"meeting_url": "https://[broken"}, "meeting_url"),
        ({"bot_name": "x" * 101}, "bot_name"),
        ({"metadata": {"number": 7}}, "metadata"),
        ({"metadata": {"long": "x" * 501}}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"real_time_media": {}}, "real_time_media"),
        ({"variant": {"zoom": "huge"}}, "variant.zoom"),
        ({"variant": {"google_meet": "native"}}, "variant.google_meet"),
        ({"variant": "web"}, "variant"),
        ({"output_media": {"kind": "webpage", "config": {}}}, "output_media.kind"),
        ({"output_media": {}}, "output_media.non_field_errors"),
        ({"output_media": {"camera": {"kind": "livekit"}}}, "output_media.camera.kind"),
        ({"output_media": {"camera": {"kind": "webpage", "config": {}}}}, "output_media.camera.config.url"),
        ({"output_media": PAGE, "automatic_video_output": {}}, "output_media"),
        ({"output_media": PAGE, "automatic_audio_output": {}}, "output_media"),
        ({"output_media": PAGE, "meeting_url": "https://app.slack.com/huddle/T1/C2"}, "output_media"),
        ({"output_media": PAGE, "meeting_url": ZOOM, "variant": {"zoom": "native"}}, "output_media"),
        ({"automatic_leave": {"waiting_room_timeout": 601}}, "automatic_leave.waiting_room_timeout"),
        ({"automatic_leave": {"silence_detection": {"timeout": 3}}}, "automatic_leave.silence_detection.timeout"),
        (
            {"automatic_leave": {"bot_detection": {"using_participant_names": {"matches": []}}}},
            "automatic_leave.bot_detection.using_participant_names.timeout",
        ),
        ({"automatic_leave": 3}, "automatic_leave"),
        ({"recording_config": []}, "recording_config.non_field_errors"),
        (recording(sound=True), "recording_config.sound"),
        (recording(start_recording_on="later"), "recording_config.start_recording_on"),
        (recording(transcript={}), "recording_config.transcript.provider"),
        (recording(transcript={"provider": {"mine": {}}}), "recording_config.transcript.provider"),
        (recording(video_separate_png={}), "recording_config.video_separate_png"),
        (
            recording(video_separate_h264={}, video_mixed_layout="gallery_view_v2"),
            "recording_config.video_separate_h264",
        ),
        (
            {**recording(video_separate_h264={}), "variant": {"google_meet": "web_4_core"}},
            "recording_config.video_separate_h264",
        ),
        (listening("transcript.data"), "recording_config.realtime_endpoints.0.events"),
        (listening("audio_mixed_raw.data"), "recording_config.realtime_endpoints.0.events"),
        (listening("participant_events.dance"), "recording_config.realtime_endpoints.0.events"),
        (
            listening("audio_mixed_raw.data", "webhook", audio_mixed_raw={}),
            "recording_config.realtime_endpoints.0.events",
        ),
        (
            listening("participant_events.join", participant_events=None),
            "recording_config.realtime_endpoints.0.events",
        ),
        (
            listening("participant_events.join", url="https://agent.example.org/"),
            "recording_config.realtime_endpoints.0.url",
        ),
        (recording(realtime_endpoints=[{"type": "carrier pigeon"}]), "recording_config.realtime_endpoints.0.type"),
        (recording(realtime_endpoints=[SOCKET]), "recording_config.realtime_endpoints.0.events"),
        (recording(realtime_endpoints=["x"]), "recording_config.realtime_endpoints.0.non_field_errors"),
    ],
)
def test_a_wrong_field_is_named(change, field):
    """
    What cannot be is told as a map from field to messages, nested like the request.
    """
    found: Any = create_errors(asked(**change), allow_loopback=True)

    for part in field.split("."):
        found = found[int(part) if part.isdigit() else part]
    assert found and all(isinstance(text, str) for text in found)


async def test_a_wrong_request_makes_no_bot():
    """
    Field errors come as 400, for a body that is no object too.
    """
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        answer = await http.post("bot/", json=listening("transcript.data"))
        assert answer.status_code == 400
        assert answer.json()["meeting_url"] == ["This field is required."]
        assert (await http.post("bot/", json=["x"])).json() == {
            "non_field_errors": ["Invalid data. Expected a dictionary."]
        }
        assert not recall.bots


async def test_what_the_vendor_recommends_is_let_in(receiver: Receiver):
    """
    H264 with a larger variant and the gallery layout, every event, pages as camera and screen, a webhook for text.
    """
    both = {"camera": PAGE["camera"], "screenshare": PAGE["camera"]}
    request = everything(endpoint(receiver.ws + "/rt/", ["video_separate_h264.data"]), output_media=both)
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        for url in (MEET, ZOOM, "https://teams.microsoft.com/l/meetup-join/19%3ax/0", "https://acme.webex.com/meet/x"):
            assert (await http.post("bot/", json={**request, "meeting_url": url})).status_code == 201
        assert [bot.platform for bot in recall.bots.values()] == ["google_meet", "zoom", "microsoft_teams", "webex"]
        assert (await http.post("bot/", json=asked(recording_config=None))).json()["recording_config"] is None


@pytest.mark.parametrize(
    ("name", "status", "is_json", "retry_after"),
    [
        ("402", 402, True, None),
        ("403", 403, False, None),
        ("429", 429, True, "12"),
        ("502", 502, False, None),
        ("503", 503, False, None),
        ("504", 504, False, None),
        ("507", 507, True, "30"),
    ],
)
async def test_scripted_answers_have_the_vendors_form(name, status, is_json, retry_after):
    """
    A scripted answer comes as often as it was asked for, with the vendor's body and Retry-After, and makes no bot.
    """
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        recall.script(name, times=2)
        answers = [await http.post("bot/", json=asked()) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [status, status, 201]
        assert answers[0].headers["content-type"].startswith("application/json" if is_json else "text/html")
        assert answers[0].headers.get("retry-after") == retry_after
        assert len(recall.bots) == 1


async def test_a_script_may_name_its_request():
    """
    507 is for Create Bot by itself; any answer can be put on any request, with any Retry-After.
    """
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        recall.script("507")
        recall.script("429", on="GET /api/v1/bot/", retry_after="1")

        limited = await http.get("bot/")
        assert limited.status_code == 429 and limited.headers["retry-after"] == "1"
        assert (await http.get("bot/")).status_code == 200
        recall.script("402")
        assert (await http.post("bot/nobody/leave_call/")).status_code == 404
        assert [(await http.post("bot/", json=asked())).status_code for _ in range(3)] == [507, 402, 201]
        with pytest.raises(RehearsalError, match="unknown answer"):
            recall.script("418")


async def test_an_answer_can_get_lost():
    """
    `lost` and `done 502` make the bot all the same: the client cannot know, and finds it by its metadata.
    """
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        recall.script("lost")
        recall.script("done 502")
        with pytest.raises(httpx.TransportError):
            await http.post("bot/", json=asked(metadata={"session_id": "a"}))
        assert (await http.post("bot/", json=asked(metadata={"session_id": "b"}))).status_code == 502

        for session in "ab":
            found = (await http.get("bot/", params={"metadata__session_id": session})).json()
            assert found["count"] == 1 and found["results"][0]["metadata"] == {"session_id": session}


async def test_a_key_gets_its_answer_again():
    """
    The same idempotency key gets the stored answer for an hour, a stored 507 included; 502 is not stored.
    """
    now = time.monotonic()
    async with RecallService(clocks=replace(HURRIED, clock=lambda: now)) as recall, client(recall.url) as http:

        async def create(key: str) -> httpx.Response:
            return await http.post("bot/", json=asked(), headers={"Idempotency-Key": key})

        recall.script("507")
        assert [(await create("one")).status_code for _ in range(3)] == [507, 507, 507]
        first, again = await create("two"), await create("two")
        assert first.status_code == 201 and first.json() == again.json()
        recall.script("502")
        assert [(await create("three")).status_code for _ in range(2)] == [502, 201]
        recall.script("done 502")
        assert [(await create("four")).status_code for _ in range(2)] == [502, 201]
        assert len(recall.bots) == 3
        now += 3601
        assert (await create("one")).status_code == 201


async def test_a_key_in_flight_is_a_conflict():
    """
    A second request with a key whose first is under way gets 409; afterwards it gets the answer of the first.
    """
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        recall.script("hold")
        headers = {"Idempotency-Key": "one"}
        first = asyncio.create_task(http.post("bot/", json=asked(), headers=headers))
        await recall.held()
        second = await http.post("bot/", json=asked(), headers=headers)
        recall.let_go()

        assert second.status_code == 409 and second.json()["code"] == "conflict"
        assert (await first).json() == (await http.post("bot/", json=asked(), headers=headers)).json()
        assert len(recall.bots) == 1


async def test_a_page_stops_only_when_it_is_named():
    """
    DELETE of Output Media without a body, or with an empty one, answers 204 and stops nothing.
    """
    done: list[tuple[str, ...]] = []

    async def opened(bot: object, url: str, place: str) -> None:
        done.append(("open", url, place))

    async def gone(bot: object, place: str) -> None:
        done.append(("gone", place))

    url = "https://agent.example.org/page/"
    async with RecallService(clocks=HURRIED, on_page=opened, on_page_gone=gone) as recall, client(recall.url) as http:
        await http.post("bot/", json=asked(output_media=PAGE))
        bot = await recall.next_bot()
        await bot.reaches("in_call_not_recording")
        path = f"bot/{bot.id}/output_media/"
        assert (await http.delete(path)).status_code == 204
        assert (await http.request("DELETE", path, json={})).status_code == 204
        assert (await http.request("DELETE", path, json={"screenshare": True})).status_code == 204
        await bot.pages.settled()
        assert done == [("open", url, "camera")] and bot.pages.open == {"camera": url}

        assert (await http.post(path, json={"screenshare": PAGE["camera"]})).status_code == 200
        assert (await http.post(path, json=PAGE)).status_code == 200
        assert (await http.post(path, json={"camera": {"kind": "iframe"}})).status_code == 400
        assert (await http.request("DELETE", path, json={"camera": True})).status_code == 204
        bot.end_meeting()
        await bot.reaches("done")
        await bot.pages.settled()
        assert done[1:] == [
            ("open", url, "screenshare"),
            ("gone", "camera"),
            ("open", url, "camera"),
            ("gone", "camera"),
            ("gone", "screenshare"),
        ]


async def test_a_command_needs_a_bot_in_the_call():
    """
    Before the call commands are 400 `cannot_command_unstarted_bot`, afterwards `cannot_command_completed_bot`; leaving
    works from the waiting room on.
    """
    async with (
        RecallService(clocks=HURRIED, habits=Habits(waiting_room=True)) as recall,
        client(recall.url) as http,
    ):
        await http.post("bot/", json=asked())
        bot = await recall.next_bot()
        await bot.reaches("in_waiting_room")
        commands = ("output_media/", "send_chat_message/", "start_recording/", "pause_recording/")
        codes = [(await http.post(f"bot/{bot.id}/{each}", json=PAGE)).json()["code"] for each in commands]
        assert codes == ["cannot_command_unstarted_bot"] * 4
        assert (await http.post(f"bot/{bot.id}/leave_call/")).status_code == 200
        await bot.reaches("done")
        codes = [
            (await http.post(f"bot/{bot.id}/{each}", json={})).json()["code"] for each in (*commands, "leave_call/")
        ]
        assert codes == ["cannot_command_completed_bot"] * 5
        assert bot.status_changes[-2]["sub_code"] == "bot_received_leave_call"


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        (MEET, {"message": "x" * 500}, 200),
        (MEET, {"message": "x" * 501}, 400),
        (MEET, {"message": "x", "to": "host"}, 400),
        (MEET, {"message": "x", "colour": "red"}, 400),
        (MEET, {"to": "everyone"}, 400),
        (MEET, ["x"], 400),
        (ZOOM, {"message": "x" * 4096, "to": "host"}, 200),
        (ZOOM, {"message": "x" * 4097}, 400),
        (ZOOM, {"message": "x", "to": "16778240"}, 200),
        ("https://acme.webex.com/meet/x", {"message": "x"}, 400),
    ],
)
async def test_chat_has_the_platforms_limits(url, body, status):
    """
    500 characters on Meet, 4096 elsewhere, private messages only on Zoom, nothing on Webex.
    """
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        await http.post("bot/", json=asked(meeting_url=url))
        bot = await recall.next_bot()
        await bot.reaches("in_call_not_recording")

        answer = await http.post(f"bot/{bot.id}/send_chat_message/", json=body)

        assert answer.status_code == status
        assert [line.message for line in bot.chat_sent] == ([body["message"]] if status == 200 else [])


async def test_lists_come_in_pages(receiver: Receiver):
    """
    Bots come by page number with a count, newest first; endpoints by cursor without one; both with absolute addresses.
    """
    async with RecallService(clocks=HURRIED, page_size=2) as recall, client(recall.url) as http:
        sockets = [endpoint(f"{receiver.ws}/{n}/", ["participant_events.join"]) for n in range(3)]
        for number in range(5):
            await http.post("bot/", json=everything(*sockets, metadata={"n": str(number)}))
        names, page = [], "bot/?platform=google_meet&platform=zoom&meeting_url=" + MEET
        while page:
            answer = (await http.get(page)).json()
            names += [bot["metadata"]["n"] for bot in answer["results"]]
            last, page = answer, answer["next"]
        assert names == ["4", "3", "2", "1", "0"] and last["count"] == 5
        assert last["previous"].startswith(recall.url)
        assert (await http.get("bot/?page=x")).status_code == 404
        assert (await http.get("bot/?platform=zoom")).json()["count"] == 0

        bot = next(iter(recall.bots.values()))
        await bot.reaches("in_call_recording")
        found, page = [], f"realtime_endpoint/?recording_id={bot.recordings[0].id}&status_code=running&type=websocket"
        while page:
            answer = (await http.get(page)).json()
            assert "count" not in answer
            found += answer["results"]
            page = answer["next"]
        assert [each["url"][-2] for each in found] == ["0", "1", "2"]
        one = (await http.get(f"realtime_endpoint/{found[1]['id']}/")).json()
        assert one == found[1]
        assert (await http.get("realtime_endpoint/?status_code=failed")).json()["results"] == []
        assert (await http.get("realtime_endpoint/nothing/")).status_code == 404


async def test_screenshots_can_be_fetched():
    """
    A bot that recorded has a screenshot: a list, the one, and a PNG behind its address.
    """
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        await http.post("bot/", json=everything())
        bot = await recall.next_bot()
        await bot.reaches("in_call_recording")
        shots = (await http.get(f"bot/{bot.id}/screenshots/")).json()
        assert (await http.get(f"bot/{bot.id}/screenshots/{shots[0]['id']}/")).json() == shots[0]
        assert (await http.get(shots[0]["url"])).content.startswith(b"\x89PNG")
        assert (await http.get(f"bot/{bot.id}/screenshots/x/")).status_code == 404


async def test_a_scheduled_bot_can_be_changed_until_it_is_sent():
    """
    A bot that joins later is ready, can be patched and deleted; one that is sent cannot (400 and 405).
    """
    gone = asyncio.Event()

    async def sleep(seconds: float) -> None:
        # Hours never pass here; what takes no time does.
        await (asyncio.sleep(0) if seconds < 60 else gone.wait())

    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    async with RecallService(clocks=Clocks(sleep=sleep)) as recall, client(recall.url) as http:
        recall.script("507")
        assert (await http.post("bot/", json=asked())).status_code == 507
        bots = []
        for _ in range(2):
            answer = await http.post("bot/", json=asked(join_at=later))
            assert answer.json()["join_at"] == later
            bots.append(await recall.next_bot())
        sent, dropped = bots
        patched = await http.patch(f"bot/{sent.id}/", json={"bot_name": "Later", "join_at": later})
        assert patched.status_code == 200 and patched.json()["bot_name"] == "Later"
        assert (await http.patch(f"bot/{sent.id}/", json={"bot_name": ""})).status_code == 400
        assert (await http.delete(f"bot/{dropped.id}/")).status_code == 204
        assert (await http.get(f"bot/{dropped.id}/")).status_code == 404
        assert (await http.post(f"bot/{sent.id}/leave_call/")).json()["code"] == "cannot_command_unstarted_bot"
        assert (await http.get("bot/", params={"join_at_after": "2020", "join_at_before": "2999"})).json()["count"] == 1
        assert sent.status == "ready"

        sent.dispatch()
        await sent.reaches("in_call_not_recording")
        assert (await http.patch(f"bot/{sent.id}/", json={})).json()["code"] == "update_bot_failed"
        assert (await http.delete(f"bot/{sent.id}/")).status_code == 405
        assert (await http.get(f"bot/{sent.id}/")).json()["join_at"] is None
