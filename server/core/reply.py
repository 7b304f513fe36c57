"""One reply on its way: from the question to the last sample played."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.core.chunking import Chunker
from server.core.decision import Decision
from server.core.events import BrainTool
from server.core.heard import SpokenReply


@dataclass(slots=True)
class Asked:
    """A turn that is meant for the agent, while it is still growing."""

    turn: int
    speaker: str
    speaker_id: str
    text: str
    question: str
    reason: str
    evidence: str
    since: float
    #: when the newest part arrived
    latest: float
    call_only: bool = False

    @property
    def who(self) -> str:
        """The key of the speaker: the host's id, or the name when there is none."""
        return self.speaker_id or self.speaker


@dataclass(slots=True)
class Reply:
    """A reply being thought, voiced and played. Everything about it carries `id` and `epoch`."""

    id: int
    epoch: int
    asked: Asked
    at: float
    chunker: Chunker = field(default_factory=Chunker)
    spoken: SpokenReply = field(default_factory=SpokenReply)
    times: dict[str, float] = field(default_factory=dict)
    brain: str = ""
    voice: str = ""
    trouble: str = ""
    #: nobody is sure yet that this was asked: nothing of it may be heard, and nothing done
    guess: bool = False
    #: pieces and wishes of the brain that wait until the guess is adopted
    pieces_kept: list[str] = field(default_factory=list)
    tools_kept: list[BrainTool] = field(default_factory=list)
    #: all text has come
    thought: bool = False
    #: its sound may leave
    released: bool = False
    #: the room talked on since this meeting time while the sound was held
    held_since: float | None = None
    paused: bool = False
    #: the voice gave up in the middle of it
    cut: bool = False
    last_text: float = 0.0
    tools: int = 0
    line: str = ""
    heard_logged: int = 0
    reason_ended: str = ""

    @property
    def audible(self) -> bool:
        """Whether a sample of it was played."""
        return self.spoken.played > 0

    def stage(self, name: str, now: float) -> None:
        """The reply reached this stage; only the first time counts."""
        self.times.setdefault(name, round(now, 4))

    def decision(self, outcome: str, now: float, floor: str) -> Decision:
        """The record of this turn."""
        self.stage("ended", now)
        return Decision(
            turn=self.asked.turn,
            at=self.at,
            verdict="guess" if self.guess else "reply",
            reason=self.asked.reason,
            speaker=self.asked.speaker,
            text=self.asked.text,
            evidence=self.asked.evidence,
            floor=floor,
            epoch=self.epoch,
            reply=self.id,
            outcome=outcome,
            planned=self.spoken.planned,
            heard=self.spoken.heard,
            brain=self.brain,
            voice=self.voice,
            trouble=self.trouble,
            times=dict(self.times),
        )
