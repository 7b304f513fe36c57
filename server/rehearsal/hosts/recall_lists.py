"""Recall's lists: which bots and endpoints a query shows, and in which pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from server.rehearsal.hosts.answers import Refusal
from server.rehearsal.hosts.recall_bot import RecallBot
from server.rehearsal.hosts.recall_objects import NO_SUCH

Json = dict[str, Any]


def numbered_page(request: Request, base: str, found: Sequence[Json], size: int) -> Json:
    """A page by number, as List Bots has them; addresses of other pages are absolute, below `base`."""
    page = _number(request, "page", 1)
    begin, pages = (page - 1) * size, -(-len(found) // size)
    return {
        "count": len(found),
        "next": _other(request, base, "page", page + 1) if page < pages else None,
        "previous": _other(request, base, "page", page - 1) if page > 1 else None,
        "results": list(found[begin : begin + size]),
    }


def cursor_page(request: Request, base: str, found: Sequence[Json], size: int) -> Json:
    """A page by cursor, as newer lists have them: without a count."""
    begin = _number(request, "cursor", 0)
    end = begin + size
    return {
        "next": _other(request, base, "cursor", end) if end < len(found) else None,
        "previous": _other(request, base, "cursor", max(0, begin - size)) if begin else None,
        "results": list(found[begin:end]),
    }


def shows(bot: RecallBot, query: Sequence[tuple[str, str]]) -> bool:
    """Whether List Bots with this query shows the bot."""
    join_at = bot.kept["join_at"] or ""
    for name, value in query:
        several = [each for key, each in query if key == name]
        if name.startswith("metadata__"):
            fits = bot.kept["metadata"].get(name.removeprefix("metadata__")) == value
        else:
            fits = {
                "status": bot.status in several,
                "platform": bot.platform in several,
                "meeting_url": bot.kept["meeting_url"] == value,
                "join_at_after": join_at > value,
                "join_at_before": "" < join_at < value,
            }.get(name, True)
        if not fits:
            return False
    return True


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdigit():
        raise Refusal(NO_SUCH)
    return int(text)


def _other(request: Request, base: str, name: str, value: int) -> str:
    others = [(key, each) for key, each in request.query_params.multi_items() if key != name]
    return f"{base}{request.url.path}?{urlencode([*others, (name, value)])}"
