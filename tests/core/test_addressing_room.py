"""Addressing in a running meeting: what the room hands to the rules, and what comes of it."""

from __future__ import annotations

from server.core import addressing
from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.room import RECENT, Room
from tests.core.timeline import Timeline

ANSWER = "You chose the rubber case."


def asked(answer: str = ANSWER) -> Timeline:
    """Ana asked by name, and the agent has answered by second 5."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(answer)
    t.model("It costs two euros.")
    return t


def reasons(t: Timeline) -> list[tuple[str, str]]:
    """Verdict and reason of every decision, in order."""
    return [(decision.verdict, decision.reason) for decision in t.decisions]


def test_the_person_it_answered_needs_no_name_for_the_next_question():
    """A follow-up of the same person some seconds later is answered."""
    t = asked()
    t.says("Ana", "And how much does it cost?", at=6.0, until=7.0)
    t.run()
    assert reasons(t) == [("reply", "called"), ("reply", "followed-up")]
    assert t.replies[1].outcome == "complete"


def test_somebody_else_does_need_the_name():
    """Another person's question behind its answer is for the room."""
    t = asked()
    t.says("Ben", "And how much does it cost?", at=6.0, until=7.0)
    t.run()
    assert reasons(t) == [("reply", "called"), ("silent", "not-called")]


def test_the_window_closes_with_time():
    """Long after its answer the name is needed again."""
    t = asked()
    t.says("Ana", "And how much does it cost?", at=20.0, until=21.0)
    t.run()
    assert reasons(t)[1] == ("silent", "not-called")


def test_the_window_closes_when_the_talk_goes_on_without_it():
    """Once somebody else has taken up the talk, the asker's next question is for the room."""
    t = asked()
    t.says("Ben", "I never liked that one to be honest.", at=5.0, until=6.5)
    t.says("Ana", "And how much does it cost?", at=7.0, until=8.0)
    t.run()
    assert reasons(t)[1:] == [("silent", "not-called"), ("silent", "not-called")]


def test_the_window_closes_when_the_asker_turns_to_somebody():
    """ "Ben, is that right?" ends the exchange with the agent."""
    t = asked()
    t.says("Ben", "Mm-hmm.", at=4.6, until=4.9)
    t.says("Ana", "Ben, is that right?", at=5.0, until=6.0)
    t.says("Ana", "And how much does it cost?", at=7.5, until=8.5)
    t.run()
    assert [reason for _, reason in reasons(t)[2:]] == ["other-person", "not-called"]


def test_a_remark_on_its_answer_is_left_alone():
    """A comment and a thank-you of the asker are no questions."""
    t = asked()
    t.says("Ana", "I thought it was the wooden one.", at=5.0, until=6.2)
    t.says("Ana", "Great, thanks.", at=9.0, until=9.5)
    t.run()
    assert [reason for _, reason in reasons(t)[1:]] == ["aside", "thanked"]


def test_an_answer_to_its_question_needs_no_name():
    """It asked which one; the person says which."""
    t = asked("Do you mean the first or the second?")
    t.says("Ana", "The second one.", at=7.0, until=7.8)
    t.run()
    assert reasons(t)[1] == ("reply", "answered-us")


def test_an_offer_that_is_declined_is_left_alone():
    """ "No, that's fine" is an answer that asks for nothing."""
    t = asked("You chose the rubber case. Shall I write that down?")
    t.says("Ana", "No, that's fine, thanks.", at=8.0, until=9.0)
    t.run()
    assert reasons(t)[1] == ("silent", "thanked")


def test_another_assistant_is_left_alone():
    """A question to another assistant behind its answer is not for it."""
    t = asked()
    t.says("Ana", "Hey Siri, how much is that in dollars?", at=6.0, until=7.0)
    t.run()
    assert reasons(t)[1] == ("silent", "other-assistant")


def test_the_context_holds_the_turns_before_but_not_the_utterance():
    """At most eight turns of the last minute, oldest first, with the seconds to the start of what is said now."""
    c = Conversation(Config(name="Nova"))
    for at in range(12):
        said = ev.Heard("Ana" if at % 2 else "Ben", f"line {at}", True, str(at % 2), start=at * 10.0, end=at * 10.0 + 2)
        c.handle(said, at * 10.0 + 2.2)
    context = c.room.context("1", "Ana", 112.5)
    assert [turn.text for turn in context.recent] == [f"line {at}" for at in range(5, 11)]
    assert [round(turn.ago) for turn in context.recent] == [58, 48, 38, 28, 18, 8]
    assert len(context.recent) <= RECENT
    assert set(context.participants) == {"Ana", "Ben"}


def test_turns_that_began_later_and_chat_lines_are_no_context_of_speech():
    """Somebody who began while the person spoke was not heard before; the chat is its own conversation."""
    c = Conversation(Config(name="Nova"))
    c.handle(ev.ChatSaid("Ben", "written", "2"), 1.0)
    c.handle(ev.Heard("Ben", "spoken", True, "2", start=2.0, end=3.0), 3.2)
    c.handle(ev.Heard("Ben", "over her", True, "2", start=5.0, end=5.5), 5.7)
    c.handle(ev.Heard("Ana", "hello", True, "1", start=4.0, end=6.0), 6.2)
    assert [turn.text for turn in c.room.context("1", "Ana", 6.2).recent] == ["spoken"]


def test_what_it_is_saying_is_the_newest_turn():
    """Words of a reply that still runs are in no transcript: the room adds them."""
    room = Room(Config(name="Nova"))
    room.saying = lambda: "The first item is"
    assert room.context("1", "Ana", 3.0).recent == (addressing.Recent("Nova", "The first item is", True, 0.0),)


def test_the_agent_and_those_who_left_are_no_participants():
    """A person of a similar name counts only while in the call; the agent's own bot never."""
    c = Conversation(Config(name="Nova"))
    c.handle(ev.PersonSeen("9", "Nova"), 0.0)
    c.handle(ev.PersonSeen("1", "Ana"), 0.0)
    c.handle(ev.PersonSeen("2", "Nora"), 0.0)
    heard = "Nora, can you read that again?"
    assert not addressing.judge(heard, c.room.context("1", "Ana", 1.0)).addressed
    c.handle(ev.PersonLeft("2"), 2.0)
    context = c.room.context("1", "Ana", 3.0)
    assert context.participants == ("Ana",)
    assert addressing.judge(heard, context).addressed
