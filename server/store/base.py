"""What a tape is: the append-only record of every session, the one thing all other views are made from."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

#: Why nothing can be written: the disk is full, the place is read-only or not ours, the file is damaged,
#: another.
TroubleCode = Literal["full", "readonly", "corrupt", "failed"]

#: Kinds of entries a tape may lose when its queue is full: what the next one of the same kind replaces
#: anyway. Everything else is needed to replay the session and is lost only when nothing of these is left to
#: drop.
EXPENDABLE = frozenset({"health", "received"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a session's tape. `seq` counts from 1 in the session; `at` is seconds since it began."""

    seq: int
    at: float
    kind: str
    data: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session on the tape. `opened` and `closed` are seconds since 1970; `closed` is None while it is
    open."""

    id: str
    opened: float
    closed: float | None
    entries: int
    meta: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trouble:
    """The tape cannot be written at the moment; what comes in is kept in memory, bounded, and written
    later."""

    code: TroubleCode
    #: entries waiting in memory
    kept: int
    #: one line for the operator: what to do about it
    line: str


class Tape(Protocol):
    """Records sessions. One instance serves every session of the process.

    Nothing that is called while people talk waits for the disk: `append`, `open_session` and `close_session`
    only put something on a queue. The reading methods do wait; a server calls them with `asyncio.to_thread`.
    """

    @property
    def trouble(self) -> Trouble | None:
        """Why nothing can be written now, or None."""
        ...

    def open_session(self, session: str, meta: dict[str, Any] | None = None) -> None:
        """Begin a session, or go on with one of that id. `meta` must not carry what people say."""
        ...

    def append(self, session: str, at: float, kind: str, data: dict[str, Any]) -> None:
        """Record something. Never waits, never raises. `data` becomes JSON later, in the writer: hand it
        over and do not change it afterwards."""
        ...

    def close_session(self, session: str) -> None:
        """The session is over; it can still be read."""
        ...

    def flush(self) -> Awaitable[None]:
        """Wait until everything handed in so far is on disk. Raises `TapeError` when it cannot be written
        now."""
        ...

    def forget(self, session: str) -> Awaitable[int]:
        """Remove a session and everything it said; how many entries are gone."""
        ...

    def sessions(self) -> list[SessionRow]:
        """Every session, the newest first. Raises `TapeError`."""
        ...

    def entries(self, session: str, after: int = 0) -> list[Entry]:
        """What is on disk of a session, in order, from the entry behind `after`. Raises `TapeError`."""
        ...

    def newest(self, kind: str, since: float) -> dict[str, Entry]:
        """The newest entry of this kind of every session opened at `since` (seconds since 1970) or later. Raises
        `TapeError`."""
        ...

    def close(self) -> Awaitable[None]:
        """Write what is left, within bounded time, and give the file back. May be called twice."""
        ...
