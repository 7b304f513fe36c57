"""Times and durations as people say and hear them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen"
    " eighteen nineteen twenty"
).split()
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
_VALUES = {word: float(value) for value, word in enumerate(_SMALL)} | {word: float(v) for word, v in _TENS.items()}
_VALUES |= {"a": 1.0, "an": 1.0, "a couple of": 2.0, "couple of": 2.0, "a few": 3.0, "half a": 0.5, "half an": 0.5}
_NUMBER = (
    r"(?:\d+(?:[.,]\d+)?|(?:twenty|thirty|forty|fifty)[ -](?:one|two|three|four|five|six|seven|eight|nine)|"
    + "|".join(sorted(_VALUES, key=len, reverse=True)) + r")"
)  # fmt: skip
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?)"
_DURATION = re.compile(
    rf"\b({_NUMBER})[ -]?(and a half )?({_UNIT})\b(?: and a (half|quarter))?(?: and ({_NUMBER}) ({_UNIT}))?"
)
_LENGTH = {"s": 1.0, "m": 60.0, "h": 3600.0}


def number(text: str) -> float | None:
    """The value of a number in digits or words, or None."""
    text = text.strip().lower().replace(",", ".")
    try:
        return float(text)
    except ValueError:
        pass
    if text in _VALUES:
        return _VALUES[text]
    first, _, second = text.replace("-", " ").partition(" ")
    if first in _TENS and second in _VALUES:
        return _TENS[first] + _VALUES[second]
    return None


def duration(text: str) -> float | None:
    """Seconds of the first duration in the text ("five minutes", "an hour and a half"), or None."""
    found = _DURATION.search(text.lower())
    if not found:
        return None
    count = number(found[1])
    if count is None:
        return None
    unit = _LENGTH[found[3][0]]
    seconds = count * unit
    if found[2] or found[4] == "half":
        seconds += unit / 2
    elif found[4] == "quarter":
        seconds += unit / 4
    if found[5] and (more := number(found[5])) is not None:
        seconds += more * _LENGTH[found[6][0]]
    return seconds if 0 < seconds <= 24 * 3600 else None


def spell(count: int) -> str:
    """A number as it is said: words up to twenty, digits beyond."""
    return _SMALL[count] if 0 <= count <= 20 else str(count)


def plural(count: int, noun: str) -> str:
    """ "one minute", "three minutes"."""
    return f"{spell(count)} {noun}" if count == 1 else f"{spell(count)} {noun}s"


def length(seconds: float) -> str:
    """A duration as it is said: "forty seconds", "three minutes", "an hour and ten minutes"."""
    seconds = max(0.0, seconds)
    if seconds < 55:
        return plural(max(1, round(seconds / 5) * 5 if seconds >= 12 else round(seconds)), "second")
    minutes = round(seconds / 60)
    if minutes < 60:
        half = seconds < 600 and 22 <= seconds % 60 <= 38
        return f"{spell(int(seconds // 60))} and a half minutes" if half else plural(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    whole = "an hour" if hours == 1 else plural(hours, "hour")
    return whole if rest == 0 else f"{whole} and {plural(rest, 'minute')}"


def ago(start: float, now: float, began: float = 0.0) -> str:
    """When something was said: lately by how long ago, earlier by how far into the meeting."""
    since, into = now - start, start - began
    if since < 45:
        return "just now"
    if since < 90:
        return "a minute ago"
    if since < 600:
        return f"{spell(round(since / 60))} minutes ago"
    if into < 60:
        return "right at the start"
    if into < 3600:
        return f"at minute {spell(int(into // 60))}"
    return f"{length(into)} in"


def clock(iso: str) -> tuple[str, str] | None:
    """The time ("14:05") and the day ("Friday, November 20") of an ISO 8601 stamp, or None."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return None
    return f"{moment:%H:%M}", f"{moment:%A, %B} {moment.day}"


def earlier(iso: str, seconds: float) -> str:
    """The time ("13:45") this long before an ISO 8601 stamp, or "" for none."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return ""
    return f"{moment - timedelta(seconds=seconds):%H:%M}"
