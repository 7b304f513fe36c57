"""The score of the memory: read meetings, ask, count, beside a plain full-text search."""

import json

import pytest

from server.core.memory import Memory
from server.errors import ParleyError
from server.evals.memory import LIMIT, evaluate, read_meeting, render, to_json

LINES = [
    "So the greenhouse needs new glass on the north side.",
    "How many panes?",
    "Eleven, the storm took them.",
    "Mm-hmm.",
    "And the gardener wants it done before the frost.",
]


def meeting(**changes):
    """A meeting of 45 turns: chatter, the greenhouse at 20 to 24, chatter; one of the turns is a cough."""
    texts = [f"Well, chatter number {i} goes on." for i in range(20)] + LINES
    texts += [f"More of chatter number {i}." for i in range(20)]
    texts[7] = ""
    turns = [
        {"i": i, "speaker": "AB"[i % 2], "text": text, "start": i * 2.0, "end": i * 2 + 1.5}
        for i, text in enumerate(texts)
    ]
    turns[7].update(start=None, end=None)
    queries = [
        {"query": "Summarize the whole meeting.", "answer": "…", "spans": []},
        {"query": "What was said about the greenhouse?", "answer": "…", "spans": [[20, 24]]},
        {"query": "zymurgy", "answer": "…", "spans": [[0, 3], [40, 44]]},
    ]
    return {"id": "x", "turns": turns, "queries": queries, "topics": [], **changes}


def written(tmp_path, data, name="garden.json"):
    """A meeting file with this content."""
    file = tmp_path / name
    file.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return file


def test_hits_and_precision_are_means_over_queries_with_spans(tmp_path):
    """One query of two hits; its precision is halved by the one nobody could answer; the third has no spans."""
    report = evaluate([written(tmp_path, meeting())])

    handed = Memory(read_meeting(tmp_path / "garden.json").turns).find("What was said about the greenhouse?")
    inside = sum(20 <= found.turn.index <= 24 for found in handed)
    assert (report.queries, report.skipped) == (2, 1)
    assert report.memory.hit_rate == 0.5
    assert report.memory.precision == pytest.approx(inside / len(handed) / 2)
    assert inside > 0


def test_the_baseline_is_measured_in_the_same_run(tmp_path):
    """The plain search knows one line with the word; it answers with the other words of the query beside it."""
    report = evaluate([written(tmp_path, meeting(queries=[{"query": "greenhouse", "spans": [[20, 24]]}]))])

    assert report.baseline.hit_rate == 1.0
    assert report.baseline.precision == 1.0


def test_several_meetings_weigh_by_their_queries(tmp_path):
    """The rates over all files are means over queries, not over files."""
    one = meeting(queries=[{"query": "greenhouse", "spans": [[20, 24]]}])
    two = meeting(queries=[{"query": "zymurgy", "spans": [[0, 1]]}] * 3)

    report = evaluate([written(tmp_path, one, "one.json"), written(tmp_path, two, "two.json")])

    assert [part.memory.hit_rate for part in report.meetings] == [1.0, 0.0]
    assert report.memory.hit_rate == 0.25


def test_a_turn_without_words_keeps_its_number(tmp_path):
    """The cough is left out and the turns after it are not renumbered."""
    parsed = read_meeting(written(tmp_path, meeting()))

    assert [turn.index for turn in parsed.turns] == [*range(7), *range(8, 45)]


def test_only_the_wording_of_a_query_is_shown(tmp_path):
    """Spans, answers and topics do not change what is handed on: the same file without them scores the same."""
    plain = meeting()
    told = meeting(topics=[{"topic": "greenhouse", "spans": [[0, 3]]}])
    for query in told["queries"]:
        query["answer"] = "the greenhouse, the greenhouse"

    first, second = (evaluate([written(tmp_path, data)]) for data in (plain, told))

    assert first.memory == second.memory


def test_the_report_is_readable_and_plain(tmp_path):
    """The text names the meeting and both rates; the JSON has the agreed keys."""
    report = evaluate([written(tmp_path, meeting())])
    data = json.loads(json.dumps(to_json(report)))

    assert {"queries", "hit_rate", "precision", "ms_per_query", "baseline", "skipped", "limit"} <= set(data)
    assert set(data["baseline"]) == {"hit_rate", "precision"}
    assert data["limit"] == LIMIT == 12
    assert data["meetings"][0]["name"] == "garden"
    text = render(report)
    assert "garden" in text and "0.500" in text and "1 skipped" in text
    assert "greenhouse" not in text


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "garden.json: is not JSON"),
        ("[]", "garden.json: is not a meeting"),
        ({"turns": []}, "garden.json: is not a meeting: `queries` is not a list"),
        ({"queries": []}, "garden.json: is not a meeting: `turns` is not a list"),
        (meeting(turns=["hello"]), "turns[0] is not an object"),
        (meeting(turns=[{"i": "0", "speaker": "A", "text": "x"}]), "turns[0]: `i` is not a turn index"),
        (meeting(turns=[{"i": 0, "speaker": "A"}]), "turns[0]: `speaker` and `text` must be strings"),
        (meeting(turns=[{"i": 0, "text": "x", "start": "now"}]), "turns[0]: `start` and `end` must be seconds"),
        (meeting(turns=[{"i": 0, "text": "x"}] * 2), "two turns have the same index"),
        (meeting(queries=[{"spans": []}]), "queries[0]: `query` is not a string"),
        (meeting(queries=[{"query": "x", "spans": 3}]), "queries[0]: `spans` is not a list"),
        (meeting(queries=[{"query": "x", "spans": [[1]]}]), "queries[0]: a span is not a pair of turn indices"),
        (meeting(queries=[{"query": "x", "spans": [[4, 2]]}]), "queries[0]: a span ends before it begins"),
        (meeting(queries=[]), "no query with spans"),
    ],
)
def test_a_bad_file_is_named_in_one_line(tmp_path, content, complaint):
    """The error says which file and where, in one line, and repeats nothing that was said."""
    with pytest.raises(ParleyError) as caught:
        evaluate([written(tmp_path, content)])

    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    """A path that is not there, or not text, is a plain complaint."""
    with pytest.raises(ParleyError, match=r"nowhere\.json: cannot be read"):
        evaluate([tmp_path / "nowhere.json"])
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParleyError, match=r"bytes\.json: is not UTF-8"):
        evaluate([tmp_path / "bytes.json"])


@pytest.mark.data
def test_real_meetings_are_answered_twice_as_precisely_as_by_plain_search(real_data):
    """Over real meetings with marked answers the memory misses one in twenty, at twice the precision or more."""
    report = evaluate(sorted((real_data / "meetings").glob("*.json")))

    assert report.memory.hit_rate >= 0.95
    assert report.memory.hit_rate > report.baseline.hit_rate
    assert report.memory.precision >= 2 * report.baseline.precision
