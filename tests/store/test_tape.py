"""The tape: what is handed in is on disk in order, and nothing that goes wrong with the disk reaches the
meeting."""

import asyncio
import json
import multiprocessing
import stat
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import TapeError
from server.store.base import Tape
from server.store.tape import BATCH, SqliteTape, read_entries, read_sessions
from server.store.writing import as_json, as_seconds

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tape(tmp_path):
    tape = SqliteTape(tmp_path / "data" / "tape.db", clock=lambda: 1_000.0)
    yield tape
    await tape.close()


async def test_entries_come_back_in_order(tape: Tape):
    """Entries of several sessions come back as they were handed in, numbered from 1 in each session."""
    for n in range(1200):
        tape.append(f"s{n % 3}", n / 10, "event", {"n": n})
    await tape.flush()
    for which in range(3):
        found = tape.entries(f"s{which}")
        assert [entry.seq for entry in found] == list(range(1, 401))
        assert [entry.data["n"] for entry in found] == list(range(which, 1200, 3))
        assert found[7].at == pytest.approx((which + 21) / 10)
    assert [entry.seq for entry in tape.entries("s0", after=398)] == [399, 400]


async def test_sessions_are_listed(tape: Tape):
    """A session is listed with its times, its meta and how many entries it has, also when nobody opened
    it."""
    tape.open_session("one", {"host": "rehearsal"})
    tape.append("one", 0.5, "event", {})
    tape.close_session("one")
    tape.append("two", 0.5, "event", {})
    await tape.flush()
    one, two = sorted(tape.sessions(), key=lambda row: row.id)
    assert (one.opened, one.closed, one.entries, one.meta) == (1000.0, 1000.0, 1, {"host": "rehearsal"})
    assert (two.closed, two.entries, two.meta) == (None, 1, {})
    tape.open_session("one")
    await tape.flush()
    assert next(row for row in tape.sessions() if row.id == "one").closed is None


async def test_numbers_go_on_after_a_restart(tmp_path):
    """A process that opens an old tape goes on counting where the last one stopped."""
    for expected in (1, 2, 3):
        tape = SqliteTape(tmp_path / "tape.db")
        tape.append("s", 0.0, "event", {})
        await tape.close()
        assert [entry.seq for entry in read_entries(tmp_path / "tape.db", "s")] == list(range(1, expected + 1))


async def test_closing_writes_what_is_left(tmp_path):
    """Entries handed in just before the end are on disk after `close`, which may be called twice."""
    tape = SqliteTape(tmp_path / "tape.db")
    for n in range(3 * BATCH):
        tape.append("s", n, "event", {"n": n})
    await tape.close()
    await tape.close()
    assert len(read_entries(tmp_path / "tape.db", "s")) == 3 * BATCH
    with pytest.raises(TapeError):
        await tape.flush()
    tape.append("s", 0.0, "event", {})  # too late, and still no error


async def test_another_process_reads_while_we_write(tape: SqliteTape):
    """`read_entries` works from another process while the tape is open here."""
    tape.open_session("s", {"a": 1})
    tape.append("s", 1.5, "event", {"text": "grüße"})
    await tape.flush()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (entry,) = pool.apply(read_entries, (tape.path, "s"))
        (row,) = pool.apply(read_sessions, (tape.path,))
    assert (entry.at, entry.data, row.entries) == (1.5, {"text": "grüße"}, 1)


async def test_the_file_belongs_to_its_owner_only(tape: SqliteTape):
    """What people said is readable by nobody else on the machine, also not in SQLite's log."""
    tape.append("s", 0.0, "event", {})
    await tape.flush()
    for file in tape.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(tape.path.parent.stat().st_mode) == 0o700


async def test_a_forgotten_session_leaves_no_words_behind(tape: SqliteTape):
    """After `forget` neither the file nor its log contains what was said; other sessions stay."""
    tape.append("gone", 0.0, "event", {"text": "xylophone-marmalade " * 500})
    tape.append("kept", 0.0, "event", {"text": "kept"})
    await tape.flush()
    assert await tape.forget("gone") == 1
    assert tape.entries("gone") == []
    assert [row.id for row in tape.sessions()] == ["kept"]
    for file in tape.path.parent.iterdir():
        assert b"xylophone" not in file.read_bytes(), file.name
    assert await tape.forget("never there") == 0


async def test_what_waits_is_forgotten_too(tape: SqliteTape):
    """Entries handed in before `forget` are gone even if they were not on disk yet."""
    for _ in range(50):
        tape.append("gone", 0.0, "event", {})
    assert await tape.forget("gone") == 50


async def test_two_processes_may_write_one_tape(tape: SqliteTape):
    """A command that forgets a session while the server writes others disturbs nothing and repeats no number."""
    other = SqliteTape(tape.path)
    for n in range(300):
        tape.append("shared", n, "event", {})
        other.append("shared", n, "event", {})
        other.append("gone", n, "event", {})
        if n % 30 == 0:
            await tape.flush()
    await other.flush()
    assert await tape.forget("gone") == 300
    await tape.flush()
    assert [entry.seq for entry in tape.entries("shared")] == list(range(1, 601))
    await other.close()
    assert tape.trouble is None


async def test_giving_up_on_a_flush_does_no_harm(tape: SqliteTape):
    """A caller that stops waiting does not stop the writer."""
    waiting = asyncio.create_task(tape.flush())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    tape.append("s", 0.0, "event", {})
    await tape.flush()
    assert len(tape.entries("s")) == 1


# ---------------------------------------------------------------- odd entries


@dataclass
class Shape:
    label: str
    at: float = float("nan")


async def test_odd_entries_are_written_as_well_as_they_can_be(tape: SqliteTape):
    """Whatever an entry holds, it and its neighbours reach the disk as readable JSON."""
    circle: dict = {}
    circle["self"] = circle
    odd = [
        {"shape": Shape("a")},
        {"set": {3, 1}},
        {"nan": float("nan"), "inf": [float("inf")]},
        {"surrogate": "\ud800"},
        {"bytes": b"secret"},
        {(1, 2): "key"},
        circle,
        {"big": 2**80},
    ]
    for data in odd:
        tape.append("s", float("nan"), "kind", data)
    tape.append("\ud800", 1.0, "\ud800", {})
    await tape.flush()
    found = [entry.data for entry in tape.entries("s")]
    assert found[:4] == [
        {"shape": {"label": "a", "at": None}},
        {"set": [1, 3]},
        {"nan": None, "inf": [None]},
        odd[3],
    ]
    assert found[4] == {"bytes": {"unwritable": "bytes"}}
    assert found[5] == {"(1, 2)": "key"}
    assert found[6] == {"unwritable": "RecursionError"}
    assert found[7] == odd[7]
    assert len(tape.entries("?")) == 1
    assert tape.trouble is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_json_comes_back_as_it_was(value):
    """What JSON can say comes back unchanged."""
    assert json.loads(as_json(value)) == value


@given(st.one_of(st.floats(), st.text(), st.none(), st.integers()))
def test_every_time_is_finite(value):
    """Whatever is handed in as a time is stored as a finite number."""
    assert as_seconds(value) - as_seconds(value) == 0


# ---------------------------------------------------------------- the queue


async def test_when_the_queue_is_full_the_replaceable_goes_first(tmp_path):
    """A full queue drops its oldest expendable entries, counts them by kind and says so on the tape."""
    tape = SqliteTape(tmp_path / "tape.db", limit=100, linger=60)
    for n in range(80):
        tape.append("s", n, "health", {"n": n})
    for n in range(60):
        tape.append("s", n, "event", {"n": n})
    assert (tape.queued, dict(tape.dropped)) == (100, {"health": 40})
    await tape.flush()
    found = tape.entries("s")
    assert [e.data["n"] for e in found if e.kind == "event"] == list(range(60))
    assert [e.data["n"] for e in found if e.kind == "health"] == list(range(40, 80))
    assert [e.data for e in found if e.kind == "lost"] == [{"kinds": {"health": 40}}]
    await tape.close()


async def test_when_only_the_needed_is_left_the_oldest_goes_and_is_counted(tmp_path):
    """Memory stays bounded even if everything is needed; the loss is counted and written down."""
    tape = SqliteTape(tmp_path / "tape.db", limit=100, linger=60)
    for n in range(150):
        tape.append("s", n, "event", {"n": n})
    assert (tape.queued, dict(tape.dropped)) == (100, {"event": 50})
    await tape.flush()
    found = tape.entries("s")
    assert [e.data["n"] for e in found if e.kind == "event"] == list(range(50, 150))
    assert [e.data for e in found if e.kind == "lost"] == [{"kinds": {"event": 50}}]
    await tape.close()


async def test_both_queues_keep_one_order(tmp_path):
    """Expendable and needed entries are written in the order they came, over several transactions."""
    tape = SqliteTape(tmp_path / "tape.db", linger=60)
    for n in range(3 * BATCH):
        tape.append("s", n, "health" if n % 3 else "event", {"n": n})
    await tape.flush()
    assert [entry.data["n"] for entry in tape.entries("s")] == list(range(3 * BATCH))
    await tape.close()
