"""A voice behind `POST /v1/audio/speech`: OpenAI, or anything that speaks the same words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from server.brains.openai_client import post
from server.brains.openai_errors import translate
from server.errors import ProviderError, ProviderRefused, ProviderTimeout
from server.media.pcm import SilenceTrimmer
from server.voices.base import SAMPLE_RATE, Sound
from server.voices.speech_body import SpeechBody

if TYPE_CHECKING:
    import openai

#: Characters that the endpoint takes.
LONGEST = 4096
#: Silence (s) at the beginning after which we stop waiting for a voice.
LONGEST_SILENCE = 5
_PART = "speech provider"


class OpenAISpeechVoice:
    """Streams speech from an OpenAI-compatible endpoint, without marks: the page spreads the words itself."""

    name = "openai"

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        model: str,
        voice: str,
        instructions: str = "",
        sample_rate: int = SAMPLE_RATE,
        first_byte_deadline: float = 5.0,
    ) -> None:
        """`client` is shared and stays the caller's to close. `instructions` go to models that take them.

        `sample_rate` is that of headerless sound whose answer does not name one. `first_byte_deadline`
        (seconds) also bounds the silence between two chunks.
        """
        # A retry inside the client could block a turn for two minutes; that is decided outside.
        # Our deadline comes first, also in the middle, so that it is known for a timeout.
        self._client = client.with_options(max_retries=0, timeout=2 * first_byte_deadline)
        self._model = model
        self._voice = voice
        self._instructions = instructions
        self._rate = sample_rate
        self._deadline = first_byte_deadline

    async def speak(self, text: str, *, voice: str = "", language: str = "en") -> AsyncIterator[Sound]:
        """See `Voice.speak`. The model hears the language from the text."""
        if len(text) > LONGEST:
            raise ProviderRefused("a piece of text is longer than 4096 characters")
        request = {"model": self._model, "voice": voice or self._voice, "input": text, "response_format": "pcm"}
        if self._instructions:
            request["instructions"] = self._instructions
        trimmer = SilenceTrimmer(keep=SAMPLE_RATE // 50, limit=LONGEST_SILENCE * SAMPLE_RATE)
        try:
            async with contextlib.AsyncExitStack() as stack:
                async with asyncio.timeout(self._deadline):
                    response = await post(self._client, "/audio/speech", request, accept="application/octet-stream")
                    stack.push_async_callback(response.aclose)
                body = SpeechBody(response.headers.get("content-type", ""), self._rate)
                chunks = response.aiter_bytes()
                while True:
                    async with asyncio.timeout(self._deadline):
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        break
                    sound = trimmer.feed(body.feed(chunk))
                    if trimmer.open and not trimmer.heard:
                        raise ProviderRefused("the speech provider returned only silence")
                    if sound:
                        yield Sound(sound)
                rest = trimmer.feed(body.finish()) + trimmer.finish()
                if rest and trimmer.heard:
                    yield Sound(rest)
        except (ProviderError, GeneratorExit, asyncio.CancelledError):
            raise
        except TimeoutError as error:
            raise ProviderTimeout("the speech provider gave no sound in time") from error
        except Exception as error:
            raise translate(error, _PART) from error
        if not trimmer.heard:
            raise ProviderRefused("the speech provider returned no sound")

    async def check(self) -> str:
        """Has one word spoken and says by whom."""
        async for _ in self.speak("Ready."):
            pass
        return f"openai: model {self._model}, voice {self._voice}"

    async def close(self) -> None:
        """Nothing to give back: the client is shared."""
