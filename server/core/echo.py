"""Our own words coming back: a ledger of what was played explains them away, instead of going deaf.

Pure. A transcript line counts as ours when nearly all of its words were played in the last seconds.
"""

from __future__ import annotations

import re
from collections import deque

#: seconds that played words stay in the ledger; late transcripts arrive up to some seconds after the sound
KEEP = 12.0
#: share of a line's words that must be ours
SHARE = 0.8
#: a shorter line is never explained away: "no, stop" must be heard
FEWEST = 3
#: words kept, however fast the agent speaks
MOST = 200

_WORDS = re.compile(r"[\w']+")


class Ledger:
    """The words played lately, with the session time at which each was out."""

    def __init__(self) -> None:
        # Full: the oldest word leaves; it is the one least likely to come back.
        self._played: deque[tuple[float, str]] = deque(maxlen=MOST)

    def played(self, text: str, now: float) -> None:
        """These words were just heard from us."""
        self._played.extend((now, word) for word in _WORDS.findall(text.lower()))

    def explains(self, text: str, now: float) -> bool:
        """Whether this line is our own voice coming back."""
        words = _WORDS.findall(text.lower())
        if len(words) < FEWEST:
            return False
        ours: dict[str, int] = {}
        for at, word in self._played:
            if now - at <= KEEP:
                ours[word] = ours.get(word, 0) + 1
        found = 0
        for word in words:
            if ours.get(word, 0) > 0:
                ours[word] -= 1
                found += 1
        return found / len(words) >= SHARE
