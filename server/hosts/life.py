"""One bot's life, told by news that come late, twice and in any order.

Vendors promise no order and repeat themselves, and the same fact reaches us by webhook and by asking. The state must
not depend on which came first, so it is computed from the set of what is known: the end stands above everything, then
the latest moment wins. News without a time can only move a life forward.
"""

from __future__ import annotations

from collections import OrderedDict

from server.hosts.base import OVER, SeatChange, SeatState

_RANK = {state: rank for rank, state in enumerate(SeatState)}
#: News remembered to recognise a repeat. Full: the oldest is forgotten; a repeat that late is only told once more,
#: the state does not change by it.
REMEMBERED = 512


class Life:
    """Folds the news of one bot into one honest state. `take` every SeatChange, in whatever order they come."""

    def __init__(self, bot: str = "") -> None:
        #: news that name another bot are not taken; empty: the bot that the first news names
        self.bot = bot
        self._seen: OrderedDict[tuple[str, str, float | None], None] = OrderedDict()
        self._timed: SeatChange | None = None
        self._untimed: SeatChange | None = None
        self._over: SeatChange | None = None
        self._leaving: SeatChange | None = None

    def take(self, change: SeatChange) -> bool:
        """Take one piece of news. False when it is a repeat or about another bot."""
        self.bot = self.bot or change.bot
        if change.bot and change.bot != self.bot:
            return False
        self._fold(change)
        key = (change.code, change.sub_code, change.at)
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def _fold(self, change: SeatChange) -> None:
        """Folding the same news twice, or in another order, gives the same: these are minima and maxima."""
        if change.state is None:
            return
        if change.state in OVER:
            self._over = change if self._over is None else min(self._over, change, key=_first_end)
            return
        if change.state is SeatState.LEAVING:
            self._leaving = change if self._leaving is None else max(self._leaving, change, key=_latest)
        if change.at is None:
            self._untimed = change if self._untimed is None else max(self._untimed, change, key=_furthest)
        else:
            self._timed = change if self._timed is None else max(self._timed, change, key=_latest)

    @property
    def current(self) -> SeatChange | None:
        """The news that the state comes from; None before the first."""
        if self._over is not None:
            return self._over
        known = [change for change in (self._timed, self._untimed) if change is not None]
        return max(known, key=_furthest, default=None)

    @property
    def state(self) -> SeatState:
        """What the bot is doing. A bot of which nothing is known was sent: it is joining."""
        state = self.current.state if self.current else None
        return state or SeatState.JOINING

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.state in OVER

    @property
    def why(self) -> SeatChange | None:
        """What explains the end: the failure, else why the bot left, else the end itself. None before it leaves."""
        if self._over is not None and self._over.state is SeatState.FAILED:
            return self._over
        return self._leaving or self._over


# Ties are broken by everything that two pieces of news can differ in, so that no order of arrival can show.


def _rank(change: SeatChange) -> int:
    return -1 if change.state is None else _RANK[change.state]


def _words(change: SeatChange) -> tuple[str, ...]:
    return change.code, change.sub_code, change.words, change.advice, change.session


def _latest(change: SeatChange) -> tuple[float, int, tuple[str, ...]]:
    return (-1.0 if change.at is None else change.at), _rank(change), _words(change)


def _furthest(change: SeatChange) -> tuple[int, bool, float, tuple[str, ...]]:
    return _rank(change), change.at is not None, change.at or 0.0, _words(change)


def _first_end(change: SeatChange) -> tuple[float, int, tuple[str, ...]]:
    """The end that came first is the end; at the same moment a failure tells more than a `done`."""
    return (float("inf") if change.at is None else change.at), -_rank(change), _words(change)
