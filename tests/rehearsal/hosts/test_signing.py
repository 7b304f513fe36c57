"""The stand-ins' signatures against the published vectors and an implementation that is not ours."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from receiving import OLD_SECRET, SECRET
from standardwebhooks import Webhook, WebhookVerificationError

from server.hosts.signatures import (
    MeetStreamSignature,
    SignatureMissing,
    SignatureOld,
    SignatureReplayed,
    SignatureWrong,
    StandardWebhooks,
)
from server.rehearsal.hosts import signing
from server.rehearsal.hosts.clocks import Clocks
from server.rehearsal.hosts.signing import BodySigner, Signer, unsigned

VECTOR_TIME = 1_795_169_700
BODY = (
    b'{"event":"bot.in_call_recording","data":{"data":{"code":"in_call_recording","sub_code":null,"updated_at":'
    b'"2026-11-20T10:15:00.000000+00:00"},"bot":{"id":"5f0b1c62-7a34-4c9d-9a8e-2b6f4d1e7c10","metadata":'
    b'{"session_id":"sess_8842"}}}}'
)

clocks = Clocks(wall=lambda: VECTOR_TIME + 0.7)


def test_vectors_come_out_as_published():
    """
    A webhook and a websocket upgrade of the vectors' id, time and body have the vectors' signatures.
    """
    signer = Signer([SECRET], clocks)
    assert signer.headers(BODY, "msg_2aQk7Zt9") == {
        "webhook-id": "msg_2aQk7Zt9",
        "webhook-timestamp": "1795169700",
        "webhook-signature": "v1,iUQo2wySgo9u7EjWP3gwOqcUpO21q+0IFReWgC2tT/E=",
    }
    upgrade = signer.headers(b"", "msg_9Lw3Xc4P")
    assert upgrade["webhook-signature"] == "v1,570mUJX5DvGDashmg1aKdxII0B5xFkHMjUOwh4VOfcA="


def test_rotation_and_the_older_family():
    """
    Two secrets sign side by side, newest first; the older family has other names and the same content.
    """
    signer = Signer([SECRET, OLD_SECRET], clocks, family="svix")
    headers = signer.headers(BODY, "msg_2aQk7Zt9")
    assert set(headers) == {"svix-id", "svix-timestamp", "svix-signature"}
    first, second = headers["svix-signature"].split(" ")
    assert first == "v1,iUQo2wySgo9u7EjWP3gwOqcUpO21q+0IFReWgC2tT/E="
    assert second == Signer([OLD_SECRET], clocks).headers(BODY, "msg_2aQk7Zt9")["webhook-signature"]


@pytest.mark.parametrize("trick", ["wrong", "stale"])
def test_forgeries_do_not_verify(trick):
    """
    A key of the forger's own and an old timestamp are refused by a verifier with a window of five minutes.
    """
    signer = Signer([SECRET], Clocks())
    Webhook(SECRET).verify("{}", signer.headers(b"{}"))
    signer.trick = trick
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify("{}", signer.headers(b"{}"))


def test_a_replay_has_the_headers_of_before():
    """
    The first request of a replayer is good, every later one is the same again; unsigned requests have no headers.
    """
    signer = Signer([SECRET], Clocks())
    signer.trick = "replayed"
    first = signer.headers(b"{}")
    assert first and signer.headers(b"other") == first
    signer.trick = "unsigned"
    assert signer.headers() == {} == Signer([], clocks).headers() == unsigned()
    assert signing.new_id() != signing.new_id()


def test_the_workspace_signature_is_over_the_body_alone():
    """
    MeetStream's workspace signature is HMAC-SHA256 in hex over the raw body; the timestamp is beside it.
    """
    headers = BodySigner("ms_example_webhook_secret", clocks).headers(BODY)
    want = hmac.new(b"ms_example_webhook_secret", BODY, hashlib.sha256).hexdigest()
    assert headers["X-MeetStream-Signature"] == "sha256=" + want
    assert headers["X-MeetStream-Timestamp"].startswith("2026-11-20T10:15:00")


def test_the_house_lets_in_what_the_stand_ins_sign():
    """
    Our own verifiers accept every family, both secrets of a rotation and the workspace's signature, and no forgery.
    """
    now = VECTOR_TIME + 1.0
    for family in ("webhook", "svix"):
        signer = Signer([SECRET, OLD_SECRET], clocks, family=family)
        for known in (SECRET, OLD_SECRET):
            StandardWebhooks([known]).verify(signer.headers(BODY), BODY, now)
            StandardWebhooks([known]).verify(signer.headers(), b"", now)
        for trick, refusal in (("unsigned", SignatureMissing), ("wrong", SignatureWrong), ("stale", SignatureOld)):
            signer.trick = trick
            with pytest.raises(refusal):
                StandardWebhooks([SECRET]).verify(signer.headers(), b"", now)
        verifier = StandardWebhooks([OLD_SECRET, SECRET])
        good = Signer([SECRET], clocks)
        good.trick = "replayed"
        verifier.verify(good.headers(BODY), BODY, now)
        with pytest.raises(SignatureReplayed):
            verifier.verify(good.headers(BODY), BODY, now)
    MeetStreamSignature(["shh"]).verify(BodySigner("shh", clocks).headers(BODY), BODY, now)
