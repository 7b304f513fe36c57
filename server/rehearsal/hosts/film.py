"""Pictures, film and sound for stand-ins: small, quick to make, the same bytes every time.

Every picture of `faces`, `access_units` and `fragmented` carries its number as black and white bars along its upper
edge, so that a test can tell which picture came out at the far end: `number_of(image)`.

Needs PyAV, so it belongs to rehearsals and tests. Encoding takes milliseconds to a second: in a live meeting, make film
beforehand or in a thread.
"""

from __future__ import annotations

import colorsys
import hashlib
import io
import random
import zlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

#: Width and height.
Size = tuple[int, int]
Pixels = NDArray[np.uint8]

#: Bits of a picture's number, one bar each.
BITS = 12
#: Sound inside fragmented MP4, as the vendor announces it.
AAC_RATE = 44_100


# ---------------------------------------------------------------- pictures


@lru_cache(maxsize=64)
def faces(name: str, count: int = 1, size: Size = (320, 180)) -> tuple[bytes, ...]:
    """`count` PNGs of somebody whose mouth moves."""
    return tuple(_png(_face(name, number, size)) for number in range(count))


@lru_cache(maxsize=64)
def slide(lines: tuple[str, ...], size: Size = (640, 360)) -> bytes:
    """A PNG of a slide: its first line large, the others below."""
    image = Image.new("RGB", size, "#fbf8f2")
    draw = ImageDraw.Draw(image)
    height = size[1]
    for index, line in enumerate(lines):
        font = ImageFont.load_default(height // (8 if index == 0 else 12))
        draw.text((size[0] // 16, height // 8 + index * height // 6), line, fill="#1c2733", font=font)
    return _png(image)


@lru_cache(maxsize=4)
def bomb(side: int = 20_000) -> bytes:
    """A valid PNG of some tens of kilobytes whose `side` x `side` pixels take gigabytes as RGBA."""
    packer = zlib.compressobj(9)
    row = bytes(1 + -(-side // 8))
    data = b"".join([*(packer.compress(row * 100) for _ in range(side // 100)), packer.flush()])
    header = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def number_of(image: Image.Image) -> int:
    """The number that a picture carries, also after a lossy codec and at another size."""
    grey = np.asarray(image.convert("L"), np.float64)
    height, width = grey.shape
    middle = grey[height // 24, :]
    bars = [middle[int((bit + 0.5) * width / BITS)] > 128 for bit in range(BITS)]
    return sum(1 << bit for bit, white in enumerate(bars) if white)


def _face(name: str, number: int, size: Size) -> Image.Image:
    width, height = size
    hue = hashlib.sha256(name.encode()).digest()[0] / 256
    back, skin = (_colour(hue, 0.35, 0.55), _colour(hue + 0.08, 0.25, 0.95))
    image = Image.new("RGB", size, back)
    draw = ImageDraw.Draw(image)
    x, y, r = width // 2, height * 11 // 20, height * 3 // 10
    draw.ellipse((x - r, y - r, x + r, y + r), fill=skin)
    for side in (-1, 1):
        draw.ellipse((x + side * r // 2 - r // 8, y - r // 3, x + side * r // 2 + r // 8, y - r // 12), fill="#1c2733")
    opening = 1 + abs(number % 8 - 4) * r // 12
    draw.ellipse((x - r // 3, y + r // 2 - opening, x + r // 3, y + r // 2 + opening), fill="#5a2430")
    font = ImageFont.load_default(max(8, height // 10))
    draw.text((width // 20, height * 17 // 20), name, fill="white", font=font)
    return Image.fromarray(_numbered(np.array(image), number))


def _numbered(pixels: Pixels, number: int) -> Pixels:
    height, width = pixels.shape[:2]
    for bit in range(BITS):
        begin, end = bit * width // BITS, (bit + 1) * width // BITS
        pixels[: height // 12, begin:end] = 255 if number >> bit & 1 else 0
    return pixels


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


# ---------------------------------------------------------------- H.264


@lru_cache(maxsize=32)
def access_units(
    count: int, size: Size = (160, 90), *, name: str = "Ana", rate: int = 15, gop: int = 15, first: int = 0
) -> tuple[bytes, ...]:
    """`count` H.264 access units (Annex B, baseline) of somebody's camera.

    Every `gop`th is a key frame with SPS and PPS. They carry the numbers from `first` on. Two calls with different
    sizes, one behind the other, are a film whose size changes.
    """
    coder: Any = av.CodecContext.create("libx264", "w")
    coder.width, coder.height = size
    coder.pix_fmt = "yuv420p"
    coder.time_base, coder.framerate = Fraction(1, rate), Fraction(rate, 1)
    coder.gop_size, coder.max_b_frames = gop, 0
    coder.profile = "Baseline"
    coder.options = {"preset": "ultrafast", "tune": "zerolatency", "threads": "1", "sc_threshold": "0"}
    units: list[bytes] = []
    for index in range(count):
        frame = _frame(np.array(_face(name, first + index, size)), index, rate)
        units.extend(bytes(packet) for packet in coder.encode(frame))
    units.extend(bytes(packet) for packet in coder.encode(None))
    return tuple(units)


def is_key(unit: bytes) -> bool:
    """Whether an access unit can be decoded by itself: it has an IDR slice (NAL type 5)."""
    return any(piece[:1] and piece[0] & 31 == 5 for piece in unit.split(b"\x00\x00\x01")[1:])


# ---------------------------------------------------------------- fragmented MP4


@lru_cache(maxsize=8)
def fragmented(
    seconds: float = 2.0, size: Size = (160, 90), *, name: str = "Ana", rate: int = 25, bit_rate: int = 0
) -> bytes:
    """Fragmented MP4 with H.264 and AAC: `ftyp` `moov`, then `moof` `mdat` for every second, `mfra` at the end.

    With `bit_rate` the picture's stream is filled up to so many bits a second.
    """
    out = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(out, "w", format="mp4", options=options) as film:
        video: Any = film.add_stream("libx264", rate=rate)
        video.width, video.height = size
        video.pix_fmt, video.gop_size = "yuv420p", rate
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "threads": "1", **_filled(bit_rate)}
        if bit_rate:
            video.bit_rate = bit_rate
        audio: Any = film.add_stream("aac", rate=AAC_RATE)
        audio.layout, audio.bit_rate = "mono", 64_000
        step = AAC_RATE // rate
        sound = np.frombuffer(tone(seconds, rate=AAC_RATE), np.int16)
        for index in range(int(seconds * rate)):
            film.mux(video.encode(_frame(np.array(_face(name, index, size)), index, rate)))
            part = sound[index * step : (index + 1) * step].reshape(1, -1)
            block: Any = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            block.sample_rate, block.pts, block.time_base = AAC_RATE, index * step, Fraction(1, AAC_RATE)
            film.mux(audio.encode(block))
        film.mux(video.encode(None))
        film.mux(audio.encode(None))
    return out.getvalue()


def boxes(data: bytes) -> list[tuple[str, int, int]]:
    """The top-level boxes of whole MP4 bytes: type, offset, size."""
    found, at = [], 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8].decode("latin-1"), at, size))
        at += max(size, 8)
    return found


def cuts(data: bytes, *, seed: int = 1, largest: int = 4096) -> Iterator[bytes]:
    """`data` in pieces of 1 to `largest` bytes that respect no boundary; the same for the same seed."""
    chance, at = random.Random(seed), 0
    while at < len(data):
        size = chance.randint(1, largest)
        yield data[at : at + size]
        at += size


def _filled(bit_rate: int) -> dict[str, str]:
    if not bit_rate:
        return {}
    filler = "nal-hrd=cbr:force-cfr=1"
    return {"maxrate": str(bit_rate), "bufsize": str(bit_rate // 2), "x264-params": filler}


def _frame(pixels: Pixels, index: int, rate: int) -> Any:
    frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = index, Fraction(1, rate)
    return frame


# ---------------------------------------------------------------- sound


def tone(seconds: float, hertz: float = 440.0, *, rate: int = 16_000, level: float = 0.25) -> bytes:
    """A sine as s16le mono."""
    times = np.arange(round(seconds * rate)) / rate
    return (level * 32767 * np.sin(2 * np.pi * hertz * times)).astype("<i2").tobytes()


def silence(seconds: float, *, rate: int = 16_000) -> bytes:
    """Zeros, as somebody sends who is unmuted and says nothing."""
    return bytes(2 * round(seconds * rate))


def frames(pcm: bytes, seconds: float = 0.1, *, rate: int = 16_000) -> Sequence[bytes]:
    """Sound in pieces of so many seconds; the last may be shorter."""
    size = 2 * round(seconds * rate)
    return [pcm[at : at + size] for at in range(0, len(pcm), size)]
