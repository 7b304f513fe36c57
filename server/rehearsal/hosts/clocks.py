"""The time a stand-in lives by, handed in so that a test can replace it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Clocks:
    """`clock` counts seconds from anywhere, `wall` seconds since 1970; every wait of a vendor is a `sleep`."""

    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep


def seconds_until(iso_time: str | None, clocks: Clocks) -> float:
    """How long it is until an ISO 8601 time; 0 for none or one that has passed."""
    if not iso_time:
        return 0.0
    return max(0.0, datetime.fromisoformat(iso_time).timestamp() - clocks.wall())


def iso(wall: float, zone: str = "Z") -> str:
    """A wall clock time as the vendors write it: `2026-11-20T10:15:00.000000Z`."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + zone
