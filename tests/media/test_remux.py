"""From a byte stream to a film, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from server.media import remux as module
from server.media.manifest import Manifest
from server.media.pictures import MediaError
from server.media.recorder import Limits, Recorder
from server.media.remux import COMMAND, remux
from server.media.takes import repair, takes
from server.media.tracks import INDEX
from tests.media.material import h264
from tests.media.playing import named, play

pytest.importorskip("av", reason="the extra 'video' is not installed")

NO_AV = "import os, sys; sys.modules['av'] = None\nfrom server.media.remux import main\nos._exit(main(*sys.argv[1:]))"


def stream(folder: Path, units: list[bytes], times: list[float]) -> Path:
    """A byte stream with its index."""
    raw = folder / "p01-webcam.h264"
    raw.write_bytes(b"".join(units))
    entries = zip(units, times, strict=True)
    raw.with_suffix(".idx").write_bytes(b"".join(INDEX.pack(at, len(unit), b"\x65" in unit) for unit, at in entries))
    return raw


def script(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_every_unit_is_a_frame_at_its_time(tmp_path):
    """Nothing is lost or encoded anew, times are kept, and two units of the same moment follow each other."""
    units = h264([50, 60, 70, 80])
    target = tmp_path / "film.mkv"
    done = remux(stream(tmp_path, units, [0.0, 0.0, 0.5, 2.25]), target)
    assert (done.frames, done.seconds) == (4, 2.25)
    assert play(target).times == pytest.approx([0, 0.001, 0.5, 2.25], abs=0.0005)
    assert [path.name for path in tmp_path.glob("*.part")] == []


@pytest.mark.parametrize(
    ("units", "code"), [([b"garbage" * 50], "damaged"), ([b"\0\0\1\x41" + bytes(50)], "damaged"), ([b""], "damaged")]
)
def test_what_is_no_film_is_refused(tmp_path, units, code):
    """Garbage ends in an error and leaves nothing behind."""
    target = tmp_path / "film.mkv"
    with pytest.raises(MediaError) as refused:
        remux(stream(tmp_path, units, [0.0]), target)
    assert refused.value.code == code
    assert not target.exists() and not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("index", [b"", None])
def test_a_stream_without_its_index_is_kept(tmp_path, index):
    """When the index is lost no film is made, and the byte stream stays: it can still be played by itself."""
    raw = stream(tmp_path, h264([50, 60]), [0.0, 0.1])
    raw.with_suffix(".idx").unlink()
    if index is not None:
        raw.with_suffix(".idx").write_bytes(index)
    with pytest.raises(MediaError) as refused:
        remux(raw, tmp_path / "film.mkv")
    assert refused.value.code == "damaged"
    assert play(raw).frames == 2


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (script(NO_AV), "missing"),
        (script("import sys; open(sys.argv[3], 'w').write('x'); print('no json')"), "failed"),
        (script("import json; print(json.dumps({'frames': 1, 'seconds': 1}))"), "damaged"),
        (script("raise SystemExit(1)"), "damaged"),
        (("/nowhere/python",), "failed"),
    ],
)
def test_a_process_that_fails_is_an_error(tmp_path, command, code):
    """Without PyAV it says what to do; a process that says nothing, writes nothing or is none is an error."""
    with pytest.raises(MediaError) as refused:
        remux(stream(tmp_path, h264([50]), [0.0]), tmp_path / "film.mkv", command)
    assert refused.value.code == code


def test_a_process_that_hangs_is_killed(tmp_path, monkeypatch):
    """It is given its time and no more."""
    monkeypatch.setattr(module, "_PATIENCE", 0.2)
    with pytest.raises(MediaError) as refused:
        remux(stream(tmp_path, h264([50]), [0.0]), tmp_path / "film.mkv", script("import time; time.sleep(600)"))
    assert refused.value.code == "stuck"


def test_the_process_ends_with_us(tmp_path):
    """When the one who started it is gone, it does not go on."""
    code = "import time, server.media.remux as m; m._write = lambda *_: time.sleep(600); m.main('a', 'b', 'c')"
    assert subprocess.run(script(code), stdin=subprocess.DEVNULL, timeout=60).returncode == 1
    assert COMMAND[-1] == module.__name__


@pytest.mark.anyio
async def test_a_film_waits_until_there_is_something_to_make_it(tmp_path):
    """Without PyAV the byte stream stays, and says why; with it the next repair makes the film."""
    recorder = Recorder(
        tmp_path, "session-1", Limits(floor=0), remux=lambda source, target: remux(source, target, script(NO_AV))
    )
    for unit in h264([50, 60, 70]):
        recorder.see("a", "webcam", "h264", unit)
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    assert Manifest.read(take).state == "unfinished"
    assert named(take)["p01-webcam.h264"].trouble == "missing"
    assert repair(tmp_path) == [take]
    assert Manifest.read(take).state == "complete"
    assert play(take / "p01-webcam.mkv").frames == 3
