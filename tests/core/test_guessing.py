"""Speculation: thinking begins before the turn is sure to be over, and nobody notices when it was in vain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.core import effects as fx
from server.core import events as ev
from server.core.conversation import Config
from server.core.effects import Release, Speak, Think
from server.core.messages import Begin, ShowCard
from tests.core.timeline import Timeline

ASKED = "Parley, what did we decide?"
ANSWER = "You chose the rubber case."


def partial(t: Timeline, text: str, at: float, *, who: str = "Ana", end: float | None = None) -> None:
    """Words that are still growing."""
    t.at(at, lambda: t.tell(ev.Heard(who, text, False, "100", start=0.0, end=end)))


def final(t: Timeline, text: str, at: float, *, end: float = 1.5, who: str = "Ana") -> None:
    """The final of what the partials began."""
    t.at(at, lambda: t.tell(ev.Heard(who, text, True, "100", start=0.0, end=end)))


def sound(t: Timeline, begin: float, end: float) -> None:
    """Somebody is heard."""
    t.at(begin + 0.12, lambda: t.tell(ev.SpeechStarted(0.12)))
    t.at(end + 0.2, lambda: t.tell(ev.SpeechStopped(0.2)))


def verdicts(t: Timeline) -> list[tuple[str, str, str]]:
    """Verdict, outcome and trouble of every decision."""
    return [(decision.verdict, decision.outcome, decision.trouble) for decision in t.decisions]


def test_a_complete_partial_starts_the_model_and_the_final_adopts_it():
    """The final brings the same words late: the reply is nearly there already, and there is only one."""
    t = Timeline()
    sound(t, 0.0, 1.5)
    partial(t, ASKED, 1.6)
    final(t, ASKED, 2.5)
    t.model(ANSWER)
    t.run()
    (reply,) = t.replies
    assert verdicts(t) == [("reply", "complete", "")]
    assert reply.times["guessed"] == 1.6 and reply.heard == ANSWER and reply.turn == 0
    assert reply.times["released"] == reply.times["committed"]
    assert len([effect for effect in t.effects if isinstance(effect, Think)]) == 1


def test_without_it_the_same_takes_longer():
    """The setting turns it off; then thinking begins with the final."""
    t = Timeline(Config(speculate=False))
    sound(t, 0.0, 1.5)
    partial(t, ASKED, 1.6)
    final(t, ASKED, 2.5)
    t.model(ANSWER)
    t.run()
    assert "guessed" not in t.replies[0].times
    assert t.replies[0].times["released"] > t.replies[0].times["committed"] + 0.3


def test_other_words_take_it_back():
    """The final says more: the guess is withdrawn unheard, and the whole question answered."""
    t = Timeline()
    sound(t, 0.0, 2.6)
    partial(t, ASKED, 1.6)
    final(t, "Parley, what did we decide? About the price, I mean.", 2.9, end=2.6)
    t.model("Guessed.")
    t.model(ANSWER)
    t.run()
    assert verdicts(t) == [("guess", "withdrawn", "guessed-wrong"), ("reply", "complete", "")]
    assert [decision.heard for decision in t.decisions] == ["", ANSWER]
    assert len(t.sent(Begin)) == 1


def test_words_that_were_not_for_it_take_it_back():
    """What looked like a question was taken back in the same breath: nothing is said."""
    t = Timeline()
    sound(t, 0.0, 2.6)
    partial(t, "Parley, can you hear me?", 1.6)
    final(t, "Parley, can you hear me? No, forget it, never mind.", 2.9, end=2.6)
    t.model("Yes.")
    t.run()
    assert all(decision.verdict != "reply" for decision in t.decisions)
    assert not t.sent(Begin)


def test_a_guess_whose_final_never_comes_is_given_up():
    """Nothing was committed: nothing is said, and the agent listens again."""
    t = Timeline()
    sound(t, 0.0, 1.5)
    partial(t, ASKED, 1.6)
    t.model(ANSWER)
    t.run()
    assert verdicts(t) == [("guess", "withdrawn", "guessed-wrong")]
    assert t.conversation.state == "listening" and not t.sent(Begin)
    assert not t.conversation.out.timers


def test_a_guess_voices_one_piece_and_does_nothing():
    """Before the turn is committed only the first piece is voiced, and the brain's wishes wait; then they are done."""
    t = Timeline()
    long = "You chose the rubber case. It costs two euros. The samples arrive on Friday. Ben writes the order."

    def answer(reply: int) -> list[ev.Event]:
        card = ev.BrainTool(reply, "show_card", {"kind": "text", "title": "Case", "text": "Rubber"})
        return [card, ev.BrainText(reply, long), ev.BrainDone(reply, "stop", "scripted")]

    sound(t, 0.0, 1.5)
    partial(t, ASKED, 1.6)
    t.model(answer)
    t.run(until=3.0)
    assert len([effect for effect in t.effects if isinstance(effect, Speak)]) == 1
    assert not t.sent(ShowCard) and not [effect for effect in t.effects if isinstance(effect, Release)]
    final(t, ASKED, 3.1)
    t.run()
    assert t.replies[0].heard == long and len(t.sent(ShowCard)) == 1


def test_a_stop_word_ends_a_guess():
    """ "Stop" is obeyed while a guess runs."""
    t = Timeline()
    sound(t, 0.0, 1.5)
    partial(t, ASKED, 1.6)
    final(t, "Parley, stop.", 2.2)
    t.run()
    assert [decision.verdict for decision in t.decisions] == ["guess", "stop"]


def test_waste_is_bounded():
    """Where guesses keep being wrong few are made: of the turns of a long meeting at most a quarter waste one."""
    t = Timeline()
    for at in range(0, 400, 10):
        sound(t, at, at + 3.0)
        partial(t, f"Parley, what is number {at}?", at + 1.0)
        final(t, f"Parley, what is number {at}? And the one after that?", at + 3.2, end=at + 3.0)
    t.model("Seven.")
    t.run(until=420.0)
    wasted = [decision for decision in t.decisions if decision.verdict == "guess"]
    assert len(t.replies) == 40
    assert 1 <= len(wasted) <= 0.25 * len(t.replies)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Ana", "Ben"]),
            st.sampled_from(
                [ASKED, "Parley, what did we", "And the price?", "Parley, stop.", "Yeah.", "Parley?", "No, Ben, you."]
            ),
            st.booleans(),
            st.floats(0.0, 1.2),
            st.booleans(),
        ),
        max_size=14,
    )
)
def test_a_guess_is_never_heard(script: list[tuple[str, str, bool, float, bool]]):
    """Whatever comes in whatever order, only committed replies are released, and everything ends in listening."""
    t, at = Timeline(), 0.5
    ids = {"Ana": "100", "Ben": "200"}
    for who, text, is_final, gap, loud in script:
        at += gap
        if loud:
            sound(t, max(0.0, at - 0.4), at)
        event = ev.Heard(who, text, is_final, ids[who])
        t.at(at, lambda event=event: t.tell(event))
    t.run(until=at + 60)
    released = {effect.reply for effect in t.effects if isinstance(effect, fx.Release)}
    guesses = {decision.reply for decision in t.decisions if decision.verdict == "guess"}
    assert not released & guesses
    assert t.conversation.state == "listening" and t.conversation.delivery.running is None
