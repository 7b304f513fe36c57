"""Does the memory find what a question is about? Its score on meetings with answers marked by people.

Beside it stands a plain full-text search over the same turns, run in the same breath.

A meeting file is JSON: `turns` (`i`, `speaker`, `text`, `start`, `end`) and `queries` (`query`, `spans`: inclusive
pairs of turn indices that hold the answer). The retrieval is shown the turns and the wording of the query, never
spans, answers or topics, and hands on at most `LIMIT` turns. A query without spans asks about the whole meeting and
is skipped. Two rates, each a mean over queries:

* hit rate: some turn handed on lies inside the spans;
* precision: the part of the turns handed on that lies inside the spans (0 when none were handed on).
"""

from __future__ import annotations

import json
import re
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from server.core.memory import Memory
from server.core.memory_words import STOP
from server.core.transcript import Turn
from server.errors import ParleyError

#: turns handed on for one question
LIMIT = 12

_Retrieve = Callable[[str], list[int]]


class MeetingFileError(ParleyError):
    """A meeting file cannot be read. The message names the file and the place, never what was said."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question and where people found its answer."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def holds(self, index: int) -> bool:
        """Whether a turn lies inside the spans."""
        return any(first <= index <= last for first, last in self.spans)


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a meeting file says, without the turns that have no words."""

    name: str
    turns: tuple[Turn, ...]
    queries: tuple[Query, ...]
    #: queries left out because they have no spans
    skipped: int


@dataclass(frozen=True, slots=True)
class Score:
    """Means over queries, each 0 to 1."""

    hit_rate: float
    precision: float


@dataclass(frozen=True, slots=True)
class MeetingScore:
    """One meeting's part of the report. Times are milliseconds of wall clock."""

    name: str
    turns: int
    queries: int
    skipped: int
    memory: Score
    baseline: Score
    index_ms: float
    ms_per_query: float
    slowest_ms: float


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """The means over all queries of all files, and each file's own."""

    queries: int
    skipped: int
    memory: Score
    baseline: Score
    ms_per_query: float
    slowest_ms: float
    meetings: tuple[MeetingScore, ...]


def evaluate(files: Sequence[Path]) -> MemoryReport:
    """Score the memory and the baseline on meeting files. Raises MeetingFileError on a bad one."""
    ours: list[tuple[bool, float]] = []
    plain: list[tuple[bool, float]] = []
    times: list[float] = []
    meetings: list[MeetingScore] = []
    for meeting in [read_meeting(file) for file in files]:
        began = time.perf_counter()
        memory = Memory(meeting.turns)
        index_ms = (time.perf_counter() - began) * 1000
        here, spent = _ask(partial(_recall, memory), meeting.queries)
        with closing(sqlite3.connect(":memory:")) as database:
            _fill(database, meeting.turns)
            there, _ = _ask(partial(full_text, database), meeting.queries)
        meetings.append(
            MeetingScore(
                name=meeting.name,
                turns=len(meeting.turns),
                queries=len(meeting.queries),
                skipped=meeting.skipped,
                memory=_mean(here),
                baseline=_mean(there),
                index_ms=index_ms,
                ms_per_query=statistics.fmean(spent) if spent else 0.0,
                slowest_ms=max(spent, default=0.0),
            )
        )
        ours, plain, times = ours + here, plain + there, times + spent
    if not ours:
        raise MeetingFileError("no query with spans in the meeting files: nothing to score")
    return MemoryReport(
        queries=len(ours),
        skipped=sum(meeting.skipped for meeting in meetings),
        memory=_mean(ours),
        baseline=_mean(plain),
        ms_per_query=statistics.fmean(times),
        slowest_ms=max(times),
        meetings=tuple(meetings),
    )


def render(report: MemoryReport) -> str:
    """The report as a table of plain text."""
    lines = [
        f"{'meeting':<16}{'turns':>7}{'queries':>9}{'hit rate':>10}{'precision':>11}{'ms/query':>10}   plain search"
    ]
    rows: list[tuple[str, int, MeetingScore | MemoryReport]] = [
        *((one.name, one.turns, one) for one in report.meetings),
        ("all", sum(one.turns for one in report.meetings), report),
    ]
    for name, turns, one in rows:
        lines.append(
            f"{name[:15]:<16}{turns:>7}{one.queries:>9}{one.memory.hit_rate:>10.3f}{one.memory.precision:>11.3f}"
            f"{one.ms_per_query:>10.1f}   {one.baseline.hit_rate:.3f} / {one.baseline.precision:.3f}"
        )
    lines.append(
        f"At most {LIMIT} turns a query; {report.skipped} skipped for having no spans;"
        f" slowest {report.slowest_ms:.1f} ms; plain search is SQLite FTS5 BM25 over the query's words."
    )
    return "\n".join(lines)


def to_json(report: MemoryReport) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "queries": report.queries,
        "skipped": report.skipped,
        "limit": LIMIT,
        **_plain(report.memory),
        "ms_per_query": round(report.ms_per_query, 2),
        "slowest_ms": round(report.slowest_ms, 2),
        "baseline": _plain(report.baseline),
        "meetings": [
            {
                "name": one.name,
                "turns": one.turns,
                "queries": one.queries,
                "skipped": one.skipped,
                **_plain(one.memory),
                "index_ms": round(one.index_ms, 2),
                "ms_per_query": round(one.ms_per_query, 2),
                "slowest_ms": round(one.slowest_ms, 2),
                "baseline": _plain(one.baseline),
            }
            for one in report.meetings
        ],
    }


def read_meeting(file: Path) -> Meeting:
    """Parse a meeting file; turns without words are left out and the others keep their index."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise MeetingFileError(f"{file.name}: cannot be read: {error.strerror or 'unknown reason'}") from error
    except UnicodeDecodeError as error:
        raise MeetingFileError(f"{file.name}: is not UTF-8 text") from error
    except ValueError as error:  # JSONDecodeError quotes nothing, but its text is not ours
        raise MeetingFileError(f"{file.name}: is not JSON") from error
    if not isinstance(data, dict):
        raise MeetingFileError(f"{file.name}: is not a meeting: no JSON object at the top")
    turns = [_turn(file, n, entry) for n, entry in enumerate(_entries(file, data, "turns"))]
    queries = [_query(file, n, entry) for n, entry in enumerate(_entries(file, data, "queries"))]
    if len({turn.index for turn in turns}) != len(turns):
        raise MeetingFileError(f"{file.name}: two turns have the same index")
    return Meeting(
        name=file.stem,
        turns=tuple(turn for turn in turns if turn.text.strip()),
        queries=tuple(query for query in queries if query.spans),
        skipped=sum(not query.spans for query in queries),
    )


def full_text(database: sqlite3.Connection, text: str) -> list[int]:
    """The baseline: the best turns by BM25 for any of the query's words that are not in the list of stop words."""
    words = re.findall(r"\w+", text.lower())
    found = dict.fromkeys([word for word in words if word not in STOP] or words)
    if not found:
        return []
    match = " OR ".join(f'"{word}"' for word in found)
    sql = "SELECT rowid FROM turns WHERE turns MATCH ? ORDER BY bm25(turns), rowid LIMIT ?"
    return [int(row[0]) for row in database.execute(sql, (match, LIMIT))]


def _fill(database: sqlite3.Connection, turns: Sequence[Turn]) -> None:
    database.execute("CREATE VIRTUAL TABLE turns USING fts5(text)")
    database.executemany("INSERT INTO turns(rowid, text) VALUES (?, ?)", [(turn.index, turn.text) for turn in turns])


def _recall(memory: Memory, text: str) -> list[int]:
    return [found.turn.index for found in memory.find(text, limit=LIMIT)]


def _ask(retrieve: _Retrieve, queries: Sequence[Query]) -> tuple[list[tuple[bool, float]], list[float]]:
    """For each query (hit, precision), and the milliseconds it took."""
    results: list[tuple[bool, float]] = []
    spent: list[float] = []
    for query in queries:
        began = time.perf_counter()
        handed = retrieve(query.text)
        spent.append((time.perf_counter() - began) * 1000)
        inside = [query.holds(index) for index in handed]
        results.append((any(inside), sum(inside) / len(inside) if inside else 0.0))
    return results, spent


def _mean(results: Sequence[tuple[bool, float]]) -> Score:
    if not results:
        return Score(0.0, 0.0)
    return Score(statistics.fmean(hit for hit, _ in results), statistics.fmean(part for _, part in results))


def _plain(score: Score) -> dict[str, float]:
    return {"hit_rate": round(score.hit_rate, 4), "precision": round(score.precision, 4)}


def _entries(file: Path, data: dict[str, Any], key: str) -> list[Any]:
    entries = data.get(key)
    if not isinstance(entries, list):
        raise MeetingFileError(f"{file.name}: is not a meeting: `{key}` is not a list")
    return entries


def _turn(file: Path, n: int, entry: Any) -> Turn:
    where = f"{file.name}: turns[{n}]"
    if not isinstance(entry, dict):
        raise MeetingFileError(f"{where} is not an object")
    index, speaker, text = entry.get("i"), entry.get("speaker", ""), entry.get("text")
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise MeetingFileError(f"{where}: `i` is not a turn index")
    if not isinstance(speaker, str) or not isinstance(text, str):
        raise MeetingFileError(f"{where}: `speaker` and `text` must be strings")
    start, end = entry.get("start"), entry.get("end")
    if not all(t is None or (isinstance(t, int | float) and not isinstance(t, bool)) for t in (start, end)):
        raise MeetingFileError(f"{where}: `start` and `end` must be seconds")
    start = float(start or 0.0)
    return Turn(index=index, speaker=speaker, text=text, start=start, end=float(end or start))


def _query(file: Path, n: int, entry: Any) -> Query:
    where = f"{file.name}: queries[{n}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("query"), str):
        raise MeetingFileError(f"{where}: `query` is not a string")
    spans = entry.get("spans", [])
    if not isinstance(spans, list):
        raise MeetingFileError(f"{where}: `spans` is not a list")
    pairs: list[tuple[int, int]] = []
    for span in spans:
        if not (isinstance(span, list) and len(span) == 2 and all(type(at) is int for at in span)):
            raise MeetingFileError(f"{where}: a span is not a pair of turn indices")
        if not 0 <= span[0] <= span[1]:
            raise MeetingFileError(f"{where}: a span ends before it begins")
        pairs.append((span[0], span[1]))
    return Query(entry["query"], tuple(pairs))
