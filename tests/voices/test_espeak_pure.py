"""What of the embedded voice needs no process: names of speakers, marks, parts, frames and the desk."""

import io
import json
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ProviderRefused
from server.voices.base import MouthMark, Sound, WordMark
from server.voices.espeak_helper import Desk
from server.voices.espeak_library import Event
from server.voices.espeak_marks import PART_LIMIT, Words, ends_sentence, parts, shape, speakable
from server.voices.espeak_speaker import DEFAULT, VOICES, Speaker, speaker
from server.voices.espeak_wire import (
    VERSION,
    FrameReader,
    Kind,
    decode_sound,
    encode,
    encode_json,
    encode_sound,
)

# ---------------------------------------------------------------- speakers


def test_a_speaker_is_read_from_a_short_string() -> None:
    """Language, variant, rate and pitch; what is not said has its usual value."""
    assert speaker("en-gb+f2@rate=190,pitch=40", "en") == Speaker(("en+f2",), rate=190, pitch=40)
    assert speaker("en-us", "de") == Speaker(("en-us",))
    assert speaker("+m3@rate=150", "fr") == Speaker(("fr+m3", "en-us+m3"), rate=150)


def test_the_default_speaks_the_language_of_the_text() -> None:
    """A plain code takes the default's region, another language its own voice with the default's variant."""
    assert speaker("", "en") == speaker(DEFAULT, "en")
    assert speaker("", "en-GB").names[0] == "en+f2"
    assert speaker("", "de-AT").names == ("de-at+f2", "de+f2", "en-us+f2")
    assert speaker("", "zh-CN").names[0] == "cmn+f2"


@given(st.text(max_size=30), st.text(max_size=12))
def test_any_name_is_read_or_refused(voice: str, language: str) -> None:
    """No name becomes a path or anything else than a voice file's name, whatever the language code."""
    try:
        who = speaker(voice, language)
    except ProviderRefused:
        return
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-+_ABCDEFGHIJKLMNOPQRSTUVWXYZ") for name in who.names
    )
    assert 80 <= who.rate <= 450 and 0 <= who.pitch <= 99


def test_all_named_speakers_are_well_formed() -> None:
    """Every entry of VOICES is in the syntax, and none is there twice."""
    assert len({speaker(voice, "en") for voice in VOICES}) == len(VOICES)


# ---------------------------------------------------------------- marks and parts


@given(st.text(max_size=2000))
def test_parts_are_the_text(text: str) -> None:
    """The parts put together are the text, each begins where it says, and none is too long."""
    found = parts(text)

    assert "".join(part for _, part in found) == text
    assert all(text[at : at + len(part)] == part and 0 < len(part) <= PART_LIMIT for at, part in found)


def test_parts_end_where_sentences_end() -> None:
    """A new part begins after a sentence of some length, not at an abbreviation or a number."""
    text = "We met Dr. Who e.g. at 3.5 o'clock in the large room downstairs. Then we left. Nobody minded it at all."

    assert [part for _, part in parts(text)] == [
        "We met Dr. Who e.g. at 3.5 o'clock in the large room downstairs. ",
        "Then we left. Nobody minded it at all.",
    ]


@given(st.text(max_size=200), st.lists(st.integers(-5, 250), max_size=40))
def test_words_begin_once_and_in_order(text: str, offsets: list[int]) -> None:
    """Whatever offsets eSpeak gives, the words found are real words of the text, each once, in order."""
    words = Words(text)
    found = [word for word in map(words.at, offsets) if word is not None]

    assert found == sorted(set(found))
    assert all(length > 0 and text[at : at + length].strip() == text[at : at + length] for at, length in found)


@given(st.text(alphabet=st.characters(), max_size=200))
def test_cleaning_keeps_every_offset(text: str) -> None:
    """What eSpeak must not see is replaced one for one, and what is left can be encoded."""
    clean = speakable(text)

    assert len(clean) == len(text)
    assert b"\0" not in clean.encode()


@pytest.mark.parametrize(
    ("phoneme", "expected"),
    [("m", "closed"), ("ˈɑː", "open"), ("aʊ", "open"), ("iː", "wide"), ("uː", "round"), ("f", "teeth"), ("θ", "teeth"),
     ("", "rest"), ("k", None), ("h", None), ("dʒ", "teeth"), ("ɹ", "round")],
)  # fmt: skip
def test_phonemes_have_shapes(phoneme: str, expected: str | None) -> None:
    """An IPA phoneme shows on the mouth; some do not and leave it as it is."""
    assert shape(phoneme) == expected


def test_a_pause_follows_a_sentence_only() -> None:
    """A piece that ends in the middle of a sentence must not sound finished."""
    assert ends_sentence('He said "yes." ') and ends_sentence("本当？")
    assert not ends_sentence("and then,") and not ends_sentence("")


# ---------------------------------------------------------------- frames


@given(st.lists(st.tuples(st.sampled_from(Kind), st.integers(0, 2**32 - 1), st.binary(max_size=50))), st.data())
def test_frames_survive_any_split(frames: list[tuple[Kind, int, bytes]], data: st.DataObject) -> None:
    """However the stream is cut, the same frames come out."""
    stream = b"".join(encode(*frame) for frame in frames)
    reader, found, at = FrameReader(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 40))
        found += reader.feed(stream[at : at + size])
        at += size

    assert [(frame.kind, frame.request, frame.payload) for frame in found] == frames


def test_a_sound_survives_the_wire() -> None:
    """Marks and PCM come out as they went in."""
    sound = Sound(b"\1\2\3\4", (WordMark(3, 5, 1000),), (MouthMark("closed", 7), MouthMark("rest", 9)))
    (frame,) = FrameReader().feed(encode_sound(3, sound))

    assert decode_sound(frame.payload) == sound


def test_a_stream_out_of_step_is_noticed() -> None:
    """A length that cannot be is an error, not a wait for four gigabytes."""
    with pytest.raises(ValueError, match="length"):
        FrameReader().feed(struct.pack(">IBI", 2**31, 1, 1))
    with pytest.raises(ValueError, match="42"):
        FrameReader().feed(struct.pack(">IBI", 5, 42, 1))
    assert FrameReader().feed(encode_json(Kind.HELLO, 0, {"version": VERSION}))[0].kind is Kind.HELLO


# ---------------------------------------------------------------- the desk


class Engine:
    """Stands for eSpeak: 60 ms of noise per character, and what happens at each chunk."""

    def __init__(self) -> None:
        self.chunks = 0
        self.order: list[str] = []
        self.at_chunk: dict[int, Callable[[], None]] = {}

    def choose(self, name: str, rate: int, pitch: int) -> bool:
        return name != "nobody"

    def synthesise(self, text: str, sink: Callable[[bytes, list[Event]], bool], *, end_pause: bool) -> None:
        self.order.append(text.strip())
        for _ in text:
            self.chunks += 1
            self.at_chunk.get(self.chunks, lambda: None)()
            if not sink(b"\x10\x27" * 1323, []):
                return


class Bench:
    """A desk with an engine, run until it has nothing left that it may do."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.out = io.BytesIO()
        self.desk = Desk(self.engine, self.out)  # type: ignore[arg-type]

    def say(self, op: str, number: int, **more: object) -> None:
        message = {"op": op, "id": number, **more}
        if op == "speak":
            message = {"names": ["x"], "rate": 170, "pitch": 50, "credit": 10**9, **message}
        self.desk.receive(json.dumps(message).encode())

    def run(self) -> dict[int, int]:
        """Bytes of sound per request in all that was written so far."""
        while (request := self.desk._next()) is not None:
            self.desk._requests[request.number] = self.desk._requests.pop(request.number)
            self.desk._work(request)
        return self.sound()

    def frames(self) -> list[tuple[Kind, int]]:
        return [(frame.kind, frame.request) for frame in FrameReader().feed(self.out.getvalue())]

    def sound(self) -> dict[int, int]:
        sizes: dict[int, int] = {}
        for frame in FrameReader().feed(self.out.getvalue()):
            if frame.kind is Kind.SOUND:
                sizes[frame.request] = sizes.get(frame.request, 0) + len(decode_sound(frame.payload).pcm)
        return sizes


def test_cancelling_stops_the_engine_at_the_next_chunk() -> None:
    """A cancel that arrives in mid-synthesis is the last thing the engine hears of that request."""
    bench = Bench()
    bench.engine.at_chunk[3] = lambda: bench.say("cancel", 1)
    bench.say("speak", 1, text="x" * 300)
    bench.run()

    assert bench.engine.chunks == 3
    assert (Kind.DONE, 1) not in bench.frames()


def test_no_more_sound_than_credit() -> None:
    """Sound stops within one frame of the credit, and goes on exactly where it stopped."""
    bench = Bench()
    bench.say("speak", 1, text="x" * 300, credit=20_000)
    assert 20_000 <= bench.run()[1] < 20_000 + 9_600 + 2 * 1441 * 2
    assert (Kind.DONE, 1) not in bench.frames()
    bench.say("more", 1, bytes=10**9)

    assert bench.run()[1] == 300 * 1440 * 2
    assert bench.frames()[-1] == (Kind.DONE, 1)


def test_a_new_request_goes_first_and_the_others_take_turns() -> None:
    """Parts of different requests alternate; one that has made no sound yet overtakes them."""
    bench = Bench()
    sentence = "X" * 70 + "{}. "
    bench.say("speak", 1, text=sentence.format("A1") + sentence.format("A2") + sentence.format("A3"))
    bench.say("speak", 2, text=sentence.format("B1") + sentence.format("B2"))
    bench.engine.at_chunk[160] = lambda: bench.say("speak", 3, text="C.")
    bench.run()

    assert [text.strip("X.") for text in bench.engine.order] == ["A1", "B1", "A2", "C", "B2", "A3"]


def test_an_unknown_voice_is_an_error_of_its_request() -> None:
    """The error names its request and the desk goes on."""
    bench = Bench()
    bench.say("speak", 1, text="hello", names=["nobody"])
    bench.say("speak", 2, text="hello")
    bench.run()

    assert (Kind.ERROR, 1) in bench.frames() and (Kind.DONE, 2) in bench.frames()


@pytest.mark.parametrize("line", [b"{", b"[]", b"{}", b'{"op":"speak","id":1}', b'{"op":"speak","id":"x"}'])
def test_a_malformed_line_is_an_error(line: bytes) -> None:
    """The process ends rather than guess."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        Bench().desk.receive(line)
