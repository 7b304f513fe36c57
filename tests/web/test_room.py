"""The rehearsal room over real sockets: what a page may send, and what comes back."""

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.errors import ProviderUnreachable
from tests.web.room_app import TonesVoice, build

pytestmark = pytest.mark.anyio

MEETING = {
    "title": "Two turns",
    "turns": [
        {"speaker": "Ana", "text": "Shall we begin now?", "start": 0.0, "end": 0.4},
        {"speaker": "Noor", "text": "Yes.", "start": 0.5, "end": 0.7},
    ],
}


@contextlib.asynccontextmanager
async def serve(app: Starlette) -> AsyncIterator[str]:
    """The app on a loopback port, as ws://host:port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="websockets-sansio"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


class Page:
    """A page in the room: sends commands, waits for events; sound is kept apart."""

    def __init__(self, socket: ClientConnection, base: str = "") -> None:
        self.socket = socket
        self.base = base
        self.room = ""
        self.sound: list[bytes] = []
        self.seen: list[dict[str, Any]] = []

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def load(self, meeting: Any, name: str = "") -> httpx.Response:
        """Hand a meeting file in, as JSON or as the bytes given."""
        body = meeting if isinstance(meeting, bytes) else json.dumps(meeting).encode()
        async with httpx.AsyncClient(base_url=self.base.replace("ws:", "http:")) as client:
            return await client.post("/rehearsal/meeting", params={"room": self.room, "name": name}, content=body)

    async def wait(self, kind: str, **values: Any) -> dict[str, Any]:
        """The next event of this kind with these values."""
        while True:
            frame = await self.socket.recv()
            if isinstance(frame, bytes):
                self.sound.append(frame)
                continue
            event = json.loads(frame)
            self.seen.append(event)
            if event["type"] == kind and all(event.get(k) == v for k, v in values.items()):
                return event

    async def close_code(self) -> int:
        """The code with which the server closes, after everything it still sends."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = await self.socket.recv()
                if isinstance(frame, str):
                    self.seen.append(json.loads(frame))
        assert self.socket.close_code is not None
        return self.socket.close_code


@contextlib.asynccontextmanager
async def joined(base: str, room: str = "") -> AsyncIterator[tuple[Page, dict[str, Any]]]:
    async with connect(f"{base}/rehearsal/socket", max_size=2**24) as socket:
        page = Page(socket, base)
        await page.send(type="join", room=room)
        welcome = await page.wait("welcome")
        page.room = welcome["room"]
        yield page, welcome


async def test_a_line_is_heard_read_and_decided_on():
    """A typed line comes back as a line with word times, as sound, as transcript messages, and with a decision."""
    app = build()
    async with serve(app) as base, joined(base) as (page, welcome):
        feed = f"{base}/rehearsal/meeting-data/api/v1/transcript?room={welcome['room']}"
        assert [person["name"] for person in welcome["people"]] == ["Ana", "Ben"]
        assert welcome["page"].startswith("/rehearsal/agent/?t=")
        async with connect(feed) as transcript:
            await page.send(type="say", person=1, text="Parley, who are you?")
            begun = await page.wait("line", final=False)
            over = await page.wait("line", final=True)
            decision = await page.wait("decision")
            messages = [json.loads(await transcript.recv())]
            while not messages[-1]["transcript"]["is_final"]:
                messages.append(json.loads(await transcript.recv()))
    assert (begun["speaker"], begun["text"], len(begun["words"])) == ("Ana", "Parley, who are you?", 4)
    assert begun["words"] == sorted(begun["words"])
    assert (over["id"], over["cut"]) == (begun["id"], False)
    assert (decision["line"], decision["verdict"]) == (begun["id"], "reply")
    assert decision["words"] == "its name was called"
    texts = [" ".join(w["text"] for w in m["transcript"]["words"]) for m in messages]
    assert texts[-1] == "Parley, who are you?" and len(texts) > 1 and texts[-1].startswith(texts[0])
    numbers = [struct.unpack_from("<I", frame)[0] for frame in page.sound]
    assert numbers == list(range(numbers[0], numbers[0] + 2 * len(numbers), 2))
    assert {len(frame) for frame in page.sound} == {4 + 2 * 1920}
    assert any(any(frame[4:]) for frame in page.sound)


async def test_bad_messages_are_answered_and_the_socket_lives_on():
    """Rubbish, unknown commands, missing parts and impossible wishes each get a problem; the next command works."""
    async with serve(build()) as base, joined(base) as (page, _):
        bad = ["{", "[]", "7", '{"type":"fly"}', '{"type":"say","person":1}', '{"type":"say","person":"1","text":"x"}']
        bad += ['{"type":"say","person":99,"text":"hello"}', '{"type":"say","person":1,"text":"   "}']
        bad += ['{"type":"play","speed":1}', '{"type":"play","speed":3}', '{"type":"person.rename","person":1}']
        bad += [
            json.dumps({"type": "say", "person": 1, "text": "x" * 501}),
            json.dumps({"type": "x", "y": "x" * 20_000}),
        ]
        for text in bad:
            await page.socket.send(text)
            problem = await page.wait("problem")
            assert problem["message"] and not problem["fatal"]
        await page.socket.send(b"\x00\x01")
        assert (await page.wait("problem"))["code"] == "protocol"
        await page.send(type="ping")
        await page.wait("pong")


async def test_people_come_change_their_name_and_go():
    """People are added, renamed and removed; nobody takes a name that is in use or the agent's, and one stays."""
    async with serve(build()) as base, joined(base) as (page, _):
        await page.send(type="person.add", name="  Noor\n ")
        people = (await page.wait("people"))["people"]
        assert [p["name"] for p in people] == ["Ana", "Ben", "Noor"]
        for name in ("ana", "PARLEY", "", "x" * 61):
            await page.send(type="person.add", name=name)
            await page.wait("problem", code="refused")
        await page.send(type="person.rename", person=people[2]["id"], name="Nour")
        assert (await page.wait("people"))["people"][2]["name"] == "Nour"
        for number in (1, 2):
            await page.send(type="person.remove", person=number)
            await page.wait("people")
        await page.send(type="person.remove", person=people[2]["id"])
        assert (await page.wait("problem"))["message"] == "Somebody has to stay."


async def test_a_meeting_is_loaded_and_played_to_its_end():
    """A meeting file brings its speakers, plays, and ends; its turns are lines like all others."""
    async with serve(build()) as base, joined(base) as (page, _):
        assert (await page.load(MEETING, "two")).status_code == 201
        ready = (await page.wait("meeting"))["meeting"]
        assert tuple(ready[k] for k in ("title", "turns", "state", "said")) == ("Two turns", 2, "ready", 0)
        await page.send(type="play", speed=2)
        over = await page.wait("meeting")
        while over["meeting"]["state"] != "over":
            over = await page.wait("meeting")
        assert (over["meeting"]["said"], over["meeting"]["seconds"]) == (2, 0.7)
        begun = [e["text"] for e in page.seen if e["type"] == "line" and not e["final"]]
        assert begun == [turn["text"] for turn in MEETING["turns"]]


async def test_a_meeting_at_once_keeps_its_order():
    """Speed 0 says every turn in order without waiting for its time."""
    turns = [
        {"speaker": "AB"[i % 2], "text": f"turn number {i}", "start": i * 60.0, "end": i * 60 + 9.0} for i in range(40)
    ]
    async with serve(build()) as base, joined(base) as (page, _):
        await page.load({"turns": turns})
        await page.send(type="play", speed=0)
        while (await page.wait("meeting"))["meeting"]["state"] != "over":
            pass
        begun = [e["text"] for e in page.seen if e["type"] == "line" and not e["final"]]
        assert begun == [turn["text"] for turn in turns]


@pytest.mark.parametrize(
    ("meeting", "says"),
    [
        ([], "not a meeting"),
        ({"turns": 7}, 'no list called "turns"'),
        ({"turns": []}, "Nobody says anything"),
        ({"turns": [{"speaker": "A", "text": "  "}]}, "Nobody says anything"),
        ({"turns": [{"speaker": "A"}]}, "Turn 1 has no text"),
        ({"turns": [{"speaker": "A", "text": "x"}, {"text": "y"}]}, "Turn 2 has no speaker"),
        ({"turns": [{"speaker": "A", "text": "x", "start": 3, "end": 2}]}, "ends before it starts"),
        ({"turns": [{"speaker": "A", "text": "x", "start": 0}]}, 'no "end"'),
        ({"turns": [{"speaker": "Parley", "text": "x"}]}, "the agent's own name"),
        ({"turns": [{"speaker": str(i), "text": "x"} for i in range(25)]}, "too many speakers"),
    ],
)
async def test_a_wrong_meeting_file_is_explained(meeting: Any, says: str):
    """A file that is no meeting is refused with a sentence that says where and why, and nothing is loaded."""
    app = build()
    async with serve(app) as base, joined(base) as (page, _):
        answer = await page.load(meeting)
        assert answer.status_code == 400
        assert says in answer.json()["message"]
        assert app.state.rooms.find(page.room).player is None


async def test_what_is_no_meeting_file_at_all_is_refused():
    """Rubbish, more than 5 MB, another site and somebody else's room are refused, each in its own way."""
    async with serve(build()) as base, joined(base) as (page, _):
        for body, status in ((b"\xff{", 400), (b"[" * 100_000, 400), (b" " * 5_000_001, 413)):
            assert (await page.load(body)).status_code == status
        async with httpx.AsyncClient(base_url=base.replace("ws:", "http:")) as client:
            path = "/rehearsal/meeting"
            foreign = await client.post(
                path, params={"room": page.room}, json=MEETING, headers={"Origin": "https://elsewhere.example"}
            )
            unknown = await client.post(path, params={"room": "guess"}, json=MEETING)
        assert (foreign.status_code, unknown.status_code) == (403, 403)


async def test_a_tab_comes_back_to_its_room():
    """The same key finds the same room, its people and its lines with their decisions."""
    app = build()
    async with serve(app) as base:
        async with joined(base) as (page, welcome):
            await page.send(type="say", person=2, text="We ship on Thursday.")
            await page.wait("decision")
        async with joined(base, welcome["room"]) as (_, again):
            assert again["room"] == welcome["room"]
            assert [line["text"] for line in again["lines"]] == ["We ship on Thursday."]
            assert again["lines"][0]["decision"]["verdict"] == "silent"
        assert len(app.state.rooms) == 1


async def test_the_newest_tab_of_a_room_takes_over():
    """A second socket with the same key ends the first one with a reason."""
    async with serve(build()) as base, joined(base) as (first, welcome), joined(base, welcome["room"]) as (second, _):
        assert await first.close_code() == 4001
        assert (first.seen[-1]["code"], first.seen[-1]["fatal"]) == ("elsewhere", True)
        await second.send(type="ping")
        await second.wait("pong")


async def test_rooms_end_and_are_bounded():
    """A room that was left ends at once; an empty one makes way; with all taken, the next is told so."""
    app = build(limit=2)
    async with serve(app) as base:
        async with joined(base) as (page, _):
            await page.send(type="leave")
            assert await page.close_code() == 1000
        assert len(app.state.rooms) == 0
        async with joined(base) as (_, left):
            pass
        async with joined(base), joined(base):
            assert app.state.rooms.find(left["room"]) is None
            async with connect(f"{base}/rehearsal/socket") as socket:
                third = Page(socket)
                await third.send(type="join", room="")
                assert await third.close_code() == 4002
                assert "taken" in third.seen[-1]["message"]


async def test_a_room_ends_when_its_grace_is_over():
    """Nobody there for the grace: the meeting is closed and forgotten."""
    app = build(grace=0.0)
    async with serve(app) as base:
        async with joined(base) as (_, welcome):
            room = app.state.rooms.find(welcome["room"])
            over = asyncio.Event()
            room.listen(lambda event: over.set() if event["type"] == "closed" else None)
        await over.wait()
        assert room.closed and app.state.rooms.find(welcome["room"]) is None


async def test_strangers_stay_outside():
    """Another site's page, somebody not authorised and a transcript of an unknown room are refused at the door."""
    async with serve(build()) as base:
        for path, headers in (
            ("/rehearsal/socket", {"Origin": "https://elsewhere.example"}),
            ("/rehearsal/meeting-data/api/v1/transcript?room=guess", {}),
        ):
            with pytest.raises(InvalidStatus):
                await connect(base + path, additional_headers=headers)
    async with serve(build(authorise=lambda _: False)) as base:
        with pytest.raises(InvalidStatus):
            await connect(base + "/rehearsal/socket")


async def test_too_many_messages_are_slowed_down():
    """Beyond the burst commands are refused with a problem, not with a lost connection."""
    async with serve(build()) as base, joined(base) as (page, _):
        for _ in range(80):
            await page.send(type="ping")
        assert "slow down" in (await page.wait("problem"))["message"]


async def test_words_go_on_without_a_voice():
    """When the voice fails the line is said without sound, and the page is told."""

    class Mute(TonesVoice):
        async def speak(self, text, *, voice="", language="en"):
            raise ProviderUnreachable("gone")
            yield

    async with serve(build(voice=Mute())) as base, joined(base) as (page, _):
        await page.send(type="say", person=1, text="Hello there.")
        assert "words only" in (await page.wait("notice"))["text"]
        assert (await page.wait("line", final=True))["text"] == "Hello there."
