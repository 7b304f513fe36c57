"""What was said in the meeting: partials merged, speakers renamed, late and repeated events absorbed.

Pure: facts in, state out. A `Transcript` is the one list of turns that the page, the prompt, the memory, the exports
and the decisions read. Its clock is the meeting's: seconds since the meeting began, taken from the host's word
times when there are any, so that a meeting replayed at speed keeps its own times.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word and when it was said, in seconds of the host's clock."""

    text: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of one person (or of the agent) as it stands in the transcript.

    `index` counts in order of arrival and never changes; `start` and `end` are seconds of the meeting's clock.
    """

    index: int
    speaker: str
    text: str
    start: float
    end: float
    speaker_id: str = ""
    is_agent: bool = False
    #: "chat" for what was written, "" for what was said
    via: str = ""
    words: tuple[Word, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Partial:
    """What a person seems to be saying right now."""

    speaker: str
    text: str
    since: float
    speaker_id: str = ""


#: words a second when the host gives no times
PACE = 2.7
#: a host clock that falls back by more than this has begun again (a new recording)
RESTART = 20.0
#: keys that begin so are of an ear that knows no names: they are one utterance whoever is named for it
UNNAMED = "ears:"
#: finals remembered to recognise one that comes twice
REMEMBERED = 64


class MeetingClock:
    """Host seconds and session seconds brought onto one meeting clock that never goes back.

    Each ear counts from a zero of its own: the page's from one moment, a host's from the begin of its recording. The
    first one's is the meeting's zero, unless something was said or written before it: then that stays where it is.
    """

    def __init__(self) -> None:
        self._offset = 0.0  # meeting = session + offset
        self._bases: dict[str, float] = {}  # meeting = seconds of this ear + base; as many as there are ears
        self._latest = 0.0
        #: something stands in the transcript
        self.begun = False

    def now(self, session: float) -> float:
        """The meeting's time at this session time."""
        return max(self._latest, session + self._offset)

    def when(self, moment: float | None, source: str) -> float | None:
        """The meeting's time of a moment that this ear names; None while its zero is not known."""
        base = self._bases.get(source)
        return None if moment is None or base is None else moment + base

    def place(
        self, start: float | None, end: float | None, words: int, session: float, source: str = ""
    ) -> tuple[float, float]:
        """Where an utterance stands: from the times of its ear when given, else from its arrival."""
        now, begun = self.now(session), self.begun
        self.begun = True
        if start is None or end is None or end < start:
            return max(0.0, now - words / PACE), now
        base = self._bases.get(source)
        if base is None:
            base = max(0.0, now - end) if begun else 0.0
            if not begun:
                self._offset += end - now  # its zero is the meeting's, however long we have been waiting here
                now = end
        elif start + base < self._latest - RESTART and start < self._latest / 2:
            base = now - end
        self._bases[source] = base
        start, end = start + base, end + base
        if end > now:
            # The smallest delay seen so far is the truest relation between the two clocks.
            self._offset += end - now
        self._latest = max(self._latest, end)
        return start, end


class Transcript:
    """The meeting so far. `turns` is in order of start; a turn is never lost and never listed twice."""

    def __init__(self) -> None:
        self.clock = MeetingClock()
        self.turns: list[Turn] = []
        self.partials: dict[str, Partial] = {}
        self.names: dict[str, str] = {}
        self._count = 0
        # (speaker, key or words) of late finals; full: the oldest is forgotten, a repeat that late is a new line
        self._seen: dict[tuple[str, str, int], int] = {}

    def person(self, speaker_id: str, speaker: str) -> str:
        """The name of this speaker as the meeting knows it now; learns a new or changed name."""
        if speaker_id and speaker:
            if self.names.get(speaker_id) not in (None, speaker):
                self._rename(speaker_id, speaker)
            self.names[speaker_id] = speaker
        return speaker or self.names.get(speaker_id, "") or (f"Speaker {speaker_id}" if speaker_id else "Someone")

    def partial(self, speaker_id: str, speaker: str, text: str, session: float) -> Partial:
        """A person is in the middle of saying this."""
        who = speaker_id or speaker
        name = self.person(speaker_id, speaker)
        since = self.partials[who].since if who in self.partials else self.clock.now(session)
        partial = Partial(name, text, since, speaker_id)
        self.partials[who] = partial
        return partial

    def final(
        self,
        speaker_id: str,
        speaker: str,
        text: str,
        session: float,
        *,
        start: float | None = None,
        end: float | None = None,
        words: tuple[Word, ...] = (),
        key: str = "",
        source: str = "",
    ) -> tuple[Turn, bool]:
        """A person said this. Returns the turn and whether it is new (a repeat or a correction is not)."""
        name = self.person(speaker_id, speaker)
        self.partials.pop(speaker_id or speaker, None)
        spot = self._spot(speaker_id or name, key, text, start)
        known = self._seen.get(spot)
        if known is not None:
            return self._correct(known, text, words, speaker_id, name), False
        begins, ends = self.clock.place(start, end, len(text.split()), session, source)
        turn = Turn(self._count, name, text, begins, ends, speaker_id, words=words)
        self._count += 1
        self._remember(spot, turn.index)
        bisect.insort(self.turns, turn, key=_order)
        return turn, True

    def written(self, speaker_id: str, speaker: str, text: str, session: float) -> Turn:
        """A person wrote this into the chat."""
        at = self.clock.now(session)
        self.clock.begun = True
        turn = Turn(self._count, self.person(speaker_id, speaker), text, at, at, speaker_id, via="chat")
        self._count += 1
        bisect.insort(self.turns, turn, key=_order)
        return turn

    def add_own(self, name: str, text: str, start: float, end: float, *, via: str = "") -> Turn:
        """The agent said this, as far as it was heard, or wrote it. Times are the meeting's."""
        self.clock.begun = True
        turn = Turn(self._count, name, text, start, end, is_agent=True, via=via)
        self._count += 1
        bisect.insort(self.turns, turn, key=_order)
        return turn

    @property
    def speakers(self) -> tuple[str, ...]:
        """Everybody who said something, in order of first appearance, without the agent."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns if not turn.is_agent))

    def _spot(self, who: str, key: str, text: str, start: float | None) -> tuple[str, str, int]:
        if key.startswith(UNNAMED):
            return "", f"key:{key}", 0  # who it was may become known later
        if key:
            return who, f"key:{key}", 0
        if start is not None:
            return who, text.casefold(), round(start * 1000)
        return who, f"{self._count}", -1

    def _remember(self, spot: tuple[str, str, int], index: int) -> None:
        self._seen[spot] = index
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _correct(self, index: int, text: str, words: tuple[Word, ...], speaker_id: str, speaker: str) -> Turn:
        for at in range(len(self.turns) - 1, -1, -1):
            if self.turns[at].index == index:
                turn = self.turns[at]
                if (turn.text, turn.speaker, turn.speaker_id) != (text, speaker, speaker_id):
                    self.turns[at] = replace(turn, text=text, words=words, speaker=speaker, speaker_id=speaker_id)
                return self.turns[at]
        raise AssertionError("a remembered turn is always in the list")

    def _rename(self, speaker_id: str, name: str) -> None:
        for at, turn in enumerate(self.turns):
            if turn.speaker_id == speaker_id and not turn.is_agent:
                self.turns[at] = replace(turn, speaker=name)


def _order(turn: Turn) -> tuple[float, int]:
    return turn.start, turn.index
