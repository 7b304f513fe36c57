"""Seated through MeetStream's stand-in: no page at all; the agent hears, speaks, shows and writes over sockets."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from server.rehearsal.agent_sound import AgentSound
from server.rehearsal.backend import Backend
from server.rehearsal.director import OnProgress
from server.rehearsal.hosts.clocks import iso
from server.rehearsal.hosts.meetstream_bot import MeetStreamBot, MeetStreamHabits
from server.rehearsal.hosts.meetstream_messages import About, ending_message
from server.rehearsal.hosts.meetstream_playback import Playback
from server.rehearsal.hosts.meetstream_service import MeetStreamService
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.vendor import Vendor
from server.rehearsal.meeting import Meeting
from server.rehearsal.report import SeatReport, Verdict, percentile
from server.rehearsal.scenario import Scenario
from server.rehearsal.seating.base import Account
from server.rehearsal.seating.bridge import Bridge
from server.rehearsal.seating.checks import number_replies
from server.rehearsal.seating.forgery import forged_callback
from server.rehearsal.seating.hosted import Hosted, Sense
from server.rehearsal.seating.meetstream_bridge import MeetStreamBridge, make_film
from server.rehearsal.seating.mouth import Mouth
from server.rehearsal.seating.stills import Stills
from server.rehearsal.seating.vendor_view import calls_of, connection_of, webhooks_of
from server.store.base import Entry

#: Seconds from one status of the bot to the next.
STEP = 0.3


class ThroughMeetStream(Hosted[MeetStreamBot]):
    """See `Hosted`."""

    host = "meetstream"
    title = "MeetStream"
    senses: Sequence[Sense] = ("film",)

    def __init__(self, meeting: Meeting, scenario: Scenario, folder: Path, *, tell: OnProgress) -> None:
        """`folder` is temporary."""
        # What the bot plays is stamped by the clock of the meeting itself.
        super().__init__(AgentSound(meeting.now, time.monotonic), meeting, scenario, tell=tell)
        self._stills = Stills(folder)
        self._mouth = Mouth(self._playback, self.agent, clock=time.monotonic)
        self._spoken = 0
        self._listening: asyncio.Task[None] | None = None
        self._workspace: Post | None = None

    def _playback(self) -> Playback | None:
        control = self._bot.control if self._bot is not None else None
        return control.playback if control is not None else None

    # ------------------------------------------------------------ before

    async def open_service(self, backend: Backend) -> tuple[Vendor[MeetStreamBot], Mapping[str, str]]:
        key, secret = secrets.token_hex(20), secrets.token_hex(24)
        service = MeetStreamService(
            key=key,
            workspace_url=self.status_url,
            workspace_secret=secret,
            habits=MeetStreamHabits(waiting_room=True, step=STEP),
        )
        self._workspace = service.workspace
        await self.stack.enter_async_context(service)
        settings = {
            "PARLEY_MEETSTREAM_API_KEY": key,
            "PARLEY_MEETSTREAM_BASE_URL": f"{service.url}/api/v1",
            "PARLEY_MEETSTREAM_SECRETS": secret,
        }
        return service, settings

    # ------------------------------------------------------------ in the meeting

    def variant(self) -> str:
        # There is only one.
        return ""

    def channels(self) -> frozenset[str]:
        return frozenset({"control", "audio", *(("video",) if "film" in self.asked else ())})

    async def in_call(self) -> Bridge:
        self.meeting.host_zero = self.meeting.now()
        self._listening = asyncio.create_task(self._mouth.listen(), name="rehearsal-mouth")
        film = await asyncio.to_thread(make_film) if "film" in self.asked else b""
        return MeetStreamBridge(self.meeting, self.bot, film)

    async def forge(self) -> int:
        at = iso(time.time(), "+00:00")
        return await forged_callback(self.status_url, ending_message("failed", About(self.bot.id, {}, "newest"), at))

    def chat_lines(self) -> Sequence[Sequence[str]]:
        lines = [line for line in self.bot.chat_sent if line.final]
        rest = [line.text for line in lines if line.how == "rest"]
        return rest, [line.text for line in lines if line.how != "rest"]

    def seen(self, view: Mapping[str, Any]) -> None:
        """No page says what the agent does; the operator's view does, a moment later."""
        self._stills.take(self.bot.images, self.meeting.now())
        last, state = self.agent.state, str(view.get("agent") or "")
        if last is not None and last.agent == state:
            return
        if state == "speaking":
            self._spoken += 1
        reply = self._spoken if state == "speaking" else 0
        self.agent.page_state(time.monotonic(), {"agent": state, "reply": reply})

    async def leave(self) -> None:
        await super().leave()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])

    # ------------------------------------------------------------ afterwards

    def account(self, entries: Sequence[Entry], begin: float) -> Account:
        number_replies(self.agent.replies, entries, self.joined_at)
        account = super().account(entries, begin)
        return replace(account, verdicts=(*account.verdicts, *self._pings()))

    def _pings(self) -> tuple[Verdict, ...]:
        video = self.bot.video
        if video is None:
            return ()
        slowest = max(video.pong_ms, default=0.0)
        found = (
            f"{len(video.pongs)} of {len(video.pings)}, {video.wrong_answers} wrong, the slowest after {slowest:.0f} ms"
        )
        held = bool(video.pings) and len(video.pongs) == len(video.pings) and not video.wrong_answers
        return (Verdict("answers pings", "every one, while film flows", found, held),)

    def vendor_view(self, report: SeatReport) -> SeatReport:
        bot = self.bot
        webhooks = [webhooks_of(post) for post in bot.posts]
        signed = 0
        if self._workspace is not None:
            webhooks.append(webhooks_of(self._workspace, "workspace"))
            signed = webhooks[-1].taken
        more = {"requests": calls_of(self.service, bot.id)}
        if (control := bot.control) is not None:
            lead = max(control.playback.leads, default=0.0)
            more["spoken"] = f"{bot.spoke_seconds:.1f} s, never more than {lead:.2f} s ahead"
            more["interrupted"] = f"{len(control.playback.interruptions)} times"
            more["pictures shown"] = str(len(control.images))
            if control.skipped:
                more["not followed"] = ", ".join(f"{why} ({count})" for why, count in control.skipped.items())
        if bot.video is not None and bot.video.pongs:
            late = percentile(sorted(bot.video.pong_ms), 0.99) or 0.0
            more["ping to pong"] = f"99 of 100 within {late:.1f} ms"
        return replace(
            report,
            bot=tuple(bot.events),
            connections=tuple(connection_of(line) for line in bot.lines),
            webhooks=tuple(webhooks),
            signed=signed,
            more=more,
        )

    def looks(self) -> Account:
        return Account(
            environment={"host": self.title, "film": "none: MeetStream's bot shows still pictures, not our page"},
            pictures=self._stills,
        )
