"""Host seconds and our own on one line, which begins with the recording. Pure: time is an argument."""

from __future__ import annotations

#: Seconds by which host time may be off from what has passed here. More means that the host began to count anew, or
#: that its times are of no use.
FARTHEST = 30.0
#: Seconds of host time beyond which a number no longer holds milliseconds, or is no time at all.
_LARGEST = 1e11


class Timeline:
    """Places what comes, in seconds since the recording began.

    One line for all streams of a meeting: they share the host's clock, so between them its times are exact. Where the
    line begins is known from the first one that came, less its time on the way. Because no place is farther than
    `FARTHEST` from what has passed, silence that is filled in never outgrows the meeting, whatever a host sends.
    """

    def __init__(self, began: float) -> None:
        """`began`: our clock when the recording began."""
        self._began = began
        self._offset: float | None = None
        #: how often the host's time was taken up anew
        self.anchors = 0

    def place(self, now: float, at: float | None, seconds: float = 0.0) -> float:
        """Where something begins that came `now`, whose host time is `at` (None: unknown) and that lasts `seconds`."""
        passed = max(0.0, now - self._began - seconds)
        if at is None or not abs(at) < _LARGEST:
            return passed
        if self._offset is None or abs(at + self._offset - passed) > FARTHEST:
            self._offset = passed - at
            self.anchors += 1
        return max(0.0, at + self._offset)
