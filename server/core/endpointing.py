"""When is somebody done speaking? Silence, and the shape of what was said.

Pure: text in, seconds out. Sources of the constants: the defaults of LiveKit, Pipecat and OpenAI, and human gaps
of about 200 ms.
"""

from __future__ import annotations

import re

#: seconds of silence after words that look complete
COMPLETE = 0.30
#: seconds of silence when the text says neither
DEFAULT = 0.50
#: seconds of silence after words that trail off
INCOMPLETE = 1.20
#: seconds after which a turn is over whatever it looks like
LONGEST = 2.50

_TRAILING = frozenset(
    (
        "and or but so because if when while that which who whose the a an to of for with in on at by from about as "
        "than then like um uh er erm hmm well my your our their his her its this these those is are was were be can "
        "could would should will do does did have has had not i we you they he she it let's let und oder aber weil "
        "wenn dass der die das ein eine et ou mais parce que si le la les un une y o pero porque si el los una"
    ).split()
)
_WORDS = re.compile(r"[\w']+")


def looks_complete(text: str) -> bool:
    """Whether the text ends like a finished sentence."""
    text = text.rstrip(" \"'”’)")
    if not text or text.endswith(("...", "…", ",", "-", "—", "–", ":", ";")):
        return False
    return text[-1] in ".!?。！？؟।"


def trails_off(text: str) -> bool:
    """Whether the text ends where nobody would end: a conjunction, a filler, a comma, a dash."""
    stripped = text.rstrip(" \"'”’)")
    if stripped.endswith(("...", "…", ",", "-", "—", "–", ":")):
        return True
    words = _WORDS.findall(stripped.lower())
    if not words:
        return True
    if stripped[-1] in "?!":
        return False
    return words[-1] in _TRAILING


def silence_needed(text: str) -> float:
    """Seconds of silence after which a turn with these words is over."""
    if trails_off(text):
        return INCOMPLETE
    return COMPLETE if looks_complete(text) else DEFAULT
