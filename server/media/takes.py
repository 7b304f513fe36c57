"""Recordings on disk: a folder per session, in it a folder per take, in it files and a manifest that describes them.

The files are named by number (`p01.wav`, `p01-webcam.mkv`); names of people are in the manifest only. `finish` makes a
take whole after its end, planned or not, from what is on disk; `repair` does so for all that nobody records any more.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from server.media.fmp4 import Fmp4Error, Splitter
from server.media.manifest import Entry, Kind, Manifest
from server.media.pictures import MediaError, still_of_png
from server.media.pieces import TRANSCRIPT
from server.media.remux import Remuxed, remux
from server.media.sheet import MOST_TILES, Tile, contact_sheet
from server.media.wav import mend

SHEET, RESERVE = "contact-sheet.jpg", ".reserve"
_LOCK = ".lock"
_SHEET_BYTES, _SHEET_WIDTH, _SHEET_COLUMNS = 4 << 20, 1920, 6

#: Makes a film of a byte stream, see `remux`.
Remux = Callable[[Path, Path], Remuxed]


def folder_of(root: Path, session: str) -> Path:
    """Where the takes of a session are. Whatever the session is called, it is a folder directly in `root`."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", session):
        return root / session
    return root / f"session-{hashlib.sha256(session.encode('utf-8', 'replace')).hexdigest()[:32]}"


def takes(root: Path, session: str) -> list[Path]:
    """The takes of a session, the oldest first."""
    found = (path for path in folder_of(root, session).glob("take-*") if path.is_dir() and not path.is_symlink())
    return sorted(found, key=lambda path: (len(path.name), path.name))


def files(root: Path, session: str) -> list[Path]:
    """Every file of a session that somebody may want, for an export. Waits for the disk."""
    hidden = (_LOCK, RESERVE)
    return [
        path
        for take in takes(root, session)
        for path in sorted(take.iterdir())
        if path.is_file() and path.name not in hidden and path.suffix != ".part"
    ]


def forget(root: Path, session: str) -> bool:
    """Delete everything that was recorded of a session; whether there was anything. Raises OSError.

    Waits for the disk. A recorder that still runs, here or in another process, ends with trouble at its next file.
    """
    folder = folder_of(root, session)
    if not folder.is_dir() or folder.is_symlink():
        return False
    with contextlib.suppress(OSError):
        shutil.rmtree(folder)
    if folder.exists():
        shutil.rmtree(folder)  # somebody wrote into it meanwhile
    return True


def repair(root: Path, *, remux: Remux = remux) -> list[Path]:
    """Make whole every take that nobody records any more; which ones were changed. Never raises. Waits for the disk.

    For the start of the server, and before an export.
    """
    mended = []
    for take in sorted(root.glob("*/take-*")):
        with contextlib.suppress(OSError, ValueError), locked(take) as free:
            if not free:
                continue
            manifest = _manifest(take)
            if manifest.state != "complete":
                if manifest.state == "recording":
                    manifest.trouble = manifest.trouble or "crash"
                finish(take, manifest, remux=remux)
                mended.append(take)
    return mended


@contextlib.contextmanager
def locked(take: Path) -> Iterator[bool]:
    """Hold a take for oneself; False if another process or thread does. Freed by the system when a process dies."""
    handle = os.open(take / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _lock(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return True  # a system without it; one server per folder is the rule anyway
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _manifest(take: Path) -> Manifest:
    """The take's manifest, or one made from the files themselves if it is lost."""
    try:
        return Manifest.read(take)
    except (OSError, ValueError):
        pass
    manifest = Manifest(take.parent.name, take.stat().st_ctime, trouble="crash")
    kinds: dict[str, Kind] = {".wav": "sound", ".h264": "h264", ".mkv": "h264", ".mp4": "film"}
    for path in sorted(take.iterdir()):
        who, _, source = path.stem.partition("-")
        if path.suffix in kinds:
            manifest.files.append(Entry(path.name, kinds[path.suffix], who, source))
        elif path.name == TRANSCRIPT:
            manifest.files.append(Entry(path.name, "transcript"))
        elif path.suffix == ".png":
            stem = path.stem.rpartition("-")[0]
            if all(entry.file != stem for entry in manifest.files):
                manifest.files.append(Entry(stem, "snapshots", who, stem.partition("-")[2]))
    return manifest


# ---------------------------------------------------------------- making a take whole


def finish(take: Path, manifest: Manifest, *, remux: Remux = remux) -> None:
    """Make every file whole and describe it. Raises OSError when not even the manifest can be written.

    One file that cannot be made whole keeps its trouble and does not keep the others from it; doing this twice is the
    same as doing it once.
    """
    (take / RESERVE).unlink(missing_ok=True)
    for part in take.glob("*.part"):
        part.unlink(missing_ok=True)
    torn = manifest.trouble not in ("", "limit", "space")
    for entry in manifest.files:
        entry.trouble = ""
        try:
            _finish(take, entry, remux, torn)
        except MediaError as error:
            entry.trouble = error.code
        except OSError:
            entry.trouble = "failed"
    manifest.files = [entry for entry in manifest.files if entry.kind != "sheet" and (entry.bytes or entry.trouble)]
    with contextlib.suppress(OSError, MediaError):
        manifest.files += _sheet(take, manifest)
    if manifest.ended is None:
        manifest.ended = max((path.stat().st_mtime for path in take.iterdir()), default=manifest.began)
    retry = any(entry.trouble in ("missing", "stuck", "failed", "space") for entry in manifest.files)
    manifest.state = "unfinished" if retry else "complete"
    manifest.write(take)


def _finish(take: Path, entry: Entry, remux: Remux, torn: bool) -> None:
    path = take / entry.file
    if entry.kind == "snapshots":
        entry.frames = len(shots := _shots(take, entry))
        entry.bytes = sum(shot.stat().st_size for shot in shots)
        return
    if entry.kind == "h264" and path.suffix == ".h264":
        path = _film_of(path, entry, remux)
    entry.bytes = path.stat().st_size if path.exists() else 0
    if not entry.bytes:
        return  # the process died before there was anything in it
    if entry.kind == "sound":
        entry.seconds = round(mend(path), 3)
    elif entry.kind == "film" and torn:
        _cut_off(path)
    entry.bytes = path.stat().st_size


def _film_of(path: Path, entry: Entry, remux: Remux) -> Path:
    film = path.with_suffix(".mkv")
    entry.bytes = size = path.stat().st_size if path.exists() else 0
    if shutil.disk_usage(path.parent).free < size + (1 << 16):
        raise MediaError("space", "there is no space for the film")
    if film.exists():
        entry.file = film.name  # a process died between this and its manifest
    elif size:
        done = remux(path, film)
        entry.frames, entry.seconds = done.frames, round(done.seconds, 3)
        entry.file = film.name
    path.unlink(missing_ok=True)
    path.with_suffix(".idx").unlink(missing_ok=True)
    return film


def _cut_off(path: Path) -> None:
    """Cut what a crash left of the last part off a film."""
    splitter, whole = Splitter(), 0
    with path.open("r+b") as file:
        try:
            while data := file.read(1 << 20):
                whole += sum(len(part.data) for part in splitter.feed(data))
        except Fmp4Error as error:
            whole += sum(len(part.data) for part in error.parts)
        file.truncate(whole)


def _shots(take: Path, entry: Entry) -> list[Path]:
    return sorted(take.glob(f"{entry.file}-[0-9]*.png"))


def _sheet(take: Path, manifest: Manifest) -> list[Entry]:
    """All snapshots in the order of time, with names and times below."""
    shots = sorted(
        (int(shot.stem.rpartition("-")[2]), number, shot, entry)
        for number, entry in enumerate(manifest.files)
        if entry.kind == "snapshots"
        for shot in _shots(take, entry)
    )
    if not shots:
        return []
    step = -(-len(shots) // MOST_TILES)
    tiles = []
    for second, _, shot, entry in shots[::step]:
        name = manifest.people.get(entry.who, {}).get("name") or entry.who
        screen = "" if entry.source == "webcam" else f" {entry.source}"
        with contextlib.suppress(MediaError):
            still = still_of_png(shot.read_bytes(), 480)
            tiles.append(Tile(f"{second // 60}:{second % 60:02} {name}{screen}", still.jpeg))
    jpeg = contact_sheet(tiles, columns=_SHEET_COLUMNS, width=_SHEET_WIDTH, most_bytes=_SHEET_BYTES)
    with os.fdopen(os.open(take / SHEET, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(jpeg)
    return [Entry(SHEET, "sheet", bytes=len(jpeg), frames=len(tiles))]
