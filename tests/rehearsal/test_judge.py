"""The verdicts, on made-up facts."""

from __future__ import annotations

import numpy as np
import pytest

from server.rehearsal.agent_sound import AgentSound, HeardReply, PageState
from server.rehearsal.findings import clock_offset, stages_of
from server.rehearsal.judge import Facts, Judge, Played
from server.rehearsal.meeting import Line, Person
from server.rehearsal.report import percentile
from server.rehearsal.scenario import parse_scenario
from server.rehearsal.spoken import RATE, Spoken
from server.rehearsal.stand_in import TapFrame

ANA = Person(1, "Ana", "")


def played(expect: dict, *, text: str = "Parley, what about the case?", speaking: HeardReply | None = None) -> Played:
    """A line from second 10 to 12 whose sound ends at 11.9."""
    step = parse_scenario({"people": ["Ana"], "steps": [{"ana": text, "expect": expect}]}).steps[0]
    pcm = np.zeros(2 * RATE, np.int16)
    pcm[: int(1.9 * RATE)] = 5000
    line = Line(1, ANA, text, 10.0, 12.0, (), Spoken(pcm, (), 2.0))
    return Played(step, line, speaking)


def verdicts(step: Played, replies=(), decisions=(), states=()) -> dict[str, tuple[bool, str]]:
    judge = Judge([step], Facts(list(replies), list(states), list(decisions)))
    return {v.name: (v.held, v.found) for v in judge.verdicts(step)}


def decision(**facts: object) -> dict:
    base = {"verdict": "reply", "reply": 1, "speaker": "Ana", "text": "Parley, what about the case?"}
    return {**base, **facts}


def test_speech_ends_where_its_sound_does():
    """
    The end of a line is measured on its samples, not taken from its length.
    """
    assert played({}).speech_end == pytest.approx(11.9, abs=0.011)


def test_a_reply_in_time_holds_and_a_late_one_does_not():
    """
    The time counts from the end of the line's sound to the first sound of the reply.
    """
    step = played({"replies within": "1s"})

    assert verdicts(step, [HeardReply(12.5, 15, 1)]) == {"replies within": (True, "0.60 s")}
    assert verdicts(step, [HeardReply(13.2, 15, 1)]) == {"replies within": (False, "1.30 s")}
    assert verdicts(step) == {"replies within": (False, "no reply was heard")}
    assert verdicts(step, [HeardReply(11.0, 15, 1)])["replies within"][0] is False


def test_a_reply_that_was_already_heard_is_no_answer():
    """
    What the agent was saying when the line began is not the reply to it.
    """
    old = HeardReply(8.0, 13.0, 1)
    step = played({"replies within": "1s"}, speaking=old)

    assert verdicts(step, [old])["replies within"] == (False, "no reply was heard")
    assert verdicts(step, [old, HeardReply(12.4, 15, 2)])["replies within"] == (True, "0.50 s")


def test_the_words_of_a_reply_are_those_it_meant_to_say():
    """
    They come from the tape, and without a tape the expectation cannot hold.
    """
    step = played({"reply contains": {"any": ["rubber", "steel"]}})
    reply = HeardReply(12.5, 15, 1)

    assert verdicts(step, [reply], [decision(planned="The rubber one.")])["reply contains"][0]
    held, found = verdicts(step, [reply], [decision(planned="No idea.")])["reply contains"]
    assert not held and "rubber" in found
    assert verdicts(step, [reply])["reply contains"] == (False, "the tape has no words of this reply")


def test_silence_is_broken_only_by_a_new_reply():
    """
    A reply that goes on from before does not break it, one that begins in the line or soon after does.
    """
    old = HeardReply(8.0, 14.0, 1)

    assert verdicts(played({"stays silent": "2s"}, speaking=old), [old])["stays silent"][0]
    assert verdicts(played({"stays silent": "2s"}), [HeardReply(14.5, 16, 1)])["stays silent"][0]
    assert verdicts(played({"stays silent": "2s"}), [HeardReply(13.5, 16, 1)])["stays silent"] == (
        False,
        "it spoke 1.60 s after the line",
    )


def test_stopping_is_measured_from_the_begin_of_the_interruption():
    """
    Only a reply that was being heard can stop, and one that was over by itself was not stopped.
    """
    cut, over = HeardReply(8.0, 10.8, 1), HeardReply(8.0, 12.5, 1)

    assert verdicts(played({"stops within": "1s"}, speaking=cut), [cut])["stops within"] == (
        True,
        "0.80 s after the line began",
    )
    assert verdicts(played({"stops within": "1s"}, speaking=over), [over])["stops within"][0] is False
    assert verdicts(played({"stops within": "1s"}))["stops within"] == (False, "it was not speaking")
    ended = [decision(outcome="complete")]
    assert verdicts(played({"stops within": "1s"}, speaking=cut), [cut], ended)["stops within"][0] is False


def test_talking_on_means_to_the_time_or_to_the_end():
    """
    A reply that was complete earlier went on as far as it could.
    """
    reply = HeardReply(8.0, 10.6, 1)
    step = played({"keeps talking": "1.5s"}, speaking=reply)

    assert verdicts(step, [reply])["keeps talking"][0] is False
    assert verdicts(step, [reply], [decision(outcome="complete")])["keeps talking"][0]
    assert verdicts(step, [reply], [decision(outcome="interrupted")])["keeps talking"][0] is False


def test_what_was_heard_at_most():
    """
    In words, as a share of what was planned, or in seconds of sound.
    """
    cut = HeardReply(8.0, 10.8, 1)
    tape = [decision(planned="one two three four", heard="one two")]

    assert verdicts(played({"heard at most": 2}, speaking=cut), [cut], tape)["heard at most"] == (True, "2 words")
    assert verdicts(played({"heard at most": "1 word"}, speaking=cut), [cut], tape)["heard at most"][0] is False
    assert verdicts(played({"heard at most": "50%"}, speaking=cut), [cut], tape)["heard at most"][0]
    assert verdicts(played({"heard at most": "2s"}, speaking=cut), [cut])["heard at most"][0] is False
    assert verdicts(played({"heard at most": 2}, speaking=cut), [cut])["heard at most"][0] is False


def test_cards_and_states_are_what_the_page_showed():
    """
    A card counts from the line's begin to some seconds after it, a state also when it was there before.
    """
    states = [
        PageState(5.0, "listening", 0, False, ""),
        PageState(12.3, "thinking", 0, False, "Decisions the rubber  case"),
    ]

    assert verdicts(played({"shows card": True}), states=states)["shows card"][0]
    assert verdicts(played({"shows card": "Rubber case"}), states=states)["shows card"][0]
    assert verdicts(played({"shows card": False}), states=states)["shows card"][0] is False
    assert verdicts(played({"shows card": "budget"}), states=states)["shows card"][0] is False
    assert verdicts(played({"state is": "thinking"}), states=states)["state is"] == (True, "listening → thinking")
    assert verdicts(played({"state is": "muted"}), states=states)["state is"][0] is False


def test_a_decision_belongs_to_the_line_with_its_words_and_speaker():
    """
    Recognition may lose a word; another speaker's same words are another line.
    """
    step = played({"replies within": "9s"})
    other = decision(speaker="Ben", reply=7)
    mine = decision(text="Parley what about the", reply=2)
    judge = Judge([step], Facts([HeardReply(12.5, 15, 2), HeardReply(16, 18, 7)], [], [other, mine]))

    assert judge.decisions[0] is mine
    reply = judge.reply_of(step)
    assert reply is not None and reply.number == 2


def test_stages_count_from_the_measured_end_of_speech():
    """
    The backend's clock is set by the first sounds, which both sides know; stages keep their order.
    """
    record = decision(times={"final": 100.3, "committed": 100.5, "first_sound": 100.6, "speech_end": 95.0})
    offset = clock_offset([HeardReply(12.5, 15, 1)], [record])

    assert offset == pytest.approx(-88.1)
    assert stages_of(record, 11.9 - offset) == {"final": 300.0, "committed": 500.0, "first_sound": 600.0}
    assert stages_of({"times": {"speech_end": 1.0, "final": 1.25}}) == {"final": 250.0}
    assert stages_of(None) == {}


def test_percentiles_of_few_values():
    """
    The middle of one is itself, of none nothing; the slowest is the last.
    """
    assert percentile([], 0.5) is None
    assert percentile([3.0], 0.5) == 3.0 and percentile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.95) == 4.0


class Listening:
    """An AgentSound on a clock of the test's own; the page plays 20 ms frames without any delay."""

    def __init__(self) -> None:
        self.time = 100.0
        self.agent = AgentSound(lambda: self.time, lambda: self.time)
        self.run = 1

    def plays(self, seconds: float, loud: bool = True) -> None:
        for _ in range(round(seconds / 0.02)):
            self.time += 0.02
            pcm = np.full(480, 6000 if loud else 0, np.int16)
            self.agent.sound(TapFrame(self.run, 24_000, self.time, pcm.tobytes()))

    def waits(self, seconds: float) -> None:
        self.time += seconds
        self.run += 1

    def page(self, agent: str, reply: int) -> None:
        self.agent.page_state(self.time, {"agent": agent, "reply": reply})


def test_a_pause_for_breath_is_the_same_reply():
    """
    While the page has the reply a pause of two seconds does not end it; when the page is done it is over.
    """
    heard = Listening()
    heard.page("speaking", 4)
    heard.plays(1.0)
    heard.plays(2.0, loud=False)
    heard.plays(0.5)
    assert len(heard.agent.replies) == 1 and heard.agent.current is not None
    heard.page("listening", 0)
    heard.waits(0.3)
    assert heard.agent.current is None
    (reply,) = heard.agent.replies
    assert reply.number == 4 and reply.begin == pytest.approx(100.0, abs=0.011)
    assert reply.end == pytest.approx(103.5, abs=0.011) and len(reply.spurts) == 2


def test_the_next_reply_is_another_even_without_a_pause():
    """
    A new number of the page splits the sound, also when its first sound came before the page said so.
    """
    heard = Listening()
    heard.page("speaking", 1)
    heard.plays(1.0)
    heard.plays(0.2, loud=False)
    heard.plays(0.1)
    heard.page("speaking", 2)
    heard.plays(1.0)
    first, second = heard.agent.replies
    assert (first.number, second.number) == (1, 2)
    assert first.end == pytest.approx(101.0, abs=0.011) and second.begin == pytest.approx(101.2, abs=0.011)


def test_sound_without_a_word_from_the_page_is_split_by_silence():
    """
    Without the page's state a second of silence ends a reply.
    """
    heard = Listening()
    heard.plays(1.0)
    heard.waits(1.0)
    heard.plays(0.4)
    assert [r.seconds for r in heard.agent.replies] == pytest.approx([1.0, 0.4], abs=0.03)


def test_late_frames_do_not_move_the_sound():
    """
    A run's place is that of its least delayed frame, and the rendered sound has it there.
    """
    heard = Listening()
    pcm = np.full(480, 6000, np.int16).tobytes()
    for delay in (0.05, 0.05, 0.0, 0.03):
        heard.time += 0.02
        heard.agent.sound(TapFrame(1, 24_000, heard.time + delay, pcm))
    heard.agent.finish()
    sound = heard.agent.rendered(101.0)

    loud = np.flatnonzero(np.abs(sound.astype(int)) > 3000)
    assert loud[0] / RATE == pytest.approx(100.0, abs=0.002)
    assert loud[-1] / RATE == pytest.approx(100.08, abs=0.002)
    (reply,) = heard.agent.replies
    assert reply.begin == pytest.approx(100.0, abs=0.002)


def test_sound_that_a_busy_page_lost_makes_what_follows_later():
    """
    When rendering falls behind for good, the sound after it is placed where it was heard.
    """
    heard = Listening()
    heard.plays(3.0, loud=False)
    heard.time += 0.3
    heard.plays(3.0, loud=False)
    heard.plays(0.5)
    heard.agent.finish()

    (reply,) = heard.agent.replies
    assert reply.begin == pytest.approx(106.3, abs=0.011)
    loud = np.flatnonzero(np.abs(heard.agent.rendered(108.0).astype(int)) > 3000)
    assert loud[0] / RATE == pytest.approx(106.3, abs=0.011)
