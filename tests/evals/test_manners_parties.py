"""The parties of a virtual meeting: each behaves as the real one does, and the truth about it is kept."""

from itertools import pairwise
from random import Random

import pytest

from server.core import events as ev
from server.core.messages import Begin, Continue, Duck, Flush, Pause, State
from server.core.transcript import Word
from server.rehearsal.manners.clock import VirtualClock
from server.rehearsal.manners.conditions import Conditions, Range
from server.rehearsal.manners.facts import Sound
from server.rehearsal.manners.page import VirtualPage
from server.rehearsal.manners.parties import RATE, Track, VirtualVoice
from server.rehearsal.manners.sound import RoomSound
from server.rehearsal.manners.words import Speaker, Transcriber


class Desk:
    """Where everything that is told lands, with its time."""

    def __init__(self, conditions=None, seed="desk"):
        self.clock = VirtualClock()
        self.chance = Random(seed)
        self.conditions = conditions or Conditions(page=Range(0.03, 0.03))
        self.told = []
        self.page = VirtualPage(self.clock, self.chance, self.conditions, self.tell, lambda reply: 7)

    def tell(self, event):
        self.told.append((round(self.clock.now, 4), event))

    def run(self, until):
        self.clock.run(lambda: False, until)
        self.clock.now = max(self.clock.now, until)
        return self

    def play(self, reply=1, epoch=1, seconds=5.0):
        """A reply of this length begins now."""
        track = Track(reply, epoch, total=int(seconds * RATE), finished=True)
        self.page.send(Begin(epoch, reply))
        self.page.release(track)
        return track

    def reports(self):
        return [(at, event.samples, event.ended) for at, event in self.told if isinstance(event, ev.PlaybackReport)]


def test_the_page_plays_a_reply_to_its_end_and_reports_it():
    """The first sample comes 50 ms after the order, reports every 100 ms, the last says that it ended."""
    desk = Desk()
    desk.play(seconds=1.0)
    desk.run(2.0)

    (sounded,) = desk.page.replies
    assert (sounded.begin, sounded.end) == pytest.approx((0.05, 1.05))
    assert sounded.samples == RATE and sounded.over and not sounded.flushed and sounded.turn == 7
    reports = desk.reports()
    assert reports[-1][1:] == (RATE, True) and len(reports) >= 10
    assert all(one[1] <= other[1] for one, other in pairwise(reports))


def test_a_paused_reply_goes_on_from_the_exact_sample():
    """Between pause and continue nothing sounds, and no sample is lost or repeated."""
    desk = Desk()
    desk.play(seconds=2.0)
    desk.clock.at(1.0, lambda: desk.page.send(Pause(1, 1)))
    desk.clock.at(1.5, lambda: desk.page.send(Continue(1, 1)))
    desk.run(4.0)

    (sounded,) = desk.page.replies
    first, second = sounded.spans
    assert first.last == second.first and second.last == 2 * RATE
    assert first.end == pytest.approx(1.04) and second.begin == pytest.approx(1.55)
    assert not sounded.audible(1.3) and sounded.audible(1.6)


def test_a_flush_stops_at_once_and_says_where():
    """The page is silent a network and a fade after the order, and its answer has the exact sample."""
    desk = Desk()
    desk.play(seconds=5.0)
    desk.clock.at(1.0, lambda: desk.page.send(Flush(2)))
    desk.run(2.0)

    (sounded,), (flush,) = desk.page.replies, desk.page.flushes
    assert sounded.flushed and flush.silent - flush.decided == pytest.approx(0.035)
    answer = next(event for _, event in desk.told if isinstance(event, ev.PlaybackReport) and event.flushed)
    assert answer.samples == sounded.samples == round((sounded.end - sounded.begin) * RATE)


def test_nothing_of_an_old_epoch_begins():
    """After a flush, a reply of the epoch before is not played."""
    desk = Desk()
    desk.page.send(Flush(3))
    desk.play(reply=1, epoch=2)
    desk.run(2.0)

    assert desk.page.replies == []
    assert [event.flushed for _, event in desk.told] == [True]


def test_the_page_ducks_by_itself_until_the_backend_decides():
    """An onset over its voice lowers it at once and is told; without a word from the backend it comes back."""
    desk = Desk()
    desk.play(seconds=5.0)
    desk.clock.at(1.0, desk.page.onset)
    desk.clock.at(3.0, desk.page.onset)
    desk.clock.at(3.1, lambda: desk.page.send(Duck(-12.0)))
    desk.run(4.9)

    assert desk.page.gains == [(0.0, 0.0), (1.0, -12.0), (pytest.approx(2.2), 0.0), (3.0, -12.0)]
    assert sum(isinstance(event, ev.OnsetAtPage) for _, event in desk.told) == 2


def test_an_onset_while_nothing_sounds_is_nothing():
    """The page only listens for onsets over its own voice."""
    desk = Desk()
    desk.page.onset()
    desk.run(1.0)
    assert desk.told == [] and len(desk.page.gains) == 1


def test_orders_arrive_in_order():
    """However the network's delay varies, what was sent first arrives first."""
    desk = Desk(Conditions(page=Range(0.0, 0.4)))
    for index in range(30):
        desk.clock.at(index * 0.01, lambda index=index: desk.page.send(State("thinking", str(index))))
    desk.run(2.0)
    times = [at for at, _ in desk.page.states]
    assert len(times) == 30 and times == sorted(times)


def test_the_voice_marks_its_words_and_knows_their_ends():
    """Marks begin where words begin; the truth has where each ends; a later piece follows the one before."""
    desk = Desk()
    voice = VirtualVoice(desk.clock, desk.chance, desk.conditions, desk.tell, lambda track: None)
    voice.speak(1, 1, 0, "One two three.")
    voice.speak(1, 1, 1, "Four.")
    desk.run(5.0)

    kinds = [event.type for _, event in desk.told]
    assert kinds == ["VoiceMarks", "VoiceBegan", "VoiceDone"] * 2
    marks = desk.told[0][1].words
    words = voice.tracks[1].words
    assert [word for word, _ in words] == ["One", "two", "three.", "Four."]
    assert [mark[2] for mark in marks[1:]] == [end for _, end in words[:2]]
    assert desk.told[0][0] == pytest.approx(0.1)
    assert desk.told[4][1].start == desk.told[2][1].end


def test_a_stopped_voice_is_quiet():
    """What was not voiced when it was stopped never is."""
    desk = Desk()
    voice = VirtualVoice(desk.clock, desk.chance, desk.conditions, desk.tell, lambda track: None)
    voice.speak(1, 1, 0, "One two three.")
    voice.stop(1)
    desk.run(2.0)
    assert desk.told == []


def heard(conditions, words, seed="w", **more):
    """What a transcriber tells of these (word, start, end)."""
    desk = Desk(conditions, seed)
    transcriber = Transcriber(desk.clock, desk.chance, conditions, desk.tell)
    transcriber.hear(Speaker("1", "Ana"), [Word(*word) for word in words], **more)
    desk.run(20.0)
    return desk.told


WORDS = [("Parley,", 1.0, 1.4), ("what", 1.4, 1.7), ("now?", 1.7, 2.0)]


def test_partials_grow_and_the_final_comes_a_little_later():
    """A partial every 0.3 s, 0.1 s late, each longer; the final 0.25 s after the last word, with its times."""
    told = heard(Conditions(), WORDS)
    assert [(at, event.text, event.final) for at, event in told] == [
        (1.7, "Parley,", False),
        (2.0, "Parley, what", False),
        (2.25, "Parley, what now?", True),
    ]
    final = told[-1][1]
    assert (final.start, final.end, len(final.words)) == (1.0, 2.0, 3)
    assert len({event.key for _, event in told}) == 1


def test_a_long_silence_splits_an_utterance():
    """Words behind a silence of `split` or more are an utterance of their own."""
    told = heard(Conditions(), [*WORDS, ("Hm?", 3.0, 3.3)])
    assert [event.text for _, event in told if event.final] == ["Parley, what now?", "Hm?"]


def test_a_line_of_its_own_lateness():
    """`late` holds for this line's final alone."""
    told = heard(Conditions(), WORDS, late=Range(2.5, 2.5))
    assert told[-1][0] == 4.5 and told[-1][1].final


def test_disorder_comes_from_the_seed():
    """Duplicates, reordering and jitter are there, and the same seed gives the same of them."""
    conditions = Conditions(duplicate=0.5, reorder=0.4, jitter=0.3)
    one, again, other = (heard(conditions, WORDS, seed) for seed in ("a", "a", "b"))
    assert one == again != other
    several = [heard(conditions, WORDS, str(seed)) for seed in range(20)]
    assert any(len(told) > 3 for told in several)
    assert any([event.final for _, event in told] != sorted(event.final for _, event in told) for told in several)


def room(sounds, ears="mixed", until=6.0):
    """What the ears tell of these sounds, and how often the page heard an onset."""
    desk = Desk(Conditions(ears=ears))
    onsets = []
    listens = RoomSound(
        desk.clock, desk.chance, desk.conditions, tell=desk.tell, page_onset=lambda: onsets.append(desk.clock.now)
    )
    for sound in sounds:
        listens.person(sound.who, sound.who.title())
        listens.add(sound)
    desk.run(until)
    return desk.told, onsets


def test_the_ears_hear_speech_begin_and_end_late_but_truly():
    """An edge comes 130 to 250 ms after the fact, and its lag says when that was, to a frame and the network."""
    told, onsets = room([Sound(1.0, 2.0, "ana")])
    (begin, started), (end, stopped) = told
    assert isinstance(started, ev.SpeechStarted) and isinstance(stopped, ev.SpeechStopped)
    assert 0.12 <= begin - 1.0 <= 0.25 and 0.2 <= end - 2.0 <= 0.33
    assert begin - started.lag == pytest.approx(1.0, abs=0.1) and end - stopped.lag == pytest.approx(2.0, abs=0.1)
    assert len(onsets) == 1 and 0.05 <= onsets[0] - 1.0 <= 0.1


def test_two_people_are_one_stretch_for_the_room_and_two_for_their_own_ears():
    """The mixed sound knows when anybody speaks; sound of each person knows who."""
    sounds = [Sound(1.0, 2.0, "ana"), Sound(1.5, 3.0, "ben")]
    mixed, _ = room(sounds)
    assert [event.type for _, event in mixed] == ["SpeechStarted", "SpeechStopped"]
    voices, _ = room(sounds, "voices")
    assert [(event.id, event.speaking) for _, event in voices] == [
        ("ana", True), ("ben", True), ("ana", False), ("ben", False),
    ]  # fmt: skip
    assert room(sounds, "none")[0] == []


def test_noise_is_loud_but_no_speech():
    """What a detector does not take for speech still makes the page lower its voice."""
    told, onsets = room([Sound(1.0, 2.0, "ana", speech=False)])
    assert told == [] and len(onsets) == 1
