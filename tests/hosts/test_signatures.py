"""Signatures of vendors: their own vectors, age, replay, rotation, and everything that is wrong."""

import base64
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import AccessError, SettingsError
from server.hosts.signatures import (
    AttendeeSignature,
    MeetStreamSignature,
    SignatureRefused,
    StandardWebhooks,
    sign,
    sign_attendee,
    sign_meetstream,
)

# The vectors are facts of the protocols, worked out independently of this code.
SECRET = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"
OLD_SECRET = "whsec_ZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8"
AT = 1795169700
BODY = (
    b'{"event":"bot.in_call_recording","data":{"data":{"code":"in_call_recording","sub_code":null,'
    b'"updated_at":"2026-11-20T10:15:00.000000+00:00"},"bot":{"id":"5f0b1c62-7a34-4c9d-9a8e-2b6f4d1e7c10",'
    b'"metadata":{"session_id":"sess_8842"}}}}'
)
POST_SIGNATURE = "v1,iUQo2wySgo9u7EjWP3gwOqcUpO21q+0IFReWgC2tT/E="
UPGRADE_SIGNATURE = "v1,570mUJX5DvGDashmg1aKdxII0B5xFkHMjUOwh4VOfcA="
OLD_SIGNATURE = "v1,YgAD/W+Fd7oXdof/jSMz1PxkC2xA6ldWV6xoP2vohLk="


def post_headers(signature=POST_SIGNATURE, family="webhook", stamp=AT):
    """The headers of the vectors' POST."""
    return {f"{family}-id": "msg_2aQk7Zt9", f"{family}-timestamp": str(stamp), f"{family}-signature": signature}


UPGRADE = {"webhook-id": "msg_9Lw3Xc4P", "webhook-timestamp": str(AT), "webhook-signature": UPGRADE_SIGNATURE}


def refusal(verifier, headers, body=b"", now=AT):
    """The code with which this is refused."""
    with pytest.raises(SignatureRefused) as refused:
        verifier.verify(headers, body, now)
    assert isinstance(refused.value, AccessError)
    return refused.value.code


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (post_headers(), BODY),
        (UPGRADE, b""),
        (post_headers(family="svix"), BODY),
        (post_headers(f"{OLD_SIGNATURE} {POST_SIGNATURE}"), BODY),
    ],
    ids=["webhook POST", "websocket upgrade", "older header family", "two signatures during rotation, ours second"],
)
def test_good_vectors(headers, body):
    """Every good vector of the protocol is admitted."""
    StandardWebhooks([SECRET]).verify(headers, body, AT)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (post_headers(POST_SIGNATURE.replace("v1", "v2")), BODY),
        (post_headers(), BODY.replace(b"bot.in_call_recording", b"bot.done")),
        (UPGRADE | {"webhook-timestamp": str(AT + 1)}, b""),
        (post_headers(OLD_SIGNATURE), BODY),
        (post_headers(), BODY + b"\n"),
        (UPGRADE | {"webhook-id": "msg_other"}, b""),
    ],
    ids=["unknown version", "body changed", "another timestamp", "another secret", "a byte more", "another id"],
)
def test_bad_vectors(headers, body):
    """Every bad vector is refused as wrong."""
    assert refusal(StandardWebhooks([SECRET]), headers, body) == "wrong"


def test_several_secrets_are_good_at_once():
    """During a rotation requests signed with either secret are admitted, in whatever order the secrets stand."""
    for secrets in ([SECRET, OLD_SECRET], [OLD_SECRET, SECRET]):
        verifier = StandardWebhooks(secrets)
        verifier.verify(post_headers(), BODY, AT)
        verifier.verify(sign(OLD_SECRET, "msg_older", AT, BODY), BODY, AT)


def test_signing_makes_the_vectors():
    """The stand-in's signing gives the very signatures of the vectors, in both families."""
    assert sign(SECRET, "msg_2aQk7Zt9", AT, BODY) == post_headers()
    assert sign(SECRET, "msg_2aQk7Zt9", AT, BODY, family="svix") == post_headers(family="svix")
    assert sign(SECRET, "msg_9Lw3Xc4P", AT) == UPGRADE


def test_header_names_are_read_without_regard_to_case():
    """A plain dict with capitals is as good as the web framework's headers."""
    StandardWebhooks([SECRET]).verify({name.title(): value for name, value in UPGRADE.items()}, b"", AT)


@pytest.mark.parametrize("missing", ["id", "timestamp", "signature"])
@pytest.mark.parametrize("how", ["gone", "empty", "of the other family"])
def test_every_header_is_needed(missing, how):
    """A request that lacks a header, or mixes the families, is not signed."""
    headers = dict(UPGRADE)
    value = headers.pop(f"webhook-{missing}")
    if how == "empty":
        headers[f"webhook-{missing}"] = ""
    elif how == "of the other family":
        headers[f"svix-{missing}"] = value
    assert refusal(StandardWebhooks([SECRET]), headers) == "missing"
    assert refusal(StandardWebhooks([SECRET]), {}) == "missing"


def test_age():
    """Up to the window on either side of now is recent; beyond it is old or of the future, and the window is ours."""
    StandardWebhooks([SECRET]).verify(UPGRADE, b"", AT + 300)
    StandardWebhooks([SECRET]).verify(UPGRADE, b"", AT - 300)
    StandardWebhooks([SECRET], window=900).verify(UPGRADE, b"", AT + 899)
    assert refusal(StandardWebhooks([SECRET]), UPGRADE, now=AT + 301) == "old"
    assert refusal(StandardWebhooks([SECRET]), UPGRADE, now=AT - 301) == "future"


def test_old_means_genuine_but_old():
    """A wrong signature is called wrong however old it is, so that `old` tells about clocks and reconnects only."""
    headers = UPGRADE | {"webhook-signature": OLD_SIGNATURE}
    assert refusal(StandardWebhooks([SECRET]), headers, now=AT + 9999) == "wrong"


def test_a_request_is_good_once():
    """The same POST again is replayed; the same upgrade again says so with a code of its own."""
    verifier = StandardWebhooks([SECRET])
    verifier.verify(post_headers(), BODY, AT)
    verifier.verify(UPGRADE, b"", AT)
    assert refusal(verifier, post_headers(), BODY, AT + 2) == "replayed"
    assert refusal(verifier, UPGRADE, b"", AT + 2) == "replayed-upgrade"
    # the other family and a signature left out are still the same request
    assert refusal(verifier, post_headers(family="svix"), BODY) == "replayed"
    assert refusal(verifier, post_headers(f"{POST_SIGNATURE} {OLD_SIGNATURE}"), BODY) == "replayed"


def test_a_delivery_tried_again_is_no_replay():
    """The same id signed anew at another second is another request."""
    verifier = StandardWebhooks([SECRET])
    verifier.verify(sign(SECRET, "msg_1", AT), b"", AT)
    verifier.verify(sign(SECRET, "msg_1", AT + 3), b"", AT + 3)


def test_what_was_refused_is_not_remembered():
    """A request that was old or wrong takes no place in the memory and does not spoil a later good one."""
    verifier = StandardWebhooks([SECRET])
    assert refusal(verifier, UPGRADE, now=AT + 9999) == "old"
    assert refusal(verifier, UPGRADE, b"x") == "wrong"
    verifier.verify(UPGRADE, b"", AT)


def test_the_memory_is_bounded():
    """When it is full the oldest request is forgotten, and newer ones are not."""
    verifier = StandardWebhooks([SECRET], remembered=10)
    for number in range(11):
        verifier.verify(sign(SECRET, f"msg_{number}", AT), b"", AT)
    assert len(verifier._seen._keys) == 10
    verifier.verify(sign(SECRET, "msg_0", AT), b"", AT)
    assert refusal(verifier, sign(SECRET, "msg_10", AT)) == "replayed-upgrade"


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e9", "1795169700.5", "٣", "9" * 11, "9" * 400])
def test_odd_times(stamp):
    """A time that is no plain number of seconds is refused, whatever it is."""
    assert refusal(StandardWebhooks([SECRET]), UPGRADE | {"webhook-timestamp": stamp}) in ("wrong", "missing")


def test_a_body_that_is_no_text_is_wrong():
    """Bytes that are no UTF-8 cannot be what the vendor signed."""
    assert refusal(StandardWebhooks([SECRET]), post_headers(), b"\xff\xfe") == "wrong"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64", "whsec_äö"])
def test_a_mistyped_secret_is_found_at_once(secret):
    """A secret that is no base64 is refused when it is set, without being repeated."""
    with pytest.raises(SettingsError) as refused:
        StandardWebhooks([SECRET, secret])
    assert "whsec_ followed by base64" in str(refused.value)
    assert not secret.removeprefix("whsec_") or secret not in str(refused.value)
    with pytest.raises(SettingsError):
        StandardWebhooks([])


@given(st.dictionaries(st.sampled_from(list(UPGRADE)), st.text(max_size=300)), st.binary(max_size=300))
def test_noise_is_refused(headers, body):
    """Whatever stands in headers and body, the answer is AccessError and nothing else."""
    with pytest.raises(AccessError):
        StandardWebhooks([SECRET]).verify(headers, body, AT)


@given(
    st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=40),
    st.integers(10**9, 2 * 10**9),
    st.text(max_size=100),
    st.data(),
)
def test_one_changed_byte_is_wrong(msg_id, at, text, data):
    """What was signed is admitted, and with any one byte of its body changed it is not."""
    body = text.encode()
    headers = sign(SECRET, msg_id, at, body)
    StandardWebhooks([SECRET]).verify(headers, body, at)
    if body:
        place = data.draw(st.integers(0, len(body) - 1))
        other = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert refusal(StandardWebhooks([SECRET]), headers, other, at) == "wrong"


# ---------------------------------------------------------------- MeetStream

MEETSTREAM_SECRET = "ms_example_webhook_secret"
MEETSTREAM_BODY = (
    b'{"event":"bot.inmeeting","bot_event":"bot.inmeeting","bot_id":"7c1f0b52-3a6e-4d9b-9f41-2d5a8e60c7b3",'
    b'"bot_status":"InMeeting","message":"Bot is in the meeting","status_code":200,'
    b'"timestamp":"2026-10-02T09:30:00.000000+00:00",'
    b'"custom_attributes":{"session_id":"sess_4821","tenant":"northwind"}}'
)
MEETSTREAM_HEADERS = {
    "X-MeetStream-Signature": "sha256=f58bb0c037eb96157982457be2088d424f3ae100f3cae5317aabb2fe99abe881",
    "X-MeetStream-Timestamp": "2026-10-02T09:30:00Z",
}
MEETSTREAM_AT = 1790933400


def test_the_meetstream_vector():
    """The vector is admitted once, with any of several secrets, and signing makes the very same."""
    verifier = MeetStreamSignature(["another", MEETSTREAM_SECRET])
    verifier.verify(MEETSTREAM_HEADERS, MEETSTREAM_BODY, MEETSTREAM_AT)
    assert refusal(verifier, MEETSTREAM_HEADERS, MEETSTREAM_BODY, MEETSTREAM_AT + 1) == "replayed"
    assert sign_meetstream(MEETSTREAM_SECRET, MEETSTREAM_BODY) == MEETSTREAM_HEADERS["X-MeetStream-Signature"]


def test_meetstream_refusals():
    """Missing, wrong, old and future are told apart; a time that is missing or odd is not asked for."""

    def verifier():
        return MeetStreamSignature([MEETSTREAM_SECRET])

    assert refusal(verifier(), {}, MEETSTREAM_BODY, MEETSTREAM_AT) == "missing"
    assert refusal(verifier(), MEETSTREAM_HEADERS, MEETSTREAM_BODY + b" ", MEETSTREAM_AT) == "wrong"
    assert refusal(verifier(), MEETSTREAM_HEADERS, MEETSTREAM_BODY, MEETSTREAM_AT + 301) == "old"
    assert refusal(verifier(), MEETSTREAM_HEADERS, MEETSTREAM_BODY, MEETSTREAM_AT - 301) == "future"
    for odd in ({}, {"x-meetstream-timestamp": "yesterday"}):
        signed = {"x-meetstream-signature": MEETSTREAM_HEADERS["X-MeetStream-Signature"]}
        verifier().verify(signed | odd, MEETSTREAM_BODY, 0.0)
    with pytest.raises(SettingsError):
        MeetStreamSignature([""])


# ---------------------------------------------------------------- Attendee

ATTENDEE_SECRET = "5pdN6EWzqtXakL1e7kIeCMpMrh+XYmalnK2ZPYlOEFY="
ATTENDEE_BODY = (
    b'{"idempotency_key": "5f0f6f3e-9f0b-4a58-8f62-6f3f8a1d2c90", "bot_id": "bot_Qm3vT8sKx2LdWp7c", '
    b'"bot_metadata": {"session_id": "sess_4821"}, "trigger": "transcript.update", "data": {"speaker_name": '
    b'"Zo\\u00eb \\u00c5ngstr\\u00f6m", "speaker_uuid": "u1", "speaker_user_uuid": null, "speaker_is_host": false, '
    b'"timestamp_ms": 1790933472480, "duration_ms": 900, "transcription": {"transcript": '
    b'"na\\u00efve caf\\u00e9 \\u2013 100 \\u20ac"}}}'
)
ATTENDEE_SIGNATURE = "thWGCAENTUh1C1BD2S1qJbklHnGlCedn39pBkEmX+J8="
ATTENDEE_RAW_SIGNATURE = "dJieK2Cn3GkBlNUeAwC2kxWts3zdRs0cJSENf+0PVjU="


def test_the_attendee_vector():
    """The canonical form is signed, not the bytes on the wire, and the same delivery is good once."""
    verifier = AttendeeSignature([base64.b64encode(b"another").decode(), ATTENDEE_SECRET])
    headers = {"X-Webhook-Signature": ATTENDEE_SIGNATURE}
    verifier.verify(headers, ATTENDEE_BODY, 0.0)
    rewritten = json.dumps(json.loads(ATTENDEE_BODY), ensure_ascii=False).encode()
    assert refusal(verifier, headers, rewritten) == "replayed"
    assert sign_attendee(ATTENDEE_SECRET, ATTENDEE_BODY) == ATTENDEE_SIGNATURE


def test_attendee_refusals():
    """A missing header, the signature of the raw bytes, another body and a body that is no JSON are refused."""
    verifier = AttendeeSignature([ATTENDEE_SECRET])
    good = {"x-webhook-signature": ATTENDEE_SIGNATURE}
    assert refusal(verifier, {}, ATTENDEE_BODY) == "missing"
    assert refusal(verifier, {"x-webhook-signature": ATTENDEE_RAW_SIGNATURE}, ATTENDEE_BODY) == "wrong"
    assert refusal(verifier, good, ATTENDEE_BODY.replace(b"900", b"901")) == "wrong"
    for body in (b"", b"{", b"\xff", b"[" * 100_000, b'"\\ud800"'):
        assert refusal(verifier, good, body) == "wrong"
    for secrets in ([], ["!"]):
        with pytest.raises(SettingsError):
            AttendeeSignature(secrets)
