"""Pictures and film made for the tests: grey, and each frame is told by its level."""

from __future__ import annotations

import asyncio
import io
import random
import zlib
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from PIL import Image, ImageDraw, ImageFont

FPS = 15


def picture(level: int, width: int = 320, height: int = 180, text: str = "") -> Image.Image:
    """A grey picture."""
    image = Image.new("RGB", (width, height), (level, level, level))
    if text:
        at, ink = (width // 4, height // 3), "black" if level > 127 else "white"
        ImageDraw.Draw(image).text(at, text, fill=ink, font=ImageFont.load_default(height // 20))
    return image


def png(level: int, width: int = 320, height: int = 180, text: str = "") -> bytes:
    """The same as PNG."""
    out = io.BytesIO()
    picture(level, width, height, text).save(out, "PNG")
    return out.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of few bytes that says it has many pixels."""
    data = bytearray(png(0, 8, 8))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


def _frames(av: Any, levels: Iterable[int], width: int, height: int) -> Iterable[Any]:
    for number, level in enumerate(levels):
        frame = av.VideoFrame.from_image(picture(level, width, height))
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        yield frame


def h264(
    levels: Sequence[int], width: int = 320, height: int = 180, gop: int = 1000, headers: bool = True
) -> list[bytes]:
    """One access unit per level, a key frame every `gop`. Without `headers` the parameter sets are in none of them."""
    import av

    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, FPS), FPS
    codec.gop_size = gop
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "threads": "1",
        "x264-params": f"bframes=0:repeat-headers={int(headers)}:annexb=1:scenecut=0:keyint={gop}",
    }
    units = [bytes(packet) for frame in _frames(av, levels, width, height) for packet in codec.encode(frame)]
    return units + [bytes(packet) for packet in codec.encode(None)]


def fmp4(levels: Sequence[int], width: int = 320, height: int = 180, gop: int = 5, every: int = 0) -> bytes:
    """Fragmented MP4: one fragment per key frame, and also every so many milliseconds if asked."""
    import av

    out = io.BytesIO()
    flags = "frag_keyframe+empty_moov+default_base_moof"
    options = {"movflags": flags} | ({"frag_duration": str(every * 1000)} if every else {})
    with av.open(out, "w", format="mp4", options=options) as film:
        stream: Any = film.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = gop
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "threads": "1", "x264-params": "scenecut=0"}
        for frame in _frames(av, levels, width, height):
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return out.getvalue()


def noise(size: int, seed: int = 9) -> bytes:
    """Random bytes, the same every time."""
    return random.Random(seed).randbytes(size)


def level_of(jpeg: bytes) -> int:
    """The level in the upper left corner of a picture."""
    with Image.open(io.BytesIO(jpeg)) as image:
        pixel: Any = image.convert("L").getpixel((4, 4))
    return int(pixel)


def near(jpeg: bytes, wanted: int) -> bool:
    """Whether this is the frame of that level; coding moves it a little."""
    return abs(level_of(jpeg) - wanted) <= 4


async def until(true: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110, what is waited for has no event
            await asyncio.sleep(0.01)
