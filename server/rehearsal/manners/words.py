"""The transcript source: growing partials, then a final, as late and as disordered as the conditions say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from server.core import events as ev
from server.core.transcript import Word
from server.rehearsal.manners.clock import VirtualClock
from server.rehearsal.manners.conditions import Conditions, Range

#: seconds by which an event that is overtaken comes later
OVERTAKEN = (0.15, 0.6)
#: seconds after which a duplicate comes
AGAIN = (0.05, 0.9)


@dataclass(frozen=True)
class Speaker:
    """Whose words they are said to be."""

    id: str
    name: str


class Transcriber:
    """Writes down what is said, a little late."""

    def __init__(
        self, clock: VirtualClock, chance: Random, conditions: Conditions, tell: Callable[[ev.Heard], None]
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._conditions = conditions
        self._tell = tell
        self._count = 0

    def hear(
        self,
        speaker: Speaker,
        words: Sequence[Word],
        *,
        late: Range | None = None,
        before: Callable[[], str] = lambda: "",
    ) -> None:
        """Somebody says these words (with times). `late`: of this line's finals; `before`: words of others that the
        transcriber puts in front."""
        for utterance in self._split(words):
            self._count += 1
            self._utter(speaker, utterance, f"u{self._count}", late, before)

    def _split(self, words: Sequence[Word]) -> list[list[Word]]:
        parts: list[list[Word]] = []
        for word in words:
            pause = (word.start or 0.0) - (parts[-1][-1].end or 0.0) if parts else 0.0
            if parts and pause < self._conditions.split:
                parts[-1].append(word)
            else:
                parts.append([word])
        return parts

    def _utter(
        self,
        speaker: Speaker,
        words: list[Word],
        key: str,
        late: Range | None,
        before: Callable[[], str],
    ) -> None:
        conditions, chance = self._conditions, self._chance
        start, end = words[0].start or 0.0, words[-1].end or 0.0
        due = end + (late or conditions.final).draw(chance)
        at, shown = start + conditions.partials, 0
        # A recogniser goes on after the last word: it is often in a partial before the final comes.
        while conditions.partials and at + conditions.partial_delay.most < due and shown < len(words):
            known = [word for word in words if (word.end or 0.0) <= at]
            if len(known) > shown:
                shown = len(known)
                heard = ev.Heard(
                    speaker.name, " ".join(word.text for word in known), False, speaker.id, key, start, known[-1].end
                )
                self._deliver(at + conditions.partial_delay.draw(chance), heard, before)
            at += conditions.partials
        text = " ".join(word.text for word in words)
        heard = ev.Heard(speaker.name, text, True, speaker.id, key, start, end, tuple(words))
        self._deliver(due, heard, before)

    def _deliver(self, at: float, heard: ev.Heard, before: Callable[[], str]) -> None:
        """Give it at this time, or as much later as the disorder wants; perhaps once more."""
        chance, conditions = self._chance, self._conditions

        def give() -> None:
            front = before()
            self._tell(replace(heard, text=f"{front} {heard.text}", words=()) if front else heard)

        at += chance.uniform(0.0, conditions.jitter) if conditions.jitter else 0.0
        if conditions.reorder and chance.random() < conditions.reorder:
            at += chance.uniform(*OVERTAKEN)
        self._clock.at(at, give)
        if conditions.duplicate and chance.random() < conditions.duplicate:
            self._clock.at(at + chance.uniform(*AGAIN), give)
