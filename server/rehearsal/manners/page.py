"""The page of a virtual meeting: plays, ducks, pauses and stops a little after it is told, and reports what it played.

It behaves as static/agent/player.js and self-duck.js do, but that it ducks only at an onset, and keeps the truth: which
sample sounded when.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from server.core import events as ev
from server.core.messages import Begin, Continue, Duck, Flush, Hand, Pause, ShowCard, State, ToPage
from server.rehearsal.manners.clock import VirtualClock
from server.rehearsal.manners.conditions import Conditions
from server.rehearsal.manners.facts import Flushed, Sounded, Span
from server.rehearsal.manners.parties import RATE, Track
from server.rehearsal.manners.sound import LEVEL

#: seconds from having sound to its first sample, and of the fades of a pause and a flush
LEAD = 0.02
PAUSE_FADE = 0.01
FLUSH_FADE = 0.005
#: seconds from the first sample to the report of it
FIRST_REPORT = 0.002
#: the page's own duck, in dB, and how long it lasts when the backend says nothing
OWN_DUCK = -12.0
OWN_DUCK_LASTS = 1.2


@dataclass(eq=False)
class _Playing:
    """The reply in the player. `since` is when sample `at` sounds; None while it does not play."""

    sounded: Sounded
    track: Track | None = None
    released: bool = False
    at: int = 0
    since: float | None = None
    paused: bool = False
    until: int = 0


class VirtualPage:
    """The player, its reports and its state."""

    def __init__(
        self,
        clock: VirtualClock,
        chance: Random,
        conditions: Conditions,
        tell: Callable[[ev.Event], None],
        turn_of: Callable[[int], int],
    ) -> None:
        """`turn_of` says which transcript turn a reply answers."""
        self._clock = clock
        self._chance = chance
        self._conditions = conditions
        self._tell = tell
        self._turn_of = turn_of
        self._down = self._up = 0.0
        self._playing: _Playing | None = None
        self._epoch = 0
        #: counts the page's own ducks; 0 while it does not duck by itself
        self._own_duck = self._own_ducks = 0
        self._ticking = False
        self.replies: list[Sounded] = []
        self.flushes: list[Flushed] = []
        self.gains: list[tuple[float, float]] = [(0.0, 0.0)]
        self.states: list[tuple[float, str]] = []
        self.hands: list[tuple[float, str]] = []
        self.cards: list[tuple[float, str]] = []

    # ------------------------------------------------------------ the wire

    def send(self, message: ToPage) -> None:
        """The backend says this; it arrives in order, a little later."""
        decided = self._clock.now
        self._down = max(self._down, decided + self._conditions.page.draw(self._chance))
        self._clock.at(self._down, lambda: self._take(message, decided))

    def _report(self, event: ev.Event, delay: float = 0.0) -> None:
        self._up = max(self._up, self._clock.now + delay + self._conditions.page.draw(self._chance))
        self._clock.at(self._up, lambda: self._tell(event))

    def _take(self, message: ToPage, decided: float) -> None:
        now = self._clock.now
        match message:
            case Begin(epoch, reply):
                self._begin(epoch, reply)
            case Flush(epoch):
                self._flush(epoch, decided)
            case Pause(_, reply):
                self._settle_own_duck(restore=False)
                self._pause(reply, decided)
            case Continue(_, reply):
                self._continue(reply)
            case Duck(db, _):
                self._settle_own_duck(restore=False)
                self._gain(db)
            case State(state):
                self.states.append((now, state))
            case Hand(label):
                self.hands.append((now, label))
            case ShowCard(card):
                self.cards.append((now, card.text or card.title if card is not None else ""))
            case _:
                pass  # lines and the like: nothing of the voice

    # ------------------------------------------------------------ playing

    @property
    def sounding(self) -> Sounded | None:
        """The reply that is in the player and has been heard, paused or not."""
        playing = self._playing
        return playing.sounded if playing is not None and playing.sounded in self.replies else None

    def audible(self, at: float) -> bool:
        """Whether something sounded at this moment, which must not lie ahead."""
        playing = self._playing
        if playing is not None and playing.since is not None and playing.since <= at:
            return at < playing.since + (playing.until - playing.at) / RATE
        return any(reply.audible(at) for reply in self.replies[-3:])

    def when(self, reply: Sounded, sample: int) -> float | None:
        """When this sample of a reply sounded; None when it has not."""
        playing = self._playing
        if playing is not None and playing.sounded is reply and playing.since is not None and sample > playing.at:
            at = playing.since + (sample - playing.at) / RATE
            return at if sample <= playing.until and at <= self._clock.now else None
        span = next((span for span in reply.spans if span.first < sample <= span.last), None)
        return None if span is None else span.begin + (sample - span.first) / RATE

    def samples(self, reply: int) -> int:
        """How many samples of this reply have sounded by now."""
        playing = self._playing
        if playing is not None and playing.sounded.number == reply:
            return self._position(playing)
        return next((each.samples for each in self.replies if each.number == reply), 0)

    def release(self, track: Track) -> None:
        """The sound of this reply may come: it follows `begin` on the same wire."""
        self._clock.at(self._down, lambda: self._released(track))

    def more(self, track: Track) -> None:
        """There is more sound of it, or it is whole."""
        if self._playing is not None and self._playing.track is track:
            self._clock.after(self._conditions.page.draw(self._chance), self._play)

    def _begin(self, epoch: int, reply: int) -> None:
        if epoch < self._epoch:
            return
        self._epoch = epoch
        if self._playing is None or self._playing.sounded.number != reply:
            self._halt()
            self._playing = _Playing(Sounded(reply, epoch, self._turn_of(reply)))

    def _released(self, track: Track) -> None:
        playing = self._playing
        if playing is not None and playing.sounded.number == track.reply and not track.stopped:
            playing.track, playing.released = track, True
            self._play()

    def _play(self) -> None:
        """Start what is there, unless it already sounds or must not."""
        playing = self._playing
        if playing is None or playing.track is None or playing.paused or playing.since is not None:
            return
        if playing.at < playing.track.total:
            playing.since, playing.until = self._clock.now + LEAD, playing.track.total
            if playing.sounded not in self.replies:
                self._clock.at(playing.since, lambda: self._first(playing))
            self._clock.at(playing.since + (playing.until - playing.at) / RATE, lambda: self._ran_out(playing))
        elif playing.track.whole:
            self._ended(playing)

    def _first(self, playing: _Playing) -> None:
        """The first sample sounds: the truth knows it from now on, and the backend soon."""
        if self._playing is playing and playing.since is not None and playing.sounded not in self.replies:
            playing.sounded.spans.append(Span(self._clock.now, self._clock.now, 0, 0))
            self.replies.append(playing.sounded)
            self._clock.after(FIRST_REPORT, lambda: self._report_position(playing))
            if not self._ticking:
                self._ticking = True
                self._clock.after(self._conditions.reports, self._tick)

    def _ran_out(self, playing: _Playing) -> None:
        if self._playing is not playing or playing.since is None or self._position(playing) < playing.until:
            return
        self._stop_sounding(playing, self._clock.now)
        if playing.track is not None and playing.at < playing.track.total:
            playing.since, playing.until = self._clock.now, playing.track.total  # the next piece follows at once
            self._clock.at(playing.since + (playing.until - playing.at) / RATE, lambda: self._ran_out(playing))
        else:
            self._play()

    def _ended(self, playing: _Playing) -> None:
        self._playing = None
        playing.sounded.over = True
        self._know_words(playing)
        self._settle_own_duck(restore=True)
        sounded = playing.sounded
        event = ev.PlaybackReport(sounded.epoch, sounded.number, playing.at, ended=True)
        self._report(event, self._conditions.report_delay.draw(self._chance))

    def _position(self, playing: _Playing) -> int:
        if playing.since is None or self._clock.now <= playing.since:
            return playing.at
        # Rounded: the end of a stretch is met exactly.
        return min(playing.until, playing.at + round((self._clock.now - playing.since) * RATE))

    def _stop_sounding(self, playing: _Playing, at: float) -> None:
        """Close the stretch that sounds, at this moment (a fade ahead at most)."""
        if playing.since is None:
            return
        since, first = playing.since, playing.at
        playing.since = None
        if at <= since:
            return
        playing.at = min(playing.until, first + round((at - since) * RATE))
        playing.sounded.spans.append(Span(since, since + (playing.at - first) / RATE, first, playing.at))
        playing.sounded.spans = [span for span in playing.sounded.spans if span.last > span.first]
        self._know_words(playing)

    def _know_words(self, playing: _Playing) -> None:
        if playing.track is not None:
            playing.sounded.words = tuple(playing.track.words)

    # ------------------------------------------------------------ being told

    def _pause(self, reply: int, decided: float) -> None:
        playing = self._playing
        if playing is None or playing.paused or playing.sounded.number != reply:
            return
        if self.audible(self._clock.now):
            self.flushes.append(Flushed(decided, self._clock.now + PAUSE_FADE, reply))
        self._stop_sounding(playing, self._clock.now + PAUSE_FADE)
        playing.paused = True
        self._report_position(playing)

    def _continue(self, reply: int) -> None:
        playing = self._playing
        if playing is None or not playing.paused or playing.sounded.number != reply:
            return
        playing.paused = False
        self._play()
        self._report_position(playing)

    def _flush(self, epoch: int, decided: float) -> None:
        self._epoch = max(self._epoch, epoch)
        self._settle_own_duck(restore=True)
        playing, now = self._playing, self._clock.now
        if playing is None or playing.sounded.epoch >= epoch:
            self.flushes.append(Flushed(decided, now, 0))
            self._report(ev.PlaybackReport(0, 0, 0, flushed=True))
            return
        sounded, was = playing.sounded, self.audible(now)
        self._halt()
        self.flushes.append(Flushed(decided, now + FLUSH_FADE if was else now, sounded.number))
        event = ev.PlaybackReport(sounded.epoch, sounded.number, playing.at, flushed=True)
        self._report(event, self._conditions.report_delay.draw(self._chance))

    def _halt(self) -> None:
        playing, self._playing = self._playing, None
        if playing is not None:
            self._stop_sounding(playing, self._clock.now + FLUSH_FADE)
            self._gain(0.0)
            playing.sounded.over = playing.sounded.flushed = True
            self._know_words(playing)

    def _gain(self, db: float) -> None:
        if self.gains[-1][1] != db:
            self.gains.append((self._clock.now, db))

    # ------------------------------------------------------------ reports, and what the page does by itself

    def _report_position(self, playing: _Playing) -> None:
        sounded = playing.sounded
        event = ev.PlaybackReport(sounded.epoch, sounded.number, self._position(playing))
        self._report(event, self._conditions.report_delay.draw(self._chance))

    def _tick(self) -> None:
        playing = self._playing
        if playing is None:
            self._ticking = False
            return
        if not playing.paused:
            self._report_position(playing)
        self._clock.after(self._conditions.reports, self._tick)

    def onset(self) -> None:
        """The page hears a loud onset: while it sounds it lowers its voice by itself, and says so."""
        if not self.audible(self._clock.now):
            return
        self._own_ducks += 1
        mine = self._own_duck = self._own_ducks
        if self.gains[-1][1] == 0.0:
            self._gain(OWN_DUCK)
        self._clock.after(OWN_DUCK_LASTS, lambda: self._settle_own_duck(restore=True, mine=mine))
        self._report(ev.OnsetAtPage(LEVEL))

    def _settle_own_duck(self, *, restore: bool, mine: int = 0) -> None:
        if not self._own_duck or (mine and mine != self._own_duck):
            return
        self._own_duck = 0
        if restore:
            self._gain(0.0)
