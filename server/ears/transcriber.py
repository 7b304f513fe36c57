"""Words from the meeting's sound by a realtime transcription session: OpenAI's, or a server that speaks the same.

One websocket per session; `word_stream.py` speaks through it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from server.core.events import Heard
from server.ears import transcription_wire as wire
from server.ears.transcription_errors import translate
from server.ears.word_stream import OpenAIWordStream, TranscriberStats
from server.errors import ProviderError, ProviderRefused

# The library tells of every frame and header, if asked to: speech and keys. This logger is nobody's to ask: it is in no
# hierarchy that a configuration could reach.
_silent = logging.Logger("parley.ears.wire", logging.CRITICAL + 1)

#: seconds to open a connection, and to have our settings accepted
CONNECT_DEADLINE = 5.0
#: seconds for the last words to the server; it is not worth waiting for
CLOSE_DEADLINE = 1.0
#: bytes of a message that we read
LARGEST = 1 << 20


def waits(failures: int, error: ProviderError) -> float:
    """Seconds until the next attempt after so many failures in a row."""
    if error.retry_after is not None:
        return min(error.retry_after, 120.0)
    if not error.retryable:
        return 60.0  # a wrong key does not become right by asking
    return float(min(30.0, 0.25 * 2 ** min(failures, 8)))


class OpenAITranscriber:
    """See the module."""

    name = "openai"

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        *,
        language: str = "",
        keywords: tuple[str, ...] = (),
        on_failure: Callable[[str], None] = lambda code: None,
        waits: Callable[[int, ProviderError], float] = waits,
    ) -> None:
        """`base_url` is the API's, up to and with /v1. `language` is a BCP 47 tag; `keywords` are names that may be
        said. `on_failure` is told the code of every connection that failed."""
        self._address = wire.address(base_url)
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._model = model
        # A compatible server may not know the finer settings: then it gets the model alone, from then on.
        self._settings = [
            wire.configure(model, language.partition("-")[0].lower(), keywords),
            wire.configure(model),
        ]
        self._on_failure = on_failure
        self._waits = waits
        self.stats = TranscriberStats()
        self._streams: set[OpenAIWordStream] = set()

    def stream(self, tell: Callable[[Heard], None], clock: Callable[[], float]) -> OpenAIWordStream:
        """See Transcriber. Call on the event loop."""
        stream = OpenAIWordStream(
            self._open,
            tell,
            clock,
            stats=self.stats,
            waits=self._waits,
            on_failure=self._on_failure,
            on_end=self._streams.discard,
        )
        self._streams.add(stream)
        return stream

    async def _open(self) -> ClientConnection:
        """A connection with our settings accepted. Raises ProviderError."""
        try:
            async with asyncio.timeout(CONNECT_DEADLINE):
                connection = await connect(
                    self._address,
                    additional_headers=self._headers,
                    compression=None,
                    max_size=LARGEST,
                    open_timeout=None,
                    close_timeout=CLOSE_DEADLINE,
                    logger=_silent,
                )
                try:
                    await self._configure(connection)
                except BaseException:
                    connection.transport.abort()
                    raise
        except (OSError, TimeoutError, WebSocketException) as error:
            raise translate(error) from error
        self.stats.connections += 1
        return connection

    async def _configure(self, connection: ClientConnection) -> None:
        await connection.send(self._settings[0])
        while True:
            match wire.read(await connection.recv()):
                case wire.Configured():
                    return
                case wire.Trouble(_, configuring=True) if len(self._settings) > 1:
                    del self._settings[0]
                    await connection.send(self._settings[0])
                case wire.Trouble(code):
                    raise ProviderRefused(f"the transcription provider refused the session ({code})")

    async def check(self) -> str:
        """See Transcriber."""
        connection = await self._open()
        await connection.close()
        return f"openai: model {self._model}"

    async def close(self) -> None:
        """End every stream."""
        streams = list(self._streams)
        for stream in streams:
            stream.close()
        await asyncio.gather(*(stream.ended() for stream in streams))
