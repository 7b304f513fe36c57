"""One session's sound on its way up: voice activity for every part of it, words where a transcriber is configured."""

from __future__ import annotations

from collections.abc import Callable

from server.core import events as ev
from server.ears.base import Ears, EarStream, SpeechEdge, Transcriber, WordStream


class Listening:
    """The ears of one session. They open with the first sound."""

    def __init__(
        self, ears: Ears, transcriber: Transcriber | None, tell: Callable[[ev.Event], None], clock: Callable[[], float]
    ) -> None:
        """`tell` takes SpeechStarted, SpeechStopped and Heard; `clock` gives the session's seconds."""
        self._ears = ears
        self._transcriber = transcriber
        self._tell = tell
        self._clock = clock
        self._ear: EarStream | None = None
        self._words: WordStream | None = None
        #: samples taken so far
        self.samples = 0

    def hear(self, pcm: bytes) -> None:
        """Take some sound: 16 kHz s16le mono."""
        if self._ear is None:
            self._ear = self._ears.stream(self._edge)
            if self._transcriber is not None:
                self._words = self._transcriber.stream(self._tell, self._clock)
        self.samples += len(pcm) // 2
        if self._words is not None:
            self._words.feed(pcm)
        self._ear.feed(pcm)

    def close(self) -> None:
        """Stop listening. May be called twice."""
        if self._words is not None:
            self._words.close()
            self._words = None
        if self._ear is not None:
            self._ear.close()
            self._ear = None

    def _edge(self, edge: SpeechEdge) -> None:
        if self._words is not None:
            self._words.edge(edge)
        lag = edge.ago(self.samples)
        self._tell(ev.SpeechStarted(lag) if edge.speaking else ev.SpeechStopped(lag))
