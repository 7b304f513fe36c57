"""A stream of text becomes pieces that a voice can speak: the first one early, the rest at sentence ends.

Pure. `Chunker.feed` takes the brain's text as it comes, in any cutting, and returns the pieces that are final.
Constants: at most 300 characters a piece; later pieces at least 20; the first may end at a clause when it has
three words or twelve characters.
"""

from __future__ import annotations

import re

LONGEST = 300
SHORTEST = 20
FIRST_WORDS = 3
FIRST_CHARACTERS = 12
#: seconds without new text after which the last clause is spoken anyway
STALL = 0.4

_HARD = "!?…\n。！？；।؟۔"
_WIDE = "。！？；।؟۔"
_CLAUSE = ",;:—–"
_CLOSING = "\"'”’»)]}"
_ABBREVIATIONS = frozenset(
    (
        "mr mrs ms dr prof st sr jr vs etc e.g i.e eg ie approx no fig dept inc ltd co corp jan feb mar apr jun jul "
        "aug sep sept oct nov dec mon tue wed thu fri sat sun a.m p.m am pm u.s u.k ph.d bzw z.b usw ca d.h nr"
    ).split()
)
_LAST_WORD = re.compile(r"([\w.\-]+)\.$")

_FENCE = re.compile(r"```.*?(?:```|$)", re.S)
_LINK = re.compile(r"\[([^\]]{1,200})\]\([^)]{0,500}\)")
_URL = re.compile(r"(?:https?://|www\.)([^\s/)>\]]+)[^\s)>\]]*")
_MARKERS = re.compile(r"(?m)^\s{0,3}(?:#{1,6}\s+|>\s+|[-*+•]\s+)|\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|`+|~~")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U00002600-\U000027bf\U0001f1e6-\U0001f1ff\u2190-\u21ff\u2b00-\u2bff\ufe0f\u200d\u20e3]+"
)
_SPACES = re.compile(r"\s+")


def speakable(text: str) -> str:
    """The text without what a voice cannot say: markdown markers, code, emojis, the tails of addresses."""
    text = _FENCE.sub(" ", text)
    text = _LINK.sub(r"\1", text)
    text = _URL.sub(lambda match: match.group(1).removeprefix("www."), text)
    text = _EMOJI.sub("", _MARKERS.sub("", text))
    return _SPACES.sub(" ", text).strip()


def _sayable(text: str) -> bool:
    return any(character.isalnum() for character in text)


class Chunker:
    """Cuts one reply into pieces. `feed` and `flush` return the pieces that became final, in order."""

    def __init__(self) -> None:
        self._buffer = ""
        self._first = True
        self._fenced = False

    @property
    def waiting(self) -> bool:
        """Whether some text has come that no piece holds yet."""
        return _sayable(self._buffer)

    def feed(self, text: str) -> list[str]:
        """Take more text."""
        self._buffer += text
        pieces = []
        while (cut := self._cut()) > 0:
            pieces.append(self._take(cut))
        return [piece for piece in pieces if piece]

    def stalled(self) -> list[str]:
        """No text came for a while: give what ends at a clause, if that is worth saying."""
        cut = max(self._buffer.rfind(mark) for mark in _CLAUSE + ".") + 1
        if cut < FIRST_CHARACTERS or self._in_fence():
            return []
        piece = self._take(cut)
        return [piece] if piece else []

    def flush(self) -> list[str]:
        """The text is complete: give the rest."""
        pieces = []
        while self._buffer:
            cut = self._cut() or min(len(self._buffer), LONGEST)
            if cut < len(self._buffer) and not self._cut():
                cut = self._before(cut)
            if piece := self._take(cut):
                pieces.append(piece)
        return pieces

    def _take(self, cut: int) -> str:
        piece, self._buffer = speakable(self._buffer[:cut]), self._buffer[cut:].lstrip(" \n")
        if not _sayable(piece):
            return ""
        self._first = False
        return piece

    def _in_fence(self) -> bool:
        return self._buffer.count("```") % 2 == 1

    def _cut(self) -> int:
        """Where the first final piece of the buffer ends, or 0."""
        if self._in_fence():
            return 0
        text = self._buffer
        shortest = 1 if self._first else SHORTEST
        for at, character in enumerate(text):
            if character in _HARD:
                end = self._with_closing(at + 1)
                if end >= shortest and _sayable(text[:end]) and not self._inside_brackets(at):
                    return end
            elif character == "." and self._ends_sentence(at):
                end = self._with_closing(at + 1)
                if end >= shortest and not self._inside_brackets(at):
                    return end
            elif character in _CLAUSE and self._first and self._clause_is_enough(at):
                return at + 1
            if at >= LONGEST:
                return self._before(LONGEST)
        return 0

    def _ends_sentence(self, at: int) -> bool:
        """Whether the full stop at `at` ends a sentence. Waits for what follows unless it is plainly an end."""
        text = self._buffer
        match = _LAST_WORD.search(text[: at + 1])
        word = match.group(1).lower() if match else ""
        if word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha()):
            return False
        if at + 1 < len(text):
            after = text[at + 1]
            if after in _CLOSING:
                return at + 2 < len(text) and text[at + 2].isspace()
            if not after.isspace():
                return False
            return not word.isdigit() or len(text[:at].split()) > 1
        # Nothing follows yet. Only a plain lower-case word makes the full stop safe without looking ahead.
        return len(word) >= 3 and word.isalpha() and word == (match.group(1) if match else "") and self._long_enough(at)

    def _long_enough(self, at: int) -> bool:
        return len(self._buffer[:at].split()) >= FIRST_WORDS

    def _clause_is_enough(self, at: int) -> bool:
        text = self._buffer
        # Behind a letter a comma needs no look ahead: it is none of "1,000".
        sure = text[at] in ",;" and at > 0 and text[at - 1].isalpha()
        ends = at + 1 < len(text) and text[at + 1].isspace()
        if not (sure or ends) or self._inside_brackets(at):
            return False
        said = text[:at].strip()
        return len(said.split()) >= FIRST_WORDS or len(said) >= FIRST_CHARACTERS

    def _inside_brackets(self, at: int) -> bool:
        opened = self._buffer.rfind("(", 0, at)
        return opened >= 0 and ")" not in self._buffer[opened:at] and at - opened < 40

    def _with_closing(self, end: int) -> int:
        text = self._buffer
        while end < len(text) and text[end] in _HARD + _CLOSING:
            end += 1
        return end

    def _before(self, cut: int) -> int:
        """The last good place before `cut`: a clause, else a space, else `cut` itself."""
        text = self._buffer[:cut]
        clause = max(text.rfind(mark + " ") for mark in _CLAUSE)
        if clause > SHORTEST:
            return clause + 1
        space = text.rfind(" ")
        return space if space > SHORTEST else cut
