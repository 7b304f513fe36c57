"""A stand-in server and a client for it."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from openai import AsyncOpenAI

from server.brains.openai_client import make_client
from tests.standins.chat import ChatStandIn


@pytest.fixture(scope="session")
def running() -> Iterator[ChatStandIn]:
    """One chat server for all tests: starting one takes a quarter of a second."""
    stand_in = ChatStandIn()
    stand_in.base_url = stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def server(running: ChatStandIn) -> Iterator[ChatStandIn]:
    """The chat server on the loopback address, with nothing scripted; `server.base_url` is where."""
    running.fresh()
    yield running
    running.release()


@pytest.fixture
def nobody() -> Iterator[str]:
    """The base URL of a port that is taken and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


@pytest.fixture(params=["httpx2", "aiohttp"])
async def client(server: ChatStandIn, request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[AsyncOpenAI]:
    """The shared client, over both transports it may use."""
    made = make_client(server.base_url, "a-key", fast=request.param == "aiohttp")
    yield made
    await made.close()
