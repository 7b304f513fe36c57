"""The gate before the operator's pages: open to this machine, with a password from elsewhere, shut otherwise.

"This machine" takes three signs together. The connection comes from a loopback address. The Host header is a
loopback name, else a page elsewhere could rename itself to 127.0.0.1 (DNS rebinding). And nothing says that
the request was forwarded, because whatever comes through a tunnel also arrives from loopback. A tunnel of
plain TCP adds no header and can be made to send any Host: who uses one sets `PARLEY_PASSWORD` and
`PARLEY_TRUST_LOOPBACK=false`.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from enum import Enum
from urllib.parse import parse_qs, quote

from itsdangerous import BadData, URLSafeTimedSerializer
from jinja2 import Environment
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.addresses import is_loopback
from server.web.access import host_name, origin_allowed
from server.web.attempts import Attempts

COOKIE = "parley_pass"
#: Seconds a login lasts: a working day.
LOGIN_SECONDS = 12 * 3600
#: Bytes of a login form at most.
_LONGEST_FORM = 4096
#: Signs that a request did not start on this machine. ngrok, Cloudflare, Tailscale, proxies and balancers.
_FORWARDED = ("forwarded", "via", "x-real-ip", "true-client-ip", "x-client-ip", "x-original-host")
_FORWARDED_BEGINS = (
    "x-forwarded",
    "ngrok-",
    "cf-",
    "tailscale-",
    "x-envoy-",
    "fly-",
    "x-azure-",
    "x-amz-",
    "x-goog-",
)


class Answer(Enum):
    """What the gate says to a request."""

    OPEN = "open"
    PASSWORD = "password"
    SHUT = "shut"


class Door:
    """Decides who may come in, and hands out the cookie for the right password."""

    def __init__(
        self,
        *,
        secret: str,
        password: str | None,
        public_url: str = "",
        loopback_is_trusted: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._password = password
        self._public_url = public_url
        self._loopback_is_trusted = loopback_is_trusted
        self._clock = clock
        self.attempts = Attempts()
        # The salt holds a fingerprint of the password: a new password ends every login made with the old one.
        mark = hmac.new(secret.encode(), (password or "").encode(), hashlib.sha256).hexdigest()
        self._signer = URLSafeTimedSerializer(
            secret, salt=f"parley.login.{mark}", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def answer(self, scope: Scope) -> Answer:
        """Whether this request or websocket may come in."""
        connection = HTTPConnection(scope)
        if not self.own_page(scope, connection.headers):
            return Answer.SHUT
        if self._loopback_is_trusted and from_this_machine(scope):
            return Answer.OPEN
        if self._password is None:
            return Answer.SHUT
        return Answer.OPEN if self._holds_pass(connection.cookies.get(COOKIE, "")) else Answer.PASSWORD

    def own_page(self, scope: Scope, headers: Headers) -> bool:
        """Not another site's page acting through the operator's browser: it could post, or open a
        websocket."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            return True
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is None:
            # A program; browsers say where they come from. It still needs to be here or to hold the pass.
            return site in (None, "same-origin", "none")
        if origin == "null":
            # A form of our own says this where no referrer is sent; so does a stranger's frame, but not
            # "same-origin".
            return site == "same-origin"
        return origin_allowed(origin, headers.get("host", ""), self._public_url)

    def _holds_pass(self, cookie: str) -> bool:
        if not cookie or len(cookie) > 512:
            return False
        try:
            made = self._signer.loads(cookie)
        except BadData:
            return False
        return isinstance(made, int) and 0 <= self._clock() - made < LOGIN_SECONDS

    def is_right(self, password: str) -> bool:
        """Compare in constant time, whatever the lengths."""
        given = hashlib.sha256(password.encode("utf-8", "replace")).digest()
        right = hashlib.sha256((self._password or "").encode()).digest()
        return self._password is not None and hmac.compare_digest(given, right)

    @property
    def has_password(self) -> bool:
        return self._password is not None

    def make_pass(self) -> str:
        """The value of the cookie for someone who knew the password."""
        made = self._signer.dumps(int(self._clock()))
        return made if isinstance(made, str) else made.decode()


def from_this_machine(scope: Scope) -> bool:
    """Whether a request started on this machine: loopback address, loopback name, nothing forwarded."""
    client = scope.get("client")
    headers = Headers(scope=scope)
    if not client or not is_loopback(client[0]) or len(headers.getlist("host")) != 1:
        return False
    if not is_loopback(host_name(headers["host"])):
        return False
    return not any(name in _FORWARDED or name.startswith(_FORWARDED_BEGINS) for name in headers)


class Gate:
    """ASGI middleware that lets only those in whom the door lets in; wrap the operator's routes with it."""

    def __init__(self, app: ASGIApp, *, door: Door, templates: Environment) -> None:
        self._app = app
        self._door = door
        self._templates = templates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = self._door.answer(scope)
        if answer is Answer.OPEN:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
        else:
            await self._refusal(scope, answer)(scope, receive, send)

    def _refusal(self, scope: Scope, answer: Answer) -> Response:
        wants_page = "text/html" in Headers(scope=scope).get("accept", "")
        if answer is Answer.SHUT:
            if not wants_page:
                return JSONResponse({"code": "forbidden", "message": "only from this machine"}, 403)
            template = self._templates.get_template("refused.html")
            return HTMLResponse(template.render(has_password=self._door.has_password), 403)
        if not wants_page or scope["method"] not in ("GET", "HEAD"):
            return JSONResponse({"code": "password", "message": "log in at /login first"}, 401)
        # 401 without a challenge: the form in the page asks, not a box of the browser.
        query = scope["query_string"].decode("latin-1")
        wanted = quote(scope["path"]) + (f"?{query}" if query else "")
        return login_page(self._templates, wanted, status=401)


def login_page(templates: Environment, wanted: str, *, trouble: str = "", status: int = 200) -> Response:
    page = templates.get_template("login.html").render(wanted=local_path(wanted), trouble=trouble)
    # With no referrer at all a browser would hide the form's origin, and `own_page` could not know it as
    # ours.
    return HTMLResponse(page, status, headers={"Referrer-Policy": "same-origin"})


def local_path(wanted: str) -> str:
    """A path on this server to go to after the login; `/` for anything that might lead elsewhere."""
    odd = any(ord(char) < 0x21 or char == "\\" for char in wanted)
    return "/" if odd or not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 1024 else wanted


class Login:
    """`Route("/login", login.answer, methods=["GET", "POST"])`: shows the form, takes the password, gives
    the cookie."""

    def __init__(self, *, door: Door, templates: Environment, ticks: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._templates = templates
        self._ticks = ticks

    async def answer(self, request: Request) -> Response:
        if not self._door.has_password:
            page = self._templates.get_template("refused.html").render(has_password=False)
            return HTMLResponse(page, 403)
        if request.method != "POST":
            return login_page(self._templates, request.query_params.get("next", "/"))
        if not self._door.own_page(request.scope, request.headers):
            return JSONResponse({"code": "forbidden", "message": "from another site"}, 403)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_FORM:
                return JSONResponse({"code": "too_long", "message": "the form is too long"}, 413)
        form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10)
        wanted = local_path(form.get("next", ["/"])[0])
        wait = self._door.attempts.wait(who(request), self._ticks())
        if wait > 0:
            answer = login_page(self._templates, wanted, trouble="Too many attempts. Wait a minute.", status=429)
            answer.headers["Retry-After"] = str(int(wait) + 1)
            return answer
        if not self._door.is_right(form.get("password", [""])[0]):
            self._door.attempts.failed(who(request), self._ticks())
            return login_page(self._templates, wanted, trouble="That is not the password.", status=401)
        answer = RedirectResponse(wanted, 303)
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        answer.set_cookie(
            COOKIE,
            self._door.make_pass(),
            max_age=LOGIN_SECONDS,
            httponly=True,
            samesite="strict",
            secure=secure,
        )
        return answer


def who(request: Request) -> str:
    """Whose attempts are counted together: the address, and behind a tunnel the last one it adds."""
    near = request.client.host if request.client else "?"
    far = request.headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip()[:64]
    return f"{near} {far}"
