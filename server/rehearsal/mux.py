"""Picture and sound into one film, in a process of its own: `python -m server.rehearsal.mux JOB.json`.

The job is JSON: `out`, `frames` as [[seconds, file], ...], `sound` (a file of 48 kHz s16le mono that begins at second
0), `seconds`. Encoding is heavy and its libraries are not ours: neither shall harm the rehearsal.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

RATE = 48_000
FPS = 15
#: What is tried, in order: container, picture, sound.
FORMATS = (("mp4", "libx264", "aac"), ("webm", "libvpx", "libopus"))


def mux(job: dict[str, Any]) -> Path:
    """Write the film; returns its path, whose suffix says which format this machine can write."""
    import av

    out = Path(job["out"])
    for container, picture, sound in FORMATS:
        try:
            av.codec.Codec(picture, "w")
            av.codec.Codec(sound, "w")
        except Exception:
            # The library's own error class differs between its versions.
            continue
        target = out.with_suffix(f".{container}")
        _write(job, target, picture, sound)
        return target
    raise SystemExit("no encoder for mp4 or webm in this build of PyAV")


def _write(job: dict[str, Any], target: Path, picture: str, sound: str) -> None:
    import av
    import numpy as np

    frames: list[tuple[float, str]] = [(float(at), str(file)) for at, file in job["frames"]]
    pcm = np.frombuffer(Path(job["sound"]).read_bytes(), np.int16)
    with av.open(str(target), "w") as film:
        video: Any = film.add_stream(picture, rate=FPS)
        video.width, video.height, video.pix_fmt = 1280, 720, "yuv420p"
        # Every four seconds a picture that stands alone, so that one can jump to a moment.
        video.gop_size = 4 * FPS
        if picture == "libx264":
            video.options = {"preset": "superfast", "crf": "26", "threads": "2"}
        else:
            video.options = {"deadline": "realtime", "cpu-used": "8", "crf": "12", "b": "1500000"}
        audio: Any = film.add_stream(sound, rate=RATE)
        audio.layout = "mono"
        audio.bit_rate = 96_000

        step = RATE // FPS
        total = max(1, int(float(job["seconds"]) * FPS))
        position, shown, current = -1, -1, None
        for index in range(total):
            # The picture nearest to this moment, not the last one before it: half a frame earlier on average.
            second = (index + 0.5) / FPS
            while position + 1 < len(frames) and (frames[position + 1][0] <= second or position < 0):
                position += 1
            if position >= 0 and position != shown:
                current, shown = _picture(av, frames[position][1]), position
            if current is None:
                current = _black(av, np)
            current.pts, current.time_base = index, Fraction(1, FPS)
            film.mux(video.encode(current))

            part = pcm[index * step : (index + 1) * step]
            if len(part) < step:
                part = np.concatenate([part, np.zeros(step - len(part), np.int16)])
            block: Any = av.AudioFrame.from_ndarray(part.reshape(1, -1), format="s16", layout="mono")
            block.sample_rate, block.pts, block.time_base = RATE, index * step, Fraction(1, RATE)
            film.mux(audio.encode(block))
        film.mux(video.encode(None))
        film.mux(audio.encode(None))


def _picture(av: Any, file: str) -> Any:
    with av.open(file) as image:
        for frame in image.decode(video=0):
            picture = frame.reformat(width=1280, height=720, format="yuv420p")
            # A JPEG says of itself that it is a key frame; left so, every frame of the film would be one.
            picture.pict_type = 0
            return picture
    return None


def _black(av: Any, np: Any) -> Any:
    return av.VideoFrame.from_ndarray(np.zeros((720, 1280, 3), np.uint8), format="rgb24").reformat(format="yuv420p")


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    print(mux(job))


if __name__ == "__main__":
    main()
