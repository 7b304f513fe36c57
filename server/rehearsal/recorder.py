"""Everything one could see and hear, kept on the meeting's clock: the people's mix, the agent's sound, the
tile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.errors import RehearsalError
from server.rehearsal.agent_sound import AgentSound
from server.rehearsal.feeds import SoundFeed
from server.rehearsal.meeting import Meeting
from server.rehearsal.mixer import FRAME
from server.rehearsal.screencast import Screencast
from server.rehearsal.spoken import RATE

#: Seconds of work for each second of film, at most, before we give it up.
_PATIENCE = 6.0
#: Where our packages are, for the child process.
_ROOT = str(Path(__file__).resolve().parents[2])


class PeopleSound:
    """What the people in the meeting sounded like together: the very frames that the page was sent."""

    def __init__(self, meeting: Meeting) -> None:
        self._feed: SoundFeed = meeting.subscribe_sound()
        self._frames: list[tuple[int, bytes]] = []
        self._task = asyncio.create_task(self._keep(), name="rehearsal-recorder")

    async def _keep(self) -> None:
        async for frame in self._feed:
            self._frames.append((self._feed.position, frame))

    def rendered(self, seconds: float) -> NDArray[np.int16]:
        """All of it at 48 kHz from the meeting's second 0 to `seconds`."""
        out = np.zeros(int(seconds * RATE), np.int16)
        for number, frame in self._frames:
            start = number * FRAME
            part = np.frombuffer(frame, np.int16)[: max(0, len(out) - start)]
            out[start : start + len(part)] = part
        return out

    async def close(self) -> None:
        self._feed.close()
        await asyncio.wait([self._task])


def write_sound(out: Path, people: PeopleSound, agent: AgentSound, *, begin: float, end: float) -> None:
    """What was heard of everybody, as a WAV."""
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(_everybody(people, agent, begin, end))


def _everybody(people: PeopleSound, agent: AgentSound, begin: float, end: float) -> bytes:
    mixed = (people.rendered(end).astype(np.int32) + agent.rendered(end))[round(begin * RATE) :]
    return bytes(np.clip(mixed, -32768, 32767).astype(np.int16).tobytes())


async def make_film(
    out: Path,
    folder: Path,
    screencast: Screencast,
    people: PeopleSound,
    agent: AgentSound,
    *,
    begin: float,
    end: float,
) -> Path:
    """The tile with everybody's sound, as `out` (or with the suffix this machine can write). `begin` and
    `end` are seconds of the meeting.
    """
    seconds = end - begin
    sound = folder / "sound.pcm"
    sound.write_bytes(_everybody(people, agent, begin, end))
    job = folder / "film.json"
    frames = [[at - begin, str(path)] for at, path in screencast.frames]
    job.write_text(json.dumps({"out": str(out), "frames": frames, "sound": str(sound), "seconds": seconds}))
    paths = os.pathsep.join(filter(None, [_ROOT, os.environ.get("PYTHONPATH", "")]))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.rehearsal.mux",
        str(job),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(30 + _PATIENCE * seconds):
            said, wrong = await process.communicate()
    except TimeoutError:
        raise RehearsalError("the film took too long to be written") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        reason = wrong.decode(errors="replace").strip().splitlines()
        raise RehearsalError(f"the film could not be written: {reason[-1][:200] if reason else 'no reason'}")
    return Path(said.decode().strip())
