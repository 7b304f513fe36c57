"""The life of the Recall stand-in's bot, and what the dashboard's webhook hears of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from recalling import TEXT, ZOOM, asked, endpoint, everything, seated
from receiving import HURRIED, OLD_SECRET, SECRET, Receiver, client
from standardwebhooks import Webhook

from server.errors import RehearsalError
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.recall_life import Habits
from server.rehearsal.hosts.recall_service import RecallService

pytestmark = pytest.mark.anyio


def statuses(receiver: Receiver) -> list[str]:
    return [each["event"] for each in receiver.posted("/status") if each["event"].startswith("bot.")]


async def test_a_life_goes_step_by_step(receiver: Receiver):
    """
    From joining to done in the documented order, each step as a webhook with its sub code, signed over its raw bytes.
    """
    habits = Habits(waiting_room=True)
    async with (
        RecallService(
            clocks=HURRIED, secrets=[SECRET], dashboard_url=receiver.http + "/status", habits=habits
        ) as recall,
        client(recall.url) as http,
    ):
        await http.post("bot/", json=everything())
        bot = await recall.next_bot()
        await bot.reaches("in_waiting_room")
        await recall.settled()
        assert statuses(receiver) == ["bot.joining_call", "bot.in_waiting_room"]
        assert not bot.in_call
        bot.admit()
        await bot.reaches("in_call_recording")
        bot.end_meeting()
        await bot.reaches("done")
        await recall.settled()

        assert statuses(receiver)[2:] == [
            "bot.in_call_not_recording",
            "bot.in_call_recording",
            "bot.call_ended",
            "bot.done",
        ]
        message = receiver.posted("/status")[-1]
        assert message["data"]["bot"] == {"id": bot.id, "metadata": {"session_id": "s1"}}
        ended = next(each for each in receiver.posted("/status") if each["event"] == "bot.call_ended")
        assert ended["data"]["data"]["sub_code"] == "call_ended_by_host"
        assert {each["event"] for each in receiver.posted("/status")} >= {"recording.done", "transcript.done"}
        times = [change["created_at"] for change in bot.status_changes]
        assert times == sorted(set(times))
        for post in receiver.posts:
            Webhook(SECRET).verify(post.body, dict(post.headers))
        assert len({post.headers["webhook-id"] for post in receiver.posts}) == len(receiver.posts)


async def test_older_accounts_have_other_headers_and_shapes(receiver: Receiver):
    """
    The svix family with a secret of its own, two signatures during a rotation, and the v1.10 shape.
    """
    async with (
        RecallService(
            clocks=HURRIED,
            secrets=[SECRET],
            dashboard_url=receiver.http + "/status",
            dashboard_secrets=[OLD_SECRET, SECRET],
            family="svix",
            habits=Habits(generation="v1.10"),
        ) as recall,
        client(recall.url) as http,
    ):
        await http.post("bot/", json=everything())
        bot = await recall.next_bot()
        await bot.reaches("in_call_recording")
        await recall.settled()

        post = next(post for post in receiver.posts if post.message["event"].startswith("bot."))
        assert post.message["event"] == "bot.status_change"
        assert post.message["data"]["status"]["code"] == "joining_call"
        headers = {name.replace("svix", "webhook"): value for name, value in post.headers.items()}
        assert "svix-id" in post.headers and len(headers["webhook-signature"].split(" ")) == 2
        for secret in (SECRET, OLD_SECRET):
            Webhook(secret).verify(post.body, headers)
        last = [each for each in receiver.posted("/status") if each["event"] == "bot.status_change"][-1]
        assert last["data"]["status"]["recording_id"] == bot.recordings[0].id


async def test_a_refused_status_comes_again(receiver: Receiver):
    """
    A status that is not taken is delivered again with its id and a new signature; what comes behind it does not wait.
    """
    hours = asyncio.Event()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await (hours.wait() if seconds >= 300 else asyncio.sleep(0))

    receiver.answers.extend([503, 503, 503])
    async with (
        RecallService(clocks=Clocks(sleep=sleep), secrets=[SECRET], dashboard_url=receiver.http + "/status") as recall,
        client(recall.url) as http,
    ):
        await http.post("bot/", json=asked())
        bot = await recall.next_bot()
        await bot.reaches("in_call_not_recording")
        await recall.settled()
        await receiver.until(lambda: len(receiver.posts) == 4)
        hours.set()
        await receiver.until(lambda: len(receiver.posts) >= 5)
        codes = [post.message["data"]["data"]["code"] for post in receiver.posts]
        assert set(codes) == {"joining_call", "in_call_not_recording"}
        again = [post for post in receiver.posts if post.message["data"]["data"]["code"] == codes[0]]
        assert len(again) > 1 and len({post.headers["webhook-id"] for post in again}) == 1
        for post in again:
            Webhook(SECRET).verify(post.body, dict(post.headers))
        assert {0.0, 5.0} <= set(waits)


async def test_statuses_repeat_and_overtake_on_request(receiver: Receiver):
    """
    `repeats` delivers every status so often under one id; `hold` and `release` change their order.
    """
    async with (
        RecallService(clocks=HURRIED, dashboard_url=receiver.http + "/status") as recall,
        client(recall.url) as http,
    ):
        assert recall.dashboard is not None
        recall.dashboard.repeats = 2
        recall.dashboard.hold()
        await http.post("bot/", json=asked())
        bot = await recall.next_bot()
        await bot.reaches("in_call_not_recording")
        assert not receiver.posts
        recall.dashboard.release(lambda messages: messages[::-1])
        await recall.settled()

        assert statuses(receiver) == ["bot.in_call_not_recording"] * 2 + ["bot.joining_call"] * 2
        ids = [each.id for each in recall.dashboard.deliveries]
        assert ids[0] == ids[1] != ids[2] == ids[3]


async def test_a_bot_can_be_turned_away(receiver: Receiver):
    """
    Kicked from the waiting room or the call, or broken: the sub code says which, and `fatal` has no `done`.
    """
    async with RecallService(clocks=HURRIED, habits=Habits(waiting_room=True)) as recall, client(recall.url) as http:
        ends = []
        for how in ("kick early", "kick", "fail"):
            await http.post("bot/", json=asked())
            bot = await recall.next_bot()
            await bot.reaches("in_waiting_room")
            if how == "kick":
                bot.admit()
                await bot.reaches("in_call_not_recording")
            if how == "fail":
                bot.fail("meeting_locked")
            else:
                bot.kick()
            await bot.reaches("fatal" if how == "fail" else "done")
            ends.append([(each["code"], each["sub_code"]) for each in bot.status_changes if each["sub_code"]])
            with pytest.raises(RehearsalError, match="without having been"):
                await bot.reaches("in_call_recording")

        assert ends == [
            [("call_ended", "bot_kicked_from_waiting_room")],
            [("call_ended", "bot_kicked_from_call")],
            [("fatal", "meeting_locked")],
        ]


async def test_zoom_asks_for_permission():
    """
    Recording waits for the host; a no is told with its sub code and ends the bot after its time, a later yes does not.
    """
    patience = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await (patience.wait() if seconds == 30 else asyncio.sleep(0))

    habits = Habits(asks_permission=True)
    async with RecallService(clocks=Clocks(sleep=sleep), habits=habits) as recall, client(recall.url) as http:
        for yes in (True, False):
            await http.post("bot/", json=everything(meeting_url=ZOOM))
            bot = await recall.next_bot()
            await bot.reaches("in_call_not_recording")
            bot.permission("zoom_local_recording_request_denied_by_host")
            assert bot.status == "recording_permission_denied"
            assert (await http.post(f"bot/{bot.id}/request_recording_permission/")).status_code == 200
            assert bot.permission_requests == 1
            if yes:
                bot.permission()
                patience.set()
                assert bot.status == "in_call_recording" and not bot.completed
                patience.clear()
            else:
                patience.set()
                await bot.reaches("done")
                assert bot.status_changes[-2]["sub_code"] == "timeout_exceeded_recording_permission_denied"


@pytest.mark.parametrize("start", ["call_join", "participant_join", "participant_speak", "manual", None])
async def test_recording_begins_when_it_was_asked_to(receiver: Receiver, start: str | None):
    """
    `start_recording_on` decides; `manual` and an explicit null wait for start_recording.
    """
    request = everything(endpoint(receiver.ws + "/rt/", TEXT))
    config = request["recording_config"]
    request["recording_config"] = None if start is None else {**config, "start_recording_on": start}
    async with RecallService(clocks=HURRIED) as recall, client(recall.url) as http:
        await http.post("bot/", json=request)
        bot = await recall.next_bot()
        await bot.reaches("in_call_not_recording")
        seen = []
        for _ in range(3):
            await asyncio.sleep(0)
        seen.append(bot.recording is not None)
        bot.person_joins(100, "Ana")
        seen.append(bot.recording is not None)
        bot.says(100, "Hello there.", 0.0, 1.0)
        seen.append(bot.recording is not None)
        answer = await http.post(f"bot/{bot.id}/start_recording/", json=config)
        assert answer.status_code == 200
        seen.append(bot.recording is not None)

        assert (
            seen
            == {
                "call_join": [True, True, True, True],
                "participant_join": [False, True, True, True],
                "participant_speak": [False, False, True, True],
                "manual": [False, False, False, True],
                None: [False, False, False, True],
            }[start]
        )


async def test_a_paused_bot_tells_nothing(receiver: Receiver):
    """
    While it is paused, and after it was stopped, nothing live is sent; the status goes back and forth.
    """
    async with seated(receiver) as (bot, http):
        bot.person_joins(100, "Ana")
        for path in ("pause_recording/", "resume_recording/", "stop_recording/"):
            answer = await http.post(f"bot/{bot.id}/{path}")
            codes = [each["status"]["code"] for each in answer.json()["recordings"]]
            assert codes == {"pause_recording/": ["paused"], "resume_recording/": ["processing"]}.get(path, ["done"])
            bot.says(100, path, 1.0, 2.0)
        await receiver.until(lambda: receiver.sockets[0].code is not None)

        said = receiver.sockets[0].events("transcript.data")
        assert [word["text"] for each in said for word in each["words"]] == ["resume_recording/"]
        assert [change["code"] for change in bot.status_changes][-4:] == [
            "in_call_recording",
            "in_call_not_recording",
            "in_call_recording",
            "in_call_not_recording",
        ]


async def test_a_new_recording_has_only_what_its_request_says(receiver: Receiver):
    """
    start_recording replaces the recording: without a body the endpoints are gone, with the whole configuration there
    are new ones.
    """
    request = everything(endpoint(receiver.ws + "/rt/", TEXT))
    async with seated(receiver, request) as (bot, http):
        bot.person_joins(100, "Ana")
        await receiver.until(lambda: receiver.sockets)
        assert (await http.post(f"bot/{bot.id}/start_recording/", json={"realtime_endpoints": 7})).status_code == 400
        assert (await http.post(f"bot/{bot.id}/start_recording/")).status_code == 200
        await receiver.until(lambda: receiver.sockets[0].code == 1000)
        bot.says(100, "Nobody hears this.", 1.0, 2.0)
        assert not bot.endpoints

        await http.post(f"bot/{bot.id}/start_recording/", json=request["recording_config"])
        bot.says(100, "This is heard.", 0.0, 1.0)
        await receiver.until(lambda: len(receiver.sockets) == 2 and receiver.sockets[1].events("transcript.data"))
        assert len(bot.as_json()["recordings"]) == 3
        message = receiver.sockets[1].messages[-1]
        assert message["data"]["recording"]["id"] == bot.recordings[-1].id
        assert receiver.sockets[1].messages[0]["event"] == "participant_events.join"


async def test_the_greeting_is_written_on_joining(receiver: Receiver):
    """
    `chat.on_bot_join` is written by the bot when it is in the call, before anything else.
    """
    chat = {"on_bot_join": {"send_to": "host", "message": "I am an assistant.", "pin": True}}
    async with seated(receiver, everything(chat=chat)) as (bot, _):
        assert [(line.message, line.to, line.pin) for line in bot.chat_sent] == [("I am an assistant.", "host", True)]


async def test_who_joins_is_greeted_if_the_request_says_so(receiver: Receiver):
    """
    `chat.on_participant_join` is written for everybody who joins, but not for the host when that is excluded.
    """
    chat = {"on_participant_join": {"message": "An assistant is here.", "exclude_host": True}}
    async with seated(receiver, everything(chat=chat)) as (bot, _):
        bot.person_joins(100, "Ana", is_host=True)
        bot.person_joins(200, "Ben")
        assert [line.message for line in bot.chat_sent] == ["An assistant is here."]


async def test_a_status_that_nobody_takes_is_remembered(receiver: Receiver):
    """
    A dashboard address without anybody behind it costs nothing but the tries, which can be read afterwards.
    """
    async with seated(receiver, dashboard_url="http://127.0.0.1:9/nobody") as (bot, _):
        assert bot.status == "in_call_recording"


async def test_a_mistake_of_the_stand_in_is_not_silent():
    """
    What goes wrong in a callback or in the stand-in's own task is raised when the service ends.
    """

    async def broken(bot: object, url: str, place: str) -> None:
        raise OSError("no browser")

    page = {"camera": {"kind": "webpage", "config": {"url": "https://agent.example.org/"}}}
    recall = await RecallService(clocks=HURRIED, on_page=broken).__aenter__()
    async with client(recall.url) as http:
        await http.post("bot/", json=asked(output_media=page))
        await (await recall.next_bot()).pages.settled()
    with pytest.raises(OSError, match="no browser"):
        await recall.__aexit__(None, None, None)


async def test_an_end_in_the_middle_leaves_nothing_behind(receiver: Receiver):
    """
    A service that ends while its bots are seated, waiting and scheduled leaves no task and no open socket.
    """
    async with RecallService(clocks=replace(HURRIED, sleep=asyncio.sleep)) as recall, client(recall.url) as http:
        before = asyncio.all_tasks()
        await http.post("bot/", json=everything(endpoint(receiver.ws + "/rt/", TEXT)))
        await (await recall.next_bot()).reaches("in_call_recording")
        recall.habits.waiting_room = True
        await http.post("bot/", json=asked())
        await http.post("bot/", json=asked(join_at="2999-01-01T00:00:00+00:00"))
        await receiver.until(lambda: receiver.sockets)
    await receiver.until(lambda: receiver.sockets[0].code is not None)
    await asyncio.sleep(0)
    mine = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not [name for name in mine if name.startswith("stand-in")]
