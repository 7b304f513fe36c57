"""What the rules of addressing are given, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recent:
    """One turn before an utterance. `ago` is seconds from its end to the start of the utterance, 0 when they touch."""

    speaker: str
    text: str
    is_agent: bool
    ago: float


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules may know. `agents` is the agent's name first, then its aliases, those it learned among them."""

    agents: tuple[str, ...]
    #: names of the people in the call, without the agent
    participants: tuple[str, ...] = ()
    speaker: str = ""
    #: named, open (alone with one person), standing (invited for a while) or muted
    policy: str = "named"
    #: the agent asked this speaker something and waits for the answer
    expecting: bool = False
    #: words of the same speaker just before this utterance, still unanswered
    before: str = ""
    #: whom the agent's last turn answered, where that is known
    answered: str = ""
    #: the turns just before, oldest first
    recent: tuple[Recent, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`addressed` says whether to answer. `question` is what was asked, without the name where it only calls."""

    addressed: bool
    reason: str
    evidence: str = ""
    question: str = ""
    #: the name was called and nothing asked yet
    call_only: bool = False
    #: what was heard in place of the name: an alias to learn for this meeting
    heard_as: str = ""
