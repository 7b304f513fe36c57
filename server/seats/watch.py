"""One bot's life, followed by asking its host, for webhooks may get lost or may not be set up at all."""

from __future__ import annotations

import asyncio
import contextlib
import time

from server.errors import HostError
from server.hosts.base import SeatChange, SeatState
from server.seats.seat import Seat

#: seconds between two questions to the host: until all is well with the bot, and afterwards
EAGER, CALM = 4.0, 60.0
#: seconds after the bot is in within which the page, and a connection of the host, should have come
EXPECTED = 30.0
#: how often the host may say in a row that it does not know the bot before we believe it
UNKNOWN = 3

IN = (SeatState.IN_CALL, SeatState.LIVE)


class Watch:
    """Follows the bot of one seat. What comes by itself only makes the next question early: see `nudge`."""

    def __init__(self, seat: Seat, *, eager: float = EAGER, expected: float = EXPECTED) -> None:
        self._seat = seat
        self._eager = eager
        self._no_page, self._no_host = _Lasting(expected), _Lasting(expected)
        self._unknown = 0
        self._early = asyncio.Event()

    def nudge(self) -> None:
        """Something is known to have changed."""
        self._early.set()

    async def run(self) -> None:
        """Ask until the bot's life is over."""
        while not self._seat.life.over:
            await self._ask()
            if self._seat.life.over:
                return
            await self._look()
            self._early.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CALM if self._no_host.said else self._eager):
                    await self._early.wait()

    async def _ask(self) -> None:
        seat, host = self._seat, self._seat.host
        try:
            change = await host.status(seat.bot)
        except HostError as error:
            self._unknown = self._unknown + 1 if error.status == 404 and error.code != "no-route" else 0
            if self._unknown < UNKNOWN:
                seat.step(f"{host.title} does not say how the bot is: {error}", error.advice)
                return
            words = f"{host.title} does not know the bot any more"
            change = SeatChange(
                seat.bot, SeatState.FAILED, error.code, at=time.time(), words=words, advice=error.advice
            )
        self._unknown = 0
        if change is not None:
            seat.change(change)

    async def _look(self) -> None:
        """The bot has been in for a while: are its page and the host's connections there?"""
        seat, now = self._seat, asyncio.get_running_loop().time()
        if self._no_page.look(seat.state in IN and seat.session.link is None and seat.wants_page, now):
            await self._ask_for_page()
        if self._no_host.look(seat.state is SeatState.LIVE, now) and not seat.sensed:
            seat.step(
                f"{seat.host.title} has not connected to this server"
                + ("; the page's own ears are all there is" if seat.host.shows_page else ""),
                "Check that the public address lets websockets through, and the verification secret.",
            )

    async def _ask_for_page(self) -> None:
        seat = self._seat
        if not seat.host.shows_page:
            seat.step(
                f"{seat.host.title} has not opened the connection that the agent speaks through",
                "Check that the public address lets websockets through.",
            )
            return
        seat.step("the bot does not show the page; asking for it again", "If it stays away, check the public address.")
        try:
            await seat.host.show(seat.bot, seat.page_url(), screen=seat.screen)
        except HostError as error:
            seat.step(f"the page could not be shown: {error}", error.advice)


class _Lasting:
    """Whether something has been so for some seconds without a break. Says yes once for each time it is."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None
        self.said = False

    def look(self, so: bool, now: float) -> bool:
        """It is so now, or it is not."""
        if not so:
            self._since, self.said = None, False
            return False
        self._since = now if self._since is None else self._since
        if self.said or now - self._since < self._seconds:
            return False
        self.said = True
        return True
