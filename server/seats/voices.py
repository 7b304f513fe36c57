"""An ear for each person whose own sound a host sends: who speaks when, exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from server.core.events import PersonSpeaks
from server.ears.base import SAMPLE_RATE, Ears, EarStream, SpeechEdge
from server.hosts.base import Person

#: people with an ear of their own at once; further ones are heard in the mix only
EARS = 32
#: seconds without sound after which somebody who was speaking is taken to have muted in mid-word
LULL = 1.0


@dataclass(eq=False)
class _Ear:
    """One person's own sound. `lull` runs while the person speaks."""

    person: Person
    stream: EarStream
    samples: int = 0
    #: when sound last came, by the loop's clock
    at: float = 0.0
    lull: asyncio.TimerHandle | None = None


class Voices:
    """The ears of one meeting. Used from the event loop's thread; nothing waits."""

    def __init__(self, ears: Ears, tell: Callable[[PersonSpeaks], None], count: Callable[[str], None]) -> None:
        self._ears = ears
        self._tell = tell
        self._count = count
        # At most EARS.
        self._of: dict[str, _Ear] = {}

    def hear(self, person: Person, pcm: bytes) -> None:
        """Sound of this person and nobody else."""
        ear = self._of.get(person.id)
        if ear is None:
            if len(self._of) >= EARS:
                self._count("ears-full")
                return
            id = person.id
            ear = self._of[id] = _Ear(person, self._ears.stream(lambda edge: self._edge(id, edge)))
        ear.person = person
        self._feed(ear, pcm)

    def forget(self, id: str) -> None:
        """This person is gone."""
        ear = self._of.pop(id, None)
        if ear is not None:
            if ear.lull is not None:
                ear.lull.cancel()
            ear.stream.close()

    def close(self) -> None:
        """Everybody is gone. May be called twice."""
        for id in list(self._of):
            self.forget(id)

    def _feed(self, ear: _Ear, pcm: bytes) -> None:
        ear.samples += len(pcm) // 2
        ear.at = asyncio.get_running_loop().time()
        ear.stream.feed(pcm)

    def _edge(self, id: str, edge: SpeechEdge) -> None:
        ear = self._of.get(id)
        if ear is None:
            return
        if ear.lull is not None:
            ear.lull.cancel()
        ear.lull = asyncio.get_running_loop().call_later(LULL, self._listen, ear) if edge.speaking else None
        lag = edge.ago(ear.samples)
        self._tell(PersonSpeaks(id, ear.person.name, edge.speaking, lag))

    def _listen(self, ear: _Ear) -> None:
        """Does sound of somebody who speaks still come? A host that sends nothing of the muted breaks off in mid-word,
        and an ear that hears nothing at all hears no silence either."""
        loop = asyncio.get_running_loop()
        silent = loop.time() - ear.at
        if silent >= LULL:
            self._feed(ear, bytes(2 * int(silent * SAMPLE_RATE)))
        ear.lull = loop.call_later(LULL, self._listen, ear)
