"""The lines of the meeting as the page shows them: one line per utterance, replaced while it grows."""

from __future__ import annotations

from collections import deque

from server.core.messages import Line
from server.core.outbox import Outbox

#: lines a page gets when it joins
KEPT = 8


class Shown:
    """Gives every utterance a line of its own and tells the page."""

    def __init__(self, out: Outbox) -> None:
        self._out = out
        self._open: dict[str, str] = {}
        self._count = 0
        self._last: deque[Line] = deque(maxlen=KEPT)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The last finished lines, oldest first."""
        return tuple(self._last)

    def show(self, who: str, speaker: str, text: str, *, final: bool) -> None:
        """This person is saying, or has said, this."""
        line_id = self._open.get(who)
        if line_id is None:
            self._count += 1
            line_id = f"u{self._count}"
            self._open[who] = line_id
        line = Line(line_id, speaker, text, final=final)
        self._out.page(line)
        if final:
            del self._open[who]
            self._last.append(line)

    def drop(self, who: str) -> None:
        """What this person seemed to be saying was not theirs."""
        if line_id := self._open.pop(who, None):
            self._out.page(Line(line_id, "", "", final=True))
