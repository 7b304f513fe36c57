"""The newest picture of every person: what is kept, and what somebody sees who looks."""

from __future__ import annotations

import asyncio

import pytest

from server.media.frames import Frames
from server.media.pictures import MediaError
from server.media.video import VideoDecoder
from tests.media.looking import LEVELS, seen
from tests.media.material import bomb, near, noise, png

pytestmark = pytest.mark.anyio


# ---------------------------------------------------------------- PNG


async def test_the_newest_png_is_shown(frames, clock):
    """The last of many, with its age, for each person and source by itself; only what is looked at is decoded."""
    for level in LEVELS:
        frames.put("1", "webcam", "png", png(level))
        frames.put("1", "screenshare", "png", png(level // 2, 1280, 720))
        frames.put("2", "webcam", "png", png(255 - level))
        clock.now += 0.5
    look = await frames.look("1", "webcam", 160)
    assert near(look.jpeg, LEVELS[-1]) and (look.width, look.height) == (160, 90)
    assert (look.age, look.steady, look.changed, look.live) == (0.5, 0.5, True, True)
    assert near(await seen(frames, "2"), 255 - LEVELS[-1])
    assert near(await seen(frames, "1", "screenshare"), LEVELS[-1] // 2)
    assert frames.counts == {"received": 60, "decoded": 3}


async def test_nothing_is_seen_of_who_sends_nothing(frames):
    """A person without pictures is no error."""
    assert await frames.look("1", "webcam") is None
    frames.put("1", "webcam", "png", b"no picture")
    assert await frames.look("1", "webcam") is None
    assert frames.seen() == []


@pytest.mark.parametrize(
    ("data", "word"), [(png(9)[:-30], "truncated"), (bomb(), "too-large"), (b"\0" * 100, "foreign")]
)
async def test_a_bad_png_does_not_take_the_place_of_a_good_one(frames, data, word):
    """Cut off, a bomb or garbage: counted, and the picture before it stays."""
    frames.put("1", "webcam", "png", png(100))
    frames.put("1", "webcam", "png", data)
    assert near(await seen(frames), 100)
    assert frames.counts[word] == 1


async def test_a_png_that_is_damaged_inside_is_refused_to_who_looks(frames):
    """What the header does not tell is told by the look, in a sentence, and the next picture is seen."""
    whole = png(100)
    at = whole.index(b"IDAT")
    frames.put("1", "webcam", "png", whole[: at + 8] + b"\xff\xff" + whole[at + 10 :])
    with pytest.raises(MediaError, match="damaged"):
        await frames.look("1", "webcam")
    frames.put("1", "webcam", "png", png(90))
    assert near(await seen(frames), 90)


async def test_looking_twice_decodes_once(frames):
    """The same picture in the same size is not decoded again, also when several look at once."""
    frames.put("1", "webcam", "png", png(100))
    await asyncio.gather(*(frames.look("1", "webcam", 160) for _ in range(5)))
    assert frames.counts["decoded"] == 1
    await frames.look("1", "webcam", 100)
    assert frames.counts["decoded"] == 2


async def test_a_look_says_whether_it_changed_and_for_how_long_it_stood(frames, clock):
    """The very same picture again, or another coding of the same slide, has not changed; another slide has."""

    def slide(level: int, width: int = 1280) -> None:
        frames.put("1", "screenshare", "png", png(level, width, width * 9 // 16))

    async def look(glance: bool = False) -> tuple[bool, float, float]:
        found = await frames.look("1", "screenshare", glance=glance)
        assert found is not None
        return found.changed, found.steady, found.age

    slide(100)
    clock.now += 10
    slide(100)
    clock.now += 2
    assert await look() == (True, 12.0, 2.0)
    assert frames.counts["same"] == 1
    slide(101, 640)
    clock.now += 1
    assert await look() == (False, 13.0, 1.0)
    slide(180)
    clock.now += 1
    assert await look(glance=True) == (True, 1.0, 1.0)
    assert await look(glance=True) == (True, 1.0, 1.0)
    assert await look() == (True, 1.0, 1.0)
    assert await look() == (False, 1.0, 1.0)


async def test_of_two_pngs_the_later_one_by_the_hosts_time_is_the_newer(frames):
    """Reordered and duplicated events: an older picture does not replace a newer one. A new count begins anew."""
    for at, level in ((5.0, 100), (4.5, 50), (5.0, 100)):
        frames.put("1", "webcam", "png", png(level), at)
    assert near(await seen(frames), 100)
    assert (frames.counts["late"], frames.counts["same"]) == (1, 1)
    frames.put("1", "webcam", "png", png(60), 400.0)
    frames.put("1", "webcam", "png", png(70), 0.5)
    assert near(await seen(frames), 70)


async def test_the_last_picture_stays_when_the_camera_goes_off(frames, clock):
    """After the end the last picture can be looked at, and says that nothing more comes, until something does."""
    frames.put("1", "webcam", "png", png(100))
    frames.end("1", "webcam")
    frames.end("1", "screenshare")
    clock.now += 60
    look = await frames.look("1", "webcam")
    assert near(look.jpeg, 100) and (look.live, look.age) == (False, 60.0)
    assert [(each.person_id, each.live) for each in frames.seen()] == [("1", False)]
    frames.put("1", "webcam", "png", png(100))
    assert [(each.age, each.live) for each in frames.seen()] == [(0.0, True)]


async def test_memory_is_bounded(clock, anyio_backend):
    """So many sources and so many bytes: beyond that the stillest are forgotten and counted, the newest kept."""
    frames = Frames(VideoDecoder(), clock=clock, most_sources=10, most_bytes=300_000)
    for number in range(30):
        clock.now += 1
        frames.put(str(number), "webcam", "png", png(100, 64, 36))
    assert [each.person_id for each in frames.seen()] == [str(number) for number in range(29, 19, -1)]
    assert frames.counts["forgotten"] == 20

    heavy = png(50, 64, 36)[:-12] + noise(100_000) + png(50, 64, 36)[-12:]
    for number in range(10):
        clock.now += 1
        frames.put(f"heavy {number}", "webcam", "png", heavy)
        assert frames.size <= 300_000
    assert {each.person_id for each in frames.seen()} == {"heavy 8", "heavy 9"}
    frames.forget("heavy 9")
    assert [each.person_id for each in frames.seen()] == ["heavy 8"]
    frames.clear()
    assert (frames.size, frames.seen()) == (0, [])


async def test_one_picture_beyond_the_bound_is_not_kept(clock, anyio_backend):
    """A meeting that may hold less than one picture holds none, and goes on."""
    frames = Frames(VideoDecoder(), clock=clock, most_bytes=100)
    frames.put("1", "webcam", "png", png(100))
    assert frames.size == 0 and await frames.look("1", "webcam") is None


async def test_forgetting_while_somebody_looks_is_no_error(frames):
    """The look ends as it began, and what is forgotten is not held."""
    frames.put("1", "webcam", "png", png(100))
    looking = asyncio.ensure_future(frames.look("1", "webcam"))
    await asyncio.sleep(0)
    frames.forget("1")
    assert near((await looking).jpeg, 100)
    assert frames.size == 0
