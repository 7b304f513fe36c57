"""The room's floor: is anybody speaking right now, and since when is it quiet?

Pure. Evidence comes from the ears (the meeting's sound). With no ears, transcripts alone move the turns.
"""

from __future__ import annotations

#: speech that goes on for longer than this without a word in any transcript is taken for noise
NOISE = 8.0
#: speech this old no longer says anything about the utterance at hand
RECENT = 6.0
#: without ears: seconds after words that are still growing in which somebody is taken to speak
WORDS = 0.6
#: people whose last speech is remembered
REMEMBERED = 200


class Floor:
    """What the ears say about the room. Times are session seconds."""

    def __init__(self) -> None:
        self.speaking_since: float | None = None
        self.quiet_since: float | None = None
        # people heard on their own sound, and since when; as many as speak at once
        self._people: dict[str, float] = {}
        # when each of them last stopped; full: the one who stopped first is forgotten
        self._ended: dict[str, float] = {}
        # when words last came in at all, and when those that still grow did
        self._said = -NOISE
        self._worded = -WORDS

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
        if self._people.pop(who, None) is None:
            return
        self._ended.pop(who, None)
        self._ended[who] = at
        if len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]
        if not self._people and self.speaking_since is None:
            self.quiet_since = at

    def words(self, at: float, *, final: bool) -> None:
        """Somebody's words came in: the only evidence there is where nothing is heard."""
        self._said = at
        self._worded = -WORDS if final else at

    def speakers(self, now: float) -> tuple[str, ...]:
        """Everybody who is speaking on sound of their own, the longest first."""
        return tuple(who for who, since in self._people.items() if now - since < NOISE)

    def talking(self, now: float) -> bool:
        """Whether somebody is speaking, as far as the ears can tell; without ears, as far as words tell."""
        if self.speakers(now):
            return True
        if self.speaking_since is not None and now - max(self.speaking_since, self._said) < NOISE:
            return True
        return not self.has_ears and now - self._worded < WORDS

    @property
    def has_ears(self) -> bool:
        """Whether any sound of the meeting was ever heard."""
        return self.speaking_since is not None or self.quiet_since is not None or bool(self._people)

    def speaks(self, who: str, now: float) -> bool:
        """Whether this person is speaking: by sound of their own where there is any, else by the room's."""
        since = self._people.get(who)
        if since is not None:
            return now - since < NOISE
        return False if who in self._ended else self.talking(now)

    def speech_end(self, now: float, who: str = "") -> float | None:
        """When the speech just heard ended, of this person where they have sound of their own; None: nothing lately."""
        ended = self._ended.get(who, self.quiet_since)
        if ended is None or now - ended > RECENT:
            return None
        return ended

    def free_at(self, gap: float) -> float:
        """When the room will have been quiet for so long, if nobody speaks until then."""
        return gap + (self.quiet_since if self.quiet_since is not None else -gap)

    def describe(self, now: float) -> str:
        """A few plain words for the decision record."""
        if self.talking(now):
            return "somebody is speaking"
        if self.quiet_since is None:
            return "no sound heard"
        return f"quiet for {max(0.0, now - self.quiet_since):.1f} s"
