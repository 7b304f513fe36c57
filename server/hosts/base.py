"""What a host is: a service that seats a bot of ours in a meeting, and what it tells us from there.

A host is a folder beside this file with an adapter that fits `Host`. The adapter knows the vendor's words and nothing
of sessions: it is handed an `Order` and answers with a bot's id; it is handed frames and tells a `Sink`. Who may
connect, which session a connection belongs to and what becomes of a sound or a picture is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from server.core.events import Event

#: Samples per second of every sound handed to a sink. Mono, signed 16-bit little-endian.
SAMPLE_RATE = 16_000

#: What a seat can be asked to send us beyond words and people.
Sense = Literal["mixed", "voices", "pictures", "film"]
#: Where a picture comes from; `stage` is the meeting as the recorder sees it.
Source = Literal["webcam", "screenshare", "stage"]
#: How a picture is coded: a whole PNG, one H.264 access unit (Annex B), or a stretch of fragmented MP4.
Coding = Literal["png", "h264", "fmp4"]


class SeatState(StrEnum):
    """The life of a bot, in order. A seat never goes back from `done` or `failed`."""

    JOINING = "joining"
    #: somebody must admit it
    WAITING = "waiting"
    #: in the call, but nothing reaches us but the page's own ears
    IN_CALL = "in-call"
    #: in the call and the host sends everything it was asked for
    LIVE = "live"
    LEAVING = "leaving"
    DONE = "done"
    FAILED = "failed"


#: The states after which nothing more comes.
OVER = frozenset({SeatState.DONE, SeatState.FAILED})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the meeting, as the host names them. `id` is unique within one meeting only."""

    id: str
    name: str = field(default="", repr=False)
    is_host: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What a host is asked for: one bot in one meeting. Addresses carry secrets, so none of them is in the repr."""

    session: str
    meeting_url: str = field(repr=False)
    name: str = "Parley"
    #: the agent's page for the bot's camera and microphone; empty where a host shows none
    page_url: str = field(default="", repr=False)
    #: show the page as a shared screen instead of a camera
    screen: bool = False
    #: channel -> wss:// address, one for each of the host's `sockets` that this order needs
    sockets: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: channel -> https:// address, one for each of the host's `hooks` that this order needs
    hooks: Mapping[str, str] = field(default_factory=dict, repr=False)
    language: str = "en"
    #: transcript provider by the vendor's own name; empty: chosen by language
    provider: str = ""
    #: size of the bot's machine by the vendor's own name; empty: the adapter's default
    variant: str = ""
    senses: frozenset[Sense] = frozenset()
    #: a line the bot writes into the chat when it has joined; empty: none
    greeting: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SeatChange:
    """Something happened to a bot. `state` is None when it is news without a change of state."""

    bot: str
    state: SeatState | None
    #: the vendor's own words: status code and sub code
    code: str = ""
    sub_code: str = ""
    #: seconds since 1970 at which it happened, if the vendor says so; the order of changes
    at: float | None = None
    #: one plain sentence: what happened
    words: str = ""
    #: one plain sentence: what to do about it; empty when there is nothing to do
    advice: str = ""
    #: the session that the bot's metadata names, or ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A coded picture, or a stretch of film, of one person and source. `at` is host seconds, if known."""

    person: Person | None
    source: Source
    coding: Coding
    data: bytes = field(repr=False)
    at: float | None = None


class Sink(Protocol):
    """Where everything goes that a host sends about one bot. Calls never wait and never raise."""

    def tell(self, event: Event) -> None:
        """A fact for the core: words, people, chat."""
        ...

    def hear(self, pcm: bytes, person: Person | None = None, at: float | None = None) -> None:
        """Sound of one person, or of the whole meeting (None). `at` is host seconds of the first sample, if known."""
        ...

    def see(self, picture: Picture) -> None:
        """A picture or a stretch of film, in order for each person and source."""
        ...

    def blind(self, person: Person | None, source: Source) -> None:
        """No more pictures of this source: its stream ended or its camera is off."""
        ...

    def change(self, change: SeatChange) -> None:
        """News of the bot itself that came over a socket."""
        ...

    def count(self, what: str) -> None:
        """Something was odd and was dropped: one short word for the counters, never what was in it."""
        ...


class Incoming(Protocol):
    """One connection of a host, from its first frame to its last."""

    def feed(self, frame: str | bytes) -> None:
        """Take one websocket message. Never raises for what is in it: one odd message must not end a connection."""
        ...

    def close(self) -> None:
        """The connection is gone, said or unsaid. May be called twice."""
        ...


#: Sends one text frame on a connection; never waits.
SendText = Callable[[str], None]


class Host(Protocol):
    """A meeting bot vendor. One instance serves every seat of the process."""

    #: short name for addresses, commands, logs and metrics: lower-case letters
    name: str
    #: what people call it
    title: str
    #: channels on which the vendor opens websockets to us
    sockets: tuple[str, ...]
    #: channels on which the vendor posts to us for one bot, at an address in the order
    hooks: tuple[str, ...]
    #: whether one bot may hold several connections of a channel at once; else the newest replaces the one before
    many_sockets: bool
    #: whether its bots open our page; without one the agent speaks over a socket
    shows_page: bool
    #: longest chat message by platform, in characters; the key "" is for every other platform
    chat_limits: Mapping[str, int]

    def check(self, order: Order) -> None:
        """Refuse early what cannot work. Raises HostError with the reason and what to do instead."""
        ...

    def needs(self, order: Order) -> tuple[frozenset[str], frozenset[str]]:
        """The sockets and the hooks that this order needs."""
        ...

    async def join(self, order: Order) -> str:
        """Send a bot; its id. Takes as long as the vendor asks us to try again. Raises HostError."""
        ...

    async def status(self, bot: str) -> SeatChange | None:
        """What the bot is doing now, asked of the vendor; None when it says nothing we know. Raises HostError."""
        ...

    async def leave(self, bot: str) -> None:
        """Take the bot out of the meeting. Leaving twice is no error. Raises HostError."""
        ...

    async def show(self, bot: str, page_url: str, *, screen: bool = False) -> None:
        """Show our page as the bot's camera, or as a shared screen. Raises HostError."""
        ...

    async def hide(self, bot: str, *, screen: bool = False) -> None:
        """Take the page away again. Raises HostError."""
        ...

    async def chat(self, bot: str, text: str, *, to: str = "everyone") -> None:
        """Write one message, not longer than the platform's limit, into the meeting's chat. Raises HostError."""
        ...

    def admit(self, headers: Mapping[str, str], body: bytes, now: float) -> str:
        """Whether this request is the vendor's: "signed", or "unsigned" when it cannot be told.

        `body` is the raw bytes of a POST, empty for a GET or a websocket upgrade; `now` is seconds since 1970.
        Raises AccessError when a signature is missing although a secret is set, wrong, too old, or was seen before.
        """
        ...

    def news(self, message: Any) -> SeatChange | None:
        """The news in a status webhook's JSON; None when it is about something else."""
        ...

    def connect(self, channel: str, sink: Sink, send: SendText) -> Incoming:
        """A connection of the vendor on this channel was let in."""
        ...

    def posted(self, channel: str, message: Any, sink: Sink) -> None:
        """A POST of the vendor on this channel was let in. Never raises for what is in it."""
        ...

    async def close(self) -> None:
        """Give back connections. May be called twice."""
        ...
