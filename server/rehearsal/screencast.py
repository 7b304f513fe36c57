"""The page's picture: one JPEG for every change, with the time it was drawn."""

from __future__ import annotations

import asyncio
import base64
import bisect
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.rehearsal.browser import Browser


class Screencast:
    """Writes the frames that Chromium draws into a folder. Between two frames nothing changed."""

    QUALITY = 70

    def __init__(self, browser: Browser, folder: Path, meeting_time: Callable[[float], float]) -> None:
        """`meeting_time` turns seconds since 1970 into seconds of the meeting."""
        self._browser = browser
        self._folder = folder
        self._meeting_time = meeting_time
        #: (seconds of the meeting, file), in order
        self.frames: list[tuple[float, Path]] = []
        self._acks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        cdp = await self._browser.cdp()
        cdp.on("Page.screencastFrame", self._frame)
        await cdp.send("Page.startScreencast", {"format": "jpeg", "quality": self.QUALITY, "everyNthFrame": 1})

    def _frame(self, event: dict[str, Any]) -> None:
        at = self._meeting_time(float(event["metadata"]["timestamp"]))
        path = self._folder / f"{len(self.frames):06d}.jpg"
        path.write_bytes(base64.b64decode(event["data"]))
        self.frames.append((max(at, self.frames[-1][0] if self.frames else at), path))
        task = asyncio.create_task(self._ack(event["sessionId"]))
        self._acks.add(task)
        task.add_done_callback(self._acks.discard)

    async def _ack(self, session: int) -> None:
        # The page may be gone by now; then nobody waits for the answer.
        with contextlib.suppress(Exception):
            await (await self._browser.cdp()).send("Page.screencastFrameAck", {"sessionId": session})

    def at(self, seconds: float) -> Path | None:
        """What the page looked like at this second of the meeting."""
        index = bisect.bisect_right([at for at, _ in self.frames], seconds) - 1
        return self.frames[max(index, 0)][1] if self.frames else None

    async def stop(self) -> None:
        with contextlib.suppress(Exception):
            await (await self._browser.cdp()).send("Page.stopScreencast")
        if self._acks:
            await asyncio.wait(self._acks, timeout=2)
