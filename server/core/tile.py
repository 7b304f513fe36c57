"""What the agent's tile shows beside its words: what it is doing, a card, a raised hand.

Pure. Only what changed is sent.
"""

from __future__ import annotations

from server.core.hand import Hand
from server.core.messages import AgentState, Card, ShowCard, State
from server.core.outbox import Outbox


class Tile:
    """The tile of one conversation."""

    def __init__(self, out: Outbox) -> None:
        self._out = out
        self.state: AgentState = "listening"
        self._detail = ""
        self.card: Card | None = None
        self.hand = Hand(out)

    def be(self, state: AgentState, detail: str = "") -> None:
        """Show this state, with a few words to it."""
        if (state, detail) != (self.state, self._detail):
            self.state, self._detail = state, detail
            self._out.page(State(state, detail))

    def show(self, card: Card | None) -> None:
        """Put this card on the tile, or take the one there away."""
        self.card = card
        self._out.page(ShowCard(card))
