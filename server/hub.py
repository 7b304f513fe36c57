"""All sessions of this process: opened, found again from their tapes, and closed when nobody comes back."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.decision import Decision
from server.errors import TapeError
from server.session import Parts, Session, SessionClock
from server.store.base import Entry
from server.store.codec import config_from_entry, event_from_entry

log = logging.getLogger("parley.hub")

#: seconds between two looks for sessions that nobody uses any more
SWEEP = 30.0


Watcher = Callable[[dict[str, Any]], None]


class HubFull(Exception):
    """No further session fits; the limit is a setting."""


class Hub:
    """The sessions. Used from the event loop's thread."""

    def __init__(
        self,
        parts: Parts,
        config: Config,
        *,
        max_sessions: int,
        idle_seconds: float,
        on_decision: Callable[[Decision], None] = lambda decision: None,
    ) -> None:
        self.parts = parts
        self.config = config
        self._max = max_sessions
        self._idle = idle_seconds
        self._on_decision = on_decision
        self.sessions: dict[str, Session] = {}
        self._opening: dict[str, asyncio.Task[Session]] = {}
        # Watchers of a session, also while it is not open; an empty entry is removed with its last watcher.
        self._watchers: dict[str, set[Watcher]] = {}
        self.closing = False

    def observe(self, session_id: str, watcher: Watcher) -> Callable[[], None]:
        """Have `watcher` called with every line, state and decision of a session, as plain data, from now on.

        The session need not be open yet. Returns how to end it.
        """
        self._watchers.setdefault(session_id, set()).add(watcher)

        def stop() -> None:
            watchers = self._watchers.get(session_id, set())
            watchers.discard(watcher)
            if not watchers:
                self._watchers.pop(session_id, None)

        return stop

    def _show(self, session_id: str, data: dict[str, Any]) -> None:
        for watcher in tuple(self._watchers.get(session_id, ())):
            watcher(data)

    async def open(self, session_id: str, config: Config | None = None) -> Session:
        """The session of this id: running, taken up from its tape, or new, with `config` if there is one for it.
        Raises HubFull."""
        if (session := self.sessions.get(session_id)) is not None:
            return session
        if (task := self._opening.get(session_id)) is None:
            if self.closing or len(self.sessions) + len(self._opening) >= self._max:
                raise HubFull
            task = asyncio.create_task(self._open(session_id, config or self.config))
            self._opening[session_id] = task
            task.add_done_callback(lambda _: self._opening.pop(session_id, None))
        return await asyncio.shield(task)

    async def _open(self, session_id: str, config: Config) -> Session:
        tape = self.parts.tape
        entries: list[Entry] = []
        try:
            entries = await asyncio.to_thread(tape.entries, session_id)
        except TapeError:
            log.warning("a tape could not be read; the session begins anew")
        if entries:
            # Reading and handling a long meeting's events takes a while: the other meetings' loop must not wait for it.
            session = self._taken_up(session_id, *await asyncio.to_thread(self._rebuild, session_id, entries))
        else:
            clock = SessionClock(time.time())
            session = self._make(session_id, config, clock)
            tape.open_session(session_id, {"began": clock.began})
            session.begin_tape()
        self.sessions[session_id] = session
        return session

    def _rebuild(
        self, session_id: str, entries: list[Entry]
    ) -> tuple[Config, Conversation | None, dict[str, int], float]:
        """What a tape holds: settings, the conversation as it was left, what each page had acknowledged, its begin."""
        config = self.config
        conversation: Conversation | None = None
        acked: dict[str, int] = {}
        for entry in entries:
            if entry.kind == "config":
                config = config_from_entry(entry.data)
            elif entry.kind == "event":
                conversation = conversation or Conversation(config)
                conversation.handle(event_from_entry(entry.data), entry.at)
            elif entry.kind == "received":
                page, seq = str(entry.data.get("page", "")), int(entry.data.get("seq", 0))
                acked[page] = max(seq, acked.get(page, 0))
        row = next((row for row in self.parts.tape.sessions() if row.id == session_id), None)
        latest = time.time() - entries[-1].at
        began = float(row.meta.get("began", row.opened)) if row is not None else latest
        return config, conversation, acked, min(began, latest)

    def _taken_up(
        self,
        session_id: str,
        config: Config,
        conversation: Conversation | None,
        acked: dict[str, int],
        began: float,
    ) -> Session:
        """The session goes on. Its clock does too, so the time it was gone is part of the meeting."""
        session = self._make(session_id, config, SessionClock(began), conversation)
        session.acked = acked
        self.parts.tape.open_session(session_id, {"began": began})
        session.tell(ev.Resumed())
        return session

    def _make(
        self, session_id: str, config: Config, clock: SessionClock, conversation: Conversation | None = None
    ) -> Session:
        return Session(
            session_id,
            config,
            self.parts,
            clock=clock,
            conversation=conversation,
            on_decision=self._on_decision,
            show=partial(self._show, session_id),
        )

    async def watch(self) -> None:
        """Close sessions that no page has used for a while. Runs until cancelled."""
        while True:
            await asyncio.sleep(SWEEP)
            for session in list(self.sessions.values()):
                if session.link is None and not session.kept_open and session.clock() - session.last_seen > self._idle:
                    await self.end(session.id, grace=0.0)

    async def end(self, session_id: str, *, grace: float) -> None:
        """Close one session; its tape stays."""
        if (session := self.sessions.pop(session_id, None)) is not None:
            await session.close(grace)
            self.parts.tape.close_session(session_id)

    async def close(self, grace: float) -> None:
        """Close all sessions, each with the chance to finish its sentence."""
        self.closing = True
        await asyncio.gather(*(self.end(session_id, grace=grace) for session_id in list(self.sessions)))
