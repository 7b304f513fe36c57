"""What every part of one conversation shares: the settings it began with, the floor, the transcript, the outbox."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.core import addressing
from server.core.decision import Decision
from server.core.floor import Floor
from server.core.memory import Memory
from server.core.outbox import Outbox
from server.core.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Config:
    """What a conversation needs to know from the start. It is the first entry of the tape."""

    name: str = "Parley"
    aliases: tuple[str, ...] = ()
    policy: str = "named"
    language: str = "en"
    instructions: str = ""
    prompt_tokens: int = 6000


@dataclass
class Room:
    """The meeting as the agent knows it."""

    config: Config
    out: Outbox = field(default_factory=Outbox)
    floor: Floor = field(default_factory=Floor)
    transcript: Transcript = field(default_factory=Transcript)
    memory: Memory = field(default_factory=Memory)
    #: when somebody's words last came in, partial or final
    last_words: float = -1.0
    #: key of the person whose answer the agent waits for, and until when
    expecting: tuple[str, float] = ("", 0.0)

    def context(self, who: str, speaker: str, now: float, before: str = "") -> addressing.Context:
        """What the rules of addressing may know about an utterance."""
        names = tuple(self.transcript.names.values()) or self.transcript.speakers
        expected, until = self.expecting
        return addressing.Context(
            agents=(self.config.name, *self.config.aliases),
            participants=names,
            speaker=speaker,
            policy=self.config.policy,
            expecting=expected == who and now < until,
            before=before,
        )

    def name_of(self, who: str) -> str:
        """The name of the person with this key."""
        return self.transcript.names.get(who, who)

    def decide(
        self,
        verdict: str,
        reason: str,
        now: float,
        *,
        turn: int,
        speaker: str,
        text: str,
        epoch: int,
        evidence: str = "",
    ) -> None:
        """A turn ended without a reply: here is its record."""
        times = {"final": round(now, 4), "ended": round(now, 4)}
        floor = self.floor.describe(now)
        self.out.decide(Decision(turn, now, verdict, reason, speaker, text, evidence, floor, epoch, times=times))
