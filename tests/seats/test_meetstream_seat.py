"""A seat without a page: MeetStream's bot, through whose sockets the agent hears, sees, speaks and writes."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
from PIL import Image

from server.rehearsal.hosts.film import fragmented, number_of, tone
from server.rehearsal.hosts.meetstream_bot import MeetStreamBot
from server.seats.addresses import Way
from server.seats.seat import Seat
from tests.seats.seating import MEET, WITHIN, House, house, until, words_of

pytestmark = pytest.mark.anyio

ANA, BEN = "spaces/x/devices/1", "spaces/x/devices/2"
#: a second in which somebody speaks and stops, at the vendor's rate
SPEECH = tone(0.6, rate=48_000, level=0.4) + tone(0.4, rate=48_000, level=0.0005)


async def seated(it: House, **wish: object) -> tuple[Seat, MeetStreamBot]:
    """A seat of MeetStream whose bot is in and whose connections are open."""
    seat = await it.join(MEET, host="meetstream", **wish)
    bot = await it.meetstream.next_bot()
    wanted = ["audio", "control", "video"] if "film" in wish.get("senses", []) else ["audio", "control"]
    await until(lambda: seat.state.value == "live" and seat.view()["connected"] == wanted and seat.view()["page"])
    return seat, bot


async def test_from_join_to_leave(tmp_path):
    """
    A bot is asked for, seated, and taken out; its life is told in words by callbacks and by asking.
    """
    async with house(tmp_path, meetstream=True) as it:
        it.meetstream.habits.waiting_room = True
        seat = await it.join(MEET, host="meetstream", name="Scribe")
        bot = await it.meetstream.next_bot()
        await until(lambda: seat.state.value == "waiting")
        assert "admit" in seat.view()["advice"]
        bot.admit()
        await until(lambda: seat.state.value == "live" and seat.view()["page"])
        assert bot.asked["bot_name"] == "Scribe"
        refused = await it.do(seat, "show")
        assert (refused.status_code, refused.json()["code"]) == (400, "no-page")
        assert (await it.do(seat, "leave")).status_code == 200
        await until(lambda: seat.closed)
        assert seat.view()["state"] == "done" and bot.completed
        assert words_of(seat)[:2] == ["asking MeetStream for a bot", "MeetStream sends a bot"]
        assert (await it.do(seat, "leave")).status_code == 200


@pytest.mark.parametrize("early", [False, True], ids=["in order", "sockets before the answer"])
async def test_what_is_said_is_heard(tmp_path, early):
    """
    The agent speaks through the control socket, in real time and with a short lead, and a question is answered aloud;
    the sockets may even come before the order is answered.
    """
    async with house(tmp_path, meetstream=True) as it:
        it.meetstream.habits.early_sockets = early
        seat, bot = await seated(it)
        assert (await it.do(seat, "say", text="Good morning, everybody.")).status_code == 200
        async with asyncio.timeout(WITHIN):
            while not await it.taped(seat, "decision"):  # noqa: ASYNC110  a file tells nobody
                await asyncio.sleep(0.05)
        (said,) = await it.taped(seat, "decision")
        assert (said["outcome"], said["heard"]) == ("complete", "Good morning, everybody.")
        heard = np.frombuffer(bot.heard_pcm(), "<i2")
        assert bot.spoke_seconds > 0.5 and np.abs(heard).max() > 1000
        assert bot.control is not None and max(bot.control.playback.leads) < 1.0 and not bot.control.skipped
        assert bot.images, "the camera shows a picture of the agent"
        if not early:
            bot.person_joins(ANA, "Ana")
            bot.says(ANA, "Parley, who are you?", 1.0, 2.0, partials=2)
            await until(lambda: bot.spoke_seconds > len(heard) / 48_000)


async def test_words_people_and_sound(tmp_path):
    """
    Transcription webhooks become turns of named people, who come and go; live sound reaches the ears.
    """
    async with house(tmp_path, meetstream=True) as it:
        seat, bot = await seated(it)
        bot.person_joins(ANA, "Ana")
        bot.person_joins(BEN, "Ben")
        bot.person_joins("spaces/x/devices/9", "Parley")
        await until(lambda: len(seat.view()["people"]) == 2)
        bot.says(ANA, "The remote gets a rubber case.", 1.0, 3.0, partials=3)
        bot.says(BEN, "And two buttons.", 4.0, 5.0)
        turns = seat.session.conversation.transcript.turns
        await until(lambda: len(turns) == 2)
        assert [(turn.speaker, turn.text) for turn in turns] == [
            ("Ana", "The remote gets a rubber case."), ("Ben", "And two buttons."),
        ]  # fmt: skip
        for at in range(0, len(SPEECH), 1920):
            bot.sound(ANA, SPEECH[at : at + 1920])
        await it.until_facts(seat, "SpeechStopped", 1)
        assert len(await it.facts(seat, "SpeechStarted")) == 1
        bot.leaves(ANA)
        await until(lambda: [each["name"] for each in seat.view()["people"]] == ["Ben"])
        assert not seat.view()["odd"]


async def test_chat_in_and_out(tmp_path):
    """
    A question in the chat is answered there, over the control socket; a line of ours that comes back is nobody's.
    """
    async with house(tmp_path, meetstream=True) as it:
        seat, bot = await seated(it)
        bot.chats("Parley, who are you?")
        await until(lambda: bot.chat_sent)
        (line,) = bot.chat_sent
        assert line.how == "sendmsg" and "Parley" in line.text
        bot.chats(line.text)
        assert (await it.do(seat, "chat", text="word " * 300)).status_code == 200
        await until(lambda: len(bot.chat_sent) == 4)
        assert all(len(each.text) <= 500 for each in bot.chat_sent)
        bot.chats("That was all.")
        await it.until_facts(seat, "ChatSaid", 2)
        assert [fact["text"] for fact in await it.facts(seat, "ChatSaid")] == ["Parley, who are you?", "That was all."]


async def test_film_of_the_meeting(tmp_path):
    """
    The live film can be looked at as the stage's picture, its pings are answered, and its end loses no last picture.
    """
    async with house(tmp_path, meetstream=True) as it:
        seat, bot = await seated(it, senses=["film"])
        film = await asyncio.to_thread(fragmented, 2.0, (160, 90))
        assert bot.video is not None
        bot.video.ping()
        bot.video.put(film)
        bot.video.ping()
        bot.video.end(2.0)
        await bot.settled()
        await until(lambda: len(bot.video.pongs) == 2 and seat.view()["pictures"])
        assert bot.video.wrong_answers == 0
        await until(lambda: not seat.view()["pictures"][0]["live"])
        path = f"/api/bots/{seat.id}/picture?source=stage"
        answer = await it.http.get(path)
        assert answer.status_code == 200, answer.text
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == (160, 90) and number_of(image) == 49
        assert (await it.http.get(f"/api/bots/{seat.id}/sheet")).status_code == 200


async def test_how_it_ends(tmp_path):
    """
    Denied, not let in, kicked or failed: each is told with what to do, and none goes back.
    """
    async with house(tmp_path, meetstream=True) as it:
        for ending, state, words in (
            ("deny", "failed", "refused to let the bot in"),
            ("not_let_in", "failed", "Nobody let the bot in"),
            ("kick", "done", "Somebody removed the bot"),
            ("fail", "failed", "failed on MeetStream's side"),
        ):
            it.meetstream.habits.waiting_room = ending in ("deny", "not_let_in")
            seat = await it.join(MEET, host="meetstream")
            bot = await it.meetstream.next_bot()
            await until(lambda seat=seat: seat.state.value in ("waiting", "live"))
            getattr(bot, ending)()
            await until(lambda seat=seat: seat.closed)
            view = seat.view()
            assert view["state"] == state and words in view["words"] and view["advice"], ending


async def test_connections_that_break_come_back(tmp_path):
    """
    When the sockets break the agent has no voice; they come back with their old tokens, and it speaks again.
    """
    async with house(tmp_path, meetstream=True) as it:
        seat, bot = await seated(it)
        bot.mischief.garbage()
        bot.mischief.drop()
        await until(lambda: all(line.connections == 2 for line in bot.lines) and seat.view()["page"])
        assert (await it.do(seat, "say", text="Here again.")).status_code == 200
        await until(lambda: bot.spoke_seconds > 0.3)
        token = it.seats.addresses.token(Way(seat.id, "recall", "control"))
        answer = await it.http.post(f"/hosts/meetstream/words/{token}/", json={"transcript": "Parley, leave."})
        assert answer.status_code == 401


async def test_somebody_asks_it_to_stop(tmp_path):
    """
    The vendor's own request to stop talking stops the agent.
    """
    async with house(tmp_path, meetstream=True) as it:
        seat, bot = await seated(it)
        await it.do(seat, "say", text="One two three four five six seven eight nine ten. " * 5)
        await until(lambda: bot.spoke_seconds > 0.3)
        bot.interrupts()
        async with asyncio.timeout(WITHIN):
            while not (decisions := await it.taped(seat, "decision")):  # noqa: ASYNC110  a file tells nobody
                await asyncio.sleep(0.05)
        assert decisions[0]["outcome"] == "interrupted"
        assert len(decisions[0]["heard"]) < len(decisions[0]["planned"]) / 2
