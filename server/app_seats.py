"""The part of `app.py` that seats the agent in meetings: which hosts there are, and their routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from server.assets import static_dir
from server.ears.base import Ears
from server.hosts.base import Host, Sink
from server.hub import Hub
from server.media.recorder import Limits
from server.media.video import VideoDecoder
from server.seats.addresses import HostAddresses
from server.seats.recording import Recording
from server.seats.seat import Seat
from server.seats.service import Seats
from server.settings import Settings
from server.telemetry import Metrics
from server.web import openapi
from server.web.access import new_session_id
from server.web.bots_api import BotsApi
from server.web.host_hooks import HostHooks
from server.web.host_sockets import HostSockets


def make_hosts(settings: Settings, told: Callable[[str, str], None]) -> dict[str, Host]:
    """The hosts there is a key for, by name. `told` gets (session, words) when a host keeps us waiting; it may raise
    HostError to end that."""
    hosts: dict[str, Host] = {}
    if settings.recall_api_key:
        from server.hosts.recall.adapter import Recall
        from server.hosts.recall.client import Client

        hosts["recall"] = Recall(
            Client(
                settings.recall_api_key.get_secret_value(),
                region=settings.recall_region,
                base_url=settings.recall_base_url,
            ),
            secrets=_plain(settings.recall_secrets),
            window=settings.webhook_window,
            on_wait=told,
        )
    if settings.meetstream_api_key:
        from server.hosts.meetstream import client as meetstream_client
        from server.hosts.meetstream.adapter import MeetStream

        hosts["meetstream"] = MeetStream(
            meetstream_client.Client(
                settings.meetstream_api_key.get_secret_value(),
                base_url=settings.meetstream_base_url or meetstream_client.BASE_URL,
            ),
            secrets=_plain(settings.meetstream_secrets),
            about=lambda sink: (_seat(sink).name, _seat(sink).platform),
            on_wait=told,
            on_link=lambda sink, link: _seat(sink).speak_through(link),
            on_unlink=lambda sink, link: _seat(sink).fall_silent(link),
            fonts=static_dir() / "shared" / "fonts",
        )
    return hosts


def make_seats(
    settings: Settings,
    secret: str,
    hub: Hub,
    ears: Ears | None,
    *,
    public_url: Callable[[], Awaitable[str]],
    page_url: Callable[[str], str],
    counted: Callable[[str], None],
) -> Seats:
    """The seats, with every host that is set up."""

    def told(session: str, words: str) -> None:
        seats.waits(session, words)

    seats = Seats(
        hub,
        make_hosts(settings, told),
        HostAddresses(secret, page_url, ttl=settings.token_ttl),
        public_url=public_url,
        video=VideoDecoder(),
        ears=ears,
        name=settings.name,
        language=settings.language,
        new_session=new_session_id,
        make_recording=lambda session: Recording(
            settings.recordings, session, Limits(session=settings.record_limit_mb << 20)
        ),
        counted=counted,
    )
    return seats


def routes(
    settings: Settings,
    seats: Seats,
    gated: Callable[..., Route],
    public_url: Callable[[], Awaitable[str]],
    metrics: Metrics,
) -> Iterable[BaseRoute]:
    """What hosts and operators reach the seats by. Hosts' addresses are known with and without the last slash."""

    def count(what: str) -> None:
        metrics.messages_refused.labels(what).inc()

    sockets = HostSockets(seats, most=settings.max_host_sockets, count=count)
    hooks = HostHooks(seats, count=count)
    api = BotsApi(seats, public_url)
    document = openapi.document()

    async def describe(request: Request) -> Response:
        return JSONResponse(document)

    yield from (WebSocketRoute(f"/hosts/{{host}}/{{channel}}/{{token}}{slash}", sockets.serve) for slash in ("/", ""))
    yield from (
        Route(f"/hosts/{{host}}/{{channel}}/{{token}}{slash}", hooks.bot, methods=["POST"]) for slash in ("/", "")
    )
    yield from (Route(f"/hosts/{{host}}/status{slash}", hooks.status, methods=["POST"]) for slash in ("/", ""))
    yield gated("/api/bots", api.list)
    yield gated("/api/bots", api.join, ["POST"])
    yield gated("/api/bots/{id}", api.one)
    yield gated("/api/bots/{id}/picture", api.picture)
    yield gated("/api/bots/{id}/sheet", api.sheet)
    yield gated("/api/bots/{id}/{verb}", api.act, ["POST"])
    yield gated("/api/openapi.json", describe)


def _plain(secrets: Iterable[Any]) -> list[str]:
    return [secret.get_secret_value() if isinstance(secret, SecretStr) else str(secret) for secret in secrets]


def _seat(sink: Sink) -> Seat:
    assert isinstance(sink, Seat)
    return sink
