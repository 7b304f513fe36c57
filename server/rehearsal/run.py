"""`parley rehearse`: checks what is there, runs the stage, and says how it went."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from server.errors import RehearsalError
from server.rehearsal.backend import COMMAND
from server.rehearsal.browser import chromium_path
from server.rehearsal.director import OnProgress, Progress, nobody
from server.rehearsal.report import Report
from server.rehearsal.scenario import BUILT_IN, Scenario, load_scenario
from server.rehearsal.stage import Stage
from server.voices.base import Voice


async def rehearse(
    scenario: Path | None = None,
    *,
    out: Path | None = None,
    meeting: Path | None = None,
    speed: float = 1.0,
    on_progress: OnProgress = nobody,
    record: bool = True,
    shape: str = "legacy",
    voice: Voice | None = None,
    command: Sequence[str] = COMMAND,
) -> Report:
    """Rehearse one scenario; the built-in one without a file, only a recorded meeting with just `meeting`.

    Writes report.json, report.html, meeting.mp4 (with `record`) and tape.db to `out`, by default a new
    folder in `rehearsals`. `shape` is the transcript's shape (recall_shapes.SHAPES); `voice` speaks for
    the people. Raises RehearsalError when the scenario is wrong or a part is missing; whatever was started
    is ended in any case.
    """
    play = _chosen(scenario, meeting)
    if not 0.1 <= speed <= 1000:
        raise RehearsalError("the speed must be between 0.1 and 1000")
    _check_parts(record)
    started = datetime.now().astimezone()
    folder = out or Path("rehearsals") / started.strftime("%Y-%m-%d-%H%M%S")
    try:
        await asyncio.to_thread(_prepare, folder)
    except OSError as error:
        raise RehearsalError(f"the output folder cannot be written: {error.strerror}") from error
    stage = Stage(play, folder, speed=speed, tell=on_progress, record=record, shape=shape)
    with _ended_by_sigterm(), tempfile.TemporaryDirectory(prefix="parley-rehearsal-") as temporary:
        report = await stage.run(Path(temporary), voice, command, started)
    for verdict in report.all_verdicts:
        on_progress(Progress("verdict", f"{verdict.name}: {verdict.found}", held=verdict.held))
    on_progress(Progress("done", str(folder), held=report.passed, report=report))
    return report


def _chosen(scenario: Path | None, meeting: Path | None) -> Scenario:
    if meeting is not None and not meeting.is_file():
        raise RehearsalError("there is no such meeting file")
    if scenario is None and meeting is not None:
        # A meeting nobody addresses the agent in: it has nothing to say.
        return Scenario(meeting.stem, "", (), (), meeting, silent=True)
    chosen = load_scenario(scenario or BUILT_IN)
    return replace(chosen, meeting=meeting) if meeting is not None else chosen


def _check_parts(record: bool) -> None:
    chromium_path()
    missing = []
    for module in ("playwright", "cryptography", *(["av"] if record else [])):
        try:
            __import__(module)
        except ImportError:
            missing.append(module)
    if missing:
        raise RehearsalError(f"{' and '.join(missing)} missing: pip install 'parley[rehearse]'")


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # What an earlier rehearsal left here would be mixed up with ours.
    for name in ("tape.db", "tape.db-wal", "tape.db-shm", "meeting.mp4", "meeting.webm", "report.json", "report.html"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "pictures", ignore_errors=True)


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """A polite request to end is a cancellation, so that every process we started is ended as well."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGTERM, lambda: task.cancel() if task else None)
    except (NotImplementedError, RuntimeError, ValueError):
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
