"""The agent's page opened in Chromium, with nobody in between: the rehearsal without a host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from server.rehearsal.backend import Backend
from server.rehearsal.director import OnProgress, Progress
from server.rehearsal.judge import Written
from server.rehearsal.seating.base import Account
from server.rehearsal.seating.page import PageView
from server.store.base import Entry
from server.web.access import mint

#: Seconds the page's token is good for.
_TOKEN_TTL = 6 * 3600.0


class Directly:
    """See `Seating`."""

    written: Sequence[Written] = ()

    def __init__(self, view: PageView, session: str, *, record: bool, tell: OnProgress) -> None:
        """`record` keeps the page's pictures."""
        self.agent = view.agent
        self._view = view
        self._session = session
        self._record = record
        self._tell = tell
        self._backend: Backend | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._view.__aexit__(kind, error, trace)

    async def arrange(self, backend: Backend) -> Mapping[str, str]:
        self._backend = backend
        return {}

    async def take(self) -> str:
        assert self._backend is not None
        self._tell(Progress("stage", "opening the page in Chromium"))
        await self._view.__aenter__()
        token = mint(self._backend.secret, self._session, _TOKEN_TTL)
        await self._view.open(f"{self._backend.url}/agent/?t={token}")
        await self._view.connected()
        if self._record:
            await self._view.film()
        return self._session

    async def leave(self) -> None:
        await self._view.end()

    def account(self, entries: Sequence[Entry], begin: float) -> Account:
        view = self._view
        return Account(
            environment={"chromium": view.browser.version},
            pictures=view.screencast,
            screencast=view.screencast,
            errors=view.errors,
            clock_error=view.clock_error,
        )
