"""What is measured, each against the relay in the same run, in turns."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.latency.lab import Lab, Subject

#: answers of providers that hurry: for the overhead of a single turn
HASTY = {"first": 0.05, "rate": 200.0, "speech": 0.03, "pace": 0.0, "further": 0}
#: answers of providers as they are
REAL = {"first": 0.3, "rate": 30.0, "speech": 0.1, "pace": 4.0, "further": 2}
#: ms of overhead at the 95th percentile, or of lateness of one frame, at which a core is full
FULL = 100.0


def at(values: Sequence[float], share: float) -> float:
    """The percentile `share` (0 to 1) of the values; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def overheads(turns: Iterable[dict[str, Any]], stamps: dict[str, list[float]]) -> list[float]:
    """Milliseconds that each turn took beyond the providers' own time; turns without an answer are left out."""
    found = []
    for turn in turns:
        stamp = stamps.get(turn["key"], [])
        if turn["first"] and len(stamp) == 4:
            asked, piece, spoken, began = stamp
            found.append((turn["first"] - turn["sent"] - (piece - asked) - (began - spoken)) * 1000)
    return found


@dataclass
class Overhead:
    """One session: milliseconds per turn beyond the providers' time."""

    relay: list[float]
    parley: list[float]
    #: by kind: processor milliseconds of the server per turn, and milliseconds per turn that it had to wait for a core
    cpu: dict[str, float]
    waited: dict[str, float]


def overhead(lab: Lab, relay: Subject, parley: Subject, *, blocks: int, turns: int) -> Overhead:
    """`blocks` times `turns` turns of one session on each server, in turns; the first three of each warm it up."""
    lab.set_times(**HASTY)
    found: dict[str, list[float]] = {"relay": [], "parley": []}
    cpu, waited = {"relay": 0.0, "parley": 0.0}, {"relay": 0.0, "parley": 0.0}
    for subject in (relay, parley):
        subject.pages("grow", sessions=1, hasty=True)
        subject.pages("turns", count=3)
    for _ in range(blocks):
        for subject in (relay, parley):
            before = subject.begin()
            lab.stamps()
            subject.pages("turns", count=turns)
            after = subject.server.ask("read")
            cpu[subject.kind] += (after["cpu"] - before["cpu"]) * 1000 / (turns * blocks)
            waited[subject.kind] += (after["waited"] - before["waited"]) * 1000 / (turns * blocks)
            found[subject.kind] += overheads(subject.pages("report")["turns"], lab.stamps())
    return Overhead(found["relay"], found["parley"], cpu, waited)


@dataclass
class Step:
    """One server with so many sessions for some seconds."""

    kind: str
    sessions: int
    seconds: float
    turns: int
    unanswered: int
    p50: float
    p95: float
    #: processor milliseconds of the server per session and second, and its share of the core in percent
    cpu: float
    core: float
    rss_mb: float
    #: round trip of a ping behind sound: how late a frame is (ms)
    trip_p95: float
    trip_max: float
    lag_p99: float
    lag_max: float
    #: processor time and wall time of the longest callback, and which it was
    block_cpu: float
    block: float
    block_in: str
    gc: float
    #: how late the pages themselves were, and the share of the time (percent) that the server waited for its core:
    #: when others use the machine, the times say little; `cpu` still holds
    own_late: float
    waited: float
    lost: int

    @property
    def over(self) -> bool:
        """Whether a limit was passed, by whoever's fault."""
        return self.p95 > FULL or self.trip_max > FULL or self.lost > 0

    @property
    def disturbed(self) -> bool:
        """Whether others took the cores: the pages were late themselves, or the server waited for its core although it
        did not need all of it."""
        return self.own_late > 40 or (self.waited > 5 and self.core < 80)

    @property
    def full(self) -> bool:
        """Whether this is more than a core can carry."""
        return self.core > 95 or (self.over and not self.disturbed)


def step(lab: Lab, subject: Subject, sessions: int, seconds: float, settle: float = 2.0) -> Step:
    """Measure one server with `sessions` pages."""
    subject.pages("grow", sessions=sessions)
    subject.pages("run", seconds=settle)
    lab.stamps()
    before = subject.begin()
    subject.pages("run", seconds=seconds)
    after = subject.server.ask("read")
    seen = subject.pages("report")
    found = overheads(seen["turns"], lab.stamps())
    took = after["at"] - before["at"]
    cpu = (after["cpu"] - before["cpu"]) / took
    # a question of the last second cannot have been answered yet
    last = max((turn["sent"] for turn in seen["turns"]), default=0.0) - 1.0
    return Step(
        subject.kind, sessions, took, len(found),
        sum(1 for turn in seen["turns"] if not turn["first"] and turn["sent"] < last),
        at(found, 0.5), at(found, 0.95), cpu * 1000 / sessions, cpu * 100, after["rss"] / 1e6,
        at(seen["trips"], 0.95), max(seen["trips"], default=0.0), at(after["lags"], 0.99),
        max(after["lags"], default=0.0), after["block_cpu"], after["block"], after["block_in"], after["gc"],
        seen["own_late"], (after["waited"] - before["waited"]) / took * 100,
        seen["closed"] + seen["problems"] + seen["stale"],
    )  # fmt: skip


def climb(lab: Lab, subjects: Sequence[Subject], steps: Sequence[int], seconds: float) -> list[Step]:
    """Rising numbers of sessions on each server, in turns, until each is full. A disturbed step is measured twice."""
    lab.set_times(**REAL)
    found: list[Step] = []
    full: set[str] = set()
    for sessions in steps:
        for subject in subjects:
            if subject.kind not in full:
                found.append(step(lab, subject, sessions, seconds))
                if found[-1].over and found[-1].disturbed:
                    again = step(lab, subject, sessions, seconds)
                    found[-1] = again if again.p95 < found[-1].p95 else found[-1]
                if found[-1].full or (found[-1].disturbed and found[-1].core > 85):
                    full.add(subject.kind)
    return found


def by_processor(steps: Sequence[Step]) -> int:
    """Sessions that would take 85 % of a core, by the processor time of the largest step; holds on a busy machine."""
    largest = max(steps, key=lambda one: one.sessions, default=None)
    return int(850 / largest.cpu) if largest is not None and largest.cpu else 0


def per_session_mb(steps: Sequence[Step]) -> float:
    """Megabytes of resident memory that one more session costs: the slope over the steps."""
    if len({one.sessions for one in steps}) < 2:
        return 0.0
    return statistics.linear_regression([one.sessions for one in steps], [one.rss_mb for one in steps]).slope


@dataclass
class Stops:
    """Stop words: milliseconds inside the server, and from the page's point of view without the round trip."""

    sessions: int
    stops: int
    missed: int
    inside: list[float]
    outside: list[float]
    stale: int


def stops(lab: Lab, subject: Subject, sessions: int, seconds: float) -> Stops:
    """Every agent of `sessions` is stopped while it speaks, over and over."""
    lab.set_times(**REAL)
    subject.pages("grow", sessions=sessions)
    subject.pages("run", seconds=1.0)
    subject.begin()
    subject.pages("run", seconds=seconds, stops=True)
    seen = subject.pages("report")
    inside = subject.server.ask("read")["stops"]
    said = [turn for turn in seen["turns"] if turn["stop_sent"] and turn["first"]]
    trip = at(seen["trips"], 0.5)
    done = [turn for turn in said if turn["flushed"]]
    outside = [(turn["flushed"] - turn["stop_sent"]) * 1000 - trip for turn in done]
    return Stops(sessions, len(said), len(said) - len(done), inside, outside, seen["stale"])
