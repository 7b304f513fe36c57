"""How the vendors prove that a request is theirs, and how somebody else would try to.

Recall signs with the Standard Webhooks scheme under two families of header names; a websocket upgrade is signed over an
empty body. MeetStream signs only what it sends to workspace-level endpoints, and only the body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as chance
from collections.abc import Mapping, Sequence
from typing import Literal

from server.rehearsal.hosts.clocks import Clocks, iso

Family = Literal["webhook", "svix"]
#: What a forger does: no headers, a key of its own, a timestamp of an hour ago, or a request recorded earlier.
Trick = Literal["", "unsigned", "wrong", "stale", "replayed"]

STALE_BY = 3600
_FORGED_KEY = b"nobody gave this key to anybody."


class Signer:
    """Signs as Recall does. `secrets` are `whsec_...`, newest first; with two, as during a rotation, both sign.

    Without secrets there are no headers, as before a workspace has made its first. `trick` may be set at any time.
    """

    def __init__(self, secrets: Sequence[str], clocks: Clocks, *, family: Family = "webhook") -> None:
        self.secrets = list(secrets)
        self.family: Family = family
        self.trick: Trick = ""
        self._clocks = clocks
        self._last: dict[str, str] = {}

    def headers(self, body: bytes = b"", message_id: str = "") -> dict[str, str]:
        """The headers for one request now. `message_id` names a webhook that is delivered again."""
        if not self.secrets or self.trick == "unsigned":
            return {}
        if self.trick == "replayed" and self._last:
            return self._last
        message_id = message_id or new_id()
        stamp = str(int(self._clocks.wall()) - (STALE_BY if self.trick == "stale" else 0))
        keys = [_FORGED_KEY] if self.trick == "wrong" else [_key(secret) for secret in self.secrets]
        self._last = {
            f"{self.family}-id": message_id,
            f"{self.family}-timestamp": stamp,
            f"{self.family}-signature": " ".join(_signature(key, message_id, stamp, body) for key in keys),
        }
        return self._last


class BodySigner:
    """Signs as MeetStream's workspace-level endpoints do. The timestamp is sent, but is not part of what is signed."""

    def __init__(self, secret: str, clocks: Clocks) -> None:
        self._secret = secret.encode()
        self._clocks = clocks

    def headers(self, body: bytes = b"", message_id: str = "") -> dict[str, str]:
        return {
            "X-MeetStream-Signature": "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest(),
            "X-MeetStream-Timestamp": iso(self._clocks.wall()),
        }


def unsigned(body: bytes = b"", message_id: str = "") -> Mapping[str, str]:
    """No headers at all."""
    return {}


def new_id() -> str:
    """A fresh id of a signed request."""
    return f"msg_{chance.token_hex(10)}"


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def _signature(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    signed = f"{message_id}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
