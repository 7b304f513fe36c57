"""The meeting's film from MeetStream's live video socket: fragmented MP4, in order, and the pings in between.

A ping is answered before anything else is done: the vendor drops who stops answering. The film goes on in whole parts,
the initialisation segment first on every connection, so that whoever reads it may begin a new decoder there and may
leave out whole fragments.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from typing import Any

from server.hosts.base import Person, Picture, SendText, Sink
from server.hosts.meetstream.fields import LONGEST_ID, parse_object, text_of
from server.media.fmp4 import Fmp4Error, Part, Splitter

#: bytes kept from before the start message; more: all of them are dropped, the film can only begin with a new start
EARLY = 4 * 1024 * 1024
#: bytes of an initialisation segment that is kept for reconnects; a usual one is one or two thousand
LONGEST_INIT = 1024 * 1024
#: films with a segment kept; full: the oldest is forgotten and a reconnect of it must bring its own
FILMS = 16


class Films:
    """What outlives the video connections of one seat: who is pictured by which, and the segments they began with."""

    def __init__(self) -> None:
        self._newest: dict[str, VideoSocket] = {}
        self._inits: dict[str, bytes] = {}

    def begin(self, who: str, socket: VideoSocket) -> None:
        """This connection is the newest of this film."""
        self._newest[who] = socket

    def end(self, who: str, socket: VideoSocket) -> bool:
        """This connection's film is over. False when a newer connection carries it on."""
        if self._newest.get(who) is not socket:
            return False
        del self._newest[who]
        return True

    def carries(self, who: str, socket: VideoSocket) -> bool:
        """Whether this connection is the newest of this film."""
        return self._newest.get(who) is socket

    def keep(self, who: str, init: bytes) -> None:
        """This is how the film begins."""
        self._inits.pop(who, None)
        if len(init) <= LONGEST_INIT:
            self._inits[who] = init
        if len(self._inits) > FILMS:
            del self._inits[next(iter(self._inits))]

    def init(self, who: str) -> bytes:
        """How the film began, or nothing."""
        return self._inits.get(who, b"")


class VideoSocket:
    """One live video connection. `clock_ms` is milliseconds since 1970."""

    def __init__(self, sink: Sink, send: SendText, films: Films, *, clock_ms: Callable[[], int]) -> None:
        self._sink = sink
        self._send = send
        self._films = films
        self._clock_ms = clock_ms
        self._bot: Any = None
        self._early = bytearray()
        #: the running film; None before its start and after its end
        self._splitter: Splitter | None = None
        self._person: Person | None = None
        self._ended = False
        #: something of this film was handed on; and it turned out to be no film
        self._begun = False
        self._garbled = False

    def feed(self, frame: str | bytes) -> None:
        """Take one message."""
        if isinstance(frame, bytes):
            self._bytes(frame)
            return
        message = parse_object(frame)
        kind = message.get("type") if message is not None else None
        if message is None:
            self._sink.count("video-malformed")
        elif kind == "video_latency_ping":
            self._pong(message)
        elif kind == "video_stream_start":
            self._start(message)
        elif kind == "video_stream_end":
            self._finish()
            self._ended = True

    def close(self) -> None:
        """The connection is gone, with or without an end message."""
        self._finish()
        self._early.clear()
        self._ended = True

    def _pong(self, ping: dict[str, Any]) -> None:
        """Answer at once, with what the ping said, unchanged, and our clock."""
        received = self._clock_ms()
        pong = {
            "type": "video_latency_pong",
            "seq": _echo(ping.get("seq")),
            "sent_at_ms": _echo(ping.get("sent_at_ms")),
            "server_received_at_ms": received,
            "bot_id": _echo(ping.get("bot_id", self._bot)),
        }
        self._send(json.dumps(pong))

    @property
    def _who(self) -> str:
        return self._person.id if self._person else ""

    def _start(self, message: dict[str, Any]) -> None:
        self._finish()  # a second start on one connection begins another film
        self._bot = message.get("bot_id")
        name = text_of(message.get("speakerName"))
        ident = text_of(message.get("speakerId"), LONGEST_ID) or name
        self._person = Person(ident, name) if ident else None
        self._films.begin(self._who, self)
        self._splitter = Splitter(self._films.init(self._who))
        self._begun = self._garbled = self._ended = False
        early = bytes(self._early)
        self._early.clear()
        self._film(self._splitter, early)

    def _bytes(self, data: bytes) -> None:
        if self._splitter is not None and self._films.carries(self._who, self):
            self._film(self._splitter, data)
        elif self._splitter is not None:
            self._sink.count("video-replaced")
        elif self._ended:
            self._sink.count("video-late")
        else:
            self._keep_early(data)

    def _keep_early(self, data: bytes) -> None:
        """Before the start: the first bytes are the initialisation segment, without which nothing decodes."""
        if len(self._early) + len(data) <= EARLY:
            self._early += data
            return
        self._early.clear()
        self._ended = True
        self._sink.count("video-early")

    def _film(self, splitter: Splitter, data: bytes) -> None:
        try:
            parts = splitter.feed(data)
        except Fmp4Error as error:
            # No byte is lost: what cannot be cut into fragments goes on as it is, and a decoder may find its way.
            if not self._garbled:
                self._garbled = True
                self._sink.count("video-garbled")
            parts = [*error.parts, Part("other", error.rest)]
        for part in parts:
            if part.data:
                self._hand(part)

    def _hand(self, part: Part) -> None:
        if part.kind == "init":
            self._films.keep(self._who, part.data)
        elif not self._begun:
            if init := self._films.init(self._who):
                self._see(init)
            else:
                self._sink.count("video-no-init")
        self._begun = True
        self._see(part.data)

    def _see(self, data: bytes) -> None:
        self._sink.see(Picture(self._person, "stage", "fmp4", data))

    def _finish(self) -> None:
        """The film is over. Does nothing when it already is, or never began."""
        if self._splitter is None:
            return
        splitter, self._splitter = self._splitter, None
        if not self._films.end(self._who, self):
            return  # a newer connection carries it on
        for part in splitter.finish():
            self._hand(part)
        self._sink.blind(self._person, "stage")


def _echo(value: Any) -> Any:
    """A plain value that JSON can carry back; None for anything else."""
    if isinstance(value, float) and not isfinite(value):
        return None
    return value if isinstance(value, (str, int, float)) else None
