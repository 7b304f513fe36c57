"""Session ids, page tokens and origins."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.addresses import is_loopback
from server.errors import AccessError
from server.web.access import TokenRefused, check, mint, new_session_id, origin_allowed
from server.web.secret import signing_secret

SECRET = "a secret that is long enough"


def test_a_token_opens_its_session_until_it_expires():
    """A token names its session up to the second before its time is over, and no longer."""
    token = mint(SECRET, "abc", ttl=60, now=1000.0)
    assert check(SECRET, token, now=1059.9) == "abc"
    with pytest.raises(TokenRefused) as refused:
        check(SECRET, token, now=1060.0)
    assert refused.value.code == "expired"


def test_a_token_is_safe_in_an_address():
    """Tokens and session ids need no quoting in a URL."""
    token = mint(SECRET, new_session_id(), ttl=60)
    assert re.fullmatch(r"[A-Za-z0-9_.\-]+", token)
    assert len(token) < 200


def test_another_secret_opens_nothing():
    """A token signed with another secret is invalid, and the error does not repeat it."""
    token = mint("another secret, long enough", "abc", ttl=60, now=0)
    with pytest.raises(TokenRefused) as refused:
        check(SECRET, token, now=1)
    assert refused.value.code == "invalid"
    assert token not in str(refused.value)


@given(place=st.integers(0, 200), change=st.integers(1, 255))
def test_a_changed_token_opens_nothing_else(place, change):
    """Whatever one character is changed to, the token is refused."""
    token = mint(SECRET, "abc", ttl=60, now=0)
    place %= len(token)
    other = token[:place] + chr((ord(token[place]) + change) % 256) + token[place + 1 :]
    # base64 has spare bits at its end: a change there alters no byte, so it alters no meaning
    if place in (token.rindex(".") - 1, len(token) - 1):
        return
    with pytest.raises(TokenRefused, match="invalid"):
        check(SECRET, other, now=1)


@given(st.text(max_size=600))
def test_noise_is_refused(noise):
    """Anything that is no token gives AccessError, never another exception."""
    with pytest.raises(AccessError):
        check(SECRET, noise, now=0)


@pytest.mark.parametrize("session", ["", "a b", "a/b", "x" * 65, "ä"])
def test_odd_session_ids_get_no_token(session):
    """A session id outside letters, digits, - and _ is refused before it is signed."""
    with pytest.raises(AccessError):
        mint(SECRET, session, ttl=60)


def test_an_empty_secret_signs_and_opens_nothing():
    """Forgetting the secret is an error, not an open door."""
    with pytest.raises(AccessError):
        mint("", "abc", ttl=60)
    with pytest.raises(AccessError):
        check("", mint(SECRET, "abc", ttl=60))


def test_session_ids_do_not_repeat():
    """A thousand ids are a thousand different ones, each of 20 unambiguous characters."""
    ids = {new_session_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[a-km-np-z02-9]{20}", each) for each in ids)


@pytest.mark.parametrize(
    ("origin", "host", "public", "allowed"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "", True),
        ("http://localhost:8000", "localhost:8000", "", True),
        ("http://[::1]:8000", "[::1]:8000", "", True),
        ("http://192.168.1.5:8000", "192.168.1.5:8000", "", True),
        ("https://agent.example.com", "agent.example.com", "", True),
        ("https://agent.example.com", "agent.example.com:443", "", True),
        ("https://Agent.Example.com", "agent.example.com", "", True),
        ("https://agent.example.com", "127.0.0.1:8000", "https://agent.example.com", True),
        ("http://localhost:8000", "127.0.0.1:8000", "", False),
        ("http://127.0.0.1:9000", "127.0.0.1:8000", "", False),
        ("http://agent.example.com", "agent.example.com:443", "", False),
        ("https://evil.example", "agent.example.com", "https://agent.example.com", False),
        ("https://agent.example.com.evil.example", "agent.example.com", "", False),
        ("https://agent.example.com/x", "agent.example.com", "", False),
        ("null", "127.0.0.1:8000", "", False),
        ("", "127.0.0.1:8000", "", False),
        ("file://", "127.0.0.1:8000", "", False),
        ("http://[::1", "[::1]:8000", "", False),
        ("http://x:99999", "x:99999", "", False),
        ("http://a", "", "", False),
        ("http://a", "a:", "", False),
        (None, "127.0.0.1:8000", "", True),
        (None, "[::1]:8000", "", True),
        (None, "agent.example.com", "https://agent.example.com", False),
    ],
)
def test_origins(origin, host, public, allowed):
    """The own origin and the public address may come in; no origin only under a loopback name; null never."""
    assert origin_allowed(origin, host, public) is allowed


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_origin_gets_an_answer(origin, host):
    """Whatever a client sends as Origin and Host, the answer is yes or no."""
    assert origin_allowed(origin, host) in (True, False)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "[::1]", "::ffff:127.0.0.1"]
)
def test_loopback_names(host):
    """Names that can only mean this machine."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "10.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example", "testserver"]
)
def test_other_names(host):
    """Names that may mean another machine, also those that only look like loopback."""
    assert not is_loopback(host)


def test_the_secret_is_made_once_and_kept(tmp_path):
    """Without a secret of the operator's one is made, readable by its owner only, and found again."""
    folder = tmp_path / "data"
    first = signing_secret("", folder)
    assert len(first) >= 32
    assert signing_secret("", folder) == first
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert signing_secret("given", folder) == "given"


def test_an_unusable_kept_secret_is_replaced_for_this_process(tmp_path, caplog):
    """A kept secret that is too short is not used, and the log says what follows."""
    (tmp_path / "secret").write_text("short")
    assert len(signing_secret("", tmp_path)) >= 32
    assert "will not survive a restart" in caplog.text


def test_a_folder_that_cannot_be_made_gives_a_secret_anyway(tmp_path, caplog):
    """Where nothing can be written the secret lives as long as the process."""
    (tmp_path / "file").write_text("")
    assert len(signing_secret("", tmp_path / "file" / "data")) >= 32
    assert "will not survive a restart" in caplog.text
