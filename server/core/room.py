"""What every part of one conversation shares: the settings it began with, the floor, the transcript, the outbox."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.core import addressing
from server.core.decision import Decision
from server.core.floor import Floor
from server.core.memory import Memory
from server.core.outbox import Outbox
from server.core.people import People
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
    #: spoken once when the agent's bot is in and somebody is there; {name} is the agent's; empty: nothing
    greeting: str = ""
    #: whose commands in the chat count: hosts (everybody, where no host is known), everyone or nobody
    chat_commands: str = "hosts"


@dataclass
class Room:
    """The meeting as the agent knows it."""

    config: Config
    out: Outbox = field(default_factory=Outbox)
    floor: Floor = field(default_factory=Floor)
    transcript: Transcript = field(default_factory=Transcript)
    memory: Memory = field(default_factory=Memory)
    people: People = field(init=False)
    #: when somebody's words last came in, partial or final
    last_words: float = -1.0
    #: key of the person whose answer the agent waits for, and until when
    expecting: tuple[str, float] = ("", 0.0)

    def __post_init__(self) -> None:
        self.people = People(self.config.name)

    def may_command(self, who: str, name: str = "") -> bool:
        """Whether this person may have the agent leave, or speak for them, by a line in the chat."""
        match self.config.chat_commands:
            case "everyone":
                return True
            case "hosts":
                person = self.people.by(who, name)
                return not self.people.host_known or (person is not None and person.is_host)
        return False

    def context(self, who: str, speaker: str, now: float, before: str = "") -> addressing.Context:
        """What the rules of addressing may know about an utterance."""
        known = (*self.transcript.names.values(), *(one.name for one in self.people.here if one.name))
        names = tuple(dict.fromkeys(known)) or self.transcript.speakers
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
