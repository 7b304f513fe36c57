"""When is somebody done speaking? Silence, the shape of what was said, this person's habits, and how late words are.

Pure: text and moments in, seconds out. Sources of the constants: the defaults of LiveKit, Pipecat and OpenAI, and human
gaps of about 200 ms.
"""

from __future__ import annotations

import math
import re
from collections import deque

#: seconds of silence after a question, and after other words that look complete
QUESTION = 0.20
COMPLETE = 0.30
#: seconds of silence when the text says neither
DEFAULT = 0.50
#: seconds of silence after words that trail off
INCOMPLETE = 1.20
#: seconds after which a turn is over whatever it looks like
LONGEST = 2.50

#: pauses within a turn that say something about a person's habits
SHORTEST_PAUSE, LONGEST_PAUSE = 0.15, 2.5
#: how much of a person's usual pause stays when a new one is seen
KEPT = 0.7
#: people whose pauses are remembered
PEOPLE = 200
#: seconds that a final may be waited for, at most
LATEST = 1.5
#: finals whose delay is remembered for each source of words
DELAYS = 32

_TRAILING = frozenset(
    (
        "and or but so because if when while that which who whose the a an to of for with in on at by from about as "
        "than then like whether unless until though although since where during between through per via such every "
        "each um uh er erm hmm well my your our their his her its this these those is are was were be can "
        "could would should will do does did have has had not i we you they he she it let's let und oder aber weil "
        "wenn dass der die das ein eine et ou mais parce que si le la les un une y o pero porque si el los una"
    ).split()
)
_WORDS = re.compile(r"[\w']+")
# said while somebody looks for words
_SEARCHING = re.compile(
    r"\b(?:let me (?:think|see|check|look)|let's see"
    r"|how (?:do|shall|should) i (?:say|put it)"
    r"|what's (?:it|the word)(?: called)?|the (?:other|next) thing|(?:one|just a) (?:second|moment|sec))$",
    re.I,
)
# said then, too, but also behind what is complete
_SOFTENING = re.compile(r"\b(?:you know|i mean|sort of|kind of)\.?$", re.I)


def looks_complete(text: str) -> bool:
    """Whether the text ends like a finished sentence."""
    text = text.rstrip(" \"'”’)")
    if not text or text.endswith(("...", "…", ",", "-", "—", "–", ":", ";")):
        return False
    return text[-1] in ".!?。！？؟।"


def trails_off(text: str) -> bool:
    """Whether the text ends where nobody would end: a conjunction, a filler, a comma, a dash."""
    stripped = text.rstrip(" \"'”’)")
    if stripped.endswith(("...", "…", ",", "-", "—", "–", ":")):
        return True
    words = _WORDS.findall(stripped.lower())
    if not words:
        return True
    if stripped[-1] in "?!":
        return False
    if _SEARCHING.search(stripped.rstrip(".")) or (stripped[-1] != "." and _SOFTENING.search(stripped)):
        return True
    return words[-1] in _TRAILING


def silence_needed(text: str) -> float:
    """Seconds of silence after which a turn with these words is over."""
    if trails_off(text):
        return INCOMPLETE
    if not looks_complete(text) or _SOFTENING.search(text.rstrip(" \"'”’)")):
        return DEFAULT
    return QUESTION if text.rstrip(" \"'”’)").endswith(("?", "？", "؟")) else COMPLETE


class Habits:
    """How long each person pauses within a turn, learned as they speak.

    The ears tell when the room falls quiet and when somebody speaks again; the words that come next tell who it was.
    """

    def __init__(self) -> None:
        # full: the person heard longest ago is forgotten
        self._usual: dict[str, float] = {}
        self._last = ""
        self._quiet: float | None = None
        self._pause = 0.0

    def quiet(self, at: float) -> None:
        """The speech of whoever spoke last ended."""
        self._quiet, self._pause = at, 0.0

    def speech(self, at: float) -> None:
        """Somebody speaks again."""
        if self._quiet is not None:
            self._pause, self._quiet = at - self._quiet, None

    def words(self, who: str) -> None:
        """These words are this person's; were the ones before the pause, too?"""
        if who == self._last and SHORTEST_PAUSE <= self._pause <= LONGEST_PAUSE:
            before = self._usual.pop(who, self._pause)
            self._usual[who] = KEPT * before + (1 - KEPT) * self._pause
            if len(self._usual) > PEOPLE:
                del self._usual[next(iter(self._usual))]
        self._last, self._pause = who, 0.0

    def interrupted(self) -> None:
        """Somebody else, or the agent, spoke in between: no pause within a turn."""
        self._last = ""

    def silence_needed(self, who: str, text: str) -> float:
        """Seconds of silence after which a turn of this person with these words is over."""
        shape, usual = silence_needed(text), self._usual.get(who)
        if usual is None:
            return shape
        if shape <= COMPLETE:
            return min(max(shape, 0.6 * usual), DEFAULT)
        if shape == DEFAULT:
            return min(max(shape, 1.2 * usual), INCOMPLETE)
        return min(max(shape, 1.5 * usual), LONGEST)


class Lateness:
    """How long after the end of speech a source's finals come: the time to wait for words that are still missing."""

    def __init__(self) -> None:
        self._delays: dict[str, deque[float]] = {}

    def note(self, source: str, delay: float) -> None:
        """A final came so many seconds after its speech ended."""
        if 0.0 <= delay <= 2 * LATEST:
            self._delays.setdefault(source, deque(maxlen=DELAYS)).append(delay)

    def least(self, source: str) -> float:
        """Seconds after the end of speech at which the quickest final came; 0 when none did yet."""
        return min(self._delays.get(source, ()), default=0.0)

    def wait(self, source: str) -> float:
        """Seconds after the end of speech by which 95 of 100 finals are there, at most LATEST."""
        delays = sorted(self._delays.get(source, ()))
        if not delays:
            return LATEST
        return min(LATEST, delays[math.ceil(0.95 * len(delays)) - 1])
