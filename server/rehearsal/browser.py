"""A real Chromium that looks at the page as a bot's browser does: 1280x720, no click, no network but ours."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from server.chromium import FIX, find_chromium
from server.errors import RehearsalError
from server.rehearsal.stand_in import HOST

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page

WIDTH, HEIGHT = 1280, 720
_SCRIPTS = ("microphone.js", "tap.js")


def chromium_path() -> str:
    """The browser to use: CHROME_PATH, else what is installed. Raises RehearsalError saying what to do."""
    found = find_chromium()
    if found is None:
        raise RehearsalError(f"no Chromium found: {FIX}")
    return found


def flags(stand_in_port: int, key_hash: str) -> list[str]:
    """What makes it a bot's browser: the transcript's host is ours, the rest of the world is not there."""
    rules = f"MAP {HOST} 127.0.0.1:{stand_in_port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    return [
        f"--host-resolver-rules={rules}",
        f"--ignore-certificate-errors-spki-list={key_hash}",
        "--autoplay-policy=no-user-gesture-required",
        "--auto-accept-camera-and-microphone-capture",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-domain-reliability",
        "--disable-sync",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-renderer-backgrounding",
        "--disable-backgrounding-occluded-windows",
        "--disable-features=Translate,OptimizationHints,MediaRouter",
    ]


class Browser:
    """One page in a Chromium of its own, with a profile that is thrown away. Use as `async with`."""

    def __init__(self, profile: Path, *, port: int, key_hash: str) -> None:
        """`profile` is an empty folder; `port` and `key_hash` are the stand-in's."""
        self._profile = profile
        self._flags = flags(port, key_hash)
        self._stack = contextlib.AsyncExitStack()
        self.version = ""
        #: what went wrong on the page, in the browser's words; at most 100
        self.errors: list[str] = []
        self._page: Page | None = None
        self._context: BrowserContext | None = None
        self._cdp: CDPSession | None = None

    @property
    def page(self) -> Page:
        if self._page is None:
            raise RuntimeError("the browser is not running")
        return self._page

    async def __aenter__(self) -> Browser:
        try:
            from playwright.async_api import Error, async_playwright
        except ImportError:
            raise RehearsalError("playwright is missing: pip install 'parley[rehearse]'") from None
        path = chromium_path()
        try:
            playwright = await self._stack.enter_async_context(async_playwright())
            # Ctrl-C is ours to handle: the browser goes when this block does, or when our process is gone.
            self._context = await playwright.chromium.launch_persistent_context(
                self._profile,
                executable_path=path,
                headless=True,
                args=self._flags,
                ignore_default_args=["--mute-audio"],
                viewport={"width": WIDTH, "height": HEIGHT},
                device_scale_factor=1,
                chromium_sandbox=hasattr(os, "geteuid") and os.geteuid() != 0,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            self._stack.push_async_callback(self._context.close)
            browser = self._context.browser
            self.version = browser.version if browser is not None else ""
            for script in _SCRIPTS:
                await self._context.add_init_script(path=Path(__file__).with_name(script))
            self._page = self._context.pages[0] if self._context.pages else await self._context.new_page()
        except Error as error:
            await self._stack.aclose()
            first = str(error).strip().splitlines()[0]
            raise RehearsalError(f"Chromium did not start: {first[:200]}") from error
        except BaseException:
            await self._stack.aclose()
            raise
        self.page.on("pageerror", lambda error: self._note(f"error: {error}"))
        self.page.on("console", self._console)
        self.page.on("crash", lambda _: self._note("error: the page crashed"))
        return self

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self._note(f"{message.type}: {message.text}")

    def _note(self, line: str) -> None:
        if len(self.errors) < 100:
            self.errors.append(line[:500])

    async def open(self, url: str) -> None:
        """Load the page and make sure that it has the bot's size to the pixel. Raises RehearsalError."""
        answer = await self.page.goto(url, wait_until="load")
        if answer is not None and answer.status >= 400:
            raise RehearsalError(f"the agent's page was refused with status {answer.status}")
        size = await self.page.evaluate("[innerWidth, innerHeight, devicePixelRatio]")
        if size != [WIDTH, HEIGHT, 1]:
            raise RehearsalError(f"the page is {size[0]}x{size[1]} at {size[2]}, not {WIDTH}x{HEIGHT} at 1")

    async def cdp(self) -> CDPSession:
        """The DevTools protocol of the page."""
        if self._cdp is None:
            self._cdp = await self.page.context.new_cdp_session(self.page)
        return self._cdp

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A browser that hangs must not keep the rehearsal: the driver's end takes it along.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(15):
                await self._stack.aclose()
