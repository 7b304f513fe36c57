"""From nothing to the first spoken word: `python -m bench.firstrun [--cold] [--json]`.

Clones the repository into an empty folder, runs `make run` there as a newcomer would, opens a page's socket, asks by
name and waits for the first sound. `--cold` also gives the package tools empty caches, so that everything is downloaded
again. Nothing is left behind; the installed packages are counted and weighed before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from bench.latency.lab import ROOT, free_port
from server.web.access import mint

SECRET = "a secret of the bench, long enough"
#: seconds after which it counts as failed; the aim is one minute
LONGEST = 600.0


def measure(cold: bool) -> dict[str, Any]:
    """Seconds from the beginning to each stage, megabytes of `.venv` and the number of packages in it."""
    with tempfile.TemporaryDirectory(prefix="parley-first-") as folder:
        clone, cache = Path(folder) / "parley", Path(folder) / "cache"
        began = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        stages = {"cloned": time.perf_counter() - began}
        port = free_port()
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "OPENAI_", "VIRTUAL_"))
        }
        env |= {"PORT": str(port), "PARLEY_SECRET": SECRET, "PARLEY_NGROK_API": "http://127.0.0.1:9"}
        if cold:
            env |= {"UV_CACHE_DIR": str(cache / "uv"), "PIP_CACHE_DIR": str(cache / "pip")}
        log = Path(folder) / "log"
        with log.open("wb") as out:
            run = subprocess.Popen(["make", "run"], cwd=clone, env=env, stdout=out, stderr=out, start_new_session=True)
        try:
            until = began + LONGEST
            while not _ready(port):
                if run.poll() is not None or time.perf_counter() > until:
                    raise SystemExit(f"`make run` did not serve:\n{log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.05)
            stages["ready"] = time.perf_counter() - began
            asyncio.run(_first_word(port))
            stages["first word"] = time.perf_counter() - began
        finally:
            _end(run)
        venv = clone / ".venv"
        return {
            "cold": cold,
            "seconds": {stage: round(seconds, 2) for stage, seconds in stages.items()},
            "venv_mb": round(_megabytes(venv), 1),
            "packages": len(list(venv.glob("lib/python*/site-packages/*.dist-info"))),
        }


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return bool(json.load(answer)["ready"])
    except (OSError, ValueError):
        return False


async def _first_word(port: int) -> None:
    """Say something to the agent as a page would, and wait for its first sound."""
    from tests.page_client import PageClient

    async with PageClient(f"ws://127.0.0.1:{port}/agent/socket", mint(SECRET, "first", 600)) as page:
        await page.until_type("welcome")
        await page.hears("Ada Marsh", "Let us ship the beta on Tuesday.", start=1.0)
        await page.hears("Ada Marsh", "Parley, what did I say about the beta?", start=5.0)
        await page.until_true(lambda: any(page.pcm.values()), 60)


def _end(run: subprocess.Popen[bytes]) -> None:
    """End `make` and what it started, by its process group."""
    for sign, patience in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        try:
            os.killpg(run.pid, sign)
        except ProcessLookupError:
            return
        try:
            run.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def _megabytes(folder: Path) -> float:
    """What the files take on the disk, links not followed, each file once."""
    seen: dict[tuple[int, int], int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            at = os.lstat(Path(parent) / name)
            seen[at.st_dev, at.st_ino] = at.st_blocks * 512
    return sum(seen.values()) / 1e6


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.firstrun", description=__doc__)
    parser.add_argument("--cold", action="store_true", help="with empty package caches")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.cold)
    if options.json:
        print(json.dumps(found))
        return
    seconds = found["seconds"]
    print(
        f"From clone to the first spoken word, {'cold' if found['cold'] else 'warm'} package caches: "
        f"{seconds['first word']:.1f} s (aim: 60)\n"
        f"  cloned after {seconds['cloned']:.1f} s, ready after {seconds['ready']:.1f} s\n"
        f"  installed: {found['packages']} packages, {found['venv_mb']:.0f} MB"
    )


if __name__ == "__main__":
    main()
