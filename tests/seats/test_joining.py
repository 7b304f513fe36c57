"""From `POST /api/bots` to a seat: every step in words, everything that may go wrong on the way, and the way out."""

from __future__ import annotations

import asyncio

import pytest

from server.rehearsal.hosts.clocks import Clocks
from tests.seats.seating import WITHIN, ZOOM, house, soon, until, words_of

pytestmark = pytest.mark.anyio


async def test_from_join_to_leave(tmp_path):
    """
    A bot is asked for, seated, hears, answers in the chat, and is taken out; each step is told in words.
    """
    async with house(tmp_path, eager=60.0) as it:
        it.dashboard()
        seat, bot = await it.seated(senses=["voices"])
        bot.person_joins(100, "Ana", is_host=True)
        bot.person_joins(200, "Ben")
        bot.says(200, "We chose the rubber case for the remote.", 1.0, 3.0)
        bot.chat(100, "Parley, what did we say about the case?")
        await until(lambda: bot.chat_sent)
        assert "rubber" in bot.chat_sent[0].message
        answer = await it.do(seat, "leave")
        assert answer.status_code == 200
        await until(lambda: seat.closed)
        await it.recall.settled()
        view = await it.view(seat)
        assert (view["state"], view["over"]) == ("done", True)
        assert view["words"] == "the bot left because we told it to"
        words = [step["words"] for step in view["steps"]]
        assert words[:2] == ["asking Recall.ai for a bot", "Recall.ai sends a bot"]
        told = (
            "the bot is in the meeting and Recall sends everything it was asked for",
            "leaving: the operator asked for it",
            "the bot left because we told it to",
        )
        assert [each for each in words if each in told] == list(told)
        assert "Recall has begun to send to us" in words, "news that are no state are told as well"
        assert (await it.do(seat, "leave")).status_code == 200, "leaving twice is no error"


async def test_the_order_names_everything(tmp_path):
    """
    The request carries the page, a socket for words and one for media, and what finds the bot again.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(senses=["voices", "mixed"], name="Scribe")
        asked = bot.asked
        assert asked["bot_name"] == "Scribe" and asked["metadata"] == {"session_id": seat.id}
        assert asked["output_media"]["camera"]["config"]["url"].startswith(f"{it.served.http}/agent/?t=")
        urls = [endpoint["url"] for endpoint in asked["recording_config"]["realtime_endpoints"]]
        base = it.served.http.replace("http", "ws")
        assert [url.removeprefix(base).split("/")[:4] for url in urls] == [
            ["", "hosts", "recall", "text"], ["", "hosts", "recall", "media"],
        ]  # fmt: skip
        assert all(url.endswith("/") for url in urls)


async def test_the_host_refuses(tmp_path):
    """
    What the vendor refuses ends the seat as failed at once, with the reason and what to do; HTML is not shown.
    """
    async with house(tmp_path) as it:
        for scripted, code, words, advice in (
            ("402", "insufficient_credit_balance", "out of credit", "Add credit"),
            ("403", "blocked", "firewall blocked", "usual causes"),
        ):
            it.recall.script(scripted)
            seat = await it.join()
            await until(lambda seat=seat: seat.closed)
            view = await it.view(seat)
            assert view["state"] == "failed" and words in view["words"] and advice in view["advice"]
            assert "<" not in view["words"] + view["advice"] and not it.recall.bots
            assert (await it.facts(seat, "SeatChanged"))[-1] == {"type": "SeatChanged", "state": "failed", "code": code}
            assert seat.id not in it.served.wired.hub.sessions, "the session ended with its bot"
        refused = await it.do(seat, "say", text="Hello")
        assert (refused.status_code, refused.json()["code"]) == (409, "not-seated")


async def test_a_wrong_key_or_region(tmp_path):
    """
    A key that the region does not know is explained as that, and the key is not repeated.
    """
    async with house(tmp_path, key="k-of-another-region") as it:
        seat = await it.join()
        await until(lambda: seat.closed)
        view = await it.view(seat)
        assert "does not accept the API key" in view["words"] and "region" in view["advice"]
        assert "k-of-another-region" not in str(view)


async def test_no_bot_is_free_for_a_while(tmp_path):
    """
    A 507 is waited out and tried again with a new key of idempotency; the operator reads why it takes longer.
    """
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    async with house(tmp_path, sleep=sleep) as it:
        it.recall.script("507", times=2)
        seat, bot = await it.seated()
        keys = [call.headers["idempotency-key"] for call in it.recall.requests if call.method == "POST"]
        assert len(keys) == len(set(keys)) == 3 and list(it.recall.bots) == [bot.id]
        assert [each for each in words_of(seat) if "no bot is free" in each] == [
            "no bot is free; trying again in 30 s (2 of 10)", "no bot is free; trying again in 30 s (3 of 10)",
        ]  # fmt: skip
        assert waits == [30.0, 30.0]


async def test_a_lost_answer_makes_no_second_bot(tmp_path):
    """
    When the answer to the order is lost on its way, the bot that was made is found and no other is made.
    """
    async with house(tmp_path) as it:
        it.recall.script("lost", on="POST /api/v1/bot/")
        seat, bot = await it.seated()
        assert list(it.recall.bots) == [bot.id] == [seat.bot]


async def test_the_host_is_away_for_a_while(tmp_path):
    """
    While the vendor does not say how the bot is, that is a step; the seat goes on and catches up afterwards.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated()
        it.recall.script("503", times=12, on=f"GET /api/v1/bot/{bot.id}/")
        await until(lambda: any("does not say how the bot is" in each for each in words_of(seat)))
        assert seat.state.value == "live" and not seat.life.over
        bot.kick()
        await until(lambda: seat.closed)
        assert seat.state.value == "done"


async def test_the_host_does_not_know_the_bot(tmp_path):
    """
    A bot that the vendor has forgotten ends as failed; it is not asked about for ever.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated()
        await bot.close()
        del it.recall.bots[bot.id]
        await until(lambda: seat.closed)
        assert (seat.state.value, words_of(seat)[-1]) == ("failed", "Recall.ai does not know the bot any more")


async def test_the_waiting_room(tmp_path):
    """
    A bot that waits says so and what to do; admitted, it is seated.
    """
    async with house(tmp_path) as it:
        it.recall.habits.waiting_room = True
        seat = await it.join()
        bot = await it.recall.next_bot()
        await until(lambda: seat.state.value == "waiting")
        assert (seat.steps[-1].words, seat.steps[-1].advice) == (
            "the bot is waiting to be admitted", "Ask the host to admit the bot.",
        )  # fmt: skip
        bot.admit()
        await until(lambda: seat.state.value == "live")


async def test_turned_away_in_the_waiting_room(tmp_path):
    """
    A bot that is turned away is done, and the operator reads that somebody did it.
    """
    async with house(tmp_path) as it:
        it.dashboard()
        it.recall.habits.waiting_room = True
        seat = await it.join()
        bot = await it.recall.next_bot()
        await until(lambda: seat.state.value == "waiting")
        bot.kick()
        await until(lambda: seat.closed)
        await it.recall.settled()
        assert "turned the bot away" in seat.view()["words"]


async def test_recording_denied(tmp_path):
    """
    Without permission to record, the bot is in the call, the operator reads why nothing comes, and later that it left.
    """
    async with house(tmp_path) as it:
        it.dashboard()
        it.recall.habits.asks_permission = True
        seat = await it.join(ZOOM)
        bot = await it.recall.next_bot()
        await until(lambda: seat.state.value == "in-call")
        bot.permission("zoom_local_recording_request_denied_by_host")
        await until(lambda: seat.closed)
        await it.recall.settled()
        assert "the host said no to the recording" in words_of(seat)
        view = seat.view()
        assert view["words"] == "the bot left because the recording was denied"
        assert view["advice"] == "Ask the host to allow recording, then send a new bot."


async def test_fatal(tmp_path):
    """
    A bot that breaks, or cannot join, is failed with the reason; a reason that is new is shown as it is.
    """
    async with house(tmp_path) as it:
        it.recall.habits.waiting_room = True
        for sub_code, words in (
            ("meeting_not_found", "the meeting does not exist"),
            ("bot_errored", "the bot broke"),
            ("a_code_of_next_year", "the bot could not join, or broke (a_code_of_next_year)"),
        ):
            seat = await it.join()
            (await it.recall.next_bot()).fail(sub_code)
            await until(lambda seat=seat: seat.closed)
            view = seat.view()
            assert (view["state"], view["words"]) == ("failed", words) and view["advice"]


async def test_kicked(tmp_path):
    """
    A bot that somebody removes is done, and what to do before sending it again is said.
    """
    async with house(tmp_path) as it:
        it.dashboard()
        seat, bot = await it.seated()
        bot.kick()
        await until(lambda: seat.closed)
        await it.recall.settled()
        view = await it.view(seat)
        assert view["state"] == "done" and "removed the bot" in view["words"]
        assert view["advice"] == "Ask the host before sending it again."


async def test_an_endpoint_that_failed(tmp_path):
    """
    When the vendor gives up connecting to us, the operator reads what is lost and what to check; the seat goes on.
    """
    async with house(tmp_path, secrets=(SECRET_OF_NOBODY := "whsec_bm9ib2R5IGhhcyB0aGlzIG9uZSAuLi4uLi4u",)) as it:
        it.dashboard()
        it.recall.signer.secrets[:] = ["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
        assert it.recall.dashboard_signer.secrets == [SECRET_OF_NOBODY]
        seat = await it.join()
        bot = await it.recall.next_bot()
        lost = "Recall no longer sends words and people to us; the page's own ears take over"
        await until(lambda: lost in words_of(seat))
        assert set(bot.lines[0].refusals) == {403}
        assert seat.state.value == "live" and not seat.view()["connected"]


async def test_a_page_that_does_not_come_is_asked_for_again(tmp_path):
    """
    A bot that is in but shows no page is told to show it again, once; one that has it is left alone.
    """
    async with house(tmp_path, expected=0.2) as it:
        seat, bot = await it.seated()
        await until(lambda: shown(it, seat.bot))
        assert "the bot does not show the page; asking for it again" in words_of(seat)
        async with it.page(seat) as page:
            await page.until_type("welcome")
            await until(lambda: seat.view()["page"])
        assert [list(each) for each in shown(it, seat.bot)] == [["camera"]] and bot.pages.open.keys() == {"camera"}


async def test_a_page_on_a_shared_screen_is_asked_for_there(tmp_path):
    """
    A page that was wanted as a shared screen is asked for again as that; one taken away on purpose is not.
    """
    async with house(tmp_path, expected=0.3) as it:
        hidden, _ = await it.seated()
        assert (await it.do(hidden, "hide")).status_code == 200
        seat, bot = await it.seated(screen=True)
        await until(lambda: shown(it, seat.bot))
        assert [list(each) for each in shown(it, seat.bot)] == [["screenshare"]]
        await until(lambda: bot.pages.open.keys() == {"screenshare"})
        assert not shown(it, hidden.bot)


def shown(it, bot):
    """The requests to show a page that came for this bot."""
    path = f"/api/v1/bot/{bot}/output_media/"
    return [call.json() for call in it.recall.requests if (call.method, call.path) == ("POST", path)]


async def test_a_host_that_does_not_connect(tmp_path):
    """
    A bot that is in while nothing reaches us is a step with what to check.
    """

    async def far_away(seconds: float) -> None:
        await asyncio.sleep(3600 if seconds == 3.0 else 0)

    async with house(tmp_path, expected=0.2, recall_clocks=Clocks(sleep=far_away)) as it:
        it.recall.signer.trick = "wrong"
        seat = await it.join()
        await until(lambda: any("has not connected to this server" in each for each in words_of(seat)))
        assert "verification secret" in seat.steps[-1].advice


async def test_withdrawn_while_no_bot_is_free(tmp_path):
    """
    A bot that nobody wants any more is not waited for: the seat is over at once and no further order is sent.
    """
    gone = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await gone.wait() if seconds == 30.0 else await soon(seconds)

    async with house(tmp_path, sleep=sleep) as it:
        it.recall.script("507", times=9)
        seat = await it.join()
        await until(lambda: any("no bot is free" in each for each in words_of(seat)))
        assert (await it.do(seat, "leave")).json()["state"] == "done"
        assert seat.closed and seat.id not in it.served.wired.hub.sessions
        gone.set()
        await until(lambda: not it.seats._following)
        orders = [call for call in it.recall.requests if call.method == "POST"]
        assert len(orders) == 2 and not it.recall.bots, "the wait that was under way ended in one more question"


async def test_withdrawn_while_the_order_is_on_its_way(tmp_path):
    """
    A bot whose order was already with the vendor is called back as soon as it is known: it does not stay alone.
    """
    async with house(tmp_path) as it:
        it.recall.habits.waiting_room = True
        it.recall.script("hold", on="POST /api/v1/bot/")
        seat = await it.join()
        await asyncio.wait_for(it.recall.held(), WITHIN)
        assert (await it.do(seat, "leave")).json()["state"] == "done"
        it.recall.let_go()
        bot = await it.recall.next_bot()
        await bot.reaches("done")
        await until(lambda: words_of(seat)[-1] == "a bot was on its way already; it was called back")
        assert seat.state.value == "done"


async def test_a_bot_of_another_name_answers_to_it(tmp_path):
    """
    People call the bot by the name they see; the agent's own name still works.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated(name="Nova")
        bot.person_joins(100, "Ana", is_host=True)
        bot.chat(100, "Nova, who are you?")
        await until(lambda: len(bot.chat_sent) == 1)
        bot.chat(100, "Parley, who are you?")
        await until(lambda: len(bot.chat_sent) == 2)
        assert "Nova" in bot.chat_sent[0].message
        assert seat.session.config.aliases[-1] == "Parley"
