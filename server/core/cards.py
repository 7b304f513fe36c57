"""A brain's tool call becomes a card, or nothing when it makes no sense.

Pure. What a model writes is untrusted: lengths are limited here, markup is the page's to render as text.
"""

from __future__ import annotations

import math
from typing import Any

from server.core.messages import Card

TEXT = 1200
ITEM = 160
ITEMS = 8
COLUMNS = 5
ROWS = 8
BARS = 12


def card_from(arguments: dict[str, Any]) -> Card | None:
    """The card that these arguments of `show_card` describe."""
    title = _text(arguments.get("title"), 80)
    kind = arguments.get("kind")
    if kind == "text" and (text := _text(arguments.get("text"), TEXT)):
        return Card("text", title, text=text)
    if kind == "list" and (items := _texts(arguments.get("items"), ITEMS)):
        return Card("list", title, items=items)
    if kind == "table" and isinstance(rows := arguments.get("rows"), list):
        table = tuple(row for row in (_texts(row, COLUMNS) for row in rows[:ROWS]) if row)
        return Card("table", title, columns=_texts(arguments.get("columns"), COLUMNS), rows=table) if table else None
    if kind in ("bar", "line"):
        labels = _texts(arguments.get("labels"), BARS)
        values = _numbers(arguments.get("values"))[: len(labels)]
        return Card(kind, title, labels=labels[: len(values)], values=values) if values else None
    return None


def _text(value: Any, longest: int) -> str:
    return value.strip()[:longest] if isinstance(value, str) else ""


def _texts(value: Any, most: int) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    return tuple(str(item)[:ITEM] for item in value[:most] if isinstance(item, (str, int, float)))


def _numbers(value: Any) -> tuple[float, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    numbers = (item for item in value[:BARS] if isinstance(item, (int, float)) and not isinstance(item, bool))
    return tuple(float(item) for item in numbers if math.isfinite(item))
