"""Who a page and its sockets belong to: session ids, signed tokens, and the origins a browser may come from.

A meeting bot loads the page without any header or cookie of ours, so the token travels in the address. It
names one session, expires, and opens nothing but that session's page and socket. It is not single-use: a bot
reloads its page.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from typing import Literal
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeSerializer

from server.addresses import is_loopback
from server.errors import AccessError

#: 32 characters without the ones people confuse; 20 of them are 100 bits.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz023456789"
_SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: A token is about 130 characters; anything much longer is not ours and is not worth hashing.
_LONGEST = 512
_SALT = "parley.page"


class TokenRefused(AccessError):
    """A token does not open anything. `code` says why, in one word that may be shown and counted."""

    def __init__(self, code: Literal["expired", "invalid"]) -> None:
        super().__init__(f"the token is {code}")
        self.code = code


def new_session_id() -> str:
    """A session id nobody can guess: 20 lower-case letters and digits, safe in addresses, paths and
    commands."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def mint(secret: str, session: str, ttl: float, *, now: float | None = None) -> str:
    """A token that opens `session` for `ttl` seconds from `now` (seconds since 1970; the clock when not
    given)."""
    if not _SESSION.fullmatch(session):
        raise AccessError("a session id has 1 to 64 letters, digits, - and _")
    begins = time.time() if now is None else now
    return _signer(secret).dumps([session, int(begins + ttl)])


def check(secret: str, token: str, *, now: float | None = None) -> str:
    """The session a token opens. Raises `TokenRefused` with code `expired` or `invalid`, the token
    unmentioned."""
    if not token or len(token) > _LONGEST:
        raise TokenRefused("invalid")
    try:
        payload = _signer(secret).loads(token)
    except BadData:
        raise TokenRefused("invalid") from None
    match payload:
        case [str(session), int(expires)] if _SESSION.fullmatch(session):
            if (time.time() if now is None else now) >= expires:
                raise TokenRefused("expired")
            return session
    raise TokenRefused("invalid")


def _signer(secret: str) -> URLSafeSerializer:
    if not secret:
        raise AccessError("there is no secret to sign with")
    return URLSafeSerializer(
        secret, salt=_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )


def origin_allowed(origin: str | None, host: str, public_url: str = "") -> bool:
    """Whether a browser's page at `origin` may open our sockets or change anything here.

    `host` is the request's Host header. Allowed are the page's own origin (same host and port, http or
    https: a tunnel ends the TLS before us) and the public address. A browser always sends an Origin with a
    websocket and with a POST, so a missing one means a program; programs are let in when they call us by a
    loopback name: they carry no one's cookies, and the token is still checked. `null` (a sandboxed frame, a
    file, a redirect) is refused.
    """
    if origin is None:
        return is_loopback(host_name(host))
    if public_url and origin.lower() == public_url.lower():
        return True
    try:
        parts = urlsplit(origin.lower())
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        return False
    usual = 443 if parts.scheme == "https" else 80
    name, _, asked = _split_host(host.lower())
    return (parts.hostname, port or usual) == (name, int(asked) if asked else usual)


def host_name(host: str) -> str:
    """The name in a Host header, without its port and without the brackets of an IPv6 address."""
    return _split_host(host.lower())[0]


def _split_host(host: str) -> tuple[str, str, str]:
    """Name, colon, port of a Host header; an odd one gives an empty name, which matches nothing."""
    found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^\s:/@\[\]]+)(:)?([0-9]{1,5})?", host)
    if not found or bool(found[2]) != bool(found[3]):
        return "", "", ""
    return found[1].strip("[]"), found[2] or "", found[3] or ""
