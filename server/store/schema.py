"""The tape's file: its tables, how it is opened, what its errors mean."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from server.errors import TapeError
from server.store.base import Entry, SessionRow, TroubleCode

#: "PARL": marks the file as ours, so that another program's database is never written to.
APPLICATION_ID = 0x5041524C

#: Step n brings a file from version n to n + 1. Steps are never changed once released, only added.
MIGRATIONS = (
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        opened REAL NOT NULL,
        closed REAL,
        meta TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE entries (
        session TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at REAL NOT NULL,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (session, seq)
    ) WITHOUT ROWID;
    """,
)

#: Up to this size a file is read through for damage when it is opened; more would hold up the start.
CHECK_BYTES = 256 * 1024 * 1024

_LINES: dict[TroubleCode, str] = {
    "full": "the tape's disk is full: free some space, nothing is lost yet",
    "readonly": "the tape cannot be written there: check PARLEY_TAPE and who owns the folder",
    "corrupt": "the tape's file is damaged: it is kept aside and a new one begun",
    "failed": "the tape cannot be written: check the disk",
}


def connect_to_write(path: Path) -> sqlite3.Connection:
    """The one writing connection, its tables up to date; the file is readable by its owner only.

    Raises `TapeError` for a file of another program or of a newer Parley, sqlite3.Error or OSError otherwise.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0)
    try:
        _migrate(db)
        small = path.stat().st_size <= CHECK_BYTES
        if small and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("malformed")
        db.execute("PRAGMA synchronous = NORMAL")  # a crash of the machine may cost the last moments, no more
        db.execute("PRAGMA secure_delete = ON")  # a forgotten session leaves no words in free pages
    except BaseException:
        db.close()
        raise
    return db


def _migrate(db: sqlite3.Connection) -> None:
    (ours,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and ours != APPLICATION_ID:
        raise TapeError("the file named by PARLEY_TAPE belongs to another program")
    if version > len(MIGRATIONS):
        raise TapeError("the tape was written by a newer Parley: update, or name another file in PARLEY_TAPE")
    db.execute("PRAGMA journal_mode = WAL")  # readers do not hold up the writer
    if version == len(MIGRATIONS):
        return
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        db.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")


def set_aside(path: Path, now: float) -> Path:
    """Rename a damaged tape, with its log, so that nothing writes to it again; where it is now."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    names = (f"{path.name}.damaged-{stamp}{'' if n == 0 else f'-{n}'}" for n in range(1000))
    aside = next(each for name in names if not (each := path.with_name(name)).exists())
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def code_of(error: Exception) -> TroubleCode:
    """What an error of SQLite or of the system means for the operator."""
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return "full"
        wrong_place = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.EISDIR)
        return "readonly" if error.errno in wrong_place else "failed"
    number = getattr(error, "sqlite_errorcode", None)
    if number is None:
        return "corrupt" if "malformed" in str(error) else "failed"
    match number & 0xFF:
        case sqlite3.SQLITE_FULL:
            return "full"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return "readonly"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return "corrupt"
    return "failed"


def line_of(code: TroubleCode) -> str:
    """One line for the operator."""
    return _LINES[code]


@contextmanager
def connect_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """A reading connection for one question. Every error becomes a `TapeError`."""
    if not path.is_file():
        raise TapeError("there is no tape there yet")
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
    except sqlite3.Error as error:
        raise TapeError(f"the tape cannot be opened ({code_of(error)})") from error
    try:
        (ours,) = db.execute("PRAGMA application_id").fetchone()
        if ours != APPLICATION_ID:
            raise TapeError("the file is not a tape")
        yield db
    except (sqlite3.Error, json.JSONDecodeError) as error:
        damaged = isinstance(error, json.JSONDecodeError) or code_of(error) == "corrupt"
        raise TapeError("the tape is damaged" if damaged else "the tape cannot be read") from error
    finally:
        db.close()


def rows_of_entries(db: sqlite3.Connection, session: str, after: int) -> list[Entry]:
    query = "SELECT seq, at, kind, data FROM entries WHERE session = ? AND seq > ? ORDER BY seq"
    return [Entry(seq, at, kind, json.loads(data)) for seq, at, kind, data in db.execute(query, (session, after))]


def rows_of_newest(db: sqlite3.Connection, kind: str, since: float) -> dict[str, Entry]:
    query = """
        SELECT session, seq, at, kind, data FROM entries
        WHERE kind = ?1 AND session IN (SELECT id FROM sessions WHERE opened >= ?2) ORDER BY session, seq
    """
    return {
        session: Entry(seq, at, kind, json.loads(data))
        for session, seq, at, kind, data in db.execute(query, (kind, since))
    }


def rows_of_sessions(db: sqlite3.Connection) -> list[SessionRow]:
    # The newest number is the count: entries go only with their whole session. Counting would read every word.
    query = """
        SELECT id, opened, closed, (SELECT coalesce(max(seq), 0) FROM entries WHERE session = id), meta
        FROM sessions ORDER BY opened DESC, id
    """
    return [
        SessionRow(id, opened, closed, entries, json.loads(meta))
        for id, opened, closed, entries, meta in db.execute(query)
    ]
