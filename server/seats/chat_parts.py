"""Long chat messages in parts that a platform takes. Pure."""

from __future__ import annotations

#: parts of one text at most; a longer text is cut, with an ellipsis
MOST = 8


def parts(text: str, limit: int) -> list[str]:
    """The text in parts of at most `limit` characters, cut between paragraphs, sentences or words where possible."""
    rest = text.strip()
    found: list[str] = []
    while len(rest) > limit and len(found) < MOST - 1:
        cut = _place(rest, limit)
        found.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if len(rest) > limit:
        rest = rest[: limit - 1].rstrip() + "…"
    if rest:
        found.append(rest)
    return found


def _place(text: str, limit: int) -> int:
    """Where to cut: the last good place in the second half of what fits."""
    window = text[: limit + 1]
    for mark in ("\n\n", "\n", ". ", "? ", "! ", "; ", ", ", " "):
        at = window.rfind(mark, limit // 2)
        if at > 0:
            return min(limit, at + len(mark))
    return limit
