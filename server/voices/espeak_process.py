"""The eSpeak helper process, seen from the server: start it, ask it, notice when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import server
from server.errors import (
    ProviderError,
    ProviderLimited,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
)
from server.voices.base import SAMPLE_RATE, Sound
from server.voices.espeak_speaker import Speaker
from server.voices.espeak_wire import VERSION, Frame, FrameReader, Kind, decode_sound

#: How the process is started.
COMMAND = (sys.executable, "-m", "server.voices.espeak_helper")
#: Sound in flight for one request: four seconds. A request whose listener does not read stops there.
WINDOW = 4 * SAMPLE_RATE * 2
# Deadlines that a request waits for while the process is at work for others: a crowd is no reason to kill it.
_PATIENCE = 5

# All that the process may know of our environment. Keys in particular stay here.
_ENVIRONMENT = (
    "PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "ESPEAK_LIBRARY", "ESPEAK_DATA",
)  # fmt: skip


class Request:
    """One text at the process. Ends with `None`; an error is raised by `next`."""

    def __init__(self, process: EspeakProcess, number: int) -> None:
        self._process = process
        self._number = number
        # Bounded by the credit: at most WINDOW bytes of sound and one frame, then the process waits.
        self._frames: asyncio.Queue[Sound | ProviderError | None] = asyncio.Queue()
        self._taken = 0

    async def next(self, deadline: float) -> Sound | None:
        """The next sound, None at the end. Raises ProviderTimeout when none comes within `deadline` seconds,
        or within five times that while the process is at work for others."""
        for patience in range(_PATIENCE, 0, -1):
            try:
                async with asyncio.timeout(deadline):
                    item = await self._frames.get()
                break
            except TimeoutError as error:
                # It may have been us who were late: let what lies in the pipe come in before blaming anyone.
                await asyncio.sleep(0.05)
                stuck = patience == 1 or self._process.quiet_for() >= deadline
                if stuck and self._frames.empty():
                    raise ProviderTimeout("the eSpeak process gave no sound in time") from error
        else:
            item = self._frames.get_nowait()
        if isinstance(item, ProviderError):
            raise item
        if item is not None:
            self._taken += len(item.pcm)
            if self._taken >= WINDOW // 2:
                self._process.send({"op": "more", "id": self._number, "bytes": self._taken})
                self._taken = 0
        return item

    def put(self, item: Sound | ProviderError | None) -> None:
        """From the process."""
        self._frames.put_nowait(item)

    def close(self) -> None:
        """Stop the work. May be called twice, and after the end."""
        self._process.forget(self._number)


class EspeakProcess:
    """A running helper process. Start it with `start`; once it has failed it stays failed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._requests: dict[int, Request] = {}
        self._numbers = itertools.count(1)
        self._ended: ProviderError | None = None
        self._reading: asyncio.Task[None] | None = None
        self._heard_at = 0.0
        #: like "eSpeak NG 1.52.0"
        self.engine = ""

    @classmethod
    async def start(cls, command: Sequence[str], deadline: float) -> EspeakProcess:
        """Start the process and hear its first frame. Raises ProviderError."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # A library may print anything, and what is said must not reach a log.
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(os.environ),
            )
        except OSError as error:
            raise ProviderUnreachable("the eSpeak process cannot be started") from error
        self = cls(process)
        hello: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(hello), name="espeak-frames")
        try:
            async with asyncio.timeout(deadline):
                self.engine = await hello
        except TimeoutError as error:
            await self.close()
            raise ProviderTimeout("the eSpeak process did not start in time") from error
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def alive(self) -> bool:
        """Whether a request may be made."""
        return self._ended is None

    @property
    def pid(self) -> int:
        """The process id, for diagnosis."""
        return self._process.pid

    def quiet_for(self) -> float:
        """Seconds since the process last wrote anything."""
        return asyncio.get_running_loop().time() - self._heard_at

    def request(self, text: str, who: Speaker) -> Request:
        """Ask for a text. Raises the ProviderError with which the process ended."""
        if self._ended is not None:
            raise self._ended
        number = next(self._numbers)
        request = self._requests[number] = Request(self, number)
        self.send(
            {
                "op": "speak",
                "id": number,
                "text": text,
                "names": who.names,
                "rate": who.rate,
                "pitch": who.pitch,
                "credit": WINDOW,
            }
        )
        return request

    def forget(self, number: int) -> None:
        """Cancel a request, if it is still under way."""
        if self._requests.pop(number, None) is not None:
            self.send({"op": "cancel", "id": number})

    def send(self, message: Mapping[str, object]) -> None:
        """Write a message. The process always reads, so the pipe holds no more than some texts."""
        if self._ended is None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    def kill(self, why: ProviderError) -> None:
        """End it now: it is stuck. Everybody who still waits gets `why`."""
        self._end(why)
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """End the process, gently for a second. May be called twice."""
        self._end(ProviderUnreachable("the eSpeak process was closed"))
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

    def _end(self, why: ProviderError) -> None:
        if self._ended is None:
            self._ended = why
        requests, self._requests = self._requests, {}
        for request in requests.values():
            # A fresh one each: an exception carries the traceback of whoever raised it.
            request.put(type(why)(str(why)))

    async def _read(self, hello: asyncio.Future[str]) -> None:
        assert self._process.stdout is not None
        frames = FrameReader()
        why: ProviderError = ProviderUnreachable("the eSpeak process ended")
        try:
            while data := await self._process.stdout.read(1 << 16):
                self._heard_at = asyncio.get_running_loop().time()
                for frame in frames.feed(data):
                    self._receive(frame, hello)
        except (ValueError, KeyError, TypeError, struct.error):
            why = ProviderUnreachable("the eSpeak process wrote something that is not a frame")
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        if not hello.done():
            hello.set_exception(why)
        self._end(why)

    def _receive(self, frame: Frame, hello: asyncio.Future[str]) -> None:
        if frame.request == 0:
            said = json.loads(frame.payload)
            if hello.done():
                return
            if frame.kind is Kind.HELLO and said["version"] == VERSION:
                hello.set_result(str(said["engine"]))
            else:
                hello.set_exception(ProviderRefused(str(said.get("message", "another version of eSpeak's helper"))))
            return
        request = self._requests.get(frame.request)
        if request is None:
            return  # cancelled; its last frames were under way
        if frame.kind is Kind.SOUND:
            request.put(decode_sound(frame.payload))
            return
        del self._requests[frame.request]
        request.put(None if frame.kind is Kind.DONE else _error(frame.payload))


def _error(payload: bytes) -> ProviderError:
    said = json.loads(payload)
    kind = {"voice": ProviderRefused, "busy": ProviderLimited}.get(said["code"], ProviderUnreachable)
    return kind(str(said["message"]))


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    chosen = {name: ours[name] for name in _ENVIRONMENT if name in ours}
    # The process must find this very package, wherever we were started.
    home = str(Path(server.__file__).resolve().parent.parent)
    chosen["PYTHONPATH"] = os.pathsep.join(filter(None, (home, chosen.get("PYTHONPATH", ""))))
    return chosen
