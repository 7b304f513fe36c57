"""The documents: links lead somewhere, commands exist, and nothing of one machine is written down."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

from server.assets import static_dir

ROOT = Path(__file__).parent.parent


def tracked() -> list[Path]:
    """Every file of the repository; of an unpacked archive, everything outside of what tools leave behind."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split("\0")
        return [path for name in names if name and (path := ROOT / name).is_file()]
    left_behind = {".venv", "node_modules", "__pycache__", ".git", "dist"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not left_behind & set(path.parts)]


DOCUMENTS = sorted(path for path in tracked() if path.suffix == ".md")
#: [text](target) and [text]: target, outside of code.
LINK = re.compile(r"\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors GitHub makes of a document's headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*$", CODE.sub(_keep_code, path.read_text(encoding="utf-8")), re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        number, name = 0, plain
        while name in found:
            number += 1
            name = f"{plain}-{number}"
        found.add(name)
    return found


def _keep_code(found: re.Match[str]) -> str:
    """Blocks of code are no headings; words set as code in a heading are part of it."""
    return "" if found[0].startswith("```") else found[0].strip("`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    """Every link to a file of the repository leads to one, and every anchor to a heading."""
    text = CODE.sub("", document.read_text(encoding="utf-8"))
    broken = []
    for first, second in LINK.findall(text):
        target = unquote(first or second)
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


def test_documents_are_reachable():
    """Every document in docs/ is linked from the README or from another document."""
    linked = set()
    for document in DOCUMENTS:
        for first, second in LINK.findall(document.read_text(encoding="utf-8")):
            linked.add((document.parent / unquote(first or second).partition("#")[0]).resolve())
    folders = {path for path in linked if path.is_dir()}
    lost = [
        str(path.relative_to(ROOT))
        for path in DOCUMENTS
        if ROOT / "docs" in path.parents and path not in linked and not folders & set(path.parents)
    ]
    assert not lost, "link them from README.md"


def test_commands_in_the_documents_exist():
    """A `make` target that a document names is in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name for path in DOCUMENTS for name in re.findall(r"(?:`|^\s*|\$ )make ([a-z]+)\b", path.read_text(), re.M)
    }
    assert named <= targets


def test_the_makefile_helps():
    """Every target of the Makefile says what it is for."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    text = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^([a-z]+):", text, re.MULTILINE):
        assert f"make {target}" in done.stdout


#: What must not be written into the repository. In two pieces, so that this file is clean itself.
FORBIDDEN = [
    re.compile(pattern)
    for pattern in (
        "/" + r"(?:work|root|Users)/\w",  # paths of one machine
        "/" + r"home/(?!parley\b)\w",
        "/" + r"(?:opt|srv)/(?:pypi|wheels)",
        "files" + r"\.pythonhosted\.org",  # registries: where packages come from is the installer's affair
        "pypi" + r"\.org/simple",
        "registry" + r"\.npmjs\.org",
        "registry" + r"\.yarnpkg\.com",
        "--" + r"(?:extra-)?index-url\s+\S*://",
        r"\bsk-(?:proj-)?" + r"[A-Za-z0-9]{20,}",  # keys
        "-----BEGIN " + "[A-Z ]*PRIVATE KEY",
    )
]


def test_nothing_of_one_machine_is_written_down():
    """No tracked file holds a path of somebody's machine, a package registry's address or a key."""
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # pictures, sound and fonts
        found += [f"{path.relative_to(ROOT)}: {hit[0]!r}" for each in FORBIDDEN if (hit := each.search(text))]
    assert not found


def test_locks_name_versions_and_hashes_only():
    """Each line of a lock is a version with hashes; the bigger locks hold everything the smaller ones do."""
    locked = {}
    for name in ("requirements.lock", "requirements-rehearse.lock", "requirements-dev.lock"):
        lines = (ROOT / name).read_text().replace("\\\n", "").splitlines()
        assert all(re.match(r"[a-z0-9.\-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line) for line in lines), name
        locked[name] = {line.split(" ")[0] for line in lines}
    assert locked["requirements.lock"] <= locked["requirements-rehearse.lock"] <= locked["requirements-dev.lock"]


def test_pages_load_nothing_from_elsewhere():
    """Templates, styles and scripts name no address outside, but the meeting data of the bot's own browser."""
    outside = []
    for path in [*(ROOT / "templates").rglob("*.html"), *static_dir().rglob("*.js"), *static_dir().rglob("*.css")]:
        for address in re.findall(r"(?:https?|wss?)://[^\s\"'`<>)]+", path.read_text(encoding="utf-8")):
            where = re.split(r"[/:]", address.split("://")[1])[0]
            if where not in ("127.0.0.1", "localhost", "meeting-data.bot.recall.ai", "www.w3.org") and "$" not in where:
                outside.append(f"{path.relative_to(ROOT)}: {address}")
    for line in outside:
        name, address = line.split(": ", 1)
        text = (ROOT / name).read_text(encoding="utf-8")
        # an address in a comment explains something; anywhere else it would be fetched
        comments = re.findall(r"//[^\n]*|/\*.*?\*/|<!--.*?-->|\{#.*?#\}", text, re.DOTALL)
        assert any(address in comment for comment in comments), line
