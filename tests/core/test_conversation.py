"""The core on virtual time: whole conversations, read like conversations."""

from __future__ import annotations

import pytest

from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.messages import Continue, Duck, Flush, Pause, ShowCard, State
from tests.core.timeline import Timeline

LONG = "You chose the rubber case, pending the cost check. Ben will ask the supplier. The chip stays as it is."


def states(t: Timeline) -> list[str]:
    return [message.state for message in t.sent(State) if isinstance(message, State)]


def test_it_answers_when_its_name_is_called():
    """A question with the name is answered aloud, and the whole answer counts as heard."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model("You chose the rubber case.")
    t.run()
    (reply,) = t.replies
    assert reply.outcome == "complete"
    assert reply.heard == "You chose the rubber case."
    assert reply.reason == "called"
    assert states(t) == ["thinking", "speaking", "listening"]


def test_it_is_quick():
    """With a final 250 ms after the speech, a first token after 300 ms and a voice of 100 ms, sound starts in 0.9 s."""
    t = Timeline()
    t.says("Ana", "Parley, tell us what we decided.", at=0.0, until=1.6)
    t.model("You chose the rubber case.")
    t.run()
    times = t.replies[0].times
    assert times["first_sound"] - 1.6 <= 0.9
    stages = [
        "speech_end",
        "guessed",
        "final",
        "committed",
        "first_token",
        "first_piece",
        "voice",
        "released",
        "first_sound",
        "ended",
    ]
    assert sorted(times, key=lambda stage: times[stage]) == stages


def test_it_stays_silent_when_nobody_calls():
    """Talk that does not call it ends in one silent decision per utterance, with a reason."""
    t = Timeline()
    t.says("Ana", "What did we decide about the case?", at=0.0, until=1.6)
    t.says("Ben", "The rubber one I think.", at=2.0, until=3.0)
    t.run()
    assert not t.replies
    assert [decision.reason for decision in t.decisions] == ["not-called", "not-called"]


def test_being_talked_about_is_not_being_called():
    """A sentence about the agent is not for it."""
    t = Timeline()
    t.says("Ana", "Parley said the case was rubber.", at=0.0)
    t.says("Ben", "Then let's ask Parley later.", at=4.0)
    t.run()
    assert [decision.reason for decision in t.decisions] == ["talked-about", "talked-about"]


def test_a_murmur_does_not_stop_the_agent():
    """A backchannel while the agent speaks leaves the reply running and at full volume again."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.says("Ben", "Mm-hmm.", at=4.0, until=4.3)
    t.run()
    assert t.replies[0].outcome == "complete"
    assert t.replies[0].heard == LONG
    ducks = [message.db for message in t.sent(Duck) if isinstance(message, Duck)]
    assert ducks[0] < 0 and ducks[-1] == 0
    assert not t.sent(Flush)


def test_stop_stops_at_once_and_only_what_was_heard_is_remembered():
    """On a stop word the page is flushed, and heard and unheard together are the plan."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.says("Ana", "Stop.", at=4.5, until=4.8)
    t.run()
    (reply,) = t.replies
    assert reply.outcome == "interrupted" and reply.trouble == "stop"
    assert reply.heard and LONG.startswith(reply.heard) and reply.heard != LONG
    assert f"{reply.heard} {t.conversation.delivery.unheard}" == LONG
    own = [turn.text for turn in t.conversation.transcript.turns if turn.is_agent]
    assert own == [f"{reply.heard} —"]


def test_after_an_interruption_the_new_question_is_answered():
    """Calling the agent during its reply stops it and asks the next thing."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.model("Nobody said anything about it.")
    t.says("Ben", "Parley, what about the price?", at=4.0, until=5.5)
    t.run()
    assert [reply.outcome for reply in t.replies] == ["interrupted", "complete"]
    assert t.replies[1].speaker == "Ben"


def test_the_name_alone_waits_for_the_question():
    """ "Parley." and then the question, in two utterances, is one turn."""
    t = Timeline()
    t.says("Ana", "Parley.", at=0.0, until=0.5)
    t.says("Ana", "What did we decide about the case?", at=1.0, until=2.5)
    t.run()
    (reply,) = t.replies
    assert reply.reason == "called-then-asked"
    assert "decide about the case" in reply.text


def test_the_question_and_then_the_name():
    """A question followed by the bare name is asked of the agent."""
    t = Timeline()
    t.says("Ana", "What did we decide about the case?", at=0.0, until=1.5)
    t.says("Ana", "Parley?", at=1.9, until=2.3)
    t.run()
    (reply,) = t.replies
    assert reply.reason == "asked-then-called"


def test_a_person_who_goes_on_is_not_talked_over():
    """When the asker goes on before a sound was out, the reply is withdrawn and both parts are one question."""
    t = Timeline(ttft=0.8)
    t.says("Ana", "Parley, what did we decide about the case.", at=0.0, until=1.5)
    t.says("Ana", "And who checks the cost of it?", at=2.1, until=3.6)
    t.run()
    assert [reply.outcome for reply in t.replies] == ["withdrawn", "complete"]
    assert "decide about the case" in t.replies[1].text and "checks the cost" in t.replies[1].text
    assert t.replies[1].times["first_sound"] > 3.6


def test_it_does_not_start_over_a_person():
    """While somebody else speaks the sound is held until the room is quiet."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.says("Ben", "I would also like to know that to be honest", at=1.9, until=4.0)
    t.run()
    assert t.replies[-1].times["first_sound"] >= 4.0


def test_be_quiet_until_called():
    """Told to be quiet it shows that it is muted; its name brings it back."""
    t = Timeline()
    t.says("Ana", "Parley, be quiet please.", at=0.0, until=1.5)
    t.says("Ana", "Parley, what did we decide?", at=10.0, until=11.5)
    t.run()
    assert t.decisions[0].verdict == "mute"
    assert states(t)[0] == "muted"
    assert t.replies[0].outcome == "complete"


def test_quiet_for_some_minutes_ends():
    """A mute with a time ends by itself."""
    t = Timeline()
    t.says("Ana", "Parley, be quiet for two minutes.", at=0.0, until=1.5)
    t.run(until=300)
    assert states(t) == ["muted", "listening"]


@pytest.mark.parametrize("code", ["refused", "limited", "timeout", "unreachable"])
def test_a_dead_brain_leads_back_to_listening(code):
    """Every failure ends in one short sentence and listening again."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(lambda reply: [ev.BrainFailed(reply, code)])
    t.run()
    (reply,) = t.replies
    assert reply.trouble == code
    assert reply.heard == "Sorry, I can't answer right now."
    assert states(t)[-1] == "listening" and "trouble" in states(t)


def test_a_brain_that_never_answers_is_given_up():
    """The core has its own patience, whatever deadlines the brain keeps."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(lambda reply: [])
    t.run(until=90)
    assert t.replies[0].trouble == "timeout"
    assert states(t)[-1] == "listening"


def test_half_a_stream_is_spoken():
    """What came before the stream broke is said, and the record says it was cut."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(lambda r: [ev.BrainText(r, "You chose the rubber case. And then"), ev.BrainFailed(r, "unreachable")])
    t.run()
    assert t.replies[0].heard == "You chose the rubber case. And then"
    assert t.replies[0].trouble == "unreachable"


def test_a_dead_voice_shows_the_answer_instead():
    """Without a voice the answer is shown as a card, and the agent listens again."""
    t = Timeline(tts=60.0)
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model("You chose the rubber case.")
    t.at(3.0, lambda: t.tell(ev.VoiceFailed(1, 0, "refused")))
    t.run(until=20)
    (card,) = t.sent(ShowCard)
    assert card.card.text == "You chose the rubber case."
    assert t.replies[0].outcome == "failed"
    assert states(t)[-1] == "listening"


def test_a_voice_that_breaks_before_a_sample_was_heard_is_flushed():
    """Sound of the broken reply may already wait in the page: it is dropped, and the answer shown."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model("You chose the rubber case.")
    t.run(until=2.4)  # released, and not a sample reported yet
    assert t.conversation.delivery.running.released and not t.conversation.delivery.running.audible
    t.at(2.42, lambda: t.tell(ev.VoiceFailed(1, 0, "unreachable")))
    t.run()
    assert t.sent(Flush) and t.sent(ShowCard)
    assert t.replies[0].outcome == "failed" and t.replies[0].heard == ""


def test_a_voice_that_breaks_in_the_middle_ends_after_what_was_said():
    """The pieces before it were heard; the reply ends as cut and the agent listens again."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.at(4.0, lambda: t.tell(ev.VoiceFailed(1, 1, "unreachable")))
    t.run()
    (reply,) = t.replies
    assert reply.outcome == "cut" and reply.trouble == "unreachable"
    assert reply.heard and LONG.startswith(reply.heard) and reply.heard != LONG
    assert states(t)[-1] == "listening"


def test_a_cough_ducks_and_the_voice_comes_back():
    """Sound without words lowers the voice for a moment and nothing is lost."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.at(4.0, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(4.4, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    assert t.replies[0].heard == LONG
    assert [message.db for message in t.sent(Duck)] == [-12.0, 0.0]


def test_long_speech_without_words_pauses_and_resumes():
    """Somebody really speaks but no words have come: hold, then go on from the exact sample."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.at(4.0, lambda: t.tell(ev.SpeechStarted(0.1)))
    t.at(7.0, lambda: t.tell(ev.SpeechStopped(0.2)))
    t.run()
    assert len(t.sent(Pause)) == 1 and len(t.sent(Continue)) == 1
    assert t.replies[0].heard == LONG and t.replies[0].outcome == "complete"


def test_own_words_coming_back_are_explained_away():
    """A transcript of the agent's own voice under another name starts nothing and is no line of the meeting."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model("You chose the rubber case, pending the cost check.")
    t.says("Meeting room", "you chose the rubber case pending", at=2.6, until=4.4)
    t.run()
    assert t.replies[0].outcome == "complete"
    assert "echo" in [decision.reason for decision in t.decisions]


def test_without_a_page_nothing_is_begun():
    """Nobody could hear an answer: the turn ends with that reason."""
    t = Timeline(page=False)
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.run()
    assert [decision.reason for decision in t.decisions] == ["no-page"]


def test_repeated_and_late_finals_change_nothing():
    """The same final twice is one turn and one answer."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    again = ev.Heard("Ana", "Parley, what did we decide?", True, "100", start=0.0, end=1.6)
    for when in (2.0, 3.0, 9.0):
        t.at(when, lambda: t.tell(again))
    t.run()
    assert len(t.replies) == 1
    assert len([turn for turn in t.conversation.transcript.turns if not turn.is_agent]) == 1


def test_two_people_call_at_once():
    """The second question waits for the first answer, and is answered then."""
    t = Timeline(ttft=2.0)
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.says("Ben", "Parley, who checks the price?", at=1.8, until=3.2)
    t.model("You chose the rubber case.")
    t.model("Ben does.")
    t.run()
    assert sorted(reply.speaker for reply in t.replies if reply.outcome == "complete") == ["Ana", "Ben"]


def test_a_timer_speaks_up():
    """A timer that the brain set is announced when it runs out."""
    t = Timeline()
    t.says("Ana", "Parley, remind us in a minute about lunch.", at=0.0, until=2.0)
    t.model(
        lambda r: [
            ev.BrainTool(r, "set_timer", {"seconds": 20, "label": "lunch"}),
            ev.BrainText(r, "Will do."),
            ev.BrainDone(r),
        ]
    )
    t.run()
    assert [reply.heard for reply in t.replies] == ["Will do.", "Time is up: lunch."]


def test_the_same_events_give_the_same_decisions():
    """A conversation handled again from its events wishes for exactly the same."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.says("Ben", "Hold on, that is not what I remember.", at=4.0, until=6.0)
    t.says("Ana", "Parley, who is right?", at=8.0, until=9.0)
    t.run()
    again = Conversation(t.config)
    effects = [effect for now, event in t.events for effect in again.handle(event, now)]
    assert effects == t.effects


def test_after_a_restart_the_rest_is_said():
    """A backend that died in mid-sentence says the unheard rest once its page is back, and nothing twice."""
    t = Timeline()
    t.says("Ana", "Parley, what did we decide?", at=0.0, until=1.6)
    t.model(LONG)
    t.run(until=5.0)
    u = Timeline(page=False)
    for now, event in t.events:
        u.conversation.handle(event, now)
    heard = t.conversation.delivery.running.spoken.heard
    u.now = 8.0
    u.at(8.0, lambda: u.tell(ev.Resumed()))
    played = t.conversation.delivery.running.spoken.played
    u.at(9.0, lambda: u.tell(ev.PageJoined("page", 1, 1, played)))
    u.run(until=60)
    assert [reply.outcome for reply in u.replies] == ["interrupted", "complete"]
    assert f"{heard} {u.replies[1].heard}" == LONG


def test_alone_with_one_person_it_needs_no_name():
    """The policy open answers everything while there is one person; among more the name is needed again."""
    t = Timeline(config=Config(policy="open"))
    t.says("Ana", "What did we decide about the case?", at=0.0, until=1.6)
    t.model("You chose the rubber case.")
    t.says("Ben", "Hello everybody.", at=20.0, until=21.0)
    t.says("Ana", "What did we decide about the case?", at=24.0, until=25.6)
    t.run()
    assert [(d.verdict, d.reason) for d in t.decisions] == [
        ("reply", "alone"),
        ("silent", "not-called"),
        ("silent", "not-called"),
    ]


def test_muted_policy_starts_muted():
    """The policy muted begins silent."""
    assert Conversation(Config(policy="muted")).state == "muted"
