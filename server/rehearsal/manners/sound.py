"""The room's sound and who hears it: the backend's ears (voice activity) and the page's own onset detector.

Sound is looked at in the frames of 32 ms that the real ears take; edges come from the real `ears/segments.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from server.core import events as ev
from server.ears.base import SAMPLE_RATE, SpeechEdge
from server.ears.energy import FRAME
from server.ears.segments import Segments
from server.rehearsal.manners.clock import VirtualClock
from server.rehearsal.manners.conditions import Conditions
from server.rehearsal.manners.facts import Sound

#: seconds of one frame
STEP = FRAME / SAMPLE_RATE
#: from a person's mouth to the ears in the backend: the page's capture, the network, the thread that gathers
TRANSPORT = (0.045, 0.065)
#: dBFS of everybody who is heard
LEVEL = -26.0
#: the page: loud for this long is an onset, quiet for this long arms it again (static/agent/onset.js)
HOLD = 0.06
REARM = 0.4
#: sound older than this is forgotten
KEPT = 30.0


class RoomSound:
    """Everybody's sound, and what follows from it for those who listen."""

    def __init__(
        self,
        clock: VirtualClock,
        chance: Random,
        conditions: Conditions,
        *,
        tell: Callable[[ev.Event], None],
        page_onset: Callable[[], None],
        echo: Callable[[float], bool] = lambda at: False,
    ) -> None:
        """`tell` takes facts for the core, `page_onset` an onset at the page; `echo` says whether our own sound came
        back at a moment."""
        self._clock = clock
        self._chance = chance
        self._conditions = conditions
        self._tell = tell
        self._page_onset = page_onset
        self._echo = echo
        self._sounds: list[Sound] = []
        self._mixed = Segments()
        self._voices: dict[str, tuple[str, Segments]] = {}
        self._index = 0
        self._loud = 0.0
        self._quiet = REARM
        self._armed = True
        self._arrival = 0.0
        clock.after(STEP, self._frame)

    def person(self, id: str, name: str) -> None:
        """Somebody whose own sound can be told from the others'."""
        self._voices.setdefault(id, (name, Segments()))

    def add(self, sound: Sound) -> None:
        """Somebody will sound, or has begun to."""
        self._sounds.append(sound)

    def _frame(self) -> None:
        clock, index = self._clock, self._index
        self._index += 1
        middle = clock.now - STEP / 2
        self._sounds = [sound for sound in self._sounds if sound.end > middle - KEPT]
        here = [sound for sound in self._sounds if sound.begin <= middle < sound.end]
        back = self._echo(middle)
        self._listen_at_page(bool(here) or back)
        ears = self._conditions.ears
        if ears in ("mixed", "both"):
            speech = back or any(sound.speech for sound in here)
            if (edge := self._mixed.hear(index, float(speech), LEVEL)) is not None:
                lag = self._lag(edge)
                self._later(ev.SpeechStarted(lag) if edge.speaking else ev.SpeechStopped(lag))
        if ears in ("voices", "both"):
            for id, (name, segments) in self._voices.items():
                speech = any(sound.speech and sound.who == id for sound in here)
                if (edge := segments.hear(index, float(speech), LEVEL)) is not None:
                    self._later(ev.PersonSpeaks(id, name, edge.speaking, self._lag(edge)))
        clock.after(STEP, self._frame)

    def _lag(self, edge: SpeechEdge) -> float:
        return round((self._index * FRAME - edge.sample) / SAMPLE_RATE, 4)

    def _later(self, event: ev.Event) -> None:
        # One socket, one thread: edges never overtake each other.
        self._arrival = max(self._arrival, self._clock.now + self._chance.uniform(*TRANSPORT))
        self._clock.at(self._arrival, lambda: self._tell(event))

    def _listen_at_page(self, loud: bool) -> None:
        if loud:
            self._quiet = 0.0
            self._loud += STEP
            if self._armed and self._loud >= HOLD:
                self._armed = False
                self._page_onset()
            return
        self._loud = 0.0
        self._quiet += STEP
        self._armed = self._armed or self._quiet >= REARM
