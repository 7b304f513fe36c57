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

docs/rehearsal.md describes every key, docs/manners.md those that only a meeting on virtual time can follow
(`parley eval manners`). Any error names the step and the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, ValidationError

from server.errors import RehearsalError
from server.rehearsal.expecting import Expect as Expect
from server.rehearsal.expecting import Most as Most
from server.rehearsal.expecting import Seconds, Strict
from server.rehearsal.expecting import Words as Words
from server.rehearsal.expecting import seconds_of as seconds_of
from server.rehearsal.manners.conditions import Conditions, named
from server.rehearsal.steps import SOUNDS as SOUNDS
from server.rehearsal.steps import STEP_KEYS, Cast, check_presence, key_of, parse_step, reason_of
from server.rehearsal.steps import After as After
from server.rehearsal.steps import Step as Step

BUILT_IN = Path(__file__).with_name("scenarios") / "first-meeting.yaml"
#: what is rehearsed through a host when no file is given
SEATED = BUILT_IN.with_name("seated.yaml")
LONGEST_FILE = 256 * 1024
#: the loader written in C, where there is one, is ten times as fast
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
    #: under which a meeting on virtual time runs
    conditions: Conditions = field(default_factory=Conditions)
    #: it is one of those that are also rehearsed on real sound
    sound: bool = False
    #: file and title in one word
    name: str = ""

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
    conditions: Annotated[Conditions, BeforeValidator(named)] = Conditions()
    sound: bool = False


def load_scenario(path: Path) -> Scenario:
    """Read and check a scenario for a rehearsal. Raises RehearsalError that names the step and the reason."""
    found = load_scenarios(path)
    if len(found) != 1:
        raise RehearsalError("the file holds several scenarios: `parley eval manners` runs them")
    if wrong := only_virtual(found[0]):
        raise RehearsalError(f"{wrong}: only `parley eval manners` can do that")
    return found[0]


def load_scenarios(path: Path) -> list[Scenario]:
    """Every scenario of a file, divided by `---`, also those that need virtual time. Raises RehearsalError."""
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise RehearsalError("the scenario is too large: at most 256 kB")
        found = list(yaml.load_all(path.read_text("utf-8"), Loader=_LOADER))
    except OSError as error:
        raise RehearsalError(f"the scenario cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark is not None else ""
        raise RehearsalError(f"the scenario is not valid YAML{place}") from error
    scenarios = [parse_scenario(whole, folder=path.parent, name=path.stem) for whole in found or [None]]
    if len(scenarios) == 1:
        return [replace(scenarios[0], name=path.stem)]
    return [replace(each, name=f"{path.stem}/{_slug(each.title)}") for each in scenarios]


def only_virtual(scenario: Scenario) -> str:
    """What of this scenario real time and sound cannot do, in words; empty when they can do it all."""
    if scenario.conditions != Conditions():
        return "the scenario sets conditions"
    for step in scenario.steps:
        if step.pauses or step.late is not None or step.mixed:
            return f"{step.label}: pauses, lateness or mixed words"
        if step.expect.only_virtual:
            return f"{step.label}: “{step.expect.only_virtual}”"
    return ""


def _slug(title: str) -> str:
    return "-".join(re.findall(r"\w+", title.casefold()))


def parse_scenario(whole: Any, *, folder: Path = Path(), name: str = "scenario") -> Scenario:
    """The same from what the YAML holds; `folder` is where a meeting's file is looked for."""
    if not isinstance(whole, dict):
        raise RehearsalError("the scenario must be a mapping with people and steps")
    whole = {key_of(k): v for k, v in whole.items()}
    if isinstance(whole.get("agent"), str):
        whole["agent"] = {"name": whole["agent"]}
    if isinstance(whole.get("meeting"), str):
        whole["meeting"] = {"file": whole["meeting"]}
    if isinstance(whole.get("people"), list):
        whole["people"] = [{"name": p} if isinstance(p, str) else p for p in whole["people"]]
    try:
        file = _File.model_validate(whole)
    except ValidationError as error:
        raise RehearsalError(f"the scenario: {reason_of(error)}") from None
    names = [key_of(person.name) for person in file.people]
    for person, key in zip(file.people, names, strict=True):
        if names.count(key) > 1:
            raise RehearsalError(f"people: two of them are called {person.name}; steps could not tell them apart")
        if key in STEP_KEYS:
            raise RehearsalError(f"people: nobody can be called {person.name}: it is a word of the file")
    steps: list[Step] = []
    for index, raw in enumerate(file.steps):
        steps.append(parse_step(index, raw, file.people, steps))
    check_presence(file.people, steps)
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
        file.conditions,
        file.sound,
        name,
    )
