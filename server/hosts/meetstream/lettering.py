"""The project's typeface for pictures drawn here: sizes, widths and lines of text with Pillow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

#: the files of the typeface, in the order in which they are asked for a letter
FILES = (
    "atkinson-hyperlegible-next-latin-wght-normal.woff2",
    "atkinson-hyperlegible-next-latin-ext-wght-normal.woff2",
)
#: characters of a text that are looked at; nothing longer fits
LONGEST = 2_000

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=64)
def _font(file: Path, size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(file), size)
    font.set_variation_by_axes([weight])
    return font


@lru_cache(maxsize=16)
def _plain(size: int) -> Font:
    """Pillow's own scalable font, for when ours cannot be read."""
    return ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def _has(file: Path, letter: str) -> bool:
    """Whether this file draws this letter, and not the box that stands for a missing one."""
    font = _font(file, 24, 400)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))


@dataclass(frozen=True, slots=True)
class Lettering:
    """Text of one size and weight. `folder` holds the typeface; without one Pillow's own font is used."""

    folder: Path | None
    size: int
    weight: int

    def width(self, text: str) -> float:
        """Pixels from the text's beginning to its end."""
        return sum(font.getlength(run) for font, run in self._runs(text))

    def draw(self, picture: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str) -> None:
        """Write a line; `at` is its left end on the baseline."""
        x, y = at
        for font, run in self._runs(text):
            if isinstance(font, ImageFont.FreeTypeFont):
                picture.text((x, y), run, fill=colour, font=font, anchor="ls")
            else:
                picture.text((x, y - self.size), run, fill=colour, font=font)
            x += font.getlength(run)

    def fit(self, text: str, width: float) -> str:
        """The text, cut with an ellipsis where it would be wider."""
        text = " ".join(text[:LONGEST].split())
        if self.width(text) <= width:
            return text
        low, high = 0, len(text)
        while low < high:  # the longest beginning that fits
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(text[:middle].rstrip() + "…") <= width else (low, middle - 1)
        return text[:low].rstrip() + "…"

    def lines(self, text: str, width: float, most: int) -> list[str]:
        """The text broken at its spaces into at most `most` lines; the last one is cut."""
        found: list[str] = []
        for paragraph in text[:LONGEST].splitlines():
            line = ""
            for word in paragraph.split():
                longer = f"{line} {word}" if line else word
                if line and self.width(longer) > width:
                    found.append(line)
                    longer = word
                line = longer
            if line:
                found.append(line)
        if len(found) > most:
            found = [*found[: most - 1], " ".join(found[most - 1 :])]
        return [self.fit(line, width) for line in found]

    def _runs(self, text: str) -> list[tuple[Font, str]]:
        """The text cut where another file must draw it. A letter that no file has is drawn by the first, as a box."""
        files = [] if self.folder is None else [self.folder / name for name in FILES]
        try:
            runs: list[tuple[Path, str]] = []
            for letter in text:
                file = next((file for file in files if _has(file, letter)), files[0])
                if runs and (runs[-1][0] == file or letter.isspace()):
                    runs[-1] = (runs[-1][0], runs[-1][1] + letter)
                else:
                    runs.append((file, letter))
            return [(_font(file, self.size, self.weight), run) for file, run in runs]
        except (OSError, IndexError):
            return [(_plain(self.size), text)]


def canvas(size: tuple[int, int], colour: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty picture and the pen for it."""
    image = Image.new("RGB", size, colour)
    return image, ImageDraw.Draw(image)
