"""Providers that fail, through the whole backend: a short word to people, the cause to the operator."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.disks import fill
from tests.page_client import PageClient
from tests.served import Served, serve
from tests.standins.chat import DONE, Answer, ChatStandIn, Hold, Reset, calls, chunk, event, refuses, says, texts
from tests.standins.speech import Refusal, SpeechStandIn, Spoken, pieces, tone

pytestmark = pytest.mark.anyio

QUESTION = "Parley, what did we decide about the case?"


@pytest.fixture
def chat() -> Iterator[ChatStandIn]:
    """A chat model's server."""
    stand_in = ChatStandIn()
    stand_in.base_url = stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def speech() -> Iterator[SpeechStandIn]:
    """A speech server."""
    stand_in = SpeechStandIn()
    stand_in.base_url = stand_in.start()
    yield stand_in
    stand_in.stop()


def with_model(chat: ChatStandIn) -> dict[str, str]:
    """Settings for the stand-in model, with short deadlines."""
    return {
        "OPENAI_BASE_URL": chat.base_url,
        "OPENAI_API_KEY": "a-key-of-the-tests",
        "PARLEY_VOICE": "espeak",
        "PARLEY_MODEL": "stand-in-1",
        "PARLEY_FIRST_TOKEN_DEADLINE": "1.0",
        "PARLEY_HEDGE_AFTER": "0",
    }


def with_speech(speech: SpeechStandIn) -> dict[str, str]:
    """Settings for the stand-in voice."""
    return {
        "PARLEY_VOICE": "openai",
        "PARLEY_SPEECH_BASE_URL": speech.base_url,
        "PARLEY_SPEECH_API_KEY": "a-key-of-the-tests",
    }


async def ask(served: Served) -> tuple[dict[str, Any], str]:
    """Ask once; returns the decision and what was said, once the agent listens again."""
    async with PageClient(served.socket, served.token()) as page:
        await page.hears("Ben", "We chose the rubber case for the remote control.")
        await page.hears("Ana", QUESTION, start=6)
        await page.until_type("begin", seconds=20)
        await page.until_type("line", agent=True, final=True, seconds=30)
        await page.until(lambda message: message["type"] == "state" and message["state"] == "listening", 20)
        said = " ".join(piece["text"] for piece in page.of("piece"))
    await served.wired.parts.tape.flush()
    entries = served.wired.parts.tape.entries("session-1")
    (decision,) = [e.data for e in entries if e.kind == "decision" and e.data["verdict"] == "reply"]
    return decision, said


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (refuses(401), "refused"),
        (refuses(429, headers=[("Retry-After", "30")]), "limited"),
        (refuses(500), "unreachable"),
        (Answer(steps=(Hold(),)), "timeout"),
        (Answer(steps=(chunk({"role": "assistant"}), Reset())), "unreachable"),
        (says(), "empty"),
        (Answer(steps=(chunk({"content": "<think>not for people"}), DONE)), "unreachable"),
    ],
    ids=["401", "429", "500", "never", "reset", "nothing", "only-thoughts"],
)
async def test_the_embedded_brain_takes_over(tmp_path, chat, answer, trouble):
    """Whatever the model does before a word was said, the embedded brain answers, audibly marked."""
    chat.will(*[answer] * 4)
    async with serve(tmp_path, **with_model(chat)) as served:
        decision, said = await ask(served)
    assert decision["brain"] == "embedded" and decision["trouble"] == trouble
    assert "model" in said and "rubber case" in said
    assert decision["outcome"] == "complete"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says("You ", "chose ", "rubber."), "You chose rubber."),
        (says("<thi", "nk>secret", "</think>You chose rubber."), "You chose rubber."),
        (Answer(steps=(event({"choices": []}), chunk({"content": None}), *texts("You chose rubber."), DONE)),
         "You chose rubber."),
        (Answer(steps=(chunk({"reasoning_content": "secret"}), *texts("You chose **rubber**."), DONE)),
         "You chose rubber."),
        (calls(("show_card", '{"kind": "list", "items": ["rub'), text="You chose rubber."), "You chose rubber."),
    ],
    ids=["plain", "think", "empty-choices", "reasoning", "invalid-tool"],
)  # fmt: skip
async def test_only_the_answer_is_spoken(tmp_path, chat, answer, expected):
    """Thoughts, markup, empty chunks and broken tool calls never reach the voice."""
    chat.will(answer)
    async with serve(tmp_path, **with_model(chat)) as served:
        decision, said = await ask(served)
    assert said == expected and decision["outcome"] == "complete" and decision["brain"] == "openai"


async def test_half_a_stream_is_finished_with_a_word(tmp_path, chat):
    """What came before the break is said, then that it broke."""
    chat.will(Answer(steps=(*texts("You chose the rubber case. ", "It is"), Reset())))
    async with serve(tmp_path, **with_model(chat)) as served:
        decision, said = await ask(served)
    assert said.startswith("You chose the rubber case.") and len(said) > 30
    assert decision["trouble"] in ("unreachable", "cut")


async def test_an_interruption_closes_the_stream_at_the_model(tmp_path, chat):
    """Told to stop, the backend drops the request; the model's server sees the connection close."""
    chat.will(Answer(steps=(*texts("You chose the rubber case, and that is only the beginning of it. "), Hold())))
    async with serve(tmp_path, **with_model(chat)) as served:
        async with PageClient(served.socket, served.token(), holding=True) as page:
            await page.hears("Ana", QUESTION)
            await page.until_true(lambda: bool(page.pcm.get(1)))
            page.played = 2400
            await page.report()
            await page.until_type("state", state="speaking")
            await page.hears("Ana", "Parley, stop.", start=9)
            await page.until_type("flush")
            assert await asyncio.to_thread(chat.left.get, timeout=5) == 0


@pytest.mark.parametrize(
    "answer",
    [
        Refusal(401),
        Refusal(500),
        Spoken(()),
        Spoken(pieces(b"ID3" + bytes(4000)), content_type="audio/mpeg"),
    ],
    ids=["401", "500", "nothing", "mp3"],
)
async def test_the_embedded_voice_takes_over(tmp_path, speech, answer):
    """A voice that fails is replaced before a sound was out."""
    speech.will(*[answer] * 6)
    async with serve(tmp_path, **with_speech(speech)) as served:
        decision, said = await ask(served)
    assert "rubber case" in said and decision["heard"] and decision["outcome"] == "complete"


async def test_odd_bytes_and_wav_are_sound(tmp_path, speech):
    """Chunks that split samples are put together; what was meant is what is played."""
    sound = tone(0.5)
    speech.will(*[Spoken(tuple(sound[at : at + 333] for at in range(0, len(sound), 333)))] * 6)
    async with serve(tmp_path, **with_speech(speech)) as served:
        decision, _ = await ask(served)
    assert decision["outcome"] == "complete" and decision["voice"].startswith("openai")


async def test_a_voice_that_breaks_off_is_not_the_end(tmp_path, speech):
    """Sound that stops in mid-piece ends that reply; the next one is spoken."""
    speech.will(Spoken(pieces(tone(0.6)), after="reset", every=0.05))
    async with serve(tmp_path, **with_speech(speech)) as served:
        async with PageClient(served.socket, served.token()) as page:
            await page.hears("Ana", "Parley, who are you?")
            end = await page.until_type("end", reply=1)
            assert 0 < end["samples"] <= 0.6 * 24_000
            await page.until_type("state", state="trouble")
            await page.until_type("state", state="listening")
            await page.hears("Ana", "Parley, who are you?", start=20)
            await page.until_type("end", reply=2)


async def test_the_voice_process_is_killed(tmp_path):
    """After a SIGKILL of the voice's process in mid-speech the next question is answered aloud."""
    async with serve(tmp_path) as served:
        await ask(served)
        voice = served.wired.parts.voice
        assert voice.pid is not None  # type: ignore[attr-defined]
        os.kill(voice.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        async with PageClient(served.socket, served.token(), "page-2") as page:
            await page.hears("Ana", "Parley, who are you?", start=40)
            await page.until_type("end")


async def test_the_operator_sees_a_full_disk_and_nothing_is_lost(small_disk):
    """While the disk is full readyz says so, the meeting goes on, and the tape catches up when there is space."""
    async with (
        serve(small_disk) as served,
        PageClient(served.socket, served.token()) as page,
        httpx.AsyncClient(base_url=served.http) as http,
    ):
        await page.hears("Ana", "First line of the meeting.")
        tape = served.wired.parts.tape
        await tape.flush()
        assert (await http.get("/readyz")).status_code == 200
        ballast = fill(small_disk)
        await page.hears("Ana", "Parley, who are you?", start=4)
        await page.until_type("end")
        async with asyncio.timeout(20):
            while tape.trouble is None:
                await page.hears("Ben", "More lines of the meeting. " * 40, start=50)
                await asyncio.sleep(0.05)
        answer = await http.get("/readyz")
        assert answer.status_code == 503 and answer.json()["tape"] != "ok"
        ballast.unlink()
        await tape.flush()
        assert (await http.get("/readyz")).status_code == 200
        await page.until_type("line", agent=True, final=True)
        await tape.flush()
        types = [entry.data.get("type") for entry in tape.entries("session-1") if entry.kind == "event"]
        assert types.count("Heard") == page.seq and "PlaybackReport" in types
