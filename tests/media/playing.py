"""Whether a file plays: every frame of it is decoded, and ffprobe agrees where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.media.manifest import Manifest


@dataclass
class Played:
    """What came out of a film."""

    frames: int
    sizes: set[tuple[int, int]]
    #: grey level of each frame
    levels: list[int]
    #: second of each frame
    times: list[float]


def play(path: Path) -> Played:
    """Decode every frame of a film."""
    import av

    played = Played(0, set(), [], [])
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            played.frames += 1
            played.sizes.add((frame.width, frame.height))
            played.levels.append(int(frame.to_ndarray(format="gray")[4, 4]))
            played.times.append(float(frame.time or 0.0))
    probe(path, "video")
    return played


def sound(path: Path) -> list[int]:
    """Every sample of a WAV file, through the decoder of PyAV and the one of Python."""
    import av

    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        pcm = file.readframes(file.getnframes())
    if pcm:
        with av.open(str(path)) as film:
            decoded = b"".join(bytes(frame.to_ndarray()) for frame in film.decode(audio=0))
        assert decoded == pcm
        probe(path, "audio")
    return list(memoryview(pcm).cast("h"))


def probe(path: Path, kind: str) -> None:
    """What ffprobe says of it, if there is one."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return
    command = [ffprobe, "-v", "error", "-show_streams", "-count_packets", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    streams: list[dict[str, Any]] = json.loads(done.stdout)["streams"]
    assert any(stream["codec_type"] == kind and int(stream["nb_read_packets"]) > 0 for stream in streams)
    assert not done.stderr


def named(take: Path) -> dict[str, Any]:
    """The entries of a take's manifest by file."""
    return {entry.file: entry for entry in Manifest.read(take).files}
