"""MeetStream's control socket: the agent's mouth in one direction, chat lines and stop requests in the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.core.events import ChatSaid
from server.hosts.base import SeatChange, Sink
from server.hosts.meetstream.fields import LONGEST_ID, first_text, parse_object, text_of
from server.hosts.meetstream.link import ControlLink

#: characters of a chat line that are taken
LONGEST_LINE = 4096
#: the code of the news that somebody in the meeting wants the agent to stop talking at once
STOP_ASKED = "stop-asked"


class ControlSocket:
    """One control connection.

    `begin` makes the link for the bot that announced itself; `end` is told when the link is of no more use; `is_own`
    tells a chat line of ours that comes back, by speaker and text; `clock` is seconds since 1970.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        begin: Callable[[str], ControlLink],
        end: Callable[[ControlLink], None],
        is_own: Callable[[str, str], bool],
        clock: Callable[[], float],
    ) -> None:
        self._sink = sink
        self._begin = begin
        self._end = end
        self._is_own = is_own
        self._clock = clock
        self._link: ControlLink | None = None
        self._closed = False

    def feed(self, frame: str | bytes) -> None:
        """Take one message."""
        message = parse_object(frame) if isinstance(frame, str) else None
        if message is None:
            self._sink.count("control-malformed")
            return
        match message.get("command") or message.get("type"):
            case "ready":
                self._ready(message)
            case "usermsg":
                self._chat(message)
            case "interrupt":
                self._stop(message)

    def close(self) -> None:
        """The connection is gone."""
        self._closed = True
        link, self._link = self._link, None
        if link is not None:
            link.close(1000, "gone")
            self._end(link)

    def _ready(self, message: dict[str, Any]) -> None:
        """Commands may be sent from now on. Once for each connection, however often it is said."""
        if self._link is None and not self._closed:
            self._link = self._begin(text_of(message.get("bot_id"), LONGEST_ID))

    def _chat(self, message: dict[str, Any]) -> None:
        text = first_text(message, "message", "text", "msg", most=LONGEST_LINE)
        # no documented form names the sender; should one come, it is taken
        speaker = first_text(message, "speakerName", "speaker_name", "sender_name", "sender")
        if not text:
            self._sink.count("control-malformed")
        elif not self._is_own(speaker, text):
            key = first_text(message, "event_id", "id", most=LONGEST_ID)
            self._sink.tell(ChatSaid(speaker, text, text_of(message.get("speaker_id"), LONGEST_ID), key=key))

    def _stop(self, message: dict[str, Any]) -> None:
        bot = text_of(message.get("bot_id"), LONGEST_ID) or (self._link.bot if self._link is not None else "")
        # with its time: two requests are two, not a repeat of one
        words = "Somebody asked the agent to stop talking."
        self._sink.change(SeatChange(bot, None, STOP_ASKED, at=self._clock(), words=words))
