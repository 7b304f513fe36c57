"""Recall.ai's REST interface: the few calls that a seat needs, tried again the way the vendor asks for.

The loop is our own and no retry library's: how often, how long and with which idempotency key depends on the answer,
a lost answer to Create Bot is looked for before the bot is ordered anew, and the operator is told of every wait.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from server.addresses import parse_address
from server.errors import HostError, SettingsError
from server.hosts.base import OVER
from server.hosts.inflight import InFlight
from server.hosts.recall.refusals import refusal
from server.hosts.recall.status import latest

REGIONS = ("us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1")

#: seconds without a byte, and for a whole answer
READ_DEADLINE = 30.0
DEADLINE = 60.0
#: bytes of an answer; a page of bots is some hundred thousand
LARGEST_ANSWER = 8 * 1024 * 1024
#: seconds: longest wait of our own choosing, and longest that the vendor may ask for before we give up instead
LONGEST_BACKOFF = 30.0
LONGEST_WAIT = 120.0

_BOT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY = re.compile(r"[!-~]+")
_KEYED = frozenset({"POST", "PUT", "PATCH"})

#: tells the operator, in words, that a call takes longer and why
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Retry:
    words: str
    tries: int = 5
    #: seconds before the second try; doubled for each further one
    wait: float = 1.0
    #: the old key would bring the stored refusal again
    new_key: bool = False


#: status -> how to try again; 0 is no answer at all
_RETRIES: dict[int, _Retry] = {
    0: _Retry("Recall cannot be reached"),
    409: _Retry("Recall is still busy with the same request"),
    429: _Retry("Recall gets too many requests", new_key=True),
    502: _Retry("Recall does not answer properly"),
    503: _Retry("Recall is overloaded", wait=10.0),
    504: _Retry("Recall does not answer in time"),
    507: _Retry("no bot is free", tries=10, wait=30.0, new_key=True),
}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back: `status` 0 and the cause when nothing did."""

    status: int
    body: bytes = b""
    retry_after: str = ""
    cause: Exception | None = None

    @property
    def perhaps_done(self) -> bool:
        """Whether the vendor may have done what was asked although it did not say so."""
        return self.status == 0 or (self.status >= 500 and self.status not in (503, 507))


class Client:
    """Calls for one workspace of one region. Safe to share between all seats; `close` gives the connections back."""

    def __init__(
        self,
        key: str,
        *,
        region: str = "",
        base_url: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
        spread: Callable[[float, float], float] = random.uniform,
        new_key: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.base_url = _base_url(region, base_url)
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            headers={"Authorization": f"Token {_bare(key)}", "Accept": "application/json"},
            timeout=READ_DEADLINE,
            # A proxy that the machine is set up with would see the key and the meeting's address.
            trust_env=False,
        )
        self._flying = InFlight()
        self._sleep, self._clock, self._spread, self._new_key = sleep, clock, spread, new_key

    async def create_bot(self, body: Mapping[str, Any], session: str, told: Told = lambda words: None) -> str:
        """Send a bot; its id. `session` stands in the body's metadata: by it a bot is found whose answer got lost."""

        async def lost() -> Any:
            return next((bot for bot in await self.bots(session) if _is_alive(bot)), None)

        try:
            return _id_of(await self._call("POST", "bot/", body, told=told, lost=lost))
        except HostError as error:
            if error.code != "bad-answer":
                raise
            # It said yes, in a way that cannot be read: the bot is there.
            return _id_of(await _found(lost, error))

    async def bots(self, session: str) -> list[dict[str, Any]]:
        """The bots that were sent for this session."""
        page = await self._call("GET", "bot/", query={"metadata__session_id": session})
        results = page.get("results") if isinstance(page, dict) else None
        return [bot for bot in results if isinstance(bot, dict)] if isinstance(results, list) else []

    async def bot(self, bot: str) -> Any:
        """The Bot object."""
        return await self._call("GET", f"bot/{_part(bot)}/")

    async def leave(self, bot: str) -> None:
        """Take the bot out of its meeting, or call it back before it was sent. No error when it has left already."""
        try:
            await self._call("POST", f"bot/{_part(bot)}/leave_call/")
        except HostError as error:
            if error.code == "cannot_command_completed_bot":
                return
            if error.code != "cannot_command_unstarted_bot":
                raise
            # A scheduled bot is deleted; one that is on its way can be neither deleted nor told to leave for a moment.
            try:
                await self._call("DELETE", f"bot/{_part(bot)}/")
            except HostError:
                raise error from None

    async def start_output(self, bot: str, media: Mapping[str, Any]) -> None:
        """Show a page; `media` as in Create Bot."""
        await self._call("POST", f"bot/{_part(bot)}/output_media/", media)

    async def stop_output(self, bot: str, what: Mapping[str, bool]) -> None:
        """Take a page away. A DELETE with a body: without one the vendor says yes and does nothing."""
        await self._call("DELETE", f"bot/{_part(bot)}/output_media/", what)

    async def chat(self, bot: str, text: str, to: str) -> None:
        """Write into the meeting's chat. Whether it arrived is not in the answer."""
        await self._call("POST", f"bot/{_part(bot)}/send_chat_message/", {"to": to, "message": text, "pin": False})

    async def close(self) -> None:
        """Give the connections back. May be called twice."""
        await self._flying.settle()
        await self._http.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        payload: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        told: Told = lambda words: None,
        lost: Callable[[], Awaitable[Any]] | None = None,
    ) -> Any:
        """The answer's JSON, None for an empty one. Raises HostError when trying again does not help or is over.

        `lost` looks for what an earlier try may have done unsaid; it is asked before anything is done a second time.
        """
        key = self._new_key()
        tries: Counter[int] = Counter()
        perhaps_done = False
        while True:
            answer = await self._flying.run(self._send(method, path, payload, query, key))
            if 200 <= answer.status < 300:
                return _parsed(answer)
            error = _error(answer, payload)
            tries[answer.status] += 1
            retry = _RETRIES.get(answer.status)
            wait = self._wait(retry, tries[answer.status], answer.retry_after) if retry else 0.0
            is_last = retry is None or tries[answer.status] >= retry.tries or wait > LONGEST_WAIT
            perhaps_done = perhaps_done or answer.perhaps_done
            if lost is not None and perhaps_done and (is_last or (retry and retry.new_key)):
                found = await _found(lost, error)
                if found is not None:
                    return found
                perhaps_done = False
            if retry is None or is_last:
                raise error from answer.cause
            if retry.new_key:
                key = self._new_key()
            told(f"{retry.words}; trying again in {wait:.0f} s ({tries[answer.status] + 1} of {retry.tries})")
            await self._sleep(wait)

    async def _send(
        self, method: str, path: str, payload: Mapping[str, Any] | None, query: Mapping[str, str] | None, key: str
    ) -> _Answer:
        headers = {"Idempotency-Key": key} if method in _KEYED else {}
        # The firewall refuses a GET with any body, be it `null`.
        body: dict[str, Any] = {} if payload is None else {"json": payload}
        received = bytearray()
        try:
            async with asyncio.timeout(DEADLINE):
                async with self._http.stream(method, path, params=query, headers=headers, **body) as response:
                    async for part in response.aiter_bytes():
                        received += part
                        if len(received) > LARGEST_ANSWER:
                            break
        except (httpx.RequestError, TimeoutError) as error:
            return _Answer(0, cause=error)
        return _Answer(response.status_code, bytes(received), response.headers.get("retry-after", ""))

    def _wait(self, retry: _Retry, attempt: int, retry_after: str) -> float:
        """Seconds to wait. Never the same for two callers, so that they do not come back all at once."""
        asked = _retry_after(retry_after, self._clock())
        if asked is not None:
            return asked + self._spread(0.0, 2.0)
        backoff: float = min(LONGEST_BACKOFF, retry.wait * 2 ** (attempt - 1))
        return backoff * self._spread(1.0, 1.2)


async def _found(lost: Callable[[], Awaitable[Any]], error: HostError) -> Any:
    """What an earlier try did unsaid, or None. When even that cannot be found out, the error says so."""
    try:
        return await lost()
    except HostError as unknown:
        error.advice = "A bot may have been sent all the same: look in the Recall dashboard before sending another."
        raise error from unknown


def _parsed(answer: _Answer) -> Any:
    if not answer.body.strip():
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise HostError(
            "Recall's answer cannot be read",
            advice="Check the region, or the base URL of the Recall API.",
            code="bad-answer",
            status=answer.status,
        ) from None


def _error(answer: _Answer, payload: Any) -> HostError:
    if answer.status:
        return refusal(answer.status, answer.body, payload)
    late = isinstance(answer.cause, (TimeoutError, httpx.TimeoutException))
    return HostError(
        "Recall did not answer in time" if late else "Recall cannot be reached",
        advice="Check this server's connection, and the region or the base URL of the Recall API.",
        code="timeout" if late else "unreachable",
        retryable=True,
    )


def _retry_after(header: str, now: float) -> float | None:
    """Seconds that the vendor asks us to wait: a number, or a date."""
    try:
        return max(0.0, min(float(header), 1e6))  # NaN becomes 0.0
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _id_of(bot: Any) -> str:
    bot_id = bot.get("id") if isinstance(bot, dict) else None
    if isinstance(bot_id, str) and _BOT.fullmatch(bot_id):
        return bot_id
    raise HostError(
        "Recall's answer names no bot",
        advice="Look in the Recall dashboard whether a bot was sent, and tell it to leave there.",
        code="bad-answer",
    )


def _is_alive(bot: dict[str, Any]) -> bool:
    change = latest(bot)
    return change is None or change.state not in OVER


def _part(bot: str) -> str:
    """A bot's id as a part of a path."""
    if not _BOT.fullmatch(bot):
        raise HostError("this is no id of a Recall bot", advice="Copy it from the list of bots.", code="bad-bot-id")
    return bot


def _bare(key: str) -> str:
    """The key alone, however it was copied. Raises SettingsError when it can be none."""
    bare = re.sub(r"^(token|bearer)(\s+|$)", "", key.strip(), flags=re.IGNORECASE)
    if not _KEY.fullmatch(bare):
        raise SettingsError("the Recall API key is empty or holds characters that no key has")
    return bare


def _base_url(region: str, base_url: str) -> str:
    """Where the API is, ending in a slash. A region is never guessed: a key opens one region only."""
    if base_url:
        try:
            parse_address(base_url, ("https", "http"))
        except ValueError as error:
            raise SettingsError(f"the base URL of the Recall API {error}") from None
        base = base_url.rstrip("/")
        return f"{base}/" if base.endswith("/api/v1") else f"{base}/api/v1/"
    if region not in REGIONS:
        raise SettingsError(f"the Recall region must be one of {', '.join(REGIONS)}")
    return f"https://{region}.recall.ai/api/v1/"
