"""The headers every answer carries."""

import re

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from server.assets import Assets, static_dir, templates_dir
from server.web.headers import SafeHeaders, origin_of, policy

pytestmark = pytest.mark.anyio

TRANSCRIPT = "wss://meeting-data.bot.recall.ai/api/v1/transcript"
PUBLIC = "https://agent.example.com"


def app(folder) -> Starlette:
    async def own(request):
        return HTMLResponse("x", headers={"Content-Security-Policy": "default-src 'self'", "Cache-Control": "private"})

    return Starlette(
        routes=[
            Route("/agent", lambda request: HTMLResponse("x")),
            Route("/own", own),
            Route("/rehearsal", lambda request: HTMLResponse("x")),
            Route("/rehearsals", lambda request: PlainTextResponse("x")),
            Mount("/static", StaticFiles(directory=folder)),
        ],
        middleware=[
            Middleware(SafeHeaders, transcript_url=TRANSCRIPT, public_url=PUBLIC, assets=Assets(folder)),
        ],
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "app.js").write_text("export {};")
    return tmp_path


@pytest.fixture
async def http(folder):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(folder)), base_url="http://127.0.0.1:8000") as http:
        yield http


def rules(answer: httpx.Response) -> dict[str, list[str]]:
    text = answer.headers["content-security-policy"]
    return {name: sources for name, *sources in (rule.split() for rule in text.split("; "))}


async def test_the_agents_page_may_reach_the_transcript_and_nothing_else(http):
    """Scripts, styles and pictures are our own; sockets go to us and to the host's transcript; nobody frames
    us."""
    found = rules(await http.get("/agent"))
    assert found["default-src"] == ["'none'"]
    assert found["script-src"] == found["style-src"] == ["'self'"]
    assert found["connect-src"] == [
        "'self'",
        "ws://127.0.0.1:8000",
        "wss://127.0.0.1:8000",
        "wss://meeting-data.bot.recall.ai",
    ]
    assert found["frame-src"] == ["'none'"]
    assert found["frame-ancestors"] == ["'self'"]
    assert found["base-uri"] == ["'none'"]
    assert not [each for sources in found.values() for each in sources if "unsafe" in each or each == "*"]


async def test_only_the_rehearsal_shows_pages_inside_itself(http):
    """frame-src is 'self' on the rehearsal's pages only."""
    assert rules(await http.get("/rehearsal"))["frame-src"] == ["'self'"]
    assert rules(await http.get("/rehearsals"))["frame-src"] == ["'none'"]


async def test_scripts_carry_the_policy_too(http):
    """A worker obeys the policy of its own script, so a script allows the same sockets as the page."""
    assert TRANSCRIPT.removesuffix("/api/v1/transcript") in rules(await http.get("/static/agent/app.js"))["connect-src"]


async def test_every_answer_is_plain_about_types_and_origins(http):
    """Also an error carries nosniff, no-referrer, the permissions and the isolation."""
    for path in ("/agent", "/nowhere", "/static/agent/app.js"):
        headers = (await http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "microphone=(self)" in headers["permissions-policy"]
        assert headers["cross-origin-opener-policy"] == "same-origin"


async def test_a_file_is_kept_for_ever_in_its_version_only(http, folder):
    """With the current version in its address a file never changes; otherwise the browser asks again."""
    assets = Assets(folder)
    url = assets.url("agent/app.js")
    assert re.fullmatch(r"/static/agent/app\.js\?v=[0-9a-f]{12}", url)
    assert "immutable" in (await http.get(url)).headers["cache-control"]
    assert (await http.get("/static/agent/app.js")).headers["cache-control"] == "no-cache"
    assert (await http.get("/static/agent/app.js?v=000000000000")).headers["cache-control"] == "no-cache"
    assert (await http.get("/static/agent/none.js?v=")).headers["cache-control"] == "no-cache"
    assert (await http.get("/agent")).headers["cache-control"] == "no-store"

    (folder / "agent" / "app.js").write_text("export { changed };")
    assert assets.url("agent/app.js") != url
    assert (await http.get(url)).headers["cache-control"] == "no-cache"


async def test_versions_do_not_leave_the_folder(folder):
    """Names that lead out of the folder, to no file or to a folder have no version."""
    assets = Assets(folder / "agent")
    (folder / "secret.txt").write_text("x")
    for name in ("../secret.txt", "none.js", "", ".", "a\0b"):
        assert assets.version(name) == ""
        assert assets.url(name) == f"/static/{name}"


async def test_what_a_handler_says_itself_stays(http):
    """A handler's own policy and caching are left as they are."""
    headers = (await http.get("/own")).headers
    assert headers["content-security-policy"] == "default-src 'self'"
    assert headers["cache-control"] == "private"


async def test_https_is_demanded_under_the_public_name_only(http):
    """HSTS is sent to those who came by the public https address, never on the loopback address."""
    assert "strict-transport-security" not in (await http.get("/agent")).headers
    answer = await http.get("/agent", headers={"host": "agent.example.com"})
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("host", ["", "a b", "x; script-src *", "a,b", "x:999999", "[::1", "é"])
def test_an_odd_host_gets_no_place_in_the_policy(host):
    """What a client sends as Host cannot add anything to the policy."""
    assert "connect-src 'self' wss://x.example;" in policy(host, ["wss://x.example"], frames=False)


def test_origins_of_addresses():
    """A policy names origins, not paths."""
    assert origin_of(TRANSCRIPT) == "wss://meeting-data.bot.recall.ai"
    assert origin_of("ws://127.0.0.1:9/x?y") == "ws://127.0.0.1:9"
    assert origin_of("nothing") == ""


def test_the_folders_are_there():
    """Templates and static files are found from a checkout."""
    assert (templates_dir() / "login.html").is_file()
    assert (static_dir() / "door" / "door.css").is_file()
