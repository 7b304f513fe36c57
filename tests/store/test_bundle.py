"""Everything of a session in one archive, and nothing of it afterwards."""

from __future__ import annotations

import asyncio
import json
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

from server.cli import app
from server.core import events as ev
from server.core.conversation import Config
from server.media.recorder import Limits, Recorder
from server.store.codec import config_to_entry, event_to_entry
from server.store.tape import SqliteTape

SESSION = "abcdefgh"


@pytest.fixture
def held(tmp_path, monkeypatch):
    """A folder with a session's tape and recording, and the environment that leads there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path / "data"))

    async def make() -> None:
        tape = SqliteTape(tmp_path / "data" / "tape.db")
        tape.open_session(SESSION, {})
        tape.append(SESSION, 0.0, "config", config_to_entry(Config()))
        tape.append(SESSION, 1.0, "event", event_to_entry(ev.Heard("Ana", "We chose the rubber case.", True, "100")))
        await tape.flush()
        await tape.close()
        recorder = Recorder(tmp_path / "data" / "recordings", SESSION, Limits(floor=0))
        recorder.person("100", "Ana")
        recorder.hear(np.full(16_000, 900, "<i2").tobytes(), "100")
        recorder.line("[0:01] Ana: We chose the rubber case.")
        await recorder.close()

    asyncio.run(make())
    return tmp_path


def run(*arguments: str) -> str:
    """A command's output; it must succeed."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_one_archive_holds_all_of_it(held):
    """
    The transcript in every form, the sound and its description are in the archive, which nobody else may read.
    """
    run("export", SESSION, "--format", "zip", "--out", "all.zip")
    path = held / "all.zip"
    assert path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert {f"transcript.{form}" for form in ("md", "json", "vtt", "srt")} <= set(names)
        assert "rubber case" in archive.read("transcript.md").decode()
        (sound,) = (name for name in names if name.endswith(".wav"))
        assert archive.read(sound)[:4] == b"RIFF"
        (manifest,) = (name for name in names if name.endswith("manifest.json"))
        assert json.loads(archive.read(manifest))["state"] == "complete"


def test_a_session_without_a_recording_is_an_archive_too(held):
    """
    Only the transcript is in it then.
    """
    recordings = held / "data" / "recordings"
    recordings.rename(held / "elsewhere")
    run("export", SESSION, "--format", "zip")
    with zipfile.ZipFile(held / f"parley-{SESSION}.zip") as archive:
        assert all(name.startswith("transcript.") for name in archive.namelist())


def test_forgetting_leaves_nothing(held):
    """
    `parley forget` deletes the entries and the recording; a second time there is nothing to forget.
    """
    assert "and the recording" in run("forget", SESSION)
    assert not list((held / "data" / "recordings").glob("*/**/*.wav"))
    again = CliRunner().invoke(app, ["forget", SESSION])
    assert again.exit_code != 0
