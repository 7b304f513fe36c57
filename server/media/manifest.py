"""The description of a take: what its files are, whose they are, and whether all of it is there."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

MANIFEST = "manifest.json"
VERSION = 1

Kind = Literal["sound", "h264", "film", "snapshots", "transcript", "sheet"]
#: recording: now, or its process died; unfinished: over, but some file could not be made whole yet; complete: whole.
State = Literal["recording", "unfinished", "complete"]


@dataclass(slots=True)
class Entry:
    """One file of a take; of snapshots all files of one source."""

    file: str
    kind: Kind
    #: key into the manifest's people, or ""
    who: str = ""
    source: str = ""
    #: second of the recording at which it begins
    start: float = 0.0
    seconds: float = 0.0
    bytes: int = 0
    frames: int = 0
    #: one word if something is wrong with it: missing (PyAV), damaged, stuck, failed, space
    trouble: str = ""


@dataclass(slots=True)
class Manifest:
    """What a take holds."""

    session: str
    #: seconds since 1970
    began: float
    ended: float | None = None
    state: State = "recording"
    #: why it ended before its time: limit, full, space, readonly, failed, crash; "" if it did not
    trouble: str = ""
    #: key -> {"id", "name"}
    people: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    files: list[Entry] = field(default_factory=list)
    #: what was left out, by one word
    dropped: dict[str, int] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Replace the manifest in one step. Raises OSError."""
        part = folder / f"{MANIFEST}.part"
        text = json.dumps({"version": VERSION, **asdict(self)}, indent=1)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(part, folder / MANIFEST)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Raises OSError when it cannot be read, ValueError when it is none."""
        try:
            told: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
            if told.pop("version") != VERSION:
                raise ValueError("a manifest of another version")
            return cls(**{**told, "files": [Entry(**each) for each in told["files"]]})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("a manifest that is none") from error
