"""Does the agent know when it is spoken to? The score of the rules of addressing on labelled utterances.

A file has one JSON object per line: `id`, `agent_name`, `participants`, `speaker`, `utterance`, `context` (turns
before, oldest first: `speaker`, `text`, `is_agent`, `seconds_ago`), `label` (`respond` or `stay_silent`) and, for
reading the results only, `category`. The rules are shown neither label nor category.

Precision, recall and F1 are those of `respond`; a rate over nothing is 1.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.core.addressing import Context, Recent, judge
from server.errors import ParleyError

RESPOND = "respond"
SILENT = "stay_silent"


class AddressingFileError(ParleyError):
    """A file of utterances cannot be read. The message names the file, the line and the field, never what was said."""


@dataclass(frozen=True, slots=True)
class Item:
    """One utterance, with what the rules may know of it, and how it is labelled."""

    id: str
    utterance: str
    context: Context
    label: str
    category: str


@dataclass(frozen=True, slots=True)
class Miss:
    """An utterance that was judged against its label."""

    id: str
    category: str
    expected: str
    got: str
    reason: str


@dataclass(frozen=True, slots=True)
class AddressingReport:
    """The rates over all items, 0 to 1, and every error in the order of the file."""

    items: int
    precision: float
    recall: float
    f1: float
    errors: tuple[Miss, ...]
    #: items of each category
    categories: dict[str, int]


def evaluate(file: Path) -> AddressingReport:
    """Judge every utterance of a file. Raises AddressingFileError on a bad one."""
    items = read_items(file)
    counts: Counter[tuple[str, str]] = Counter()
    errors: list[Miss] = []
    for item in items:
        verdict = judge(item.utterance, item.context)
        got = RESPOND if verdict.addressed else SILENT
        counts[item.label, got] += 1
        if got != item.label:
            errors.append(Miss(item.id, item.category, item.label, got, verdict.reason))
    right = counts[RESPOND, RESPOND]
    precision = _rate(right, right + counts[SILENT, RESPOND])
    recall = _rate(right, right + counts[RESPOND, SILENT])
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return AddressingReport(
        items=len(items),
        precision=precision,
        recall=recall,
        f1=f1,
        errors=tuple(errors),
        categories=dict(Counter(item.category for item in items)),
    )


def render(report: AddressingReport) -> str:
    """The report as plain text: the rates, then the errors by category."""
    lines = [
        f"{report.items} utterances: precision {report.precision:.3f}, recall {report.recall:.3f}, F1 {report.f1:.3f}"
    ]
    if not report.errors:
        return f"{lines[0]}\nno errors"
    wrong = Counter(miss.category for miss in report.errors)
    lines += ["", f"{'category':<28}{'items':>7}{'errors':>8}"]
    lines += [f"{category[:27]:<28}{count:>7}{wrong[category]:>8}" for category, count in report.categories.items()]
    lines += ["", f"{'category':<28}{'id':<16}{'expected':<13}{'got':<13}reason"]
    for miss in sorted(report.errors, key=lambda miss: miss.category):
        lines.append(f"{miss.category[:27]:<28}{miss.id[:15]:<16}{miss.expected:<13}{miss.got:<13}{miss.reason}")
    return "\n".join(lines)


def to_json(report: AddressingReport) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "items": report.items,
        "precision": round(report.precision, 4),
        "recall": round(report.recall, 4),
        "f1": round(report.f1, 4),
        "errors": [
            {"id": miss.id, "expected": miss.expected, "got": miss.got, "reason": miss.reason} for miss in report.errors
        ],
    }


def read_items(file: Path) -> tuple[Item, ...]:
    """Parse a file of utterances; empty lines are skipped."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AddressingFileError(f"{file.name}: cannot be read: {error.strerror or 'unknown reason'}") from error
    except UnicodeDecodeError:
        raise AddressingFileError(f"{file.name}: is not UTF-8 text") from None
    lines = enumerate(text.split("\n"), 1)  # not splitlines: JSON text may hold other line separators
    items = tuple(_item(f"{file.name}: line {number}", line) for number, line in lines if line.strip())
    if not items:
        raise AddressingFileError(f"{file.name}: holds no utterances")
    return items


def _item(where: str, line: str) -> Item:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):  # the error quotes the line
        raise AddressingFileError(f"{where}: is not JSON") from None
    if not isinstance(data, dict):
        raise AddressingFileError(f"{where}: is not a JSON object")
    label = data.get("label")
    if label not in (RESPOND, SILENT):
        raise AddressingFileError(f"{where}: `label` is neither {RESPOND} nor {SILENT}")
    participants = data.get("participants")
    if not isinstance(participants, list) or not all(isinstance(name, str) for name in participants):
        raise AddressingFileError(f"{where}: `participants` is not a list of names")
    turns = data.get("context", [])
    if not isinstance(turns, list):
        raise AddressingFileError(f"{where}: `context` is not a list")
    category = data.get("category", "")
    context = Context(
        agents=(_text(where, data, "agent_name"),),
        participants=tuple(participants),
        speaker=_text(where, data, "speaker"),
        recent=tuple(_turn(f"{where}: context[{at}]", turn) for at, turn in enumerate(turns)),
    )
    return Item(
        id=_text(where, data, "id"),
        utterance=_text(where, data, "utterance"),
        context=context,
        label=label,
        category=category if isinstance(category, str) and category else "-",
    )


def _turn(where: str, data: Any) -> Recent:
    if not isinstance(data, dict):
        raise AddressingFileError(f"{where} is not an object")
    speaker, text, is_agent, ago = (data.get(key) for key in ("speaker", "text", "is_agent", "seconds_ago"))
    if not isinstance(speaker, str) or not isinstance(text, str):
        raise AddressingFileError(f"{where}: `speaker` and `text` must be strings")
    if not isinstance(is_agent, bool):
        raise AddressingFileError(f"{where}: `is_agent` is neither true nor false")
    if not isinstance(ago, int | float) or isinstance(ago, bool) or not math.isfinite(ago) or ago < 0:
        raise AddressingFileError(f"{where}: `seconds_ago` is not a number of seconds")
    return Recent(speaker, text, is_agent, float(ago))


def _text(where: str, data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise AddressingFileError(f"{where}: `{key}` is missing or not a string")
    return value


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
