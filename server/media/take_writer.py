"""One take on its way to the disk. For one thread, which may wait for it."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from server.media.manifest import Entry, Kind, Manifest
from server.media.pieces import AccessUnit, FilmPart, Line, Named, Piece, Shot, Voice, Written
from server.media.takes import RESERVE, Remux, finish, folder_of, takes
from server.media.tracks import Plain, Snapshots, Sound, Track, Units, make

#: Space kept so that a take on a full disk can still be made whole.
_RESERVED = 64 << 10

TroubleCode = Literal["limit", "space", "full", "readonly", "failed"]


class Ended(Exception):
    """A recording cannot go on, for this reason. Not an error of anybody's."""

    def __init__(self, code: TroubleCode) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Limits:
    """What a recording may take. Bytes on the disk."""

    #: of one session, all its takes together
    session: int = 4 << 30
    #: free space of the disk below which a recording ends
    floor: int = 500 << 20


class TakeWriter:
    """The files of a take and its manifest. Methods raise `Ended` when the recording must end."""

    def __init__(self, root: Path, session: str, limits: Limits, began: float) -> None:
        """Make the folder. `began`: seconds since 1970."""
        self._limits = limits
        self._manifest = Manifest(session, began)
        self._tracks: dict[str, Track] = {}
        with _translated():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder_of(root, session).mkdir(mode=0o700, exist_ok=True)
            before = takes(root, session)
            #: bytes on the disk, of all takes of the session
            self.written = sum(path.stat().st_blocks * 512 for take in before for path in take.iterdir())
            number = int(before[-1].name.rpartition("-")[2]) if before else 0
            self.folder = folder_of(root, session) / f"take-{number + 1}"
            self.folder.mkdir(mode=0o700)
            with make(self.folder / RESERVE) as reserve:
                reserve.write(bytes(_RESERVED))
            self._manifest.write(self.folder)

    def write(self, piece: Piece) -> None:
        """Write a piece, or what it says into the manifest."""
        if isinstance(piece, Named):
            self._name(piece)
            return
        if self.written + len(piece.data) > self._limits.session:
            raise Ended("limit")
        with _translated():
            track = self._tracks.get(piece.file) or self._begin(piece)
            self.written += track.write(piece)

    def flush(self) -> None:
        """Hand everything to the system, and see whether there is space for more."""
        with _translated():
            for track in self._tracks.values():
                track.flush()
            if shutil.disk_usage(self.folder).free < self._limits.floor:
                raise Ended("space")

    def finish(self, ended: float, trouble: str, dropped: dict[str, int], remux: Remux) -> None:
        """Make the take whole. Raises OSError when that cannot be; `repair` may do it later."""
        self._close()
        self._manifest.ended, self._manifest.trouble, self._manifest.dropped = ended, trouble, dropped
        finish(self.folder, self._manifest, remux=remux)

    def discard(self) -> None:
        """Delete the take, and the session's folder if it was the only one. Raises OSError."""
        self._close()
        shutil.rmtree(self.folder)
        with contextlib.suppress(OSError):
            self.folder.parent.rmdir()

    def _name(self, piece: Named) -> None:
        told = {"id": piece.id, "name": piece.name}
        if self._manifest.people.get(piece.who) != told:
            self._manifest.people[piece.who] = told
            with _translated():
                self._manifest.write(self.folder)

    def _begin(self, piece: Written) -> Track:
        path = self.folder / piece.file
        kind, make_track = _kind(piece)
        # Sound begins with the recording, whenever its first sample came.
        start = 0.0 if kind in ("sound", "transcript") else round(piece.at, 3)
        # The manifest first: what it does not name is not found after a crash.
        self._manifest.files.append(
            Entry(path.name, kind, piece.who, "" if isinstance(piece, Voice) else piece.source, start)
        )
        self._manifest.write(self.folder)
        track = self._tracks[piece.file] = make_track(path)
        return track

    def _close(self) -> None:
        for track in self._tracks.values():
            with contextlib.suppress(OSError):
                track.close()


def _kind(piece: Written) -> tuple[Kind, Callable[[Path], Track]]:
    match piece:
        case Voice():
            return "sound", Sound
        case AccessUnit():
            return "h264", Units
        case FilmPart():
            return "film", Plain
        case Shot():
            return "snapshots", Snapshots
        case Line():
            return "transcript", Plain


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """What the system says, as the reason for which a recording ends."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Ended("full") from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST):
            raise Ended("readonly") from error
        raise Ended("failed") from error
