"""The process that decodes video with PyAV (FFmpeg): `python -m server.media.video_helper`.

Reads and writes frames (docs/video-helper.md). PyAV's wheel holds GPL code, it has a history of hanging in its threads,
and what it decodes comes from strangers: so it lives here, in one thread, with limits, and may be killed at any time.

`thread_count=1, thread_type="SLICE"`: a decoder with frame threads that is dropped without being drained hangs the
interpreter for ever (PyAV 18.1), and it would hold back frames.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import signal
import struct
import sys
import threading
from typing import Any, BinaryIO

from server.media.pictures import MOST_PIXELS, fitted, still_of
from server.media.video_wire import (
    HEAD,
    VERSION,
    Answer,
    Ask,
    Picture,
    Timed,
    Units,
    body_length,
    frame,
    frame_json,
    pack_number,
    pack_picture,
    unpack_look,
    unpack_number,
    unpack_units,
)

#: Bytes of address space: a stream that makes the decoder ask for more ends this process, not the machine.
MOST_MEMORY = 3 << 30
#: Frames of the server that wait here. More wait in the pipe, and the server counts those.
_WAITING = 4
#: Seconds for the work in hand when the server is gone, and for a single frame while it is there: longer is a hang.
_GRACE, _HANG = 5.0, 60.0
_OPTIONS = {"max_pixels": str(MOST_PIXELS)}


class Newest:
    """The newest picture of a stream, unconverted: most are never looked at. One that the decoder had to patch up is
    only kept while there is no good one."""

    def __init__(self, av: Any) -> None:
        self._av = av
        self._frame: Any = None
        #: pictures patched up, and units that could not be decoded
        self.broken = 0

    def take(self, frames: list[Any]) -> None:
        """Take what the decoder gave, in order."""
        for each in frames:
            self.broken += each.is_corrupt
            if self._frame is None or self._frame.is_corrupt or not each.is_corrupt:
                self._frame = each

    def picture(self, longest: int) -> Picture | None:
        """It, to look at; None if there was none yet."""
        frame = self._frame
        if frame is None:
            return None
        width, height = fitted(frame.width, frame.height, longest)
        try:
            still = still_of(frame.reformat(width=width, height=height, format="rgb24").to_image(), longest)
        except (self._av.FFmpegError, ValueError):
            return None  # a pixel format that cannot be converted
        return Picture(still, frame.pts or 0, self.broken)


class Decoder:
    """One stream of access units."""

    def __init__(self, av: Any) -> None:
        self._av = av
        self._context: Any = None
        self.newest = Newest(av)

    def feed(self, units: Units) -> None:
        """Decode these. Damage costs pictures, never the stream."""
        if units.fresh or self._context is None:
            self._context = _alone(self._av.CodecContext.create("h264", "r"))
        for unit in units.units:
            try:
                self._decode(unit)
            except self._av.FFmpegError:
                self.newest.broken += 1
        if units.end:
            with contextlib.suppress(self._av.FFmpegError):
                self.newest.take(self._context.decode(None))
            self._context = None

    def _decode(self, unit: Timed) -> None:
        # A message is one access unit, so the parser need not wait for the next one to know where it ends.
        for packet in (*self._context.parse(unit.data), *self._context.parse(b"")):
            packet.pts = unit.ms
            self.newest.take(self._context.decode(packet))


class Desk:
    """The streams, and an answer for each frame."""

    def __init__(self, av: Any) -> None:
        self._av = av
        self._streams: dict[int, Decoder] = {}

    def answer(self, kind: int, number: int, payload: bytes) -> bytes:
        """Do what a frame asks. Raises ValueError or struct.error when it is malformed."""
        match Ask(kind):
            case Ask.UNITS:
                units = unpack_units(payload)
                decoder = self._streams.setdefault(units.stream, Decoder(self._av))
                decoder.feed(units)
                return frame(Answer.DONE, number, pack_number(decoder.newest.broken))
            case Ask.LOOK:
                stream, longest, _ = unpack_look(payload)
                known = self._streams.get(stream)
                return self._shown(number, known.newest.picture(longest) if known is not None else None)
            case Ask.FILM:
                _, longest, film = unpack_look(payload)
                return self._shown(number, self._last(film).picture(longest))
            case Ask.CLOSE:
                self._streams.pop(unpack_number(payload), None)
                return frame(Answer.DONE, number, pack_number(0))

    def _shown(self, number: int, picture: Picture | None) -> bytes:
        if picture is None:
            return frame_json(Answer.ERROR, number, {"code": "damaged", "message": "nothing in it can be decoded"})
        return frame(Answer.PICTURE, number, pack_picture(picture))

    def _last(self, film: bytes) -> Newest:
        """The last picture of a whole piece of film. It is decoded to the end: nothing is held back."""
        newest = Newest(self._av)
        try:
            # Never `fflags nobuffer`: it loses frames without a word.
            with self._av.open(io.BytesIO(film), format="mp4") as container:
                stream = container.streams.video[0]
                context = _alone(stream.codec_context)
                for packet in container.demux(stream):
                    try:
                        newest.take(context.decode(packet if packet.size else None))
                    except self._av.FFmpegError:
                        newest.broken += 1
        except (self._av.FFmpegError, IndexError):
            newest.broken += 1  # cut off, or no video in it; what was decoded before counts
        return newest


def _alone(context: Any) -> Any:
    """A decoder with one thread and a limit on what it may allocate."""
    context.thread_count = 1
    context.thread_type = "SLICE"
    context.options = _OPTIONS
    return context


def confine(memory: int = MOST_MEMORY) -> None:
    """Limit this process: its memory, and no core files, which would hold faces. Nothing where that is unknown."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def end_with(source: BinaryIO, frames: queue.Queue[tuple[int, int, bytes] | None]) -> None:
    """Read frames until the server is gone; then this process ends, even if it hangs in a decoder."""
    try:
        while len(head := source.read(HEAD.size)) == HEAD.size:
            length, kind, number = body_length(head)
            payload = source.read(length)
            if len(payload) < length:
                break
            frames.put((kind, number, payload), timeout=_HANG)
    except queue.Full:
        os._exit(3)
    except ValueError:
        # Ours is the only program that writes here: better no process than one that is out of step.
        os._exit(2)
    last_resort = threading.Timer(_GRACE, os._exit, (0,))
    last_resort.daemon = True
    last_resort.start()
    frames.put(None)


def main() -> int:
    """Serve until standard input ends."""
    # Ctrl-C reaches the whole process group; the server decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    confine()
    out = sys.stdout.buffer
    # Whatever a library prints must not get between the frames.
    sys.stdout = sys.stderr
    try:
        import av
    except ImportError:
        out.write(frame_json(Answer.ERROR, 0, {"code": "missing", "message": "PyAV is not installed"}))
        out.flush()
        return 1
    desk = Desk(av)
    out.write(frame_json(Answer.HELLO, 0, {"version": VERSION, "engine": f"PyAV {av.__version__}"}))
    out.flush()
    frames: queue.Queue[tuple[int, int, bytes] | None] = queue.Queue(_WAITING)
    threading.Thread(target=end_with, args=(sys.stdin.buffer, frames), name="frames", daemon=True).start()
    try:
        while (asked := frames.get()) is not None:
            out.write(desk.answer(*asked))
            out.flush()
    except BrokenPipeError:
        return 0
    except (ValueError, struct.error):
        return 2
    return 0


if __name__ == "__main__":
    # Not sys.exit: the reading thread may hold the lock of standard input, and there is nothing left to tidy up.
    os._exit(main())
