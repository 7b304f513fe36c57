"""What the agent says when an answer takes really long, so that nobody wonders whether it heard.

Pure. Never the same line twice in one meeting; when all are used up it stays silent, and the tile alone shows that it
thinks.
"""

from __future__ import annotations

#: seconds after the turn is taken, without a word of the answer, until it says so
AFTER = 3.5

LINES = {
    "en": ("One moment.", "Let me see.", "I'm looking into it.", "Bear with me.", "Still on it.", "Just a second."),
    "de": ("Einen Moment.", "Ich schaue nach.", "Kleinen Augenblick.", "Bin gleich so weit."),
    "fr": ("Un instant.", "Je regarde.", "J'y suis presque.", "Encore un petit moment."),
    "es": ("Un momento.", "Déjame ver.", "Lo estoy mirando.", "Enseguida."),
}


class Holding:
    """The lines that are left for this meeting."""

    def __init__(self, language: str) -> None:
        self._left = list(LINES.get(language, LINES["en"]))

    def line(self) -> str:
        """The next line; "" when none is left."""
        return self._left.pop(0) if self._left else ""
