"""Recorded meetings, played again as if people were saying them now."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.errors import RehearsalError
from server.rehearsal.spoken import RATE, Spoken, hurry, silent

if TYPE_CHECKING:
    from server.rehearsal.meeting import Line, Meeting, Person

#: Above this speed nobody could follow the sound: only the transcript plays.
FASTEST_SPOKEN = 2.0
#: Lines prepared ahead, so that a turn begins on time although making its sound takes a while.
_AHEAD = 3


@dataclass(frozen=True)
class MeetingTurn:
    """One recorded turn; `start` and `end` are seconds of the recording."""

    index: int
    speaker: str
    text: str
    start: float
    end: float


@dataclass(frozen=True)
class MeetingFile:
    """A recorded meeting: its turns in the order they start, without the empty ones."""

    title: str
    turns: tuple[MeetingTurn, ...]

    @property
    def speakers(self) -> tuple[str, ...]:
        """Everyone who says something, in the order they first do."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns))


def load_meeting_file(path: Path) -> MeetingFile:
    """Read a meeting: JSON with `turns`, each with `speaker`, `text`, `start` and `end` in seconds.

    Turns without text are skipped. Raises RehearsalError naming the turn and the reason.
    """
    try:
        whole = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RehearsalError(f"the meeting file cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise RehearsalError("the meeting file is not JSON in UTF-8") from error
    turns = whole.get("turns") if isinstance(whole, dict) else None
    if not isinstance(turns, list):
        raise RehearsalError("the meeting file has no list of turns")
    read = [turn for index, raw in enumerate(turns) if (turn := _turn(index, raw)) is not None]
    if not read:
        raise RehearsalError("nobody says anything in the meeting file")
    title = whole.get("id")
    return MeetingFile(
        title if isinstance(title, str) else path.stem,
        tuple(sorted(read, key=lambda turn: (turn.start, turn.index))),
    )


def _turn(index: int, raw: Any) -> MeetingTurn | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        raise RehearsalError(f"turn {index} of the meeting file: text is missing")
    if not raw["text"].strip():
        return None
    speaker, start, end = raw.get("speaker"), raw.get("start"), raw.get("end")
    if not isinstance(speaker, str) or not speaker.strip():
        raise RehearsalError(f"turn {index} of the meeting file: speaker is missing")
    if not isinstance(start, (int, float)) or not isinstance(end, (int, float)) or not 0 <= start <= end:
        raise RehearsalError(f"turn {index} of the meeting file: start and end must be seconds in order")
    return MeetingTurn(index, speaker.strip(), raw["text"].strip(), float(start), float(end))


async def play(
    meeting: Meeting,
    source: Path | MeetingFile,
    *,
    speed: float,
    begin: float,
    until: float | None,
    sound: bool,
) -> int:
    """Say the turns of `source` that start in [begin, until); see `Meeting.play`."""
    if not speed > 0:
        raise RehearsalError("the speed of a meeting must be above 0")
    recording = load_meeting_file(source) if isinstance(source, Path) else source
    turns = [t for t in recording.turns if t.start >= begin and (until is None or t.start < until)]
    people = cast_of(meeting, recording.speakers)
    aloud = sound and speed <= FASTEST_SPOKEN
    zero = meeting.now() - begin / speed
    # A person's next turn waits for their last: nobody speaks over themselves.
    last: dict[str, Line] = {}
    coming: deque[asyncio.Task[Spoken]] = deque()
    todo = iter(turns)

    def prepare_more() -> None:
        while len(coming) < _AHEAD and (turn := next(todo, None)) is not None:
            work = _fitted(meeting, people[turn.speaker], turn, speed, aloud)
            coming.append(asyncio.create_task(work, name="rehearsal-prepare"))

    try:
        for turn in turns:
            prepare_more()
            spoken = await coming[0]
            coming.popleft()
            await meeting.until(zero + turn.start / speed)
            if (before := last.get(turn.speaker)) is not None:
                await before.done
            last[turn.speaker] = await meeting.say(people[turn.speaker].id, turn.text, spoken=spoken)
        for line in last.values():
            await line.done
    except BaseException:
        for line in last.values():
            meeting.stop(line)
        raise
    finally:
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
    return len(turns)


def cast_of(meeting: Meeting, speakers: Iterable[str]) -> dict[str, Person]:
    """The people who say the turns: those already here by name, the others join."""
    return {speaker: meeting.find(speaker) or meeting.add(speaker) for speaker in speakers}


async def _fitted(meeting: Meeting, person: Person, turn: MeetingTurn, speed: float, aloud: bool) -> Spoken:
    """The turn's sound, squeezed into the time it had, but never more than twice as fast as the voice
    speaks.
    """
    slot = (turn.end - turn.start) / speed
    if not aloud:
        return silent(turn.text, max(slot, 0.05))
    spoken = await meeting.prepare(person, turn.text)
    factor = min(FASTEST_SPOKEN, spoken.seconds / slot) if slot > 0.2 else speed
    if factor <= 1.05:
        return spoken
    return await asyncio.to_thread(_squeezed, spoken, factor)


def _squeezed(spoken: Spoken, factor: float) -> Spoken:
    pcm = hurry(spoken.pcm, factor, rate=RATE)
    words = tuple(type(w)(w.text, (w.start or 0.0) / factor, (w.end or 0.0) / factor) for w in spoken.words)
    return Spoken(pcm, words, len(pcm) / RATE)
