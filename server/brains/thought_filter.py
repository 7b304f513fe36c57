"""Keeps a model's thoughts and markup out of what is spoken.

Compatible servers may send thoughts inline (`<think>…</think>`), tool calls as text
(`<tool_call>…</tool_call>`) or special tokens (`<|im_end|>`), split across chunks anywhere. The filter
passes text on at once and holds back only what may still become a marker. The same text gives the same
result however it is cut into chunks.
"""

from __future__ import annotations

import re

#: Everything between these tags is for the machine. A closing tag that opened nothing is dropped.
_HIDDEN = (
    "think", "thinking", "thought", "thoughts", "reasoning", "reflection", "scratchpad", "analysis",
    "tool_call", "tool_calls", "toolcall", "tool_code", "tool_response", "tools", "function_call",
    "function_calls", "function", "invoke",
)  # fmt: skip

#: Longest marker we wait for, in characters; a longer candidate is ordinary text.
_LONGEST = 96

_NAMES = "|".join(sorted(_HIDDEN, key=len, reverse=True))
_TAG = re.compile(r"<(/?)(?:[a-z]{1,8}:)?(" + _NAMES + r")(?:[\s=][^<>]*)?>", re.I)
#: <|im_end|>, <｜tool▁calls▁begin｜>, <|python_tag|>, <|channel|>
_TOKEN = re.compile(r"<[|｜]([^|｜<>\s]{0,80})[|｜]>")
_NAME = re.compile(r"</?[a-z_]*:?[a-z_]*(?:[\s=][^<>]*)?", re.I)
_PARTS = re.compile(r"</?(?:([a-z]{1,8}):)?([a-z_]*)(.*)", re.I | re.S)
_TOKEN_START = re.compile(r"<[|｜][^|｜<>\s]{0,80}[|｜]?")
_BRACKET = "[TOOL_CALLS]"

#: After these special tokens the rest is a call, not speech, until another special token says the text goes
#: on.
_CALLS_BEGIN = ("python_tag", "tool_call", "tool_calls_section_begin", "tool▁calls▁begin", "tool_calls_begin")
_CALLS_END = ("tool_calls_section_end", "tool▁calls▁end", "tool_calls_end", "eom_id", "end")


class ThoughtFilter:
    """One reply's filter: `feed` every delta, `finish` once; join the results for what may be spoken."""

    def __init__(self) -> None:
        self._pending = ""
        #: name of the tag whose content is being dropped; "|" for a special token's; "" when text is spoken
        self._inside = ""
        self._begun = False
        #: header of a harmony channel being read (`<|channel|>final<|message|>`), or None
        self._header: str | None = None

    def feed(self, delta: str) -> str:
        """The part of what arrived so far that can be spoken now."""
        if self._begun and not self._pending and not self._inside and "<" not in delta and "[" not in delta:
            return delta
        return self._lead(self._scan(self._pending + delta, final=False))

    def finish(self) -> str:
        """What was held back and turned out to be ordinary text."""
        return self._lead(self._scan(self._pending, final=True))

    def _lead(self, text: str) -> str:
        """Without the blank lines that follow a block of thoughts at the start."""
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text

    def _scan(self, text: str, *, final: bool) -> str:
        out: list[str] = []
        at = 0
        self._pending = ""
        while at < len(text):
            start = _next_candidate(text, at)
            if start < 0:
                self._take(text[at:], out)
                break
            self._take(text[at:start], out)
            end = self._marker(text, start)
            if end > start:
                at = end
            elif end == start and not final:
                self._pending = text[start:]
                break
            elif end == start and len(text) - start > 1:
                break  # the stream ended in the middle of a marker
            else:
                self._take(text[start], out)
                at = start + 1
        return "".join(out)

    def _take(self, text: str, out: list[str]) -> None:
        if self._header is not None:
            self._header += text
        elif not self._inside:
            out.append(text)

    def _marker(self, text: str, start: int) -> int:
        """The end of the marker at `start`; `start` itself when more text must decide; -1 when there is
        none.
        """
        if text[start] == "[":
            if text.startswith(_BRACKET, start):
                self._inside = self._inside or "|"
                return start + len(_BRACKET)
            return start if _BRACKET.startswith(text[start:]) else -1
        # A marker longer than the limit is text however it arrives, so the limit holds for whole chunks too.
        limit = start + _LONGEST
        if found := _TAG.match(text, start, limit):
            self._tag(closing=bool(found[1]), name=found[2].lower())
            return found.end()
        if found := _TOKEN.match(text, start, limit):
            self._token(found[1].strip().lower())
            return found.end()
        return start if len(text) < limit and _may_grow(text[start:]) else -1

    def _tag(self, *, closing: bool, name: str) -> None:
        if closing and self._inside == name:
            self._inside = ""
        elif not closing and not self._inside:
            self._inside = name

    def _token(self, name: str) -> None:
        if self._inside not in ("", "|"):
            return
        if name == "channel":
            self._header, self._inside = "", "|"
        elif name == "message" and self._header is not None:
            self._inside = "" if self._header.strip().startswith("final") else "|"
            self._header = None
        elif name in _CALLS_BEGIN:
            self._inside = self._inside or "|"
        elif name in _CALLS_END and self._inside == "|":
            self._inside = ""
        elif name == "start":
            # the role that follows is not speech; a channel or a message ends it
            self._header, self._inside = "final", "|"


def _next_candidate(text: str, at: int) -> int:
    angle, bracket = text.find("<", at), text.find("[", at)
    if angle < 0 or bracket < 0:
        return max(angle, bracket)
    return min(angle, bracket)


def _may_grow(rest: str) -> bool:
    """Could more characters turn this into a marker?"""
    if rest == "<":
        return True
    if found := _TOKEN_START.match(rest):
        return found.end() == len(rest)
    found = _NAME.match(rest)
    if not found or found.end() != len(rest):
        return False
    name = _PARTS.match(rest)
    if name is None:
        return False
    prefix, word, tail = name[1] or "", name[2].lower(), name[3]
    if tail:
        return word in _HIDDEN
    if any(hidden.startswith(word) for hidden in _HIDDEN):
        return True
    return not prefix and len(word) <= 8 and "_" not in word
