"""The brain behind /v1/chat/completions, when time runs out, the connection breaks or the reader leaves."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI

from server.brains.base import BrainEvent, TextDelta
from server.brains.openai_chat import OpenAIChatBrain
from server.brains.openai_client import is_local, make_client, speaks_to_openai
from server.errors import (
    ProviderTimeout,
    ProviderUnreachable,
)
from tests.brains.asking import REQUEST, SECRET, brain, collect, events, left, text
from tests.standins.chat import (
    MODEL,
    ROLE,
    Answer,
    ChatStandIn,
    Hold,
    Reset,
    Send,
    Wait,
    chunk,
    event,
    says,
    texts,
)

pytestmark = pytest.mark.anyio


# ---------------------------------------------------------------- breaking off half-way


async def test_half_a_stream_then_a_broken_connection_raises_after_the_text(
    server: ChatStandIn, client: AsyncOpenAI
) -> None:
    """No retry once something was said."""
    server.will(Answer((ROLE, *texts("Half an"), Reset())))

    heard: list[BrainEvent] = []
    with pytest.raises(ProviderUnreachable):
        await collect(brain(client), heard)

    assert [TextDelta("Half an")] == heard and len(server.requests) == 1


async def test_an_error_object_after_text_raises(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """The same for an error reported inside the stream."""
    server.will(Answer((ROLE, *texts("Half an"), event({"error": {"message": SECRET}}))))

    heard: list[BrainEvent] = []
    with pytest.raises(ProviderUnreachable) as caught:
        await collect(brain(client), heard)

    assert [TextDelta("Half an")] == heard and SECRET not in str(caught.value)


# ---------------------------------------------------------------- deadlines


async def test_a_server_that_never_answers_is_given_up(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """ProviderTimeout, and the server sees us leave."""
    server.will(Answer((Hold(),)))

    with pytest.raises(ProviderTimeout):
        await events(brain(client, first_token_deadline=0.2))

    assert await left(server) == 0


async def test_keep_alives_do_not_count_as_a_first_token(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Comments, roles and empty choices are not a sign of thought."""
    server.will(Answer((Send(b": ping\n\n"), ROLE, event({"choices": []}), Hold())))

    with pytest.raises(ProviderTimeout):
        await events(brain(client, first_token_deadline=0.2))


async def test_silence_in_mid_reply_is_given_up(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Keep-alives and thoughts do not end a silence."""
    noise = tuple(step for _ in range(200) for step in (Wait(0.02), chunk({"reasoning": "hm"}), event({"choices": []})))
    server.will(Answer((ROLE, *texts("Well,"), *noise)))

    heard: list[BrainEvent] = []
    with pytest.raises(ProviderTimeout):
        await collect(brain(client, silence_deadline=0.3), heard)

    assert [TextDelta("Well,")] == heard
    assert await left(server) == 0


async def test_a_reply_without_end_is_given_up(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """The total deadline holds for a server that never stops."""
    endless = tuple(step for _ in range(500) for step in (Wait(0.01), *texts("la ")))
    server.will(Answer((ROLE, *endless)))

    with pytest.raises(ProviderTimeout):
        await events(brain(client, total_deadline=0.3))


async def test_a_slow_reader_is_not_the_servers_fault(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Only waiting for the server counts towards its deadlines."""
    server.will(says("One", " two", " three."))

    heard: list[BrainEvent] = []
    async for item in brain(client, silence_deadline=0.15, total_deadline=0.3).reply(REQUEST):
        heard.append(item)
        await asyncio.sleep(0.2)

    assert text(heard) == "One two three."


# ---------------------------------------------------------------- the second request


async def test_a_second_request_saves_a_reply_whose_first_hangs(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """The hedge answers, and the first request is hung up on."""
    server.will(Answer((Hold(),)), says("Saved."))

    one = brain(client, hedge_after=0.05)
    assert text(await events(one)) == "Saved."

    await one.close()
    assert len(server.requests) == 2 and await left(server) == 0


async def test_the_first_request_may_still_win(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Hedging does not give up the first."""
    server.will(Answer((Wait(0.3), *says("First.").steps)), Answer((Hold(),)))

    assert text(await events(brain(client, hedge_after=0.05))) == "First."
    assert await left(server) == 1


async def test_a_prompt_server_gets_one_request(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """No hedge when the first token comes in time, and none at all against a local server by default."""
    assert text(await events(brain(client, hedge_after=5.0))) == "Fine."
    server.will(Answer((Wait(0.2), *says("Slow.").steps)))
    assert text(await events(brain(client, hedge_after="auto"))) == "Slow."

    assert len(server.requests) == 2


# ---------------------------------------------------------------- stopping


async def test_closing_the_reply_hangs_up_at_the_server(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """`aclose` in mid-reply: the server sees the connection drop and stops generating."""
    server.will(Answer((ROLE, *texts("One"), Hold())))

    stream = brain(client).reply(REQUEST)
    assert TextDelta("One") == await anext(stream)
    await stream.aclose()

    assert await left(server) == 0


@pytest.mark.parametrize("begun", [True, False])
async def test_cancelling_the_reader_hangs_up_at_the_server(
    server: ChatStandIn, client: AsyncOpenAI, begun: bool
) -> None:
    """Before the first token, with its hedge running, as well as in the middle."""
    server.usual = Answer((ROLE, *(texts("One") if begun else ()), Hold()))
    one = brain(client, hedge_after=0.05)
    reached = asyncio.Event()

    async def read() -> None:
        async for _ in one.reply(REQUEST):
            reached.set()

    task = asyncio.create_task(read())
    expected = {0} if begun else {0, 1}
    while len(server.requests) < len(expected):  # noqa: ASYNC110  the other side is a thread of its own
        await asyncio.sleep(0.005)
    if begun:
        await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert expected == {await left(server) for _ in expected}


async def test_many_replies_share_one_client(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Twenty at once, each with its own words."""
    one = brain(client)
    server.usual = says("A ", "long ", "answer.")

    results = await asyncio.gather(*(events(one) for _ in range(20)))

    assert [text(result) for result in results] == ["A long answer."] * 20


# ---------------------------------------------------------------- check, and which server it is


async def test_check_says_which_model_is_used(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """A line for people, without the address."""
    line = await brain(client).check()
    other = await OpenAIChatBrain(client, "another").check()

    assert MODEL in line and "127.0.0.1" not in line
    assert "another is not among" in other


async def test_check_raises_when_nobody_answers(nobody: str) -> None:
    """The same errors as a reply."""
    client = make_client(nobody, fast=True)

    try:
        with pytest.raises(ProviderUnreachable):
            await brain(client).check()
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("url", "openai", "local"),
    [
        ("https://api.openai.com/v1", True, False),
        ("https://eu.api.openai.com/v1/", True, False),
        ("https://api.openai.com.evil.example/v1", False, False),
        ("http://localhost:11434/v1", False, True),
        ("http://127.0.0.1:8000/v1", False, True),
        ("https://api.groq.com/openai/v1", False, False),
    ],
)
def test_servers_are_told_apart_by_their_host(url: str, openai: bool, local: bool) -> None:
    """OpenAI's own fields go to OpenAI only."""
    assert openai == speaks_to_openai(url) and local == is_local(url)


async def test_a_reply_can_be_iterated_like_any_brain(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """The brain keeps to the Protocol: an async iterator."""
    stream: AsyncIterator[BrainEvent] = brain(client).reply(REQUEST)

    assert TextDelta("Fine.") == await anext(stream)
