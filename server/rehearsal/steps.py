"""One step of a scenario: who does what, when, and what should follow. Any error names the step and the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, ValidationError

from server.errors import RehearsalError
from server.rehearsal.expecting import Expect, Strict, seconds_of
from server.rehearsal.manners.conditions import Range, range_of

#: What somebody does: says a line, writes one into the chat, comes or goes, or makes a sound that is no word.
Kind = Literal["says", "chat", "joins", "leaves", "coughs", "laughs", "noise"]
#: kinds that are keys of their own; a line is under its speaker's name
_ACTS: tuple[Kind, ...] = ("chat", "joins", "leaves", "coughs", "laughs", "noise")
#: seconds of the sounds that are no words
SOUNDS: dict[str, float] = {"coughs": 0.5, "laughs": 1.2, "noise": 1.5}
#: What a line over the agent's voice is: a murmur, or a word to somebody else.
Role = Literal["", "backchannel", "aside"]
STEP_KEYS = {
    "at", "after", "over", "pause", "id", "expect", "speed", "kind", "lasts", "late", "mixed", "continues", "answer",
    *_ACTS,
}  # fmt: skip
#: a pause within a line: <0.8s>
_PAUSE = re.compile(r"\s*<\s*([\d.]+\s*m?s)\s*>\s*")


@dataclass(frozen=True)
class After:
    """What a step waits for. `settled` is an earlier step with all that followed; `ends` is the end of a
    line."""

    kind: Literal["settled", "begins", "ends", "reply begins", "reply ends", "reply played", "meeting ends"]
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
    role: Role = ""
    #: seconds of a sound that is no word
    lasts: float = 0.0
    #: the final of this line is so late
    late: Range | None = None
    #: pauses within the line: (words before it, seconds)
    pauses: tuple[tuple[int, float], ...] = ()
    #: the transcriber hears the agent's own words in front of this line
    mixed: bool = False
    #: index of the step whose request goes on here
    continues: int | None = None
    #: what a virtual brain answers to it
    answer: str = ""

    @property
    def label(self) -> str:
        return f"step {self.index + 1} ({self.id})"


class Cast(Strict):
    name: str = Field(min_length=1, max_length=80)
    voice: str = Field("", max_length=80)


def key_of(key: Any) -> str:
    return " ".join(str(key).replace("_", " ").split()).casefold()


def reason_of(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(p).replace("_", " ") for p in first["loc"] if not str(p).startswith("function-"))
    if first["type"] == "extra_forbidden":
        return f"“{place}” is not known here"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"


def parse_step(index: int, raw: dict[str, Any], people: list[Cast], earlier: list[Step]) -> Step:
    label = f"step {index + 1}"
    fields = {key_of(k): v for k, v in raw.items()}
    kind, person, text = _act(label, fields, people)
    if extra := set(fields) - STEP_KEYS:
        raise RehearsalError(f"{label}: “{min(extra)}” is neither a person nor a key of a step")
    if len({"at", "after", "over"} & set(fields)) > 1:
        raise RehearsalError(f"{label}: give either at or after or over, not two of them")
    name = str(fields.get("id", "")).strip() or f"{key_of(person.name).replace(' ', '-')}-{index + 1}"
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
        checked = Expect.model_validate({key_of(k).replace(" ", "_"): v for k, v in expect.items()})
        lasts = seconds_of(fields["lasts"]) if "lasts" in fields else SOUNDS.get(kind, 0.0)
        late = range_of(fields["late"]) if "late" in fields else None
        role: Role = fields.get("kind", "")
        if role not in ("", "backchannel", "aside"):
            raise ValueError("kind is backchannel or aside")
        mixed, answer = fields.get("mixed", False), fields.get("answer", "")
        if not isinstance(mixed, bool) or not isinstance(answer, str):
            raise ValueError("mixed is true or false, and an answer is a text")
        text, pauses = _pauses(text)
    except ValidationError as error:
        raise RehearsalError(f"{label} ({name}): expect: {reason_of(error)}") from None
    except ValueError as error:
        raise RehearsalError(f"{label} ({name}): {error}") from None
    after = None
    if "over" in fields:
        after = _over(label, fields["over"], earlier)
    elif "at" not in fields and (index or "after" in fields):
        after = _after(label, fields.get("after"), people, earlier)
    pause = times.get("pause", 0.4 if after is not None and not {"after", "over"} & set(fields) else 0.0)
    at = times.get("at", None if after is not None else 0.5)
    return Step(
        index, name, person.name, text, at, after, pause, float(speed), checked, kind, role, lasts, late, pauses, mixed,
        _continues(label, fields.get("continues"), person, earlier), answer,
    )  # fmt: skip


def _act(label: str, fields: dict[str, Any], people: list[Cast]) -> tuple[Kind, Cast, str]:
    """Who does what in this step; takes it out of its fields."""
    speakers = [p for p in people if key_of(p.name) in fields]
    acts = [act for act in _ACTS if act in fields]
    if len(speakers) + len(acts) != 1:
        unknown = [k for k in fields if k not in STEP_KEYS]
        what = "one person must speak"
        if acts:
            what = f"“{acts[0]}” needs a step of its own"
        elif unknown and not speakers:
            what = f"“{unknown[0]}” is none of the people"
        raise RehearsalError(f"{label}: {what}")
    kind: Kind = acts[0] if acts else "says"
    if kind in ("joins", "leaves"):
        return kind, _person(f"{label}: {kind}", fields.pop(kind), people), kind
    if kind in SOUNDS:
        # {ana: "[cough]"} when a transcriber makes words of it
        value = fields.pop(kind)
        ((name, text),) = value.items() if isinstance(value, dict) and len(value) == 1 else ((value, ""),)
        return kind, _person(f"{label}: {kind}", name, people), str(text).strip()
    if kind == "chat":
        chat = fields.pop("chat")
        if not isinstance(chat, dict) or len(chat) != 1:
            raise RehearsalError(f'{label}: chat: one person writes, such as {{ana: "Parley, what next?"}}')
        ((name, text),) = chat.items()
        person, verb = _person(f"{label}: chat", name, people), "writes"
    else:
        person, verb = speakers[0], "says"
        text = fields.pop(key_of(person.name))
    if not isinstance(text, str) or not text.strip():
        raise RehearsalError(f"{label}: {person.name} {verb} nothing: give a text in quotes")
    return kind, person, text.strip()


def _person(label: str, name: Any, people: list[Cast]) -> Cast:
    found = next((p for p in people if key_of(p.name) == key_of(name)), None)
    if found is None:
        raise RehearsalError(f"{label}: “{key_of(name)}” is none of the people")
    return found


def check_presence(people: list[Cast], steps: list[Step]) -> None:
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


def _pauses(text: str) -> tuple[str, tuple[tuple[int, float], ...]]:
    """The line without its marks of pauses, such as <0.8s>, and where these were."""
    parts = _PAUSE.split(text)
    pauses, words = [], 0
    for said, pause in zip(parts[::2], parts[1::2], strict=False):
        words += len(said.split())
        pauses.append((words, seconds_of(pause)))
    return " ".join(part for part in parts[::2] if part), tuple(pauses)


def _earlier(value: Any, earlier: list[Step]) -> Step | None:
    """The step with this id, or the last one of this person."""
    text = key_of(value)
    by_id = next((step for step in earlier if text == key_of(step.id)), None)
    return by_id or next((step for step in reversed(earlier) if text == key_of(step.person)), None)


def _over(label: str, value: Any, earlier: list[Step]) -> After:
    step = _earlier(value, earlier)
    if step is None:
        raise RehearsalError(f"{label}: over “{value}” is not understood: use a person or the id of an earlier step")
    return After("begins", step.index)


def _continues(label: str, value: Any, person: Cast, earlier: list[Step]) -> int | None:
    if not value:
        return None
    step = _earlier(person.name if value is True else value, earlier)
    if step is None:
        raise RehearsalError(f"{label}: there is nothing above that it could continue")
    return step.index


def _after(label: str, value: Any, people: list[Cast], earlier: list[Step]) -> After:
    text = key_of(value) if value is not None else ""
    if text == "meeting ends":
        return After("meeting ends", -1)
    if not earlier:
        raise RehearsalError(f"{label}: the first step waits for a time (at) or for “meeting ends”, for nothing else")
    if value is None:
        return After("settled", len(earlier) - 1)
    for step in earlier:
        if text == key_of(step.id):
            return After("settled", step.index)
        if text == f"{key_of(step.id)} ends":
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
        if text == f"{key_of(step.person)} ends":
            return After("ends", step.index)
    raise RehearsalError(
        f"{label}: after “{value}” is not understood: use “meeting ends”, “reply begins”, “reply ends”, "
        "“reply has played 2s”, “<person> ends” or the id of an earlier step"
    )
