"""Words from sound over a real websocket, whatever happens to it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable

import numpy as np
import pytest

from server.core.events import Heard as Words
from server.ears import word_stream
from server.ears.base import SAMPLE_RATE, SpeechEdge
from server.ears.transcriber import OpenAITranscriber, waits
from server.errors import ProviderError, ProviderLimited, ProviderRefused, ProviderTimeout, ProviderUnreachable
from tests.standins.transcription import KEY, RATE, Heard, TranscriptionStandIn

pytestmark = pytest.mark.anyio


class Session:
    """The session's part: a clock, sound with edges, and the words that came."""

    def __init__(self, transcriber: OpenAITranscriber) -> None:
        self.now = 50.0
        self.heard: list[Words] = []
        self._samples = 0
        self.stream = transcriber.stream(self._told, lambda: self.now)

    def _told(self, heard: Words) -> None:
        self.heard.append(heard)

    def feed(self, length: float, value: int = 1000) -> None:
        for _ in range(round(length * 10)):
            self.now += 0.1
            self._samples += SAMPLE_RATE // 10
            self.stream.feed(np.full(SAMPLE_RATE // 10, value, "<i2").tobytes())

    def says(self, length: float = 1.0) -> None:
        """Somebody speaks for so long (s), and then is silent."""
        self.stream.edge(SpeechEdge(True, self._samples, -30.0))
        self.feed(length)
        self.stream.edge(SpeechEdge(False, self._samples, -30.0))
        self.feed(0.4, 0)

    @property
    def finals(self) -> list[str]:
        return [heard.text for heard in self.heard if heard.final]

    async def until(self, texts: list[str]) -> None:
        """Wait for these finals."""
        await self.until_true(lambda: self.finals == texts)

    async def until_true(self, holds: Callable[[], bool]) -> None:
        """Wait until this holds; looked at again whenever the loop has had its turn."""
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110 - much of what is waited for tells nobody
                await asyncio.sleep(0.01)


def transcriber(server: TranscriptionStandIn, **more) -> OpenAITranscriber:
    return OpenAITranscriber(
        server.base_url, more.pop("key", KEY), "live-1", **{"waits": lambda failures, error: 0.0, **more}
    )


async def test_speech_becomes_words():
    """Sound goes up at 24 kHz, words come back growing and whole, with a key and the session's own times."""
    async with TranscriptionStandIn() as server:
        server.will(Heard("Parley, what did we decide?"))
        ears = transcriber(server, language="en-GB", keywords=("Parley", "Barley"))
        session = Session(ears)
        session.feed(2.0)
        assert not server.keys, "nobody spoke: no connection"
        session.says(1.5)
        await session.until(["Parley, what did we decide?"])
        final, growing = session.heard[-1], session.heard[:-1]
        assert growing and all(final.text.startswith(each.text) for each in growing)
        assert {each.key for each in session.heard} == {final.key}
        assert (final.source, final.speaker, final.speaker_id) == ("ears", "", "")
        assert final.start == pytest.approx(52.0 - 0.3, abs=0.01)
        assert final.end == pytest.approx(53.5, abs=0.01)
        (item,) = server.items
        assert len(item.pcm) / 2 / RATE == pytest.approx(0.3 + 1.5 + 0.35, abs=0.12)
        assert np.abs(np.frombuffer(item.pcm, "<i2")[RATE // 2 : RATE].astype(int) - 1000).max() < 20
        asked = server.sessions[0]["audio"]["input"]["transcription"]
        assert asked == {"model": "live-1", "language": "en", "keywords": ["Parley", "Barley"]}
        session.says()
        await session.until(["Parley, what did we decide?", "Fine."])
        assert len(server.connections) == 1
        assert session.heard[-1].key != final.key
        await ears.close()
        assert ears.stats.heard == ears.stats.utterances == 2
        assert not ears.stats.lost + ears.stats.dropped + ears.stats.failures


async def test_a_simple_server():
    """A server that does not know the finer settings is given the model alone, at once from the second time on."""
    async with TranscriptionStandIn(unknown=frozenset({"keywords"})) as server:
        ears = transcriber(server, language="en", keywords=("Parley",))
        first, second = Session(ears), Session(ears)
        first.says()
        await first.until(["Fine."])
        second.says()
        await second.until(["Fine."])
        assert [each["audio"]["input"]["transcription"] for each in server.sessions] == [{"model": "live-1"}] * 2
        assert server.complaints == ["unknown_parameter"]
        await ears.close()


async def test_a_broken_connection_loses_nothing():
    """When the connection breaks, the sound without words is sent again on the next one."""
    async with TranscriptionStandIn() as server:
        server.will(Heard("One."), Heard(then="breaks"), Heard("Two."), Heard("Three."))
        ears = transcriber(server)
        session = Session(ears)
        session.says()
        await session.until(["One."])
        session.says(1.2)
        await session.until(["One.", "Two."])
        session.says()
        await session.until(["One.", "Two.", "Three."])
        assert [item.connection for item in server.items] == [1, 2, 2]
        assert len(server.items[1].pcm) > len(server.items[0].pcm)
        assert len({heard.key for heard in session.heard if heard.final}) == 3
        assert (ears.stats.lost, ears.stats.failures) == (0, 1)
        await ears.close()


async def test_a_session_that_is_too_old():
    """A session that expires while nobody speaks is no failure; the next words open another."""
    async with TranscriptionStandIn() as server:
        server.will(Heard("One.", then="expires"))
        failures: list[str] = []
        ears = transcriber(server, on_failure=failures.append)
        session = Session(ears)
        session.says()
        await session.until(["One."])
        await server.connections[0].wait_closed()
        session.says()
        await session.until(["One.", "Fine."])
        assert len(server.connections) == 2
        assert failures == []
        await ears.close()


async def test_a_server_that_comes_back():
    """Refused attempts are told by their code and waited out; what was said lately is heard all the same."""
    async with TranscriptionStandIn(refuse=deque([503, 429, 401])) as server:
        failures: list[str] = []
        waited: list[str] = []

        def wait(count: int, error: ProviderError) -> float:
            waited.append(f"{count} {error.code}")
            return 0.0

        ears = transcriber(server, on_failure=failures.append, waits=wait)
        session = Session(ears)
        session.says()
        await session.until(["Fine."])
        assert failures == ["unreachable", "limited", "refused"]
        assert waited == ["0 unreachable", "1 limited", "2 refused"]
        await ears.close()


def test_the_waits():
    """Attempts get rarer; a refusal is asked again after a minute; a server that says when is believed."""
    unreachable = ProviderUnreachable("")
    assert [waits(count, unreachable) for count in range(4)] == [0.25, 0.5, 1.0, 2.0]
    assert waits(1000, unreachable) == 30.0
    assert waits(0, ProviderRefused("")) == 60.0
    assert waits(5, ProviderLimited("", retry_after=7.0)) == 7.0


async def test_what_fails_is_let_go():
    """An utterance without words does not hold up the next; several failures in a row open another connection."""
    async with TranscriptionStandIn() as server:
        server.will(*[Heard(then="fails", text="sound of a secret")] * 2, Heard("One."))
        ears = transcriber(server)
        session = Session(ears)
        for _ in range(3):
            session.says()
        await session.until(["One."])
        assert len(server.connections) == 1 and ears.stats.lost == 2
        server.will(*[Heard(then="error")] * 3, Heard("Two."))
        for _ in range(3):
            session.says()
        await session.until_true(lambda: ears.stats.lost == 5)
        session.says()
        await session.until(["One.", "Two."])
        assert len(server.connections) == 2 and ears.stats.lost == 5
        await ears.close()


async def test_a_server_that_falls_silent():
    """Words that stay away for long are given up, and a server that gives none is left for another connection."""
    async with TranscriptionStandIn() as server:
        server.will(*[Heard(then="silent")] * 3)
        ears = transcriber(server)
        session = Session(ears)
        for number in range(3):
            session.says()
            await server.until(lambda number=number: len(server.items) == number + 1)
        session.feed(word_stream.STALE + 1.0)
        session.says()
        await session.until(["Fine."])
        assert len(server.connections) == 2 and ears.stats.lost == 3
        await ears.close()


async def test_rubbish_from_the_server():
    """Frames that are no messages, or odd ones, change nothing."""
    ghost = {"type": "conversation.item.input_audio_transcription.completed", "item_id": "ghost", "transcript": 7}
    odd = ("", "{", "[]", b"\xff\x00", '{"type":"input_audio_buffer.committed"}', '{"type":"error","error":null}')
    async with TranscriptionStandIn(rubbish=(*odd, json.dumps(ghost))) as server:
        server.will(Heard(""), Heard("One.", grows=False))
        ears = transcriber(server)
        session = Session(ears)
        session.says()
        await server.until(lambda: len(server.items) == 1)
        session.says()
        await session.until(["One."])
        await ears.close()


async def test_sound_is_bounded():
    """While no server is reached the oldest sound is dropped and counted; what is left is heard in the end."""
    async with TranscriptionStandIn() as server:
        gate = asyncio.Event()

        ears = transcriber(server, waits=lambda count, error: 0.01)
        open_really = ears._open

        async def open_later():
            await gate.wait()
            return await open_really()

        ears._open = open_later
        session = Session(ears)
        session.now = 0.0
        for _ in range(4):
            session.stream.edge(SpeechEdge(True, session._samples, -30.0))
            session.feed(12.0)
            session.now -= 12.0  # the sound comes faster than the clock goes
            session.stream.edge(SpeechEdge(False, session._samples, -30.0))
            session.feed(0.4, 0)
        stream = session.stream
        assert stream._bytes <= word_stream.MOST_SOUND
        dropped = ears.stats.dropped
        assert dropped > 2 * RATE * 15
        gate.set()
        await session.until(["Fine."] * 3)
        assert sum(len(item.pcm) for item in server.items) <= word_stream.MOST_SOUND + 2 * RATE
        assert ears.stats.lost == 1
        await ears.close()


async def test_too_many_utterances():
    """Of more utterances than may be open, the oldest is given up."""
    async with TranscriptionStandIn(usual=Heard(then="silent")) as server:
        ears = transcriber(server)
        session = Session(ears)
        for _ in range(word_stream.MOST_OPEN + 3):
            session.says(0.2)
            session.now = 50.0
        assert len(session.stream._open) == word_stream.MOST_OPEN
        assert ears.stats.lost == 3
        await ears.close()


async def test_sound_that_stops_in_mid_word():
    """When no more sound comes, what was being said is over all the same."""
    async with TranscriptionStandIn() as server:
        ears = transcriber(server)
        session = Session(ears)
        session.stream.edge(SpeechEdge(True, 0, -30.0))
        session.feed(1.0)
        await session.until(["Fine."])
        await ears.close()


async def test_closing():
    """A closed stream takes no sound and tells nothing; closing twice is closing once; no task is left."""
    async with TranscriptionStandIn() as server:
        ears = transcriber(server)
        quiet, session = Session(ears), Session(ears)
        quiet.stream.close()
        server.will(Heard(then="silent"))
        session.says()
        await server.until(lambda: len(server.items) == 1)
        session.stream.close()
        session.stream.close()
        session.says()
        await server.connections[0].wait_closed()
        await ears.close()
        assert session.heard == []
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("ears")]


async def test_check():
    """The check opens a real session; every way in which it cannot has its error, without address and key."""
    async with TranscriptionStandIn() as server:
        assert await transcriber(server).check() == "openai: model live-1"
        with pytest.raises(ProviderRefused, match=r"\(401\)") as refused:
            await transcriber(server, key="wrong").check()
        assert "127.0.0.1" not in str(refused.value) and "wrong" not in str(refused.value)
        elsewhere = OpenAITranscriber(f"{server.base_url}/nowhere", KEY, "live-1")
        with pytest.raises(ProviderRefused, match=r"\(404\)"):
            await elsewhere.check()
        server.unknown = frozenset({"model"})
        with pytest.raises(ProviderRefused, match="unknown_parameter"):
            await transcriber(server).check()
    with pytest.raises(ProviderUnreachable):
        await OpenAITranscriber("http://127.0.0.1:9/v1", KEY, "live-1").check()


async def test_a_server_that_does_not_answer(monkeypatch):
    """A server that never accepts our settings is given up."""
    monkeypatch.setattr("server.ears.transcriber.CONNECT_DEADLINE", 0.2)
    async with TranscriptionStandIn(mute=True) as server:
        with pytest.raises(ProviderTimeout):
            await transcriber(server).check()


async def test_nothing_that_was_said_is_in_the_logs(caplog):
    """Even the most talkative log holds neither words nor key nor the server's texts."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.INFO)  # the stand-in's own
    async with TranscriptionStandIn() as server:
        server.will(Heard("Our secret number is twelve."), Heard("more secrets", then="fails"), Heard(then="breaks"))
        ears = transcriber(server)
        session = Session(ears)
        for _ in range(4):
            session.says()
        await session.until(["Our secret number is twelve.", "Fine.", "Fine."])
        await ears.close()
    ours = [record for record in caplog.records if not record.name.startswith("websockets")]
    assert [record.name for record in ours if record.name == "parley.ears"]
    text = " ".join(f"{record.getMessage()} {record.exc_text}" for record in ours)
    assert "secret" not in text and KEY not in text and "Fine" not in text
