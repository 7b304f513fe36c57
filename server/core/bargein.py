"""Somebody speaks while the agent speaks: murmur, or taking the floor?

Pure: words in, verdict out. Simple and right for now: stop words and the agent's name stop it, a real sentence stops
it, murmurs do not. Evidence from the sound alone only ducks the voice.
"""

from __future__ import annotations

import re
from enum import Enum

#: words that stop the agent: from the person it answers, and from anybody else
WORDS_OF_ASKER = 3
WORDS_OF_OTHERS = 5
#: seconds of ducking without any words after which the voice comes back
FALSE_ALARM = 1.0
#: seconds after the first sample in which only stop words count: late words of the turn before
GRACE = 0.5

_BACKCHANNELS = re.compile(
    r"(?:m+h*m+|mm+|m+-?hm+|uh[- ]?huh|a?h+a*|oh|hm+|yeah|yep|yup|yes|ok|okay|right|sure|got it|i see|cool|nice|great"
    r"|wow|exactly|true|makes sense|go on|thanks|thank you|good|fine|alright|absolutely|totally|indeed|ja|genau|oui"
    r"|d'accord|sí|vale|claro|\[?laugh(?:s|ter)?\]?|\[?cough(?:s|ing)?\]?|haha+)",
    re.I,
)
_STOP = re.compile(
    r"\b(?:stop(?! by)|wait|hold on|hang on|(?:one|a) (?:second|moment|sec)|quiet|shut up|never ?mind|cancel|enough"
    r"|no,? no|that'?s wrong|excuse me|let me|stopp|halt|warte|arrête|attends?|espera|para ya|silencio)\b",
    re.I,
)
_WORDS = re.compile(r"[\w']+")


class Overlap(Enum):
    """What somebody's words during our reply mean."""

    NOTHING = "nothing"
    BACKCHANNEL = "backchannel"
    UNSURE = "unsure"
    STOP = "stop"
    FLOOR = "floor"


def is_backchannel(text: str) -> bool:
    """Whether these words only say "I am listening"."""
    rest = re.sub(r"[^\w\s'\[\]-]", " ", text).strip()
    for _ in range(4):
        if not rest:
            return True
        match = _BACKCHANNELS.match(rest)
        if not match or (match.end() < len(rest) and rest[match.end()] not in " -"):
            return False
        rest = rest[match.end() :].strip(" -")
    return not rest


def says_stop(text: str) -> bool:
    """Whether these words hold a stop word near their beginning or are little more than one."""
    words = _WORDS.findall(text)
    match = _STOP.search(text)
    return bool(match) and (len(words) <= 6 or len(_WORDS.findall(text[: match.start()])) <= 2) if match else False


def judge(text: str, *, from_asker: bool, named: bool, since_first_sample: float) -> Overlap:
    """What these words mean while the agent speaks. `named` says they call the agent."""
    if not _WORDS.search(text):
        return Overlap.NOTHING
    if says_stop(text) and (from_asker or named or len(_WORDS.findall(text)) <= 3):
        return Overlap.STOP
    if is_backchannel(text):
        return Overlap.BACKCHANNEL
    if since_first_sample < GRACE:
        return Overlap.UNSURE
    if named:
        return Overlap.FLOOR
    needed = WORDS_OF_ASKER if from_asker else WORDS_OF_OTHERS
    return Overlap.FLOOR if len(_WORDS.findall(text)) >= needed else Overlap.UNSURE
