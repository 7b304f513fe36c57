"""The still pictures that a bot without a page shows as its camera."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from pathlib import Path


class Stills:
    """Keeps each picture in `folder`, with the second of the meeting at which it came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        #: (seconds of the meeting, file), in order
        self.frames: list[tuple[float, Path]] = []

    def take(self, images: Sequence[bytes], now: float) -> None:
        """`images` are all that came so far; the new ones came now."""
        for image in images[len(self.frames) :]:
            kind = "png" if image.startswith(b"\x89PNG") else "jpg"
            path = self._folder / f"still-{len(self.frames):04d}.{kind}"
            path.write_bytes(image)
            self.frames.append((now, path))

    def at(self, seconds: float) -> Path | None:
        """What the bot showed at this second of the meeting."""
        index = bisect.bisect_right([at for at, _ in self.frames], seconds) - 1
        return self.frames[index][1] if index >= 0 else None
