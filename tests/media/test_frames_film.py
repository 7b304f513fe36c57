"""The newest picture of a film: H.264 and fragmented MP4, through the real video process."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from server.media.fmp4 import Splitter
from server.media.frames import Frames
from server.media.kept_fmp4 import MOST_FILM
from server.media.kept_h264 import BATCH_UNITS, MOST_STRETCH, MOST_UNITS
from server.media.pictures import MediaError
from server.media.video import VideoDecoder
from server.media.video_process import MOST_WAITING
from tests.media.looking import LEVELS, seen
from tests.media.material import fmp4, h264, level_of, near, noise, png, until

pytestmark = pytest.mark.anyio


async def running(video: VideoDecoder) -> None:
    """The decoder's process runs, as it does soon after it was first needed."""
    await video.ready()


# ---------------------------------------------------------------- H.264


async def test_the_newest_unit_is_shown(film, clock):
    """Looking in the middle, again after more, and after the end, always shows the last unit that came."""
    units = h264(LEVELS)
    for number, unit in enumerate(units):
        film.put("1", "webcam", "h264", unit)
        clock.now += 0.5
        if number in (0, 3, 4, 11):
            look = await film.look("1", "webcam")
            assert near(look.jpeg, LEVELS[number]) and look.age == pytest.approx(0.5, abs=0.01)
    film.end("1", "webcam")
    look = await film.look("1", "webcam")
    assert near(look.jpeg, LEVELS[-1]) and not look.live
    decoded = film.counts["decoded"]
    assert near(await seen(film), LEVELS[-1]) and film.counts["decoded"] == decoded
    assert film.counts == {"received": 20, "decoded": 5}
    film.put("1", "webcam", "h264", units[3])
    assert near(await seen(film), LEVELS[-1])
    film.put("1", "webcam", "h264", units[0])
    assert near(await seen(film), LEVELS[0])


async def test_nothing_is_decoded_while_nobody_looks(film, video):
    """Key frames that come often enough begin the stretch anew: no process is even started."""
    for unit in h264(LEVELS * 10, gop=10):
        film.put("1", "webcam", "h264", unit)
    assert (film.counts["decoded"], video.starts) == (0, 0)
    assert film.size < 100_000


async def test_joining_in_the_middle_waits_for_a_key_frame(film):
    """Before the first key frame there is nothing to see; what came before is counted. The sets may come alone."""
    units = h264(LEVELS[:8], gop=4)
    for unit in units[1:4]:
        film.put("1", "webcam", "h264", unit)
    assert await film.look("1", "webcam") is None and film.seen() == []
    assert film.counts["waiting"] == 3
    for unit in units[4:]:
        film.put("1", "webcam", "h264", unit)
    assert near(await seen(film), LEVELS[7])


async def test_sizes_change_in_mid_stream(film):
    """A key frame of another size is shown in its own size."""
    for unit in (*h264([50] * 3, 320, 180), *h264([90] * 3, 640, 480)):
        film.put("1", "webcam", "h264", unit)
        look = await film.look("1", "webcam")
    assert (look.width, look.height) == (640, 480) and near(look.jpeg, 90)


async def test_garbage_in_a_stream_is_counted(film):
    """What is no H.264 is dropped, what cannot be decoded is counted, and what was seen last stays to be seen."""
    units = h264(LEVELS[:4])
    for unit in units[:2]:
        film.put("1", "webcam", "h264", unit)
    film.put("1", "webcam", "h264", noise(5) + b"garbage" * 40)
    assert near(await seen(film), LEVELS[1])
    film.put("1", "webcam", "h264", b"\0\0\1\x65" + noise(200))
    assert near(await seen(film), LEVELS[1])
    assert film.counts["foreign"] == 1 and film.counts["broken"] >= 1
    for unit in units:
        film.put("1", "webcam", "h264", unit)
    assert near(await seen(film), LEVELS[3])


async def test_a_duplicated_unit_is_taken_once(film):
    """The same message twice does not disturb the decoder."""
    for number, unit in enumerate(h264(LEVELS[:6])):
        film.put("1", "webcam", "h264", unit, float(number))
        film.put("1", "webcam", "h264", unit, float(number))
    assert near(await seen(film), LEVELS[5])
    assert film.counts["same"] == 6 and film.counts["broken"] == 0


async def test_a_stretch_that_grows_is_decoded_as_it_comes(film, video):
    """Without a second key frame memory stays bounded: the process follows the stream in batches, and the last unit is
    shown however late somebody looks."""
    await running(video)
    levels = [20 + number % 200 for number in range(MOST_UNITS + 3 * BATCH_UNITS + 5)]
    for unit in h264(levels, 64, 36):
        film.put("1", "webcam", "h264", unit)
    assert near(await seen(film), levels[-1])
    assert film.counts["dropped"] == film.counts["broken"] == 0
    film.end("1", "webcam")
    assert near(await seen(film), levels[-1])


async def test_what_the_process_does_not_take_is_dropped_to_the_next_key_frame(film, video):
    """While it is stuck the bound holds: what is too much is dropped and counted; the next key frame is seen."""
    await running(video)
    pid = video.pid
    unit, rest = h264(LEVELS[:2])
    big = rest + bytes(200_000)
    film.put("1", "webcam", "h264", unit)
    os.kill(pid, signal.SIGSTOP)
    try:
        most = 0
        for _ in range((MOST_WAITING + 4 * MOST_STRETCH) // len(big)):
            film.put("1", "webcam", "h264", big)
            most = max(most, film.size)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert most <= 3 * MOST_STRETCH
    assert film.counts["dropped"] > 0 and film.counts["waiting"] > 0
    film.put("1", "webcam", "h264", unit)
    await until(lambda: video._process.waiting == 0)
    assert near(await seen(film), LEVELS[0])


async def test_a_process_that_dies_costs_nothing_while_the_stretch_is_whole(film, video):
    """The stretch since the key frame is given to the next process, also when the first dies in mid-request."""
    units = h264(LEVELS)
    for unit in units[:10]:
        film.put("1", "webcam", "h264", unit)
    assert near(await seen(film), LEVELS[9])
    for unit in units[10:]:
        film.put("1", "webcam", "h264", unit)
    first = video.pid
    os.kill(first, signal.SIGSTOP)
    looking = asyncio.ensure_future(film.look("1", "webcam"))
    for _ in range(5):
        await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    assert near((await looking).jpeg, LEVELS[-1])
    assert video.starts == 2


async def test_a_process_that_dies_with_a_long_stretch_costs_the_wait_for_a_key_frame(film, video):
    """What only the dead process had is lost: the picture seen last stays, older and older, until a key frame comes."""
    await running(video)
    units = h264([60] * (MOST_UNITS + 20) + [200] * 40, 64, 36)
    for unit in units[:-40]:
        film.put("1", "webcam", "h264", unit)
    assert near(await seen(film), 60)
    os.kill(video.pid, signal.SIGKILL)
    await until(lambda: video.pid is None)
    for unit in units[-40:]:
        film.put("1", "webcam", "h264", unit)
    assert near(await seen(film), 60)
    assert film.counts["waiting"] == 40
    film.put("1", "webcam", "h264", h264([130], 64, 36)[0])
    assert near(await seen(film), 130)


async def test_without_a_decoder_it_says_so(frames):
    """No process: a look is an error with a reason; nothing else changes, and PNG is seen as ever."""
    for unit in h264(LEVELS[:4]) if pytest.importorskip("av") else ():
        frames.put("1", "webcam", "h264", unit)
        frames.put("2", "stage", "fmp4", fmp4(LEVELS[:2]))
        frames.put("3", "webcam", "png", png(40))
    for person, source in (("1", "webcam"), ("2", "stage")):
        with pytest.raises(MediaError, match="cannot be started"):
            await frames.look(person, source)
    assert near(await seen(frames, "3"), 40)


async def test_what_is_forgotten_is_forgotten_by_the_decoder_too(film, video):
    """A person who is forgotten, and a meeting that is over, leave no decoder behind."""
    for person in ("1", "2"):
        film.put(person, "webcam", "h264", h264([50])[0])
        film.put(person, "stage", "fmp4", fmp4([50] * 2))
        await seen(film, person)
    streams = list(video._held)
    film.forget("1")
    assert [video.holds(stream) for stream in streams] == [False, True]
    film.clear()
    assert not any(video.holds(stream) for stream in streams) and film.size == 0


async def test_a_stream_that_only_one_process_had_is_not_asked_of_the_next(film, video):
    """When the process dies in mid-request and the stretch was not whole any more, the look says so."""
    await running(video)
    for unit in h264([60] * (MOST_UNITS + 20), 64, 36):
        film.put("1", "webcam", "h264", unit)
    pid = video.pid
    os.kill(pid, signal.SIGSTOP)
    looking = asyncio.ensure_future(film.look("1", "webcam"))
    for _ in range(5):
        await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(MediaError) as refused:
        await looking
    assert refused.value.code == "died"
    assert await film.look("1", "webcam") is None


async def test_png_is_preferred_to_film_of_the_same_source(film, clock):
    """A source in both codings: the cheaper one is looked at, unless it has stopped."""
    film.put("1", "webcam", "png", png(40))
    clock.now += 0.5
    units = h264([200] * 3)
    film.put("1", "webcam", "h264", units[0])
    assert near(await seen(film), 40)
    clock.now += 5
    film.put("1", "webcam", "h264", units[1])
    assert near(await seen(film), 200)


# ---------------------------------------------------------------- fragmented MP4


@pytest.mark.parametrize("size", [700, 1_000_000])
async def test_the_newest_fragment_is_shown(film, clock, size):
    """Film cut anywhere: the last picture of its newest fragment, with its age, also when the fragment is one of many
    since a key frame."""
    stream = fmp4(LEVELS, gop=10, every=200)
    for at in range(0, len(stream), size):
        film.put("", "stage", "fmp4", stream[at : at + size])
    clock.now += 3
    look = await film.look("", "stage")
    assert near(look.jpeg, LEVELS[-1]) and look.age == 3.0
    film.end("", "stage")
    assert near(await seen(film, "", "stage"), LEVELS[-1])
    assert film.counts["decoded"] == 1
    assert film.size < len(stream) + 20_000


async def test_a_connection_that_ends_anywhere_leaves_what_was_whole(film):
    """A fragment that was cut off is not waited for: a new connection begins anew, with or without its beginning."""
    stream = fmp4(LEVELS[:10], gop=5)
    film.put("", "stage", "fmp4", stream[: stream.index(b"moof") + 50])
    assert await film.look("", "stage") is None
    film.end("", "stage")
    film.put("", "stage", "fmp4", stream[:-300])
    assert near(await seen(film, "", "stage"), LEVELS[4])
    film.put("", "stage", "fmp4", fmp4([200] * 5))
    assert near(await seen(film, "", "stage"), 200)
    film.put("", "stage", "fmp4", stream[:-300])
    film.end("", "stage")
    again = fmp4([99] * 5)
    film.put("", "stage", "fmp4", again[again.index(b"moof") - 4 :])
    assert near(await seen(film, "", "stage"), 99)


async def test_garbage_in_film_waits_for_a_new_beginning(film):
    """Bytes that are no MP4 are counted; the picture before them stays until a stream begins."""
    film.put("", "stage", "fmp4", fmp4(LEVELS[:5]))
    for _ in range(3):
        film.put("", "stage", "fmp4", noise(8).replace(b"f", b"g") + bytes(500))
    assert near(await seen(film, "", "stage"), LEVELS[4])
    assert film.counts["foreign"] >= 2
    film.put("", "stage", "fmp4", fmp4([200] * 2))
    assert near(await seen(film, "", "stage"), 200)


async def test_film_without_key_frames_stays_bounded(film, clock, video):
    """Fragments that never say that they begin with a key frame, or say it too seldom, are not kept without end."""
    parts = Splitter().feed(fmp4(LEVELS, gop=10, every=200))
    begin, key = (next(part.data for part in parts if part.kind == kind) for kind in ("init", "fragment"))
    delta = next(part.data for part in parts if part.kind == "fragment" and not part.key)
    at = delta.index(b"mdat") - 4
    heavy = delta[:at] + (1 << 20).to_bytes(4, "big") + b"mdat" + bytes((1 << 20) - 8)

    film.put("", "stage", "fmp4", begin + key)
    for _ in range(40):
        film.put("", "stage", "fmp4", heavy)
        assert film.size <= MOST_FILM + 10_000
    assert film.counts["dropped"] > 20
    assert level_of(await seen(film, "", "stage")) <= LEVELS[2] + 4

    unmarked = Frames(video, clock=clock)
    unmarked.put("", "stage", "fmp4", begin)
    for _ in range(40):
        unmarked.put("", "stage", "fmp4", heavy)
        assert 1 << 20 < unmarked.size <= MOST_FILM + 10_000
    assert unmarked.counts["dropped"] > 20
