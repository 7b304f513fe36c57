"""What the shared suite needs to know of a host: how to make its adapter beside a stand-in, and what it sends.

A new host adds a `Case` to `CASES` and passes `test_conformance.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from server.core.events import Event
from server.hosts.base import Host, Order, Person, Picture, SeatChange, Sense, Source
from server.hosts.meetstream import client as meetstream_client
from server.hosts.meetstream.adapter import MeetStream
from server.hosts.recall import client as recall_client
from server.hosts.recall.adapter import Recall
from server.rehearsal.hosts.meetstream_service import MeetStreamService
from server.rehearsal.hosts.recall_service import RecallService

#: the discard port: nobody listens there
NOBODY = "http://127.0.0.1:9"
MEETING = "https://meet.google.com/abc-defg-hij"


@dataclass(eq=False)
class Kept:
    """A sink that keeps everything."""

    events: list[Event] = field(default_factory=list)
    sounds: list[tuple[bytes, Person | None]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    blinded: list[tuple[Person | None, Source]] = field(default_factory=list)
    changes: list[SeatChange] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        self.events.append(event)

    def hear(self, pcm: bytes, person: Person | None = None, at: float | None = None) -> None:
        self.sounds.append((pcm, person))

    def see(self, picture: Picture) -> None:
        self.pictures.append(picture)

    def blind(self, person: Person | None, source: Source) -> None:
        self.blinded.append((person, source))

    def change(self, change: SeatChange) -> None:
        self.changes.append(change)

    def count(self, what: str) -> None:
        self.odd.append(what)


@dataclass(frozen=True)
class Case:
    """One host."""

    name: str
    #: its adapter beside a stand-in of the vendor
    stage: Callable[[], Any]
    #: its adapter where the vendor does not answer
    alone: Callable[[], Host]
    #: senses that this host can be asked for
    senses: frozenset[Sense]
    #: what the stand-in's bot `reaches` when it is in, and when it is gone
    seated: str
    gone: str


async def no_wait(seconds: float) -> None:
    """Vendors ask for patience; the suite has none."""


@asynccontextmanager
async def _recall() -> AsyncIterator[tuple[Host, RecallService]]:
    async with RecallService(key="k") as service:
        host = Recall(recall_client.Client("k", base_url=service.url, sleep=no_wait))
        yield host, service
        await host.close()


@asynccontextmanager
async def _meetstream() -> AsyncIterator[tuple[Host, MeetStreamService]]:
    async with MeetStreamService(key="k") as service:
        host = MeetStream(meetstream_client.Client("k", base_url=f"{service.url}/api/v1", sleep=no_wait))
        yield host, service
        await host.close()


def _recall_alone() -> Host:
    return Recall(recall_client.Client("k", base_url=NOBODY, sleep=no_wait))


def _meetstream_alone() -> Host:
    return MeetStream(meetstream_client.Client("k", base_url=f"{NOBODY}/api/v1", sleep=no_wait))


CASES = (
    Case(
        "recall", _recall, _recall_alone, frozenset({"mixed", "voices", "pictures"}), "in_call_recording", "done"
    ),
    Case("meetstream", _meetstream, _meetstream_alone, frozenset({"mixed"}), "recording", "stopped"),
)  # fmt: skip


def order_for(host: Host, **changes: Any) -> Order:
    """An order with every address that this host wants; all lead to a port where nobody listens."""
    bare = Order("s1", MEETING, page_url="https://127.0.0.1:9/agent/?t=x" if host.shows_page else "", **changes)
    sockets, hooks = host.needs(bare)
    return Order(
        "s1", MEETING, page_url=bare.page_url,
        sockets={channel: f"wss://127.0.0.1:9/hosts/{host.name}/{channel}/t/" for channel in sockets},
        hooks={channel: f"https://127.0.0.1:9/hosts/{host.name}/{channel}/t/" for channel in hooks},
        **changes,
    )  # fmt: skip
