"""The page where nobody grants or has a microphone: it reads, shows and speaks all the same."""

from __future__ import annotations

import pytest

from server.core.messages import Line, State
from tests.page_backend import ramp
from tests.page_stage import chromium, shown

pytestmark = pytest.mark.browser

MISSING = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); };"
DENIED = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); };"
#: A device that goes away after a second, and is there again when asked for.
ENDING = """
(() => {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.asked = 0;
  navigator.mediaDevices.getUserMedia = async (what) => {
    const stream = await ask(what);
    window.asked += 1;
    window.constraints = what;
    if (window.asked === 1) setTimeout(() => {
      const [track] = stream.getAudioTracks();
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }, 1000);
    return stream;
  };
})();
"""


@pytest.fixture(scope="module")
def browser():
    yield from chromium()


@pytest.mark.parametrize(("script", "state"), [(MISSING, "missing"), (DENIED, "denied")])
def test_without_a_microphone_the_page_goes_on(seat, backend, script, state):
    """
    The backend hears of it, the tile says it in one calm line, lines are shown; a click lets the voice sound.
    """
    seat.page.add_init_script(script)
    seat.page.goto(backend.url)
    backend.connected()
    assert backend.wait("mic", lambda m: m["state"] == state) == {
        "type": "mic", "state": state, "rate": 0, "channels": 0,
    }  # fmt: skip
    backend.send(Line("1", "Ada", "hello"), State("listening"))
    seat.page.wait_for_function("() => document.querySelector('.line')")
    assert "I can read along, but not hear" in shown(seat.page)
    backend.say(ramp(0.5))
    seat.page.wait_for_function("() => parley.state.blocked || parley.state.played > 0")
    if seat.state()["blocked"]:
        assert "Click once to hear me" in shown(seat.page)
        assert backend.wait("trouble")["code"] == "blocked"
        seat.page.mouse.click(640, 300)
    assert backend.wait("played", lambda m: m["ended"])["samples"] == 12_000
    assert "Click once" not in shown(seat.page)
    assert backend.frames == []


def test_a_microphone_that_ends_is_asked_for_again(seat, backend):
    """
    `ended` is told, and the sound goes on with the next sample number. Voice processing is never asked for.
    """
    seat.page.add_init_script(ENDING)
    seat.page.goto(backend.url)
    backend.connected()
    backend.wait("mic", lambda m: m["state"] == "ended")
    seat.page.wait_for_function("() => window.asked === 2")
    before = len(backend.frames)
    backend.wait_until(lambda: len(backend.frames) > before + 5)
    firsts = [first for _, first, _ in backend.frames]
    assert firsts == list(range(firsts[0], firsts[0] + 1600 * len(firsts), 1600))
    assert seat.page.evaluate("constraints.audio") == {
        "echoCancellation": False, "noiseSuppression": False, "autoGainControl": False,
    }  # fmt: skip


def test_processing_can_be_asked_for(seat, backend):
    """
    `?processing=1` is for bots whose own voice comes back.
    """
    seat.page.add_init_script(ENDING)
    seat.open("&processing=1")
    seat.page.wait_for_function("() => window.constraints")
    assert seat.page.evaluate("constraints.audio.echoCancellation") is True
