"""The newest picture of every person in one meeting: kept as it came, decoded when somebody looks."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from server.media.kept import Kept, KeptPng
from server.media.kept_fmp4 import KeptFilm
from server.media.kept_h264 import KeptH264
from server.media.pictures import differs
from server.media.video import VideoDecoder

Coding = Literal["png", "h264", "fmp4"]

#: Sources of one meeting at once: 16 cameras and as many screens and then some. With more, the one that has been still
#: for longest is forgotten and counted.
MOST_SOURCES = 40
#: Bytes of one meeting, whatever comes. Beyond it the sources that have been still for longest are forgotten and
#: counted. Usual is 0.3 MB for a face as PNG, 1 MB for a screen; at most 1 MB for H.264 and 12 MB for film.
MOST_BYTES = 64 << 20
#: A PNG costs less to look at than film, so it is taken if it is no older than this many seconds than the film.
_ABOUT_NOW = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody saw who looked."""

    jpeg: bytes = field(repr=False)
    width: int
    height: int
    #: seconds since the picture came
    age: float
    #: seconds for which it has looked like this, as far as those who looked can tell; never less than `age`
    steady: float
    #: it differs from what was seen at the last look (not glance); True at the first
    changed: bool
    #: pictures still come, as far as the host says
    live: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A source that can be looked at."""

    person_id: str
    source: str
    #: seconds since its newest picture came
    age: float
    live: bool


class _Source:
    """One source of one person, in every coding in which it comes."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.size = 0
        self.touched = 0.0
        self.looking = asyncio.Lock()
        #: what it looks like, and since when
        self.fingerprint = b""
        self.since = 0.0
        #: what it looked like at the last look
        self.looked: bytes | None = None

    @property
    def newest(self) -> float:
        return max((kept.newest for kept in self.kept.values()), default=0.0)

    def best(self) -> Kept | None:
        """The coding to look at; None if there is nothing to see in any."""
        png = self.kept.get("png")
        if png is not None and png.newest and png.newest >= self.newest - _ABOUT_NOW:
            return png
        return max(self.kept.values(), key=lambda kept: kept.newest, default=None)


class Frames:
    """The newest picture for each person and source ("webcam", "screenshare", "stage") of one meeting.

    All but `look` return at once, and nothing raises for what a picture holds. Runs on one event loop.
    """

    def __init__(
        self,
        video: VideoDecoder,
        *,
        clock: Callable[[], float] = time.monotonic,
        most_sources: int = MOST_SOURCES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`clock`: seconds, monotonic."""
        self._video = video
        self._clock = clock
        self._most_sources = most_sources
        self._most_bytes = most_bytes
        self._sources: dict[tuple[str, str], _Source] = {}
        #: bytes held
        self.size = 0
        #: what became of what came, by one word: `received` counts all, `decoded` what was looked at; `same` came
        #: twice, `late` after a newer one; `truncated`, `too-large`, `foreign` were refused; `waiting` had no key frame
        #: before it; `dropped` was too much between two key frames; `broken` could not be decoded; `forgotten` counts
        #: sources
        self.counts: Counter[str] = Counter()

    def put(self, person_id: str, source: str, coding: Coding, data: bytes, at: float | None = None) -> None:
        """Take a picture, or a stretch of film. `at` is host seconds; it only tells which of two is the newer."""
        self.counts["received"] += 1
        now = self._clock()
        entry = self._sources.get((person_id, source))
        if entry is None:
            entry = self._sources[person_id, source] = _Source()
        kept = entry.kept.get(coding)
        if kept is None:
            kept = entry.kept[coding] = self._keep(coding)
        kept.put(data, now, at)
        entry.touched = now
        self._weigh(entry)
        while self.size > self._most_bytes or len(self._sources) > self._most_sources:
            self._forget_one()

    def end(self, person_id: str, source: str) -> None:
        """No more pictures are coming. The last one can still be looked at."""
        entry = self._sources.get((person_id, source))
        for kept in entry.kept.values() if entry is not None else ():
            kept.end()

    def forget(self, person_id: str) -> None:
        """Nothing of this person is kept."""
        for key in [key for key in self._sources if key[0] == person_id]:
            self._remove(key)

    def clear(self) -> None:
        """The meeting is over."""
        for key in list(self._sources):
            self._remove(key)

    def seen(self) -> list[Seen]:
        """What can be looked at, the newest first."""
        now = self._clock()
        found = [
            Seen(*key, age=now - entry.newest, live=any(not kept.ended for kept in entry.kept.values()))
            for key, entry in self._sources.items()
            if entry.newest
        ]
        return sorted(found, key=lambda each: each.age)

    async def look(self, person_id: str, source: str, longest: int = 1024, *, glance: bool = False) -> Look | None:
        """The newest picture, no side longer than `longest`. None if there is none, or none yet.

        A glance does not count as a look: it leaves alone what `changed` compares with. Raises MediaError, whose
        message says in one sentence why the picture cannot be shown.
        """
        entry = self._sources.get((person_id, source))
        if entry is None:
            return None
        # One at a time: a second one finds the picture already decoded.
        async with entry.looking:
            kept = entry.best()
            taken = await kept.still(longest) if kept is not None else None
            if kept is None or taken is None:
                return None
            if self._sources.get((person_id, source)) is entry:
                self._weigh(entry)
            still = taken.still
            if differs(entry.fingerprint, still.fingerprint):
                entry.fingerprint, entry.since = still.fingerprint, taken.since
            changed = entry.looked is None or differs(entry.looked, still.fingerprint)
            if not glance:
                entry.looked = still.fingerprint
            now = self._clock()
            steady = now - min(entry.since, taken.at)
            return Look(still.jpeg, still.width, still.height, now - taken.at, steady, changed, not kept.ended)

    def _keep(self, coding: Coding) -> Kept:
        match coding:
            case "png":
                return KeptPng(self._count)
            case "h264":
                return KeptH264(self._count, self._video)
            case "fmp4":
                return KeptFilm(self._count, self._video)

    def _count(self, word: str, number: int) -> None:
        if number:
            self.counts[word] += number

    def _weigh(self, entry: _Source) -> None:
        size = sum(kept.size for kept in entry.kept.values())
        self.size += size - entry.size
        entry.size = size

    def _forget_one(self) -> None:
        """Of those that never had a picture, otherwise of all, the one that has been still for longest."""
        self.counts["forgotten"] += 1
        self._remove(min(self._sources, key=lambda key: (self._sources[key].newest > 0, self._sources[key].touched)))

    def _remove(self, key: tuple[str, str]) -> None:
        entry = self._sources.pop(key)
        self.size -= entry.size
        for kept in entry.kept.values():
            kept.drop()
