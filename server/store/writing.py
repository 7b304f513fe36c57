"""What goes into the tape's file, made safe: one odd entry must not keep the others from being written."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from typing import Any


def as_json(data: Any) -> str:
    """Compact JSON of an entry's data. Never raises.

    Dataclasses become objects, sets become lists. A number that is not finite becomes null. What JSON does
    not know is replaced by the name of its type, never by its content.
    """
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
        text.encode()  # a lone surrogate cannot be stored as it is
    except UnicodeEncodeError:
        return json.dumps(data, separators=(",", ":"), default=_plain)
    except Exception:
        return _cleaned_json(data)
    return text


def _cleaned_json(data: Any) -> str:
    try:
        return json.dumps(_clean(data), separators=(",", ":"))
    except Exception as error:
        return json.dumps({"unwritable": type(error).__name__})


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return {"unwritable": type(value).__name__}


def _clean(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _clean(each) for key, each in list(value.items())}
    if isinstance(value, (list, tuple)):
        return [_clean(each) for each in value]
    return _clean(_plain(value))


def as_text(value: Any) -> str:
    """A session id or a kind as text that can be stored."""
    return str(value).encode("utf-8", "replace").decode()


def as_seconds(value: Any) -> float:
    """A finite time; 0 for what is none."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
