"""The errors of Parley, in one short tree.

    ParleyError
    ├── SettingsError            a setting is wrong; refused at start
    ├── ProviderError            a brain, voice or ear failed; says whether trying again may help
    │   ├── ProviderUnreachable  no connection, or it broke
    │   ├── ProviderTimeout      no answer in time
    │   ├── ProviderRefused      the provider said no (wrong key, unknown model, bad request)
    │   └── ProviderLimited      the provider said later
    ├── HostError                a meeting bot vendor refused or failed; says what to do about it
    ├── MediaError               a picture cannot be shown (media/pictures.py)
    ├── AccessError              a token is missing, wrong, expired or of another session; a request is not a vendor's
    ├── ProtocolError            a message on a socket is malformed
    ├── TapeError                the tape cannot be written or read
    └── RehearsalError           a scenario or its stage is wrong

Messages say what happened and what to do. They never carry speech, prompts, names, keys or meeting addresses.
"""


class ParleyError(Exception):
    """Anything Parley raises on purpose."""


class SettingsError(ParleyError):
    """A setting is wrong. The message names it and the reason, never its value."""


class ProviderError(ParleyError):
    """A provider failed. `retryable` says whether the same request may succeed later."""

    retryable = False
    #: one lower-case word for metrics and decision records
    code = "failed"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        #: seconds the provider asked us to wait, if it said so
        self.retry_after = retry_after


class ProviderUnreachable(ProviderError):
    """No connection could be made, or it broke in the middle."""

    retryable = True
    code = "unreachable"


class ProviderTimeout(ProviderError):
    """The provider did not answer before our deadline."""

    retryable = True
    code = "timeout"


class ProviderRefused(ProviderError):
    """The provider refused: wrong key, unknown model, bad request."""

    code = "refused"


class ProviderLimited(ProviderError):
    """The provider is over its limit for us."""

    retryable = True
    code = "limited"


class HostError(ParleyError):
    """A meeting bot vendor refused, failed or was not reached. The message says what happened."""

    def __init__(
        self, message: str, *, advice: str = "", code: str = "failed", status: int = 0, retryable: bool = False
    ) -> None:
        super().__init__(message)
        #: one plain sentence: what to do about it
        self.advice = advice
        #: one lower-case word or vendor's code, for metrics and the API
        self.code = code
        #: the vendor's HTTP status, or 0
        self.status = status
        #: whether the same request may succeed later
        self.retryable = retryable


class AccessError(ParleyError):
    """Someone may not come in."""


class ProtocolError(ParleyError):
    """A message on a socket is malformed; the socket lives on."""


class TapeError(ParleyError):
    """The tape of a session cannot be written or read."""


class RehearsalError(ParleyError):
    """A scenario or the stage it runs on is wrong."""
