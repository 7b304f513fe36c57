"""What a broken or hostile sender does, whoever the vendor: to every websocket and webhook of one bot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from server.rehearsal.hosts.line import Line
from server.rehearsal.hosts.post import Post

#: Frames that no vendor sends: no JSON, JSON that is no object, objects of wrong types, too deep, empty, not UTF-8.
GARBAGE: tuple[str | bytes, ...] = (
    "",
    "not json",
    "{",
    "null",
    "[]",
    '"text"',
    "1e999",
    '{"event": 1, "data": []}',
    '{"event": "transcript.data"}',
    '{"event": "transcript.data", "data": {"data": null, "bot": 7}}',
    '{"event": "audio_mixed_raw.data", "data": {"data": {"buffer": {}, "timestamp": "now"}}}',
    '{"type": [], "command": {}}',
    '{"command": "usermsg", "message": {"a": 1}}',
    "[" * 100_000,
    b"",
    b"\xff\xfe\x00garbage",
    b"\x01\xff\xff",
    b"\x07",
)


class Mischief:
    """Switches and acts. `lines` and `posts` are asked for each time, so that they follow the bot's connections."""

    def __init__(self, lines: Callable[[], Sequence[Line]], posts: Callable[[], Sequence[Post]]) -> None:
        self._lines = lines
        self._posts = posts

    def garbage(self, *frames: str | bytes) -> None:
        """Frames that mean nothing; without any, all of GARBAGE."""
        for line in self._lines():
            for frame in frames or GARBAGE:
                line.put(frame)

    def cut(self, message: str | bytes, at: int, *, reset: bool = False) -> None:
        """Break every connection after `at` bytes of this message's frame."""
        for line in self._lines():
            line.put_cut(message, at, reset=reset)

    def drop(self) -> None:
        """Break every connection now."""
        for line in self._lines():
            line.drop()

    def slowly(self, message: str | bytes, piece: int = 7, pause: float = 0.01) -> None:
        """A message on every connection that drips `piece` bytes at a time."""
        for line in self._lines():
            line.put_slowly(message, piece, pause)

    def duplicated(self, times: int = 2) -> AbstractContextManager[None]:
        """What is sent inside is sent so often."""
        return self._arranged(lambda items: [item for item in items for _ in range(times)])

    def reordered(self) -> AbstractContextManager[None]:
        """What is sent inside is sent last first."""
        return self._arranged(lambda items: items[::-1])

    @contextmanager
    def _arranged(self, arrange: Callable[[list[Any]], Iterable[Any]]) -> Iterator[None]:
        ways: list[Line | Post] = [*self._lines(), *self._posts()]
        for way in ways:
            way.hold()
        try:
            yield
        finally:
            for way in ways:
                way.release(arrange)
