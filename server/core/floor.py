"""The room's floor: is anybody speaking right now, and since when is it quiet?

Pure. Evidence comes from the ears (the meeting's sound). With no ears, transcripts alone move the turns.
"""

from __future__ import annotations

#: speech that goes on for longer than this without a word in any transcript is taken for noise
NOISE = 8.0
#: speech this old no longer says anything about the utterance at hand
RECENT = 6.0


class Floor:
    """What the ears say about the room. Times are session seconds."""

    def __init__(self) -> None:
        self.speaking_since: float | None = None
        self.quiet_since: float | None = None
        # people heard on their own sound, and since when; as many as speak at once
        self._people: dict[str, float] = {}

    def started(self, at: float) -> None:
        """Somebody began to speak."""
        if self.speaking_since is None:
            self.speaking_since = at

    def stopped(self, at: float) -> None:
        """The room is quiet since `at`."""
        self.speaking_since = None
        self.quiet_since = at

    def person_started(self, who: str, at: float) -> None:
        """This person began to speak, on sound of their own."""
        self._people.setdefault(who, at)

    def person_stopped(self, who: str, at: float) -> None:
        """This person stopped, or left."""
        if self._people.pop(who, None) is not None and not self._people and self.speaking_since is None:
            self.quiet_since = at

    def speakers(self, now: float) -> tuple[str, ...]:
        """Everybody who is speaking on sound of their own, the longest first."""
        return tuple(who for who, since in self._people.items() if now - since < NOISE)

    def talking(self, now: float) -> bool:
        """Whether somebody is speaking, as far as the ears can tell."""
        return (self.speaking_since is not None and now - self.speaking_since < NOISE) or bool(self.speakers(now))

    def speech_end(self, now: float) -> float | None:
        """When the speech just heard ended; None when the ears heard nothing lately."""
        if self.quiet_since is None or now - self.quiet_since > RECENT:
            return None
        return self.quiet_since

    def describe(self, now: float) -> str:
        """A few plain words for the decision record."""
        if self.talking(now):
            return "somebody is speaking"
        if self.quiet_since is None:
            return "no sound heard"
        return f"quiet for {max(0.0, now - self.quiet_since):.1f} s"
