"""What the tests of MeetStream share: payloads in the vendor's shapes, a sink that keeps all, a clock to turn."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from server.hosts.base import Order

PAYLOADS = Path(__file__).parent / "payloads"

BOT = "b2e94d17-6f08-4c3a-8d55-90ab17c3e2f4"
SESSION = "hq3v8tn1kd"
NAME = "Parley"


def payload(name: str) -> Any:
    """A message of our own invention in the vendor's shape."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def payload_text(name: str) -> str:
    """The same as a text frame."""
    return json.dumps(payload(name))


class Told:
    """A sink that keeps what it is told. Like a seat, it cannot be hashed."""

    __hash__ = None

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.sounds: list[tuple[bytes, Any]] = []
        self.pictures: list[Any] = []
        self.blinds: list[tuple[Any, str]] = []
        self.changes: list[Any] = []
        self.counts: Counter[str] = Counter()

    def tell(self, event: Any) -> None:
        """A fact for the core."""
        self.events.append(event)

    def hear(self, pcm: bytes, person: Any = None, at: float | None = None) -> None:
        """Sound."""
        assert len(pcm) % 2 == 0
        self.sounds.append((pcm, person))

    def see(self, picture: Any) -> None:
        """A picture."""
        self.pictures.append(picture)

    def blind(self, person: Any, source: Any) -> None:
        """No more pictures."""
        self.blinds.append((person, source))

    def change(self, change: Any) -> None:
        """News of the bot."""
        self.changes.append(change)

    def count(self, what: str) -> None:
        """Something odd."""
        assert what == what.lower() and len(what) < 24 and " " not in what
        self.counts[what] += 1

    @property
    def film(self) -> bytes:
        """All film, in order."""
        return b"".join(picture.data for picture in self.pictures)


def order(**more: Any) -> Order:
    """A good order for a meeting on Google Meet, changed as the test wants."""
    base = "parley.example.net/hosts/meetstream"
    given: dict[str, Any] = {
        "session": SESSION,
        "meeting_url": "https://meet.google.com/mno-pqrs-tuv",
        "name": NAME,
        "sockets": {name: f"wss://{base}/{name}/0c8d4e" for name in ("control", "audio")},
        "hooks": {name: f"https://{base}/{name}/0c8d4e" for name in ("status", "words", "people")},
        "senses": frozenset({"mixed"}),
    }
    given |= more
    if "film" in given["senses"]:
        given["sockets"] = {"video": f"wss://{base}/video/0c8d4e", **given["sockets"]}
    return Order(**given)


class _Handle:
    def __init__(self, callback: Callable[[], Any]) -> None:
        self.callback: Callable[[], Any] | None = callback

    def cancel(self) -> None:
        """Never call."""
        self.callback = None


class VirtualTimers:
    """A clock that stands still until a test turns it, and its timers. Nothing sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.fired = 0
        self._heap: list[tuple[float, int, _Handle]] = []
        self._count = count()

    def time(self) -> float:
        """Seconds."""
        return self.now

    def call_later(self, delay: float, callback: Callable[[], Any]) -> _Handle:
        """Call after so many seconds."""
        assert delay >= 0
        handle = _Handle(callback)
        heapq.heappush(self._heap, (self.now + delay, next(self._count), handle))
        return handle

    def run(self, seconds: float) -> None:
        """Let time pass, firing what becomes due in order."""
        end = self.now + seconds
        while self._heap and self._heap[0][0] <= end:
            at, _, handle = heapq.heappop(self._heap)
            self.now = max(self.now, at)
            if handle.callback is not None:
                self.fired += 1
                assert self.fired < 100_000, "a timer fires without end"
                handle.callback()
        self.now = end

    @property
    def waiting(self) -> int:
        """Timers that are set."""
        return sum(1 for _, _, handle in self._heap if handle.callback is not None)
