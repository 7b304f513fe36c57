"""`parley eval manners`: plays scenarios on virtual time, judges them, and makes the scorecard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from server.errors import RehearsalError
from server.rehearsal.manners.cuts import heard_errors
from server.rehearsal.manners.judge import Verdict, unasked, verdicts
from server.rehearsal.manners.measuring import Samples, measure
from server.rehearsal.manners.meeting import Played, play
from server.rehearsal.manners.scorecard import TARGETS, Failure, Scorecard, figure
from server.rehearsal.scenario import Scenario, load_scenarios

#: seconds between the partials of a source that writes every word down as it comes
QUICK_PARTIALS = 0.01
LIBRARY = Path(__file__).with_name("library")


def library() -> list[Scenario]:
    """Every scenario that ships, in the order of their files."""
    return [scenario for path in sorted(LIBRARY.glob("*.yaml")) for scenario in load_scenarios(path)]


def chosen(names: Sequence[str]) -> list[Scenario]:
    """The whole library, or what these names mean: a file, or part of a scenario's name. Raises RehearsalError."""
    if not names:
        return library()
    found: list[Scenario] = []
    for name in names:
        path = Path(name)
        some = load_scenarios(path) if path.suffix in (".yaml", ".yml") else []
        some = some or [scenario for scenario in library() if name.casefold() in scenario.name.casefold()]
        if not some:
            raise RehearsalError(f"there is no scenario “{name}”: give a YAML file or part of a name in the library")
        found += some
    return found


def evaluate(scenarios: Sequence[Scenario], repeat: int = 1) -> Scorecard:
    """Play each scenario `repeat` times, each time with other chances; once more without speculation, and once more
    with words that come as soon as they are said.
    """
    samples: Samples = defaultdict(list)
    failures: dict[tuple[str, ...], Failure] = {}
    faults: list[str] = []
    replayed = runs = 0
    for scenario in scenarios:
        for turn in range(repeat):
            played = play(scenario, seed=str(turn))
            runs += 1
            replayed += played.replayed
            faults += [f"{scenario.name}: {fault}" for fault in played.facts.faults]
            if not played.facts.ended:
                faults.append(f"{scenario.name}: the meeting did not end")
            _score(played, samples, failures)
            without = play(scenario, seed=str(turn), speculate=False)
            samples["latency_plain"] += measure(without.facts, scenario.conditions)["latency"]
            if scenario.conditions.plain:
                quick = play(_with_quick_words(scenario), seed=str(turn))
                samples["latency_quick"] += measure(quick.facts, scenario.conditions)["latency"]
    samples["heard_error"] += heard_errors()
    return Scorecard(
        scenarios=len(scenarios),
        runs=runs,
        figures=tuple(figure(target, samples[target.name]) for target in TARGETS),
        failures=tuple(failures.values()),
        replayed=replayed,
        faults=tuple(dict.fromkeys(faults)),
    )


def _with_quick_words(scenario: Scenario) -> Scenario:
    return replace(scenario, conditions=scenario.conditions.model_copy(update={"partials": QUICK_PARTIALS}))


def _score(played: Played, samples: Samples, failures: dict[tuple[str, ...], Failure]) -> None:
    scenario, facts = played.scenario, played.facts
    for name, values in measure(facts, scenario.conditions).items():
        samples[name] += values
    for verdict in verdicts(facts):
        if verdict.measure:
            samples[verdict.measure].append(float(verdict.held))
        if not verdict.held:
            _note(failures, _failure(scenario, verdict))
    for reply in unasked(facts):
        line = facts.line_of(reply.turn)
        step, text = (line.step.label, _words(line.step.text)) if line is not None else ("", "")
        reason = reply.decision.reason if reply.decision is not None else "unknown"
        _note(failures, Failure(scenario.name, step, text, reply.begin, "no reply", f"an unasked reply: {reason}"))
    samples["unasked"].append(float(len(unasked(facts))))


def _failure(scenario: Scenario, verdict: Verdict) -> Failure:
    line = verdict.line
    wanted = f"{verdict.name} {verdict.wanted}"
    return Failure(scenario.name, line.step.label, _words(line.step.text), line.start, wanted, verdict.found)


def _words(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def _note(failures: dict[tuple[str, ...], Failure], failure: Failure) -> None:
    """The same failure in another run is the same failure."""
    key = (failure.scenario, failure.step, failure.expected)
    known = failures.get(key)
    times = known.times + 1 if known is not None else 1
    failures[key] = replace(known or failure, times=times)
