"""Bots in real meetings on the start page, in a real Chromium: the whole backend, and Recall.ai as a stand-in."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from PIL import Image

from server.rehearsal.hosts.recall_service import RecallService
from tests.served import Served, serve

pytestmark = pytest.mark.browser

KEY = "k-test"
SECRET = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"
CODE = "abc-defg-hij"
MEETING = f"https://meet.google.com/{CODE}"
#: Chromium's own word for an order that was refused.
REFUSED = "the server responded with a status of 400"
#: milliseconds; the machine may be busy
LONG = 30_000

#: What sticks out of the panel or of the page, and what is written too small.
UNTIDY = """() => {
  const panel = document.getElementById("bots").getBoundingClientRect();
  const found = document.documentElement.scrollWidth > innerWidth ? ["the page is wider than its window"] : [];
  for (const element of document.querySelectorAll("#bots, #bots *")) {
    if (!element.getClientRects().length) continue;
    const box = element.getBoundingClientRect();
    const name = `${element.tagName}.${element.className}`;
    if (box.left < panel.left - 1 || box.right > innerWidth + 1) found.push(`${name} sticks out`);
    const style = getComputedStyle(element);
    const cut = style.textOverflow === "ellipsis" || style.display === "inline" || element.tagName === "INPUT";
    if (!cut && element.scrollWidth > element.clientWidth + 1) found.push(`${name} is wider than its place`);
    if (parseFloat(style.fontSize) < 13) found.push(`${name} is written at ${style.fontSize}`);
  }
  return found;
}"""


@dataclass
class Stage:
    """The backend and its vendor in a thread of their own; `portal` calls into it."""

    portal: BlockingPortal
    served: Served
    recall: RecallService

    def next_bot(self) -> Any:
        return self.portal.call(self.recall.next_bot)


@contextmanager
def staged(folder: Path, *, public: bool = True, host: bool = True) -> Iterator[Stage]:
    """`public`: a bot can reach the backend. `host`: there is a key for Recall."""
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        recall = stack.enter_context(portal.wrap_async_context_manager(RecallService(key=KEY, secrets=[SECRET])))
        env = {"PARLEY_VAD": "energy"}
        if host:
            env |= {
                "PARLEY_RECALL_API_KEY": KEY, "PARLEY_RECALL_BASE_URL": recall.url, "PARLEY_RECALL_SECRETS": SECRET
            }  # fmt: skip
        served = stack.enter_context(portal.wrap_async_context_manager(serve(folder, public=public, **env)))
        yield Stage(portal, served, recall)


class Visit:
    """The start page, and everything it said and asked for."""

    def __init__(self, browser: Any, url: str) -> None:
        self.context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        self.wrong: list[str] = []
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = self.context.new_page()
        self.page.set_default_timeout(LONG)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(url)
        self.page.wait_for_selector(".seat")

    def _heard(self, message: Any) -> None:
        self.said.append(message.text)
        # The cameras may go off between the look at the bot and the one at its pictures.
        late = "/sheet" in message.location["url"]
        if message.type == "error" and REFUSED not in message.text and not late:
            self.wrong.append(message.text)

    def tidy(self) -> None:
        """Nothing sticks out, in a large window and in a small one."""
        for width, height in ((1440, 900), (1024, 768)):
            self.page.set_viewport_size({"width": width, "height": height})
            assert self.page.evaluate(UNTIDY) == [], width


@contextmanager
def visited(browser: Any, stage: Stage) -> Iterator[Visit]:
    """The start page of a stage; at the end nothing may have gone wrong on it."""
    visit = Visit(browser, stage.served.http + "/")
    try:
        yield visit
    finally:
        visit.context.close()
    assert visit.wrong == []


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.placeholder"))


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 180), "#b9a3e3").save(out, "PNG")
    return out.getvalue()


def test_a_bot_is_sent_followed_and_taken_out(tmp_path, browser):
    """From the pasted link to the bot's end: its state, who is there and their pictures show by themselves."""
    with staged(tmp_path) as stage, visited(browser, stage) as visit:
        page = visit.page
        page.click("#bots-open")
        assert focused(page) == "https://"
        page.click(".options summary")
        page.check("text=Pictures")
        page.fill("#bots .link input", MEETING)
        page.press("#bots .link input", "Enter")
        bot = stage.next_bot()
        page.wait_for_selector(".bot[data-state=live]")
        assert page.inner_text(".bot h3") == "Google Meet"
        assert page.inner_text(".bot .through").startswith("Recall.ai · sent ")
        assert page.inner_text(".bot .state") == "Live"
        assert page.input_value("#bots .link input") == "", "the link is gone"
        page.wait_for_selector("#bots-count:has-text('1 bot is out')", state="attached")

        # names are text, whatever is in them
        stage.portal.call(bot.person_joins, 100, "<b>Ana</b>", True)
        stage.portal.call(bot.person_joins, 200, "Notetaker of Ben")
        page.wait_for_selector(".people li:nth-child(2)")
        assert page.inner_text(".people li:nth-child(1) .who") == "<b>Ana</b>"
        assert page.inner_text(".people li:nth-child(1) .tag") == "host"
        assert page.inner_text(".people li:nth-child(2) .tag") == "bot"
        assert page.locator(".people b").count() == 0

        # a picture makes a contact sheet
        assert page.is_hidden(".bot .sheet")
        stage.portal.call(bot.picture, 100, "webcam", png())
        page.wait_for_selector(".bot .sheet")
        page.wait_for_function("document.querySelector('.sheet img').naturalWidth > 0")
        visit.tidy()

        # writing, showing, and a half-written line that no look at the bot takes away
        page.fill(".tell input", "Good morning from Parley")
        page.click(".tell >> text=Chat")
        page.wait_for_selector(".told:has-text('Handed to the chat')")
        assert [line.message for line in bot.chat_sent] == ["Good morning from Parley"]
        page.fill(".tell input", "I am still writing")
        page.click(".bot >> text=Show page")
        page.wait_for_selector(".words:has-text('Showing the page')")
        page.click(".steps summary")
        looks = len(visit.asked)
        page.wait_for_event("response", lambda answer: answer.url.endswith("/api/bots"))
        page.wait_for_event("response", lambda answer: answer.url.endswith("/api/bots"))
        assert len(visit.asked) > looks
        assert page.input_value(".tell input") == "I am still writing"
        assert page.locator(".steps[open] li").count() >= 3

        page.click(".bot >> text=Leave")
        page.wait_for_selector(".bot[data-state=done]")
        assert page.is_hidden(".tell") and page.is_hidden(".people") and page.is_hidden(".bot .danger")
        assert page.is_hidden(".earlier"), "it stays where it was while somebody looks"
        assert page.evaluate("document.activeElement.className") == "bot", "its button is gone, the place is not"
        visit.tidy()
        page.keyboard.press("Escape")
        page.wait_for_selector("#bots", state="hidden")
        assert focused(page) == "bots-open"
        assert page.is_hidden("#bots-count")
        page.keyboard.press("Enter")
        page.click(".earlier > summary")
        assert page.inner_text(".earlier .bot .state") == "Over"

        # the link opened the meeting: it was in one request's body and stays nowhere
        assert CODE not in page.content()
        stored = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state])")
        assert not [each for each in (stored, page.url, *visit.said, *visit.asked) if CODE in each]


def test_a_page_that_is_loaded_anew_shows_the_bots_that_are_out(tmp_path, browser):
    """The count is there at once, and the panel shows what each waits for with what to do, set apart."""
    with staged(tmp_path) as stage, visited(browser, stage) as visit:
        page = visit.page
        stage.recall.habits.waiting_room = True
        page.click("#bots-open")
        page.click(".options summary")
        page.check("text=Show the page as a shared screen")
        page.fill("#bots .link input", MEETING)
        page.click("#bots .link button")
        bot = stage.next_bot()
        page.wait_for_selector(".bot[data-state=waiting]")
        page.wait_for_selector(".bot .page input:checked", state="attached")
        assert list(bot.kept["output_media"]) == ["screenshare"]
        page.reload()
        page.wait_for_selector("#bots-count:has-text('1 bot is out')")
        page.click("#bots-open")
        page.wait_for_selector(".bot[data-state=waiting]")
        assert page.inner_text(".bot .state") == "Waiting to be let in"
        assert page.inner_text(".bot .now .advice span") == "Ask the host to admit the bot."
        assert page.is_hidden(".tell")
        stage.portal.call(bot.kick)
        page.wait_for_selector(".bot:is([data-state=done], [data-state=failed])")
        # a click beside the panel closes it, and does nothing else: there is a button below
        box = page.locator("#join").bounding_box()
        page.mouse.click(box["x"] + 20, box["y"] + 20)
        page.wait_for_selector("#bots", state="hidden")
        assert page.is_visible("#veil") and focused(page) == "bots-open"


def test_a_refused_order_says_why_and_keeps_what_was_typed(tmp_path, browser):
    """The reason and what to do stand beside the form; the link and the options are still there."""
    with staged(tmp_path) as stage, visited(browser, stage) as visit:
        page = visit.page
        page.click("#bots-open")
        page.fill("#bots .link input", "https://zoom.us/")
        page.click(".options summary")
        page.fill("#bots .pair input >> nth=0", "Nia")
        page.click("#bots .link button")
        page.wait_for_selector(".send .problem")
        assert page.inner_text(".send .problem .message") == "This is the front page of Zoom, not a meeting."
        assert page.inner_text(".send .problem .advice span").startswith("Copy the meeting's link")
        assert page.input_value("#bots .link input") == "https://zoom.us/"
        assert page.input_value("#bots .pair input >> nth=0") == "Nia"
        assert focused(page) == "https://"
        visit.tidy()


@pytest.mark.parametrize(
    ("host", "says"),
    [
        (False, r"PARLEY_RECALL_API_KEY and PARLEY_RECALL_REGION, or PARLEY_MEETSTREAM_API_KEY.*parley serve"),
        (True, r"ngrok start parley --config ngrok\.yml.*PARLEY_PUBLIC_URL"),
    ],
)
def test_what_is_not_set_up_yet_is_said_in_one_paragraph(tmp_path, browser, host, says):
    """Without a host there is no form; without an address the form waits."""
    with staged(tmp_path, public=False, host=host) as stage, visited(browser, stage) as visit:
        page = visit.page
        page.click("#bots-open")
        page.wait_for_selector("#bots .note")
        assert re.search(says, " ".join(page.inner_text("#bots .note").split()))
        assert page.locator("#bots .link button:disabled").count() == 1
        assert page.is_visible("#bots .link") is host
        visit.tidy()


def test_what_the_panel_starts_it_stops(tmp_path, browser):
    """A stopped panel is empty, closed and deaf, and can be started again."""
    with staged(tmp_path) as stage, visited(browser, stage) as visit:
        seen = visit.page.evaluate(
            """async () => {
              const { createBots } = await import("/static/rehearsal/bots.js");
              const [button, count, dialog] = ["button", "span", "dialog"].map((name) => document.createElement(name));
              document.body.append(button, count, dialog);
              const bots = createBots({ button, count, dialog });
              const seen = [];
              for (const step of ["start", "stop", "start", "stop"]) {
                bots[step]();
                button.click();
                seen.push([dialog.open, dialog.querySelectorAll("form.send").length]);
              }
              return seen;
            }"""
        )
        assert seen == [[True, 1], [False, 0], [True, 1], [False, 0]]
