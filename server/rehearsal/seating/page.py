"""The agent's page as a bot shows it: in a real Chromium, with the host that exists only inside a bot around it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from server.errors import RehearsalError
from server.rehearsal.agent_sound import AgentSound
from server.rehearsal.browser import Browser
from server.rehearsal.meeting import Meeting
from server.rehearsal.screencast import Screencast
from server.rehearsal.stand_in import StandIn


class PageView:
    """One page. `async with` starts the browser; then `open`, `connected`, perhaps `film`, and `end`."""

    def __init__(self, meeting: Meeting, folder: Path, *, within: float) -> None:
        """`folder` is temporary; `within` are the seconds that the page may take to connect."""
        self.agent = AgentSound(meeting.now, time.time)
        self.screencast: Screencast | None = None
        #: what the browser complained about until the end
        self.errors: tuple[str, ...] = ()
        self._meeting = meeting
        self._folder = folder
        self._within = within
        self._stand_in = StandIn(meeting, self.agent, wall=time.time, folder=folder)
        self._stack = contextlib.AsyncExitStack()
        self._browser: Browser | None = None
        #: complaints before there was nothing to show; None while there is a page
        self._before_blank: int | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._stand_in.start()
            self._stack.push_async_callback(self._stand_in.close)
            self._browser = Browser(
                self._folder / "profile", port=self._stand_in.port, key_hash=self._stand_in.key_hash
            )
            await self._stack.enter_async_context(self._browser)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def browser(self) -> Browser:
        """The browser, also when it is over."""
        if self._browser is None:
            raise RuntimeError("the browser is not running")
        return self._browser

    @property
    def clock_error(self) -> float:
        """How far the clocks of page and server can disagree, in seconds."""
        return self._stand_in.clock_error

    async def open(self, url: str) -> None:
        """Load the page. Raises RehearsalError."""
        self._forget_blank()
        await self.browser.open(url)

    async def leave(self) -> None:
        """Show nothing, until the page is opened again."""
        self._before_blank = len(self.browser.errors)
        await self.browser.page.goto("about:blank")

    def _forget_blank(self) -> None:
        """An empty page cannot reach the tap, and says so."""
        if self._before_blank is not None:
            del self.browser.errors[self._before_blank :]
            self._before_blank = None

    async def connected(self) -> None:
        """Wait until the page hears, reads and speaks. Raises RehearsalError saying what is missing."""

        def missing() -> str:
            state, host = self.agent.state, self._stand_in
            waiting = {
                "its backend": state is None or state.connection not in ("", "open"),
                "the transcript": not host.transcripts,
                "its microphone": not host.microphones,
                "the tap": not host.taps,
            }
            return ", ".join(name for name, so in waiting.items() if so)

        end = time.monotonic() + self._within
        while missing():
            if time.monotonic() > end:
                errors = self.browser.errors
                said = f" (it says: {errors[-1]})" if errors else ""
                raise RehearsalError(f"the page did not connect to {missing()}{said}")
            await asyncio.sleep(0.05)

    async def film(self) -> None:
        """Keep every picture from now on."""
        frames = self._folder / "frames"
        frames.mkdir()
        meeting = self._meeting
        self.screencast = Screencast(self.browser, frames, lambda wall: meeting.now() - (time.time() - wall))
        await self.screencast.start()

    async def end(self) -> None:
        """The meeting is over: no more pictures, and no complaint that comes now is of interest."""
        self._forget_blank()
        self.errors = tuple(self.browser.errors)
        if self.screencast is not None:
            await self.screencast.stop()
