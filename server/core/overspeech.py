"""What is known of somebody's speech over the running reply, and what earlier ones taught.

Pure. A sound may be a person's or our own coming back, an interruption or a murmur; `core/overlap.py` decides, on what
is kept here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from server.core.reply import Reply

#: speech of this length over the agent holds it, even before any words have come: of somebody in the mixed sound or
#: the person it answers, and of another one on sound of their own
PAUSE_AFTER = 0.18
PAUSE_OTHER = 0.6
#: where holding it turned out to be wrong, speech has to last longer the next times
PAUSE_MORE = (0.0, 0.5, 1.0)
#: seconds after which a wrong hold is forgotten
WRONG = 60.0
#: seconds since harmless words, or our own, in which the sound that goes on is taken to be explained by them
EXPLAINED = 1.5
#: speech that began this close to our first sample, or before it, is no echo of ours: both began together
TOGETHER = 0.15
#: speech that began so soon after our first sample, and brings no words, may be ours
OWN_SOUND = 1.0
#: seconds for which words of ours in the transcript tell that our sound comes back, too
CARRIES = 30.0
#: seconds between our falling silent and the end of a sound that was ours
ENDS_WITH_US = 0.8


@dataclass(frozen=True, slots=True)
class Words:
    """Words that came while a reply runs: somebody is in the middle of them or, final, through."""

    who: str
    text: str
    now: float
    final: bool
    turn: int = -1
    #: session times of the first and last of them, None when unknown
    start: float | None = None
    end: float | None = None


@dataclass(slots=True)
class Speech:
    """Somebody's speech over the running reply, since it was last quiet."""

    onset: float
    #: key of the person, where the sound is theirs alone
    who: str = ""
    #: when its last words came, and whether all of them were harmless, or our own
    worded: float | None = None
    harmless: bool = True
    #: since when they have been harmless
    harmless_since: float | None = None

    def means(self, now: float, *, harmless: bool) -> None:
        """Some of it is known in words."""
        if not harmless:
            self.harmless_since = None
        elif self.harmless_since is None:
            self.harmless_since = now
        self.worded, self.harmless = now, harmless


class Patience:
    """How long speech must last until the reply is held: longer where holding it was wrong before."""

    def __init__(self) -> None:
        #: when it was wrong; as many as PAUSE_MORE knows
        self._wrong: deque[float] = deque(maxlen=len(PAUSE_MORE) - 1)

    def was_wrong(self, now: float) -> None:
        """It need not have been held."""
        self._wrong.append(now)

    def was_right(self) -> None:
        """Somebody really interrupted."""
        self._wrong.clear()

    def seconds(self, speech: Speech | None, reply: Reply) -> float:
        """Seconds of this speech after which this reply is held."""
        if speech is None:
            return PAUSE_AFTER
        wrong = sum(speech.onset - at <= WRONG for at in self._wrong)
        other = speech.who not in ("", reply.asked.who)
        return (PAUSE_OTHER if other else PAUSE_AFTER) + PAUSE_MORE[wrong]


class OwnSound:
    """Whether what is heard over us may be ourselves, coming back through somebody's microphone."""

    def __init__(self) -> None:
        self._carried = -CARRIES
        #: times that a sound over us turned out to be ours
        self._times = 0

    def came_back(self, now: float) -> None:
        """Words of ours were in the transcript."""
        self._carried = now

    def was_a_person(self) -> None:
        """Words told that a person really speaks."""
        self._times = 0

    def ended(self, speech: Speech, reply: Reply, held: float | None, end: float) -> None:
        """A sound ended that brought no words; `held` is when we fell silent for it."""
        if speech.worded is not None or speech.who:
            return
        ours = held is not None and held <= end <= held + ENDS_WITH_US
        self._times += 1 if ours or _may_be_ours(speech, reply) else 0

    def explains(self, speech: Speech, reply: Reply, now: float) -> bool:
        """Whether this sound is nothing: harmless words just now, or our own voice."""
        carries = now - self._carried <= CARRIES
        if speech.worded is not None:
            return speech.harmless and (now - speech.worded <= EXPLAINED or carries)
        if speech.who:
            return False
        return carries or self._times > 0 or _may_be_ours(speech, reply)


def _may_be_ours(speech: Speech, reply: Reply) -> bool:
    """Whether it began so soon after we did that it may be our own sound coming back."""
    first = reply.times.get("first_sound")
    return first is not None and first + TOGETHER < speech.onset <= first + OWN_SOUND
