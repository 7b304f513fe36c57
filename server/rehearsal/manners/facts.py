"""What really happened in a virtual meeting: who sounded when, what the page played, what was decided. No judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from server.core.decision import Decision
from server.core.transcript import Word
from server.rehearsal.scenario import Step


@dataclass(frozen=True, slots=True)
class Sound:
    """A stretch of sound of one person. `speech`: a voice activity detector takes it for speech."""

    begin: float
    end: float
    who: str
    speech: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in which the page really sounded, from one sample of a reply to another (24 kHz)."""

    begin: float
    end: float
    first: int
    last: int


@dataclass(eq=False)
class Sounded:
    """One reply as the page played it."""

    number: int
    epoch: int
    #: index of the transcript turn it answers, -1 when none
    turn: int
    #: closed stretches, in order
    spans: list[Span] = field(default_factory=list)
    #: words with the sample at which each is over
    words: tuple[tuple[str, int], ...] = ()
    #: the whole of it was played, or it was flushed
    over: bool = False
    flushed: bool = False
    decision: Decision | None = None

    @property
    def begin(self) -> float:
        """Its first audible moment."""
        return self.spans[0].begin

    @property
    def end(self) -> float:
        """Its last audible moment so far."""
        return self.spans[-1].end

    @property
    def samples(self) -> int:
        """How much of it was played."""
        return self.spans[-1].last

    def audible(self, at: float) -> bool:
        """Whether it sounded at this moment."""
        return any(span.begin <= at < span.end for span in self.spans)

    def heard(self) -> list[str]:
        """The words that were out to their end."""
        return [word for word, end in self.words if end <= self.samples]


@dataclass(eq=False)
class Line:
    """One step as it was done. Times are seconds; a step without sound is over at once."""

    step: Step
    start: float
    end: float
    sounds: tuple[Sound, ...]
    words: tuple[Word, ...]
    #: the reply that was being heard when it began
    speaking: Sounded | None
    #: what the step waited for and never saw
    missing: str = ""
    #: transcript turns made of it
    turns: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a brain was asked: when, for which reply, in which words."""

    at: float
    reply: int
    question: str


@dataclass(frozen=True, slots=True)
class Flushed:
    """An order to fall silent, for good or for now: when it was given and when the page was; the reply, 0 for none."""

    decided: float
    silent: float
    reply: int


@dataclass(frozen=True)
class Facts:
    """A whole virtual meeting."""

    lines: Sequence[Line]
    replies: Sequence[Sounded]
    #: (when, decision)
    decisions: Sequence[tuple[float, Decision]]
    asked: Sequence[Asked]
    flushes: Sequence[Flushed]
    #: gain of the page's voice in dB from this second on
    gains: Sequence[tuple[float, float]]
    #: (second, state), (second, label) and (second, text) as the page showed them
    states: Sequence[tuple[float, str]]
    hands: Sequence[tuple[float, str]]
    cards: Sequence[tuple[float, str]]
    #: what was written into the chat
    written: Sequence[tuple[float, str]]
    seconds: float
    #: the meeting came to its end
    ended: bool = True
    #: what broke inside the core
    faults: Sequence[str] = ()

    def group(self, line: Line) -> tuple[Line, ...]:
        """The lines that are one request with this one, in order."""
        return group(line, self.lines)

    def reply_to(self, line: Line) -> Sounded | None:
        """The reply to a line."""
        return first_reply(line, self.lines, self.replies)

    def line_of(self, turn: int) -> Line | None:
        """The line that a transcript turn was made of."""
        return next((line for line in self.lines if turn in line.turns), None)

    def speech(self, at: float, *, but: Line | None = None) -> tuple[Sound, ...]:
        """What people were saying at this moment; coughs and noises do not count."""
        return tuple(
            sound
            for line in self.lines
            if line is not but and line.step.kind == "says"
            for sound in line.sounds
            if sound.begin <= at < sound.end
        )


def group(line: Line, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines that are one request with this one, in order."""
    first = line.step.index
    while (before := lines[first].step.continues) is not None:
        first = before
    members = {first}
    for each in lines[first + 1 :]:
        if each.step.continues in members:
            members.add(each.step.index)
    return tuple(each for each in lines if each.step.index in members)


def first_reply(line: Line, lines: Sequence[Line], replies: Sequence[Sounded]) -> Sounded | None:
    """The first reply to a line: by the turn it answers where that is known, else the next one that began."""
    following = [reply for reply in replies if reply.begin > line.start and reply is not line.speaking]
    turns = {turn for each in group(line, lines) for turn in each.turns}
    by_turn = next((reply for reply in following if reply.turn in turns), None)
    return by_turn or next((reply for reply in following if reply.turn < 0), None)
