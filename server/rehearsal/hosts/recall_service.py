"""Recall.ai's API as a stand-in: `RecallService`, whose bots are `RecallBot`s.

    async with RecallService(key="k", secrets=[secret], dashboard_url=url) as recall:
        recall.url                          # base address; paths begin /api/v1/
        recall.habits.waiting_room = True   # how the meetings of bots behave that come now
        recall.script("507", times=2)       # what the next Create Bot requests are answered
        bot = await recall.next_bot()

Scripted answers: 402, 403, 429, 502, 503, 504, 507 and those of `Vendor`. 402 and 507 are for Create Bot unless `on`
says otherwise. An answer to a POST or PATCH with an idempotency key is kept for an hour and given again, a 507 too; 403
and 502 to 504 are not, they come from what stands in front. `recall.signer.trick` makes every request to us a forgery.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.rehearsal.hosts.answers import Answer, Refusal
from server.rehearsal.hosts.clocks import Clocks, iso
from server.rehearsal.hosts.film import slide
from server.rehearsal.hosts.idempotency import Kept, Mark
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.recall_bot import RecallBot
from server.rehearsal.hosts.recall_checks import chat_errors, create_errors, output_errors, recording_errors
from server.rehearsal.hosts.recall_life import AHEAD, Habits, Surroundings
from server.rehearsal.hosts.recall_lists import cursor_page, numbered_page, shows
from server.rehearsal.hosts.recall_objects import (
    BAD_JSON,
    BLOCKED,
    COMPLETED,
    DISPATCHED,
    IN_FLIGHT,
    LIMITED,
    NO_BOT_FREE,
    NO_CREDIT,
    NO_KEY,
    NO_ROUTE,
    NO_SUCH,
    NOT_STARTED,
    WRONG_KEY,
    holds_address,
    no_such_method,
    overloaded,
    size_of,
)
from server.rehearsal.hosts.recall_pages import PLACES, OnPage, OnPageGone
from server.rehearsal.hosts.recall_recording import Network
from server.rehearsal.hosts.signing import Family, Signer
from server.rehearsal.hosts.vendor import Vendor

Json = dict[str, Any]
API = "/api/v1"

#: Seconds for which the answer to an idempotency key is kept.
KEPT_FOR = 3600.0
#: Seconds between the tries of a dashboard webhook.
DASHBOARD_WAITS = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)


class RecallService(Vendor[RecallBot]):
    """See the module. `on_page(bot, url, place)` opens a bot's page, `on_page_gone(bot, place)` closes it.

    The calls of one bot come one after another; an exception in one is raised when the service ends.
    """

    def __init__(
        self,
        *,
        key: str = "rehearsal",
        secrets: Sequence[str] = (),
        dashboard_url: str = "",
        dashboard_secrets: Sequence[str] = (),
        family: Family = "webhook",
        allow_loopback: bool = True,
        habits: Habits | None = None,
        page_size: int = 50,
        on_page: OnPage | None = None,
        on_page_gone: OnPageGone | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        """`secrets` sign realtime requests, `dashboard_secrets` (else `secrets`) status webhooks.

        `family` names the headers of the latter. `page_size` is that of lists.
        """
        super().__init__(clocks or Clocks())
        self.key = key
        self.habits = habits or Habits()
        self.signer = Signer(secrets, self.clocks)
        self.dashboard_signer = Signer(dashboard_secrets or secrets, self.clocks, family=family)
        #: the webhook that the workspace's dashboard was given, if any
        self.dashboard: Post | None = None
        if dashboard_url:
            self.dashboard = Post(
                self.client,
                dashboard_url,
                self.clocks,
                sign=self.dashboard_signer.headers,
                waits=DASHBOARD_WAITS,
            )
        self._allow_loopback = allow_loopback
        self._page_size = page_size
        self._surroundings = Surroundings(
            Network(self.clocks, self.client, self.signer), self._tell, self.failed, on_page, on_page_gone
        )
        self._answers = Kept(self.clocks, seconds=KEPT_FOR, in_flight=IN_FLIGHT)

    def _tell(self, message: Json) -> None:
        if self.dashboard is not None:
            self.dashboard.put(message)

    # ------------------------------------------------------------ what every request meets

    def posts(self) -> list[Post]:
        return [self.dashboard] if self.dashboard is not None else []

    def scripted(self) -> dict[str, Answer]:
        return {
            "402": NO_CREDIT,
            "403": BLOCKED,
            "429": LIMITED,
            "502": overloaded(502, "Bad Gateway"),
            "503": overloaded(503, "Service Temporarily Unavailable"),
            "504": overloaded(504, "Gateway Time-out"),
            "507": NO_BOT_FREE,
        }

    def usual_place(self, name: str) -> str:
        return f"^POST {API}/bot/$" if name in ("402", "507") else ""

    def guard(self, request: Request, raw: bytes) -> None:
        if request.method == "GET" and raw:
            raise Refusal(BLOCKED)
        if holds_address(raw.decode("utf-8", "replace"), allow_loopback=self._allow_loopback):
            raise Refusal(BLOCKED)
        given = request.headers.get("authorization", "").strip()
        if not given:
            raise Refusal(NO_KEY)
        # The bare key, and with Bearer, are said to be let in as well.
        if given.removeprefix("Token ").removeprefix("Bearer ") != self.key:
            raise Refusal(WRONG_KEY)

    def replay(self, request: Request) -> Answer | None:
        mark = _mark(request)
        return None if mark is None else self._answers.begin(mark)

    def remember(self, request: Request, answer: Answer) -> None:
        if answer.status in (403, 502, 503, 504):
            self.forget(request)
        elif (mark := _mark(request)) is not None:
            self._answers.keep(mark, answer)

    def forget(self, request: Request) -> None:
        if (mark := _mark(request)) is not None:
            self._answers.forget(mark)

    def invalid_json(self) -> Answer:
        return BAD_JSON

    def no_such_path(self, request: Request, status: int) -> Answer:
        if status == 405:
            return no_such_method(request.method)
        path = request.url.path
        if path.startswith(API) and not path.endswith("/"):
            # A redirect that keeps neither a POST nor its body, as the one in front of such applications does.
            return Answer(301, "", {"Location": str(request.url.replace(path=path + "/"))})
        return NO_ROUTE

    # ------------------------------------------------------------ routes

    def routes(self) -> list[Route]:
        bot = API + "/bot/{bot}/"
        return [
            self._route(API + "/bot/", POST=self._create, GET=self._list),
            self._route(bot, GET=self._retrieve, PATCH=self._update, DELETE=self._delete),
            self._route(bot + "leave_call/", POST=self._leave),
            self._route(bot + "output_media/", POST=self._show, DELETE=self._hide),
            self._route(bot + "send_chat_message/", POST=self._chat),
            self._route(bot + "start_recording/", POST=self._start_recording),
            self._route(bot + "stop_recording/", POST=self._stop_recording),
            self._route(bot + "pause_recording/", POST=self._pause_recording),
            self._route(bot + "resume_recording/", POST=self._resume_recording),
            self._route(bot + "request_recording_permission/", POST=self._ask_permission),
            self._route(bot + "screenshots/", GET=self._screenshots),
            self._route(bot + "screenshots/{id}/", GET=self._screenshot),
            self._route(API + "/realtime_endpoint/", GET=self._endpoints),
            self._route(API + "/realtime_endpoint/{id}/", GET=self._endpoint),
            Route("/media/{id}.png", self._image),
        ]

    def _route(self, path: str, **handlers: Callable[[Request, Any], Awaitable[Answer]]) -> Route:
        async def by_method(request: Request, body: Any) -> Answer:
            return await handlers[request.method if request.method != "HEAD" else "GET"](request, body)

        return Route(path, self.endpoint(by_method), methods=list(handlers))

    def _bot(self, request: Request) -> RecallBot:
        try:
            return self.bots[request.path_params["bot"]]
        except KeyError:
            raise Refusal(NO_SUCH) from None

    def _bot_in_call(self, request: Request) -> RecallBot:
        bot = self._bot(request)
        if bot.completed:
            raise Refusal(COMPLETED)
        if not bot.in_call:
            raise Refusal(NOT_STARTED)
        return bot

    # ------------------------------------------------------------ bots

    async def _create(self, request: Request, body: Any) -> Answer:
        _refuse_if(create_errors(body, allow_loopback=self._allow_loopback))
        bot = RecallBot(body, self.habits, self._surroundings)
        answer = Answer(201, bot.as_json())
        self.add(bot)
        bot.start()
        return answer

    async def _list(self, request: Request, body: Any) -> Answer:
        query = request.query_params.multi_items()
        found = [bot.as_json() for bot in reversed(self.bots.values()) if shows(bot, query)]
        return Answer(200, numbered_page(request, self.url, found, self._page_size))

    async def _retrieve(self, request: Request, body: Any) -> Answer:
        return Answer(200, self._bot(request).as_json())

    async def _update(self, request: Request, body: Any) -> Answer:
        bot = self._bot(request)
        if bot.dispatched or bot.due_in <= AHEAD:
            raise Refusal(DISPATCHED)
        changed = {**bot.asked, **body} if isinstance(body, dict) else body
        _refuse_if(create_errors(changed, allow_loopback=self._allow_loopback))
        bot.replan(changed)
        return Answer(200, bot.as_json())

    async def _delete(self, request: Request, body: Any) -> Answer:
        bot = self._bot(request)
        if bot.dispatched or bot.due_in <= AHEAD:
            raise Refusal(no_such_method("DELETE"))
        await bot.close()
        del self.bots[bot.id]
        return Answer(204)

    async def _leave(self, request: Request, body: Any) -> Answer:
        bot = self._bot(request)
        if bot.completed:
            raise Refusal(COMPLETED)
        if not bot.dispatched:
            raise Refusal(NOT_STARTED)
        bot.end_meeting("bot_received_leave_call")
        return Answer(200, bot.as_json())

    # ------------------------------------------------------------ what a bot shows and writes

    async def _show(self, request: Request, body: Any) -> Answer:
        bot = self._bot_in_call(request)
        _refuse_if(output_errors(body))
        for place in PLACES:
            if body.get(place) is not None:
                bot.pages.show(place, body[place]["config"]["url"])
        return Answer(200, bot.as_json())

    async def _hide(self, request: Request, body: Any) -> Answer:
        bot = self._bot_in_call(request)
        # Without a body, or with one that names nothing, it succeeds and stops nothing.
        for place in PLACES:
            if isinstance(body, dict) and body.get(place) is True:
                bot.pages.hide(place)
        return Answer(204)

    async def _chat(self, request: Request, body: Any) -> Answer:
        bot = self._bot_in_call(request)
        _refuse_if(chat_errors(body, bot.platform))
        bot.send_chat(body["message"], body.get("to", "everyone"), bool(body.get("pin", False)))
        return Answer(200, bot.as_json())

    async def _screenshots(self, request: Request, body: Any) -> Answer:
        return Answer(200, self._shots(self._bot(request)))

    async def _screenshot(self, request: Request, body: Any) -> Answer:
        for shot in self._shots(self._bot(request)):
            if shot["id"] == request.path_params["id"]:
                return Answer(200, shot)
        raise Refusal(NO_SUCH)

    def _shots(self, bot: RecallBot) -> list[Json]:
        """One for each recording: enough to see that the client can read them."""
        return [
            {"id": each.id, "recorded_at": iso(each.started), "url": f"{self.url}/media/{each.id}.png"}
            for each in bot.recordings
        ]

    async def _image(self, request: Request) -> Response:
        return Response(slide(("A screenshot",)), media_type="image/png")

    # ------------------------------------------------------------ recordings

    async def _start_recording(self, request: Request, body: Any) -> Answer:
        bot = self._bot_in_call(request)
        size = size_of(bot.kept["variant"], bot.platform)
        config = body or {}
        _refuse_if(recording_errors(config, size, allow_loopback=self._allow_loopback))
        bot.record(config)
        return Answer(200, bot.as_json())

    async def _stop_recording(self, request: Request, body: Any) -> Answer:
        bot = self._bot_in_call(request)
        bot.stop_recording()
        return Answer(200, bot.as_json())

    async def _pause_recording(self, request: Request, body: Any) -> Answer:
        bot = self._bot_in_call(request)
        bot.pause(True)
        return Answer(200, bot.as_json())

    async def _resume_recording(self, request: Request, body: Any) -> Answer:
        bot = self._bot_in_call(request)
        bot.pause(False)
        return Answer(200, bot.as_json())

    async def _ask_permission(self, request: Request, body: Any) -> Answer:
        bot = self._bot_in_call(request)
        bot.permission_requests += 1
        return Answer(200, bot.as_json())

    async def _endpoints(self, request: Request, body: Any) -> Answer:
        query = request.query_params
        found = [
            told
            for told in self._all_endpoints()
            if query.get("recording_id") in (None, told["recording"]["id"])
            and query.get("status_code") in (None, told["status"]["code"])
            and query.get("type") in (None, told["type"])
        ]
        return Answer(200, cursor_page(request, self.url, found, self._page_size))

    async def _endpoint(self, request: Request, body: Any) -> Answer:
        for told in self._all_endpoints():
            if told["id"] == request.path_params["id"]:
                return Answer(200, told)
        raise Refusal(NO_SUCH)

    def _all_endpoints(self) -> list[Json]:
        return [
            endpoint.as_json(recording)
            for bot in self.bots.values()
            for recording in bot.recordings
            for endpoint in recording.endpoints
        ]


def _refuse_if(errors: Json) -> None:
    if errors:
        raise Refusal(Answer(400, errors))


def _mark(request: Request) -> Mark | None:
    """What an idempotency key stands for: this user, this path, this key; None without one."""
    key = request.headers.get("idempotency-key")
    if key is None or request.method not in ("POST", "PUT", "PATCH"):
        return None
    return request.headers.get("authorization", ""), request.url.path, key
