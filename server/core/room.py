"""What every part of one conversation shares: the settings it began with, the floor, the transcript, the outbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from server.core import addressing
from server.core.decision import Decision
from server.core.endpointing import Habits, Lateness
from server.core.floor import Floor
from server.core.memory import Memory
from server.core.outbox import Outbox
from server.core.people import People
from server.core.transcript import Transcript

#: turns before an utterance that the rules of addressing may know, and how many seconds back
RECENT = 8
RECENT_SECONDS = 60.0
#: times that something like the agent's name must have called it before it is taken for a name of its own
LEARNED = 2
#: forms of its name that are remembered
ALIASES = 12


@dataclass(frozen=True, slots=True)
class Config:
    """What a conversation needs to know from the start. It is the first entry of the tape."""

    name: str = "Parley"
    aliases: tuple[str, ...] = ()
    policy: str = "named"
    language: str = "en"
    instructions: str = ""
    prompt_tokens: int = 6000
    #: whether a model is asked when the rules of addressing are not sure
    second_opinion: bool = False
    #: whether to begin thinking before it is sure that a turn is over
    speculate: bool = True
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
    habits: Habits = field(default_factory=Habits)
    lateness: Lateness = field(default_factory=Lateness)
    transcript: Transcript = field(default_factory=Transcript)
    memory: Memory = field(default_factory=Memory)
    people: People = field(init=False)
    #: when somebody's words last came in, partial or final, and by which ear
    last_words: float = -1.0
    words_from: str = ""
    #: name of the person whose question was answered last
    answered: str = ""
    #: key of the person whose answer the agent waits for, and until when
    expecting: tuple[str, float] = ("", 0.0)
    #: what the agent is saying at this moment, or was when somebody cut in, as far as it was heard; "" when silent
    saying: Callable[[], str] = lambda: ""
    #: whether the agent was asked to be quiet
    muted: Callable[[], bool] = lambda: False
    #: until when it was invited to join in without being called
    standing_until: float = 0.0
    # what was heard in place of its name, and how often; full: nothing more is learned
    _heard_as: dict[str, int] = field(default_factory=dict)

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
        expected, until = self.expecting
        return addressing.Context(
            agents=(self.config.name, *self.config.aliases, *self._learned()),
            participants=self._participants(),
            speaker=speaker,
            policy=self.policy(now),
            expecting=expected == who and now < until,
            before=before,
            answered=self.answered,
            recent=self._recent(who, now),
        )

    def policy(self, now: float) -> str:
        """Which policy holds now: muted or standing for a while, else the one of the settings."""
        if self.muted():
            return "muted"
        if now < self.standing_until:
            return "standing"
        return "named" if self.config.policy == "muted" else self.config.policy

    def heard_as(self, word: str) -> None:
        """The agent was called by something that only sounds like its name."""
        word = word.casefold().strip()
        if word and (word in self._heard_as or len(self._heard_as) < ALIASES):
            self._heard_as[word] = self._heard_as.get(word, 0) + 1

    def _learned(self) -> tuple[str, ...]:
        """What this meeting's transcript makes of the agent's name; never what a person here is called."""
        people = {part for name in self._participants() for part in name.casefold().split()}
        return tuple(
            word for word, times in self._heard_as.items() if times >= LEARNED and people.isdisjoint(word.split())
        )

    def _participants(self) -> tuple[str, ...]:
        """The names of those in the call, without the agent and those known to have left."""
        here = [one.name for one in self.people.here if one.name]
        for id, name in self.transcript.names.items():
            one = self.people.by(id)
            if one is None or one.here:
                here.append(name)
        agent = self.config.name.casefold()
        return tuple(dict.fromkeys(name for name in here if name.casefold() != agent)) or self.transcript.speakers

    def _recent(self, who: str, now: float) -> tuple[addressing.Recent, ...]:
        """The last turns before what this person says now, which is the turn that came last when it is theirs."""
        turns = self.transcript.turns[-2 * RECENT :]
        said = max(turns, key=lambda turn: turn.index, default=None)
        if said is not None and (said.is_agent or (said.speaker_id or said.speaker) != who):
            said = None
        begins, via = (said.start, said.via) if said is not None else (self.transcript.clock.now(now), "")
        recent = [
            addressing.Recent(turn.speaker, turn.text, turn.is_agent, max(0.0, begins - turn.end))
            for turn in turns
            if turn is not said and turn.via == via and turn.start <= begins and begins - turn.end <= RECENT_SECONDS
        ]
        if not via and (saying := self.saying()):
            recent.append(addressing.Recent(self.config.name, saying, True, 0.0))
        return tuple(recent[-RECENT:])

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
