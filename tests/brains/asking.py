"""A request to ask a brain, and what comes back."""

import asyncio
from typing import Any

from openai import AsyncOpenAI

from server.brains.base import Brain, BrainEvent, BrainRequest, ChatMessage, Done, TextDelta
from server.brains.openai_chat import OpenAIChatBrain
from tests.standins.chat import MODEL, ChatStandIn

SECRET = "the-secret-prompt"
REQUEST = BrainRequest(
    reply=1,
    agent_name="Parley",
    question="how are you",
    asker="Ana",
    now=60.0,
    messages=(ChatMessage("system", f"You are Parley. {SECRET}"), ChatMessage("user", "Ana: how are you?")),
)


def brain(client: AsyncOpenAI, **options: Any) -> OpenAIChatBrain:
    """A brain that never hedges unless told to."""
    return OpenAIChatBrain(client, MODEL, **{"hedge_after": None} | options)


async def events(of: Brain, request: BrainRequest = REQUEST) -> list[BrainEvent]:
    """All events of one reply."""
    return [item async for item in of.reply(request)]


async def collect(of: OpenAIChatBrain, heard: list[BrainEvent]) -> None:
    """The events of a reply that may break off."""
    async for item in of.reply(REQUEST):
        heard.append(item)  # noqa: PERF401  what came before the error counts


def text(of: list[BrainEvent]) -> str:
    """What was said."""
    return "".join(item.text for item in of if isinstance(item, TextDelta))


def done(of: list[BrainEvent]) -> Done:
    """The one Done, which comes last."""
    assert [of[-1]] == [item for item in of if isinstance(item, Done)]
    last = of[-1]
    assert isinstance(last, Done)
    return last


async def left(server: ChatStandIn) -> int:
    """The number of the next request whose client went away. Our own loop must run meanwhile, to close its sockets."""
    return await asyncio.to_thread(server.left.get, timeout=10)
