"""The page's socket over a real connection: the whole way of a turn, and everything that may go wrong on it."""

from __future__ import annotations

import asyncio
import json
import struct

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.core.messages import HEADER, SOUND, VERSION
from server.replay import replay
from tests.page_client import PageClient
from tests.served import serve

pytestmark = pytest.mark.anyio


async def test_a_turn_from_question_to_last_sample(tmp_path):
    """A question with the name comes back as voice, piece by piece, and ends in one decision record."""
    async with serve(tmp_path) as served, PageClient(served.socket, served.token()) as page:
        await page.until_type("welcome")
        await page.hears("Ana", "We chose the rubber case for the remote.")
        await page.hears("Ana", "Parley, who are you?", start=5)
        end = await page.until_type("end")
        assert len(page.pcm[end["reply"]]) == end["samples"] * 2 > 24_000
        pieces = page.of("piece")
        assert pieces[0]["start"] == 0 and pieces[0]["text"]
        assert page.of("marks")[0]["words"][0][0] == 0
        await page.until_type("line", agent=True, final=True)
        await served.wired.parts.tape.flush()
        entries = served.wired.parts.tape.entries("session-1")
        replies = [entry.data for entry in entries if entry.kind == "decision" and entry.data["verdict"] == "reply"]
        assert [reply["outcome"] for reply in replies] == ["complete"]
        assert replies[0]["heard"] == " ".join(piece["text"] for piece in pieces)
        result = replay(entries)
        assert result.same, result.render()


async def test_unaddressed_talk_draws_no_sound(tmp_path):
    """People who talk among themselves get lines, acks and silence."""
    async with serve(tmp_path) as served, PageClient(served.socket, served.token()) as page:
        for at in range(10):
            await page.hears("Ben", f"I think we need item number {at}.", start=at * 3)
        await page.until_type("ack", seq=10)
        await page.send({"type": "ping", "t": 1})
        await page.until_type("pong", t=1)
        assert not page.of("begin") and len(page.of("line")) == 10


async def test_stop_is_flushed_and_nothing_stale_follows(tmp_path):
    """A stop word flushes the page, and not one frame of the old epoch comes after it."""
    async with serve(tmp_path) as served, PageClient(served.socket, served.token(), holding=True) as page:
        await page.hears("Ana", "Parley, who are you and what can you do for us?")
        await page.until_true(lambda: bool(page.pcm.get(1)))
        page.played = 6000
        await page.report()
        await page.until_type("state", state="speaking")
        await asyncio.sleep(0.6)  # past the grace in which only stop words of the old turn would count
        await page.hears("Ana", "Stop.", start=9)
        flush = await page.until_type("flush")
        await page.until_type("state", state="listening")
        assert flush["epoch"] == 2 and page.stale == 0
        assert len(page.pcm[1]) // 2 <= 6000 + 24_000 + 2400, "at most a second of sound is ever ahead of the ear"


async def test_a_page_that_comes_back_goes_on(tmp_path):
    """A lost socket loses nothing and repeats nothing: the sound goes on at the sample the page had played."""
    async with serve(tmp_path) as served:
        async with PageClient(served.socket, served.token(), holding=True) as page:
            await page.hears("Ana", "Parley, who are you and what can you do for us?")
            await page.until_true(lambda: len(page.pcm.get(1, b"")) > 30_000)
            page.played = 12_000
            await page.report()
            await page.send({"type": "ping", "t": 2})
            await page.until_type("pong", t=2)
        resume = {"epoch": 1, "reply": 1, "played": 13_200}
        async with PageClient(served.socket, served.token(), "page-2", resume) as page:
            welcome = await page.until_type("welcome")
            assert welcome["resume"] == {"epoch": 1, "reply": 1, "played": 13_200}
            end = await page.until_type("end")
            assert page.firsts[1] == 13_200
            assert len(page.pcm[1]) // 2 == end["samples"] - 13_200
            await page.until_type("state", state="listening")


async def test_transcripts_sent_again_are_taken_once(tmp_path):
    """After a reconnect the page sends what was not acknowledged; what the backend has is not taken twice."""
    async with serve(tmp_path) as served:
        async with PageClient(served.socket, served.token()) as page:
            await page.hears("Ana", "First line of the meeting.")
            await page.until_type("ack", seq=1)
        async with PageClient(served.socket, served.token()) as page:
            welcome = await page.until_type("welcome")
            assert welcome["acked"] == 1
            await page.hears("Ana", "First line of the meeting.")
            await page.hears("Ana", "Second line of the meeting.", start=4)
            await page.until_type("ack", seq=2)
        session = served.wired.hub.sessions["session-1"]
        assert [turn.text for turn in session.conversation.transcript.turns] == [
            "First line of the meeting.", "Second line of the meeting.",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "bad-message"),
        ("[]", "bad-message"),
        ('{"type": "nonsense"}', "bad-message"),
        ('{"type": "played", "epoch": "x"}', "bad-message"),
        ('{"type": "transcript", "seq": 1, "raw": []}', "bad-message"),
        ('{"type": "ping", "t": 1' + " " * 70_000 + "}", "too-large"),
        (b"", "bad-sound"),
        (b"\x02", "bad-sound"),
        (HEADER.pack(SOUND, 0, 0, 0, 0, 0) + b"\0\0\0", "bad-sound"),
        (HEADER.pack(1, 0, 0, 0, 0, 0) + b"\0\0", "bad-sound"),
        (HEADER.pack(SOUND, 0, 0, 0, 0, 0) + b"\0" * 20_002, "too-large"),
    ],
    ids=range(11),
)
async def test_bad_input_is_answered_and_the_socket_lives_on(tmp_path, message, code):
    """Malformed, unknown, oversized and odd input gets a problem; the next message is understood."""
    async with serve(tmp_path) as served, PageClient(served.socket, served.token()) as page:
        await page.until_type("welcome")
        await page.send_raw(message)
        problem = await page.until_type("problem", code=code)
        assert problem["fatal"] is False and "x" * 3 not in problem["message"]
        await page.send({"type": "ping", "t": 7})
        await page.until_type("pong", t=7)


async def test_messages_at_the_wrong_moment_change_nothing(tmp_path):
    """Reports of replies that never were, an early flushed, a second hello, old sound: the next turn goes as ever."""
    async with serve(tmp_path) as served, PageClient(served.socket, served.token()) as page:
        await page.until_type("welcome")
        for message in (
            {"type": "played", "epoch": 7, "reply": 99, "samples": 5000, "ended": True},
            {"type": "played", "epoch": 1, "reply": 1, "samples": -5},
            {"type": "flushed", "epoch": 9, "reply": 3, "samples": 10},
            {"type": "onset", "level": -10.0},
            {"type": "feed", "connected": False},
            {"type": "mic", "state": "ended"},
            {"type": "trouble", "code": "no such <code>"},
            {"type": "health", "values": {"lost": 3.0}},
            {"type": "transcript", "seq": 5, "raw": {"nothing": "known"}},
            {"type": "transcript", "seq": 2, "raw": {"transcript": {"words": "odd"}}},
        ):
            await page.send(message)
        await page.sends_sound(b"\0\0" * 1600, first=3200)
        await page.sends_sound(b"\0\0" * 1600, first=0)
        await page.send({"type": "hello", "token": served.token(), "page": "again", "version": VERSION})
        await page.until_type("problem", code="bad-message")
        page.seq = 5
        await page.hears("Ana", "Parley, who are you?", start=5)
        await page.until_type("end")
        await page.until_type("line", agent=True, final=True)


@pytest.mark.parametrize(
    ("hello", "close"),
    [
        ("not json", 4400),
        (json.dumps({"type": "ping", "t": 1}), 4400),
        (json.dumps({"type": "hello", "token": "wrong", "page": "p", "version": VERSION}), 4401),
        (json.dumps({"type": "hello", "token": "", "page": "p", "version": VERSION + 1}), 4400),
        (struct.pack("<I", 1), 4400),
    ],
    ids=["garbage", "other", "token", "version", "binary"],
)
async def test_a_bad_hello_is_refused(tmp_path, hello, close):
    """Whoever does not begin right is told why and closed."""
    async with serve(tmp_path) as served, connect(served.socket) as socket:
        await socket.send(hello)
        problem = json.loads(await socket.recv())
        assert problem["type"] == "problem" and problem["fatal"]
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == close


async def test_expired_and_foreign_tokens(tmp_path):
    """An expired token opens nothing; a token opens only its own session."""
    async with serve(tmp_path) as served:
        async with PageClient(served.socket, served.token(ttl=-1)) as page:
            problem = await page.until_type("problem")
            assert problem["code"] == "token-expired"
        async with PageClient(served.socket, served.token("session-2")) as page:
            assert (await page.until_type("welcome"))["session"] == "session-2"
        assert list(served.wired.hub.sessions) == ["session-2"]


async def test_another_origin_is_refused(tmp_path):
    """A page of another site cannot open the socket, whatever token it has."""
    async with serve(tmp_path) as served:
        with pytest.raises(Exception, match="403"):
            await connect(served.socket, origin="https://evil.example")  # type: ignore[arg-type]


async def test_the_second_page_takes_the_seat(tmp_path):
    """Two pages with one token: the first is told and closed, the second goes on alone."""
    async with serve(tmp_path) as served:
        async with PageClient(served.socket, served.token(), "one") as first:
            await first.until_type("welcome")
            async with PageClient(served.socket, served.token(), "two") as second:
                await second.until_type("welcome")
                problem = await first.until_type("problem")
                assert problem["code"] == "replaced" and problem["fatal"]
                await first.until_true(lambda: first.close_code is not None)
                assert first.close_code == 4409
                await second.hears("Ana", "Parley, who are you?")
                await second.until_type("end")


async def test_a_flood_is_slowed_and_told(tmp_path):
    """Messages beyond the rate are dropped with one problem a second, and the socket lives on."""
    async with serve(tmp_path, PARLEY_MAX_MESSAGES_PER_SECOND="50") as served:
        async with PageClient(served.socket, served.token()) as page:
            await page.until_type("welcome")
            for at in range(200):
                await page.send({"type": "ping", "t": at})
            await page.until_type("problem", code="too-many")
            await asyncio.sleep(0.3)  # the bucket fills again
            await page.send({"type": "ping", "t": 1000})
            await page.until_type("pong", t=1000)


async def test_too_many_sessions_are_refused(tmp_path):
    """Beyond the limit a new session is refused with its reason, and those that are open stay."""
    async with serve(tmp_path, PARLEY_MAX_SESSIONS="1") as served:
        async with PageClient(served.socket, served.token("one")) as first:
            await first.until_type("welcome")
            async with PageClient(served.socket, served.token("two")) as second:
                assert (await second.until_type("problem"))["code"] == "full"
            await first.send({"type": "ping", "t": 1})
            await first.until_type("pong")


async def test_the_backend_restarts_in_mid_sentence(tmp_path):
    """The session is taken up from its tape: the unheard rest is said, and nothing twice."""
    async with serve(tmp_path) as served:
        async with PageClient(served.socket, served.token(), holding=True) as page:
            await page.hears("Ana", "Parley, who are you and what can you do for us?")
            await page.until_true(lambda: len(page.pcm.get(1, b"")) > 40_000)
            await page.until_true(lambda: len(page.of("piece")) >= 1)
            page.played = 19_200
            await page.report()
            await page.send({"type": "ping", "t": 2})
            await page.until_type("pong", t=2)
        session = served.wired.hub.sessions["session-1"]
        planned = session.conversation.delivery.running.spoken
        await asyncio.sleep(0.3)  # all of it is voiced by now
        plan, heard = planned.planned, planned.heard
        # the process dies: no farewell, only what is on the tape
        served.wired.hub.sessions.clear()
        session.drop()
    resume = {"epoch": 1, "reply": 1, "played": 19_200}
    async with serve(tmp_path) as served, PageClient(served.socket, served.token(), "page-2", resume) as page:
        await page.until_type("end")
        await page.until_type("line", agent=True, final=True)
        said = " ".join(piece["text"] for piece in page.of("piece"))
        assert heard and f"{heard} {said}" == plan


async def test_shutting_down_says_so(tmp_path):
    """A page that is there when the backend stops is told, calmly, and closed with a code that makes it come back."""
    async with serve(tmp_path) as served, PageClient(served.socket, served.token()) as page:
        await page.until_type("welcome")
        await served.wired.hub.close(1.0)
        await page.until_type("state", state="trouble")
        await page.until_true(lambda: page.close_code is not None)
        assert page.close_code == 4503
