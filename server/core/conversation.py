"""One meeting's decisions: when to listen, think, speak, duck, stop and go on.

Pure: `effects = conversation.handle(event, now)`. Facts in, wishes out, time as an argument; no clock, no network, no
randomness. The same events at the same times give the same effects, so a conversation is rebuilt from its tape by
handling its events again.

The parts: `turns` (is it for us, is it over), `overlap` (people speak while a reply is on its way), `composing` (the
brain's words), `delivery` (a reply from voice to ear), `shown` (the tile's lines). This file is their one entrance.
"""

from __future__ import annotations

from dataclasses import replace

from server.core import events as ev
from server.core.asking import Asking
from server.core.chat import Chat
from server.core.composing import Composing
from server.core.delivery import PAGE_WAIT, Delivery
from server.core.effects import Effect
from server.core.messages import AgentState, Card, Line
from server.core.overlap import Overlap
from server.core.reply import Asked
from server.core.room import Config as Config
from server.core.room import Room
from server.core.seat import Seat
from server.core.shown import Shown
from server.core.sources import Sources
from server.core.transcript import Transcript
from server.core.turns import Turns

#: seconds until words that would fall into the agent's own reply are tried again
TRY_AGAIN = 3.0


class Conversation:
    """The agent's part in one meeting."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.room = Room(config)
        self.out = self.room.out
        self.delivery = Delivery(self.out, self.room.floor, self.room.transcript, config.name)
        self.composing = Composing(self.out, self.delivery, config.language)
        asking = Asking(self.room, self.delivery)
        self.turns = Turns(self.room, self.delivery, asking, mute=self.delivery.mute)
        self.overlap = Overlap(self.room, self.delivery, self.turns)
        self.chat = Chat(self.room, self.delivery, asking)
        self.seat = Seat(self.room)
        self._sources = Sources()
        self._shown = Shown(self.out)
        self.delivery.on_idle = self.turns.next
        self._revive = False
        self._page = ""
        if config.policy == "muted":
            self.delivery.muted = True
            self.delivery.state = "muted"

    # ------------------------------------------------------------ the one entrance

    def handle(self, event: ev.Event, now: float) -> list[Effect]:
        """Take one fact at session time `now` (seconds, never going back); return what should be done, in order."""
        delivery = self.delivery
        match event:
            case ev.Heard():
                self._heard(event, now)
            case ev.BrainText() | ev.BrainTool() | ev.BrainDone() | ev.BrainFailed() if self.chat.owns(event.reply):
                self._written(event, now)
            case ev.BrainText():
                self.composing.text(event, now)
            case ev.PlaybackReport():
                delivery.played(event, now)
            case ev.SpeechStarted():
                self.room.floor.started(now - event.lag)
                self._sound(now)
            case ev.SpeechStopped():
                self.room.floor.stopped(now - event.lag)
                self._quiet(now)
            case ev.PersonSpeaks():
                self._person_speaks(event, now)
            case ev.OnsetAtPage():
                self.overlap.sound(now)
            case ev.BrainTool():
                self.composing.tool(event, now)
            case ev.BrainDone():
                self.composing.done(event, now)
            case ev.BrainFailed():
                self.composing.failed(event.reply, event.code, now)
            case ev.VoiceBegan():
                delivery.voiced(event, now)
            case ev.VoiceMarks():
                delivery.marks(event)
            case ev.VoiceDone():
                delivery.piece_done(event, now)
            case ev.VoiceFailed():
                delivery.voice_failed(event.reply, event.index, event.code, now)
            case ev.TimerFired():
                self._timer(event.key, now)
            case ev.PageJoined():
                self._page_joined(event, now)
            case ev.PageLeft():
                self._page_left(event, now)
            case ev.MicChanged() | ev.FeedChanged():
                pass  # kept on the tape for the operator; nothing here depends on it yet
            case ev.OperatorSays():
                self._say(event.text, "operator", now)
            case ev.OperatorMutes():
                delivery.mute(event.minutes, now) if event.muted else delivery.unmute()
            case ev.PersonSeen():
                self.room.transcript.person(event.id, event.name)
                self.room.people.seen(event.id, event.name, event.is_host)
                self.seat.look(now)
            case ev.PersonLeft():
                self.room.people.left(event.id)
                self.room.floor.person_stopped(event.id, now)
                self.seat.look(now)
            case ev.PersonShares():
                self.room.people.shows(event.id, event.source, event.on)
            case ev.ChatSaid():
                self.seat.heard(now)
                if aloud := self.chat.said(event, now):
                    self._say(aloud, "asked-in-chat", now)
            case ev.StopAsked():
                delivery.interrupt("stop", now)
            case ev.SeatChanged():
                self.seat.changed(event, now)
            case ev.Resumed():
                self._resumed(now)
            case ev.Closing():
                self._close(event.over, now)
        return self.out.take()

    def _written(self, event: ev.BrainText | ev.BrainTool | ev.BrainDone | ev.BrainFailed, now: float) -> None:
        match event:
            case ev.BrainText():
                self.chat.text(event, now)
            case ev.BrainTool():
                self.chat.tool(event)
            case ev.BrainDone():
                self.chat.done(event, now)
            case ev.BrainFailed():
                self.chat.failed(event.reply, event.code, now)

    # ------------------------------------------------------------ what is heard

    def _sound(self, now: float) -> None:
        self.turns.still_speaking(now)
        self.overlap.sound(now)

    def _quiet(self, now: float) -> None:
        self.turns.settle(now)
        self.overlap.quiet(now)

    def _person_speaks(self, event: ev.PersonSpeaks, now: float) -> None:
        floor, at = self.room.floor, now - event.lag
        if event.speaking:
            floor.person_started(event.id, at)
            self._sound(now)
        else:
            floor.person_stopped(event.id, at)
            if not floor.talking(now):
                self._quiet(now)

    # ------------------------------------------------------------ what people say

    def _heard(self, event: ev.Heard, now: float) -> None:
        text = event.text.strip()
        who = event.speaker_id or event.speaker
        if not text:
            return
        if not self._sources.takes(event.source, who, text, event.final, now):
            return  # the other ear has it
        if event.speaker.casefold() == self.config.name.casefold():
            self._not_a_turn(event, text, "own-line", now)
        elif self.delivery.ledger.explains(text, now):
            self._shown.drop(who)
            self._not_a_turn(event, text, "echo", now)
        elif event.final:
            self.seat.heard(now)
            self._final(event, text, now)
        else:
            partial = self.room.transcript.partial(event.speaker_id, event.speaker, text, now)
            self._shown.show(who, partial.speaker, text, final=False)
            self.room.last_words = now
            if self.turns.asked is not None and self.turns.asked.who == who:
                self.turns.still_speaking(now)
            ended = self.room.transcript.clock.when(event.end, event.source)
            self.overlap.words(who, text, ended, now, final=False)

    def _not_a_turn(self, event: ev.Heard, text: str, reason: str, now: float) -> None:
        if event.final:
            speaker, epoch = event.speaker or "Someone", self.delivery.epoch
            self.room.decide("silent", reason, now, turn=-1, speaker=speaker, text=text, epoch=epoch)

    def _final(self, event: ev.Heard, text: str, now: float) -> None:
        room = self.room
        turn, new = room.transcript.final(
            event.speaker_id,
            event.speaker,
            text,
            now,
            start=event.start,
            end=event.end,
            words=event.words,
            key=event.key,
            source=event.source,
        )
        who = turn.speaker_id or turn.speaker
        self._shown.show(who, turn.speaker, text, final=True)
        room.memory.add(turn)
        if not new:
            return
        room.last_words = now
        ended = room.transcript.clock.when(event.end, event.source)
        if self.overlap.words(who, text, ended, now, final=True, turn=turn.index):
            self.turns.remember(who, text, now)
        else:
            self.turns.said(turn, who, text, now)

    # ------------------------------------------------------------ timers, page, operator

    def _timer(self, key: str, now: float) -> None:
        if self.out.timers.get(key, now + 1) > now + 1e-3:
            return  # set again meanwhile, or cancelled
        del self.out.timers[key]
        kind, _, rest = key.partition(":")
        delivery = self.delivery
        match kind:
            case "endpoint":
                self.turns.commit(now)
            case "stall":
                self.composing.stalled(now)
            case "hold":
                delivery.held_long(now, self.room.last_words)
            case "alarm":
                self.overlap.look(now)
            case "stopped":
                delivery.settle_late(int(rest), now)
            case "end":
                delivery.overdue(int(rest), now)
            case "patience":
                self.composing.patience_over(int(rest), now)
            case "calm":
                delivery.show_idle()
            case "unmute":
                delivery.unmute()
            case "page":
                if delivery.running is not None and not delivery.page_there:
                    delivery.overdue(delivery.running.id, now)
            case "say":
                reason, _, text = rest.partition(":")
                self._say(text, reason, now)
            case "write":
                self.chat.late(int(rest), now)
            case "greet":
                if (greeting := self.seat.greeting(delivery.page_there)) and not delivery.muted:
                    self._say(greeting, "greeting", now)
            case "alone":
                self.seat.go(now)
            case "remind":
                label = rest.partition(":")[2]
                self._say(f"Time is up: {label}." if label else "Time is up.", "timer", now)

    def _page_joined(self, event: ev.PageJoined, now: float) -> None:
        self.delivery.page_there = True
        self._page = event.page
        self.out.cancel("page")
        reply = self.delivery.running
        if reply is not None and event.reply == reply.id and event.epoch == reply.epoch:
            reply.spoken.report(event.played)
        if self._revive:
            self._revive = False
            self._go_on(now)
        self.delivery.page_is_back(now)
        self.seat.look(now)

    def _page_left(self, event: ev.PageLeft, now: float) -> None:
        if event.page != self._page:
            return  # replaced by another page, which is there
        self.delivery.page_there = False
        if self.delivery.running is not None:
            self.out.cancel(f"end:{self.delivery.running.id}")
            self.out.timer("page", now + PAGE_WAIT)

    def _say(self, text: str, reason: str, now: float) -> None:
        """Speak these words; nobody asked for them just now."""
        text = text.strip()
        if not text or self.turns.closing:
            return
        if not self.delivery.page_there:
            self.room.decide("silent", "no-page", now, turn=-1, speaker="", text=text, epoch=self.delivery.epoch)
        elif self.delivery.running is not None:
            self.out.timer(f"say:{reason}:{text}", now + TRY_AGAIN)  # not over its own words
        else:
            self.delivery.say(Asked(-1, "", "", "", text, reason, reason, since=now, latest=now), text, now)

    def _close(self, over: bool, now: float) -> None:
        self.turns.closing = True
        if over and (reply := self.delivery.running) is not None:
            self.delivery.interrupt("closing", now)
            self.delivery.settle_late(reply.id, now)

    # ------------------------------------------------------------ after a restart

    def _resumed(self, now: float) -> None:
        """The process died and this is its successor: nobody is at the page yet, no brain and no voice run."""
        delivery = self.delivery
        delivery.page_there = False
        self.turns.closing = False  # the stop was the predecessor's
        self.room.floor.stopped(now)
        self._revive = delivery.running is not None
        for key, at in list(self.out.timers.items()):
            if key.partition(":")[0] in ("remind", "unmute", "say"):
                del self.out.timers[key]
                self.out.timer(key, max(at, now + 1.0))
            else:
                self.out.cancel(key)
        delivery.settle_all(now)
        delivery.show_idle()
        self.turns.still_speaking(now)
        self.chat.resume(now)
        self.seat.look(now)
        if self._revive:
            self.out.timer("page", now + PAGE_WAIT)

    def _go_on(self, now: float) -> None:
        """The page is back after a restart: say what was not heard; ask again what was not begun."""
        reply = self.delivery.running
        if reply is None:
            return
        asked, heard, unheard = reply.asked, reply.spoken.heard, reply.spoken.unheard
        self.delivery.interrupt("resumed", now)
        self.delivery.settle_late(reply.id, now)
        if unheard and (heard or reply.thought):
            self.delivery.say(replace(asked, reason="resumed"), unheard, now)
        elif not heard:
            self.turns.answer(asked, now)

    # ------------------------------------------------------------ what others may read

    @property
    def transcript(self) -> Transcript:
        """What was said."""
        return self.room.transcript

    @property
    def state(self) -> AgentState:
        """What the agent is doing."""
        return self.delivery.state

    @property
    def epoch(self) -> int:
        """The session's epoch: everything older is stale."""
        return self.delivery.epoch

    @property
    def card(self) -> Card | None:
        """The card on the tile."""
        return self.delivery.card

    @property
    def shown(self) -> tuple[Line, ...]:
        """The last lines of the meeting as the page shows them."""
        return self._shown.lines
