"""What the tests of Recall.ai share: payloads in the vendor's shapes, and a sink that keeps every call."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from server.hosts.base import Order

PAYLOADS = Path(__file__).parent / "payloads"

BOT = "0d3c5a1e-44b1-4f0e-9b55-71c2a8f3e610"
SESSION = "kq7wz3m9t2"


def payload(name: str) -> Any:
    """A message of our own invention in the vendor's shape."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


class Told:
    """A sink that keeps what it is told, call by call."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.counts: Counter[str] = Counter()

    def tell(self, event: Any) -> None:
        """A fact for the core."""
        self.calls.append(("tell", event))

    def hear(self, pcm: bytes, person: Any = None, at: float | None = None) -> None:
        """Sound."""
        self.calls.append(("hear", pcm, person, at))

    def see(self, picture: Any) -> None:
        """A picture."""
        self.calls.append(("see", picture))

    def blind(self, person: Any, source: Any) -> None:
        """No more pictures."""
        self.calls.append(("blind", person, source))

    def change(self, change: Any) -> None:
        """News of the bot."""
        self.calls.append(("change", change))

    def count(self, what: str) -> None:
        """Something odd."""
        assert what == what.lower() and len(what) < 24 and " " not in what
        self.counts[what] += 1


def order(**more: Any) -> Order:
    """A good order for a meeting on Google Meet, changed as the test wants."""
    given: dict[str, Any] = {
        "session": SESSION,
        "meeting_url": "https://meet.google.com/xyz-mnop-qrs",
        "name": "Parley",
        "page_url": "https://agent.example.org/agent/?t=page-token",
        "sockets": {
            "text": "wss://agent.example.org/hosts/recall/text/?t=text-token",
            "media": "wss://agent.example.org/hosts/recall/media/?t=media-token",
        },
    }
    return Order(**(given | more))
