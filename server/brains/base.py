"""What a brain is: something that streams a reply to a request.

The session talks to every brain through this one Protocol, so a language model and the embedded brain are
interchangeable, and the second can take over when the first fails.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.core.looking import Source, Wish
from server.core.prompt import Message as ChatMessage
from server.core.transcript import Turn


@dataclass(frozen=True, slots=True)
class Spoken:
    """One earlier reply of the agent: what it meant to say, and how much of it was heard."""

    planned: str
    heard: str
    at: float
    complete: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """One picture, looked at: a JPEG scaled for a model, and whose it is.

    `age` is the seconds since the picture was taken. `person` is empty for everybody in one picture (source stage).
    """

    jpeg: bytes = field(repr=False)
    width: int
    height: int
    age: float
    source: Source
    person_id: str = ""
    person: str = field(default="", repr=False)
    #: False when this very picture was handed out the last time somebody looked
    changed: bool = True


#: Look now: the newest picture of a source and person id, or None when there is none. No id: whoever shares a screen,
#: or everybody at once (source stage).
Look = Callable[[Source, str], Awaitable[Sight | None]]


@dataclass(frozen=True, slots=True)
class BrainRequest:
    """Everything a brain may use to answer one turn.

    `messages` is the prompt for a language model, already within its token budget. `question`, `asker`, `turns` and
    `evidence` are the same facts in a form a brain without a model can use. Times are seconds since the session began.
    """

    reply: int
    agent_name: str
    question: str
    asker: str
    now: float
    messages: tuple[ChatMessage, ...] = ()
    #: the whole meeting so far, oldest first; a read-only view
    turns: Sequence[Turn] = ()
    #: at most 12 turns that the memory of the meeting found for this question, best first
    evidence: tuple[Turn, ...] = ()
    participants: tuple[str, ...] = ()
    spoken: tuple[Spoken, ...] = ()
    #: unheard rest of the last interrupted reply, when there is one
    unheard: str = ""
    language: str = "en"
    started_at: float = 0.0
    #: wall-clock time of `now` as ISO 8601 with offset, for "what time is it"
    wall_time: str = ""
    #: what the question points at to be seen; without it no picture leaves the process
    wish: Wish | None = None
    #: the eyes; None when no pictures of this meeting reach us
    look: Look | None = field(default=None, repr=False)
    #: set when another brain failed and this one stands in: one lower-case word from ProviderError.code
    standing_in: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the reply's text, in order. Never thoughts, never tool markup."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The brain wants something done: a card shown, a timer set, silence kept.

    `arguments` is parsed JSON. A call whose JSON was broken is dropped by the brain and counted in `Done`.
    """

    id: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """The reply is complete. `reason` is stop, length, tool_calls, content_filter, or cut (the stream broke off)."""

    reason: str = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    dropped_tool_calls: int = 0
    #: which brain answered, when it was not the one that was asked, and the ProviderError code that says why
    brain: str = ""
    standing_in: str = ""
    #: pictures that were sent to a model for this reply
    pictures: int = 0


BrainEvent = TextDelta | ToolCall | Done


class Brain(Protocol):
    """Streams replies. One instance serves every session of the process."""

    #: short name for logs, metrics and decision records, for example "openai" or "embedded"
    name: str

    def reply(self, request: BrainRequest) -> AsyncIterator[BrainEvent]:
        """Stream the reply: any number of TextDelta and ToolCall, then exactly one Done.

        Raises a `ProviderError` when it cannot go on. Closing the iterator (`aclose`) or cancelling the task that
        reads it stops the work at the provider at once.
        """
        ...

    async def check(self) -> str:
        """One line that says the brain is reachable and which model it uses. Raises ProviderError otherwise."""
        ...

    async def close(self) -> None:
        """Give back sockets and helper processes. May be called twice."""
        ...


#: Tools every brain may call. Cards use the shapes of `server.core.messages.Card`.
TOOLS: tuple[dict[str, Any], ...] = (
    {
        "name": "show_card",
        "description": "Show a card on the agent's tile: text, a list, a table or a small chart.",
        "parameters": {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "kind": {"type": "string", "enum": ["text", "list", "table", "bar", "line"]},
                "text": {"type": "string", "description": "markdown, for kind text"},
                "items": {"type": "array", "items": {"type": "string"}, "description": "for kind list"},
                "columns": {"type": "array", "items": {"type": "string"}, "description": "for kind table"},
                "rows": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
                "labels": {"type": "array", "items": {"type": "string"}, "description": "for charts"},
                "values": {"type": "array", "items": {"type": "number"}},
            },
            "required": ["kind"],
        },
    },
    {
        "name": "hide_card",
        "description": "Take the card off the tile.",
        "parameters": {"type": "object", "properties": {}},
    },
    {
        "name": "set_timer",
        "description": "Speak up after some seconds, for example when a time box is over.",
        "parameters": {
            "type": "object",
            "properties": {"seconds": {"type": "number"}, "label": {"type": "string"}},
            "required": ["seconds"],
        },
    },
    {
        "name": "be_quiet",
        "description": "Keep silent until called by name; for a number of minutes when given.",
        "parameters": {"type": "object", "properties": {"minutes": {"type": "number"}}},
    },
)
