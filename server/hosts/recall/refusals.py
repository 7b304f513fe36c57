"""Recall.ai's error answers as HostErrors: what happened, and what to do about it.

The status alone decides what an answer means; its body, whose shape for most statuses nobody documents, only adds what
the vendor says. That text is cleaned, because servers like to repeat what they were sent: addresses, quotations and
long tokens go, and so does every private value of the request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from server.errors import HostError

#: characters of the vendor's own words
LONGEST = 300
#: messages of one answer that are told
MOST_FIELDS = 8

_ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://\S+")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|“[^”]*”")
_TOKEN = re.compile(r"\S{40,}|\S+@\S+")
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,60}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
#: members of our requests whose values are nobody's business
_PRIVATE = frozenset({"meeting_url", "bot_name", "url", "message", "session_id"})


class _Case(NamedTuple):
    words: str
    advice: str
    code: str
    retryable: bool = False


_DASHBOARD = "Look at the Recall dashboard, then try again."
_LATER = "Try again in a few minutes."
_FIREWALL = (
    "The usual causes: an address in the order that means this machine or is a bare IP number, "
    "or Recall's firewall refusing this server's own address."
)

_CASES: dict[int, _Case] = {
    400: _Case("Recall refused the request", "Correct what it names and try again.", "bad-request"),
    401: _Case(
        "Recall does not accept the API key",
        "Check the key and the region: a key opens one region only.",
        "key-or-region",
    ),
    402: _Case("the Recall workspace is out of credit", "Add credit in the Recall dashboard.", "no-credit"),
    403: _Case("Recall's firewall blocked the request", _FIREWALL, "blocked"),
    404: _Case(
        "Recall does not know this bot",
        "Check the bot's id, the workspace of the key, and the region.",
        "not-found",
    ),
    405: _Case(
        "Recall does not allow this for this bot",
        "A bot that is already on its way can only be told to leave.",
        "not-allowed",
    ),
    409: _Case("Recall is still busy with the same request", _LATER, "conflict", True),
    429: _Case("Recall gets too many requests from this workspace", _LATER, "limited", True),
    507: _Case("Recall has no bot free", "Try again in a few minutes.", "no-bot-free", True),
}
_NO_ROUTE = _Case(
    "Recall does not know the address of the request", "Check the region or the base URL of the Recall API.", "no-route"
)
_REDIRECT = _Case("the Recall API sent us elsewhere", "Check the base URL of the Recall API.", "no-route")
_UNAVAILABLE = _Case("Recall does not work at the moment", _LATER, "unavailable", True)
_OTHER = _Case("Recall gave an answer that is new to us", _DASHBOARD, "failed")

#: the vendor's own codes of a 400
_VENDOR_CODES: dict[str, _Case] = {
    "teams_blacklisted_tenant": _Case(
        "the organisation of this Teams meeting forbids bots",
        "Ask its administrator, or hold the meeting elsewhere.",
        "teams_blacklisted_tenant",
    ),
    "update_bot_failed": _Case(
        "the bot can no longer be changed", "Tell it to leave and send a new one.", "update_bot_failed"
    ),
    "cannot_command_completed_bot": _Case(
        "the bot is leaving or gone", "Send a new bot.", "cannot_command_completed_bot"
    ),
    "cannot_command_unstarted_bot": _Case(
        "the bot is not in the meeting yet",
        "Try again when it has been admitted.",
        "cannot_command_unstarted_bot",
        True,
    ),
}

#: beginning of a field's path in a 400 -> what to do
_FIELDS: tuple[tuple[str, str], ...] = (
    ("meeting_url", "Check the meeting's link."),
    ("bot_name", "Choose a plain name of at most 100 characters."),
    ("variant", "Choose web, web_4_core or web_gpu."),
    ("recording_config.transcript", "Choose another transcript provider, or store its key in the Recall dashboard."),
    ("recording_config.video_separate_h264", "Choose the variant web_4_core."),
    ("recording_config.realtime_endpoints", "Check the public address of this server."),
    ("output_media", "Check the public address of this server."),
)


def refusal(status: int, body: bytes, request: Any = None) -> HostError:
    """The error that an answer means. `request` is the JSON that was sent; nothing private of it is repeated."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None  # the firewall and unknown paths answer in HTML
    vendor_code = answer.get("code") if isinstance(answer, dict) else None
    if not isinstance(vendor_code, str) or not _CODE.fullmatch(vendor_code):
        vendor_code = ""
    case = _case(status, vendor_code, is_json=answer is not None)
    fields = dict(_flat(answer)) if answer is not None else {}
    advice = next((what for path, what in _FIELDS if any(each.startswith(path) for each in fields)), case.advice)
    said = _said(fields, sorted(_private(request), key=len, reverse=True))
    return HostError(
        f"{case.words}: {said}" if said else case.words,
        advice=advice if status == 400 else case.advice,
        code=vendor_code or case.code,
        status=status,
        retryable=case.retryable,
    )


def _case(status: int, vendor_code: str, *, is_json: bool) -> _Case:
    if status == 400 and vendor_code in _VENDOR_CODES:
        return _VENDOR_CODES[vendor_code]
    if status == 404 and not is_json:
        return _NO_ROUTE
    if status in _CASES:
        return _CASES[status]
    if 300 <= status < 400:
        return _REDIRECT
    return _UNAVAILABLE if status >= 500 else _OTHER


def _flat(answer: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every message of an answer with the path of its field: `recording_config.realtime_endpoints[0].url`."""
    if depth > 8:
        return
    if isinstance(answer, str):
        yield path, answer
    elif isinstance(answer, dict):
        for key, value in answer.items():
            if not _KEY.fullmatch(key) or (not path and key == "code"):
                continue
            yield from _flat(value, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(answer, list):
        if all(isinstance(each, str) for each in answer):
            yield path, " ".join(answer)
            return
        for index, value in enumerate(answer):
            yield from _flat(value, f"{path}[{index}]", depth + 1)


def _said(fields: dict[str, str], private: list[str]) -> str:
    """The messages in one line. `detail` is the vendor's sentence for the whole answer and needs no path."""
    told = []
    for path, text in list(fields.items())[:MOST_FIELDS]:
        text = _clean(text, private)
        told.append(text if path in ("", "detail", "non_field_errors") else f"{path}: {text}")
    line = "; ".join(told)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _clean(text: str, private: list[str]) -> str:
    """A message of the vendor in one line, without what it repeats."""
    for value in private:
        text = text.replace(value, "…")
    text = _TOKEN.sub("…", _QUOTED.sub("…", _ADDRESS.sub("…", text)))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(".")


def _private(request: Any, name: str = "") -> Iterator[str]:
    """The values of a request that must not be repeated."""
    if isinstance(request, dict):
        for key, value in request.items():
            yield from _private(value, key)
    elif isinstance(request, list):
        for value in request:
            yield from _private(value, name)
    elif isinstance(request, str) and name in _PRIVATE and len(request) > 1:
        yield request
