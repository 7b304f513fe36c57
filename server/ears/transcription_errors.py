"""What goes wrong with a transcription provider's websocket, as one of our errors."""

from __future__ import annotations

from websockets.exceptions import InvalidHandshake, InvalidStatus

from server.errors import ProviderError, ProviderLimited, ProviderRefused, ProviderTimeout, ProviderUnreachable

#: messages in a row that tell of trouble, after which a connection is given up
PATIENCE = 3
#: codes after which this provider brings us nothing more for a while
_REFUSED = frozenset({"invalid_api_key", "beta_api_shape_disabled", "model_not_found"})
_LIMITED = frozenset({"insufficient_quota", "rate_limit_exceeded"})


def give_up(code: str, troubles: int) -> None:
    """Raises ProviderError when this code, or so much trouble in a row, ends the connection."""
    if code == "session_expired":
        raise ProviderUnreachable("the transcription session is as old as one may be")
    if code in _LIMITED:
        raise ProviderLimited("the transcription provider is over its limit for us")
    if code in _REFUSED:
        raise ProviderRefused(f"the transcription provider refused ({code})")
    if troubles >= PATIENCE:
        raise ProviderUnreachable("the transcription provider has trouble")


def translate(error: Exception) -> ProviderError:
    """The failure of a connection as one of ours."""
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status == 429:
            after = error.response.headers.get("Retry-After", "")
            seconds = float(after) if after.isascii() and after.isdigit() else None
            return ProviderLimited("the transcription provider says later (429)", retry_after=seconds)
        if status >= 500:
            return ProviderUnreachable(f"the transcription provider answers {status}")
        return ProviderRefused(f"the transcription provider refused the connection ({status})")
    if isinstance(error, TimeoutError):
        return ProviderTimeout("the transcription provider did not answer in time")
    if isinstance(error, InvalidHandshake):
        return ProviderRefused("the transcription provider speaks no websocket there")
    return ProviderUnreachable("the transcription provider is not reached, or the connection broke")
