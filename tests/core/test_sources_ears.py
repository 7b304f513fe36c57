"""Our own ear beside the host's transcript, or alone: every utterance once, early, and by its speaker."""

from __future__ import annotations

import heapq
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core import effects as fx
from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.people import People
from server.core.sources import EARS, FIRST_WAIT, LONGEST_WAIT, SOMEONE, Sources
from tests.core.timeline import Timeline

#: seconds by which a host's recording began later than the session
HOST_ZERO = 37.0


def ours(text: str, start: float, end: float | None = None, *, key: str = "", final: bool = True) -> ev.Heard:
    return ev.Heard("", text, final, key=f"ears:{key or start}", start=start, end=end, source=EARS)


def theirs(text: str, who: str = "Ana", *, final: bool = True, start: float | None = None, end: float | None = None):
    return ev.Heard(who, text, final, IDS[who], start=start, end=end, source="host")


IDS = {"Ana": "100", "Ben": "200", "Cleo": "300"}


class Meeting:
    """A conversation on virtual time that is told what the ears bring."""

    def __init__(self) -> None:
        self.conversation = Conversation(Config())
        self.now = 0.0
        self._queue: list[tuple[float, int, ev.Event]] = []
        self._tick = itertools.count()
        self._timers: dict[str, int] = {}

    def at(self, when: float, event: ev.Event) -> None:
        heapq.heappush(self._queue, (when, next(self._tick), event))

    def run(self) -> list[tuple[str, str]]:
        """Everything that was said, as (speaker, text)."""
        while self._queue:
            when, number, event = heapq.heappop(self._queue)
            if isinstance(event, ev.TimerFired) and self._timers.get(event.key) != number:
                continue
            self.now = max(self.now, when)
            for effect in self.conversation.handle(event, self.now):
                if isinstance(effect, fx.SetTimer):
                    number = self._timers[effect.key] = next(self._tick)
                    heapq.heappush(self._queue, (effect.at, number, ev.TimerFired(effect.key)))
                elif isinstance(effect, fx.CancelTimer):
                    self._timers.pop(effect.key, None)
        return [(turn.speaker, turn.text) for turn in self.conversation.transcript.turns]


def test_alone_our_words_count():
    """Where no host has words, ours count: after a short wait until that is known, then at once."""
    sources = Sources()
    for number in range(2):
        assert [
            each.final
            for each in sources.takes(
                ours(f"Word number {number} here.", number * 5.0, number * 5 + 2.0), number * 5 + 2.5
            )
        ] == [False]
        due = sources.next_due
        assert due == pytest.approx(number * 5 + 2.5 + FIRST_WAIT)
        assert [(each.final, each.speaker) for each in sources.due(due)] == [(True, SOMEONE)]
    heard = sources.takes(ours("Parley, stop.", 20.0, 21.0), 21.5)
    assert [(each.final, each.text, each.speaker) for each in heard] == [(True, "Parley, stop.", SOMEONE)]
    assert sources.next_due is None


def test_the_host_wins_when_it_comes_in_time():
    """Our words are shown as growing until the host's come; then the host's are the utterance and ours are not."""
    sources = Sources()
    assert sources.takes(ours("We ship", 1.0, final=False), 1.8)[0].text == "We ship"
    assert sources.takes(ours("We chip on Friday.", 1.0, 2.5), 3.0)[0].final is False
    assert sources.takes(theirs("We ship on Friday."), 3.4) == [theirs("We ship on Friday.")]
    assert sources.next_due is None
    assert sources.due(60.0) == []


def test_the_host_first():
    """What the host has already said is not said again by our ear: neither whole nor growing."""
    sources = Sources()
    assert sources.takes(theirs("We ship on Friday."), 2.8)
    assert sources.takes(ours("We ship on", 1.0, final=False), 3.0) == []
    assert sources.takes(ours("we shipped on Friday", 1.0, 2.5), 3.1) == []
    assert sources.next_due is None


def test_a_late_host_puts_our_words_right():
    """Words of ours that counted are corrected by the host's, in place: no second turn, the key of the first."""
    meeting = Meeting()
    meeting.at(0.5, ev.PersonSpeaks("100", "Ana", True))
    meeting.at(3.0, ev.PersonSpeaks("100", "Ana", False))
    meeting.at(3.4, ours("Parley, what did we decide about the Robert case?", 0.5, 3.0))
    meeting.at(9.0, theirs("Parley, what did we decide about the rubber case?"))
    assert meeting.run() == [("Ana", "Parley, what did we decide about the rubber case?")]


def test_a_host_that_is_always_late_is_not_waited_for():
    """When the host's words come after seconds, ours count at once, and the host's still make no turn of their own."""
    meeting, said = Meeting(), []
    for number in range(8):
        at, text = number * 10.0, f"This is sentence number {number} of the plan."
        said.append(("Ana", text))
        meeting.at(at + 2.5, ours(text, at, at + 2.0))
        meeting.at(at + 7.0, theirs(text, start=at - HOST_ZERO, end=at + 2.0 - HOST_ZERO))
    assert meeting.run() == said
    sources = meeting.conversation._sources
    assert sources._patience() == 0.0


def test_the_wait_follows_the_host():
    """After some utterances the wait for the host is a little more than the host usually takes, within bounds."""
    sources = Sources()
    for number in range(6):
        at, text = number * 10.0, f"This is sentence number {number} of the plan."
        sources.takes(ours(text, at, at + 2.0), at + 2.5)
        sources.takes(theirs(text), at + 3.0)
    sources.takes(ours("And now something that the host loses.", 70.0, 72.0), 72.5)
    assert sources.next_due == pytest.approx(73.2)
    assert 0.5 < sources.next_due - 72.5 < LONGEST_WAIT


def test_a_cough_is_no_thank_you():
    """While the host's words come, two words that only we heard are not believed; three are."""
    sources = Sources()
    sources.takes(theirs("Good morning, everybody."), 1.0)
    sources.takes(ours("Thank you.", 5.0, 5.4), 6.0)
    sources.takes(ours("But I said something.", 8.0, 9.4), 10.0)
    assert [each.text for each in sources.due(60.0)] == ["But I said something."]


def test_other_cuts():
    """One utterance of the host in two of ours, and two of the host in one of ours, are each told once."""
    meeting = Meeting()
    meeting.at(2.0, ours("Good morning all.", 0.0, 1.5))
    meeting.at(4.5, ours("Shall we begin with the budget?", 2.2, 4.0))
    meeting.at(5.0, theirs("Good morning all. Shall we begin with the budget?"))
    meeting.at(12.0, theirs("The rubber case is done."))
    meeting.at(14.0, ours("The rubber case is done. What about the remote?", 10.0, 13.6))
    meeting.at(14.3, theirs("What about the remote?"))
    texts = [text for _, text in meeting.run()]
    assert " ".join(texts).count("Good morning") == 1
    assert " ".join(texts).count("budget") == 1
    assert texts[-2:] == ["The rubber case is done.", "What about the remote?"]


def test_only_what_the_host_lacks():
    """Of an utterance whose beginning the host has, the sentence it lost is told, once the host's stays away."""
    sources = Sources()
    sources.takes(theirs("The rubber case is done."), 12.0)
    sources.takes(ours("The rubber case is done. Parley, what about the remote?", 10.0, 13.6), 14.0)
    assert [each.text for each in sources.due(60.0)] == ["Parley, what about the remote?"]


def test_what_only_the_host_heard_of_an_utterance():
    """When our ear died in the middle, the host's words that it missed are a turn, and those it had are not again."""
    sources = Sources()
    sources.takes(ours("Good morning all.", 0.0, 1.5), 2.0)
    assert sources.due(60.0)
    heard = sources.takes(theirs("Good morning all. Shall we begin with the budget?"), 6.0)
    assert [each.text for each in heard] == ["Shall we begin with the budget?"]


def test_whose_words_they_are():
    """The speaker is whom the host's growing words name, else who is heard speaking, else the only one there."""
    sources = Sources()
    sources.takes(theirs("Parley what did", "Ben", final=False), 1.0)
    assert sources.takes(ours("Parley, what did we decide", 0.2, final=False), 1.3)[0].speaker == "Ben"
    sources = Sources()
    sources.person("100", "Ana", True, 0.1)
    sources.person("200", "Ben", True, 1.2)
    sources.person("200", "Ben", False, 1.4)
    assert sources.takes(ours("What did we decide", 0.2, final=False), 1.6)[0].speaker_id == "100"
    people = People("Parley")
    people.seen("300", "Cleo", False)
    assert Sources(people).takes(ours("Well now", 0.2, final=False), 1.0)[0].speaker == "Cleo"
    people.seen("100", "Ana", False)
    assert Sources(people).takes(ours("Well now", 0.2, final=False), 1.0)[0].speaker == SOMEONE


def test_a_guess_that_was_wrong_is_taken_back():
    """What was shown under the wrong name is not left there when the host names the speaker."""
    meeting = Meeting()
    meeting.at(1.0, ours("We ship on", 0.2, final=False))
    meeting.at(2.0, ours("We ship on Friday.", 0.2, 1.6))
    meeting.at(2.4, theirs("We ship on Friday."))
    assert meeting.run() == [("Ana", "We ship on Friday.")]
    assert meeting.conversation.transcript.partials == {}
    assert meeting.conversation._shown._open == {}


def test_growing_words_never_shrink():
    """The host's growing words that ours are ahead of are left alone; those that bring something new are shown."""
    sources = Sources()
    assert sources.takes(theirs("Parley", final=False), 0.5)
    assert sources.takes(ours("Parley, what did we", 0.2, final=False), 1.0)
    assert sources.takes(theirs("Parley what", final=False), 1.2) == []
    assert sources.takes(theirs("Parley what did we decide about the case", final=False), 2.0)
    assert sources.takes(ours("Parley, what did we decide about", 0.2, final=False), 2.1) == []


def test_repeated_events():
    """A final that comes twice, from either side, is told once."""
    meeting = Meeting()
    for at in (2.0, 2.1):
        meeting.at(at, ours("We ship on Friday.", 0.2, 1.6))
    for at in (6.0, 6.1):
        meeting.at(at, theirs("We ship on Friday.", start=0.2, end=1.6))
    assert meeting.run() == [("Ana", "We ship on Friday.")]


def test_a_repeat_of_what_came_in_part():
    """The host's words of which only the rest was told are not told whole when they come again."""
    sources = Sources()
    sources.takes(ours("Good morning all.", 0.0, 1.5), 2.0)
    sources.due(60.0)
    again = theirs("Good morning all. Shall we begin with the budget?", start=0.0, end=4.0)
    assert [each.text for each in sources.takes(again, 6.0)] == ["Shall we begin with the budget?"]
    assert sources.takes(again, 6.1) == []


def test_a_restart_in_the_middle_of_a_wait():
    """Words that waited for the host when the process died count in the next one."""
    conversation = Conversation(Config())
    conversation.handle(ours("We ship on Friday.", 0.2, 1.6), 2.0)
    effects = conversation.handle(ev.Resumed(), 30.0)
    (timer,) = [effect for effect in effects if isinstance(effect, fx.SetTimer) and effect.key == "ears"]
    conversation.handle(ev.TimerFired("ears"), timer.at)
    assert [turn.text for turn in conversation.transcript.turns] == ["We ship on Friday."]


def test_no_second_answer():
    """A question that our ear brings first is answered once, and the host's words for it change nothing."""
    t = Timeline()
    t.model("You chose the rubber case.")
    question = "Parley, what did we decide about the case?"
    t.at(0.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(2.2, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.at(2.4, lambda: t.tell(ours(question, 0.0, 2.0)))
    t.at(4.5, lambda: t.tell(theirs("Parley what did we decide about the case")))
    t.run()
    assert len(t.replies) == 1
    assert len([turn for turn in t.conversation.transcript.turns if not turn.is_agent]) == 1


# ---------------------------------------------------------------- any order

WORDS = "budget rubber case remote Friday ship decide colour battery panel question number market yellow design".split()


def sentence(number: int) -> str:
    """A sentence that is not mistaken for another, though they share words."""
    return f"{' '.join(random.Random(number).sample(WORDS, 5))} {'abcdefghijkl'[number]}{number}{number}."


def misheard(text: str, at: int) -> str:
    """One word is another one, and the signs are different."""
    words = text.casefold().rstrip(".").split()
    if at < len(words):
        words[at] = "zzz"
    return " ".join(words)


MEETINGS = st.lists(
    st.tuples(
        st.sampled_from([0.4, 1.0, 4.0, 20.0]),  # pause before
        st.sampled_from(["Ana", "Ben", "Cleo"]),
        st.integers(0, 9),  # which word we mishear; from six on none
        st.floats(0.1, 1.5),  # our delay
        st.floats(0.1, 6.0),  # the host's
    ),
    min_size=1,
    max_size=10,
)


def deliver(meeting: Meeting, said, *, timed: bool, ears=lambda n: True, host=lambda n: True) -> None:
    """Have both ears bring these utterances, each ear in the order in which they were said."""
    at, last = 0.0, {"ears": 0.0, "host": 0.0}
    for number, (pause, who, wrong, delay, host_delay) in enumerate(said):
        start = at + pause
        at = end = start + 2.0
        text = sentence(number)
        if ears(number):
            last["ears"] = max(last["ears"], end + delay)
            heard = misheard(text, wrong)
            meeting.at(start + 1.0, ours(" ".join(heard.split()[:2]), start, key=f"i{number}", final=False))
            meeting.at(last["ears"], ours(heard, start, end, key=f"i{number}"))
        if host(number):
            last["host"] = max(last["host"], end + host_delay)
            times = {"start": start - HOST_ZERO, "end": end - HOST_ZERO} if timed else {}
            meeting.at(last["host"], theirs(text, who, **times))


@given(MEETINGS, st.booleans())
def test_each_utterance_once(said, timed):
    """Both ears deliver everything, ours misheard, in any interleaving: each utterance is one turn."""
    meeting = Meeting()
    deliver(meeting, said, timed=timed)
    turns = meeting.run()
    assert len(turns) == len(said)
    for number in range(len(said)):
        mark = sentence(number).split()[-1].rstrip(".")
        assert sum(mark in text.casefold() or misheard(sentence(number), 5) == text for _, text in turns) == 1


@given(MEETINGS, st.booleans())
def test_a_quick_host_names_everybody(said, timed):
    """A host whose words come no later than ours gives every turn its words and its speaker."""
    meeting = Meeting()
    deliver(meeting, [(*each[:4], 0.05) for each in said], timed=timed)
    assert meeting.run() == [(each[1], sentence(number)) for number, each in enumerate(said)]


@given(MEETINGS, st.lists(st.sampled_from(["both", "ears", "host"]), min_size=10, max_size=10), st.booleans())
def test_what_one_ear_loses_the_other_has(said, by, timed):
    """Each utterance reaches at least one ear: each is one turn."""
    meeting = Meeting()
    deliver(meeting, said, timed=timed, ears=lambda n: by[n] != "host", host=lambda n: by[n] != "ears")
    assert len(meeting.run()) == len(said)


@given(MEETINGS)
def test_nothing_is_left_over(said):
    """When everything has come, nothing waits, and nobody seems to be in the middle of a word."""
    meeting = Meeting()
    deliver(meeting, said, timed=True)
    meeting.run()
    sources = meeting.conversation._sources
    assert sources.next_due is None and sources._shown == {}
    assert meeting.conversation.transcript.partials == {}
