"""The REST client against a scripted vendor on a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import count

import pytest

from server.errors import HostError
from server.hosts.meetstream.client import LONGEST_BACKOFF, TRIES, Client
from tests.hosts.meetstream.told import BOT, payload
from tests.hosts.recall.scripted_api import Answer, Break, ScriptedApi, serving

pytestmark = pytest.mark.anyio

NOW = 1802356800.0  # Thu, 11 Feb 2027 14:40:00 GMT


@pytest.fixture
async def api() -> AsyncIterator[ScriptedApi]:
    """The vendor's REST interface on the loopback address, with nothing scripted."""
    async with serving() as scripted:
        yield scripted


@pytest.fixture
def slept() -> list[float]:
    """The seconds that the client waited. None of them really passed."""
    return []


@pytest.fixture
async def client(api, slept) -> AsyncIterator[Client]:
    """A client whose waits are kept, whose chance is always the whole, and whose keys are key-1, key-2."""
    numbers = count(1)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    made = Client(
        "a-key",
        base_url=f"{api.base_url}/api/v1",
        sleep=sleep,
        now=lambda: NOW,
        chance=lambda: 1.0,
        new_key=lambda: f"key-{next(numbers)}",
    )
    yield made
    await made.close()
    await made.close()


def created(status: int = 201, name: str = "create_bot.response.201") -> Answer:
    return Answer(status, payload(f"rest/{name}"))


async def test_a_bot_is_made(api, client):
    """create_bot is one POST with the key, the body as it is and an idempotency key; the answer's id is the bot."""
    api.will(created())
    assert await client.create_bot({"bot_name": "Parley"}) == BOT
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/bots/create_bot")
    assert asked.headers["authorization"] == "Token a-key"
    assert asked.headers["content-type"] == "application/json"
    assert asked.key == "key-1" and asked.json == {"bot_name": "Parley"}


async def test_the_scheme_can_be_another(api):
    """Some of the vendor's pages show Bearer; should they be right one day, it is one setting."""
    api.will(Answer(200, {}))
    client = Client("a-key", base_url=api.base_url, scheme="Bearer")
    await client.status(BOT)
    await client.close()
    assert api.asked[0].headers["authorization"] == "Bearer a-key"


@pytest.mark.parametrize("answer", [created(200), created(507, "create_bot.response.507_replay")])
async def test_a_replay_is_a_success(api, client, slept, answer):
    """200 and 507 describe the bot that was made first: no error, no second try."""
    api.will(answer)
    assert await client.create_bot({}) == BOT
    assert slept == []


@pytest.mark.parametrize("field", ["id", "BotID"])
async def test_the_id_by_its_other_names(api, client, field):
    """Samples read the id from other fields when bot_id is missing; so do we."""
    api.will(Answer(201, {field: "bot-9"}))
    assert await client.create_bot({}) == "bot-9"


async def test_a_retry_carries_the_same_key(api, client, slept):
    """Whatever happened to the first tries, at most one bot is made: the key stays, and differs for the next bot."""
    api.will(Answer(503), Break(), Break(midway=True), created(507, "create_bot.response.507_replay"))
    waits = []
    assert await client.create_bot({}, waits.append) == BOT
    assert {asked.key for asked in api.asked} == {"key-1"} and len(api.asked) == 4
    assert slept == [0.5, 1.0, 2.0] and len(waits) == 3 and "trying again" in waits[0]
    api.will(created())
    await client.create_bot({})
    assert api.asked[-1].key == "key-2"


async def test_the_backoff_is_random_and_bounded(api):
    """The wait before a retry is any time between zero and a bound that doubles up to its longest."""
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    for chance in (0.0, 0.25, 1.0):
        client = Client("a-key", base_url=api.base_url, sleep=sleep, chance=lambda chance=chance: chance)
        with pytest.raises(HostError):
            await client.status(BOT)
        await client.close()
        assert slept[-TRIES + 1 :] == [chance * min(LONGEST_BACKOFF, 0.5 * 2**n) for n in range(TRIES - 1)]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Thu, 11 Feb 2027 14:40:30 GMT", 30.0),
        ("Thu, 11 Feb 2027 14:00:00 GMT", 0.0),
        ("soon", 0.5),
        ("", 0.5),
    ],
)
async def test_retry_after_is_kept(api, client, slept, header, seconds):
    """429 is tried again after as long as the vendor says, in seconds or as a date; without a word, by backoff."""
    api.will(Answer(429, {"message": "slow down"}, {"Retry-After": header}), created())
    assert await client.create_bot({}) == BOT
    assert slept == [seconds]


async def test_a_very_long_wait_is_told_instead(api, client, slept):
    """Nobody sits before a joining bot for an hour: the operator is told."""
    api.will(Answer(429, None, {"Retry-After": "3600"}))
    with pytest.raises(HostError, match="wait") as caught:
        await client.create_bot({})
    assert slept == [] and caught.value.retryable and caught.value.code == "limited"


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [(400, "bad-request", False), (401, "bad-key", False), (402, "no-credit", False), (403, "forbidden", False),
     (404, "unknown-bot", False), (409, "wrong-state", False), (410, "gone", False), (418, "refused", False),
     (302, "refused", False), (505, "failed", True)],
)  # fmt: skip
async def test_refusals_are_not_tried_again(api, client, slept, status, code, retryable):
    """What would be refused again is said at once, in our words, with the status."""
    api.will(Answer(status, payload("rest/error.400") if status != 400 else {}))
    with pytest.raises(HostError) as caught:
        await client.status(BOT)
    error = caught.value
    assert (error.code, error.status, error.retryable) == (code, status, retryable) and slept == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (payload("rest/error.400")["message"], "in_call_recording_timeout"),
        ("meeting_link is required.", "meeting_link"),
        ("live_video_required: bad", "field live_video_required"),
        ("webhook_url is provided but no streaming provider found", "no streaming"),
        ("https://meet.google.com/mno-pqrs-tuv is no meeting of Marta's", "refused the request as wrong"),
        (7, "refused the request as wrong"),
    ],
)
async def test_a_400_names_the_field_and_nothing_else(api, client, said, words):
    """Of the vendor's own words only the names of our fields are repeated: the rest may quote the meeting's address."""
    api.will(Answer(400, {"message": said}))
    with pytest.raises(HostError, match=words) as caught:
        await client.create_bot({"meeting_link": "https://meet.google.com/mno-pqrs-tuv"})
    assert "google" not in str(caught.value) and "Marta" not in str(caught.value) and caught.value.advice


async def test_calls_that_only_read(api, client):
    """status, detail and remove_bot are GETs; removing changes something and is a GET all the same."""
    api.will(*(Answer(200, payload(f"rest/{name}.response.200")) for name in ("status", "detail", "remove_bot")))
    assert (await client.status(BOT))["status"] == "InMeeting"
    assert (await client.detail(BOT))["bot_details"]["Platform"] == "GMeet"
    await client.remove_bot(BOT)
    assert [(asked.method, asked.path) for asked in api.asked] == [
        ("GET", f"/api/v1/bots/{BOT}/{what}") for what in ("status", "detail", "remove_bot")
    ]


async def test_chat_and_pictures(api, client):
    """send_message and send_image have the documented bodies."""
    api.will(Answer(200, payload("rest/send_message.response.200")), Answer(202, None))
    message, image = payload("rest/send_message.request"), payload("rest/send_image.request")
    await client.send_message(BOT, message["message"])
    await client.send_image(BOT, image["img_url"], image["display_duration"])
    assert [asked.json for asked in api.asked] == [message, image]
    assert [asked.path.rsplit("/", 1)[1] for asked in api.asked] == ["send_message", "send_image"]


@pytest.mark.parametrize("fault", [Answer(500), Answer(503), Answer(507), Break(), Break(midway=True)])
async def test_a_chat_line_is_never_written_twice(api, client, fault):
    """Nobody knows whether a broken call wrote the line, so it is not tried again."""
    api.will(fault)
    with pytest.raises(HostError) as caught:
        await client.send_message(BOT, "Hello")
    assert len(api.asked) == 1 and caught.value.retryable


async def test_a_chat_line_refused_for_its_time_is_tried_again(api, client):
    """429 surely wrote nothing."""
    api.will(Answer(429), Answer(200, {}))
    await client.send_message(BOT, "Hello")
    assert len(api.asked) == 2


async def test_nobody_there():
    """A vendor that cannot be reached is said to be, after a few tries, with what to look at."""
    async with serving() as gone:
        address = gone.base_url
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    client = Client("a-key", base_url=address, sleep=sleep)
    with pytest.raises(HostError, match="not reached") as caught:
        await client.send_message(BOT, "Hello")
    await client.close()
    assert caught.value.code == "unreachable" and len(slept) == TRIES - 1


@pytest.mark.parametrize(
    "body", ["no json", "[]", json.dumps({"bot_id": None}), "[" * 5000, json.dumps("x" * 2_000_000)]
)
async def test_an_answer_without_a_bot(api, client, body):
    """A success that names no bot is an error that says where to look for it."""
    api.will(Answer(201, body))
    with pytest.raises(HostError, match="no bot") as caught:
        await client.create_bot({})
    assert "dashboard" in caught.value.advice


async def test_an_id_stays_inside_its_part_of_the_path(api, client):
    """Whatever an id holds, it cannot lead to another endpoint."""
    api.will(Answer(200, {}))
    await client.status("../../x?y")
    assert api.asked[0].path == "/api/v1/bots/..%2F..%2Fx%3Fy/status"
