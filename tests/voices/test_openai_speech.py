"""The voice behind `/v1/audio/speech`, against a real loopback server that misbehaves on demand."""

import asyncio
from contextlib import aclosing

import pytest
from openai import AsyncOpenAI

from server.errors import (
    ProviderError,
    ProviderLimited,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
)
from server.media.pcm import write_wav
from server.voices.base import Sound
from server.voices.openai_speech import OpenAISpeechVoice
from tests.standins.speech import Answer, Refusal, SpeechStandIn, Spoken, pieces, tone
from tests.voices.hearing import quiet_start, seconds, strongest, whole

pytestmark = pytest.mark.anyio

TONE = tone(0.5)


@pytest.fixture
def provider(speech: tuple[SpeechStandIn, str]) -> SpeechStandIn:
    """The stand-in."""
    return speech[0]


@pytest.fixture
def voice(client: AsyncOpenAI) -> OpenAISpeechVoice:
    """A voice with a deadline that a busy machine does not reach."""
    return OpenAISpeechVoice(client, "tts-x", "marin", instructions="Warmly.", first_byte_deadline=20.0)


async def spoken(voice: OpenAISpeechVoice, text: str = "Hello there.", who: str = "") -> list[Sound]:
    return [sound async for sound in voice.speak(text, voice=who)]


async def test_sound_comes_through_unchanged(provider: SpeechStandIn, voice: OpenAISpeechVoice) -> None:
    """PCM at 24 kHz is played as it is, however it is cut, and the request says what we want."""
    provider.will(Spoken(pieces(TONE, 999)))
    sounds = await spoken(voice, who="cedar")

    assert whole(sounds) == TONE
    assert all(sound.pcm and len(sound.pcm) % 2 == 0 for sound in sounds)
    assert provider.requests[0] == {
        "model": "tts-x", "voice": "cedar", "input": "Hello there.", "response_format": "pcm",
        "instructions": "Warmly.",
    }  # fmt: skip


async def test_no_instructions_are_sent_when_there_are_none(provider: SpeechStandIn, client: AsyncOpenAI) -> None:
    """Older models refuse the field, so it is absent."""
    await spoken(OpenAISpeechVoice(client, "tts-1", "alloy", first_byte_deadline=20.0))

    assert "instructions" not in provider.requests[0]
    assert provider.requests[0]["voice"] == "alloy"


async def test_sound_is_given_while_it_still_arrives(provider: SpeechStandIn, voice: OpenAISpeechVoice) -> None:
    """The first sound is there although the answer has not ended, and closing the iterator hangs up."""
    provider.will(Spoken((TONE,), after="hold"))
    async with aclosing(voice.speak("Hello there.")) as sounds:
        assert (await anext(sounds)).pcm

    assert await asyncio.to_thread(provider.left.get, timeout=20) == "gone"


async def test_a_cancelled_task_hangs_up(provider: SpeechStandIn, voice: OpenAISpeechVoice) -> None:
    """An interruption before the first byte closes the request too, and the voice can speak again."""
    provider.will(Spoken((TONE,), before="hold"))
    task = asyncio.create_task(spoken(voice))
    await asyncio.to_thread(provider.arrived.get, timeout=20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    provider.release()
    assert whole(await spoken(voice))


async def test_leading_silence_is_cut_to_20_ms(provider: SpeechStandIn, voice: OpenAISpeechVoice) -> None:
    """A quarter second of silence before the first sound is not played."""
    provider.will(Spoken(pieces(bytes(12_000) + TONE, 1001)))
    pcm = whole(await spoken(voice))

    assert 440 <= quiet_start(pcm) <= 480 + 2
    assert seconds(pcm) == pytest.approx(0.52, abs=0.001)


@pytest.mark.parametrize("rate", [16_000, 44_100])
async def test_wav_at_another_rate_is_understood(provider: SpeechStandIn, voice: OpenAISpeechVoice, rate: int) -> None:
    """WAV although PCM was asked for, at its own rate: the pitch and the length are right."""
    provider.will(Spoken(pieces(write_wav(tone(0.5, 440.0, rate), rate), 777), "audio/wav"))
    pcm = whole(await spoken(voice))

    assert strongest(pcm) == pytest.approx(440, abs=2)
    assert seconds(pcm) == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Spoken(), ProviderRefused, "no sound"),
        (Spoken((bytes(48_000),)), ProviderRefused, "no sound"),
        (Spoken((bytes(480_000),)), ProviderRefused, "only silence"),
        (Spoken((b'{"error": "unsupported"}',), "application/json"), ProviderRefused, "application/json"),
        (Spoken((b"<html><body>Bad gateway</body></html>",), "text/html"), ProviderRefused, "text/html"),
        (Spoken((b"ID3\x04" + bytes(600),), "audio/mpeg"), ProviderRefused, "MP3"),
        (Spoken((b"OggS" + bytes(600),), "audio/ogg"), ProviderRefused, "Ogg"),
        (Refusal(400), ProviderRefused, "400"),
        (Refusal(401), ProviderRefused, "key"),
        (Refusal(403), ProviderRefused, "key"),
        (Refusal(404), ProviderRefused, "model"),
        (Refusal(429, headers=(("retry-after", "7"),)), ProviderLimited, "limit"),
        (Refusal(500), ProviderUnreachable, "500"),
        (Refusal(502), ProviderUnreachable, "502"),
        (Spoken(after="reset"), ProviderUnreachable, "connection"),
    ],
)
async def test_a_failure_is_told_in_our_words(
    provider: SpeechStandIn, voice: OpenAISpeechVoice, answer: Answer, error: type[ProviderError], said: str
) -> None:
    """Every way to fail has its kind and a sentence, without what was said, and is asked only once."""
    provider.will(answer)
    with pytest.raises(error, match=said) as raised:
        await spoken(voice, "The secret plan.")

    assert "secret" not in str(raised.value)
    assert raised.value.retry_after == (7.0 if isinstance(answer, Refusal) and answer.status == 429 else None)
    assert len(provider.requests) == 1


async def test_a_connection_that_breaks_in_the_middle(provider: SpeechStandIn, voice: OpenAISpeechVoice) -> None:
    """What came before the break is given, then the piece fails as unreachable."""
    provider.will(Spoken((TONE,), after="reset"))
    heard: list[bytes] = []

    async def listen() -> None:
        async for sound in voice.speak("Hello there."):
            heard.append(sound.pcm)  # noqa: PERF401 - what came before the break must be kept

    with pytest.raises(ProviderUnreachable):
        await listen()

    assert heard
    assert TONE.startswith(b"".join(heard))


@pytest.mark.parametrize("answer", [Spoken((TONE,), before="hold"), Spoken((TONE,), after="hold")])
async def test_silence_on_the_line_is_a_timeout(provider: SpeechStandIn, client: AsyncOpenAI, answer: Spoken) -> None:
    """No first byte, or no further one, before the deadline is a timeout."""
    provider.will(answer)
    voice = OpenAISpeechVoice(client, "tts-x", "marin", first_byte_deadline=0.3)
    with pytest.raises(ProviderTimeout):
        await spoken(voice)


async def test_nobody_listens_on_that_port() -> None:
    """A server that is not there is unreachable."""
    async with AsyncOpenAI(api_key="a-key", base_url="http://127.0.0.1:9/v1") as client:
        with pytest.raises(ProviderUnreachable):
            await spoken(OpenAISpeechVoice(client, "tts-x", "marin", first_byte_deadline=20.0))


async def test_a_text_beyond_the_limit_is_refused(provider: SpeechStandIn, voice: OpenAISpeechVoice) -> None:
    """The endpoint takes 4096 characters; a longer text is not even sent."""
    with pytest.raises(ProviderRefused, match="4096"):
        await spoken(voice, "a" * 4097)
    assert not provider.requests


async def test_it_says_what_it_is(provider: SpeechStandIn, voice: OpenAISpeechVoice) -> None:
    """The check speaks a word and names model and voice; the shared client outlives the voice."""
    assert await voice.check() == "openai: model tts-x, voice marin"
    await voice.close()
    assert whole(await spoken(voice))
