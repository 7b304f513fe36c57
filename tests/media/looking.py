"""What the tests of the newest pictures share."""

from __future__ import annotations

from server.media.frames import Frames

LEVELS = [20 + 10 * number for number in range(20)]


class Clock:
    """Seconds that pass when the test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def seen(frames: Frames, person: str = "1", source: str = "webcam") -> bytes:
    look = await frames.look(person, source)
    assert look is not None
    return look.jpeg
