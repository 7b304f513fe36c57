"""The rehearsal room in a real Chromium: one click to hear it, and everything a person can do there."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.app import create_app
from server.chromium import find_chromium
from server.core.messages import Continue, Duck, Flush, Hand, Pause, State, plain
from server.settings import Settings
from tests.web.room_app import build

pytestmark = pytest.mark.browser

#: Chromium's own word for a meeting file that was not taken.
REFUSED = "the server responded with a status of 400"
SAMPLE = Path(__file__).parents[2] / "static" / "rehearsal" / "sample-meeting.json"
SAMPLE_TURNS = len(json.loads(SAMPLE.read_text("utf-8"))["turns"])


class Server:
    """An application in a thread of its own, on a loopback port."""

    def __init__(self, app) -> None:
        self.app = app
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        config = uvicorn.Config(app, log_level="error", ws="websockets-sansio", ws_max_size=262_144)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],))
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as p:
        # No autoplay flag: a person's browser has none either.
        browser = p.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
            ignore_default_args=["--mute-audio"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server():
    app = build(limit=30)

    async def tell(request: Request) -> Response:
        room = app.state.rooms.find(request.query_params["room"])
        for event in await request.json():
            app.state.agent.tell(room.session_id, event)
        return JSONResponse({})

    app.router.routes.append(Route("/tell", tell, methods=["POST"]))
    server = Server(app)
    yield server
    server.close()


@pytest.fixture
def visit(browser, server):
    """Opens the room; at the end nothing may have gone wrong on any page."""
    contexts, wrong = [], []

    def open_room(width=1440, height=900, context=None, url=server.url):
        if context is None:
            context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
            contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" and REFUSED not in m.text else None)
        page.goto(url)
        page.wait_for_selector(".seat")
        return page

    yield open_room
    for context in contexts:
        context.close()
    assert wrong == []


def agent(page):
    """The frame with the agent's page, once it runs."""
    page.wait_for_selector("#agent[src]")
    frame = page.frame_locator("#agent")
    frame.locator("#said").wait_for()
    return next(frame for frame in page.frames if "/rehearsal/agent/" in frame.url)


def heard(page):
    return agent(page).evaluate("window.heard")


def say(page, text):
    page.fill("#words", text)
    page.press("#words", "Enter")


def test_one_click_and_it_is_heard(visit):
    """A click on the first suggestion joins, is heard by the agent as sound and words, and is answered."""
    page = visit()
    before = heard(page)
    assert before["loud"] == 0
    page.click("text=Ana: Parley, who are you?")
    page.wait_for_selector(".line.hue-agent:not(.open)")
    assert page.is_hidden("#veil")
    assert "Answered: its name was called" in page.text_content(".decision")
    sound = heard(page)
    assert sound["rate"] == 48_000
    # four words of 0.2 s, minus the tone's own zero crossings
    assert sound["loud"] > 0.5 * 4 * 0.2 * 48_000
    frame = agent(page)
    frame.wait_for_function("() => window.lines.some((line) => line.final)")
    lines = frame.evaluate("window.lines")
    assert lines[-1] == {"speaker": "Ana", "text": "Parley, who are you?", "final": True}
    assert any(not line["final"] for line in lines)


def test_the_agents_page_is_drawn_at_its_own_size(visit):
    """Inside, the viewport is 1280x720; outside it fits the room, in its proportions."""
    for width, height in ((1440, 900), (1024, 768), (1920, 1080)):
        page = visit(width, height)
        assert agent(page).evaluate("[innerWidth, innerHeight]") == [1280, 720]
        box = page.locator(".tile").bounding_box()
        assert box["width"] / box["height"] == pytest.approx(16 / 9, rel=0.01)
        assert box["width"] > width * 0.55
        chips = page.locator("#chips").bounding_box()
        assert chips["y"] + chips["height"] <= height
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_typed_line_is_said_and_explained(visit):
    """Enter says the line as the chosen person; a line without its name is left alone, in plain words."""
    page = visit()
    page.click("#join")
    page.click("[title='Speak as Ben']")
    say(page, "I think we should ship on Thursday.")
    page.wait_for_selector(".decision")
    assert page.inner_text(".line b") == "Ben"
    assert page.text_content(".decision") == "Stayed silent: nobody called its name"
    assert page.inner_text(".decision .verdict") == "Stayed silent"
    assert page.inner_text("#tally") == "answered 0 · stayed silent 1"


def test_what_people_type_stays_text(visit):
    """Markup in a line or a name is shown as it was typed and never becomes an element."""
    page = visit()
    page.click("#join")
    page.click("#add")
    page.fill("#person-name", "<img src=x onerror=alert(1)>")
    page.press("#person-name", "Enter")
    page.wait_for_selector("[title='Speak as <img src=x onerror=alert(1)>']")
    page.click("[title='Speak as <img src=x onerror=alert(1)>']")
    say(page, "<b>bold</b> & <script>alert(1)</script>")
    page.wait_for_selector(".line:not(.open)")
    assert page.inner_text(".line .words") == "<b>bold</b> & <script>alert(1)</script>"
    assert page.locator(".line .words b, .line img, .seat img").count() == 0


def test_the_sample_meeting_plays_at_once_and_then_there_is_something_to_ask(visit):
    """Three clicks: load, all at once, ask. Every turn is in the transcript, in order."""
    page = visit()
    page.click("text=Load the sample meeting")
    page.wait_for_selector("text=Harbor launch planning")
    page.click("text=All of it at once, then ask")
    page.wait_for_selector(".play:has-text('Play again')")
    assert page.locator(".line").count() == SAMPLE_TURNS
    page.click("text=Ana: Parley, what did we decide?")
    page.wait_for_selector(".line.hue-agent:not(.open)")
    assert page.locator("progress").evaluate("(bar) => bar.value") == 1


def test_a_meeting_is_paused_and_played_on(visit):
    """Pause holds the place, play goes on, another speed applies at once."""
    page = visit()
    page.click("text=Load the sample meeting")
    page.click(".play:has-text('Play')")
    page.wait_for_selector(".line.open")
    page.click(".play:has-text('Pause')")
    page.wait_for_selector(".play:has-text('Play on')")
    assert page.locator(".line.cut").count() == 1
    page.click(".speeds >> text=20×")
    page.click(".play:has-text('Play on')")
    page.wait_for_selector(".play:has-text('Play again')")
    # the cut line and its rest
    assert page.locator(".line").count() == SAMPLE_TURNS + 1


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("notes.txt", "hello", "not JSON"),
        ("list.json", "[1, 2]", "not a meeting"),
        ("odd.json", json.dumps({"turns": [{"speaker": "A", "text": "x"}, {"text": "y"}]}), "Turn 2 has no speaker"),
        ("big.json", "x" * 5_000_001, "too big"),
    ],
)
def test_a_wrong_file_is_explained(visit, name, text, says):
    """A file that is no meeting brings one sentence that says why."""
    page = visit()
    page.set_input_files("#file", {"name": name, "mimeType": "application/json", "buffer": text.encode()})
    page.wait_for_selector(f"#notice:has-text('{says}')")


def test_a_meeting_can_be_dropped_anywhere(visit):
    """Dragging a file over the room shows where it goes; dropping it loads it."""
    page = visit()
    text = json.dumps({"turns": [{"speaker": "Zoë", "text": "Bonjour à tous."}]})
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "monday.json", { type: "application/json" }));
          for (const kind of ["dragenter", "dragover"])
            document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
          window.shown = !document.getElementById("drop").hidden;
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )
    page.wait_for_selector(".loaded h2:has-text('monday')")
    assert page.evaluate("window.shown") and page.is_hidden("#drop")
    page.wait_for_selector("[title='Speak as Zoë']")


def test_people_are_managed_with_the_keyboard_alone(visit):
    """Add, choose, rename and remove somebody without a pointer."""
    page = visit()
    page.focus("#add")
    page.keyboard.press("Enter")
    page.keyboard.type("Noor")
    page.keyboard.press("Enter")
    page.wait_for_selector("[title='Speak as Noor']")
    page.focus("[title='Speak as Ana']")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("[title='Speak as Noor'][aria-checked=true]")
    assert page.evaluate("document.activeElement.title") == "Speak as Noor"
    page.focus("[data-chosen=true] .seat-edit")
    page.keyboard.press("Enter")
    page.keyboard.type("Nour")
    page.keyboard.press("Enter")
    page.wait_for_selector("[title='Speak as Nour']")
    page.focus("[data-chosen=true] .seat-edit")
    page.keyboard.press("Enter")
    page.focus("#person-remove")
    page.keyboard.press("Enter")
    page.wait_for_selector("[title='Speak as Nour']", state="detached")


def test_a_reload_comes_back_to_the_same_room(visit):
    """The tab keeps its room: people and transcript are there again, and sound waits for one click."""
    page = visit()
    page.click("#join")
    say(page, "We ship on Thursday.")
    page.wait_for_selector(".decision")
    page.reload()
    page.wait_for_selector(".line")
    assert page.inner_text(".line .words") == "We ship on Thursday."
    assert page.is_visible("#veil")
    page.click("#join")
    say(page, "Parley, are you there?")
    page.wait_for_selector(".line.hue-agent")
    assert heard(page)["loud"] > 0


def test_the_other_tab_takes_the_room_over(visit):
    """A duplicated tab continues the room; the first one says so and stops."""
    first = visit()
    key = first.evaluate("sessionStorage.getItem('parley.room')")
    second = first.context.new_page()
    second.add_init_script(f"sessionStorage.setItem('parley.room', {json.dumps(key)})")
    second.goto(first.url)
    second.wait_for_selector(".seat")
    first.wait_for_selector("#notice:has-text('another tab')")
    assert first.get_attribute("#agent", "src") is None
    assert second.evaluate("sessionStorage.getItem('parley.room')") == key


def test_talk_brings_the_microphone_into_the_meeting(visit):
    """With nobody speaking, the agent's page hears the person's own microphone while Talk is on, then silence."""
    page = visit()
    page.click("#join")
    agent(page)
    page.click("#talk")
    page.wait_for_selector("#talk[aria-pressed=true]")
    assert page.is_visible("#talk-note")
    # the fake device beeps once a second
    agent(page).wait_for_function("() => window.heard.loud > 1000")
    page.click("#talk")
    page.wait_for_selector("#talk[aria-pressed=false]")
    agent(page).evaluate("new Promise((done) => setTimeout(done, 300))")
    before = heard(page)
    agent(page).wait_for_function(f"() => window.heard.samples > {before['samples'] + 96_000}")
    assert heard(page)["loud"] == before["loud"]


def tell(page, *events):
    """The agent's session says this to the room."""
    plainly = [event if isinstance(event, dict) else plain(event) for event in events]
    room = page.evaluate("sessionStorage.getItem('parley.room')")
    page.request.post(f"{page.url}tell?room={room}", data=plainly)


def manners(page):
    """What the strip under the stage says of floor, voice and hand."""
    return {name: page.inner_text(f"#{name} .said") for name in ("floor", "voice", "hand")}


def shows(page, **said):
    """Wait until the strip says this."""
    for name, text in said.items():
        page.wait_for_selector(f"#{name} .said:text-is({json.dumps(text)})")


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768)], ids=["1280x720", "1024x768"])
def test_the_manners_are_seen_at_work(visit, size):
    """Floor, voice and hand are told in words as they change, at both sizes without anything cut but a long label."""
    page = visit(*size)
    page.click("#join")
    assert manners(page) == {"floor": "Quiet", "voice": "Silent", "hand": "Down"}
    said = {"type": "line", "id": "a9", "speaker": "Parley", "text": "Two things are open.", "agent": True}
    tell(page, {**said, "final": False}, State("speaking"))
    shows(page, floor="Parley is speaking", voice="Speaking")
    say(page, "Well, I do not quite know about that, to be honest with you all.")
    shows(page, floor="Ana talks over Parley")
    tell(page, Duck(-12.0))
    shows(page, voice="Lowered")
    tell(page, Pause(1, 1))
    shows(page, voice="Held", floor="Ana is speaking")
    tell(page, Continue(1, 1), Duck(0.0, 80))
    shows(page, voice="Going on")
    shows(page, voice="Speaking")  # by itself, after a while
    stopped = {"type": "decision", "verdict": "reply", "outcome": "interrupted", "trouble": "interrupted"}
    tell(page, Flush(2), State("listening"), stopped, {**said, "final": True})
    shows(page, voice="Stopped: interrupted")
    assert page.inner_text(".told").split("\n") == ["lowered its voice", "held", "went on", "stopped"]
    cut = "() => [...document.querySelectorAll('.manner .said')].filter((e) => e.scrollWidth > e.clientWidth).length"
    assert page.evaluate(cut) == 0
    tell(page, Hand("Ship date was changed"), {"type": "floor", "talking": True})
    shows(page, hand="Ship date was changed")
    assert page.inner_text("#hand .what") == "Hand up"
    strip, button = page.locator(".manners").bounding_box(), page.locator("#interrupt").bounding_box()
    assert button["x"] + button["width"] <= strip["x"] + strip["width"]
    assert page.evaluate("[...document.querySelectorAll('.manner')].map((e) => e.ariaLive)") == ["polite"] * 3
    page.reload()
    shows(page, hand="Ship date was changed", voice="Stopped: interrupted")


def test_escape_cuts_in(visit):
    """While the agent speaks, Escape says at once what is typed, or "Stop."; otherwise it says nothing."""
    page = visit()
    page.click("#join")
    page.keyboard.press("Escape")
    page.click("#interrupt", force=True)
    assert page.get_attribute("#interrupt", "aria-disabled") == "true"
    tell(page, State("speaking"))
    page.wait_for_selector("#interrupt[aria-disabled=false]")
    assert page.locator(".line").count() == 0
    page.click("#add")
    page.keyboard.press("Escape")
    page.wait_for_selector("#person", state="hidden")
    page.click("[title='Speak as Ben']")
    page.keyboard.press("Escape")
    page.wait_for_selector(".line .words:text-is('Stop.')")
    page.fill("#words", "No, wait, not that one.")
    page.press("#words", "Escape")
    page.wait_for_selector(".line:not(.open) .words:text-is('No, wait, not that one.')")
    assert page.input_value("#words") == ""
    agent(page).locator("body").click()
    page.keyboard.press("Escape")  # the keyboard is in the agent's page now
    page.wait_for_function("() => document.querySelectorAll('.line').length === 3")
    assert page.locator(".line.hue-1").count() == 3


def test_talk_is_held_with_the_keyboard(visit):
    """Space held on the button brings the microphone in while it is held; a short press switches."""
    page = visit()
    page.click("#join")
    page.focus("#talk")
    page.keyboard.down("Space")
    page.wait_for_selector("#talk[aria-pressed=true]")
    page.wait_for_timeout(400)
    page.keyboard.up("Space")
    page.wait_for_selector("#talk[aria-pressed=false]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#talk[aria-pressed=true]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#talk[aria-pressed=false]")


#: An ear on everything a page sends to its loudspeakers: the loudest sample so far, while the context runs.
EAR = """
(() => {
  window.loudest = 0;
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    const out = connect.call(this, to, ...rest);
    if (to instanceof AudioDestinationNode) {
      const ear = new AnalyserNode(this.context, { fftSize: 2048 });
      const samples = new Float32Array(2048);
      connect.call(this, ear);
      setInterval(() => {
        ear.getFloatTimeDomainData(samples);
        for (const x of samples) window.loudest = Math.max(window.loudest, Math.abs(x));
      }, 40);
    }
    return out;
  };
})();
"""


def test_the_real_agent_answers_aloud(browser, tmp_path):
    """The whole product with nothing configured: one click, and the agent's own page plays its answer."""
    server = Server(create_app(Settings(data_dir=tmp_path, ngrok_api="http://127.0.0.1:9")))
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(EAR)
    try:
        page = context.new_page()
        wrong = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.goto(server.url)
        page.wait_for_selector("#agent[src]")
        frame = page.frame_locator("#agent")
        frame.locator("html[data-state=listening]").wait_for()
        page.click("text=Ana: Parley, who are you?")
        page.wait_for_selector(".decision[data-verdict=reply]")
        assert page.text_content(".decision").startswith("Answered: its name was called · first sound after")
        inner = next(f for f in page.frames if "/rehearsal/agent/" in f.url)
        assert inner.evaluate("window.loudest") > 0.05, "the answer was not played"
        assert page.evaluate("window.loudest") > 0.05, "the question was not heard"
        assert len(page.inner_text(".line.hue-agent .words")) > 20
        page.click("text=Ben: Let's ship on Thursday.")
        page.wait_for_selector(".decision[data-verdict=silent]")
        assert wrong == []
    finally:
        context.close()
        server.close()


def test_the_real_agent_is_cut_off_with_one_key(browser, tmp_path):
    """The whole product: Escape over its voice lowers it, stops it, and the record says so in plain words."""
    server = Server(create_app(Settings(data_dir=tmp_path, ngrok_api="http://127.0.0.1:9")))
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    try:
        page = context.new_page()
        page.goto(server.url)
        page.frame_locator("#agent").locator("html[data-state=listening]").wait_for()
        page.click("text=Ana: Parley, who are you?")
        page.wait_for_selector("#voice[data-kind=speaking]")
        page.click("[title='Speak as Ben']")
        page.keyboard.press("Escape")
        page.wait_for_selector("#voice[data-kind=stopped]")
        page.wait_for_selector(".decision[data-verdict=stop]")
        assert page.inner_text(".line:has(.decision[data-verdict=stop]) .words") == "Stop."
        assert page.inner_text(".line.hue-agent .words").endswith("—")
        assert page.inner_text(".told").split("\n")[-1] == "stopped"
    finally:
        context.close()
        server.close()
