"""The messages a bot's transcript socket sends, in every shape the documentation leaves possible.

The stand-in speaks all of them, so that the page and the backend are rehearsed against each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from server.core.transcript import Word
from server.errors import RehearsalError

Shape = Literal["legacy", "event", "outer_data", "inner_data", "hybrid"]
SHAPES: tuple[str, ...] = get_args(Shape)
#: Shapes that can say whether a message is final. The others never carry partials.
WITH_PARTIALS = frozenset({"legacy", "event", "hybrid"})


def transcript_message(
    shape: str,
    *,
    bot_id: str,
    utterance: int,
    speaker_id: int,
    speaker: str,
    words: Sequence[Word],
    language: str = "en",
    final: bool = True,
) -> dict[str, Any]:
    """One message of `wss://meeting-data.bot.recall.ai/api/v1/transcript`. Word times are seconds of the
    meeting.
    """
    if shape == "legacy":
        return {
            "bot_id": bot_id,
            "transcript": {
                "original_transcript_id": utterance,
                "speaker": speaker,
                "speaker_id": speaker_id,
                "transcription_provider_speaker": None,
                "language": language,
                "words": [{"text": w.text, "start_time": w.start, "end_time": w.end} for w in words],
                "is_final": final,
            },
        }
    inner: dict[str, Any] = {
        "words": [
            {"text": w.text, "start_timestamp": {"relative": w.start}, "end_timestamp": {"relative": w.end}}
            for w in words
        ],
        "language_code": language,
        "participant": _participant(speaker_id, speaker),
    }
    if shape == "inner_data":
        return inner
    if shape == "hybrid":
        return {"bot_id": bot_id, "transcript": {**inner, "is_final": final}}
    outer = {
        "data": inner,
        "realtime_endpoint": {"id": "rehearsal", "metadata": {}},
        "transcript": {"id": "rehearsal", "metadata": {}},
        "recording": {"id": "rehearsal", "metadata": {}},
        "bot": {"id": bot_id, "metadata": {}},
    }
    if shape == "outer_data":
        return outer
    if shape == "event":
        return {"event": "transcript.data" if final else "transcript.partial_data", "data": outer}
    raise RehearsalError(f"unknown transcript shape: use one of {', '.join(SHAPES)}")


def _participant(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "is_host": number == 1,
        "platform": "desktop",
        "extra_data": {},
        "email": None,
    }
