"""The scorecard of manners: every figure with its target, whether it is reached, and what went wrong where.

Definitions of the rates: tau-voice's (R_R, R_Y, S_BC, S_VT, S_ND, I_A). docs/manners.md says what each figure means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from server.rehearsal.report import percentile

Unit = Literal["share", "ms", "s", "words", "count"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach: `at least` a share, or `at most` at the median, the 95th percentile, the largest."""

    name: str
    title: str
    unit: Unit
    least: float | None = None
    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    most: float | None = None


#: the figures, in the order of the issue's table
TARGETS: tuple[Target, ...] = (
    Target("answered", "answered when addressed", "share", least=0.98),
    Target("yielded", "yielded when really interrupted", "share", least=0.98),
    Target("not_for_us", "speech not for us handled right", "share", least=0.95),
    Target("backchannels", "backchannels handled right", "share", least=0.95),
    Target("noises", "noises handled right", "share", least=0.95),
    Target("starts_over", "starts over a person, per turn", "share", mean=0.05),
    Target("pause_ended", "turns ended in a mid-turn pause", "share", mean=0.10),
    Target("duck", "duck after onset", "ms", p95=0.120),
    Target("decision_to_silence", "decision to silence at the page", "ms", p95=0.050),
    Target("onset_to_silence", "onset to silence, real interruption", "ms", p50=0.350),
    Target("resume", "full voice again after a false alarm", "s", p95=1.0),
    Target("words_lost", "words lost in a false alarm", "words", most=0.0),
    Target("heard_error", "heard-text error at random cuts", "words", most=1.0),
    Target("latency_plain", "end of speech to first sound", "s", p50=0.9, p95=1.5),
    Target("latency", "the same with speculation", "s", p50=0.65),
    Target("latency_quick", "the same, a partial behind every word", "s", p50=0.65),
    Target("guess_wasted", "speculation wasted", "share", mean=0.25),
    Target("unasked", "unasked replies", "count", most=0.0),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure over all runs. Shares and counts have a `value`, times and words p50, p95 and the largest."""

    target: Target
    count: int
    value: float | None
    p50: float | None
    p95: float | None
    most: float | None

    @property
    def reached(self) -> bool | None:
        """Whether every bound holds; None when there is none, or nothing was measured."""
        if (not self.count and self.target.unit != "count") or not _wanted(self.target):
            return None
        bounds = (
            (self.target.mean, self.value),
            (self.target.p50, self.p50),
            (self.target.p95, self.p95),
            (self.target.most, self.value if self.target.unit == "count" else self.most),
        )
        if self.target.least is not None and (self.value or 0.0) < self.target.least - 1e-9:
            return False
        return all(bound is None or found is None or found <= bound + 1e-9 for bound, found in bounds)


def figure(target: Target, samples: list[float]) -> Figure:
    """The figure of these samples: of shares and counts their mean and sum, of times their percentiles."""
    ordered = sorted(samples)
    if target.unit == "count":
        return Figure(target, len(samples), sum(samples), None, None, None)
    if target.unit == "share":
        value = sum(samples) / len(samples) if samples else None
        return Figure(target, len(samples), value, None, None, None)
    most = ordered[-1] if ordered else None
    return Figure(target, len(samples), None, percentile(ordered, 0.5), percentile(ordered, 0.95), most)


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that was not as the scenario wants it. `line` is the scenario's own line; `times` in how many runs."""

    scenario: str
    step: str
    line: str
    at: float
    expected: str
    found: str
    times: int = 1


@dataclass(frozen=True)
class Scorecard:
    """All figures over all runs."""

    scenarios: int
    runs: int
    figures: tuple[Figure, ...]
    failures: tuple[Failure, ...]
    #: runs whose tape led a fresh conversation to the same decisions
    replayed: int
    #: faults inside the core, and meetings that did not end
    faults: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Figure:
        return next(each for each in self.figures if each.target.name == name)

    @property
    def reached(self) -> bool:
        """Every target is reached, every tape replays and nothing broke."""
        whole = self.replayed == self.runs and not self.faults
        return whole and all(each.reached is not False for each in self.figures)


def render(card: Scorecard) -> str:
    """The scorecard as plain text: figures with their targets, then what went wrong."""
    lines = [f"{card.scenarios} scenarios, {card.runs} runs; {card.replayed} of {card.runs} tapes replay alike", ""]
    lines.append(f"{'measure':<38}{'of':>6}{'value':>9}{'p50':>9}{'p95':>9}  {'target':<24}reached")
    for one in card.figures:
        unit = one.target.unit
        cells = "".join(f"{_number(value, unit):>9}" for value in (one.value, one.p50, one.p95))
        reached = {True: "yes", False: "NO", None: "-"}[one.reached]
        lines.append(f"{one.target.title:<38}{one.count:>6}{cells}  {_wanted(one.target):<24}{reached}")
    lines += ["", *(f"BROKEN {fault}" for fault in card.faults)]
    if not card.failures:
        return "\n".join([*lines, "nothing was other than expected"])
    lines.append(f"{len(card.failures)} expectations missed:")
    for miss in card.failures:
        often = f" ({miss.times}x)" if miss.times > 1 else ""
        lines.append(f"  {miss.scenario}, {miss.step} at {miss.at:.1f} s{often}: “{miss.line}”")
        lines.append(f"      wanted: {miss.expected}; found: {miss.found}")
    return "\n".join(lines)


def to_json(card: Scorecard) -> dict[str, Any]:
    """The scorecard as plain values; times in milliseconds or seconds as their unit says."""
    return {
        "scenarios": card.scenarios,
        "runs": card.runs,
        "replayed": card.replayed,
        "reached": card.reached,
        "measures": {one.target.name: _plain(one) for one in card.figures},
        "faults": list(card.faults),
        "failures": [
            {
                "scenario": miss.scenario,
                "step": miss.step,
                "line": miss.line,
                "at": round(miss.at, 2),
                "expected": miss.expected,
                "found": miss.found,
                "times": miss.times,
            }
            for miss in card.failures
        ],
    }


def _plain(one: Figure) -> dict[str, Any]:
    target, scale = one.target, 1000 if one.target.unit == "ms" else 1
    bounds = {"least": target.least, "mean": target.mean, "p50": target.p50, "p95": target.p95, "most": target.most}
    found = {"value": one.value, "p50": one.p50, "p95": one.p95, "most": one.most}
    return {
        "count": one.count,
        "unit": target.unit,
        **{key: round(value * scale, 3) for key, value in found.items() if value is not None},
        "target": {key: round(bound * scale, 3) for key, bound in bounds.items() if bound is not None},
        "reached": one.reached,
    }


def _number(value: float | None, unit: Unit) -> str:
    if value is None:
        return "-"
    match unit:
        case "share":
            return f"{value:.3f}"
        case "ms":
            return f"{value * 1000:.0f} ms"
        case "s":
            return f"{value:.2f} s"
    return f"{value:g}"


def _wanted(target: Target) -> str:
    unit = target.unit
    parts = [f"at least {_number(target.least, unit)}"] if target.least is not None else []
    for bound, name in ((target.mean, ""), (target.p50, "p50 "), (target.p95, "p95 "), (target.most, "")):
        if bound is not None:
            parts.append(f"{name}≤ {_number(bound, unit)}")
    return ", ".join(parts)
