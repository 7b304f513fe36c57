"""The real page in real Chromium against the real backend."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from server.chromium import find_chromium
from server.core import events as ev
from tests.served import Served, serve

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
QUESTION = "Parley, who are you and what can you do for us?"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--auto-accept-camera-and-microphone-capture",
]


@asynccontextmanager
async def browser_page(served: Served) -> AsyncIterator[Any]:
    """The agent page of session-1, with its microphone, at 1280x720."""
    found = find_chromium()
    if found is None:
        pytest.skip("no Chromium on this machine: set CHROME_PATH, or install Debian's package chromium")
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(found), args=ARGS, ignore_default_args=["--mute-audio"]
        )
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 720})
            await page.goto(f"{served.http}/agent/?t={served.token()}")
            await state(page, "listening")
            yield page
        finally:
            await browser.close()


async def state(page: Any, wanted: str) -> None:
    """Wait until the page shows this state."""
    await until(page, f"window.parley?.state.connection === 'open' && window.parley.state.agent === '{wanted}'")


async def until(page: Any, holds: str) -> None:
    """Wait until this is true on the page. (Waiting inside the page would need eval, which its policy forbids.)"""
    async with asyncio.timeout(30):
        while not await page.evaluate(holds):
            await page.wait_for_timeout(30)


async def decided(served: Served) -> dict[str, Any]:
    """The decision of the one reply, once it is on the tape."""
    tape = served.wired.parts.tape
    async with asyncio.timeout(40):
        while True:
            await tape.flush()
            entries = tape.entries("session-1")
            replies = [e.data for e in entries if e.kind == "decision" and e.data["verdict"] == "reply"]
            if replies:
                return replies[0]
            await asyncio.sleep(0.1)


async def test_a_reload_in_mid_sentence_loses_and_repeats_nothing(tmp_path):
    """The page is loaded again while it speaks: the reply goes on at the sample it had reached, to its end."""
    async with serve(tmp_path, PARLEY_VAD="off") as served, browser_page(served) as page:
        assert "t=" not in page.url, "the token leaves the address at once"
        session = served.wired.hub.sessions["session-1"]
        session.tell(ev.Heard("Ana", QUESTION, True, "1"))
        await until(page, "window.parley.state.played > 24000")
        before = session.conversation.delivery.running
        assert before is not None
        await page.reload()
        await until(page, "window.parley?.state.connection === 'open'")
        decision = await decided(served)
        assert decision["outcome"] == "complete" and decision["heard"] == decision["planned"]
        reports = [
            e.data["samples"]
            for e in served.wired.parts.tape.entries("session-1")
            if e.kind == "event" and e.data["type"] == "PlaybackReport"
        ]
        assert reports == sorted(reports), "no sample was played twice"
        await state(page, "listening")


async def test_it_speaks_and_stops(tmp_path):
    """Called it speaks, told to stop it is silent, and history holds what was heard and no more."""
    async with serve(tmp_path, PARLEY_VAD="off") as served, browser_page(served) as page:
        session = served.wired.hub.sessions["session-1"]
        session.tell(ev.Heard("Ana", QUESTION, True, "1"))
        await until(page, "window.parley.state.played > 36000")
        session.tell(ev.Heard("Ana", "Parley, stop.", True, "1"))
        await state(page, "listening")
        decision = await decided(served)
        assert decision["outcome"] == "interrupted"
        assert decision["heard"] and decision["planned"].startswith(decision["heard"])
        marks = await page.evaluate("performance.getEntriesByType('mark').map(m => m.name)")
        assert {"parley:first-sound", "parley:flush", "parley:silent"} <= set(marks)


async def test_nothing_secret_reaches_the_page(tmp_path):
    """No key, no secret and no token is in what the browser gets."""
    key = "a-key-of-the-tests-that-must-stay-here"
    async with serve(tmp_path, OPENAI_API_KEY=key, PARLEY_VOICE="espeak") as served, browser_page(served) as page:
        html = await page.content()
        stored = await page.evaluate("JSON.stringify([window.parley.state, window.parley.events, {...localStorage}])")
        for text in (html, stored, json.dumps(await page.context.cookies())):
            assert key not in text and "a secret of the tests" not in text and served.token().split(".")[0] not in text
