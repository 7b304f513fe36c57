"""One reply's sound on its way to the page: pieces in, voiced in order, never more than a second ahead of the ear.

It decides nothing: the core says which pieces, when the sound may leave, and when to stop. What was sent but not yet
played is kept, so that a page that was reloaded gets it again, from the sample it had reached.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from typing import Protocol

from server.core import events as ev
from server.core.messages import VOICE, End, Marks, Piece, ToPage, pack_sound
from server.errors import ProviderError
from server.voices.base import SAMPLE_RATE, Sound, Voice

log = logging.getLogger("parley.playout")

#: samples in the page that are not yet played, at most: a flush must not wait behind sound
AHEAD = SAMPLE_RATE
#: samples voiced beyond what was played, at most: bounds memory (480 kB) while the next piece is ready in time
VOICED_AHEAD = 10 * SAMPLE_RATE
#: samples in the page with which there is time to wait for a whole frame
ENOUGH = SAMPLE_RATE // 3
#: bytes of one frame, 100 ms
FRAME = SAMPLE_RATE // 10 * 2


class PageLink(Protocol):
    """The page's end of the wire. Both sends only queue; they never wait."""

    page: str

    def send(self, message: ToPage) -> None: ...

    def send_sound(self, epoch: int, frame: bytes) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


class Playout:
    """The sound of one reply. Methods are called on the event loop's thread and never wait."""

    def __init__(
        self,
        reply: int,
        epoch: int,
        voice: Voice,
        *,
        speaker: str,
        language: str,
        tell: Callable[[ev.Event], None],
        link: Callable[[], PageLink | None],
    ) -> None:
        self.reply = reply
        self.epoch = epoch
        self._voice = voice
        self._speaker = speaker
        self._language = language
        self._tell = tell
        self._link = link
        self._pieces: deque[tuple[int, str]] = deque()
        self._more = asyncio.Event()
        self._finished = False
        self._voiced_all = False
        self._released = False
        self._ended = False
        #: sound from `_first` on, in order; what was played is dropped from its front
        self._kept: deque[bytes] = deque()
        self._first = 0
        self._total = 0
        self._sent = 0
        self._played = 0
        #: everything the page must know of this reply, for a page that comes back
        self._said: list[ToPage] = []
        self._task: asyncio.Task[None] | None = None

    # ------------------------------------------------------------ wishes of the core

    def add(self, index: int, text: str) -> None:
        """Voice one more piece."""
        self._pieces.append((index, text))
        self._more.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"voice-{self.reply}")

    def finish(self) -> None:
        """No piece follows."""
        self._finished = True
        self._more.set()
        self._pump()

    def release(self) -> None:
        """The sound may leave. `begin` was already sent by the core."""
        self._released = True
        if link := self._link():
            for message in self._said:
                link.send(message)
        self._pump()

    def played(self, samples: int) -> None:
        """The page has played this much."""
        if samples > self._played:
            self._played = min(samples, self._total)
            while self._kept and self._first + len(self._kept[0]) // 2 <= self._played:
                self._first += len(self._kept.popleft()) // 2
            self._more.set()
        self._pump()

    def rewind(self, played: int) -> int:
        """A page is here again that had played this much: the sample from which it will get the sound."""
        self._played = max(self._played, min(played, self._total))
        self._sent = max(self._played, self._first)
        self._ended = False
        return self._sent

    def come_back(self, link: PageLink) -> None:
        """The page knows from its welcome where it is: tell it the pieces again and go on."""
        if self._released:
            for message in self._said:
                link.send(message)
            self._pump()

    def stop(self) -> None:
        """Forget everything. May be called twice."""
        self._kept.clear()
        self._pieces.clear()
        self._released = False
        self._voiced_all = True
        if self._task is not None:
            self._task.cancel()
            self._task = None

    # ------------------------------------------------------------ voicing

    async def _run(self) -> None:
        while True:
            while not self._pieces:
                if self._finished:
                    self._voiced_all = True
                    self._pump()
                    return
                self._more.clear()
                await self._more.wait()
            index, text = self._pieces.popleft()
            try:
                await self._speak(index, text)
            except ProviderError as error:
                log.warning("voice failed", extra={"code": error.code, "provider": self._voice.name})
                self._give_up(index, error.code)
                return
            except Exception:
                log.exception("voice broke", extra={"provider": self._voice.name})
                self._give_up(index, "failed")
                return

    def _give_up(self, index: int, code: str) -> None:
        self._pieces.clear()
        self._voiced_all = True
        self._task = None
        self._tell(ev.VoiceFailed(self.reply, index, code))

    async def _speak(self, index: int, text: str) -> None:
        start = self._total
        began = False
        async with aclosing(self._voice.speak(text, voice=self._speaker, language=self._language)) as sounds:  # type: ignore[type-var]
            async for sound in sounds:
                if not began and sound.pcm:
                    began = True
                    self._note(Piece(self.epoch, self.reply, index, start, text))
                self._marks(index, start, sound)
                if sound.pcm:
                    self._kept.append(sound.pcm)
                    self._total += len(sound.pcm) // 2
                if began and self._total == start + len(sound.pcm) // 2:
                    self._tell(ev.VoiceBegan(self.reply, index, start, self._voice.name))
                self._pump()
                while self._total - self._played > VOICED_AHEAD:
                    self._more.clear()
                    await self._more.wait()
        self._tell(ev.VoiceDone(self.reply, index, self._total))

    def _marks(self, index: int, start: int, sound: Sound) -> None:
        if sound.words or sound.mouth:
            words = tuple((mark.offset, mark.length, start + mark.start) for mark in sound.words)
            self._note(
                Marks(
                    self.epoch,
                    self.reply,
                    index,
                    words,
                    tuple((m.shape, start + m.start) for m in sound.mouth),
                )
            )
            if words:
                self._tell(ev.VoiceMarks(self.reply, index, words))

    def _note(self, message: ToPage) -> None:
        self._said.append(message)
        if self._released and (link := self._link()):
            link.send(message)

    # ------------------------------------------------------------ sending

    def _pump(self) -> None:
        """Send what may be sent: as long as the page has less than a second that it has not played."""
        link = self._link()
        if link is None or not self._released:
            return
        while self._sent < self._total and self._sent - self._played < AHEAD:
            more_comes = not (self._voiced_all and self._finished)
            if more_comes and self._total - self._sent < FRAME // 2 and self._sent - self._played > ENOUGH:
                break  # small frames cost the page more than large ones; there is time to wait for a whole one
            frame = self._cut(self._sent, FRAME)
            link.send_sound(self.epoch, pack_sound(VOICE, self.epoch, self.reply, self._sent, frame))
            self._sent += len(frame) // 2
        if self._voiced_all and self._finished and self._sent >= self._total and not self._ended:
            self._ended = True
            link.send(End(self.epoch, self.reply, self._total))

    def _cut(self, sample: int, size: int) -> bytes:
        """At most `size` bytes of the kept sound from this sample on."""
        parts, at = [], self._first
        for block in self._kept:
            length = len(block) // 2
            if sample < at + length:
                offset = (sample - at) * 2
                part = block[offset : offset + size]
                parts.append(part)
                size -= len(part)
                sample += len(part) // 2
                if not size:
                    break
            at += length
        return parts[0] if len(parts) == 1 else b"".join(parts)
