"""The messages of an OpenAI realtime transcription session: what we send as text, what we get as dataclasses. Pure.

We cut the utterances (`turn_detection: null`) and commit each, because the newest models take no other way.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from server.ears.utterances import RATE_OUT

#: the event id of our session.update; an error that names it refuses the session's settings
CONFIGURE = "configure"
_COMMIT = "commit-"
#: words of a transcript longer than this many characters are not of one utterance
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Configured:
    """The session has our settings."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What was committed is the item of this id."""

    item: str


@dataclass(frozen=True, slots=True)
class Grew:
    """More words of this item."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """All words of this item."""

    item: str
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """This item could not be transcribed."""

    item: str
    code: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """The server refused one of our messages, or has trouble of its own. `commit` is the utterance it names, or 0."""

    code: str
    configuring: bool = False
    commit: int = 0


Message = Configured | Committed | Grew | Ended | Failed | Trouble


def address(base_url: str) -> str:
    """The websocket's address for the base URL of an API. Without a model: one would make it a conversation."""
    parts = urlsplit(base_url)
    scheme = "ws" if parts.scheme == "http" else "wss"
    return urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/realtime", "intent=transcription", ""))


def configure(model: str, language: str = "", keywords: tuple[str, ...] = ()) -> str:
    """The settings of the session. `language` is an ISO 639-1 code; `keywords` are names that may be said."""
    transcription: dict[str, Any] = {"model": model}
    if language:
        transcription["language"] = language
    if keywords:
        transcription["keywords"] = list(keywords)
    sound = {"format": {"type": "audio/pcm", "rate": RATE_OUT}, "transcription": transcription, "turn_detection": None}
    session = {"type": "transcription", "audio": {"input": sound}}
    return json.dumps({"type": "session.update", "event_id": CONFIGURE, "session": session})


def append(pcm: bytes) -> str:
    """Some sound."""
    return '{"type":"input_audio_buffer.append","audio":"' + base64.b64encode(pcm).decode("ascii") + '"}'


def commit(number: int) -> str:
    """The sound so far is utterance `number`."""
    return json.dumps({"type": "input_audio_buffer.commit", "event_id": f"{_COMMIT}{number}"})


def read(frame: str | bytes) -> Message | None:
    """A message of the server; None for those that need no answer and for those that are not understood."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    item = message.get("item_id")
    item = item if isinstance(item, str) else ""
    match message.get("type"):
        case "session.updated" | "transcription_session.updated":  # the second by servers that kept the older name
            return Configured()
        case "input_audio_buffer.committed" if item:
            return Committed(item)
        case "conversation.item.input_audio_transcription.delta" if item:
            return Grew(item, _text(message.get("delta")))
        case "conversation.item.input_audio_transcription.completed" if item:
            return Ended(item, _text(message.get("transcript")).strip(), _language(message.get("languages")))
        case "conversation.item.input_audio_transcription.failed" if item:
            return Failed(item, _code(message.get("error")))
        case "error":
            return _trouble(message.get("error"))
    return None


def _trouble(error: Any) -> Trouble:
    of = error.get("event_id") if isinstance(error, dict) else None
    number = of.removeprefix(_COMMIT) if isinstance(of, str) and of.startswith(_COMMIT) else ""
    digits = number.isascii() and number.isdigit() and len(number) < 10
    return Trouble(_code(error), configuring=of == CONFIGURE, commit=int(number) if digits else 0)


def _code(error: Any) -> str:
    """The code of an error, or else its type: a short word, because it goes into logs."""
    if isinstance(error, dict):
        for name in ("code", "type"):
            value = error.get(name)
            if isinstance(value, str) and value.isascii() and value.replace("_", "").isalnum() and len(value) <= 60:
                return value
    return "error"


def _text(value: Any) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""


def _language(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else ""
    return first if isinstance(first, str) and len(first) <= 12 else ""
