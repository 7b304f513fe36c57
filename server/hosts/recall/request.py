"""An order as a Create Bot request of Recall.ai, in the strict form of API v1.11, and what is refused beforehand."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from server.errors import HostError
from server.hosts.base import Order, Sense
from server.hosts.platforms import TITLES, Meeting, Platform, is_public, meeting_at
from server.hosts.recall.providers import transcript_for

#: characters of a chat message: Recall's own limit, and the tighter ones of platforms; Webex has no chat for bots
CHAT_LIMITS: dict[str, int] = {"google_meet": 500, "webex": 0, "": 4096}
LONGEST_NAME = 100
LONGEST_METADATA = 500

#: platforms on which Recall's bot can show a page
PAGES_ON: tuple[Platform, ...] = ("zoom", "google_meet", "microsoft_teams", "webex")
#: machines of the bot, the smallest first, and what the larger ones cost beyond it
VARIANTS = ("web", "web_4_core", "web_gpu")
_COSTS = {
    "web_4_core": "it costs 0.60 to 1.10 USD an hour pay-as-you-go, or 0.10 more on monthly plans",
    "web_gpu": "it costs 1.50 to 2.00 USD an hour pay-as-you-go, or 1.00 more on monthly plans",
}

#: sense -> the switch in `recording_config`; the event of the switch is its name and `.data`
SWITCHES: dict[Sense, str] = {
    "mixed": "audio_mixed_raw",
    "voices": "audio_separate_raw",
    "pictures": "video_separate_png",
    "film": "video_separate_h264",
}
TEXT_EVENTS = (
    "transcript.data",
    "transcript.partial_data",
    "participant_events.join",
    "participant_events.leave",
    "participant_events.update",
    "participant_events.speech_on",
    "participant_events.speech_off",
    "participant_events.webcam_on",
    "participant_events.webcam_off",
    "participant_events.screenshare_on",
    "participant_events.screenshare_off",
    "participant_events.chat_message",
)

#: what a name may hold besides letters, marks, digits and blanks
_NAME_SIGNS = frozenset("-–'’.,()&+_#:/|·")
#: Google Meet turns away bots with such names; whole words only, because people are really called Cockburn.
_RUDE = re.compile(r"\b(fuck\w*|shit\w*|cunt\w*|porn\w*|bitch\w*|asshole\w*)\b", re.IGNORECASE)


def create_bot(order: Order) -> dict[str, Any]:
    """The body of Create Bot. Raises HostError for what `check` refuses in the meeting's address and the transcript."""
    meeting = meeting_at(order.meeting_url)
    body: dict[str, Any] = {
        "meeting_url": meeting.url,
        "bot_name": order.name.strip(),
        "metadata": {"session_id": order.session},
        # All four: one that is left out falls back to the smallest machine.
        "variant": dict.fromkeys(PAGES_ON, order.variant or VARIANTS[0]),
        "output_media": output_media(order.page_url, screen=order.screen),
        "recording_config": recording_config(order, meeting),
        "automatic_leave": {
            # seconds; Google Meet closes its waiting room after 600
            "waiting_room_timeout": 600,
            "noone_joined_timeout": 600,
            # Somebody who reloads is back within 30 s; Recall's own default of 2 would end the bot meanwhile.
            "everyone_left_timeout": {"timeout": 30, "activate_after": None},
            # The page works without a recording, so the host of a Zoom meeting gets time to allow it.
            "recording_permission_denied_timeout": 120,
        },
    }
    if order.greeting and chat_limit(meeting.platform):
        body["chat"] = {"on_bot_join": {"send_to": "everyone", "message": order.greeting, "pin": False}}
    return body


def output_media(page_url: str, *, screen: bool = False) -> dict[str, Any]:
    """What the bot shows: our page as its camera and microphone, or as a shared screen."""
    return {_place(screen): {"kind": "webpage", "config": {"url": page_url}}}


def output_stopped(*, screen: bool = False) -> dict[str, bool]:
    """What the bot no longer shows."""
    return {_place(screen): True}


def _place(screen: bool) -> str:
    return "screenshare" if screen else "camera"


def recording_config(order: Order, meeting: Meeting) -> dict[str, Any]:
    """What is recorded, and so what can be sent to us. `start_recording` wants the very same, not a part of it."""
    config: dict[str, Any] = {
        # Nothing is sent before the recording begins, so it begins as early as it can.
        "start_recording_on": "call_join",
        "transcript": transcript_for(order.language, order.provider, meeting),
        "participant_events": {},
        **{switch: {} for sense, switch in SWITCHES.items() if sense in order.senses},
        "realtime_endpoints": endpoints(order),
    }
    if order.senses & {"pictures", "film"}:
        config["video_mixed_layout"] = "gallery_view_v2"  # separate video exists in no other layout
    return config


def endpoints(order: Order) -> list[dict[str, Any]]:
    """Where the meeting is sent: text over a webhook if the order has one, else over a socket; media over another
    socket, so that pictures never hold up words."""
    found = []
    if hook := order.hooks.get("text"):
        found.append(_endpoint("webhook", hook, "text", list(TEXT_EVENTS)))
    elif socket := order.sockets.get("text"):
        found.append(_endpoint("websocket", socket, "text", list(TEXT_EVENTS)))
    media = [f"{switch}.data" for sense, switch in SWITCHES.items() if sense in order.senses]
    if media and (socket := order.sockets.get("media")):
        found.append(_endpoint("websocket", socket, "media", media))
    return found


def _endpoint(kind: str, url: str, role: str, events: list[str]) -> dict[str, Any]:
    # The role comes back in the news of the endpoint's end.
    return {"type": kind, "url": _slashed(url), "metadata": {"role": role}, "events": events}


def _slashed(url: str) -> str:
    """Recall's websocket client gets HTTP 400 for a query behind a path without a slash at its end."""
    parts = urlsplit(url)
    if not parts.query or parts.path.endswith("/"):
        return url
    return urlunsplit(parts._replace(path=parts.path + "/"))


def chat_limit(platform: str) -> int:
    """Characters of one chat message on this platform; 0 where a bot cannot write."""
    return CHAT_LIMITS.get(platform, CHAT_LIMITS[""])


def check(order: Order, *, page_variant: str = VARIANTS[0], local: bool = False) -> None:
    """Refuse what cannot work. `page_variant` is the smallest machine on which our page runs well; `local` allows
    addresses of this machine, for a vendor that runs on it. Raises HostError."""
    meeting = meeting_at(order.meeting_url)
    if meeting.platform not in PAGES_ON:
        raise HostError(
            f"Recall's bot cannot show a page on {TITLES[meeting.platform]}",
            advice="Meet on Zoom, Google Meet, Microsoft Teams or Webex.",
            code="no-output-media",
        )
    _check_name(order.name)
    _check_addresses(order, local=local)
    _check_variant(order, page_variant)
    _check_senses(order, meeting)
    if len(order.session) > LONGEST_METADATA or not order.session:
        raise HostError("the bot needs the id of its session", code="bad-session")
    limit = chat_limit(meeting.platform)
    if limit and len(order.greeting) > limit:
        raise HostError(
            f"the greeting is longer than {limit} characters, the limit on {TITLES[meeting.platform]}",
            advice="Shorten the greeting.",
            code="long-greeting",
        )
    transcript_for(order.language, order.provider, meeting)


def _check_name(name: str) -> None:
    name = name.strip()
    allowed = all(c == " " or c in _NAME_SIGNS or unicodedata.category(c)[0] in "LMN" for c in name)
    if not allowed or not any(c.isalpha() for c in name) or len(name) > LONGEST_NAME or _RUDE.search(name):
        raise HostError(
            "platforms refuse a bot of this name",
            advice=f"Choose a plain name of letters and digits, at most {LONGEST_NAME} characters.",
            code="bad-name",
        )


def _check_addresses(order: Order, *, local: bool) -> None:
    wanted = [("page", order.page_url, "https")]
    wanted += [("socket", url, "wss") for url in order.sockets.values()]
    wanted += [("webhook", url, "https") for url in order.hooks.values()]
    for what, url, scheme in wanted:
        check_address(what, url, scheme, local=local)


_UNENCRYPTED = {"https": "http", "wss": "ws"}


def check_address(what: str, url: str, scheme: str, *, local: bool) -> None:
    """Refuse an address of ours that Recall cannot reach: its firewall answers 403 to names of this machine and to
    bare IP numbers anywhere in a request."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    schemes = (scheme, _UNENCRYPTED[scheme]) if local else (scheme,)
    if not host or parts.scheme not in schemes or not (local or is_public(host)):
        raise HostError(
            f"Recall cannot reach the address of our {what}",
            advice=f"Give this server a public {scheme}:// address, as with `ngrok`; this machine's own name or a "
            "bare IP number is refused.",
            code="not-public",
        )


def _check_variant(order: Order, page_variant: str) -> None:
    variant = order.variant or VARIANTS[0]
    if variant not in VARIANTS:
        raise HostError(
            "Recall's bot cannot show a page on this variant",
            advice=f"Choose {', '.join(VARIANTS[:-1])} or {VARIANTS[-1]}.",
            code="bad-variant",
        )
    needed, why = page_variant, "our page needs a larger machine than this variant"
    if "film" in order.senses and VARIANTS.index(needed) < VARIANTS.index("web_4_core"):
        needed, why = "web_4_core", "film of each person needs a larger machine than this variant"
    if VARIANTS.index(variant) < VARIANTS.index(needed):
        raise HostError(why, advice=f"Choose the variant {needed}; {_COSTS[needed]}.", code="small-variant")


def _check_senses(order: Order, meeting: Meeting) -> None:
    separate = order.senses & {"voices", "pictures", "film"}
    if meeting.platform == "webex" and separate:
        raise HostError(
            f"Webex gives no {' and no '.join(sorted(separate))} of single people",
            advice="Leave them out; the mixed sound works.",
            code="no-such-sense",
        )
