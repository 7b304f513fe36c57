"""Who spoke when, from the sound of each person: whose words an ear without names has heard.

Pure. Times are session seconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

#: stretches that are remembered; full: the oldest is forgotten
REMEMBERED = 64
#: seconds one lasts at most: an end that was lost does not make somebody speak for ever
LONGEST = 30.0
#: share of an utterance in which somebody must have spoken to be the one who said it
SHARE = 0.3


@dataclass(slots=True)
class _Stretch:
    id: str
    name: str
    start: float
    end: float | None = None

    def within(self, start: float, end: float) -> float:
        """Seconds of it in this time."""
        until = self.start + LONGEST if self.end is None else self.end
        return max(0.0, min(end, until) - max(start, self.start))


class Stretches:
    """The stretches of speech of everybody whose own sound is heard."""

    def __init__(self) -> None:
        self._all: deque[_Stretch] = deque(maxlen=REMEMBERED)

    def person(self, id: str, name: str, speaking: bool, at: float) -> None:
        """Somebody began or stopped to speak."""
        for stretch in self._all:
            if stretch.id == id and stretch.end is None:
                stretch.end = at
        if speaking:
            self._all.append(_Stretch(id, name, at))

    def speaker(self, start: float, end: float) -> tuple[str, str] | None:
        """Id and name of whoever spoke most in this time; None when nobody spoke for much of it."""
        spoke: dict[str, tuple[float, str]] = {}
        for stretch in self._all:
            before, _ = spoke.get(stretch.id, (0.0, ""))
            spoke[stretch.id] = (before + stretch.within(start, end), stretch.name)
        if not spoke:
            return None
        id, (most, name) = max(spoke.items(), key=lambda each: each[1][0])
        return (id, name) if most > 0 and most >= SHARE * (end - start) else None
