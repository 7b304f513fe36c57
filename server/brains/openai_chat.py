"""A brain behind `/v1/chat/completions`: OpenAI or a compatible server (Ollama, vLLM, llama.cpp, Groq, …)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from server.brains.base import TOOLS, BrainEvent, BrainRequest, Done, TextDelta
from server.brains.chat_dialect import ChatDialect, PicturesRefused, is_final
from server.brains.chat_round import Round, answered, is_alive
from server.brains.chat_stream import Deadlines, EventStream, Opened, finish, open_stream, paced
from server.brains.openai_client import is_local, post, speaks_to_openai
from server.brains.openai_errors import translate
from server.brains.seeing import LOOK_TOOLS, Seeing, tell_blind
from server.brains.tool_calls import ToolCalls
from server.core.looking import Wish
from server.errors import ProviderError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

#: A picture takes a model this many times as long to begin.
_PICTURE_PATIENCE = 2.0

#: Times one request may be sent again in another form after a 400 (effort, tokens, stream options, tools).
_FORMS = 4


@dataclass(frozen=True, slots=True)
class _Model:
    """A model on a server, and how it wants to be asked."""

    client: AsyncOpenAI
    name: str
    dialect: ChatDialect


def _model(client: AsyncOpenAI, name: str, is_openai: bool | None, effort: str | None) -> _Model:
    if is_openai is None:
        is_openai = speaks_to_openai(str(client.base_url))
    return _Model(client, name, ChatDialect(is_openai=is_openai, reasoning_effort=effort))


class OpenAIChatBrain:
    """Streams chat completions through a client that the app owns and shares.

    A request with a wish is answered with eyes when a vision model is named: see `server.brains.seeing`. Requests that
    carry a picture go to the vision model, all others to the chat model.

    Args:
        vision_model: the model that understands pictures; may be `model` itself. Empty: no picture is ever sent.
        vision_client: the client of its server; None: `client`.
        hedge_after: seconds without a first token before a second request is sent; None: never. "auto" is 1.2 s, and
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
        vision_model: str = "",
        vision_client: AsyncOpenAI | None = None,
    ) -> None:
        self.name = name
        self.model = model
        if hedge_after == "auto":
            hedge_after = None if is_local(str(client.base_url)) else 1.2
        self._deadlines = Deadlines(first_token_deadline, hedge_after, silence_deadline, total_deadline)
        self._max_tokens = max_tokens
        self._tools = tuple(tools)
        self._known = frozenset(tool["name"] for tool in tools)
        self._chat = _model(client, model, is_openai, reasoning_effort)
        self._vision: _Model | None = None
        if vision_model and vision_client not in (None, client):
            self._vision = _model(vision_client or client, vision_model, None, reasoning_effort)
        elif vision_model:
            same = vision_model == model
            self._vision = self._chat if same else _model(client, vision_model, is_openai, reasoning_effort)
        #: hanging up on attempts that lost a race; kept so that `close` can wait for them
        self._hanging_up: set[asyncio.Task[None]] = set()

    async def reply(self, request: BrainRequest) -> AsyncGenerator[BrainEvent, None]:
        """Stream the reply; see `Brain.reply`. Text is passed on as it arrives."""
        messages: list[dict[str, Any]] = [{"role": m.role, "content": m.text} for m in request.messages]
        eyes = await self._eyes(request, request.wish, messages) if request.wish is not None else None
        dropped = pictures = 0
        spoken = ""
        speak_only = False
        while True:
            round_ = Round(ToolCalls(self._known if eyes is None else self._known | LOOK_TOOLS))
            said: list[str] = []
            try:
                async with aclosing(self._stream(messages, round_, eyes, speak_only=speak_only)) as texts:
                    async for text in texts:
                        if spoken and not said and not (spoken[-1].isspace() or text[0].isspace()):
                            text = f" {text}"
                        said.append(text)
                        yield TextDelta(text)
            except ProviderError as error:
                if eyes is None or not eyes.showing or said or not (why := self._blinded_by(error)):
                    raise
                eyes.blind(why)
                pictures, eyes = eyes.sent, None
                continue
            calls, lost = round_.calls.finish(whole=round_.reason != "cut")
            if speak_only:
                calls, lost = [], len(calls) + lost
            dropped += lost
            looks = [call for call in calls if call.name in LOOK_TOOLS]
            for call in calls:
                if call.name not in LOOK_TOOLS:
                    yield call
            done = bool(said) or speak_only or round_.reason == "cut" or not round_.calls
            if done and not looks:
                break
            # Looked, or tools without a word: tell what came of them and ask again, so that something is said.
            results, picture = await eyes.again(looks) if eyes is not None and looks else ({}, None)
            messages += answered(round_.calls, "".join(said), results)
            if picture is not None:
                messages.append(picture)
            spoken += "".join(said)
            speak_only = eyes is None or not looks or not eyes.left
        if eyes is not None:
            pictures = eyes.sent
        yield Done(round_.reason, round_.prompt_tokens, round_.completion_tokens, dropped, pictures=pictures)

    async def _eyes(self, request: BrainRequest, wish: Wish, messages: list[dict[str, Any]]) -> Seeing | None:
        """The eyes for a reply with a wish; None when it cannot look, and then the model is told why."""
        if request.look is None or self._vision is None or not self._vision.dialect.pictures:
            why = "no-eyes" if request.look is None else "off" if self._vision is None else "refused"
            tell_blind(messages, wish, why)
            return None
        eyes = Seeing(wish, request.look, messages)
        await eyes.begin()
        return eyes

    def _blinded_by(self, error: ProviderError) -> str:
        """Why the reply goes on without its picture after this error; "" when the picture is not to blame."""
        if isinstance(error, PicturesRefused):
            return "refused" if error.lasting else "unread"
        # A vision model of its own may be away while the chat model is there.
        return "failed" if self._vision is not self._chat else ""

    async def _stream(
        self, messages: list[dict[str, Any]], round_: Round, eyes: Seeing | None, *, speak_only: bool
    ) -> AsyncGenerator[str, None]:
        tools = self._tools if eyes is None else (*self._tools, *eyes.tools)
        model, deadlines, pictures = self._chat, self._deadlines, False
        if eyes is not None and eyes.showing:
            assert self._vision is not None
            patience = deadlines.first_token * _PICTURE_PATIENCE
            model, deadlines, pictures = self._vision, replace(deadlines, first_token=patience, hedge_after=None), True
        try:
            opened = await open_stream(
                lambda: self._open(model, messages, tools, speak_only=speak_only, pictures=pictures),
                is_alive,
                translate,
                deadlines,
                self._hang_up,
            )
            try:
                async with aclosing(paced(opened, round_.was_useful, deadlines)) as events:
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

    async def _open(
        self,
        model: _Model,
        messages: list[dict[str, Any]],
        tools: Sequence[dict[str, Any]],
        *,
        speak_only: bool,
        pictures: bool,
    ) -> EventStream:
        """One request, sent again in a plainer form when the server does not know a field.

        Raises PicturesRefused when the pictures in it are what the server does not take.
        """
        import openai

        dialect = model.dialect
        for attempt in range(_FORMS + 1):
            body = dialect.body(model.name, messages, self._max_tokens, tools, speak_only=speak_only)
            try:
                # Plain dicts for events: a quarter of the cost per chunk of `chat.completions.create`, and a
                # server's odd field cannot break them.
                response = await post(model.client, "/chat/completions", body)
                return openai.AsyncStream[object](cast_to=object, response=response, client=model.client)
            except openai.APIStatusError as error:
                told = (error.param, error.code, error.message)
                if pictures and (refused := dialect.pictures_refused(error.status_code, *told)):
                    raise refused from error
                if error.status_code not in (400, 422):
                    raise
                learned = dialect.learn(body, *told)
                if learned and attempt < _FORMS:
                    continue
                if pictures:
                    raise dialect.without_pictures(lasting=not is_final(error.code)) from error
                raise
        raise AssertionError("the loop returns or raises")

    def _hang_up(self, attempt: asyncio.Task[Opened]) -> None:
        """Close a lost attempt without making the winner wait for it."""
        attempt.cancel()
        task = asyncio.create_task(finish(attempt))
        self._hanging_up.add(task)
        task.add_done_callback(self._hanging_up.discard)

    async def check(self) -> str:
        """Ask the servers for their models. A server without that list is reachable all the same."""
        line = await self._check(self._chat, "model")
        if self._vision is None or self._vision is self._chat:
            return f"{line}, which is shown pictures too" if self._vision is not None else line
        try:
            return f"{line}; {await self._check(self._vision, 'model for pictures')}"
        except ProviderError as error:  # the talk goes on without eyes
            return f"{line}; no pictures: {error}"

    async def _check(self, model: _Model, what: str) -> str:
        import openai

        try:
            page = await model.client.get("/models", cast_to=object, options={"max_retries": 0, "timeout": 5.0})
        except openai.NotFoundError:
            return f"{self.name}: reachable, lists no models; will ask for {model.name}"
        except Exception as error:
            raise translate(error) from error
        names = _model_names(page)
        if names and model.name not in names:
            return f"{self.name}: reachable, but {model.name} is not among its {len(names)} models"
        return f"{self.name}: reachable, {what} {model.name}"

    async def close(self) -> None:
        """Wait for hang-ups under way. The client belongs to the app."""
        if self._hanging_up:
            await asyncio.wait(set(self._hanging_up), timeout=2.0)


def _model_names(page: object) -> set[str]:
    data = page.get("data") if isinstance(page, dict) else None
    if not isinstance(data, list):
        return set()
    return {item["id"] for item in data if isinstance(item, dict) and isinstance(item.get("id"), str)}
