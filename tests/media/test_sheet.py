"""The contact sheet: everybody's newest picture, small enough for the tile."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from server.media.frames import Frames
from server.media.pictures import MediaError, still_of
from server.media.sheet import MOST_BYTES, MOST_TILES, Tile, contact_sheet, data_url, glance_at
from server.media.video import VideoDecoder
from tests.media.material import picture, png

FONTS = sorted((Path(__file__).parents[2] / "static" / "shared" / "fonts").glob("*.woff2"))


def tile(name: str, level: int, width: int = 320, height: int = 180) -> Tile:
    return Tile(name, still_of(picture(level, width, height), 320).jpeg)


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    return image


def test_each_picture_is_in_its_place_with_a_name_below():
    """Two people beside each other; below each picture there is something to read."""
    sheet = opened(contact_sheet([tile("Ana", 200), tile("Ben", 60)], width=1120)).convert("L")
    assert sheet.width == pytest.approx(1120, abs=30)
    left, right = sheet.width // 4, sheet.width * 3 // 4
    assert abs(sheet.getpixel((left, sheet.height // 3)) - 200) < 8
    assert abs(sheet.getpixel((right, sheet.height // 3)) - 60) < 8
    for side in (0, sheet.width // 2):
        below = sheet.crop((side, sheet.height * 9 // 10, side + sheet.width // 4, sheet.height))
        assert below.getextrema()[1] > 200


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 16, MOST_TILES + 5])
def test_any_number_fits_into_a_data_url_of_200_kb(count):
    """Pictures full of noise, and as many as may be: still small enough, and a JPEG."""
    noisy = still_of(Image.effect_noise((320, 180), 90).convert("RGB"), 320).jpeg
    jpeg = contact_sheet([Tile(f"Person {number}", noisy) for number in range(count)])
    assert len(jpeg) <= MOST_BYTES and len(data_url(jpeg)) < 200_000
    assert opened(jpeg).format == "JPEG"
    kind, _, data = data_url(jpeg).partition(",")
    assert (kind, base64.b64decode(data)) == ("data:image/jpeg;base64", jpeg)


def test_a_sheet_that_must_be_tiny_is_made_smaller():
    """When no quality is low enough the sheet is scaled down."""
    noisy = still_of(Image.effect_noise((320, 180), 90).convert("RGB"), 320).jpeg
    jpeg = contact_sheet([Tile("Ana", noisy)] * 4, most_bytes=9_000)
    assert len(jpeg) <= 9_000 and opened(jpeg).width < 1000


@pytest.mark.parametrize(
    "name", ["", "x" * 5000, "Ana\nBen\t\x00\u202eC", "Łukasz Čapek", "山田太郎", "שלום", "\ud800", "👩‍🚀"]
)
def test_every_name_can_be_written(name):
    """Long, empty, hostile, in any script, with or without the project's fonts: a sheet is made."""
    for fonts in ((), FONTS):
        opened(contact_sheet([tile(name, 100)], fonts=fonts))


def test_a_picture_that_is_none_leaves_its_place_empty():
    """No picture, garbage and a tall picture stand beside a good one."""
    tiles = [tile("Ana", 200), Tile("Ben"), Tile("Cleo", b"garbage"), tile("Dan", 90, 40, 320)]
    opened(contact_sheet(tiles))


def test_no_tiles_are_refused():
    """A sheet of nobody is an error in a sentence."""
    with pytest.raises(MediaError, match="no pictures"):
        contact_sheet([])


@pytest.mark.anyio
async def test_the_newest_pictures_of_a_meeting_become_tiles():
    """Everybody's newest picture, the newest first; who cannot be shown keeps a place; nobody's look is disturbed."""
    now = 0.0
    frames = Frames(VideoDecoder(command=("/nowhere/python",)), clock=lambda: now)
    whole = png(100)
    at = whole.index(b"IDAT")
    for person, data in (("1", png(50)), ("2", whole[: at + 8] + b"\xff\xff" + whole[at + 10 :]), ("3", png(150))):
        now += 1
        frames.put(person, "webcam", "png", data)
    tiles = await glance_at(frames, lambda seen: f"{seen.person_id} {seen.source}")
    assert [each.name for each in tiles] == ["3 webcam", "2 webcam", "1 webcam"]
    assert [each.jpeg is not None for each in tiles] == [True, False, True]
    assert (await frames.look("1", "webcam")).changed
    assert len(await glance_at(frames, lambda seen: "", most=2)) == 2
