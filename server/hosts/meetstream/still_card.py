"""A card on the still tile: text, list, table, picture or small chart. Too much content is cut, never squeezed."""

from __future__ import annotations

import base64
import io
from math import isfinite
from pathlib import Path

from PIL import Image, ImageDraw

from server.core.messages import Card
from server.hosts.meetstream.lettering import Lettering

#: the panel, and the space in it
BOX = (360, 144, 1232, 664)
PADDING = 40
_LEFT, _RIGHT, _BOTTOM = BOX[0] + PADDING, BOX[2] - PADDING, BOX[3] - 28
_WIDTH = _RIGHT - _LEFT

PANEL, EDGE, INK, SOFT, ACCENT = "#1d2e2c", "#35504c", "#f5f0e6", "#b9cbc4", "#ffb182"

#: characters of a picture's data: address, and pixels of the picture itself: a small file may unpack to very many
LONGEST_SOURCE = 8 * 1024 * 1024
MOST_PIXELS = 16_000_000
MOST_BARS, MOST_POINTS = 8, 24


def draw_card(image: Image.Image, pen: ImageDraw.ImageDraw, card: Card, fonts: Path | None) -> None:
    """Draw the card where it belongs on the tile."""
    pen.rounded_rectangle(BOX, 36, fill=PANEL)
    top = BOX[1] + 24
    if card.title:
        letters = Lettering(fonts, 48, 750)
        letters.draw(pen, (_LEFT, top + 44), letters.fit(card.title, _WIDTH), INK)
        top += 68
    match card.kind:
        case "image":
            _picture(image, card.source, top)
        case "table":
            _table(pen, card, top, fonts)
        case "bar":
            _bars(pen, card, top, fonts)
        case "line":
            _line(pen, card, top, fonts)
        case _:
            _text(pen, card, top, fonts)


def _text(pen: ImageDraw.ImageDraw, card: Card, top: float, fonts: Path | None) -> None:
    letters = Lettering(fonts, 42, 450)
    room = int((_BOTTOM - top) // 52)
    rows = [(0, line) for line in letters.lines(_unmarked(card.text), _WIDTH, room)]
    for item in card.items:
        if len(rows) >= room:
            break
        lines = letters.lines(_unmarked(item), _WIDTH - 46, min(3, room - len(rows)))
        rows += [(1 if at == 0 else 2, line) for at, line in enumerate(lines)]
    for at, (kind, line) in enumerate(rows):
        base = top + 40 + 52 * at
        if kind == 1:
            pen.ellipse((_LEFT + 6, base - 22, _LEFT + 24, base - 4), ACCENT)
        letters.draw(pen, (_LEFT + (46 if kind else 0), base), line, INK)


def _unmarked(text: str) -> str:
    """Without the few signs of markup that the tile would turn into weight and colour."""
    return text.replace("**", "").replace("`", "")


def _table(pen: ImageDraw.ImageDraw, card: Card, top: float, fonts: Path | None) -> None:
    columns = min(4, max(len(card.columns), *(len(row) for row in card.rows), 1)) if card.rows else len(card.columns)
    rows = ([(card.columns, 750, SOFT)] if card.columns else []) + [(row, 450, INK) for row in card.rows]
    if not columns:
        return
    width = _WIDTH / columns
    for at, (cells, weight, colour) in enumerate(rows[: int((_BOTTOM - top) // 54)]):
        letters = Lettering(fonts, 40, weight)
        base = top + 40 + 54 * at
        for column, cell in enumerate(cells[:columns]):
            letters.draw(pen, (_LEFT + column * width, base), letters.fit(_unmarked(cell), width - 20), colour)
        pen.line((_LEFT, base + 12, _RIGHT, base + 12), EDGE, 2)


def _picture(image: Image.Image, source: str, top: float) -> None:
    """A PNG, JPEG or WebP from a data: address; nothing when it is none or too large."""
    head, _, data = source.partition(";base64,")
    if head not in ("data:image/png", "data:image/jpeg", "data:image/webp") or len(data) > LONGEST_SOURCE:
        return
    room = (int(_WIDTH), int(_BOTTOM - top))
    try:
        file = io.BytesIO(base64.b64decode(data, validate=True))
        with Image.open(file, formats=("PNG", "JPEG", "WEBP")) as found:
            if found.width * found.height > MOST_PIXELS:
                return
            found.thumbnail(room)
            picture = found.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return
    left = int(_LEFT + (room[0] - picture.width) / 2)
    image.paste(picture, (left, int(top + (room[1] - picture.height) / 2)), picture)


def _numbers(card: Card) -> list[tuple[str, float]]:
    pairs = [(card.labels[at] if at < len(card.labels) else "", value) for at, value in enumerate(card.values)]
    return [(label, value) for label, value in pairs if isfinite(value) and abs(value) < 1e15]


def _bars(pen: ImageDraw.ImageDraw, card: Card, top: float, fonts: Path | None) -> None:
    """Bars from left to right, each with its label before and its number behind it."""
    rows = _numbers(card)[:MOST_BARS]
    if not rows:
        return
    letters, strong = Lettering(fonts, 40, 550), Lettering(fonts, 40, 750)
    low = min(0.0, *(value for _, value in rows))
    span = max(0.0, *(value for _, value in rows)) - low or 1.0
    start, room = _LEFT + _WIDTH * 0.34, _WIDTH * 0.66 - 130
    step = min((_BOTTOM - top) / len(rows), 76)
    zero = start - low / span * room
    for at, (label, value) in enumerate(rows):
        middle = top + step * (at + 0.5)
        end = zero + value / span * room
        left, right = min(zero, end), max(zero, end, min(zero, end) + 4)
        pen.rounded_rectangle((left, middle - step * 0.36, right, middle + step * 0.36), 8, fill=ACCENT)
        letters.draw(pen, (_LEFT, middle + 14), letters.fit(label, _WIDTH * 0.34 - 20), INK)
        strong.draw(pen, (max(right, zero) + 14, middle + 14), short(value), INK)


def _line(pen: ImageDraw.ImageDraw, card: Card, top: float, fonts: Path | None) -> None:
    """A line with its first and last number and label."""
    points = _numbers(card)
    if len(points) > MOST_POINTS:
        points = [points[round(at * (len(points) - 1) / (MOST_POINTS - 1))] for at in range(MOST_POINTS)]
    if not points:
        return
    letters, strong = Lettering(fonts, 40, 550), Lettering(fonts, 40, 750)
    low, high = min(value for _, value in points), max(value for _, value in points)
    left, right, ceiling, floor = _LEFT + 64, _RIGHT - 64, top + 60, _BOTTOM - 70
    places = [
        (
            left + (right - left) * at / max(1, len(points) - 1),
            floor - (floor - ceiling) * ((value - low) / (high - low) if high > low else 0.5),
        )
        for at, (_, value) in enumerate(points)
    ]
    if len(places) > 1:
        pen.line(places, ACCENT, 9, joint="curve")
    for x, y in places:
        pen.ellipse((x - 10, y - 10, x + 10, y + 10), ACCENT)
    for at in sorted({0, len(points) - 1}):
        (x, y), (label, value) = places[at], points[at]
        for text, letter, base in (
            (short(value), strong, y - 26),
            (letters.fit(label, _WIDTH * 0.45), letters, _BOTTOM),
        ):
            wide = letter.width(text)
            letter.draw(pen, (min(max(x - wide / 2, _LEFT), _RIGHT - wide), base), text, INK)


def short(value: float) -> str:
    """A number in about five signs."""
    size = abs(value)
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{value / (limit if unit != 'k' else 1e3):.1f}".removesuffix(".0") + unit
    if size >= 100 or value == int(value):
        return str(round(value))
    return f"{value:.1f}" if size >= 1 else f"{value:.2f}"
