"""One `AsyncOpenAI` for the whole process: any base URL, our timeouts, no retries of its own.

Building a client blocks the event loop for 40-140 ms and importing `openai` for 1.3-1.6 s, so the app does
both once, at the start, and shares the client between brain, voice and ears.
"""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

OPENAI_BASE_URL = "https://api.openai.com/v1"

#: Servers without keys still get a header, because the client refuses to be built without one.
_NO_KEY = "none"

#: seconds. A server that takes longer to accept a connection is too far away for a conversation.
CONNECT_DEADLINE = 2.0
#: seconds between two bytes of a response; the brain's own deadlines are tighter
READ_DEADLINE = 15.0

#: Connections, all sessions together: one reply and its hedge, one voice and one transcription for 250
#: sessions.
CONNECTIONS = 1000
#: Idle connections kept open, so that the next turn does not wait for a handshake.
KEPT_ALIVE = 200


def make_client(base_url: str = "", api_key: str = "", *, fast: bool | None = None) -> AsyncOpenAI:
    """The shared client of an OpenAI-compatible server.

    An empty `base_url` is OpenAI's. `fast` moves bytes with aiohttp instead of httpx2: None takes it when
    the package is there (extra `fast`), True insists on it and raises ImportError without it. Close it with
    `await client.close()`.
    """
    import httpx2
    import openai

    if fast is None:
        fast = aiohttp_is_there()
    if fast and not aiohttp_is_there():
        raise ImportError("the aiohttp transport needs the extra `fast`: pip install 'parley[fast]'")
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=KEPT_ALIVE, keepalive_expiry=60.0)
    timeout = openai.Timeout(READ_DEADLINE, connect=CONNECT_DEADLINE, pool=CONNECT_DEADLINE)
    transport = openai.DefaultAioHttpClient if fast else openai.DefaultAsyncHttpxClient
    return openai.AsyncOpenAI(
        api_key=api_key or _NO_KEY,
        base_url=base_url or OPENAI_BASE_URL,
        timeout=timeout,
        max_retries=0,
        http_client=transport(limits=limits, timeout=timeout),
    )


#: what every request of a client to a path has in common; made once
_HEADS: WeakKeyDictionary[AsyncOpenAI, dict[tuple[str, str], httpx2.Request]] = WeakKeyDictionary()


async def post(
    client: AsyncOpenAI, path: str, body: dict[str, Any], *, accept: str = "application/json"
) -> httpx2.Response:
    """Post JSON; the open response, whose body the caller reads and closes. Raises what `client.post` raises.

    The client's connections, address, key, timeouts and errors, without the rest of its own `post`: that
    takes more than 1 ms of processor, twice in a turn while somebody waits (`python -m bench.latency`).
    """
    import httpx2
    import openai

    heads = _HEADS.setdefault(client, {})
    if (head := heads.get((path, accept))) is None:
        head = heads[path, accept] = _head(client, path, accept)
    request = httpx2.Request(
        "POST",
        head.url,
        headers=head.headers,
        content=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
        extensions=head.extensions,
    )
    try:
        # Straight to the transport: hooks, cookies and redirects of the client are another 0.3 ms.
        response = await client._client._transport_for_url(request.url).handle_async_request(request)
        response.request = request
        if response.has_redirect_location:
            await response.aclose()
            response = await client._client.send(request, stream=True)
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(request=request) from error
    except (httpx2.RequestError, OSError) as error:
        raise openai.APIConnectionError(request=request) from error
    if not response.is_success:
        try:
            await response.aread()
        finally:
            await response.aclose()
        raise client._make_status_error_from_response(response)
    return response


def _head(client: AsyncOpenAI, path: str, accept: str) -> httpx2.Request:
    """Address, headers and timeouts of the client's requests to this path."""
    import httpx2

    base = client.base_url
    every = {**client.default_headers, **client.auth_headers, "Accept": accept}
    return httpx2.Request(
        "GET",
        base.copy_with(raw_path=base.raw_path.rstrip(b"/") + path.encode()),
        headers={name: value for name, value in every.items() if isinstance(value, str)},
        extensions={"timeout": httpx2.Timeout(client.timeout).as_dict()},
    )


def aiohttp_is_there() -> bool:
    """Can the client use aiohttp?"""
    return importlib.util.find_spec("aiohttp") is not None


def speaks_to_openai(base_url: str) -> bool:
    """Is this OpenAI itself (any region), rather than a server that is compatible with it?"""
    host = (urlsplit(base_url).hostname or "").lower()
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def is_local(base_url: str) -> bool:
    """Is this a server on this machine, where a second request only takes time from the first?"""
    host = (urlsplit(base_url).hostname or "").lower()
    return host in ("localhost", "::1") or host.startswith("127.") or host.endswith(".localhost")
