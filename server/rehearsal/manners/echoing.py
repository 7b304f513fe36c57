"""The agent's own words coming back: in the transcript as somebody else's, and in the room's sound."""

from __future__ import annotations

from random import Random

from server.core import events as ev
from server.rehearsal.manners.clock import VirtualClock
from server.rehearsal.manners.conditions import Conditions, Echo
from server.rehearsal.manners.facts import Sounded
from server.rehearsal.manners.session import VirtualSession

#: seconds between two looks, and words of which a line of echo is made
LOOK = 0.4
WORDS = 7
#: every so many words one is misheard
MISHEARD = 6
#: the person of the echo, who is nobody
ID = "900"


class Echoing:
    """Follows what the page plays and gives it back."""

    def __init__(self, clock: VirtualClock, chance: Random, conditions: Conditions, session: VirtualSession) -> None:
        self._clock = clock
        self._chance = chance
        self._echo: Echo | None = conditions.echo
        self._session = session
        self._given: dict[int, int] = {}
        self._lines = 0
        if self._echo is not None and self._echo.words:
            clock.after(LOOK, self._look)

    def sounds(self, at: float) -> bool:
        """Whether our own sound comes back at this moment."""
        echo = self._echo
        return echo is not None and echo.sound is not None and self._session.page.audible(at - echo.sound)

    def between(self, begin: float, end: float) -> str:
        """The words of ours that were over between these moments."""
        words = []
        for reply in self._session.page.replies[-2:]:
            for word, sample in self._words(reply):
                at = self._when(reply, sample)
                if at is not None and begin <= at < end:
                    words.append(word)
        return " ".join(words)

    def _words(self, reply: Sounded) -> list[tuple[str, int]]:
        track = self._session.voice.tracks.get(reply.number)
        return track.words if track is not None else []

    def _when(self, reply: Sounded, sample: int) -> float | None:
        """When this sample sounded; None when it has not."""
        return self._session.page.when(reply, sample)

    def _look(self) -> None:
        self._clock.after(LOOK, self._look)
        for reply in self._session.page.replies[-2:]:
            played = self._session.page.samples(reply.number)
            words = [word for word, sample in self._words(reply) if sample <= played]
            fresh = words[self._given.get(reply.number, 0) :]
            if len(fresh) >= WORDS or (fresh and reply.over):
                self._given[reply.number] = len(words)
                self._give_back(fresh)

    def _give_back(self, words: list[str]) -> None:
        echo = self._echo
        assert echo is not None
        if echo.mangled:
            words = [_misheard(word) if index % MISHEARD == 2 else word for index, word in enumerate(words)]
        if echo.cut and len(words) > 4:
            words = words[self._chance.randint(0, 2) : len(words) - self._chance.randint(0, 1)]
        self._lines += 1
        text, key = " ".join(words), f"e{self._lines}"
        end = self._clock.now
        start = end - len(words) / 2.7
        heard = ev.Heard(echo.speaker, text, True, ID if echo.speaker else "", key, start, end)
        part = ev.Heard(echo.speaker, " ".join(words[: len(words) // 2]), False, heard.speaker_id, key, start, end)
        late = echo.late.draw(self._chance)
        self._clock.after(late / 2, lambda: self._session.tell(part))
        self._clock.after(late, lambda: self._session.tell(heard))


def _misheard(word: str) -> str:
    return word[:-2] + "ing" if len(word) > 4 else word + "s"
