"""The wishes of a conversation. The session performs them, in order, and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from server.core.decision import Decision
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
class SetTimer:
    """Send TimerFired(key) at session time `at`; an earlier timer of the same key is replaced."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Forget the timer of this key."""

    key: str


@dataclass(frozen=True, slots=True)
class Decide:
    """A turn ended: here is its record."""

    decision: Decision


Effect = ToPage | Think | Speak | Release | Finish | Stop | SetTimer | CancelTimer | Decide
