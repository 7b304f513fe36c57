"""A voice that never stays silent for long: when the first fails, the second speaks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from server.errors import ProviderError
from server.voices.base import Sound, Voice

#: Seconds for which a voice that failed is left alone.
COOL_DOWN = 30.0


class FallbackVoice:
    """Speaks with `first`; a piece that fails before any of its sound came is spoken with `second`.

    A piece that fails in the middle raises: the page has played some of it, and only the session knows how
    much. Either way `first` is left alone for the cool-down, then one piece tries it again.
    """

    def __init__(
        self,
        first: Voice,
        second: Voice,
        *,
        on_fallback: Callable[[str], None] | None = None,
        cool_down: float = COOL_DOWN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_fallback` gets the error's code (see errors.py) for each piece that `second` speaks."""
        self.name = f"{first.name}+{second.name}"
        self._first = first
        self._second = second
        self._on_fallback = on_fallback
        self._cool_down = cool_down
        self._clock = clock
        self._code = ""
        self._resting_until = float("-inf")

    async def speak(self, text: str, *, voice: str = "", language: str = "en") -> AsyncIterator[Sound]:
        """See `Voice.speak`. `voice` names a speaker of the first; the second uses its default."""
        failure: ProviderError | None = None
        if self._clock() >= self._resting_until:
            if self._code:
                # The others keep to the second voice until this piece has shown that the first is back.
                self._resting_until = self._clock() + self._cool_down
            heard = False
            try:
                async with contextlib.aclosing(_generator(self._first, text, voice, language)) as sounds:
                    async for sound in sounds:
                        heard = True
                        self._code, self._resting_until = "", float("-inf")
                        yield sound
                return
            except ProviderError as error:
                self._code = error.code
                self._resting_until = self._clock() + max(self._cool_down, error.retry_after or 0.0)
                if heard:
                    raise
                failure = error
        if self._on_fallback is not None:
            self._on_fallback(self._code)
        try:
            async with contextlib.aclosing(_generator(self._second, text, "", language)) as sounds:
                async for sound in sounds:
                    yield sound
        except ProviderError as error:
            raise error from failure

    async def check(self) -> str:
        """What the first says; if it fails, why, and what the second says."""
        try:
            return await self._first.check()
        except ProviderError as error:
            return f"{self._first.name} failed ({error.code}: {error}); {await self._second.check()}"

    async def close(self) -> None:
        """Close both."""
        try:
            await self._first.close()
        finally:
            await self._second.close()


async def _generator(voice: Voice, text: str, speaker: str, language: str) -> AsyncGenerator[Sound, None]:
    """Any iterator as a generator, which can be closed for certain."""
    sounds = voice.speak(text, voice=speaker, language=language)
    try:
        async for sound in sounds:
            yield sound
    finally:
        close = getattr(sounds, "aclose", None)
        if close is not None:
            await close()
