"""Where the core's parts collect their wishes while one event is handled."""

from __future__ import annotations

from server.core.decision import Decision
from server.core.effects import CancelTimer, Decide, Effect, SetTimer, ToPage
from server.core.messages import ToPage as PageMessage


class Outbox:
    """The effects of one event, in order, and every timer that is running."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []
        #: running timers; kept so that a conversation rebuilt from its tape can set them again
        self.timers: dict[str, float] = {}

    def add(self, effect: Effect) -> None:
        """Wish for this."""
        self._effects.append(effect)

    def page(self, message: PageMessage) -> None:
        """Tell the page."""
        self._effects.append(ToPage(message))

    def decide(self, decision: Decision) -> None:
        """A turn ended."""
        self._effects.append(Decide(decision))

    def timer(self, key: str, at: float) -> None:
        """Wake the conversation at `at`; replaces an earlier timer of this key."""
        if self.timers.get(key) != at:
            self.timers[key] = at
            self._effects.append(SetTimer(key, at))

    def cancel(self, key: str) -> None:
        """Forget the timer, if it runs."""
        if self.timers.pop(key, None) is not None:
            self._effects.append(CancelTimer(key))

    def take(self) -> list[Effect]:
        """Everything wished for since the last take."""
        effects, self._effects = self._effects, []
        return effects
