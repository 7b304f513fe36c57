"""Fragmented MP4 cut into parts: nothing lost, nothing moved, key frames known."""

from __future__ import annotations

import io
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.fmp4 import BoxReader, Fmp4Error, Part, Splitter

KINDS = [b"ftyp", b"moov", b"styp", b"sidx", b"free", b"moof", b"mdat", b"mfra", b"uuid"]


def box(kind: bytes, payload: bytes = b"", *, large: bool = False) -> bytes:
    """One box, with a 32-bit or a 64-bit size."""
    if large:
        return struct.pack(">I4sQ", 1, kind, 16 + len(payload)) + payload
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The bytes cut at these places."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def split(chunks: list[bytes], **more: int) -> list[Part]:
    """All parts of a stream that came in these pieces."""
    splitter = Splitter(**more)
    found = [part for chunk in chunks for part in splitter.feed(chunk)]
    return found + splitter.finish()


def kinds(parts: list[Part]) -> list[str]:
    return [part.kind for part in parts]


boxes = st.lists(st.tuples(st.sampled_from(KINDS), st.binary(max_size=40), st.booleans()), max_size=12)
cuts = st.lists(st.integers(0, 2000), max_size=20)


@given(boxes, cuts)
def test_any_cutting_gives_the_same_parts_and_every_byte(made, where):
    """However a stream is cut into messages, its parts are the same, and together they are the stream."""
    data = b"".join(box(kind, payload, large=large) for kind, payload, large in made)
    whole = split([data])
    assert split(pieces(data, where)) == whole
    assert b"".join(part.data for part in whole) == data


@given(boxes, cuts)
def test_any_cutting_gives_the_same_boxes(made, where):
    """The top-level boxes do not depend on the cutting either, nor on the width of their sizes."""
    data = b"".join(box(kind, payload, large=large) for kind, payload, large in made)
    reader = BoxReader()
    found = [each for chunk in pieces(data, where) for each in reader.feed(chunk)]
    assert [(each.type, each.data[each.head :]) for each in found] == [(kind, payload) for kind, payload, _ in made]
    assert reader.take_rest() == b""


@given(st.binary(max_size=300), cuts, st.booleans())
def test_no_bytes_are_lost_in_garbage(data, where, seeded):
    """Whatever comes, the parts, the rest in the error and what is fed afterwards are all of it, in order."""
    splitter = Splitter(init=data if seeded else b"")
    out = b""
    for chunk in pieces(data, where):
        try:
            out += b"".join(part.data for part in splitter.feed(chunk))
        except Fmp4Error as error:
            out += b"".join(part.data for part in error.parts) + error.rest
    assert out + b"".join(part.data for part in splitter.finish()) == data


def test_fragments_take_what_stands_before_them():
    """styp, sidx and free belong to the fragment that follows; an index at the end is a part of its own."""
    stream = [
        box(b"ftyp"), box(b"free"), box(b"moov"),
        box(b"styp"), box(b"sidx"), box(b"moof"), box(b"mdat", b"1"),
        box(b"moof"), box(b"free"), box(b"mdat", b"2"),
        box(b"mfra"),
    ]  # fmt: skip
    parts = split([b"".join(stream)])
    assert kinds(parts) == ["init", "fragment", "fragment", "other"]
    assert [len(part.data) // 8 for part in parts] == [3, 4, 3, 1]


def test_a_second_beginning_gives_a_second_init():
    """A recorder that begins again in the same stream is followed; what it left unfinished is kept as it was."""
    head = box(b"ftyp") + box(b"moov")
    parts = split([head + box(b"moof") + head + box(b"moof") + box(b"mdat")])
    assert kinds(parts) == ["init", "other", "init", "fragment"]


def test_a_film_without_fragments_is_passed_on():
    """mdat without moof is no fragment and is not held back."""
    parts = split([box(b"mdat", b"x") + box(b"moov")])
    assert kinds(parts) == ["other", "init"]


def test_a_box_to_the_end_ends_with_the_stream():
    """A size of 0 means "to the end": the box is whole when the stream is over."""
    splitter = Splitter()
    assert splitter.feed(box(b"moof") + struct.pack(">I4s", 0, b"mdat") + b"abc") == []
    assert splitter.feed(b"def") == []
    assert [part.data[-6:] for part in splitter.finish()] == [b"abcdef"]
    assert splitter.finish() == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (struct.pack(">I4s", 7, b"moof"), "smaller"),
        (struct.pack(">I4sQ", 1, b"moof", 15), "smaller"),
        (struct.pack(">I4s", 101, b"moof"), "declares"),
        (struct.pack(">I4sQ", 1, b"moof", 2**63), "declares"),
        (b"\x00\x00\x00\x10\x00\x01\x02\x03" + bytes(8), "type"),
        (struct.pack(">I4s", 0, b"mdat") + bytes(200), "too large"),
        (box(b"free", bytes(60)) + box(b"free", bytes(60)), "too large"),
    ],
)
def test_garbage_is_refused_before_it_is_stored(data, reason):
    """Impossible sizes, unreadable types and more than the bound raise, with all bytes in the error."""
    splitter = Splitter(most=100)
    with pytest.raises(Fmp4Error, match=reason) as caught:
        splitter.feed(data)
    assert b"".join(part.data for part in caught.value.parts) + caught.value.rest == data
    with pytest.raises(Fmp4Error) as again:
        splitter.feed(b"more")
    assert again.value.rest == b"more"
    assert splitter.finish() == []


def test_what_was_whole_before_garbage_comes_with_the_error():
    """A fault does not take the parts before it along."""
    good = box(b"ftyp") + box(b"moov")
    with pytest.raises(Fmp4Error) as caught:
        Splitter().feed(good + b"\x00\x00\x00\x01garbage, surely")
    assert [part.data for part in caught.value.parts] == [good]
    assert caught.value.rest.endswith(b"surely")


# ---------------------------------------------------------------- key frames, by hand


def full(kind: bytes, flags: int, *numbers: int) -> bytes:
    """A box with version 0 and flags, made of u32 numbers."""
    return box(kind, struct.pack(f">{1 + len(numbers)}I", flags, *numbers))


def init(trex: int = 0, handler: bytes = b"vide", version: int = 0) -> bytes:
    """An initialisation segment with one track, number 7."""
    times = b"\x00" * (16 if version else 8)
    tkhd = box(b"tkhd", bytes([version, 0, 0, 3]) + times + struct.pack(">I", 7) + bytes(60))
    hdlr = box(b"hdlr", bytes(8) + handler + bytes(12))
    moov = box(b"trak", tkhd + box(b"mdia", hdlr)) + box(b"mvex", full(b"trex", 0, 7, 1, 0, 0, trex))
    return box(b"ftyp", b"iso5") + box(b"moov", moov)


def fragment(*boxes_of_traf: bytes) -> bytes:
    """A fragment with one track's boxes."""
    return box(b"moof", full(b"mfhd", 0, 1) + box(b"traf", b"".join(boxes_of_traf))) + box(b"mdat", b"x")


KEY, NOT_KEY, SYNC = 0x02000000, 0x01010000, 0

CASES = [
    ("first sample flags say so", 0, [full(b"tfhd", 0x20, 7, NOT_KEY), full(b"trun", 0x5, 9, 0, KEY)], True),
    ("first sample flags say no", 0, [full(b"tfhd", 0x20, 7, KEY), full(b"trun", 0x4, 9, NOT_KEY)], False),
    ("a sync sample of unknown dependence", 0, [full(b"tfhd", 0, 7), full(b"trun", 0x4, 9, SYNC)], True),
    ("the sample's own flags", 0, [full(b"tfhd", 0, 7), full(b"trun", 0x701, 1, 8, 100, 200, KEY)], True),
    ("the sample's own flags say no", 0, [full(b"tfhd", 0, 7), full(b"trun", 0x600, 1, 200, NOT_KEY)], False),
    ("all optional fields before the default", 0,
     [full(b"tfhd", 0x3B, 7, 0, 0, 1, 40, 50, KEY), full(b"trun", 0, 1)], True),
    ("an empty run says nothing", 0, [full(b"tfhd", 0, 7), full(b"trun", 0x4, 0, KEY), full(b"trun", 0x4, 1, NOT_KEY)],
     False),
    ("the default of the init", KEY, [full(b"tfhd", 0, 7), full(b"trun", 0, 1)], True),
    ("a default of zero is no word", 0, [full(b"tfhd", 0, 7), full(b"trun", 0, 1)], False),
    ("another track", KEY, [full(b"tfhd", 0, 8), full(b"trun", 0x4, 1, KEY)], False),
    ("no run", KEY, [full(b"tfhd", 0, 7)], False),
]  # fmt: skip


@pytest.mark.parametrize(("trex", "traf", "key"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_counts_as_a_key_frame(trex, traf, key):
    """The first video sample's flags decide, from the nearest place that gives them; not knowing is no key frame."""
    parts = split([init(trex) + fragment(*traf)])
    assert [part.key for part in parts] == [False, key]


def test_sound_is_no_key_frame():
    """Every sample of sound is a sync sample; only video counts."""
    parts = split([init(handler=b"soun") + fragment(full(b"tfhd", 0, 7), full(b"trun", 0x4, 1, KEY))])
    assert not any(part.key for part in parts)


def test_a_known_init_serves_a_stream_without_one():
    """After a reconnect the fragments are understood by the segment that was kept, in both widths of its times."""
    traf = fragment(full(b"tfhd", 0, 7), full(b"trun", 0x4, 1, KEY))
    assert [part.key for part in Splitter(init(version=1)).feed(traf)] == [True]
    assert [part.key for part in Splitter().feed(traf)] == [False]


@given(st.binary(max_size=120), st.binary(max_size=120))
def test_odd_insides_are_no_fault(moov, moof):
    """What stands inside a box is never trusted: cut off or contradictory fields only mean "not known"."""
    data = box(b"moov", moov) + box(b"moof", moof) + box(b"mdat")
    assert kinds(split([data])) == ["init", "fragment"]


@given(st.data())
def test_damaged_films_are_no_fault(data):
    """One changed byte inside a real structure changes at most what is known about key frames."""
    film = bytearray(init(KEY) + fragment(full(b"tfhd", 0x20, 7, NOT_KEY), full(b"trun", 0x5, 9, 0, KEY)))
    film[data.draw(st.integers(0, len(film) - 1))] = data.draw(st.integers(0, 255))
    try:
        parts = split([bytes(film)])
        assert b"".join(part.data for part in parts) == film
    except Fmp4Error:
        pass


# ---------------------------------------------------------------- real films


def film(frames: int = 30, gop: int = 10, **options: str) -> bytes:
    """A real film at 10 frames a second, H.264 and AAC."""
    av = pytest.importorskip("av")
    numpy = pytest.importorskip("numpy")
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options=options) as target:
        video = target.add_stream("libx264", rate=10, options={"g": str(gop), "bf": "0", "sc_threshold": "0"})
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        sound = target.add_stream("aac", rate=44_100)
        sound.layout = "mono"
        for at in range(frames):
            picture = av.VideoFrame.from_ndarray(numpy.full((90, 160, 3), at * 5, numpy.uint8), format="rgb24")
            picture.pts = at
            target.mux(video.encode(picture))
            quiet = av.AudioFrame.from_ndarray(numpy.zeros((1, 4410), numpy.float32), format="fltp", layout="mono")
            quiet.sample_rate, quiet.pts = 44_100, at * 4410
            target.mux(sound.encode(quiet))
        target.mux(video.encode(None))
        target.mux(sound.encode(None))
    return out.getvalue()


def pictures(data: bytes) -> int:
    """How many pictures a decoder finds."""
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(data)) as source:
        return sum(1 for _ in source.decode(video=0))


def test_a_real_film_by_key_frames():
    """With one fragment for each key frame, every fragment is key and decodes after the init alone."""
    data = film(movflags="frag_keyframe+empty_moov+default_base_moof")
    parts = split([data[at : at + 777] for at in range(0, len(data), 777)])
    assert b"".join(part.data for part in parts) == data
    first, *fragments = [part for part in parts if part.kind != "other"]
    pictured = [part for part in fragments if pictures(first.data + part.data)]
    assert first.kind == "init"
    assert sum(part.key for part in fragments) == 3 == len(pictured)
    assert all(part.key for part in pictured)


def test_a_real_film_in_short_fragments():
    """With fragments of a fifth of a second, exactly those that a decoder can begin at are key."""
    data = film(movflags="frag_keyframe+empty_moov+default_base_moof", frag_duration="200000")
    parts = split([data])
    init_part = parts[0]
    keys = [part for part in parts if part.key]
    assert len(keys) == 3
    assert all(pictures(init_part.data + part.data) >= 1 for part in keys)
    assert len([part for part in parts if part.kind == "fragment"]) > 10
