"""A MeetStream bot at the other end of real sockets, and a real session behind the adapter."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from server.core import events as ev
from server.core.conversation import Config
from server.core.decision import Decision
from server.hosts.meetstream.adapter import MeetStream
from server.hosts.meetstream.client import Client
from server.hosts.meetstream.link import ControlLink
from server.session import Parts, Session
from server.voices.base import SAMPLE_RATE, Sound
from tests.hosts.meetstream.told import BOT, NAME, Told, payload, payload_text

pytestmark = pytest.mark.anyio

#: seconds that anything may take on a busy machine
LONG = 30


class Humming:
    """A voice: 0.2 s of sound for each word."""

    name = "humming"

    async def speak(self, text: str, *, voice: str = "", language: str = "en") -> AsyncIterator[Sound]:
        """One sound for each word."""
        for _ in text.split():
            yield Sound(np.full(SAMPLE_RATE // 5, 1000, "<i2").tobytes())


class Blank:
    """A tape that keeps nothing."""

    def append(self, *entry: Any) -> None:
        """Take an entry."""


class Meeting:
    """A session with a seat, and the sockets on which the vendor reaches it."""

    def __init__(self) -> None:
        self.told = Told()
        self.decisions: list[Decision] = []
        self.times = asyncio.get_running_loop().time
        parts = Parts(brain=None, voice=Humming(), ears=None, tape=Blank())  # type: ignore[arg-type]
        self.session = Session("s", Config(name=NAME), parts, clock=self.times, on_decision=self.decisions.append)
        self.host = MeetStream(
            Client("a-key"),
            about=lambda sink: (NAME, "google_meet"),
            on_link=self._joined,
            on_unlink=lambda sink, link: self.session.leave(link),
            draw=lambda face, done: asyncio.get_running_loop().call_soon(done, face.state),
        )
        self.port = 0

    def _joined(self, sink: Any, link: ControlLink) -> None:
        """What a seat does with its link."""
        link.report = self.session.played
        self.session.join(link, link.resume)

    async def serve_one(self, socket: ServerConnection) -> None:
        """One connection of the vendor, as a web server drives it."""
        out: asyncio.Queue[str] = asyncio.Queue()

        async def write() -> None:
            while True:
                await socket.send(await out.get())

        writer = asyncio.create_task(write())
        incoming = self.host.connect(socket.request.path.strip("/"), self.told, out.put_nowait)
        try:
            with suppress(ConnectionClosed):
                async for frame in socket:
                    incoming.feed(frame)
        finally:
            incoming.close()
            writer.cancel()

    def bot(self, channel: str) -> connect:
        """A connection as MeetStream makes it."""
        return connect(f"ws://127.0.0.1:{self.port}/{channel}", max_size=2**26)


@pytest.fixture
async def meeting() -> AsyncIterator[Meeting]:
    """A meeting whose sockets are open."""
    made = Meeting()
    async with serve(made.serve_one, "127.0.0.1", 0, max_size=2**26) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made
    made.session.drop()
    await made.host.close()


async def until(true: Callable[[], object]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(LONG):
        while not true():  # noqa: ASYNC110 - many different things are waited for
            await asyncio.sleep(0.01)


class Ears:
    """What a bot got on its control socket, kept by kind."""

    def __init__(self, socket: ClientConnection) -> None:
        self.commands: list[dict[str, Any]] = []
        self._task = asyncio.create_task(self._read(socket))

    async def _read(self, socket: ClientConnection) -> None:
        async for text in socket:
            self.commands.append(json.loads(text))

    def kinds(self, name: str) -> list[dict[str, Any]]:
        return [command for command in self.commands if command["command"] == name]

    @property
    def sound(self) -> np.ndarray[Any, Any]:
        pcm = b"".join(base64.b64decode(command["audiochunk"]) for command in self.kinds("sendaudio"))
        return np.frombuffer(pcm, "<i2")


@asynccontextmanager
async def mouth(meeting: Meeting) -> AsyncIterator[Ears]:
    """A control connection whose bot is ready."""
    async with meeting.bot("control") as socket:
        ears = Ears(socket)
        await socket.send(payload_text("control/from_bot.ready"))
        await until(lambda: meeting.session.link is not None)
        yield ears


async def test_the_agent_speaks_through_the_socket(meeting):
    """A sentence goes through core, voice and playout to the bot; its end comes back as heard to the last word."""
    async with mouth(meeting) as ears:
        await until(lambda: ears.kinds("sendimg"))
        assert ears.kinds("sendimg")[0] == {"command": "sendimg", "bot_id": BOT, "img": "listening"}
        meeting.session.tell(ev.OperatorSays("The brass hinge it is."))
        await until(lambda: meeting.decisions)
    assert meeting.decisions[0].heard == "The brass hinge it is."
    assert ears.sound.size == 5 * 48_000 // 5
    assert all(command["bot_id"] == BOT and command["sample_rate"] == 48_000 for command in ears.kinds("sendaudio"))


async def test_an_interruption_in_mid_sentence(meeting):
    """The bot is told to drop what it has, no more of the sentence is sent, and the history holds what was heard."""
    async with mouth(meeting) as ears:
        meeting.session.tell(ev.OperatorSays("one two three four five six seven eight nine ten " * 5 + "end."))
        await until(lambda: ears.sound.size > 48_000)
        meeting.session.tell(ev.Heard("Marta", "Parley, stop!", final=True, source="host"))
        await until(lambda: ears.kinds("interrupt") and meeting.decisions)
        at = ears.commands.index(ears.kinds("interrupt")[0])
        await until(lambda: meeting.session.conversation.delivery.running is None)
    assert not [command for command in ears.commands[at:] if command["command"] == "sendaudio"]
    heard = next(turn.text for turn in meeting.session.conversation.transcript.turns if turn.is_agent)
    assert heard.startswith("one two three") and "end." not in heard


async def test_a_socket_that_comes_back_goes_on(meeting):
    """The connection is lost in mid-sentence; on the next one the rest follows, and the sentence is complete."""
    words = " ".join(f"word{at}" for at in range(15)) + "."
    async with mouth(meeting) as first:
        meeting.session.tell(ev.OperatorSays(words))
        await until(lambda: first.sound.size > 30_000)
    await until(lambda: meeting.session.link is None)
    async with mouth(meeting) as second:
        await until(lambda: meeting.decisions)
    assert meeting.decisions[0].heard == words
    total = (first.sound.size + second.sound.size) / 48_000
    assert 2.4 <= total <= 3.1, "what the first connection had sent is not said again"


async def test_pings_are_answered_while_film_flows(meeting):
    """Over a real socket the whole recorded session arrives to the byte, and each ping has its pong."""
    replay = payload("live_video/session_replay")
    wanted = [message["json"]["seq"] for message in replay["messages"] if message["direction"] == "to_bot"]
    async with meeting.bot("video") as socket:
        for message in replay["messages"]:
            if message["direction"] == "from_bot":
                data = message.get("base64")
                await socket.send(base64.b64decode(data) if data else json.dumps(message["json"]))
        got = [json.loads(await asyncio.wait_for(socket.recv(), LONG)) for _ in wanted]
    await until(lambda: meeting.told.blinds)
    assert [pong["seq"] for pong in got] == wanted
    assert len(meeting.told.film) == replay["total_bytes"] and not meeting.told.counts


async def test_a_connection_that_breaks_off(meeting):
    """Without an end message and without a close, the film ends all the same."""
    socket = await meeting.bot("video")
    await socket.send(payload_text("live_video/video_stream_start"))
    await socket.send(bytes.fromhex(payload("live_video/fmp4_box_walk")["stream_hex"]))
    await until(lambda: len(meeting.told.pictures) == 2)
    socket.transport.abort()
    await until(lambda: meeting.told.blinds == [(None, "stage")])


async def test_odd_messages_do_not_end_a_connection(meeting):
    """After every kind of nonsense on every channel the connection still works."""
    rubbish = ["", "no json", "[" * 5000, b"", b"\x01", b"\xff" * 1000, '{"type": 7, "command": []}', "null"]
    for channel in meeting.host.sockets:
        async with meeting.bot(channel) as socket:
            for each in rubbish:
                await socket.send(each)
            await (await socket.ping())
            if channel == "control":
                await socket.send(payload_text("control/from_bot.ready"))
                await until(lambda: meeting.session.link is not None)
    assert sum(meeting.told.counts.values()) > 10
