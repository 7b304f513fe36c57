"""The brain and the voice of a virtual meeting: as slow as the conditions say, and always the same words."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from server.core import events as ev
from server.core.prompt import Thought
from server.rehearsal.manners.clock import VirtualClock
from server.rehearsal.manners.conditions import Conditions

#: samples per second of a reply
RATE = 24_000
#: a voice is this much faster than its sound
VOICED = 8.0
#: what the brain answers when the scenario does not say
ANSWER = (
    "We chose the rubber case, because the metal one was too heavy for the strap. Ben tests the microphone on Thursday,"
    " and the supplier promised the batteries for the twelfth of March."
)
#: stands for what was not heard of the reply before
UNHEARD = "{unheard}"

Tell = Callable[[ev.Event], None]


class VirtualBrain:
    """Answers every question after its first token's time, at its pace."""

    def __init__(
        self, clock: VirtualClock, chance: Random, conditions: Conditions, answer: Callable[[Thought], str], tell: Tell
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._conditions = conditions
        self._answer = answer
        self._tell = tell
        self._stopped: set[int] = set()

    def think(self, thought: Thought) -> None:
        """Begin to answer."""
        text = self._answer(thought).replace(UNHEARD, thought.unheard or "There is nothing left to say.")
        at = self._clock.now + self._conditions.first_token.draw(self._chance)
        for index, word in enumerate(text.split(" ")):
            self._later(at, thought.reply, ev.BrainText(thought.reply, word if not index else f" {word}"))
            at += 1 / self._conditions.tokens
        self._later(at, thought.reply, ev.BrainDone(thought.reply, "stop", "virtual"))

    def stop(self, reply: int) -> None:
        """Nobody wants this any more."""
        self._stopped.add(reply)

    def _later(self, at: float, reply: int, event: ev.Event) -> None:
        self._clock.at(at, lambda: None if reply in self._stopped else self._tell(event))


@dataclass(eq=False)
class Track:
    """The sound of one reply as far as it was voiced. `words` is the truth: each with the sample it ends at."""

    reply: int
    epoch: int
    total: int = 0
    words: list[tuple[str, int]] = field(default_factory=list)
    pieces: deque[tuple[int, str]] = field(default_factory=deque)
    busy: bool = False
    finished: bool = False
    stopped: bool = False

    @property
    def whole(self) -> bool:
        """No sound will be added."""
        return self.finished and not self.pieces and not self.busy


class VirtualVoice:
    """Voices pieces in order, one at a time."""

    def __init__(
        self, clock: VirtualClock, chance: Random, conditions: Conditions, tell: Tell, more: Callable[[Track], None]
    ) -> None:
        """`more` is told when a track has more sound, or is whole."""
        self._clock = clock
        self._chance = chance
        self._conditions = conditions
        self._tell = tell
        self._more = more
        self.tracks: dict[int, Track] = {}

    def speak(self, epoch: int, reply: int, index: int, text: str) -> None:
        """One more piece."""
        track = self.tracks.get(reply)
        if track is None or track.epoch != epoch:
            track = self.tracks[reply] = Track(reply, epoch)
        track.pieces.append((index, text))
        self._next(track)

    def finish(self, reply: int) -> None:
        """No piece follows."""
        if (track := self.tracks.get(reply)) is not None:
            track.finished = True
            self._more(track)

    def stop(self, reply: int) -> None:
        """Nobody wants this any more."""
        if (track := self.tracks.get(reply)) is not None:
            track.stopped = True

    def _next(self, track: Track) -> None:
        if track.busy or not track.pieces:
            return
        track.busy = True
        index, text = track.pieces.popleft()
        self._clock.after(self._conditions.first_sound.draw(self._chance), lambda: self._begin(track, index, text))

    def _begin(self, track: Track, index: int, text: str) -> None:
        if track.stopped:
            return
        start = track.total
        marks, track.total = self._voiced(text, start, track.words)
        if self._conditions.marks:
            self._tell(ev.VoiceMarks(track.reply, index, marks))
        self._tell(ev.VoiceBegan(track.reply, index, start, "virtual"))
        self._more(track)
        self._clock.after((track.total - start) / RATE / VOICED, lambda: self._done(track, index, track.total))

    def _done(self, track: Track, index: int, end: int) -> None:
        track.busy = False
        if track.stopped:
            return
        self._tell(ev.VoiceDone(track.reply, index, end))
        self._more(track)
        self._next(track)

    def _voiced(
        self, text: str, start: int, words: list[tuple[str, int]]
    ) -> tuple[tuple[tuple[int, int, int], ...], int]:
        """The marks of a piece that begins at this sample, and where it ends; a word is as long as its letters."""
        said = text.split()
        per_letter = RATE * len(said) / self._conditions.pace / max(1, sum(_letters(said)))
        marks, at, sample = [], 0, float(start)
        for word, letters in zip(said, _letters(said), strict=True):
            offset = text.index(word, at)
            at = offset + len(word)
            marks.append((offset, len(word), int(sample)))
            sample += letters * per_letter
            words.append((word, int(sample)))
        return tuple(marks), int(sample)


def _letters(words: Sequence[str]) -> list[int]:
    # Short words are shorter, but not as much as their letters say; a comma or a full stop is a small pause.
    return [3 + len(word) + 3 * (word[-1] in ".!?") + (word[-1] == ",") for word in words]
