"""MeetStream's API as a stand-in: `MeetStreamService`, whose bots are `MeetStreamBot`s.

    async with MeetStreamService(key="k") as meetstream:
        meetstream.url                      # base address; paths begin /api/v1/
        meetstream.habits.waiting_room = True
        meetstream.script("503", times=2)
        bot = await meetstream.next_bot()

Scripted answers: 403, 429, 500, 502, 503, 504 and those of `Vendor`. A repeated `Idempotency-Key` gets 507 with the bot
it made the first time, which is success; a repeated `deduplication_key` gets 200, or 409 when the meeting is another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from server.errors import RehearsalError
from server.rehearsal.hosts.answers import Answer, Refusal
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.meetstream_bot import MeetStreamBot, MeetStreamHabits
from server.rehearsal.hosts.meetstream_checks import create_error, read_platform
from server.rehearsal.hosts.post import Post, Sign
from server.rehearsal.hosts.signing import BodySigner, unsigned
from server.rehearsal.hosts.vendor import Vendor

Json = dict[str, Any]
API = "/api/v1"


class MeetStreamService(Vendor[MeetStreamBot]):
    """See the module."""

    def __init__(
        self,
        *,
        key: str = "rehearsal",
        workspace_url: str = "",
        workspace_secret: str = "",
        allow_loopback: bool = True,
        habits: MeetStreamHabits | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        """`workspace_url` hears of every bot, signed with `workspace_secret`; per-bot addresses get no signature."""
        super().__init__(clocks or Clocks())
        self.key = key
        self.habits = habits or MeetStreamHabits()
        self.workspace: Post | None = None
        if workspace_url:
            self.workspace = self._post(workspace_url, BodySigner(workspace_secret, self.clocks).headers)
        self._allow_loopback = allow_loopback
        self._by_key: dict[str, MeetStreamBot] = {}
        self._by_deduplication: dict[str, MeetStreamBot] = {}

    def _post(self, url: str, sign: Sign = unsigned) -> Post:
        # Delivered once, never again.
        return Post(self.client, url, self.clocks, sign=sign)

    def _tell(self, message: Json) -> None:
        if self.workspace is not None:
            self.workspace.put(message)

    # ------------------------------------------------------------ what every request meets

    def posts(self) -> list[Post]:
        return [self.workspace] if self.workspace is not None else []

    def scripted(self) -> dict[str, Answer]:
        return {
            "403": _said(403, "Forbidden"),
            "429": Answer(429, {"message": "Rate limit exceeded"}, {"Retry-After": "5"}),
            "500": _said(500, "Internal server error"),
            "502": _said(502, "Bad gateway"),
            "503": _said(503, "Service unavailable"),
            "504": _said(504, "Endpoint request timed out"),
        }

    def guard(self, request: Request, raw: bytes) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Token" or not key:
            raise Refusal(_said(401, "Unauthorized"))
        if key != self.key:
            raise Refusal(_said(403, "Forbidden"))

    def invalid_json(self) -> Answer:
        return _said(400, "The body is not JSON")

    def no_such_path(self, request: Request, status: int) -> Answer:
        return _said(status, "Not found" if status == 404 else "Method not allowed")

    # ------------------------------------------------------------ routes

    def routes(self) -> list[Route]:
        bot = API + "/bots/{bot}"
        return [
            self._route("POST", API + "/bots/create_bot", self._create),
            self._route("GET", API + "/bots", self._list),
            self._route("GET", bot + "/remove_bot", self._remove),
            self._route("GET", bot + "/status", self._status),
            self._route("GET", bot + "/detail", self._detail),
            self._route("POST", bot + "/send_message", self._message),
            self._route("POST", bot + "/send_image", self._image),
            self._route("POST", bot + "/pause_recording", self._pause),
            self._route("POST", bot + "/resume_recording", self._resume),
            self._route("GET", bot + "/get_participants", self._participants),
            self._route("DELETE", bot + "/delete", self._forget_media),
        ]

    def _route(self, method: str, path: str, handler: Callable[[Request, Any], Awaitable[Answer]]) -> Route:
        return Route(path, self.endpoint(handler), methods=[method])

    def _bot(self, request: Request, *, in_call: bool = False) -> MeetStreamBot:
        bot = self.bots.get(request.path_params["bot"])
        if bot is None:
            raise Refusal(_said(404, "Bot not found"))
        if in_call and (not bot.in_call or bot.completed):
            raise Refusal(_said(409, "Bot is not in the meeting"))
        return bot

    # ------------------------------------------------------------ bots

    async def _create(self, request: Request, body: Any) -> Answer:
        key = request.headers.get("idempotency-key", "")
        if key in self._by_key:
            # Whatever the body says this time.
            return Answer(507, _made(self._by_key[key], again=True))
        if wrong := create_error(body, allow_loopback=self._allow_loopback):
            raise Refusal(_said(400, wrong))
        deduplication = body.get("deduplication_key", "")
        if (same := self._by_deduplication.get(deduplication)) is not None:
            if same.asked["meeting_link"] != body["meeting_link"]:
                raise Refusal(_said(409, "deduplication_key is used for another meeting"))
            return Answer(200, _made(same, again=True))
        platform = read_platform(body["meeting_link"])
        assert platform is not None  # or create_error had found it
        bot = MeetStreamBot(body, platform, self.habits, self.clocks, self._post, self._tell, self.failed)
        if key:
            self._by_key[key] = bot
        if deduplication:
            self._by_deduplication[deduplication] = bot
        self.add(bot)
        if bot.habits.early_sockets:
            bot.dial()
            for line in bot.lines:
                with suppress(RehearsalError):
                    await line.opened()
        bot.start()
        return Answer(201, _made(bot))

    async def _list(self, request: Request, body: Any) -> Answer:
        query = request.query_params
        found = [
            {"bot_id": bot.id, "status": bot.status}
            for bot in self.bots.values()
            if query.get("status") in (None, bot.status)
            and query.get("platform") in (None, bot.platform)
            and _has_attributes(bot, query.multi_items())
        ]
        return Answer(200, {"bots": found, "hasNextPage": False, "nextCursor": None})

    async def _remove(self, request: Request, body: Any) -> Answer:
        bot = self._bot(request)
        if bot.completed:
            raise Refusal(_said(409, "Bot is not in a meeting"))
        bot.end_meeting()
        return _said(200, "Bot removal requested")

    async def _status(self, request: Request, body: Any) -> Answer:
        bot = self._bot(request)
        attributes = bot.asked.get("custom_attributes") or {}
        return Answer(200, {"bot_id": bot.id, "status": bot.status, "custom_attributes": attributes})

    async def _detail(self, request: Request, body: Any) -> Answer:
        bot = self._bot(request)
        details = {
            "BotID": bot.id,
            "BotMessage": bot.asked.get("bot_message", ""),
            "BotUsername": bot.asked["bot_name"],
            "MeetingLink": bot.asked["meeting_link"],
            "Platform": bot.platform,
            "Status": bot.status,
            "StatusTimeline": {event: {"message": "", "status": True, "timestamp": ""} for event in bot.events},
            "RequestPayload": bot.asked,
            "custom_attributes": bot.asked.get("custom_attributes") or {},
            "caption_file": {"available": False},
            "transcript_id": None,
        }
        return Answer(200, {"bot_details": details})

    async def _message(self, request: Request, body: Any) -> Answer:
        bot = self._bot(request, in_call=True)
        bot.send_chat(_text(body, "message"))
        return Answer(200, {"status": "accepted", "bot_id": bot.id, "command": "sendmsg"})

    async def _image(self, request: Request, body: Any) -> Answer:
        bot = self._bot(request, in_call=True)
        bot.send_image(_text(body, "img_url"))
        return Answer(200, {"status": "accepted", "bot_id": bot.id, "command": "sendimg"})

    async def _pause(self, request: Request, body: Any) -> Answer:
        return self._paused(request, True)

    async def _resume(self, request: Request, body: Any) -> Answer:
        return self._paused(request, False)

    def _paused(self, request: Request, on: bool) -> Answer:
        bot = self._bot(request, in_call=True)
        if bot.platform != "GMeet":
            raise Refusal(_said(400, "Only supported on Google Meet"))
        bot.paused = on
        command = "pause_recording" if on else "resume_recording"
        return Answer(200, {"status": "accepted", "bot_id": bot.id, "command": command})

    async def _participants(self, request: Request, body: Any) -> Answer:
        bot = self._bot(request)
        return Answer(
            200,
            [
                {"deviceId": each.id, "displayName": each.name, "fullName": each.name, "humanized_status": "joined"}
                for each in bot.people.values()
            ],
        )

    async def _forget_media(self, request: Request, body: Any) -> Answer:
        self._bot(request)
        return _said(200, "Bot data deleted")


def _has_attributes(bot: MeetStreamBot, query: list[tuple[str, str]]) -> bool:
    attributes = bot.asked.get("custom_attributes") or {}
    wanted = {name[len("custom_attr[") : -1]: value for name, value in query if name.startswith("custom_attr[")}
    return all(attributes.get(name) == value for name, value in wanted.items())


def _made(bot: MeetStreamBot, *, again: bool = False) -> Json:
    status = bot.status if again else "Active"
    return {"bot_id": bot.id, "transcript_id": None, "meeting_url": bot.asked["meeting_link"], "status": status}


def _text(body: Any, field: str) -> str:
    text = body.get(field) if isinstance(body, dict) else None
    if not isinstance(text, str) or not text:
        raise Refusal(_said(400, f"{field} is required."))
    return text


def _said(status: int, message: str) -> Answer:
    return Answer(status, {"message": message})
