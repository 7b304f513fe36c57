"""Which platform a pasted address belongs to, and which addresses are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import HostError
from server.hosts.platforms import is_public, meeting_at, platform_of

MEETINGS = [
    ("https://us02web.zoom.us/j/85012345678?pwd=QmFz.1", "zoom"),
    ("https://zoom.us/my/room", "zoom"),
    ("https://agency.zoomgov.com/j/1612345678", "zoom"),
    ("https://meet.google.com/xyz-mnop-qrs", "google_meet"),
    ("https://teams.microsoft.com/l/meetup-join/19%3ameeting_Z%40thread.v2/0?context=%7b%7d", "microsoft_teams"),
    ("https://teams.live.com/meet/9312345678?p=Ab", "microsoft_teams"),
    ("https://gov.teams.microsoft.us/l/meetup-join/x", "microsoft_teams"),
    ("https://acme.webex.com/acme/j.php?MTID=m1", "webex"),
    ("https://app.goto.com/meeting/123456789", "goto"),
    ("https://global.gotomeeting.com/join/123456789", "goto"),
    ("https://app.slack.com/huddle/T1/C1", "slack"),
    ("https://talk.example.org/room-5", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "platform"), MEETINGS)
def test_every_platform_is_known_by_its_domain(address, platform):
    """An address belongs to the platform of its domain, and comes back as it was."""
    meeting = meeting_at(address)
    assert (meeting.url, meeting.platform) == (address, platform)


@pytest.mark.parametrize(
    "pasted",
    [
        "meet.google.com/xyz-mnop-qrs",
        "meet.google.com:443/xyz-mnop-qrs",
        "http://meet.google.com/xyz-mnop-qrs",
        "HTTPS://Meet.Google.Com/xyz-mnop-qrs",
        "  <https://meet.google.com/xyz-mnop-qrs>, ",
        "(https://meet.google.com/xyz-mnop-qrs).",
        "Join us: https://meet.google.com/xyz-mnop-qrs\nor phone +49 30 1234",
        "\u200bhttps://meet.google.com/xyz-mnop-qrs\u2060",
        '"https://meet.google.com/xyz-mnop-qrs"',
    ],
)
def test_an_address_is_found_in_what_was_pasted(pasted):
    """A missing scheme, an unencrypted one, capitals and what a chat puts around an address do no harm."""
    meeting = meeting_at(pasted)
    assert meeting.platform == "google_meet"
    assert meeting.url.startswith("https://")
    assert meeting.url.lower().removeprefix("https://").replace(":443", "") == "meet.google.com/xyz-mnop-qrs"


def test_what_belongs_to_the_address_stays():
    """Brackets that were opened within the address and the letters of a password are kept as they are."""
    assert meeting_at('https://teams.microsoft.com/l/x?context={"Tid":"a"}').url.endswith('{"Tid":"a"}')
    assert meeting_at("https://zoom.us/j/1?pwd=aB3_-=").url.endswith("pwd=aB3_-=")


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "   ",
        "tomorrow at nine",
        "https://",
        "https:/zoom.us/j/1",
        "mailto:ana@zoom.us",
        "zoommtg://zoom.us/join?confno=1",
        "javascript:alert(1)//zoom.us",
        "ftp://zoom.us/j/1",
        "file:///etc/hosts",
        "https://ana:secret@zoom.us/j/1",
        "https://zoom.us@evil.example.org/j/1",
        "https://evil.example.org\\@zoom.us/j/1",
        "https://localhost/j/1",
        "https://printer/j/1",
        "https://127.0.0.1/j/1",
        "https://127.1/j/1",
        "https://2130706433/j/1",
        "https://0x7f.1/j/1",
        "https://192.168.1.4:8000/room",
        "https://[::1]/room",
        "https://[::1/room",
        "https://parley.local/room",
        "https://zoom.us:99999/j/1",
        "https://zoom.us:0/j/1",
        "https://meet.google.com",
        "https://meet.google.com/",
        "https://zoom\x00.us/j/1",
        "https://zoom.us/j/" + "1" * 5000,
    ],
)
def test_what_is_no_meeting_is_refused(pasted):
    """Other schemes, credentials, this machine, bare numbers, front pages and nonsense are refused with advice."""
    with pytest.raises(HostError) as refused:
        meeting_at(pasted)
    assert refused.value.code == "bad-meeting-url"
    assert refused.value.advice
    assert refused.value.__cause__ is None


def test_a_lookalike_is_not_the_platform():
    """Only the domain and its subdomains count: not a name that merely ends alike, nor one in other letters."""
    assert platform_of("notzoom.us") == "unknown"
    assert platform_of("zoom.us.example.org") == "unknown"
    assert platform_of("z\u043e\u043em.us") == "unknown"  # two Cyrillic letters
    assert platform_of("ACME.ZOOM.US.") == "zoom"


pieces = st.sampled_from(
    ["https://", "http://", "zoom.us", "localhost", "127.0.0.1", "ana:secret@", "/j/12345678901", " ", "[", "?a=b"]
)


@given(st.lists(st.one_of(pieces, st.text(max_size=20)), max_size=8).map("".join))
def test_no_refusal_repeats_the_address(pasted):
    """Whatever is pasted gives an https address or a HostError, and the error never holds what was pasted."""
    try:
        meeting = meeting_at(pasted)
    except HostError as error:
        refused = error
    else:
        assert meeting.url.startswith("https://")
        assert meeting.url not in repr(meeting)
        return
    told = f"{refused!r} {refused.advice}"
    assert not [word for word in pasted.split() if len(word) > 10 and word in told]
    assert "secret" not in told


@pytest.mark.parametrize("host", ["agent.example.org", "abc.ngrok-free.app", "example.org."])
def test_public_names(host):
    """A name with a dot that is no number can be reached, as far as a name can tell."""
    assert is_public(host)


NOWHERE = ["", "localhost", "a.localhost", "box", "10.0.0.1", "::1", "[::1]", "1.2.3", "0x7f000001", "a.0x1", "a.lan"]


@pytest.mark.parametrize("host", NOWHERE)
def test_names_that_lead_nowhere(host):
    """This machine, bare numbers of every spelling and private names cannot be reached from outside."""
    assert not is_public(host)
