"""Live transcription: three shapes of delivery become turns, each once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.events import Heard
from server.core.transcript import Transcript
from server.hosts.meetstream.transcription import LONGEST_TURN, SPEAKERS, Assembly, update_of
from tests.hosts.meetstream.told import payload


class Room:
    """Deliveries go in, facts and the core's own transcript come out."""

    def __init__(self) -> None:
        self.assembly = Assembly("t")
        self.heard: list[Heard] = []
        self.transcript = Transcript()
        self.now = 0.0

    def post(self, message: object) -> list[Heard]:
        update = update_of(message)
        found = self.assembly.take(update) if update is not None else []
        for each in found:
            self.now += 1.0
            if each.final:
                self.transcript.final(each.speaker_id, each.speaker, each.text, self.now, key=each.key)
            else:
                self.transcript.partial(each.speaker_id, each.speaker, each.text, self.now)
        self.heard += found
        return found

    def say(self, text: str, at: float | None = None, who: str = "Marta", **more: object) -> list[Heard]:
        message = {"speakerName": who, "transcript": text, **more}
        if at is not None:
            message["timestamp"] = f"2027-02-11T14:{int(at) // 60:02}:{at % 60:09.6f}Z"
        return self.post(message)

    @property
    def lines(self) -> list[str]:
        return [turn.text for turn in self.transcript.turns]


OPEN = {"end_of_turn": False, "is_final": False}
OVER = {"end_of_turn": True, "is_final": True}


# ---------------------------------------------------------------- the documented shapes


def test_the_newest_shape():
    """An interim and a final are one turn with one key; only the final is a line."""
    room = Room()
    (interim,) = room.post(payload("live_transcription/interim.meetstream_streaming"))
    (final,) = room.post(payload("live_transcription/final.meetstream_streaming"))
    assert (interim.final, interim.text, interim.speaker) == (False, "Parley will the", "Marta Oyelaran")
    assert [word.text for word in interim.words] == ["Parley", "will", "the"]
    assert (final.final, final.key, final.source) == (True, interim.key, "host")
    assert (final.start, final.end) == (67.12, 68.3), "from the first word seen to the last"
    assert final.words == (), "its list holds the newest word only, which is not the turn"
    assert room.lines == ["Parley, will the hinge last?"]


def test_the_incremental_shape():
    """The running buffer is the turn's text; new_text is only its newest word; the speaker has an id."""
    room = Room()
    (heard,) = room.post(payload("live_transcription/incremental.documented_variant"))
    assert (heard.text, heard.final, heard.speaker_id) == ("Parley will the", False, "spk_08")


def test_the_oldest_shape():
    """Without a word about its end, each delivery is a whole turn."""
    room = Room()
    message = payload("live_transcription/minimal.oldest_variant")
    (heard,) = room.post(message)
    assert heard.final and heard.text == "Parley, will the hinge last?"
    assert room.post(message) == [], "the same delivery twice"
    room.post({**message, "timestamp": "2027-02-11T14:31:20.000Z", "transcript": "And the screw?"})
    assert room.lines == ["Parley, will the hinge last?", "And the screw?"]


@pytest.mark.parametrize(
    ("more", "final"),
    [({}, True), ({"is_final": False}, False), ({"is_final": True}, True),
     ({"is_final": True, "end_of_turn": False}, False),
     ({"end_of_turn": True, "is_final": False}, True), ({"end_of_turn": "yes", "is_final": False}, False)],
)  # fmt: skip
def test_what_ends_a_turn(more, final):
    """end_of_turn decides; without it is_final; without either every delivery is a turn."""
    (heard,) = Room().say("Hello", **more)
    assert heard.final is final


# ---------------------------------------------------------------- assembly


def test_a_turn_grows_and_is_committed_once():
    """Each delivery replaces the text before it; the line stands there once."""
    room = Room()
    room.say("so", 1, **OPEN)
    room.say("so what", 2, **OPEN)
    room.say("so what now", 3, **OVER)
    assert [each.text for each in room.heard] == ["so", "so what", "so what now"]
    assert len({each.key for each in room.heard}) == 1 and room.lines == ["so what now"]


def test_a_formatted_version_corrects_its_line():
    """A better version of a committed turn keeps the key, so the transcript corrects the line instead of adding one."""
    room = Room()
    room.say("parley what is twenty five", 1, turn_is_formatted=False, **OVER)
    (better,) = room.say("Parley, what is 25?", 1.3, turn_is_formatted=True, **OVER)
    assert better.final and room.lines == ["Parley, what is 25?"]
    room.say("Thanks.", 5, turn_is_formatted=True, **OVER)
    assert room.lines == ["Parley, what is 25?", "Thanks."]


def test_a_formatted_version_after_the_next_turn_began():
    """It still finds the turn it belongs to, and the open one stays open."""
    room = Room()
    room.say("what about the hinge", 1, turn_is_formatted=False, **OVER)
    room.say("and then", 2, turn_is_formatted=False, **OPEN)
    room.say("What about the hinge?", 2.1, turn_is_formatted=True, **OVER)
    (rest,) = room.say("and then the screw", 3, turn_is_formatted=False, **OVER)
    assert room.lines == ["What about the hinge?", "and then the screw"] and rest.key == room.heard[1].key


def test_a_formatted_turn_is_corrected_only_once():
    """Two formatted finals in a row are two turns, even with the same words."""
    room = Room()
    room.say("Yes.", 1, turn_is_formatted=True, **OVER)
    room.say("Yes.", 9, turn_is_formatted=True, **OVER)
    assert room.lines == ["Yes.", "Yes."]


def test_other_words_are_another_turn():
    """A formatted final that shares nothing with the line before is not its correction."""
    room = Room()
    room.say("let us begin", 1, turn_is_formatted=False, **OVER)
    room.say("The screws are late.", 4, turn_is_formatted=True, **OVER)
    assert room.lines == ["let us begin", "The screws are late."]


def test_late_and_repeated_deliveries_change_nothing():
    """What is older than the newest of that speaker is dropped, and so is what came before."""
    room = Room()
    room.say("one two", 2, **OPEN)
    assert room.say("one", 1, **OPEN) == []
    assert room.say("one two", 2, **OPEN) == []
    room.say("one two three", 3, **OVER)
    assert room.say("one two three", 3, **OVER) == []
    assert room.say("one two thr", 2.5, **OPEN) == []
    assert room.lines == ["one two three"]


def test_a_final_at_the_same_moment_as_its_partial():
    """Times may be equal; the end still counts."""
    room = Room()
    room.say("one two", 2, **OPEN)
    room.say("one two", 2, **OVER)
    assert room.lines == ["one two"]


def test_late_partials_without_times():
    """Without times a late partial is known by repeating the beginning of what was just said."""
    room = Room()
    room.say("the hinge", **OPEN)
    room.say("The hinge holds.", **OVER)
    assert room.say("the hinge", **OPEN) == []
    (fresh,) = room.say("the hinge breaks", **OPEN)
    assert fresh.key != room.heard[0].key


def test_speakers_do_not_disturb_each_other():
    """Turns of several people at once are kept apart, by id where there is one."""
    room = Room()
    room.say("I think", 1, who="Marta", **OPEN)
    room.say("no wait", 1, who="Otto", **OPEN)
    room.say("I think so", 2, who="Marta", **OVER)
    room.say("no wait please", 2, who="Otto", **OVER)
    room.say("hello", 3, who="Otto", speakerId="9", **OVER)
    room.say("hello", 3, who="Otto", speakerId="10", **OVER)
    assert room.lines == ["I think so", "no wait please", "hello", "hello"]


def test_an_end_without_words_commits_what_was_said():
    """The last words of a turn are its words; an end of nothing is nothing."""
    room = Room()
    room.say("that is all", 1, **OPEN)
    (heard,) = room.say("", 2, **OVER)
    assert heard.final and room.lines == ["that is all"]
    assert room.say("", 3, **OVER) == []


def test_a_turn_whose_end_was_lost():
    """Deliveries are never repeated. When other words follow after a silence, the open turn is committed first."""
    room = Room()
    room.say("we pick the brass hinge", 1, **OPEN)
    room.say("who writes", 20, **OPEN)
    room.say("who writes the note", 21, **OVER)
    assert room.lines == ["we pick the brass hinge", "who writes the note"]


def test_a_long_pause_within_a_turn():
    """A buffer that goes on growing after a silence is the same turn."""
    room = Room()
    room.say("we pick", 1, **OPEN)
    room.say("We pick the brass", 20, **OPEN)
    room.say("We pick the brass hinge.", 40, **OVER)
    assert room.lines == ["We pick the brass hinge."]


def test_nobody_is_no_name():
    """Words that could not be attributed have no speaker."""
    (heard,) = Room().say("hm", who="NoSpeaker")
    assert heard.speaker == ""


def test_words_that_are_the_turn_are_passed_on():
    """With times for every word, the core gets them."""
    words = [{"punctuated_word": "Yes,", "start": 1.0, "end": 1.2}, {"word": "please", "start": 1.3, "end": 1.6}]
    (heard,) = Room().say("Yes, please", words=[*words, "odd", {}, {"word": 5}][:2])
    assert [(word.text, word.start, word.end) for word in heard.words] == [("Yes,", 1.0, 1.2), ("please", 1.3, 1.6)]
    assert (heard.start, heard.end) == (1.0, 1.6)


@pytest.mark.parametrize(
    "message", [None, [], "text", {}, {"transcript": ""}, {"transcript": 7.5}, {"event": "bot.joining"}, {"words": []}]
)
def test_what_holds_no_words(message):
    """It is nothing."""
    assert update_of(message) is None


def test_odd_words_and_times():
    """Whatever stands in the lists is left out when it is no word with a time."""
    odd = [7, None, {"word": "a", "start": "x", "end": -1}, {"word": "b", "start": float("nan"), "end": True}]
    (heard,) = Room().say("a b", words=odd, timestamp="yesterday")
    assert (heard.start, heard.end) == (None, None)
    assert Room().say("a b", words="none")


def test_texts_are_bounded():
    """A turn of megabytes is cut, and halves of surrogate pairs are replaced."""
    (heard,) = Room().say("x" * 100_000)
    assert len(heard.text) == LONGEST_TURN
    (heard,) = Room().say("a \ud800 b")
    assert heard.text.encode() == b"a ? b"


def test_speakers_are_bounded():
    """Any number of names keeps a bounded number of turns."""
    room = Room()
    for at in range(SPEAKERS * 2):
        room.say("hello", who=f"Guest {at}")
    assert len(room.assembly._speakers) == SPEAKERS


def test_keys_of_two_processes_differ():
    """A key that was used before a restart would correct a line of long ago."""
    update = update_of({"transcript": "hello", "speakerName": "Marta"})
    assert Assembly().take(update)[0].key != Assembly().take(update)[0].key


# ---------------------------------------------------------------- properties

SENTENCES = ["alpha beta gamma", "delta epsilon", "zeta eta theta iota", "kappa"]


@given(st.data())
def test_any_disorder_of_timed_deliveries_keeps_every_line_once(data):
    """Deliveries of one speaker that come twice and late, as long as each end comes last, give each line once."""
    deliveries, at = [], 0.0
    for sentence in SENTENCES:
        words = sentence.split()
        for count in range(1, len(words) + 1):
            at += 1.0
            deliveries.append((at, " ".join(words[:count]), count == len(words)))
    room = Room()
    for place, (at, text, over) in enumerate(deliveries):
        if not over and data.draw(st.booleans(), label="lost"):
            continue
        room.say(text, at, **(OVER if over else OPEN))
        for again in data.draw(st.lists(st.integers(0, place), max_size=2), label="repeated"):
            past_at, past, past_over = deliveries[again]
            room.say(past, past_at, **(OVER if past_over else OPEN))
    assert room.lines == SENTENCES


fields = st.fixed_dictionaries({}, optional={
    "speakerName": st.sampled_from(["Marta", "Otto", "", 7, None]) | st.text(max_size=5),
    "speakerId": st.sampled_from(["a", "", 3, None]),
    "transcript": st.sampled_from(["one", "one two", "One two.", "", 7]) | st.text(max_size=20),
    "timestamp": st.sampled_from(["2027-02-11T14:31:12Z", "2027-02-11T14:31:13", "9999-12-31T23:59:59Z",
                                  "0001-01-01T00:00:00+14:00", "x", 5]),
    "end_of_turn": st.sampled_from([True, False, None, "true"]),
    "is_final": st.sampled_from([True, False, None, 1]),
    "turn_is_formatted": st.sampled_from([True, False, None, 0]),
    "words": st.none() | st.lists(st.dictionaries(st.sampled_from(["word", "start", "end", "punctuated_word"]),
                                                  st.text(max_size=4) | st.floats() | st.none()), max_size=3),
})  # fmt: skip


@given(st.lists(fields, max_size=12))
def test_no_delivery_raises_and_no_line_is_doubled(messages):
    """Whatever comes in whatever order: words have a text, and a key is one line."""
    room = Room()
    for message in messages:
        for heard in room.post(message):
            assert heard.text.strip() and heard.key and heard.source == "host"
    finals = {(each.speaker_id or each.speaker, each.key) for each in room.heard if each.final}
    assert len(room.lines) == len(finals)
