"""The process that speaks with eSpeak NG: `python -m server.voices.espeak_helper`.

Reads JSON lines, writes frames (docs/voice-helper.md). One thread reads requests, the main thread
synthesises. Requests share it part by part (about a sentence): those that have not made a sound yet go first,
the others in turn. A request makes sound only as far as it has credit, so neither side ever holds more than
one part too much. Resampling to 24 kHz happens here too, so that the server's event loop only carries bytes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from server.media.pcm import Resampler, SilenceTrimmer
from server.voices.base import SAMPLE_RATE, MouthMark, Sound, WordMark
from server.voices.espeak_library import RATE, Event, Library, LibraryError
from server.voices.espeak_marks import Words, ends_sentence, parts, shape, speakable
from server.voices.espeak_wire import VERSION, Kind, encode, encode_json, encode_sound

#: More at once are refused: the server has a bug or is under attack.
MOST_REQUESTS = 512
#: After the first frame of a request, sound is gathered to frames of 200 ms.
_RAW_FRAME = RATE // 5 * 2
#: What a listener expects after a sentence. eSpeak ends a text with 45 ms, and pieces are played back to
#: back.
_END_SILENCE = bytes(SAMPLE_RATE * 150 // 1000 * 2)


class Converter:
    """eSpeak's sound and events of one request to 24 kHz `Sound`s, trimmed, marks in step."""

    def __init__(self, text: str) -> None:
        self._words = Words(text)
        self._resampler = Resampler(RATE, SAMPLE_RATE)
        # eSpeak's voices are not silent for longer than 300 ms; 2 s bounds the search.
        self._trimmer = SilenceTrimmer(keep=SAMPLE_RATE // 50, limit=2 * SAMPLE_RATE)
        self._raw = bytearray()
        self._ready = bytearray()
        self._sent = 0
        self._waiting: deque[WordMark | MouthMark] = deque()
        self._mouth = "rest"

    def take(self, pcm: bytes, events: list[Event], offset: int, base: int) -> Sound | None:
        """Take sound of the part that begins at character `offset` and sample `base`; give a frame if it is
        full."""
        for event in events:
            self._mark(event, offset, base)
        self._raw += pcm
        # Resampling in small pieces costs twice as much; only the first sound is in a hurry.
        if self._sent and len(self._raw) < _RAW_FRAME:
            return None
        self._ready += self._trimmer.feed(self._resampler.feed(bytes(self._raw)))
        self._raw.clear()
        return self._cut() if self._ready else None

    def finish(self, pause: bool) -> Sound | None:
        """What is left, and the pause that belongs to the text."""
        rest = self._resampler.feed(bytes(self._raw)) + self._resampler.finish()
        self._raw.clear()
        self._ready += self._trimmer.feed(rest) + self._trimmer.finish()
        if pause and self._trimmer.heard:
            self._ready += _END_SILENCE
        return self._cut(last=True) if self._ready else None

    def _mark(self, event: Event, offset: int, base: int) -> None:
        at = round((base + event.sample) * SAMPLE_RATE / RATE)
        if event.phoneme is None:
            word = self._words.at(offset + event.offset)
            if word is not None:
                self._waiting.append(WordMark(word[0], word[1], at))
            return
        mouth = shape(event.phoneme)
        if mouth is not None and mouth != self._mouth:
            self._mouth = mouth
            self._waiting.append(MouthMark(mouth, at))

    def _cut(self, *, last: bool = False) -> Sound:
        pcm = bytes(self._ready)
        self._ready.clear()
        end = self._sent + len(pcm) // 2
        words: list[WordMark] = []
        mouth: list[MouthMark] = []
        # The resampler holds some samples back, so a mark may be known before the frame it begins in.
        while self._waiting and (last or self._waiting[0].start - self._trimmer.dropped < end):
            mark = self._waiting.popleft()
            start = min(max(0, mark.start - self._trimmer.dropped), end - 1)
            if isinstance(mark, WordMark):
                words.append(WordMark(mark.offset, mark.length, start))
            else:
                mouth.append(MouthMark(mark.shape, start))
        self._sent = end
        return Sound(pcm, tuple(words), tuple(mouth))


@dataclass(eq=False)
class Request:
    """One text being spoken. `credit` is how many bytes of PCM the server will still take."""

    number: int
    names: tuple[str, ...]
    rate: int
    pitch: int
    credit: int
    parts: deque[tuple[int, str]]
    pause: bool
    converter: Converter
    base: int = 0
    started: bool = False
    finished: bool = False
    cancelled: bool = False
    #: frames without credit; at most those of one part
    held: deque[Sound] = field(default_factory=deque)


class Desk:
    """The requests, and whose turn it is."""

    def __init__(self, library: Library, out: BinaryIO) -> None:
        self._library = library
        self._out = out
        self._change = threading.Condition()
        self._requests: dict[int, Request] = {}
        self._closed = False

    # From the thread that reads.

    def receive(self, line: bytes) -> None:
        """Take one message. Raises ValueError, KeyError or TypeError when it is malformed."""
        message: dict[str, Any] = json.loads(line)
        number = int(message["id"])
        with self._change:
            known = self._requests.get(number)
            match message["op"]:
                case "speak" if known is None and len(self._requests) < MOST_REQUESTS:
                    self._requests[number] = _request(number, message)
                case "speak":
                    raise ValueError("the request is in use, or there are too many")
                case "more" if known is not None:
                    known.credit += int(message["bytes"])
                case "cancel" if known is not None:
                    known.cancelled = True
                    del self._requests[number]
            self._change.notify()

    def close(self) -> None:
        """The server is gone."""
        with self._change:
            self._closed = True
            for request in self._requests.values():
                request.cancelled = True
            self._change.notify()

    # From the thread that speaks.

    def run(self) -> None:
        """Speak until closed."""
        while True:
            with self._change:
                while not self._closed and self._next() is None:
                    self._change.wait()
                if self._closed:
                    return
                request = self._next()
                assert request is not None
                # To the end of the line: the others come first next time.
                if self._requests.pop(request.number, None) is not None:
                    self._requests[request.number] = request
            self._work(request)

    def _next(self) -> Request | None:
        fresh = (request for request in self._requests.values() if not request.started)
        able = (request for request in self._requests.values() if request.credit > 0)
        return next(fresh, None) or next(able, None)

    def _work(self, request: Request) -> None:
        request.started = True
        while request.held and request.credit > 0 and not request.cancelled:
            self._write(request, request.held.popleft())
        if request.held or request.cancelled:
            return
        if request.parts:
            self._speak(request, *request.parts.popleft())
        if not request.parts and not request.cancelled:
            if not request.finished:
                request.finished = True
                rest = request.converter.finish(request.pause)
                if rest is not None:
                    self._offer(request, rest)
            if not request.held:
                with self._change:
                    self._requests.pop(request.number, None)
                self._send(encode(Kind.DONE, request.number))

    def _speak(self, request: Request, offset: int, text: str) -> None:
        if not any(self._library.choose(name, request.rate, request.pitch) for name in request.names):
            self._fail(request, "voice", "eSpeak NG has no voice of that name")
            return
        count = 0

        def sink(pcm: bytes, events: list[Event]) -> bool:
            nonlocal count
            sound = request.converter.take(pcm, events, offset, request.base)
            count += len(pcm) // 2
            if sound is not None:
                self._offer(request, sound)
            return not request.cancelled

        try:
            self._library.synthesise(text, sink, end_pause=bool(request.parts))
        except LibraryError as error:
            self._fail(request, "engine", str(error))
        request.base += count

    def _offer(self, request: Request, sound: Sound) -> None:
        if request.held or request.credit <= 0:
            request.held.append(sound)
        else:
            self._write(request, sound)

    def _write(self, request: Request, sound: Sound) -> None:
        with self._change:
            request.credit -= len(sound.pcm)
        self._send(encode_sound(request.number, sound))

    def _fail(self, request: Request, code: str, message: str) -> None:
        with self._change:
            request.cancelled = True
            self._requests.pop(request.number, None)
        self._send(encode_json(Kind.ERROR, request.number, {"code": code, "message": message}))

    def _send(self, frame: bytes) -> None:
        self._out.write(frame)
        self._out.flush()


def _request(number: int, message: dict[str, Any]) -> Request:
    text = speakable(str(message["text"]))
    return Request(
        number=number,
        names=tuple(str(name) for name in message["names"]),
        rate=int(message["rate"]),
        pitch=int(message["pitch"]),
        credit=int(message["credit"]),
        parts=deque(parts(text)),
        pause=ends_sentence(text),
        converter=Converter(text),
    )


def main() -> int:
    """Serve until standard input ends."""
    # Ctrl-C reaches the whole process group; the server decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = sys.stdout.buffer
    # Whatever a library prints must not get between the frames.
    sys.stdout = sys.stderr
    try:
        library = Library()
    except LibraryError as error:
        out.write(encode_json(Kind.ERROR, 0, {"code": "missing", "message": str(error)}))
        out.flush()
        return 1
    desk = Desk(library, out)
    out.write(encode_json(Kind.HELLO, 0, {"version": VERSION, "engine": f"eSpeak NG {library.version()}"}))
    out.flush()

    def read() -> None:
        for line in sys.stdin.buffer:
            try:
                desk.receive(line)
            except (ValueError, KeyError, TypeError):
                # Ours is the only program that writes here: better no process than one that is out of step.
                os._exit(2)
        desk.close()

    threading.Thread(target=read, name="requests", daemon=True).start()
    try:
        desk.run()
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    # Not sys.exit: the reading thread may hold the lock of standard input, and there is nothing left to tidy
    # up.
    os._exit(main())
