"""Pictures, film and sound of the stand-ins: what they claim to be, and the same every time."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from PIL import Image

from server.rehearsal.hosts import film


def test_faces_and_slides_are_pngs():
    """
    Faces carry their numbers and differ; a slide has the size it was asked for; both are made alike every time.
    """
    faces = film.faces("Ana Marsh", 9, (64, 48))
    images = [Image.open(io.BytesIO(png)) for png in faces]
    assert [film.number_of(image) for image in images] == list(range(9))
    assert {image.size for image in images} == {(64, 48)} and len(set(faces)) == 9
    film.faces.cache_clear()
    assert film.faces("Ana Marsh", 9, (64, 48)) == faces
    slide = Image.open(io.BytesIO(film.slide(("Revenue", "up 12 %"), (640, 360))))
    assert slide.size == (640, 360) and len(slide.getcolors(100_000)) > 2


def test_film_is_annex_b_with_parameters_on_key_frames():
    """
    One access unit for each picture; key frames begin with SPS and PPS; two sizes behind each other decode to the right
    pictures, from any key frame on.
    """
    units = [*film.access_units(7, (64, 48), gop=3), *film.access_units(4, (128, 96), gop=3, first=7)]
    keys = [index for index, unit in enumerate(units) if film.is_key(unit)]
    assert keys == [0, 3, 6, 7, 10]
    assert all(unit.startswith((b"\0\0\0\1", b"\0\0\1")) for unit in units)
    for index in keys:
        assert [piece[0] & 31 for piece in units[index].replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:3]] == [7, 8]
    for begin in (0, 3):
        decoder = av.CodecContext.create("h264", "r")
        frames = [f for unit in units[begin:] for f in decoder.decode(av.Packet(unit))] + decoder.decode(None)
        images = [frame.to_image() for frame in frames]
        assert [film.number_of(image) for image in images] == list(range(begin, 11))
        assert images[-1].size == (128, 96)


def test_film_is_the_same_every_time():
    """
    The encoder is told nothing that changes: the same call gives the same bytes.
    """
    once, mp4 = film.access_units(5, (64, 48)), film.fragmented(1, (64, 48))
    film.access_units.cache_clear()
    film.fragmented.cache_clear()
    assert film.access_units(5, (64, 48)) == once and film.fragmented(1, (64, 48)) == mp4


def test_fragmented_film_plays():
    """
    An initialisation segment, then fragments; picture and sound decode; a beginning of it plays as far as it goes.
    """
    data = film.fragmented(3, (160, 90))
    boxes = film.boxes(data)
    assert [kind for kind, _, _ in boxes] == ["ftyp", "moov", *["moof", "mdat"] * 3, "mfra"]
    assert sum(size for _, _, size in boxes) == len(data)
    with av.open(io.BytesIO(data)) as whole:
        assert [film.number_of(frame.to_image()) for frame in whole.decode(video=0)] == list(range(75))
    with av.open(io.BytesIO(data)) as whole:
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in whole.decode(audio=0)])
    assert len(samples) / film.AAC_RATE == pytest.approx(3, abs=0.1) and np.abs(samples).max() > 0.1
    third_fragment = boxes[6][1]
    with av.open(io.BytesIO(data[:third_fragment])) as beginning:
        assert sum(1 for _ in beginning.decode(video=0)) == 50


def test_fragmented_film_can_be_filled_up():
    """
    With a bit rate the stream is about as heavy as that, however little happens in the picture.
    """
    data = film.fragmented(2, (320, 180), bit_rate=2_000_000)
    assert len(data) * 8 / 2 == pytest.approx(2_000_000, rel=0.2)


def test_cuts_respect_no_boundary_and_lose_nothing():
    """
    The pieces of a film are uneven, the same for the same seed, and together the film.
    """
    data = film.fragmented(2, (160, 90))
    pieces = list(film.cuts(data, seed=3, largest=500))
    assert b"".join(pieces) == data and max(map(len, pieces)) <= 500
    assert pieces == list(film.cuts(data, seed=3, largest=500)) != list(film.cuts(data, seed=4, largest=500))
    begins = {offset for _, offset, _ in film.boxes(data)}
    ends = set(np.cumsum([len(piece) for piece in pieces]).tolist())
    assert len(begins & ends) < len(begins) // 2


def test_a_bomb_is_small_and_wants_gigabytes():
    """
    The bomb is a valid PNG of kilobytes whose pixels would take over a gigabyte; a decoder with a limit refuses it.
    """
    bomb = film.bomb()
    assert len(bomb) < 200_000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(bomb))
    small = Image.open(io.BytesIO(film.bomb(100)))
    small.load()
    assert small.size == (100, 100)


def test_sound_is_as_long_as_it_says():
    """
    Tones and silence are s16le mono; frames cut them without losing a sample.
    """
    tone = film.tone(0.25, 1000, rate=48_000)
    assert len(tone) == 24_000 and len(film.silence(0.5)) == 16_000
    assert b"".join(film.frames(tone, 0.02, rate=48_000)) == tone
    assert [len(frame) for frame in film.frames(film.silence(0.25))] == [3200, 3200, 1600]
