"""What a seat hears and sees: the mix, each voice, pictures and film, and that its own bot is nobody."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from server.rehearsal.hosts.film import access_units, bomb, faces, frames, number_of, slide, tone
from tests.seats.seating import SPEECH, house, until

pytestmark = pytest.mark.anyio


async def test_the_mix_is_heard_where_no_page_hears(tmp_path):
    """
    The host's mixed sound reaches the ears while no page hears; beside a live page it is not heard a second time.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["mixed"])
        bot.mixed(SPEECH)
        await it.until_facts(seat, "SpeechStopped", 1)
        async with it.page(seat) as page:
            await page.until_type("welcome")
            bot.mixed(SPEECH)  # this page has no microphone yet
            await it.until_facts(seat, "SpeechStopped", 2)
            await page.send({"type": "mic", "state": "live"})
            await until(lambda: seat.session.mic == "live")
            bot.mixed(SPEECH * 3)
            await bot.settled()
            for number, sound in enumerate(frames(SPEECH)):
                await page.sends_sound(sound, number * 1600)
            await it.until_facts(seat, "SpeechStopped", 3)
        await until(lambda: seat.session.link is None)
        bot.mixed(SPEECH)
        await it.until_facts(seat, "SpeechStopped", 4)
        assert len(await it.facts(seat, "SpeechStarted")) == 4


async def test_each_voice_by_itself(tmp_path):
    """
    Sound of single people tells who speaks, two at once as well; whoever mutes in mid-word has stopped all the same.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["voices"])
        bot.person_joins(100, "Ana")
        bot.person_joins(200, "Ben")
        for sound in frames(SPEECH):
            bot.sounds({100: sound, 200: sound})
        await it.until_facts(seat, "PersonSpeaks", 4)
        spoke = await it.facts(seat, "PersonSpeaks")
        assert {(each["id"], each["name"]) for each in spoke} == {("100", "Ana"), ("200", "Ben")}
        assert sorted(each["speaking"] for each in spoke) == [False, False, True, True]
        assert not await it.facts(seat, "SpeechStarted"), "single voices are not the room's sound"

        bot.sound(100, tone(0.5, level=0.4))  # and not a sample of silence behind it
        bot.mute(100)
        await it.until_facts(seat, "PersonSpeaks", 6)
        assert [each["speaking"] for each in (await it.facts(seat, "PersonSpeaks"))[4:]] == [True, False]
        assert not seat.session.conversation.room.floor.talking(seat.session.clock())

        bot.leaves(200)
        await until(lambda: [each["name"] for each in seat.view()["people"]] == ["Ana"])


async def test_our_own_bot_is_nobody(tmp_path):
    """
    Where a host lists our bot among the people, under whatever name it has there, it is neither seen, heard nor met:
    the agent does not greet itself, answers none of its own lines, and shows nobody its own page.
    """
    async with house(tmp_path, PARLEY_GREETING="Good morning.", PARLEY_POLICY="open") as it:
        it.recall.habits.shows_itself = True
        seat, bot = await it.seated(name="Scribe", senses=["voices", "pictures"])
        async with it.page(seat) as page:
            await page.until_type("welcome")
            own = next(iter(bot.people))
            assert bot.people[own].name == "Scribe"
            bot.webcam(own, True)
            bot.picture(own, "webcam", faces("Scribe")[0])
            bot.sound(own, SPEECH)
            bot.chat(own, "Parley, what can you do?")
            bot.says(own, "Parley, what can you do?", 1.0, 2.0)
            await it.until_facts(seat, "Heard", 1)
            assert not seat.view()["people"] and not seat.view()["pictures"]
            assert not await it.facts(seat, "PersonSeen", "PersonSpeaks", "PersonShares", "ChatSaid")
            bot.person_joins(100, "Ana")
            await page.until_type("piece")
            assert [each["text"] for each in page.of("piece")] == ["Good morning."]
        assert not bot.chat_sent


async def test_pictures_are_there_to_look_at(tmp_path):
    """
    The newest picture of each person and source can be fetched, all of them on one sheet, and none that did not come.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["pictures"])
        assert (await it.http.get(f"/api/bots/{seat.id}/sheet")).status_code == 404
        bot.person_joins(100, "Ana")
        bot.person_joins(200, "Ben")
        for png in faces("Ana", 3):
            bot.picture(100, "webcam", png)
        bot.picture(200, "screenshare", slide(("Costs", "3.50 each")))
        await until(lambda: len(seat.view()["pictures"]) == 2)
        await until(lambda: seat.frames.counts["received"] == 4)

        answer = await it.http.get(f"/api/bots/{seat.id}/picture", params={"person": "100"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["cache-control"] == "no-store"
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == (320, 180) and number_of(image) == 2, "the newest"
        shared = await it.http.get(f"/api/bots/{seat.bot}/picture?person=200&source=screenshare")
        assert shared.status_code == 200, "the host's id names the bot as well"
        sheet = await it.http.get(f"/api/bots/{seat.id}/sheet")
        with Image.open(io.BytesIO(sheet.content)) as image:
            assert image.width > image.height
        for query in ("person=300", "person=100&source=screenshare", "person=100&source=nothing", ""):
            missing = await it.http.get(f"/api/bots/{seat.id}/picture?{query}")
            assert (missing.status_code, missing.json()["code"]) == (404, "unknown")
        assert [(each["id"], each["source"]) for each in await it.facts(seat, "PersonShares")] == [
            ("100", "webcam"), ("200", "screenshare"),
        ]  # fmt: skip


async def test_what_is_no_longer_shown(tmp_path):
    """
    A camera that is off is offered to nobody any more, the last slide of a share stays, and who leaves is forgotten.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["pictures"])
        bot.person_joins(100, "Ana")
        bot.person_joins(200, "Ben")
        bot.webcam(100, True)
        bot.picture(100, "webcam", faces("Ana")[0])
        bot.picture(200, "screenshare", slide(("Costs",)))
        shown = seat.session.conversation.room.people.shown
        await until(lambda: len(seat.view()["pictures"]) == len(shown) == 2)
        bot.webcam(100, False)
        bot.share(200, False)
        await until(lambda: not any(each["live"] for each in seat.view()["pictures"]))
        assert not shown
        assert [each["on"] for each in await it.facts(seat, "PersonShares")] == [True, True, False, False]
        slides = f"/api/bots/{seat.id}/picture?person=200&source=screenshare"
        assert (await it.http.get(slides)).status_code == 200
        bot.leaves(100)
        bot.leaves(200)
        await until(lambda: not seat.view()["pictures"])
        assert (await it.http.get(slides)).status_code == 404


async def test_film_of_each_person(tmp_path):
    """
    H.264 of a person is decoded when somebody looks, and the last picture is the one that is seen.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["film"], variant="web_4_core")
        bot.person_joins(100, "Ana")
        film = await asyncio.to_thread(access_units, 20, (160, 90))
        bot.film(100, "webcam", film)
        await until(lambda: seat.frames.counts["received"] == 20)
        answer = await it.http.get(f"/api/bots/{seat.id}/picture?person=100")
        assert answer.status_code == 200, answer.text
        with Image.open(io.BytesIO(answer.content)) as image:
            assert number_of(image) == 19


async def test_odd_pictures_are_counted_and_shown_to_nobody(tmp_path):
    """
    A truncated picture, one that is none, a bomb and broken film are counted for the operator; the good one stays.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["pictures", "film"], variant="web_4_core")
        bot.person_joins(100, "Ana")
        png = faces("Ana")[0]
        bot.picture(100, "webcam", png)
        for odd in (png[: len(png) // 2], b"GIF89a and so on", await asyncio.to_thread(bomb)):
            bot.picture(100, "webcam", odd)
        bot.mischief.broken_film(100)
        bot.mischief.bad_base64(100)
        await until(lambda: seat.odd["bad-base64"])
        odd = (await it.view(seat))["odd"]
        assert odd["picture-truncated"] == odd["picture-too-large"] == 1 and odd["picture-foreign"] >= 1
        answer = await it.http.get(f"/api/bots/{seat.id}/picture?person=100")
        with Image.open(io.BytesIO(answer.content)) as image:
            assert number_of(image) == 0
        assert seat.state.value == "live" and seat.view()["connected"] == ["media", "text"]


async def test_an_over_seat_keeps_nothing(tmp_path):
    """
    When the bot is gone its pictures are gone too, and what still comes late leaves no trace.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["pictures"])
        bot.person_joins(100, "Ana")
        bot.picture(100, "webcam", faces("Ana")[0])
        await until(lambda: seat.view()["pictures"])
        await it.do(seat, "leave")
        await until(lambda: seat.closed)
        assert seat.frames.size == 0
        assert (await it.http.get(f"/api/bots/{seat.id}/picture?person=100")).status_code == 404
        assert (await it.http.get(f"/api/bots/{seat.id}/sheet")).status_code == 404
