"""The addresses that a host is given: our page, and one for each channel on which it comes back to us.

Each carries a signed token of its own that names the session, the host and the channel, and nothing else opens it.
They are secrets: no log and no error holds one.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from server.errors import AccessError

_SALT = "parley.host"
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Way:
    """What a host's token opens: one channel of one host for one session."""

    session: str
    host: str
    channel: str


class HostAddresses:
    """Makes and reads them."""

    def __init__(self, secret: str, page_url: Callable[[str], str], *, ttl: float) -> None:
        """`page_url` gives the address of a session's page on the public address; `ttl` is seconds."""
        self._signer = URLSafeSerializer(
            secret, salt=_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )
        self._page_url = page_url
        self._ttl = ttl

    def page(self, session: str) -> str:
        """The agent's page."""
        return self._page_url(session)

    def socket(self, base: str, way: Way) -> str:
        """The wss:// address of a channel. It ends in a slash: one vendor wants that before anything else."""
        scheme, _, rest = base.partition("://")
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}{self._path(way)}"

    def hook(self, base: str, way: Way) -> str:
        """The https:// address of a channel."""
        return f"{base}{self._path(way)}"

    def _path(self, way: Way) -> str:
        return f"/hosts/{way.host}/{way.channel}/{self.token(way)}/"

    def token(self, way: Way) -> str:
        """The token of a channel."""
        token = self._signer.dumps([way.session, way.host, way.channel, int(time.time() + self._ttl)])
        return token if isinstance(token, str) else token.decode()

    def read(self, token: str, host: str, channel: str) -> Way:
        """What a token opens. Raises AccessError when it is not for this host and channel, or over."""
        if not token or len(token) > _LONGEST:
            raise AccessError("the token is invalid")
        try:
            payload = self._signer.loads(token)
        except BadData:
            raise AccessError("the token is invalid") from None
        match payload:
            case [str(session), str(whose), str(where), int(expires)] if (whose, where) == (host, channel):
                if time.time() >= expires:
                    raise AccessError("the token is expired")
                return Way(session, host, channel)
        raise AccessError("the token is invalid")
