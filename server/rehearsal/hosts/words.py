"""When the words of a line are said that nobody speaks aloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.core.transcript import Word
from server.rehearsal.spoken import silent


def timed(text: str, start: float, end: float) -> list[Word]:
    """The words of a line at an even pace, in seconds."""
    return [
        replace(word, start=round(start + (word.start or 0.0), 3), end=round(start + (word.end or 0.0), 3))
        for word in silent(text, end - start).words
    ]


def beginnings(words: Sequence[Word], count: int) -> list[list[Word]]:
    """`count` growing beginnings of a line, evenly spread."""
    return [list(words[: max(1, len(words) * part // (count + 1))]) for part in range(1, count + 1)]
