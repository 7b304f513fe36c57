"""The voice that needs no key: eSpeak NG, in a process of its own.

It sounds like a robot and says so nowhere; it is there when nothing is configured and when a provider is
down. eSpeak NG is GPL-3.0-or-later: only `espeak_helper` loads it, and docs/voice-helper.md describes what
goes between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from server.errors import ProviderRefused, ProviderTimeout, ProviderUnreachable
from server.voices.base import Sound
from server.voices.espeak_process import COMMAND, EspeakProcess
from server.voices.espeak_speaker import DEFAULT, VOICES, Speaker, speaker

__all__ = ["DEFAULT", "VOICES", "EspeakVoice"]

#: Characters of one piece.
LONGEST = 4096


class EspeakVoice:
    """Speaks with eSpeak NG. The process starts with the first text and is replaced when it dies or hangs."""

    name = "espeak"

    def __init__(
        self,
        voice: str = DEFAULT,
        *,
        frame_deadline: float = 2.0,
        start_deadline: float = 5.0,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """`voice` is the default speaker (syntax: espeak_speaker.py). Deadlines in seconds: for the next
        frame of sound, and for the start of the process. Raises ProviderRefused for a malformed `voice`."""
        speaker(voice, "en")
        self._default = voice
        self._frame_deadline = frame_deadline
        self._start_deadline = start_deadline
        self._command = tuple(command)
        self._process: EspeakProcess | None = None
        self._starting: asyncio.Task[EspeakProcess] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The helper's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.alive else None

    async def speak(self, text: str, *, voice: str = "", language: str = "en") -> AsyncIterator[Sound]:
        """See `Voice.speak`. Word and mouth marks come with the sound they begin in."""
        if len(text) > LONGEST:
            raise ProviderRefused("a piece of text is longer than 4096 characters")
        who = speaker(voice, language, self._default)
        begun = False
        for last in (False, True):
            try:
                async with aclosing(self._once(text, who)) as sounds:
                    async for sound in sounds:
                        begun = True
                        yield sound
                return
            except ProviderUnreachable:
                # The process may have died since the last piece, and nothing of this one was heard: say it with a
                # new one.
                if begun or last or self._closed:
                    raise

    async def _once(self, text: str, who: Speaker) -> AsyncGenerator[Sound, None]:
        process = await self._running()
        request = process.request(text, who)
        try:
            while True:
                try:
                    sound = await request.next(self._frame_deadline)
                except ProviderTimeout:
                    if process.quiet_for() >= self._frame_deadline:
                        process.kill(ProviderUnreachable("the eSpeak process was stuck, it has been ended"))
                    raise
                except ProviderUnreachable as error:
                    process.kill(error)  # it is gone, or will be: nobody shall be sent to it again
                    raise
                if sound is None:
                    return
                yield sound
        finally:
            request.close()

    async def check(self) -> str:
        """Speaks one word and says who did."""
        size = 0
        async for sound in self.speak("ready"):
            size += len(sound.pcm)
        if not size:
            raise ProviderUnreachable("eSpeak NG returned no sound")
        engine = self._process.engine if self._process is not None else "eSpeak NG"
        return f"espeak: {engine}, speaker {self._default}"

    async def close(self) -> None:
        """End the process. May be called twice."""
        self._closed = True
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._process is not None:
            await self._process.close()

    async def _running(self) -> EspeakProcess:
        if self._closed:
            raise ProviderUnreachable("the voice was closed")
        if self._process is not None and self._process.alive:
            return self._process
        if self._starting is None:
            self._starting = asyncio.create_task(self._start(self._process), name="espeak-start")
        # Shielded: whoever came first may be interrupted, the others still need the process.
        return await asyncio.shield(self._starting)

    async def _start(self, dead: EspeakProcess | None) -> EspeakProcess:
        try:
            if dead is not None:
                await dead.close()
            self._process = await EspeakProcess.start(self._command, self._start_deadline)
            return self._process
        finally:
            self._starting = None
