"""A second opinion from a chat model: what it is shown, what its answers mean, and how it fails."""

from __future__ import annotations

import json

import pytest
from openai import AsyncOpenAI

from server.brains.addressee import ModelAddressee
from server.core.effects import AskAddressee
from server.errors import ProviderError
from tests.standins.chat import MODEL, Answer, ChatStandIn, Send, refuses

pytestmark = pytest.mark.anyio

ASKED = AskAddressee(
    3,
    "Parley",
    ("Ana", "Ben"),
    (("Ana", "Shall we start?"), ("Parley", "It costs two euros.")),
    "Ben",
    "Is that right?",
)


def word(text: object) -> Answer:
    """A whole completion with this content."""
    return body({"id": "c-1", "object": "chat.completion", "choices": [{"message": {"content": text}}]})


def body(content: object) -> Answer:
    """An answer that is no stream."""
    return Answer((Send(json.dumps(content).encode()),))


@pytest.mark.parametrize(
    ("said", "meant"),
    [("yes", True), ("Yes.", True), ("NO", False), ('"no"', False), ("maybe", None), ("", None), (None, None)],
)
async def test_one_word_decides(server: ChatStandIn, client: AsyncOpenAI, said: object, meant: bool | None):
    """Yes and no count, however written; anything else is no opinion."""
    server.will(word(said))
    assert await ModelAddressee(client, MODEL).is_meant(ASKED) is meant


async def test_what_the_model_is_shown(server: ChatStandIn, client: AsyncOpenAI):
    """The people, the turns before and the line, as what was said; a short answer is asked for."""
    server.will(word("yes"))
    await ModelAddressee(client, MODEL).is_meant(ASKED)
    request = server.requests[-1]
    system, user = (message["content"] for message in request["messages"])
    assert "yes or no" in system and "Parley" in system
    assert user.splitlines()[-3:] == ["Ana: Shall we start?", "Parley: It costs two euros.", "Ben: Is that right?"]
    assert request["max_tokens"] == 5 and "stream" not in request


@pytest.mark.parametrize("answer", [refuses(500), refuses(401), body({"choices": []}), body(["odd"])])
async def test_a_fault_is_a_provider_s(server: ChatStandIn, client: AsyncOpenAI, answer: Answer):
    """Whatever comes back, it is an error with nothing of the talk in it."""
    server.will(answer)
    with pytest.raises(ProviderError) as raised:
        await ModelAddressee(client, MODEL).is_meant(ASKED)
    assert "Is that right" not in str(raised.value)
