"""When the tape cannot be written: disks that are full, places that are closed, files that are damaged."""

import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from server.errors import TapeError
from server.store.schema import APPLICATION_ID, MIGRATIONS
from server.store.tape import SqliteTape, read_entries, read_sessions
from tests.disks import fill

pytestmark = pytest.mark.anyio


async def test_a_full_disk_loses_nothing(small_disk: Path):
    """While the disk is full entries are kept in memory; when there is space again all of them are
    written."""
    told = []
    tape = SqliteTape(small_disk / "tape.db", on_trouble=lambda each: told.append(each and each.code))
    tape.append("s", 0.0, "event", {"n": 0})
    await tape.flush()
    ballast = fill(small_disk)
    for n in range(1, 500):
        tape.append("s", n, "event", {"n": n, "text": "words " * 50})
    with pytest.raises(TapeError, match="full"):
        await tape.flush()
    assert (tape.trouble.code, tape.trouble.kept, tape.queued) == ("full", 499, 499)

    ballast.unlink()
    await tape.flush()
    assert tape.trouble is None
    assert [entry.data["n"] for entry in tape.entries("s")] == list(range(500))
    assert told == ["full", None]
    await tape.close()


async def test_a_full_disk_at_the_start_stops_nothing(small_disk: Path):
    """A tape can be handed entries although its file could not even be made."""
    ballast = fill(small_disk)
    tape = SqliteTape(small_disk / "tape.db")
    tape.append("s", 0.0, "event", {})
    assert tape.trouble.code == "full"
    ballast.unlink()
    await tape.flush()
    assert tape.trouble is None
    assert len(tape.entries("s")) == 1
    await tape.close()


def test_a_limit_on_file_size_stops_nothing(tmp_path):
    """In a process that may not write big files the tape reports trouble and the caller goes on."""
    program = """
        import asyncio, pathlib, resource, sys
        from server.errors import TapeError
        from server.store.tape import SqliteTape

        async def main():
            tape = SqliteTape(pathlib.Path(sys.argv[1]))
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
            for n in range(2000):
                tape.append("s", n, "event", {"n": n, "text": "words " * 100})
            try:
                await tape.flush()
            except TapeError:
                print("trouble", tape.trouble.code in ("full", "failed"), tape.queued > 0)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            await tape.flush()
            print([entry.data["n"] for entry in tape.entries("s")] == list(range(2000)), tape.trouble)
            await tape.close()

        asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "tape.db")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    assert done.stdout.splitlines() == ["trouble True True", "True None"], done.stderr


async def test_a_place_that_cannot_be_written_is_trouble_until_it_can(tmp_path):
    """A folder that cannot be made is trouble, not an error; once it can be, everything is written."""
    (tmp_path / "data").write_text("a file where the folder should be")
    tape = SqliteTape(tmp_path / "data" / "tape.db")
    tape.append("s", 0.0, "event", {})
    with pytest.raises(TapeError, match="PARLEY_TAPE"):
        await tape.flush()
    assert tape.trouble.code == "readonly"
    (tmp_path / "data").unlink()
    await tape.flush()
    assert len(tape.entries("s")) == 1
    await tape.close()


async def test_a_listener_that_fails_stops_nothing(tmp_path):
    """An error in whoever listens for trouble is logged and does not end the writer."""
    (tmp_path / "data").write_text("a file where the folder should be")

    def listener(trouble):
        raise RuntimeError("the listener's own mistake")

    tape = SqliteTape(tmp_path / "data" / "tape.db", on_trouble=listener)
    tape.append("s", 0.0, "event", {})
    (tmp_path / "data").unlink()
    await tape.flush()
    assert len(tape.entries("s")) == 1
    await tape.close()


async def test_memory_stays_bounded_while_nothing_can_be_written(tmp_path):
    """During trouble at most `limit` entries are kept, the newest; the rest is counted and written down
    later."""
    (tmp_path / "data").write_text("a file where the folder should be")
    tape = SqliteTape(tmp_path / "data" / "tape.db", limit=50)
    for n in range(40):
        tape.append("s", n, "event", {"n": n})
    with pytest.raises(TapeError):
        await tape.flush()
    for n in range(40, 120):
        tape.append("s", n, "event", {"n": n})
    assert tape.queued == 50
    (tmp_path / "data").unlink()
    await tape.flush()
    found = tape.entries("s")
    assert [e.data["n"] for e in found if e.kind == "event"] == list(range(70, 120))
    assert [e.data for e in found if e.kind == "lost"] == [{"kinds": {"event": 70}}]
    await tape.close()


async def test_a_deleted_file_is_begun_again(tmp_path):
    """When someone removes the file under a running process, what follows is written to a new one."""
    tape = SqliteTape(tmp_path / "tape.db")
    tape.append("s", 0.0, "event", {})
    await tape.flush()
    for file in tmp_path.iterdir():
        file.unlink()
    tape.append("s", 1.0, "event", {"later": True})
    await tape.flush()
    assert [entry.data for entry in read_entries(tape.path, "s")] == [{"later": True}]
    await tape.close()


# ---------------------------------------------------------------- damaged and foreign files


async def _written(path: Path, entries: int = 2000) -> None:
    tape = SqliteTape(path)
    for n in range(entries):
        tape.append("s", n, "event", {"n": n, "text": "words " * 20})
    await tape.close()


@pytest.mark.parametrize("damage", ["torn", "noise", "empty header", "a page"])
async def test_a_damaged_tape_is_kept_aside_and_a_new_one_begun(tmp_path, damage, caplog):
    """A torn or scribbled file is renamed, unchanged, and the session is written to a new file."""
    path = tmp_path / "tape.db"
    await _written(path)
    content = bytearray(path.read_bytes())
    match damage:
        case "torn":
            content = content[: len(content) // 2 + 100]
        case "noise":
            content = bytearray(b"not a database at all " * 1000)
        case "empty header":
            content[:100] = bytes(100)
        case "a page":
            content[3 * 4096 : 4 * 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    with pytest.raises(TapeError):
        read_entries(path, "s")

    tape = SqliteTape(path)
    assert tape.set_aside is not None
    assert tape.set_aside.read_bytes() == content
    assert tape.trouble is None
    assert "damaged" in caplog.text
    tape.append("s", 0.0, "event", {"new": True})
    await tape.close()
    assert [entry.data for entry in read_entries(path, "s")] == [{"new": True}]


async def test_a_torn_log_costs_its_end_only(tmp_path):
    """When the machine dies in the middle of a write, everything committed before is there and goes on."""
    path, copy = tmp_path / "tape.db", tmp_path / "copy" / "tape.db"
    tape = SqliteTape(path)
    for n in range(100):
        tape.append("s", n, "event", {"n": n})
        await tape.flush()
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    log = path.with_name("tape.db-wal").read_bytes()
    copy.with_name("tape.db-wal").write_bytes(log[: len(log) * 2 // 3])
    await tape.close()

    again = SqliteTape(copy)
    assert again.set_aside is None
    before = [entry.data["n"] for entry in again.entries("s")]
    assert before == list(range(len(before)))
    assert 30 < len(before) < 100
    again.append("s", 0.0, "event", {"n": -1})
    await again.close()
    assert [entry.data["n"] for entry in read_entries(copy, "s")] == [*before, -1]


def test_a_killed_process_leaves_a_tape_that_reads(tmp_path):
    """Whatever was flushed before a process was killed is on the tape."""
    program = """
        import asyncio, os, pathlib, signal, sys
        from server.store.tape import SqliteTape

        async def main():
            tape = SqliteTape(pathlib.Path(sys.argv[1]))
            for n in range(1000):
                tape.append("s", n, "event", {"n": n})
            await tape.flush()
            tape.append("s", 0, "event", {"n": -1})
            os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(main())
    """
    path = tmp_path / "tape.db"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", textwrap.dedent(program), str(path)]
    subprocess.run(command, cwd=root, check=False, timeout=60)
    assert [entry.data["n"] for entry in read_entries(path, "s")][:1000] == list(range(1000))


async def test_files_of_others_are_left_alone(tmp_path):
    """A database of another program and a tape of a newer Parley are refused with a clear line, and not
    touched."""
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as db:
        db.execute("CREATE TABLE entries (x)")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    for path, line in ((other, "another program"), (newer, "newer Parley")):
        before = path.read_bytes()
        with pytest.raises(TapeError, match=line):
            SqliteTape(path)
        assert path.read_bytes() == before


def test_reading_what_is_not_there_is_a_tape_error(tmp_path):
    """A missing file, a folder and a foreign file give a TapeError with a plain line."""
    (tmp_path / "empty.db").touch()
    for name in ("none.db", ".", "empty.db"):
        with pytest.raises(TapeError):
            read_sessions(tmp_path / name)
