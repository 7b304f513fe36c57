"""Ears: many streams, few detectors, one thread."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from server.ears.base import SAMPLE_RATE, SpeechEdge
from server.ears.detector import Detector
from server.ears.vad import VadEars
from server.ears.vad_stream import GIVE_BACK, MOST_UNHEARD
from server.media.pcm import from_float, level_dbfs
from tests.ears.hearing import hear, spans

pytestmark = pytest.mark.anyio

F = 512


def noise(seconds: float, dbfs: float, seed: int = 1) -> bytes:
    """White noise at a level."""
    rng = np.random.default_rng(seed)
    return from_float(rng.normal(0, 10 ** (dbfs / 20), round(seconds * SAMPLE_RATE)))


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE))


class Loud:
    """A detector for tests: what is louder than -40 dBFS is speech. Keeps what it was given."""

    made: list["Loud"]

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.resets = 0
        self.before: Callable[[], None] = lambda: None

    def probability(self, frame: bytes) -> float:
        self.before()
        assert len(frame) == 2 * F
        self.frames.append(frame)
        return 0.9 if level_dbfs(frame) > -40 else 0.1

    def reset(self) -> None:
        self.resets += 1


class Shop:
    """Makes detectors and remembers them."""

    def __init__(self) -> None:
        self.made: list[Loud] = []
        self.before: Callable[[], None] = lambda: None

    def __call__(self) -> Detector:
        self.made.append(Loud())
        self.made[-1].before = lambda: self.before()
        return self.made[-1]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def ears(shop: Shop, anyio_backend: str) -> AsyncIterator[VadEars]:
    made = VadEars(2, load=shop)
    yield made
    await made.close()


async def test_edges_say_where_speech_was(ears: VadEars) -> None:
    """Speech from sample 32768 to 65536 begins and ends at exactly these samples."""
    sound = noise(2.048, -70) + noise(2.048, -20) + noise(2, -70)
    (span,) = spans(await hear(ears, sound))

    assert span == (64 * F, 128 * F)


@pytest.mark.parametrize("chunk", [2, 320, 640, 1024, 1026, 3200, 60_000])
async def test_edges_do_not_depend_on_the_pieces(ears: VadEars, chunk: int) -> None:
    """Sound in pieces of any length has the same edges."""
    sound = noise(0.7, -70) + noise(0.5, -20) + noise(0.9, -70) + silence(0.51) + noise(0.6, -25) + noise(1, -70)
    expected = await hear(ears, sound)
    assert len(expected) == 4

    assert await hear(ears, sound, chunk) == expected


async def test_edges_come_on_the_loop_with_their_level(ears: VadEars) -> None:
    """The callback runs on the event loop's thread; the level is that of the speech."""
    where, edges = set(), []

    def on_edge(edge: SpeechEdge) -> None:
        where.add(threading.current_thread())
        edges.append(edge)

    stream = ears.stream(on_edge)
    stream.feed(noise(1, -20) + noise(1, -70))
    await ears.settle()

    assert where == {threading.current_thread()}
    assert [edge.level for edge in edges] == pytest.approx([-20, -20], abs=0.5)


async def test_digital_silence_costs_nothing(ears: VadEars) -> None:
    """Zeros are counted, not judged; the samples after them have the right numbers."""
    edges: list[SpeechEdge] = []
    stream = ears.stream(edges.append)
    for _ in range(50 * 600):
        stream.feed(bytes(640))
    await ears.settle()
    assert ears.stats.frames == 0 and ears.stats.dropped == 0

    stream.feed(noise(0.512, -20))
    stream.feed(silence(600))
    await ears.settle()
    assert spans(edges) == [(600 * SAMPLE_RATE, 600 * SAMPLE_RATE + 16 * F)]
    assert ears.stats.frames == 16 and ears.stats.lent == 0


async def test_silence_ends_speech(ears: VadEars) -> None:
    """Zeros right after speech end it, without a detector being asked."""
    edges: list[SpeechEdge] = []
    stream = ears.stream(edges.append)
    stream.feed(noise(0.512, -20))
    for _ in range(15):
        stream.feed(bytes(640))
    await ears.settle()

    assert spans(edges) == [(0, 16 * F)]
    assert ears.stats.detector_frames == 16


async def test_a_quiet_room_needs_no_detector(ears: VadEars) -> None:
    """A stream that stays near its floor never borrows one."""
    await hear(ears, noise(10, -60))

    assert ears.stats.frames > 300
    assert ears.stats.detector_frames == 0


async def test_a_detector_hears_the_past_and_is_given_back(ears: VadEars, shop: Shop) -> None:
    """It is lent with 300 ms of what came before, and returns, reset, a second after speech."""
    sound = noise(2.048, -70) + noise(0.512, -20) + noise(4, -70)
    await hear(ears, sound)
    (used,) = (detector for detector in shop.made if detector.frames)

    first = sound.index(used.frames[0])
    assert 2.048 - 0.33 <= first / 2 / SAMPLE_RATE <= 2.048 - 0.2
    assert len(used.frames) <= 10 + 16 + GIVE_BACK
    assert used.resets == 1 and ears.stats.lent == 0


async def test_without_a_free_detector_level_decides(ears: VadEars, shop: Shop) -> None:
    """With two detectors and four who speak at once, two are judged by level; all of them are heard."""
    sound = noise(1.024, -70) + noise(1.024, -20) + noise(2, -70)
    await hear(ears, sound)
    edges: list[list[SpeechEdge]] = [[], [], [], []]
    streams = [ears.stream(found.append) for found in edges]
    for part in (sound[: 2 * 48 * F], sound[2 * 48 * F :]):
        for stream in streams:
            stream.feed(part)
        await ears.settle()

    assert [spans(found) for found in edges] == [[(32 * F, 64 * F)]] * 4
    assert ears.stats.pool_empty == 2 and ears.stats.most_lent == 2 and ears.stats.energy_frames > 0
    assert len(shop.made) == 2


async def test_a_stream_takes_the_detector_that_becomes_free(ears: VadEars) -> None:
    """A stream judged by level in mid-speech goes on with a detector as soon as one is given back."""
    talk = noise(1, -20)
    streams = [ears.stream(lambda edge: None) for _ in range(3)]
    for stream in streams:
        stream.feed(talk)
        await ears.settle()
    before = ears.stats
    assert before.pool_empty >= 1
    streams[0].close()
    await ears.settle()
    streams[2].feed(talk)
    await ears.settle()

    assert ears.stats.detector_frames - before.detector_frames >= 30


async def test_a_detector_that_breaks_is_replaced_by_level(ears: VadEars, shop: Shop) -> None:
    """An exception in the net is counted and speech is heard all the same."""

    def explode() -> None:
        raise RuntimeError("the net is broken")

    shop.before = explode
    sound = noise(1.024, -70) + noise(1.024, -20) + noise(2, -70)

    assert spans(await hear(ears, sound)) == [(32 * F, 64 * F)]
    assert ears.stats.failures >= 1 and ears.stats.lent == 0


@pytest.mark.parametrize("error", [ImportError, RuntimeError])
async def test_without_any_detector_we_still_hear(error: type[Exception]) -> None:
    """No package for this platform, or a net that does not load: level decides."""

    def load() -> Detector:
        raise error("none")

    ears = VadEars(4, load=load)
    found = await hear(ears, noise(1.024, -70) + noise(1.024, -20) + noise(2, -70))
    await ears.close()

    assert spans(found) == [(32 * F, 64 * F)]
    assert ears.stats.failures == 1


async def test_the_oldest_unheard_sound_is_dropped(ears: VadEars, shop: Shop) -> None:
    """When the thread is stuck, a stream keeps four seconds; what follows keeps its place in time."""
    stuck, free = threading.Event(), threading.Event()

    def wait() -> None:
        stuck.set()
        assert free.wait(30)

    shop.before = wait
    edges: list[SpeechEdge] = []
    blocker = ears.stream(lambda edge: None)
    stream = ears.stream(edges.append)
    blocker.feed(noise(0.512, -20))
    await asyncio.to_thread(stuck.wait, 30)
    for part in range(80):
        stream.feed(noise(0.1, -20 if part < 20 else -70, seed=part))
    for part in range(5):
        stream.feed(noise(0.512, -20 if part == 2 else -70, seed=part))
    free.set()
    await ears.settle()

    fed = 8 * SAMPLE_RATE + 5 * 16 * F
    assert fed - MOST_UNHEARD <= ears.stats.dropped < fed - MOST_UNHEARD + 1601
    (span,) = spans(edges)
    assert abs(span[0] - (8 * SAMPLE_RATE + 32 * F)) <= F and abs(span[1] - (8 * SAMPLE_RATE + 48 * F)) <= F


async def test_a_listener_that_fails_does_not_hurt_the_others(ears: VadEars) -> None:
    """Its exception goes to the loop's handler; everybody else gets their edges."""
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))

    def fail(edge: SpeechEdge) -> None:
        raise RuntimeError("no")

    edges: list[SpeechEdge] = []
    streams = [ears.stream(fail), ears.stream(edges.append)]
    for stream in streams:
        stream.feed(noise(1, -20) + noise(1, -70))
    await ears.settle()

    assert len(edges) == 2 and len(told) == 2


async def test_a_closed_stream_is_silent(ears: VadEars) -> None:
    """Nothing is delivered after close, its detector is free, and feeding or closing again does nothing."""
    edges: list[SpeechEdge] = []
    stream = ears.stream(edges.append)
    stream.feed(noise(1, -20))
    stream.close()
    stream.close()
    stream.feed(noise(1, -20))
    await ears.settle()

    assert edges == [] and ears.stats.lent == 0


async def test_closed_ears_take_no_streams(ears: VadEars) -> None:
    """Closing twice is closing once; the thread is gone and streams may still be fed."""
    stream = ears.stream(lambda edge: None)
    await ears.close()
    await ears.close()
    stream.feed(noise(1, -20))
    stream.close()

    assert not any(thread.name == "ears-vad" for thread in threading.enumerate())
    with pytest.raises(RuntimeError):
        ears.stream(lambda edge: None)
