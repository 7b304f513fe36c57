"""A whole backend whose own ear turns the page's sound into words, with the host's transcript and without."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from server.core import events as ev
from server.ears.vad import VadEars
from tests.page_client import PageClient
from tests.served import Served, serve
from tests.standins.transcription import KEY, Heard, TranscriptionStandIn

pytestmark = pytest.mark.anyio

QUESTION = "Parley, who are you and what can you do for us?"
RATE = 16_000
FRAME = RATE // 10


@pytest.fixture(autouse=True)
def a_busy_machine(monkeypatch):
    """Sound that stands still because the machine is busy is not the end of an utterance."""
    monkeypatch.setattr("server.ears.word_stream.LULL", 60.0)


class Speaker:
    """Sends the page's sound: a room that is quiet, and somebody who is not."""

    def __init__(self, served: Served, page: PageClient) -> None:
        self._served = served
        self._page = page
        self._sent = 0
        self._noise = np.random.default_rng(1)

    async def sound(self, seconds: float, level: float) -> None:
        """Some sound, no faster than it is heard."""
        listening = self._served.wired.hub.sessions["session-1"].listening
        assert listening is not None
        ears = self._served.wired.parts.ears
        assert isinstance(ears, VadEars)
        for _ in range(round(seconds * 10)):
            pcm = (self._noise.standard_normal(FRAME) * level).astype("<i2").tobytes()
            await self._page.sends_sound(pcm, self._sent)
            self._sent += FRAME
            await until(lambda: listening.samples >= self._sent)
            await ears.settle()

    async def says(self) -> None:
        """Two seconds of something loud, and silence before and after."""
        await self.sound(1.0, 20)
        await self.sound(2.0, 5000)
        await self.sound(1.0, 20)


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)


def with_ear(server: TranscriptionStandIn, **more: str) -> dict[str, str]:
    return {
        "PARLEY_TRANSCRIBE_BASE_URL": server.base_url,
        "PARLEY_TRANSCRIBE_API_KEY": KEY,
        "PARLEY_VAD": "energy",
        "PARLEY_VOICE": "espeak",
        **more,
    }


async def decisions(served: Served) -> list[dict[str, Any]]:
    tape = served.wired.parts.tape
    await tape.flush()
    return [entry.data for entry in tape.entries("session-1") if entry.kind == "decision"]


async def test_an_answer_from_the_sound_alone(tmp_path):
    """A page that brings sound and no words: the question is heard by our own ear, and answered aloud."""
    async with TranscriptionStandIn(usual=Heard(QUESTION)) as server, serve(tmp_path, **with_ear(server)) as served:
        async with PageClient(served.socket, served.token()) as page:
            await page.until_type("welcome")
            await Speaker(served, page).says()
            await page.until_type("begin", 30)
            await page.until_true(lambda: bool(page.ended), 30)
        (answered,) = [each for each in await decisions(served) if each["verdict"] == "reply"]
        assert (answered["speaker"], answered["text"]) == ("Someone", QUESTION)
        session = served.wired.hub.sessions["session-1"]
        (asked, *_) = session.conversation.transcript.turns
        assert asked.text == QUESTION
        assert server.sessions[0]["audio"]["input"]["transcription"]["keywords"] == ["Parley"]


async def test_both_hear_it(tmp_path):
    """Our ear and the host's transcript both bring a question: it is one turn, the host's, and one answer."""
    async with TranscriptionStandIn(usual=Heard(QUESTION)) as server, serve(tmp_path, **with_ear(server)) as served:
        async with PageClient(served.socket, served.token()) as page:
            await page.until_type("welcome")
            await page.hears("Ana", "Good morning, everybody.", start=1.0)
            speaking = Speaker(served, page)
            await speaking.says()
            session = served.wired.hub.sessions["session-1"]
            await until(lambda: server.items)
            await page.hears("Ana", QUESTION, start=20.0)
            await page.until_true(lambda: bool(page.ended), 30)
            said = [turn.text for turn in session.conversation.transcript.turns if not turn.is_agent]
            assert said == ["Good morning, everybody.", QUESTION]
        answered = [each for each in await decisions(served) if each["verdict"] == "reply"]
        assert len(answered) == 1


async def test_without_a_key_there_is_no_connection(tmp_path):
    """Nothing is sent anywhere unless a key or an address for it is set, or when it is off."""
    async with TranscriptionStandIn() as server:
        for env in (
            {"OPENAI_BASE_URL": server.base_url, "PARLEY_BRAIN": "embedded"},
            with_ear(server, PARLEY_TRANSCRIBE="off"),
        ):
            async with serve(tmp_path, **{"PARLEY_VAD": "energy", **env}) as served:
                assert served.wired.parts.transcriber is None
                async with PageClient(served.socket, served.token()) as page:
                    await page.until_type("welcome")
                    await Speaker(served, page).says()
        assert server.keys == []


async def test_a_dead_server_disturbs_nothing(tmp_path):
    """With a transcription that refuses, the host's words are answered as ever, and the failure is counted."""
    async with TranscriptionStandIn() as server:
        env = with_ear(server, PARLEY_TRANSCRIBE_API_KEY="wrong")
        async with serve(tmp_path, **env) as served, PageClient(served.socket, served.token()) as page:
            await page.until_type("welcome")
            await Speaker(served, page).says()
            await until(lambda: server.keys)
            await page.hears("Ana", QUESTION, start=1.0)
            await page.until_true(lambda: bool(page.ended), 30)
            metrics = served.wired.metrics.text().decode()
            assert 'code="refused"' in metrics and 'part="ears"' in metrics


async def test_the_tape_tells_the_same(tmp_path):
    """Words of our ear are on the tape with their source, and the tape replayed gives the same decisions."""
    from server.replay import replay

    async with TranscriptionStandIn(usual=Heard(QUESTION)) as server, serve(tmp_path, **with_ear(server)) as served:
        async with PageClient(served.socket, served.token()) as page:
            await page.until_type("welcome")
            await Speaker(served, page).says()
            await page.until_true(lambda: bool(page.ended), 30)
        tape = served.wired.parts.tape
        await tape.flush()
        entries = tape.entries("session-1")
        heard = [entry.data for entry in entries if entry.kind == "event" and entry.data["type"] == ev.Heard.__name__]
        assert {each["source"] for each in heard} == {"ears"}
        assert not replay(entries).differences
