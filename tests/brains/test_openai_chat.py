"""The brain behind /v1/chat/completions, against a real loopback server with every fault we know."""

from contextlib import aclosing

import pytest
from openai import AsyncOpenAI

from server.brains.base import Done, TextDelta, ToolCall
from server.brains.openai_client import make_client
from server.errors import (
    ProviderError,
    ProviderLimited,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
)
from tests.brains.asking import REQUEST, SECRET, brain, done, events, text
from tests.standins.chat import (
    DONE,
    MODEL,
    ROLE,
    USAGE,
    Answer,
    ChatStandIn,
    Hold,
    Reset,
    Send,
    calls,
    chunk,
    event,
    refuses,
    says,
    texts,
)

pytestmark = pytest.mark.anyio


# ---------------------------------------------------------------- a good day


async def test_a_reply_is_streamed_piece_by_piece(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """One TextDelta for each piece of content, then Done with the reason and the tokens used."""
    server.will(says("I am ", "fine."))

    result = await events(brain(client))

    assert [TextDelta("I am "), TextDelta("fine."), Done("stop", 11, 7)] == result


async def test_a_piece_is_passed_on_before_the_next_arrives(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """No look-ahead: the first words are out while the server still holds the rest back."""
    server.will(Answer((ROLE, *texts("First."), Hold(), *texts(" Second."), chunk(finish="stop"), DONE)))

    heard = []
    async with aclosing(brain(client).reply(REQUEST)) as stream:
        async for item in stream:
            heard.append(item)
            server.release()

    assert [TextDelta("First."), TextDelta(" Second."), Done("stop")] == heard


async def test_the_request_is_plain_for_a_compatible_server(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """max_tokens, no padding option, no effort, no names; the prompt in its roles."""
    await events(brain(client, max_tokens=123))

    body = server.requests[0]
    assert body["model"] == MODEL and body["stream"] is True and body["max_tokens"] == 123
    assert body["stream_options"] == {"include_usage": True}
    assert "reasoning_effort" not in body and "max_completion_tokens" not in body
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert all({"role", "content"} == set(message) for message in body["messages"])
    assert {"show_card", "hide_card", "set_timer", "be_quiet"} == {t["function"]["name"] for t in body["tools"]}
    assert server.headers[0]["authorization"] == "Bearer a-key"


async def test_openai_is_asked_in_its_newer_form(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """max_completion_tokens, no padding, and no thinking."""
    await events(brain(client, is_openai=True))

    body = server.requests[0]
    assert body["max_completion_tokens"] == 400 and "max_tokens" not in body
    assert body["stream_options"] == {"include_usage": True, "include_obfuscation": False}
    assert body["reasoning_effort"] == "none"


# ---------------------------------------------------------------- odd streams


async def test_odd_chunks_are_nothing(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Null, empty and absent content, empty or missing choices, comments, strings and lists in between."""
    server.will(
        Answer(
            (
                Send(b": keep-alive\n\n"), ROLE, chunk({"content": None}), chunk({}), event({"choices": []}),
                event({}), event([1]), event("x"), event({"choices": None}), event({"choices": [None]}),
                event({"choices": [{"index": 0}]}), event({"choices": [{"delta": "x"}]}), Send(b": ping\n\n"),
                *texts("Hello", "", "."), chunk({"content": 7}), chunk({}, finish="stop"), USAGE, DONE,
            )
        )
    )  # fmt: skip

    result = await events(brain(client))

    assert text(result) == "Hello."
    assert Done("stop", 11, 7) == done(result)


async def test_thoughts_are_never_spoken(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Neither in fields of their own nor inline, split across chunks."""
    server.will(
        Answer(
            (
                ROLE, chunk({"reasoning_content": "hmm"}), chunk({"reasoning": "well", "content": None}),
                *texts("<th", "ink>hmm", " hmm</th", "ink>\n\nHel", "lo."),
                chunk({"content": [{"type": "thinking", "text": "hmm"}, {"type": "text", "text": " There."}]}),
                chunk(finish="stop"), DONE,
            )
        )
    )  # fmt: skip

    assert text(await events(brain(client))) == "Hello. There."


async def test_a_models_own_refusal_is_its_answer(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """The text in `refusal` is spoken."""
    server.will(Answer((ROLE, chunk({"refusal": "I can't."}), chunk(finish="stop"), DONE)))

    assert text(await events(brain(client))) == "I can't."


async def test_a_stream_without_a_finish_reason_was_cut(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """What was said stays, and Done says so."""
    server.will(Answer((ROLE, *texts("Half an ans"), DONE)))

    result = await events(brain(client))

    assert text(result) == "Half an ans" and done(result).reason == "cut"


@pytest.mark.parametrize(
    ("sent", "meant"), [("length", "length"), ("content_filter", "content_filter"), ("eos", "stop")]
)
async def test_the_finish_reason_is_one_of_ours(
    server: ChatStandIn, client: AsyncOpenAI, sent: str, meant: str
) -> None:
    """Unknown words mean stop."""
    server.will(says("Hi.", finish=sent))

    assert meant == done(await events(brain(client))).reason


# ---------------------------------------------------------------- tools


async def test_a_tool_call_is_assembled_from_its_fragments(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Two calls by index, beside spoken text: one request is enough."""
    server.will(calls(("set_timer", '{"seconds": 300}'), ("hide_card", ""), text="Timer set."))

    result = await events(brain(client))

    assert [ToolCall("call-0", "set_timer", {"seconds": 300}), ToolCall("call-1", "hide_card", {})] == [
        item for item in result if isinstance(item, ToolCall)
    ]
    assert text(result) == "Timer set." and len(server.requests) == 1


async def test_a_silent_tool_call_is_answered_so_that_something_is_said(
    server: ChatStandIn, client: AsyncOpenAI
) -> None:
    """The brain reports "done" for every id and asks once more, with the tools out of reach."""
    server.will(calls(("set_timer", '{"seconds": 60}'), ("be_quiet", "{oops")), says("One minute, starting now."))

    result = await events(brain(client))

    assert [ToolCall("call-0", "set_timer", {"seconds": 60})] == [i for i in result if isinstance(i, ToolCall)]
    assert text(result) == "One minute, starting now."
    assert done(result).reason == "stop" and done(result).dropped_tool_calls == 1
    assistant, first, second = server.requests[1]["messages"][-3:]
    assert [call["id"] for call in assistant["tool_calls"]] == ["call-0", "call-1"]
    assert first == {"role": "tool", "tool_call_id": "call-0", "content": "done"}
    assert second["tool_call_id"] == "call-1" and second["content"].startswith("failed")
    assert server.requests[1]["tool_choice"] == "none"


async def test_a_second_round_never_leads_to_a_third(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """A model that only calls tools is asked twice, and its second calls are dropped and counted."""
    server.usual = calls(("hide_card", "{}"))

    result = await events(brain(client))

    assert len(server.requests) == 2
    assert len([item for item in result if isinstance(item, ToolCall)]) == 1
    assert done(result).dropped_tool_calls == 1


@pytest.mark.parametrize("arguments", ['{"seconds": ', "[1]", "NaN", '{"seconds": NaN}', "seconds=5", "{" * 3000])
async def test_broken_arguments_are_dropped_and_counted(
    server: ChatStandIn, client: AsyncOpenAI, arguments: str
) -> None:
    """Invalid JSON of a tool call costs the call, not the reply."""
    server.will(calls(("set_timer", arguments), text="Sure."))

    result = await events(brain(client))

    assert text(result) == "Sure." and done(result).dropped_tool_calls == 1
    assert not [item for item in result if isinstance(item, ToolCall)]


async def test_a_tool_nobody_offered_is_dropped(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """A made-up tool name goes no further."""
    server.will(calls(("delete_everything", "{}"), text="Sure."))

    assert done(await events(brain(client))).dropped_tool_calls == 1


async def test_calls_of_a_cut_stream_are_not_trusted(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Arguments that happen to be JSON so far may not be all of them."""
    head = {"index": 0, "id": "a", "function": {"name": "be_quiet", "arguments": "{}"}}
    server.will(Answer((ROLE, *texts("Ok"), chunk({"tool_calls": [head]}), DONE)))

    result = await events(brain(client))

    assert done(result).reason == "cut" and done(result).dropped_tool_calls == 1
    assert not [item for item in result if isinstance(item, ToolCall)]


async def test_calls_without_an_index_are_told_apart_by_id(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Some servers send whole calls without an index, with the arguments as an object."""
    one = {"id": "a", "function": {"name": "set_timer", "arguments": {"seconds": 5}}}
    two = {"id": "b", "function": {"name": "hide_card", "arguments": "{}"}}
    server.will(Answer((ROLE, *texts("Ok."), chunk({"tool_calls": [one]}), chunk({"tool_calls": [two]}),
                        chunk(finish="stop"), DONE)))  # fmt: skip

    result = await events(brain(client))

    assert [ToolCall("a", "set_timer", {"seconds": 5}), ToolCall("b", "hide_card", {})] == [
        item for item in result if isinstance(item, ToolCall)
    ]


# ---------------------------------------------------------------- refusals and what is learned from them


async def test_reasoning_effort_is_left_out_once_it_was_refused(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """One retry without it; the next reply does not ask again."""
    one = brain(client, is_openai=True)
    server.will(refuses(400, param="reasoning_effort"), says("Hi."), says("Again."))

    assert text(await events(one)) == "Hi."
    assert text(await events(one)) == "Again."
    assert ["reasoning_effort" in body for body in server.requests] == [True, False, False]


@pytest.mark.parametrize(
    ("refusal", "field", "instead"),
    [
        (refuses(400, param="max_completion_tokens"), "max_completion_tokens", "max_tokens"),
        (refuses(400, message="Unsupported parameter: 'max_completion_tokens'"), "max_completion_tokens", "max_tokens"),
        (refuses(422, message="extra fields not permitted: stream_options"), "stream_options", "model"),
        (refuses(400, message="this model does not support tools"), "tools", "model"),
        (refuses(400, message="bad request"), "reasoning_effort", "max_tokens"),
    ],
)
async def test_an_unknown_field_costs_one_request(
    server: ChatStandIn, client: AsyncOpenAI, refusal: Answer, field: str, instead: str
) -> None:
    """A server that refuses a field is asked without it, now and ever after."""
    one = brain(client, is_openai=True)
    server.will(refusal, says("Hi."), says("Again."))

    assert text(await events(one)) == "Hi."
    assert text(await events(one)) == "Again."
    assert [field in body for body in server.requests] == [True, False, False]
    assert instead in server.requests[1]


async def test_padding_is_given_up_before_usage(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """A server that knows stream_options but not the padding keeps the rest."""
    server.will(refuses(400, message="unknown field include_obfuscation"), says("Hi."))

    await events(brain(client, is_openai=True))

    assert server.requests[1]["stream_options"] == {"include_usage": True}


async def test_max_tokens_swaps_for_a_model_that_wants_the_newer_name(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """A proxy in front of a newer model works too."""
    server.will(refuses(400, param="max_tokens"), says("Hi."))

    assert text(await events(brain(client))) == "Hi."
    assert server.requests[1]["max_completion_tokens"] == 400


async def test_an_endless_refusal_ends(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """A server that says no to every form is given up after a few."""
    server.usual = refuses(400, param="temperature")

    with pytest.raises(ProviderRefused):
        await events(brain(client, is_openai=True))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error", "requests"),
    [
        (refuses(401), ProviderRefused, 1),
        (refuses(403), ProviderRefused, 1),
        (refuses(404, code="model_not_found"), ProviderRefused, 1),
        (refuses(400, code="context_length_exceeded"), ProviderRefused, 1),
        (refuses(429, headers=[("Retry-After", "20")]), ProviderLimited, 1),
        (refuses(429, code="insufficient_quota"), ProviderLimited, 1),
        (refuses(500), ProviderUnreachable, 2),
        (refuses(503), ProviderUnreachable, 2),
        (refuses(504), ProviderTimeout, 2),
        (Answer((Reset(),)), ProviderUnreachable, 2),
        (Answer((Send(b"<html>hello</html>"),)), ProviderUnreachable, 1),
        (Answer((Send(b"data: {broken\n\n"),)), ProviderUnreachable, 2),
        (Answer((event({"error": {"message": SECRET, "code": 500}}),)), ProviderUnreachable, 2),
        (Answer((event({"error": {"message": SECRET, "code": "rate_limit_exceeded"}}),)), ProviderLimited, 2),
        (Answer((event({"object": "error", "message": SECRET, "code": 401}),)), ProviderRefused, 1),
        (Answer((ROLE, chunk(finish="error"))), ProviderUnreachable, 1),
        (Answer((ROLE, Reset())), ProviderUnreachable, 2),
    ],
)
async def test_a_failure_before_the_first_word_is_one_of_our_errors(
    server: ChatStandIn, client: AsyncOpenAI, answer: Answer, error: type[ProviderError], requests: int
) -> None:
    """Retried once when that may help, then raised in our words: without prompt, key or address."""
    server.usual = answer

    with pytest.raises(error) as caught:
        await events(brain(client, reasoning_effort=None))

    assert requests == len(server.requests)
    for part in (SECRET, "a-key", "127.0.0.1", "how are you"):
        assert part not in str(caught.value)


async def test_retry_after_is_handed_on(server: ChatStandIn, client: AsyncOpenAI) -> None:
    """Whoever stands in knows for how long."""
    server.usual = refuses(429, headers=[("Retry-After", "20")])

    with pytest.raises(ProviderLimited) as caught:
        await events(brain(client))

    assert caught.value.retry_after == 20.0


@pytest.mark.parametrize(
    "fault",
    [
        refuses(500),
        refuses(429, headers=[("retry-after-ms", "10")]),
        refuses(429),
        Answer((Reset(),)),
        Answer((ROLE, Reset())),
    ],
)
async def test_one_retry_before_the_first_word_is_silent(
    server: ChatStandIn, client: AsyncOpenAI, fault: Answer
) -> None:
    """A passing fault is not noticed."""
    server.will(fault, says("Hi."))

    assert text(await events(brain(client))) == "Hi."


@pytest.mark.parametrize("fast", [False, True])
async def test_no_connection_is_unreachable(nobody: str, fast: bool) -> None:
    """Nobody listens on the port."""
    client = make_client(nobody, fast=fast)

    try:
        with pytest.raises(ProviderUnreachable):
            await events(brain(client))
    finally:
        await client.close()
