"""Which fields a chat server takes: learned from its refusals, so that only the first request pays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from server.errors import ProviderRefused

#: Codes of a 400 that no other form of the request would change.
_FINAL = frozenset({"context_length_exceeded", "model_not_found", "invalid_api_key", "content_policy_violation"})

#: Statuses with which servers turn down a picture: OpenRouter 404, llama.cpp 500, most others 400.
_TURNED_DOWN = frozenset({400, 404, 413, 415, 422, 500, 501})
#: What they write then: "unknown variant `image_url`" (DeepSeek), "content must be a string" (Groq), "is not a
#: multimodal model" (vLLM), "No endpoints found that support image input" (OpenRouter), "you may need the mmproj".
_PICTURES = re.compile(r"image|\bvision|multi-?modal|modalit|mmproj|content (?:part|type|must)|content\W+\d", re.I)
#: ... and what they write when only this one picture is wrong.
_ONE_PICTURE = re.compile(
    r"invalid[_ ](?:base64[_ ])?image|valid image|image[_ ](?:parse|data|file|too|content)|too (?:large|small|big)"
    r"|process (?:the |this |your )?image|decode",
    re.I,
)
#: characters of a refusal that are read: some servers quote the whole prompt behind it
_READ = 400


def is_final(code: str | None) -> bool:
    """Whether a refusal with this code is about what was asked, not about how."""
    return code in _FINAL


class PicturesRefused(ProviderRefused):
    """The server turned a request down because of its pictures. `lasting`: it takes none at all."""

    def __init__(self, *, lasting: bool) -> None:
        super().__init__("the language model does not take this picture")
        self.lasting = lasting


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
        #: whether the model takes pictures, as far as we know
        self.pictures = True
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
        if is_final(code):
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

    def pictures_refused(
        self, status: int, param: str | None, code: str | None, message: str
    ) -> PicturesRefused | None:
        """The refusal of a request with pictures, when it was for these. Learned when it is for good."""
        blamed = f"{code} {param} {message[:_READ]}"
        if status not in _TURNED_DOWN or not (status in (413, 415) or _PICTURES.search(blamed)):
            return None
        return self.without_pictures(lasting=status != 413 and not _ONE_PICTURE.search(blamed))

    def without_pictures(self, *, lasting: bool) -> PicturesRefused:
        """The error that has the request sent again without pictures, from now on if `lasting`."""
        self.pictures = self.pictures and not lasting
        return PicturesRefused(lasting=lasting)

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
