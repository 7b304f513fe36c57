"""The bench's own arithmetic and its processes; what it measures is printed by `python -m bench.latency`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.latency.parts import Step, at, by_processor, overheads, per_session_mb

pytest.importorskip("aiohttp", reason="the extra 'fast' is not installed: the bench's relay needs aiohttp")

ROOT = Path(__file__).resolve().parents[1]


def step(sessions: int, *, cpu: float = 5.0, rss: float = 100.0, p95: float = 10.0, late: float = 1.0) -> Step:
    """A step of the load with these figures."""
    return Step(
        "parley", sessions, 10.0, 10, 0, 5.0, p95, cpu, cpu * sessions / 10, rss,
        1.0, 2.0, 1.0, 2.0, 1.0, 1.0, "", 1.0, late, 0.0, 0,
    )  # fmt: skip


def test_the_providers_time_is_not_ours() -> None:
    """A turn's overhead is its time less what the providers' stamps explain; unanswered turns are left out."""
    turns = [
        {"key": "k1x1", "sent": 100.0, "first": 100.5},
        {"key": "k1x2", "sent": 200.0, "first": 0.0},
        {"key": "k1x3", "sent": 300.0, "first": 300.5},
    ]
    stamps = {"k1x1": [100.001, 100.301, 100.302, 100.402], "k1x2": [200.0, 200.3], "k1x3": [300.0, 300.3]}
    assert overheads(turns, stamps) == [pytest.approx(100.0)]


def test_percentiles() -> None:
    """A percentile is a value that occurred; of nothing it is 0."""
    assert at([3.0, 1.0, 2.0], 0.5) == 2.0
    assert at([3.0, 1.0, 2.0], 0.95) == 3.0
    assert at([], 0.5) == 0.0


def test_a_step_over_a_limit_is_full_only_when_nobody_disturbed_it() -> None:
    """Late pages mean that the machine was busy with others: then the server is not blamed."""
    assert step(50, p95=150.0).full
    assert not step(50, p95=150.0, late=200.0).full
    assert step(200, cpu=4.9, late=200.0).full


def test_capacity_and_memory_come_from_the_steps() -> None:
    """Capacity is by the largest step's processor time; memory is the slope over the sessions."""
    steps = [step(10, rss=101.0), step(50, rss=105.0), step(100, cpu=8.5, rss=110.0)]
    assert by_processor(steps) == 100
    assert per_session_mb(steps) == pytest.approx(0.1)


def test_the_bench_runs() -> None:
    """Its servers, pages and providers work together: every turn is answered, and nothing is lost."""
    command = [
        sys.executable, "-m", "bench.latency", "--json", "--only", "overhead", "load",
        "--blocks", "1", "--turns", "3", "--steps", "2", "--seconds", "2",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["overhead"]["turns"] == 3
    assert [(one["kind"], one["lost"]) for one in found["load"]["steps"]] == [("relay", 0), ("parley", 0)]
