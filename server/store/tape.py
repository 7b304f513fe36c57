"""The tape on SQLite: one file, one writer thread for all sessions, and nobody who speaks waits for it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from server.errors import TapeError
from server.store.base import EXPENDABLE, Entry, SessionRow, Trouble
from server.store.schema import (
    code_of,
    connect_to_read,
    connect_to_write,
    line_of,
    rows_of_entries,
    rows_of_newest,
    rows_of_sessions,
    set_aside,
)
from server.store.writing import as_json, as_seconds, as_text

log = logging.getLogger("parley.tape")

#: Entries in one transaction, and the longest an entry waits for one, in seconds.
BATCH = 500
LINGER = 0.05
#: Seconds between attempts while the tape cannot be written: doubling from the first to the second.
FIRST_RETRY, LONGEST_RETRY = 0.25, 10.0

_OPEN, _CLOSE, _FORGET, _LOST = "\0open", "\0close", "\0forget", "lost"


class _Item(NamedTuple):
    """Something to be written, in the order it was handed in."""

    order: int
    session: str
    at: float
    kind: str
    data: Any


class SqliteTape:
    """A `Tape` in a SQLite file (WAL). Written by one thread; read through connections of their own."""

    def __init__(
        self,
        path: Path,
        *,
        limit: int = 20_000,
        linger: float = LINGER,
        expendable: frozenset[str] = EXPENDABLE,
        on_trouble: Callable[[Trouble | None], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open or make the file. Raises `TapeError` when it belongs to another program or a newer Parley.

        A damaged file is renamed (`set_aside`) and a new one begun. A place that cannot be written now is
        `trouble`, not an error: the meeting goes on and the tape is written when the place is back. `limit`
        entries wait in memory at most. `on_trouble` is called from the writer thread. `clock` gives seconds
        since 1970.
        """
        self.path = path
        self.limit = limit
        #: where a damaged file was put, if one was found
        self.set_aside: Path | None = None
        #: entries dropped because the queue was full, by kind
        self.dropped: Counter[str] = Counter()
        #: entries written since the process began
        self.written = 0
        self._expendable = expendable
        self._on_trouble = on_trouble
        self._clock = clock
        self._linger = linger
        self._order = itertools.count()
        # Two queues, so that the oldest expendable entry is found without searching. Together at most
        # `limit`: when full, the oldest expendable entry goes; when none is left, the oldest entry at all.
        # Both are counted.
        self._needed: deque[_Item] = deque()
        self._spare: deque[_Item] = deque()
        self._flushes: deque[Future[None]] = deque()
        self._waiting: list[_Item] = []  # taken from the queues, not yet on disk; the writer's own
        self._lost: dict[str, tuple[Counter[str], float]] = {}
        self._taking = threading.Lock()  # for taking from the queues; handing in needs none
        self._some = threading.Event()
        self._hurry = threading.Event()
        self._closing = False
        self._closed = False
        self._inode = 0
        self._trouble: Trouble | None = None
        self._pause = 0.0
        self._db: sqlite3.Connection | None = None
        try:
            self._connect()
        except (sqlite3.Error, OSError) as error:
            self._report(error)
        self._thread = threading.Thread(target=self._run, name="tape", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------ handing in: never waits, never raises

    def open_session(self, session: str, meta: dict[str, Any] | None = None) -> None:
        self._put(self._needed, _Item(next(self._order), session, self._clock(), _OPEN, meta or {}))

    def append(self, session: str, at: float, kind: str, data: dict[str, Any]) -> None:
        queue = self._spare if kind in self._expendable else self._needed
        self._put(queue, _Item(next(self._order), session, at, kind, data))

    def close_session(self, session: str) -> None:
        self._put(self._needed, _Item(next(self._order), session, self._clock(), _CLOSE, None))

    async def forget(self, session: str) -> int:
        done: Future[int] = Future()
        self._put(self._needed, _Item(next(self._order), session, 0.0, _FORGET, done))
        await self.flush()
        return await asyncio.wrap_future(done)

    async def flush(self) -> None:
        done: Future[None] = Future()
        self._flushes.append(done)
        self._hurry.set()
        self._some.set()
        if self._closed:
            self._end_flushes()
        await asyncio.wrap_future(done)

    def _put(self, queue: deque[_Item], item: _Item) -> None:
        queue.append(item)
        waiting = len(self._needed) + len(self._spare)
        if waiting + len(self._waiting) > self.limit:
            self._drop()
        elif waiting >= BATCH and not self._pause and not self._hurry.is_set():
            self._hurry.set()
        if not self._some.is_set():
            self._some.set()

    def _drop(self) -> None:
        with self._taking:
            if not (queue := self._spare or self._needed):
                return  # the writer has just emptied them
            item = queue.popleft()
            kind = item.kind.strip("\0")
            self.dropped[kind] += 1
            kinds, _ = self._lost.setdefault(item.session, (Counter(), 0.0))
            kinds[kind] += 1
            self._lost[item.session] = (kinds, item.at)
        if isinstance(item.data, Future):
            _settle(item.data, TapeError("the tape's queue is full"))

    # ------------------------------------------------------------ reading

    @property
    def trouble(self) -> Trouble | None:
        return self._trouble

    @property
    def queued(self) -> int:
        """Entries that are not on disk yet."""
        return len(self._needed) + len(self._spare) + len(self._waiting)

    def sessions(self) -> list[SessionRow]:
        with connect_to_read(self.path) as db:
            return rows_of_sessions(db)

    def entries(self, session: str, after: int = 0) -> list[Entry]:
        with connect_to_read(self.path) as db:
            return rows_of_entries(db, session, after)

    def newest(self, kind: str, since: float) -> dict[str, Entry]:
        with connect_to_read(self.path) as db:
            return rows_of_newest(db, kind, since)

    async def close(self) -> None:
        """Write what is left, for at most five seconds, and give the file back."""
        self._closing = True
        self._hurry.set()
        self._some.set()
        await asyncio.to_thread(self._thread.join, 5.0)

    # ------------------------------------------------------------ the writer thread

    def _run(self) -> None:
        while not self._closing:
            if self._pause:
                self._hurry.wait(timeout=self._pause)
            else:
                self._some.wait()
                self._hurry.wait(timeout=self._linger)  # one transaction for what comes close together
            self._some.clear()
            self._hurry.clear()
            self._round()
        self._round()
        if self.queued:
            log.error("%d entries could not be written before the end", self.queued)
        if self._db is not None:
            self._db.close()
        self._closed = True
        self._end_flushes()

    def _round(self) -> None:
        flushes = [self._flushes.popleft() for _ in range(len(self._flushes))]
        self._write_all()
        for done in flushes:
            _settle(done, TapeError(self._trouble.line) if self._trouble else None)

    def _end_flushes(self) -> None:
        with suppress(IndexError):
            while True:
                _settle(self._flushes.popleft(), TapeError("the tape is closed"))

    def _write_all(self) -> None:
        """Write what has come in. What cannot be written goes back to the queues, and `trouble` says why."""
        left = len(self._needed) + len(self._spare)  # what comes in meanwhile is for the next round
        try:
            if self._db is None or not self._is_our_file():
                self._connect()
            while left > 0:
                self._waiting = self._take()
                left -= BATCH
                self._write(self._waiting)
                self._waiting = []
            self._write_losses()
        except Exception as error:  # whatever it was: the thread must live, and the entries with it
            for item in reversed(self._waiting):
                (self._spare if item.kind in self._expendable else self._needed).appendleft(item)
            self._waiting = []
            self._report(error)
        else:
            self._well()

    def _take(self) -> list[_Item]:
        """The next entries of both queues, in the order they were handed in."""
        batch: list[_Item] = []
        with self._taking:
            while len(batch) < BATCH and (self._needed or self._spare):
                spare_first = not self._needed or (self._spare and self._spare[0].order < self._needed[0].order)
                batch.append((self._spare if spare_first else self._needed).popleft())
        return batch

    def _is_our_file(self) -> bool:
        """Whether the name still leads to the file that is open: writing to a deleted one gives no error."""
        with suppress(OSError):
            return os.stat(self.path).st_ino == self._inode
        return False

    def _write(self, batch: list[_Item]) -> None:
        assert self._db is not None
        after: list[Callable[[], None]] = []
        self._db.execute("BEGIN IMMEDIATE")
        try:
            last: dict[str, int] = {}
            rows: list[tuple[str, int, float, str, str]] = []
            for item in batch:
                if item.kind in (_OPEN, _CLOSE, _FORGET):
                    self._insert(rows)
                    rows = []
                    after.append(self._act(item))
                    last.pop(as_text(item.session), None)
                    continue
                session = as_text(item.session)
                if session not in last:
                    last[session] = self._last(session)
                last[session] += 1
                rows.append((session, last[session], as_seconds(item.at), as_text(item.kind), as_json(item.data)))
            self._insert(rows)
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self.written += len(batch)
        for act in after:
            act()

    def _insert(self, rows: list[tuple[str, int, float, str, str]]) -> None:
        if rows and self._db:
            self._db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", rows)

    def _last(self, session: str) -> int:
        """The newest `seq` of a session, which is begun if it was not opened. Asked once per transaction, so
        that two writers of one file agree."""
        assert self._db is not None
        self._db.execute("INSERT OR IGNORE INTO sessions VALUES (?, ?, NULL, '{}')", (session, self._clock()))
        query = "SELECT coalesce(max(seq), 0) FROM entries WHERE session = ?"
        return int(self._db.execute(query, (session,)).fetchone()[0])

    def _act(self, item: _Item) -> Callable[[], None]:
        """Open, close or forget a session; what is to be done once that is committed."""
        db, session = self._db, as_text(item.session)
        assert db is not None
        if item.kind == _OPEN:
            db.execute(
                "INSERT INTO sessions VALUES (?, ?, NULL, ?) ON CONFLICT (id) DO UPDATE SET closed = NULL",
                (session, item.at, as_json(item.data)),
            )
        elif item.kind == _CLOSE:
            db.execute("UPDATE sessions SET closed = ? WHERE id = ?", (item.at, session))
        else:
            gone = db.execute("DELETE FROM entries WHERE session = ?", (session,)).rowcount
            db.execute("DELETE FROM sessions WHERE id = ?", (session,))
            with self._taking:
                self._lost.pop(item.session, None)

            def forgotten() -> None:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the words must not live on in the log
                _settle(item.data, None, gone)

            return forgotten
        return lambda: None

    def _write_losses(self) -> None:
        """What was dropped becomes an entry itself, so that a gap in a tape is a gap that says so."""
        with self._taking:
            lost, self._lost = self._lost, {}
        notes = [_Item(0, each, at, _LOST, {"kinds": dict(kinds)}) for each, (kinds, at) in lost.items()]
        try:
            if notes:
                self._write(notes)
        except BaseException:
            with self._taking:
                self._lost = {**lost, **self._lost}
            raise

    def _connect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        try:
            self._db = connect_to_write(self.path)
        except sqlite3.DatabaseError as error:
            if code_of(error) != "corrupt":
                raise
            self.set_aside = set_aside(self.path, self._clock())
            log.error("the tape was damaged; it is kept as %s and a new one begun", self.set_aside.name)
            self._db = connect_to_write(self.path)
        self._inode = os.stat(self.path).st_ino

    def _report(self, error: Exception) -> None:
        code = code_of(error)
        if self._db is not None and code == "corrupt":
            self._db.close()
            self._db = None  # the next attempt opens, sets aside and begins anew
        before, self._trouble = self._trouble, Trouble(code, self.queued, line_of(code))
        self._pause = min(LONGEST_RETRY, self._pause * 2) if self._pause else FIRST_RETRY
        if before is None or before.code != code:
            log.error("the tape cannot be written now", extra={"code": code, "kind": type(error).__name__})
            self._tell(self._trouble)

    def _well(self) -> None:
        before, self._trouble, self._pause = self._trouble, None, 0.0
        if before is not None:
            log.warning("the tape can be written again")
            self._tell(None)

    def _tell(self, trouble: Trouble | None) -> None:
        if self._on_trouble is None:
            return
        try:
            self._on_trouble(trouble)
        except Exception as error:  # the listener's mistake must not end the writer
            log.error("the listener for trouble failed", extra={"kind": type(error).__name__})


def _settle(future: Future[Any], error: Exception | None, result: Any = None) -> None:
    """Answer someone who may have stopped waiting."""
    with suppress(InvalidStateError):
        future.set_exception(error) if error else future.set_result(result)


def read_entries(path: Path, session: str, after: int = 0) -> list[Entry]:
    """A session's entries from a tape that another process may be writing. Raises `TapeError`."""
    with connect_to_read(path) as db:
        return rows_of_entries(db, session, after)


def read_sessions(path: Path) -> list[SessionRow]:
    """The sessions on a tape that another process may be writing, the newest first. Raises `TapeError`."""
    with connect_to_read(path) as db:
        return rows_of_sessions(db)
