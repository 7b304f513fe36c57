"""Voices under test: the embedded one in its real process, and a speech provider's stand-in."""

from collections.abc import AsyncIterator, Iterator

import pytest
from openai import AsyncOpenAI, DefaultAioHttpClient, DefaultAsyncHttpxClient

from server.voices.espeak import EspeakVoice
from tests.standins.speech import SpeechStandIn


@pytest.fixture
def speech() -> Iterator[tuple[SpeechStandIn, str]]:
    """A speech provider on the loopback address, and its base URL."""
    stand_in = SpeechStandIn()
    url = stand_in.start()
    yield stand_in, url
    stand_in.stop()


@pytest.fixture(params=["httpx2", "aiohttp"])
async def client(
    speech: tuple[SpeechStandIn, str], request: pytest.FixtureRequest, anyio_backend: str
) -> AsyncIterator[AsyncOpenAI]:
    """The shared client, over both transports it may use."""
    transport = DefaultAioHttpClient() if request.param == "aiohttp" else DefaultAsyncHttpxClient()
    made = AsyncOpenAI(api_key="a-key", base_url=speech[1], http_client=transport)
    yield made
    await made.close()


@pytest.fixture
async def espeak(anyio_backend: str) -> AsyncIterator[EspeakVoice]:
    """The embedded voice with its real helper process."""
    pytest.importorskip("espeakng_loader", reason="the extra 'voice' is not installed")
    # Generous deadlines: these tests are about order, and the machine may be busy.
    voice = EspeakVoice(frame_deadline=20.0, start_deadline=30.0)
    yield voice
    await voice.close()
