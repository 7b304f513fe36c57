"""A brain behind `/v1/chat/completions`: OpenAI or a compatible server (Ollama, vLLM, llama.cpp, Groq, …)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from server.brains.base import TOOLS, BrainEvent, BrainRequest, Done, TextDelta
from server.brains.chat_dialect import ChatDialect
from server.brains.chat_stream import Deadlines, EventStream, Opened, finish, open_stream, paced
from server.brains.openai_client import is_local, post, speaks_to_openai
from server.brains.openai_errors import in_stream, translate
from server.brains.thought_filter import ThoughtFilter
from server.brains.tool_calls import ToolCalls
from server.errors import ProviderError, ProviderUnreachable

if TYPE_CHECKING:
    from openai import AsyncOpenAI

#: Times one request may be sent again in another form after a 400 (effort, tokens, stream options, tools).
_FORMS = 4

_REASONS = {
    "stop": "stop", "length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls",
    "content_filter": "content_filter", "max_tokens": "length",
}  # fmt: skip


class OpenAIChatBrain:
    """Streams chat completions through a client that the app owns and shares.

    Args:
        hedge_after: seconds without a first token before a second request is sent; None: never. "auto" is
        1.2 s, and
            never for a server on this machine, where a second request only slows the first.
        is_openai: whether the server is OpenAI itself; None: told from the client's base URL.
    """

    def __init__(
        self,
        client: AsyncOpenAI,
        model: str,
        *,
        name: str = "openai",
        first_token_deadline: float = 4.0,
        hedge_after: float | Literal["auto"] | None = "auto",
        silence_deadline: float = 8.0,
        total_deadline: float = 60.0,
        max_tokens: int = 400,
        tools: Sequence[dict[str, Any]] = TOOLS,
        reasoning_effort: str | None = None,
        is_openai: bool | None = None,
    ) -> None:
        base_url = str(client.base_url)
        self.name = name
        self.model = model
        self._client = client
        if hedge_after == "auto":
            hedge_after = None if is_local(base_url) else 1.2
        self._deadlines = Deadlines(first_token_deadline, hedge_after, silence_deadline, total_deadline)
        self._max_tokens = max_tokens
        self._tools = tuple(tools)
        self._known = frozenset(tool["name"] for tool in tools)
        if is_openai is None:
            is_openai = speaks_to_openai(base_url)
        self._dialect = ChatDialect(is_openai=is_openai, reasoning_effort=reasoning_effort)
        #: hanging up on attempts that lost a race; kept so that `close` can wait for them
        self._hanging_up: set[asyncio.Task[None]] = set()

    async def reply(self, request: BrainRequest) -> AsyncGenerator[BrainEvent, None]:
        """Stream the reply; see `Brain.reply`. Text is passed on as it arrives."""
        messages: list[dict[str, Any]] = [{"role": m.role, "content": m.text} for m in request.messages]
        dropped = 0
        for again in (False, True):
            round_ = _Round(ToolCalls(self._known))
            async with aclosing(self._stream(messages, round_, speak_only=again)) as texts:
                async for text in texts:
                    yield TextDelta(text)
            calls, lost = round_.calls.finish(whole=round_.reason != "cut")
            if again:
                calls, lost = [], len(calls) + lost
            dropped += lost
            for call in calls:
                yield call
            if round_.spoke or again or round_.reason == "cut" or not round_.calls:
                break
            # Tools without a word: answer them and ask once more, so that something is said.
            messages += _answered(round_.calls)
        yield Done(round_.reason, round_.prompt_tokens, round_.completion_tokens, dropped)

    async def _stream(
        self, messages: list[dict[str, Any]], round_: _Round, *, speak_only: bool
    ) -> AsyncGenerator[str, None]:
        try:
            opened = await open_stream(
                lambda: self._open(messages, speak_only), _is_alive, translate, self._deadlines, self._hang_up
            )
            try:
                async with aclosing(paced(opened, round_.was_useful, self._deadlines)) as events:
                    async for event in events:
                        if text := round_.take(event):
                            yield text
            finally:
                await opened.close()
        except ProviderError:
            raise
        except Exception as error:
            raise translate(error) from error
        if text := round_.end():
            yield text

    async def _open(self, messages: list[dict[str, Any]], speak_only: bool) -> EventStream:
        """One request, sent again in a plainer form when the server does not know a field."""
        import openai

        for attempt in range(_FORMS + 1):
            body = self._dialect.body(self.model, messages, self._max_tokens, self._tools, speak_only=speak_only)
            try:
                # Plain dicts for events: a quarter of the cost per chunk of `chat.completions.create`, and a
                # server's odd field cannot break them.
                response = await post(self._client, "/chat/completions", body)
                return openai.AsyncStream[object](cast_to=object, response=response, client=self._client)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                learned = self._dialect.learn(body, error.param, error.code, error.message)
                if not learned or attempt == _FORMS:
                    raise
        raise AssertionError("the loop returns or raises")

    def _hang_up(self, attempt: asyncio.Task[Opened]) -> None:
        """Close a lost attempt without making the winner wait for it."""
        attempt.cancel()
        task = asyncio.create_task(finish(attempt))
        self._hanging_up.add(task)
        task.add_done_callback(self._hanging_up.discard)

    async def check(self) -> str:
        """Ask the server for its models. A server without that list is reachable all the same."""
        import openai

        try:
            page = await self._client.get("/models", cast_to=object, options={"max_retries": 0, "timeout": 5.0})
        except openai.NotFoundError:
            return f"{self.name}: reachable, lists no models; will ask for {self.model}"
        except Exception as error:
            raise translate(error) from error
        names = _model_names(page)
        if names and self.model not in names:
            return f"{self.name}: reachable, but {self.model} is not among its {len(names)} models"
        return f"{self.name}: reachable, model {self.model}"

    async def close(self) -> None:
        """Wait for hang-ups under way. The client belongs to the app."""
        if self._hanging_up:
            await asyncio.wait(set(self._hanging_up), timeout=2.0)


@dataclass(slots=True)
class _Round:
    """What one request brought."""

    calls: ToolCalls
    reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    spoke: bool = False
    seen: bool = False
    useful: bool = False
    filter: ThoughtFilter = field(default_factory=ThoughtFilter)

    def was_useful(self) -> bool:
        """Did the last event bring the reply forward: text, a piece of a tool call, or its end?"""
        return self.useful

    def take(self, event: object) -> str:
        """What may be spoken of this event. Raises ProviderError for an error in the stream."""
        self.useful = False
        if not isinstance(event, dict):
            return ""
        if event.get("object") == "error":
            raise in_stream(event.get("code"))
        usage = event.get("usage")
        if isinstance(usage, dict):
            self.prompt_tokens = _count(usage.get("prompt_tokens"), self.prompt_tokens)
            self.completion_tokens = _count(usage.get("completion_tokens"), self.completion_tokens)
        choice = _choice(event)
        if choice is None:
            return ""
        self.seen = True
        reason = choice.get("finish_reason")
        if reason == "error":
            raise in_stream("")
        if isinstance(reason, str) and reason:
            self.reason = _REASONS.get(reason.lower(), "stop")
            self.useful = True
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return ""
        if fragments := delta.get("tool_calls"):
            self.useful |= self.calls.feed(fragments)
        said = _content(delta)
        if not said:
            return ""
        self.useful = True
        text = self.filter.feed(said)
        if text:
            self.spoke = True
        return text

    def end(self) -> str:
        """The held-back rest. Raises ProviderUnreachable when the server sent nothing at all."""
        rest = self.filter.finish() if self.seen else ""
        self.spoke = self.spoke or bool(rest)
        if not self.reason:
            if not self.spoke:
                raise ProviderUnreachable("the language model ended its answer before it began")
            self.reason = "cut"
        return rest


def _choice(event: object) -> dict[str, Any] | None:
    """The first choice of a chunk; keep-alive and usage chunks have none."""
    choices = event.get("choices") if isinstance(event, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return None
    return choices[0]


def _content(delta: dict[str, Any]) -> str:
    """The text of a delta: a string, absent, null, or a list of parts of which only the text counts."""
    content = delta.get("content")
    if isinstance(content, str):
        return content or _refusal(delta)
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        return "".join(part for part in parts if isinstance(part, str))
    return _refusal(delta)


def _refusal(delta: dict[str, Any]) -> str:
    """A model's own words when it declines; they are its answer."""
    refusal = delta.get("refusal")
    return refusal if isinstance(refusal, str) else ""


def _is_alive(event: object) -> bool:
    """The first token: text, a thought, a tool call, the end, or an error to report."""
    if isinstance(event, dict) and event.get("object") == "error":
        return True
    choice = _choice(event)
    if choice is None:
        return False
    if choice.get("finish_reason"):
        return True
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return False
    return bool(_content(delta) or delta.get("tool_calls") or delta.get("reasoning_content") or delta.get("reasoning"))


def _answered(calls: ToolCalls) -> list[dict[str, Any]]:
    """The assistant's calls and a short result for each: every id must be answered."""
    asked = [
        {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
        for identity, name, arguments, _ in calls.answered
    ]
    results = [
        {"role": "tool", "tool_call_id": identity, "content": result} for identity, _, _, result in calls.answered
    ]
    return [{"role": "assistant", "content": None, "tool_calls": asked}, *results]


def _model_names(page: object) -> set[str]:
    data = page.get("data") if isinstance(page, dict) else None
    if not isinstance(data, list):
        return set()
    return {item["id"] for item in data if isinstance(item, dict) and isinstance(item.get("id"), str)}


def _count(value: object, otherwise: int | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
