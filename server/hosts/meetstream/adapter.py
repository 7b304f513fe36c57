"""MeetStream as a host: a bot without a page, so everything the agent hears, says and shows passes through here.

One instance serves all seats. What belongs to one seat is kept by its sink: sinks are told apart by identity, and what
was kept is forgotten with them.
"""

from __future__ import annotations

import asyncio
import time
import uuid
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from server.addresses import is_loopback
from server.errors import HostError
from server.hosts.base import OVER, Host, Incoming, Order, SeatChange, SeatState, SendText, Sink
from server.hosts.meetstream.audio import AudioSocket
from server.hosts.meetstream.camera import Draw, Drawer, Timers
from server.hosts.meetstream.client import Client
from server.hosts.meetstream.control import ControlSocket
from server.hosts.meetstream.link import ControlLink, LeftOff
from server.hosts.meetstream.request import check_provider, create_request
from server.hosts.meetstream.status import news_of, person_of, status_of
from server.hosts.meetstream.transcription import Assembly, update_of
from server.hosts.meetstream.video import Films, VideoSocket
from server.hosts.platforms import TITLES, Platform, meeting_at
from server.hosts.signatures import MeetStreamSignature

SOCKETS = ("control", "audio", "video")
HOOKS = ("status", "words", "people")
PLATFORMS: tuple[Platform, ...] = ("google_meet", "zoom", "microsoft_teams")

#: characters of a bot's name that every platform takes
LONGEST_NAME = 100
#: bots whose last chat lines are remembered; full: the oldest is forgotten
BOTS = 512
#: chat lines of ours remembered for each bot, and seconds after which one that comes back is somebody else's
OWN_LINES = 20
OWN_FOR = 60.0

#: (session, words): a call for this session takes longer, and why
OnWait = Callable[[str, str], None]

_INSTEAD = "The bot shows a picture of the agent and its state by itself; for our page choose a host that shows pages."


@dataclass(slots=True)
class _Seat:
    """What outlives the connections of one seat. The newest connection of a kind wins.

    Nothing in here may hold the sink while no connection is open, or the seat would be kept for ever.
    """

    #: through which the agent speaks now
    link: ControlLink | None = None
    #: where the connection before it left off
    before: LeftOff | None = None
    #: audio connections so far; the newest has this number
    audio: int = 0
    films: Films = field(default_factory=Films)
    words: Assembly = field(default_factory=Assembly)


class MeetStream:
    """Bots of MeetStream.

    `about` tells of a seat the name of its bot and the platform of its meeting. `on_link` is told of a connection
    through which the agent speaks from now on, `on_unlink` when it is gone; all three with the seat's sink. `fonts` is
    the folder of the typeface.
    """

    name = "meetstream"
    title = "MeetStream"
    sockets: tuple[str, ...] = SOCKETS
    hooks: tuple[str, ...] = HOOKS
    many_sockets = False
    shows_page = False
    chat_limits: Mapping[str, int] = {"google_meet": 500, "": 4096}

    def __init__(
        self,
        client: Client,
        *,
        secrets: Iterable[str] = (),
        about: Callable[[Sink], tuple[str, str]] = lambda sink: ("", "unknown"),
        on_link: Callable[[Sink, ControlLink], None] = lambda sink, link: None,
        on_unlink: Callable[[Sink, ControlLink], None] = lambda sink, link: None,
        on_wait: OnWait = lambda session, words: None,
        fonts: Path | None = None,
        draw: Draw | None = None,
        timers: Callable[[], Timers] = asyncio.get_running_loop,
        clock: Callable[[], float] = time.monotonic,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        known = [secret for secret in secrets if secret]
        self._signature = MeetStreamSignature(known) if known else None
        self._client = client
        # A vendor on this machine is a stand-in, and reaches addresses of this machine.
        self._local = is_loopback(urlsplit(client.base_url).hostname or "")
        self._about = about
        self._on_wait = on_wait
        self._on_link = on_link
        self._on_unlink = on_unlink
        self._draw = draw or Drawer(fonts)
        self._timers = timers
        self._clock = clock
        self._clock_ms = clock_ms
        #: bot -> (when, what) we wrote into its chat
        self._lines: OrderedDict[str, list[tuple[float, str]]] = OrderedDict()
        self._links: dict[str, ControlLink] = {}
        #: by the sink's identity; a sink need not be hashable
        self._seats: dict[int, _Seat] = {}

    # ------------------------------------------------------------ what the operator wants

    def check(self, order: Order) -> None:
        """Refuse early what cannot work. Raises HostError with the reason and what to do instead."""
        platform = meeting_at(order.meeting_url).platform
        if platform not in PLATFORMS:
            raise HostError(
                f"MeetStream cannot join {TITLES[platform]}",
                advice="It joins Google Meet, Zoom and Microsoft Teams; choose another host for this meeting.",
                code="bad-platform",
            )
        if not order.name.strip() or len(order.name) > LONGEST_NAME or not order.name.isprintable():
            raise HostError(
                "the bot needs a name that every platform takes",
                advice=f"Give it one of printable letters, at most {LONGEST_NAME}.",
                code="bad-name",
            )
        if order.screen:
            raise HostError("MeetStream cannot share our page as a screen", advice=_INSTEAD, code="no-page")
        if order.variant:
            raise HostError(
                "MeetStream has no machines of different sizes",
                advice="Leave the variant out.",
                code="bad-variant",
            )
        self._check_senses(order, platform)
        check_provider(order, platform)
        self._check_addresses(order)

    def _check_senses(self, order: Order, platform: Platform) -> None:
        if "film" in order.senses and platform == "zoom":
            raise HostError(
                "MeetStream sends no live video from Zoom",
                advice="Join without film, or choose another host for video from Zoom.",
                code="no-film",
            )
        if "pictures" in order.senses:
            raise HostError(
                "MeetStream sends no pictures of single people",
                advice="Ask for film instead: it shows the meeting as the recorder sees it.",
                code="no-pictures",
            )
        if "voices" in order.senses:
            raise HostError(
                "MeetStream sends the meeting's sound mixed, not by person",
                advice="Ask for mixed sound instead; its transcript still names the speakers.",
                code="no-voices",
            )

    def _check_addresses(self, order: Order) -> None:
        sockets, hooks = self.needs(order)
        for channels, given, scheme in ((sockets, order.sockets, "wss://"), (hooks, order.hooks, "https://")):
            for channel in sorted(channels):
                url = given.get(channel, "")
                if url.startswith(scheme) or (self._local and url.startswith(scheme.replace("s://", "://"))):
                    continue
                raise HostError(
                    f"MeetStream needs an address that begins with {scheme} for {channel}",
                    advice="Start the tunnel or set the public address, so that MeetStream reaches this backend.",
                    code="bad-address",
                )

    def needs(self, order: Order) -> tuple[frozenset[str], frozenset[str]]:
        """The sockets and the hooks that this order needs: without a page, sound both ways in any case."""
        film = {"video"} if "film" in order.senses else set()
        return frozenset({"control", "audio", *film}), frozenset(HOOKS)

    async def join(self, order: Order) -> str:
        """Send a bot; its id. Takes as long as the vendor asks us to try again. Raises HostError."""
        self.check(order)
        bot = await self._client.create_bot(create_request(order), lambda words: self._on_wait(order.session, words))
        if order.greeting:
            self._remember(bot, order.greeting)
        return bot

    async def status(self, bot: str) -> SeatChange | None:
        """What the bot is doing now; None when the vendor says nothing we know. Raises HostError."""
        return status_of(bot, await self._client.status(bot))

    async def leave(self, bot: str) -> None:
        """Take the bot out of the meeting. Leaving twice is no error. Raises HostError."""
        try:
            await self._client.remove_bot(bot)
        except HostError as error:
            if error.status in (404, 410):
                return
            if error.status != 409:
                raise
            now = await self.status(bot)  # "wrong state" may mean that it has left, or that it has not yet come
            if now is None or now.state not in (*OVER, SeatState.LEAVING):
                raise

    async def show(self, bot: str, page_url: str, *, screen: bool = False) -> None:
        """MeetStream's bots open no page. Raises HostError."""
        raise HostError("MeetStream cannot show a page", advice=_INSTEAD, code="no-page")

    async def hide(self, bot: str, *, screen: bool = False) -> None:
        """MeetStream's bots open no page. Raises HostError."""
        raise HostError("MeetStream shows no page that could be hidden", advice=_INSTEAD, code="no-page")

    async def chat(self, bot: str, text: str, *, to: str = "everyone") -> None:
        """Write one message into the meeting's chat: over the control socket while there is one. Raises HostError."""
        if to != "everyone":
            raise HostError(
                "MeetStream writes to everybody in the meeting only",
                advice="Send it to everyone, or say it aloud.",
                code="no-private-chat",
            )
        self._remember(bot, text)  # first: it may come back before the answer
        if (link := self._links.get(bot)) is not None:
            link.chat(text)
        else:
            await self._client.send_message(bot, text)

    # ------------------------------------------------------------ what the vendor sends

    def admit(self, headers: Mapping[str, str], body: bytes, now: float) -> str:
        """Whether this request is signed by the vendor. Raises AccessError when its signature is wrong, old or known.

        Only endpoints of the whole workspace are signed. Callbacks of one bot and websockets never are, whatever
        secrets are set, so "unsigned" is no refusal: their address with its token is what lets them in.
        """
        if self._signature is None or "x-meetstream-signature" not in {name.lower() for name in headers}:
            return "unsigned"
        self._signature.verify(headers, body, now)
        return "signed"

    def news(self, message: Any) -> SeatChange | None:
        """The news in a status webhook's JSON; None when it is about something else."""
        return news_of(message)

    def connect(self, channel: str, sink: Sink, send: SendText) -> Incoming:
        """A connection of the vendor on this channel was let in."""
        seat = self._seat(sink)
        if channel == "video":
            return VideoSocket(sink, send, seat.films, clock_ms=self._clock_ms)
        if channel == "audio":
            seat.audio = number = seat.audio + 1
            return AudioSocket(
                sink,
                is_own=lambda name: self._is_name(sink, name),
                current=lambda: seat.audio == number,
                clock=self._clock,
            )
        return ControlSocket(
            sink,
            begin=lambda bot: self._begin(seat, sink, bot, send),
            end=lambda link: self._end(seat, sink, link),
            is_own=lambda speaker, text: self._is_own(seat, sink, speaker, text),
            clock=lambda: self._clock_ms() / 1000,
        )

    def posted(self, channel: str, message: Any, sink: Sink) -> None:
        """A POST of the vendor on this channel was let in."""
        known = True
        if channel == "words":
            known = (update := update_of(message)) is not None
            for heard in self._seat(sink).words.take(update) if update is not None else ():
                sink.tell(heard)
        elif channel == "people":
            known = (person := person_of(message)) is not None
            if person is not None and not self._is_name(sink, getattr(person, "name", "")):
                sink.tell(person)
        else:
            known = (change := news_of(message)) is not None
            if change is not None:
                sink.change(change)
        if not known:
            sink.count(f"{channel}-unknown")

    async def close(self) -> None:
        """Give back connections. May be called twice."""
        for link in list(self._links.values()):
            link.close(1001, "going away")
        self._links.clear()
        await self._client.close()

    # ------------------------------------------------------------ one seat

    def _seat(self, sink: Sink) -> _Seat:
        """What is kept of this seat, for as long as its sink lives."""
        seat = self._seats.get(id(sink))
        if seat is None:
            seat = self._seats[id(sink)] = _Seat()
            weakref.finalize(sink, self._seats.pop, id(sink), None).atexit = False
        return seat

    def _begin(self, seat: _Seat, sink: Sink, bot: str, send: SendText) -> ControlLink:
        """The bot on this connection takes commands: the agent speaks through it from now on."""
        old = seat.link
        link = ControlLink(
            send,
            bot=bot,
            page=f"control-{uuid.uuid4().hex[:12]}",
            timers=self._timers(),
            draw=self._draw,
            clears=lambda: self._about(sink)[1] == "google_meet",
            before=old.left_off() if old is not None else seat.before,
        )
        seat.link = self._links[bot] = link
        if old is not None:
            old.close(1000, "replaced")
        self._on_link(sink, link)
        return link

    def _end(self, seat: _Seat, sink: Sink, link: ControlLink) -> None:
        if seat.link is link:
            seat.link, seat.before = None, link.left_off()
        if self._links.get(link.bot) is link:
            del self._links[link.bot]
        self._on_unlink(sink, link)

    def _is_name(self, sink: Sink, name: str) -> bool:
        """Whether this is the name of the seat's bot: exactly, but for letter case."""
        return bool(name) and name.casefold() == self._about(sink)[0].casefold()

    # ------------------------------------------------------------ our own chat lines

    def _remember(self, bot: str, text: str) -> None:
        lines = self._lines.pop(bot, [])
        lines.append((self._clock(), _plain(text)))
        self._lines[bot] = lines[-OWN_LINES:]
        if len(self._lines) > BOTS:
            self._lines.popitem(last=False)

    def _is_own(self, seat: _Seat, sink: Sink, speaker: str, text: str) -> bool:
        """Whether a chat line is ours that comes back."""
        if speaker:
            return self._is_name(sink, speaker)
        since = self._clock() - OWN_FOR
        lines = self._lines.get(seat.link.bot, []) if seat.link is not None else []
        return any(at >= since and line == _plain(text) for at, line in lines)


def _plain(text: str) -> str:
    """A chat line as it may come back, with other spaces."""
    return " ".join(text.split())


if TYPE_CHECKING:
    _: type[Host] = MeetStream
