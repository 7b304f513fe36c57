"""What a rehearsal does: who says what and when, and what should follow. A small YAML file, checked before
it runs.

    title: A first meeting
    agent: {name: Parley}
    people:
      - {name: Ana, voice: en-gb+f2}
      - Ben
    steps:
      - at: 1
        ana: "Parley, what did we decide about the case?"
        expect: {replies within: 3s, reply contains: rubber}
      - after: reply ends
        ben: "Good, then let us go on."
        expect: {stays silent: 4s}

docs/rehearsal.md describes every key. Any error names the step and the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from server.errors import RehearsalError

BUILT_IN = Path(__file__).with_name("scenarios") / "first-meeting.yaml"
LONGEST_FILE = 256 * 1024
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|sec|seconds?|m|min|minutes?)?")
_UNITS = {"ms": 0.001, "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0}
_STEP_KEYS = {"at", "after", "pause", "id", "expect", "speed"}


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


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Expect(_Strict):
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

    @property
    def wants_reply(self) -> bool:
        return self.replies_within is not None or self.reply_contains is not None


@dataclass(frozen=True)
class After:
    """What a step waits for. `settled` is an earlier step with all that followed; `ends` is the end of a
    line."""

    kind: Literal["settled", "ends", "reply begins", "reply ends", "reply played", "meeting ends"]
    #: index of the step that is meant; not used for the recorded meeting
    step: int
    seconds: float = 0.0


@dataclass(frozen=True)
class Step:
    """One line. `at` (seconds from the begin) or `after`; then `pause` seconds more."""

    index: int
    id: str
    person: str
    text: str
    at: float | None
    after: After | None
    pause: float
    speed: float
    expect: Expect

    @property
    def label(self) -> str:
        return f"step {self.index + 1} ({self.id})"


class Cast(_Strict):
    name: str = Field(min_length=1, max_length=80)
    voice: str = Field("", max_length=80)


class Agent(_Strict):
    name: str = Field("", max_length=40)


class Background(_Strict):
    """A recorded meeting that goes on around the steps."""

    file: str = Field(min_length=1)
    begin: Seconds = 0.0
    until: Seconds | None = None


@dataclass(frozen=True)
class Scenario:
    """A whole rehearsal, checked."""

    title: str
    agent: str
    people: tuple[Cast, ...]
    steps: tuple[Step, ...]
    meeting: Path | None = None
    meeting_begin: float = 0.0
    meeting_until: float | None = None
    #: the agent should say nothing at all: a recorded meeting nobody addresses it in
    silent: bool = False


class _File(_Strict):
    title: str = Field("", max_length=200)
    agent: Agent = Agent(name="")
    people: list[Cast] = []
    meeting: Background | None = None
    steps: list[dict[str, Any]] = []
    silent: bool = False


def load_scenario(path: Path) -> Scenario:
    """Read and check a scenario. Raises RehearsalError that names the step and the reason."""
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise RehearsalError("the scenario is too large: at most 256 kB")
        whole = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise RehearsalError(f"the scenario cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark is not None else ""
        raise RehearsalError(f"the scenario is not valid YAML{place}") from error
    return parse_scenario(whole, folder=path.parent, name=path.stem)


def parse_scenario(whole: Any, *, folder: Path = Path(), name: str = "scenario") -> Scenario:
    """The same from what the YAML holds; `folder` is where a meeting's file is looked for."""
    if not isinstance(whole, dict):
        raise RehearsalError("the scenario must be a mapping with people and steps")
    whole = {_key(k): v for k, v in whole.items()}
    if isinstance(whole.get("agent"), str):
        whole["agent"] = {"name": whole["agent"]}
    if isinstance(whole.get("meeting"), str):
        whole["meeting"] = {"file": whole["meeting"]}
    if isinstance(whole.get("people"), list):
        whole["people"] = [{"name": p} if isinstance(p, str) else p for p in whole["people"]]
    try:
        file = _File.model_validate(whole)
    except ValidationError as error:
        raise RehearsalError(f"the scenario: {_reason(error)}") from None
    names = [_key(person.name) for person in file.people]
    for person, key in zip(file.people, names, strict=True):
        if names.count(key) > 1:
            raise RehearsalError(f"people: two of them are called {person.name}; steps could not tell them apart")
        if key in _STEP_KEYS:
            raise RehearsalError(f"people: nobody can be called {person.name}: it is a word of the file")
    steps: list[Step] = []
    for index, raw in enumerate(file.steps):
        steps.append(_step(index, raw, file.people, steps))
    if not steps and file.meeting is None:
        raise RehearsalError("the scenario has no steps: nobody would say anything")
    meeting = folder / file.meeting.file if file.meeting else None
    if meeting is not None and not meeting.is_file():
        raise RehearsalError("meeting: there is no such file beside the scenario")
    return Scenario(
        file.title or name,
        file.agent.name,
        tuple(file.people),
        tuple(steps),
        meeting,
        file.meeting.begin if file.meeting else 0.0,
        file.meeting.until if file.meeting else None,
        file.silent,
    )


def _key(key: Any) -> str:
    return " ".join(str(key).replace("_", " ").split()).casefold()


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(p).replace("_", " ") for p in first["loc"] if not str(p).startswith("function-"))
    if first["type"] == "extra_forbidden":
        return f"“{place}” is not known here"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"


def _step(index: int, raw: dict[str, Any], people: list[Cast], earlier: list[Step]) -> Step:
    label = f"step {index + 1}"
    fields = {_key(k): v for k, v in raw.items()}
    speakers = [p for p in people if _key(p.name) in fields]
    if len(speakers) != 1:
        unknown = [k for k in fields if k not in _STEP_KEYS]
        what = f"“{unknown[0]}” is none of the people" if unknown and not speakers else "one person must speak"
        raise RehearsalError(f"{label}: {what}")
    person = speakers[0]
    text = fields.pop(_key(person.name))
    if not isinstance(text, str) or not text.strip():
        raise RehearsalError(f"{label}: {person.name} says nothing: give a text in quotes")
    if extra := set(fields) - _STEP_KEYS:
        raise RehearsalError(f"{label}: “{min(extra)}” is neither a person nor a key of a step")
    if "at" in fields and "after" in fields:
        raise RehearsalError(f"{label}: give either at or after, not both")
    name = str(fields.get("id", "")).strip() or f"{_key(person.name).replace(' ', '-')}-{index + 1}"
    if any(name == step.id for step in earlier):
        raise RehearsalError(f"{label}: another step has the id “{name}”")
    expect = fields.get("expect") or {}
    if not isinstance(expect, dict):
        raise RehearsalError(f"{label}: expect must be a mapping such as {{replies within: 3s}}")
    try:
        times = {key: seconds_of(fields[key]) for key in ("at", "pause") if key in fields}
        speed = fields.get("speed", 1.0)
        if not isinstance(speed, (int, float)) or not 0.5 <= speed <= 2.5:
            raise ValueError("speed is between 0.5 and 2.5")
        checked = Expect.model_validate({_key(k).replace(" ", "_"): v for k, v in expect.items()})
    except ValidationError as error:
        raise RehearsalError(f"{label} ({name}): expect: {_reason(error)}") from None
    except ValueError as error:
        raise RehearsalError(f"{label} ({name}): {error}") from None
    after = None
    if "at" not in fields and (index or "after" in fields):
        after = _after(label, fields.get("after"), people, earlier)
    pause = times.get("pause", 0.4 if after is not None and "after" not in fields else 0.0)
    at = times.get("at", None if after is not None else 0.5)
    return Step(index, name, person.name, text.strip(), at, after, pause, float(speed), checked)


def _after(label: str, value: Any, people: list[Cast], earlier: list[Step]) -> After:
    text = _key(value) if value is not None else ""
    if text == "meeting ends":
        return After("meeting ends", -1)
    if not earlier:
        raise RehearsalError(f"{label}: the first step waits for a time (at) or for “meeting ends”, for nothing else")
    if value is None:
        return After("settled", len(earlier) - 1)
    for step in earlier:
        if text == _key(step.id):
            return After("settled", step.index)
        if text == f"{_key(step.id)} ends":
            return After("ends", step.index)
    asked = next((s.index for s in reversed(earlier) if s.expect.wants_reply), len(earlier) - 1)
    if text in ("reply begins", "reply starts"):
        return After("reply begins", asked)
    if text == "reply ends":
        return After("reply ends", asked)
    if found := re.fullmatch(r"(?:the )?reply has played (.+)", text):
        try:
            return After("reply played", asked, seconds_of(found[1]))
        except ValueError as error:
            raise RehearsalError(f"{label}: after: {error}") from None
    for step in reversed(earlier):
        if text == f"{_key(step.person)} ends":
            return After("ends", step.index)
    raise RehearsalError(
        f"{label}: after “{value}” is not understood: use “meeting ends”, “reply begins”, “reply ends”, "
        "“reply has played 2s”, “<person> ends” or the id of an earlier step"
    )
