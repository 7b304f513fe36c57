"""Waiting for something to become true, without looking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class News:
    """Whoever changes something tells; whoever waits looks only then."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Something changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until this is true. What it raises ends the waiting."""
        while not true():
            await self._event.wait()
