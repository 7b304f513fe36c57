"""The gate before the operator's pages."""

import contextlib
import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.assets import Assets, static_dir, templates_dir
from server.web.gate import COOKIE, LOGIN_SECONDS, Door, Gate, Login, local_path
from server.web.headers import SafeHeaders

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"
PUBLIC = "https://agent.example.com"
HTML = {"accept": "text/html"}


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def house(password: str | None = PASSWORD, *, trusted: bool = True, clock: Clock | None = None) -> Starlette:
    """An app with one page behind the gate, and the login beside it."""
    templates = Environment(loader=FileSystemLoader(templates_dir()), autoescape=True)
    clock = clock or Clock()
    door = Door(secret="s" * 32, password=password, public_url=PUBLIC, loopback_is_trusted=trusted, clock=clock)
    login = Login(door=door, templates=templates, ticks=clock)

    async def inside(request):
        return PlainTextResponse(f"inside {request.method}")

    async def socket(websocket):
        await websocket.accept()
        await websocket.send_text("inside")
        await websocket.close()

    behind = [
        Route("/", inside, methods=["GET", "POST"]),
        Route("/page", lambda request: HTMLResponse("<link rel=icon href=data:,><h1>inside</h1>")),
        WebSocketRoute("/socket", socket),
    ]
    return Starlette(
        routes=[
            Route("/login", login.answer, methods=["GET", "POST"]),
            Mount("/static", StaticFiles(directory=static_dir())),
            Mount("/rehearsal", routes=behind, middleware=[Middleware(Gate, door=door, templates=templates)]),
        ],
        middleware=[Middleware(SafeHeaders, assets=Assets())],
    )


def client(app: Starlette, address: str = "127.0.0.1", host: str = "127.0.0.1:8000") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 5000))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


async def test_this_machine_comes_in_without_a_password():
    """A request from loopback under a loopback name is let in, with and without a password set."""
    for password in (PASSWORD, None):
        for address, host in (
            ("127.0.0.1", "127.0.0.1:8000"),
            ("::1", "[::1]:8000"),
            ("127.0.0.1", "localhost"),
        ):
            async with client(house(password), address, host) as http:
                assert (await http.get("/rehearsal/")).text == "inside GET"
                assert (await http.post("/rehearsal/")).text == "inside POST"


async def test_with_no_trust_in_loopback_the_password_is_asked_here_too():
    """Behind a tunnel of plain TCP the operator may have the password asked of everyone."""
    async with client(house(trusted=False)) as http:
        assert (await http.get("/rehearsal/")).status_code == 401


@pytest.mark.parametrize(
    ("address", "host", "headers"),
    [
        ("192.168.1.7", "127.0.0.1:8000", {}),
        ("127.0.0.1", "evil.example", {}),  # DNS rebinding: a name of theirs that leads to us
        ("127.0.0.1", "agent.example.com", {}),
        ("127.0.0.1", "localhost.evil.example:8000", {}),
        ("127.0.0.1", "127.0.0.1:8000", {"x-forwarded-for": "203.0.113.9"}),
        ("127.0.0.1", "127.0.0.1:8000", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", "127.0.0.1:8000", {"x-forwarded-proto": "https"}),
        ("127.0.0.1", "127.0.0.1:8000", {"forwarded": "for=203.0.113.9"}),
        ("127.0.0.1", "127.0.0.1:8000", {"ngrok-trace-id": "1"}),
        ("127.0.0.1", "127.0.0.1:8000", {"cf-connecting-ip": "203.0.113.9"}),
        ("127.0.0.1", "127.0.0.1:8000", {"via": "1.1 proxy"}),
    ],
)
async def test_elsewhere_needs_the_password_or_stays_out(address, host, headers):
    """Whatever only looks like this machine is asked for the password; without one set it gets a page that
    says no."""
    async with client(house(), address, host) as http:
        page = await http.get("/rehearsal/", headers={**headers, **HTML})
        assert page.status_code == 401
        assert 'name="password"' in page.text
        plain = await http.get("/rehearsal/", headers=headers)
        assert (plain.status_code, plain.json()["code"]) == (401, "password")
    async with client(house(None), address, host) as http:
        page = await http.get("/rehearsal/", headers={**headers, **HTML})
        assert page.status_code == 403
        assert "PARLEY_PASSWORD" in page.text
        assert (await http.get("/rehearsal/", headers=headers)).json()["code"] == "forbidden"
        assert (await http.get("/login")).status_code == 403


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"origin": "http://127.0.0.1:8000"}, True),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"origin": "http://127.0.0.1:9000", "sec-fetch-site": "same-site"}, False),
    ],
)
async def test_another_page_in_the_operators_browser_changes_nothing(headers, allowed):
    """A page elsewhere cannot post to us through a browser that sits on this machine."""
    async with client(house()) as http:
        answer = await http.post("/rehearsal/", headers=headers)
        assert answer.status_code == (200 if allowed else 403)


async def test_the_password_opens_until_the_day_is_over():
    """The right password gives a cookie that opens for twelve hours and leads to the page that was wanted."""
    clock = Clock()
    app = house(clock=clock)
    async with client(app, "203.0.113.9", "agent.example.com") as http:
        answer = await http.post("/login", data={"password": PASSWORD, "next": "/rehearsal/page?a=1"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/rehearsal/page?a=1")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and "secure" not in cookie
        assert PASSWORD not in cookie
        assert (await http.get("/rehearsal/")).status_code == 200
        clock.now += LOGIN_SECONDS
        assert (await http.get("/rehearsal/")).status_code == 401


async def test_the_cookie_is_for_https_when_the_login_was():
    """Behind a tunnel that ends the TLS the cookie is marked secure."""
    async with client(house(), "127.0.0.1", "agent.example.com") as http:
        headers = {"x-forwarded-proto": "https", "origin": PUBLIC}
        answer = await http.post("/login", data={"password": PASSWORD}, headers=headers)
        assert "secure" in answer.headers["set-cookie"].lower()


async def test_a_new_password_ends_old_logins():
    """A cookie made with one password does not open a house with another; a made-up one opens nothing."""
    async with client(house(), "203.0.113.9", "agent.example.com") as http:
        await http.post("/login", data={"password": PASSWORD})
        old = http.cookies[COOKIE]
    for value in (old, "x" * 600, "MTIz.abc.def", ""):
        async with client(house("another password"), "203.0.113.9", "agent.example.com") as http:
            assert (await http.get("/rehearsal/", headers={"cookie": f"{COOKIE}={value}"})).status_code == 401


async def test_guessing_is_slow():
    """After five wrong passwords in a minute an address has to wait, also with the right one; another has
    not."""
    clock = Clock()
    app = house(clock=clock)
    async with client(app, "203.0.113.9", "agent.example.com") as http:
        for _ in range(5):
            answer = await http.post("/login", data={"password": "wrong"})
            assert answer.status_code == 401
            assert "not the password" in answer.text
        answer = await http.post("/login", data={"password": PASSWORD})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 61
    async with client(app, "203.0.113.10", "agent.example.com") as http:
        assert (await http.post("/login", data={"password": PASSWORD})).status_code == 303
    clock.now += 61
    async with client(app, "203.0.113.9", "agent.example.com") as http:
        assert (await http.post("/login", data={"password": PASSWORD})).status_code == 303


async def test_many_addresses_guess_no_faster():
    """Sixty wrong passwords in a minute, from wherever, and everyone has to wait."""
    clock = Clock()
    app = house(clock=clock)
    for number in range(60):
        async with client(app, f"203.0.113.{number}", "agent.example.com") as http:
            assert (await http.post("/login", data={"password": "wrong"})).status_code == 401
    async with client(app, "203.0.113.200", "agent.example.com") as http:
        assert (await http.post("/login", data={"password": PASSWORD})).status_code == 429


async def test_a_form_that_is_too_long_is_refused():
    """A login form of more than 4 KB is not read to its end."""
    async with client(house(), "203.0.113.9", "agent.example.com") as http:
        assert (await http.post("/login", content=b"password=" + b"x" * 5000)).status_code == 413
        assert (await http.post("/login", content=b"\xff\xfe&&==")).status_code == 401


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/rehearsal?x=1", "/rehearsal?x=1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\tevil", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
async def test_the_login_leads_nowhere_else(wanted, path):
    """Only paths on this server are gone to after the login."""
    assert local_path(wanted) == path


async def test_what_was_asked_for_is_shown_as_text():
    """The wanted address goes into the form escaped."""
    async with client(house(), "203.0.113.9", "agent.example.com") as http:
        page = await http.get('/rehearsal/?"><script>alert(1)</script>', headers=HTML)
        assert page.status_code == 401
        assert "<script" not in page.text


@contextlib.contextmanager
def served(app: Starlette):
    """The app on a real socket; its port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


async def test_sockets_stand_before_the_same_gate():
    """A websocket from this machine is accepted; one that was forwarded or comes from another site gets
    403."""
    with served(house()) as port:
        url = f"ws://127.0.0.1:{port}/rehearsal/socket"
        async with connect(url, proxy=None) as socket:
            assert await socket.recv() == "inside"
        async with connect(url, proxy=None, origin=f"http://127.0.0.1:{port}") as socket:
            assert await socket.recv() == "inside"
        for extra in (
            {"x-forwarded-for": "203.0.113.9"},
            {"origin": "https://evil.example"},
            {"origin": "null"},
        ):
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, proxy=None, additional_headers=extra)
            assert refused.value.response.status_code == 403


@pytest.mark.browser
async def test_a_person_logs_in_with_a_browser(tmp_path: Path):
    """In a real browser the form is shown without one complaint of the policy, takes the password and comes
    in."""
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    from server.chromium import find_chromium

    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    complaints = []
    with served(house(trusted=False)) as port:
        async with playwright.async_playwright() as browsers:
            browser = await browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = await browser.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            await page.goto(f"http://localhost:{port}/rehearsal/page")
            await page.fill("#password", "wrong password")
            await page.click("button")
            await page.wait_for_selector("#trouble")
            await page.fill("#password", PASSWORD)
            await page.click("button")
            await page.wait_for_url("**/rehearsal/page")
            assert await page.inner_text("h1") == "inside"
            await browser.close()
    assert not [text for text in complaints if "401" not in text]
