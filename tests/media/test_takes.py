"""Recordings whose process died: what is on disk is made whole."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from server.media.manifest import Entry, Manifest
from server.media.takes import files, repair, takes
from tests.media.material import noise, until
from tests.media.playing import named, play, sound
from tests.media.recording import SECOND, started, tone

pytestmark = pytest.mark.anyio

pytest.importorskip("av", reason="the extra 'video' is not installed")


CRASHES = """
    import os, pathlib, signal, sys, time
    from server.media.recorder import Limits, Recorder
    from tests.media.material import fmp4, h264, png

    recorder = Recorder(pathlib.Path(sys.argv[1]), "session-1", Limits(floor=0))
    recorder.person("100", "Ana Duarte")
    recorder.hear(b"\\1\\0" * 16000, "100", 0.0)
    for number, unit in enumerate(h264(range(20, 220, 10))):
        recorder.see("100", "webcam", "h264", unit, number / 10)
    recorder.see("", "stage", "fmp4", fmp4(range(20, 220, 10), gop=5))
    recorder.see("100", "webcam", "png", png(99), 0.0)
    recorder.line("Ana: hello")
    last = "transcript.txt"
    while not (recorder.folder and (recorder.folder / last).exists() and (recorder.folder / last).stat().st_size):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def crash(root: Path) -> Path:
    """A recording whose process was killed; its take."""
    home = Path(__file__).parents[2]
    command = [sys.executable, "-c", textwrap.dedent(CRASHES), str(root)]
    done = subprocess.run(command, cwd=home, capture_output=True, check=False, timeout=100)
    assert done.returncode == -signal.SIGKILL, done.stderr
    (take,) = takes(root, "session-1")
    return take


def test_a_killed_process_leaves_what_can_be_made_whole(tmp_path):
    """After a kill film and words are readable as they lie there; repaired, everything plays and is described."""
    take = crash(tmp_path)
    assert Manifest.read(take).state == "recording"
    assert play(take / "mixed-stage.mp4").frames == 20
    assert repair(tmp_path) == [take] and repair(tmp_path) == []
    assert sound(take / "p01.wav") == [1] * SECOND
    assert play(take / "p01-webcam.mkv").frames == 20
    assert play(take / "mixed-stage.mp4").frames == 20
    manifest = Manifest.read(take)
    assert (manifest.state, manifest.trouble) == ("complete", "crash")
    assert manifest.people == {"p01": {"id": "100", "name": "Ana Duarte"}} and manifest.ended >= manifest.began
    assert {path.suffix for path in files(tmp_path, "session-1")} == {
        ".wav",
        ".mkv",
        ".mp4",
        ".png",
        ".jpg",
        ".txt",
        ".json",
    }


def test_torn_files_are_repaired_to_their_last_whole_part(tmp_path):
    """Half a sample, half a header, half a unit, half an index and half a fragment cost no more than that."""
    take = crash(tmp_path)
    wav = take / "p01.wav"
    wav.write_bytes(b"\0" * 44 + wav.read_bytes()[44:-1])
    raw, index, film = take / "p01-webcam.h264", take / "p01-webcam.idx", take / "mixed-stage.mp4"
    raw.write_bytes(raw.read_bytes()[:-5])
    index.write_bytes(index.read_bytes() + b"\0\0")
    whole = film.read_bytes()
    film.write_bytes(whole[: whole.rindex(b"moof") + 60])
    (take / "mixed-stage-2.mp4").write_bytes(whole[: whole.rindex(b"moof") - 4] + noise(100))
    manifest = Manifest.read(take)
    manifest.files.append(Entry("mixed-stage-2.mp4", "film", "mixed", "stage"))
    # the process died between naming these and making them
    manifest.files += [Entry("p09.wav", "sound"), Entry("p09-webcam.h264", "h264"), Entry("p09-stage.mp4", "film")]
    manifest.write(take)
    (take / "p01-webcam.mkv.part").write_bytes(b"of another attempt")
    repair(tmp_path)
    assert sound(wav) == [1] * (SECOND - 1)
    assert play(take / "p01-webcam.mkv").frames == 19
    assert play(film).frames == play(take / "mixed-stage-2.mp4").frames == 15
    assert Manifest.read(take).state == "complete"
    assert not [name for name in named(take) if name.startswith("p09")]
    assert not list(take.glob("*.part"))


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 1}', '{"version": 9}', None])
def test_a_lost_manifest_is_made_anew(tmp_path, damage):
    """A manifest that is torn, foreign or gone is made from the files; only the names are lost."""
    take = crash(tmp_path)
    (take / "manifest.json").unlink()
    if damage is not None:
        (take / "manifest.json").write_text(damage)
    assert repair(tmp_path) == [take]
    assert {entry.kind for entry in named(take).values()} == {
        "sound",
        "h264",
        "film",
        "snapshots",
        "transcript",
        "sheet",
    }
    assert play(take / "p01-webcam.mkv").frames == 20 and sound(take / "p01.wav")


def test_a_death_between_film_and_manifest_is_repaired(tmp_path):
    """A film that is whole although the manifest does not know yet is kept."""
    take = crash(tmp_path)
    told = (take / "manifest.json").read_bytes()
    repair(tmp_path)
    (take / "manifest.json").write_bytes(told)
    repair(tmp_path)
    assert play(take / "p01-webcam.mkv").frames == 20
    assert named(take)["p01-webcam.mkv"].trouble == ""


async def test_what_is_being_recorded_is_not_repaired(tmp_path):
    """A take that somebody writes is left alone, in this process and in another one."""
    recorder = started(tmp_path)
    recorder.hear(tone(1, 1.0))
    await until(lambda: recorder.written > 0)
    code = "import sys, pathlib; from server.media.takes import repair; print(repair(pathlib.Path(sys.argv[1])))"
    other = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == "[]" and repair(tmp_path) == []
    recorder.hear(tone(1, 1.0))
    await recorder.close()
    assert repair(tmp_path) == []
    (take,) = takes(tmp_path, "session-1")
    assert len(sound(take / "mixed.wav")) == 2 * SECOND


def test_repairing_nothing_is_no_error(tmp_path):
    """No folder, an empty one, files of others: nothing happens."""
    assert repair(tmp_path / "none") == []
    (tmp_path / "one" / "take-x").mkdir(parents=True)
    (tmp_path / "one" / "take-1").write_text("a file")
    (tmp_path / "notes").write_text("a file")
    assert repair(tmp_path) in ([], [tmp_path / "one" / "take-x"])
