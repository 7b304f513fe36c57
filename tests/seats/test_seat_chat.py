"""The meeting's chat through a seat: questions answered in writing, commands, and what the operator writes."""

from __future__ import annotations

import pytest

from server.seats.chat_parts import MOST
from tests.seats.seating import WITHIN, ZOOM, house, until, words_of
from tests.standins.chat import ChatStandIn, says

pytestmark = pytest.mark.anyio

LONG = " ".join(f"This is sentence number {number} of a long answer." for number in range(40))


@pytest.fixture
def model():
    """A language model's server."""
    server = ChatStandIn()
    server.base_url = server.start()
    yield server
    server.stop()


async def test_a_long_answer_goes_in_parts(tmp_path, model):
    """
    What is asked in the chat is answered in the chat, in parts of at most 500 characters on Google Meet, in order, and
    nothing is said aloud; on Zoom, whose limit is larger, it goes in one.
    """
    model.usual = says(LONG)
    async with house(tmp_path, OPENAI_BASE_URL=model.base_url, PARLEY_VOICE="espeak") as it:
        seat, bot = await it.seated()
        bot.person_joins(100, "Ana")
        async with it.page(seat) as page:
            await page.until_type("welcome")
            bot.chat(100, "Parley, tell us everything.")
            await until(lambda: sum(len(line.message) + 1 for line in bot.chat_sent) >= len(LONG))
            sent = [line.message for line in bot.chat_sent]
            assert max(map(len, sent)) <= 500 and " ".join(sent) == LONG
            assert all(text.endswith(".") for text in sent), "cut between sentences"
            assert {line.to for line in bot.chat_sent} == {"everyone"}
            assert not page.of("begin")
        _, bot = await it.seated(ZOOM)
        bot.person_joins(100, "Ana")
        bot.chat(100, "Parley, tell us everything.")
        await until(lambda: bot.chat_sent)
        assert [line.message for line in bot.chat_sent] == [LONG]


async def test_a_private_question_is_answered_privately(tmp_path):
    """
    A line to the agent alone needs no name, and its answer goes to that person alone. Only Zoom has such lines.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(ZOOM)
        bot.person_joins(100, "Ana")
        bot.person_joins(200, "Ben")
        bot.says(200, "The remote gets a rubber case.", 1.0, 2.0)
        bot.chat(100, "What did Ben say about the case?", private=True)
        await until(lambda: bot.chat_sent)
        (line,) = bot.chat_sent
        assert line.to == "100" and "rubber" in line.message
        bot.chat(200, "I think so too.")
        bot.chat(200, "Parley, who are you?")
        await until(lambda: len(bot.chat_sent) == 2)
        assert bot.chat_sent[1].to == "everyone"
        turns = seat.session.conversation.transcript.turns
        assert [turn.text for turn in turns if turn.via == "chat" and not turn.is_agent] == [
            "What did Ben say about the case?", "I think so too.", "Parley, who are you?",
        ]  # fmt: skip


async def test_commands(tmp_path):
    """
    Anybody may mute the agent; only a host may have it say something or leave, and others are told so.
    """
    async with house(tmp_path) as it:
        it.dashboard()
        seat, bot = await it.seated()
        bot.person_joins(100, "Ana", is_host=True)
        bot.person_joins(200, "Ben")
        async with it.page(seat) as page:
            await page.until_type("welcome")
            bot.chat(200, "Parley, mute for five minutes")
            await page.until_type("state", state="muted")
            bot.chat(200, "Parley, unmute")
            await until(lambda: seat.view()["agent"] == "listening")
            bot.chat(200, "Parley, say good morning everybody")
            await until(lambda: len(bot.chat_sent) == 1)
            bot.chat(200, "@Parley leave")
            await until(lambda: len(bot.chat_sent) == 2)
            assert {line.message for line in bot.chat_sent} == {"Only a host of this meeting can ask me that."}
            bot.chat(100, "Parley, say good morning everybody")
            piece = await page.until_type("piece")
            assert piece["text"].lower().startswith("good morning everybody")
            await page.until_true(lambda: bool(page.ended))
            assert not seat.closed
            bot.chat(100, "@Parley leave")
            await bot.reaches("done")
        await until(lambda: seat.closed)
        assert "leaving: it was asked to leave" in words_of(seat)
        assert seat.view()["words"] == "the bot left because we told it to"


async def test_what_the_operator_writes(tmp_path):
    """
    A text of the operator goes to everybody, in parts where it is long; what cannot be written is an error with advice.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated()
        assert (await it.do(seat, "chat", text="Minutes follow.")).status_code == 200
        assert (await it.do(seat, "chat", text="word " * 400)).status_code == 200
        first, *parts = [line.message for line in bot.chat_sent]
        assert first == "Minutes follow."
        assert " ".join(parts) == ("word " * 400).strip() and max(map(len, parts)) <= 500
        assert len(parts) <= MOST
        webex, _ = await it.seated("https://example.webex.com/meet/ana")
        answer = await it.do(webex, "chat", text="Hello")
        assert (answer.status_code, answer.json()["code"]) == (409, "no-chat") and answer.json()["advice"]


async def test_a_chat_that_fails_is_told(tmp_path):
    """
    An answer that cannot be written is a step the operator reads, and the next one is tried again.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated()
        bot.person_joins(100, "Ana")
        it.recall.script("402", on="send_chat_message")
        bot.chat(100, "Parley, who are you?")
        await until(lambda: any(words.startswith("chat: the Recall workspace is out") for words in words_of(seat)))
        bot.chat(100, "Parley, who are you really?")
        await until(lambda: bot.chat_sent)
        it.recall.script("503", on="send_chat_message", times=9)
        answer = await it.do(seat, "chat", text="Hello")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_said_aloud(tmp_path):
    """
    What the operator wants said is spoken through the page, and only there.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated()
        async with it.page(seat) as page:
            await page.until_type("welcome")
            assert (await it.do(seat, "say", text="The room is needed at noon.")).status_code == 200
            piece = await page.until_type("piece", WITHIN)
            assert piece["text"] == "The room is needed at noon." and not bot.chat_sent
            await page.until_true(lambda: bool(page.ended))
