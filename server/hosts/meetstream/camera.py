"""The bot's camera picture: a still for each change of what the agent does, at most one a second, newest first."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from server.hosts.meetstream.still import Face, draw_still

log = logging.getLogger("parley.meetstream")

#: seconds between two pictures; no more is documented to work
APART = 1.0

#: Draws a face in the background and then calls with the picture as base64, or with nothing when it failed.
Draw = Callable[[Face, Callable[[str], None]], None]


class Handle(Protocol):
    """A timer that was set."""

    def cancel(self) -> None: ...


class Timers(Protocol):
    """A clock and its timers. An asyncio loop is one; tests bring their own."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], Any], /) -> Handle: ...


class Drawer:
    """Draws in a thread, so that no socket waits for it. One may serve every seat."""

    def __init__(self, font: Path | None = None) -> None:
        self._font = font
        # the loop itself keeps only weak references to its tasks
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, face: Face, done: Callable[[str], None]) -> None:
        task = asyncio.get_running_loop().create_task(self._draw(face, done), name="still")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _draw(self, face: Face, done: Callable[[str], None]) -> None:
        try:
            image = await asyncio.to_thread(lambda: base64.b64encode(draw_still(face, self._font)).decode())
        except Exception as error:  # a picture is the least part of a seat; its words are in the face
            log.warning("a still picture could not be drawn", extra={"kind": type(error).__name__})
            image = ""
        done(image)


class Camera:
    """What one bot shows. Faces that come faster than pictures may are left out."""

    def __init__(self, send: Callable[[str], None], draw: Draw, timers: Timers) -> None:
        self._send = send
        self._draw = draw
        self._timers = timers
        self._wanted: Face | None = None
        self._shown: Face | None = None
        self._drawing = False
        self._timer: Handle | None = None
        self._last = -APART
        self._closed = False

    def show(self, face: Face) -> None:
        """This is how the agent looks now."""
        self._wanted = face
        self._next()

    def close(self) -> None:
        """No more pictures. May be called twice."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next(self) -> None:
        face = self._wanted
        if self._closed or self._drawing or self._timer is not None or face is None or face == self._shown:
            return
        wait = self._last + APART - self._timers.time()
        if wait > 0:
            self._timer = self._timers.call_later(wait, self._due)
            return
        self._drawing = True
        self._draw(face, lambda image: self._drawn(face, image))

    def _due(self) -> None:
        self._timer = None
        self._next()

    def _drawn(self, face: Face, image: str) -> None:
        self._drawing = False
        if self._closed:
            return
        self._shown = face  # also when it failed: the same face would fail again
        if image:
            self._last = self._timers.time()
            self._send(image)
        self._next()
