"""What the agent page costs and how exactly it plays, in a real Chromium.

    python -m bench.page [--seconds 12] [--rounds 8] [--json FILE]

Millicores are CPU milliseconds per wall second of Chromium's whole process tree (utime + stime from /proc), with a
blank page measured in the same browser and run as the baseline. Never with a screencast on: it costs several times the
page itself.
With the right to make a cgroup (v1 cpu.cfs_quota_us or v2 cpu.max) the speaking page also runs under a quota.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from server.core.messages import Flush, Line, State
from server.playout import FRAME
from tests.page_backend import RATE, Backend, ramp, speech
from tests.page_stage import ARGS, Seat, hiss, launch, microphone, trimmed

#: samples of one frame of voice, as the real backend sends them
SAMPLES = FRAME // 2

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

TICKS = os.sysconf("SC_CLK_TCK")
TEXT = "You chose the rubber case, pending the cost check, and Ben was going to ask for a second quote by Friday. " * 9

# ---------------------------------------------------------------- the process tree


def tree(root: int) -> list[int]:
    """A process and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    out, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        out.append(pid)
        waiting += children.get(pid, [])
    return out


def cpu(pids: list[int]) -> float:
    """CPU seconds used so far by these processes."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(pids: list[int]) -> float:
    """Megabytes of proportional set size."""
    total = 0
    for pid in pids:
        try:
            rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
    return total / 1024


def browser_pid(before: set[int]) -> int:
    """Chromium's first process: new since `before`, with the browser's own command line."""
    for pid in sorted(set(tree(os.getpid())) - before):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            continue
        if "chromium" in line and "--type=" not in line and "--remote-debugging" in line:
            return pid
    raise RuntimeError("no browser process was found")


def millicores(root: int, seconds: float) -> float:
    """Mean over a stretch of wall time."""
    start, at = cpu(tree(root)), time.perf_counter()
    time.sleep(seconds)
    return 1000 * (cpu(tree(root)) - start) / (time.perf_counter() - at)


# ---------------------------------------------------------------- a quota


@contextmanager
def quota(root: int, limit: int) -> Iterator[bool]:
    """Hold the tree of `root` to `limit` millicores. Yields False where the machine allows no cgroup."""
    v1, v2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
    one = (v1 / "cpu.cfs_quota_us").exists()
    home = v1 if one else v2
    group = home / f"parley-bench-{os.getpid()}"
    try:
        group.mkdir()
        if one:
            (group / "cpu.cfs_period_us").write_text("100000")
            (group / "cpu.cfs_quota_us").write_text(str(limit * 100))
        else:
            (group / "cpu.max").write_text(f"{limit * 100} 100000")
        held = move(tree(root), group)
    except OSError:
        held = False
    try:
        yield held
    finally:
        if group.exists():
            leave(group, home)


def move(pids: list[int], group: Path) -> bool:
    """Put processes into a group; one that is just ending cannot be moved. True when at least three could be."""
    moved = 0
    for pid in pids:
        try:
            (group / "cgroup.procs").write_text(str(pid))
            moved += 1
        except OSError:
            continue
    return moved >= 3


def leave(group: Path, home: Path) -> None:
    """Back to where they came from, and the group away."""
    for _ in range(20):
        move([int(pid) for pid in (group / "cgroup.procs").read_text().split()], home)
        try:
            group.rmdir()
            return
        except OSError:
            time.sleep(0.1)
    print(f"could not remove the cgroup {group.name}")


# ---------------------------------------------------------------- what is measured


def listening(backend: Backend, root: int, seconds: float) -> float:
    """The tile with three lines on it, the microphone relayed, nothing happening."""
    backend.send(
        State("listening"), *(Line(str(i), "Ada Marsh", "What did we decide about the case?") for i in range(3))
    )
    time.sleep(2.5)
    return millicores(root, seconds)


def speaking(backend: Backend, root: int, seconds: float, reply: int) -> dict[str, float]:
    """A long reply at real pace, with captions, face, microphone and reports. Talk at the microphone goes up in short
    chunks.
    """
    backend.clear()
    backend.send(State("speaking"))
    stop = backend.stream(
        speech(seconds + 6), text=TEXT[: int((seconds + 6) * 15)], epoch=reply, reply=reply, frame=SAMPLES
    )
    backend.wait("played", lambda m: m["samples"] > RATE, seconds=60)
    used = millicores(root, seconds)
    # windows of five seconds in which it spoke throughout: the first one began in silence
    health = [m["values"] for m in backend.of("health") if m["values"]["ran"] >= 4500]
    stop.set()
    backend.send(Flush(reply + 1))
    backend.wait("flushed", lambda m: m["reply"] == reply, seconds=30)
    last = health[-1] if health else {}
    return {
        "millicores": used,
        "deficit": max((v["deficit"] for v in health), default=float("nan")),
        "underruns": last.get("underruns", float("nan")),
        "frames": statistics.fmean(v["frames"] for v in health) if health else float("nan"),
        "mic_gaps": sum(v["mic_gaps"] for v in health),
    }


def timing(seat: Seat, backend: Backend, rounds: int, epoch: int) -> dict[str, list[float]]:
    """First sound after the first chunk, flush to silence, and the count against the ear at the page's output."""
    out: dict[str, list[float]] = {
        "first sound ms": [],
        "flush ack ms": [],
        "flush to silence ms": [],
        "count error ms": [],
    }
    for n in range(rounds):
        seat.page.evaluate("performance.clearMarks()")
        backend.clear()
        heard_before = len(seat.heard())
        mine = epoch + 2 * n
        backend.stream(ramp(4), epoch=mine, reply=mine, ahead=1.0, frame=SAMPLES)
        backend.wait("played", lambda m, mine=mine: m["reply"] == mine and m["samples"] > 12_000)
        sent = backend.send(Flush(mine + 1))
        flushed = backend.wait("flushed", lambda m, mine=mine: m["reply"] == mine)
        arrived = next(t for t, m in backend.received if m["type"] == "flushed")
        time.sleep(0.3)
        marks = dict(seat.page.evaluate("performance.getEntriesByType('mark').map((m) => [m.name, m.startTime])"))
        heard = np.concatenate([trimmed(v) for _, v in seat.heard()[heard_before:]])
        error = (flushed["samples"] - len(heard)) * 1000 / RATE
        out["first sound ms"].append(marks["parley:first-sound"] - marks["parley:first-chunk"])
        out["flush ack ms"].append((arrived - sent) * 1000)
        # From the order in the page to the last sample at its output; the device's own latency comes on top.
        latency = seat.page.evaluate("1000 * (contexts[0].outputLatency || contexts[0].baseLatency)")
        out["flush to silence ms"].append(marks["parley:silent"] - marks["parley:flush"] + latency)
        out["count error ms"].append(error)
        time.sleep(1.2 if n % 2 else 0.1)
    return out


def start(playwright: Playwright, sound: Path) -> tuple[Browser, int]:
    """A Chromium that hears this file, and its process."""
    before = set(tree(os.getpid()))
    browser = launch(playwright, [*ARGS, f"--use-file-for-fake-audio-capture={sound}"])
    return browser, browser_pid(before)


def seated(backend: Backend, browser: Browser) -> Seat:
    """The agent page, connected and at rest, without a tap that would cost."""
    seat = Seat(backend, browser, tap=False)
    seat.page.goto(backend.url)
    backend.connected()
    time.sleep(3)
    return seat


def run(seconds: float, rounds: int) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    result: dict[str, Any] = {"seconds": seconds}
    with tempfile.TemporaryDirectory() as folder, Backend() as backend, sync_playwright() as playwright:
        quiet = microphone(Path(folder) / "quiet.wav", hiss(5))
        browser, root = start(playwright, quiet)
        blank = browser.new_page(viewport={"width": 1280, "height": 720})
        blank.goto(f"{backend.origin}/blank")
        time.sleep(3)
        result["blank"] = {"millicores": millicores(root, seconds), "memory": memory(tree(root))}
        blank.close()

        seat = seated(backend, browser)
        result["idle"] = {"millicores": millicores(root, seconds)}
        result["listening"] = {"millicores": listening(backend, root, seconds)}
        result["speaking"] = speaking(backend, root, seconds, 10)
        result["speaking"]["memory"] = memory(tree(root))
        for epoch, limit in ((20, 250), (30, 175)):
            with quota(root, limit) as held:
                name = f"speaking at {limit} mc"
                result[name] = speaking(backend, root, seconds, epoch) if held else "not possible here"
        seat.close()

        seat = Seat(backend, browser).open()
        times = timing(seat, backend, rounds, 1000)
        result["timing"] = {
            name: {"median": statistics.median(values), "worst": max(values, key=abs)} for name, values in times.items()
        }
        seat.close()
        browser.close()

        talk = microphone(Path(folder) / "talk.wav", np.repeat(speech(5), 2))
        browser, root = start(playwright, talk)
        seat = seated(backend, browser)
        result["talked over"] = speaking(backend, root, seconds, 5000)
        seat.close()
        browser.close()
    for name in ("idle", "listening", "speaking"):
        result[name]["over blank"] = result[name]["millicores"] / max(1.0, result["blank"]["millicores"])
    return result


def show(result: dict[str, Any]) -> None:
    print(f"{'':24}{'mc':>8}{'MB PSS':>9}{'draws/s':>9}{'lost ms/s':>11}{'underruns':>11}")
    for name, row in result.items():
        if isinstance(row, str):
            print(f"{name:24}{row}")
        elif isinstance(row, dict) and "millicores" in row:
            cells = [row.get(k) for k in ("millicores", "memory", "frames", "deficit", "underruns")]
            widths = (8, 9, 9, 11, 11)
            print(
                f"{name:24}"
                + "".join(f"{'' if c is None else format(c, '.1f'):>{w}}" for c, w in zip(cells, widths, strict=True))
            )
    print()
    for name, row in result["timing"].items():
        print(f"{name:24}median {row['median']:7.1f}   worst {row['worst']:7.1f}")
    print(json.dumps(result))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0, help="wall time of each stretch")
    parser.add_argument("--rounds", type=int, default=8, help="replies in the timing part")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    result = run(options.seconds, options.rounds)
    show(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
