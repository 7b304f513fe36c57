"""Recording what comes in: files that play, whatever happens."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import stat
import threading
from pathlib import Path

import pytest

from server.media.intake import MOST_PEOPLE, MOST_SOURCES, PAUSE
from server.media.manifest import Manifest
from server.media.remux import Remuxed, remux
from server.media.takes import files, folder_of, forget, takes
from server.media.tracks import MOST_SNAPSHOTS
from tests.media.looking import LEVELS, Clock
from tests.media.material import bomb, fmp4, h264, noise, png, until
from tests.media.playing import named, play, sound
from tests.media.recording import SECOND, started, tone

pytestmark = pytest.mark.anyio

pytest.importorskip("av", reason="the extra 'video' is not installed")


# ---------------------------------------------------------------- what is recorded


async def test_everything_that_came_in_plays(tmp_path):
    """Sound of each person and of all, film of both kinds, pictures and words: every file plays and is described."""
    clock = Clock()
    recorder = started(tmp_path, clock=clock, wall=lambda: 1_700_000_000.0)
    recorder.person("100", "Ana Duarte")
    units, film = h264(LEVELS, gop=8), fmp4(LEVELS)
    for number, unit in enumerate(units):
        at = 5.0 + number / 10
        recorder.hear(tone(100, 0.1), at=at)
        recorder.hear(tone(200, 0.1), "100", at)
        recorder.see("100", "webcam", "h264", unit, at)
        recorder.see("200", "screenshare", "png", png(LEVELS[number]), at)
        recorder.see("", "stage", "fmp4", film[number * len(film) // 20 : (number + 1) * len(film) // 20])
        clock.now += 0.1
    recorder.line("[00:01] Ana: Hello,\nworld.")
    recorder.line("[00:02] Ben: Hi.")
    await recorder.close()

    (take,) = takes(tmp_path, "session-1")
    assert recorder.folder == take and recorder.trouble is None and not recorder.counts
    assert sound(take / "mixed.wav") == [100] * (2 * SECOND)
    assert sound(take / "p01.wav") == [200] * (2 * SECOND)
    seen = play(take / "p01-webcam.mkv")
    assert (seen.frames, seen.sizes) == (20, {(320, 180)})
    assert all(abs(found - level) <= 4 for found, level in zip(seen.levels, LEVELS, strict=True))
    assert seen.times == pytest.approx([number / 10 for number in range(20)], abs=0.002)
    assert (take / "mixed-stage.mp4").read_bytes() == film
    assert play(take / "mixed-stage.mp4").frames == 20
    assert (take / "transcript.txt").read_text() == "[00:01] Ana: Hello, world.\n[00:02] Ben: Hi.\n"
    assert (take / "contact-sheet.jpg").read_bytes().startswith(b"\xff\xd8")

    manifest = Manifest.read(take)
    assert (manifest.state, manifest.trouble, manifest.session) == ("complete", "", "session-1")
    assert manifest.began == manifest.ended == 1_700_000_000.0
    assert manifest.people == {"p01": {"id": "100", "name": "Ana Duarte"}, "p02": {"id": "200", "name": ""}}
    entries = named(take)
    assert (entries["p01-webcam.mkv"].frames, entries["p01-webcam.mkv"].seconds) == (20, 1.9)
    assert (entries["p01.wav"].who, entries["p01.wav"].seconds) == ("p01", 2.0)
    assert (entries["p02-screenshare"].kind, entries["p02-screenshare"].frames) == ("snapshots", 1)
    assert entries["mixed-stage.mp4"].kind == "film"
    on_disk = {path.name: path.stat().st_size for path in files(tmp_path, "session-1")}
    assert {name: entry.bytes for name, entry in entries.items() if name in on_disk} == {
        name: size for name, size in on_disk.items() if name in entries
    }
    assert set(on_disk) == {*entries, "manifest.json", "p02-screenshare-000000.png"} - {"p02-screenshare"}


async def test_nothing_is_written_before_somebody_records(tmp_path):
    """Without a recorder there is nothing, and a recorder of silence leaves a manifest only."""
    assert files(tmp_path, "session-1") == [] and takes(tmp_path, "session-1") == []
    await started(tmp_path).close()
    assert [path.name for path in files(tmp_path, "session-1")] == ["manifest.json"]


async def test_sound_is_in_step_with_the_meeting(tmp_path):
    """Who speaks later, or again after a while, is heard at that second; what nobody sent is silence. Pieces that are a
    little off follow each other without a gap."""
    clock = Clock()
    recorder = started(tmp_path, clock=clock)
    recorder.hear(tone(1, 0.5), "a", 50.0)
    recorder.hear(tone(1, 0.5), "a", 50.52)
    clock.now += 5
    recorder.hear(tone(2, 0.5), "b", 53.0)
    recorder.hear(tone(3, 0.5), "b", 53.6)
    recorder.hear(tone(1, 0.5) + b"\x01", "a", 54.0)
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    half = SECOND // 2
    assert sound(take / "p01.wav") == [1] * SECOND + [0] * (3 * SECOND) + [1] * half
    gap = SECOND // 10
    assert sound(take / "p02.wav") == [0] * (3 * SECOND) + [2] * half + [0] * gap + [3] * half
    assert (take / "p01.wav").stat().st_blocks * 512 < (take / "p01.wav").stat().st_size


async def test_sound_that_comes_twice_or_late_is_heard_once(tmp_path):
    """Duplicated and reordered messages neither repeat nor shift anything."""
    recorder = started(tmp_path, clock=Clock())
    for level, at in ((1, 0.0), (1, 0.0), (3, 2.0), (2, 1.0), (4, 2.5)):
        recorder.hear(tone(level, 1.0), "a", at)
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    assert sound(take / "p01.wav") == [1] * SECOND + [0] * SECOND + [3] * SECOND + [4] * (SECOND // 2)
    assert recorder.counts == {"same": 1}


async def test_sound_without_host_time_is_heard_when_it_came(tmp_path):
    """Pieces in bursts are one stream; a pause of more than half a second is silence."""
    clock = Clock()
    recorder = started(tmp_path, clock=clock)
    for pause in (0.1, 0.0, 0.3, 2.1):
        clock.now += pause
        recorder.hear(tone(5, 0.1), "a")
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    assert sound(take / "p01.wav") == [5] * 4800 + [0] * round(2.1 * SECOND) + [5] * 1600


async def test_sound_that_nothing_follows_is_soon_on_its_way(tmp_path):
    """A word is gathered with what follows it at once; when nothing does it is written all the same."""
    clock = Clock()
    recorder = started(tmp_path, clock=clock)
    recorder.hear(tone(1, 0.1), "a", 0.0)
    recorder.hear(tone(1, 0.1), "a", 0.11)
    clock.now += 2
    recorder.hear(tone(2, 0.1), "b", 2.0)
    await until(lambda: bool(list(tmp_path.rglob("p01.wav"))))
    assert not list(tmp_path.rglob("p02.wav"))
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    assert sound(take / "p01.wav") == [1] * 3200


async def test_many_recordings_at_once_are_written_by_one_thread(tmp_path):
    """Twenty sessions need one thread while they run, and one that hangs at its end does not keep the others from
    theirs."""
    go, hanging = threading.Event(), h264([50])[0]

    def waits(source: Path, target: Path) -> Remuxed:
        go.wait(60)
        return remux(source, target)

    recorders = [started(tmp_path, f"session-{number}", remux=waits) for number in range(20)]
    for recorder in recorders:
        recorder.hear(tone(1, 1.0))
    recorders[0].see("a", "webcam", "h264", hanging)
    await until(lambda: all(recorder.written for recorder in recorders))
    assert [thread.name for thread in threading.enumerate()].count("recordings") == 1
    first = asyncio.ensure_future(recorders[0].close())
    await asyncio.gather(*(recorder.close() for recorder in recorders[1:]))
    assert not first.done()
    go.set()
    await first
    assert len(list(tmp_path.rglob("mixed.wav"))) == 20 and len(list(tmp_path.rglob("*.mkv"))) == 1


async def test_no_host_time_makes_a_file_grow_without_end(tmp_path):
    """Times of a thousand years cost no more silence than half a minute."""
    recorder = started(tmp_path, clock=Clock())
    for at in (0.0, 3e10, float("inf"), -3e10, 29.0, 5e300, float("nan")):
        recorder.hear(tone(7, 0.01), "a", at)
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    assert len(sound(take / "p01.wav")) < 40 * SECOND


async def test_film_begins_with_a_key_frame_and_may_change_its_size(tmp_path):
    """Joined in the middle, with garbage, a duplicate, a change of size: every frame in the file is decoded."""
    recorder = started(tmp_path, clock=Clock())
    first = h264(LEVELS[:10], gop=4)
    units = [*first[2:], b"garbage", *h264([100] * 5, 640, 360)]
    for number, unit in enumerate(units):
        recorder.see("a", "webcam", "h264", unit, number / 10)
        recorder.see("a", "webcam", "h264", unit, number / 10)
    recorder.see("a", "another source", "h264", first[0])
    recorder.see("a", "webcam", "vp8", b"what nobody knows")
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    seen = play(take / "p01-webcam.mkv")
    # two frames came before the first key frame in sight, and one more of another source, which counts as a webcam
    assert (seen.frames, seen.sizes) == (6 + 5 + 1, {(320, 180), (640, 360)})
    assert named(take)["p01-webcam.mkv"].start == pytest.approx(0.2, abs=0.01)
    assert recorder.counts["same"] == len(units) and recorder.counts["foreign"] == 2
    assert sorted(path.name for path in take.glob("*webcam*")) == ["p01-webcam.mkv"]


async def test_every_stream_of_film_is_a_file_that_plays(tmp_path):
    """A connection that breaks anywhere and comes again, with or without its beginning, leaves whole parts only."""
    recorder = started(tmp_path)
    film = fmp4(LEVELS, gop=5)
    fragments = [found.start() - 4 for found in re.finditer(b"moof", film)]
    recorder.see("", "stage", "fmp4", film[fragments[0] :])
    recorder.end("", "stage")
    for at in range(0, fragments[2] + 50, 333):
        recorder.see("", "stage", "fmp4", film[at : min(at + 333, fragments[2] + 50)])
    recorder.end("", "stage")
    recorder.see("", "stage", "fmp4", film[fragments[3] :])
    recorder.see("", "stage", "fmp4", fmp4([200] * 10, gop=5))
    recorder.see("", "stage", "fmp4", noise(8) + bytes(400))
    recorder.see("", "stage", "fmp4", bytes(100))
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    assert play(take / "mixed-stage.mp4").frames == 15
    assert play(take / "mixed-stage-2.mp4").frames == 10
    assert recorder.counts["foreign"] == 2


async def test_snapshots_are_spread_over_the_whole_meeting(tmp_path):
    """However long it lasts and however many pictures come, so many are kept, from the first to the last."""
    clock = Clock()
    recorder = started(tmp_path, clock=clock)
    recorder.person("a", "Ana")
    for number in range(400):
        recorder.see("a", "webcam", "png", png(number % 250, 64, 36), float(number))
        clock.now += 1
    for data in (b"no picture", bomb(), png(9)[:-30]):
        clock.now += PAUSE
        recorder.see("a", "webcam", "png", data)
    await recorder.close()
    (take,) = takes(tmp_path, "session-1")
    seconds = sorted(int(path.stem.rpartition("-")[2]) for path in take.glob("*.png"))
    assert MOST_SNAPSHOTS // 2 <= len(seconds) <= MOST_SNAPSHOTS
    assert seconds[0] == 0 and seconds[-1] > 300
    assert max(later - sooner for sooner, later in itertools.pairwise(seconds)) < 100
    assert named(take)["contact-sheet.jpg"].frames == len(seconds)
    assert {word: recorder.counts[word] for word in ("foreign", "too-large", "truncated")} == {
        "foreign": 1,
        "too-large": 1,
        "truncated": 1,
    }


async def test_a_second_take_leaves_the_first_alone(tmp_path):
    """Recording again, also after a restart, is a take of its own."""
    for level in (1, 2, 3):
        recorder = started(tmp_path)
        recorder.hear(tone(level, 0.1))
        await recorder.close()
        await recorder.close()
        recorder.hear(tone(9, 0.1))
        recorder.line("too late")
        assert recorder.counts == {"refused": 2}
    found = takes(tmp_path, "session-1")
    assert [take.name for take in found] == ["take-1", "take-2", "take-3"]
    assert [sound(take / "mixed.wav")[0] for take in found] == [1, 2, 3]


# ---------------------------------------------------------------- who may read it, and what it is called


async def test_only_the_owner_may_read_it_and_no_name_is_in_a_path(tmp_path):
    """Folders 0700, files 0600, whatever the umask; ids, which may be names, and sources are not in any path."""
    before = os.umask(0)
    try:
        root = tmp_path / "recordings"
        recorder = started(root)
        for person in ("Ana Duarte", "../../etc/passwd", "a/b", "\x00", "\ud800"):
            recorder.person(person, "Ana Duarte")
            recorder.hear(tone(1, 0.1), person)
            recorder.see(person, "../webcam", "png", png(9, 64, 36))
            recorder.see(person, "webcam", "h264", h264([9])[0])
        await recorder.close()
    finally:
        os.umask(before)
    everything = [root, *root.rglob("*")]
    modes = {
        path.is_dir(): {stat.S_IMODE(each.stat().st_mode) for each in everything if each.is_dir() == path.is_dir()}
        for path in everything
    }
    assert modes == {True: {0o700}, False: {0o600}}
    assert not [path for path in everything if "Ana" in path.name or "passwd" in path.name or "etc" in path.parts[-2:]]
    assert {path.parent for path in root.rglob("*.wav")} == {root / "session-1" / "take-1"}
    assert len(list(root.rglob("*.mkv"))) == 5


@pytest.mark.parametrize("session", ["..", "", "/etc", "a/../../b", "x" * 300, ".hidden", "\x00", "名前"])
async def test_any_session_is_a_folder_in_the_root(tmp_path, session):
    """A session of any name is recorded, found and forgotten inside of the folder for recordings."""
    root = tmp_path / "recordings"
    assert folder_of(root, session).parent == root
    recorder = started(root, session)
    recorder.hear(tone(1, 0.1))
    await recorder.close()
    assert len(files(root, session)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["recordings"]
    assert forget(root, session) and not forget(root, session)
    assert list(root.iterdir()) == []


async def test_forgetting_a_session_deletes_what_was_recorded(tmp_path):
    """All takes of the session go, those of others stay; a recording that shall not be kept leaves nothing."""
    for session in ("one", "one", "other"):
        recorder = started(tmp_path, session)
        recorder.hear(tone(1, 0.1))
        await recorder.close()
    assert forget(tmp_path, "one") and not forget(tmp_path, "one")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]

    recorder = started(tmp_path, "unwanted")
    recorder.hear(tone(1, 0.1))
    await recorder.close(keep=False)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


async def test_the_number_of_files_is_bounded(tmp_path):
    """People and sources beyond the bounds are left out and counted."""
    recorder = started(tmp_path)
    for number in range(MOST_PEOPLE + 10):
        recorder.hear(tone(1, 0.01), f"person {number}")
    assert recorder.counts == {"crowd": 10}
    for number in range(MOST_PEOPLE):
        recorder.see(f"person {number}", "webcam", "png", png(9, 8, 8))
        recorder.see(f"person {number}", "screenshare", "png", png(9, 8, 8))
    assert recorder.counts["crowd"] == 10 + 2 * MOST_PEOPLE - MOST_SOURCES
    await recorder.close()
    assert len(list(tmp_path.rglob("*.wav"))) == MOST_PEOPLE
