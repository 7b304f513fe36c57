"""Recording when there is no room: limits, full disks and slow ones."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.media.manifest import Manifest
from server.media.pieces import PieceQueue, Shot
from server.media.recorder import Limits
from server.media.takes import forget, repair, takes
from server.media.tracks import Plain, Units
from tests.disks import fill
from tests.media.looking import LEVELS, Clock
from tests.media.material import fmp4, h264, noise, png, until
from tests.media.playing import play, sound
from tests.media.recording import SECOND, drained, started, tone

pytestmark = pytest.mark.anyio

pytest.importorskip("av", reason="the extra 'video' is not installed")


async def test_a_recording_ends_at_its_limit(tmp_path):
    """At the limit it ends and says so; what is there plays; later takes count what the first ones took."""
    told: list[str] = []
    recorder = started(
        tmp_path, limits=Limits(session=300_000, floor=0), on_trouble=lambda trouble: told.append(trouble.code)
    )
    for number in range(100):
        recorder.hear(tone(1, 0.1), at=number / 10)
    await until(lambda: recorder.trouble is not None)
    recorder.hear(tone(1, 0.1))
    await recorder.close()
    assert told == ["limit"] and "limit" in recorder.trouble.line and recorder.counts["refused"] == 1
    (take,) = takes(tmp_path, "session-1")
    assert 200_000 < 2 * len(sound(take / "mixed.wav")) <= 300_000
    assert (Manifest.read(take).state, Manifest.read(take).trouble) == ("complete", "limit")

    again = started(tmp_path, limits=Limits(session=300_000, floor=0))
    again.hear(tone(1, 2.0))
    await again.close()
    assert again.trouble.code == "limit"


async def test_a_recording_ends_before_the_disk_is_full(tmp_path):
    """Below the floor of free space nothing is recorded, and the operator is told."""
    recorder = started(tmp_path, limits=Limits(floor=1 << 60))
    await until(lambda: recorder.trouble is not None)
    await recorder.close()
    assert recorder.trouble.code == "space" and "nearly full" in recorder.trouble.line


async def test_a_full_disk_ends_the_recording_and_what_is_there_plays(small_disk):
    """The disk fills up while recording: trouble is told, the manifest is written, the sound plays; the film follows
    as soon as there is space again."""
    recorder = started(small_disk)
    for unit in h264(LEVELS):
        recorder.see("a", "webcam", "h264", unit)
    recorder.hear(tone(1, 1.0), "a", 0.0)
    recorder.hear(tone(1, 1.0), "a", 1.0)
    await until(lambda: any(path.stat().st_size > 2 * SECOND for path in small_disk.rglob("p01.wav")))
    await asyncio.to_thread(fill, small_disk)
    second = 2
    while recorder.trouble is None:
        recorder.hear(tone(1, 1.0), "a", float(second))
        second += 1
        await asyncio.sleep(0.01)
    await recorder.close()
    assert recorder.trouble.code == "full"

    (take,) = takes(small_disk, "session-1")
    manifest = Manifest.read(take)
    assert manifest.trouble == "full"
    samples = sound(take / "p01.wav")
    assert len(samples) >= SECOND and set(samples[:SECOND]) == {1}
    (small_disk / "ballast").unlink()
    repair(small_disk)
    assert play(take / "p01-webcam.mkv").frames == len(LEVELS)
    assert (Manifest.read(take).state, Manifest.read(take).trouble) == ("complete", "full")


async def test_a_disk_that_is_full_at_the_start_is_trouble(small_disk):
    """Nothing can be made: trouble, and nobody is disturbed."""
    await asyncio.to_thread(fill, small_disk)
    recorder = started(small_disk)
    recorder.hear(tone(1, 1.0))
    await recorder.close()
    assert recorder.trouble.code == "full"


async def test_a_place_that_cannot_be_written_is_trouble(tmp_path):
    """A file where the folder should be: trouble, and a listener that fails stops nothing."""
    (tmp_path / "recordings").write_text("a file")

    def listener(trouble: object) -> None:
        raise RuntimeError("the listener's own mistake")

    recorder = started(tmp_path / "recordings", on_trouble=listener)
    recorder.hear(tone(1, 1.0))
    await recorder.close()
    assert recorder.trouble.code == "readonly"


async def test_a_folder_that_vanishes_is_trouble(tmp_path):
    """Somebody deletes the folder under a running recording: it ends, and says so."""
    recorder = started(tmp_path)
    recorder.hear(tone(1, 1.0))
    await until(lambda: drained(recorder) and recorder.written > 0)
    forget(tmp_path, "session-1")
    recorder.hear(tone(1, 1.0), "somebody new")
    await recorder.close()
    assert recorder.trouble.code == "failed"
    assert takes(tmp_path, "session-1") == []


async def test_a_slow_disk_costs_video_first_and_never_makes_anybody_wait(tmp_path, monkeypatch):
    """While the disk hangs what comes in returns at once; video is dropped to its next key frame and counted, sound is
    kept; in the end everything plays."""
    go = threading.Event()
    for track in (Plain, Units):
        monkeypatch.setattr(track, "write", _waiting_for(go, track.write))
    recorder = started(tmp_path, queue=PieceQueue(most_video=60_000, most=2_000_000), clock=Clock())
    units, film = h264(LEVELS * 4, gop=10), fmp4(LEVELS * 4, gop=10)
    heavy_png = png(9, 64, 36)[:-12] + noise(60_000) + png(9, 64, 36)[-12:]
    pieces = [film[at : at + 500] for at in range(0, len(film), 500)]
    for number, unit in enumerate(units):
        recorder.see("a", "webcam", "h264", unit, number / 10)
        recorder.hear(tone(1, 0.1), "a", number / 10)
        for piece in pieces[number * len(pieces) // 80 : (number + 1) * len(pieces) // 80]:
            recorder.see("", "stage", "fmp4", piece)
    for _ in range(60):
        recorder.see("b", "webcam", "h264", units[0] + bytes(3000))
    recorder.see("c", "webcam", "png", heavy_png)
    assert "p03" not in {piece.who for piece in recorder._queue._pieces if isinstance(piece, Shot)}
    assert recorder.counts["video"] > 0 and recorder.counts["sound"] == 0
    go.set()
    await until(lambda: drained(recorder))
    dropped = recorder.counts["video"]
    for number, unit in enumerate(units):
        recorder.see("a", "webcam", "h264", unit, 10 + number / 10)
    for piece in pieces:
        recorder.see("", "stage", "fmp4", piece)
        await asyncio.sleep(0)
    await recorder.close()

    (take,) = takes(tmp_path, "session-1")
    assert sound(take / "p01.wav") == [1] * (8 * SECOND)
    assert 80 <= play(take / "p01-webcam.mkv").frames <= 160
    assert all(play(path).frames % 10 == 0 for path in take.glob("*.mp4"))
    assert Manifest.read(take).dropped["video"] >= dropped


def _waiting_for(go: threading.Event, write):
    def waiting(self, piece):
        go.wait(60)
        return write(self, piece)

    return waiting


async def test_sound_that_finds_no_room_is_counted_and_is_silence(tmp_path, monkeypatch):
    """A disk that hangs for minutes costs sound in the end: bounded, counted, and in step."""
    go = threading.Event()
    monkeypatch.setattr(Plain, "write", _waiting_for(go, Plain.write))
    recorder = started(tmp_path, queue=PieceQueue(most_video=0, most=100_000), clock=Clock())
    recorder.line("a line that waits for the disk")
    for number in range(50):
        recorder.hear(tone(1, 0.1), "a", number / 10)
    lost = recorder.counts["sound"]
    assert 10 < lost < 50
    for _ in range(1000):
        recorder.line("words " * 100)
    assert recorder.counts["lines"] > 0
    go.set()
    await until(lambda: drained(recorder))
    recorder.hear(tone(2, 0.1), "a", 6.0)
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    samples = sound(take / "p01.wav")
    assert len(samples) == round(6.1 * SECOND) and samples[-1] == 2
    assert samples.count(1) == (50 - lost) * 1600
