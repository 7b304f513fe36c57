"""The same words by two ears: the page's transcript socket and the host's own connection."""

from __future__ import annotations

import pytest

from tests.seats.seating import house, until

pytestmark = pytest.mark.anyio


def lines(seat):
    """Who said what, in order."""
    turns = seat.session.conversation.transcript.turns
    return [(turn.speaker, turn.text) for turn in turns if not turn.is_agent]


async def test_one_turn_each(tmp_path):
    """
    Words that the page and the host both deliver, whichever is first, are one turn each; a question is answered once.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated()
        bot.person_joins(100, "Ana")
        bot.person_joins(200, "Ben")
        await until(lambda: len(seat.view()["people"]) == 2)
        async with it.page(seat) as page:
            await page.until_type("welcome")
            # The page is first: nothing is known of the host's words yet.
            await page.hears("Ana", "Good morning, all of you.", who=100, start=1.0)
            await until(lambda: len(lines(seat)) == 1)
            bot.says(100, "Good morning, all of you!", 1.0, 2.0, partials=2)
            bot.says(200, "Morning.", 3.0, 3.5, partials=1)
            await until(lambda: len(lines(seat)) == 2)
            await page.hears("Ben", "Morning.", who=200, start=3.0)
            # From now on the host's words are trusted, and the page's are the second hearing.
            question = "Parley, who are you?"
            await page.hears("Ana", question, who=100, start=5.0, final=False)
            await page.hears("Ana", question, who=100, start=5.0)
            await page.until_type("ack", seq=4)
            bot.says(100, question, 5.0, 6.0, partials=2)
            await page.until_type("begin")
            await page.until_true(lambda: bool(page.ended))
            for text in ("Yes.", "Yes.", "Yes."):
                bot.says(200, text, 8.0 + len(lines(seat)), 9.0 + len(lines(seat)))
                await bot.settled()
                await until(lambda text=text: lines(seat)[-1] == ("Ben", text))
                await page.hears("Ben", text, who=200, start=8.0 + len(lines(seat)))
            await page.until_type("ack", seq=7)
            assert lines(seat)[:3] == [
                ("Ana", "Good morning, all of you."), ("Ben", "Morning."), ("Ana", "Parley, who are you?"),
            ]  # fmt: skip
            assert len(page.of("begin")) == 1
        await it.served.wired.parts.tape.flush()
        heard = await it.facts(seat, "Heard")
        assert {each["source"] for each in heard} == {"page", "host"}, "the tape holds what both ears heard"


async def test_the_page_alone(tmp_path):
    """
    Where the host sends no words, those of the page are the transcript.
    """
    async with house(tmp_path) as it:
        seat, _ = await it.seated()
        async with it.page(seat) as page:
            await page.until_type("welcome")
            for number in range(5):
                await page.hears("Ana", f"Point number {number}.", who=100, start=number * 3.0)
            await page.until_type("ack", seq=5)
            assert lines(seat) == [("Ana", f"Point number {number}.") for number in range(5)]
