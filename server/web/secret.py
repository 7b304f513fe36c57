"""The secret that signs tokens: set by the operator, or made once and kept beside the tape."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path

log = logging.getLogger("parley.access")

#: Characters a secret has at least; also what the setting asks for.
SHORTEST = 16


def signing_secret(given: str, data_dir: Path) -> str:
    """The secret in use: `given`, else the one kept in `data_dir/secret`, else a new one.

    A new one is kept with mode 0600, so that a page in a meeting survives our restart. When the folder cannot
    be written the secret lives as long as the process, and the log says so.
    """
    if given:
        return given
    file = data_dir / "secret"
    fresh = secrets.token_urlsafe(32)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _kept(file) or fresh
    except OSError as error:
        log.warning("no secret can be kept (%s): pages will not survive a restart", type(error).__name__)
        return fresh
    with os.fdopen(handle, "w") as out:
        out.write(fresh)
    return fresh


def _kept(file: Path) -> str:
    """The secret in the file, or nothing when it is unreadable or too short to be one."""
    try:
        kept = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        kept = ""
    if len(kept) < SHORTEST:
        log.warning("the kept secret cannot be used: pages will not survive a restart")
        return ""
    return kept
