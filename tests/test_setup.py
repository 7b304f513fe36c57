"""Setting up: what is missing is said in one line, and what is done is not done again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(script: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A script of the repository, in an environment of its own."""
    return subprocess.run(
        [str(ROOT / "scripts" / script), *words],
        env={"PATH": os.environ["PATH"], "HOME": env.get("VENV", "/"), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_no_python_is_said_in_one_line(tmp_path):
    """Without a Python that is new enough the way out is said, and nothing is made."""
    old = program(tmp_path / "old-python", "exit 1")
    for python in ("/no/such/python", str(old)):
        done = run("setup", "requirements.lock", PYTHON=python, VENV=str(tmp_path / "venv"))
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert "3.11 or newer" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_without_venv_is_said_in_one_line(tmp_path):
    """Debian splits the venv module off: the package's name is said, and no half of a folder is left."""
    python = program(tmp_path / "python", f'case "$*" in *venv*) exit 1;; esac; exec {sys.executable} "$@"')
    done = run("setup", "requirements.lock", PYTHON=str(python), VENV=str(tmp_path / "venv"))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "python3-venv" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_an_unknown_lock_is_refused(tmp_path):
    """Only the three locks can be set up."""
    done = run("setup", "other.lock", VENV=str(tmp_path))
    assert (done.returncode, done.stderr) == (1, "parley: there is no lock named other.lock\n")


@pytest.fixture
def done_already(tmp_path):
    """A folder that looks set up for the tests; anything that would install into it fails loudly."""
    (tmp_path / "bin").mkdir()
    for name in ("parley", "python", "uv", "pip"):
        program(tmp_path / "bin" / name, "echo touched; exit 9")
    mark = subprocess.run(
        "cat requirements-dev.lock pyproject.toml scripts/setup | cksum",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (tmp_path / ".done-requirements-dev.lock").write_text(mark)
    return tmp_path


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-rehearse.lock", "requirements-dev.lock"])
def test_what_is_done_is_not_done_again(done_already, lock):
    """Where the biggest lock is installed, each of the three is done at once."""
    done = run("setup", lock, VENV=str(done_already))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_lock_is_installed_again(done_already):
    """A mark of another state does not count."""
    (done_already / ".done-requirements-dev.lock").write_text("0 0\n")
    assert run("setup", "requirements-dev.lock", VENV=str(done_already)).returncode != 0


def test_a_wrong_browser_is_said_in_one_line(tmp_path):
    """When CHROME_PATH names nothing, nothing is installed; the line says what follows."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    done = run("chromium", VENV=str(tmp_path), CHROME_PATH="/no/such/browser")
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
    assert "CHROME_PATH" in done.stderr
