"""A contact sheet: the newest pictures of several people in one JPEG, each with a name below."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from server.media.frames import Frames, Seen
from server.media.pictures import MediaError

#: Tiles of one sheet; what is more is left out.
MOST_TILES = 96
#: Bytes of a JPEG that stay under 200 kB as a data: URL.
MOST_BYTES = 147_000
#: Tried in this order where the given fonts do not know a name's letters; found by name, where the system has them.
_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "Arial.ttf")
_GAP = 12
_GROUND, _TILE, _INK = (24, 26, 30), (44, 47, 54), (240, 240, 240)
_QUALITIES = (82, 70, 58, 45)

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture on a sheet; without a picture it is an empty place with a name."""

    name: str = field(repr=False)
    jpeg: bytes | None = field(default=None, repr=False)


def contact_sheet(
    tiles: Sequence[Tile],
    *,
    columns: int = 0,
    width: int = 1120,
    most_bytes: int = MOST_BYTES,
    fonts: Sequence[Path] = (),
) -> bytes:
    """The sheet as a JPEG of at most `most_bytes`. Raises MediaError for no tiles. For a thread: 20 ms and more.

    `columns` 0 chooses them for the number of tiles; `width` is in pixels, the height follows at 16:9 a tile. It gets
    smaller only when no lower quality makes it fit. `fonts` are tried before those of the system.
    """
    tiles = tiles[:MOST_TILES]
    if not tiles:
        raise MediaError("empty", "there are no pictures for a sheet")
    columns = columns or (len(tiles) if len(tiles) < 3 else math.ceil(math.sqrt(len(tiles))))
    sheet = _drawn(tiles, columns, width, fonts)
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            sheet.save(out, "JPEG", quality=quality)
            if out.tell() <= most_bytes or sheet.width < 64:
                return out.getvalue()
        sheet = sheet.resize((sheet.width * 4 // 5, sheet.height * 4 // 5), reducing_gap=2.0)


async def glance_at(
    frames: Frames, name_of: Callable[[Seen], str], *, most: int = 16, deadline: float = 5.0
) -> list[Tile]:
    """The newest pictures of a meeting, the newest first, as tiles with the names that `name_of` gives.

    A source that cannot be shown, or not within `deadline` seconds for all, gets an empty place. Nobody's look is
    disturbed.
    """
    tiles = []
    until = asyncio.get_running_loop().time() + deadline
    for seen in frames.seen()[:most]:
        look = None
        with contextlib.suppress(MediaError, TimeoutError):
            async with asyncio.timeout_at(until):
                look = await frames.look(seen.person_id, seen.source, 480, glance=True)
        tiles.append(Tile(name_of(seen), look.jpeg if look is not None else None))
    return tiles


def data_url(jpeg: bytes) -> str:
    """A JPEG as an address that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _drawn(tiles: Sequence[Tile], columns: int, width: int, fonts: Sequence[Path]) -> Image.Image:
    cell = max(32, (width - _GAP) // columns - _GAP)
    picture, line = cell * 9 // 16, max(14, cell // 9)
    rows = math.ceil(len(tiles) / columns)
    size = (_GAP + columns * (cell + _GAP), _GAP + rows * (picture + line + _GAP))
    sheet = Image.new("RGB", size, _GROUND)
    draw = ImageDraw.Draw(sheet)
    for number, tile in enumerate(tiles):
        left = _GAP + number % columns * (cell + _GAP)
        top = _GAP + number // columns * (picture + line + _GAP)
        draw.rectangle((left, top, left + cell - 1, top + picture - 1), fill=_TILE)
        if tile.jpeg is not None:
            _place(sheet, tile.jpeg, left, top, cell, picture)
        name = _one_line(tile.name)
        font = _font_for(name, line * 3 // 4, fonts)
        draw.text((left + 2, top + picture + line / 2), _cut(draw, name, font, cell - 4), _INK, font, anchor="lm")
    return sheet


def _place(sheet: Image.Image, jpeg: bytes, left: int, top: int, width: int, height: int) -> None:
    """Put a picture into the middle of its place, whole."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG", "PNG")) as image:
            image.draft("RGB", (width, height))
            scale = min(width / image.width, height / image.height)
            fit = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
            fitting = image.convert("RGB").resize(fit, reducing_gap=2.0)
    except (OSError, ValueError, SyntaxError):
        return  # the place stays empty; the name tells whose it is
    sheet.paste(fitting, (left + (width - fit[0]) // 2, top + (height - fit[1]) // 2))


def _one_line(name: str) -> str:
    """A name without what would break a line or turn the rest of it round."""
    return " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in name[:200]).split())


def _cut(draw: ImageDraw.ImageDraw, text: str, font: _Font, width: int) -> str:
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(f"{text}…", font) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _font_for(text: str, size: int, fonts: Sequence[Path]) -> _Font:
    """The first font that knows every letter, otherwise the one that knows most."""
    best, known = None, -1
    for name in (*fonts, *_FONTS, None):
        try:
            font = ImageFont.load_default(size) if name is None else ImageFont.truetype(str(name), size)
        except OSError:
            continue
        knows = sum(_knows(font, letter) for letter in set(text))
        if best is None or knows > known:
            best, known = font, knows
        if known == len(set(text)):
            break
    assert best is not None  # the library brings one itself
    return best


def _knows(font: _Font, letter: str) -> bool:
    # What a font does not know is drawn like a character that does not exist.
    return letter == " " or bytes(font.getmask(letter)) != bytes(font.getmask("\U0010ffff"))
