"""One utterance as one ear heard it, and how far two hearings are of the same words.

Pure. Two recognisers cut speech at different places and mishear different words; so words are aligned rather than
compared, and each word is accounted for once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from server.core.events import Heard

#: of two words of four letters or more: how alike they must be to be one word, heard differently
ALIKE = 0.75
#: words at an end of an utterance that the other ear has nothing of; fewer are a mishearing
SAID_MORE = 4
#: the same where a sentence ends between them and the rest
SAID_MORE_APART = 2

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[\w'’]+")
_SENTENCE_END = re.compile(r"[.!?…。！？]")


@dataclass(slots=True, eq=False)
class Hearing:
    """An utterance, partial or final. Times are the session's; None where the source's clock is not known."""

    event: Heard
    #: when it came in
    at: float
    start: float | None
    end: float | None
    #: folded words, where each begins and ends in the text, and whether another ear has it too
    words: list[str] = field(init=False)
    spans: list[tuple[int, int]] = field(init=False)
    known: list[bool] = field(init=False)
    #: the text as it stands in the transcript; empty while it does not stand there
    counted: str = ""
    #: under whose key it is shown or counted
    who: str = ""

    def __post_init__(self) -> None:
        found = list(_WORD.finditer(self.event.text))
        self.words = [re.sub("['’]", "", each[0]).casefold() for each in found]
        self.spans = [each.span() for each in found]
        self.known = [False] * len(found)

    @property
    def unknown(self) -> list[int]:
        """The places of the words that no other ear has."""
        return [at for at, known in enumerate(self.known) if not known]

    def left(self) -> str:
        """The text that no other ear has: all of it, what stands before and behind known words, or nothing."""
        if not any(self.known):
            return self.event.text.strip()
        text, spans, size = self.event.text, self.spans, len(self.words)
        first = self.known.index(True)
        last = size - 1 - self.known[::-1].index(True)
        before = text[: spans[first][0]] if first else ""
        behind = text[spans[last + 1][0] :] if last + 1 < size else ""
        if not _is_more(first, text[spans[first - 1][1] : spans[first][0]] if first else ""):
            before = ""
        if not _is_more(size - last - 1, text[spans[last][1] : spans[last + 1][0]] if behind else ""):
            behind = ""
        return f"{before.strip()} {behind.strip()}".strip()


def pairs(one: Hearing, other: Hearing) -> list[tuple[int, int]]:
    """Places of the same words in both, in order, of those words that are not accounted for yet."""
    ours, theirs = one.unknown, other.unknown
    a, b = [one.words[at] for at in ours], [other.words[at] for at in theirs]
    found: list[tuple[int, int]] = []
    for kind, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            found.extend(zip(range(a0, a1), range(b0, b1), strict=True))
        elif kind == "replace":
            free = b0
            for i in range(a0, a1):
                j = next((j for j in range(free, b1) if _alike(a[i], b[j])), None)
                if j is not None:
                    found.append((i, j))
                    free = j + 1
    return [(ours[i], theirs[j]) for i, j in found]


def covered(words: Hearing, by: list[Hearing]) -> float:
    """The share of these words that some of the others have, 0 to 1. Marks nothing."""
    seen = {place for other in by for place, _ in pairs(words, other)}
    return len(seen) / len(words.words) if words.words else 0.0


def _is_more(count: int, between: str) -> bool:
    return count >= (SAID_MORE_APART if _SENTENCE_END.search(between) else SAID_MORE)


@lru_cache(maxsize=4096)
def _alike(one: str, other: str) -> bool:
    if min(len(one), len(other)) < 4:
        return one == other
    return SequenceMatcher(None, one, other).ratio() >= ALIKE
