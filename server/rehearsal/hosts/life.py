"""What the lives of all bots share: steps one after another, until an ending cuts in."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from server.errors import RehearsalError
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.news import News

E = TypeVar("E")


class Living(ABC, Generic[E]):
    """Takes `steps()`; when an ending of type E is decided on, whatever step it is at, follows it with `over()`."""

    def __init__(self, clocks: Clocks, failed: Callable[[BaseException], None]) -> None:
        """`failed` hears of exceptions in the stand-in itself."""
        self._clocks = clocks
        self._failed = failed
        #: told of every change in its life
        self.news = News()
        self._ending: asyncio.Future[E] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._life: asyncio.Task[None] | None = None

    @abstractmethod
    async def steps(self) -> None:
        """From being sent to being in the meeting."""

    @abstractmethod
    async def over(self, ending: E) -> None:
        """From the decision to end to the very end."""

    @property
    def completed(self) -> bool:
        """Leaving, gone or failed: it takes no more commands."""
        return self._ending.done()

    def start(self) -> None:
        """Begin to live."""
        self._life = self.spawn(self._live())

    def end(self, ending: E) -> None:
        """Decide how it ends; what is decided first holds."""
        if not self._ending.done():
            self._ending.set_result(ending)

    async def until(self, reached: Callable[[], bool], what: str) -> None:
        """Wait for something in its life. Raises RehearsalError when it ends without."""

        def so_far() -> bool:
            if not reached() and self._life is not None and self._life.done():
                raise RehearsalError(f"the bot ended without having been {what}")
            return reached()

        await self.news.until(so_far)

    async def rest(self, seconds: float, event: asyncio.Event) -> bool:
        """Sleep so long, or until the event; whether the time passed."""
        sleep: asyncio.Future[Any] = asyncio.ensure_future(self._clocks.sleep(seconds))
        other: asyncio.Future[Any] = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({sleep, other}, return_when=asyncio.FIRST_COMPLETED)
            return sleep.done()
        finally:
            sleep.cancel()
            other.cancel()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do this beside; it ends with the bot at the latest."""
        task = asyncio.create_task(work, name="stand-in-bot")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def cancel(self) -> None:
        """End everything at once, wherever it is. May be called twice."""
        self._ending.cancel()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _live(self) -> None:
        steps = asyncio.create_task(self.steps())
        both: set[asyncio.Future[Any]] = {steps, self._ending}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if steps.done():
                steps.result()
            ending = await self._ending
        finally:
            steps.cancel()
            await asyncio.gather(steps, return_exceptions=True)
        await self.over(ending)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)
        self.news.tell()
