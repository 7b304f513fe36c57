"""The agent's stay in a real meeting on virtual time: it greets once, and it goes when only bots are left."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from server.core import effects as fx
from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.seat import ALONE, GREET_AFTER
from tests.core.timeline import Timeline

GREETING = "Good morning, I am Parley."


def meeting(*, page: bool = True) -> Timeline:
    """A meeting in which the agent greets."""
    return Timeline(Config(greeting="Good morning, I am {name}."), page=page)


def fact(t: Timeline, at: float, event: ev.Event) -> None:
    """Something that the host tells at this time."""
    t.at(at, lambda: t.tell(event))


def greetings(t: Timeline) -> list[float]:
    """When the agent greeted aloud."""
    return [each.times["first_sound"] for each in t.replies if each.reason == "greeting"]


def leaves(t: Timeline) -> list[str]:
    """Why the agent wanted to leave, each time it did."""
    return [effect.reason for effect in t.effects if isinstance(effect, fx.LeaveMeeting)]


def test_it_greets_when_both_are_in():
    """
    The greeting is said once, a moment after the bot is in and somebody is there, whichever came first.
    """
    for seated, joined in ((1.0, 5.0), (5.0, 1.0)):
        t = meeting()
        fact(t, 0.5, ev.SeatChanged("waiting"))
        fact(t, seated, ev.SeatChanged("in-call"))
        fact(t, joined, ev.PersonSeen("100", "Ana"))
        fact(t, 9.0, ev.SeatChanged("live"))
        fact(t, 12.0, ev.PersonSeen("200", "Ben"))
        t.run(60)
        (at,) = greetings(t)
        assert 5.0 + GREET_AFTER <= at <= 5.0 + GREET_AFTER + 0.5
        assert t.replies[0].heard == GREETING


def test_it_does_not_greet_an_empty_room():
    """
    Nobody, only bots, or only its own bot: nothing is said; nor in the waiting room, nor after the end.
    """
    for state, people in (
        ("in-call", []),
        ("in-call", [("9", "Parley"), ("8", "Otter.ai"), ("7", "Fireflies Notetaker")]),
        ("waiting", [("100", "Ana")]),
        ("leaving", [("100", "Ana")]),
        ("done", [("100", "Ana")]),
    ):
        t = meeting()
        for id, name in people:
            fact(t, 0.5, ev.PersonSeen(id, name))
        fact(t, 1.0, ev.SeatChanged(state))
        t.run(60)
        assert not t.replies and not leaves(t), (state, people)


def test_words_are_somebody_too():
    """
    Where the host tells of nobody, whoever is heard or writes is somebody to greet.
    """
    t = meeting()
    fact(t, 1.0, ev.SeatChanged("in-call"))
    t.says("Ana", "Shall we begin?", at=5.0, until=6.0)
    t.run(60)
    assert len(greetings(t)) == 1 and greetings(t)[0] > 6.0 + GREET_AFTER
    t = meeting()
    fact(t, 1.0, ev.SeatChanged("in-call"))
    fact(t, 5.0, ev.ChatSaid("Ana", "Shall we begin?", "100"))
    t.run(60)
    assert len(greetings(t)) == 1


def test_it_does_not_greet_into_a_sentence():
    """
    While somebody speaks the greeting waits for the room to be quiet.
    """
    t = meeting()
    fact(t, 1.0, ev.SeatChanged("in-call"))
    fact(t, 1.0, ev.PersonSeen("100", "Ana"))
    t.says("Ana", "So what I wanted to tell you is that we have no time at all.", at=2.0, until=6.0)
    t.run(60)
    (at,) = greetings(t)
    assert at > 6.0


def test_no_greeting_where_none_is_wanted():
    """
    Without a greeting, and while muted, it takes its seat in silence.
    """
    for config in (Config(greeting=""), Config(greeting=GREETING, policy="muted")):
        t = Timeline(config)
        fact(t, 1.0, ev.SeatChanged("in-call"))
        fact(t, 1.0, ev.PersonSeen("100", "Ana"))
        t.run(60)
        assert not t.replies


def test_after_a_restart_it_does_not_greet_again():
    """
    A backend that is restarted remembers that it has greeted, and greets if it had not.
    """
    t = meeting()
    fact(t, 1.0, ev.SeatChanged("in-call"))
    fact(t, 1.0, ev.PersonSeen("100", "Ana"))
    fact(t, 20.0, ev.Resumed())
    fact(t, 21.0, ev.PageJoined("page"))
    fact(t, 21.0, ev.SeatChanged("live"))
    t.run(60)
    assert len(greetings(t)) == 1
    t = meeting()
    fact(t, 1.0, ev.SeatChanged("in-call"))
    fact(t, 1.0, ev.PersonSeen("100", "Ana"))
    fact(t, 1.5, ev.Resumed())
    fact(t, 1.7, ev.PageJoined("page"))
    t.run(60)
    assert len(greetings(t)) == 1


def test_it_greets_when_it_has_a_voice():
    """
    A page that comes later than the greeting was due brings it: a greeting nobody could hear was none.
    """
    t = meeting(page=False)
    fact(t, 1.0, ev.SeatChanged("in-call"))
    fact(t, 1.0, ev.PersonSeen("100", "Ana"))
    fact(t, 10.0, ev.PageJoined("page"))
    t.run(60)
    assert len(greetings(t)) == 1


def test_it_does_not_greet_who_has_gone():
    """
    Somebody who looks in and leaves again is not greeted.
    """
    t = meeting()
    fact(t, 1.0, ev.SeatChanged("in-call"))
    fact(t, 2.0, ev.PersonSeen("100", "Ana"))
    fact(t, 3.0, ev.PersonLeft("100"))
    t.run(20)
    assert not t.replies


# ---------------------------------------------------------------- leaving


def test_it_goes_when_only_bots_are_left():
    """
    Thirty seconds after the last person left it goes too, whatever bots stay; not a second earlier.
    """
    t = Timeline(Config())
    fact(t, 1.0, ev.SeatChanged("live"))
    fact(t, 1.0, ev.PersonSeen("100", "Ana"))
    fact(t, 1.0, ev.PersonSeen("200", "Ben"))
    fact(t, 1.0, ev.PersonSeen("8", "Read.ai meeting notes"))
    fact(t, 100.0, ev.PersonLeft("100"))
    fact(t, 200.0, ev.PersonLeft("200"))
    t.run(200 + ALONE - 0.1)
    assert not leaves(t)
    t.run(400)
    assert leaves(t) == ["alone"]


def test_it_stays_when_somebody_comes_back():
    """
    Whoever comes back within the time keeps it there, and it is counted anew when they go again.
    """
    t = Timeline(Config())
    fact(t, 1.0, ev.SeatChanged("live"))
    fact(t, 1.0, ev.PersonSeen("100", "Ana"))
    fact(t, 10.0, ev.PersonLeft("100"))
    fact(t, 35.0, ev.PersonSeen("101", "Ana"))
    fact(t, 100.0, ev.PersonLeft("101"))
    t.run(100 + ALONE - 0.1)
    assert not leaves(t)
    t.run(200)
    assert leaves(t) == ["alone"]


def test_it_stays_where_it_cannot_know():
    """
    A host that tells of nobody, and a bot that is not in the meeting, are no reason to go.
    """
    t = Timeline(Config())
    fact(t, 1.0, ev.SeatChanged("live"))
    t.says("Ana", "Bye everybody.", at=5.0, until=6.0)
    t.run(600)
    assert not leaves(t)
    t = Timeline(Config())
    fact(t, 1.0, ev.PersonSeen("100", "Ana"))
    fact(t, 2.0, ev.PersonLeft("100"))
    fact(t, 3.0, ev.SeatChanged("waiting"))
    t.run(600)
    assert not leaves(t)


def test_after_a_restart_it_still_goes():
    """
    Being alone is noticed after a restart as well.
    """
    t = Timeline(Config())
    fact(t, 1.0, ev.SeatChanged("live"))
    fact(t, 1.0, ev.PersonSeen("100", "Ana"))
    fact(t, 10.0, ev.PersonLeft("100"))
    fact(t, 20.0, ev.Resumed())
    t.run(100)
    assert leaves(t) == ["alone"]


PEOPLE = st.sampled_from([("100", "Ana"), ("200", "Ben"), ("8", "Otter.ai"), ("9", "Parley"), ("300", "")])
FACTS = st.one_of(
    st.builds(ev.SeatChanged, st.sampled_from(["joining", "waiting", "in-call", "live", "leaving"])),
    PEOPLE.map(lambda one: ev.PersonSeen(*one)),
    PEOPLE.map(lambda one: ev.PersonLeft(one[0])),
    st.builds(ev.ChatSaid, st.just("Ana"), st.just("Good morning."), st.just("100")),
    st.just(ev.PageJoined("a")),
    st.just(ev.PageLeft("a")),
)


@settings(max_examples=150)
@given(st.lists(st.tuples(FACTS, st.floats(0.0, 40.0)), max_size=30))
def test_in_any_order(facts):
    """
    Whatever happens in whatever order: it greets at most once, only while seated, and goes only when seated, when
    people were there and none is left.
    """
    conversation = Conversation(Config(greeting=GREETING))
    timers: dict[str, float] = {}
    now, spoken = 0.0, 0

    def handle(event: ev.Event) -> None:
        nonlocal spoken
        for effect in conversation.handle(event, now):
            match effect:
                case fx.SetTimer(key, at):
                    timers[key] = at
                case fx.CancelTimer(key):
                    timers.pop(key, None)
                case fx.Speak(text=text) if text == GREETING:
                    spoken += 1
                    assert conversation.seat.seated
                case fx.LeaveMeeting(reason):
                    people = conversation.room.people
                    assert reason == "alone" and conversation.seat.seated and people.met and not people.humans

    for event, pause in facts:
        handle(event)
        until = now + pause
        while timers and min(timers.values()) <= until:
            key = min(timers, key=lambda key: timers[key])
            now = max(now, timers.pop(key))
            handle(ev.TimerFired(key))
        now = until
    assert spoken <= 1


# ---------------------------------------------------------------- an ear with a clock of its own


def test_words_of_a_recording_that_began_later_stand_where_they_were_said():
    """
    A host counts from the begin of its recording, a minute after ours: what it brings stands behind the greeting, and
    speech over a reply is not taken for something said before it.
    """
    t = meeting()
    fact(t, 60.0, ev.SeatChanged("live"))
    fact(t, 60.0, ev.PersonSeen("100", "Ana"))
    fact(t, 70.0, ev.Heard("Ana", "We chose the rubber case.", True, "100", start=2.0, end=5.0, source="host"))
    t.model("The rubber case, as Ana said a moment ago, and the reasons for it were many and good.")
    fact(t, 72.0, ev.Heard("Ana", "Parley, which case was it?", True, "100", start=6.0, end=7.0, source="host"))
    fact(t, 74.0, ev.Heard("Ana", "No, stop, that is wrong.", False, "100", start=8.0, end=8.9, source="host"))
    t.run(90)
    turns = t.conversation.transcript.turns
    assert [turn.is_agent for turn in turns[:2]] == [True, False]
    assert [each.outcome for each in t.decisions if each.verdict == "reply"][-1] == "interrupted"


def test_a_page_that_waited_long_before_the_first_words():
    """
    Words that count from a recording's begin are the meeting's time, and speech over a reply still stops it.
    """
    t = Timeline()
    fact(t, 300.0, ev.Heard("Ana", "We chose the rubber case.", True, "100", start=2.0, end=5.0))
    t.model("The rubber case, as Ana said a moment ago, and the reasons for it were many and good.")
    fact(t, 302.0, ev.Heard("Ana", "Parley, which case was it?", True, "100", start=6.0, end=7.0))
    fact(t, 304.0, ev.Heard("Ana", "No, stop, that is wrong.", False, "100", start=8.0, end=8.9))
    t.run(330)
    assert [turn.start for turn in t.conversation.transcript.turns[:2]] == [2.0, 6.0]
    assert [each.outcome for each in t.decisions if each.verdict == "reply"] == ["interrupted"]
    assert max(turn.end for turn in t.conversation.transcript.turns) < 15.0
