"""Answers that are kept for requests that come again with the same key."""

from __future__ import annotations

from server.rehearsal.hosts.answers import Answer, Refusal
from server.rehearsal.hosts.clocks import Clocks

#: Whose key it is, for what, and the key.
Mark = tuple[str, str, str]


class Kept:
    """The answers of one service. Not bounded: a test does not make an hour's worth of them."""

    def __init__(self, clocks: Clocks, *, seconds: float, in_flight: Answer) -> None:
        """An answer is kept for `seconds`; `in_flight` is what a second request gets while the first is under way."""
        self._clocks = clocks
        self._seconds = seconds
        self._in_flight = in_flight
        self._answers: dict[Mark, tuple[float, Answer] | None] = {}

    def begin(self, mark: Mark) -> Answer | None:
        """The kept answer, or None when the request is to be answered now. Raises Refusal while it is under way."""
        if mark in self._answers:
            kept = self._answers[mark]
            if kept is None:
                raise Refusal(self._in_flight)
            if self._clocks.clock() - kept[0] < self._seconds:
                return kept[1]
        self._answers[mark] = None
        return None

    def keep(self, mark: Mark, answer: Answer) -> None:
        self._answers[mark] = (self._clocks.clock(), answer)

    def forget(self, mark: Mark) -> None:
        self._answers.pop(mark, None)
