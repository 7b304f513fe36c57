"""A meeting in other forms, read back."""

import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from server.core.transcript import Turn, Word
from server.errors import TapeError
from server.store.cues import LINES, LONGEST, WIDTH, cues_of, one_line
from server.store.export import export

TIME = r"(\d\d+):(\d\d):(\d\d)[.,](\d\d\d)"


def turn(text: str, start: float = 0.0, end: float = 2.0, speaker: str = "Ana", **more) -> Turn:
    return Turn(0, speaker, text, start, end, **more)


def timed(text: str, start: float, step: float, offset: float = 0.0) -> Turn:
    """A turn whose words each take `step` seconds on a host clock that is `offset` seconds ahead."""
    times = [start + n * step for n in range(len(text.split()) + 1)]
    words = tuple(
        Word(word, a + offset, b + offset) for word, a, b in zip(text.split(), times, times[1:], strict=False)
    )
    return Turn(0, "Ana", text, start, times[-1], words=words)


def seconds(found: tuple[str, ...]) -> float:
    hours, minutes, secs, thousandths = map(int, found)
    return hours * 3600 + minutes * 60 + secs + thousandths / 1000


def read_captions(text: str) -> list[tuple[float, float, list[str]]]:
    """Numbered blocks as (start, end, lines)."""
    cues = []
    for block in text.strip("\n").split("\n\n"):
        number, span, *lines = block.split("\n")
        assert int(number) == len(cues) + 1
        found = re.fullmatch(rf"{TIME} --> {TIME}", span)
        assert found, span
        cues.append((seconds(found.groups()[:4]), seconds(found.groups()[4:]), lines))
    return cues


def read_vtt(text: str) -> list[tuple[float, float, str, list[str]]]:
    head, _, body = text.partition("\n\n")
    assert head.startswith("WEBVTT")
    assert "-->" not in head
    cues = []
    for start, end, lines in read_captions(body) if body.strip() else []:
        found = re.fullmatch(r"<v ([^<>\n]*)>([^<>]*)", "\n".join(lines))
        assert found, lines
        cues.append((start, end, html.unescape(found[1]), html.unescape(found[2]).split("\n")))
    return cues


def test_captions_follow_the_words_times():
    """A long turn becomes several cues, each beginning where its first word was spoken."""
    text = " ".join(f"word{n}" for n in range(40))
    cues = read_vtt(export([timed(text, 100.0, 0.5, offset=5000.0)], [], "vtt", "A meeting"))
    assert " ".join(" ".join(lines) for *_, lines in cues) == text
    for start, end, speaker, lines in cues:
        assert start == pytest.approx(100.0 + int(lines[0].split()[0][4:]) * 0.5, abs=0.002)
        assert (speaker, end - start <= LONGEST, len(lines) <= LINES) == ("Ana", True, True)
    assert cues[-1][1] == pytest.approx(120.0, abs=0.002)


def test_a_pause_ends_a_cue():
    """Words before and after a long pause are not shown together."""
    words = (Word("Well", 0.0, 0.4), Word("yes", 4.0, 4.4))
    cues = cues_of([Turn(0, "Ana", "Well yes", 10.0, 14.4, words=words)])
    assert [(cue.lines, round(cue.start, 2), round(cue.end, 2)) for cue in cues] == [
        (("Well",), 10.0, 10.4),
        (("yes",), 14.0, 14.4),
    ]


def test_a_sentence_ends_a_cue_when_the_line_is_full():
    """A new sentence begins a new cue rather than hanging on to a full line."""
    cues = cues_of([turn("This first sentence is long enough for a whole line. Then more.", end=4.0)])
    assert [" ".join(cue.lines) for cue in cues] == [
        "This first sentence is long enough for a whole line.",
        "Then more.",
    ]


@pytest.mark.parametrize("words", [(), (Word("only one", 0.0, 1.0),), (Word("a", 2.0, 1.0), Word("b", 1.0, 0.0))])
def test_without_usable_word_times_words_take_time_by_their_length(words):
    """When the host's words do not fit the text, the turn's own time is divided."""
    (cue,) = cues_of([turn("aa bb", 10.0, 12.0, words=words)])
    assert (cue.start, cue.end, cue.lines) == (10.0, 12.0, ("aa bb",))


def test_long_hours_are_written_out():
    """A meeting may be longer than an hour, and than a day."""
    text = export([turn("Hi.", 3600 * 25 + 61.25, 3600 * 25 + 62.5)], [], "srt", "")
    assert "25:01:01,250 --> 25:01:02,500" in text


def test_subtitles_name_the_speaker_once_a_turn():
    """SRT has no place for a speaker: the name opens the first cue of a turn."""
    text = export([turn("one two three " * 12, end=20.0), turn("Yes.", 21.0, 22.0, "Ben")], [], "srt", "")
    cues = read_captions(text)
    assert [lines[0].split()[0] for *_, lines in cues if ":" in lines[0]] == ["Ana:", "Ben:"]
    assert len(cues) > 2


def test_markup_in_speech_stays_text():
    """Tags, arrows, links and rules that someone says or is called are shown, not obeyed."""
    evil = "<b>x</b> --> & <script>alert(1)</script> {\\an8} [a](http://b) `c` *d* | e\n\n# f\n1. g"
    name = "Eve> <i>\n00:00 --> *"
    meeting = [turn(evil, speaker=name), turn("# no heading", 3, 4), turn("1. no list", 5, 6), turn("- none", 7, 8)]
    cues = read_vtt(export(meeting, [], "vtt", "--> <v>"))
    assert " ".join(" ".join(lines) for *_, who, lines in cues if who == one_line(name)) == one_line(evil)
    captions = export(meeting, [], "srt", "")
    assert "<" not in captions
    assert "{" not in captions
    assert captions.count("-->") == len(read_captions(captions))
    tokens = MarkdownIt("commonmark").enable("table").parse(export(meeting, [{"words": evil}], "md", evil))
    kinds = {token.type for token in tokens} | {each.type for token in tokens for each in token.children or []}
    assert not kinds & {"link_open", "image", "html_block", "html_inline", "em_open", "ordered_list_open"}
    assert not kinds & {"bullet_list_open", "blockquote_open", "hr", "fence", "code_block"}
    headings = [token.tag for token in tokens if token.type == "heading_open"]
    assert headings == ["h1", "h2"]


def test_markdown_reads_like_the_meeting():
    """The Markdown names speaker and time of each turn, marks the agent, and lists the decisions."""
    meeting = [turn("Parley, when?", 61.0), turn("At nine.", 63.0, speaker="Parley", is_agent=True)]
    decision = {"at": 62.5, "verdict": "reply", "reason": "called", "words": "its name was called", "speaker": "Ana"}
    text = export(meeting, [decision], "md", "Monday")
    assert text.startswith("# Monday\n")
    assert "**Ana** `00:01:01`  \nParley, when?\n" in text
    assert "**Parley** (agent) `00:01:03`  \nAt nine.\n" in text
    assert "| 00:01:02 | Ana | reply | its name was called |" in text
    assert "Decisions" not in export(meeting, [], "md", "Monday")


def test_json_holds_everything():
    """The JSON can be read back into the same turns and decisions."""
    meeting = [timed("Parley, when?", 1.0, 0.5), turn("Um neun.", 3.0, speaker="Ömer", speaker_id="7")]
    read = json.loads(export(meeting, [{"at": 2.0, "odd": float("nan")}], "json", "Montag"))
    assert read["title"] == "Montag"
    assert [each["text"] for each in read["turns"]] == ["Parley, when?", "Um neun."]
    assert read["turns"][0]["words"][1] == {"text": "when?", "start": 1.5, "end": 2.0}
    assert read["turns"][1]["speaker_id"] == "7"
    assert read["decisions"] == [{"at": 2.0, "odd": None}]


@pytest.mark.parametrize("format", ["md", "json", "vtt", "srt"])
def test_an_empty_meeting_has_every_form(format):
    """No turns, or turns without words, are no error and no cue."""
    for meeting in ([], [turn(" \n ")]):
        assert "-->" not in export(meeting, [], format, "")


def test_other_forms_are_refused():
    """A form that does not exist is refused with the list of those that do."""
    with pytest.raises(TapeError, match="md, json, vtt, srt"):
        export([], [], "docx", "")


turns = st.builds(
    turn,
    st.text(max_size=300),
    st.floats(-5, 1e5),
    st.floats(-5, 1e5),
    st.text(max_size=60),
    words=st.lists(
        st.builds(Word, st.text(max_size=5), *[st.none() | st.floats(-1e3, 1e6, allow_nan=False)] * 2), max_size=8
    ).map(tuple),
)


@given(st.lists(turns, max_size=5))
def test_whatever_was_said_makes_readable_captions(meeting):
    """For any turns the captions parse, lose no word, keep to two lines of 42 characters and seven seconds."""
    cues = read_vtt(export(meeting, [], "vtt", "x"))
    starts = [start for start, *_ in cues]
    assert starts == sorted(starts)
    for start, end, _, lines in cues:
        assert start <= end <= start + LONGEST + 0.002
        assert len(lines) <= LINES
        assert max(map(len, lines)) <= WIDTH
    said = sorted("".join("".join(one_line(each.text).split()) for each in meeting))
    assert sorted("".join("".join(lines).replace(" ", "") for *_, lines in cues)) == said
    captions = export(meeting, [], "srt", "x")
    for _, _, lines in read_captions(captions) if captions else []:
        assert len(lines) <= LINES
        assert max(map(len, lines)) <= WIDTH
