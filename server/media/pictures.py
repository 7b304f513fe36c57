"""Pictures as bytes: what a PNG says of itself, and the JPEG of bounded size that anybody is shown.

A picture comes from outside and may be a bomb, so its header is believed only within limits, and before any library
sees it. Decoding takes 5 to 30 ms: never on the event loop.
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, UnidentifiedImageError

from server.errors import ParleyError

#: Pixels of a side and of a whole picture. 4K fits (3840x2160, 4096x2160); decoded it takes 38 MB.
LONGEST_SIDE, MOST_PIXELS = 4096, 4096 * 2304
#: Bytes of one PNG. A screen of 1280x720 is 1 to 2 MB.
MOST_BYTES = 8 << 20
#: Grey cells of a fingerprint, and by how many of 256 levels one must differ to be another picture: more than noise and
#: another size make (5), less than a changed digit of a twentieth of the height (40). A difference hash of 9x8 cells
#: costs the same, because scaling is what costs, and does not see that digit.
CELLS, LEVELS = (96, 54), 12
QUALITY = 80

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SIZE = struct.Struct(">II")
# We look at the header ourselves; this is the library's own net behind it.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class MediaError(ParleyError):
    """A picture, film or recording could not be read or made. The message is one plain sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        #: one lower-case word for counters: truncated, damaged, too-large, foreign, missing, died, busy, stuck, ...
        self.code = code


@dataclass(frozen=True, slots=True)
class Still:
    """A picture to look at."""

    jpeg: bytes = field(repr=False)
    width: int
    height: int
    #: see `differs`
    fingerprint: bytes = field(repr=False)


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header. Raises MediaError for what is no whole PNG within the limits.

    Costs next to nothing: what lies between header and end is not read.
    """
    if len(data) < 45 or not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR":
        raise MediaError("foreign", "the picture is not a PNG")
    if len(data) > MOST_BYTES:
        raise MediaError("too-large", "the picture has too many bytes")
    width, height = _SIZE.unpack_from(data, 16)
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE and width * height <= MOST_PIXELS):
        raise MediaError("too-large", "the picture has too many pixels, or none")
    # Some writers put a few bytes behind the end.
    if b"IEND" not in data[-64:]:
        raise MediaError("truncated", "the picture is cut off")
    return width, height


def still_of_png(data: bytes, longest: int) -> Still:
    """The picture as a JPEG of at most `longest` pixels a side. Raises MediaError. For a thread."""
    png_size(data)
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            # Odd metadata is a warning to the library and nothing to us.
            warnings.simplefilter("ignore")
            image.load()
            return still_of(image, longest)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, UnidentifiedImageError) as error:
        # Truncated data is an OSError, a broken chunk a SyntaxError, a text chunk that explodes a ValueError.
        raise MediaError("damaged", "the picture is damaged") from error


def still_of(image: Image.Image, longest: int) -> Still:
    """This picture as a JPEG of at most `longest` pixels a side, never enlarged."""
    if image.mode not in ("RGB", "L"):
        image = image.convert("RGB")
    width, height = fitted(image.width, image.height, longest)
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return Still(out.getvalue(), width, height, _fingerprint(image))


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG of our own making."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        return image.size


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """This size scaled down so that no side is longer than `longest`."""
    scale = min(1.0, max(1, longest) / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def differs(one: bytes, other: bytes) -> bool:
    """Whether two fingerprints are of pictures that a person would call different. Their sizes do not matter."""
    if one == other:
        return False
    if len(one) != len(other):
        return True
    levels = (np.frombuffer(each, np.uint8).astype(np.int16) for each in (one, other))
    return bool(np.abs(np.subtract(*levels)).max() > LEVELS)


def _fingerprint(image: Image.Image) -> bytes:
    return image.convert("L").resize(CELLS, Image.Resampling.BOX).tobytes()
