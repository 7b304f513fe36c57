"""A meeting file that somebody drops into the rehearsal room: read with errors a person can act on.

Its shape: `{"turns": [{"speaker", "text", "start", "end"}, ...]}` with an optional `title` (or `id`). Times
are seconds and may be left out of the whole file; then people talk at an ordinary pace, one after the other.
"""

from __future__ import annotations

import math
from typing import Any

from server.errors import RehearsalError
from server.rehearsal.replay import MeetingFile, MeetingTurn
from server.rehearsal.spoken import SILENT_PACE

#: Bytes of a meeting file at most; the longest meeting we know (90 minutes) has 0.3 MB.
MAX_BYTES = 5_000_000
MAX_TURNS = 5_000
MAX_SPEAKERS = 24
MAX_NAME = 60
#: Characters of one turn; the voice takes 4096.
MAX_TEXT = 4_000
MAX_SECONDS = 24 * 3600.0
#: Silence between two turns of a file without times.
_GAP = 0.35


def read_meeting(whole: Any, title: str = "") -> MeetingFile:
    """The meeting in parsed JSON. `title` is used when the file has none.

    Raises RehearsalError: it names the turn, counted from 1, and what is wrong with it, never what was said.
    """
    if not isinstance(whole, dict):
        raise RehearsalError('The file is not a meeting: it should be a JSON object with "turns".')
    turns = whole.get("turns")
    if not isinstance(turns, list):
        raise RehearsalError('The file is not a meeting: it has no list called "turns".')
    if len(turns) > MAX_TURNS:
        raise RehearsalError(f"The meeting is too long: {len(turns)} turns, at most {MAX_TURNS}.")
    spoken = [(index, *_words(index, raw), raw) for index, raw in enumerate(turns)]
    spoken = [item for item in spoken if item[2]]
    if not spoken:
        raise RehearsalError("Nobody says anything in this meeting.")
    timed = any("start" in raw or "end" in raw for _, _, _, raw in spoken)
    read: list[MeetingTurn] = []
    at = 0.0
    for index, speaker, text, raw in spoken:
        start, end = _times(index, raw) if timed else (at, at + max(0.6, len(text.split()) / SILENT_PACE))
        at = end + _GAP
        read.append(MeetingTurn(index, speaker, text, start, end))
    if len({turn.speaker.casefold() for turn in read}) > MAX_SPEAKERS:
        raise RehearsalError(f"The meeting has too many speakers: at most {MAX_SPEAKERS}.")
    named = whole.get("title") or whole.get("id") or title
    return MeetingFile(
        _one_line(named)[:MAX_NAME] if isinstance(named, str) and named.strip() else "Meeting",
        tuple(sorted(read, key=lambda turn: (turn.start, turn.index))),
    )


def _words(index: int, raw: Any) -> tuple[str, str]:
    """Speaker and text; an empty text for a turn to be skipped."""
    if not isinstance(raw, dict):
        raise RehearsalError(f"Turn {index + 1} is not an object with speaker and text.")
    text, speaker = raw.get("text"), raw.get("speaker")
    if not isinstance(text, str):
        raise RehearsalError(f"Turn {index + 1} has no text.")
    text = _one_line(text)
    if not text:
        return "", ""
    if len(text) > MAX_TEXT:
        raise RehearsalError(f"Turn {index + 1} is too long: at most {MAX_TEXT} characters.")
    if not isinstance(speaker, str) or not _one_line(speaker):
        raise RehearsalError(f"Turn {index + 1} has no speaker.")
    speaker = _one_line(speaker)
    if len(speaker) > MAX_NAME:
        raise RehearsalError(f"Turn {index + 1}: the speaker's name is longer than {MAX_NAME} characters.")
    return speaker, text


def _times(index: int, raw: dict[str, Any]) -> tuple[float, float]:
    start, end = raw.get("start"), raw.get("end")
    for name, value in (("start", start), ("end", end)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise RehearsalError(f'Turn {index + 1} has no "{name}" in seconds, but others do.')
    assert start is not None and end is not None
    if not 0 <= start <= end <= MAX_SECONDS:
        raise RehearsalError(f"Turn {index + 1} ends before it starts, or its times are out of range.")
    return float(start), float(end)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
