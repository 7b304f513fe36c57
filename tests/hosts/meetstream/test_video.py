"""The live video socket: every byte in order, pings answered first, an end however it comes."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.hosts.base import Person
from server.hosts.meetstream.video import EARLY, FILMS, LONGEST_INIT, Films, VideoSocket
from tests.hosts.meetstream.told import BOT, Told, payload, payload_text
from tests.media.test_fmp4 import box

INIT = box(b"ftyp", b"iso5") + box(b"moov", b"insides")
START = payload_text("live_video/video_stream_start")
END = payload_text("live_video/video_stream_end")
REPLAY = payload("live_video/session_replay")


def fragment(at: int) -> bytes:
    return box(b"moof", bytes([at])) + box(b"mdat", bytes([at]) * 50)


class Eye:
    """The video connections of one seat."""

    def __init__(self) -> None:
        self.told = Told()
        self.sent: list[dict[str, Any]] = []
        self.order: list[str] = []
        self.films = Films()
        self.ms = 1_802_352_001_037
        self.told_see = self.told.see
        self.told.see = self._see  # type: ignore[method-assign]

    def _see(self, picture: Any) -> None:
        self.order.append("picture")
        self.told_see(picture)

    def _send(self, text: str) -> None:
        self.order.append("pong")
        self.sent.append(json.loads(text))

    def connect(self) -> VideoSocket:
        return VideoSocket(self.told, self._send, self.films, clock_ms=lambda: self.ms)


def feed(socket: VideoSocket, *messages: str | bytes) -> None:
    for message in messages:
        socket.feed(message)


def test_a_recorded_session():
    """Played message by message: the film is whole to the byte, every ping has its pong, and the end is an end."""
    eye = Eye()
    socket = eye.connect()
    pongs = []
    for message in REPLAY["messages"]:
        if message["direction"] == "to_bot":
            pongs.append({**message["json"], "server_received_at_ms": eye.ms})
            assert eye.sent == pongs, "the pong is there before the next message is read"
        else:
            socket.feed(base64.b64decode(message["base64"]) if "base64" in message else json.dumps(message["json"]))
    assert eye.sent == pongs and len(pongs) >= 2
    assert len(eye.told.film) == REPLAY["total_bytes"]
    assert hashlib.sha256(eye.told.film).hexdigest() == REPLAY["sha256"]
    assert all((p.person, p.source, p.coding) == (None, "stage", "fmp4") for p in eye.told.pictures)
    assert eye.told.blinds == [(None, "stage")] and not eye.told.counts


def test_whole_parts_go_on():
    """However the stream is cut, its beginning and each fragment go on whole, so that one may be left out."""
    eye, walk = Eye(), payload("live_video/fmp4_box_walk")
    socket = eye.connect()
    feed(socket, START, *(bytes.fromhex(message) for message in walk["websocket_binary_messages_hex"]))
    init, media = walk["expected_init_segment"], walk["expected_media_segments"][0]
    assert [len(picture.data) for picture in eye.told.pictures] == [init["size"], media["size"]]
    assert eye.told.film.hex() == walk["stream_hex"]


# ---------------------------------------------------------------- pings


def test_a_ping_is_answered_before_anything_else():
    """The pong goes out while the message is being read, unchanged but for our clock."""
    eye = Eye()
    socket = eye.connect()
    feed(socket, START, INIT, payload_text("live_video/video_latency_ping"), fragment(1))
    assert eye.order == ["picture", "pong", "picture"]
    documented = payload("live_video/video_latency_pong")
    assert eye.sent[0] == {**documented, "server_received_at_ms": eye.ms}


def test_a_ping_is_answered_at_any_time():
    """Before the start, after the end, and without an id of its own: the liveness of the connection depends on it."""
    eye = Eye()
    socket = eye.connect()
    bare = json.dumps({"type": "video_latency_ping", "seq": 1, "sent_at_ms": 2})
    feed(socket, bare, START, bare, END, bare)
    assert [pong["bot_id"] for pong in eye.sent] == [None, BOT, BOT]


@pytest.mark.parametrize("value", ["seventeen", 1.5, None, True, 10**30])
def test_odd_values_in_a_ping_come_back(value):
    """They are echoed, whatever they are."""
    eye = Eye()
    eye.connect().feed(json.dumps({"type": "video_latency_ping", "seq": value, "sent_at_ms": value}))
    assert eye.sent[0]["seq"] == value and eye.sent[0]["sent_at_ms"] == value


@pytest.mark.parametrize("value", ["1e999", "NaN", "[1]", '{"a": 1}'])
def test_values_that_json_cannot_carry_back(value):
    """A ping with an impossible value is answered all the same, with none."""
    eye = Eye()
    eye.connect().feed(f'{{"type": "video_latency_ping", "seq": {value}, "sent_at_ms": 5}}')
    assert (eye.sent[0]["seq"], eye.sent[0]["sent_at_ms"]) == (None, 5)


# ---------------------------------------------------------------- beginning and end


def test_bytes_before_the_start_are_used():
    """The first bytes may come before the start message; they are the ones without which nothing decodes."""
    eye = Eye()
    socket = eye.connect()
    feed(socket, INIT, fragment(1)[:10])
    assert not eye.told.pictures
    feed(socket, START, fragment(1)[10:])
    assert eye.told.film == INIT + fragment(1)


def test_bytes_without_a_start_are_dropped():
    """A connection that never says what it is leaves nothing behind."""
    eye = Eye()
    socket = eye.connect()
    feed(socket, INIT, fragment(1))
    socket.close()
    assert not eye.told.pictures and not eye.told.blinds


def test_too_many_early_bytes_are_dropped():
    """What waits for a start is bounded; beyond it the film can only begin with the next start."""
    eye = Eye()
    socket = eye.connect()
    for _ in range(EARLY // 65536 + 2):
        socket.feed(bytes(65536))
    assert eye.told.counts["video-early"] == 1 and len(socket._early) == 0
    feed(socket, START, INIT, fragment(1))
    assert eye.told.film == INIT + fragment(1)


@pytest.mark.parametrize("ending", ["said", "unsaid", "both", "twice"])
def test_the_end_comes_once(ending):
    """Said, unsaid or both: what was not whole goes on as it is, and the source is blind, once."""
    eye = Eye()
    socket = eye.connect()
    feed(socket, START, INIT, fragment(1), fragment(2)[:20])
    if ending in ("said", "both", "twice"):
        socket.feed(END)
    if ending == "twice":
        socket.feed(END)
    if ending != "said":
        socket.close()
    if ending != "unsaid":
        socket.close()
    assert eye.told.film == INIT + fragment(1) + fragment(2)[:20]
    assert eye.told.blinds == [(None, "stage")]


def test_bytes_after_the_end_are_counted():
    """The film is over; what follows belongs to none."""
    eye = Eye()
    socket = eye.connect()
    feed(socket, START, INIT, END, fragment(1))
    assert eye.told.film == INIT and eye.told.counts == {"video-late": 1}


def test_a_second_start_is_a_new_film():
    """A recorder that begins again on the same connection ends the film before."""
    eye = Eye()
    socket = eye.connect()
    feed(socket, START, INIT, fragment(1), START, INIT, fragment(2))
    assert eye.told.film == INIT + fragment(1) + INIT + fragment(2)
    assert eye.told.blinds == [(None, "stage")]


# ---------------------------------------------------------------- coming back


def test_a_reconnect_with_its_own_beginning():
    """It replaces what was kept."""
    eye = Eye()
    one, two, other = eye.connect(), eye.connect(), box(b"ftyp") + box(b"moov", b"changed")
    feed(one, START, INIT, fragment(1))
    one.close()
    feed(two, START, other, fragment(2))
    two.close()
    three = eye.connect()
    feed(three, START, fragment(3))
    assert eye.told.film == INIT + fragment(1) + other + fragment(2) + other + fragment(3)


@pytest.mark.parametrize("first", [fragment(2), fragment(2)[5:], b"\x00\x00\x00\x03rubbish"])
def test_a_reconnect_without_a_beginning(first):
    """What was kept goes first, so that a new decoder may begin there, even before bytes that are no boxes."""
    eye = Eye()
    one, two = eye.connect(), eye.connect()
    feed(one, START, INIT, fragment(1))
    one.close()
    feed(two, START, first)
    two.close()
    assert eye.told.film == INIT + fragment(1) + INIT + first


def test_a_film_without_any_beginning():
    """It goes on as it comes, and that nothing can decode it is counted."""
    eye = Eye()
    feed(eye.connect(), START, fragment(1), fragment(2))
    assert eye.told.film == fragment(1) + fragment(2) and eye.told.counts == {"video-no-init": 1}


def test_the_newest_connection_wins():
    """While an old connection lingers, its bytes are counted and dropped, and its end does not end the film."""
    eye = Eye()
    one, two = eye.connect(), eye.connect()
    feed(one, START, INIT, fragment(1)[:20])
    feed(two, START, INIT, fragment(2))
    feed(one, fragment(3), END)
    one.close()
    assert eye.told.film == INIT + INIT + fragment(2)
    assert eye.told.counts == {"video-replaced": 1} and not eye.told.blinds
    feed(two, END)
    assert eye.told.blinds == [(None, "stage")]


def test_speakers_have_films_of_their_own():
    """With the optional speaker fields each connection is that person's film, with its own beginning."""
    eye = Eye()
    marta = payload_text("live_video/video_stream_start.with_speaker_fields")
    otto = json.dumps({"type": "video_stream_start", "speakerName": "Otto Lind"})
    one, two = eye.connect(), eye.connect()
    other = box(b"ftyp") + box(b"moov", b"otto")
    feed(one, marta, INIT)
    feed(two, otto, other, fragment(1))
    feed(one, fragment(2))
    one.close()
    feed(again := eye.connect(), marta, fragment(3))
    people = {picture.person for picture in eye.told.pictures}
    assert people == {Person("spk_08", "Marta Oyelaran"), Person("Otto Lind", "Otto Lind")}
    films = [p.data for p in eye.told.pictures if p.person.name == "Marta Oyelaran"]
    assert films == [INIT, fragment(2), INIT, fragment(3)]
    assert eye.told.blinds == [(Person("spk_08", "Marta Oyelaran"), "stage")]
    again.close()


def test_what_is_kept_is_bounded():
    """Neither many speakers nor enormous beginnings are kept for ever."""
    films = Films()
    for at in range(FILMS * 2):
        films.keep(f"speaker {at}", b"x")
    assert len(films._inits) == FILMS and films.init("speaker 0") == b""
    films.keep("big", bytes(LONGEST_INIT + 1))
    assert films.init("big") == b""


# ---------------------------------------------------------------- whatever comes


def test_garbage_is_passed_on_and_counted_once():
    """No byte is lost: what is no MP4 goes on as it is, and a recording shows what came."""
    eye = Eye()
    socket = eye.connect()
    rubbish = [b"\x00\x00\x00\x02none", b"more", b"", fragment(1)]
    feed(socket, START, INIT, *rubbish)
    socket.close()
    assert eye.told.film == INIT + b"".join(rubbish)
    assert eye.told.counts == {"video-garbled": 1} and eye.told.blinds


@pytest.mark.parametrize("text", ["", "no json", "[]", "7", '"text"', "[" * 10_000, "x" * 2_000_000])
def test_odd_texts_are_counted(text):
    """A text frame that is no object is counted; the film goes on."""
    eye = Eye()
    socket = eye.connect()
    feed(socket, START, text, INIT)
    assert eye.told.counts == {"video-malformed": 1} and eye.told.film == INIT


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([START, END, INIT, fragment(1), "{}", '{"type": "new"}', '{"type": []}']),
            st.text(max_size=30),
        ),
        max_size=20,
    ),
    st.lists(st.integers(0, 2), max_size=20),
)
def test_no_message_raises(messages, which):
    """Any messages on any of three connections: nothing raises, and each film that began ends exactly once."""
    eye = Eye()
    sockets = [eye.connect() for _ in range(3)]
    for at, message in enumerate(messages):
        sockets[which[at % len(which)] if which else 0].feed(message)
    for socket in sockets:
        socket.close()
    assert len(eye.told.blinds) <= sum(1 for message in messages if message == START)
    assert not eye.films._newest


@given(st.lists(st.integers(0, 400), max_size=12), st.integers(0, 400))
def test_any_cutting_and_any_disconnect(cuts, end):
    """Wherever the stream is cut into messages and wherever it breaks off, the bytes are those that came, in order."""
    stream = (INIT + b"".join(fragment(at) for at in range(5)))[:end]
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    eye = Eye()
    socket = eye.connect()
    feed(socket, START, *(stream[edges[at] : edges[at + 1]] for at in range(len(edges) - 1)))
    socket.close()
    assert eye.told.film == stream
