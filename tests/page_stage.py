"""The agent page in a real Chromium, for tests and benches: the browser, its microphone, and an ear on its output."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.chromium import find_chromium
from tests.page_backend import Backend

CHROMIUM = Path(find_chromium() or "/nonexistent/chromium")

ARGS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-gpu",
    "--no-sandbox",
    "--autoplay-policy=user-gesture-required",
]

#: Listens at the page's output. `window.heard()` gives [[frame, value], …] as runs: what really left the player.
TAP = """
(() => {
  const runs = [];
  const connect = AudioNode.prototype.connect;
  window.contexts = [];
  AudioNode.prototype.connect = function (to, ...rest) {
    const out = connect.call(this, to, ...rest);
    if (to instanceof AudioDestinationNode && this instanceof GainNode) {
      window.contexts.push(this.context);
      window.tapping = this.context.audioWorklet.addModule('/tap.js').then(() => {
        const tap = new AudioWorkletNode(this.context, 'tap');
        const alive = new Promise((done) => { this.context.alive = done; });
        tap.port.onmessage = ({ data }) => {
          if (data === 'alive') return this.context.alive();
          const [frame, block] = data;
          const last = runs.at(-1);
          if (last && last.frame + last.values.length === frame) last.values.push(...block);
          else runs.push({ frame, values: [...block] });
        };
        connect.call(this, tap);
        connect.call(tap, to);
        this.context.resume(); // the page lets it sleep; an ear that wakes with the first sound misses it
        return alive;
      });
    }
    return out;
  };
  window.heard = () => runs.map(({ frame, values }) => [frame, values.map((v) => Math.round(v * 32768))]);
})();
"""


def microphone(path: Path, pcm: np.ndarray, rate: int = 48_000) -> Path:
    """A WAV file for the fake microphone: feed 44.1 or 48 kHz, Chromium resamples others poorly."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.astype("<i2").tobytes())
    return path


def hiss(seconds: float, rate: int = 48_000) -> np.ndarray:
    """The quiet of a room."""
    return np.random.default_rng(3).standard_normal(int(seconds * rate)) * 20


def launch(playwright: Any, args: list[str]) -> Any:
    """Chromium with sound: playwright would mute it."""
    return playwright.chromium.launch(executable_path=str(CHROMIUM), args=args, ignore_default_args=["--mute-audio"])


def chromium(*args: str) -> Iterator[Any]:
    """Start playwright and a browser, or skip with the reason."""
    if not CHROMIUM.exists():
        pytest.skip("no chromium at its usual place: the page cannot be opened")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = launch(playwright, [*ARGS, *args])
        yield browser
        browser.close()


class Seat:
    """One page of one backend: `seat.page` is playwright's, `seat.backend` what it talks to."""

    def __init__(self, backend: Backend, browser: Any, *, scale: float = 1.0, tap: bool = True) -> None:
        self.backend = backend
        self.errors: list[str] = []
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 720}, device_scale_factor=scale, permissions=["microphone"]
        )
        if tap:
            self.context.add_init_script(TAP)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._console)

    def _console(self, message: Any) -> None:
        # A refused socket is reported by the browser itself; everything else would be ours.
        if message.type == "error" and "WebSocket connection" not in message.text:
            self.errors.append(message.text)

    def open(self, query: str = "") -> Seat:
        """Open the page, wait for its welcome and its ear."""
        before = len(self.backend.hellos)
        self.page.goto(self.backend.url + query)
        self.backend.connected(before + 1)
        self.ready()
        return self

    def ready(self) -> None:
        self.page.wait_for_function("() => window.parley && window.parley.state.connection === 'open'")
        self.page.wait_for_function("() => Boolean(window.tapping)")
        self.page.evaluate("() => window.tapping")

    def heard(self) -> list[tuple[int, np.ndarray]]:
        """(audio frame, samples as int) of each unbroken run of sound."""
        return [(frame, np.array(values)) for frame, values in self.page.evaluate("heard()")]

    def state(self) -> dict[str, Any]:
        return dict(self.page.evaluate("parley.state"))

    def close(self) -> None:
        self.context.close()


def joined(heard: list[tuple[int, np.ndarray]]) -> np.ndarray:
    """All sound in one row: a late line makes a gap, which is silence and not a sample of the reply."""
    return np.concatenate([trimmed(values) for _, values in heard])


def parted(heard: list[tuple[int, np.ndarray]]) -> tuple[list[tuple[int, np.ndarray]], list[tuple[int, np.ndarray]]]:
    """The runs before and after the longest silence."""
    gaps = [after - (frame + len(values)) for (frame, values), (after, _) in itertools.pairwise(heard)]
    cut = 1 + gaps.index(max(gaps))
    return heard[:cut], heard[cut:]


def trimmed(values: np.ndarray) -> np.ndarray:
    """Without the zeros around."""
    loud = np.flatnonzero(values)
    return values[loud[0] : loud[-1] + 1] if len(loud) else values[:0]


def shown(page: Any) -> str:
    """All text on the tile."""
    return str(page.evaluate("document.querySelector('.tile').innerText"))
