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
from server.core.obeying import set_policy
from server.core.overlap import Overlap
from server.core.overspeech import Words
from server.core.reply import Asked
from server.core.resuming import Resuming
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
        self.delivery.on_tool = self.composing.tool
        self.turns = Turns(self.room, self.delivery, asking)
        self.resuming = Resuming(self.room, self.delivery, self.turns)
        self.delivery.on_over = self.resuming.over
        self.overlap = Overlap(self.room, self.delivery, self.turns, self.resuming)
        self.chat = Chat(self.room, self.delivery, asking)
        self.seat = Seat(self.room)
        self._sources = Sources(self.room.people)
        self._shown = Shown(self.out)
        self.delivery.on_idle = self.turns.next
        self.room.muted = lambda: self.delivery.muted
        self._revive = False
        self._page = ""
        if config.policy == "muted":
            self.delivery.muted = True
            self.delivery.tile.state = "muted"

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
                self.overlap.played(now)
            case ev.SpeechStarted():
                self.room.floor.started(now - event.lag)
                self.room.habits.speech(now - event.lag)
                self._sound(now, now - event.lag)
            case ev.SpeechStopped():
                self.room.floor.stopped(now - event.lag)
                self.room.habits.quiet(now - event.lag)
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
            case ev.AddresseeJudged():
                self.turns.opinion(event.turn, event.addressed, now)
            case ev.OperatorSets():
                set_policy(self.room, delivery, event.policy, event.minutes, now)
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
                self.turns.guessing.drop(now)
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

    def _sound(self, now: float, onset: float, who: str = "") -> None:
        self.turns.still_speaking(now)
        self.overlap.sound(now, onset, who)

    def _quiet(self, now: float) -> None:
        self.turns.settle(now)
        self.overlap.quiet(now)

    def _person_speaks(self, event: ev.PersonSpeaks, now: float) -> None:
        floor, at = self.room.floor, now - event.lag
        self._sources.person(event.id, event.name, event.speaking, at)
        if event.speaking:
            floor.person_started(event.id, at)
            self.room.habits.speech(at)
            self._sound(now, at, event.id)
        else:
            floor.person_stopped(event.id, at)
            if not floor.talking(now):
                self.room.habits.quiet(at)
                self._quiet(now)

    # ------------------------------------------------------------ what people say

    def _heard(self, event: ev.Heard, now: float) -> None:
        if text := event.text.strip():
            self._counts(self._sources.takes(replace(event, text=text), now), now)

    def _counts(self, heard: list[ev.Heard], now: float) -> None:
        """These words of all that the ears bring count."""
        for who in self._sources.voided():
            self._shown.drop(who)
            self.room.transcript.partials.pop(who, None)
        for event in heard:
            self._said(event, event.speaker_id or event.speaker, event.text, now)
        if (due := self._sources.next_due) is None:
            self.out.cancel("ears")
        else:
            self.out.timer("ears", due)

    def _said(self, event: ev.Heard, who: str, text: str, now: float) -> None:
        if event.speaker.casefold() == self.config.name.casefold():
            self._not_a_turn(event, text, "own-line", now)
            return
        start, spoken = self._when(event.start, event, now), self._when(event.end, event, now)
        said = None if start is None or spoken is None or spoken < start else (start, spoken)
        rest = self.delivery.history.ledger.sift(text, now, said=said, person=who in self.room.floor.speakers(now))
        if rest != text:
            self.overlap.echo(now)
        if not rest:
            self._shown.drop(who)
            self.room.transcript.partials.pop(who, None)
            self._not_a_turn(event, text, "echo", now)
            return
        if rest != text:
            event, text = replace(event, text=rest, words=()), rest
        if event.final:
            self.seat.heard(now)
            self._final(event, text, now)
        else:
            partial = self.room.transcript.partial(event.speaker_id, event.speaker, text, now)
            self._shown.show(who, partial.speaker, text, final=False)
            self._worded(event, who, now)
            self.turns.grows(event.speaker_id, partial.speaker, text, now, ended=spoken)
            self.overlap.words(Words(who, text, now, final=False, start=start, end=spoken))

    def _when(self, moment: float | None, event: ev.Heard, now: float) -> float | None:
        """The session's time of a moment that a transcript source names; None while its clock is not known."""
        clock = self.room.transcript.clock
        at = clock.when(moment, event.source)
        # The meeting's clock follows the earliest finals: their delay is in it.
        return None if at is None else now - (clock.now(now) - at) - self.room.lateness.least(event.source)

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
        room.memory.add(turn)
        if not new:
            self._shown.drop(who)  # its line stands already
            return
        self._shown.show(who, turn.speaker, text, final=True)
        self._worded(event, who, now)
        start, ended = self._when(event.start, event, now), self._when(event.end, event, now)
        done = self.overlap.words(Words(who, text, now, final=True, turn=turn.index, start=start, end=ended))
        if done or self.resuming.takes(turn, who, text, now):
            self.turns.remember(who, text, now)
        else:
            self.turns.said(turn, who, text, now)

    def _worded(self, event: ev.Heard, who: str, now: float) -> None:
        """Words of a person came in: what they tell about the floor, this person's habits and their source."""
        room, final = self.room, event.final
        room.last_words, room.words_from = now, event.source
        room.habits.words(who)
        room.floor.words(now, final=final)
        if final and not room.floor.speaks(who, now) and (ended := room.floor.speech_end(now, who)) is not None:
            room.lateness.note(event.source, now - ended)

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
            case "come-back":
                self.resuming.look(now)
            case "stopped":
                delivery.settle_late(int(rest), now)
            case "end":
                delivery.overdue(int(rest), now)
            case "patience":
                self.composing.patience_over(int(rest), now)
            case "ears":
                self._counts(self._sources.due(now), now)
            case "doubt":
                self.turns.decide_alone(now)
            case "guess":
                self.turns.guessing.drop(now)
            case "calm" | "standing":
                delivery.show_idle()
            case "hand":
                delivery.tile.hand.down()
            case "raise":
                delivery.raise_hand()
            case "dead":
                self.composing.hold_on(int(rest), now)
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
        self.turns.guessing.drop(now)
        if not self.delivery.page_there:
            self.room.decide("silent", "no-page", now, turn=-1, speaker="", text=text, epoch=self.delivery.epoch)
        elif self.delivery.muted and reason == "timer":
            asked = Asked(-1, "", "", text, text, reason, reason, since=now, latest=now)
            self.delivery.tile.hand.up(asked, text, text, now)
        elif self.delivery.running is not None:
            self.out.timer(f"say:{reason}:{text}", now + TRY_AGAIN)  # not over its own words
        else:
            self.delivery.say(Asked(-1, "", "", "", text, reason, reason, since=now, latest=now), text, now)

    def _close(self, over: bool, now: float) -> None:
        self.turns.closing = True
        self.turns.guessing.drop(now)
        if over and (reply := self.delivery.running) is not None:
            self.delivery.interrupt("closing", now)
            self.delivery.settle_late(reply.id, now)

    # ------------------------------------------------------------ after a restart

    def _resumed(self, now: float) -> None:
        """The process died and this is its successor: nobody is at the page yet, no brain and no voice run."""
        delivery = self.delivery
        self.turns.guessing.drop(now)
        delivery.page_there = False
        self.turns.closing = False  # the stop was the predecessor's
        self.room.floor.stopped(now)
        self._revive = delivery.running is not None
        for key, at in list(self.out.timers.items()):
            if key.partition(":")[0] in ("remind", "unmute", "say", "ears", "hand", "standing"):
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
        return self.delivery.tile.state

    @property
    def epoch(self) -> int:
        """The session's epoch: everything older is stale."""
        return self.delivery.epoch

    @property
    def hand(self) -> str:
        """Label of the raised hand; "" when it is down."""
        return self.delivery.tile.hand.label

    @property
    def card(self) -> Card | None:
        """The card on the tile."""
        return self.delivery.tile.card

    @property
    def shown(self) -> tuple[Line, ...]:
        """The last lines of the meeting as the page shows them."""
        return self._shown.lines
