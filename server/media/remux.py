"""An H.264 byte stream with its index into a Matroska film, in a process of its own.

`python -m server.media.remux SOURCE INDEX TARGET` writes TARGET and says `{"frames": n, "seconds": s}`. Nothing is
decoded or encoded. The last units may be missing on either side: a recording may have been cut off. Status 3 means that
PyAV is not installed, 4 that there is nothing to show. Ends when its standard input does. See docs/video-helper.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from server.media.pictures import MediaError
from server.media.tracks import INDEX, make
from server.media.video_process import MISSING, environment

COMMAND = (sys.executable, "-m", "server.media.remux")
_MISSING, _NOTHING = 3, 4
#: Seconds it may take: this, and one for each 4 MB. It copies; a machine that is slower than that is stuck.
_PATIENCE, _BYTES_PER_SECOND = 60.0, 4_000_000


@dataclass(frozen=True, slots=True)
class Remuxed:
    """What became of a byte stream."""

    frames: int
    seconds: float


def remux(source: Path, target: Path, command: Sequence[str] = COMMAND) -> Remuxed:
    """Make the film of a byte stream, with the index beside it. Raises MediaError; `target` is then not there.

    Waits, so it is for a thread.
    """
    partial = target.with_name(f"{target.name}.part")
    partial.unlink(missing_ok=True)
    try:
        patience = _PATIENCE + source.stat().st_size / _BYTES_PER_SECOND
        make(partial).close()  # so that only its owner may read it
        with subprocess.Popen(
            [*command, str(source), str(source.with_suffix(".idx")), str(partial)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(os.environ),
        ) as process:
            try:
                # Its input stays open while we live; what it says is one short line.
                process.wait(patience)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise MediaError("stuck", "the film could not be written in time") from error
            assert process.stdout is not None
            said = process.stdout.read()
        if process.returncode == _MISSING:
            raise MediaError("missing", MISSING)
        if process.returncode or not partial.stat().st_size:
            raise MediaError("damaged", "the film could not be written")
        facts = json.loads(said)
        os.replace(partial, target)
        return Remuxed(int(facts["frames"]), float(facts["seconds"]))
    except (OSError, ValueError, KeyError) as error:
        raise MediaError("failed", "the film could not be written") from error
    finally:
        partial.unlink(missing_ok=True)


def _units(source: Path, index: Path) -> Iterator[tuple[float, bytes, bool]]:
    """The units that are whole on both sides."""
    with source.open("rb") as data, index.open("rb") as entries:
        while len(entry := entries.read(INDEX.size)) == INDEX.size:
            seconds, size, key = INDEX.unpack(entry)
            unit = data.read(size)
            if len(unit) < size:
                return
            yield seconds, unit, key


def _write(av: Any, source: Path, index: Path, target: Path) -> Remuxed:
    frames, last = 0, -1
    with av.open(str(source), format="h264") as stream, av.open(str(target), "w", format="matroska") as film:
        video = film.add_stream_from_template(stream.streams.video[0])
        for seconds, unit, key in _units(source, index):
            # Milliseconds are Matroska's own; no two units share one.
            last = max(last + 1, round(seconds * 1000))
            packet = av.Packet(unit)
            packet.stream, packet.time_base = video, Fraction(1, 1000)
            packet.pts = packet.dts = last
            packet.is_keyframe = key
            film.mux(packet)
            frames += 1
    return Remuxed(frames, max(0, last) / 1000)


def main(source: str, index: str, target: str) -> int:
    """Write the film, and say how it went."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        import av
    except ImportError:
        return _MISSING
    try:
        done = _write(av, Path(source), Path(index), Path(target))
    except (av.FFmpegError, IndexError, OSError):
        return _NOTHING
    if not done.frames:
        return _NOTHING
    print(json.dumps({"frames": done.frames, "seconds": done.seconds}), flush=True)
    return 0


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
