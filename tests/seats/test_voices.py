"""An ear for each person: how many there are, and what becomes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from server.core.events import PersonSpeaks
from server.ears.base import SpeechEdge
from server.hosts.base import Person
from server.seats.voices import EARS, Voices

pytestmark = pytest.mark.anyio


class Ear:
    """One stream; `found` is how it reports an edge."""

    def __init__(self, found: Callable[[SpeechEdge], None]) -> None:
        self.found = found
        self.samples = 0
        self.closed = False

    def feed(self, pcm: bytes) -> None:
        self.samples += len(pcm) // 2

    def close(self) -> None:
        self.closed = True


class Ears:
    """Ears that find what a test wants."""

    name = "scripted"

    def __init__(self) -> None:
        self.streams: list[Ear] = []

    def stream(self, on_edge: Callable[[SpeechEdge], None]) -> Ear:
        self.streams.append(Ear(on_edge))
        return self.streams[-1]

    async def close(self) -> None:
        """Nothing to give back."""


async def test_as_many_ears_as_fit():
    """Whoever comes when all ears are taken is counted and not heard apart; an ear given back is free for the next."""
    ears, told, counts = Ears(), [], Counter()
    voices = Voices(ears, told.append, lambda what: counts.update([what]))
    for number in range(EARS + 1):
        voices.hear(Person(str(number)), bytes(320))
    assert len(ears.streams) == EARS and counts == {"ears-full": 1}
    voices.forget("0")
    voices.forget("nobody")
    assert ears.streams[0].closed
    voices.hear(Person(str(EARS)), bytes(320))
    assert len(ears.streams) == EARS + 1 and ears.streams[-1].samples == 160
    voices.close()
    voices.close()
    assert all(ear.closed for ear in ears.streams)


async def test_how_long_ago_somebody_spoke():
    """An edge is told with the person's newest name, and with how much sound has come since."""
    ears, told = Ears(), []
    voices = Voices(ears, told.append, lambda what: None)
    voices.hear(Person("100"), bytes(32_000))
    voices.hear(Person("100", "Ana"), bytes(32_000))
    (ear,) = ears.streams
    ear.found(SpeechEdge(True, 16_000, -20.0))
    ear.found(SpeechEdge(False, 40_000, -20.0))
    assert told == [PersonSpeaks("100", "Ana", True, 1.0), PersonSpeaks("100", "Ana", False, 0.0)]
    voices.forget("100")
    ear.found(SpeechEdge(True, 0, -20.0))
    assert len(told) == 2, "who has left does not speak"
