"""Under which conditions a scenario runs on virtual time: delays, disorder, echo, policy. All have defaults.

Sources of the defaults: the issue's figures (first token 300 ms, voice 100 ms, final 250 ms after speech), and the
page's own constants (`static/agent/player.js`).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from server.rehearsal.expecting import Seconds, Strict, seconds_of

Ears = Literal["mixed", "voices", "both", "none"]


@dataclass(frozen=True)
class Range:
    """Seconds between `least` and `most`, each time drawn anew."""

    least: float
    most: float

    def draw(self, chance: Random) -> float:
        """One of them."""
        return self.least if self.least == self.most else chance.uniform(self.least, self.most)


def range_of(value: Any) -> Range:
    """`250ms`, or `[250ms, 2.5s]`."""
    if isinstance(value, Range):
        return value
    if isinstance(value, list):
        if len(value) != 2:
            raise ValueError("give a time or [least, most]")
        least, most = seconds_of(value[0]), seconds_of(value[1])
        if least > most:
            raise ValueError("the first of the two times is the least")
        return Range(least, most)
    return Range(seconds_of(value), seconds_of(value))


def _share_of(value: Any) -> float:
    """`10%` or 0.1."""
    if isinstance(value, str) and value.strip().endswith("%"):
        value = float(value.strip()[:-1]) / 100
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("give a share such as 10% or 0.1")
    return float(value)


def named(value: Any) -> Any:
    """Keys may be written with spaces."""
    if isinstance(value, dict):
        return {"_".join(str(key).replace("_", " ").split()).casefold(): each for key, each in value.items()}
    return value


Times = Annotated[Range, BeforeValidator(range_of)]
Share = Annotated[float, BeforeValidator(_share_of)]


class Echo(Strict):
    """The agent's own words come back."""

    #: seconds after they sounded until the transcript has them
    late: Times = Range(0.6, 0.6)
    #: whose words they are said to be; empty: nobody's
    speaker: Annotated[str, Field(max_length=80)] = ""
    #: some words are misheard
    mangled: bool = False
    #: only parts of it come
    cut: bool = False
    #: the words come at all
    words: bool = True
    #: the ears hear it too, this much later
    sound: Seconds | None = None


class Conditions(Strict):
    """Everything that can differ between two meetings in which the same is said."""

    policy: Literal["named", "open", "standing", "muted"] = "named"
    language: Annotated[str, Field(max_length=10)] = "en"
    #: what tells of speech: the room's sound, each person's own, both, or nothing
    ears: Ears = "mixed"
    #: the host tells who is there
    people_known: bool = True

    #: of the brain
    first_token: Times = Range(0.3, 0.3)
    tokens: Annotated[float, Field(gt=0, le=1000)] = 50.0
    #: of the voice
    first_sound: Times = Range(0.1, 0.1)
    pace: Annotated[float, Field(gt=0.5, le=10)] = 2.7
    marks: bool = True
    #: of the transcript: how often partials, how late, when the final, which silence splits an utterance
    partials: Seconds = 0.3
    partial_delay: Times = Range(0.1, 0.1)
    final: Times = Range(0.25, 0.25)
    split: Seconds = 0.8
    #: one way between backend and page, and how often the page reports
    page: Times = Range(0.02, 0.035)
    reports: Seconds = 0.1
    #: the page's reports come this much later than its answers
    report_delay: Times = Range(0.0, 0.0)

    #: disorder of the transcript: late by up to this; share of events that are overtaken; that come twice
    jitter: Seconds = 0.0
    reorder: Share = 0.0
    duplicate: Share = 0.0
    echo: Annotated[Echo | None, BeforeValidator(named)] = None

    @property
    def near(self) -> bool:
        """Whether the page is as near as the figures assume."""
        return self.page == Conditions().page

    @property
    def plain(self) -> bool:
        """Whether times measured under these conditions are those the figures speak of."""
        like = Conditions()
        same = ("first_token", "tokens", "first_sound", "partials", "partial_delay", "final", "page", "ears")
        return (
            self.echo is None
            and not (self.jitter or self.reorder or self.duplicate)
            and all(getattr(self, name) == getattr(like, name) for name in same)
        )
