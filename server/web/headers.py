"""The headers every answer carries: what a page may load, who may frame it, what may be cached."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.assets import Assets
from server.web.access import host_name

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
YEAR = 365 * 86400


def origin_of(url: str) -> str:
    """`wss://host/path` as `wss://host`, the form a policy takes; empty for what is no address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def policy(host: str, sockets: Sequence[str], *, frames: bool) -> str:
    """The Content-Security-Policy. `sockets` are the outside websocket origins the page may open.

    The same policy goes with scripts, because a worker obeys the policy its own script came with. Our own
    sockets are named as well as 'self', which older browsers do not take to mean ws and wss.
    """
    own = [f"ws://{host}", f"wss://{host}"] if _HOST.fullmatch(host) else []
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'", *own, *(origin for origin in sockets if origin)],
        "worker-src": ["'self'"],
        "frame-src": ["'self'"] if frames else ["'none'"],
        "frame-ancestors": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


class SafeHeaders:
    """ASGI middleware that adds them. What a handler sets itself is left as it is."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        transcript_url: str = "",
        public_url: str = "",
        assets: Assets | None = None,
        framing: tuple[str, ...] = ("/rehearsal",),
    ) -> None:
        """`framing`: path prefixes of the pages that show the agent's page inside themselves."""
        self._app = app
        self._sockets = (origin_of(transcript_url),)
        self._public_host = host_name(urlsplit(public_url).netloc) if public_url else ""
        self._assets = assets
        self._framing = framing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        host = Headers(scope=scope).get("host", "")
        frames = any(path == each or path.startswith(each + "/") for each in self._framing)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", policy(host, self._sockets, frames=frames))
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "no-referrer")
                headers.setdefault("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
                headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
                headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
                headers.setdefault("Cache-Control", self._caching(scope, message["status"]))
                # Only under the public name: on a laptop it would lock other projects' pages out of plain
                # http.
                if self._public_host and host_name(host) == self._public_host:
                    headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _caching(self, scope: Scope, status: int) -> str:
        """For ever when the address carries the file's version, ask again for other files, never for the
        rest."""
        if self._assets is None or not scope["path"].startswith(self._assets.prefix):
            return "no-store"
        query = scope["query_string"].decode("latin-1")
        if status in (200, 206, 304) and self._assets.is_current(scope["path"], query):
            return f"public, max-age={YEAR}, immutable"
        return "no-cache"
