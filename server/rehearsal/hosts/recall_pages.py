"""The pages that a Recall bot shows as its camera or screen; opening them is somebody else's business."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

Place = Literal["camera", "screenshare"]
PLACES: tuple[Place, ...] = ("camera", "screenshare")

#: Opens a page for a bot: bot, address, place.
OnPage = Callable[[Any, str, str], Awaitable[None]]
#: Closes a bot's page: bot, place.
OnPageGone = Callable[[Any, str], Awaitable[None]]


class Pages:
    """What is asked for is done one after another, in `work()`."""

    def __init__(self, bot: Any, on_page: OnPage | None, on_page_gone: OnPageGone | None) -> None:
        #: addresses of the pages that are open or asked for, by place
        self.open: dict[Place, str] = {}
        self._bot = bot
        self._on_page = on_page
        self._on_page_gone = on_page_gone
        # As many as there are calls of Output Media.
        self._asked: asyncio.Queue[tuple[Place, str]] = asyncio.Queue()

    def show(self, place: Place, url: str) -> None:
        """Open a page; one that is open at this place is closed first."""
        self.hide(place)
        self.open[place] = url
        self._asked.put_nowait((place, url))

    def hide(self, place: Place) -> None:
        """Close the page at this place, if one is open."""
        if self.open.pop(place, None) is not None:
            self._asked.put_nowait((place, ""))

    def hide_all(self) -> None:
        for place in tuple(self.open):
            self.hide(place)

    async def settled(self) -> None:
        """Wait until everything asked for was done."""
        await self._asked.join()

    async def work(self, failed: Callable[[BaseException], None]) -> None:
        """Open and close until cancelled; `failed` hears of exceptions in either."""
        while True:
            place, url = await self._asked.get()
            try:
                if url and self._on_page is not None:
                    await self._on_page(self._bot, url, place)
                elif not url and self._on_page_gone is not None:
                    await self._on_page_gone(self._bot, place)
            except Exception as error:
                failed(error)
            finally:
                self._asked.task_done()
