"""The meeting's chat on virtual time: what is answered in writing, what is obeyed, and what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core import effects as fx
from server.core import events as ev
from server.core.chat import BUSY, LONGEST, MOST, NOT_ALLOWED
from server.core.composing import SORRY
from server.core.conversation import Config, Conversation
from server.core.delivery import PATIENCE
from tests.core.timeline import Timeline


def writes(t: Timeline, text: str, at: float, *, who: str = "Ana", private: bool = False, key: str = "") -> None:
    """Somebody writes this."""
    ids = {"Ana": "100", "Ben": "200", "": ""}
    t.at(at, lambda: t.tell(ev.ChatSaid(who, text, ids.get(who, ""), private, key)))


def written(t: Timeline) -> list[tuple[str, str]]:
    """What the agent wrote, and to whom."""
    return [(effect.text, effect.to) for effect in t.effects if isinstance(effect, fx.SendChat)]


def verdicts(t: Timeline) -> list[tuple[str, str]]:
    """How each line was decided on."""
    return [(each.verdict, each.reason) for each in t.decisions]


def left(t: Timeline) -> bool:
    """Whether the agent wanted to leave."""
    return any(isinstance(effect, fx.LeaveMeeting) for effect in t.effects)


def test_a_question_in_the_chat_is_answered_there():
    """
    A line that calls the agent is answered in writing, without voice, page or floor, and both lines are remembered.
    """
    t = Timeline(page=False)
    t.model("You chose the rubber case.")
    writes(t, "Parley, what did we decide?", 1.0)
    t.run()
    assert written(t) == [("You chose the rubber case.", "everyone")]
    assert [(each.verdict, each.reason, each.outcome) for each in t.decisions] == [
        ("reply", "called-in-chat", "written")
    ]
    assert not any(isinstance(effect, fx.Speak) for effect in t.effects)
    turns = t.conversation.transcript.turns
    assert [(turn.speaker, turn.text, turn.via, turn.is_agent) for turn in turns] == [
        ("Ana", "Parley, what did we decide?", "chat", False), ("Parley", "You chose the rubber case.", "chat", True),
    ]  # fmt: skip
    assert t.conversation.delivery.past[-1].heard == "You chose the rubber case."


def test_talk_among_people_is_only_remembered():
    """
    Lines that are not for the agent enter the transcript and end in a silent decision with its reason.
    """
    t = Timeline()
    writes(t, "Shall we take the rubber case?", 1.0)
    writes(t, "Ask Parley about it.", 2.0, who="Ben")
    writes(t, "Thanks Parley!", 3.0)
    writes(t, "   ", 4.0)
    t.run()
    assert not written(t)
    assert [verdict for verdict, reason in verdicts(t) if reason] == ["silent"] * 3
    assert len(t.conversation.transcript.turns) == 3


def test_a_written_answer_does_not_disturb_a_spoken_one():
    """
    While the agent speaks, a question in the chat is answered in writing and the voice goes on to its end.
    """
    t = Timeline()
    long = "You chose the rubber case, pending the cost check. Ben will ask the supplier about it tomorrow."
    t.model(long)
    t.model("The chip stays.")
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    writes(t, "Parley, and the chip?", 3.0, who="Ben")
    t.run()
    assert written(t) == [("The chip stays.", "everyone")]
    assert [(each.outcome, each.heard) for each in t.replies if each.outcome != "written"] == [("complete", long)]


def test_a_private_line_needs_no_name():
    """
    What is written to the agent alone is for the agent, and answered to that person alone.
    """
    t = Timeline()
    t.model("In private: the rubber case.")
    writes(t, "what did we decide?", 1.0, private=True)
    t.run()
    assert written(t) == [("In private: the rubber case.", "100")]
    assert verdicts(t) == [("reply", "wrote-to-us")]


def test_our_own_lines_are_not_answered():
    """
    A line of the agent that comes back from the host is neither answered nor remembered twice.
    """
    t = Timeline()
    t.model("Parley, that is me.")
    writes(t, "Parley, who are you?", 1.0)
    writes(t, "Parley, that is me.", 3.0, who="Parley")
    t.run()
    assert len(written(t)) == 1 and len(t.conversation.transcript.turns) == 2


@pytest.mark.parametrize(
    "line", ["Parley, mute", "@Parley mute for five minutes", "parley: Mute!", "Parley, be quiet."]
)
def test_anybody_may_mute(line):
    """
    Whoever asks for quiet gets it, for the time they name or until it is taken back.
    """
    t = Timeline()
    t.tell(ev.PersonSeen("100", "Ana", True))
    writes(t, line, 1.0, who="Ben")
    t.run(2.0)
    assert t.conversation.state == "muted" and verdicts(t) == [("mute", "be-quiet")]
    t.run(400.0)
    assert t.conversation.state == ("listening" if "five" in line else "muted")
    writes(t, "Parley, unmute", 401.0)
    t.run(402.0)
    assert t.conversation.state == "listening"


@pytest.mark.parametrize(
    ("who", "hosts", "setting", "allowed"),
    [
        ("Ana", ["100"], "hosts", True),
        ("Ben", ["100"], "hosts", False),
        ("Ben", [], "hosts", True),
        ("Ben", ["100"], "everyone", True),
        ("Ana", ["100"], "nobody", False),
    ],
)
@pytest.mark.parametrize(
    "line", ["Parley, leave", "@Parley leave", "/Parley leave!", "Parley, please leave the meeting."]
)
def test_who_may_have_it_leave(line, who, hosts, setting, allowed):
    """
    Leaving is for hosts, for everybody where no host is known or the setting says so; others are told no.
    """
    t = Timeline(Config(chat_commands=setting))
    for id, name in (("100", "Ana"), ("200", "Ben")):
        t.tell(ev.PersonSeen(id, name, id in hosts))
    writes(t, line, 1.0, who=who)
    t.run()
    assert left(t) is allowed
    assert written(t) == ([] if allowed else [(NOT_ALLOWED, "everyone")])


def test_say():
    """
    A host may have a sentence said aloud; the agent says exactly that, and writes nothing.
    """
    t = Timeline()
    t.tell(ev.PersonSeen("100", "Ana", True))
    writes(t, "Parley, say: the room is needed at noon", 1.0)
    writes(t, "Parley, say nothing good about Ana", 20.0, who="Ben")
    t.run()
    assert [each.heard for each in t.replies] == ["the room is needed at noon"]
    assert written(t) == [(NOT_ALLOWED, "everyone")]


def test_stop_in_writing():
    """
    A written stop ends what the agent is saying.
    """
    t = Timeline()
    t.model("You chose the rubber case, pending the cost check. Ben will ask the supplier about it tomorrow.")
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    writes(t, "Parley, stop", 4.0, who="Ben")
    t.run()
    assert [each.outcome for each in t.replies] == ["interrupted"] and not written(t)


def test_too_many_questions_at_once():
    """
    A few answers are written at a time; who asks on top is asked to wait, and everybody else gets an answer.
    """
    t = Timeline(ttft=5.0)
    for number in range(MOST + 2):
        writes(t, f"Parley, what about item {number}?", 1.0 + number / 10)
    t.run()
    texts = [text for text, _ in written(t)]
    assert texts.count(BUSY) == 2 and texts.count("All right.") == MOST
    writes(t, "Parley, and now?", 70.0)
    t.run(90.0)
    assert len(written(t)) == MOST + 3


def test_a_brain_that_fails_or_falls_silent():
    """
    A failure, an empty answer and a brain that never answers end in one short sentence, in bounded time.
    """
    t = Timeline()
    t.model(lambda reply: [ev.BrainFailed(reply, "timeout")])
    t.model(lambda reply: [ev.BrainDone(reply)])
    t.model(lambda reply: [])
    t.model(lambda reply: [ev.BrainText(reply, "It costs "), ev.BrainFailed(reply, "unreachable")])
    for number in range(4):
        writes(t, f"Parley, what about item {number}?", 1.0 + number * 100)
    t.run(100.0 * 4 + 3 * PATIENCE)
    assert [text for text, _ in written(t)] == [SORRY["en"]] * 3 + ["It costs"]
    assert [each.trouble for each in t.decisions] == ["timeout", "empty", "timeout", "unreachable"]
    assert t.conversation.state == "listening"


def test_an_answer_without_end():
    """
    However much the brain writes, no more than some thousand characters go out.
    """
    t = Timeline()
    t.model("word " * 3000)
    writes(t, "Parley, tell us everything.", 1.0)
    t.run(200.0)
    ((text, _),) = written(t)
    assert len(text) <= LONGEST


def test_after_a_restart_it_is_asked_again():
    """
    An answer that was being written when the process died is asked for again, and written once.
    """
    t = Timeline(ttft=5.0)
    writes(t, "Parley, what did we decide?", 1.0)
    t.run(2.0)
    before = sum(isinstance(effect, fx.Think) for effect in t.effects)
    t._queue.clear()  # the brain died with the process
    t.tell(ev.Resumed())
    t.run()
    assert sum(isinstance(effect, fx.Think) for effect in t.effects) == before + 1
    assert [text for text, _ in written(t)] == ["All right."]


@pytest.mark.parametrize(
    "line", ["Parley, leave a note for Ben that we are late", "Parley, mute buttons: what did we decide on them?"]
)
def test_a_sentence_that_begins_like_a_command(line):
    """
    A request that only begins with a command's word is a request.
    """
    t = Timeline()
    writes(t, line, 1.0)
    t.run()
    assert not left(t) and t.conversation.state == "listening" and len(written(t)) == 1


def test_a_line_that_comes_twice():
    """
    A host that delivers a line again by its key is not answered again.
    """
    t = Timeline()
    writes(t, "Parley, what did we decide?", 1.0, key="100@2026")
    writes(t, "Parley, what did we decide?", 9.0, key="100@2026")
    writes(t, "Parley, what did we decide?", 20.0, key="100@2027")
    t.run()
    assert len(written(t)) == 2 and len(t.conversation.transcript.turns) == 4


LINES = st.sampled_from(
    [
        "Parley, what did we decide?", "Parley", "@Parley", "Parley, say", "Parley, say hello", "Parley, leave", "mute",
        "Parley, mute for 999 hours", "unmute", "thanks Parley", "Parley, stop", "hello", "", "Parley,,, \n\n leave",
        "Parley, show us everybody", "字 Parley 字?", "leave", "say",
    ]
)  # fmt: skip
FACTS = st.one_of(
    st.builds(
        ev.ChatSaid,
        st.sampled_from(["Ana", "Ben", "", "Parley"]),
        LINES,
        st.sampled_from(["100", "200", ""]),
        st.booleans(),
    ),
    st.builds(ev.BrainText, st.integers(0, 6), st.sampled_from(["Well. ", "x" * 5000])),
    st.builds(ev.BrainDone, st.integers(0, 6)),
    st.builds(ev.BrainFailed, st.integers(0, 6), st.just("timeout")),
    st.builds(ev.BrainTool, st.integers(0, 6), st.sampled_from(["show_card", "hide_card", "set_timer", "nonsense"])),
    st.builds(ev.PersonSeen, st.sampled_from(["100", "200"]), st.just("Ana"), st.booleans()),
    st.just(ev.Resumed()),
)


@settings(max_examples=150)
@given(st.lists(st.tuples(FACTS, st.floats(0, 20)), max_size=40))
def test_in_any_order(facts):
    """
    Whatever is written in whatever order: every answer is bounded and not empty, each question is answered at most
    once, and in the end nothing is left being written.
    """
    conversation = Conversation(Config())
    again = Conversation(Config())
    timers: dict[str, float] = {}
    now = 0.0
    thought: list[int] = []
    sent = 0

    def handle(event: ev.Event) -> None:
        nonlocal sent
        effects = conversation.handle(event, now)
        assert again.handle(event, now) == effects
        for effect in effects:
            match effect:
                case fx.SetTimer(key, at):
                    timers[key] = at
                case fx.CancelTimer(key):
                    timers.pop(key, None)
                case fx.Think(each) if each.written and each.reply not in thought:
                    thought.append(each.reply)
                case fx.SendChat(text, to):
                    assert 0 < len(text) <= LONGEST and to in ("everyone", "100", "200")
                    sent += text not in (BUSY, NOT_ALLOWED)

    def fire(limit: float) -> None:
        nonlocal now
        while timers and min(timers.values()) <= limit:
            key = min(timers, key=lambda key: timers[key])
            now = max(now, timers.pop(key))
            handle(ev.TimerFired(key))

    for fact, pause in facts:
        handle(fact)
        fire(now + pause)
        now += pause
    fire(now + 10 * PATIENCE)
    assert sent == len(thought) and not any(conversation.chat.owns(reply) for reply in thought)
