"""What the agent was heard to say: the tapped sound on the meeting's clock, and the replies in it."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from server.rehearsal.spoken import RATE
from server.rehearsal.stand_in import TapFrame

#: Root of the mean square of 10 ms, full scale 1.0, from which sound counts as audible: -50 dBFS.
AUDIBLE = 0.003
#: Quiet longer than this splits two spurts; quiet longer than REPLY_GAP with an agent that is not
# speaking, replies.
SPURT_GAP = 0.12
REPLY_GAP = 0.8
#: A reply is over after this much quiet whatever the page says.
LONGEST_GAP = 8.0


@dataclass
class HeardReply:
    """One reply as it sounded. Times are seconds of the meeting; `number` is the page's id of it, 0
    unknown.
    """

    begin: float
    end: float
    number: int = 0
    over: bool = False
    #: stretches of sound without a pause
    spurts: list[tuple[float, float]] = field(default_factory=list)
    #: the same as (run, first sample, last sample)
    places: list[tuple[int, int, int]] = field(default_factory=list, repr=False)

    @property
    def seconds(self) -> float:
        """How much of it was heard, pauses between its sentences included."""
        return self.end - self.begin


@dataclass(frozen=True)
class PageState:
    """What the page said about itself from `at` on (seconds of the meeting)."""

    at: float
    agent: str
    reply: int
    paused: bool
    card: str
    connection: str = ""


#: Frames before and after, within which the least delayed one tells the time: about a second both ways. Not the
#: whole run: a page that is starved of CPU loses sound, and all that follows really is later.
WINDOW = 50
#: Smaller changes of the offset are jitter.
JITTER = 0.015


@dataclass
class _Run:
    """Sound without a gap. `offsets` has, for each frame, its arrival less its place in the run, in seconds."""

    rate: int
    parts: list[NDArray[np.int16]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    count: int = 0
    rest: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))

    def add(self, pcm: NDArray[np.int16], at: float) -> None:
        self.parts.append(pcm)
        self.count += len(pcm)
        self.ends.append(self.count)
        self.offsets.append(at - self.count / self.rate)

    def live(self, sample: int) -> float:
        """When a sample that just came was played, as far as one can tell now."""
        return min(self.offsets[-WINDOW:]) + sample / self.rate

    def settled(self) -> list[float]:
        """The offset of each frame, now that those after it are known."""
        found: list[float] = []
        for index in range(len(self.offsets)):
            least = min(self.offsets[max(0, index - WINDOW) : index + WINDOW + 1])
            found.append(least if not found or abs(least - found[-1]) > JITTER else found[-1])
        return found


class AgentSound:
    """Listens to the tap. `replies` grows while the agent speaks."""

    def __init__(self, now: Callable[[], float], wall: Callable[[], float]) -> None:
        """`now` is the meeting's clock, `wall` seconds since 1970."""
        self._now = now
        self._wall = wall
        self._runs: dict[int, _Run] = {}
        self.replies: list[HeardReply] = []
        self.states: list[PageState] = []

    # ------------------------------------------------------------ from the tap

    def sound(self, frame: TapFrame) -> None:
        """Some sound the page played. Its place is where the frame that came with the least delay puts it."""
        run = self._runs.get(frame.run)
        pcm = np.frombuffer(frame.pcm, np.int16)
        if run is None:
            run = self._runs[frame.run] = _Run(frame.rate)
        run.add(pcm, self._meeting_time(frame.wall))
        self._detect(frame.run, run, pcm)

    def page_state(self, wall: float, facts: dict[str, Any]) -> None:
        """The page's state changed."""
        state = PageState(
            self._meeting_time(wall),
            str(facts.get("agent") or ""),
            int(facts.get("reply") or 0),
            bool(facts.get("paused")),
            str(facts.get("card") or ""),
            str(facts.get("connection") or ""),
        )
        self.states.append(state)
        self.settle()

    def _meeting_time(self, wall: float) -> float:
        return self._now() - (self._wall() - wall)

    # ------------------------------------------------------------ replies

    @property
    def state(self) -> PageState | None:
        return self.states[-1] if self.states else None

    @property
    def current(self) -> HeardReply | None:
        """The reply that is being heard (or pauses for breath) right now."""
        self.settle()
        return self.replies[-1] if self.replies and not self.replies[-1].over else None

    def settle(self) -> None:
        """Close the current reply when it is over by now."""
        if not self.replies or self.replies[-1].over:
            return
        reply, quiet = self.replies[-1], self._now() - self.replies[-1].end
        state = self.state
        if state is None or not reply.number or state.at < reply.begin:
            reply.over = quiet > REPLY_GAP
        elif state.reply == reply.number:
            # Held or short of breath: the page still has it.
            reply.over = quiet > LONGEST_GAP
        else:
            reply.over = quiet > SPURT_GAP

    def _detect(self, key: int, run: _Run, pcm: NDArray[np.int16]) -> None:
        window = run.rate // 100
        data = np.concatenate([run.rest, pcm]) if len(run.rest) else pcm
        first = run.count - len(data)
        whole = len(data) // window
        run.rest = data[whole * window :]
        if not whole:
            return
        blocks = data[: whole * window].reshape(whole, window).astype(np.float64) / 32768
        loud = np.sqrt(np.mean(blocks**2, axis=1)) > AUDIBLE
        for index in np.flatnonzero(loud):
            sample = first + int(index) * window
            self._audible(run.live(sample), run.live(sample + window), (key, sample, sample + window))

    def _audible(self, begin: float, end: float, place: tuple[int, int, int]) -> None:
        state = self.state
        number = state.reply if state else 0
        reply = self.replies[-1] if self.replies else None
        if reply is not None and not reply.over and self._another(reply, number, begin):
            reply.over = True
            if (early := self._too_early(reply, begin)) is not None:
                (begin, _), place = early[0], (early[1][0], early[1][1], place[2])
                reply.end = reply.spurts[-1][1]
        if reply is None or reply.over:
            self.replies.append(HeardReply(begin, end, number, spurts=[(begin, end)], places=[place]))
            return
        reply.number = reply.number or number
        (start, last), (run, sample, _) = reply.spurts[-1], reply.places[-1]
        if begin - last > SPURT_GAP or run != place[0]:
            reply.spurts.append((begin, end))
            reply.places.append(place)
        else:
            reply.spurts[-1] = (start, max(last, end))
            reply.places[-1] = (run, sample, place[2])
        reply.end = max(reply.end, end)

    def _another(self, reply: HeardReply, number: int, begin: float) -> bool:
        """Whether sound at `begin` belongs to another reply than the current one."""
        if number and reply.number and number != reply.number:
            return True
        quiet = begin - reply.end
        return quiet > LONGEST_GAP or (quiet > REPLY_GAP and not (number and number == reply.number))

    def _too_early(self, reply: HeardReply, begin: float) -> tuple[tuple[float, float], tuple[int, int, int]] | None:
        """Where the new reply really began, when its first sound was counted to the last one: the page's word
        comes a moment after its sound."""
        if len(reply.spurts) < 2 or begin - reply.spurts[-1][0] > 0.2:
            return None
        return reply.spurts.pop(), reply.places.pop()

    # ------------------------------------------------------------ afterwards

    def finish(self) -> None:
        """Nothing more will come: place every reply as exactly as all that was recorded allows."""
        offsets = {key: (run, run.settled()) for key, run in self._runs.items()}

        def time_of(key: int, sample: int) -> float:
            run, settled = offsets[key]
            frame = min(bisect.bisect_right(run.ends, sample), len(settled) - 1)
            return settled[frame] + sample / run.rate

        for reply in self.replies:
            reply.over = True
            reply.spurts = [(time_of(key, first), time_of(key, last - 1)) for key, first, last in reply.places]
            reply.begin, reply.end = reply.spurts[0][0], reply.spurts[-1][1]

    def rendered(self, seconds: float) -> NDArray[np.int16]:
        """All of it at 48 kHz from the meeting's begin on, silence where nothing was played."""
        out = np.zeros(int(seconds * RATE), np.int32)
        for run in self._runs.values():
            pcm = np.concatenate(run.parts)
            if run.rate != RATE:
                pcm = soxr.resample(pcm, run.rate, RATE).astype(np.int16)
            begin = 0
            settled = run.settled()
            for index, end in enumerate(run.ends):
                # One piece for as long as the offset stays.
                if index + 1 < len(settled) and settled[index + 1] == settled[index]:
                    continue
                first, last = begin * RATE // run.rate, end * RATE // run.rate
                _lay(out, pcm[first:last], round(settled[index] * RATE) + first)
                begin = end
        return np.clip(out, -32768, 32767).astype(np.int16)


def _lay(out: NDArray[np.int32], pcm: NDArray[np.int16], start: int) -> None:
    """Add `pcm` to `out` from sample `start` on, as far as they overlap."""
    skip = max(0, -start)
    part = pcm[skip : max(skip, len(out) - start)]
    out[start + skip : start + skip + len(part)] += part
