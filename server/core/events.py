"""The facts that a conversation is told. Every one can be written to the tape and read back.

A fact says what happened, never what to do about it. Times inside a fact are the host's seconds when the host gave
them; the session's own clock is the `now` that `Conversation.handle` gets beside the fact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from server.core.transcript import Word

#: when the agent may speak: when called, whenever it can help, or not at all
Policy = Literal["named", "standing", "muted"]


@dataclass(frozen=True, slots=True)
class Heard:
    """A partial or final utterance from a transcript source. `key` names the utterance when the source does."""

    speaker: str
    text: str
    final: bool
    speaker_id: str = ""
    key: str = ""
    start: float | None = None
    end: float | None = None
    words: tuple[Word, ...] = ()
    language: str = ""
    #: which ear the words came by: the page's transcript socket, or a connection of the host
    source: str = "page"
    type: Literal["Heard"] = "Heard"


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The ears hear somebody on the meeting's sound. `lag` is how many seconds ago it began."""

    lag: float = 0.0
    type: Literal["SpeechStarted"] = "SpeechStarted"


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The meeting's sound is quiet again. `lag` is how many seconds ago the last speech ended."""

    lag: float = 0.0
    type: Literal["SpeechStopped"] = "SpeechStopped"


@dataclass(frozen=True, slots=True)
class OnsetAtPage:
    """The page heard a loud onset while speaking and ducked by itself."""

    level: float
    type: Literal["OnsetAtPage"] = "OnsetAtPage"


@dataclass(frozen=True, slots=True)
class PageJoined:
    """A page took the seat. `epoch`, `reply`, `played` say where it was, or are zero."""

    page: str
    epoch: int = 0
    reply: int = 0
    played: int = 0
    type: Literal["PageJoined"] = "PageJoined"


@dataclass(frozen=True, slots=True)
class PageLeft:
    """The page's socket is gone; it may come back."""

    page: str
    type: Literal["PageLeft"] = "PageLeft"


@dataclass(frozen=True, slots=True)
class MicChanged:
    """The page's ear: live, denied, missing or ended."""

    state: str
    type: Literal["MicChanged"] = "MicChanged"


@dataclass(frozen=True, slots=True)
class FeedChanged:
    """The page's transcript socket opened or closed."""

    connected: bool
    type: Literal["FeedChanged"] = "FeedChanged"


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that the conversation asked for has come."""

    key: str
    type: Literal["TimerFired"] = "TimerFired"


@dataclass(frozen=True, slots=True)
class BrainText:
    """The brain produced some text of this reply."""

    reply: int
    text: str
    type: Literal["BrainText"] = "BrainText"


@dataclass(frozen=True, slots=True)
class BrainTool:
    """The brain asks for something to be done."""

    reply: int
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    type: Literal["BrainTool"] = "BrainTool"


@dataclass(frozen=True, slots=True)
class BrainDone:
    """The brain finished this reply. `brain` names the one that answered; `standing_in` why, if it was a substitute."""

    reply: int
    reason: str = "stop"
    brain: str = ""
    standing_in: str = ""
    type: Literal["BrainDone"] = "BrainDone"


@dataclass(frozen=True, slots=True)
class BrainFailed:
    """No brain could answer. `code` is a ProviderError code."""

    reply: int
    code: str
    type: Literal["BrainFailed"] = "BrainFailed"


@dataclass(frozen=True, slots=True)
class AddresseeJudged:
    """A model says whether this turn was meant for the agent."""

    turn: int
    addressed: bool
    type: Literal["AddresseeJudged"] = "AddresseeJudged"


@dataclass(frozen=True, slots=True)
class VoiceBegan:
    """The first sound of a piece is ready to leave; the piece begins at sample `start` of the reply."""

    reply: int
    index: int
    start: int
    voice: str = ""
    type: Literal["VoiceBegan"] = "VoiceBegan"


@dataclass(frozen=True, slots=True)
class VoiceMarks:
    """Word times of a piece: (offset, length, sample of the reply) each."""

    reply: int
    index: int
    words: tuple[tuple[int, int, int], ...]
    type: Literal["VoiceMarks"] = "VoiceMarks"


@dataclass(frozen=True, slots=True)
class VoiceDone:
    """A piece is spoken to its end: it ends at sample `end` of the reply."""

    reply: int
    index: int
    end: int
    type: Literal["VoiceDone"] = "VoiceDone"


@dataclass(frozen=True, slots=True)
class VoiceFailed:
    """No voice could speak this piece. `code` is a ProviderError code."""

    reply: int
    index: int
    code: str
    type: Literal["VoiceFailed"] = "VoiceFailed"


@dataclass(frozen=True, slots=True)
class PlaybackReport:
    """The page really played this many samples of the reply. `flushed`: it stopped there because we said so."""

    epoch: int
    reply: int
    samples: int
    ended: bool = False
    flushed: bool = False
    type: Literal["PlaybackReport"] = "PlaybackReport"


@dataclass(frozen=True, slots=True)
class OperatorSays:
    """The operator wants this spoken."""

    text: str
    type: Literal["OperatorSays"] = "OperatorSays"


@dataclass(frozen=True, slots=True)
class OperatorMutes:
    """The operator mutes the agent, for some minutes or until called (0), or ends it (`muted` false)."""

    muted: bool
    minutes: float = 0.0
    type: Literal["OperatorMutes"] = "OperatorMutes"


@dataclass(frozen=True, slots=True)
class OperatorSets:
    """The operator wants it to answer only when called (named), to join in for some minutes (standing; 0: a while), or
    to keep quiet for some minutes (muted; 0: until called)."""

    policy: Policy
    minutes: float = 0.0
    type: Literal["OperatorSets"] = "OperatorSets"


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """Somebody is in the meeting, came in, or is now called differently."""

    id: str
    name: str
    is_host: bool = False
    type: Literal["PersonSeen"] = "PersonSeen"


@dataclass(frozen=True, slots=True)
class PersonLeft:
    """Somebody left the meeting."""

    id: str
    type: Literal["PersonLeft"] = "PersonLeft"


@dataclass(frozen=True, slots=True)
class PersonSpeaks:
    """Somebody began or stopped to speak, heard on that person's own sound. `lag` is how many seconds ago."""

    id: str
    name: str
    speaking: bool
    lag: float = 0.0
    type: Literal["PersonSpeaks"] = "PersonSpeaks"


@dataclass(frozen=True, slots=True)
class PersonShares:
    """Somebody's camera or shared screen went on or off."""

    id: str
    source: Literal["screenshare", "webcam", "stage"]
    on: bool
    type: Literal["PersonShares"] = "PersonShares"


@dataclass(frozen=True, slots=True)
class ChatSaid:
    """Somebody wrote into the meeting's chat. `private`: to the agent alone. `key` names the message, if it has one."""

    speaker: str
    text: str
    speaker_id: str = ""
    private: bool = False
    key: str = ""
    type: Literal["ChatSaid"] = "ChatSaid"


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The host tells the agent to stop talking: somebody pressed a button there."""

    type: Literal["StopAsked"] = "StopAsked"


@dataclass(frozen=True, slots=True)
class SeatChanged:
    """The agent's bot reached this state of its life: joining, waiting, in-call, live, leaving, done or failed."""

    state: str
    code: str = ""
    type: Literal["SeatChanged"] = "SeatChanged"


@dataclass(frozen=True, slots=True)
class Resumed:
    """The backend was restarted and this conversation rebuilt from its tape."""

    type: Literal["Resumed"] = "Resumed"


@dataclass(frozen=True, slots=True)
class Closing:
    """The backend is about to stop: begin nothing new. `over`: the grace is over, stop what still runs."""

    over: bool = False
    type: Literal["Closing"] = "Closing"


Event = (
    Heard | SpeechStarted | SpeechStopped | OnsetAtPage | PageJoined | PageLeft | MicChanged | FeedChanged
    | TimerFired | BrainText | BrainTool | BrainDone | BrainFailed | VoiceBegan | VoiceMarks | VoiceDone | VoiceFailed
    | PlaybackReport | OperatorSays | OperatorMutes | OperatorSets | PersonSeen | PersonLeft | PersonSpeaks
    | AddresseeJudged | PersonShares | ChatSaid | StopAsked | SeatChanged | Resumed | Closing
)  # fmt: skip
EVENTS: tuple[type[Any], ...] = get_args(Event)
