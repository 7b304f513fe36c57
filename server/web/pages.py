"""The pages a browser asks for: the agent's page, the rehearsal room, and what operators and machines read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from server import __version__
from server.errors import AccessError


@dataclass(frozen=True)
class Pages:
    """Handlers of plain HTTP requests. Everything they need is handed in."""

    templates: Environment
    name: str
    transcript_url: str
    check_token: Callable[[str], str]
    new_page_url: Callable[[Request], Awaitable[dict[str, str]]]
    transcript_of: Callable[[str], str | None]
    ready: Callable[[], dict[str, Any]]
    metrics: Callable[[], bytes]
    sessions: Callable[[], list[dict[str, Any]]]

    async def agent(self, request: Request) -> Response:
        """The page for a bot: `/agent/?t=TOKEN`. Without a token the page uses the one it kept."""
        return self._agent(request, self.transcript_url, stand_in=False)

    async def rehearsal_agent(self, request: Request) -> Response:
        """The same page inside the rehearsal room, with the room's own meeting around it."""
        try:
            session = self.check_token(request.query_params.get("t", ""))
        except AccessError:
            return self._refused()
        path = self.transcript_of(session)
        if path is None:
            return self._refused()
        scheme = "wss" if request.url.scheme == "https" else "ws"
        return self._agent(request, f"{scheme}://{request.url.netloc}{path}", stand_in=True)

    def _agent(self, request: Request, transcript_url: str, *, stand_in: bool) -> Response:
        token = request.query_params.get("t")
        if token is not None:
            try:
                self.check_token(token)
            except AccessError:
                return self._refused()
        page = self.templates.get_template("agent.html").render(
            name=self.name, version=__version__, transcript_url=transcript_url, stand_in=stand_in
        )
        return HTMLResponse(page)

    def _refused(self) -> Response:
        text = f"The link of this page is no longer valid. Whoever sent {self.name} can make a new one."
        return self._notice("No seat with this link", text, 403)

    def _notice(self, heading: str, text: str, status: int) -> Response:
        """A calm page in place of a status line: it may be somebody's picture in a meeting."""
        page = self.templates.get_template("notice.html").render(name=self.name, heading=heading, text=text)
        return HTMLResponse(page, status)

    async def not_found(self, request: Request, error: Exception) -> Response:
        """Nothing is at this address."""
        return self._notice("Nothing here", f"{self.name} has no page at this address.", 404)

    async def broken(self, request: Request, error: Exception) -> Response:
        """A handler failed; the log says where."""
        return self._notice("Back in a moment", f"{self.name} has trouble showing this page.", 500)

    async def start(self, request: Request) -> Response:
        """The rehearsal room."""
        return HTMLResponse(
            self.templates.get_template("rehearsal.html").render(name=self.name, version=__version__, console_url="")
        )

    async def make_session(self, request: Request) -> Response:
        """`POST /api/sessions`: a new session and the address of its page, for a bot."""
        return JSONResponse(await self.new_page_url(request), 201)

    async def list_sessions(self, request: Request) -> Response:
        """`GET /api/sessions`: the sessions that are open, without a word of what was said."""
        return JSONResponse({"sessions": self.sessions()})

    async def healthz(self, request: Request) -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """Whether a page that comes now is served: 200 with what is used, or 503 with what is wrong."""
        state = self.ready()
        return JSONResponse(state, 200 if state["ready"] else 503)

    async def metrics_page(self, request: Request) -> Response:
        """Prometheus text."""
        return Response(self.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")
