"""What Recall.ai says about a bot's life: status webhooks of both API generations, and the changes in a Bot object.

Everything may be missing, null or of another type; what cannot be read is None, never an error.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from server.hosts.base import SeatChange, SeatState
from server.hosts.recall.codes import CODES, ENDPOINT_FAILED, IGNORED, NEWS, STATES, SUB_CODES, Meaning
from server.hosts.recall.fields import event_of, number_of, object_of

#: what may be shown of a code that is not in the tables
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: levels of a v1.10 bot's log that say something went wrong
_TROUBLE = frozenset({"warning", "error", "critical", "fatal"})


def news(message: Any) -> SeatChange | None:
    """The news in a dashboard webhook's JSON; None when it says nothing about a bot, or nothing we know how to say."""
    if not isinstance(message, dict):
        return None
    event, data = event_of(message), message.get("data")
    if not isinstance(data, dict):
        return None
    bot, session = _bot(data)
    if not bot:
        return None
    if event == "bot.status_change":  # v1.10
        return _change(bot, session, data.get("status"))
    if event in ("bot.log", "bot.output_log"):  # v1.10
        return _logged(bot, session, event, data.get("log"))
    inner = object_of(data.get("data"))
    if event.startswith("bot."):
        code = _plain(inner.get("code")) or event.removeprefix("bot.")
        return _change(bot, session, {**inner, "code": code})
    if event not in NEWS:
        return None
    sub_code = _plain(inner.get("sub_code"))
    meaning = ENDPOINT_FAILED.get(_role(data), NEWS[event]) if event == "realtime_endpoint.failed" else NEWS[event]
    meaning = SUB_CODES.get(event, {}).get(sub_code, meaning)
    return SeatChange(bot, None, event, sub_code, _when(inner), meaning.words, meaning.advice, session)


def latest(bot: Any) -> SeatChange | None:
    """What a Bot object says the bot is doing: the last change that we know, else the last; None when it has none."""
    changes = history(bot)
    known = [change for change in changes if change.state is not None]
    if not known:
        return changes[-1] if changes else None
    last = known[-1]
    left = next((change for change in reversed(known) if change.state is SeatState.LEAVING), None)
    if last.state is SeatState.DONE and left is not None:
        # Shut down is how every stay ends; why it ended was said when the bot left.
        return replace(last, sub_code=last.sub_code or left.sub_code, words=left.words, advice=left.advice)
    return last


def history(bot: Any) -> list[SeatChange]:
    """Every change in a Bot object's `status_changes`, in its order."""
    if not isinstance(bot, dict):
        return []
    bot_id, session = _bot({"bot": bot})
    changes = bot.get("status_changes")
    if not bot_id or not isinstance(changes, list):
        return []
    found = (_change(bot_id, session, each) for each in changes)
    return [change for change in found if change is not None]


def _change(bot: str, session: str, status: Any) -> SeatChange | None:
    """One status: `code`, `sub_code`, and when it began (`updated_at` in v1.11, `created_at` elsewhere)."""
    if not isinstance(status, dict):
        return None
    code = _plain(status.get("code"))
    if not code or code in IGNORED:
        return None
    sub_code = _plain(status.get("sub_code"))
    meaning = _meaning(code, sub_code)
    return SeatChange(bot, STATES.get(code), code, sub_code, _when(status), meaning.words, meaning.advice, session)


def _meaning(code: str, sub_code: str) -> Meaning:
    """The words for a status. A sub code we do not know is shown behind the words for its code."""
    known = SUB_CODES.get(code, {}).get(sub_code)
    if known is not None:
        return known
    general = CODES.get(code, Meaning(f"Recall reports a status that is new to us: {code}"))
    if not sub_code:
        return general
    return Meaning(f"{general.words} ({sub_code})", general.advice)


def _logged(bot: str, session: str, event: str, entry: Any) -> SeatChange | None:
    """A line of a v1.10 bot's log. Its text may hold what somebody wrote, so only its level is told."""
    if not isinstance(entry, dict):
        return None
    level = _plain(entry.get("level")).lower()
    if level not in _TROUBLE:
        return None
    return SeatChange(
        bot,
        None,
        event,
        level,
        _when(entry),
        f"the bot wrote {'an' if level == 'error' else 'a'} {level} into its log",
        "Read the bot's log in the Recall dashboard.",
        session,
    )


def _bot(data: dict[str, Any]) -> tuple[str, str]:
    """The bot's id and the session that its metadata names. The bot may be an object, a bare id, or `bot_id`."""
    given = data.get("bot") or data.get("bot_id")
    bot = object_of(given)
    return _identity(bot.get("id") if bot else given), _identity(object_of(bot.get("metadata")).get("session_id"))


def _identity(value: Any) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _role(data: dict[str, Any]) -> str:
    """What the endpoint was for, as our own order told Recall in its metadata."""
    return _plain(object_of(object_of(data.get("realtime_endpoint")).get("metadata")).get("role"))


def _plain(value: Any) -> str:
    """A code as text: empty when it is absent, null, or nothing that may be shown."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""


def _when(status: dict[str, Any]) -> float | None:
    """Seconds since 1970 of a status. A time without a zone is UTC; a number is seconds already."""
    for key in ("updated_at", "created_at"):
        value = status.get(key)
        if isinstance(value, str):
            try:
                when = datetime.fromisoformat(value.strip())
                return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
            except (OverflowError, ValueError):
                continue
        seconds = number_of(value, 1e11)
        if seconds is not None:
            return seconds
    return None
