"""After an interruption: the history, "go on", "where were you?", and coming back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core import events as ev
from server.core.commands import resumption
from server.core.conversation import Config
from server.core.heard import SpokenReply
from server.core.messages import Hand
from tests.core.timeline import Timeline

LONG = "You chose the rubber case, pending the cost check. Ben will ask the supplier. The chip stays as it is."


def cut(by: str = "Ben", words: str = "Hold on.", at: float = 5.0, config: Config | None = None) -> Timeline:
    """Ana asks, the answer is heard from about 2.4 s on, and somebody cuts it."""
    t = Timeline(config=config or Config())
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.model("Something else.")
    t.says(by, words, at=at)
    return t


@pytest.mark.parametrize(
    "said",
    [
        "go on", "Please continue.", "Sorry, carry on.", "You were saying?", "ok, keep going please", "mach weiter",
        "continue, s'il te plaît", "Continuez.", "Sigue, por favor.", "go ahead", "finish your sentence",
        "continue where you stopped",
    ],
)  # fmt: skip
def test_ways_to_say_go_on(said):
    """Several words and languages ask for the rest."""
    command = resumption(said)
    assert command is not None and command.kind == "go-on"


@pytest.mark.parametrize(
    "said",
    ["Where were you?", "what were you saying?", "Sorry, where did you stop?", "wo warst du?", "où en étais-tu ?"],
)
def test_ways_to_ask_where_it_was(said):
    """Several words and languages ask for a recall."""
    command = resumption(said)
    assert command is not None and command.kind == "where"


@pytest.mark.parametrize(
    "said",
    ["continue the list", "go on and tell me the price", "where were you born", "stop", "we should carry on", ""],
)
def test_other_requests_are_no_resumption(said):
    """Only the bare words count: anything more is a question to a brain."""
    assert resumption(said) is None


@pytest.mark.parametrize(
    ("who", "said"), [("Ben", "Sorry, go on."), ("Ana", "Continue, please."), ("Ana", "mach weiter")]
)
def test_go_on_says_the_unheard_rest(who, said):
    """The one who cut in and the one who asked need no name: the rest is spoken from the cut word, without a brain."""
    t = cut()
    t.says(who, said, at=8.0)
    t.run()
    first, second = t.replies
    assert first.outcome == "interrupted" and second.outcome == "complete"
    assert second.reason == "went-on" and second.brain == ""
    assert f"{first.heard} {second.heard}" == LONG


def test_go_on_may_be_cut_again():
    """What is then left is the rest of the rest."""
    t = cut()
    t.says("Ben", "Go on.", at=7.0, until=7.5)
    t.says("Ben", "Wait.", at=9.5, until=9.8)
    t.says("Ana", "Go on.", at=12.0, until=12.5)
    t.run()
    assert [reply.outcome for reply in t.replies] == ["interrupted", "interrupted", "complete"]
    assert " ".join(reply.heard for reply in t.replies) == LONG


def test_somebody_who_had_nothing_to_do_with_it_needs_the_name():
    """ "Go on" of a third person is for anybody; with the name it is for the agent."""
    t = cut()
    t.says("Carla", "Go on.", at=8.0, until=8.5)
    t.says("Carla", "Parley, go on.", at=12.0, until=12.8)
    t.run()
    assert [reply.reason for reply in t.replies] == ["called", "went-on"]
    assert t.replies[1].speaker == "Carla" and t.replies[1].times["final"] > 12.0


def test_go_on_to_the_one_who_cut_in_is_not_for_the_agent():
    """Ben cut in to say something and Ana asks him to go on."""
    t = cut(words="Hold on, I have an idea how to do this without the supplier.", at=4.5)
    t.says("Ana", "Go on.", at=9.5, until=10.0)
    t.run()
    assert len(t.replies) == 1


def test_after_a_while_the_name_is_needed():
    """Half a minute later "continue" may mean anything."""
    t = cut()
    t.says("Ana", "Continue.", at=40.0, until=40.5)
    t.says("Ana", "Parley, continue.", at=45.0, until=46.0)
    t.run(until=90)
    assert [reply.reason for reply in t.replies] == ["called", "went-on"]
    assert t.replies[1].times["final"] > 45.0


def test_the_name_and_then_go_on():
    """A bare call and the words in a second utterance are one request."""
    t = cut()
    t.says("Carla", "Parley?", at=8.0, until=8.4)
    t.says("Carla", "Go on.", at=8.9, until=9.3)
    t.run()
    assert [reply.reason for reply in t.replies] == ["called", "went-on"]


@pytest.mark.parametrize(
    ("language", "lead"), [("en", "I was saying:"), ("de", "Ich sagte gerade:"), ("fr", "Je disais :"), ("it", "I was")]
)
def test_where_were_you_recalls_the_last_words_and_says_the_rest(language, lead):
    """A short lead, the last words heard, then what was not heard; no brain is asked."""
    t = cut(config=Config(language=language))
    t.says("Ana", "Where were you?", at=8.0, until=8.8)
    t.run()
    first, second = t.replies
    rest = LONG[len(first.heard) :].strip()
    assert second.reason == "where" and second.brain == ""
    assert second.heard.startswith(lead) and second.heard.endswith(rest)
    recalled = second.heard.removesuffix(rest).removeprefix(RECALLED.get(language, "I was saying:")).strip()
    assert recalled and first.heard.endswith(recalled) and len(recalled.split()) <= 6


RECALLED = {"en": "I was saying:", "de": "Ich sagte gerade:", "fr": "Je disais :"}


def test_without_anything_cut_it_is_a_question_like_any_other():
    """Nothing was interrupted: a brain answers."""
    t = Timeline()
    t.says("Ana", "Parley, where were you?", at=0.0, until=1.2)
    t.model("Here all the time.")
    t.says("Ana", "Parley, go on.", at=8.0, until=9.0)
    t.run()
    assert [reply.brain for reply in t.replies] == ["scripted", "scripted"]


def test_after_another_answer_the_rest_is_forgotten():
    """ "Go on" then means the answer that was heard last, and a brain knows what to add."""
    t = cut()
    t.says("Ana", "Parley, what about the price?", at=8.0, until=9.4)
    t.says("Ana", "Parley, go on.", at=14.0, until=14.8)
    t.run()
    assert [reply.reason for reply in t.replies] == ["called", "called", "called"]


def test_told_to_be_quiet_only_the_name_brings_the_rest():
    """Muted, "go on" alone is not heard; called by name it speaks again."""
    t = cut(words="Parley, be quiet.")
    t.says("Ana", "Go on.", at=8.0, until=8.5)
    t.says("Ana", "Parley, go on.", at=12.0, until=13.0)
    t.run()
    assert [reply.reason for reply in t.replies] == ["called", "went-on"]
    assert t.replies[1].times["final"] > 12.0


def test_history_holds_the_words_heard_and_no_more():
    """The transcript, the memory of replies and the prompt's rest agree at twenty cuts, to the word."""
    for step in range(20):
        t = cut(at=2.7 + 0.27 * step, words="Stop.")
        t.run()
        reply, delivery = t.replies[0], t.conversation.delivery
        assert reply.outcome == "interrupted"
        own = [turn.text for turn in t.conversation.transcript.turns if turn.is_agent]
        assert own == ([f"{reply.heard} —"] if reply.heard else [])
        assert [past.heard for past in delivery.past] == ([reply.heard] if reply.heard else [])
        assert f"{reply.heard} {delivery.unheard}".strip() == LONG
        played = t.spoken_samples and sum(samples for _, _, samples in t.spoken_samples)
        out = len(LONG[: int(played / 24_000 * 15.0)].split())
        assert abs(len(reply.heard.split()) - out) <= 1


def collides(until: float) -> Timeline:
    """Ben begins as the answer does, and speaks until then."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    said = "I think we should go and have some lunch now"
    t.at(2.5, lambda: t.tell(ev.SpeechStarted(0.02)))
    t.at(2.8, lambda: t.tell(ev.Heard("Ben", said, False, "900")))
    t.at(4.5, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.at(4.6, lambda: t.tell(ev.Heard("Ben", f"{said}.", True, "900")))
    at = 5.0
    while at < until:
        t.says("Ben", "And then there is the office.", at=at, until=at + 2.0, delay=0.1)
        at += 2.2
    return t


def test_a_reply_that_gave_way_comes_back():
    """Cut as it began, by words that were not for it: it is said, from its beginning, when the room is quiet."""
    t = collides(until=4.5).run()
    assert [(reply.outcome, reply.trouble, reply.reason) for reply in t.replies] == [
        ("interrupted", "gave-way", "called"),
        ("complete", "", "came-back"),
    ]
    assert t.replies[0].heard == "" and t.replies[1].heard == LONG
    assert 4.3 + 0.7 <= t.replies[1].times["first_sound"] <= 6.0


def test_a_reply_that_gave_way_lets_go_when_the_talk_goes_on():
    """The moment has passed: a record says so, the hand goes up, and it speaks once it is asked for that."""
    t = collides(until=14.0)
    t.says("Ana", "Parley?", at=17.0, until=17.5)
    t.run(until=16.5)
    assert [reply.trouble for reply in t.replies] == ["gave-way"]
    assert "let-go" in [decision.reason for decision in t.decisions]
    assert [message.label for message in t.sent(Hand) if message.label]
    t.run()
    assert t.replies[-1].heard == LONG


@settings(deadline=None)
@given(
    st.lists(st.text(alphabet="abc ", min_size=3, max_size=30).filter(str.strip), min_size=1, max_size=5),
    st.integers(0, 400_000),
    st.booleans(),
    st.booleans(),
)
def test_what_may_come_back_is_the_beginning_of_the_plan(texts, played, with_marks, known):
    """At least what was heard, never more than is planned, and never less than before."""
    reply, start = SpokenReply(), 0
    for text in texts:
        piece = reply.pieces[reply.add(" ".join(text.split()))]
        piece.start = start
        end = start + 1600 * len(piece.text)
        piece.end = end if known else None
        if with_marks:
            offset = 0
            for word in piece.text.split(" "):
                piece.words.append((offset, len(word), start + 1600 * offset))
                offset += len(word) + 1
        start = end
    before = ""
    for share in (4, 2, 1):
        reply.report(played // share)
        assert reply.planned.startswith(reply.sounded)
        assert reply.sounded.startswith(before)
        if known:
            assert len(reply.sounded) >= len(reply.heard)
        before = reply.sounded


@settings(max_examples=40, deadline=None)
@given(st.floats(2.5, 9.0), st.booleans(), st.sampled_from(["Stop.", "Parley, wait.", "Hold on."]))
def test_wherever_it_is_cut_go_on_says_exactly_the_rest(at, marks, words):
    """Heard, then the rest, is the plan, word for word."""
    t = cut("Ana", words, at=at)
    t.marks = marks
    t.says("Ana", "Parley, go on.", at=16.0, until=17.0)
    t.run()
    if t.replies[0].heard == LONG:
        return
    heard = " ".join(reply.heard for reply in t.replies if reply.heard and reply.reason in ("called", "went-on"))
    assert heard == LONG
