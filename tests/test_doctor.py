"""The doctor: says what is missing and what to do, whatever the machine is like."""

import math
import socket
from array import array
from contextlib import closing

import pytest

from server.chromium import find_chromium
from server.doctor import Finding, examine, render
from server.errors import ProviderRefused, ProviderTimeout
from server.settings import Settings
from server.store.tape import SqliteTape
from server.voices.base import Sound

pytestmark = pytest.mark.anyio


class Speaker:
    """A voice that says a tone, or silence, or nothing."""

    name = "speaker"
    line = "speaker speaks"

    def __init__(self, level: int = 9000, error: Exception | None = None) -> None:
        self.level, self.error, self.closed = level, error, False

    async def speak(self, text, *, voice="", language="en"):
        if self.error:
            raise self.error
        tone = [int(self.level * math.sin(n / 10)) for n in range(12_000)]
        yield Sound(array("h", tone[:6000]).tobytes())
        yield Sound(array("h", tone[6000:]).tobytes())

    async def check(self):
        return self.line

    async def close(self):
        self.closed = True


class Thinker:
    """A brain that is reachable, or is not."""

    name = "thinker"

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.closed = error, False

    async def check(self):
        if self.error:
            raise self.error
        return "thinker answers"

    async def close(self):
        self.closed = True


@pytest.fixture(autouse=True)
def no_browser(request, monkeypatch):
    """Most of these tests are not about the browser: hide it."""
    if "browser" not in request.keywords:
        monkeypatch.setenv("CHROME_PATH", "/no/such/browser")


@pytest.fixture
def port() -> int:
    """A port that is free, and that no ngrok leads to."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def look(tmp_path, port, voice=None, brain=None, transcriber=None, **settings) -> dict[str, Finding]:
    voice, brain = voice or Speaker(), brain or Thinker()
    chosen = Settings(data_dir=tmp_path / "data", port=port, ngrok_api="http://127.0.0.1:1", **settings)
    found = await examine(chosen, make_voice=lambda: voice, make_brain=lambda: brain, check_transcriber=transcriber)
    assert voice.closed and brain.closed
    for finding in found:
        assert "\n" not in finding.line + finding.fix
        assert finding.line
        assert finding.ok is True or finding.fix, f"{finding.name}: nothing said about what to do"
    return {finding.name: finding for finding in found}


async def test_a_sound_machine(tmp_path, port):
    """Where everything is there, nothing is wrong; what is only for real meetings or rehearsals is not an
    error."""
    found = await look(tmp_path, port)
    assert not [name for name, finding in found.items() if finding.ok is False]
    assert found["voice"].line.startswith("speaker speaks: 0.5 s of sound")
    assert found["brain"].line == "thinker answers"
    assert found["transcription"].ok is None
    assert found["public address"].ok is None
    assert found["tape"].line.startswith("none yet")
    assert not (tmp_path / "data").exists()


async def test_a_voice_that_fails_or_is_silent(tmp_path, port):
    """A voice is judged by its sound, not by its word."""
    found = await look(tmp_path, port, voice=Speaker(error=ProviderRefused("the key is wrong")))
    assert (found["voice"].ok, found["voice"].line) == (False, "the key is wrong")
    found = await look(tmp_path, port, voice=Speaker(level=0))
    assert (found["voice"].ok, found["voice"].line) == (False, "speaker gave silence")


async def test_a_voice_another_stands_in_for(tmp_path, port):
    """When the configured voice fails and another speaks for it, that is a failure all the same."""
    voice = Speaker()
    voice.line = "openai failed (refused: the key is wrong); speaker speaks"
    assert (await look(tmp_path, port, voice=voice))["voice"].ok is False


async def test_transcription(tmp_path, port):
    """A transcription that is configured is tried, and one that fails says why."""

    async def works() -> str:
        return "openai: model live-1"

    async def fails() -> str:
        raise ProviderRefused("the transcription provider refused the connection (401)")

    found = (await look(tmp_path, port, transcriber=works))["transcription"]
    assert (found.ok, found.line) == (True, "openai: model live-1")
    found = (await look(tmp_path, port, transcriber=fails))["transcription"]
    assert (found.ok, found.line) == (False, "the transcription provider refused the connection (401)")


def test_findings_read_as_lines():
    """The report has a line for each finding, what to do below those that need it, and a sum."""
    text = render(
        [
            Finding("python", True, "Python 3.11"),
            Finding("voice", False, "silent", "turn it up"),
            Finding("chromium", None, "none", "install it"),
        ]
    )
    assert text.splitlines() == [
        "ok   python    Python 3.11",
        "no   voice     silent",
        "               > turn it up",
        "-    chromium  none",
        "               > install it",
        "1 thing needs attention.",
    ]
    assert render([]) == "Everything needed is here."


async def test_a_brain_that_is_out_of_reach(tmp_path, port):
    """A brain that does not answer is named, with the settings to look at."""
    found = await look(tmp_path, port, brain=Thinker(ProviderTimeout("no answer in 4 s")))
    assert found["brain"].ok is False
    assert "OPENAI_BASE_URL" in found["brain"].fix


async def test_a_check_that_breaks_is_a_finding(tmp_path, port):
    """An error nobody thought of ends one check, is named by its type, and does not repeat its text."""
    found = await look(tmp_path, port, brain=Thinker(RuntimeError("secret text")))
    assert found["brain"].line == "the check failed (RuntimeError)"


async def test_a_port_that_is_taken(tmp_path, port):
    """A port someone listens on is named, and another suggested."""
    with closing(socket.socket()) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        found = await look(tmp_path, port)
    assert found["port"].ok is False
    assert f"port {port} is taken" in found["port"].line
    assert (await look(tmp_path, port))["port"].ok is True
    assert (await look(tmp_path, port, host="203.0.113.1"))["port"].ok is False


async def test_tapes_of_every_kind(tmp_path, port):
    """A good tape is counted, a damaged one is said to be kept aside later, a closed place is said to be
    one."""
    tape = SqliteTape(tmp_path / "data" / "tape.db")
    tape.open_session("a")
    await tape.close()
    assert (await look(tmp_path, port))["tape"].line == "sessions on it: 1"
    before = b"noise" * 1000
    tape.path.write_bytes(before)
    found = (await look(tmp_path, port))["tape"]
    assert (found.ok, "kept aside" in found.fix) == (False, True)
    assert tape.path.read_bytes() == before
    (tmp_path / "file").touch()
    found = (await look(tmp_path, port, tape=tmp_path / "file" / "tape.db"))["tape"]
    assert (found.ok, found.line) == (False, "its folder cannot be written")


async def test_no_browser_is_said(tmp_path, port):
    """Without Chromium the doctor says how to get one, and that the microphone was not looked at."""
    found = await look(tmp_path, port)
    assert (found["chromium"].ok, found["microphone"].ok) == (None, None)
    assert "CHROME_PATH" in found["chromium"].fix


def test_a_browser_that_is_named_is_taken(tmp_path):
    """CHROME_PATH is stronger than what is installed; one that names no program finds nothing."""
    program = tmp_path / "chrome"
    program.write_text("#!/bin/sh\n")
    assert find_chromium({"CHROME_PATH": str(program), "PATH": "/usr/bin"}) is None
    program.chmod(0o755)
    assert find_chromium({"CHROME_PATH": str(program), "PATH": "/usr/bin"}) == str(program)
    (tmp_path / "google-chrome").symlink_to(program)
    assert find_chromium({"PATH": str(tmp_path)}) == str(tmp_path / "google-chrome")


@pytest.mark.browser
async def test_the_microphone_is_heard_in_a_real_browser(tmp_path, port):
    """Chromium is started, its fake microphone opened, and sound comes out at 16 kHz."""
    if find_chromium() is None:
        pytest.skip("no Chromium on this machine")
    pytest.importorskip("playwright", reason="playwright is not installed")
    found = await look(tmp_path, port)
    assert "Chrom" in found["chromium"].line
    assert (found["microphone"].ok, found["microphone"].line) == (
        True,
        "the browser's microphone gives sound at 16000 Hz",
    )
