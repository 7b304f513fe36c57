"""The meeting's sound cut into utterances at its pauses, for a recogniser that is told where they end. Pure.

Sound between utterances is not kept, but for what the beginning of the next one needs: voice activity tells of an onset
only after it, and a recogniser wants some room before the first word.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from server.ears.base import SAMPLE_RATE, SpeechEdge
from server.media.pcm import Resampler

#: samples a second of what is cut
RATE_OUT = 24_000
#: samples before an onset that belong to the utterance
LEAD = 3 * SAMPLE_RATE // 10
#: samples kept between utterances: the lead, and what passes until an onset is told on a busy machine
KEPT = SAMPLE_RATE
#: samples of silence that end an utterance; voice activity alone tells of a stop after 200 ms
PAUSE = 35 * SAMPLE_RATE // 100
#: samples after which an utterance is cut even without a pause
LONGEST = 20 * SAMPLE_RATE
#: bytes of a piece (100 ms): smaller ones cost more to send than they carry
PIECE = 2 * RATE_OUT // 10


@dataclass(eq=False, slots=True)
class Utterance:
    """Speech between two pauses. Times are the session's; `end` is None until it is over."""

    number: int
    start: float
    end: float | None = None
    #: sound at RATE_OUT that was not taken yet
    pieces: deque[bytes] = field(default_factory=deque)


class Utterances:
    """The utterances of one stream. Gives every new one to the caller, who watches it grow."""

    def __init__(self) -> None:
        #: the one that is going on
        self.open: Utterance | None = None
        self._count = 0
        self._samples = 0
        self._at = 0.0
        self._kept: deque[bytes] = deque()
        self._kept_samples = 0
        self._begun = 0
        self._stopped: int | None = None
        self._resampler: Resampler | None = None
        self._rest = bytearray()

    def feed(self, pcm: bytes, now: float) -> Utterance | None:
        """Take some sound (16 kHz); the utterance that a cut without a pause begins, if there is one."""
        self._samples += len(pcm) // 2
        self._at = now
        self._kept.append(pcm)
        self._kept_samples += len(pcm) // 2
        while self._kept_samples - len(self._kept[0]) // 2 >= KEPT:
            self._kept_samples -= len(self._kept.popleft()) // 2
        if self.open is None:
            return None
        self._add(pcm)
        self._look()
        if self.open is not None and self._samples - self._begun >= LONGEST:
            self._end(self._samples)
            return self._begin(self._samples)
        return None

    def edge(self, edge: SpeechEdge) -> Utterance | None:
        """Speech began or ended; the utterance that begins with it, if one does."""
        if not edge.speaking:
            if self.open is not None:
                self._stopped = edge.sample
                self._look()
            return None
        self._stopped = None
        if self.open is not None:
            return None
        begin = max(self._samples - self._kept_samples, edge.sample - LEAD, 0)
        utterance = self._begin(begin)
        back = 2 * (self._samples - begin)
        self._add(b"".join(self._kept)[-back:] if back else b"")
        return utterance

    def lull(self) -> None:
        """No sound comes any more: what is open is over."""
        if self.open is not None:
            self._end(self._samples if self._stopped is None else self._stopped)

    def _look(self) -> None:
        if self._stopped is not None and self._samples - self._stopped >= PAUSE:
            self._end(self._stopped)

    def _begin(self, sample: int) -> Utterance:
        self._count += 1
        self._begun = sample
        self._resampler = Resampler(SAMPLE_RATE, RATE_OUT)
        self.open = Utterance(self._count, self._when(sample))
        return self.open

    def _add(self, pcm: bytes) -> None:
        assert self.open is not None and self._resampler is not None
        self._rest += self._resampler.feed(pcm)
        if len(self._rest) >= PIECE:
            self.open.pieces.append(bytes(self._rest))
            self._rest.clear()

    def _end(self, sample: int) -> None:
        assert self.open is not None and self._resampler is not None
        self._rest += self._resampler.finish()
        if self._rest:
            self.open.pieces.append(bytes(self._rest))
            self._rest.clear()
        self.open.end = self._when(sample)
        self.open = self._resampler = self._stopped = None

    def _when(self, sample: int) -> float:
        return self._at - (self._samples - sample) / SAMPLE_RATE
