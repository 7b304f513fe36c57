"""The REST client over a real socket: headers, bodies, retries, keys, and lost answers."""

import asyncio
import re
import socket

import pytest

from server.errors import HostError, SettingsError
from server.hosts.recall.client import LARGEST_ANSWER, REGIONS, Client
from tests.hosts.recall.scripted_api import Answer, Break, error
from tests.hosts.recall.told import BOT, SESSION, payload

pytestmark = pytest.mark.anyio

BODY = {
    "meeting_url": "https://meet.google.com/xyz-mnop-qrs",
    "bot_name": "Parley",
    "metadata": {"session_id": SESSION},
}
CREATED = Answer(201, payload("create_bot.response"))
NO_BOTS = Answer(200, {"count": 0, "next": None, "previous": None, "results": []})


async def refused(call):
    """The error with which this call ends."""
    with pytest.raises(HostError) as caught:
        await call
    return caught.value


def keys(api):
    """The idempotency keys of the requests, in order."""
    return [asked.key for asked in api.asked]


def ways(api):
    """Method and path of the requests, in order."""
    return [(asked.method, asked.path) for asked in api.asked]


async def test_create_bot_is_one_signed_post(client, api, slept):
    """Create Bot is a POST with the token, JSON both ways, a slash at the end and a key of its own."""
    api.will(CREATED)
    assert await client.create_bot(BODY, SESSION) == BOT
    (asked,) = api.asked
    assert (asked.method, asked.path, asked.json, asked.key) == ("POST", "/api/v1/bot/", BODY, "key-1")
    assert asked.headers["authorization"] == "Token a-key"
    assert asked.headers["content-type"] == asked.headers["accept"] == "application/json"
    assert slept == []


async def test_a_get_has_no_body_and_no_key(client, api):
    """The firewall refuses a GET with a body, be it `null`."""
    api.will(Answer(200, payload("retrieve_bot.response.in_call")))
    assert (await client.bot(BOT))["id"] == BOT
    (asked,) = api.asked
    assert (asked.method, asked.path, asked.body, asked.key) == ("GET", f"/api/v1/bot/{BOT}/", b"", "")
    assert "content-length" not in asked.headers and "content-type" not in asked.headers


async def test_output_is_stopped_by_a_delete_with_a_body(client, api):
    """A DELETE without a body would succeed and stop nothing."""
    api.will(Answer(204))
    await client.stop_output(BOT, payload("output_media.stop.request"))
    (asked,) = api.asked
    assert (asked.method, asked.path, asked.json) == ("DELETE", f"/api/v1/bot/{BOT}/output_media/", {"camera": True})


async def test_the_other_commands(client, api):
    """Starting the page, chat and leaving are POSTs to the bot's own paths, each with a new key."""
    api.will(*[Answer(200, payload("retrieve_bot.response.in_call"))] * 3)
    await client.start_output(BOT, payload("output_media.start.request"))
    await client.chat(BOT, "Two items are open.", "everyone")
    await client.leave(BOT)
    commands = ("output_media", "send_chat_message", "leave_call")
    assert ways(api) == [("POST", f"/api/v1/bot/{BOT}/{command}/") for command in commands]
    assert [asked.body for asked in api.asked[2:]] == [b""]
    assert api.asked[0].json == payload("output_media.start.request")
    assert api.asked[1].json == payload("send_chat_message.request")
    assert keys(api) == ["key-1", "key-2", "key-3"]


async def test_no_bot_free_is_tried_again_with_a_new_key(client, api, slept):
    """507: wait as long as the vendor says, or 30 s, take a new key, and tell the operator in words."""
    api.will(error("507"), Answer(507, {"detail": "none"}), Answer(507, "<html>"), CREATED)
    told = []
    assert await client.create_bot(BODY, SESSION, told.append) == BOT
    assert keys(api) == ["key-1", "key-2", "key-3", "key-4"]
    assert slept == [30.0, 30.0, 30.0]
    assert told == [f"no bot is free; trying again in 30 s ({again} of 10)" for again in (2, 3, 4)]


async def test_ten_times_no_bot_is_enough(client, api, slept):
    """After ten refusals the operator is told to try later, and that it may help."""
    api.will(*[error("507")] * 10)
    caught = await refused(client.create_bot(BODY, SESSION))
    assert (len(api.asked), len(slept)) == (10, 9)
    assert (caught.status, caught.code, caught.retryable) == (507, "adhoc_pool_depleted", True)
    assert "no bot free" in str(caught)


async def test_the_same_request_still_running_keeps_its_key(client, api, slept):
    """409: the same key with growing waits."""
    api.will(error("409"), error("409"), error("409"), CREATED)
    assert await client.create_bot(BODY, SESSION) == BOT
    assert set(keys(api)) == {"key-1"}
    assert slept == [1.0, 2.0, 4.0]


async def test_too_many_requests_wait_as_long_as_told(client, api, slept):
    """429: wait what Retry-After says, as a number or as a date; nothing was done, so the key is new."""
    dated = Answer(429, {}, {"retry-after": "Mon, 08 Mar 2027 09:00:20 GMT"})
    api.will(error("429"), dated, Answer(429, {}, {"retry-after": "soon"}), CREATED)
    assert await client.create_bot(BODY, SESSION) == BOT
    assert slept == [12.0, 20.0, 4.0]
    assert keys(api) == ["key-1", "key-2", "key-3", "key-4"]


async def test_a_wait_beyond_reason_is_refused(client, api, slept):
    """A vendor that asks for an hour gets an error at once, not a caller that hangs."""
    api.will(Answer(429, {}, {"retry-after": "3600"}))
    assert (await refused(client.bot(BOT))).retryable
    assert slept == []


@pytest.mark.parametrize(("status", "waits"), [(502, [1.0, 2.0]), (503, [10.0, 20.0]), (504, [1.0, 2.0])])
async def test_dropped_under_load(client, api, slept, status, waits):
    """502, 503 and 504 are tried again with the same key, 503 after a longer wait."""
    api.will(Answer(status, "<html>"), Answer(status, "<html>"), CREATED)
    assert await client.create_bot(BODY, SESSION) == BOT
    assert keys(api) == ["key-1"] * 3
    assert slept == waits


@pytest.mark.parametrize("lost", [Break(), Break(midway=True)])
async def test_a_broken_connection_is_tried_again_with_the_same_key(client, api, slept, lost):
    """A connection that breaks before or within the answer is safe to repeat with its key."""
    api.will(lost, lost, CREATED)
    told = []
    assert await client.create_bot(BODY, SESSION, told.append) == BOT
    assert keys(api) == ["key-1"] * 3
    assert told[0] == "Recall cannot be reached; trying again in 1 s (2 of 5)"


async def test_a_lost_answer_is_looked_for_at_the_end(client, api):
    """When trying again with the key is over, the bot is looked for by its session before anybody gives up."""
    api.will(*[Break()] * 5, Answer(200, payload("list_bots.response")))
    assert await client.create_bot(BODY, SESSION) == BOT
    assert ways(api)[-1] == ("GET", "/api/v1/bot/")
    assert api.asked[-1].query == {"metadata__session_id": SESSION}


async def test_a_lost_answer_is_looked_for_before_a_new_key(client, api):
    """After a lost answer nothing is ordered with a new key before the bot was looked for."""
    api.will(Answer(504), error("507"), NO_BOTS, Answer(502), error("429"), Answer(200, payload("list_bots.response")))
    assert await client.create_bot(BODY, SESSION) == BOT
    assert [asked.method for asked in api.asked] == ["POST", "POST", "GET", "POST", "POST", "GET"]
    assert [key for key in keys(api) if key] == ["key-1", "key-1", "key-3", "key-3"]


async def test_a_bot_that_is_over_is_not_the_lost_one(client, api):
    """A bot of an earlier meeting of the same session, done or failed, does not count as sent."""
    old = {"results": [payload("retrieve_bot.response.done"), None, 3]}
    api.will(*[Answer(502)] * 5, Answer(200, old))
    caught = await refused(client.create_bot(BODY, SESSION))
    assert (caught.status, caught.retryable) == (502, True)


async def test_what_cannot_be_found_out_is_said(client, api):
    """When even the search fails, the operator is warned that a bot may be on its way."""
    api.will(Answer(500), error("401.missing"))
    caught = await refused(client.create_bot(BODY, SESSION))
    assert caught.status == 500
    assert "may have been sent" in caught.advice


async def test_commands_look_for_nothing(client, api):
    """Only a lost Create Bot is looked for: other commands may be repeated."""
    api.will(*[Break()] * 5)
    caught = await refused(client.leave(BOT))
    assert (caught.code, caught.retryable, caught.status) == ("unreachable", True, 0)
    assert len(api.asked) == 5


async def test_a_yes_that_cannot_be_read_is_a_yes(client, api):
    """Create Bot answered with nonsense, or without an id: the bot is there and is found by its session."""
    api.will(Answer(201, "{"), Answer(200, payload("list_bots.response")))
    assert await client.create_bot(BODY, SESSION) == BOT
    api.will(Answer(201, {"id": 7}), NO_BOTS)
    assert "names no bot" in str(await refused(client.create_bot(BODY, SESSION)))


async def test_an_answer_without_end_is_cut(client, api):
    """An answer larger than the limit is not read to its end, and is no answer."""
    api.will(Answer(200, "[" + " " * LARGEST_ANSWER * 2 + "]"))
    assert (await refused(client.bot(BOT))).code == "bad-answer"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("400.field_errors", "bad-request"),
        ("400.update_bot_failed", "update_bot_failed"),
        ("401.missing", "not_authenticated"),
        ("401.wrong_key_or_region", "authentication_failed"),
        ("402", "insufficient_credit_balance"),
        ("403.waf", "blocked"),
        ("404.bot", "not_found"),
        ("404.route", "no-route"),
        ("405.delete_dispatched", "method_not_allowed"),
    ],
)
async def test_refusals_are_not_tried_again(client, api, slept, name, code):
    """What trying again cannot help is told at once."""
    api.will(error(name))
    caught = await refused(client.create_bot(BODY, SESSION))
    assert (caught.code, caught.status) == (code, int(name[:3]))
    assert caught.advice and not caught.retryable
    assert (len(api.asked), slept) == (1, [])


async def test_leaving_twice_is_no_error(client, api):
    """A bot that has left already has left."""
    api.will(error("400.cannot_command_completed_bot"))
    await client.leave(BOT)
    api.will(error("400.cannot_command_completed_bot"))
    assert (await refused(client.chat(BOT, "hello", "everyone"))).code == "cannot_command_completed_bot"


async def test_a_bot_that_was_not_sent_yet_is_called_back(client, api):
    """A bot that takes no commands yet is deleted; where that is too late, the operator is told to wait."""
    api.will(error("400.cannot_command_unstarted_bot"), Answer(204))
    await client.leave(BOT)
    assert ways(api)[-1] == ("DELETE", f"/api/v1/bot/{BOT}/")
    api.will(error("400.cannot_command_unstarted_bot"), error("405.delete_dispatched"))
    caught = await refused(client.leave(BOT))
    assert (caught.code, caught.retryable) == ("cannot_command_unstarted_bot", True)


async def test_nobody_there():
    """A port where nobody listens is tried five times, then told with what to look at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        waits = []

        async def sleep(seconds):
            waits.append(seconds)

        client = Client("a-key", base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", sleep=sleep)
        caught = await refused(client.bot(BOT))
        await client.close()
        await client.close()
    assert (caught.code, len(waits)) == ("unreachable", 4)
    assert "region" in caught.advice
    # Two callers never come back at the same moment.
    assert all(base <= wait <= base * 1.2 for base, wait in zip([1, 2, 4, 8], waits, strict=True))


async def test_an_answer_that_takes_for_ever(monkeypatch):
    """A vendor that accepts the request and says nothing is given up after the deadline."""
    monkeypatch.setattr("server.hosts.recall.client.DEADLINE", 0.1)

    async def serve(reader, writer):
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        silent = Client("a-key", base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", sleep=_at_once)
        caught = await refused(silent.bot(BOT))
        await silent.close()
    assert (caught.code, caught.retryable) == ("timeout", True)


async def _at_once(seconds):
    pass


@pytest.mark.parametrize("bot", ["", "../bot", "a/b", "x" * 65, "a b", "ä"])
async def test_an_odd_id_never_becomes_a_path(client, api, bot):
    """What is no bot's id is refused before anything is sent."""
    assert (await refused(client.leave(bot))).code == "bad-bot-id"
    assert api.asked == []


@pytest.mark.parametrize("key", ["a-key", " a-key\n", "Token a-key", "token  a-key", "Bearer a-key"])
async def test_the_key_is_taken_however_it_was_copied(api, key):
    """A key that was copied with its scheme or with blanks is sent as `Token` and the bare key."""
    client = Client(key, base_url=api.base_url)
    api.will(NO_BOTS)
    assert await client.bots(SESSION) == []
    await client.close()
    assert api.asked[0].headers["authorization"] == "Token a-key"


async def test_settings_that_cannot_be():
    """A key that no header can carry, an unknown region and a base URL that is none are refused, unrepeated."""
    for bad in ("", "Token ", "a key", "a\nkey", "schlüssel"):
        with pytest.raises(SettingsError) as caught:
            Client(bad, region="us-east-1")
        assert not bad.strip() or bad not in str(caught.value)
    for region in ("", "mars-1", "US-EAST-1"):
        with pytest.raises(SettingsError, match="eu-central-1"):
            Client("a-key", region=region)
    for base_url in ("ftp://example.org", "https://ana:pw@example.org", "example.org"):
        with pytest.raises(SettingsError, match="base URL"):
            Client("a-key", base_url=base_url)


async def test_where_the_api_is():
    """Each region has its own address; a base URL may end with or without slash and path."""
    made = [Client("a-key", region=region) for region in REGIONS]
    assert made[2].base_url == "https://eu-central-1.recall.ai/api/v1/"
    ends = ["", "/", "/api/v1", "/api/v1/"]
    others = [Client("a-key", base_url=f"https://recall.example.org:8443{end}") for end in ends]
    assert {each.base_url for each in others} == {"https://recall.example.org:8443/api/v1/"}
    for each in made + others:
        await each.close()


async def test_keys_are_fresh_by_themselves(api):
    """Without a test's hand on it every call has another key, long enough that nobody else has it."""
    client = Client("a-key", base_url=api.base_url)
    api.will(Answer(200, {}), Answer(200, {}))
    await client.chat(BOT, "a", "everyone")
    await client.chat(BOT, "a", "everyone")
    await client.close()
    first, second = keys(api)
    assert first != second and re.fullmatch(r"[0-9a-f-]{36}", first)


async def test_the_machines_proxy_is_not_asked(api, monkeypatch):
    """A proxy of the environment, which would see the key, is not used."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    client = Client("a-key", base_url=api.base_url)
    api.will(NO_BOTS)
    assert await client.bots(SESSION) == []
    await client.close()
