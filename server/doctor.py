"""What works on this machine and what is missing: one line each, with what to do."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import platform
import shutil
import socket
import sys
import tempfile
import time
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from server.brains.base import Brain
from server.chromium import FIX as CHROMIUM_FIX
from server.chromium import find_chromium
from server.errors import ParleyError
from server.settings import Settings
from server.store.tape import read_sessions
from server.tunnel import find_public_url
from server.voices.base import SAMPLE_RATE, Voice

#: Seconds for one check; a browser on a busy machine takes some.
DEADLINE = 20.0
#: Bytes of disk below which the tape is in danger: a day of meetings is some tens of megabytes.
LITTLE_SPACE = 200 * 1024 * 1024

#: What a part with a stand-in says when the part itself does not work: "openai failed (refused: …); espeak
#: …".
_STANDS_IN = " failed ("

#: What each extra is for, and the modules that show it is there.
EXTRAS = {
    "voice": ("the built-in voice", ("espeakng_loader",)),
    "rehearse": ("rehearsals in a browser", ("playwright", "av", "yaml")),
    "fast": ("less processor time with many sessions", ("uvloop", "httptools", "aiohttp")),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `ok` is None when it is not needed to run, or could not be looked at."""

    name: str
    ok: bool | None
    #: what was found, in one line
    line: str
    #: what to do about it; empty when nothing needs to be done
    fix: str = ""


async def examine(
    settings: Settings,
    *,
    make_voice: Callable[[], Voice],
    make_brain: Callable[[], Brain],
    check_transcriber: Callable[[], Awaitable[str]] | None = None,
) -> list[Finding]:
    """Look at everything, in a few seconds. Never raises: a check that breaks is itself a finding."""
    checks: list[tuple[str, Callable[[], Awaitable[Finding]]]] = [
        ("python", _python),
        *((f"extra {name}", lambda name=name: _extra(name)) for name in EXTRAS),
        ("chromium", _chromium),
        ("voice", lambda: _voice(make_voice)),
        ("brain", lambda: _brain(make_brain)),
        ("transcription", lambda: _transcription(check_transcriber)),
        ("public address", lambda: _public(settings)),
        ("port", lambda: _port(settings)),
        ("tape", lambda: _tape(settings)),
        ("microphone", _microphone),
    ]
    return list(await asyncio.gather(*(_guarded(name, check) for name, check in checks)))


def render(findings: Sequence[Finding]) -> str:
    """The findings as lines for a terminal: each with a mark, and below it what to do."""
    marks = {True: "ok  ", False: "no  ", None: "-   "}
    width = max((len(finding.name) for finding in findings), default=0)
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.ok]} {finding.name:{width}}  {finding.line}")
        if finding.fix and finding.ok is not True:
            lines.append(f"{'':{width + 5}}  > {finding.fix}")
    wrong = sum(finding.ok is False for finding in findings)
    things = "1 thing needs" if wrong == 1 else f"{wrong} things need"
    lines.append(f"{things} attention." if wrong else "Everything needed is here.")
    return "\n".join(lines)


async def _guarded(name: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await asyncio.wait_for(check(), DEADLINE)
    except TimeoutError:
        return Finding(name, False, f"no answer within {DEADLINE:.0f} s", "try again when the machine is less busy")
    except ParleyError as error:  # their messages carry no speech and no keys
        return Finding(name, False, str(error), "see docs/settings.md")
    except Exception as error:
        return Finding(name, False, f"the check failed ({type(error).__name__})", "report it as a bug")


async def _python() -> Finding:
    line = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("python", sys.version_info >= (3, 11), line, "" if sys.version_info >= (3, 11) else "3.11 or newer")


async def _extra(name: str) -> Finding:
    purpose, modules = EXTRAS[name]
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if not missing:
        return Finding(f"extra {name}", True, f"installed: {purpose}")
    return Finding(f"extra {name}", None, f"not installed: {purpose}", f"pip install 'parley[{name}]', or make setup")


async def _chromium() -> Finding:
    program = find_chromium()
    if program is None:
        return Finding("chromium", None, "not found; rehearsals in a browser need it", CHROMIUM_FIX)
    child = await asyncio.create_subprocess_exec(
        program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        out, _ = await child.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        raise
    version = " ".join(out.decode("utf-8", "replace").split()).partition(" built on ")[0][:80]
    if child.returncode != 0 or not version:
        return Finding("chromium", False, "found, but it does not start", CHROMIUM_FIX)
    return Finding("chromium", True, version)


async def _voice(make_voice: Callable[[], Voice]) -> Finding:
    """Says a word for real and looks at the sound."""
    voice = make_voice()
    fix = "make setup brings eSpeak NG; a provider's voice needs its key: see docs/settings.md"
    try:
        said = await voice.check()
        if _STANDS_IN in said:
            return Finding("voice", False, said, fix)
        begun, first, samples = time.monotonic(), 0.0, array("h")
        async for sound in voice.speak("Hello."):
            first = first or time.monotonic() - begun
            samples.frombytes(sound.pcm)
        if max(map(abs, samples), default=0) < 300:
            return Finding("voice", False, f"{voice.name} gave silence", "try another PARLEY_VOICE")
        line = f"{said}: {len(samples) / SAMPLE_RATE:.1f} s of sound, the first after {first * 1000:.0f} ms"
        return Finding("voice", True, line)
    except ParleyError as error:
        return Finding("voice", False, str(error), fix)
    finally:
        await voice.close()


async def _brain(make_brain: Callable[[], Brain]) -> Finding:
    brain = make_brain()
    fix = "check OPENAI_API_KEY, OPENAI_BASE_URL and PARLEY_MODEL; without them the embedded brain answers"
    try:
        said = await brain.check()
        return Finding("brain", _STANDS_IN not in said, said, fix if _STANDS_IN in said else "")
    except ParleyError as error:
        return Finding("brain", False, str(error), fix)
    finally:
        await brain.close()


async def _transcription(check: Callable[[], Awaitable[str]] | None) -> Finding:
    name, fix = "transcription", "check PARLEY_TRANSCRIBE_MODEL, its key and base URL; without it the host's words do"
    if check is None:
        line = "off: words come from the host's transcript alone"
        return Finding(name, None, line, "OPENAI_API_KEY, or a server in PARLEY_TRANSCRIBE_BASE_URL")
    try:
        return Finding(name, True, await check())
    except ParleyError as error:
        return Finding(name, False, str(error), fix)


async def _public(settings: Settings) -> Finding:
    if settings.public_url:
        return Finding("public address", True, "set in PARLEY_PUBLIC_URL")
    if found := await find_public_url(settings.ngrok_api, settings.port):
        return Finding("public address", True, f"{found} (from ngrok)")
    fix = "ngrok start parley --config ngrok.yml, or set PARLEY_PUBLIC_URL"
    return Finding("public address", None, "none: enough for rehearsals, not for a real meeting", fix)


async def _port(settings: Settings) -> Finding:
    if settings.port == 0:
        return Finding("port", True, "any free port")
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            probe.bind(address)
    except socket.gaierror:
        return Finding("port", False, "PARLEY_HOST is no address of this machine", "use 127.0.0.1")
    except PermissionError:
        return Finding("port", False, f"port {settings.port} is not allowed", "use one above 1023: PARLEY_PORT=8000")
    except OSError:
        fix = f"if it is not Parley itself, stop that program or take another: PARLEY_PORT={settings.port % 65535 + 1}"
        return Finding("port", False, f"port {settings.port} is taken", fix)
    return Finding("port", True, f"port {settings.port} is free")


async def _tape(settings: Settings) -> Finding:
    """Looks without touching: a damaged tape is kept aside by the server, not by the doctor."""
    return await asyncio.to_thread(_look_at_tape, settings.tape)


def _look_at_tape(path: Path) -> Finding:
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".parley-"):
            pass
    except OSError:
        fix = "name another file in PARLEY_TAPE, or another folder in PARLEY_DATA_DIR"
        return Finding("tape", False, "its folder cannot be written", fix)
    if path.exists():
        try:
            line = f"sessions on it: {len(read_sessions(path))}"
        except ParleyError as error:
            return Finding("tape", False, str(error), "it will be kept aside and a new one begun at the next start")
        if not os.access(path, os.W_OK):
            return Finding("tape", False, "its file cannot be written", "check who owns it")
    else:
        line = "none yet; its folder can be written"
    free = shutil.disk_usage(folder).free
    if free < LITTLE_SPACE:
        return Finding("tape", False, f"only {free // 1024**2} MB free on its disk", "free some space")
    return Finding("tape", True, line)


# ---------------------------------------------------------------- the microphone, in a real browser

_PAGE = b"<!doctype html><title>microphone</title>"
#: Chromium's fake device beeps once a second; the loudest sample of up to four seconds, and the rate.
_LISTEN = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext({ sampleRate: 16000 });
  await context.resume();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let peak = 0;
  for (const end = performance.now() + 4000; peak < 0.01 && performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    analyser.getFloatTimeDomainData(samples);
    peak = samples.reduce((most, each) => Math.max(most, Math.abs(each)), peak);
  }
  stream.getTracks().forEach((track) => track.stop());
  return [peak, context.sampleRate];
}"""


async def _microphone() -> Finding:
    """The way a meeting's sound takes: getUserMedia, an audio context at 16 kHz, samples that are not
    silence."""
    program = find_chromium()
    if program is None or importlib.util.find_spec("playwright") is None:
        missing = "Chromium" if program is None else "the extra rehearse"
        return Finding("microphone", None, f"not looked at: {missing} is missing", "make setup")
    from playwright.async_api import async_playwright

    flags = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium's sandbox does not work for root, and the page is our own
    async with _one_page() as url, async_playwright() as browsers:
        browser = await browsers.chromium.launch(executable_path=program, args=flags)
        try:
            page = await browser.new_page()
            await page.goto(url)
            peak, rate = await page.evaluate(_LISTEN)
        finally:
            await browser.close()
    if peak < 0.01:
        return Finding("microphone", False, "the browser gave silence for a microphone", CHROMIUM_FIX)
    return Finding("microphone", True, f"the browser's microphone gives sound at {rate:.0f} Hz")


@asynccontextmanager
async def _one_page() -> AsyncIterator[str]:
    """An empty page on a loopback port: getUserMedia works on secure origins only, and loopback is one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(_PAGE)}\r\nConnection: close\r\n"
            )
            writer.write(head.encode() + b"\r\n" + _PAGE)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
