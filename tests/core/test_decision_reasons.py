"""Every reason a decision can have is explained, in the code and in the document."""

from __future__ import annotations

import re
from pathlib import Path

from server.core.decision import REASONS

ROOT = Path(__file__).parents[2]


def test_every_reason_is_documented():
    """docs/decisions.md lists exactly the reasons that exist, with the same words."""
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", (ROOT / "docs/decisions.md").read_text(encoding="utf-8"), re.M)
    assert {name: words.strip() for name, words in rows} == REASONS


def test_every_reason_is_used():
    """No reason is only words: each one appears in the core."""
    core = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "server/core").rglob("*.py") if path.name != "decision.py"
    )
    assert {name for name in REASONS if f'"{name}"' not in core} == set()
