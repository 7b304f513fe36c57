"""The way of a picture: from a shared screen over the host's socket to a vision model, when the talk points at it."""

from __future__ import annotations

import pytest

from server.rehearsal.hosts.film import slide
from tests.seats.seating import house, until
from tests.standins.chat import ChatStandIn, says

pytestmark = pytest.mark.anyio


async def test_asked_about_the_screen_it_looks(tmp_path):
    """
    A question about the shared screen takes its newest picture to the vision model; unrelated talk takes none.
    """
    model = ChatStandIn()
    url = model.start()
    try:
        env = {"OPENAI_BASE_URL": url, "PARLEY_MODEL": "stand-in-1", "PARLEY_VISION_MODEL": "sees-1"}
        async with house(tmp_path, **env) as it:
            seat, bot = await it.seated(senses=["pictures"])
            bot.person_joins(100, "Ana", is_host=True)
            bot.share(100, True)
            bot.picture(100, "screenshare", slide(("Sales", "Q1 4", "Q2 7")))
            await until(lambda: seat.view()["pictures"])
            model.will(says("The second quarter sold more."), says("You have not said so yet."))
            bot.chat(100, "Parley, what does this chart on the screen show?")
            await until(lambda: len(bot.chat_sent) == 1)
            bot.chat(100, "Parley, when do we meet again?")
            await until(lambda: len(bot.chat_sent) == 2)
            first, second = model.requests[0], model.requests[1]
            assert (first["model"], second["model"]) == ("sees-1", "stand-in-1")
            (picture,) = model.pictures[0]
            assert picture.mime == "image/jpeg" and len(picture.data) > 1000
            assert model.pictures[1] == []
            assert [each["pictures"] for each in await it.taped(seat, "looked")] == [1]
    finally:
        model.stop()


async def test_without_a_vision_model_it_says_so(tmp_path):
    """
    The embedded brain knows whose screen it is and that it cannot see.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["pictures"])
        bot.person_joins(100, "Ana", is_host=True)
        bot.share(100, True)
        bot.picture(100, "screenshare", slide(("Sales",)))
        await until(lambda: seat.view()["pictures"])
        bot.chat(100, "Parley, what does this chart on the screen show?")
        await until(lambda: bot.chat_sent)
        assert "Ana" in bot.chat_sent[0].message and "understands pictures" in bot.chat_sent[0].message
