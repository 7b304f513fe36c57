"""The page's pure parts, tested in Node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "page").glob("*.test.mjs")), ids=lambda p: p.stem)
def test_the_pages_parts(path):
    """
    Every test of the file passes under `node --test`.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the page's parts cannot be tested alone")
    done = subprocess.run(
        [node, "--test", "--test-reporter=spec", str(path)], capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout[-4000:]
