"""Decoded video, in its real process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.media.pictures import MediaError
from server.media.video import MOST_STREAMS, VideoDecoder
from server.media.video_process import COMMAND, MOST_WAITING, environment
from server.media.video_wire import Answer, Ask, Timed, body_length, frame
from tests.media.material import fmp4, h264, near, noise, until

pytestmark = pytest.mark.anyio

LEVELS = [20 + 10 * number for number in range(20)]

# Processes that speak the protocol and then misbehave.
SAYS_HELLO = """
import sys, time
from server.media.video_wire import *
def write(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
write(frame_json(Answer.HELLO, 0, {"version": VERSION, "engine": "a process of the tests"}))
sys.stdin.buffer.read(9)
"""
BABBLES = SAYS_HELLO + "write(b'no frame at all, but long enough'); time.sleep(600)"
OUT_OF_TURN = SAYS_HELLO + "write(frame(Answer.DONE, 77, pack_number(0))); time.sleep(600)"
OLD = SAYS_HELLO.replace(": VERSION", ": 0")
NEVER_STARTS = "import time; time.sleep(600)"
NO_AV = "import sys; sys.modules['av'] = None\nfrom server.media.video_helper import main\nsys.exit(main())"
# Does its work, but dies over one stream: whatever the server numbers 1.
DIES = """
import os
import server.media.video_helper as helper
answer = helper.Desk.answer
def dying(self, kind, number, payload):
    if payload[:4] == (1).to_bytes(4, "big"):
        os._exit(9)
    return answer(self, kind, number, payload)
helper.Desk.answer = dying
os._exit(helper.main())
"""
HANGS_WITHOUT_US = """
import os, time
import server.media.video_helper as helper
helper._GRACE = 0.1
helper.Desk.answer = lambda *_: time.sleep(600)
os._exit(helper.main())
"""


def script(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


@asynccontextmanager
async def decoder(text: str = "", **deadlines: float) -> AsyncIterator[VideoDecoder]:
    made = VideoDecoder(
        command=script(text) if text else COMMAND,
        **{"start_deadline": 60.0, "patience": 60.0, "look_deadline": 60.0, **deadlines},
    )
    try:
        yield made
    finally:
        await made.close()


def timed(units: list[bytes], first: int = 1000) -> list[Timed]:
    return [Timed(first + number, unit) for number, unit in enumerate(units)]


async def fed(video: VideoDecoder, units: list[bytes], *, end: bool = False) -> int:
    """A new stream that has these units."""
    stream = video.stream()
    await video.ready(stream)
    assert video.feed(stream, timed(units), fresh=True, end=end)
    return stream


def limits(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except OSError:
        pytest.skip("no /proc here")
    return {line[:25].strip(): line[26:46].strip() for line in lines}


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


# ---------------------------------------------------------------- decoding


@pytest.mark.parametrize("end", [False, True])
async def test_the_newest_picture_is_the_last_unit(video, end):
    """The picture of the very last unit is there, whether the stream goes on or ends, with the time it came."""
    stream = await fed(video, h264(LEVELS), end=end)
    picture = await video.picture(stream, 160)
    assert near(picture.still.jpeg, LEVELS[-1])
    assert (picture.still.width, picture.still.height, picture.broken) == (160, 90, 0)
    assert picture.ms == 1000 + len(LEVELS) - 1


async def test_a_stream_is_decoded_piece_by_piece(video):
    """Units handed over in pieces, between looks, are one stream; several units in one message are all decoded."""
    units = h264(LEVELS)
    stream = await fed(video, units[:5])
    assert near((await video.picture(stream, 100)).still.jpeg, LEVELS[4])
    assert video.feed(stream, timed(units[5:9]))
    assert near((await video.picture(stream, 100)).still.jpeg, LEVELS[8])
    assert video.feed(stream, timed([b"".join(units[9:12])]))
    picture = await video.picture(stream, 100)
    assert near(picture.still.jpeg, LEVELS[11]) and picture.broken == 0


async def test_streams_do_not_mix(video):
    """Many streams, their units interleaved, each keep their own picture."""
    streams = [(await fed(video, units[:1]), units) for units in (h264([40 * n] * 3 + [40 * n + 20]) for n in range(5))]
    for number in range(1, 4):
        for stream, units in streams:
            assert video.feed(stream, timed(units[number : number + 1]))
    pictures = await asyncio.gather(*(video.picture(stream, 100) for stream, _ in streams))
    assert all(near(picture.still.jpeg, 40 * n + 20) for n, picture in enumerate(pictures))


async def test_a_change_of_size_in_mid_stream(video):
    """A key frame of another size goes on where the last one was."""
    stream = await fed(video, h264([50] * 3, 320, 180) + h264([90] * 3, 640, 480))
    picture = await video.picture(stream, 1024)
    assert (picture.still.width, picture.still.height) == (640, 480) and near(picture.still.jpeg, 90)


async def test_garbage_costs_pictures_and_nothing_else(video):
    """Noise between units, and in them, is counted; the next key frame is seen again."""
    units = h264(LEVELS[:8], gop=4)
    rubbish = [b"\0\0\0\1\x65" + noise(400), noise(300), b"\0\0\1\x67" + noise(40), b"", b"\0\0\1\x61\xff"]
    damaged = [unit[:30] + noise(len(unit)) for unit in units[1:4]]
    stream = await fed(video, [units[0], *rubbish, *damaged, *units[4:]])
    picture = await video.picture(stream, 100)
    assert near(picture.still.jpeg, LEVELS[7]) and picture.broken > 0

    nothing = await fed(video, rubbish)
    with pytest.raises(MediaError) as refused:
        await video.picture(nothing, 100)
    assert refused.value.code == "damaged"
    assert video.starts == 1


async def test_joining_in_the_middle_shows_nothing_before_a_key_frame(video):
    """Units without their key frame are no picture; from the key frame on they are."""
    units = h264(LEVELS[:8], gop=4)
    stream = await fed(video, units[1:4])
    with pytest.raises(MediaError):
        await video.picture(stream, 100)
    assert video.feed(stream, timed(units[4:]))
    assert near((await video.picture(stream, 100)).still.jpeg, LEVELS[7])


async def test_a_picture_of_too_many_pixels_is_refused(video):
    """A stream that says its pictures are huge is damaged; the process lives on."""
    stream = await fed(video, h264([50], 4096, 2400))
    with pytest.raises(MediaError, match="decoded"):
        await video.picture(stream, 100)
    assert near((await video.picture(await fed(video, h264([50])), 100)).still.jpeg, 50)
    assert video.starts == 1


async def test_the_last_picture_of_a_film(video):
    """Of a piece of fragmented MP4 the very last picture is shown, also when the piece is cut off behind it."""
    film = fmp4(LEVELS)
    for piece in (film, film + b"\0\0\7\0moof" + bytes(40)):
        picture = await video.film(video.stream(), piece, 100)
        assert near(picture.still.jpeg, LEVELS[-1])
    for nothing in (b"", noise(5000), film[:200], film[: film.index(b"moof") - 4]):
        with pytest.raises(MediaError) as refused:
            await video.film(video.stream(), nothing, 100)
        assert refused.value.code == "damaged"


# ---------------------------------------------------------------- the process


async def test_a_process_killed_in_mid_request_is_replaced(video):
    """Whoever waits is told at once; what it had is gone; the next stream gets a new process."""
    stream = await fed(video, h264(LEVELS))
    first = video.pid
    os.kill(first, signal.SIGSTOP)
    looking = asyncio.ensure_future(video.picture(stream, 100))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(MediaError) as refused:
        await looking
    assert refused.value.code == "died"
    assert not video.holds(stream) and video.pid is None

    again = await fed(video, h264(LEVELS))
    assert near((await video.picture(again, 100)).still.jpeg, LEVELS[-1])
    assert video.pid not in (None, first) and video.starts == 2


async def test_a_process_that_hangs_is_killed():
    """No answer within the patience: it is ended although nobody looks, and the next one works."""
    pytest.importorskip("av", reason="the extra 'video' is not installed")
    async with decoder(patience=0.3) as video:
        await video.check()
        first = video.pid
        os.kill(first, signal.SIGSTOP)
        assert video.feed(video.stream(), timed(h264([50])), fresh=True)
        await until(lambda: video.pid is None)
        video._patience = 60.0  # the next one may be slow, on a busy machine
        stream = await fed(video, h264(LEVELS[:3]))
        assert near((await video.picture(stream, 100)).still.jpeg, LEVELS[2])
        assert video.starts == 2
    assert gone(first)


async def test_a_look_does_not_wait_for_ever():
    """A picture that does not come within the deadline is an error, and its late answer disturbs nobody."""
    async with decoder(look_deadline=0.2) as video:
        stream = await fed(video, h264(LEVELS[:3]))
        os.kill(video.pid, signal.SIGSTOP)
        with pytest.raises(MediaError) as refused:
            await video.picture(stream, 100)
        os.kill(video.pid, signal.SIGCONT)
        assert refused.value.code == "busy"
        video._look_deadline = 60.0
        assert near((await video.picture(stream, 100)).still.jpeg, LEVELS[2])
        assert video.starts == 1


@pytest.mark.parametrize(
    ("text", "code"), [(BABBLES, "died"), (OUT_OF_TURN, "died"), (OLD, "died"), ("raise SystemExit(1)", "died")]
)
async def test_a_process_out_of_step_is_ended(text, code):
    """What is no answer, an answer to nothing, another version, an early end: nobody waits for ever."""
    async with decoder(text) as video:
        with pytest.raises(MediaError) as refused:
            await video.film(1, b"film", 100)
        assert refused.value.code == code


async def test_a_process_that_never_starts_is_ended():
    """Silence at the start is an error after its deadline; who only feeds is told that nothing is taken."""
    async with decoder(NEVER_STARTS, start_deadline=0.3) as video:
        assert not video.feed(1, timed([b"unit"]), fresh=True)
        with pytest.raises(MediaError) as refused:
            await video.check()
        assert refused.value.code == "stuck"


async def test_a_command_that_does_not_exist_is_an_error():
    """No such program: a plain error."""
    video = VideoDecoder(command=("/nowhere/python",))
    with pytest.raises(MediaError, match="cannot be started"):
        await video.check()
    await video.close()


async def test_without_the_library_it_says_what_to_do():
    """PyAV is not installed: one clear sentence, at every attempt, and no process is started again for it."""
    async with decoder(NO_AV) as video:
        for _ in range(3):
            with pytest.raises(MediaError, match=r"pip install 'parley\[video\]'") as refused:
                await video.ready()
            assert refused.value.code == "missing"
            assert not video.feed(1, timed([b"unit"]), fresh=True)
        assert video.starts == 0


async def test_a_stream_of_which_the_process_dies_is_barred():
    """After two deaths over the same stream it is refused; the others are decoded."""
    pytest.importorskip("av", reason="the extra 'video' is not installed")
    async with decoder(DIES) as video:
        poison, good = video.stream(), h264(LEVELS[:3])
        for _ in range(2):
            await video.ready(poison)
            assert video.feed(poison, timed(good), fresh=True)
            with pytest.raises(MediaError):
                await video.picture(poison, 100)
        stream = await fed(video, good)
        with pytest.raises(MediaError) as refused:
            await video.ready(poison)
        assert refused.value.code == "barred"
        assert not video.feed(poison, timed(good), fresh=True)
        assert near((await video.picture(stream, 100)).still.jpeg, LEVELS[2])
        assert video.starts == 3


async def test_only_so_many_streams_have_a_decoder(video):
    """One more than the bound: the one fed longest ago is given up, and is told so."""
    units = h264([50])
    streams = [await fed(video, units) for _ in range(MOST_STREAMS + 1)]
    assert [video.holds(stream) for stream in streams] == [False] + [True] * MOST_STREAMS
    assert not video.feed(streams[0], timed(units))
    assert video.feed(streams[0], timed(units), fresh=True)
    assert not video.holds(streams[1])
    video.drop(streams[0])
    assert not video.holds(streams[0])
    assert near((await video.picture(streams[-1], 100)).still.jpeg, 50)


async def test_a_slow_process_is_not_drowned(video):
    """With too much in the pipe nothing more is taken, neither units nor film."""
    stream = await fed(video, h264([50]))
    await video.picture(stream, 100)
    pid = video.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        taken = 0
        while video.feed(stream, timed([b"\0\0\1\x61" + bytes(1 << 20)])):
            taken += 1
            assert taken < 40
        assert MOST_WAITING >> 20 <= taken <= (MOST_WAITING >> 20) + 2
        with pytest.raises(MediaError) as refused:
            await video.film(stream, b"film", 100)
        assert refused.value.code == "busy"
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_closing_ends_the_process():
    """After close the process is gone, a second close does nothing, and looking is refused politely."""
    video = VideoDecoder(start_deadline=60.0)
    pytest.importorskip("av", reason="the extra 'video' is not installed")
    assert (await video.check()).startswith("video: PyAV")
    pid = video.pid
    await video.close()
    await video.close()
    assert gone(pid)
    with pytest.raises(MediaError):
        await video.check()


async def test_the_process_is_confined(video):
    """Its memory is limited and it writes no core file."""
    await video.check()
    found = limits(video.pid)
    assert found["Max core file size"] == "0" and int(found["Max address space"]) == 3 << 30


def test_the_server_never_loads_the_library():
    """Importing everything of media does not import PyAV: the GPL part stays in the helper."""
    code = (
        "import sys, server.media.frames, server.media.sheet, server.media.recorder;"
        "print([m for m in sys.modules if m.split('.')[0] == 'av' or m == 'server.media.video_helper'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_process_learns_no_keys():
    """Of our environment the process gets only what it needs to run."""
    chosen = environment({"PATH": "/bin", "RECALL_API_KEY": "k", "PARLEY_SECRET": "s", "LANG": "C"})
    assert set(chosen) == {"PATH", "LANG", "PYTHONPATH"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 0),
        (b"not", 0),
        (b"not a frame at all", 2),
        (frame(99, 1), 2),
        (frame(Ask.LOOK, 1), 2),
        (frame(Ask.UNITS, 1, bytes(4) + b"\0" + bytes(8) + b"\0\0\1\0"), 2),
    ],
)
def test_the_process_ends_with_its_input(sent, status):
    """It says hello, and is gone when the server is, or when the server does not speak its language."""
    pytest.importorskip("av", reason="the extra 'video' is not installed")
    done = subprocess.run(list(COMMAND), input=sent, capture_output=True, timeout=60)
    length, kind, number = body_length(done.stdout[:9])
    assert (kind, number) == (Answer.HELLO, 0) and b"PyAV" in done.stdout[9 : 9 + length]
    assert done.returncode == status


def test_the_process_ends_with_its_input_even_when_it_hangs():
    """A process in the middle of something is gone soon after the server is."""
    pytest.importorskip("av", reason="the extra 'video' is not installed")
    asked = b"".join(frame(Ask.CLOSE, number, bytes(4)) for number in range(1, 4))
    done = subprocess.run(script(HANGS_WITHOUT_US), input=asked, capture_output=True, timeout=60)
    assert done.returncode == 0
