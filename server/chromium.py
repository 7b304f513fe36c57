"""Where the Chromium of this machine is: for the rehearsal, the doctor and the tests."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

#: Names of Chromium and its kin on the PATH, the plainest first.
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge-stable")
_MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

#: What to tell someone who has none.
FIX = "install one (Debian: apt-get install chromium) or name it in CHROME_PATH"


def find_chromium(env: Mapping[str, str] | None = None) -> str | None:
    """The program, or None. `CHROME_PATH` wins; when it names no program nothing else is tried, so that a
    wrong one is noticed. Then the names on the PATH, then the usual places, then one that playwright has
    brought."""
    env = os.environ if env is None else env
    if named := env.get("CHROME_PATH", ""):
        return shutil.which(named, path=env.get("PATH"))
    for name in NAMES:
        if found := shutil.which(name, path=env.get("PATH", os.defpath)):
            return found
    usual = _MAC if sys.platform == "darwin" else [f"/usr/bin/{name}" for name in NAMES]
    for place in [*map(Path, usual), *_brought_by_playwright(env)]:
        if place.is_file() and os.access(place, os.X_OK):
            return str(place)
    return None


def _brought_by_playwright(env: Mapping[str, str]) -> list[Path]:
    home = Path(env.get("HOME", "~")).expanduser()
    folder = Path(env.get("PLAYWRIGHT_BROWSERS_PATH", "") or home / ".cache" / "ms-playwright")
    return sorted(folder.glob("chromium-*/chrome-linux*/chrome"), reverse=True) if folder.is_dir() else []
