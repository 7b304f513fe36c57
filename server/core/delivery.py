"""A reply's way through the voice to people's ears, and every way it can end.

Pure. Only here replies begin and end, the epoch rises, and text counts as heard. Anything about a reply that is not
running is dropped in one place, `of`.
"""

from __future__ import annotations

from collections.abc import Callable

from server.core.effects import Finish, Release, Speak, Stop, Think, Unsay
from server.core.events import (
    BrainTool,
    PlaybackReport,
    VoiceBegan,
    VoiceDone,
    VoiceMarks,
)
from server.core.floor import WORDS, Floor
from server.core.hand import label_of
from server.core.heard import SpokenReply
from server.core.history import History
from server.core.holding import AFTER
from server.core.messages import Begin, Card, Continue, Duck, Flush, Line, Pause
from server.core.outbox import Outbox
from server.core.prompt import PastReply, Thought
from server.core.reply import Asked, Reply
from server.core.tile import Tile
from server.core.transcript import Transcript

#: seconds until a reply without a word of text is given up, whatever the brain's own deadlines do
PATIENCE = 20.0
#: seconds after which a reply is over whatever happened to it
LIFE = 180.0
#: seconds the sound waits for a room that talks on, and at most when words keep coming
HOLD = 2.5
HOLD_LONGEST = 10.0
#: seconds it is held until the tile shows a raised hand
RAISE = 1.0
#: seconds by which a question's sound may have ended before its words arrived
SPEECH_BEFORE_FINAL = 3.0
#: decibels and milliseconds of ducking
DUCK_DB = -12.0
DUCK_RAMP = 30
#: seconds to wait for the page's word on where it stopped
FLUSH_WAIT = 0.15
#: seconds a page may stay away before its reply is given up
PAGE_WAIT = 20.0
#: seconds after the expected end of a reply at which it is over even if the page says nothing
END_SLACK = 4.0
#: reasons for which a reply is interrupted, and something follows from it before anybody else's question
COMES_BACK = frozenset({"merged", "gave-way", "resumed", "closing"})
SAMPLE_RATE = 24_000


class Delivery:
    """The replies of one conversation: at most one is running, at most one is audible."""

    def __init__(self, out: Outbox, floor: Floor, transcript: Transcript, name: str) -> None:
        self._out = out
        self._floor = floor
        self._name = name
        self.epoch = 1
        self.count = 0
        self.running: Reply | None = None
        #: interrupted replies that wait for the page to say where they stopped
        self._stopping: dict[int, Reply] = {}
        self.history = History(out, transcript, name)
        self.page_there = False
        self.muted = False
        self.tile = Tile(out)
        self.ducked = False
        #: called when it is known how much was heard of a reply that is over, with its outcome
        self.on_over: Callable[[Reply, str, float], None] = lambda reply, outcome, now: None
        #: called after a reply ended, so that the next question can begin
        self.on_idle: Callable[[float], None] = lambda now: None
        #: what the brain wanted done while its reply was only a guess
        self.on_tool: Callable[[BrainTool, float], None] = lambda tool, now: None

    # ------------------------------------------------------------ beginning

    def begin(self, asked: Asked, now: float, *, guess: bool = False) -> Reply:
        """Start a reply. The caller wishes for its text, from a brain or as it stands.

        A guess stays silent, and does nothing, until it is adopted.
        """
        self.count += 1
        reply = Reply(self.count, self.epoch, asked, at=asked.since)
        reply.guess = guess
        if guess:
            reply.stage("guessed", now)
        else:
            reply.stage("final", asked.latest)
            reply.stage("committed", now)
            self._out.timer(f"dead:{reply.id}", now + AFTER)
        self.running = reply
        reply.line = f"a{reply.id}"
        self.tile.be("thinking")
        self._out.timer(f"patience:{reply.id}", now + PATIENCE)
        self._out.timer(f"end:{reply.id}", now + LIFE)
        return reply

    def adopt(self, asked: Asked, now: float) -> None:
        """The running guess was right: it is the reply to this."""
        reply = self.running
        assert reply is not None and reply.guess, "only a running guess is adopted"
        reply.guess, reply.asked, reply.at = False, asked, asked.since
        reply.stage("final", asked.latest)
        reply.stage("committed", now)
        self._out.timer(f"dead:{reply.id}", now + AFTER)
        tools, reply.tools_kept = reply.tools_kept, []
        for tool in tools:
            self.on_tool(tool, now)
        pieces, reply.pieces_kept = reply.pieces_kept, []
        self.speak(reply, pieces, now)
        if reply.thought:
            self.complete(reply, now)
        self.try_release(now)

    def think(self, thought: Thought) -> None:
        """Have the brain answer."""
        self._out.add(Think(thought))

    def say(self, asked: Asked, text: str, now: float) -> None:
        """Speak this text as it stands, without a brain."""
        reply = self.begin(asked, now)
        self.speak(reply, [*reply.chunker.feed(text), *reply.chunker.flush()], now)
        self.complete(reply, now)

    # ------------------------------------------------------------ its words

    def speak(self, reply: Reply, pieces: list[str], now: float) -> None:
        """Have these pieces spoken, in order, behind what is already planned."""
        for piece in pieces:
            if reply.guess and reply.spoken.pieces:
                reply.pieces_kept.append(piece)
                continue
            reply.stage("first_piece", now)
            index = reply.spoken.add(piece)
            self._out.add(Speak(reply.epoch, reply.id, index, piece))
            if reply.released:
                self._out.page(Line(reply.line, self._name, reply.spoken.planned, final=False, agent=True))

    def complete(self, reply: Reply, now: float) -> None:
        """No more words will come for this reply."""
        reply.thought = True
        self._out.cancel("stall")
        self._out.cancel(f"patience:{reply.id}")
        if reply.guess:
            return
        if not reply.spoken.pieces:
            self._end(reply, "complete", now)
            return
        self._out.add(Finish(reply.id))
        self._expect_end(reply, now)

    # ------------------------------------------------------------ the voice and the page

    def voiced(self, event: VoiceBegan, now: float) -> None:
        """A piece's first sound is ready."""
        reply = self.of(event.reply)
        if reply is None or event.index >= len(reply.spoken.pieces):
            return
        reply.spoken.pieces[event.index].start = event.start
        reply.voice = event.voice
        reply.stage("voice", now)
        if not reply.released:
            self.try_release(now)

    def marks(self, event: VoiceMarks) -> None:
        """Word times of a piece came."""
        reply = self.of(event.reply)
        if reply is not None and event.index < len(reply.spoken.pieces):
            reply.spoken.pieces[event.index].words.extend(event.words)

    def piece_done(self, event: VoiceDone, now: float) -> None:
        """A piece's length is known."""
        reply = self.of(event.reply)
        if reply is not None and event.index < len(reply.spoken.pieces):
            reply.spoken.pieces[event.index].end = event.end
            if reply.thought:
                self._expect_end(reply, now)

    def voice_failed(self, reply_id: int, index: int, code: str, now: float) -> None:
        """A piece cannot be spoken: show the text when nothing of it was heard, else end after what was voiced.

        A piece that broke off in the middle does not count as heard: which of its words were out is unknown.
        """
        reply = self.of(reply_id)
        if reply is None:
            return
        reply.trouble = code
        if index == 0 and not reply.audible:
            text = " ".join([reply.spoken.planned, *reply.chunker.flush()])
            self.tile.show(Card("text", "", text=text[:600]))
            if reply.released:  # the page may hold sound of it
                self.epoch += 1
                self._out.page(Flush(self.epoch))
            self._out.add(Stop(reply.id))
            self._end(reply, "failed", now)
            return
        del reply.spoken.pieces[index:]
        reply.thought = reply.cut = True
        self._out.add(Finish(reply.id))
        self._expect_end(reply, now)

    def try_release(self, now: float) -> None:
        """Let the sound out if the room is quiet; else hold it for a while."""
        reply = self.running
        if reply is None or reply.guess or reply.released or "voice" not in reply.times or not self.page_there:
            return
        if self._floor.talking(now):
            if reply.held_since is None:
                reply.held_since = now
                self._out.timer("raise", now + RAISE)
            self._out.timer("hold", now + (HOLD if self._floor.has_ears else WORDS))
            return
        self._release(reply, now)

    def held_long(self, now: float, last_words: float) -> None:
        """The hold timer came. Words of others keep the floor theirs for a while; mere noise does not."""
        reply = self.running
        if reply is None or reply.released or reply.held_since is None:
            return
        if not self._floor.talking(now) or last_words <= reply.held_since:
            self._release(reply, now)
        elif now - reply.held_since >= HOLD_LONGEST:
            self.tile.hand.up(reply.asked, reply.spoken.planned if reply.thought else "", label_of(reply.asked), now)
            self.withdraw("floor-taken", now)
        else:
            self._out.timer("hold", now + (HOLD / 2 if self._floor.has_ears else WORDS))

    def raise_hand(self) -> None:
        """The reply is ready and the floor is not ours: show it."""
        if self.running is not None and not self.running.released and self.running.held_since is not None:
            self.tile.hand.show(label_of(self.running.asked))

    def unsay(self, reply: Reply) -> None:
        """Take back the pieces of a reply that is not yet let out; it goes on with others."""
        reply.spoken = SpokenReply()
        for stage in ("first_piece", "voice"):
            reply.times.pop(stage, None)
        self._out.add(Unsay(reply.id))

    def _release(self, reply: Reply, now: float) -> None:
        reply.released = True
        self.tile.hand.settle()
        # Only now is it sure which silence followed the question: the last one before our own sound.
        if (ended := self._floor.speech_end(now)) is not None and ended >= reply.at - SPEECH_BEFORE_FINAL:
            reply.stage("speech_end", ended)
        reply.stage("released", now)
        self._out.cancel("hold")
        self._out.page(Begin(reply.epoch, reply.id))
        self._out.add(Release(reply.id))
        self._out.page(Line(reply.line, self._name, reply.spoken.planned, final=False, agent=True))
        self._expect_end(reply, now)

    def page_is_back(self, now: float) -> None:
        """A page is there again: a held reply may go out, a running one is expected to end."""
        if self.running is not None:
            self._expect_end(self.running, now)
            self.try_release(now)

    def played(self, event: PlaybackReport, now: float) -> None:
        """The page says how far the voice is out."""
        stopped = self._stopping.get(event.reply)
        if stopped is not None:
            stopped.spoken.report(event.samples)
            if event.flushed:
                self._settle(stopped, now)
            return
        reply = self.of(event.reply)
        if reply is None or event.epoch != reply.epoch:
            if event.flushed:
                for waiting in list(self._stopping.values()):
                    self._settle(waiting, now)
            return
        reply.spoken.report(event.samples)
        if event.samples > 0:
            if "first_sound" not in reply.times:
                reply.stage("first_sound", now)
                self.tile.be("speaking")
            self.history.played(reply, now)
        if event.ended and reply.thought:
            self._end(reply, "cut" if reply.cut else "complete", now)

    def overdue(self, reply_id: int, now: float) -> None:
        """The reply should be over and the page is silent about it."""
        reply = self.of(reply_id)
        if reply is not None:
            self._out.add(Stop(reply.id))
            self._end(reply, "cut", now)

    # ------------------------------------------------------------ ducking, stopping, ending

    def duck(self) -> None:
        """Lower the voice while we find out what somebody wants."""
        if self.running is not None and self.running.audible and not self.ducked:
            self.ducked = True
            self._out.page(Duck(DUCK_DB, DUCK_RAMP))

    def unduck(self, now: float) -> None:
        """It was nothing: go on as before."""
        reply = self.running
        if reply is not None and reply.paused:
            reply.paused = False
            self._out.page(Continue(reply.epoch, reply.id))
            self._expect_end(reply, now)
        if self.ducked:
            self.ducked = False
            self._out.page(Duck(0.0, 80))

    def pause(self, now: float) -> None:
        """Somebody really speaks and we do not know yet what: hold the reply where it is."""
        reply = self.running
        if reply is not None and reply.audible and not reply.paused:
            reply.paused = True
            self._out.page(Pause(reply.epoch, reply.id))
            self._out.timer(f"end:{reply.id}", now + LIFE)

    def interrupt(self, reason: str, now: float) -> None:
        """Stop at once. The order matters: the page is flushed first, the epoch rises, then brain and voice end."""
        reply = self.running
        if reply is None:
            return
        self.epoch += 1
        self._out.page(Flush(self.epoch))
        self._out.add(Stop(reply.id))
        self.running = None
        self.ducked = False
        reply.reason_ended = reason
        reply.stage("stopped", now)
        self._forget_timers(reply)
        self.tile.be("muted" if self.muted else "listening")
        if reply.released and self.page_there:
            self._stopping[reply.id] = reply
            self._out.timer(f"stopped:{reply.id}", now + FLUSH_WAIT)
        else:
            self._settle(reply, now)

    def settle_late(self, reply_id: int, now: float) -> None:
        """The page did not say where it stopped: the last report counts."""
        if reply := self._stopping.get(reply_id):
            self._settle(reply, now)

    def settle_all(self, now: float) -> None:
        """Nobody will say any more where the interrupted replies stopped."""
        for reply in list(self._stopping.values()):
            self._settle(reply, now)

    def withdraw(self, reason: str, now: float) -> Asked | None:
        """Take back a reply of which nothing was heard; returns what was asked."""
        reply = self.running
        if reply is None or reply.audible:
            return None
        self.epoch += 1
        self._out.page(Flush(self.epoch))
        self._out.add(Stop(reply.id))
        self._forget_timers(reply)
        self.running = None
        reply.trouble = reason
        self.tile.be("muted" if self.muted else "listening")
        self._out.decide(reply.decision("withdrawn", now, self._floor.describe(now)))
        reply.guess = False
        return reply.asked

    def _settle(self, reply: Reply, now: float) -> None:
        """An interrupted reply is over: what was heard is known."""
        self._stopping.pop(reply.id, None)
        self._out.cancel(f"stopped:{reply.id}")
        reply.trouble = reply.trouble or reply.reason_ended
        self._record(reply, "interrupted", now)
        if self.running is None and reply.reason_ended not in COMES_BACK:
            self.on_idle(now)

    def _end(self, reply: Reply, outcome: str, now: float) -> None:
        self.running = None
        if self.ducked:
            self.ducked = False
            self._out.page(Duck(0.0, 0))
        self._forget_timers(reply)
        bad = outcome == "failed" or reply.trouble in (
            "timeout",
            "unreachable",
            "refused",
            "limited",
            "failed",
            "empty",
        )
        if bad:
            self.tile.be("trouble", "I had trouble answering")
            self._out.timer("calm", now + 4.0)
        else:
            self.tile.be("muted" if self.muted else "listening")
        self._record(reply, outcome, now)
        self.on_idle(now)

    def _record(self, reply: Reply, outcome: str, now: float) -> None:
        self.history.over(reply, outcome, now)
        self._out.decide(reply.decision(outcome, now, self._floor.describe(now)))
        self.on_over(reply, outcome, now)

    # ------------------------------------------------------------ small things

    def mute(self, minutes: float, now: float) -> None:
        """Keep quiet: for some minutes, or until called (0)."""
        self.muted = True
        self._out.cancel("unmute")
        if minutes > 0:
            self._out.timer("unmute", now + minutes * 60)
        self.show_idle()

    def unmute(self) -> None:
        """Speak again when called."""
        self._out.cancel("unmute")
        self.muted = False
        self.show_idle()

    def show_idle(self, detail: str = "") -> None:
        """Show what the agent does when nothing is running."""
        if self.running is None:
            self.tile.be("muted" if self.muted else "listening", detail)

    def attend(self) -> None:
        """It was called, and waits for what is wanted: show that it heard."""
        self.show_idle("Yes?")

    @property
    def past(self) -> list[PastReply]:
        """Earlier replies, as they were heard."""
        return self.history.past

    @property
    def unheard(self) -> str:
        """What the last reply that was interrupted still meant to say."""
        return self.history.unheard

    def of(self, reply_id: int) -> Reply | None:
        """The running reply if it has this id: anything about another one is stale and dropped here."""
        reply = self.running
        return reply if reply is not None and reply.id == reply_id else None

    def _forget_timers(self, reply: Reply) -> None:
        for key in ("stall", "hold", "raise", "alarm", f"patience:{reply.id}", f"dead:{reply.id}", f"end:{reply.id}"):
            self._out.cancel(key)
        self.tile.hand.settle()

    def _expect_end(self, reply: Reply, now: float) -> None:
        """Set the time at which the reply is over even if the page falls silent about it."""
        last = reply.spoken.pieces[-1].end if reply.spoken.pieces else 0
        if not reply.released or last is None:
            self._out.timer(f"end:{reply.id}", now + PAGE_WAIT + HOLD_LONGEST)
        elif reply.thought and not reply.paused:
            left = max(0, last - reply.spoken.played) / SAMPLE_RATE
            self._out.timer(f"end:{reply.id}", now + left + END_SLACK)
