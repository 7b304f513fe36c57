"""The websockets of hosts over real connections: who may open one, what may come through it, and what stays apart."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import time
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.hosts.signatures import sign
from server.rehearsal.hosts.film import faces
from server.rehearsal.hosts.recall_life import Habits
from server.seats.addresses import HostAddresses, Way
from server.seats.seat import Seat
from tests.seats.seating import OLD_SECRET, SECRET, SPEECH, WITHIN, House, house, until
from tests.served import SECRET as OURS

pytestmark = pytest.mark.anyio

_IDS = (f"msg_{number}" for number in itertools.count())


def address(it: House, seat: Seat, channel: str = "text") -> str:
    """Where the host of this seat connects."""
    return it.seats.addresses.socket(it.served.http, Way(seat.id, "recall", channel))


def dial(url: str, *, secret: str = SECRET, age: float = 0.0, headers: dict[str, str] | None = None) -> Any:
    """Connect as the vendor does, signed unless `headers` are given."""
    if headers is None:
        headers = sign(secret, next(_IDS), int(time.time() - age))
    return connect(url, additional_headers=headers, compression=None, max_size=None, open_timeout=WITHIN, proxy=None)


async def refused(url: str, **options: Any) -> int:
    """The status with which an upgrade is refused."""
    with pytest.raises(InvalidStatus) as caught:
        async with dial(url, **options):
            pass
    return caught.value.response.status_code


async def is_alive(connection: ClientConnection, seat: Seat) -> None:
    """The connection still brings words to this seat."""
    text = f"Still here, number {next(_IDS)}."
    words = [{"text": text, "start_timestamp": {"relative": 1.0}, "end_timestamp": {"relative": 2.0}}]
    person = {"id": 7, "name": "Kim"}
    event = {"event": "transcript.data", "data": {"data": {"words": words, "participant": person}}}
    await connection.send(json.dumps(event))
    await until(lambda: text in texts(seat))


def texts(seat: Seat) -> list[str]:
    """What was said in this seat's meeting."""
    return [turn.text for turn in seat.session.conversation.transcript.turns]


async def test_who_may_not_come_in(tmp_path):
    """
    A token of another host, channel or session, an old or forged one, and a bad signature end before the upgrade: 403.
    """
    async with house(tmp_path, PARLEY_MAX_HOST_SOCKETS="2") as it:
        seat, bot = await it.seated()
        base, ours, way = it.served.http.replace("http", "ws"), it.seats.addresses, Way(seat.id, "recall", "text")
        expired = HostAddresses(OURS, lambda session: "", ttl=-1.0)
        forged = HostAddresses("another secret, long enough", lambda session: "", ttl=60.0)
        tokens = [
            ours.token(Way(seat.id, "meetstream", "text")),
            ours.token(Way(seat.id, "recall", "media")),
            ours.token(Way("another-session", "recall", "text")),
            expired.token(way), forged.token(way), ours.token(way)[:-1], it.served.token(seat.id), "x", "x" * 600,
        ]  # fmt: skip
        for token in tokens:
            assert await refused(f"{base}/hosts/recall/text/{token}/") == 403
        assert await refused(f"{base}/hosts/recall/nothing/{ours.token(Way(seat.id, 'recall', 'nothing'))}/") == 403
        url = address(it, seat)
        assert await refused(url, headers={}) == 403
        assert await refused(url, secret=OLD_SECRET) == 403
        assert await refused(url, age=3600) == 403
        once = sign(SECRET, "msg_once", int(time.time()))
        async with dial(url, headers=once) as connection:
            await is_alive(connection, seat)
            assert await refused(url, headers=once) == 403, "seen before"
            assert await refused(url) == 403, "more connections than the setting allows"
        seen = (await it.http.get("/metrics")).text
        for code in ("token", "unknown", "missing", "wrong", "old", "replayed-upgrade", "connections"):
            assert f'code="host-{code}"' in seen
        bot.kick()
        await until(lambda: seat.closed)
        assert await refused(url) == 403, "the bot is gone"


async def test_a_thousand_strangers(tmp_path):
    """
    A thousand unauthenticated connections, some of which say nothing or hang up, leave the seat and the server serving.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated()
        port = it.served.port
        upgrade = (
            f"GET /hosts/recall/text/nobody/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]

        async def stranger(number: int) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(upgrade[: 40 if number % 10 == 0 else None])
            answer = b"" if number % 10 in (0, 1) else await reader.readline()  # some hang up without waiting
            writer.close()
            return answer

        for batch in range(10):
            answers = await asyncio.gather(*(stranger(100 * batch + each) for each in range(100)))
            assert set(answers) == {b"", b"HTTP/1.1 403 Forbidden\r\n"}
        bot.person_joins(100, "Ana")
        bot.says(100, "We can all hear you.", 1.0, 2.0)
        await until(lambda: texts(seat) == ["We can all hear you."])
        assert (await it.http.get("/healthz")).status_code == 200
        for _, writer in silent:
            writer.close()


async def test_large_messages(tmp_path):
    """
    A message of 16 MB is taken on a host's address and a larger one dropped; a page's socket takes a fraction of that.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["pictures"])
        bot.mischief.huge()
        bot.mischief.huge(17 << 20)
        bot.person_joins(100, "Ana")
        bot.picture(100, "webcam", faces("Ana")[0])
        await until(lambda: seat.view()["pictures"])
        assert seat.view()["odd"] == {"no-person": 2, "oversized": 2}, "on two sockets; the pictures were of nobody"
        assert [line.connections for line in bot.lines] == [1, 1]
        async with connect(it.served.socket, max_size=None, proxy=None) as page:
            with contextlib.suppress(ConnectionClosed):
                await page.send("x" * (2 << 20))
            await page.wait_closed()
            assert page.close_code == 1009


async def test_garbage_ends_no_connection(tmp_path):
    """
    Frames that mean nothing are counted and dropped; the connection lives on and what comes next is heard.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["mixed", "voices", "pictures"])
        bot.person_joins(100, "Ana")
        bot.mischief.garbage()
        bot.mischief.bad_base64(100)
        bot.mischief.odd_sound(100)
        png = faces("Ana")[0]
        bot.picture(100, "webcam", png[: len(png) // 2])
        bot.says(100, "Did you get all that?", 1.0, 2.0)
        bot.mischief.as_bytes = True
        bot.says(100, "And this, in a binary frame?", 3.0, 4.0)
        await until(lambda: texts(seat) == ["Did you get all that?", "And this, in a binary frame?"])
        await bot.settled()
        await until(lambda: "picture-truncated" in seat.view()["odd"])
        odd = (await it.view(seat))["odd"]
        assert odd.keys() >= {"bad-json", "bad-message", "no-words", "no-buffer", "bad-base64", "unknown-event"}
        assert odd["bad-base64"] == odd["picture-truncated"] == 1 and [line.connections for line in bot.lines] == [1, 1]


async def test_a_cut_connection_comes_back(tmp_path):
    """
    A connection that breaks in the middle of a message comes back with its old token and the seat goes on.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated()
        bot.person_joins(100, "Ana")
        bot.says(100, "First.", 1.0, 2.0)
        await until(lambda: texts(seat) == ["First."])
        for at, reset in ((0, False), (1, False), (7, True), (300, False)):
            before = bot.lines[0].connections
            bot.mischief.cut(json.dumps({"event": "transcript.data", "padding": "x" * 600}), at, reset=reset)
            await until(lambda before=before: bot.lines[0].connections > before and it.connected(seat, bot))
        bot.says(100, "Second.", 3.0, 4.0)
        await until(lambda: texts(seat) == ["First.", "Second."])
        assert seat.view()["connected"] == ["text"] and seat.state.value == "live"


async def test_nothing_crosses_from_one_meeting_to_another(tmp_path):
    """
    Words, chat, people, voices and pictures of two meetings at once, in both forms of connection, stay apart.
    """
    async with house(tmp_path) as it:
        it.recall.habits = Habits(per_person_sockets=True)
        one, first = await it.seated(senses=["voices", "pictures"])
        it.recall.habits = Habits(envelope="older")
        other, second = await it.seated("https://meet.google.com/xyz-abcd-efg", senses=["voices", "pictures"])
        # The numbers of people are the same in both: they are unique within one meeting only.
        first.person_joins(100, "Ana", is_host=True)
        second.person_joins(100, "Ben")
        second.person_joins(200, "Cleo")
        for round in range(10):
            first.says(100, f"Rubber it is, {round}.", round * 4.0, round * 4.0 + 1)
            second.says(100, f"Titanium it is, {round}.", round * 4.0, round * 4.0 + 1)
            second.sound(200, SPEECH)
            first.sound(100, bytes(3200))
        first.picture(100, "webcam", faces("Ana")[0])
        second.picture(200, "screenshare", faces("Cleo")[0])
        first.chat(100, "Only for us.")
        second.mute(200)
        second.unmute(200)
        await it.recall.settled()
        await until(lambda: len(texts(one)) == 11 and len(texts(other)) == 10)
        await it.until_fact(other, "PersonSpeaks", id="200")
        await until(lambda: one.view()["pictures"] and other.view()["pictures"])
        assert {text.split()[0] for text in texts(one)} == {"Rubber", "Only"}
        assert {text.split()[0] for text in texts(other)} == {"Titanium"}
        assert [person["name"] for person in one.view()["people"]] == ["Ana"]
        assert [person["name"] for person in other.view()["people"]] == ["Ben", "Cleo"]
        assert [(each["person"], each["source"]) for each in one.view()["pictures"]] == [("100", "webcam")]
        assert [(each["person"], each["source"]) for each in other.view()["pictures"]] == [("200", "screenshare")]
        assert not await it.facts(one, "PersonSpeaks")
        # A connection that names another bot in its messages still tells only the seat that its address opens.
        told = len(texts(other))
        async with dial(address(it, one)) as connection:
            event = {"event": "transcript.data", "data": {"bot": {"id": other.bot}}}
            await connection.send(json.dumps(event))
            await is_alive(connection, one)
        assert len(texts(other)) == told


async def test_connections_that_come_and_go_with_mute(tmp_path):
    """
    Each voice may have a connection of its own that opens and closes with mute; the seat follows, and the rest goes on.
    """
    async with house(tmp_path) as it:
        it.recall.habits.per_person_sockets = True
        seat, bot = await it.seated(senses=["voices"])
        bot.person_joins(100, "Ana")
        bot.person_joins(200, "Ben", muted=True)
        await until(lambda: seat.connected["media"] == 1)
        bot.unmute(200)
        await until(lambda: seat.connected["media"] == 2)
        bot.sound(200, SPEECH)
        await it.until_fact(seat, "PersonSpeaks", id="200", speaking=True)
        await it.until_fact(seat, "PersonSpeaks", id="200", speaking=False)
        bot.mute(200)
        await until(lambda: seat.connected["media"] == 1)
        bot.mute(100)
        await until(lambda: seat.view()["connected"] == ["text"])
        bot.unmute(100)
        bot.sound(100, SPEECH)
        assert (await it.until_fact(seat, "PersonSpeaks", id="100"))["name"] == "Ana"


async def test_a_host_that_does_not_read(tmp_path):
    """
    A connection on which nothing is read any more is given up when too much waits for it; the others are served.
    """
    async with house(tmp_path, meetstream=True) as it:
        seat = await it.join(host="meetstream")
        bot = await it.meetstream.next_bot()
        await until(lambda: seat.view()["connected"] == ["audio", "control"])
        before, way = await until(lambda: seat.session.link), Way(seat.id, "meetstream", "control")
        assert bot.control is not None
        await bot.control.line.close()  # it does not come back and take the place again
        url = it.seats.addresses.socket(it.served.http, way)
        raw = socket.create_connection(("127.0.0.1", it.served.port))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
        writer.write(
            f"GET {url.partition(str(it.served.port))[2]} HTTP/1.1\r\nHost: 127.0.0.1:{it.served.port}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        ready = json.dumps({"type": "ready", "bot_id": seat.bot}).encode()
        writer.write(bytes([0x81, 0x80 | len(ready), 0, 0, 0, 0]) + ready)
        link = await until(lambda: seat.session.link is not before and seat.session.link)
        for _ in range(700):
            link.chat("x" * 20_000)
            await asyncio.sleep(0)
        await until(lambda: seat.view()["odd"] == {"control-slow": 1})
        writer.transport.abort()
        assert seat.state.value == "live" and (await it.http.get("/healthz")).status_code == 200


async def test_a_newer_connection_takes_the_place_of_the_one_before(tmp_path):
    """
    Where a channel takes one connection at a time, the older is closed with 1000 and the newer one goes on.
    """
    async with house(tmp_path, meetstream=True) as it:
        seat = await it.join(host="meetstream")
        await it.meetstream.next_bot()
        await until(lambda: seat.view()["connected"] == ["audio", "control"])
        before = await until(lambda: seat.session.link)
        url = it.seats.addresses.socket(it.served.http, Way(seat.id, "meetstream", "control"))
        async with connect(url) as newer:
            await newer.send(json.dumps({"type": "ready", "bot_id": seat.bot}))
            await until(lambda: seat.session.link is not before)
            async with connect(url) as newest:
                await newest.send(json.dumps({"type": "ready", "bot_id": seat.bot}))
                await asyncio.wait_for(newer.wait_closed(), 20)
                assert newer.close_code == 1000
                assert seat.view()["odd"] == {}
