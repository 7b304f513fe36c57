"""What the OpenAI client raises, in our words. Nothing a provider wrote reaches the message: it may quote
the prompt.
"""

from __future__ import annotations

from server.errors import (
    ProviderError,
    ProviderLimited,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
)

#: longest Retry-After we believe, in seconds
_LONGEST_WAIT = 600.0


def translate(error: BaseException, part: str = "language model") -> ProviderError:
    """The ProviderError for anything the client or its transport raised. `part` names what failed."""
    import openai

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, openai.APITimeoutError | TimeoutError) and not _broke_in_aiohttp(error):
        return ProviderTimeout(f"the {part} did not answer in time")
    if isinstance(error, openai.APIStatusError):
        return _by_status(error.status_code, error.code, _retry_after(error.response.headers), part)
    if isinstance(error, openai.APIConnectionError):
        return ProviderUnreachable(f"no connection to the {part}; check the base URL and the network")
    if isinstance(error, openai.APIError):
        # An error object inside the stream: some servers put the HTTP status or a word into `code`.
        return in_stream(error.code or error.type, part)
    if isinstance(error, ValueError | UnicodeError):
        return ProviderUnreachable(f"the {part} sent something that is not an event stream")
    if isinstance(error, OSError) or type(error).__module__.split(".")[0] in (
        "httpx2",
        "httpcore2",
        "aiohttp",
    ):
        return ProviderUnreachable(f"the connection to the {part} broke")
    return ProviderError(f"the {part} failed ({type(error).__name__})")


def _broke_in_aiohttp(error: BaseException) -> bool:
    """The client's aiohttp transport (3.52) reports refused and dropped connections as connect timeouts."""
    cause = error.__cause__
    while cause is not None:
        if type(cause).__module__.startswith("aiohttp"):
            return not isinstance(cause, TimeoutError)
        cause = cause.__cause__
    return False


def in_stream(code: object, part: str = "language model") -> ProviderError:
    """The ProviderError for an error object in the middle of a stream."""
    word = str(code or "").lower()
    if word.isdigit() and 400 <= int(word) < 600:
        return _by_status(int(word), None, None, part)
    if "rate" in word or "limit" in word or "overloaded" in word or "quota" in word:
        return ProviderLimited(f"the {part} is over its limit for us")
    if "invalid" in word or "auth" in word or "not_found" in word:
        return ProviderRefused(f"the {part} refused the request")
    return ProviderUnreachable(f"the {part} reported an error while it was answering")


def _by_status(status: int, code: str | None, retry_after: float | None, part: str) -> ProviderError:
    match status:
        case 401 | 403:
            return ProviderRefused(f"the {part} refused our key (status {status}); check the API key")
        case 404:
            return ProviderRefused(f"the {part} knows no such model or path; check the model and the base URL")
        case 429 if code == "insufficient_quota":
            return ProviderLimited(f"the account at the {part} has no credit left", retry_after=_LONGEST_WAIT)
        case 429:
            return ProviderLimited(f"the {part} is over its limit for us", retry_after=retry_after)
        case 408 | 504:
            return ProviderTimeout(f"the {part} did not answer in time (status {status})")
        case 503 | 529 if retry_after is not None:
            return ProviderLimited(f"the {part} is overloaded (status {status})", retry_after=retry_after)
        case _ if status >= 500 or status == 409:
            return ProviderUnreachable(f"the {part} has an error of its own (status {status})")
        case _:
            return ProviderRefused(f"the {part} refused the request (status {status})")


def _retry_after(headers: object) -> float | None:
    """Seconds of `retry-after-ms` or `Retry-After` (seconds only; a date counts as unknown)."""
    get = getattr(headers, "get", None)
    if get is None:
        return None
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(get(name)) * scale
        except (TypeError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return min(seconds, _LONGEST_WAIT)
    return None
