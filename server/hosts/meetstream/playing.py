"""Which sound goes to the bot when, and how much of it was heard. Pure: time comes in as seconds, nothing is sent here.

The counterpart of `static/agent/playout.js` for a bot that only takes chunks and never answers: what was heard is
computed from when each chunk was sent. A bot outside Google Meet cannot be made to drop what it has, so little is ever
ahead of the ear. Positions are samples of the reply at 24 kHz.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from server.core.messages import Resume
from server.hosts.meetstream.audio import RATE as OUT
from server.media.pcm import Resampler, from_float, to_float

#: samples per second of what comes in; what goes out has `OUT`
RATE = 24_000
#: Seconds of one chunk: the vendor's bridge sends this much, smaller ones play badly.
CHUNK = 0.24
#: Seconds of sound in the bot that are not yet heard, after sending: what an interruption cannot take back. The guide's
#: own rule (next chunk after 0.8 of its length) lets this grow with every answer.
LEAD = 0.40
#: seconds before the bot runs dry at which a chunk goes out although it is short
NEARLY = 0.08
#: seconds of the shortest chunk, except for the last of a reply, and of a rest that goes along with the chunk before
LEAST = 0.08
CRUMB = 0.04
#: seconds that a first chunk may wait to become a whole one
PATIENCE = 0.12
#: seconds between two reports, and from the first sound to the first one
REPORT = 0.075
FIRST_REPORT = 0.02
#: seconds of fading in after a pause in the middle of a word
FADE = 0.01
#: Samples that wait, per reply. The backend sends about a second ahead; beyond this the newest is dropped.
MOST = 30 * RATE
#: replies of which one is played; a further one drops the oldest that waits
REPLIES = 4


@dataclass(frozen=True, slots=True)
class Played:
    """How far a reply was heard."""

    epoch: int
    reply: int
    samples: int
    ended: bool = False
    flushed: bool = False


class _Track:
    """The sound of one reply."""

    def __init__(self, epoch: int, reply: int, first: int) -> None:
        self.epoch = epoch
        self.reply = reply
        #: what is not yet heard, from sample `first` on
        self.pcm = bytearray()
        self.first = first
        #: how long the reply is; None until it is said
        self.total: int | None = None
        #: when sound began to wait while nothing was sent of it
        self.since: float | None = None
        self.reported = first
        self.reported_at: float | None = None
        self.begin_at(first)

    def begin_at(self, sample: int) -> None:
        """Send from this sample on, as if nothing of what follows had been sent."""
        self.base = self.fed = sample
        self.stream = Resampler(RATE, OUT)
        #: samples sent, at the bot's rate, counted from `base`
        self.sent = 0
        #: everything was sent
        self.done = False
        #: (when it begins to be heard, its first sample counted like `sent`, how many)
        self.placed: deque[tuple[float, int, int]] = deque()

    @property
    def next(self) -> int:
        """The sample that we expect next."""
        return self.first + len(self.pcm) // 2

    @property
    def unfed(self) -> int:
        """Samples that wait to be sent."""
        return self.next - self.fed

    @property
    def whole(self) -> bool:
        """Nothing more comes."""
        return self.total is not None and self.next >= self.total

    @property
    def out(self) -> int:
        """The sample up to which everything was sent."""
        return min(self.base + self.sent // 2, self.next)

    def position(self, now: float) -> int:
        """The sample that is heard now."""
        at = 0
        for start, first, count in self.placed:
            if start > now:
                break
            at = first + min(count, int((now - start) * OUT + 1e-6))
        return min(self.base + at // 2, self.next)

    def forget(self, now: float) -> None:
        """Let go of what was heard, except for the chunk that tells the position."""
        while len(self.placed) > 1 and self.placed[1][0] <= now:
            self.placed.popleft()
        if (heard := self.position(now) - self.first) > RATE:
            del self.pcm[: heard * 2]
            self.first += heard


class Playing:
    """All sound of one bot. `clears` says whether it can be made to drop what it has not yet played."""

    def __init__(self, *, clears: Callable[[], bool] = lambda: False, dry_at: float = 0.0) -> None:
        self.clears = clears
        #: when the bot has played everything that it has
        self.dry_at = dry_at
        self.epoch = 0
        self.paused = False
        self._tracks: list[_Track] = []
        self._last: Played | None = None
        self._gain = self._target = 1.0
        self._step = 0.0  # of the gain, for each sample

    # ------------------------------------------------------------ what the backend says

    def welcome(self, epoch: int, resume: Resume | None) -> None:
        """The session's epoch, and the reply that goes on from a sample."""
        self.epoch = max(self.epoch, epoch)
        self._tracks = [track for track in self._tracks if track.epoch >= self.epoch]
        if resume is not None:
            self.begin(resume.epoch, resume.reply, resume.played)

    def begin(self, epoch: int, reply: int, first: int = 0) -> None:
        """A reply begins. Beginning a known one changes nothing."""
        if epoch < self.epoch or self._find(epoch, reply) is not None:
            return
        self.epoch = epoch
        for track in self._tracks:  # whoever begins the next has nothing more to send of the ones before
            track.total = track.next if track.total is None else track.total
        if len(self._tracks) >= REPLIES:
            del self._tracks[1]
        self._tracks.append(_Track(epoch, reply, first))

    def frame(self, epoch: int, reply: int, first: int, pcm: bytes, now: float) -> None:
        """Sound of a reply, from this sample on. What is known is left out; after a gap nothing is taken."""
        track = self._find(epoch, reply) if epoch >= self.epoch else None
        size = len(pcm) // 2
        over = track.next - first if track is not None else 0
        if track is None or not 0 <= over < size or track.unfed + size > MOST:
            return
        track.pcm += pcm[over * 2 : size * 2]
        track.since = now if track.since is None else track.since

    def end(self, epoch: int, reply: int, samples: int) -> None:
        """All sound of the reply was sent. If less came, what came is the whole."""
        if (track := self._find(epoch, reply)) is not None:
            track.total = min(samples, track.next)

    def flush(self, epoch: int, now: float) -> Played:
        """Drop everything of a lower epoch. Returns what will have been heard: zeros when nothing was playing."""
        self.epoch = max(self.epoch, epoch)
        track = self._tracks[0] if self._tracks else None
        record = Played(0, 0, 0, flushed=True)
        if track is not None and track.epoch < self.epoch:
            # What the bot has and cannot drop will be heard all the same.
            heard = track.position(now) if self.clears() else track.out
            self._last = record = Played(track.epoch, track.reply, heard, flushed=True)
        self._tracks = [each for each in self._tracks if each.epoch >= self.epoch]
        if self.clears():
            self.dry_at = min(self.dry_at, now)
        self.paused = False
        self._gain = self._target = 1.0
        return record

    def pause(self, epoch: int, reply: int, now: float) -> Played | None:
        """Hold this reply; None when it is not the one that plays. A bot that can drop its sound is silent at once."""
        track = self._current(epoch, reply)
        if track is None:
            return None
        self.paused = True
        if self.clears():
            track.begin_at(track.position(now))
            self.dry_at = min(self.dry_at, now)
            self._gain, self._step = 0.0, self._target / (FADE * RATE)
        track.reported = track.position(now)
        return Played(epoch, reply, track.reported)

    def go_on(self, epoch: int, reply: int, now: float) -> None:
        """Go on with a paused reply, from the next sample."""
        if (track := self._current(epoch, reply)) is not None:
            self.paused = False
            track.since = now - PATIENCE

    def duck(self, db: float, ramp: int) -> None:
        """Lower what is not yet sent by so many decibels, over so many milliseconds; 0 dB brings it back."""
        self._target = 10.0 ** (max(-60.0, min(0.0, db)) / 20)
        self._step = (self._target - self._gain) / max(1.0, ramp * RATE / 1000)

    # ------------------------------------------------------------ what follows from the time

    def pump(self, now: float) -> list[bytes]:
        """The chunks to send now: 48 kHz, signed 16-bit little-endian, mono."""
        chunks = []
        while (track := self._track()) is not None and (due := self._due(track, now)) is not None and due <= now:
            if chunk := self._take(track, now):
                chunks.append(chunk)
        return chunks

    def reports(self, now: float) -> list[Played]:
        """What is to be reported now. A reply that is over makes room for the next."""
        found = []
        while (track := self._track()) is not None:
            if track.done and self.dry_at <= now:
                self._tracks.pop(0)
                self.paused = False
                self._last = Played(track.epoch, track.reply, track.next, ended=True)
                found.append(self._last)
                continue
            position = track.position(now)
            if position > track.reported and self._report_at(track) <= now:
                track.reported, track.reported_at = position, now
                found.append(Played(track.epoch, track.reply, position))
                track.forget(now)
            break
        return found

    def wake(self, now: float) -> float | None:
        """When `reports` and `pump` have something to do again, if nothing comes before; None: never."""
        track = self._track()
        if track is None:
            return None
        times = [due for due in (self._due(track, now),) if due is not None]
        if track.reported < track.out:
            at = self._report_at(track)
            # when nothing new is heard although it is time, older sound is still being played
            times.append(at if at > now or track.position(now) > track.reported else now + REPORT)
        if track.done:
            times.append(self.dry_at)
        return min(times, default=None)

    def lead(self, now: float) -> float:
        """Seconds of sound that the bot has and nobody heard yet."""
        return max(0.0, self.dry_at - now)

    def resume(self) -> Resume | None:
        """Where a next connection goes on: behind everything that the bot has got."""
        if (track := self._track()) is not None:
            return Resume(track.epoch, track.reply, track.out)
        return Resume(self._last.epoch, self._last.reply, self._last.samples) if self._last is not None else None

    # ------------------------------------------------------------ inside

    def _track(self) -> _Track | None:
        return self._tracks[0] if self._tracks else None

    def _find(self, epoch: int, reply: int) -> _Track | None:
        return next((track for track in self._tracks if (track.epoch, track.reply) == (epoch, reply)), None)

    def _current(self, epoch: int, reply: int) -> _Track | None:
        track = self._track()
        return track if track is not None and (track.epoch, track.reply) == (epoch, reply) else None

    def _due(self, track: _Track, now: float) -> float | None:
        """When the next chunk goes out; None: not before something comes."""
        if self.paused or track.done or not (track.unfed or track.whole):
            return None
        if track.whole or track.unfed >= CHUNK * RATE:
            return self.dry_at - (LEAD - CHUNK)
        if track.unfed < LEAST * RATE:
            return None
        if track.sent and self.dry_at > now:
            return self.dry_at - NEARLY
        return max(self.dry_at - NEARLY, (track.since or 0.0) + PATIENCE)

    def _take(self, track: _Track, now: float) -> bytes:
        """The next chunk, which counts as sent."""
        size = int(CHUNK * RATE)
        if track.whole and track.unfed - size < CRUMB * RATE:
            size = track.unfed  # no crumbs at the end
        size = min(size, track.unfed)
        at = (track.fed - track.first) * 2
        chunk = track.stream.feed(self._louder(bytes(track.pcm[at : at + size * 2])))
        track.fed += size
        track.since = None if not track.unfed else now
        if track.whole and not track.unfed:
            chunk += track.stream.finish()
            track.done = True
        count = len(chunk) // 2
        if count:
            start = max(now, self.dry_at)
            track.placed.append((start, track.sent, count))
            track.sent += count
            self.dry_at = start + count / OUT
        return chunk

    def _report_at(self, track: _Track) -> float:
        if track.reported_at is not None:
            return track.reported_at + REPORT
        return (track.placed[0][0] if track.placed else self.dry_at) + FIRST_REPORT

    def _louder(self, pcm: bytes) -> bytes:
        """The sound with its gain, which moves towards its target."""
        if not pcm or self._gain == self._target == 1.0:
            return pcm
        values = to_float(pcm)
        gains = self._gain + self._step * np.arange(1, values.size + 1, dtype=np.float32)
        low, high = sorted((self._gain, self._target))
        gains = np.clip(gains, low, high)
        self._gain = float(gains[-1]) if abs(gains[-1] - self._target) > 1e-6 else self._target
        return from_float(values * gains)
