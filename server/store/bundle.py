"""Everything there is of a session as one archive: its transcript in every form, and what was recorded of it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.errors import TapeError
from server.media.takes import files, folder_of, repair
from server.store.export import FORMATS

#: what is packed already: trying again only takes time
_PACKED = {".mkv", ".mp4", ".jpg", ".png"}


@dataclass(frozen=True, slots=True)
class Bundle:
    """The archive that was written."""

    path: Path
    files: int
    bytes: int


def bundle(path: Path, text: Callable[[str], str], recordings: Path, session: str) -> Bundle:
    """Write the archive, mode 0600; `text` gives the transcript in one of `FORMATS`.

    A recording that a crash left unfinished is made whole first. Waits for the disk. Raises TapeError.
    """
    folder = folder_of(recordings, session)
    if folder.is_dir():
        repair(recordings)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
            for form in FORMATS:
                archive.writestr(f"transcript.{form}", text(form))
            for file in files(recordings, session):
                packing = zipfile.ZIP_STORED if file.suffix in _PACKED else zipfile.ZIP_DEFLATED
                archive.write(file, f"recording/{file.relative_to(folder)}", compress_type=packing)
            count = len(archive.namelist())
    except OSError as error:
        raise TapeError(f"the archive could not be written: {error.strerror or type(error).__name__}") from error
    return Bundle(path, count, path.stat().st_size)
