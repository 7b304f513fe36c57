"""Transcript messages of Recall.ai, in every shape its page socket and its endpoints are known to use.

Five shapes are accepted (the vendor's documents contradict each other): the v1.10 object, the outer and the inner
`data` of v1.11, the whole v1.11 event, and mixtures of them. Anything else is None, never an error.
"""

from __future__ import annotations

from typing import Any

from server.core.events import Heard
from server.core.transcript import Word
from server.hosts.recall.fields import event_of, number_of, object_of, text_of

#: languages written without spaces between words
_UNSPACED = ("ja", "zh", "th", "yue", "lo", "my", "km")
#: an utterance longer than this is cut; nobody speaks two thousand words without a final
MOST_WORDS = 2000
LONGEST_WORD = 200
LONGEST_NAME = 120
#: seconds; nothing in a meeting is later than that
LATEST = 1e7


def heard_from(message: Any, source: str = "page") -> Heard | None:
    """The utterance in this message, or None when it holds none. `source` is the ear that it came by."""
    if not isinstance(message, dict):
        return None
    event = event_of(message)
    if not event.startswith("transcript"):
        if isinstance(message.get("event"), str):
            return None
        event = ""
    node = _owner_of_words(message)
    if node is None:
        return None
    words = tuple(_words(node["words"]))
    language = text_of(node.get("language_code") or node.get("language"))
    glue = "" if language.split("-")[0].lower() in _UNSPACED else " "
    text = glue.join(word.text for word in words)
    if not text.strip():
        return None
    who = object_of(node.get("participant"))
    speaker_id = who.get("id", node.get("speaker_id"))
    key = node.get("original_transcript_id")
    starts = [word.start for word in words if word.start is not None]
    ends = [word.end for word in words if word.end is not None]
    return Heard(
        speaker=text_of(who.get("name") or node.get("speaker"))[:LONGEST_NAME],
        text=text,
        final=_is_final(node, event),
        speaker_id=str(speaker_id)[:64] if isinstance(speaker_id, (int, str)) else "",
        key=str(key)[:64] if isinstance(key, (int, str)) and key != "" else "",
        start=starts[0] if starts else None,
        end=ends[-1] if ends else None,
        words=words,
        language=language[:16],
        source=source,
    )


def _owner_of_words(message: dict[str, Any]) -> dict[str, Any] | None:
    """The object that holds `words`, at most three levels down."""
    node = message
    for _ in range(4):
        if isinstance(node.get("words"), list):
            return node
        inner = node.get("data")
        if not isinstance(inner, dict):
            inner = node.get("transcript")
        if not isinstance(inner, dict):
            return None
        node = inner
    return None


def _is_final(node: dict[str, Any], event: str) -> bool:
    flag = node.get("is_final")
    return flag if isinstance(flag, bool) else "partial" not in event


def _words(words: list[Any]) -> list[Word]:
    found = []
    for word in words[:MOST_WORDS]:
        if not isinstance(word, dict):
            continue
        text = text_of(word.get("text"))[:LONGEST_WORD]
        if text:
            start = _seconds(word, "start_timestamp", "start_time")
            found.append(Word(text, start, _seconds(word, "end_timestamp", "end_time")))
    return found


def _seconds(word: dict[str, Any], stamp: str, plain: str) -> float | None:
    value = word.get(stamp)
    value = value.get("relative") if isinstance(value, dict) else word.get(plain)
    return number_of(value, LATEST)
