"""One recording of a Recall bot and the realtime endpoints that were registered for it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from server.rehearsal.hosts.clocks import Clocks, iso
from server.rehearsal.hosts.line import Line
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.signing import Signer

Json = dict[str, Any]

#: Seconds between two tries of a websocket, and how many there are for one loss.
SOCKET_WAIT, SOCKET_TRIES = 3.0, 30
#: The same for one event of a webhook endpoint.
HOOK_WAIT, HOOK_TRIES = 1.0, 60

VOICES = "audio_separate_raw.data"


@dataclass(frozen=True, slots=True)
class Network:
    """What an endpoint needs to reach us."""

    clocks: Clocks
    client: httpx.AsyncClient
    signer: Signer


class Endpoint:
    """One realtime endpoint: a websocket, or a webhook, and with `per_person` a websocket for each voice besides."""

    def __init__(
        self, config: Json, network: Network, *, per_person: bool, on_failed: Callable[[Endpoint], None]
    ) -> None:
        self.id = str(uuid.uuid4())
        self.config = config
        self.type: str = config["type"]
        self.url: str = config["url"]
        self.events = frozenset(config["events"])
        self.metadata: Json = config["metadata"]
        self.status: Literal["running", "done", "failed"] = "running"
        self.updated_at = iso(network.clocks.wall())
        #: the connection for everything but voices that have their own
        self.line: Line | None = None
        #: connections of single voices by participant
        self.voices: dict[int, Line] = {}
        self.post: Post | None = None
        self._network = network
        self._per_person = per_person and VOICES in self.events
        self._on_failed = on_failed
        self._gone: set[asyncio.Task[None]] = set()
        if self.type == "websocket" and not (self._per_person and self.events == {VOICES}):
            self.line = self._dial()
        elif self.type == "webhook":
            self.post = Post(
                network.client,
                self.url,
                network.clocks,
                sign=network.signer.headers,
                waits=(HOOK_WAIT,) * HOOK_TRIES,
                in_order=True,
                on_failed=self._failed,
            )

    @property
    def identity(self) -> Json:
        return {"id": self.id, "metadata": self.metadata}

    @property
    def lines(self) -> list[Line]:
        """Every websocket of this endpoint."""
        return [*([self.line] if self.line is not None else []), *self.voices.values()]

    def send(self, event: str, message: Mapping[str, Any], person: int | None, *, media: bool, as_bytes: bool) -> None:
        """Deliver one event the way this endpoint is reached."""
        if self.post is not None:
            self.post.put(message)
            return
        line = self.line
        if self._per_person and event == VOICES:
            line = None if person is None else self.voices.get(person)
        if line is not None:
            text = json.dumps(message)
            line.put(text.encode() if as_bytes else text, media=media)

    def hear(self, person: int, *, on: bool) -> None:
        """A voice can be heard from now on, or no more: with a connection for each, it comes and goes."""
        if not self._per_person or self.status != "running":
            return
        if on and person not in self.voices:
            self.voices[person] = self._dial()
        elif not on and (line := self.voices.pop(person, None)) is not None:
            task = asyncio.create_task(line.close())
            self._gone.add(task)
            task.add_done_callback(self._gone.discard)

    async def settled(self) -> None:
        await asyncio.gather(*(line.settled() for line in self.lines), *self._gone)
        if self.post is not None:
            await self.post.settled()

    async def finish(self) -> None:
        """Say what is left to say; webhooks go on being delivered. May be called twice."""
        if self.status == "running":
            self._become("done")
        await asyncio.gather(*(line.close() for line in self.lines), *self._gone)

    async def close(self) -> None:
        """Finish, and give up what was not delivered."""
        await self.finish()
        if self.post is not None:
            await self.post.close()

    def as_json(self, recording: Recording) -> Json:
        return {
            "id": self.id,
            "created_at": iso(recording.started),
            "recording": recording.identity,
            "metadata": self.metadata,
            "type": self.type,
            "status": {"code": self.status, "sub_code": None, "updated_at": self.updated_at},
            "url": self.url,
            "events": list(self.config["events"]),
        }

    def _dial(self) -> Line:
        return Line(
            self.url,
            self._network.clocks,
            wait=SOCKET_WAIT,
            tries=SOCKET_TRIES,
            headers=self._network.signer.headers,
            on_failed=self._failed,
            reachable=_reachable(self.url),
        ).start()

    def _failed(self) -> None:
        if self.status == "running":
            self._become("failed")
            self._on_failed(self)

    def _become(self, status: Literal["done", "failed"]) -> None:
        self.status = status
        self.updated_at = iso(self._network.clocks.wall())


class Recording:
    """One recording. Its seconds count from its beginning."""

    def __init__(
        self, config: Json, network: Network, *, per_person: bool, on_failed: Callable[[Endpoint], None]
    ) -> None:
        self.id = str(uuid.uuid4())
        self.config = config
        self.metadata: Json = config["metadata"]
        #: ids of what is made of the recording, by event family
        self.artifacts: dict[str, str] = {}
        self.running = True
        self._clocks = network.clocks
        self._zero = network.clocks.clock()
        self.started = network.clocks.wall()
        self.completed: float | None = None
        self.endpoints = [
            Endpoint(each, network, per_person=per_person, on_failed=on_failed)
            for each in config["realtime_endpoints"]
            if each["type"] in ("websocket", "webhook")
        ]

    @property
    def identity(self) -> Json:
        return {"id": self.id, "metadata": self.metadata}

    @property
    def now(self) -> float:
        """Seconds since the recording began."""
        return self._clocks.clock() - self._zero

    def timestamp(self, at: float | None = None) -> Json:
        """A time of the recording, by default now, as realtime events give it."""
        relative = round(self.now if at is None else at, 6)
        return {"relative": relative, "absolute": iso(self.started + relative)}

    def artifact(self, family: str) -> str:
        return self.artifacts.setdefault(family, str(uuid.uuid4()))

    def wants(self, event: str) -> Iterable[Endpoint]:
        """The endpoints that subscribed to this event and still run."""
        return [each for each in self.endpoints if event in each.events and each.status == "running"]

    async def settled(self) -> None:
        await asyncio.gather(*(endpoint.settled() for endpoint in self.endpoints))

    async def finish(self) -> None:
        """The recording is over: its endpoints say what is left to say. May be called twice."""
        self.running = False
        self.completed = self.completed or self._clocks.wall()
        await asyncio.gather(*(endpoint.finish() for endpoint in self.endpoints))

    async def close(self) -> None:
        """Finish, and give up what was not delivered."""
        await self.finish()
        await asyncio.gather(*(endpoint.close() for endpoint in self.endpoints))

    def as_json(self, paused: bool) -> Json:
        """One entry of a Bot object's `recordings`."""
        code = "done" if not self.running else "paused" if paused else "processing"
        at = iso(self.completed or self.started)
        status = {"code": code, "sub_code": None, "updated_at": at}
        names = ("video_mixed", "transcript", "participant_events", "meeting_metadata", "audio_mixed")
        shortcuts: Json = dict.fromkeys(names)
        if self.config["transcript"] is not None:
            shortcuts["transcript"] = {
                "id": self.artifact("transcript"),
                "created_at": iso(self.started),
                "status": status,
                "metadata": {},
                "data": {"download_url": None, "provider_data_download_url": None},
            }
        return {
            "id": self.id,
            "created_at": iso(self.started),
            "started_at": iso(self.started),
            "completed_at": iso(self.completed) if self.completed is not None else None,
            "expires_at": None,
            "status": status,
            "media_shortcuts": shortcuts,
            "metadata": self.metadata,
        }


def _reachable(url: str) -> bool:
    """Recall's own websocket client gets HTTP 400 for a query string behind a path that does not end in a slash."""
    parts = urlsplit(url)
    return not parts.query or parts.path.endswith("/")
