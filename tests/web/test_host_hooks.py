"""Webhooks of hosts over real HTTP: whose are taken, and what becomes of them."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import httpx
import pytest

from server.hosts.signatures import Family, sign
from server.rehearsal.hosts.clocks import iso
from server.seats.addresses import HostAddresses, Way
from server.seats.seat import Seat
from tests.seats.seating import OLD_SECRET, SECRET, House, house, until
from tests.served import SECRET as OURS

pytestmark = pytest.mark.anyio

_IDS = (f"msg_{number}" for number in itertools.count())
#: later than everything that the stand-in says by itself
LATER = time.time() + 1_000_000


def news(seat: Seat, code: str, at: float, *, bot: str = "", sub_code: str | None = None) -> dict[str, Any]:
    """A status webhook about this seat's bot. `at` is seconds after LATER."""
    stamp = iso(LATER + at, "+00:00")
    change = {"code": code, "sub_code": sub_code, "updated_at": stamp}
    about = {"id": bot or seat.bot, "metadata": {"session_id": seat.id if not bot else "another"}}
    return {"event": f"bot.{code}", "data": {"data": change, "bot": about}}


async def post(
    it: House,
    path: str,
    message: Any,
    *,
    secret: str = SECRET,
    age: float = 0.0,
    family: Family = "webhook",
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """Post this as the vendor would, signed unless `headers` are given."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    if headers is None:
        headers = sign(secret, next(_IDS), int(time.time() - age), body, family=family)
    return await it.http.post(path, content=body, headers=headers)


STATUS = "/hosts/recall/status/"


async def test_genuine_news_are_taken(tmp_path):
    """
    News signed with the present secret or the one before, under either family of headers, change the seat at once.
    """
    async with house(tmp_path, eager=60.0, secrets=(SECRET, OLD_SECRET)) as it:
        it.recall.habits.waiting_room = True
        seat = await it.join()
        await until(lambda: seat.state.value == "waiting")
        assert (await post(it, STATUS, news(seat, "in_call_not_recording", 1))).status_code == 204
        assert seat.state.value == "in-call"
        taken = await post(it, STATUS, news(seat, "in_call_recording", 2), family="svix", secret=OLD_SECRET)
        assert taken.status_code == 204 and seat.state.value == "live"
        taken = await post(it, "/hosts/recall/status", news(seat, "in_call_not_recording", 3), secret=OLD_SECRET)
        assert taken.status_code == 204 and seat.state.value == "in-call", "with and without the last slash"


async def test_forged_news_change_nothing(tmp_path):
    """
    What is not signed, signed wrongly, too old, from the future, altered or seen before is refused with the reason.
    """
    async with house(tmp_path) as it:
        seat, _ = await it.seated()
        end = json.dumps(news(seat, "done", 1)).encode()
        other = json.dumps(news(seat, "in_call_recording", 0)).encode()
        good = sign(SECRET, "msg_once", int(time.time()), other)
        assert (await post(it, STATUS, other, headers=good)).status_code == 204
        refused = {
            "missing": await post(it, STATUS, end, headers={}),
            "wrong": await post(it, STATUS, end, secret=OLD_SECRET),
            "old": await post(it, STATUS, end, age=3600),
            "future": await post(it, STATUS, end, age=-3600),
            "replayed": await post(it, STATUS, other, headers=good),
        }
        altered = await post(it, STATUS, end, headers=sign(SECRET, "msg_2", int(time.time()), other))
        assert {code: answer.json()["code"] for code, answer in refused.items()} == {code: code for code in refused}
        assert {answer.status_code for answer in (*refused.values(), altered)} == {401}
        assert seat.state.value == "live" and not seat.closed
        text = (await it.http.get("/metrics")).text
        for code in refused:
            assert f'parley_messages_refused_total{{code="host-{code}"}}' in text


async def test_without_a_secret_news_are_not_believed(tmp_path):
    """
    Where nobody can tell who posts, the address for all bots is shut, and says what would open it.
    """
    async with house(tmp_path, meetstream=True, PARLEY_RECALL_SECRETS="") as it:
        it.recall.signer.secrets.clear()
        seat, _ = await it.seated()
        for headers in ({}, None):
            answer = await post(it, STATUS, news(seat, "done", 1), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "unsigned")
            assert "secret" in answer.json()["message"]
        answer = await it.http.post("/hosts/meetstream/status/", json={"event": "bot.done", "bot_id": "b"})
        assert (answer.status_code, answer.json()["code"]) == (403, "unsigned")
        assert seat.state.value == "live"


async def test_other_peoples_bots(tmp_path):
    """
    News of bots that other software sent with the same key are answered with 204, counted and left alone.
    """
    async with house(tmp_path) as it:
        seat, _ = await it.seated()
        answer = await post(it, STATUS, news(seat, "done", 1, bot="11111111-2222-3333-4444-555555555555"))
        assert answer.status_code == 204 and seat.state.value == "live"
        assert 'code="host-other-bot"' in (await it.http.get("/metrics")).text


async def test_what_means_nothing_is_taken_quietly(tmp_path):
    """
    A genuine message that says nothing to us gets its 204, or the vendor would send it again until it gives up.
    """
    async with house(tmp_path) as it:
        seat, _ = await it.seated()
        deep = b"[" * 50_000
        for message in (b"", b"not json", b"null", b"[]", b'"x"', b'{"event": 7}', b'{"event": "bot.done"}', deep):
            assert (await post(it, STATUS, message)).status_code == 204
        assert (await post(it, STATUS, news(seat, "some_new_code", 1))).status_code == 204
        assert seat.state.value == "live"
        assert (await post(it, STATUS, b" " * (1 << 20) + b"{}")).status_code == 413
        assert (await post(it, "/hosts/nobody/status/", {})).status_code == 404


async def test_late_repeated_and_reordered_news(tmp_path):
    """
    In whatever order news come, and however often, the seat ends where the bot ended and never goes back.
    """
    async with house(tmp_path, eager=60.0) as it:
        it.recall.habits.waiting_room = True
        seat = await it.join()
        await until(lambda: seat.bot)
        life = [
            news(seat, "in_call_recording", 3),
            news(seat, "joining_call", 0),
            news(seat, "in_call_not_recording", 2),
            news(seat, "in_waiting_room", 1),
            news(seat, "call_ended", 5, sub_code="call_ended_by_host"),
            news(seat, "done", 6),
        ]
        states = []
        for message in [life[0], life[1], life[2], life[3], life[0]]:
            await post(it, STATUS, message)
            states.append(seat.state.value)
        assert states == ["live"] * 5
        for message in [life[5], life[4], *reversed(life), *life]:
            await post(it, STATUS, message)
            assert seat.state.value == "done"
        await post(it, STATUS, news(seat, "fatal", 9, sub_code="bot_errored"))
        assert seat.state.value == "done" and seat.view()["words"] == "the host ended the meeting"
        await until(lambda: seat.closed)
        states = [fact["state"] for fact in await it.facts(seat, "SeatChanged")]
        assert states[-1] == "done" and states.count("live") == 1


# ---------------------------------------------------------------- the address of one bot


def said(text: str) -> dict[str, Any]:
    """A realtime event with these words."""
    words = [{"text": text, "start_timestamp": {"relative": 1.0}, "end_timestamp": {"relative": 2.0}}]
    person = {"id": 100, "name": "Ana", "is_host": False, "platform": "desktop", "extra_data": None, "email": None}
    return {"event": "transcript.data", "data": {"data": {"words": words, "participant": person}}}


async def test_realtime_events_by_post(tmp_path):
    """
    Words that come by POST to the seat's own address are heard; one that came before by its id is not heard twice.
    """
    async with house(tmp_path) as it:
        seat, _ = await it.seated()
        path = it.seats.addresses.hook("", Way(seat.id, "recall", "text"))
        assert (await post(it, path, said("We take the rubber case."))).status_code == 204
        assert (await post(it, path.rstrip("/"), said("We take the rubber case."))).status_code == 204
        (turn,) = seat.session.conversation.transcript.turns
        assert (turn.speaker, turn.text) == ("Ana", "We take the rubber case.")
        for odd in (b"not json", b"[]", b'{"event": "transcript.data"}'):
            assert (await post(it, path, odd)).status_code == 204
        assert seat.view()["odd"] == {"bad-message": 1, "no-words": 1}


async def test_a_token_opens_its_own_address_only(tmp_path):
    """
    A token of another host, channel or session, an old one, or none at all opens nothing, however well it is signed.
    """
    async with house(tmp_path) as it:
        seat, _ = await it.seated()
        ours = it.seats.addresses
        expired = HostAddresses(OURS, lambda session: "", ttl=-1.0)
        forged = HostAddresses("another secret, long enough", lambda session: "", ttl=60.0)
        way = Way(seat.id, "recall", "text")
        tokens = [
            ours.token(Way(seat.id, "meetstream", "text")),
            ours.token(Way(seat.id, "recall", "media")),
            ours.token(Way("another-session", "recall", "text")),
            expired.token(way), forged.token(way), ours.token(way)[:-1], it.served.token(seat.id), "x", "x" * 600,
        ]  # fmt: skip
        for token in tokens:
            answer = await post(it, f"/hosts/recall/text/{token}/", said("Hello."))
            assert answer.status_code == 401 and answer.json()["code"] in ("token", "unknown")
            assert token not in answer.text
        media = await post(it, ours.hook("", Way(seat.id, "recall", "media")), said("Hello."))
        assert media.status_code == 401, "a token of ours for a channel that is no webhook"
        unsigned = await post(it, ours.hook("", way), said("Hello."), headers={})
        assert (unsigned.status_code, unsigned.json()["code"]) == (401, "missing")
        assert not seat.session.conversation.transcript.turns
