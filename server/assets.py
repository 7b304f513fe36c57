"""Where templates and static files are, and addresses for them that may be cached for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def folder_of(name: str) -> Path:
    """The folder `templates` or `static`: inside the package when installed, beside it in the repository."""
    inside = _HERE / name
    return inside if inside.is_dir() else _HERE.parent / name


def templates_dir() -> Path:
    return folder_of("templates")


def static_dir() -> Path:
    return folder_of("static")


class Assets:
    """Static files and their versions. A version is the first 12 digits of the file's SHA-256.

    Versions are remembered by modification time and size, so that an edited file shows at the next load.
    """

    def __init__(self, folder: Path | None = None, prefix: str = "/static/") -> None:
        self.folder = (folder or static_dir()).resolve()
        self.prefix = prefix
        # one small entry per file that exists; names that do not are not remembered
        self._known: dict[str, tuple[tuple[int, int], str]] = {}

    def version(self, name: str) -> str:
        """The version of a file, by its name below the folder; empty when there is no such file."""
        try:
            file = (self.folder / name).resolve()
            if not file.is_relative_to(self.folder) or not file.is_file():
                return ""
            stat = file.stat()
            mark = (stat.st_mtime_ns, stat.st_size)
            known = self._known.get(name)
            if known and known[0] == mark:
                return known[1]
            version = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        except (OSError, ValueError):
            return ""
        self._known[name] = (mark, version)
        return version

    def url(self, name: str) -> str:
        """The address of a file, with its version: `/static/agent/app.js?v=0123456789ab`."""
        version = self.version(name)
        return f"{self.prefix}{name}" + (f"?v={version}" if version else "")

    def is_current(self, path: str, query: str) -> bool:
        """Whether a request's path and query ask for a file in the version that it has."""
        if not path.startswith(self.prefix) or not query.startswith("v="):
            return False
        version = self.version(path.removeprefix(self.prefix))
        return bool(version) and query == f"v={version}"
