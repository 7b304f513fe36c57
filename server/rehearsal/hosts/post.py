"""One webhook address of ours as a vendor uses it: it posts, signs, waits and posts again."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from server.errors import RehearsalError
from server.hosts.inflight import InFlight
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.signing import new_id, unsigned

#: Messages that may wait for an address that does not answer. More is a mistake of the test: RehearsalError.
LIMIT = 5_000
#: Tries that are remembered; older ones are forgotten.
REMEMBERED = 2_000

#: Makes the headers of a POST from its raw body and its id.
Sign = Callable[[bytes, str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try to deliver one message. `status` is 0 when there was no answer."""

    id: str
    attempt: int
    status: int
    message: Mapping[str, Any] = field(repr=False)


class Post:
    """Webhooks to one `url`, one after another.

    A message that is not answered with 2xx is tried again after each of `waits`, with its id and a new timestamp. With
    `in_order` the messages behind it wait until it was taken, and when it never is, the address has failed for good;
    otherwise they go ahead. `repeats` delivers every message so often.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        clocks: Clocks,
        *,
        sign: Sign = unsigned,
        waits: Sequence[float] = (),
        in_order: bool = False,
        on_failed: Callable[[], None] | None = None,
    ) -> None:
        """`client` stays the caller's to close."""
        self.url = url
        self.repeats = 1
        self.failed = False
        self.deliveries: deque[Delivery] = deque(maxlen=REMEMBERED)
        self._client = client
        self._clocks = clocks
        self._sign = sign
        self._waits = tuple(waits)
        self._in_order = in_order
        self._on_failed = on_failed
        # Bounded by LIMIT in put().
        self._queue: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._flying = InFlight()
        self._held: list[Mapping[str, Any]] | None = None
        self._retries: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def put(self, message: Mapping[str, Any]) -> None:
        """Deliver this after everything before it."""
        if self._held is not None:
            self._held.append(message)
            return
        if self.failed:
            return
        if self._queue.qsize() >= LIMIT:
            raise RehearsalError("nobody takes what the stand-in posts")
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="stand-in-post")
        self._queue.put_nowait(message)

    def hold(self) -> None:
        """Keep back what is put from now on."""
        self._held = self._held or []

    def release(self, arrange: Callable[[list[Mapping[str, Any]]], Iterable[Mapping[str, Any]]] = list) -> None:
        """Deliver what was kept back, in the order that `arrange` makes of it."""
        held, self._held = self._held or [], None
        for message in arrange(held):
            self.put(message)

    async def settled(self) -> None:
        """Wait until everything put so far was tried, and with `in_order` until it was taken or given up."""
        await self._queue.join()

    async def close(self) -> None:
        """Stop delivering, done or not. May be called twice."""
        tasks = [*self._retries, *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._flying.settle(0.0)
        self._task = None
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _run(self) -> None:
        while True:
            message = await self._queue.get()
            try:
                # A repeated message keeps its id, as one whose answer came too late does.
                message_id = new_id()
                for _ in range(self.repeats):
                    if not self.failed:
                        await self._deliver(message, message_id)
            finally:
                self._queue.task_done()

    async def _deliver(self, message: Mapping[str, Any], message_id: str) -> None:
        if await self._try(message, message_id, 1):
            return
        if self._in_order:
            await self._again(message, message_id)
        elif self._waits:
            task = asyncio.create_task(self._again(message, message_id), name="stand-in-post-again")
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)

    async def _again(self, message: Mapping[str, Any], message_id: str) -> None:
        for attempt, wait in enumerate(self._waits, start=2):
            await self._clocks.sleep(wait)
            if await self._try(message, message_id, attempt):
                return
        if self._in_order:
            self.failed = True
            if self._on_failed is not None:
                self._on_failed()

    async def _try(self, message: Mapping[str, Any], message_id: str, attempt: int) -> bool:
        body = json.dumps(message).encode()
        headers = {"Content-Type": "application/json", **self._sign(body, message_id)}
        try:
            response = await self._flying.run(self._client.post(self.url, content=body, headers=headers))
            status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            status = 0
        self.deliveries.append(Delivery(message_id, attempt, status, message))
        return 200 <= status < 300
