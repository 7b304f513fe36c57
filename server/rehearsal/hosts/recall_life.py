"""The life of a Recall bot: from being sent to being done, its page, its recordings, what the dashboard hears."""

from __future__ import annotations

import asyncio
import uuid
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from server.rehearsal.hosts.clocks import iso, seconds_until
from server.rehearsal.hosts.life import Living
from server.rehearsal.hosts.recall_messages import Envelope, Generation, artifact_message, status_message
from server.rehearsal.hosts.recall_objects import read_meeting_url, stored, stored_recording
from server.rehearsal.hosts.recall_pages import PLACES, OnPage, OnPageGone, Pages
from server.rehearsal.hosts.recall_recording import Endpoint, Network, Recording

Json = dict[str, Any]

#: Seconds before `join_at` from which on a scheduled bot counts as sent.
AHEAD = 600.0


@dataclass(slots=True)
class Habits:
    """How a bot's meeting behaves. Set on the service before the bot is created; each bot gets a copy."""

    #: somebody must `admit()` the bot
    waiting_room: bool = False
    #: Zoom: recording begins only after `permission()`
    asks_permission: bool = False
    #: each unmuted voice has a connection of its own, which comes and goes with mute
    per_person_sockets: bool = False
    #: the bot appears among the participants, and its chat lines come back as theirs
    shows_itself: bool = False
    envelope: Envelope = "newer"
    generation: Generation = "v1.11"
    #: language code of transcripts
    language: str = "en"
    #: seconds from one status to the next
    step: float = 0.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a bot is given by its service."""

    network: Network
    #: posts to the dashboard's webhook
    tell: Callable[[Json], None]
    failed: Callable[[BaseException], None]
    on_page: OnPage | None
    on_page_gone: OnPageGone | None


class Life(Living[tuple[str, str]]):
    """What `RecallBot` is without people: see there for its use."""

    def __init__(self, asked: Json, habits: Habits, surroundings: Surroundings) -> None:
        """`asked` is a valid Create Bot request."""
        super().__init__(surroundings.network.clocks, surroundings.failed)
        self.id = str(uuid.uuid4())
        self.asked = asked
        #: the request with its defaults filled in
        self.kept = kept = stored(asked)
        self.habits = replace(habits)
        self.meeting: Json = read_meeting_url(kept["meeting_url"]) or {}
        self.platform: str = self.meeting["platform"]
        self.status_changes: list[Json] = []
        self.recordings: list[Recording] = []
        self.paused = False
        self.in_call = False
        #: what it shows
        self.pages = Pages(self, surroundings.on_page, surroundings.on_page_gone)
        #: how often the host was asked for permission to record
        self.permission_requests = 0
        self._with = surroundings
        self._last = 0.0
        self._admitted = asyncio.Event()
        self._replanned = asyncio.Event()
        self._denied: asyncio.Task[None] | None = None
        self._stopping: list[asyncio.Task[None]] = []
        self._status("ready")

    def start(self) -> None:
        """Begin to live."""
        self.spawn(self.pages.work(self._with.failed))
        super().start()

    # ------------------------------------------------------------ where it is

    @property
    def status(self) -> str:
        """The latest status code."""
        return str(self.status_changes[-1]["code"])

    @property
    def dispatched(self) -> bool:
        """On its way or further. Until then it can be changed and deleted."""
        return self.status != "ready"

    @property
    def recording(self) -> Recording | None:
        """The recording that sends, if one does."""
        last = self.recordings[-1] if self.recordings else None
        return last if last is not None and last.running and not self.paused else None

    @property
    def identity(self) -> Json:
        return {"id": self.id, "metadata": self.kept["metadata"]}

    async def reaches(self, code: str) -> None:
        """Wait until it has had this status. Raises RehearsalError when it ends without."""
        await self.until(lambda: code in [change["code"] for change in self.status_changes], code)

    # ------------------------------------------------------------ what becomes of it

    def dispatch(self) -> None:
        """Send a scheduled bot now, whatever its time."""
        self.replan({**self.asked, "join_at": None})

    def replan(self, asked: Json) -> None:
        """A bot that was not sent yet was changed."""
        self.asked, self.kept = asked, stored(asked)
        self._replanned.set()

    def admit(self) -> None:
        """Let it in from the waiting room."""
        self._admitted.set()

    def permission(self, denied: str = "") -> None:
        """The host answers the question for recording: yes, or no with a sub code. No ends the bot after a while."""
        if self._denied is not None:
            self._denied.cancel()
            self._denied = None
        if denied:
            self._status("recording_permission_denied", denied)
            self._denied = self.spawn(self._leave_denied())
        else:
            self._status("recording_permission_allowed")
            self.habits.asks_permission = False
            self._record_if_due()

    def end_meeting(self, sub_code: str = "call_ended_by_host") -> None:
        """The call is over for the bot: `call_ended` with this reason, then `done`."""
        self.end(("call_ended", sub_code))

    def kick(self) -> None:
        """Somebody removes it, from the call or from the waiting room."""
        self.end(("call_ended", "bot_kicked_from_call" if self.in_call else "bot_kicked_from_waiting_room"))

    def fail(self, sub_code: str = "bot_errored") -> None:
        """It breaks, or cannot join: `fatal`."""
        self.end(("fatal", sub_code))

    async def settled(self) -> None:
        """Wait until everything it was told to send was written, or lost in a gap."""
        await asyncio.gather(*(recording.settled() for recording in self.recordings))

    async def close(self) -> None:
        """End everything at once, without another word to the dashboard. May be called twice."""
        await self.cancel()
        await asyncio.gather(*(recording.close() for recording in self.recordings))

    # ------------------------------------------------------------ step by step

    async def over(self, ending: tuple[str, str]) -> None:
        code, sub_code = ending
        self.in_call = False
        self.pages.hide_all()
        self._stop()
        await asyncio.gather(*self._stopping)
        self._status(code, sub_code)
        if code == "call_ended":
            for recording in self.recordings:
                self._artifact("recording", "done", None, recording)
                if recording.config["transcript"] is not None:
                    self._artifact("transcript", "done", None, recording)
            await self._step()
            self._status("done")
        await self.pages.settled()

    async def steps(self) -> None:
        await self._until_due()
        self._status("joining_call")
        for place in PLACES:
            if page := (self.kept["output_media"] or {}).get(place):
                self.pages.show(place, page["config"]["url"])
        await self._step()
        if self.habits.waiting_room:
            self._status("in_waiting_room")
            await self._admitted.wait()
            await self._step()
        self._status("in_call_not_recording")
        self.in_call = True
        self._joined()
        await self._step()
        self._record_if_due()

    @property
    def due_in(self) -> float:
        """Seconds until it is to join; 0 for a bot that joins at once."""
        return seconds_until(self.kept["join_at"], self._clocks)

    async def _until_due(self) -> None:
        if self.due_in <= AHEAD:
            return
        # Sleeping is the clock here: a test that waits for nothing is at its time at once.
        while self.kept["join_at"] and not await self.rest(self.due_in, self._replanned):
            self._replanned.clear()

    async def _step(self) -> None:
        await self._clocks.sleep(self.habits.step)

    @abstractmethod
    def _joined(self) -> None:
        """The bot is in the call."""

    def _status(self, code: str, sub_code: str | None = None) -> None:
        # Two changes within one tick of the clock still have an order.
        self._last = at = max(self._clocks.wall(), self._last + 1e-6)
        change = {"code": code, "message": None, "created_at": iso(at), "sub_code": sub_code}
        self.status_changes.append(change)
        if code != "ready":
            recording = self.recordings[-1].id if self.recordings else None
            self._with.tell(
                status_message(
                    code,
                    sub_code,
                    iso(at, "+00:00"),
                    bot=self.identity,
                    recording=recording,
                    generation=self.habits.generation,
                )
            )
        self.news.tell()

    async def _leave_denied(self) -> None:
        await self._clocks.sleep(self.kept["automatic_leave"]["recording_permission_denied_timeout"])
        self.end(("call_ended", "timeout_exceeded_recording_permission_denied"))

    # ------------------------------------------------------------ recordings

    def _record_if_due(self, *, spoken: bool = False) -> None:
        """Begin the bot's first recording if what its `start_recording_on` waits for is there."""
        config = self.kept["recording_config"]
        if not self.in_call or self.recordings or config is None or self.habits.asks_permission:
            return
        start = config["start_recording_on"]
        if (
            start == "call_join"
            or (start == "participant_join" and self._somebody_here())
            or (start == "participant_speak" and spoken)
        ):
            self.record(config)

    @abstractmethod
    def _somebody_here(self) -> bool:
        """Whether anybody but bots is in the call."""

    def record(self, config: Json) -> None:
        """Begin a recording with exactly this configuration; one that runs is replaced."""
        self._stop()
        self.paused = False
        recording = Recording(
            stored_recording(config),
            self._with.network,
            per_person=self.habits.per_person_sockets,
            on_failed=self._endpoint_failed,
        )
        self.recordings.append(recording)
        self._status("in_call_recording")
        for endpoint in recording.endpoints:
            self._artifact("realtime_endpoint", "running", "", recording, endpoint)
        self._recording_began()

    @abstractmethod
    def _recording_began(self) -> None:
        """Live data may flow."""

    def pause(self, on: bool) -> None:
        """Pause the recording that runs, or go on with it."""
        if self.recordings and self.recordings[-1].running and on is not self.paused:
            self.paused = on
            self._status("in_call_not_recording" if on else "in_call_recording")

    def stop_recording(self) -> None:
        """End the recording that runs."""
        if self._stop():
            self._status("in_call_not_recording")

    def _stop(self) -> bool:
        if not self.recordings or not self.recordings[-1].running:
            return False
        recording = self.recordings[-1]
        recording.running = False
        self._stopping.append(self.spawn(self._close_recording(recording)))
        return True

    async def _close_recording(self, recording: Recording) -> None:
        await recording.finish()
        for endpoint in recording.endpoints:
            if endpoint.status == "done":
                self._artifact("realtime_endpoint", "done", "", recording, endpoint)

    def _endpoint_failed(self, endpoint: Endpoint) -> None:
        recording = next(each for each in self.recordings if endpoint in each.endpoints)
        self._artifact("realtime_endpoint", "failed", "internal_error", recording, endpoint)

    def _artifact(
        self, kind: str, code: str, sub_code: str | None, recording: Recording, endpoint: Endpoint | None = None
    ) -> None:
        subject = recording.identity
        if endpoint is not None:
            subject = endpoint.identity
        elif kind == "transcript":
            subject = {"id": recording.artifact("transcript"), "metadata": {}}
        at = iso(self._clocks.wall(), "+00:00")
        self._with.tell(
            artifact_message(kind, code, sub_code, at, subject=subject, recording=recording.identity, bot=self.identity)
        )
