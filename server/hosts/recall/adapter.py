"""Recall.ai as a host: its bot opens our page as camera and microphone, and sends the rest of the meeting to us."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from server.addresses import is_loopback
from server.errors import HostError
from server.hosts.base import Host, Incoming, Order, SeatChange, SendText, Sink
from server.hosts.recall import request, status
from server.hosts.recall.client import Client
from server.hosts.recall.realtime import Receiver
from server.hosts.signatures import WINDOW, StandardWebhooks

#: (session, words): a call for this session takes longer, and why
OnWait = Callable[[str, str], None]


class Recall:
    """The seats of one Recall.ai workspace.

    Its status webhooks are set up once in its dashboard and tell of every bot, so they are no hook of an order. The
    hook `text` is optional: an order that has an address for it gets words and people by POST instead of by socket.
    """

    name = "recall"
    title = "Recall.ai"
    sockets: tuple[str, ...] = ("text", "media")
    hooks: tuple[str, ...] = ("text",)
    #: separate sound may come on a connection for each person, as they mute and unmute
    many_sockets = True
    shows_page = True
    chat_limits: Mapping[str, int] = request.CHAT_LIMITS

    def __init__(
        self,
        client: Client,
        *,
        secrets: Iterable[str] = (),
        window: float = WINDOW,
        page_variant: str = request.VARIANTS[0],
        on_wait: OnWait = lambda session, words: None,
    ) -> None:
        """`secrets` are the workspace's verification secrets and those of dashboard endpoints, old and new;
        `window` the seconds a signature is good for; `page_variant` the smallest bot on which our page runs well."""
        self._client = client
        known = [secret for secret in secrets if secret]
        self._signatures = StandardWebhooks(known, window=window) if known else None
        self._page_variant = page_variant
        self._on_wait = on_wait
        # A vendor on this machine is a stand-in, and reaches addresses of this machine.
        self._local = is_loopback(urlsplit(client.base_url).hostname or "")

    def check(self, order: Order) -> None:
        """Refuse early what cannot work."""
        request.check(order, page_variant=self._page_variant, local=self._local)

    def needs(self, order: Order) -> tuple[frozenset[str], frozenset[str]]:
        """The sockets and the hooks that this order needs."""
        text_by_post = "text" in order.hooks
        sockets = ({"media"} if order.senses else set()) | (set() if text_by_post else {"text"})
        return frozenset(sockets), frozenset({"text"} if text_by_post else ())

    async def join(self, order: Order) -> str:
        """Send a bot; its id."""
        self.check(order)
        body = request.create_bot(order)
        return await self._client.create_bot(body, order.session, lambda words: self._on_wait(order.session, words))

    async def status(self, bot: str) -> SeatChange | None:
        """What the bot is doing now, asked of the vendor."""
        return status.latest(await self._client.bot(bot))

    async def leave(self, bot: str) -> None:
        """Take the bot out of the meeting, for good."""
        await self._client.leave(bot)

    async def show(self, bot: str, page_url: str, *, screen: bool = False) -> None:
        """Show our page. A page that is shown already is loaded anew."""
        request.check_address("page", page_url, "https", local=self._local)
        await self._client.start_output(bot, request.output_media(page_url, screen=screen))

    async def hide(self, bot: str, *, screen: bool = False) -> None:
        """Take the page away again."""
        await self._client.stop_output(bot, request.output_stopped(screen=screen))

    async def chat(self, bot: str, text: str, *, to: str = "everyone") -> None:
        """Write one message into the meeting's chat. Whether it arrived, the vendor does not say."""
        if not text.strip() or len(text) > self.chat_limits[""]:
            raise HostError(
                "a chat message must not be empty, nor longer than the platform's limit",
                advice="Split it.",
                code="bad-message",
            )
        await self._client.chat(bot, text, to)

    def admit(self, headers: Mapping[str, str], body: bytes, now: float) -> str:
        """Whether this request is the vendor's: websocket upgrades, real-time and dashboard webhooks alike."""
        if self._signatures is None:
            return "unsigned"
        self._signatures.verify(headers, body, now)
        return "signed"

    def news(self, message: Any) -> SeatChange | None:
        """The news in a status webhook's JSON."""
        return status.news(message)

    def connect(self, channel: str, sink: Sink, send: SendText) -> Incoming:
        """A connection was let in. The vendor reads nothing that we send."""
        return Receiver(sink)

    def posted(self, channel: str, message: Any, sink: Sink) -> None:
        """A POST was let in."""
        Receiver(sink).take(message)

    async def close(self) -> None:
        """Give back connections."""
        await self._client.close()


if TYPE_CHECKING:
    _: type[Host] = Recall
