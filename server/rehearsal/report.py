"""What a rehearsal found: every line, what followed, when, and whether it was what the scenario expects.

`report.json` is this, as it is; docs/rehearsal.md describes every field. Times are seconds of the meeting
unless the name says otherwise.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

#: Raised when a field changes its meaning or goes away.
VERSION = 1


@dataclass(frozen=True)
class Verdict:
    """One expectation: its name as in the scenario, what was wanted, what was found."""

    name: str
    wanted: str
    found: str
    held: bool


@dataclass(frozen=True)
class ReplyReport:
    """A reply as it sounded. `number` is the page's id of it; `planned` and `heard` are from the tape."""

    number: int
    begin: float
    end: float
    outcome: str = ""
    planned: str = ""
    heard: str = ""
    brain: str = ""
    voice: str = ""


@dataclass(frozen=True)
class SeatStep:
    """A step of the bot's life as the operator was told it. `at` is before 0 until the scenario begins."""

    at: float
    state: str
    words: str
    advice: str = ""


@dataclass(frozen=True)
class Connection:
    """A websocket of the vendor to us, as the vendor saw it: how often it was opened, with which HTTP statuses it was
    refused, how many messages were lost in gaps or because we read too slowly.
    """

    channel: str
    opened: int
    refused: tuple[int, ...] = ()
    lost: int = 0


@dataclass(frozen=True)
class Webhooks:
    """POSTs of the vendor to one of our addresses: taken, and answered with anything else (0 is no answer)."""

    channel: str
    taken: int
    refused: tuple[int, ...] = ()


@dataclass(frozen=True)
class SeatReport:
    """The agent's seat: its steps as we told them, and the same meeting as the vendor's stand-in saw it."""

    host: str
    title: str
    #: what the host was asked to send besides words and people
    senses: tuple[str, ...]
    #: where the bot was in the end
    state: str
    steps: tuple[SeatStep, ...]
    #: the vendor's own words for the bot's states, in order
    bot: tuple[str, ...]
    connections: tuple[Connection, ...]
    webhooks: tuple[Webhooks, ...]
    #: requests that carried a signature and were let in
    signed: int
    #: the HTTP status that a request with a forged signature got
    forged: int
    #: what was told, by kind
    sent: dict[str, int]
    #: what the agent wrote into the chat: second and text
    chat: tuple[tuple[float, str], ...]
    #: what our side could not read, by its own count
    odd: dict[str, int]
    #: what only this vendor has, in words
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TurnReport:
    """One step of the scenario and what followed.

    `speech_end` is where its sound ended; `first_sound_ms` the time from there to the first audible sample
    of the agent, both measured on the sound. `stages_ms` are the backend's own times, from its own idea of
    the end of speech.
    """

    step: int
    id: str
    person: str
    text: str
    start: float
    end: float
    speech_end: float
    decision: dict[str, Any] | None = None
    reply: ReplyReport | None = None
    first_sound_ms: float | None = None
    stages_ms: dict[str, float] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    #: a file beside the report, or empty
    screenshot: str = ""
    #: what somebody did: says, chat, joins, leaves
    kind: str = "says"
    #: what the agent wrote into the chat before the next step that wants it to, and how long after this one
    chat: str = ""
    chat_ms: float | None = None


@dataclass(frozen=True)
class Report:
    """The whole rehearsal. `passed` only when every expectation held."""

    title: str
    passed: bool
    started: str
    seconds: float
    environment: dict[str, str]
    turns: tuple[TurnReport, ...]
    #: expectations of the rehearsal as a whole
    verdicts: tuple[Verdict, ...] = ()
    #: replies that belong to no line of the scenario
    unasked: tuple[ReplyReport, ...] = ()
    #: decisions about lines that are not in the scenario, as on the tape
    other_decisions: tuple[dict[str, Any], ...] = ()
    page_errors: tuple[str, ...] = ()
    #: what else is in the folder: film, tape, html
    files: dict[str, str] = field(default_factory=dict)
    #: how far page and server clocks can disagree, in milliseconds
    clock_error_ms: float = 0.0
    #: the agent's seat, when a host seated it
    seat: SeatReport | None = None
    version: int = VERSION
    folder: Path = field(default_factory=Path, metadata={"json": False})

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        return (*self.verdicts, *(verdict for turn in self.turns for verdict in turn.verdicts))

    def first_sounds(self) -> list[float]:
        """Every measured time to the first sound, in milliseconds, shortest first."""
        return sorted(turn.first_sound_ms for turn in self.turns if turn.first_sound_ms is not None)

    def as_json(self) -> str:
        """The file `report.json`."""
        plain = asdict(self)
        plain.pop("folder")
        return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def percentile(values: list[float], share: float) -> float | None:
    """The value that `share` of the sorted `values` do not exceed; None without values."""
    if not values:
        return None
    return values[min(len(values) - 1, max(0, round(share * len(values) + 0.5) - 1))]
