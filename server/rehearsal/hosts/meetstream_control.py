"""The control socket of a MeetStream bot: it does what our side tells it, and skips silently what it cannot read."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from server.rehearsal.hosts.line import Line
from server.rehearsal.hosts.meetstream_messages import ready_message
from server.rehearsal.hosts.meetstream_playback import Playback
from server.rehearsal.hosts.news import News

#: What every sendaudio must say of its sound.
FORMAT = {"sample_rate": 48_000, "encoding": "pcm16", "channels": 1, "endianness": "little"}


@dataclass(frozen=True, slots=True)
class ChatLine:
    """A line that the bot wrote. `how` is the command or "rest"; `final` is False for a streamed beginning."""

    text: str = field(repr=False)
    how: str
    final: bool = True


class Control:
    """One bot's ears for our commands. `skipped` counts by reason what it could not follow."""

    def __init__(
        self,
        bot: str,
        dial: Callable[[Callable[[], Iterable[str]], Callable[[str | bytes, float], None]], Line],
        *,
        clears: bool,
    ) -> None:
        self.playback = Playback(clears=clears)
        self.chat: list[ChatLine] = []
        #: pictures for the camera: coded images, and addresses of images
        self.images: list[bytes] = []
        self.image_urls: list[str] = []
        self.skipped: Counter[str] = Counter()
        #: told of every command that was obeyed or skipped
        self.news = News()
        self._bot = bot
        self.line = dial(lambda: [ready_message(bot)], self._told)

    def _told(self, frame: str | bytes, at: float) -> None:
        self._take(frame, at)
        self.news.tell()

    def _take(self, frame: str | bytes, at: float) -> None:
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            self.skipped["no json"] += 1
            return
        if not isinstance(message, dict):
            self.skipped["no object"] += 1
        elif message.get("bot_id") != self._bot:
            self.skipped["another bot"] += 1
        else:
            self._obey(str(message.get("command")), message, at)

    def _obey(self, command: str, message: dict[str, Any], at: float) -> None:
        match command:
            case "sendaudio":
                if any(message.get(key) != value for key, value in FORMAT.items()):
                    self.skipped["format"] += 1
                elif (pcm := self._decoded(message.get("audiochunk"))) is not None:
                    self.playback.arrive(pcm, at)
            case "interrupt" if message.get("action") == "clear_audio_queue":
                self.playback.interrupt(at)
            case "sendmsg":
                # Platforms read one key or the other: only a message with both is shown everywhere.
                text = message.get("message")
                if not isinstance(text, str) or text != message.get("msg"):
                    self.skipped["one key"] += 1
                else:
                    self.chat.append(ChatLine(text, command))
            case "sendchat" if isinstance(message.get("text"), str):
                self.chat.append(ChatLine(message["text"], command, message.get("is_final") is True))
            case "sendimg":
                if (image := self._decoded(message.get("img"))) is not None:
                    self.images.append(image)
            case "sendimg_url" if isinstance(message.get("img_url"), str):
                self.image_urls.append(message["img_url"])
            case "ack":
                pass
            case _:
                self.skipped["unknown command"] += 1

    def _decoded(self, text: Any) -> bytes | None:
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, TypeError, ValueError):
            self.skipped["no base64"] += 1
            return None
