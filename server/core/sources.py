"""The same words by several ears: the page's transcript socket and the host's own connection.

Pure. While the host's connection brings finals, the page's words are not needed and are left alone; when it falls
silent they count again. Where one takes over from the other an utterance may come by both: it is one.
"""

from __future__ import annotations

import re
from collections import deque

#: seconds after a final of the host's connection in which the page's words are left alone
TRUSTED = 60.0
#: seconds within which the same words of the same person by two ears are one utterance
SAME = 15.0
#: finals remembered to find the twin of one; full: the oldest is forgotten, its twin would be a line of its own
REMEMBERED = 32

_WORD = re.compile(r"\w+")


class Sources:
    """Which words to take."""

    def __init__(self) -> None:
        self._host_final: float | None = None
        #: (source, who, folded words, when)
        self._lately: deque[tuple[str, str, str, float]] = deque(maxlen=REMEMBERED)

    def takes(self, source: str, who: str, text: str, final: bool, now: float) -> bool:
        """Whether these words count, or are a second hearing of what is already known."""
        if source == "page" and self._host_final is not None and now - self._host_final < TRUSTED:
            return False
        if not final:
            return True
        if source != "page":
            self._host_final = now
        folded = " ".join(_WORD.findall(text.casefold()))
        for at, (other, person, words, when) in enumerate(self._lately):
            if other != source and person == who and words == folded and now - when < SAME:
                del self._lately[at]  # each has one twin: the same words said twice are two utterances
                return False
        self._lately.append((source, who, folded, now))
        return True
