"""Fixtures of the stand-ins' tests."""

from collections.abc import AsyncIterator

import pytest
from receiving import Receiver


@pytest.fixture
async def receiver(anyio_backend: str) -> AsyncIterator[Receiver]:
    """Our side: takes whatever the stand-ins send."""
    async with Receiver() as receiver:
        yield receiver
