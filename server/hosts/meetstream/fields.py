"""Reading what MeetStream sends: bounded JSON objects, texts, numbers and times. Nothing here raises for what it reads.

The vendor's forms differ by date, so every field is optional and of any type until it was looked at.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import isfinite
from typing import Any

#: characters of a text frame; everything that the vendor documents is far smaller
LONGEST_TEXT = 1_048_576
LONGEST_NAME = 120
LONGEST_ID = 200


def parse_object(frame: str, most: int = LONGEST_TEXT) -> dict[str, Any] | None:
    """The JSON object in this text frame; None when it is none, or larger than `most` characters."""
    if len(frame) > most:
        return None
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def child(message: Any, *names: str) -> dict[str, Any]:
    """The object at this path; empty when there is none."""
    for name in names:
        message = message.get(name) if isinstance(message, dict) else None
    return message if isinstance(message, dict) else {}


def text_of(value: Any, most: int = LONGEST_NAME) -> str:
    """A text without outer blanks, cut to `most` characters; a whole number as its digits; empty for anything else.

    Halves of surrogate pairs are replaced: they could be stored nowhere.
    """
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) < value < 2**63:
        return str(value)
    return value[:most].encode("utf-8", "replace").decode().strip() if isinstance(value, str) else ""


def first_text(message: dict[str, Any], *names: str, most: int = LONGEST_NAME) -> str:
    """The first of these fields that holds a text."""
    return next((text for name in names if (text := text_of(message.get(name), most))), "")


def number_of(value: Any) -> float | None:
    """A finite number below ten million, such as seconds of a meeting; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        return None
    return float(value) if 0 <= value < 1e7 else None


def flag_of(value: Any) -> bool | None:
    """True or false when it is said."""
    return value if isinstance(value, bool) else None


def seconds_of(value: Any) -> float | None:
    """Seconds since 1970 of an ISO 8601 time; one without a zone is UTC."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        when = datetime.fromisoformat(value)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
