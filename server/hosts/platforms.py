"""Which meeting platform an address belongs to, and which addresses a vendor in the cloud can reach. Pure.

People paste addresses as they find them: without a scheme, in angle brackets, with the rest of a sentence behind. What
can be read is read; what cannot be a meeting is refused, and the refusal never repeats the address, because it opens
the meeting.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from server.addresses import is_loopback
from server.errors import HostError

Platform = Literal["zoom", "google_meet", "microsoft_teams", "webex", "goto", "slack", "unknown"]

#: what people call them
TITLES: dict[Platform, str] = {
    "zoom": "Zoom",
    "google_meet": "Google Meet",
    "microsoft_teams": "Microsoft Teams",
    "webex": "Webex",
    "goto": "GoTo Meeting",
    "slack": "Slack huddles",
    "unknown": "this platform",
}

#: domains of the platforms; every subdomain belongs to the same platform
_DOMAINS: dict[str, Platform] = {
    "zoom.us": "zoom",
    "zoom.com": "zoom",
    "zoomgov.com": "zoom",
    "meet.google.com": "google_meet",
    "teams.microsoft.com": "microsoft_teams",
    "teams.live.com": "microsoft_teams",
    "teams.microsoft.us": "microsoft_teams",
    "teams.cloud.microsoft": "microsoft_teams",
    "webex.com": "webex",
    "goto.com": "goto",
    "gotomeeting.com": "goto",
    "gotomeet.me": "goto",
    "slack.com": "slack",
}

#: Teams links with their context are about 400 characters; nothing real comes near this.
LONGEST = 4096
_HOST = re.compile(r"[^\s\\/?#@:%\[\]<>\"'`{}|^]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
#: ends of a sentence or of a quotation, and brackets that were opened before the address began
_TRAILING = ".,;:!'\"`>"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
#: name endings that no public name server answers for
_PRIVATE = (".localhost", ".local", ".internal", ".lan", ".home.arpa")

_ADVICE = "Copy the meeting's link from its invitation, the one that begins with https://."


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting's address, made whole, and the platform that it belongs to."""

    url: str = field(repr=False)
    host: str = field(repr=False)
    platform: Platform


def meeting_at(pasted: str) -> Meeting:
    """The meeting behind what somebody pasted. Raises HostError, without the address, when it can be none."""
    if len(pasted) > LONGEST:
        raise _refused("the meeting address is too long")
    url = _candidate(pasted)
    if not url:
        raise _refused("there is no meeting address")
    scheme = _SCHEME.match(url)
    if "://" not in url:
        # "host:443/room" has no scheme either, but "mailto:" and "zoommtg:" have
        if scheme and not url[scheme.end() :].split("/")[0].isdigit():
            raise _refused("the meeting address must begin with https://")
        url = f"https://{url}"
    elif not scheme or scheme.group().lower() not in ("https:", "http:"):
        raise _refused("the meeting address must begin with https://")
    parts = _split(url)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise _refused("the meeting address must not carry a user name or a password")
    if not is_public(host) or not _HOST.fullmatch(host):
        raise _refused("this is no meeting address: no public server has this name")
    platform = platform_of(host)
    if platform != "unknown" and parts.path.strip("/") == "" and not parts.query:
        raise _refused(f"this is the front page of {TITLES[platform]}, not a meeting")
    # Every platform speaks https, so a pasted http:// only lost its s. The rest stays as it was pasted, because
    # passwords and contexts in it are compared to the letter.
    return Meeting("https" + url[url.index("://") :], host, platform)


def platform_of(host: str) -> Platform:
    """The platform that this host name belongs to."""
    host = host.lower().rstrip(".")
    for domain, platform in _DOMAINS.items():
        if host == domain or host.endswith("." + domain):
            return platform
    return "unknown"


def is_public(host: str) -> bool:
    """Whether a host name could be reached from outside: neither this machine, nor a bare IP address of any spelling,
    nor a name that only a private network knows."""
    host = host.strip("[]").lower().rstrip(".")
    if not host or is_loopback(host) or ":" in host or "." not in host or host.endswith(_PRIVATE):
        return False
    # Browsers read a name that ends in a number as an IPv4 address: 127.1, 0x7f.1 and 2130706433 are all loopback.
    last = host.rsplit(".", 1)[-1]
    return not last.isdigit() and not re.fullmatch(r"0x[0-9a-f]*", last)


def _candidate(pasted: str) -> str:
    """The word of the pasted text that looks most like an address, without what surrounds it."""
    # Cf are invisible marks of direction and joining that come along when copying from chats
    visible = "".join(c for c in pasted if unicodedata.category(c) != "Cf")
    words = visible.split()
    word = next((each for each in words if "://" in each), words[0] if words else "")
    word = word.lstrip("<([{\"'`")
    while word and (word[-1] in _TRAILING or (word[-1] in _BRACKETS and _BRACKETS[word[-1]] not in word)):
        word = word[:-1]
    return "" if any(unicodedata.category(c) == "Cc" for c in word) else word


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.port is None or parts.port > 0:
            return parts
    except ValueError:
        pass
    raise _refused("this is no meeting address")


def _refused(why: str) -> HostError:
    return HostError(why, advice=_ADVICE, code="bad-meeting-url")
