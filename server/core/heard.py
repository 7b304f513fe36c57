"""What people really heard of a reply: the pieces as spoken, and the page's playback as the clock.

Source of the rules: a word counts as heard when its last sample was played; without word times the characters are
spread evenly over the piece and the cut goes back to a word boundary.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SAMPLE_RATE = 24_000
#: characters a second of the quickest voice, where a piece's length is not known yet
QUICKEST = 20.0


@dataclass(slots=True)
class SpokenPiece:
    """One piece of a reply. `start` and `end` are samples of the reply, None until known."""

    text: str
    start: int | None = None
    end: int | None = None
    #: (offset, length, sample) in order
    words: list[tuple[int, int, int]] = field(default_factory=list)

    def heard(self, played: int) -> str:
        """The words of this piece that were out after `played` samples of the reply."""
        if self.start is None or played <= self.start:
            return ""
        if self.end is not None and played >= self.end:
            return self.text
        if self.words:
            return self._by_marks(played)
        if self.end is None:
            return ""  # its length is unknown yet: claim nothing
        share = (played - self.start) / (self.end - self.start)
        return back_to_word(self.text, int(len(self.text) * share))

    def _by_marks(self, played: int) -> str:
        cut = 0
        for position, (offset, length, _) in enumerate(self.words):
            last = position + 1 == len(self.words)
            ends = self.end if last else self.words[position + 1][2]
            if ends is None or ends > played:
                break
            cut = offset + length
        return self.text[:cut].rstrip() if cut < len(self.text) else self.text

    def sounded(self, played: int) -> str:
        """The words of this piece of which something may have been out: what can come back as an echo."""
        if self.start is None or played <= self.start:
            return ""
        if self.end is not None and played >= self.end:
            return self.text
        if self.words:
            begun = [offset + length for offset, length, sample in self.words if sample <= played]
            return self.text[: begun[-1]] if begun else ""
        length = self.end - self.start if self.end is not None else int(len(self.text) / QUICKEST * SAMPLE_RATE)
        return forward_to_word(self.text, int(len(self.text) * (played - self.start) / max(1, length)))


def forward_to_word(text: str, cut: int) -> str:
    """`text` up to the end of the word that character `cut` is in."""
    end = text.find(" ", max(0, cut))
    return text if end < 0 else text[:end].rstrip()


def back_to_word(text: str, cut: int) -> str:
    """`text` up to the last whole word before character `cut`."""
    if cut >= len(text):
        return text
    if cut <= 0:
        return ""
    if not text[cut].isspace() and not text[cut - 1].isspace():
        cut = text.rfind(" ", 0, cut) + 1
    return text[:cut].rstrip()


class SpokenReply:
    """All pieces of a reply, in order, and how far they were played."""

    def __init__(self) -> None:
        self.pieces: list[SpokenPiece] = []
        self.played = 0

    def add(self, text: str) -> int:
        """Plan one more piece; returns its index."""
        self.pieces.append(SpokenPiece(text))
        return len(self.pieces) - 1

    def report(self, samples: int) -> None:
        """The page played this far. Reports never go back."""
        self.played = max(self.played, samples)

    @property
    def planned(self) -> str:
        """Everything the reply means to say so far."""
        return " ".join(piece.text for piece in self.pieces)

    @property
    def heard(self) -> str:
        """The words that were really out."""
        return " ".join(part for piece in self.pieces if (part := piece.heard(self.played)))

    @property
    def sounded(self) -> str:
        """The words of which something may have been out: the beginning of the plan, at least what was heard."""
        parts: list[str] = []
        for piece in self.pieces:
            parts.append(piece.sounded(self.played))
            if parts[-1] != piece.text:
                break
        return " ".join(part for part in parts if part)

    @property
    def unheard(self) -> str:
        """The rest of the plan: `heard` and `unheard` together are `planned`."""
        parts = []
        for piece in self.pieces:
            done = piece.heard(self.played)
            rest = piece.text[len(done) :].strip()
            if rest:
                parts.append(rest)
        return " ".join(parts)
