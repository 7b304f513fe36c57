"""Imports point inwards: web to session to core, and every outside part to core's types only."""

import ast
import sys
from pathlib import Path

import pytest

SERVER = Path(__file__).parent.parent / "server"

#: Modules of ours that anyone may use: errors, and what has no knowledge of the rest.
EVERYONE = {"errors", "addresses", "__version__"}

#: What each room of the house may import, besides itself and EVERYONE. A single file directly in server/ is a room.
#: Rooms are named by their first part; `brains.base` allows that file alone.
ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "addresses": set(),
    "errors": set(),
    "assets": set(),
    "chromium": set(),
    "telemetry": set(),
    "settings": set(),
    "media": {"core"},
    "brains": {"core"},
    # a voice of a provider shares its client and the translation of its errors with the brain of that provider
    "voices": {"core", "media", "brains.openai_client", "brains.openai_errors"},
    "ears": {"core", "media"},
    "hosts": {"core", "media"},
    "store": {"core", "media"},
    "tunnel": set(),
    "evals": {"core", "store"},
    "playout": {"core", "voices.base"},
    "listening": {"core", "ears.base"},
    "session": {"core", "playout", "listening", "brains.base", "voices.base", "ears.base", "store.base", "store.codec"},
    "measures": {"core", "session", "telemetry"},
    "replay": {"core", "store"},
    "hub": {"core", "session", "store"},
    "web": {"core", "session", "hub", "assets", "hosts", "seats", "media", "rehearsal", "store.base", "telemetry"},
    "rehearsal": {
        "core", "session", "hub", "assets", "chromium", "settings", "telemetry", "tunnel", "measures", "replay",
        "brains", "voices", "ears", "hosts", "media", "store", "web", "evals", "playout",
    },
    "seats": {
        "core", "session", "hub", "hosts", "media", "playout", "ears.base", "brains.base", "store.base",
    },
    "doctor": {"brains.base", "voices.base", "chromium", "settings", "store", "tunnel"},
}  # fmt: skip

#: The outermost ring: wires the concrete parts together, and starts it.
OUTERMOST = {"app", "app_seats", "serving", "cli", "cli_bots"}
MAY_IMPORT_APP = {"app", "cli", "serving"}


def modules() -> list[tuple[str, Path]]:
    """Every module of the server by its dotted name below `server`."""
    found = []
    for path in sorted(SERVER.rglob("*.py")):
        parts = list(path.relative_to(SERVER).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        if parts:
            found.append((".".join(parts), path))
    return found


def imports(path: Path) -> set[str]:
    """Dotted names a file imports, also inside functions and behind TYPE_CHECKING."""
    names: set[str] = set()
    package = ["server", *path.relative_to(SERVER).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package[: len(package) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def ours(path: Path) -> set[str]:
    """What a file imports of the server, as dotted names below `server` that lead to a module or into one."""
    return {name.removeprefix("server.") for name in imports(path) if name.startswith("server.")}


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_imports_point_inwards(module, path):
    """A module imports only from the rooms its own room may look into."""
    room = module.split(".")[0]
    if room in OUTERMOST:
        return
    assert room in ALLOWED, f"server/{room} is new: say in tests/test_layers.py what it may import"
    allowed = ALLOWED[room] | EVERYONE | {room}
    wrong = sorted(name for name in ours(path) if not any(within(name, each) for each in allowed))
    assert not wrong, f"server.{module} imports {', '.join(wrong)}"


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_nobody_imports_app_but_those_who_start_it(module, path):
    """`app` wires concrete parts together; whoever imported it would be wired to all of them."""
    if module in MAY_IMPORT_APP:
        return
    outer = {name for name in ours(path) if name.split(".")[0] in OUTERMOST}
    assert not outer


CORE = [(name, path) for name, path in modules() if within(name, "core")]

#: Parts of the standard library that would let time, chance, the network or the disk into the core.
NOT_IN_CORE = {
    "asyncio", "logging", "random", "secrets", "socket", "ssl", "threading", "multiprocessing", "subprocess", "time",
    "datetime", "urllib", "http", "os", "pathlib", "io", "tempfile", "uuid", "sched", "selectors", "shutil",
}  # fmt: skip


@pytest.mark.parametrize(("module", "path"), CORE, ids=[name for name, _ in CORE])
def test_the_core_is_pure(module, path):
    """The core uses the standard library only, and of it nothing that knows time, chance, network or disk."""
    outside = {name.split(".")[0] for name in imports(path)} - {"server"}
    assert outside <= set(sys.stdlib_module_names) | {"__future__"}
    assert not outside & NOT_IN_CORE
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"print", "open", "input", "exec", "eval"}


def test_the_walk_sees_imports_of_every_form(tmp_path, monkeypatch):
    """Plain, aliased, relative and late imports are all found, so none can slip through."""
    monkeypatch.setattr(sys.modules[__name__], "SERVER", tmp_path)
    (tmp_path / "core").mkdir()
    file = tmp_path / "core" / "x.py"
    file.write_text(
        "import server.web.gate as g\nfrom server import app\nfrom ..store import tape\nfrom . import y\n"
        "def late():\n    from server.session import Session\n"
    )
    assert ours(file) == {"web.gate", "app", "store.tape", "core.y", "session.Session"}
