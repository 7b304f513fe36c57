"""From eSpeak's events to our marks, and from a long text to parts. Pure; used by the helper process only.

eSpeak says where a word begins as a 1-based character of the text it was given. Numbers, emoji and foreign
letters are expanded before they are spoken, and their words then carry offsets that may repeat, go back or
point into the middle. So an offset only chooses the word of the text it falls into, and a word begins once,
in order.
"""

from __future__ import annotations

import re
from bisect import bisect_right

#: A part is synthesised in one go (about 1 ms per second of speech); others wait that long at most.
PART_LIMIT = 320
PART_AIM = 60

# Scripts without spaces between words: one mark for each character, or the whole sentence would be one word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*\s+(?=[^\sa-z])|[。！？｡]+[」』”]*\s*|\n+")
_PAUSE = re.compile(r"[,;:–—、，；：]\s*")
_TERMINATOR = re.compile(r"[.!?…。！？।؟۔][\"'”’)\]»]*\s*$")

_SHAPES = {
    "closed": "mbpɱʙɓ",
    "open": "aɑæʌɐɒäɶ",
    "wide": "ieɛɪjɨɘəɜᵻᵊy",
    "round": "ouɔʊwøœʉɵɤɯɹʍ",
    "teeth": "fvθðszʃʒtdnlɾcɕʑʂʐɬɮ",
}
_SHAPE_OF = {letter: shape for shape, letters in _SHAPES.items() for letter in letters}


def speakable(text: str) -> str:
    """Replace, one for one, what eSpeak must not see: NUL ends the text, a lone surrogate is no UTF-8."""
    return _UNSPEAKABLE.sub(" ", text)


def shape(phoneme: str) -> str | None:
    """The mouth for an IPA phoneme; empty means silence. None: it stays as it is (k, g, h, unknown)."""
    if not phoneme:
        return "rest"
    for letter in phoneme.lower():
        if letter in _SHAPE_OF:
            return _SHAPE_OF[letter]
    return None


def ends_sentence(text: str) -> bool:
    """Whether a listener expects a pause after this text."""
    return _TERMINATOR.search(text) is not None


def parts(text: str) -> list[tuple[int, str]]:
    """Split a text into (offset, part), at sentence ends; a very long sentence at a pause, a space, or
    anywhere."""
    found: list[tuple[int, str]] = []
    start = 0
    while start < len(text):
        end = _part_end(text, start)
        found.append((start, text[start:end]))
        start = end
    return found


def _part_end(text: str, start: int) -> int:
    limit = min(len(text), start + PART_LIMIT)
    ends = [match.end() for match in _SENTENCE_END.finditer(text, start, limit)]
    for end in ends:
        if end - start >= PART_AIM:
            return end
    if limit == len(text):
        return limit
    if ends:
        return ends[-1]
    for pattern in (_PAUSE, re.compile(r"\s+")):
        pauses = [match.end() for match in pattern.finditer(text, start + PART_LIMIT // 2, limit)]
        if pauses:
            return pauses[-1]
    return limit


class Words:
    """The words of a text, each found at most once and in order."""

    def __init__(self, text: str) -> None:
        spans = [match.span() for match in _WORD.finditer(text)]
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]
        self._next = 0

    def at(self, offset: int) -> tuple[int, int] | None:
        """(offset, length) of the word around this character, or None if it began before or there is none."""
        index = bisect_right(self._starts, offset) - 1
        if index < self._next or offset >= self._ends[index]:
            return None
        self._next = index + 1
        return self._starts[index], self._ends[index] - self._starts[index]
