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
from server.rehearsal.scenario import BUILT_IN, SEATED, Scenario, load_scenario
from server.rehearsal.stage import Stage
from server.voices.base import Voice

#: Hosts there is a stand-in of.
HOSTS = ("recall", "meetstream")


async def rehearse(
    scenario: Path | None = None,
    *,
    out: Path | None = None,
    meeting: Path | None = None,
    host: str = "",
    speed: float = 1.0,
    on_progress: OnProgress = nobody,
    record: bool = True,
    shape: str = "legacy",
    voice: Voice | None = None,
    command: Sequence[str] = COMMAND,
) -> Report:
    """Rehearse one scenario; the built-in one without a file, only a recorded meeting with just `meeting`.

    With a `host` (one of HOSTS) a stand-in of it seats the agent. Writes report.json, report.html, meeting.mp4 (with
    `record`, where there is a page) and tape.db to `out`, by default a new folder in `rehearsals`. `shape` is the
    transcript's shape (recall_shapes.SHAPES) on the page's socket; `voice` speaks for
    the people. Raises RehearsalError when the scenario is wrong or a part is missing; whatever was started
    is ended in any case.
    """
    if host not in ("", *HOSTS):
        raise RehearsalError(f"there is no stand-in of this host: use {' or '.join(HOSTS)}")
    play = _chosen(scenario, meeting, host)
    if not 0.1 <= speed <= 1000:
        raise RehearsalError("the speed must be between 0.1 and 1000")
    _check_parts(record, host)
    started = datetime.now().astimezone()
    folder = out or Path("rehearsals") / started.strftime("%Y-%m-%d-%H%M%S")
    try:
        await asyncio.to_thread(_prepare, folder)
    except OSError as error:
        raise RehearsalError(f"the output folder cannot be written: {error.strerror}") from error
    stage = Stage(play, folder, speed=speed, tell=on_progress, record=record, shape=shape, host=host)
    with _ended_by_sigterm(), tempfile.TemporaryDirectory(prefix="parley-rehearsal-") as temporary:
        report = await stage.run(Path(temporary), voice, command, started)
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError  # called off as it ended anyway, or as some part swallowed the cancellation
    for verdict in report.all_verdicts:
        on_progress(Progress("verdict", f"{verdict.name}: {verdict.found}", held=verdict.held))
    on_progress(Progress("done", str(folder), held=report.passed, report=report))
    return report


def _chosen(scenario: Path | None, meeting: Path | None, host: str) -> Scenario:
    if meeting is not None and not meeting.is_file():
        raise RehearsalError("there is no such meeting file")
    if scenario is None and meeting is not None:
        # A meeting nobody addresses the agent in: it has nothing to say.
        return Scenario(meeting.stem, "", (), (), meeting, silent=True)
    chosen = load_scenario(scenario or (SEATED if host else BUILT_IN))
    if not host and (step := chosen.chatting) is not None:
        raise RehearsalError(f"{step.label}: only a host has a chat: rehearse with --host {' or '.join(HOSTS)}")
    return replace(chosen, meeting=meeting) if meeting is not None else chosen


def _check_parts(record: bool, host: str) -> None:
    needed = ["av"] if record or host else []
    if host != "meetstream":  # whose bot shows no page
        chromium_path()
        needed = ["playwright", "cryptography", *needed]
    missing = []
    for module in needed:
        try:
            __import__(module)
        except ImportError:
            missing.append(module)
    if missing:
        raise RehearsalError(f"{' and '.join(missing)} missing: pip install 'parley[rehearse]'")


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # What an earlier rehearsal left here would be mixed up with ours.
    made = ("report.json", "report.html", "meeting.mp4", "meeting.webm", "meeting.wav")
    for name in ("tape.db", "tape.db-wal", "tape.db-shm", *made):
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
