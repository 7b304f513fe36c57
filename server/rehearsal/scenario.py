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
      - chat: {ben: "Parley, and the battery?"}
        expect: {chat contains: supplier}

docs/rehearsal.md describes every key. Any error names the step and the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from server.errors import RehearsalError
from server.rehearsal.expecting import Expect as Expect
from server.rehearsal.expecting import Most as Most
from server.rehearsal.expecting import Seconds, Strict
from server.rehearsal.expecting import Words as Words
from server.rehearsal.expecting import seconds_of as seconds_of

BUILT_IN = Path(__file__).with_name("scenarios") / "first-meeting.yaml"
#: what is rehearsed through a host when no file is given
SEATED = BUILT_IN.with_name("seated.yaml")
LONGEST_FILE = 256 * 1024
#: What somebody does: says a line, writes one into the chat, comes or goes.
Kind = Literal["says", "chat", "joins", "leaves"]
#: kinds that are keys of their own; a line is under its speaker's name
_ACTS: tuple[Kind, ...] = ("chat", "joins", "leaves")
_STEP_KEYS = {"at", "after", "pause", "id", "expect", "speed", *_ACTS}


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
    """What one person does. `at` (seconds from the begin) or `after`; then `pause` seconds more.

    `text` is the line, or in words what is done beside speaking.
    """

    index: int
    id: str
    person: str
    text: str
    at: float | None
    after: After | None
    pause: float
    speed: float
    expect: Expect
    kind: Kind = "says"

    @property
    def label(self) -> str:
        return f"step {self.index + 1} ({self.id})"


class Cast(Strict):
    name: str = Field(min_length=1, max_length=80)
    voice: str = Field("", max_length=80)


class Agent(Strict):
    name: str = Field("", max_length=40)


class Background(Strict):
    """A recorded meeting that goes on around the steps."""

    file: str = Field(min_length=1)
    begin: Seconds = 0.0
    until: Seconds | None = None


class Seat(Strict):
    """How the agent is seated when a host seats it."""

    #: what the host sends besides words and people; None: what suits the host
    senses: list[Literal["mixed", "voices", "pictures", "film"]] | None = None
    #: lines of the slide that the first person shares, where pictures are sent
    slide: list[str] = Field(default_factory=list, max_length=6)


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
    seat: Seat = field(default_factory=Seat)

    @property
    def present(self) -> tuple[Cast, ...]:
        """Who is there from the beginning: everybody who does not join in a step."""
        late = {step.person for step in self.steps if step.kind == "joins"}
        return tuple(person for person in self.people if person.name not in late)

    @property
    def chatting(self) -> Step | None:
        """The first step that needs a chat, which only a host has."""
        return next((step for step in self.steps if step.kind == "chat" or step.expect.wants_chat), None)


class _File(Strict):
    title: str = Field("", max_length=200)
    agent: Agent = Agent(name="")
    people: list[Cast] = Field(default_factory=list)
    meeting: Background | None = None
    steps: list[dict[str, Any]] = Field(default_factory=list)
    silent: bool = False
    seat: Seat = Seat()


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
    _check_presence(file.people, steps)
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
        file.seat,
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
    kind, person, text = _act(label, fields, people)
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
    return Step(index, name, person.name, text, at, after, pause, float(speed), checked, kind)


def _act(label: str, fields: dict[str, Any], people: list[Cast]) -> tuple[Kind, Cast, str]:
    """Who does what in this step; takes it out of its fields."""
    speakers = [p for p in people if _key(p.name) in fields]
    acts = [act for act in _ACTS if act in fields]
    if len(speakers) + len(acts) != 1:
        unknown = [k for k in fields if k not in _STEP_KEYS]
        what = "one person must speak"
        if acts:
            what = f"“{acts[0]}” needs a step of its own"
        elif unknown and not speakers:
            what = f"“{unknown[0]}” is none of the people"
        raise RehearsalError(f"{label}: {what}")
    kind: Kind = acts[0] if acts else "says"
    if kind in ("joins", "leaves"):
        return kind, _person(f"{label}: {kind}", fields.pop(kind), people), kind
    if kind == "chat":
        chat = fields.pop("chat")
        if not isinstance(chat, dict) or len(chat) != 1:
            raise RehearsalError(f'{label}: chat: one person writes, such as {{ana: "Parley, what next?"}}')
        ((name, text),) = chat.items()
        person, verb = _person(f"{label}: chat", name, people), "writes"
    else:
        person, verb = speakers[0], "says"
        text = fields.pop(_key(person.name))
    if not isinstance(text, str) or not text.strip():
        raise RehearsalError(f"{label}: {person.name} {verb} nothing: give a text in quotes")
    return kind, person, text.strip()


def _person(label: str, name: Any, people: list[Cast]) -> Cast:
    found = next((p for p in people if _key(p.name) == _key(name)), None)
    if found is None:
        raise RehearsalError(f"{label}: “{_key(name)}” is none of the people")
    return found


def _check_presence(people: list[Cast], steps: list[Step]) -> None:
    """Nobody speaks who is not there, comes twice or goes twice."""
    late = {step.person for step in steps if step.kind == "joins"}
    here = {person.name for person in people} - late
    for step in steps:
        if (step.kind == "joins") == (step.person in here):
            where = "is already in the meeting" if step.kind == "joins" else "is not in the meeting"
            raise RehearsalError(f"step {step.index + 1}: {step.person} {where} at that moment")
        if step.kind == "joins":
            here.add(step.person)
        elif step.kind == "leaves":
            here.discard(step.person)


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
