"""Two brains as one: the second answers when the first cannot."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from server.brains.base import Brain, BrainEvent, BrainRequest, Done, TextDelta, ToolCall
from server.errors import ProviderError, ProviderLimited, ProviderRefused

#: seconds the first brain is left alone after it refused or was over its limit, unless it asked for longer
COOL_DOWN = 15.0
#: never left alone for longer than this, in seconds: a key may have been renewed meanwhile
_LONGEST = 300.0

_BROKE = {
    "en": "Sorry, the connection to my language model broke.",
    "de": "Entschuldigung, die Verbindung zu meinem Sprachmodell ist abgebrochen.",
    "fr": "Désolé, la connexion à mon modèle de langage a été coupée.",
    "es": "Perdón, se cortó la conexión con mi modelo de lenguaje.",
}


class FallbackBrain:
    """Asks `first`, and `second` when `first` fails before it said or did anything.

    When `first` fails in the middle of a reply, one short sentence says so and the reply ends with reason cut: another
    brain must not finish someone else's sentence. After a refusal or a limit `first` is left alone for a while.

    Args:
        on_fallback: told the error's code each time `second` stands in or a reply breaks off; must not block.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        first: Brain,
        second: Brain,
        on_fallback: Callable[[str], None] = lambda code: None,
        *,
        clock: Callable[[], float],
        cool_down: float = COOL_DOWN,
    ) -> None:
        self.name = first.name
        self._first = first
        self._second = second
        self._on_fallback = on_fallback
        self._clock = clock
        self._cool_down = cool_down
        self._resting_until = float("-inf")
        self._resting_for = ""

    @property
    def resting(self) -> str:
        """The code for which `first` is being left alone just now, or ""."""
        return self._resting_for if self._clock() < self._resting_until else ""

    async def reply(self, request: BrainRequest) -> AsyncGenerator[BrainEvent, None]:
        """Stream a reply from whichever brain can give one; see `Brain.reply`."""
        code = self.resting
        if not code:
            begun = False
            said = ""
            try:
                async with aclosing(_stream(self._first, request)) as events:
                    async for event in events:
                        if isinstance(event, Done) and not begun:
                            # An empty reply would leave the person who asked in silence.
                            code = "empty"
                            break
                        begun = begun or isinstance(event, ToolCall) or _says(event)
                        if isinstance(event, TextDelta):
                            said = (said + event.text)[-2:]
                        yield replace(event, brain=self._first.name) if isinstance(event, Done) else event
                    else:
                        code = "" if begun else "empty"
            except ProviderError as error:
                self._rest(error)
                code = error.code
                if begun:
                    self._on_fallback(code)
                    yield TextDelta(_broke(request.language, said))
                    yield Done("cut", brain=self._first.name, standing_in=code)
                    return
            if not code:
                return
        self._on_fallback(code)
        async with aclosing(_stream(self._second, replace(request, standing_in=code))) as events:
            async for event in events:
                yield replace(event, brain=self._second.name, standing_in=code) if isinstance(event, Done) else event

    def _rest(self, error: ProviderError) -> None:
        if isinstance(error, ProviderRefused | ProviderLimited):
            wait = max(self._cool_down, min(error.retry_after or 0.0, _LONGEST))
            self._resting_until = self._clock() + wait
            self._resting_for = error.code

    async def check(self) -> str:
        """The line of `first`; when it fails, that of `second` with the reason."""
        try:
            return await self._first.check()
        except ProviderError as error:
            return f"{await self._second.check()}; standing in for {self._first.name} ({error.code}: {error})"

    async def close(self) -> None:
        """Close both."""
        try:
            await self._first.close()
        finally:
            await self._second.close()


def _stream(brain: Brain, request: BrainRequest) -> Any:
    """The reply of a brain as something that can be closed."""
    stream = brain.reply(request)
    return stream if hasattr(stream, "aclose") else _closable(stream)


async def _closable(stream: Any) -> AsyncGenerator[BrainEvent, None]:
    async for event in stream:
        yield event


def _says(event: BrainEvent) -> bool:
    return isinstance(event, TextDelta) and bool(event.text.strip())


def _broke(language: str, said: str) -> str:
    """The sentence that ends a broken reply, set off from what was said before it."""
    sentence = _BROKE.get(language[:2].lower(), _BROKE["en"])
    text = said.rstrip()
    if not text:
        return sentence
    return f" {sentence}" if text[-1] in ".!?…:" else f" … {sentence}"
