"""What a step of a scenario may expect: times, words, limits, and how they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|sec|seconds?|m|min|minutes?)?")
_UNITS = {"ms": 0.001, "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0}


def seconds_of(value: Any) -> float:
    """`3s`, `800ms`, `2m` or a number of seconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 86_400:
        return float(value)
    found = _DURATION.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if not found:
        raise ValueError("give a time such as 3s, 800ms or 2")
    return float(found[1]) * _UNITS.get(found[2] or "s", 1.0)


Seconds = Annotated[float, BeforeValidator(seconds_of)]


@dataclass(frozen=True)
class Words:
    """What a text must have: every one of `all`, one of `any` (when there are some), none of `none`."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    def missing(self, text: str) -> str:
        """What is wrong with `text`, in a few words; empty when nothing is."""
        plain = _plain(text)
        for word in self.all:
            if _plain(word) not in plain:
                return f"“{word}” is not in it"
        if self.any and not any(_plain(word) in plain for word in self.any):
            return "none of “" + "”, “".join(self.any) + "” is in it"
        for word in self.none:
            if _plain(word) in plain:
                return f"“{word}” should not be in it"
        return ""

    def __str__(self) -> str:
        parts = [*self.all, *([" or ".join(self.any)] if self.any else []), *(f"not {w}" for w in self.none)]
        return ", ".join(parts)


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())


def _words_of(value: Any) -> Words:
    match value:
        case Words():
            return value
        case str() | int() | float() if not isinstance(value, bool):
            return Words(all=(str(value),))
        case list():
            return Words(all=_texts(value))
        case dict() if value and set(value) <= {"all", "any", "none"}:
            return Words(**{key: _texts(each) for key, each in value.items()})
    raise ValueError("give a text, a list of texts, or {all: [...], any: [...], none: [...]}")


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, (str, int, float)) and str(v).strip() for v in values):
        raise ValueError("give a text, a list of texts, or {all: [...], any: [...], none: [...]}")
    return tuple(str(v) for v in values)


@dataclass(frozen=True)
class Most:
    """At most this much of a reply is heard."""

    value: float
    unit: Literal["words", "percent", "seconds"]

    def __str__(self) -> str:
        return f"{self.value:g} {'%' if self.unit == 'percent' else self.unit}"


def _most_of(value: Any) -> Most:
    if isinstance(value, Most):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Most(value, "words")
    text = value.strip().lower() if isinstance(value, str) else ""
    if found := re.fullmatch(r"(\d+)\s*words?", text):
        return Most(int(found[1]), "words")
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text):
        return Most(float(found[1]), "percent")
    if re.fullmatch(r"[\d.]+\s*(ms|s)", text):
        return Most(seconds_of(text), "seconds")
    raise ValueError("give a number of words, a share such as 60%, or a time such as 2s")


class Strict(BaseModel):
    """A part of the file: what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Expect(Strict):
    """What should follow a line. Times count from the end of the line, those of an interruption from its
    begin."""

    replies_within: Seconds | None = None
    reply_contains: Annotated[Words | None, BeforeValidator(_words_of)] = None
    stays_silent: Seconds | None = None
    keeps_talking: Seconds | None = None
    stops_within: Seconds | None = None
    heard_at_most: Annotated[Most | None, BeforeValidator(_most_of)] = None
    shows_card: bool | str | None = None
    state_is: Literal["listening", "thinking", "speaking", "muted", "trouble"] | None = None
    chat_within: Seconds | None = None
    chat_contains: Annotated[Words | None, BeforeValidator(_words_of)] = None
    #: only judged on virtual time: the agent is heard again, what was asked of the brain, how often it began, its hand
    resumes_within: Seconds | None = None
    question_contains: Annotated[Words | None, BeforeValidator(_words_of)] = None
    replies_at_most: Annotated[int, Field(ge=0)] | None = None
    raises_hand: bool | None = None

    @property
    def wants_reply(self) -> bool:
        return self.replies_within is not None or self.reply_contains is not None

    @property
    def only_virtual(self) -> str:
        """An expectation that a rehearsal in real time cannot judge; empty when there is none."""
        names = ("resumes_within", "question_contains", "replies_at_most", "raises_hand")
        return next((name.replace("_", " ") for name in names if getattr(self, name) is not None), "")

    @property
    def wants_chat(self) -> bool:
        return self.chat_within is not None or self.chat_contains is not None
