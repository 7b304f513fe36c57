"""MeetStream's REST interface: the few calls that a seat needs, tried again where that may help.

Errors become `HostError`s in our words. Nothing that the vendor wrote is repeated in them: its texts may quote the
meeting's address.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from server.errors import HostError
from server.hosts.inflight import InFlight
from server.hosts.meetstream.fields import LONGEST_ID, parse_object, text_of

BASE_URL = "https://api.meetstream.ai/api/v1"
#: `Bearer` belongs to another of the vendor's surfaces and is refused here
SCHEME = "Token"

#: seconds for one request
TIMEOUT = 20.0
#: tries of one call, the first included
TRIES = 5
#: seconds of the first and of the longest wait between two tries; the wait is anything between 0 and that
BACKOFF = 0.5
LONGEST_BACKOFF = 8.0
#: seconds of a Retry-After that we wait for; one that is longer is told to whoever asked
LONGEST_RETRY_AFTER = 120.0
#: bytes of an answer that are looked into; a bot's details are a few thousand
LONGEST_ANSWER = 1_048_576

_SUCCESS = frozenset({200, 201, 202, 204})
#: the replay of an Idempotency-Key: a success that describes the bot which was made first
_REPLAYED = 507
_TRANSIENT = frozenset({500, 502, 503, 504})

#: fields of our requests that a refusal may name: the only words of the vendor's answer that are repeated
_FIELDS = (
    "meeting_link",
    "bot_name",
    "bot_message",
    "video_required",
    "live_video_required",
    "live_audio_required",
    "live_transcription_required",
    "socket_connection_url",
    "callback_url",
    "custom_attributes",
    "recording_config",
    "in_call_recording_timeout",
    "recording_permission_denied_timeout",
    "waiting_room_timeout",
    "no_one_joined_timeout",
    "everyone_left_timeout",
    "voice_inactivity_timeout",
    "img_url",
)


#: told in words why a call takes longer
Waiting = Callable[[str], None]


class Client:
    """Calls for one API key. Safe to share between all seats; `close` gives the connections back."""

    def __init__(
        self,
        key: str,
        *,
        base_url: str = BASE_URL,
        scheme: str = SCHEME,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        new_key: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.base_url = base_url
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/",
            headers={"Authorization": f"{scheme} {key}", "Accept": "application/json"},
            timeout=TIMEOUT,
            trust_env=False,
        )
        self._flying = InFlight()
        self._sleep = sleep
        self._now = now
        self._chance = chance
        self._new_key = new_key

    async def create_bot(self, body: Mapping[str, Any], waiting: Waiting = lambda words: None) -> str:
        """Send a bot; its id. Every try carries the same key, so that at most one bot is made."""
        key = {"Idempotency-Key": self._new_key()}
        answer = await self._call("POST", "bots/create_bot", body=body, headers=key, repeatable=True, waiting=waiting)
        for name in ("bot_id", "id", "BotID"):
            if bot := text_of(answer.get(name), LONGEST_ID):
                return bot
        raise HostError(
            "MeetStream's answer names no bot",
            advice="Look into MeetStream's dashboard whether a bot was made, and remove it there.",
            code="bad-answer",
        )

    async def remove_bot(self, bot: str) -> None:
        """Take the bot out of the meeting. The vendor made this a GET although it changes something."""
        await self._call("GET", f"bots/{_part(bot)}/remove_bot", repeatable=True)

    async def status(self, bot: str) -> dict[str, Any]:
        """`bot_id`, `status` and `custom_attributes`."""
        return await self._call("GET", f"bots/{_part(bot)}/status", repeatable=True)

    async def detail(self, bot: str) -> dict[str, Any]:
        """`bot_details`: everything that is known about the bot."""
        return await self._call("GET", f"bots/{_part(bot)}/detail", repeatable=True)

    async def send_message(self, bot: str, text: str) -> None:
        """Write a line into the meeting's chat."""
        body = {"message": text, "metadata": {"message_type": "text"}}
        await self._call("POST", f"bots/{_part(bot)}/send_message", body=body)

    async def send_image(self, bot: str, url: str, seconds: int) -> None:
        """Show a picture at a public address for some seconds. Where it appears is told in two ways: chat or camera."""
        body = {"img_url": url, "display_duration": seconds, "metadata": {"message_type": "image"}}
        await self._call("POST", f"bots/{_part(bot)}/send_image", body=body)

    async def close(self) -> None:
        """Give back connections. May be called twice."""
        await self._flying.settle()
        await self._http.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        waiting: Waiting = lambda words: None,
    ) -> dict[str, Any]:
        """The answer's object. `repeatable`: doing it twice is the same as once, so any failure may be tried again;
        otherwise only what surely was not done: a refused connection, and 429."""
        for attempt in range(1, TRIES + 1):
            wait = self._chance() * min(LONGEST_BACKOFF, BACKOFF * 2 ** (attempt - 1))
            try:
                response = await self._flying.run(self._http.request(method, path, json=body, headers=headers))
            except httpx.HTTPError as error:
                again = repeatable or isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
                failure = _unreached(error)
            else:
                if response.status_code in _SUCCESS or (headers and response.status_code == _REPLAYED):
                    return _object(response)
                asked = _retry_after(response.headers.get("Retry-After", ""), self._now())
                failure = _refused(response)
                again = response.status_code == 429 or (repeatable and response.status_code in _TRANSIENT)
                if asked is not None:
                    again = again and asked <= LONGEST_RETRY_AFTER
                    wait = asked
            if not again or attempt == TRIES:
                raise failure
            waiting(f"{failure}; trying again in {wait:.0f} s.")
            await self._sleep(wait)
        raise AssertionError("the last try either returned or raised")


def _part(bot: str) -> str:
    """A bot's id as one part of a path, whatever is in it."""
    return quote(bot, safe="")


def _object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty when it is none."""
    if len(response.content) > LONGEST_ANSWER:
        return {}
    return parse_object(response.content.decode("utf-8", "replace")) or {}


def _retry_after(value: str, now: float) -> float | None:
    """Seconds that the vendor asks us to wait: a number, or a date to wait for; None when it says nothing."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (OverflowError, TypeError, ValueError):
        return None


def _unreached(error: httpx.HTTPError) -> HostError:
    late = isinstance(error, httpx.TimeoutException)
    return HostError(
        "MeetStream did not answer in time" if late else "MeetStream was not reached",
        advice="Check this machine's way to the internet, then try again.",
        code="timeout" if late else "unreachable",
        retryable=True,
    )


def _refused(response: httpx.Response) -> HostError:
    """The error for an answer that is none of success."""
    status = response.status_code
    words, advice, code = _WORDS.get(status, ("MeetStream refused the request", "", "refused"))
    if status == 400:
        said = text_of(_object(response).get("message"), 1000)
        if named := [name for name in _FIELDS if name in said]:
            longest = max(named, key=len)  # "live_video_required" also holds "video_required"
            words = f"MeetStream refused the field {longest}"
        elif "streaming provider" in said:
            words = "MeetStream found no streaming transcription provider"
            advice = "Choose a provider whose name ends in _streaming."
    elif status >= 500 and status not in _WORDS:
        words, advice, code = _WORDS[500]
    retryable = status == 429 or status >= 500
    return HostError(f"{words} (status {status})", advice=advice, code=code, status=status, retryable=retryable)


_OWN_FAULT = ("MeetStream has an error of its own", "Try again in a minute.", "failed")
_WORDS: dict[int, tuple[str, str, str]] = {
    400: (
        "MeetStream refused the request as wrong",
        "Check the meeting's address and the bot's name; the bot's history in MeetStream's dashboard says more.",
        "bad-request",
    ),
    401: (
        "MeetStream got no key that it can use",
        "Check the MeetStream API key; it is made in the dashboard of the right workspace.",
        "bad-key",
    ),
    402: ("MeetStream wants to be paid first", "Look at the account's balance in MeetStream's dashboard.", "no-credit"),
    403: (
        "MeetStream refused the key, or the bot belongs to somebody else",
        "Check that the API key belongs to the workspace that sent the bot.",
        "forbidden",
    ),
    404: ("MeetStream knows no such bot", "It may be of another workspace, or gone for long.", "unknown-bot"),
    409: ("MeetStream says that the bot cannot do this now", "Look at the bot's state first.", "wrong-state"),
    410: ("MeetStream has already deleted this", "", "gone"),
    429: ("MeetStream asks us to wait", "Wait a minute, then try again with fewer requests.", "limited"),
    500: _OWN_FAULT,
}
