"""What comes over Recall.ai's real-time sockets and webhooks, and what the sink is told of it."""

import base64
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.events import ChatSaid, Heard, PersonLeft, PersonSeen, PersonShares
from server.core.transcript import Word
from server.hosts.base import Person, Picture
from server.hosts.recall.realtime import LARGEST_MESSAGE, MOST_CARRIED, Receiver
from tests.hosts.recall.told import Told, payload

IRIS = Person("11", "Iris Vale", True)
OTTO = Person("12", "Otto Lind", False)


def told(*messages):
    """What the sink was told after these messages, as text frames of one connection."""
    sink = Told()
    receiver = Receiver(sink)
    for message in messages:
        receiver.feed(json.dumps(message))
    receiver.close()
    receiver.close()
    return sink


def heard(**more):
    """The sentence of the payloads, as the core hears it."""
    said = [("Shall", 20.1, 20.4), ("we", 20.4, 20.52), ("ship", 20.52, 20.9), ("on", 20.9, 21.0)]
    said.append(("Friday?", 21.0, 21.62))
    facts = {
        "speaker": "Iris Vale",
        "text": "Shall we ship on Friday?",
        "final": True,
        "speaker_id": "11",
        "start": 20.1,
        "end": 21.62,
        "words": tuple(Word(*word) for word in said),
        "language": "en",
        "source": "host",
    }
    return Heard(**(facts | more))


def buffer_of(name):
    """The decoded buffer of a media payload."""
    return base64.b64decode(payload(name)["data"]["data"]["buffer"])


EFFECTS = {
    "transcript.data": [("tell", heard())],
    "transcript.data.captions": [
        ("tell", heard(speaker="Otto Lind", speaker_id="12", start=20.0, end=22.0, language="",
                       words=(Word("Shall we ship on Friday?", 20.0, 22.0),)))
    ],
    "transcript.data.unattributed": [
        ("tell", heard(speaker="", speaker_id="", text="late again sorry", start=0.0, end=0.9,
                       words=(Word("late", 0.0, 0.4), Word("again", 0.4, 0.9), Word("sorry", 0.9, None))))
    ],
    "transcript.partial_data": [
        ("tell", heard(text="Shall we shi", final=False, end=20.52,
                       words=(Word("Shall", 20.1, 20.4), Word("we", 20.4, 20.52), Word("shi", 20.52, None))))
    ],
    "participant_events.join": [("tell", PersonSeen("12", "Otto Lind", False))],
    "participant_events.update": [("tell", PersonSeen("12", "Otto Lind (Design)", False))],
    "participant_events.leave": [("tell", PersonLeft("12"))],
    "participant_events.webcam_on": [("tell", PersonShares("12", "webcam", True))],
    "participant_events.webcam_off": [("tell", PersonShares("12", "webcam", False)), ("blind", OTTO, "webcam")],
    "participant_events.screenshare_on": [("tell", PersonShares("11", "screenshare", True))],
    "participant_events.screenshare_off": [
        ("tell", PersonShares("11", "screenshare", False)), ("blind", IRIS, "screenshare")
    ],
    "participant_events.chat_message": [
        ("tell", ChatSaid("Iris Vale", "@parley when did we last ship?", "11", False, "11@2027-03-08T09:00:55.250000Z"))
    ],
    "participant_events.chat_message.dm": [
        ("tell", ChatSaid("Ruth Amadi", "please be quiet for a while", "33554944", True,
                          "33554944@2027-03-08T09:01:02.500000Z"))
    ],
    "audio_mixed_raw.data": [("hear", buffer_of("audio_mixed_raw.data"), None, 14.5)],
    "audio_separate_raw.data": [("hear", buffer_of("audio_separate_raw.data"), IRIS, 14.5)],
    "video_separate_png.data": [
        ("see", Picture(OTTO, "webcam", "png", buffer_of("video_separate_png.data"), 18.0))
    ],
    "video_separate_png.data.screenshare": [
        ("see", Picture(IRIS, "screenshare", "png", buffer_of("video_separate_png.data.screenshare"), 18.5))
    ],
    "video_separate_h264.data": [
        ("see", Picture(OTTO, "webcam", "h264", buffer_of("video_separate_h264.data"), 18.0))
    ],
    "video_separate_h264.data.delta": [
        ("see", Picture(OTTO, "webcam", "h264", buffer_of("video_separate_h264.data.delta"), 18.1))
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("form", ["text", "bytes", "posted", "flat", "type for event"])
def test_every_kind_has_its_effect(name, form):
    """Each kind of message tells the sink exactly this: as text, bytes or webhook, in both envelopes."""
    message = payload(name)
    if form == "flat":
        message["data"] |= message["data"].pop("data")
    if form == "type for event":
        message["type"] = message.pop("event")
    sink = Told()
    receiver = Receiver(sink)
    if form == "posted":
        receiver.take(message)
    else:
        text = json.dumps(message)
        receiver.feed(text.encode() if form == "bytes" else text)
    assert sink.calls == EFFECTS[name]
    assert not sink.counts


@pytest.mark.parametrize("name", ["participant_events.speech_on", "participant_events.speech_off"])
def test_the_activity_light_is_only_a_hint(name):
    """Nobody's turn begins or ends by the platform's activity light: it is counted and told to nobody."""
    sink = told(payload(name))
    assert sink.calls == []
    assert sink.counts == {"speech-hint": 1}


def test_the_misprinted_event_is_known():
    """`participant_event.join`, as a sample of the vendor writes it, is a join."""
    assert (
        told(payload("participant_events.join") | {"event": "participant_event.join"}).calls
        == EFFECTS["participant_events.join"]
    )


def test_an_event_without_its_bot_is_read():
    """Bot, recording, endpoint and the stored artifact may all be missing."""
    message = payload("transcript.data")
    message["data"] = {"data": message["data"]["data"], "bot": None}
    assert told(message).calls == EFFECTS["transcript.data"]


@pytest.mark.parametrize(
    "event", ["transcript.done", "participant_events.done", "transcript.provider_data", "bot.done", "", None, 7]
)
def test_other_events_are_counted(event):
    """Events of the dashboard with the same beginning, unknown ones and odd names tell nothing."""
    sink = told(payload("transcript.data") | {"event": event})
    assert sink.calls == []
    assert sink.counts == {"unknown-event": 1}


@pytest.mark.parametrize(
    ("frame", "count"),
    [
        ("", "bad-json"),
        ("{", "bad-json"),
        (json.dumps(payload("audio_mixed_raw.data"))[:-40], "bad-json"),
        (b"\xff\xfe\xff", "bad-json"),
        ("[" * 100_000, "bad-json"),
        ("[]", "bad-message"),
        ("null", "bad-message"),
        ('"text"', "bad-message"),
        ("{}", "unknown-event"),
        ("x" * (LARGEST_MESSAGE + 1), "oversized"),
        (b" " * (LARGEST_MESSAGE + 1), "oversized"),
    ],
    ids=["empty", "cut", "truncated", "no text", "deep", "list", "null", "string", "nothing", "large", "large bytes"],
)
def test_rubbish_is_counted_and_the_connection_goes_on(frame, count):
    """No frame ends the connection: it is counted, and the next good one has its effect."""
    sink = Told()
    receiver = Receiver(sink)
    receiver.feed(frame)
    assert sink.counts == {count: 1}
    receiver.feed(json.dumps(payload("transcript.data")))
    assert sink.calls == EFFECTS["transcript.data"]


def test_a_message_of_the_largest_size_is_read():
    """A picture that fills the allowed message comes through whole."""
    message = payload("video_separate_png.data")
    message["data"]["data"]["buffer"] = ""
    room = LARGEST_MESSAGE - len(json.dumps(message))
    data = b"p" * (room // 4 * 3)
    message["data"]["data"]["buffer"] = base64.b64encode(data).decode()
    sink = told(message)
    assert sink.calls[0][1].data == data


def without(name, *path, value=None, gone=False):
    """A payload with the member at this path of its payload set to something odd, or gone."""
    message = payload(name)
    node = message["data"]["data"]
    for step in path[:-1]:
        node = node[step]
    if gone:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return message


PERSONAL = [
    "participant_events.join",
    "participant_events.leave",
    "participant_events.webcam_on",
    "participant_events.screenshare_off",
    "audio_separate_raw.data",
    "video_separate_png.data",
    "video_separate_h264.data",
]


@pytest.mark.parametrize("name", PERSONAL)
@pytest.mark.parametrize("participant", [None, {}, {"id": None, "name": "Iris Vale"}, {"id": True}, {"id": ""}, "Iris"])
def test_what_belongs_to_nobody_is_dropped(name, participant):
    """An event, sound or picture of a participant without an id is counted: it must not become somebody else's."""
    sink = told(without(name, "participant", value=participant))
    assert sink.calls == []
    assert sink.counts == {"no-person": 1}


def test_ids_are_text_and_names_may_be_missing():
    """Ids may be numbers or text and are compared as text; a person without a name has an empty one."""
    sink = told(without("participant_events.join", "participant", value={"id": "u-7", "name": None, "is_host": None}))
    assert sink.calls == [("tell", PersonSeen("u-7", "", False))]


def test_words_of_nobody_are_words():
    """At the start of a call the speaker can be unknown: the words are told all the same."""
    assert told(without("transcript.data", "participant", value=None)).calls[0][1].text == "Shall we ship on Friday?"


@pytest.mark.parametrize("words", [[], None, [{"text": "  "}], [None, 3], "Shall"])
def test_a_transcript_without_words_is_counted(words):
    """An empty utterance tells nothing."""
    sink = told(without("transcript.data", "words", value=words))
    assert sink.calls == []
    assert sink.counts == {"no-words": 1}


def test_chat_of_nobody_is_chat():
    """A message whose writer is unknown is told, with neither name nor id."""
    event = told(without("participant_events.chat_message", "participant", value=None)).calls[0][1]
    assert (event.speaker, event.speaker_id) == ("", "")


@pytest.mark.parametrize("data", [None, {}, {"text": None}, {"text": "   ", "to": "everyone"}, "hello"])
def test_chat_without_text_is_counted(data):
    """A chat message that holds no text tells nothing."""
    sink = told(without("participant_events.chat_message", "data", value=data))
    assert sink.calls == []
    assert sink.counts == {"no-words": 1}


def test_a_chat_message_that_comes_twice_has_one_key():
    """The key says who wrote when, also by the recording's seconds alone; without a time there is none."""
    name = "participant_events.chat_message"
    first, second = told(payload(name), payload(name)).calls
    assert first[1].key == second[1].key != ""
    assert told(without(name, "timestamp", "absolute", gone=True)).calls[0][1].key == "11@55.25"
    assert told(without(name, "timestamp", value=None)).calls[0][1].key == ""


def test_a_chat_message_in_the_flat_envelope_keeps_its_text():
    """Where `data` is the payload itself, the `data` in it is the message and not the payload."""
    message = payload("participant_events.chat_message")
    message["data"] = message["data"]["data"]
    assert told(message).calls == EFFECTS["participant_events.chat_message"]


@pytest.mark.parametrize("name", ["audio_mixed_raw.data", "video_separate_png.data", "video_separate_h264.data"])
@pytest.mark.parametrize(
    ("buffer", "count"),
    [
        (None, "no-buffer"),
        ("", "no-buffer"),
        (7, "no-buffer"),
        ("AAA", "bad-base64"),
        ("AA A", "bad-base64"),
        ("AA=A", "bad-base64"),
        ("_-AA", "bad-base64"),
        ("ÄAAA", "bad-base64"),
    ],
)
def test_bad_base64_is_counted(name, buffer, count):
    """A buffer that is missing or not strictly base64 is dropped and counted."""
    sink = told(without(name, "buffer", value=buffer))
    assert sink.calls == []
    assert sink.counts == {count: 1}


def test_the_source_of_a_picture():
    """Without a type it is the webcam; a type nobody knows is counted."""
    assert told(without("video_separate_png.data", "type", gone=True)).calls[0][1].source == "webcam"
    sink = told(without("video_separate_png.data", "type", value="hologram"))
    assert sink.calls == []
    assert sink.counts == {"unknown-source": 1}


NO_TIMES = [None, {}, {"relative": None}, {"relative": -1}, {"relative": True}, {"relative": 1e99}, 3]


@pytest.mark.parametrize("stamp", NO_TIMES)
def test_sound_without_a_time_is_sound(stamp):
    """A missing or impossible time is no time; the sound is heard all the same."""
    assert told(without("audio_mixed_raw.data", "timestamp", value=stamp)).calls == [
        ("hear", buffer_of("audio_mixed_raw.data"), None, None)
    ]


def sound(pcm, who=None, at=None):
    """A message of sound."""
    inner = {"buffer": base64.b64encode(pcm).decode()}
    if at is not None:
        inner["timestamp"] = {"relative": at}
    if who:
        inner["participant"] = {"id": who, "name": "N", "is_host": False}
    return {"event": f"audio_{'separate' if who else 'mixed'}_raw.data", "data": {"data": inner}}


@given(st.lists(st.tuples(st.sampled_from([None, 1, 2]), st.binary(min_size=1, max_size=9)), max_size=20))
def test_cut_samples_are_made_whole(pieces):
    """However the sound of each person is cut, the sink hears whole samples of it, in order and with nothing lost."""
    sink = told(*(sound(pcm, who) for who, pcm in pieces))
    for who in (None, 1, 2):
        sent = b"".join(pcm for person, pcm in pieces if person == who)
        got = [call[1] for call in sink.calls if (call[2].id if call[2] else None) == (str(who) if who else None)]
        assert all(pcm and len(pcm) % 2 == 0 for pcm in got)
        assert b"".join(got) == sent[: len(sent) // 2 * 2]


def test_an_odd_byte_does_not_outlive_a_pause():
    """After a pause the sound begins a sample anew: an old odd byte would turn it into noise."""
    tone = struct.pack("<4h", 100, 200, 300, 400)
    after_pause = told(sound(tone + b"\x01", 1, at=1.0), sound(tone, 1, at=9.0))
    assert [call[1] for call in after_pause.calls] == [tone, tone]
    at_once = told(sound(tone + b"\x01", 1, at=1.0), sound(b"\x02" + tone, 1, at=1.0003))
    assert [call[1] for call in at_once.calls] == [tone, b"\x01\x02" + tone]


def test_odd_bytes_are_kept_for_a_bounded_number_of_people():
    """A thousand people with odd bytes leave no more than the bound."""
    sink = Told()
    receiver = Receiver(sink)
    for person in range(1, 1001):
        receiver.take(sound(b"\x01\x02\x03", person))
    assert len(receiver._sound._odd) == MOST_CARRIED
    assert len(sink.calls) == 1000


def test_people_are_taken_from_the_message():
    """One connection may carry everybody: two people's sound stays apart, and two connections do not meet."""
    sink = told(sound(b"\x01", 1), sound(b"\x02", 2), sound(b"\x03", 1))
    assert [(call[1], call[2].id) for call in sink.calls] == [(b"\x01\x03", "1")]
    first, second = Told(), Told()
    one, two = Receiver(first), Receiver(second)
    one.take(sound(b"\x01", 1))
    two.take(sound(b"\x02\x03", 1))
    assert first.calls == []
    assert [call[1] for call in second.calls] == [b"\x02\x03"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
known_keys = st.sampled_from(
    ["data", "participant", "id", "name", "is_host", "words", "text", "buffer", "timestamp", "relative", "absolute",
     "type", "to", "transcript", "start_timestamp", "end_timestamp", "language_code", "is_final", "speaker"]
)  # fmt: skip
odd_data = st.recursive(
    json_values | st.sampled_from(["AAAA", "webcam", "only_bot", 10**400, float("nan"), float("inf")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(known_keys, inner, max_size=5),
    max_leaves=30,
)
events = st.sampled_from([*EFFECTS, "participant_events.speech_on", "participant_event.join", "else"])


@given(st.one_of(json_values, st.fixed_dictionaries({"event": events, "data": odd_data})))
def test_nothing_that_is_json_raises(message):
    """Any JSON, and any event with anything in it, is told or counted; it never raises."""
    sink = Told()
    Receiver(sink).take(message)
    assert sink.calls or sink.counts or message.get("event", "").startswith("audio")


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60)))
def test_nothing_at_all_raises(frame):
    """Any frame is told or counted; it never raises."""
    sink = Told()
    Receiver(sink).feed(frame)
    assert sink.calls or sink.counts
