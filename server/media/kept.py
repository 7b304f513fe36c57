"""What is kept of one stream of pictures, so that its newest can be shown when somebody looks. Undecoded.

Here PNG, of which the newest one is enough; for film see `kept_h264` and `kept_fmp4`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from server.media.pictures import MediaError, Still, png_size, still_of_png

#: Adds to a counter: a short word and how many.
Count = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """A decoded picture and our clock when it came; `since` is the same, or when the very same bytes first came."""

    still: Still
    at: float
    since: float


class Kept(Protocol):
    """One stream of one coding. Only `still` waits."""

    #: our clock when something last came that can be shown
    newest: float
    #: no more pictures were announced
    ended: bool

    @property
    def size(self) -> int:
        """Bytes held."""
        ...

    def put(self, data: bytes, now: float, at: float | None) -> None:
        """Take what came; `at` is the host's time of it. Never raises."""
        ...

    def end(self) -> None:
        """The stream ended: its last picture must not be lost."""
        ...

    async def still(self, longest: int) -> Taken | None:
        """The newest picture; None while there is none. Raises MediaError."""
        ...

    def drop(self) -> None:
        """Nobody wants this stream any more."""
        ...


class KeptPng:
    """The newest PNG of a stream. Of two with host times the later one is the newer, however they arrived."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._data = b""
        self._since = 0.0
        self._at: float | None = None
        #: how many different ones came; of which one, and how large, this is what was decoded
        self._number = 0
        self._decoded: tuple[int, int, Still] | None = None
        self.newest = 0.0
        self.ended = False

    @property
    def size(self) -> int:
        return len(self._data) + (len(self._decoded[2].jpeg) if self._decoded else 0)

    def put(self, data: bytes, now: float, at: float | None) -> None:
        try:
            png_size(data)
        except MediaError as error:
            self._count(error.code, 1)
            return
        # A host that starts to count anew is not late: only what is late by seconds is.
        if at is not None and self._at is not None and 0 < self._at - at < 10:
            self._count("late", 1)
            return
        if data == self._data:
            self._count("same", 1)
        else:
            self._data, self._since = data, now
            self._number += 1
        self._at, self.newest, self.ended = at, now, False

    def end(self) -> None:
        self.ended = True

    async def still(self, longest: int) -> Taken | None:
        number, at, since = self._number, self.newest, self._since
        if not self._data:
            return None
        if self._decoded is None or self._decoded[:2] != (number, longest):
            still = await asyncio.to_thread(still_of_png, self._data, longest)
            self._count("decoded", 1)
            self._decoded = (number, longest, still)
        return Taken(self._decoded[2], at, since)

    def drop(self) -> None:
        self._data, self._decoded = b"", None
