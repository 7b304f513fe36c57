"""Assembles the tool calls of a streamed chat reply."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from server.brains.base import ToolCall

#: More calls in one reply, or longer arguments, are a model gone astray: the rest is dropped and counted.
MAX_CALLS = 8
MAX_ARGUMENTS = 64_000


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    parts: list[str] = field(default_factory=list)
    size: int = 0


class ToolCalls:
    """Feed the `tool_calls` of every delta; `finish` parses each call's JSON once it is whole."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._calls: list[_Call] = []
        self._at: dict[Any, _Call] = {}
        self._over = 0
        #: the calls as the assistant message of a follow-up request needs them: (id, name, arguments as
        #: JSON, result)
        self.answered: list[tuple[str, str, str, str]] = []

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, fragments: object) -> bool:
        """Take the fragments of one delta. True when there was something in them."""
        if not isinstance(fragments, list):
            return False
        used = False
        for fragment in fragments:
            if not isinstance(fragment, dict):
                continue
            function = fragment.get("function")
            if not isinstance(function, dict):
                function = {}
            call = self._slot(fragment, function)
            if call is None:
                continue
            used = True
            call.id = call.id or _text(fragment.get("id"))
            call.name = call.name or _text(function.get("name"))
            arguments = function.get("arguments")
            if isinstance(arguments, dict):  # some servers send the object itself
                arguments = json.dumps(arguments)
            if isinstance(arguments, str) and call.size <= MAX_ARGUMENTS:
                call.parts.append(arguments)
                call.size += len(arguments)
        return used

    def _slot(self, fragment: dict[str, Any], function: dict[str, Any]) -> _Call | None:
        """The call a fragment belongs to. Without an index, or with one index for all, a new id opens a new
        call.
        """
        index, identity = fragment.get("index"), _text(fragment.get("id"))
        key = index if isinstance(index, int) else "last"
        call = self._at.get(key)
        other = call is not None and identity and call.id and identity != call.id and function.get("name")
        if call is None or other:
            if len(self._calls) >= MAX_CALLS:
                self._over += 1
                return None
            call = _Call()
            self._calls.append(call)
            self._at[key] = call
        return call

    def finish(self, *, whole: bool = True) -> tuple[list[ToolCall], int]:
        """The calls whose JSON is sound, and how many had to be dropped. Nothing of a cut stream is
        trusted.
        """
        good: list[ToolCall] = []
        dropped = self._over
        for number, call in enumerate(self._calls):
            identity = call.id or f"call_{number}"
            arguments = _parse("".join(call.parts)) if call.size <= MAX_ARGUMENTS else None
            if not whole or arguments is None or call.name not in self._known:
                dropped += 1
                sound = whole and arguments is not None
                reason = "no such tool" if sound else "the arguments were not valid JSON"
                self.answered.append((identity, call.name or "unknown", "{}", f"failed: {reason}"))
                continue
            good.append(ToolCall(identity, call.name, arguments))
            self.answered.append((identity, call.name, json.dumps(arguments), "done"))
        return good, dropped


def _parse(text: str) -> dict[str, Any] | None:
    if not text.strip():
        return {}  # a tool without parameters
    try:
        value = json.loads(text, parse_constant=_no_constant)
        if isinstance(value, str):  # JSON in JSON
            value = json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_constant(word: str) -> object:
    raise ValueError(word)  # NaN and Infinity are not JSON and would break the page


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
