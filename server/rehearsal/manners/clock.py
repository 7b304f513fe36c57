"""Virtual time: a heap of things to do, each at its second. Nothing sleeps."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

Action = Callable[[], None]


class VirtualClock:
    """Does everything in the order of its time; what has the same time, in the order it was asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self._queue: list[tuple[float, int, Action]] = []
        self._order = itertools.count()

    def at(self, when: float, action: Action) -> None:
        """Do this then; at once when that is past."""
        heapq.heappush(self._queue, (max(when, self.now), next(self._order), action))

    def after(self, delay: float, action: Action) -> None:
        """Do this `delay` seconds from now."""
        self.at(self.now + delay, action)

    def run(self, over: Callable[[], bool], until: float) -> bool:
        """Go on until it is over; False when it was not by `until`."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, action = heapq.heappop(self._queue)
            action()
            if over():
                return True
        return over()
