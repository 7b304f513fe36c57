"""The agent's mouth on a clock that stands still until it is turned: what is sent when, and what was heard of it."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.core.messages import (
    SOUND,
    VOICE,
    Ack,
    Begin,
    Card,
    Continue,
    Duck,
    End,
    Flush,
    Line,
    Pause,
    Piece,
    Resume,
    ShowCard,
    State,
    ToPage,
    Welcome,
    pack_sound,
)
from server.hosts.meetstream.link import ControlLink
from server.hosts.meetstream.still import Face
from server.playout import PageLink
from tests.hosts.meetstream.told import BOT, VirtualTimers, payload

RATE = 24_000
#: what nobody may be made to wait for: seconds of sound in the bot
MOST_AHEAD = 0.5


def level(value: int, seconds: float) -> bytes:
    """Sound that says by its level which reply it is of."""
    return np.full(round(seconds * RATE), value, "<i2").tobytes()


class Bot:
    """A bot at the other end: it plays what it gets, in order, on the same clock."""

    def __init__(self, *, clears: bool = False, before: Bot | None = None) -> None:
        self.timers = before.timers if before is not None else VirtualTimers()
        self.clears = clears
        self.commands: list[tuple[float, dict[str, Any]]] = []
        self.reports: list[tuple[float, int, int, int, bool, bool]] = []
        self.faces: list[Face] = []
        #: (when it begins to sound, when it ends, its samples)
        self.playing: list[tuple[float, float, np.ndarray[Any, Any]]] = list(before.playing) if before else []
        self.most_ahead = 0.0
        self.link = ControlLink(
            self._take,
            bot=BOT,
            page="control-1",
            timers=self.timers,
            draw=self._draw,
            clears=lambda: self.clears,
            before=before.link.left_off() if before is not None else None,
        )
        self.link.report = self._report

    def _draw(self, face: Face, done: Any) -> None:
        self.faces.append(face)
        self.timers.call_later(0.05, lambda: done("cGljdHVyZQ=="))

    def _report(self, epoch: int, reply: int, samples: int, /, *, ended: bool = False, flushed: bool = False) -> None:
        self.reports.append((self.timers.now, epoch, reply, samples, ended, flushed))

    def _take(self, text: str) -> None:
        command = json.loads(text)
        now = self.timers.now
        self.commands.append((now, command))
        assert command["bot_id"] == BOT
        if command["command"] == "sendaudio":
            pcm = np.frombuffer(base64.b64decode(command["audiochunk"]), "<i2")
            start = max([now, *(end for _, end, _ in self.playing)])
            self.playing.append((start, start + pcm.size / 48_000, pcm))
            self.most_ahead = max(self.most_ahead, self.ahead)
        elif command["command"] == "interrupt" and self.clears:
            kept = []
            for start, end, pcm in self.playing:
                if start < now:
                    kept.append((start, min(end, now), pcm[: max(0, int((now - start) * 48_000 + 1e-6))]))
            self.playing = kept

    @property
    def ahead(self) -> float:
        """Seconds of sound in the bot that are not yet heard."""
        return max([0.0, *(end - self.timers.now for _, end, _ in self.playing)])

    def heard(self) -> np.ndarray[Any, Any]:
        """All that people heard until now."""
        now = self.timers.now
        parts = [pcm[: max(0, int((now - start) * 48_000 + 1e-6))] for start, _, pcm in self.playing]
        return np.concatenate([np.zeros(0, "<i2"), *parts])

    def named(self, name: str) -> list[dict[str, Any]]:
        return [command for _, command in self.commands if command["command"] == name]

    def send(self, *messages: ToPage) -> None:
        for message in messages:
            self.link.send(message)

    def sound(self, epoch: int, reply: int, first: int, pcm: bytes) -> None:
        self.link.send_sound(epoch, pack_sound(VOICE, epoch, reply, first, pcm))

    def say(self, epoch: int, reply: int, pcm: bytes, *, frame: int = 2400) -> None:
        """A whole reply at once, in frames of 100 ms, as a playout that is far ahead sends it."""
        self.send(Begin(epoch, reply))
        for at in range(0, len(pcm) // 2, frame):
            self.sound(epoch, reply, at, pcm[at * 2 : (at + frame) * 2])
        self.send(End(epoch, reply, len(pcm) // 2))

    @property
    def last(self) -> tuple[int, int, int, bool, bool]:
        return self.reports[-1][1:]


# ---------------------------------------------------------------- a reply from beginning to end


def test_it_is_a_page_link():
    """It stands where a page's socket stands."""
    link: PageLink = Bot().link
    assert link.page == "control-1"


def test_a_chunk_has_the_documented_form():
    """A command has exactly the fields of the documented one; its sound is whole 48 kHz samples."""
    bot = Bot()
    bot.say(1, 1, level(1000, 1.0))
    documented = payload("control/to_bot.sendaudio")
    sent = bot.named("sendaudio")[0]
    assert {**sent, "audiochunk": ""} == {**documented, "audiochunk": ""}
    assert len(base64.b64decode(sent["audiochunk"])) % 2 == 0


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.24, 0.25, 0.5, 1.0, 7.3])
def test_a_reply_is_played_whole_and_without_a_gap(seconds):
    """Everything is heard, once, in one stretch, never far ahead of the ear, and its end is reported."""
    bot = Bot()
    pcm = (9000 * np.sin(2 * np.pi * 300 * np.arange(round(seconds * RATE)) / RATE)).astype("<i2").tobytes()
    began = bot.timers.now
    bot.say(1, 1, pcm)
    bot.timers.run(seconds + 1)
    heard = bot.heard()
    assert heard.size == len(pcm)
    assert bot.playing[-1][1] == pytest.approx(began + seconds, abs=0.002), "no gap, no delay"
    assert bot.most_ahead <= MOST_AHEAD
    assert bot.last == (1, 1, len(pcm) // 2, True, False)
    steps = np.abs(np.diff(heard.astype(int)))
    assert steps.max() <= 2 * np.pi * 300 / 48_000 * 9000 * 1.2, "a click between two chunks"
    assert bot.timers.waiting == 0, "nothing is left to do"


def test_the_first_chunk_leaves_at_once_and_later_ones_in_time():
    """240 ms go out immediately, and no further chunk while more than 160 ms are still to be heard."""
    bot = Bot()
    began = bot.timers.now
    bot.say(1, 1, level(1000, 3.0))
    bot.timers.run(4)
    times = [at - began for at, command in bot.commands if command["command"] == "sendaudio"]
    sizes = [end - start for start, end, _ in bot.playing]
    assert times[0] == 0 and 0.2 <= sizes[0] <= 0.24
    assert times[1] >= 0.04 and all(0.2 <= b - a <= 0.3 for a, b in pairwise(times[1:]))


def test_reports_follow_the_ear():
    """The first at the first sound, then at least every 100 ms, never more than was heard, never going back."""
    bot = Bot()
    began = bot.timers.now
    bot.say(1, 1, level(1000, 2.0))
    bot.timers.run(3)
    times = [at - began for at, *_ in bot.reports]
    assert 0 < times[0] <= 0.05 and max(b - a for a, b in pairwise(times)) <= 0.1
    for at, epoch, reply, samples, ended, flushed in bot.reports:
        assert (epoch, reply, flushed) == (1, 1, False)
        assert samples == pytest.approx((at - began) * RATE, abs=2)
        assert ended == (samples == 2 * RATE)
    assert [report[3] for report in bot.reports] == sorted(report[3] for report in bot.reports)


def test_a_slow_voice_begins_with_what_there_is():
    """A voice that trickles is not waited for: after 120 ms the first chunk goes out short."""
    bot = Bot()
    bot.send(Begin(1, 1))
    began = bot.timers.now
    for at in range(20):
        bot.sound(1, 1, at * 1200, level(1000, 0.05))
        bot.timers.run(0.05)
    first = next(at for at, command in bot.commands if command["command"] == "sendaudio")
    assert first - began == pytest.approx(0.12, abs=0.011)
    assert bot.most_ahead <= MOST_AHEAD
    bot.send(End(1, 1, 24_000))
    bot.timers.run(1)
    assert bot.heard().size == 48_000 and bot.last == (1, 1, 24_000, True, False)


def test_a_voice_that_stops_is_waited_for():
    """Running dry is no end: what was heard is reported, and later sound goes on from there.

    The resampler keeps some 50 ms until it knows what follows.
    """
    bot = Bot()
    bot.send(Begin(1, 1))
    bot.sound(1, 1, 0, level(1000, 0.5))
    bot.timers.run(5)
    assert bot.last[2] > 0.44 * RATE and not bot.last[3]
    bot.sound(1, 1, 12_000, level(1000, 0.5))
    bot.send(End(1, 1, 24_000))
    bot.timers.run(2)
    assert bot.heard().size == 48_000 and bot.last == (1, 1, 24_000, True, False)


def test_no_crumbs():
    """Very short frames near the end of what is there do not become a storm of tiny chunks."""
    bot = Bot()
    bot.send(Begin(1, 1))
    for at in range(1000):
        bot.sound(1, 1, at * 24, level(1000, 0.001))
        bot.timers.run(0.001)
    assert len(bot.named("sendaudio")) <= 13


def test_a_reply_without_sound_ends_at_once():
    """There is nothing to wait for."""
    bot = Bot()
    bot.send(Begin(1, 1), End(1, 1, 0))
    bot.timers.run(0.1)
    assert bot.last == (1, 1, 0, True, False) and not bot.named("sendaudio")


def test_the_next_reply_waits_for_the_one_before():
    """A second reply sounds behind the first; the first is then over, whether its end was said or not."""
    bot = Bot()
    bot.send(Begin(1, 1))
    bot.sound(1, 1, 0, level(1000, 0.6))
    bot.say(1, 2, level(2000, 0.6))
    bot.timers.run(3)
    heard = bot.heard()
    assert heard.size == 2 * round(1.2 * RATE)
    assert abs(int(np.median(heard[:28_000])) - 1000) < 5 and abs(int(np.median(heard[30_000:])) - 2000) < 5
    ends = [report[1:] for report in bot.reports if report[4]]
    assert ends == [(1, 1, 14_400, True, False), (1, 2, 14_400, True, False)]


# ---------------------------------------------------------------- being interrupted


@pytest.mark.parametrize("after", [0.0, 0.01, 0.1, 0.37, 1.0, 1.9, 2.5])
def test_a_flush_on_google_meet_stops_at_the_ear(after):
    """The bot is told to drop what it has; what was heard until now is reported at once, to the sample."""
    bot = Bot(clears=True)
    bot.say(1, 1, level(1000, 2.0))
    bot.timers.run(after)
    bot.send(Flush(2))
    heard = bot.heard().size
    if after < 2.0:
        assert bot.last[:2] == (1, 1) and bot.last[3:] == (False, True)
        assert bot.last[2] == pytest.approx(heard / 2, abs=2)
    else:
        assert bot.last == (0, 0, 0, False, True), "it was over"
    assert bot.named("interrupt")[-1] == payload("control/to_bot.interrupt")
    bot.timers.run(3)
    assert bot.heard().size == heard and bot.timers.waiting == 0


@pytest.mark.parametrize("after", [0.0, 0.1, 1.0, 1.9])
def test_a_flush_elsewhere_counts_what_cannot_be_taken_back(after):
    """Zoom and Teams play what they have: it is reported as heard, and it is no more than half a second."""
    bot = Bot()
    bot.say(1, 1, level(1000, 2.0))
    bot.timers.run(after)
    before = bot.heard().size
    bot.send(Flush(2))
    reported = bot.last[2]
    sent = len(bot.named("sendaudio"))
    bot.timers.run(3)
    assert bot.heard().size / 2 == pytest.approx(reported, abs=2)
    assert (bot.heard().size - before) / 48_000 <= MOST_AHEAD
    assert len(bot.named("sendaudio")) == sent


@pytest.mark.parametrize("clears", [True, False])
def test_nothing_of_an_old_epoch_after_a_flush(clears):
    """Sound that was on its way when the flush came, and everything said late about it, leads to nothing."""
    bot = Bot(clears=clears)
    bot.say(1, 1, level(1000, 2.0))
    bot.timers.run(0.5)
    bot.send(Flush(2))
    sent, told = len(bot.commands), len(bot.reports)
    bot.sound(1, 1, 48_000, level(1000, 1.0))
    bot.send(Begin(1, 1), Continue(1, 1), Pause(1, 1), End(1, 1, 72_000))
    bot.say(1, 2, level(1000, 1.0))
    bot.timers.run(5)
    assert len(bot.commands) == sent and len(bot.reports) == told


@pytest.mark.parametrize("clears", [True, False])
def test_the_next_reply_after_a_flush(clears):
    """It begins at once on Meet, and elsewhere behind what the bot still plays, with the lead no larger for it."""
    bot = Bot(clears=clears)
    bot.say(1, 1, level(1000, 2.0))
    bot.timers.run(0.5)
    bot.send(Flush(2))
    flushed, ahead = bot.timers.now, bot.ahead
    bot.say(2, 2, level(2000, 1.0))
    bot.timers.run(5)
    assert bot.most_ahead <= MOST_AHEAD
    start = next(start for start, _, pcm in bot.playing if np.median(pcm) > 1500)
    assert start == pytest.approx(flushed + (0 if clears else ahead), abs=0.01)
    assert bot.last == (2, 2, 24_000, True, False)
    for at, _, reply, samples, *_ in bot.reports:
        if reply == 2:
            assert samples <= max(0, (at - start) * RATE) + 2


def test_a_flush_of_nothing():
    """It is answered with zeros, and the bot is still told to be quiet."""
    bot = Bot()
    bot.send(Flush(5))
    assert bot.last == (0, 0, 0, False, True) and len(bot.named("interrupt")) == 1
    bot.say(4, 9, level(1000, 0.5))
    bot.timers.run(1)
    assert not bot.named("sendaudio"), "an epoch below the flush is old"


def test_a_flush_keeps_the_reply_of_its_own_epoch():
    """Only what is below the epoch is dropped."""
    bot = Bot(clears=False)
    bot.say(3, 1, level(1000, 1.0))
    bot.timers.run(0.3)
    bot.send(Flush(3))
    assert bot.last == (0, 0, 0, False, True)
    bot.timers.run(2)
    assert bot.last == (3, 1, 24_000, True, False)


# ---------------------------------------------------------------- pause, continue, duck


def ramp(seconds: float) -> bytes:
    """Sound whose level rises by one a sample step of 4, so that every place can be told."""
    return (np.arange(round(seconds * RATE)) // 4).astype("<i2").tobytes()


@pytest.mark.parametrize("clears", [True, False])
@pytest.mark.parametrize("after", [0.05, 0.5, 1.3])
def test_a_pause_holds_and_goes_on_from_the_next_sample(clears, after):
    """Nothing is sent while it is held; afterwards every sample that was not heard follows, none twice."""
    bot = Bot(clears=clears)
    bot.say(1, 1, ramp(2.0))
    bot.timers.run(after)
    bot.send(Pause(1, 1))
    held = bot.last[2]
    sent = len(bot.named("sendaudio"))
    bot.timers.run(4)
    assert len(bot.named("sendaudio")) == sent
    quiet = bot.heard()
    if clears:
        assert quiet.size == pytest.approx(2 * held, abs=2)
    bot.send(Continue(1, 1))
    bot.timers.run(4)
    heard = bot.heard()
    assert heard.size == pytest.approx(96_000, abs=4) and bot.last == (1, 1, 48_000, True, False)
    expected = np.arange(heard.size) / 8
    wrong = np.abs(heard - expected) > 40
    assert wrong[:-100].sum() <= (2000 if clears else 0), "only the seam after a pause is soft"


def test_a_paused_reply_can_be_flushed():
    """Where it stands is what was heard of it."""
    bot = Bot(clears=True)
    bot.say(1, 1, level(1000, 2.0))
    bot.timers.run(0.7)
    bot.send(Pause(1, 1))
    bot.timers.run(10)
    bot.send(Flush(2))
    assert bot.last == (1, 1, pytest.approx(0.7 * RATE, abs=2), False, True)
    bot.say(2, 2, level(2000, 0.5))
    bot.timers.run(1)
    assert bot.last == (2, 2, 12_000, True, False), "the pause is over with it"


def test_a_pause_of_another_reply_is_nothing():
    """It says nothing about the one that plays."""
    bot = Bot(clears=True)
    bot.say(1, 1, level(1000, 1.0))
    told = len(bot.reports)
    bot.send(Pause(1, 2), Pause(2, 1), Continue(1, 7))
    assert len(bot.reports) == told and not bot.named("interrupt")
    bot.timers.run(2)
    assert bot.last == (1, 1, 24_000, True, False)


def test_a_pause_at_the_end_does_not_hold_the_next_reply():
    """What is heard to its end although it was paused is over."""
    bot = Bot()
    bot.say(1, 1, level(1000, 0.3))
    bot.timers.run(0.1)
    bot.send(Pause(1, 1))
    bot.timers.run(1)
    assert bot.last == (1, 1, 7200, True, False)
    bot.say(1, 2, level(1000, 0.3))
    bot.timers.run(1)
    assert bot.last == (1, 2, 7200, True, False)


def test_a_duck_lowers_what_follows():
    """The voice goes down to a quarter without a step, and back; what the bot already has stays as it is."""
    bot = Bot()
    bot.say(1, 1, level(8000, 4.0))
    bot.timers.run(1.0)
    bot.send(Duck(-12.0, 30))
    bot.timers.run(1.5)
    bot.send(Duck(0.0, 80))
    bot.timers.run(3)
    heard = bot.heard().astype(int)
    quiet = np.flatnonzero(np.abs(heard - 2010) < 30)
    assert 48_000 < quiet[0] < 48_000 * (1 + MOST_AHEAD) + 2000
    assert abs(quiet.size / 48_000 - 1.5) < 0.2
    assert abs(heard[-2000] - 8000) < 5 and np.abs(np.diff(heard[500:-500])).max() < 20


@pytest.mark.parametrize("db", [5.0, -400.0])
def test_a_duck_out_of_range(db):
    """The voice is never made louder, nor so low that it could not come back."""
    bot = Bot()
    bot.send(Duck(db, 0))
    bot.say(1, 1, level(8000, 1.0))
    bot.timers.run(2)
    assert np.median(bot.heard()) <= 8000 and bot.last[3]


# ---------------------------------------------------------------- coming back


def test_a_reconnect_goes_on_where_the_ear_is():
    """What the bot has got will be heard: the reply goes on behind it, gaplessly if the socket is quick."""
    old = Bot()
    old.send(Welcome("s", "Parley", 1, "listening"))
    pcm = ramp(2.0)
    old.say(1, 1, pcm)
    old.timers.run(0.5)
    old.link.close(1000, "gone")
    new = Bot(before=old)
    where = new.link.resume
    assert (where.epoch, where.reply) == (1, 1) and 0.5 * RATE <= where.played <= (0.5 + MOST_AHEAD) * RATE
    new.send(Welcome("s", "Parley", 1, "speaking", resume=where))
    for at in range(where.played, 48_000, 2400):
        new.sound(1, 1, at, pcm[at * 2 : (at + 2400) * 2])
    new.send(End(1, 1, 48_000))
    new.timers.run(3)
    assert new.last == (1, 1, 48_000, True, False) and new.most_ahead <= MOST_AHEAD
    assert new.heard().size == pytest.approx(96_000, abs=1000), "the resampler's tail of the old connection is lost"
    assert all(report[3] > where.played for report in new.reports)


def test_a_closed_link_is_silent():
    """It sends nothing, reports nothing and keeps no timer; closing twice is closing once."""
    bot = Bot()
    bot.say(1, 1, level(1000, 2.0))
    bot.send(State("speaking"))
    bot.timers.run(0.2)
    bot.link.close(4409, "replaced")
    bot.link.close(1000, "gone")
    commands, reports = len(bot.commands), len(bot.reports)
    bot.send(Flush(2), State("listening"))
    bot.say(2, 2, level(1000, 1.0))
    bot.timers.run(5)
    assert (len(bot.commands), len(bot.reports), bot.timers.waiting) == (commands, reports, 0)


@pytest.mark.parametrize(("resume", "expected"), [(None, None), (Resume(1, 1, 100), Resume(1, 1, 100))])
def test_where_a_link_is(resume, expected):
    """Without a reply there is nothing to go on with."""
    bot = Bot()
    bot.send(Welcome("s", "Parley", 1, "listening", resume=resume))
    assert bot.link.left_off().resume == expected


def test_a_reply_that_is_over_is_known_to_the_next_connection():
    """It is told that all of it was heard."""
    bot = Bot()
    bot.say(1, 1, level(1000, 0.5))
    bot.timers.run(1)
    assert bot.link.left_off().resume == Resume(1, 1, 12_000)


# ---------------------------------------------------------------- the face


def test_faces_follow_the_state():
    """A change becomes a picture, at most one a second, the newest; the same face is not sent again."""
    bot = Bot()
    card = Card("text", "Title", "words")
    bot.send(Welcome("s", "Parley", 1, "listening", card=card))
    bot.timers.run(0.2)
    bot.send(State("thinking"), State("speaking"), ShowCard(None))
    bot.timers.run(5)
    bot.send(State("speaking"))
    bot.timers.run(5)
    assert bot.faces == [Face("Parley", "listening", card=card), Face("Parley", "speaking")]
    times = [at for at, command in bot.commands if command["command"] == "sendimg"]
    assert len(times) == 2 and times[1] - times[0] >= 1.0
    assert set(bot.named("sendimg")[0]) == set(payload("control/to_bot.sendimg"))


def test_a_face_that_changes_while_it_is_drawn():
    """The one drawing is finished; then the newest is drawn, not every one between."""
    bot = Bot()
    bot.send(State("thinking"), State("speaking"), State("trouble", "I had trouble answering"))
    bot.timers.run(3)
    assert [face.state for face in bot.faces] == ["thinking", "trouble"]


def test_chat_is_written_for_every_platform():
    """Both keys that the platforms read hold the line."""
    bot = Bot()
    documented = payload("control/to_bot.sendmsg")
    bot.link.chat(documented["message"])
    assert bot.named("sendmsg") == [documented]


def test_what_has_no_place_here_is_ignored():
    """Lines, pieces and acknowledgements are for a page; other frames are no sound of a reply."""
    bot = Bot()
    bot.send(Line("1", "Marta", "hello"), Piece(1, 1, 0, 0, "hello"), Ack(3))
    bot.link.send_sound(1, b"short")
    bot.link.send_sound(1, pack_sound(SOUND, 1, 1, 0, bytes(100)))
    bot.timers.run(1)
    assert not bot.commands and not bot.reports


def test_repeated_and_missing_frames():
    """What is known is left out, a gap is not filled with something else, and half a sample is no sound."""
    bot = Bot()
    bot.send(Begin(1, 1), Begin(1, 1))
    bot.sound(1, 1, 0, level(1000, 0.5))
    bot.sound(1, 1, 6000, level(1000, 0.5))
    bot.sound(1, 1, 0, level(1000, 0.5))
    bot.sound(1, 1, 40_000, level(1000, 0.5))
    bot.sound(1, 1, 18_000, level(1000, 0.1) + b"\x01")
    bot.send(End(1, 1, 60_000))
    bot.timers.run(3)
    assert bot.last == (1, 1, 20_400, True, False) and bot.heard().size == 40_800


def test_too_much_sound_is_bounded():
    """Half a minute of one reply waits, and four replies; more is dropped."""
    bot = Bot()
    bot.send(Begin(1, 1))
    for at in range(50):
        bot.sound(1, 1, at * RATE, level(1000, 1.0))
    assert len(bot.link._playing._tracks[0].pcm) <= 31 * RATE * 2
    for reply in range(2, 12):
        bot.send(Begin(1, reply))
    assert [track.reply for track in bot.link._playing._tracks] == [1, 9, 10, 11]


# ---------------------------------------------------------------- anything in any order


class AnyOrder(RuleBasedStateMachine):
    """Whatever the backend does in whatever order, with time passing in between."""

    @initialize(clears=st.booleans())
    def begin(self, clears: bool) -> None:
        self.bot = Bot(clears=clears)
        self.epoch, self.reply, self.next, self.over = 1, 0, 0, True
        self.flushes: list[tuple[int, int]] = []  # commands sent before it, its epoch

    @precondition(lambda self: self.reply < 30)
    @rule()
    def reply_begins(self) -> None:
        self.reply, self.next, self.over = self.reply + 1, 0, False
        self.bot.send(Begin(self.epoch, self.reply))

    @precondition(lambda self: not self.over)
    @rule(seconds=st.sampled_from([0.001, 0.02, 0.1, 0.7]))
    def sound(self, seconds: float) -> None:
        pcm = level(self.epoch * 100, seconds)
        self.bot.sound(self.epoch, self.reply, self.next, pcm)
        self.next += len(pcm) // 2

    @precondition(lambda self: not self.over)
    @rule()
    def reply_ends(self) -> None:
        self.over = True
        self.bot.send(End(self.epoch, self.reply, self.next))

    @rule()
    def flush(self) -> None:
        self.epoch += 1
        self.over = True
        self.bot.send(Flush(self.epoch))
        self.flushes.append((len(self.bot.commands), self.epoch))
        assert self.bot.last[4], "a flush is answered at once"

    @rule(kind=st.sampled_from([Pause, Continue]))
    def hold(self, kind: Any) -> None:
        self.bot.send(kind(self.epoch, self.reply))

    @rule(db=st.sampled_from([0.0, -12.0]))
    def duck(self, db: float) -> None:
        self.bot.send(Duck(db, 30))

    @rule(seconds=st.sampled_from([0.0, 0.001, 0.03, 0.2, 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.bot.timers.run(seconds)

    @invariant()
    def never_far_ahead(self) -> None:
        if hasattr(self, "bot"):
            assert self.bot.most_ahead <= MOST_AHEAD
            assert self.bot.link.lead() == pytest.approx(self.bot.ahead, abs=1e-6)

    @invariant()
    def nothing_of_an_old_epoch_is_sent(self) -> None:
        for place, epoch in getattr(self, "flushes", ())[-1:]:
            for _, command in self.bot.commands[place:]:
                if command["command"] == "sendaudio":
                    pcm = np.frombuffer(base64.b64decode(command["audiochunk"]), "<i2")
                    loudest = int(np.abs(pcm.astype(int)).max(initial=0))
                    # a level is lowered by a duck, or rings a little at an edge, but another epoch's is 100 more
                    assert loudest <= epoch * 100 * 1.3 + 3

    def teardown(self) -> None:
        if not hasattr(self, "bot"):
            return
        bot = self.bot
        heard: dict[tuple[int, int], int] = {}
        ended = set()
        for _, epoch, reply, samples, is_end, _ in bot.reports:
            key = (epoch, reply)
            assert key not in ended, "nothing is told of a reply that is over"
            assert samples >= heard.get(key, 0), "reports never go back"
            heard[key] = samples
            if is_end:
                ended.add(key)
        bot.send(Continue(self.epoch, self.reply), End(self.epoch, self.reply, self.next))
        bot.timers.run(60)
        assert bot.timers.waiting == 0, "a clock that runs finds an end"


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@given(st.lists(st.floats(0.001, 0.4), min_size=1, max_size=12), st.floats(0.0, 1.0))
def test_the_voice_may_come_in_any_rhythm(gaps, pause):
    """However the frames come, all of them are heard once and the end is reported with the whole length."""
    bot = Bot()
    bot.send(Begin(1, 1))
    at = 0
    for gap in gaps:
        pcm = level(1000, 0.1)
        bot.sound(1, 1, at, pcm)
        at += len(pcm) // 2
        bot.timers.run(gap)
    bot.timers.run(pause)
    bot.send(End(1, 1, at))
    bot.timers.run(5)
    assert bot.last == (1, 1, at, True, False)
    assert bot.heard().size == 2 * at and bot.most_ahead <= MOST_AHEAD and bot.timers.waiting == 0
