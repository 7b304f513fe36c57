"""Webhooks of hosts: at an address of one bot (with a token), or at one address for all of them (signed).

The raw bytes are verified before anything is parsed. Whoever is the host gets a quick 2xx whatever was in it: a host
that hears "no" for a message it cannot change only sends it again, until it gives up on us.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from server.errors import AccessError, HostError
from server.seats.service import Seats

log = logging.getLogger("parley.hosts")

#: bytes of one webhook
LARGEST = 1 << 20


class HostHooks:
    """The endpoints."""

    def __init__(
        self,
        seats: Seats,
        *,
        count: Callable[[str], None] = lambda what: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._seats = seats
        self._count = count
        self._clock = clock

    async def bot(self, request: Request) -> Response:
        """`POST /hosts/{host}/{channel}/{token}/`: something about one bot."""
        params = request.path_params
        try:
            way = self._seats.addresses.read(params["token"], params["host"], params["channel"])
            seat = self._seats.session_of(way)
            if way.channel not in seat.host.hooks:
                raise AccessError("this host has no such channel")
        except (AccessError, HostError) as error:
            return self._refused(error, 401)
        body = await self._body(request)
        if body is None:
            return Response(status_code=413)
        try:
            seat.host.admit(request.headers, body, self._clock())
        except AccessError as error:
            return self._refused(error, 401)
        if (message := self._parsed(body)) is not None:
            seat.host.posted(way.channel, message, seat)
        return Response(status_code=204)

    async def status(self, request: Request) -> Response:
        """`POST /hosts/{host}/status/`: news of any bot of the account, from the vendor's dashboard webhooks."""
        host = self._seats.hosts.get(request.path_params["host"])
        if host is None:
            return JSONResponse({"code": "unknown", "message": "there is no such host here"}, 404)
        body = await self._body(request)
        if body is None:
            return Response(status_code=413)
        try:
            proof = host.admit(request.headers, body, self._clock())
        except AccessError as error:
            return self._refused(error, 401)
        if proof != "signed":
            # Without a secret anybody could say that a bot is gone; asking the vendor says it as well, a little later.
            self._count("host-unsigned")
            return JSONResponse(
                {"code": "unsigned", "message": "set the host's webhook secret to use this address"}, 403
            )
        message = self._parsed(body)
        change = host.news(message) if message is not None else None
        if change is not None and not self._seats.news(host.name, change):
            self._count("host-other-bot")
        return Response(status_code=204)

    async def _body(self, request: Request) -> bytes | None:
        """The raw bytes; None when there are too many."""
        body = bytearray()
        try:
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    self._count("host-too-large")
                    return None
        except ClientDisconnect:
            return b""
        return bytes(body)

    def _parsed(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            self._count("host-bad-json")
            return None

    def _refused(self, error: Exception, status: int) -> Response:
        code = str(getattr(error, "code", "token"))
        self._count(f"host-{code}")
        log.warning("a host's webhook was refused", extra={"code": code})
        return JSONResponse({"code": code, "message": str(error)}, status)
