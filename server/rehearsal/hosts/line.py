"""One websocket that a vendor opens to us: it dials, sends, loses its connection and dials again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.frames import Frame, Opcode

from server.errors import RehearsalError
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.news import News

#: Media messages that may wait for a slow reader; what comes on top is dropped and counted, as a vendor would.
MEDIA_LIMIT = 400
#: Messages of any kind that may wait. More means that nobody reads at all: RehearsalError.
LIMIT = 20_000
#: Seconds that a handshake may take, and that saying goodbye may take.
OPEN_WITHIN = 15.0
CLOSE_WITHIN = 3.0

#: One websocket message, or how to make it at the moment it is sent.
Message = str | bytes | Callable[[], str]


class LineState(StrEnum):
    """`waiting` is the time between a loss and the next try: what is said then is lost."""

    DIALLING = "dialling"
    OPEN = "open"
    WAITING = "waiting"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(slots=True)
class _Item:
    message: Message
    media: bool = False
    #: break the connection after this many bytes of the frame; `reset` breaks it hard
    cut: int | None = None
    reset: bool = False
    #: write this many bytes at a time, waiting `pause` seconds before each
    piece: int = 0
    pause: float = 0.0


#: Asks the writer to say goodbye after everything before it.
_GOODBYE = _Item("")


class Line:
    """A websocket to `url`, dialled from `start()` until `close()`.

    After a loss or a refusal it waits `wait` seconds and tries again, `tries` times in a row before it fails for good.
    Messages put before the first connection wait for it; those put in a later gap are lost and counted in `lost`.
    `headers` is called for every try; `greeting` gives the first messages of every connection; `on_frame` gets what the
    other side says and when (`Clocks.clock`).
    """

    def __init__(
        self,
        url: str,
        clocks: Clocks,
        *,
        wait: float,
        tries: int,
        headers: Callable[[], Mapping[str, str]] = dict,
        greeting: Callable[[], Iterable[Message]] = tuple,
        on_frame: Callable[[str | bytes, float], None] | None = None,
        on_failed: Callable[[], None] | None = None,
        reachable: bool = True,
    ) -> None:
        """`reachable` False: the vendor's own client cannot use this address, every try fails."""
        self.url = url
        self.state = LineState.DIALLING
        #: tries so far, and those that became a connection
        self.attempts = 0
        self.connections = 0
        #: HTTP statuses of refused handshakes; 0 where there was no answer
        self.refusals: list[int] = []
        #: messages lost in a gap, and media dropped because the other side reads too slowly
        self.lost = 0
        self.dropped = 0
        self._clocks = clocks
        self._wait, self._tries = wait, tries
        self._headers, self._greeting = headers, greeting
        self._on_frame, self._on_failed = on_frame, on_failed
        self._reachable = reachable
        # Bounded by MEDIA_LIMIT and LIMIT in put().
        self._queue: asyncio.Queue[_Item] = asyncio.Queue()
        self._media = 0
        self._held: list[_Item] | None = None
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._refusal = 0
        self._news = News()

    # ------------------------------------------------------------ what is said

    def start(self) -> Line:
        """Begin to dial."""
        self._task = asyncio.create_task(self._run(), name="stand-in-line")
        return self

    def put(self, message: Message, *, media: bool = False) -> None:
        """Say this after everything before it: text as a text frame, bytes as a binary frame."""
        self._put(_Item(message, media))

    def put_cut(self, message: str | bytes, at: int, *, reset: bool = False) -> None:
        """Say the first `at` bytes of the message's frame, then break the connection."""
        self._put(_Item(message, cut=at, reset=reset))

    def put_slowly(self, message: str | bytes, piece: int, pause: float = 0.01) -> None:
        """Say this `piece` bytes at a time."""
        self._put(_Item(message, piece=piece, pause=pause))

    def _put(self, item: _Item) -> None:
        if self._held is not None:
            self._held.append(item)
        elif self._closing or self.state in (LineState.WAITING, LineState.FAILED, LineState.CLOSED):
            self.lost += 1
        elif item.media and self._media >= MEDIA_LIMIT:
            self.dropped += 1
        elif self._queue.qsize() >= LIMIT:
            raise RehearsalError("nobody reads what the stand-in says")
        else:
            self._media += item.media
            self._queue.put_nowait(item)

    def hold(self) -> None:
        """Keep back what is put from now on."""
        self._held = self._held or []

    def release(self, arrange: Callable[[list[_Item]], Iterable[_Item]] = list) -> None:
        """Say what was kept back, in the order that `arrange` makes of it."""
        held, self._held = self._held or [], None
        for item in arrange(held):
            self._put(item)

    def drop(self) -> None:
        """Break the connection now, without a word. It comes back like any other."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def opened(self, connections: int = 1) -> None:
        """Wait until there have been this many connections. Raises RehearsalError when there can be none."""

        def so_far() -> bool:
            if self.connections < connections and self.state in (LineState.FAILED, LineState.CLOSED):
                raise RehearsalError("the connection was never let in")
            return self.connections >= connections

        await self._news.until(so_far)

    async def becomes(self, state: LineState) -> None:
        """Wait until it is in this state."""
        await self._news.until(lambda: self.state is state)

    async def settled(self) -> None:
        """Wait until everything put so far was written or lost."""
        await self._queue.join()

    async def close(self) -> None:
        """Say what is left to say, close with 1000 and end. May be called twice."""
        self._closing = True
        if (task := self._task) is None:
            return
        if not task.done():
            # One that is just being dialled gets its chance to say what it was told.
            if self.state is LineState.OPEN or (self.state is LineState.DIALLING and not self.refusals):
                self._queue.put_nowait(_GOODBYE)
                await asyncio.wait({task}, timeout=CLOSE_WITHIN)
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()
        self._forget()
        if self.state is not LineState.FAILED:
            self._become(LineState.CLOSED)

    # ------------------------------------------------------------ how it is said

    async def _run(self) -> None:
        retries = 0
        while True:
            self.attempts += 1
            before = self.connections
            with contextlib.suppress(WebSocketException, OSError, TimeoutError):
                await self._connect()
            if self.connections == before:
                self.refusals.append(self._refusal)
            else:
                retries = 0
            if self._closing:
                return
            if retries == self._tries:
                self._become(LineState.FAILED)
                self._forget()
                if self._on_failed is not None:
                    self._on_failed()
                return
            retries += 1
            # The first connection finds what was said before it; afterwards a gap is a gap.
            if self.connections:
                self._become(LineState.WAITING)
                self._forget()
            await self._clocks.sleep(self._wait)

    async def _connect(self) -> None:
        self._refusal = 0 if self._reachable else 400
        if not self._reachable:
            return
        try:
            async with connect(
                self.url,
                additional_headers=self._headers(),
                compression=None,
                proxy=None,
                open_timeout=OPEN_WITHIN,
                close_timeout=CLOSE_WITHIN,
                ping_interval=None,
                max_size=None,
            ) as connection:
                self._connection = connection
                self.connections += 1
                self._become(LineState.OPEN)
                for message in self._greeting():
                    await self._say(connection, _Item(message))
                await self._talk(connection)
        except InvalidStatus as error:
            self._refusal = error.response.status_code
            raise
        finally:
            self._connection = None

    async def _talk(self, connection: ClientConnection) -> None:
        both = {asyncio.create_task(self._write(connection)), asyncio.create_task(self._read(connection))}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            results = await asyncio.gather(*both, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _read(self, connection: ClientConnection) -> None:
        async for frame in connection:
            if self._on_frame is not None:
                self._on_frame(frame, self._clocks.clock())

    async def _write(self, connection: ClientConnection) -> None:
        while True:
            item = await self._queue.get()
            try:
                if item is _GOODBYE:
                    await connection.close(1000)
                    return
                await self._say(connection, item)
            finally:
                self._media -= item.media
                self._queue.task_done()

    async def _say(self, connection: ClientConnection, item: _Item) -> None:
        message = item.message() if callable(item.message) else item.message
        if item.cut is None and not item.piece:
            await connection.send(message)
            return
        # Below the websocket: the bytes of a frame on the naked connection.
        data, kind = (message.encode(), Opcode.TEXT) if isinstance(message, str) else (message, Opcode.BINARY)
        raw = Frame(kind, data).serialize(mask=True)
        if item.cut is not None:
            connection.transport.write(raw[: item.cut])
            _break(connection, reset=item.reset)
            await connection.wait_closed()
            return
        for begin in range(0, len(raw), item.piece):
            await self._clocks.sleep(item.pause)
            connection.transport.write(raw[begin : begin + item.piece])

    def _forget(self) -> None:
        while not self._queue.empty():
            item = self._queue.get_nowait()
            self._media -= item.media
            self.lost += item is not _GOODBYE
            self._queue.task_done()

    def _become(self, state: LineState) -> None:
        self.state = state
        self._news.tell()


def _break(connection: ClientConnection, *, reset: bool) -> None:
    """End the connection below the websocket: orderly after what was written, or with a reset."""
    if reset:
        raw = connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.transport.abort()
    else:
        connection.transport.close()
