"""The headless rehearsal: the real backend, the real page in a real Chromium, and a meeting around them.

Nothing but the meeting is made up. The page is the production page, its transcript socket is the host's
address over TLS, its microphone carries the people's voices, and what it plays is heard at its own sound
output.
"""

from __future__ import annotations

import asyncio
import contextlib
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from server.errors import ProviderError, RehearsalError, TapeError
from server.rehearsal.agent_sound import AgentSound
from server.rehearsal.backend import Backend
from server.rehearsal.browser import Browser
from server.rehearsal.director import Director, OnProgress, Progress
from server.rehearsal.findings import Recording, findings
from server.rehearsal.judge import Played
from server.rehearsal.meeting import Meeting
from server.rehearsal.recorder import PeopleSound, make_film
from server.rehearsal.report import Report
from server.rehearsal.report_html import write_html
from server.rehearsal.scenario import Scenario
from server.rehearsal.screencast import Screencast
from server.rehearsal.stand_in import StandIn
from server.store.tape import read_entries
from server.voices.base import Voice
from server.voices.espeak import VOICES, EspeakVoice
from server.web.access import mint, new_session_id

#: Seconds for the page to load, connect, and open microphone and tap.
PAGE_WITHIN = 30.0
#: Seconds the page's token is good for.
_TOKEN_TTL = 6 * 3600.0


class Stage:
    """One rehearsal from the first process to the last file."""

    def __init__(
        self, scenario: Scenario, folder: Path, *, speed: float, tell: OnProgress, record: bool, shape: str
    ) -> None:
        self._scenario = scenario
        self._folder = folder
        self._speed = speed
        self._tell = tell
        self._record = record
        self._shape = shape
        self._environment: dict[str, str] = {}

    async def run(self, temporary: Path, voice: Voice | None, command: Sequence[str], started: datetime) -> Report:
        session = new_session_id()
        async with contextlib.AsyncExitStack() as stack:
            self._say("starting the backend")
            backend = Backend(self._folder, name=self._scenario.agent, command=command)
            stack.push_async_callback(backend.stop)
            voices = voice or EspeakVoice()
            if voice is None:
                stack.push_async_callback(voices.close)
            await self._check(voices)
            await backend.start()
            meeting = Meeting(
                voices, clock=time.monotonic, bot_id=session, shape=self._shape, voices=VOICES if voice is None else ()
            )
            stack.push_async_callback(meeting.close)
            agent = AgentSound(meeting.now, time.time)
            stand_in = StandIn(meeting, agent, wall=time.time, folder=temporary)
            await stand_in.start()
            stack.push_async_callback(stand_in.close)

            self._say("opening the page in Chromium")
            profile = temporary / "profile"
            browser = Browser(profile, port=stand_in.port, key_hash=stand_in.key_hash)
            await stack.enter_async_context(browser)
            await browser.open(f"{backend.url}/agent/?t={mint(backend.secret, session, _TOKEN_TTL)}")
            await self._connected(stand_in, agent, browser)
            people = PeopleSound(meeting)
            stack.push_async_callback(people.close)
            screencast = self._screencast(browser, temporary, meeting)
            if screencast is not None:
                await screencast.start()

            self._say("the meeting begins")
            director = Director(meeting, agent, self._scenario, speed=self._speed, on_progress=self._tell)
            begin = meeting.now()
            played = await director.run()
            end = meeting.now()
            if screencast is not None:
                await screencast.stop()
            await people.close()
            agent.finish()
            self._environment = self._parts(browser, voices)
            errors = tuple(browser.errors)
        self._say("writing the report")
        recording = Recording(
            self._folder, temporary, screencast, people, agent, begin, end, errors, stand_in.clock_error
        )
        return await self._report(recording, backend, session, played, started)

    def _say(self, text: str) -> None:
        self._tell(Progress("stage", text))

    async def _check(self, voice: Voice) -> None:
        try:
            await voice.check()
        except ProviderError as error:
            raise RehearsalError(f"the people's voice does not work: {error}") from error

    async def _connected(self, stand_in: StandIn, agent: AgentSound, browser: Browser) -> None:
        """Wait until the page hears, reads and speaks. Raises RehearsalError saying what is missing."""

        def missing() -> str:
            state = agent.state
            waiting = {
                "its backend": state is None or state.connection not in ("", "open"),
                "the transcript": not stand_in.transcripts,
                "its microphone": not stand_in.microphones,
                "the tap": not stand_in.taps,
            }
            return ", ".join(name for name, so in waiting.items() if so)

        end = time.monotonic() + PAGE_WITHIN
        while missing():
            if time.monotonic() > end:
                said = f" (it says: {browser.errors[-1]})" if browser.errors else ""
                raise RehearsalError(f"the page did not connect to {missing()}{said}")
            await asyncio.sleep(0.05)

    def _screencast(self, browser: Browser, temporary: Path, meeting: Meeting) -> Screencast | None:
        if not self._record:
            return None
        frames = temporary / "frames"
        frames.mkdir()
        return Screencast(browser, frames, lambda wall: meeting.now() - (time.time() - wall))

    def _parts(self, browser: Browser, voice: Voice) -> dict[str, str]:
        return {
            "chromium": browser.version,
            "people's voice": voice.name,
            "transcript shape": self._shape,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "speed": f"{self._speed:g}",
        }

    async def _report(
        self, recording: Recording, backend: Backend, session: str, played: list[Played], started: datetime
    ) -> Report:
        decisions = await asyncio.to_thread(_decisions, backend.tape, session)
        report = findings(
            self._scenario,
            played,
            decisions,
            recording,
            started=started.isoformat(timespec="seconds"),
            environment=self._environment,
            files={"tape": backend.tape.name, "log": backend.log.name, "page": "report.html"},
        )
        await asyncio.to_thread(_write, report)
        if recording.screencast is None:
            return report
        self._say("making the film")
        try:
            film = await make_film(
                self._folder / "meeting.mp4",
                recording.temporary,
                recording.screencast,
                recording.people,
                recording.agent,
                begin=recording.begin,
                end=recording.end,
            )
        except RehearsalError as error:
            # What was found stands without it.
            report = replace(report, environment={**report.environment, "film": str(error)})
        else:
            report = replace(report, files={**report.files, "film": film.name})
        await asyncio.to_thread(_write, report)
        return report


def _decisions(tape: Path, session: str) -> list[dict[str, Any]]:
    """What the backend decided, oldest first; nothing when it kept no tape."""
    if not tape.exists():
        return []
    try:
        return [entry.data for entry in read_entries(tape, session) if entry.kind == "decision"]
    except TapeError as error:
        raise RehearsalError(f"the tape of the rehearsal cannot be read: {error}") from error


def _write(report: Report) -> None:
    (report.folder / "report.json").write_text(report.as_json(), "utf-8")
    write_html(report)
