"""Requests outlive whoever waits for them, but not their client."""

from __future__ import annotations

import asyncio

import pytest

from server.hosts.inflight import InFlight

pytestmark = pytest.mark.anyio


async def test_the_answer_and_the_fault_reach_whoever_waits():
    """What the request gives or raises comes through."""
    flying = InFlight()

    async def fails() -> None:
        raise ValueError("no")

    assert await flying.run(asyncio.sleep(0, "yes")) == "yes"
    with pytest.raises(ValueError, match="no"):
        await flying.run(fails())
    await flying.settle()


async def test_a_waiter_is_cancelled_and_the_request_is_not():
    """The request ends by itself; settling waits for it, and its fault disturbs nobody."""
    flying, go, done = InFlight(), asyncio.Event(), []

    async def request() -> None:
        await go.wait()
        done.append(True)
        raise ValueError("nobody hears this")

    waiter = asyncio.create_task(flying.run(request()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    asyncio.get_running_loop().call_soon(go.set)
    await flying.settle(30.0)
    assert done == [True]


async def test_a_request_that_never_ends_is_cancelled():
    """Closing waits for its grace and not for ever."""
    flying, ended = InFlight(), []

    async def request() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    waiter = asyncio.create_task(flying.run(request()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await flying.settle(0.0)
    assert ended == [True]
    with pytest.raises(asyncio.CancelledError):
        await waiter
