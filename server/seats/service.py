"""Every seat of this process: send a bot, follow its life until it is over, find it again after a restart."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from server.core import events as ev
from server.core.room import Config
from server.core.seat import LEAVING
from server.ears.base import Ears
from server.errors import HostError, TapeError
from server.hosts.base import OVER, Host, Order, SeatChange, SeatState, Sense
from server.hosts.platforms import meeting_at
from server.hub import Hub, HubFull
from server.media.video import VideoDecoder
from server.seats.addresses import HostAddresses, Way
from server.seats.recording import Recording
from server.seats.seat import Seat
from server.seats.watch import EAGER, EXPECTED, Watch

log = logging.getLogger("parley.seats")

#: seconds after which the seats on the tape are too old to be taken up again
TOO_OLD = 12 * 3600.0
#: seats of this process that are over and still listed; full: the oldest is forgotten
REMEMBERED = 50
#: seconds that a session gets to finish its sentence when its bot has left
GRACE = 0.5
#: tries to call back a bot that nobody wants any more
RECALLS = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for who wants the agent in a meeting."""

    meeting_url: str = field(repr=False)
    host: str = ""
    name: str = ""
    language: str = ""
    variant: str = ""
    provider: str = ""
    screen: bool = False
    senses: frozenset[Sense] = frozenset()
    record: bool = False


class Seats:
    """The seats. Used from the event loop's thread."""

    def __init__(
        self,
        hub: Hub,
        hosts: Mapping[str, Host],
        addresses: HostAddresses,
        *,
        public_url: Callable[[], Awaitable[str]],
        video: VideoDecoder,
        ears: Ears | None,
        name: str,
        language: str,
        new_session: Callable[[], str],
        make_recording: Callable[[str], Recording] | None = None,
        counted: Callable[[str], None] = lambda what: None,
        eager: float = EAGER,
        expected: float = EXPECTED,
    ) -> None:
        self._hub = hub
        self.hosts = hosts
        self.addresses = addresses
        self._public_url = public_url
        self._video = video
        self._ears = ears
        self._name = name
        self._language = language
        self._new_session = new_session
        self._make_recording = make_recording
        self._counted = counted
        self._eager = eager
        self._expected = expected
        self.seats: dict[str, Seat] = {}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._watches: dict[str, Watch] = {}
        self.closing = False

    # ------------------------------------------------------------ asking

    def get(self, which: str) -> Seat:
        """The seat of this session id or bot id. Raises HostError."""
        seat = self.seats.get(which) or next((seat for seat in self.seats.values() if seat.bot == which), None)
        if seat is None:
            raise HostError("there is no such bot", advice="`parley bots` lists them.", code="unknown", status=404)
        return seat

    def views(self) -> list[dict[str, Any]]:
        """Every seat, the newest first."""
        return [seat.view() for seat in reversed(self.seats.values())]

    # ------------------------------------------------------------ joining

    async def join(self, wish: Wish) -> Seat:
        """Make a session and send a bot for it; returns at once what can be followed. Raises HostError for what
        cannot work; what fails on the way to the host is a step of the seat."""
        host = self._host(wish.host)
        meeting = meeting_at(wish.meeting_url)
        base = await self._public_url()
        if not base:
            raise HostError(
                "a bot cannot reach this machine",
                advice="Run `ngrok start parley --config ngrok.yml`, or set PARLEY_PUBLIC_URL.",
                code="no-address",
                status=409,
            )
        session_id = self._new_session()
        order = self._order(wish, session_id, host, base)
        host.check(order)
        seat = await self._take(session_id, host, meeting.platform, order.name)
        seat.screen = order.screen
        if wish.record and self._make_recording is not None:
            seat.recording = self._make_recording(session_id)
        seat.step(f"asking {host.title} for a bot")
        seat.session.record("seat", seat.kept())
        seat.session.tell(ev.SeatChanged(seat.state.value))
        self._follow(seat, self._send(seat, order))
        return seat

    def _host(self, name: str) -> Host:
        if not self.hosts:
            raise HostError(
                "no meeting bot host is set up",
                advice="Set PARLEY_RECALL_API_KEY and PARLEY_RECALL_REGION, or PARLEY_MEETSTREAM_API_KEY.",
                code="no-host",
                status=409,
            )
        host = self.hosts.get(name or next(iter(self.hosts)))
        if host is None:
            known = " and ".join(self.hosts)
            raise HostError(
                "there is no such host, or no key for it",
                advice=f"Set up here: {known}.",
                code="no-host",
                status=400,
            )
        return host

    def _order(self, wish: Wish, session: str, host: Host, base: str) -> Order:
        bare = Order(
            session=session,
            meeting_url=wish.meeting_url,
            name=wish.name or self._name,
            page_url=self.addresses.page(session) if host.shows_page else "",
            screen=wish.screen,
            language=wish.language or self._language,
            provider=wish.provider,
            variant=wish.variant,
            senses=wish.senses,
        )
        sockets, hooks = host.needs(bare)

        def way(channel: str) -> Way:
            return Way(session, host.name, channel)

        return Order(
            **{name: getattr(bare, name) for name in bare.__slots__ if name not in ("sockets", "hooks")},
            sockets={channel: self.addresses.socket(base, way(channel)) for channel in sorted(sockets)},
            hooks={channel: self.addresses.hook(base, way(channel)) for channel in sorted(hooks)},
        )

    def _config(self, name: str) -> Config:
        """The agent under the name that people see in this meeting; its own name still calls it."""
        config = self._hub.config
        if name.casefold() == config.name.casefold():
            return config
        return replace(config, name=name, aliases=(*config.aliases, config.name))

    async def _take(self, session_id: str, host: Host, platform: str, name: str, bot: str = "") -> Seat:
        if self.closing:
            raise HostError("the server is shutting down", advice="Try again.", code="closing", status=503)
        try:
            session = await self._hub.open(session_id, self._config(name))
        except HubFull:
            raise HostError(
                "there are too many sessions", advice="End one, or raise PARLEY_MAX_SESSIONS.", code="full", status=503
            ) from None
        seat = Seat(
            session,
            host,
            platform,
            name,
            self._video,
            self._ears,
            on_leave=self._agent_leaves,
            on_change=self._changed,
            counted=self._counted,
            bot=bot,
            page_url=lambda: self.addresses.page(session_id),
        )
        session.seat = seat
        session.kept_open = True
        self.seats[session_id] = seat
        self._watches[session_id] = Watch(seat, eager=self._eager, expected=self._expected)
        over = [id for id, each in self.seats.items() if each.life.over]
        for id in over[: max(0, len(over) - REMEMBERED)]:
            del self.seats[id], self._watches[id]
        return seat

    async def _send(self, seat: Seat, order: Order) -> None:
        try:
            bot = await seat.host.join(order)
        except HostError as error:
            if seat.withdrawn:
                return
            log.warning("a bot could not be sent", extra={"session": seat.id, "code": error.code})
            seat.change(
                SeatChange(
                    seat.bot, SeatState.FAILED, error.code, at=time.time(), words=str(error), advice=error.advice
                )
            )
            return
        if seat.withdrawn:
            await self._call_back(seat, bot)
            return
        seat.bot = seat.life.bot = bot
        seat.session.record("seat", seat.kept())
        seat.step(f"{seat.host.title} sends a bot")
        await self._watches[seat.id].run()

    def waits(self, session: str, words: str) -> None:
        """A host keeps us waiting with what was asked for this session. Raises HostError when nobody wants it now."""
        seat = self.seats.get(session)
        if seat is None:
            return
        if seat.withdrawn:
            raise HostError("nobody wants the bot any more", code="withdrawn")
        seat.step(words)

    async def _call_back(self, seat: Seat, bot: str) -> None:
        """The bot was sent although its seat was withdrawn meanwhile."""
        for _ in range(RECALLS):
            try:
                await seat.host.leave(bot)
            except HostError as error:
                if not error.retryable:
                    seat.step(f"a bot was on its way already and stays there: {error}", error.advice)
                    return
                await asyncio.sleep(self._eager)  # it cannot be told to leave before it has set out
            else:
                seat.step("a bot was on its way already; it was called back")
                return

    # ------------------------------------------------------------ following

    def _follow(self, seat: Seat, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception:
                log.exception("a seat cannot be followed", extra={"session": seat.id})
                seat.step("Parley lost sight of its bot", "The log says where.")
            if seat.life.over:
                await self._end(seat)

        task = self._following[seat.id] = asyncio.create_task(run(), name=f"seat-{seat.id}")
        task.add_done_callback(lambda _: self._following.pop(seat.id, None))

    def _changed(self, seat: Seat) -> None:
        if (watch := self._watches.get(seat.id)) is not None:
            watch.nudge()

    def news(self, host: str, change: SeatChange) -> bool:
        """A status webhook that names its bot. False when the bot is none of ours: other software may share the key."""
        for seat in self.seats.values():
            if seat.host.name != host:
                continue
            if (change.bot and seat.bot == change.bot) or (not seat.bot and change.session == seat.id):
                seat.change(change)
                return True
        return False

    async def _end(self, seat: Seat) -> None:
        """The bot is gone: the session ends, its tape stays."""
        await seat.close()
        seat.session.kept_open = False
        await self._hub.end(seat.id, grace=GRACE)

    # ------------------------------------------------------------ steering

    def _agent_leaves(self, seat: Seat, reason: str) -> None:
        seat.step(f"leaving: {LEAVING.get(reason, reason)}")
        seat.begin(self._leave(seat), "leaving")

    async def leave(self, which: str) -> Seat:
        """Take a bot out of its meeting. Leaving twice is no error. Raises HostError."""
        seat = self.get(which)
        if not seat.life.over:
            seat.step("leaving: the operator asked for it")
            await self._leave(seat)
        return seat

    async def _leave(self, seat: Seat) -> None:
        if not seat.bot:
            # The order may be on its way: `_send` goes on until it knows, and calls back whoever comes of it.
            seat.withdrawn = True
            seat.change(SeatChange("", SeatState.DONE, "withdrawn", at=time.time(), words="the bot was withdrawn"))
            await self._end(seat)
            return
        await seat.host.leave(seat.bot)
        self._changed(seat)

    async def show(self, which: str, *, screen: bool = False) -> Seat:
        """Show the page as the bot's camera, or as a shared screen. Raises HostError."""
        seat = self._steerable(which)
        await seat.host.show(seat.bot, seat.page_url(), screen=screen)
        seat.wants_page, seat.screen = True, screen
        seat.step("showing the page as a shared screen" if screen else "showing the page")
        return seat

    async def hide(self, which: str, *, screen: bool = False) -> Seat:
        """Take the page away. Raises HostError."""
        seat = self._steerable(which)
        await seat.host.hide(seat.bot, screen=screen)
        seat.wants_page = seat.wants_page and screen is not seat.screen
        seat.step("the shared screen was taken away" if screen else "the page was taken away")
        return seat

    def say(self, which: str, text: str) -> Seat:
        """Have the agent say this aloud. Raises HostError."""
        seat = self._steerable(which)
        seat.session.tell(ev.OperatorSays(text))
        return seat

    def set_policy(self, which: str, policy: ev.Policy, minutes: float) -> Seat:
        """Have the agent answer only when called, join in, or keep quiet, for some minutes. Raises HostError."""
        seat = self._steerable(which)
        seat.session.tell(ev.OperatorSets(policy, minutes))
        return seat

    async def chat(self, which: str, text: str) -> Seat:
        """Write into the meeting's chat, in parts when it is long. Raises HostError."""
        seat = self._steerable(which)
        await seat.write(text, "everyone")
        return seat

    def _steerable(self, which: str) -> Seat:
        seat = self.get(which)
        if seat.life.over or not seat.bot:
            raise HostError(
                "the bot is not in a meeting",
                advice="`parley bots` says what became of it.",
                code="not-seated",
                status=409,
            )
        return seat

    # ------------------------------------------------------------ after a restart, and at the end

    async def restore(self) -> None:
        """Take up the seats of the process before: their bots are still in their meetings."""
        tape = self._hub.parts.tape
        try:
            newest = await asyncio.to_thread(tape.newest, "seat", time.time() - TOO_OLD)
        except TapeError:
            log.warning("the seats of the process before could not be read")
            return
        for session, entry in newest.items():
            try:
                if entry.data["bot"] and SeatState(entry.data["state"]) not in OVER:
                    await self._take_up(session, entry.data)
            except (HostError, KeyError, ValueError):
                log.warning("a seat of the process before could not be taken up", extra={"session": session})

    async def _take_up(self, session_id: str, kept: dict[str, Any]) -> None:
        host = self.hosts.get(str(kept["host"]))
        if host is None or session_id in self.seats:
            return
        seat = await self._take(session_id, host, str(kept["platform"]), str(kept["name"]), str(kept["bot"]))
        if kept.get("record") and self._make_recording is not None:
            seat.recording = self._make_recording(session_id)
        seat.screen = kept.get("screen") is True
        seat.step("taken up again after a restart")
        self._follow(seat, self._watches[seat.id].run())

    def session_of(self, way: Way) -> Seat:
        """The seat that a host's token opens. Raises HostError."""
        return self.get(way.session)

    async def close(self) -> None:
        """Let go of all seats; their bots stay in their meetings, for this process may only be restarting."""
        self.closing = True
        tasks = list(self._following.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for seat in list(self.seats.values()):
            await seat.close()
        for host in self.hosts.values():
            await host.close()
        await self._video.close()
