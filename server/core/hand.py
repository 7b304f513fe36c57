"""The raised hand: the agent has something to say, and nobody asked for it, or the floor is somebody else's.

Pure. One thing at a time: the newest. It is said when somebody invites it, and let go when it is stale.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.core.messages import Hand as ShowHand
from server.core.outbox import Outbox
from server.core.reply import Asked

#: seconds after which nobody wants to know any more
STALE = 90.0
#: characters of a label: it has to be read from across a room
LABEL = 40


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What waits to be said: `text` as it stands, or, where that is empty, an answer to what was asked."""

    asked: Asked
    text: str


class Hand:
    """The agent's hand, up with a label or down."""

    def __init__(self, out: Outbox) -> None:
        self._out = out
        self.label = ""
        self._unsaid: Unsaid | None = None

    def up(self, asked: Asked, text: str, label: str, now: float) -> None:
        """Raise it for this."""
        self._unsaid = Unsaid(asked, text)
        self._out.timer("hand", now + STALE)
        self._show(_short(label))

    def show(self, label: str) -> None:
        """Raise it for what is about to be said anyway, as soon as there is a gap."""
        if self._unsaid is None:
            self._show(_short(label))

    def settle(self) -> None:
        """It speaks: whatever the hand was shown for without being kept is being said."""
        if self._unsaid is None:
            self._show("")

    def take(self) -> Unsaid | None:
        """Somebody invites it: what it wanted to say. Lowers the hand."""
        unsaid = self._unsaid
        self.down()
        return unsaid

    def down(self) -> None:
        """Let go of it."""
        self._unsaid = None
        self._out.cancel("hand")
        self._show("")

    @property
    def waits(self) -> bool:
        """Whether there is something to be said once somebody invites it."""
        return self._unsaid is not None

    def _show(self, label: str) -> None:
        if label != self.label:
            self.label = label
            self._out.page(ShowHand(label))


def label_of(asked: Asked) -> str:
    """A few words for what a reply to this is about."""
    if asked.speaker:
        return f"Answer for {asked.speaker}"
    return asked.text or "Something to say"


def _short(label: str) -> str:
    label = " ".join(label.split())
    return label if len(label) <= LABEL else f"{label[: LABEL - 1].rstrip()}…"
