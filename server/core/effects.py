"""The wishes of a conversation. The session performs them, in order, and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from server.core.decision import Decision
from server.core.looking import Source
from server.core.messages import ToPage as PageMessage
from server.core.prompt import Thought


@dataclass(frozen=True, slots=True)
class ToPage:
    """Send this message to the page, if one is there."""

    message: PageMessage


@dataclass(frozen=True, slots=True)
class Think:
    """Ask the brain. Its answers come back as BrainText, BrainTool, BrainDone or BrainFailed of this reply."""

    thought: Thought


@dataclass(frozen=True, slots=True)
class Speak:
    """Have the voice speak this piece and keep its sound ready, in order of `index`."""

    epoch: int
    reply: int
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Release:
    """The floor is ours: the sound of this reply may leave."""

    reply: int


@dataclass(frozen=True, slots=True)
class Finish:
    """No piece follows the last one of this reply."""

    reply: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Cancel the brain and the voice of this reply and forget its sound. The page was already told to flush."""

    reply: int


@dataclass(frozen=True, slots=True)
class Unsay:
    """Forget the sound and the pieces of this reply, of which nothing was let out.

    Its brain goes on; pieces that follow count from 0 again.
    """

    reply: int


@dataclass(frozen=True, slots=True)
class AskAddressee:
    """Ask a model whether this turn was meant for the agent (`name`); the answer comes back as AddresseeJudged.

    `recent` holds (speaker, words) of the turns before, oldest first.
    """

    turn: int
    name: str
    participants: tuple[str, ...]
    recent: tuple[tuple[str, str], ...]
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Send TimerFired(key) at session time `at`; an earlier timer of the same key is replaced."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Forget the timer of this key."""

    key: str


@dataclass(frozen=True, slots=True)
class ShowSight:
    """Put the newest picture of this source on the tile: `stage` is everybody on one sheet. The picture is not for the
    tape, so it is no card of the conversation."""

    source: Source
    title: str


@dataclass(frozen=True, slots=True)
class SendChat:
    """Write this into the meeting's chat, to everyone or to the person of this id. Long texts are split on the way."""

    text: str
    to: str = "everyone"


@dataclass(frozen=True, slots=True)
class LeaveMeeting:
    """Take the bot out of the meeting. `reason` is one of `core.seat.LEAVING`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Decide:
    """A turn ended: here is its record."""

    decision: Decision


Effect = (
    ToPage | Think | Speak | Release | Finish | Stop | Unsay | AskAddressee | SetTimer | CancelTimer | ShowSight
    | SendChat | LeaveMeeting | Decide
)  # fmt: skip
