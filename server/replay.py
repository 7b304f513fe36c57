"""A tape run through the core again: the same events, and whether the same decisions come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from server.core.conversation import Config, Conversation
from server.core.effects import Decide
from server.core.transcript import Turn
from server.errors import TapeError
from server.store.base import Entry
from server.store.codec import config_from_entry, decision_to_entry, event_from_entry

#: what makes two decisions the same; times are compared as well, they come from the tape's own clock
COMPARED = ("turn", "verdict", "reason", "reply", "epoch", "outcome", "heard", "trouble")


@dataclass
class Replay:
    """What came out. `differences` holds (index, on the tape, now); either may be None."""

    events: int = 0
    decisions: list[dict[str, Any]] = field(default_factory=list)
    differences: list[tuple[int, dict[str, Any] | None, dict[str, Any] | None]] = field(default_factory=list)
    turns: Sequence[Turn] = ()

    @property
    def same(self) -> bool:
        """Whether every decision is the same."""
        return not self.differences

    def render(self) -> str:
        """For a person to read."""
        lines = [f"{self.events} events, {len(self.decisions)} decisions, {len(self.differences)} differ"]
        for index, before, now in self.differences:
            lines.append(f"decision {index + 1}:")
            lines.append(f"  on the tape: {_brief(before)}")
            lines.append(f"  now:         {_brief(now)}")
        return "\n".join(lines)


def replay(entries: Sequence[Entry]) -> Replay:
    """Run the events of one session. Raises TapeError when there are none."""
    if not entries:
        raise TapeError("there is no such session on the tape")
    conversation = Conversation(Config())
    result = Replay()
    recorded = []
    for entry in entries:
        if entry.kind == "config":
            conversation = Conversation(config_from_entry(entry.data))
        elif entry.kind == "decision":
            recorded.append(entry.data)
        elif entry.kind == "event":
            result.events += 1
            for effect in conversation.handle(event_from_entry(entry.data), entry.at):
                if isinstance(effect, Decide):
                    result.decisions.append(decision_to_entry(effect.decision))
    for index in range(max(len(recorded), len(result.decisions))):
        before = recorded[index] if index < len(recorded) else None
        now = result.decisions[index] if index < len(result.decisions) else None
        if before is None or now is None or any(before.get(key) != now.get(key) for key in COMPARED):
            result.differences.append((index, before, now))
    result.turns = tuple(conversation.transcript.turns)
    return result


def _brief(decision: dict[str, Any] | None) -> str:
    if decision is None:
        return "nothing"
    parts = [str(decision.get("verdict")), str(decision.get("words") or decision.get("reason"))]
    if decision.get("outcome"):
        parts.append(str(decision["outcome"]))
    return f"{decision.get('speaker') or 'operator'}: {', '.join(parts)}"
