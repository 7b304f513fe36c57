"""What a seat records of what came in, when it was asked to: the seat's words for `media.recorder`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.hosts.base import Person, Picture, Source
from server.media.recorder import Limits, Recorder


class Recording:
    """One seat's recording. Calls never wait and never raise; `view` says what became of it."""

    def __init__(self, root: Path, session: str, limits: Limits) -> None:
        self._recorder = Recorder(root, session, limits)
        self._names: dict[str, str] = {}

    def sound(self, pcm: bytes, person: Person | None, at: float | None) -> None:
        """Sound of one person, or of the whole meeting."""
        self._named(person)
        self._recorder.hear(pcm, person.id if person is not None else "", at)

    def picture(self, picture: Picture) -> None:
        """A picture or a stretch of film."""
        self._named(picture.person)
        id = picture.person.id if picture.person is not None else ""
        self._recorder.see(id, picture.source, picture.coding, picture.data, picture.at)

    def over(self, person: Person | None, source: Source) -> None:
        """The stream of this source ended."""
        self._recorder.end(person.id if person is not None else "", source)

    def line(self, speaker: str, text: str, at: float) -> None:
        """A line of the transcript; `at` is seconds of the session."""
        minutes, seconds = divmod(int(at), 60)
        self._recorder.line(f"[{minutes}:{seconds:02d}] {speaker or 'Someone'}: {' '.join(text.split())}")

    def view(self) -> dict[str, Any]:
        """How much there is, why it ended before its time, and what was left out, by kind."""
        trouble = self._recorder.trouble
        return {
            "bytes": self._recorder.written,
            "trouble": trouble.line if trouble is not None else "",
            "left_out": dict(self._recorder.counts),
        }

    async def close(self) -> None:
        """Make it whole. May be called twice."""
        await self._recorder.close()

    def _named(self, person: Person | None) -> None:
        if person is not None and person.name and self._names.get(person.id) != person.name:
            self._names[person.id] = person.name
            self._recorder.person(person.id, person.name)
