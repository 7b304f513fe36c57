"""Requests that run to their end even when nobody waits for them any more.

A request that is cancelled in the middle leaves open whether it was done, and may leave a connection behind that nobody
closes (httpcore, when several idle connections are being closed as the cancellation comes). So whoever waits can be
cancelled; the request goes on, within its own deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: seconds that requests get to end by themselves when their client is closed
GRACE = 2.0


class InFlight:
    """The requests of one client that are on their way. As many as there are calls, each with a deadline of its own."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, request: Coroutine[Any, Any, T]) -> T:
        """Wait for this request. Raises what it raises; cancelled, it leaves the request alone."""
        task = asyncio.create_task(request, name="host-request")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def settle(self, grace: float = GRACE) -> None:
        """Wait until all have ended; those that take longer than `grace` seconds are cancelled."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(set(self._tasks), timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # read here: whoever waited for it may be gone
