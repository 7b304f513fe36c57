"""The headless rehearsal: the real backend, the real page in a real Chromium, and a meeting around them.

Nothing but the meeting is made up, and with a host the host's service. The page is the production page, its transcript
socket is the host's address over TLS, its microphone carries the people's voices, and what it plays is heard at its own
sound output. How the agent gets into the meeting is a `Seating`.
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

from server.errors import ProviderError, RehearsalError, TapeError
from server.rehearsal.backend import Backend
from server.rehearsal.director import Director, OnProgress, Progress
from server.rehearsal.findings import Recording, findings
from server.rehearsal.judge import Played
from server.rehearsal.meeting import Meeting
from server.rehearsal.recorder import PeopleSound, make_film, write_sound
from server.rehearsal.report import Report
from server.rehearsal.report_html import write_html
from server.rehearsal.scenario import Scenario
from server.rehearsal.seating.base import Seating
from server.rehearsal.seating.directly import Directly
from server.rehearsal.seating.page import PageView
from server.store.base import Entry
from server.store.tape import read_entries
from server.voices.base import Voice
from server.voices.espeak import VOICES, EspeakVoice
from server.web.access import new_session_id

#: Seconds for the page to load, connect, and open microphone and tap.
PAGE_WITHIN = 30.0


class Stage:
    """One rehearsal from the first process to the last file."""

    def __init__(
        self,
        scenario: Scenario,
        folder: Path,
        *,
        speed: float,
        tell: OnProgress,
        record: bool,
        shape: str,
        host: str = "",
    ) -> None:
        """`host` names the host that seats the agent; empty: its page is opened directly."""
        self._scenario = scenario
        self._folder = folder
        self._speed = speed
        self._tell = tell
        self._record = record
        self._shape = shape
        self._host = host

    async def run(self, temporary: Path, voice: Voice | None, command: Sequence[str], started: datetime) -> Report:
        async with contextlib.AsyncExitStack() as stack:
            self._say("starting the backend")
            backend = Backend(self._folder, name=self._scenario.agent, command=command)
            stack.push_async_callback(backend.stop)
            voices = voice or EspeakVoice()
            if voice is None:
                stack.push_async_callback(voices.close)
            await self._check(voices)
            session = new_session_id()
            meeting = Meeting(
                voices, clock=time.monotonic, bot_id=session, shape=self._shape, voices=VOICES if voice is None else ()
            )
            stack.push_async_callback(meeting.close)
            seating = await stack.enter_async_context(self._seating(meeting, session, temporary))
            await backend.start(await seating.arrange(backend))
            session = await seating.take()
            agent = seating.agent
            people = PeopleSound(meeting)
            stack.push_async_callback(people.close)

            self._say("the meeting begins")
            director = Director(
                meeting,
                agent,
                self._scenario,
                speed=self._speed,
                written=lambda: seating.written,
                on_progress=self._tell,
            )
            begin = meeting.now()
            played = await director.run()
            end = meeting.now()
            await seating.leave()
            await people.close()
            agent.finish()
        self._say("writing the report")
        entries = await asyncio.to_thread(_entries, backend.tape, session)
        account = seating.account(entries, begin)
        recording = Recording(self._folder, temporary, people, agent, seating.written, begin, end, account)
        return await self._report(recording, backend, entries, played, voices, started)

    def _seating(self, meeting: Meeting, session: str, temporary: Path) -> Seating:
        def view() -> PageView:
            return PageView(meeting, temporary, within=PAGE_WITHIN)

        match self._host:
            case "recall":
                from server.rehearsal.seating.recall import ThroughRecall

                return ThroughRecall(view(), meeting, self._scenario, record=self._record, tell=self._tell)
            case "meetstream":
                from server.rehearsal.seating.meetstream import ThroughMeetStream

                return ThroughMeetStream(meeting, self._scenario, temporary, tell=self._tell)
        return Directly(view(), session, record=self._record, tell=self._tell)

    def _say(self, text: str) -> None:
        self._tell(Progress("stage", text))

    async def _check(self, voice: Voice) -> None:
        try:
            await voice.check()
        except ProviderError as error:
            raise RehearsalError(f"the people's voice does not work: {error}") from error

    def _parts(self, voice: Voice) -> dict[str, str]:
        return {
            "people's voice": voice.name,
            "transcript shape": self._shape,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "speed": f"{self._speed:g}",
        }

    async def _report(
        self,
        recording: Recording,
        backend: Backend,
        entries: Sequence[Entry],
        played: list[Played],
        voice: Voice,
        started: datetime,
    ) -> Report:
        report = findings(
            self._scenario,
            played,
            [entry.data for entry in entries if entry.kind == "decision"],
            recording,
            started=started.isoformat(timespec="seconds"),
            environment={**recording.account.environment, **self._parts(voice)},
            files={"tape": backend.tape.name, "log": backend.log.name, "page": "report.html"},
        )
        await asyncio.to_thread(_write, report)
        if self._record:
            report = await self._film(report, recording)
            await asyncio.to_thread(_write, report)
        return report

    async def _film(self, report: Report, recording: Recording) -> Report:
        """The tile with everybody's sound; only the sound where there is no page."""
        screencast = recording.account.screencast
        if screencast is None:
            sound = self._folder / "meeting.wav"
            people, agent = recording.people, recording.agent
            await asyncio.to_thread(write_sound, sound, people, agent, begin=recording.begin, end=recording.end)
            return replace(report, files={**report.files, "sound": sound.name})
        self._say("making the film")
        try:
            film = await make_film(
                self._folder / "meeting.mp4",
                recording.temporary,
                screencast,
                recording.people,
                recording.agent,
                begin=recording.begin,
                end=recording.end,
            )
        except RehearsalError as error:
            # What was found stands without it.
            return replace(report, environment={**report.environment, "film": str(error)})
        return replace(report, files={**report.files, "film": film.name})


def _entries(tape: Path, session: str) -> list[Entry]:
    """What the backend recorded, oldest first; nothing when it kept no tape."""
    if not tape.exists():
        return []
    try:
        return read_entries(tape, session)
    except TapeError as error:
        raise RehearsalError(f"the tape of the rehearsal cannot be read: {error}") from error


def _write(report: Report) -> None:
    (report.folder / "report.json").write_text(report.as_json(), "utf-8")
    write_html(report)
