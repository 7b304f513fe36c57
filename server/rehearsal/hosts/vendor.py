"""What the stand-ins of all vendors share: a service with bots, requests that are kept, answers that are scripted."""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import RehearsalError
from server.rehearsal.hosts.answers import Answer, LostAnswer, Refusal, Script, Scripted
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.serving import Serving

#: Requests that are remembered; older ones are forgotten.
REMEMBERED = 1_000
#: Seconds in which one webhook must be answered.
HOOK_WITHIN = 15.0

#: Reading all certificates takes longer than all the rest of a short test.
_tls = functools.cache(ssl.create_default_context)

#: Answers one API request: gets the request and its JSON body (None without one).
Handler = Callable[[Request, Any], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Call:
    """One API request as it came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        return json.loads(self.body)


class Bot(Protocol):
    """What a service knows of its bots."""

    id: str

    async def settled(self) -> None: ...

    async def close(self) -> None: ...


B = TypeVar("B", bound=Bot)


class Vendor(ABC, Generic[B]):
    """The REST side of a vendor and all its bots. An async context manager; `url` is its base address.

    Scripted answers that every service knows: `lost` (does what was asked, then breaks the connection), `done 502`
    (does it and answers 502 all the same), `hold` (waits for `let_go()` before doing it).
    """

    def __init__(self, clocks: Clocks) -> None:
        self.clocks = clocks
        self.url = ""
        #: every bot by its id, in order of creation
        self.bots: dict[str, B] = {}
        #: what was asked of the API, newest last
        self.requests: deque[Call] = deque(maxlen=REMEMBERED)
        #: what went wrong in the stand-in itself; the first is raised when the service ends
        self.failures: list[BaseException] = []
        self.client = httpx.AsyncClient(timeout=HOOK_WITHIN, trust_env=False, verify=_tls())
        self._script = Script()
        # As many as there are bots, which `bots` keeps anyway.
        self._fresh: asyncio.Queue[B] = asyncio.Queue()
        self._go = asyncio.Event()
        self._holds = asyncio.Semaphore(0)
        self._serving = Serving(self._application())

    # ------------------------------------------------------------ for whoever uses it

    async def __aenter__(self) -> Self:
        self.url = await self._serving.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._go.set()
        for close in [*(bot.close for bot in self.bots.values()), *(post.close for post in self.posts())]:
            try:
                await close()
            except Exception as broken:
                self.failed(broken)
        await self._serving.stop()
        await self.client.aclose()
        if error is None and self.failures:
            raise self.failures[0]

    def script(self, name: str, *, times: int = 1, on: str = "", retry_after: str = "") -> None:
        """The next `times` requests in whose `METHOD /path` the pattern `on` is found are answered so.

        For the names see the class. Without `on` it is the request that the answer is about, see `usual_place`.
        `retry_after` replaces the header.
        """
        names = {"lost", "done 502", "hold", *self.scripted()}
        if name not in names:
            raise RehearsalError(f"unknown answer: use one of {', '.join(sorted(names))}")
        self._script.add(Scripted(name, on or self.usual_place(name), times, retry_after))

    async def held(self) -> None:
        """Wait until `hold` has caught a request."""
        await self._holds.acquire()

    def let_go(self) -> None:
        """Let the requests that `hold` caught go on."""
        self._go.set()
        self._go = asyncio.Event()

    async def next_bot(self) -> B:
        """The next bot that was created; each is given once."""
        return await self._fresh.get()

    async def settled(self) -> None:
        """Wait until everything that all bots were told to send was sent, status webhooks included."""
        await asyncio.gather(*(bot.settled() for bot in self.bots.values()))
        await asyncio.gather(*(post.settled() for post in self.posts()))

    # ------------------------------------------------------------ for the services

    @abstractmethod
    def routes(self) -> list[Route]:
        """The API; its endpoints are made with `endpoint`."""

    @abstractmethod
    def posts(self) -> list[Post]:
        """The addresses that hear of every bot."""

    @abstractmethod
    def scripted(self) -> dict[str, Answer]:
        """The answers that a test may script, by name."""

    def usual_place(self, name: str) -> str:
        """A pattern for the `METHOD /path` that a scripted answer is for when the test does not say."""
        return ""

    @abstractmethod
    def guard(self, request: Request, raw: bytes) -> None:
        """Raise Refusal for whoever may not come in, before anything else is looked at."""

    def replay(self, request: Request) -> Answer | None:
        """The answer that a repeated request got the first time, if it is to get it again."""
        return None

    def remember(self, request: Request, answer: Answer) -> None:
        """The request got this answer; a repetition may get it again."""

    def forget(self, request: Request) -> None:
        """The request ended without an answer of the application."""

    @abstractmethod
    def invalid_json(self) -> Answer:
        """What is answered to a body that is not JSON."""

    @abstractmethod
    def no_such_path(self, request: Request, status: int) -> Answer:
        """What is answered to an unknown path (404) or method (405)."""

    def add(self, bot: B) -> None:
        """A bot was created."""
        self.bots[bot.id] = bot
        self._fresh.put_nowait(bot)

    def failed(self, error: BaseException) -> None:
        """Something in the stand-in itself went wrong."""
        self.failures.append(error)

    def endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """A Starlette endpoint around a handler: guard, replay, script, handler."""

        async def answer(request: Request) -> Response:
            raw = await request.body()
            line = f"{request.method} {request.url.path}"
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.requests.append(Call(request.method, request.url.path, request.url.query, headers, raw))
            try:
                self.guard(request, raw)
                stored = self.replay(request)
            except Refusal as refusal:
                return refusal.answer.response()
            if stored is not None:
                return stored.response()
            return await self._answer(request, raw, handler, self._script.take(line))

        return answer

    async def _answer(self, request: Request, raw: bytes, handler: Handler, scripted: Scripted) -> Response:
        """Every way out of here either remembers the request or forgets it."""
        answer: Answer | None = None
        try:
            if scripted.name == "hold":
                self._holds.release()
                await self._go.wait()
            ready = self.scripted().get(scripted.name)
            answer = scripted.dress(ready) if ready else await handler(request, self._json(raw))
        except Refusal as refusal:
            answer = refusal.answer
        except Exception as error:
            self.failed(error)
            raise
        finally:
            if answer is None:
                self.forget(request)
            else:
                self.remember(request, answer)
        if scripted.name == "lost":
            return LostAnswer()
        if scripted.name == "done 502":
            return Answer(502, "<html><body><h1>502 Bad Gateway</h1></body></html>").response()
        return answer.response()

    def _json(self, raw: bytes) -> Any:
        if not raw:
            return None
        try:
            return json.loads(raw)
        except ValueError:
            raise Refusal(self.invalid_json()) from None

    def _application(self) -> Starlette:
        async def unknown(request: Request, error: Exception) -> Response:
            status = error.status_code if isinstance(error, HTTPException) else 500
            return self.no_such_path(request, status).response()

        application = Starlette(routes=self.routes(), exception_handlers={404: unknown, 405: unknown})
        application.router.redirect_slashes = False
        return application
