"""What seats of all hosts share: join by our own API, follow what the operator is told, let the bot in, take it out."""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

from server.errors import RehearsalError
from server.rehearsal.agent_sound import AgentSound
from server.rehearsal.backend import Backend
from server.rehearsal.director import OnProgress, Progress
from server.rehearsal.hosts.vendor import Bot, Vendor
from server.rehearsal.judge import Written
from server.rehearsal.meeting import Meeting
from server.rehearsal.report import SeatReport, SeatStep
from server.rehearsal.scenario import Scenario
from server.rehearsal.seating.base import Account
from server.rehearsal.seating.bridge import Bridge
from server.rehearsal.seating.checks import seat_verdicts
from server.rehearsal.seating.operator import Operator
from server.store.base import Entry

#: The meeting that the bot is sent to; no such meeting exists.
MEETING = "https://meet.google.com/abc-defg-hij"
#: Seconds between two looks at the bot.
LOOK = 0.1
#: Seconds that the bot waits before somebody lets it in: the host's clock begins that much later than ours.
LET_IN_AFTER = 4.0
#: Seconds within which the bot must be seated, and be gone when it was told to.
SEATED_WITHIN, GONE_WITHIN = 60.0, 30.0

Sense = Literal["mixed", "voices", "pictures", "film"]


class SeatedBot(Bot, Protocol):
    """What every stand-in's bot can be told and asked."""

    def admit(self) -> None: ...

    async def reaches(self, state: str, /) -> None: ...


B = TypeVar("B", bound=SeatedBot)


class Hosted(ABC, Generic[B]):
    """See `Seating`. A subclass has the vendor's stand-in and the bridge between its bot and the meeting."""

    #: the host's short name and what people call it
    host: str
    title: str
    #: what it sends besides words and people when the scenario does not say
    senses: Sequence[Sense]

    def __init__(self, agent: AgentSound, meeting: Meeting, scenario: Scenario, *, tell: OnProgress) -> None:
        self.agent = agent
        self.meeting = meeting
        self.scenario = scenario
        self.asked: Sequence[Sense] = scenario.seat.senses if scenario.seat.senses is not None else self.senses
        self.written: list[Written] = []
        #: ends with the seating
        self.stack = contextlib.AsyncExitStack()
        #: where our side takes news of any bot
        self.status_url = ""
        #: the second of the meeting at which the session began
        self.joined_at = 0.0
        self._tell = tell
        self._operator: Operator | None = None
        self._service: Vendor[B] | None = None
        self._bot: B | None = None
        self._bridge: Bridge | None = None
        self._session = ""
        self._view: dict[str, Any] = {"state": "", "steps": [], "connected": [], "odd": {}}
        self._steps: list[SeatStep] = []
        self._chat_read: Counter[int] = Counter()
        self._follower: asyncio.Task[None] | None = None
        #: seconds that it took to be seated, and to be gone; None: it never was
        self._seated_after = 0.0
        self._gone_after: float | None = None
        self._forged = 0

    @property
    def service(self) -> Vendor[B]:
        """The stand-in, from `arrange` on."""
        assert self._service is not None
        return self._service

    @property
    def bot(self) -> B:
        """Its bot, from the waiting room on."""
        assert self._bot is not None
        return self._bot

    # ------------------------------------------------------------ what a host has of its own

    @abstractmethod
    async def open_service(self, backend: Backend) -> tuple[Vendor[B], Mapping[str, str]]:
        """Start the vendor's stand-in and what belongs to it, on `stack`; and the backend's settings for it."""

    @abstractmethod
    def variant(self) -> str:
        """The size of the bot's machine; empty: the host's default."""

    @abstractmethod
    def channels(self) -> frozenset[str]:
        """The channels on which the vendor has connected when all is there."""

    @abstractmethod
    async def in_call(self) -> Bridge:
        """The bot is in: what is to be there before anybody speaks, and the bridge that tells the bot from now on."""

    @abstractmethod
    async def forge(self) -> int:
        """Send our side a status webhook with a forged signature; the HTTP status it gets."""

    @abstractmethod
    def chat_lines(self) -> Sequence[Sequence[str]]:
        """What our side wrote into the chat so far, for each of the ways that it has."""

    @abstractmethod
    def seen(self, view: Mapping[str, Any]) -> None:
        """The operator looked at the bot again."""

    @abstractmethod
    def vendor_view(self, report: SeatReport) -> SeatReport:
        """The report with what the vendor saw."""

    @abstractmethod
    def looks(self) -> Account:
        """Pictures and environment."""

    # ------------------------------------------------------------ Seating

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop_following()
        if self._bridge is not None:
            await self._bridge.stop()
        if self._operator is not None:
            await self._operator.close()
        await self.stack.__aexit__(kind, error, trace)

    async def arrange(self, backend: Backend) -> Mapping[str, str]:
        self._operator = Operator(backend.url)
        self.status_url = f"{backend.url}/hosts/{self.host}/status/"
        self._service, mine = await self.open_service(backend)
        settings = {
            # The stand-in reaches us where it is, and the operator needs no password there.
            "PARLEY_PUBLIC_URL": backend.url,
            "PARLEY_TRUST_LOOPBACK": "true",
            # No other host's key may lead out of this machine.
            "PARLEY_RECALL_API_KEY": "",
            "PARLEY_MEETSTREAM_API_KEY": "",
            **mine,
        }
        if self.scenario.silent:
            settings["PARLEY_GREETING"] = "off"
        return settings

    async def take(self) -> str:
        assert self._operator is not None
        self._say(f"sending a bot through {self.title}")
        self.joined_at = self.meeting.now()
        view = await self._operator.join(
            meeting_url=MEETING, host=self.host, senses=list(self.asked), variant=self.variant()
        )
        self._session = str(view["id"])
        self._follower = asyncio.create_task(self._follow(), name="rehearsal-seat")
        await self._until(lambda: self._state == "waiting", "came into the waiting room")
        self._bot = await self.service.next_bot()
        self.meeting.bot_id = self._bot.id
        await self.meeting.until(self.meeting.now() + LET_IN_AFTER)
        self._bot.admit()
        await self._until(lambda: self._state == "live", "was let in")
        self._bridge = await self.in_call()
        wanted = self.channels()
        await self._until(lambda: wanted <= set(self._view["connected"]), f"connected {' and '.join(sorted(wanted))}")
        self._seated_after = self.meeting.now() - self.joined_at
        self._forged = await self.forge()
        self._bridge.start()
        return self._session

    async def leave(self) -> None:
        assert self._operator is not None and self._bridge is not None
        await self._bridge.stop()
        self._bridge.check()
        begin = self.meeting.now()
        try:
            if not self._over:
                self._say("the operator takes the bot out")
                await self._operator.leave(self._session)
            async with asyncio.timeout(GONE_WITHIN):
                await self.bot.reaches("done")
                await self.service.settled()
                await self._until(lambda: self._over, "left")
            self._gone_after = self.meeting.now() - begin
        except (RehearsalError, TimeoutError) as error:
            self._say(f"the bot does not leave: {error or 'nothing happens'}")
        await self._stop_following()

    def account(self, entries: Sequence[Entry], begin: float) -> Account:
        assert self._bridge is not None
        report = self.vendor_view(
            SeatReport(
                self.host,
                self.title,
                tuple(self.asked),
                state=self._state,
                steps=tuple(replace(step, at=round(step.at - begin, 2)) for step in self._steps),
                bot=(),
                connections=(),
                webhooks=(),
                signed=0,
                forged=self._forged,
                sent=dict(sorted(self._bridge.sent.items())),
                chat=tuple((round(line.at - begin, 2), line.text) for line in self.written),
                odd=dict(self._view["odd"]),
            )
        )
        verdicts = seat_verdicts(
            report, self._seated_after, self._gone_after, entries, self._bridge.said, self.agent.replies
        )
        return replace(self.looks(), seat=report, verdicts=verdicts)

    # ------------------------------------------------------------ following

    def check_service(self) -> None:
        """Raises RehearsalError when something went wrong in the stand-in, opening the page included."""
        if self.service.failures:
            trouble = self.service.failures[0]
            raise RehearsalError(f"the stand-in of {self.title} broke: {trouble}") from trouble

    @property
    def _state(self) -> str:
        return str(self._view["state"])

    @property
    def _over(self) -> bool:
        return self._state in ("done", "failed")

    def _say(self, text: str) -> None:
        self._tell(Progress("stage", text))

    async def _follow(self) -> None:
        assert self._operator is not None
        while True:
            view = await self._operator.view(self._session)
            for step in view["steps"][len(self._steps) :]:
                at = self.meeting.now() - (time.time() - float(step["at"]))
                self._steps.append(SeatStep(at, step["state"], step["words"], step["advice"]))
                self._tell(Progress("seat", step["words"], who=step["state"]))
            self._view = view
            if self._bridge is not None and self._state in ("leaving", "done", "failed"):
                await self._bridge.stop()
            if self._bot is not None:
                self.seen(view)
                self._read_chat()
            await asyncio.sleep(LOOK)

    def _read_chat(self) -> None:
        for way, lines in enumerate(self.chat_lines()):
            for text in lines[self._chat_read[way] :]:
                self.written.append(Written(self.meeting.now(), text))
            self._chat_read[way] = len(lines)

    async def _until(self, true: Callable[[], bool], what: str) -> None:
        """Wait for something in the bot's life. Raises RehearsalError when it is over first, or takes too long."""
        end = self.meeting.now() + SEATED_WITHIN
        while not true():
            self.check_service()
            if self._follower is not None and self._follower.done():
                self._follower.result()
            last = f"{self._steps[-1].words} {self._steps[-1].advice}".strip() if self._steps else "nothing was said"
            if self._over:
                raise RehearsalError(f"the bot ended before it {what}: {last}")
            if self.meeting.now() > end:
                raise RehearsalError(f"the bot never {what}; the last that was said: {last}")
            await asyncio.sleep(0.05)

    async def _stop_following(self) -> None:
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.wait([self._follower])
