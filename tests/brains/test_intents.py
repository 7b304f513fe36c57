"""What a question wants, in the wordings people use."""
# ruff: noqa: E501  one row per intent reads better than one line per wording

import pytest

from server.brains.embedded.intents import Ask, understand
from server.brains.embedded.timing import ago, duration, length
from server.brains.embedded.wordings import Intent

PEOPLE = ("Ana Lopez", "Ben", "Grad B", "PhD F")


def ask(question: str) -> Ask:
    """Ben asks Parley."""
    return understand(question, "Parley", PEOPLE, "Ben")


@pytest.mark.parametrize(
    ("intent", "questions"),
    [
        (Intent.CALLED, ["Parley?", "Parley.", "Um, Parley, please?", ""]),
        (Intent.QUIET, ["stop", "Parley, stop.", "be quiet please", "Okay stop talking, Parley", "never mind", "shut up"]),
        (Intent.REPEAT, ["say that again", "Parley, could you repeat that?", "what did you say?", "pardon?",
                         "sorry, I didn't catch that", "say that louder", "once more please"]),
        (Intent.GO_ON, ["go on", "Parley, continue.", "you were saying?", "keep going please"]),
        (Intent.HIDE, ["hide the card", "Parley, take that list down", "close the table", "remove it please"]),
        (Intent.TIMER, ["remind us in five minutes", "set a timer for ten minutes", "Parley, ping me in 30 seconds",
                        "can you let us know in half an hour", "time box of 15 minutes please"]),
        (Intent.TIMER_LEFT, ["how much time is left?", "how long is left on the timer?", "time left?"]),
        (Intent.CLOCK, ["what time is it?", "Parley, what's the time?", "do you have the time", "what day is it"]),
        (Intent.ELAPSED, ["how long have we been talking?", "how long has this meeting been going", "when did we start?",
                          "how much time have we used"]),
        (Intent.PEOPLE, ["who is here?", "who's in the meeting", "how many people are here", "who are the participants"]),
        (Intent.TALK_TIME, ["who talked the most?", "who has spoken the most", "how long did Ana talk?", "wer hat am meisten geredet?",
                            "who talked least", "show me the talk time"]),
        (Intent.SPOKE, ["who has spoken so far?", "who spoke?", "who's talked until now"]),
        (Intent.LAST_SPEAKER, ["who was that?", "who just spoke?", "who spoke last"]),
        (Intent.DECISIONS, ["what did we decide?", "Parley, list the decisions", "what was agreed?", "um, any decisions so far",
                            "what have we settled on", "what did the group conclude about the price"]),
        (Intent.ACTIONS, ["action items please", "what are the next steps?", "who is doing what?", "what does Ana have to do?",
                          "any todos?", "what's next?"]),
        (Intent.QUESTIONS, ["any open questions?", "what is still open?", "what questions are unanswered", "open issues?"]),
        (Intent.SUMMARY, ["summarize the meeting", "can you recap?", "give us a summary of the last ten minutes",
                          "what did I miss?", "catch me up", "what have we talked about so far?", "what is this meeting about?",
                          "Parley, what happened since I joined?", "fasse das bitte zusammen", "résume la réunion"]),
        (Intent.SAID, ["what was said about hiring?", "what did Grad B say about disks?", "did anyone mention the budget?",
                       "tell us more about the oven", "what about plastic?", "what are Ana's views on colour?",
                       "remind me what we said about lunch", "summarize the discussion about price"]),
        (Intent.WHO_SAID, ["who said we need more data?", "who mentioned the oven", "who brought up the budget?"]),
        (Intent.WHEN_SAID, ["when did we talk about batteries?", "when was the price mentioned?"]),
        (Intent.HELP, ["who are you?", "what can you do?", "help", "are you a robot?", "what's your name"]),
        (Intent.THANKS, ["thanks", "thank you Parley", "great, thanks", "well done", "danke"]),
        (Intent.GREETING, ["hello Parley, nice to meet you", "good morning", "are you there?", "can you hear me?", "hallo"]),
        (Intent.SHOW_LAST, ["show that as a list", "put that on the screen", "as a list please"]),
        (Intent.OTHER, ["what's the capital of France?", "why did we choose plastic?", "what do you think about the price?",
                        "should we hire her?", "is it raining"]),
    ],
)  # fmt: skip
def test_each_intent_is_understood_in_several_wordings(intent: Intent, questions: list[str]) -> None:
    """Politeness, noises, the agent's name anywhere and case make no difference."""
    understood = {question: ask(question).intent for question in questions}

    assert understood == dict.fromkeys(questions, intent)


@pytest.mark.parametrize("question", ["Barley, who is here?", "Hey parlay who is here", "Who is here, Carley?"])
def test_a_misheard_name_is_overlooked(question: str) -> None:
    """The recogniser writes the agent's name as it likes."""
    assert ask(question).intent is Intent.PEOPLE


def test_the_topic_is_what_the_question_is_about() -> None:
    """Without the frame of the question and its courtesies."""
    assert ask("Parley, what was said about the delivery dates so far, please?").topic == "the delivery dates"
    assert ask("what did we decide about the price").topic == "the price"
    assert ask("who said we need more data").topic == "we need more data"


@pytest.mark.parametrize(
    ("question", "person"),
    [
        ("what did Grad B say", "Grad B"),
        ("what did Ana say about it", "Ana Lopez"),
        ("what were Ben's concerns", "Ben"),
        ("what do I have to do", "Ben"),
        ("what did we say about Benjamin", ""),
    ],
)
def test_a_person_is_found_by_name_or_a_part_of_it(question: str, person: str) -> None:
    """ "I" is the person who asks."""
    assert ask(question).person == person


def test_a_timer_knows_its_length_and_its_purpose() -> None:
    """In words or digits."""
    timer = ask("Parley, could you remind us in five minutes to take a break?")
    assert (timer.seconds, timer.label) == (300.0, "take a break")
    assert ask("set a timer for 90 seconds").seconds == 90.0


def test_a_card_is_asked_for_in_its_form() -> None:
    """List, table or chart."""
    assert ask("show me the decisions").show
    assert ask("show the talk time as a table").form == "table"
    assert ask("a chart of the talk time").form == "bar"
    assert not ask("what did we decide").show


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("five minutes", 300), ("an hour and a half", 5400), ("2 hours", 7200), ("half an hour", 1800), ("a couple of minutes", 120),
        ("twenty-five minutes", 1500), ("1.5 hours", 5400), ("one hour and ten minutes", 4200), ("no time", None), ("99 hours", None),
    ],
)  # fmt: skip
def test_durations_are_read_as_they_are_said(text: str, seconds: float | None) -> None:
    """Up to a day; anything else is not a duration."""
    assert duration(text) == seconds


def test_times_are_spoken_as_people_speak() -> None:
    """Lately counted back from now, earlier counted from the beginning."""
    assert [ago(start, 1000.0) for start in (990, 930, 800, 300, 30)] == [
        "just now", "a minute ago", "three minutes ago", "at minute five", "right at the start",
    ]  # fmt: skip
    assert [length(seconds) for seconds in (3, 40, 90, 600, 3600, 4200)] == [
        "three seconds", "40 seconds", "one and a half minutes", "ten minutes", "an hour", "an hour and ten minutes",
    ]  # fmt: skip
