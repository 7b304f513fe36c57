"""The few requests that need no brain: stop, and be quiet.

Pure: the question in, a command or None out. They work the same whatever brain is configured, even a dead one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STOP = re.compile(
    r"^(?:ok(?:ay)?[, ]+|please |no[, ]+|alright[, ]+)*(?:stop(?: it| that| talking| speaking| there)?|that'?s enough"
    r"|enough|shut up|cancel(?: that)?|hold on|wait(?: a (?:second|moment))?|never ?mind|stopp|halt|arrête|para)"
    r"(?: please)?(?: now)?$",
    re.I,
)
_QUIET = re.compile(
    r"\b(?:be quiet|stay quiet|keep quiet|be silent|stay silent|mute yourself|go on mute"
    r"|don'?t (?:talk|speak|say anything)|no more talking|sei still|sei ruhig|tais-toi|cállate)\b",
    re.I,
)
_LEAVE = re.compile(
    r"^(?:(?:ok(?:ay)?|please|you can|you may|could you|can you|now)[, ]+)*"
    r"(?:leave|exit|quit|get out of|drop off)(?: (?:the|this) (?:meeting|call))(?: (?:now|please|again))*$"
    r"|^(?:verlass|verlasse) (?:bitte )?(?:das|dieses) meeting$|^quitte la réunion$|^sal de la reunión$",
    re.I,
)
_FACES = re.compile(
    r"^(?:(?:please|can you|could you|now)[, ]+)*(?:show|display|put up)(?: me| us)? "
    r"(?:everybody|everyone|all(?: the)? faces|everyone's faces|(?:the|a) contact sheet"
    r"|who(?:'s| is) (?:here|in the (?:meeting|call|room)))"
    r"(?: on (?:your|the) tile| on screen| now| please)*$"
    r"|^zeig(?:e)?(?: mir| uns)? alle$|^montre(?:-nous|-moi)? tout le monde$|^mu[eé]stra(?:nos|me)? a todos$",
    re.I,
)
_MINUTES = re.compile(r"\b(\d{1,3}|a|one|two|three|five|ten|fifteen|twenty|thirty)\s+(minute|min|hour|second)", re.I)
_NUMBERS = {
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "five": 5,
    "ten": 10,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
}
_UNITS = {"second": 1 / 60, "min": 1.0, "minute": 1.0, "hour": 60.0}


@dataclass(frozen=True, slots=True)
class Command:
    """`kind` is stop, quiet, leave or faces (show everybody); `minutes` is 0 when no time was given (until called)."""

    kind: str
    minutes: float = 0.0


def parse(question: str) -> Command | None:
    """The command in these words, if they are one."""
    text = question.strip().strip(" .,!?…").strip()
    if _STOP.match(text):
        return Command("stop")
    if _FACES.match(text):
        return Command("faces")
    if _LEAVE.match(text):
        return Command("leave")
    if _QUIET.search(text) and len(text.split()) <= 14:
        return Command("quiet", minutes(text))
    return None


def minutes(text: str) -> float:
    """The length of time named in the text, in minutes; 0 when there is none."""
    match = _MINUTES.search(text)
    if not match:
        return 0.0
    number = match.group(1).lower()
    return (_NUMBERS.get(number) or float(number)) * _UNITS[match.group(2).lower()]
