"""The live audio socket: labelled frames in, the meeting's sound at 16 kHz out."""

from __future__ import annotations

import base64
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.hosts.base import Person
from server.hosts.meetstream.audio import (
    LONGEST_FRAME,
    RATE,
    VOICES,
    AudioFrame,
    AudioSocket,
    Surplus,
    read_frame,
    read_legacy,
)
from tests.hosts.meetstream.told import NAME, Told, payload, payload_text

FRAMES = payload("live_audio/binary_frames")


def frame(pcm: bytes, name: str = "Marta", speaker_id: str = "user_3") -> bytes:
    """A frame as the vendor builds it."""
    ident, label = speaker_id.encode(), name.encode()
    return struct.pack("<BH", 1, len(ident)) + ident + struct.pack("<H", len(label)) + label + pcm


def tone(samples: int, at: int = 0) -> bytes:
    """440 Hz at 48 kHz, from this sample on."""
    return (8000 * np.sin(2 * np.pi * 440 / RATE * np.arange(at, at + samples))).astype("<i2").tobytes()


def same(one: bytes, other: bytes) -> bool:
    """Whether two sounds are the same, but for the dither of the resampler: one or two steps of 65,536."""
    a, b = (np.frombuffer(pcm, "<i2").astype(int) for pcm in (one, other))
    return a.size == b.size and bool(np.all(np.abs(a - b) <= 2))


class Ear:
    """An audio connection with its sink and a clock that a test turns."""

    def __init__(self, own_name: str = NAME) -> None:
        self.told = Told()
        self.now = 50.0
        self.newest = True
        self.socket = AudioSocket(
            self.told,
            is_own=lambda name: bool(name) and name.casefold() == own_name.casefold(),
            current=lambda: self.newest,
            clock=lambda: self.now,
        )

    def talk(self, seconds: float, *labels: tuple[str, str], pace: float = 1.0) -> None:
        """20 ms frames for so many seconds, for each label at once; `pace` is real time against sound."""
        for at in range(round(seconds / 0.02)):
            for speaker_id, name in labels:
                self.socket.feed(frame(tone(960, at * 960), name, speaker_id))
            self.now += 0.02 * pace

    @property
    def heard(self) -> bytes:
        return b"".join(pcm for pcm, _ in self.told.sounds)

    @property
    def people(self) -> set[Person | None]:
        return {person for _, person in self.told.sounds}


# ---------------------------------------------------------------- frames


@pytest.mark.parametrize("known", FRAMES["frames"], ids=lambda known: known["description"])
def test_documented_frames(known):
    """Labels and samples are read as documented, whatever their lengths and letters."""
    found = read_frame(bytes.fromhex(known["frame_hex"]))
    decoded = known["decoded"]
    assert (found.speaker_id, found.name) == (decoded["speaker_id"], decoded["speaker_name"])
    assert list(np.frombuffer(found.pcm, "<i2")) == decoded["samples"]


def test_malformed_frames_are_dropped_and_counted():
    """An unknown type or a length past the end loses that frame only; half a sample at the end is left out."""
    ear = Ear()
    for known in FRAMES["malformed"]:
        ear.socket.feed(bytes.fromhex(known["frame_hex"]))
    assert ear.told.counts == {"audio-malformed": 3}
    ear.talk(0.2, ("user_3", "Marta"))
    assert len(ear.heard) > 0
    assert read_frame(bytes.fromhex(FRAMES["malformed"][-1]["frame_hex"])).pcm == b"\x05\x00"


@given(st.text(max_size=40), st.text(max_size=40), st.binary(max_size=60))
def test_whatever_is_framed_is_read_again(speaker_id, name, pcm):
    """Any labels and any sound survive the framing, apart from outer blanks and half a sample."""
    speaker_id, name = (text.encode("utf-8", "replace").decode() for text in (speaker_id, name))
    found = read_frame(frame(pcm, name, speaker_id))
    assert found == AudioFrame(speaker_id.strip(), name.strip(), pcm[: len(pcm) // 2 * 2])


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda rest: b"\x01" + rest))
def test_no_bytes_raise(data):
    """Every message is a frame or none; what is read lies inside the message."""
    ear = Ear()
    ear.socket.feed(data)
    found = read_frame(data)
    assert (found is None) == (ear.told.counts["audio-malformed"] == 1)
    if found is not None:
        assert (len(found.pcm) % 2 == 0 and data.endswith(found.pcm)) or data[:-1].endswith(found.pcm)


@given(
    st.text(max_size=60) | st.sampled_from(['{"type":"PCMChunk"}', '{"type":"PCMChunk","audioData":7}', "[[", "null"])
)
def test_no_text_raises(text):
    """Neither does any text frame."""
    Ear().socket.feed(text)


def test_a_frame_that_is_far_too_large_is_none():
    """A megabyte is ten seconds: no frame of a live sound."""
    assert read_frame(frame(bytes(LONGEST_FRAME))) is None


@pytest.mark.parametrize(
    ("speaker_id", "name", "person"),
    [
        ("user_3", "Marta", Person("user_3", "Marta")),
        ("", "Marta", Person("Marta", "Marta")),
        ("user_3", "NoSpeaker", Person("user_3", "")),
        ("", "NoSpeaker", None),
        ("NoSpeaker", "NoSpeaker", None),
        ("", "", None),
    ],
)
def test_who_is_labelled(speaker_id, name, person):
    """The id tells people apart, the name stands in for it, and NoSpeaker is nobody."""
    assert AudioFrame(speaker_id, name, b"").person == person


# ---------------------------------------------------------------- what is heard


def test_ready_says_nothing():
    """The handshake and other messages without sound are neither heard nor counted."""
    ear = Ear()
    ear.socket.feed(payload_text("live_audio/ready"))
    ear.socket.feed('{"type": "something new"}')
    assert not ear.told.sounds and not ear.told.counts
    ear.socket.feed("no json")
    assert ear.told.counts == {"audio-malformed": 1}


def test_the_meeting_is_heard_at_16_khz():
    """Frame by frame the sound comes out at a third of the rate, whole, as the meeting's and not one person's."""
    ear = Ear()
    ear.talk(1.0, ("user_3", "Marta"))
    got = np.frombuffer(ear.heard, "<i2").astype(float)
    assert abs(got.size - 16_000) < 800 and ear.people == {None}
    spectrum = np.abs(np.fft.rfft(got * np.hanning(got.size)))
    assert abs(np.argmax(spectrum) * 16_000 / got.size - 440) < 2
    assert np.abs(np.diff(got)).max() < 2 * np.pi * 440 / 16_000 * 8000 * 1.1, "a click between two frames"


def test_speakers_do_not_cut_the_mix_apart():
    """The label changes in mid-sound; the sound is one stream all the same."""
    one, two = Ear(), Ear()
    for at in range(50):
        sound = tone(960, at * 960)
        one.socket.feed(frame(sound, "Marta", "a"))
        two.socket.feed(frame(sound, ["Marta", "Otto", "NoSpeaker"][at % 3], "abc"[at % 3]))
    assert same(one.heard, two.heard)


def test_the_legacy_form_is_heard():
    """Base64 in a text frame is the same sound."""
    ear = Ear()
    pcm = tone(4800)
    ear.socket.feed(payload_text("live_audio/legacy_pcm_chunk"))
    ear.socket.feed(
        json.dumps({"type": "PCMChunk", "speakerName": "Otto", "audioData": base64.b64encode(pcm).decode()})
    )
    assert len(ear.heard) > 2500 and not ear.told.counts
    found = read_legacy(payload("live_audio/legacy_pcm_chunk"))
    assert (found.name, len(found.pcm)) == ("Marta Oyelaran", 8)


@pytest.mark.parametrize("data", ["*", "AA=A", 7, None, ["AA=="], "é"])
def test_legacy_sound_that_is_no_base64(data):
    """It is counted and dropped."""
    ear = Ear()
    ear.socket.feed(json.dumps({"type": "PCMChunk", "audioData": data}))
    assert ear.told.counts == {"audio-malformed": 1}


def test_our_own_voice_is_silence():
    """What carries exactly the bot's name, in any letter case, is not heard, but its time passes."""
    ear = Ear()
    ear.talk(0.5, ("bot", NAME.upper()))
    assert same(ear.heard, bytes(len(ear.heard))) and abs(len(ear.heard) - 16_000) < 2000
    ear.talk(0.5, ("user_3", f"{NAME} Jones"))
    assert not same(ear.heard, bytes(len(ear.heard))), "a longer name is a person"


def test_a_nameless_bot_hears_nameless_sound():
    """An empty name is nobody's, not ours."""
    ear = Ear(own_name="")
    ear.talk(0.5, ("", ""))
    assert not same(ear.heard, bytes(len(ear.heard)))


def test_only_the_newest_connection_is_heard():
    """While an old connection lingers beside its successor nothing is heard twice."""
    ear = Ear()
    ear.newest = False
    ear.talk(0.1, ("user_3", "Marta"))
    assert not ear.told.sounds and ear.told.counts == {"audio-replaced": 5}
    ear.socket.close()
    ear.socket.close()


# ---------------------------------------------------------------- is it mixed?


def test_mixed_sound_stays_mixed():
    """One meeting's sound, whoever is labelled, comes as fast as time passes: it is never taken for single voices."""
    ear = Ear()
    for turn in range(20):
        ear.talk(1.5, ("user_3", "Marta") if turn % 2 else ("user_9", "Otto"))
    assert ear.people == {None}


def test_single_voices_are_noticed():
    """When two people's sound covers the same time for long, each frame becomes that person's own sound."""
    ear = Ear()
    both = (("user_3", "Marta"), ("user_9", "Otto"))
    ear.talk(20, *both)
    assert ear.people == {None, Person("user_3", "Marta"), Person("user_9", "Otto")}
    ear.told.sounds.clear()
    ear.talk(1, *both, ("bot", NAME), ("", "NoSpeaker"))
    assert ear.people == {None, Person("user_3", "Marta"), Person("user_9", "Otto")}
    otto = b"".join(pcm for pcm, person in ear.told.sounds if person and person.name == "Otto")
    marta = b"".join(pcm for pcm, person in ear.told.sounds if person and person.name == "Marta")
    assert same(otto, marta) and abs(len(otto) - 32_000) < 2000


def test_a_backlog_is_not_two_voices():
    """Sound that was held up and comes at once is more than time passed, but only once."""
    ear = Ear()
    for _ in range(4):
        ear.talk(5, ("user_3", "Marta"), pace=0.1)
        ear.talk(30, ("user_9", "Otto"))
    assert ear.people == {None}


def test_one_voice_too_fast_is_not_two():
    """A clock that runs wrong does not make single voices out of one."""
    ear = Ear()
    ear.talk(60, ("user_3", "Marta"), pace=0.5)
    assert ear.people == {None}


def test_voices_are_bounded():
    """Any number of labels keeps a bounded number of streams."""
    ear = Ear()
    ear.talk(20, ("a", "A"), ("b", "B"))
    for at in range(VOICES * 3):
        ear.socket.feed(frame(tone(960), f"N{at}", f"id-{at}"))
    assert len(ear.socket._voices) == VOICES


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b"]), st.floats(0, 2), st.floats(0, 2)), max_size=60))
def test_the_surplus_is_never_found_in_slow_sound(steps):
    """Sound that comes no faster than time is mixed, whatever its labels."""
    surplus, now = Surplus(), 0.0
    for label, seconds, more in steps:
        now += seconds + more
        surplus.add(label, seconds, now)
    assert not surplus.found
