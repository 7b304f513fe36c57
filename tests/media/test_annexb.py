"""H.264 from outside: where a decoder can begin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.annexb import EntryGate, Unit, scan
from tests.media.material import h264

SPS, PPS = b"\0\0\0\1\x67\x42\xc0\x16", b"\0\0\0\1\x68\xce\x0f"
SEI, AUD = b"\0\0\1\x06\x05\x01\x80", b"\0\0\0\1\x09\x10"
KEY, DELTA = b"\0\0\1\x65\x88\x84\x00\x01", b"\0\0\1\x41\x9a\x00\x02"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (SPS + PPS + KEY, Unit(True, True, True, SPS + PPS)),
        (AUD + SPS + PPS + SEI + KEY, Unit(True, True, True, SPS + PPS)),
        (KEY, Unit(True, True)),
        (DELTA, Unit(True)),
        (AUD + SEI + DELTA + KEY, Unit(True)),
        (SPS + PPS, Unit(sps=True, sets=SPS + PPS)),
        (PPS, Unit(sets=PPS)),
        (b"\0\0" + DELTA, Unit(True)),
        (SEI * 40 + KEY, Unit()),
        (b"", None),
        (b"\0\0\1", None),
        (b"\0\0\1\xe5", None),
        (b"\0\0\0\x1d\x65\x88\x84" + bytes(40), None),
        (b"garbage" + KEY, None),
    ],
)
def test_an_access_unit_says_what_it_is(data, found):
    """Read up to the first slice: picture or not, key frame, parameter sets. What has no start code is no Annex B."""
    assert scan(data) == found


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data):
    """Whatever comes is looked at without an error."""
    scan(data)
    scan(b"\0\0\1" + data)


def test_nothing_passes_before_the_first_entry():
    """Joining in the middle: units pass from a key frame on, whose parameter sets are known."""
    gate = EntryGate()
    assert [gate.take(unit) for unit in (DELTA, KEY, DELTA)] == [None, None, None]
    assert gate.take(SPS + PPS + KEY) == (SPS + PPS + KEY, True)
    assert gate.take(DELTA) == (DELTA, False)


def test_parameter_sets_are_put_where_they_are_missing():
    """Sets that came by themselves, in one message or two, or earlier, go before the next key frame."""
    gate = EntryGate()
    assert [gate.take(unit) for unit in (SPS, PPS)] == [None, None]
    assert gate.take(KEY) == (SPS + PPS + KEY, True)
    assert gate.take(AUD + KEY) == (SPS + PPS + AUD + KEY, True)
    other = SPS + b"\x01"
    gate.take(other + PPS + KEY)
    assert gate.take(KEY) == (other + PPS + KEY, True)


def test_an_sps_is_an_entry_even_without_a_key_frame():
    """Encoders that refresh gradually send no IDR; where they send an SPS one may begin."""
    gate = EntryGate()
    assert gate.take(SPS + PPS + DELTA) == (SPS + PPS + DELTA, True)


def test_after_a_loss_it_waits_again():
    """What follows a dropped unit is of no use before the next entry."""
    gate = EntryGate()
    gate.take(SPS + PPS + KEY)
    gate.lose()
    assert gate.take(DELTA) is None
    assert gate.take(KEY) == (SPS + PPS + KEY, True)


def test_sets_of_absurd_length_are_not_kept():
    """Parameter sets of thousands of bytes are somebody's mischief."""
    gate = EntryGate()
    gate.take(SPS + b"\x55" * 5000)
    assert gate.take(KEY) is None


def test_garbage_is_an_error_for_the_one_who_counts_it():
    """A message without a start code is refused and changes nothing."""
    gate = EntryGate()
    gate.take(SPS + PPS + KEY)
    with pytest.raises(ValueError, match="Annex B"):
        gate.take(b"garbage")
    assert gate.take(DELTA) == (DELTA, False)


def test_a_real_encoder_is_understood():
    """Units of x264: key frames where they were asked for, with and without parameter sets of their own."""
    pytest.importorskip("av", reason="the extra 'video' is not installed")
    gate = EntryGate()
    taken = [gate.take(unit) for unit in h264([50] * 12, gop=5)]
    assert [each and each[1] for each in taken] == [number % 5 == 0 for number in range(12)]
    bare = [scan(unit) for unit in h264([50] * 3, headers=False)]
    assert [unit and unit.key for unit in bare] == [True, False, False]
