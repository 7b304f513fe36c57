"""Pictures from outside: what is refused, and what a look is made of."""

import io
import zlib

import pytest
from PIL import Image, ImageChops, PngImagePlugin

from server.media.pictures import MOST_BYTES, MediaError, differs, jpeg_size, png_size, still_of_png
from tests.media.material import bomb, near, picture, png


def as_png(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


def test_the_size_is_in_the_header():
    """Width and height are read without decoding; a few bytes behind the end do no harm."""
    assert png_size(png(9, 640, 360)) == (640, 360)
    assert png_size(png(9, 64, 36) + b"\0\0\0\0") == (64, 36)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "foreign"),
        (b"GIF89a" + bytes(100), "foreign"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "foreign"),
        (png(9)[:-20], "truncated"),
        (png(9, 640, 360)[:200], "truncated"),
        (bomb(), "too-large"),
        (bomb(4097, 10), "too-large"),
        (bomb(0, 10), "too-large"),
        (png(9) + bytes(MOST_BYTES), "too-large"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_header(data, code):
    """No PNG, cut off, a bomb, empty or too heavy: refused with a word, before any library sees it."""
    with pytest.raises(MediaError) as refused:
        png_size(data)
    assert refused.value.code == code
    with pytest.raises(MediaError):
        still_of_png(data, 100)


def test_damage_inside_is_refused_when_somebody_looks():
    """A broken checksum, data that ends early and pixels that are not there are one clear error."""
    whole = png(9, 200, 200)
    at = whole.index(b"IDAT")
    short = zlib.compress(b"\0" * 50)
    for damaged in (
        whole[: at + 6] + b"\xff\xff" + whole[at + 8 :],
        whole[: at - 4] + len(short).to_bytes(4, "big") + b"IDAT" + short + whole[-16:],
        whole[: at - 4] + whole[-12:],
        bomb(2000, 2000),
    ):
        with pytest.raises(MediaError, match="damaged") as refused:
            still_of_png(damaged, 100)
        assert refused.value.code == "damaged"


def test_a_text_that_explodes_is_refused():
    """A compressed comment of 80 MB in a small picture does not become 80 MB."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 80_000_000, zip=True)
    with pytest.raises(MediaError) as refused:
        still_of_png(as_png(picture(9), pnginfo=info), 100)
    assert refused.value.code == "damaged"


@pytest.mark.parametrize(
    ("size", "longest", "shown"),
    [
        ((1280, 720), 1024, (1024, 576)),
        ((360, 640), 320, (180, 320)),
        ((320, 180), 1024, (320, 180)),
        ((900, 2), 90, (90, 1)),
    ],
)
def test_a_look_is_a_jpeg_that_fits(size, longest, shown):
    """Pictures are scaled down to the longest side asked for, and never up."""
    still = still_of_png(png(100, *size), longest)
    with Image.open(io.BytesIO(still.jpeg)) as image:
        assert (image.format, image.size) == ("JPEG", shown)
    assert (still.width, still.height) == jpeg_size(still.jpeg) == shown
    assert min(shown) < 8 or near(still.jpeg, 100)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "I;16"])
def test_every_kind_of_png_is_shown(mode):
    """Palettes, transparency, grey, one bit and sixteen bits."""
    image = picture(255).convert("L").convert("I") if mode == "I;16" else picture(255).convert(mode)
    data = as_png(image.convert("I;16") if mode == "I;16" else image.convert("P") if mode == "PA" else image)
    assert still_of_png(data, 100).width == 100


def test_pictures_differ_when_a_digit_does_and_not_when_noise_does():
    """A changed digit on a slide is another picture; another size or the noise of a codec is not."""
    slide = picture(200, 1280, 720, "Sales 3")
    noise = Image.effect_noise((1280, 720), 12).convert("RGB")
    prints = {
        name: still_of_png(as_png(image), 1024).fingerprint
        for name, image in {
            "slide": slide,
            "smaller": slide.resize((640, 360)),
            "noisy": ImageChops.add(slide, noise, offset=-128),
            "digit": picture(200, 1280, 720, "Sales 8"),
            "other": picture(20, 1280, 720, "Sales 3"),
        }.items()
    }
    slide_print = prints.pop("slide")
    assert {name: differs(slide_print, other) for name, other in prints.items()} == {
        "smaller": False,
        "noisy": False,
        "digit": True,
        "other": True,
    }
    assert differs(b"", slide_print)
