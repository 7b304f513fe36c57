"""One meeting: facts go into the core, its wishes are performed here, and everything is put on the tape.

No decisions. The session owns the timers, the running brain and voice, the page's link and the ears; it is used from
the event loop's thread only.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from server.brains.base import Brain, BrainRequest, Done, Sight, Spoken, TextDelta, ToolCall
from server.core import effects as fx
from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.decision import Decision
from server.core.doubt import DEADLINE
from server.core.looking import Source
from server.core.messages import (
    Card,
    Continue,
    Duck,
    Flush,
    Hand,
    Line,
    Pause,
    Problem,
    Resume,
    ShowCard,
    State,
    Welcome,
    plain,
)
from server.core.prompt import Thought
from server.ears.base import Ears, Transcriber
from server.errors import ProviderError
from server.listening import Listening
from server.playout import PageLink, Playout
from server.store.base import Tape
from server.store.codec import config_to_entry, decision_to_entry, event_to_entry
from server.voices.base import Voice

log = logging.getLogger("parley.session")

#: messages to the page that the watchers of a session are told of
SHOWN = (Line, State, Duck, Pause, Continue, Flush, Hand)
#: bytes of a picture on the tile
LARGEST_CARD = 200_000


class Addressee(Protocol):
    """A model's opinion on who was spoken to."""

    async def is_meant(self, asked: fx.AskAddressee) -> bool | None:
        """Whether it was the agent; None: no opinion. Raises ProviderError."""
        ...


class SeatLink(Protocol):
    """The seat of this session in a real meeting. Calls only begin something; they never wait and never raise."""

    def chat(self, text: str, to: str) -> None:
        """Write into the meeting's chat."""
        ...

    def leave(self, reason: str) -> None:
        """Take the bot out of the meeting."""
        ...

    async def look(self, source: Source, person: str) -> Sight | None:
        """The newest picture of this source and person (of whoever shares, when empty); None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The concrete parts that sessions share. `app.py` chooses them."""

    brain: Brain
    voice: Voice
    ears: Ears | None
    tape: Tape
    voice_name: str = ""
    transcriber: Transcriber | None = None
    addressee: Addressee | None = None


class SessionClock:
    """Seconds since the session began, going on across restarts of the backend."""

    def __init__(self, began: float) -> None:
        self.began = began
        self._origin = time.monotonic() - max(0.0, time.time() - began)

    def __call__(self) -> float:
        return time.monotonic() - self._origin


class Session:
    """One conversation and everything that runs for it."""

    def __init__(
        self,
        session_id: str,
        config: Config,
        parts: Parts,
        *,
        clock: Callable[[], float],
        conversation: Conversation | None = None,
        on_decision: Callable[[Decision], None] = lambda decision: None,
        show: Callable[[dict[str, Any]], None] = lambda data: None,
    ) -> None:
        self.id = session_id
        self.config = config
        self.parts = parts
        self.clock = clock
        self.conversation = conversation or Conversation(config)
        self.link: PageLink | None = None
        self.seat: SeatLink | None = None
        #: None without ears
        self.listening = Listening(parts.ears, parts.transcriber, self._sounds, clock) if parts.ears else None
        #: a bot is on its way or in a meeting: not to be closed for want of a page
        self.kept_open = False
        self.acked: dict[str, int] = {}
        self.mic = ""
        self.health: dict[str, float] = {}
        self.last_seen = clock()
        self._on_decision = on_decision
        #: told of every line, state and decision, and of what the voice, the hand and the floor do, as plain data
        self._show = show
        self._inbox: deque[ev.Event] = deque()
        self._draining = False
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._thinking: dict[int, asyncio.Task[None]] = {}
        self._showing: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[None]] = set()
        self._playout: Playout | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    # ------------------------------------------------------------ facts

    def tell(self, event: ev.Event) -> None:
        """Give the core a fact and do what it wishes. Facts told meanwhile wait their turn."""
        self._inbox.append(event)
        if self._draining:
            return
        self._draining = True
        try:
            while self._inbox:
                fact = self._inbox.popleft()
                now = self.clock()
                self.parts.tape.append(self.id, now, "event", event_to_entry(fact))
                try:
                    for effect in self.conversation.handle(fact, now):
                        self._perform(effect)
                except Exception:  # a fault in one fact must not end the meeting; the tape has what led to it
                    log.exception("an event could not be handled", extra={"kind": fact.type})
        finally:
            self._draining = False

    def record(self, kind: str, data: dict[str, Any]) -> None:
        """Put something on the tape that the core need not know."""
        self.parts.tape.append(self.id, self.clock(), kind, data)

    def hear(self, pcm: bytes) -> None:
        """Take the meeting's sound: 16 kHz s16le mono."""
        if self.listening is not None:
            self.listening.hear(pcm)

    def played(self, epoch: int, reply: int, samples: int, *, ended: bool = False, flushed: bool = False) -> None:
        """The page reports how far it played."""
        playout = self._playout
        if playout is not None and playout.reply == reply and playout.epoch == epoch:
            playout.played(samples)
        self.tell(ev.PlaybackReport(epoch, reply, samples, ended, flushed))

    def _sounds(self, fact: ev.Event) -> None:
        self.tell(fact)
        if isinstance(fact, ev.SpeechStarted | ev.SpeechStopped):
            self._show({"type": "floor", "talking": isinstance(fact, ev.SpeechStarted)})

    # ------------------------------------------------------------ the page

    def join(self, link: PageLink, resume: Resume | None) -> None:
        """A page takes the seat; the one before is told to leave."""
        self.last_seen = self.clock()
        before, self.link = self.link, None
        if before is not None:
            before.send(Problem("replaced", "another page took this seat", fatal=True))
            before.close(4409, "replaced")
        conversation = self.conversation
        playout = self._playout
        goes_on = None
        if playout is not None and playout.epoch == conversation.epoch:
            known = resume is not None and (resume.epoch, resume.reply) == (playout.epoch, playout.reply)
            played = playout.rewind(resume.played if known and resume is not None else 0)
            goes_on = Resume(playout.epoch, playout.reply, played)
        link.send(
            Welcome(
                session=self.id,
                name=self.config.name,
                epoch=conversation.epoch,
                state=conversation.state,
                acked=self.acked.get(link.page, 0),
                lines=conversation.shown,
                card=conversation.card,
                resume=goes_on,
                hand=conversation.hand,
            )
        )
        self.link = link
        if playout is not None and goes_on is not None:
            playout.come_back(link)
            self.tell(ev.PageJoined(link.page, goes_on.epoch, goes_on.reply, goes_on.played))
        elif resume is not None:
            self.tell(ev.PageJoined(link.page, resume.epoch, resume.reply, resume.played))
        else:
            self.tell(ev.PageJoined(link.page))

    def leave(self, link: PageLink) -> None:
        """The page's socket is gone."""
        self.last_seen = self.clock()
        if self.link is link:
            self.link = None
            self.tell(ev.PageLeft(link.page))

    # ------------------------------------------------------------ wishes

    def _perform(self, effect: fx.Effect) -> None:
        match effect:
            case fx.ToPage(message):
                if self.link is not None:
                    self.link.send(message)
                if isinstance(message, SHOWN):
                    self._show(plain(message))
                if isinstance(message, Flush) and self._playout is not None:
                    self._playout.stop()
                    self._playout = None
            case fx.Think(thought):
                self._idle.clear()
                task = asyncio.create_task(self._think(thought), name=f"brain-{thought.reply}")
                self._thinking[thought.reply] = task
                task.add_done_callback(lambda _: self._thinking.pop(thought.reply, None))
            case fx.Speak(epoch, reply, index, text):
                self._speaking(reply, epoch).add(index, text)
            case fx.Release(reply):
                if self._playout is not None and self._playout.reply == reply:
                    self._playout.release()
            case fx.Finish(reply):
                if self._playout is not None and self._playout.reply == reply:
                    self._playout.finish()
            case fx.Stop(reply):
                if (thinking := self._thinking.pop(reply, None)) is not None:
                    thinking.cancel()
                self._forget_sound(reply)
            case fx.Unsay(reply):
                self._forget_sound(reply)
            case fx.AskAddressee():
                if self.parts.addressee is not None:
                    task = asyncio.create_task(self._ask_addressee(self.parts.addressee, effect), name="addressee")
                    self._asking.add(task)
                    task.add_done_callback(self._asking.discard)
            case fx.SetTimer(key, at):
                self._cancel(key)
                self._set(key, at)
            case fx.CancelTimer(key):
                self._cancel(key)
            case fx.ShowSight(source, title):
                task = asyncio.create_task(self._show_sight(source, title), name="show-sight")
                self._showing.add(task)
                task.add_done_callback(self._showing.discard)
            case fx.SendChat(text, to):
                if self.seat is not None:
                    self.seat.chat(text, to)
                self._show({"type": "chat", "text": text})
            case fx.LeaveMeeting(reason):
                if self.seat is not None:
                    self.seat.leave(reason)
            case fx.Decide(decision):
                self._decided(decision)

    def _forget_sound(self, reply: int) -> None:
        if self._playout is not None and self._playout.reply == reply:
            self._playout.stop()
            self._playout = None

    def _speaking(self, reply: int, epoch: int) -> Playout:
        if self._playout is None or self._playout.reply != reply:
            if self._playout is not None:
                self._playout.stop()
            self._idle.clear()
            self._playout = Playout(
                reply,
                epoch,
                self.parts.voice,
                speaker=self.parts.voice_name,
                language=self.config.language,
                tell=self.tell,
                link=lambda: self.link,
            )
        return self._playout

    def _decided(self, decision: Decision) -> None:
        entry = decision_to_entry(decision)
        self.parts.tape.append(self.id, self.clock(), "decision", entry)
        if decision.reply and self._playout is not None and self._playout.reply == decision.reply:
            self._playout.stop()
            self._playout = None
        if self.conversation.delivery.running is None:
            self._idle.set()
        self._on_decision(decision)
        self._show({"type": "decision", **entry, "latency_ms": latency_ms(decision)})

    def _set(self, key: str, at: float) -> None:
        delay = max(0.0, at - self.clock())
        self._timers[key] = asyncio.get_running_loop().call_later(delay, self._fire, key, at)

    def _fire(self, key: str, at: float) -> None:
        if self.clock() < at:  # a loop that counts in whole milliseconds may call early, and early is wrong
            self._set(key, at)
            return
        self._timers.pop(key, None)
        self.tell(ev.TimerFired(key))

    def _cancel(self, key: str) -> None:
        if (handle := self._timers.pop(key, None)) is not None:
            handle.cancel()

    # ------------------------------------------------------------ the brain

    async def _think(self, thought: Thought) -> None:
        brain = self.parts.brain
        reply = thought.reply
        try:
            async with aclosing(brain.reply(self._request(thought))) as stream:  # type: ignore[type-var]
                async for event in stream:
                    match event:
                        case TextDelta(text):
                            self.tell(ev.BrainText(reply, text))
                        case ToolCall(_, name, arguments):
                            self.tell(ev.BrainTool(reply, name, arguments))
                        case Done():
                            if event.pictures:  # that they left the process is on the tape; they are not
                                self.record("looked", {"reply": reply, "pictures": event.pictures})
                            self.tell(ev.BrainDone(reply, event.reason, event.brain or brain.name, event.standing_in))
        except ProviderError as error:
            log.warning("brain failed", extra={"code": error.code, "provider": brain.name})
            self.tell(ev.BrainFailed(reply, error.code))
        except Exception:
            log.exception("brain broke", extra={"provider": brain.name})
            self.tell(ev.BrainFailed(reply, "failed"))

    def _request(self, thought: Thought) -> BrainRequest:
        return BrainRequest(
            reply=thought.reply,
            agent_name=self.config.name,
            question=thought.question,
            asker=thought.asker,
            now=thought.now,
            messages=thought.messages,
            turns=self.conversation.transcript.turns,
            evidence=thought.evidence,
            participants=thought.participants,
            spoken=tuple(Spoken(past.planned, past.heard, past.at, past.complete) for past in thought.past),
            unheard=thought.unheard,
            language=thought.language,
            wall_time=datetime.now().astimezone().isoformat(timespec="seconds"),
            wish=thought.wish,
            look=self.seat.look if self.seat is not None else None,
        )

    async def _ask_addressee(self, addressee: Addressee, asked: fx.AskAddressee) -> None:
        """A second opinion; without one in time the core has decided already."""
        try:
            async with asyncio.timeout(2 * DEADLINE):
                meant = await addressee.is_meant(asked)
        except (ProviderError, TimeoutError):
            return
        if meant is not None:
            self.tell(ev.AddresseeJudged(asked.turn, meant))

    async def _show_sight(self, source: Source, title: str) -> None:
        """Put a picture on the tile. It is made here from what the host sent, never by a model."""
        sight = await self.seat.look(source, "") if self.seat is not None else None
        if sight is not None and len(sight.jpeg) <= LARGEST_CARD:
            data = base64.b64encode(sight.jpeg).decode()
            card = Card("image", title, source=f"data:image/jpeg;base64,{data}")
        else:
            card = Card("text", title, text="No pictures of this meeting reach me.")
        if self.link is not None:
            self.link.send(ShowCard(card))

    # ------------------------------------------------------------ ending

    def begin_tape(self) -> None:
        """First entry of a new session's tape."""
        self.parts.tape.append(self.id, self.clock(), "config", config_to_entry(self.config))

    async def close(self, grace: float) -> None:
        """End: begin nothing new, let the running reply finish within `grace` seconds, then say why it stops."""
        self.tell(ev.Closing())
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            self.tell(ev.Closing(over=True))
        if self.link is not None:
            self.link.send(State("trouble", "Back in a moment"))
            self.link.close(4503, "shutting down")
        self.drop()

    def drop(self) -> None:
        """Stop everything that runs, at once. The tape keeps what happened."""
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
        for task in (*self._thinking.values(), *self._showing, *self._asking):
            task.cancel()
        if self._playout is not None:
            self._playout.stop()
            self._playout = None
        if self.listening is not None:
            self.listening.close()


def latency_ms(decision: Decision) -> float | None:
    """End of the question to first sound, in milliseconds; None for a turn without a sound."""
    times = decision.times
    asked = times.get("speech_end", times.get("final"))
    if asked is None or "first_sound" not in times:
        return None
    return round((times["first_sound"] - asked) * 1000, 1)
