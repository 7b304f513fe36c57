"""Events and decisions as tape entries, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Discriminator, TypeAdapter, ValidationError

from server.core.conversation import Config
from server.core.decision import Decision
from server.core.events import Event
from server.core.messages import plain
from server.errors import TapeError

_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Discriminator("type")])
_CONFIG = TypeAdapter(Config)


def event_to_entry(event: Event) -> dict[str, Any]:
    """An event as plain data; `type` says which."""
    data: dict[str, Any] = plain(event)
    return data


def event_from_entry(data: dict[str, Any]) -> Event:
    """The event of a tape entry. Raises TapeError when this version does not know it."""
    try:
        return _EVENT.validate_python(data)
    except ValidationError as error:
        raise TapeError(f"the tape holds an event this version cannot read ({error.error_count()} faults)") from None


def config_to_entry(config: Config) -> dict[str, Any]:
    """A conversation's settings as plain data."""
    return asdict(config)


def config_from_entry(data: dict[str, Any]) -> Config:
    """The settings a tape began with."""
    try:
        return _CONFIG.validate_python(data)
    except ValidationError:
        raise TapeError("the tape's first entry is not a conversation's settings") from None


def decision_to_entry(decision: Decision) -> dict[str, Any]:
    """A decision as plain data, with its reason in words."""
    return {**plain(decision), "times": dict(decision.times), "words": decision.words}
