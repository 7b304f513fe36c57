"""The wire is described three times: messages.py, docs/protocol.md and messages.js say the same."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from server.core import messages

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
SCRIPT = (ROOT / "static" / "agent" / "messages.js").read_text(encoding="utf-8")

MESSAGES = (*messages.FROM_PAGE, *messages.TO_PAGE)
PARTS = (messages.Resume, messages.Card)


def tag(kind: type) -> str:
    """The word in a message's `type` field."""
    return str(next(f.default for f in fields(kind) if f.name == "type"))


def names(kind: type) -> set[str]:
    """A message's fields without `type`."""
    return {f.name for f in fields(kind)} - {"type"}


def section(heading: str, among: str) -> str:
    """The text under a heading, up to the next of the same level."""
    parts = re.split(r"^### ", among, flags=re.MULTILINE)
    found = [part for part in parts if part.splitlines()[0].strip() == heading]
    assert len(found) == 1, f"docs/protocol.md has {len(found)} sections named {heading}"
    return re.split(r"^## ", found[0], flags=re.MULTILINE)[0]


def documented(text: str) -> set[str]:
    """The fields in the first column of a section's tables."""
    out: set[str] = set()
    for row in re.findall(r"^\| (`[^|]+) \|", text, flags=re.MULTILINE):
        out |= set(re.findall(r"`([a-z_]+)`", row))
    return out


def typedefs() -> dict[str, set[str]]:
    """The properties of every JSDoc typedef in messages.js."""
    out = {}
    for block in re.findall(r"/\*\*(.*?)\*/", SCRIPT, flags=re.DOTALL):
        if found := re.search(r"@typedef \{object\} (\w+)", block):
            out[found[1]] = set(re.findall(r"@property \{.+\} (\w+)", block)) - {"type"}
    return out


def chapter(direction: str) -> str:
    """The chapter of one direction: both have a `transcript`-like namesake such as `line`, `card` or `trouble`."""
    return re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)[
        next(i for i, c in enumerate(re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)) if c.startswith(direction))
    ]


@pytest.mark.parametrize("kind", messages.FROM_PAGE)
def test_what_the_page_says_is_documented(kind):
    """
    Each message of the page has a section with each of its fields, and none it does not have.
    """
    assert documented(section(f"`{tag(kind)}`", chapter("From the page"))) == names(kind)


@pytest.mark.parametrize("kind", messages.TO_PAGE)
def test_what_the_backend_says_is_documented(kind):
    """
    Each message of the backend has a section with each of its fields, and none it does not have.
    """
    assert documented(section(f"`{tag(kind)}`", chapter("From the backend"))) == names(kind)


@pytest.mark.parametrize("kind", PARTS)
def test_the_parts_are_documented(kind):
    """
    Resume and Card have their fields in the document too.
    """
    assert names(kind) <= documented(section(kind.__name__, chapter("Parts")))


@pytest.mark.parametrize("kind", [*MESSAGES, *PARTS])
def test_every_message_has_its_typedef(kind):
    """
    messages.js types each message with exactly the backend's fields.
    """
    assert typedefs()[kind.__name__] == names(kind)


def test_the_scripts_checks_know_every_field():
    """
    What messages.js really checks at run time are the same messages and the same fields.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the page's own checks cannot be read")
    program = (
        "import(process.argv[1]).then(m => console.log(JSON.stringify([m.VERSION, m.VOICE, m.SOUND, m.HEADER_BYTES,"
        "...[m.FROM_PAGE, m.TO_PAGE].map(s => Object.fromEntries(Object.entries(s).map("
        "([k, v]) => [k, Object.keys(v)])))])))"
    )
    path = (ROOT / "static" / "agent" / "messages.js").as_uri()
    done = subprocess.run([node, "-e", program, path], capture_output=True, text=True, check=True, timeout=60)
    version, voice, sound, header, up, down = json.loads(done.stdout)

    assert (version, voice, sound) == (messages.VERSION, messages.VOICE, messages.SOUND)
    assert header == messages.HEADER.size
    assert {tag(kind): names(kind) for kind in messages.FROM_PAGE} == {k: set(v) for k, v in up.items()}
    assert {tag(kind): names(kind) for kind in messages.TO_PAGE} == {k: set(v) for k, v in down.items()}
