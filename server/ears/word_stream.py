"""The words of one session: utterances out, words in, over one connection after the other.

A connection is opened when somebody speaks. Whatever happens to it, nothing else notices: `feed` never waits, sound is
kept for a while and sent again on the next connection, and what cannot be had is counted and let go.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from server.core.events import Heard
from server.core.sources import EARS
from server.core.transcript import UNNAMED
from server.ears import transcription_wire as wire
from server.ears.base import SpeechEdge
from server.ears.transcription_errors import PATIENCE, give_up, translate
from server.ears.utterances import RATE_OUT, Utterance, Utterances
from server.errors import ProviderError, ProviderTimeout, ProviderUnreachable

log = logging.getLogger("parley.ears")

#: bytes of sound kept for all utterances of a stream (30 s); full: the oldest is dropped, and counted when unsent
MOST_SOUND = 30 * 2 * RATE_OUT
#: utterances without their words yet; full: the oldest is given up
MOST_OPEN = 16
#: seconds after its end for which an utterance's words are still wanted
STALE = 15.0
#: seconds without sound after which what is open is over
LULL = 1.0
#: seconds between two growing versions of one utterance
EVERY = 0.2


@dataclass(slots=True)
class TranscriberStats:
    """Counters since the start, over all streams."""

    connections: int = 0
    utterances: int = 0
    #: utterances whose words came
    heard: int = 0
    #: utterances given up: failed, or without an answer
    lost: int = 0
    #: bytes of sound dropped before they were sent
    dropped: int = 0
    #: connections that failed or broke
    failures: int = 0


@dataclass(eq=False, slots=True)
class _Speech:
    """An utterance on its way to its words."""

    utterance: Utterance
    #: what was taken of its sound, to be sent again on another connection
    sound: deque[bytes]
    #: on this connection: pieces sent; whether any was, and the end was told; its words so far
    sent: int = 0
    begun: bool = False
    committed: bool = False
    text: str = ""
    #: when its growing words were told last
    told: float = -EVERY

    def again(self) -> None:
        """Another connection: everything is to be sent anew."""
        self.sent, self.begun, self.committed, self.text = 0, False, False, ""


class OpenAIWordStream:
    """The words of one session. For the event loop's thread; nothing here waits but the task of the connection."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[ClientConnection]],
        tell: Callable[[Heard], None],
        clock: Callable[[], float],
        *,
        stats: TranscriberStats,
        waits: Callable[[int, ProviderError], float],
        on_failure: Callable[[str], None],
        on_end: Callable[[OpenAIWordStream], None],
    ) -> None:
        """`connect` gives a connection that is ready for sound, or raises ProviderError. `on_end` is called once."""
        self._connect = connect
        self._tell = tell
        self._clock = clock
        self._stats = stats
        self._waits = waits
        self._on_failure = on_failure
        self._on_end = on_end
        self._utterances = Utterances()
        # At most MOST_OPEN, with MOST_SOUND of sound in all.
        self._open: deque[_Speech] = deque()
        self._bytes = 0
        # On this connection: utterances whose item the server has not named yet, in the order of their sound, and those
        # whose it has. Full: the oldest is forgotten, its words are late anyway.
        self._sent: deque[_Speech] = deque(maxlen=4 * MOST_OPEN)
        self._items: dict[str, _Speech] = {}
        # Keys of utterances are never used again, not even by a successor after a restart.
        self._name = secrets.token_hex(4)
        self._wake = asyncio.Event()
        self._closed = False
        self._lull: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self._overdue = 0
        self._code = ""

    # ------------------------------------------------------------ sound

    def feed(self, pcm: bytes) -> None:
        """See WordStream."""
        if self._closed or not pcm:
            return
        self._begun(self._utterances.feed(pcm, self._clock()))
        if self._open:
            self._take()
        if self._utterances.open is not None:
            if self._lull is not None:
                self._lull.cancel()
            self._lull = asyncio.get_running_loop().call_later(LULL, self._silence)

    def edge(self, edge: SpeechEdge) -> None:
        """See WordStream."""
        if self._closed:
            return
        self._begun(self._utterances.edge(edge))
        self._take()

    def close(self) -> None:
        """See WordStream."""
        if self._closed:
            return
        self._closed = True
        if self._lull is not None:
            self._lull.cancel()
        if self._task is not None:
            self._task.cancel()
        else:
            self._on_end(self)

    async def ended(self) -> None:
        """Return when the connection is closed."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _silence(self) -> None:
        self._utterances.lull()
        self._take()

    def _begun(self, utterance: Utterance | None) -> None:
        if utterance is None:
            return
        self._stats.utterances += 1
        self._open.append(_Speech(utterance, deque()))
        if len(self._open) > MOST_OPEN:
            self._lose(self._open[0])
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="ears-words")
            self._task.add_done_callback(lambda _: self._on_end(self))

    def _take(self) -> None:
        """Take what the utterances have grown by."""
        for speech in self._open:
            while speech.utterance.pieces:
                piece = speech.utterance.pieces.popleft()
                speech.sound.append(piece)
                self._bytes += len(piece)
        while self._bytes > MOST_SOUND:
            self._drop()
        self._wake.set()

    def _drop(self) -> None:
        speech = next(speech for speech in self._open if speech.sound)
        piece = speech.sound.popleft()
        self._bytes -= len(piece)
        if speech.sent:
            speech.sent -= 1
        else:
            self._stats.dropped += len(piece)

    def _done(self, speech: _Speech) -> None:
        if speech in self._open:
            self._open.remove(speech)
            self._bytes -= sum(map(len, speech.sound))

    def _lose(self, speech: _Speech) -> None:
        self._stats.lost += 1
        self._done(speech)

    def _forget_stale(self) -> None:
        now = self._clock()
        for speech in list(self._open):
            if speech.utterance.end is not None and now - speech.utterance.end > STALE:
                # Sound without its end spoils what follows it; words that stay away do not, for a while.
                self._overdue += (1 if speech.committed else PATIENCE) if speech.begun else 0
                self._lose(speech)

    # ------------------------------------------------------------ the connection

    async def _run(self) -> None:
        """Have a connection whenever there is something to say to it."""
        while True:
            while not self._open:
                self._wake.clear()
                await self._wake.wait()
            self._sent.clear()
            self._items.clear()
            self._overdue = 0
            for speech in self._open:
                speech.again()
            try:
                await self._converse(await self._connect())
            except ProviderError as error:
                if self._open or not error.retryable:  # one that ends while nobody speaks is no loss
                    self._trouble(error)
                    await asyncio.sleep(self._waits(self._failures, error))
                    self._failures += 1
            except Exception:
                log.exception("the transcription broke")
                await asyncio.sleep(self._waits(PATIENCE, ProviderUnreachable("")))
            self._forget_stale()

    def _trouble(self, error: ProviderError) -> None:
        self._stats.failures += 1
        self._on_failure(error.code)
        if error.code != self._code:  # once for each kind of trouble, not at every attempt
            self._code = error.code
            log.warning("the transcription failed; its words are missing", extra={"code": error.code})

    async def _converse(self, connection: ClientConnection) -> None:
        """Send sound and hear words until the connection is over. Raises ProviderError."""
        tasks = [asyncio.create_task(each(connection), name="ears-words") for each in (self._read, self._send)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except ConnectionClosed as error:
            raise translate(error) from error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await connection.close()

    async def _send(self, connection: ClientConnection) -> None:
        while True:
            self._wake.clear()
            self._forget_stale()
            if self._overdue >= PATIENCE:
                raise ProviderTimeout("the transcription provider gives no words")
            for speech in list(self._open):
                while speech.sent < len(speech.sound):
                    piece = speech.sound[speech.sent]
                    speech.sent += 1
                    if not speech.begun:
                        speech.begun = True
                        self._sent.append(speech)
                    await connection.send(wire.append(piece))
                if speech.utterance.end is None:
                    break  # what follows it belongs behind it
                if not speech.committed:
                    if not speech.begun:
                        self._lose(speech)  # all of its sound was dropped
                        continue
                    speech.committed = True
                    await connection.send(wire.commit(speech.utterance.number))
            await self._wake.wait()

    async def _read(self, connection: ClientConnection) -> None:
        troubles = 0
        async for frame in connection:
            match wire.read(frame):
                case wire.Committed(item):
                    self._of(item)
                case wire.Grew(item, text):
                    self._grew(item, text)
                case wire.Ended(item, text, language):
                    troubles = self._failures = self._overdue = 0
                    self._code = ""
                    self._ended(item, text, language)
                case wire.Failed(item, code):
                    troubles += 1
                    if (speech := self._of(item)) is not None:
                        self._lose(speech)
                    give_up(code, troubles)
                case wire.Trouble(code, _, number):
                    troubles += 1
                    for speech in [each for each in self._open if each.utterance.number == number]:
                        self._lose(speech)
                        with contextlib.suppress(ValueError):
                            self._sent.remove(speech)  # it becomes no item
                    give_up(code, troubles)
        raise ProviderUnreachable("the transcription provider closed the connection")

    # ------------------------------------------------------------ words

    def _of(self, item: str) -> _Speech | None:
        """The utterance of this item, if its words are still wanted. Items come up in the order of the sound."""
        if item not in self._items:
            if not self._sent:
                return None
            self._items[item] = self._sent.popleft()
            if len(self._items) > 4 * MOST_OPEN:
                del self._items[next(iter(self._items))]
        speech = self._items[item]
        return speech if speech in self._open else None

    def _grew(self, item: str, text: str) -> None:
        speech = self._of(item)
        if speech is None:
            return
        speech.text = (speech.text + text)[: wire.LONGEST]
        now = self._clock()
        if now - speech.told >= EVERY and speech.text.strip():
            speech.told = now
            self._tell(self._heard(speech, speech.text.strip(), final=False))

    def _ended(self, item: str, text: str, language: str) -> None:
        speech = self._of(item)
        if speech is None:
            return
        self._done(speech)
        self._stats.heard += 1
        if text:
            self._tell(self._heard(speech, text, final=True, language=language))

    def _heard(self, speech: _Speech, text: str, *, final: bool, language: str = "") -> Heard:
        utterance = speech.utterance
        return Heard(
            "",
            text,
            final,
            key=f"{UNNAMED}{self._name}-{utterance.number}",
            start=round(utterance.start, 3),
            end=None if utterance.end is None else round(utterance.end, 3),
            language=language,
            source=EARS,
        )
