"""Which fields a chat server takes: learned from its refusals, so that only the first request pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Codes of a 400 that no other form of the request would change.
_FINAL = frozenset({"context_length_exceeded", "model_not_found", "invalid_api_key", "content_policy_violation"})


class ChatDialect:
    """The form of a chat request for one server. `learn` changes it after a 400 or 422.

    Newer OpenAI models want `reasoning_effort: "none"` beside tools, older ones want it absent; older
    compatible servers know `max_tokens` only, and some refuse `stream_options` or tools.
    """

    def __init__(self, *, is_openai: bool, reasoning_effort: str | None = None) -> None:
        self._is_openai = is_openai
        self.effort = reasoning_effort or ("none" if is_openai else None)
        self.tokens_field = "max_completion_tokens" if is_openai else "max_tokens"
        #: OpenAI pads each chunk at random; other servers may not know the field that turns it off
        self.obfuscation = is_openai
        self.stream_options = True
        self.tools = True
        self._swapped = False
        self._plain = False

    def body(
        self,
        model: str,
        messages: Sequence[dict[str, Any]],
        max_tokens: int,
        tools: Sequence[dict[str, Any]],
        *,
        speak_only: bool = False,
    ) -> dict[str, Any]:
        """The JSON of a request. `speak_only` shows the tools but forbids using them."""
        body: dict[str, Any] = {
            "model": model,
            "messages": list(messages),
            "stream": True,
            self.tokens_field: max_tokens,
        }
        if self.stream_options:
            options: dict[str, Any] = {"include_usage": True}
            if self.obfuscation:
                options["include_obfuscation"] = False
            body["stream_options"] = options
        if tools and self.tools:
            body["tools"] = [{"type": "function", "function": tool} for tool in tools]
            if speak_only:
                body["tool_choice"] = "none"
        if self.effort is not None:
            body["reasoning_effort"] = self.effort
        return body

    def learn(self, sent: dict[str, Any], param: str | None, code: str | None, message: str) -> bool:
        """Change the form after the refusal of `sent`. True when the new form is worth a try.

        `sent` matters because several requests may fail for one reason at the same time: when the form has
        already changed since, the answer is simply to try again.
        """
        if code in _FINAL:
            return False
        blamed = param if param else message
        if "reasoning_effort" in blamed and "reasoning_effort" in sent:
            self.effort = None
        elif "include_obfuscation" in blamed and self._has_obfuscation(sent):
            self.obfuscation = False
        elif "stream_options" in blamed and "stream_options" in sent:
            self.stream_options = False
        elif self._blames_tokens(blamed, sent):
            self.tokens_field = "max_tokens" if "max_completion_tokens" in sent else "max_completion_tokens"
            self._swapped = True
        elif ("tool" in blamed or "function" in blamed) and "tools" in sent:
            self.tools = False
        elif param is None and not self._plain:
            return self._go_plain(sent)
        else:
            return False
        return True

    def _blames_tokens(self, blamed: str, sent: dict[str, Any]) -> bool:
        if "max_tokens" not in blamed and "max_completion_tokens" not in blamed:
            return False
        # Swapped once and refused again: the number is wrong, not the name.
        return not self._swapped or self.tokens_field not in sent

    def _has_obfuscation(self, sent: dict[str, Any]) -> bool:
        return "include_obfuscation" in sent.get("stream_options", {})

    def _go_plain(self, sent: dict[str, Any]) -> bool:
        """The server named nothing we know: leave out everything that is not in the oldest servers, once."""
        self._plain = True
        changed = "reasoning_effort" in sent or "stream_options" in sent or "max_completion_tokens" in sent
        self.effort = None
        self.stream_options = False
        self.tokens_field = "max_tokens"
        return changed
