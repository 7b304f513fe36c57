"""Proof that a request comes from a vendor: signatures over its raw bytes, their age, and requests seen before.

Three schemes: "standard webhooks" (Recall.ai: an id, a time and a body, signed together), MeetStream's (the body
alone) and Attendee's (the body written anew in one canonical way). A signature is checked before its age, so that
"old" means: genuine, but old. Only genuine requests are remembered, so nobody else can fill the memory.

A request seen before is refused with the code `replayed`. A web handler should answer it with 2xx all the same and do
nothing: the vendor repeats a delivery whose answer got lost, and an endpoint that keeps refusing is given up.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import itertools
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

from standardwebhooks import Webhook

from server.errors import AccessError, SettingsError

Family = Literal["webhook", "svix"]

#: seconds a signature may be older or newer than now; what the libraries of the scheme use
WINDOW = 300.0
#: Genuine requests remembered, about 150 bytes each. Full: the oldest is forgotten; by then it has usually left the
#: window and is refused for its age.
REMEMBERED = 50_000

_ID = re.compile(r"[!-~]{1,256}")
_STAMP = re.compile(r"[0-9]{1,11}")
#: a header with more than two secrets' signatures is no vendor's
_LONGEST_HEADER = 2048
_REPLAYED = "this request was here before"


class SignatureRefused(AccessError):
    """A request is not known to be the vendor's. `code` is one word that may be shown and counted."""

    code = "wrong"


class SignatureMissing(SignatureRefused):
    """It is not signed although it must be."""

    code = "missing"


class SignatureWrong(SignatureRefused):
    """Its signature fits none of the secrets, or cannot be read."""


class SignatureOld(SignatureRefused):
    """It is genuine, but was signed too long ago."""

    code = "old"


class SignatureFuture(SignatureRefused):
    """It is genuine, but its time is yet to come: one of the clocks is wrong."""

    code = "future"


class SignatureReplayed(SignatureRefused):
    """It is genuine, but was here before."""

    code = "replayed"


class UpgradeReplayed(SignatureReplayed):
    """A websocket upgrade (or a GET) with the signature of an earlier one.

    Nobody says whether a vendor signs every reconnect anew. Who can tell by other means that the caller belongs here,
    as by a token in the path, may let this one in; refusing it for good makes the bot deaf.
    """

    code = "replayed-upgrade"


class _Seen:
    """What was here before: a bounded set that forgets its oldest member."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._keys: OrderedDict[bytes, None] = OrderedDict()

    def first_time(self, what: str) -> bool:
        """Whether this was not here before; it is remembered."""
        key = hashlib.sha256(what.encode()).digest()[:16]
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
        return True


class StandardWebhooks:
    """Verifies "standard webhooks", in both header families, with any of several secrets."""

    def __init__(self, secrets: Iterable[str], *, window: float = WINDOW, remembered: int = REMEMBERED) -> None:
        self._signers = [_signer(secret) for secret in secrets]
        if not self._signers:
            raise SettingsError("a verifier of webhooks needs at least one secret")
        self._window = window
        self._seen = _Seen(remembered)

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Return when the request is genuine, recent and new; raise SignatureRefused otherwise.

        `body` is the raw bytes of a POST, empty for a GET or a websocket upgrade; `now` is seconds since 1970.
        """
        msg_id, stamp, given = _three_headers(headers)
        wanted = [_sign(signer, msg_id, stamp, body) for signer in self._signers]
        _compare(given.split(" "), wanted)
        _check_age(float(stamp), now, self._window)
        # Ours for the first secret, and not what was sent: leaving out one of two signatures makes no new request.
        if not self._seen.first_time(f"{msg_id} {wanted[0]}"):
            raise SignatureReplayed(_REPLAYED) if body else UpgradeReplayed(_REPLAYED)


def sign(secret: str, msg_id: str, timestamp: int, body: bytes = b"", *, family: Family = "webhook") -> dict[str, str]:
    """The three headers of a signed request, as a vendor sends them. For stand-ins and tests."""
    signature = _sign(_signer(secret), msg_id, str(timestamp), body)
    return {f"{family}-id": msg_id, f"{family}-timestamp": str(timestamp), f"{family}-signature": signature}


def _signer(secret: str) -> Webhook:
    # The library decodes carelessly, so that a mistyped secret would only show as a wrong signature later.
    key = _from_base64(secret.removeprefix("whsec_"))
    if not key:
        raise SettingsError("a webhook secret must be whsec_ followed by base64, as the vendor's dashboard shows it")
    return Webhook(key)


def _sign(signer: Webhook, msg_id: str, stamp: str, body: bytes) -> str:
    """`v1,` and the signature. Only the library's `sign` is used: its `verify` knows one header family, one secret and
    no empty body, and reads the clock."""
    try:
        when, text = datetime.fromtimestamp(int(stamp), UTC), body.decode()
    except (OverflowError, OSError, ValueError):
        raise SignatureWrong("the signed time or the body cannot be read") from None
    return signer.sign(msg_id, when, text)


def _three_headers(headers: Mapping[str, str]) -> tuple[str, str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    families: tuple[Family, ...] = ("webhook", "svix")
    for family in families:
        found = [lower.get(f"{family}-{part}", "") for part in ("id", "timestamp", "signature")]
        if all(found):
            msg_id, stamp, given = found
            if not _ID.fullmatch(msg_id) or not _STAMP.fullmatch(stamp) or len(given) > _LONGEST_HEADER:
                raise SignatureWrong("the signature headers cannot be read")
            return msg_id, stamp, given
    raise SignatureMissing("the request is not signed")


class MeetStreamSignature:
    """Verifies MeetStream's workspace webhooks: `X-MeetStream-Signature: sha256=<hex>` over the raw body.

    Its time stands in a header that is not signed, so an attacker could change it; a replay is told by the signature.
    """

    def __init__(self, secrets: Iterable[str], *, window: float = WINDOW, remembered: int = REMEMBERED) -> None:
        self._secrets = [secret for secret in secrets if secret]
        if not self._secrets:
            raise SettingsError("a verifier of webhooks needs at least one secret")
        self._window = window
        self._seen = _Seen(remembered)

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Return when the request is genuine, recent as far as it says, and new; raise SignatureRefused otherwise."""
        lower = {name.lower(): value for name, value in headers.items()}
        given = lower.get("x-meetstream-signature", "").strip()
        if not given:
            raise SignatureMissing("the request is not signed")
        wanted = [sign_meetstream(secret, body) for secret in self._secrets]
        _compare([given], wanted)
        stamp = _seconds(lower.get("x-meetstream-timestamp", ""))
        if stamp is not None:
            _check_age(stamp, now, self._window)
        if not self._seen.first_time(wanted[0]):
            raise SignatureReplayed(_REPLAYED)


def sign_meetstream(secret: str, body: bytes) -> str:
    """The value of `X-MeetStream-Signature` for this body. The secret is used as text."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class AttendeeSignature:
    """Verifies Attendee's webhooks: `X-Webhook-Signature`, base64, over the body in its canonical form.

    Nothing says when it was signed; a delivery carries a key of its own inside, so the same signature is the same
    delivery.
    """

    def __init__(self, secrets: Iterable[str], *, remembered: int = REMEMBERED) -> None:
        self._keys = [_attendee_key(secret) for secret in secrets]
        if not self._keys:
            raise SettingsError("a verifier of webhooks needs at least one secret")
        self._seen = _Seen(remembered)

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Return when the request is genuine and new; raise SignatureRefused otherwise. `now` is not needed."""
        lower = {name.lower(): value for name, value in headers.items()}
        given = lower.get("x-webhook-signature", "").strip()
        if not given:
            raise SignatureMissing("the request is not signed")
        canonical = _canonical(body)
        wanted = [_attendee_signature(key, canonical) for key in self._keys]
        _compare([given], wanted)
        if not self._seen.first_time(wanted[0]):
            raise SignatureReplayed(_REPLAYED)


def sign_attendee(secret: str, body: bytes) -> str:
    """The value of `X-Webhook-Signature` for this JSON body. The secret is base64."""
    return _attendee_signature(_attendee_key(secret), _canonical(body))


def _from_base64(text: str) -> bytes:
    """The bytes, also of unpadded base64; empty when it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _attendee_key(secret: str) -> bytes:
    key = _from_base64(secret)
    if not key:
        raise SettingsError("an Attendee webhook secret must be base64, as the project's settings show it")
    return key


def _canonical(body: bytes) -> bytes:
    """The body as it is signed: keys sorted, no blanks, letters as they are. It is not what stands on the wire."""
    try:
        parsed = json.loads(body)
        return json.dumps(parsed, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        raise SignatureWrong("the signed body is no JSON") from None


def _attendee_signature(key: bytes, canonical: bytes) -> str:
    return base64.b64encode(hmac.new(key, canonical, hashlib.sha256).digest()).decode()


def _compare(given: Iterable[str], wanted: Iterable[str]) -> None:
    """Refuse unless one of the given signatures is one of the wanted, each pair compared in constant time."""
    pairs = itertools.product(given, wanted)
    if not any(hmac.compare_digest(one.encode("utf-8", "replace"), want.encode()) for one, want in pairs):
        raise SignatureWrong("the signature fits none of the secrets")


def _check_age(signed: float, now: float, window: float) -> None:
    if signed < now - window:
        raise SignatureOld(f"the request was signed more than {window:.0f} s ago")
    if signed > now + window:
        raise SignatureFuture(f"the request was signed more than {window:.0f} s from now: one of the clocks is wrong")


def _seconds(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 time; one without a zone is UTC. None when it is none."""
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
