"""The agent's mouth and face in a MeetStream meeting: takes the page's messages, gives commands to the bot.

It stands where a page's socket stands elsewhere and fits `playout.PageLink`: sound goes out in chunks that are never
far ahead of the ear, what was heard is reported as a page reports it, and a change of state becomes a still picture.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from server.core.messages import (
    HEADER,
    VOICE,
    Begin,
    Continue,
    Duck,
    End,
    Flush,
    Hand,
    Pause,
    Resume,
    ShowCard,
    State,
    ToPage,
    Welcome,
)
from server.hosts.base import SendText
from server.hosts.meetstream.audio import RATE
from server.hosts.meetstream.camera import Camera, Draw, Handle, Timers
from server.hosts.meetstream.playing import Played, Playing
from server.hosts.meetstream.still import Face

#: Seconds of the shortest timer: a clock that stands still must not become a busy loop.
SHORTEST = 0.002


class Report(Protocol):
    """Takes how far a reply was heard. `Session.played` is one."""

    def __call__(
        self, epoch: int, reply: int, samples: int, /, *, ended: bool = False, flushed: bool = False
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class LeftOff:
    """Where a connection left off: what the bot has got will be heard."""

    #: the reply and its sample behind that; None when there is nothing to go on with
    resume: Resume | None = None
    #: when the bot has played it, on the clock of the timers
    dry_at: float = 0.0


class ControlLink:
    """One control connection, from its `ready` on. Calls only send; they never wait.

    Whoever owns the session sets `report` before joining with `resume`, as a page's socket would.
    """

    def __init__(
        self,
        send: SendText,
        *,
        bot: str,
        page: str,
        timers: Timers,
        draw: Draw,
        clears: Callable[[], bool] = lambda: False,
        before: LeftOff | None = None,
    ) -> None:
        #: the id of the bot that speaks
        self.bot = bot
        #: a name for this connection, where a page has a random id
        self.page = page
        before = before or LeftOff()
        #: where the connection before it left off; None when there is nothing to go on with
        self.resume = before.resume
        self.report: Report = _unheard
        self.closed = False
        self._send = send
        self._timers = timers
        self._timer: Handle | None = None
        self._playing = Playing(clears=clears, dry_at=before.dry_at)
        self._face = Face()
        self._camera = Camera(self._show, draw, timers)

    # ------------------------------------------------------------ PageLink

    def send(self, message: ToPage) -> None:
        """Take a message for the page: what concerns voice and face is done, the rest has no place here."""
        if self.closed:
            return
        now = self._timers.time()
        match message:
            case Welcome():
                self._playing.welcome(message.epoch, message.resume)
                self._look(Face(message.name, message.state, card=message.card, hand=message.hand))
            case State(state, detail):
                self._look(replace(self._face, state=state, detail=detail))
            case ShowCard(card):
                self._look(replace(self._face, card=card))
            case Hand(label):
                self._look(replace(self._face, hand=label))
            case Begin(epoch, reply):
                self._playing.begin(epoch, reply)
                if self._face.hand:  # who speaks does not ask for the floor
                    self._look(replace(self._face, hand=""))
            case End(epoch, reply, samples):
                self._playing.end(epoch, reply, samples)
            case Flush(epoch):
                self._flush(epoch, now)
            case Pause(epoch, reply):
                self._pause(epoch, reply, now)
            case Continue(epoch, reply):
                self._playing.go_on(epoch, reply, now)
            case Duck(db, ramp):
                self._playing.duck(db, ramp)
            case _:
                return
        self._work()

    def send_sound(self, epoch: int, frame: bytes) -> None:
        """Take a frame of a reply's sound, with its header."""
        if self.closed or len(frame) < HEADER.size:
            return
        kind, _, _, _, reply, first = HEADER.unpack_from(frame)
        if kind == VOICE:
            self._playing.frame(epoch, reply, first, frame[HEADER.size :], self._timers.time())
            self._work()

    def close(self, code: int, reason: str) -> None:
        """No more sound and pictures. May be called twice. The socket itself belongs to the vendor, who closes it."""
        self.closed = True
        self.report = _unheard
        self._camera.close()
        self._set_timer(None)

    # ------------------------------------------------------------ for whoever comes after

    def left_off(self) -> LeftOff:
        """Where a next connection goes on."""
        return LeftOff(self._playing.resume(), self._playing.dry_at)

    def lead(self) -> float:
        """Seconds of sound that the bot has and nobody heard yet."""
        return self._playing.lead(self._timers.time())

    def chat(self, text: str) -> None:
        """Write a line into the meeting's chat."""
        # the platforms read different keys
        self._command("sendmsg", message=text, msg=text)

    # ------------------------------------------------------------ inside

    def _flush(self, epoch: int, now: float) -> None:
        self._command("interrupt", action="clear_audio_queue")
        self._tell(self._playing.flush(epoch, now))

    def _pause(self, epoch: int, reply: int, now: float) -> None:
        held = self._playing.pause(epoch, reply, now)
        if held is None:
            return
        if self._playing.clears():
            self._command("interrupt", action="clear_audio_queue")
        self._tell(held)

    def _work(self) -> None:
        """Report and send what is due, and come back when more is."""
        if self.closed:
            return
        now = self._timers.time()
        played = self._playing.reports(now)
        for chunk in self._playing.pump(now):
            self._command(
                "sendaudio",
                audiochunk=base64.b64encode(chunk).decode(),
                sample_rate=RATE,
                encoding="pcm16",
                channels=1,
                endianness="little",
            )
        self._set_timer(self._playing.wake(now))
        for each in played:  # last: a report may come back here with the core's answer to it
            self._tell(each)

    def _tell(self, played: Played) -> None:
        self.report(played.epoch, played.reply, played.samples, ended=played.ended, flushed=played.flushed)

    def _set_timer(self, at: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None:
            self._timer = self._timers.call_later(max(SHORTEST, at - self._timers.time()), self._due)

    def _due(self) -> None:
        self._timer = None
        self._work()

    def _look(self, face: Face) -> None:
        self._face = face
        self._camera.show(face)

    def _show(self, image: str) -> None:
        self._command("sendimg", img=image)

    def _command(self, command: str, **fields: Any) -> None:
        self._send(json.dumps({"command": command, "bot_id": self.bot, **fields}))


def _unheard(epoch: int, reply: int, samples: int, /, *, ended: bool = False, flushed: bool = False) -> None:
    """Nobody joined yet who wants to know."""
