"""A whole backend beside stand-ins of the vendors, for the tests of seats. Waits are short, everything else is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from server import app, app_seats
from server.hosts.base import Host
from server.hosts.meetstream.adapter import MeetStream
from server.hosts.meetstream.client import Client as MeetStreamClient
from server.hosts.recall.adapter import Recall
from server.hosts.recall.client import Client
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.film import tone
from server.rehearsal.hosts.meetstream_service import MeetStreamService
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.recall_bot import RecallBot
from server.rehearsal.hosts.recall_service import RecallService
from server.seats.seat import Seat
from server.seats.service import Seats
from server.settings import Settings
from tests.page_client import PageClient
from tests.served import Served, serve

KEY = "k-4f9a2c71d0e85b36"
SECRET = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"
OLD_SECRET = "whsec_ZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8"
MEET = "https://meet.google.com/abc-defg-hij"
ZOOM = "https://us02web.zoom.us/j/81234567890?pwd=abc"
#: seconds after which something counts as never coming true
WITHIN = 30.0


async def soon(seconds: float) -> None:
    """A vendor's wait, made short."""
    await asyncio.sleep(min(seconds, 0.02))


async def _cold(voice: Any) -> None:
    """No warming up."""


async def until(true: Callable[[], Any]) -> Any:
    """Wait until something is so; returns what it was."""
    async with asyncio.timeout(WITHIN):
        while not (value := true()):  # noqa: ASYNC110  what is waited for tells nobody when it changes
            await asyncio.sleep(0.01)
    return value


def words_of(seat: Seat) -> list[str]:
    """What the operator was told, step by step."""
    return [step.words for step in seat.steps]


#: a second in which somebody speaks and stops, as an ear hears it that judges by level; a room is never quite silent
SPEECH = tone(0.6, level=0.4) + tone(0.4, level=0.0005)


@dataclass
class House:
    """A backend, a client of its API, and the stand-ins beside it."""

    served: Served
    http: httpx.AsyncClient
    recall: RecallService
    meetstream: MeetStreamService

    @property
    def seats(self) -> Seats:
        return self.served.wired.seats

    async def join(self, meeting_url: str = MEET, **wish: Any) -> Seat:
        """Ask for a bot over the API."""
        answer = await self.http.post("/api/bots", json={"meeting_url": meeting_url, **wish})
        assert answer.status_code == 201, answer.text
        return self.seats.get(answer.json()["id"])

    async def seated(self, meeting_url: str = MEET, **wish: Any) -> tuple[Seat, RecallBot]:
        """A seat of Recall whose bot is in and whose connections are open."""
        seat = await self.join(meeting_url, **wish)
        bot = await self.recall.next_bot()
        await until(lambda: seat.state.value == "live" and self.connected(seat, bot))
        return seat, bot

    def connected(self, seat: Seat, bot: RecallBot) -> bool:
        """Every connection that the order asked for is open."""
        wanted = sum(endpoint.line is not None for endpoint in bot.endpoints)
        return len(seat.view()["connected"]) == wanted

    async def do(self, seat: Seat, verb: str, **body: Any) -> httpx.Response:
        """A command over the API."""
        return await self.http.post(f"/api/bots/{seat.id}/{verb}", json=body)

    async def view(self, seat: Seat) -> dict[str, Any]:
        """The seat as the API shows it."""
        view = (await self.http.get(f"/api/bots/{seat.id}")).json()
        assert isinstance(view, dict)
        return view

    async def facts(self, seat: Seat, *types: str) -> list[dict[str, Any]]:
        """The facts of these types that the core was told, in order."""
        return [fact for fact in await self.taped(seat, "event") if fact["type"] in types]

    async def taped(self, seat: Seat, kind: str) -> list[dict[str, Any]]:
        """The entries of this kind on the seat's tape."""
        tape = self.served.wired.parts.tape
        await tape.flush()
        return [entry.data for entry in await asyncio.to_thread(tape.entries, seat.id) if entry.kind == kind]

    async def until_fact(self, seat: Seat, kind: str, **fields: Any) -> dict[str, Any]:
        """Wait until the core was told such a fact; the first."""
        async with asyncio.timeout(WITHIN):
            while True:
                for fact in await self.facts(seat, kind):
                    if all(fact[name] == value for name, value in fields.items()):
                        return fact
                await asyncio.sleep(0.02)

    async def until_facts(self, seat: Seat, kind: str, count: int) -> None:
        """Wait until the core was told so many facts of this type; not one more has come then."""
        async with asyncio.timeout(WITHIN):
            while True:
                found = len(await self.facts(seat, kind))
                if found >= count:
                    break
                await asyncio.sleep(0.02)
        assert found == count

    def page(self, seat: Seat, name: str = "page-1") -> PageClient:
        """The page that the bot would open."""
        return PageClient(self.served.socket, self.served.token(seat.id), name)

    def dashboard(self, path: str = "/hosts/recall/status/") -> Post:
        """Give the status webhooks of Recall's dashboard to the backend from now on."""
        recall = self.recall
        recall.dashboard = Post(
            recall.client, self.served.http + path, recall.clocks, sign=recall.dashboard_signer.headers
        )
        return recall.dashboard


@asynccontextmanager
async def house(
    folder: Path,
    *,
    eager: float = 0.05,
    expected: float = 600.0,
    secrets: tuple[str, ...] = (SECRET,),
    key: str = KEY,
    sleep: Callable[[float], Awaitable[None]] = soon,
    public: bool = True,
    recall_clocks: Clocks | None = None,
    meetstream: bool = False,
    **env: str,
) -> AsyncIterator[House]:
    """`eager` and `expected` are those of `Seats`; `sleep` is how the vendors' clients wait, `key` what they use.

    Recall is always there, MeetStream where a test asks for it.
    """

    def hosts(settings: Settings, told: Callable[[str, str], None]) -> dict[str, Host]:
        # As `app_seats.make_hosts` makes them, with clients that do not wait.
        made = app_seats_make_hosts(settings, told)
        for host in made.values():
            if isinstance(host, Recall):
                host._client = Client(key, base_url=recall.url, sleep=sleep, spread=lambda low, high: low)
            elif isinstance(host, MeetStream):
                host._client = MeetStreamClient(key, base_url=f"{other.url}/api/v1", sleep=sleep)
        return made

    app_seats_make_hosts = app_seats.make_hosts
    clocks = recall_clocks or Clocks(sleep=soon)
    vendors, ours = AsyncExitStack(), AsyncExitStack()
    try:
        recall = await vendors.enter_async_context(RecallService(key=KEY, secrets=secrets[:1], clocks=clocks))
        other = MeetStreamService(key=KEY, clocks=Clocks(sleep=soon))
        given = {
            "PARLEY_RECALL_API_KEY": key, "PARLEY_RECALL_BASE_URL": recall.url,
            "PARLEY_RECALL_SECRETS": ",".join(secrets), "PARLEY_VAD": "energy", "PARLEY_GREETING": "off",
            "PARLEY_SHUTDOWN_GRACE": "0.1",
        }  # fmt: skip
        if meetstream:
            await vendors.enter_async_context(other)
            given |= {"PARLEY_MEETSTREAM_API_KEY": key, "PARLEY_MEETSTREAM_BASE_URL": f"{other.url}/api/v1"}
        with (
            mock.patch.object(app_seats, "make_hosts", hosts),
            mock.patch.object(app_seats, "Seats", partial(Seats, eager=eager, expected=expected)),
            # The voice's process is started by whoever speaks: most of these tests are about something else.
            mock.patch.object(app, "_warm", _cold),
        ):
            served = await ours.enter_async_context(serve(folder, public=public, **{**given, **env}))
        http = httpx.AsyncClient(base_url=served.http, trust_env=False, timeout=WITHIN)
        yield House(served, await ours.enter_async_context(http), recall, other)
    finally:
        # At once: every web server takes a tenth of a second to leave.
        await asyncio.gather(ours.aclose(), vendors.aclose())
