"""Who talked for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.core.transcript import Turn


@dataclass(frozen=True, slots=True)
class Share:
    """One person's part of the talking. `percent` is rounded."""

    speaker: str
    seconds: float
    percent: int


def shares(turns: Sequence[Turn]) -> list[Share]:
    """Everybody who spoke, the most talkative first. The agent does not count."""
    seconds: dict[str, float] = {}
    for turn in turns:
        if not turn.is_agent and turn.text:
            seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + max(0.0, turn.end - turn.start)
    total = sum(seconds.values()) or 1.0
    ordered = sorted(seconds.items(), key=lambda item: -item[1])
    return [Share(speaker, length, round(100 * length / total)) for speaker, length in ordered]
