"""The video helper process, seen from the server: start it, ask it, notice when it dies or hangs."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import struct
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import server
from server.media.pictures import MediaError
from server.media.video_wire import (
    HEAD,
    VERSION,
    Answer,
    Ask,
    Picture,
    body_length,
    frame,
    unpack_picture,
)

#: How the process is started.
COMMAND = (sys.executable, "-m", "server.media.video_helper")
#: Bytes that may wait in the pipe. Beyond this nothing is taken: whoever asks is told, and drops video.
MOST_WAITING = 16 << 20
MISSING = "video needs PyAV: pip install 'parley[video]'"

# All that the process may know of our environment. Keys in particular stay here.
_ENVIRONMENT = (
    "PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
)  # fmt: skip


@dataclass(slots=True)
class _Asked:
    """A frame that is not answered yet."""

    number: int
    stream: int
    picture: asyncio.Future[Picture] | None


class VideoProcess:
    """A running helper process. Start it with `start`; once it has ended it stays ended."""

    def __init__(self, process: asyncio.subprocess.Process, patience: float) -> None:
        self._process = process
        self._patience = patience
        self._numbers = itertools.count(1)
        # Bounded by MOST_WAITING and by the looks, of which there is one per stream at a time.
        self._asked: deque[_Asked] = deque()
        self._ended: MediaError | None = None
        self._reading: asyncio.Task[None] | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._moved = 0.0
        #: like "PyAV 18.1.0"
        self.engine = ""
        #: the stream it was at work on when it ended, if it was at work
        self.culprit: int | None = None

    @classmethod
    async def start(cls, command: Sequence[str], deadline: float, patience: float) -> VideoProcess:
        """Start the process and hear its first frame. Raises MediaError.

        `patience`: seconds without any answer, while it owes one, after which it is killed.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # A library may print anything, and what was said or shown must not reach a log.
                stderr=asyncio.subprocess.DEVNULL,
                env=environment(os.environ),
            )
        except OSError as error:
            raise MediaError("died", "the video process cannot be started") from error
        self = cls(process, patience)
        hello: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(hello), name="video-frames")
        try:
            async with asyncio.timeout(deadline):
                self.engine = await hello
        except TimeoutError as error:
            await self.close()
            raise MediaError("stuck", "the video process did not start in time") from error
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def alive(self) -> bool:
        """Whether anything may be asked."""
        return self._ended is None

    @property
    def pid(self) -> int:
        """The process id, for diagnosis."""
        return self._process.pid

    @property
    def waiting(self) -> int:
        """Bytes in the pipe that the process has not read."""
        assert self._process.stdin is not None
        return self._process.stdin.transport.get_write_buffer_size()

    def tell(self, kind: Ask, stream: int, payload: bytes) -> None:
        """Send what needs no picture for an answer. Never waits; call it while `alive`."""
        self._send(kind, stream, payload, None)

    def ask(self, kind: Ask, stream: int, payload: bytes) -> asyncio.Future[Picture]:
        """Ask for a picture. The future raises MediaError; whoever does not want it any more cancels it."""
        picture: asyncio.Future[Picture] = asyncio.get_running_loop().create_future()
        if self._ended is not None:
            picture.set_exception(MediaError(self._ended.code, str(self._ended)))
        else:
            self._send(kind, stream, payload, picture)
        return picture

    def kill(self, why: MediaError) -> None:
        """End it now. Everybody who still waits gets `why`."""
        self._end(why)
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """End the process, gently for a second. May be called twice."""
        self._end(MediaError("died", "the video process was closed"))
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(1.0):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    def _send(self, kind: Ask, stream: int, payload: bytes, picture: asyncio.Future[Picture] | None) -> None:
        assert self._process.stdin is not None
        number = next(self._numbers) % 0xFFFFFFFF + 1  # never 0: that is the process itself
        if not self._asked:
            self._moved = asyncio.get_running_loop().time()
            self._look_again(self._patience)
        self._asked.append(_Asked(number, stream, picture))
        self._process.stdin.write(frame(kind, number, payload))

    # -------------------------------------------------------------- the watchdog

    def _look_again(self, seconds: float, suspected: bool = False) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = asyncio.get_running_loop().call_later(seconds, self._check, suspected)

    def _check(self, suspected: bool) -> None:
        if not self._asked:
            return
        quiet = asyncio.get_running_loop().time() - self._moved
        if quiet < self._patience:
            self._look_again(self._patience - quiet)
        elif not suspected:
            # It may have been us who were late: let what lies in the pipe come in before blaming anyone.
            self._look_again(0.25, suspected=True)
        else:
            self.kill(MediaError("stuck", "the video process was stuck, it has been ended"))

    def _end(self, why: MediaError) -> None:
        if self._ended is None:
            self._ended = why
            self.culprit = self._asked[0].stream if self._asked else None
        if self._watch is not None:
            self._watch.cancel()
        asked, self._asked = self._asked, deque()
        for each in asked:
            if each.picture is not None and not each.picture.done():
                # A fresh one each: an exception carries the traceback of whoever raised it.
                each.picture.set_exception(MediaError(why.code, str(why)))

    # -------------------------------------------------------------- what it answers

    async def _read(self, hello: asyncio.Future[str]) -> None:
        assert self._process.stdout is not None
        why = MediaError("died", "the video process ended")
        try:
            while True:
                length, kind, number = body_length(await self._process.stdout.readexactly(HEAD.size))
                self._receive(Answer(kind), number, await self._process.stdout.readexactly(length), hello)
        except asyncio.IncompleteReadError:
            pass
        except (ValueError, KeyError, TypeError, struct.error):
            why = MediaError("died", "the video process wrote something that is not a frame")
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        if not hello.done():
            hello.set_exception(why)
        self._end(why)

    def _receive(self, kind: Answer, number: int, payload: bytes, hello: asyncio.Future[str]) -> None:
        self._moved = asyncio.get_running_loop().time()
        if number == 0:
            said = json.loads(payload)
            if hello.done():
                return
            if kind is Answer.HELLO and said["version"] == VERSION:
                hello.set_result(str(said["engine"]))
            elif kind is Answer.ERROR:
                hello.set_exception(MediaError("missing", MISSING))
            else:
                hello.set_exception(MediaError("died", "another version of the video process"))
            return
        if not self._asked:
            return  # closed meanwhile
        asked = self._asked[0]
        if asked.number != number:
            raise ValueError("an answer out of turn")
        if asked.picture is not None and not asked.picture.done():
            if kind is Answer.PICTURE:
                asked.picture.set_result(unpack_picture(payload))
            else:
                said = json.loads(payload)
                asked.picture.set_exception(MediaError(str(said["code"]), str(said["message"])))
        # Last, so that whoever waits for an answer that cannot be read is told when the process is ended for it.
        self._asked.popleft()


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What a helper process may know of our environment."""
    chosen = {name: ours[name] for name in _ENVIRONMENT if name in ours}
    # The process must find this very package, wherever we were started.
    home = str(Path(server.__file__).resolve().parent.parent)
    chosen["PYTHONPATH"] = os.pathsep.join(filter(None, (home, chosen.get("PYTHONPATH", ""))))
    return chosen
