"""A scripted vendor and a client of it whose clock does not tick."""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from server.hosts.recall.client import Client
from tests.hosts.recall.scripted_api import ScriptedApi, serving


@pytest.fixture
async def api(anyio_backend: str) -> AsyncIterator[ScriptedApi]:
    """The vendor's REST interface on the loopback address, with nothing scripted."""
    async with serving() as scripted:
        yield scripted


@pytest.fixture
def slept() -> list[float]:
    """The seconds that the client waited, wait by wait. None of them really passed."""
    return []


@pytest.fixture
async def client(api: ScriptedApi, slept: list[float]) -> AsyncIterator[Client]:
    """A client of the scripted vendor: waits are kept, not waited; nothing is left to chance; keys are key-1, key-2."""
    numbers = count(1)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    made = Client(
        "a-key",
        base_url=api.base_url,
        sleep=sleep,
        clock=lambda: 1804496400.0,
        spread=lambda low, high: low,
        new_key=lambda: f"key-{next(numbers)}",
    )
    yield made
    await made.close()
