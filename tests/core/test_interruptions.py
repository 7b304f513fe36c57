"""People speak while the agent speaks: what stops it, what does not, and that nothing is lost by a false alarm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core import events as ev
from server.core.bargein import HARMLESS, Meaning, is_backchannel, judge, says_stop
from server.core.conversation import Config
from server.core.messages import Begin, Continue, Duck, Flush, Pause
from server.core.overspeech import PAUSE_AFTER
from tests.core.timeline import Timeline

LONG = "You chose the rubber case, pending the cost check. Ben will ask the supplier. The chip stays as it is."


def asked(answer: str = LONG, **how: object) -> Timeline:
    """A meeting in which Ana asks at 0 s and hears this answer from about 2.4 s on."""
    t = Timeline(**how)  # type: ignore[arg-type]
    for name, key in (("Ana", "100"), ("Ben", "200"), ("Carla", "300")):
        t._ids[name] = key
        t.at(0.0, lambda n=name, k=key: t.tell(ev.PersonSeen(k, n)))
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(answer)
    return t


def grows(t: Timeline, speaker: str, text: str, at: float, *, pace: float = 3.0, every: float = 0.3) -> float:
    """Somebody says this with a partial `every` so often, each 50 ms after its last word; returns the end of it."""
    words = text.split()
    until = at + len(words) / pace
    who = t._ids[speaker]
    t.at(at + 0.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(until + 0.2, lambda: t.tell(ev.SpeechStopped(0.2)))
    step = at + every
    while step < until:
        part = " ".join(words[: max(1, round((step - at) * pace))])
        t.at(step + 0.05, lambda p=part, s=step: t.tell(ev.Heard(speaker, p, False, who, start=at, end=s)))
        step += every
    t.at(until + 0.25, lambda: t.tell(ev.Heard(speaker, text, True, who, start=at, end=until)))
    return until


def silent_at(t: Timeline) -> float | None:
    """When the voice fell silent for somebody: held or flushed."""
    return next((when for when, message in t.messages if isinstance(message, Pause | Flush)), None)


def holds(t: Timeline) -> list[float]:
    """For how long it was held each time."""
    held = [when for when, message in t.messages if isinstance(message, Pause)]
    on = [when for when, message in t.messages if isinstance(message, Continue)]
    return [after - before for before, after in zip(held, on, strict=True)]


def ducked_at(t: Timeline) -> float:
    return next(when for when, message in t.messages if isinstance(message, Duck) and message.db < 0)


# ---------------------------------------------------------------- carrying on


@pytest.mark.parametrize("who", ["Ana", "Ben"])
@pytest.mark.parametrize(
    "murmur",
    [
        "Mm-hmm.", "Yeah.", "Okay, good.", "Yeah that makes sense.", "Right.", "[laughter]", "(coughs)", "Ha ha ha.",
        "Good point.", "I see.", "Go on.", "That's great.", "*typing*", "Ja genau.",
    ],
)  # fmt: skip
def test_a_murmur_or_a_noise_leaves_the_reply_running(who, murmur):
    """Whoever makes it, nothing is lost: the first one may hold the voice for a moment, the next one only lowers it."""
    t = asked()
    t.says(who, murmur, at=4.0, until=4.5)
    t.says(who, murmur, at=6.5, until=7.0)
    t.run()
    (reply,) = t.replies
    assert reply.outcome == "complete" and reply.heard == LONG
    assert not t.sent(Flush) and len(holds(t)) <= 1 and sum(holds(t)) <= 0.8
    assert [message.db for message in t.sent(Duck)][-1] == 0
    assert [decision.reason for decision in t.decisions[:2]] == ["backchannel", "backchannel"]


@pytest.mark.parametrize(
    ("who", "aside"),
    [
        ("Ben", "Carla, did you send the file to the supplier yesterday evening?"),
        ("Ben", "Carla, stop."),
        ("Ana", "Ben, can you close the door please?"),
        ("Ana", "Ben, is that right?"),
        ("Ben", "Alexa, turn the lights off please."),
    ],
)
def test_words_to_somebody_else_leave_the_reply_running(who, aside):
    """Another person or another assistant is called: the agent carries on, also when its asker says so."""
    t = asked()
    t.says(who, aside, at=3.6)
    t.run()
    assert t.replies[0].outcome == "complete" and t.replies[0].heard == LONG
    assert not t.sent(Flush)


def test_a_side_talk_leaves_the_reply_running():
    """Whoever was called answers, and the two go on, without names: that is not for the agent either."""
    t = asked(LONG + " " + LONG)
    t.says("Ben", "Carla, did you send the file?", at=3.6, until=5.0)
    t.says("Carla", "Yes I sent it yesterday evening after lunch.", at=5.4, until=7.6)
    t.says("Ben", "But that was the old one I think.", at=8.0, until=9.6)
    t.run()
    assert t.replies[0].outcome == "complete"
    assert not t.sent(Flush)


def test_in_a_side_talk_its_name_and_stop_words_still_count():
    """Two who talk with each other may still stop it."""
    t = asked(LONG + " " + LONG)
    t.says("Ben", "Carla, did you send the file?", at=3.6, until=5.0)
    t.says("Carla", "Stop.", at=6.0, until=6.4)
    t.run()
    assert t.replies[0].outcome == "interrupted"


def test_a_remark_of_somebody_else_that_takes_up_nothing():
    """Others who speak of something else for a moment are waited for, not given the floor."""
    t = asked()
    grows(t, "Ben", "My phone battery died again", at=4.0)
    t.run()
    (reply,) = t.replies
    assert reply.outcome == "complete" and reply.heard == LONG
    assert "aside" in [decision.reason for decision in t.decisions]


@pytest.mark.parametrize("length", [0.2, 0.5, 1.0, 1.2])
def test_a_sound_without_words_costs_no_word(length):
    """A cough, a laugh, a chair: the voice is lowered, at most held, and is back within a second of its end."""
    t = asked()
    t.at(4.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(4.0 + length + 0.2, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    assert t.replies[0].heard == LONG and not t.sent(Flush)
    back = [when for when, message in t.messages if isinstance(message, Duck) and message.db == 0]
    assert back and back[0] - (4.0 + length) <= 1.0
    assert all(held <= length + 0.5 for held in holds(t))


def test_sounds_that_turn_out_to_be_nothing_buy_patience():
    """After two of them in a minute the third only lowers the voice; a real interruption makes it attentive again."""
    t = asked(f"{LONG} {LONG}")
    for at in (3.5, 6.0, 8.5, 11.0):
        t.at(at + 0.1, lambda: t.tell(ev.SpeechStarted(0.1)))
        t.at(at + 0.8, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    assert len(holds(t)) == 1 and t.replies[0].outcome == "complete"


def test_long_laughter_that_is_written_down_does_not_hold_it():
    """The transcript says what the sound is: then it goes on, however long it lasts."""
    t = asked()
    t.at(4.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    for when in (4.6, 5.6, 6.6):
        t.at(when, lambda: t.tell(ev.Heard("Ben", "[laughter]", False, "200")))
    t.at(7.2, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    assert t.replies[0].outcome == "complete" and sum(holds(t)) <= 0.5


def test_typing_at_the_page_only_ducks():
    """Loud onsets that the page hears by itself never hold the reply."""
    t = asked()
    for step in range(20):
        t.at(3.5 + 0.2 * step, lambda: t.tell(ev.OnsetAtPage(-20.0)))
    t.run()
    assert t.replies[0].heard == LONG and silent_at(t) is None


# ---------------------------------------------------------------- stopping


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("Ana", "Stop."),
        ("Ana", "No, that's not what I asked."),
        ("Ana", "What about the price of it?"),
        ("Ana", "Can you make it shorter?"),
        ("Ana", "Wait, wait."),
        ("Ana", "Actually I meant the other one."),
        ("Ben", "Stop, please."),
        ("Ben", "Hold on a second."),
        ("Ben", "Parley."),
        ("Ben", "Parley, what about the price?"),
        ("Ben", "I don't think that is what we said about the case."),
        ("Ben", "But the supplier told me something different last week."),
    ],
)
def test_a_real_interruption_stops_it(who, words):
    """Stop words, its name, and words that take the floor: the page is flushed and the epoch rises."""
    t = asked()
    until = grows(t, who, words, at=4.0)
    t.run()
    reply = t.replies[0]
    assert reply.outcome == "interrupted" and LONG.startswith(reply.heard) and reply.heard != LONG
    assert silent_at(t) <= until + 0.3


def test_duck_within_120_ms_and_silence_within_350_ms():
    """With partials every 300 ms the asker has silence 350 ms after the onset, by a hold or by a stop."""
    waits, ducks = [], []
    for words in ("No that's wrong", "What about Berlin", "Can you repeat that", "But the price", "Stop it"):
        for begin in (3.9, 4.3, 5.0):
            t = asked()
            grows(t, "Ana", words, at=begin)
            t.run()
            assert t.replies[0].outcome == "interrupted", words
            waits.append(silent_at(t) - begin)
            ducks.append(ducked_at(t) - begin)
    assert max(ducks) <= 0.12
    assert sorted(waits)[len(waits) // 2] <= 0.35 + 1e-6


def test_the_asker_needs_fewer_words_than_others():
    """Three words of the asker stop it; three of somebody else do not."""
    stopped = []
    for who in ("Ana", "Ben"):
        t = asked()
        t.says(who, "the summer one", at=4.0, until=4.9)
        t.run()
        stopped.append(t.replies[0].outcome == "interrupted")
    assert stopped == [True, False]


def test_one_word_of_the_asker_holds_it_until_it_is_known():
    """A word that may begin anything makes it silent at once; when nothing follows it goes on from the exact sample."""
    t = asked()
    t.at(4.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(4.4, lambda: t.tell(ev.Heard("Ana", "Berlin", False, "100", start=4.0, end=4.3)))
    t.at(4.6, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.at(4.7, lambda: t.tell(ev.Heard("Ana", "Berlin", True, "100", start=4.0, end=4.4)))
    t.run()
    held = [when for when, message in t.messages if isinstance(message, Pause)]
    on = [when for when, message in t.messages if isinstance(message, Continue)]
    assert held == [4.0 + PAUSE_AFTER] and len(on) == 1 and on[0] - 4.4 <= 1.0
    assert t.replies[0].heard == LONG


def test_a_word_whose_rest_never_comes_is_let_go():
    """A partial without a final: the voice is back within a second of the end of the sound."""
    t = asked()
    t.at(4.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(4.4, lambda: t.tell(ev.Heard("Ana", "Berlin", False, "100", start=4.0, end=4.3)))
    t.at(4.6, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    (on,) = [when for when, message in t.messages if isinstance(message, Continue)]
    assert on - 4.4 <= 1.0
    assert t.replies[0].heard == LONG


def test_without_ears_words_alone_decide():
    """Where no sound of the meeting is heard the transcript holds, stops and lets go on."""
    t = asked(sound=False)
    t.at(4.4, lambda: t.tell(ev.Heard("Ana", "Berlin", False, "100", start=4.0, end=4.3)))
    t.run(until=7.0)
    assert t.sent(Pause) and t.sent(Continue)
    t.at(7.2, lambda: t.tell(ev.Heard("Ana", "what about Berlin", False, "100", start=6.8, end=7.2)))
    t.run()
    assert t.replies[0].outcome == "interrupted"


def test_go_on_lets_a_held_reply_go_on_at_once():
    """ "Sorry, go on" while it is held is not waited for."""
    t = asked()
    t.at(4.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(4.4, lambda: t.tell(ev.Heard("Ana", "sorry", False, "100", start=4.0, end=4.3)))
    t.at(5.0, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.at(5.05, lambda: t.tell(ev.Heard("Ana", "Sorry, go on.", True, "100", start=4.0, end=4.8)))
    t.run()
    (on,) = [when for when, message in t.messages if isinstance(message, Continue)]
    assert on == 5.05
    assert t.replies[0].heard == LONG


def test_a_second_remark_of_the_same_person_takes_the_floor():
    """Somebody who talks on about something else is talking, not making a remark: it gives way."""
    t = asked(LONG + " " + LONG)
    grows(t, "Carla", "And the next thing on my list is the office", at=4.0)
    grows(t, "Carla", "And the kitchen there needs paint by Monday", at=7.4)
    t.run()
    assert t.replies[0].outcome == "interrupted"


def test_a_held_reply_waits_whether_more_comes():
    """After a remark the voice comes back when the room was quiet for a moment, not on the last word of it."""
    t = asked()
    until = grows(t, "Ben", "My phone battery died again", at=4.0)
    t.run()
    (on,) = [when for when, message in t.messages if isinstance(message, Continue)]
    assert 0.6 <= on - until <= 1.0


def test_who_talks_on_takes_the_floor():
    """Held by words whose end does not come: after some seconds the reply ends, and the rest can be asked for."""
    t = asked()
    t.at(4.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(6.0, lambda: t.tell(ev.Heard("Ben", "summer houses near the", False, "200", start=4.0, end=5.9)))
    t.at(15.0, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    (reply,) = t.replies
    assert reply.outcome == "interrupted" and reply.trouble == "floor-taken"
    assert f"{reply.heard} {t.conversation.delivery.unheard}" == LONG


def test_a_long_noise_without_a_word_loses_nothing():
    """What brings no words for many seconds is noise: the reply is held, then goes on to its end."""
    t = asked()
    t.at(4.1, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(25.0, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    assert t.replies[0].outcome == "complete" and t.replies[0].heard == LONG


# ---------------------------------------------------------------- what follows


def test_a_question_into_the_answer_is_answered():
    """The asker cuts in with a question and needs no name: it is the next turn."""
    t = asked()
    t.model("It is ninety euros.")
    grows(t, "Ana", "What about the price of it?", at=4.0)
    t.run()
    assert [reply.outcome for reply in t.replies] == ["interrupted", "complete"]
    assert t.replies[1].reason in ("followed-up", "cut-in")


def test_alone_with_one_person_a_single_word_is_answered():
    """Under the policy open everything that is no murmur is for the agent, also into its answer."""
    t = Timeline(config=Config(policy="open"))
    t.says("Ana", "What did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.model("Yes, in Berlin.")
    t.says("Ana", "Berlin?", at=5.0, until=5.4)
    t.run()
    assert [(reply.outcome, reply.reason) for reply in t.replies] == [("interrupted", "alone"), ("complete", "alone")]


def test_after_somebody_cut_in_others_do_not_speak_to_the_agent():
    """What the asker then says to the one who cut in is not for the agent."""
    t = asked()
    grows(t, "Ben", "Hold on, that is wrong I think, we never said that.", at=4.0)
    t.says("Ana", "No it isn't.", at=8.0, until=8.8)
    t.run()
    assert len(t.replies) == 1


def test_late_words_of_the_question_stop_nothing():
    """The question's own final, late or repeated, falls into the answer and means nothing there."""
    t = asked()
    t.at(3.0, lambda: t.tell(ev.Heard("Ana", "Parley, what did we decide?", True, "100", key="again")))
    t.run()
    assert [reply.outcome for reply in t.replies] == ["complete"]


def test_both_begin_at_once_and_it_comes_back():
    """Somebody else begins as we do: it falls silent, waits for the quiet, and nothing is lost."""
    t = asked()
    t.run(until=2.3)
    assert t.conversation.delivery.running is not None
    began = next((when for when, message in t.messages if isinstance(message, Begin)), None) or 2.4
    t.at(began + 0.1, lambda: t.tell(ev.SpeechStarted(0.08)))
    t.at(began + 2.2, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.at(began + 2.3, lambda: t.tell(ev.Heard("Ben", "Carla, do you have a pen?", True, "200")))
    t.run()
    assert silent_at(t) - began <= 0.25
    assert t.replies[0].outcome == "complete" and t.replies[0].heard == LONG


def test_the_asker_goes_on_as_it_begins():
    """The question was not over: both parts are one question, and it is answered once."""
    t = asked()
    t.model("Ninety euros.")
    t.says("Ana", "about the price of the case I mean", at=2.35, until=4.2)
    t.run()
    assert [reply.outcome for reply in t.replies][-1] == "complete"
    assert len([reply for reply in t.replies if reply.outcome == "complete"]) == 1
    last = t.replies[-1].text
    assert "what did we decide" in last and "price of the case" in last


# ---------------------------------------------------------------- the rules by themselves


@pytest.mark.parametrize(
    ("text", "how", "meaning"),
    [
        ("", {}, Meaning.BACKCHANNEL),
        ("[cough]", {"asker": True}, Meaning.BACKCHANNEL),
        ("stop", {}, Meaning.STOP),
        ("we can stop there for today", {}, Meaning.FLOOR),
        ("I told him to stop by later", {}, Meaning.HOLD),
        ("stop", {"reason": "other-person"}, Meaning.ASIDE),
        ("what about", {"asker": True, "reason": "followed-up"}, Meaning.FLOOR),
        ("rubber", {"asker": True}, Meaning.HOLD),
        ("that", {"asker": True}, Meaning.UNSURE),
        ("that", {}, Meaning.UNSURE),
        ("sorry but", {}, Meaning.HOLD),
        ("the budget thing", {"asker": True, "since": 0.2}, Meaning.UNSURE),
        ("stop", {"asker": True, "since": 0.2}, Meaning.STOP),
        ("yes", {"asker": True, "reason": "answered-us"}, Meaning.FLOOR),
        ("coffee is getting cold", {}, Meaning.HOLD),
        ("coffee is getting cold now", {"final": True}, Meaning.ASIDE),
        ("coffee is getting cold now", {"final": True, "about": frozenset({"coffee"})}, Meaning.FLOOR),
    ],
)
def test_meanings(text, how, meaning):
    """Words, who says them and what addressing made of them give one meaning."""
    how = {"reason": "not-called", "asker": False, "named": False, "since": 2.0, "about": frozenset(), **how}
    if text == "we can stop there for today":
        how["final"] = True
    assert judge(text, **how) is meaning


@given(st.text(max_size=40), st.booleans(), st.booleans(), st.booleans())
def test_a_stop_word_of_the_asker_is_never_harmless(text, named, final, early):
    """Whatever stands behind it."""
    meaning = judge(
        f"stop {text}", reason="not-called", asker=True, named=named, final=final, since=0.1 if early else 3.0,
        about=frozenset(),
    )  # fmt: skip
    assert says_stop(f"stop {text}") is (meaning is Meaning.STOP)
    assert meaning not in HARMLESS or text[:3].strip().startswith("by")


@given(st.text(max_size=60))
def test_any_text_is_judged(text):
    """No text makes the rules fail."""
    assert isinstance(is_backchannel(text), bool)
    assert isinstance(judge(text, reason="not-called", asker=False, named=False, since=1.0, about=frozenset()), Meaning)


_WORDS = st.sampled_from(
    ["Mm-hmm.", "Stop.", "What about Berlin?", "Carla, did you see it?", "[cough]", "Parley, wait.", "Go on.",
     "I think the case is too expensive for us now", "you chose the rubber case", "continue", "where were you?"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["Ana", "Ben", "Carla"]), _WORDS, st.floats(2.0, 14.0), st.floats(0.0, 2.0)),
        max_size=5,
    ),
    st.lists(st.tuples(st.floats(2.0, 14.0), st.floats(0.1, 4.0)), max_size=3),
    st.booleans(),
)
def test_whatever_is_said_over_it_nothing_unheard_counts_and_it_listens_again(said, noises, marks):
    """Heard and unheard are the plan, one voice at a time, and in the end it listens."""
    t = asked(config=Config(), marks=marks)
    for who, text, at, delay in said:
        t.says(who, text, at=at, delay=delay)
    for at, length in noises:
        t.at(at, lambda: t.tell(ev.SpeechStarted(0.1)))
        t.at(at + length, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run(until=200)
    for reply in t.replies:
        assert reply.planned.startswith(reply.heard)
    assert t.conversation.delivery.running is None
    assert t.conversation.state == "listening"
    assert not t.conversation.delivery.ducked
    begun = [message.reply for message in t.sent(Begin)]
    assert begun == sorted(set(begun))


def test_whoever_waited_is_answered_after_an_interruption():
    """Ben called while Ana was being answered; Ana stops the answer: Ben's question is not forgotten."""
    t = Timeline(Config(speculate=False), ttft=1.5)
    t.says("Ana", "Parley, tell us everything about the case.", at=0.0, until=1.5)
    t.model(LONG)
    t.says("Ben", "Parley, what does it cost?", at=1.9, until=2.9)
    t.model("Two euros.")
    t.says("Ana", "Stop.", at=7.0, until=7.4)
    t.run()
    assert [(reply.speaker, reply.outcome) for reply in t.replies] == [("Ana", "interrupted"), ("Ben", "complete")]


def test_more_words_of_the_same_kind_do_not_put_off_going_on():
    """People talk with each other over a held reply: half a second after the first word that tells, it goes on."""
    t = asked()
    t.at(4.2, lambda: t.tell(ev.SpeechStarted(0.2)))
    for count, when in enumerate((4.6, 4.9, 5.2, 5.5), start=1):
        text = " ".join("Ana, have you got the key".split()[:count])
        t.at(when, lambda text=text: t.tell(ev.Heard("Carla", text, False, "300", start=4.0)))
    t.at(6.2, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    held = [when for when, message in t.messages if isinstance(message, Pause)]
    on = [when for when, message in t.messages if isinstance(message, Continue)]
    assert len(held) == 1 and len(on) == 1 and on[0] == pytest.approx(5.1)


def test_ears_that_tell_late_who_began_first_still_make_it_yield():
    """The asker went on just before the sound was let out, and the ears tell of it just after: it holds at once."""
    t = asked()
    t.at(2.4, lambda: t.tell(ev.SpeechStarted(0.2)))
    t.run(3.5)
    first = next(when for when, message in t.messages if isinstance(message, Begin))
    assert 2.2 < first < 2.4, "let out between the beginning and the word of it"
    held = [when for when, message in t.messages if isinstance(message, Pause)]
    assert len(held) == 1 and held[0] - first <= 0.2


def test_a_murmur_that_becomes_a_remark_keeps_it_held():
    """ "Right," may be a murmur: it waits for the next words before it goes on, so that it need not stop twice."""
    t = asked()
    t.at(4.2, lambda: t.tell(ev.SpeechStarted(0.2)))
    for when, text in (
        (4.7, "Right,"),
        (5.0, "Right, so"),
        (5.3, "Right, so that"),
        (5.6, "Right, so that means we order"),
    ):
        t.at(when, lambda text=text: t.tell(ev.Heard("Ana", text, False, "100", start=4.0)))
    t.at(7.0, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    held = [when for when, message in t.messages if isinstance(message, Pause)]
    assert len(held) == 1 and not [when for when, message in t.messages if isinstance(message, Continue)]
    assert t.replies[0].outcome == "interrupted"


def test_a_murmur_alone_lets_it_go_on_though_the_sound_does():
    """Somebody hums on behind the "right": a third of a second later it goes on."""
    t = asked()
    t.at(4.2, lambda: t.tell(ev.SpeechStarted(0.2)))
    t.at(4.7, lambda: t.tell(ev.Heard("Ana", "Right,", False, "100", start=4.0)))
    t.at(5.8, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    on = [when for when, message in t.messages if isinstance(message, Continue)]
    assert on == [pytest.approx(5.05)] and t.replies[0].outcome == "complete"
