"""The API for bots: send one, see how it is, steer it. JSON in and out; `GET /api/openapi.json` describes it.

Every route stands behind the gate of the operator's pages. Answers hold no meeting address and no word of what was
said; errors are `{"code", "message", "advice"}` with a status that fits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from server.core.events import Policy
from server.errors import HostError
from server.hosts.base import Sense
from server.media.pictures import MediaError
from server.seats.seat import Seat
from server.seats.service import Seats, Wish

#: bytes of a request
LARGEST = 64 * 1024


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


B = TypeVar("B", bound=_Body)


class JoinBody(_Body):
    """Send a bot into a meeting."""

    meeting_url: SecretStr = Field(description="The meeting's link, as pasted.")
    host: str = Field("", description="recall or meetstream; empty: the first that is set up.")
    name: str = Field("", max_length=100, description="The bot's name in the meeting; empty: the agent's name.")
    language: str = Field("", max_length=35, description="BCP 47 tag; empty: the agent's language.")
    variant: str = Field("", max_length=40, description="Size of the bot's machine, by the host's own name.")
    provider: str = Field("", max_length=60, description="Transcript provider, by the host's own name.")
    screen: bool = Field(False, description="Show the page as a shared screen instead of a camera.")
    senses: list[Sense] = Field(
        default_factory=list, description="What the host sends beside words and people: mixed, voices, pictures, film."
    )
    record: bool = Field(False, description="Keep what comes in, until `parley forget`.")


class ShowBody(_Body):
    """Show or take away the page."""

    screen: bool = Field(False, description="As a shared screen instead of the camera.")


class TextBody(_Body):
    """Words to be spoken or written."""

    text: str = Field(min_length=1, max_length=8000)


class PolicyBody(_Body):
    """When the agent may speak."""

    policy: Policy = Field(
        description="named: only when called; standing: it joins in by itself; muted: not until it is called."
    )
    minutes: float = Field(0.0, ge=0, le=24 * 60, description="For how long; 0: standing for ten, muted until called.")


Verb = Literal["leave", "show", "hide", "say", "chat", "policy"]
#: verb -> (its body, what it does)
VERBS: dict[Verb, tuple[type[_Body] | None, str]] = {
    "leave": (None, "Take the bot out of the meeting. Leaving twice is no error."),
    "show": (ShowBody, "Show the agent's page."),
    "hide": (ShowBody, "Take the agent's page away."),
    "say": (TextBody, "Have the agent say this aloud, in the next gap."),
    "policy": (PolicyBody, "Set when the agent may speak: when called, whenever it can help, or not."),
    "chat": (TextBody, "Write into the meeting's chat; long texts go in parts."),
}


class BotsApi:
    """The handlers."""

    def __init__(self, seats: Seats, public_url: Callable[[], Awaitable[str]]) -> None:
        self._seats = seats
        self._public_url = public_url

    async def list(self, request: Request) -> Response:
        """`GET /api/bots`: every bot, the newest first, and the hosts that are set up."""
        return JSONResponse(
            {
                "bots": self._seats.views(),
                "hosts": [
                    {"name": host.name, "title": host.title, "shows_page": host.shows_page}
                    for host in self._seats.hosts.values()
                ],
                "reachable": bool(await self._public_url()),
            }
        )

    async def join(self, request: Request) -> Response:
        """`POST /api/bots`: send a bot; 201 with what can be followed at `GET /api/bots/{id}`."""
        body = await _read(request, JoinBody)
        if isinstance(body, Response):
            return body
        wish = Wish(
            body.meeting_url.get_secret_value(), body.host, body.name, body.language, body.variant, body.provider,
            body.screen, frozenset(body.senses), body.record,
        )  # fmt: skip
        return await _answer(self._seats.join(wish), 201)

    async def one(self, request: Request) -> Response:
        """`GET /api/bots/{id}`: one bot, by its session's id or the host's id."""
        try:
            return JSONResponse(self._seats.get(request.path_params["id"]).view())
        except HostError as error:
            return _failed(error)

    async def act(self, request: Request) -> Response:
        """`POST /api/bots/{id}/{verb}`: steer one bot."""
        which, verb = request.path_params["id"], request.path_params["verb"]
        if verb not in VERBS:
            return _failed(HostError("there is no such command", code="unknown", status=404))
        model = VERBS[verb][0]
        body = await _read(request, model) if model is not None else None
        if isinstance(body, Response):
            return body
        return await _answer(self._do(verb, which, body))

    async def _do(self, verb: Verb, which: str, body: _Body | None) -> Seat:
        match verb, body:
            case "leave", _:
                return await self._seats.leave(which)
            case "show", ShowBody(screen=screen):
                return await self._seats.show(which, screen=screen)
            case "hide", ShowBody(screen=screen):
                return await self._seats.hide(which, screen=screen)
            case "say", TextBody(text=text):
                return self._seats.say(which, text)
            case "policy", PolicyBody(policy=policy, minutes=minutes):
                return self._seats.set_policy(which, policy, minutes)
            case "chat", TextBody(text=text):
                return await self._seats.chat(which, text)
        raise AssertionError("every verb has its body")

    async def picture(self, request: Request) -> Response:
        """`GET /api/bots/{id}/picture?person=&source=`: the newest picture of somebody, as a JPEG."""
        query = request.query_params
        try:
            seat = self._seats.get(request.path_params["id"])
            look = await seat.frames.look(query.get("person", ""), query.get("source", "webcam"), 1280, glance=True)
        except HostError as error:
            return _failed(error)
        except MediaError as error:
            return _failed(HostError(str(error), code="unreadable", status=409))
        if look is None:
            return _failed(HostError("there is no such picture", code="unknown", status=404))
        return Response(look.jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    async def sheet(self, request: Request) -> Response:
        """`GET /api/bots/{id}/sheet`: everybody's newest picture on one sheet, as a JPEG."""
        try:
            sheet = await self._seats.get(request.path_params["id"]).sheet()
        except HostError as error:
            return _failed(error)
        if sheet is None:
            return _failed(HostError("no pictures have come", code="unknown", status=404))
        return Response(sheet, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


async def _read(request: Request, model: type[B]) -> B | Response:
    """The body as `model`, or the refusal."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return _failed(HostError("the request is too large", code="too-large", status=413))
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    try:
        return model.model_validate_json(bytes(body) or b"{}")
    except ValidationError as error:
        faults = [
            {"field": ".".join(map(str, fault["loc"])), "problem": fault["msg"]}
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        return JSONResponse(
            {
                "code": "bad-request",
                "message": "the request is not understood",
                "advice": "`GET /api/openapi.json` describes every request.",
                "fields": faults,
            },
            400,
        )


async def _answer(work: Awaitable[Seat], status: int = 200) -> Response:
    try:
        seat = await work
    except HostError as error:
        return _failed(error)
    return JSONResponse(seat.view(), status)


def _failed(error: HostError) -> Response:
    # Without a status of the vendor it was either refused here, or the vendor was not reached.
    status = error.status if 400 <= error.status < 600 else 502 if error.retryable else 400
    # A vendor's 401 or 403 is about our key with the vendor, not about who asks us.
    status = 502 if status in (401, 402, 403) else status
    return JSONResponse({"code": error.code, "message": str(error), "advice": error.advice}, status)
