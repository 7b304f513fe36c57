"""What the tests of recordings share."""

from __future__ import annotations

from pathlib import Path

from server.media.recorder import Limits, Recorder

NO_FLOOR = Limits(floor=0)
SECOND = 16_000


def tone(level: int, seconds: float) -> bytes:
    """Samples of one level."""
    return level.to_bytes(2, "little", signed=True) * round(seconds * SECOND)


def started(root: Path, session: str = "session-1", limits: Limits = NO_FLOOR, **options: object) -> Recorder:
    return Recorder(root, session, limits, **options)


def drained(recorder: Recorder) -> bool:
    return recorder._queue._size == 0 or recorder.trouble is not None
