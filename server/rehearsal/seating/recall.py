"""Seated through Recall.ai's stand-in: its bot opens our page in Chromium and dials our realtime endpoints."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from server.rehearsal.backend import Backend
from server.rehearsal.director import OnProgress
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.recall_bot import RecallBot
from server.rehearsal.hosts.recall_life import Habits
from server.rehearsal.hosts.recall_service import RecallService
from server.rehearsal.hosts.vendor import Vendor
from server.rehearsal.meeting import Meeting
from server.rehearsal.report import SeatReport
from server.rehearsal.scenario import Scenario
from server.rehearsal.seating.base import Account
from server.rehearsal.seating.bridge import Bridge
from server.rehearsal.seating.forgery import forged_status
from server.rehearsal.seating.hosted import Hosted, Sense
from server.rehearsal.seating.page import PageView
from server.rehearsal.seating.recall_bridge import RecallBridge
from server.rehearsal.seating.vendor_view import calls_of, connection_of, webhooks_of

#: Seconds from one status of the bot to the next.
STEP = 0.3


class ThroughRecall(Hosted[RecallBot]):
    """See `Hosted`."""

    host = "recall"
    title = "Recall.ai"
    senses: Sequence[Sense] = ("voices", "pictures")

    def __init__(self, view: PageView, meeting: Meeting, scenario: Scenario, *, record: bool, tell: OnProgress) -> None:
        """`record` keeps the page's pictures."""
        super().__init__(view.agent, meeting, scenario, tell=tell)
        self._page = view
        self._record = record
        self._opened = 0
        self._dashboard: Post | None = None

    # ------------------------------------------------------------ before

    async def open_service(self, backend: Backend) -> tuple[Vendor[RecallBot], Mapping[str, str]]:
        key, secret = secrets.token_hex(20), "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        service = RecallService(
            key=key,
            secrets=[secret],
            dashboard_url=self.status_url,
            # The harder case: the bot is among the participants, and what it writes comes back.
            habits=Habits(waiting_room=True, step=STEP, shows_itself=True, language=self.meeting.language),
            on_page=self._open_page,
            on_page_gone=self._close_page,
        )
        self._dashboard = service.dashboard
        await self.stack.enter_async_context(service)
        await self.stack.enter_async_context(self._page)
        settings = {
            "PARLEY_RECALL_API_KEY": key,
            "PARLEY_RECALL_BASE_URL": service.url,
            "PARLEY_RECALL_SECRETS": secret,
        }
        return service, settings

    async def _open_page(self, bot: Any, url: str, place: str) -> None:
        self._opened += 1
        await self._page.open(url)

    async def _close_page(self, bot: Any, place: str) -> None:
        await self._page.leave()

    def variant(self) -> str:
        # Recall makes film of each person on larger machines only.
        return "web_4_core" if "film" in self.asked else ""

    # ------------------------------------------------------------ in the meeting

    def channels(self) -> frozenset[str]:
        return frozenset({"text", "media"} if self.asked else {"text"})

    async def in_call(self) -> Bridge:
        recording = self.bot.recordings[-1]
        self.meeting.host_zero = self.meeting.now() - recording.now
        await self.bot.pages.settled()
        self.check_service()
        await self._page.connected()
        if self._record:
            await self._page.film()
        shared = self.scenario.seat.slide or [self.scenario.title]
        return RecallBridge(self.meeting, self.bot, self.asked, shared)

    async def forge(self) -> int:
        return await forged_status(self.status_url, self.bot.id)

    def chat_lines(self) -> Sequence[Sequence[str]]:
        return ([line.message for line in self.bot.chat_sent],)

    def seen(self, view: Mapping[str, Any]) -> None:
        """The page itself says what the agent does."""

    async def leave(self) -> None:
        await self._page.end()
        await super().leave()

    # ------------------------------------------------------------ afterwards

    def vendor_view(self, report: SeatReport) -> SeatReport:
        bot = self.bot
        connections = tuple(connection_of(line) for line in bot.lines)
        webhooks = [webhooks_of(post) for post in bot.posts]
        if self._dashboard is not None:
            webhooks.append(webhooks_of(self._dashboard, "status"))
        return replace(
            report,
            bot=tuple(f"{change['code']} {change['sub_code'] or ''}".strip() for change in bot.status_changes),
            connections=connections,
            webhooks=tuple(webhooks),
            signed=sum(each.taken for each in webhooks) + sum(each.opened for each in connections),
            more={
                "page": f"opened {self._opened} times" if self._opened != 1 else "opened once",
                "requests": calls_of(self.service, bot.id),
            },
        )

    def looks(self) -> Account:
        view = self._page
        return Account(
            environment={"host": self.title, "chromium": view.browser.version},
            pictures=view.screencast,
            screencast=view.screencast,
            errors=view.errors,
            clock_error=view.clock_error,
        )
