"""Opens a chat stream under our own deadlines: hedged, retried once, given up in time for a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from server.errors import ProviderError, ProviderLimited, ProviderTimeout

#: seconds of a Retry-After that we wait for; a longer one is a job for the stand-in
PATIENCE = 1.0
#: seconds before a failed request is sent again: a failing server closes its connection a moment later, and a request
#: sent at once would go down that very connection
PAUSE = 0.05


class EventStream(Protocol):
    """What the client's stream offers: parsed events, and a way to hang up."""

    def __aiter__(self) -> AsyncIterator[object]: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class Opened:
    """A stream that has given its first sign of life: the events read so far, and the rest."""

    stream: EventStream
    events: AsyncIterator[object]
    head: list[object]

    async def close(self) -> None:
        """Hang up. The server stops generating when the connection drops."""
        await self.stream.close()


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds, each counted while waiting for the provider only: the time the reader takes is not the
    provider's.
    """

    first_token: float = 4.0
    #: a second request after this long without a sign of life; None: never
    hedge_after: float | None = 1.2
    #: longest time without a piece of text or of a tool call once the reply has begun
    silence: float = 8.0
    total: float = 60.0


Opener = Callable[[], Awaitable[EventStream]]


async def open_stream(
    opener: Opener,
    alive: Callable[[object], bool],
    translate: Callable[[BaseException], ProviderError],
    deadlines: Deadlines,
    hang_up: Callable[[asyncio.Task[Opened]], None],
) -> Opened:
    """The first of up to three attempts that shows a sign of life (`alive`), or ends in peace.

    A second attempt starts after `hedge_after` without one, and a failed attempt is replaced once when
    trying again may help. `hang_up` gets the attempts that lost the race. Raises ProviderError; cancelled,
    it hangs up first.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    give_up = started + deadlines.first_token
    hedge_at = None if deadlines.hedge_after is None else started + deadlines.hedge_after
    running = {asyncio.create_task(_attempt(opener, alive))}
    retried = False
    try:
        while True:
            until = give_up if hedge_at is None else min(give_up, hedge_at)
            done, running = await asyncio.wait(
                running, timeout=max(0.0, until - loop.time()), return_when=asyncio.FIRST_COMPLETED
            )
            if won := [task for task in done if task.exception() is None]:
                for loser in won[1:]:
                    hang_up(loser)
                for task in running:
                    hang_up(task)
                running = set()
                return won[0].result()
            for task in done:
                failure = task.exception()
                assert failure is not None
                error = translate(failure)
                if not error.retryable or (retried and not running):
                    raise _caused(error, failure)
                if not retried:
                    wait = _wait_for(error)
                    if wait is None or loop.time() + wait >= give_up:
                        if running:
                            continue
                        raise _caused(error, failure)
                    retried = True
                    running.add(asyncio.create_task(_attempt(opener, alive, wait)))
            now = loop.time()
            if now >= give_up:
                raise ProviderTimeout("the language model did not begin to answer in time")
            if hedge_at is not None and now >= hedge_at:
                hedge_at = None
                running.add(asyncio.create_task(_attempt(opener, alive)))
    finally:
        await _abandon(running)


def _caused(error: ProviderError, failure: BaseException) -> ProviderError:
    """The error with what led to it; an attempt may have failed with an error of ours, which keeps its own cause."""
    if error is not failure:
        error.__cause__ = failure
    return error


def _wait_for(error: ProviderError) -> float | None:
    """Seconds to wait before the one retry, or None when it is not worth it."""
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= PATIENCE else None
    return 0.25 if isinstance(error, ProviderLimited) else PAUSE


async def _attempt(opener: Opener, alive: Callable[[object], bool], wait: float = 0.0) -> Opened:
    if wait:
        await asyncio.sleep(wait)
    stream = await opener()
    try:
        events = aiter(stream)
        head: list[object] = []
        async for event in events:
            head.append(event)
            if alive(event):
                break
        return Opened(stream, events, head)
    except BaseException:
        await stream.close()
        raise


async def _abandon(attempts: set[asyncio.Task[Opened]]) -> None:
    """Stop the attempts and hang up, before the caller goes on: the server must see it."""
    for task in attempts:
        task.cancel()
    for task in attempts:
        await finish(task)


async def finish(task: asyncio.Task[Opened]) -> None:
    """Wait for a cancelled attempt, and hang up on the stream it may have opened all the same."""
    with suppress(Exception):
        await asyncio.wait([task])
        if not task.cancelled() and task.exception() is None:
            await task.result().close()


async def paced(opened: Opened, useful: Callable[[], bool], deadlines: Deadlines) -> AsyncGenerator[object, None]:
    """The events of an opened stream, one by one, as long as they keep coming.

    Before each wait, `useful` says whether the last event brought the reply forward; only that ends a
    silence, so keep-alives and thoughts do not. Raises ProviderTimeout.
    """
    for event in opened.head:
        yield event
    clock = asyncio.get_running_loop().time
    quiet = waited = 0.0
    step = opened.events.__anext__
    while True:
        if useful():
            quiet = 0.0
        asked = clock()
        try:
            async with asyncio.timeout(min(deadlines.silence - quiet, deadlines.total - waited)):
                event = await step()
        except StopAsyncIteration:
            return
        except TimeoutError as late:
            raise ProviderTimeout("the language model fell silent in the middle of its answer") from late
        took = clock() - asked
        waited += took
        quiet += took
        yield event
