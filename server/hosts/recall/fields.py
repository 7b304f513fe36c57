"""Single fields of Recall.ai's messages, which may be missing, null or of another type."""

from __future__ import annotations

from typing import Any


def event_of(message: dict[str, Any]) -> str:
    """The name of an event, which some senders put under `type`, or an empty string."""
    for key in ("event", "type"):
        name = message.get(key)
        if isinstance(name, str) and name:
            return name
    return ""


def text_of(value: Any) -> str:
    """A text without blanks around it, or an empty string."""
    return value.strip() if isinstance(value, str) else ""


def object_of(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def number_of(value: Any, below: float) -> float | None:
    """A number from 0 to below the limit, or None. The limit also keeps out NaN and integers that fit no float."""
    return (
        float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < below else None
    )
