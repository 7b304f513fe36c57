"""The seam between the stage and whatever brings the agent into the meeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from server.rehearsal.agent_sound import AgentSound
from server.rehearsal.backend import Backend
from server.rehearsal.judge import Written
from server.rehearsal.report import SeatReport, Verdict
from server.rehearsal.screencast import Screencast
from server.store.base import Entry


class Pictures(Protocol):
    """What the agent looked like."""

    def at(self, seconds: float) -> Path | None:
        """The picture at this second of the meeting, as a JPEG or PNG; None when there is none."""
        ...


@dataclass(frozen=True)
class Account:
    """What a seating knows when all is over."""

    environment: Mapping[str, str] = field(default_factory=dict)
    pictures: Pictures | None = None
    #: the same as a film, where there is one
    screencast: Screencast | None = None
    #: what the browser complained about
    errors: tuple[str, ...] = ()
    #: how far the clocks of page and server can disagree, in seconds
    clock_error: float = 0.0
    seat: SeatReport | None = None
    #: expectations of the seat as a whole
    verdicts: tuple[Verdict, ...] = ()


class Seating(Protocol):
    """Brings the agent into one meeting. Used once: `async with`, then arrange, take, leave, and account at last."""

    #: what the agent was heard to say
    agent: AgentSound

    @property
    def written(self) -> Sequence[Written]:
        """What the agent wrote into the chat so far, oldest first."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def arrange(self, backend: Backend) -> Mapping[str, str]:
        """Make ready what must be there before the backend starts; settings of the backend for this seating."""
        ...

    async def take(self) -> str:
        """Bring the agent in; its session, once it hears, reads and speaks. Raises RehearsalError."""
        ...

    async def leave(self) -> None:
        """The scenario is over: the agent goes. What goes wrong here is a verdict, not an error."""
        ...

    def account(self, entries: Sequence[Entry], begin: float) -> Account:
        """Say what there was to see. `entries` is the session's tape; times are to count from `begin`."""
        ...
