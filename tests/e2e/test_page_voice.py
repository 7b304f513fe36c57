"""What the page plays, heard at its output and compared with what it says it played."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from server.core.messages import Continue, Duck, Flush, Pause, Resume, State, Welcome
from tests.page_backend import RATE, ramp, speech
from tests.page_stage import joined, parted

pytestmark = pytest.mark.browser


def ended(backend, reply=1):
    return backend.wait("played", lambda m: m["ended"] and m["reply"] == reply)


def test_a_reply_is_played_whole_and_counted_to_the_sample(seat, backend):
    """
    What leaves the page is what was sent, each sample once, and the last report says so.
    """
    seat.open()
    sound = ramp(1.5)
    backend.say(sound)

    assert ended(backend)["samples"] == len(sound)
    seat.page.wait_for_timeout(200)
    assert np.array_equal(joined(seat.heard()), sound)
    reports = [m["samples"] for m in backend.of("played")]
    assert reports == sorted(reports)
    assert backend.of("played")[-1]["underruns"] == 0


def test_reports_are_frequent_while_it_speaks(seat, backend):
    """
    Two seconds of speech bring reports at the rate of one per 100 ms or better, beginning near the first sample.
    """
    seat.open()
    backend.stream(speech(2.0))
    ended(backend)
    reports = backend.of("played")
    assert len(reports) >= 20
    assert reports[0]["samples"] < RATE * 0.1


def test_pause_holds_and_continue_goes_on_from_the_exact_sample(seat, backend):
    """
    Before the gap as many samples were heard as reported; after it the next one follows.
    """
    seat.open()
    sound = ramp(1.2)
    backend.say(sound)
    backend.wait("played", lambda m: m["samples"] > 8000)
    backend.send(Pause(1, 1))
    seat.page.wait_for_function("() => parley.state.paused")
    backend.clear()
    held = seat.state()["played"]
    seat.page.wait_for_timeout(400)
    assert seat.state()["played"] == held
    backend.send(Continue(1, 1))

    assert ended(backend)["samples"] == len(sound)
    seat.page.wait_for_timeout(200)
    before, after = parted(seat.heard())
    first = joined(before)
    # 20 ms fade out, 5 ms fade in: outside of them every sample is the one it should be.
    assert np.array_equal(first[: held - 490], sound[: held - 490])
    rest = joined(after)
    assert abs(len(first) - held) <= 1
    assert np.array_equal(rest[-(len(sound) - held - 130) :], sound[held + 130 :])
    assert len(sound) - held - len(rest) in range(0, 4), "the fade begins at zero"


def test_flush_stops_at_once_and_old_sound_stays_out(seat, backend):
    """
    The answer says how much was heard, nothing of the old epoch sounds again, and the next reply plays.
    """
    seat.open()
    backend.say(ramp(1.2), end=False)
    backend.wait("played", lambda m: m["samples"] > 6000)
    backend.send(Flush(2))
    flushed = backend.wait("flushed")
    assert (flushed["epoch"], flushed["reply"]) == (1, 1)
    backend.say(ramp(0.5), epoch=1, first=28_800, begin=False)
    seat.page.wait_for_timeout(300)
    heard = joined(seat.heard())
    assert abs(len(heard) - flushed["samples"]) <= 130, "the count errs by no more than the 5 ms fade"
    faded = len(heard) - 260
    assert np.array_equal(heard[:faded], ramp(1.2)[:faded])

    backend.say(ramp(0.3), epoch=2, reply=2)
    assert ended(backend, 2)["samples"] == 7200


def test_a_flush_of_silence_is_answered_too(seat, backend):
    """
    With nothing playing the page answers with zeros.
    """
    seat.open()
    backend.send(Flush(7))
    assert backend.wait("flushed") == {"type": "flushed", "epoch": 0, "reply": 0, "samples": 0}


def test_duck_lowers_the_voice_and_brings_it_back(seat, backend):
    """
    -12 dB is a quarter of the amplitude; 0 dB is all of it; the position is not touched.
    """
    seat.open()
    tone = np.full(int(RATE * 2.0), 20_000, dtype="<i2")
    backend.say(tone)
    backend.wait("played", lambda m: m["samples"] > 8000)
    backend.send(Duck(-12, 30))
    backend.wait("played", lambda m: m["samples"] > 24_000)
    backend.send(Duck(0, 30))
    assert ended(backend)["samples"] == len(tone)
    seat.page.wait_for_timeout(200)
    values = np.concatenate([v for _, v in seat.heard()])
    assert abs(values[2000] - 20_000) < 5
    assert abs(int(np.median(values[16_000:23_000])) - 20_000 * 10 ** (-12 / 20)) < 30
    assert abs(values[-3000] - 20_000) < 5


def test_a_late_line_makes_a_gap_but_loses_nothing(seat, backend):
    """
    After an underrun the sound goes on with the next sample; the underrun is counted and the gap is not.
    """
    seat.open()
    sound = ramp(1.0)
    backend.say(sound[:12_000], end=False)
    backend.wait("played", lambda m: m["samples"] == 12_000)
    backend.wait("played", lambda m: m["underruns"] == 1)
    backend.say(sound[12_000:], first=12_000, begin=False)
    last = ended(backend)
    assert last["samples"] == len(sound)
    assert last["underruns"] == 1
    seat.page.wait_for_timeout(200)
    assert np.array_equal(joined(seat.heard()), sound)


def test_a_lost_socket_in_mid_sentence_repeats_and_skips_nothing(seat, backend):
    """
    The page says where it is, the backend sends from there, and every sample is heard once.
    """
    backend.welcome = lambda hello: Welcome(
        session="s1", name="Parley", epoch=1, state="speaking",
        resume=Resume(**hello["resume"]) if hello["resume"] else None,
    )  # fmt: skip
    seat.open()
    sound = ramp(1.2)
    stop = backend.stream(sound, ahead=0.4)
    backend.wait("played", lambda m: m["samples"] > 9000)
    stop.set()
    backend.drop()
    backend.connected(2)
    at = backend.hellos[-1]["resume"]
    assert (at["epoch"], at["reply"]) == (1, 1)
    backend.say(sound[at["played"] :], first=at["played"], begin=False)
    assert ended(backend)["samples"] == len(sound)
    seat.page.wait_for_timeout(200)
    assert np.array_equal(joined(seat.heard()), sound)
    assert seat.page.evaluate("parley.events.some((e) => e.type === 'connection' && e.state === 'lost')")


def test_a_reload_goes_on_where_it_was(seat, backend):
    """
    The new page says how far the old one came, and starts with the very next sample.
    """
    backend.welcome = lambda hello: Welcome(
        session="s1", name="Parley", epoch=1, state="speaking",
        resume=Resume(**hello["resume"]) if hello["resume"] else None,
    )  # fmt: skip
    seat.open()
    sound = ramp(1.2)
    backend.say(sound)
    backend.wait("played", lambda m: m["samples"] > 9000)
    last = backend.of("played")[-1]["samples"]
    seat.page.reload()
    backend.connected(2)
    at = backend.hellos[-1]["resume"]["played"]
    assert last <= at < len(sound)
    seat.ready()
    backend.say(sound[at:], first=at, begin=False)
    assert ended(backend)["samples"] == len(sound)
    seat.page.wait_for_timeout(200)
    assert np.array_equal(joined(seat.heard()), sound[at:])


def test_what_the_backend_forgot_is_played_to_its_end(seat, backend):
    """
    A backend that names no reply after a loss hears of the end all the same.
    """
    seat.open()
    backend.say(ramp(1.0), end=False)
    backend.wait("played", lambda m: m["samples"] > 4000)
    backend.drop()
    assert ended(backend)["samples"] == 24_000


def test_a_new_epoch_after_a_loss_silences_the_old_reply(seat, backend):
    """
    A welcome of a later epoch is a flush.
    """
    epochs = itertools.count(1)
    backend.welcome = lambda hello: Welcome(session="s1", name="P", epoch=next(epochs), state="listening")
    seat.open()
    backend.say(ramp(1.2))
    backend.wait("played", lambda m: m["samples"] > 4000)
    backend.drop()
    flushed = backend.wait("flushed")
    assert 4000 < flushed["samples"] < 28_800


def test_two_replies_follow_each_other(seat, backend):
    """
    A reply announced while the one before sounds waits for it.
    """
    seat.open()
    backend.say(ramp(0.4), reply=1)
    backend.say(ramp(0.4), reply=2)
    assert ended(backend, 1)["samples"] == ended(backend, 2)["samples"] == 9600


def test_the_sound_sleeps_in_silence_and_wakes_for_speech(seat, backend):
    """
    About a second after the last sample the audio is suspended; the next reply sounds as if it had not been.
    """
    seat.open()
    for reply in (1, 2):
        backend.say(ramp(0.3), reply=reply)
        assert ended(backend, reply)["samples"] == 7200
        seat.page.wait_for_function("() => contexts[0].state === 'suspended'")
    assert np.array_equal(joined(seat.heard()), np.tile(ramp(0.3), 2))


def test_a_reply_without_sound_ends(seat, backend):
    """
    Begin and end with nothing between: reported as ended, nothing hangs.
    """
    seat.open()
    backend.say(ramp(0.0))
    assert ended(backend)["samples"] == 0


def test_every_turn_leaves_its_marks(seat, backend):
    """
    User Timing has the turn's marks in order, each with its reply.
    """
    seat.open()
    backend.send(State("thinking"))
    backend.say(ramp(0.4), reply=5)
    ended(backend, 5)
    marks = seat.page.evaluate(
        "performance.getEntriesByType('mark').filter((m) => m.name.startsWith('parley:'))"
        ".map((m) => [m.name, m.startTime, m.detail.reply, m.detail.devtools.track])"
    )
    names = [name for name, *_ in sorted(marks, key=lambda m: m[1])]
    assert names == [f"parley:{n}" for n in ("end-of-turn", "begin", "first-chunk", "first-sound", "end")]
    assert {m[2] for m in marks[1:]} == {5}
    assert {m[3] for m in marks} == {"Agent"}
    measures = seat.page.evaluate("performance.getEntriesByType('measure').map((m) => m.name)")
    assert measures == ["parley thinking", "parley waiting", "parley speaking"]
