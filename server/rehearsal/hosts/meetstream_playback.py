"""What the people in a MeetStream meeting hear of our agent: its chunks one behind the other, in real time."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Samples a second of `sendaudio`, mono, s16le.
RATE = 48_000
_BYTES_A_SECOND = 2 * RATE


@dataclass(frozen=True, slots=True)
class Stretch:
    """A chunk as it is played: from `at` on, by the clock of the bot. `arrived` is when it was sent."""

    at: float
    arrived: float
    pcm: bytes = field(repr=False)

    @property
    def end(self) -> float:
        return self.at + len(self.pcm) / _BYTES_A_SECOND

    def until(self, now: float) -> bytes:
        """What of it was played before `now`."""
        return self.pcm[: max(0, int((now - self.at) * RATE)) * 2]


class Playback:
    """The bot's queue of sound. `clears` says whether an interruption empties it, as on Google Meet only.

    It keeps everything that was ever sent, about 6 MB a minute of speech: a rehearsal is over soon.
    """

    def __init__(self, *, clears: bool) -> None:
        self._clears = clears
        self.stretches: list[Stretch] = []
        #: interruptions that came, whether they were honoured or not
        self.interruptions: list[float] = []
        #: seconds of unplayed sound right behind each chunk that arrived
        self.leads: list[float] = []

    def arrive(self, pcm: bytes, now: float) -> None:
        """A chunk arrived; it is played behind those before it."""
        begin = max(now, self.stretches[-1].end if self.stretches else now)
        self.stretches.append(Stretch(begin, now, pcm[: len(pcm) // 2 * 2]))
        self.leads.append(self.stretches[-1].end - now)

    def interrupt(self, now: float) -> None:
        """Drop what was not played yet, if this platform can."""
        self.interruptions.append(now)
        if self._clears:
            kept = [Stretch(each.at, each.arrived, each.until(now)) for each in self.stretches]
            self.stretches = [each for each in kept if each.pcm]

    def lead(self, now: float) -> float:
        """Seconds of sound that wait to be played."""
        return max(0.0, self.stretches[-1].end - now) if self.stretches else 0.0

    def seconds(self, now: float) -> float:
        """How much was played before `now`."""
        return sum(min(max(0.0, now - each.at), each.end - each.at) for each in self.stretches)

    def heard(self, now: float, *, gaps: bool = False) -> bytes:
        """Everything played before `now`, with `gaps` as silence between."""
        parts: list[bytes] = []
        last = self.stretches[0].at if self.stretches else 0.0
        for each in self.stretches:
            if gaps and each.at < now:
                parts.append(bytes(round((each.at - last) * RATE) * 2))
            parts.append(each.until(now))
            last = each.end
        return b"".join(parts)
