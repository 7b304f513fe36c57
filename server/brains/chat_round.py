"""What one request to a chat server brings: events of its stream in, words to speak and tool calls out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.brains.openai_errors import in_stream
from server.brains.thought_filter import ThoughtFilter
from server.brains.tool_calls import ToolCalls
from server.errors import ProviderUnreachable

_REASONS = {
    "stop": "stop", "length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls",
    "content_filter": "content_filter", "max_tokens": "length",
}  # fmt: skip


@dataclass(slots=True)
class Round:
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


def is_alive(event: object) -> bool:
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


def answered(calls: ToolCalls, said: str, results: Mapping[str, str]) -> list[dict[str, Any]]:
    """The assistant's words and calls, and a short result for each call by its id: every id must be answered."""
    asked = [
        {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
        for identity, name, arguments, _ in calls.answered
    ]
    told = [
        {"role": "tool", "tool_call_id": identity, "content": results.get(identity, result)}
        for identity, _, _, result in calls.answered
    ]
    return [{"role": "assistant", "content": said or None, "tool_calls": asked}, *told]


def _count(value: object, otherwise: int | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
