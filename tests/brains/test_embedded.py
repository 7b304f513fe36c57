"""The embedded brain answers from what was said, and says what it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.brains.base import BrainEvent, BrainRequest, Done, TextDelta, ToolCall
from server.brains.embedded import EmbeddedBrain
from server.brains.embedded.digest import Digest
from server.core.transcript import Turn
from tests.brains.meeting import request, spoken, turns

pytestmark = pytest.mark.anyio


async def events(asked: BrainRequest, brain: EmbeddedBrain | None = None) -> list[BrainEvent]:
    """Everything one reply brings."""
    return [event async for event in (brain or EmbeddedBrain()).reply(asked)]


async def say(question: str, **more: Any) -> str:
    """What is said to a question of Ben's."""
    result = await events(request(question, **more))
    assert result[-1] == Done("stop") and sum(isinstance(event, Done) for event in result) == 1
    return "".join(event.text for event in result if isinstance(event, TextDelta)).strip()


async def card(question: str, **more: Any) -> dict[str, Any]:
    """The one card shown."""
    calls = [event for event in await events(request(question, **more)) if isinstance(event, ToolCall)]
    assert [call.name for call in calls] == ["show_card"]
    return calls[0].arguments


# ---------------------------------------------------------------- who said what


async def test_an_answer_quotes_with_speaker_and_time() -> None:
    """Fragments of one person are joined, noises left out."""
    said = await say("what was said about the soup?")

    assert said.startswith(
        "Nine minutes ago, Ben said: “The pumpkin soup should stay on the menu, because the guests ask for it all the"
    )
    assert "um" not in said.split() and "you know" not in said


async def test_only_the_person_asked_about_is_quoted() -> None:
    """And when that person said nothing about it, this is said first."""
    said = await say("what did Cleo say about the risotto?")
    assert "Cleo said" in said and "Ana" not in said

    other = await say("what did Dev say about the soup?")
    assert other.startswith("I haven't heard Dev say anything about the soup. But nine minutes ago, Ben said")


async def test_what_nobody_said_is_admitted() -> None:
    """No answer is made up."""
    assert await say("what was said about rockets?") == "Nobody has said anything about rockets so far."


async def test_the_memorys_evidence_counts_when_the_words_differ() -> None:
    """The memory knows that staff are waiters; the answer says that the words were others."""
    said = await say("what was said about the staff?", evidence=(turns()[-1],))

    assert said.startswith("Nobody used those words. The closest thing said was by Ana, a minute ago:")
    assert "The new waiters start" in said


async def test_neither_the_question_nor_the_agents_own_words_are_quoted_back() -> None:
    """Both stand in the transcript, and both hold every word that is asked for."""
    asked = Turn(90, "Ben", "What was said about the soup?", 597.0, 599.0)

    said = await say("What was said about the soup?", turns=[*turns(), asked])

    assert "What was said" not in said and "Parley" not in said and "Ben said the soup" not in said


async def test_who_said_it_and_when() -> None:
    """The speaker comes first, or the time."""
    assert (await say("who said the prices went up?")).startswith("Dev, three minutes ago: “The supplier")
    assert (await say("when did we talk about the oven?")).startswith("It first came up eight minutes ago: Dev said")


async def test_what_a_person_said_last() -> None:
    """Without a topic, the latest real sentences."""
    said = await say("what did Ana say?")
    assert "Cleo, can you write the new price list by Monday?" in said and "two of them speak Italian" in said


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("did Ana mention the budget?", "The budget for the menu is twelve thousand euros"),
        ("how many waiters speak Italian?", "two of them speak Italian"),
        ("who will call the oven company?", "I'll call the oven company"),
        ("what was the last thing Ana said?", "two of them speak Italian"),
        ("is there anything about mushrooms?", "The supplier for the mushrooms raised the prices"),
    ],
)
async def test_other_wordings_find_the_same_words(question: str, quoted: str) -> None:
    """With or without "about", with the subject after the verb, or as a plain question."""
    assert quoted in await say(question)


async def test_a_fact_that_stands_in_one_sentence_is_quoted() -> None:
    """All the asked words in one sentence: no apology is needed."""
    assert await say("what's the budget?") == (
        "Ten minutes ago, Ana said: “The budget for the menu is twelve thousand euros this season.”"
    )


@pytest.mark.parametrize("question", ["why did we drop the risotto?", "what do you think about the risotto?"])
async def test_it_never_pretends_to_reason(question: str) -> None:
    """Reasons and opinions are beyond it, the nearest words are not."""
    said = await say(question)
    assert said.startswith("I run without a language model, so I can't work that out. The closest thing said was by ")


async def test_an_unknown_question_is_answered_honestly() -> None:
    """Nothing near was said either."""
    assert await say("what's the capital of France?") == (
        "I run without a language model, so I can't work that out. And nobody has said anything about it so far."
    )


# ---------------------------------------------------------------- what came of it


async def test_decisions_are_found_by_their_wording() -> None:
    """In order of time, with a cautious lead."""
    said = await say("what did we decide?")
    assert said.startswith("Two things sounded like decisions. Seven minutes ago, Ana said: “Let's drop the risotto")
    assert said.endswith("Ben said: “We decided last week that the terrace stays open until October.”")

    about = await say("what did we decide about the terrace?")
    assert about.startswith("One thing sounded like a decision.") and "risotto" not in about

    none = await say("what did we decide about the waiters?")
    assert none.startswith("I haven't noticed a decision about the waiters. The closest thing said was by Ana")


async def test_action_items_have_owners() -> None:
    """Promised by oneself, or asked of somebody and accepted."""
    said = await say("action items?")
    assert "Dev said: “I'll call the oven company and send you the repair date by Friday.”" in said
    assert "Ana asked: “Cleo, can you write the new price list by Monday?” That was for Cleo." in said

    assert "Dev" not in await say("what does Cleo have to do?")
    assert await say("what do I have to do?") == "I haven't noticed an action item for Ben so far."


async def test_a_question_without_an_answer_is_open() -> None:
    """ "I don't know" is no answer."""
    said = await say("any open questions?")
    assert said == (
        "One thing seems to be open. Eight minutes ago, Dev asked: “What about the oven, does anybody know when the "
        "repair is going to happen?”"
    )


async def test_a_summary_has_topics_quotes_and_a_decision() -> None:
    """Short enough to listen to."""
    said = await say("summarize the meeting")

    assert said.startswith("So far, in ten minutes, it was mostly about") and "soup" in said
    assert "This sounded like a decision, by Ana" in said
    assert len(said.split()) <= 90


async def test_a_summary_keeps_to_its_range() -> None:
    """The last five minutes hold nothing of the first five."""
    said = await say("summarize the last five minutes")

    assert said.startswith("In the last five minutes") and "soup" not in said and "waiters" in said


async def test_what_i_missed_is_what_came_before_my_first_words() -> None:
    """Dev first spoke at two minutes."""
    said = await say("what did I miss?", asker="Dev")

    assert said.startswith("Before you first spoke") and "waiters" not in said


# ---------------------------------------------------------------- people and time


async def test_people_and_talk_time() -> None:
    """Who is here, who spoke, who did not, and for how long."""
    assert await say("who is here?") == "Five people: Ana, Ben, Cleo, Dev and Eve."
    assert await say("who has spoken so far?") == "Ana, Ben, Cleo and Dev have spoken so far; Eve has not."
    assert (await say("who talked the most?")).startswith("Ana has talked the most, 32 percent of the time, then Ben")
    assert (await say("who talked the least?")).startswith("Dev has talked the least")
    assert await say("who spoke last?") == "That was Ana, a minute ago."


async def test_clock_and_elapsed_time() -> None:
    """From the request's times alone."""
    assert await say("what time is it?") == "It's 14:05."
    assert await say("how long have we been talking?") == "We've been going for ten minutes, since 13:55."
    assert await say("what time is it?", wall_time="") == (
        "I don't know the time here. We've been going for ten minutes."
    )


async def test_a_timer_is_set_and_announced() -> None:
    """The tool is called and the length repeated, so that a misunderstanding is heard."""
    result = await events(request("remind us in five minutes to order pumpkins"))

    calls = [event for event in result if isinstance(event, ToolCall)]
    assert [(call.name, call.arguments) for call in calls] == [
        ("set_timer", {"seconds": 300.0, "label": "order pumpkins"})
    ]
    said = "".join(event.text for event in result if isinstance(event, TextDelta))
    assert said.strip() == "All right, in five minutes I'll remind you to order pumpkins."
    assert await say("how much time is left?", spoken=spoken(said, at=500.0)) == "About three minutes to go."
    assert await say("how much time is left?") == "I don't know of a running timer."


# ---------------------------------------------------------------- orders and itself


@pytest.mark.parametrize(
    ("question", "name", "arguments"),
    [
        ("stop", "be_quiet", {}),
        ("be quiet for ten minutes", "be_quiet", {"minutes": 10.0}),
        ("hide the list", "hide_card", {}),
    ],
)
async def test_orders_become_tool_calls(question: str, name: str, arguments: dict[str, Any]) -> None:
    """With a word of confirmation."""
    result = await events(request(question))

    assert [(e.name, e.arguments) for e in result if isinstance(e, ToolCall)] == [(name, arguments)]
    assert any(isinstance(event, TextDelta) for event in result)


async def test_it_repeats_and_goes_on() -> None:
    """From what it said, and from what was not heard of it."""
    assert await say("say that again", spoken=spoken("We chose soup.")) == "We chose soup."
    assert await say("say that again") == "I haven't said anything yet."
    assert await say("go on", unheard="and the terrace stays open.") == "and the terrace stays open."
    assert await say("go on") == "I had finished."


async def test_it_says_what_it_is() -> None:
    """Asked, it admits to have no language model."""
    said = await say("who are you?")
    assert said.startswith("I'm Parley. I run without a language model, so I answer from what was said here")
    assert await say("Parley?") == "Yes?"
    assert await say("thanks") == "You're welcome."


async def test_standing_in_is_marked_first() -> None:
    """Heard before the answer, except where an order is carried out."""
    said = await say("what was said about rockets?", standing_in="timeout")
    assert said.startswith("My language model isn't answering, so from the transcript alone: Nobody has said")
    assert await say("stop", standing_in="timeout") == "Okay, I'll be quiet."


async def test_fixed_phrases_come_in_four_languages() -> None:
    """Quotes stay as they were spoken; everything else falls back to English."""
    assert await say("Parley?", language="de") == "Ja?"
    assert await say("merci", language="fr-FR") == "Je vous en prie."
    assert await say("hola", language="es") == "Hola. Preguntadme qué se ha dicho o decidido."
    assert await say("thanks", language="pl") == "You're welcome."


# ---------------------------------------------------------------- cards


async def test_cards_show_decisions_tasks_and_talk_time() -> None:
    """A list of what was found, a table or a chart of who talked."""
    decisions = await card("show the decisions")
    assert (decisions["kind"], decisions["title"]) == ("list", "Decisions")
    assert decisions["items"][0] == "Ana: Let's drop the risotto and keep the soup."

    tasks = await card("show me the action items as a list")
    assert tasks["items"] == [
        "Dev: I'll call the oven company and send you the repair date by Friday.",
        "Cleo: Cleo, can you write the new price list by Monday?",
    ]

    table = await card("show the talk time as a table")
    assert table["columns"] == ["Who", "Time", "Share"] and table["rows"][0][0] == "Ana"

    chart = await card("show me a chart of the talk time")
    assert chart["kind"] == "bar" and len(chart["labels"]) == len(chart["values"]) == 4


async def test_the_last_reply_can_be_shown() -> None:
    """As a list of its sentences."""
    last = "Two things were decided. The soup stays on the menu. The risotto goes."
    assert (await card("show that as a list", spoken=spoken(last)))["items"] == [
        "Two things were decided.", "The soup stays on the menu.", "The risotto goes.",
    ]  # fmt: skip


# ---------------------------------------------------------------- how it works


async def test_the_reply_comes_word_by_word() -> None:
    """Many small pieces, which together are the text."""
    pieces = [event.text for event in await events(request("what did we decide?")) if isinstance(event, TextDelta)]

    assert len(pieces) > 20 and all(len(piece.split()) == 1 for piece in pieces)


async def test_an_empty_meeting_is_no_trouble() -> None:
    """Every question has an answer before anybody spoke."""
    for question in (
        "what did we decide?",
        "summarize",
        "who talked most?",
        "what was said about soup?",
        "xyz",
        "who said it?",
    ):
        assert await say(question, turns=[], participants=())


async def test_a_growing_meeting_is_followed_turn_by_turn() -> None:
    """The answers are those of a brain that sees the whole meeting at once, also after corrections and late turns."""
    brain, growing = EmbeddedBrain(), []
    for turn in turns():
        growing.append(turn)
        await events(request("what did we decide?", turns=growing), brain)
    growing[10] = Turn(10, "Ana", "Okay, so let's drop the soup and keep the risotto.", 180, 190)
    growing.insert(3, Turn(80, "Eve", "The tablecloths are too expensive for this budget anyway.", 50, 55))

    for question in ("what did we decide?", "summarize the meeting", "what was said about the tablecloths?"):
        grown = await events(request(question, turns=growing), brain)
        assert grown == await events(request(question, turns=list(growing)))


async def test_two_replies_may_follow_one_meeting_at_once() -> None:
    """Interleaved, they prepare every turn once."""
    digest, long = (
        Digest("Parley"),
        [Turn(i, f"P{i % 3}", f"Sentence number {i} is about soup.", i, i + 1) for i in range(300)],
    )
    first, second = digest.follow(long), digest.follow(long)
    running = [first, second]
    while running:
        for one in list(running):
            try:
                one.send(None)
            except StopIteration:
                running.remove(one)

    whole = Digest("Parley")
    await whole.follow(long)
    assert [passage.turns for passage in digest.passages] == [passage.turns for passage in whole.passages]
    assert digest.spread == whole.spread


@given(st.text(max_size=80))
def test_any_question_gets_an_answer(question: str) -> None:
    """Whatever the recogniser made of it."""

    async def run() -> list[BrainEvent]:
        return await events(request(question))

    coroutine = run()
    result: list[BrainEvent] = []
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        result = stop.value
    assert isinstance(result[-1], Done) and any(isinstance(event, TextDelta) for event in result)


async def test_check_and_close() -> None:
    """Always there, nothing to give back."""
    brain = EmbeddedBrain()
    assert "without a language model" in await brain.check()
    await brain.close()
    await brain.close()
