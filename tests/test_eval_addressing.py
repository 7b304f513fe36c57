"""The score of addressing: labelled utterances in, precision, recall, F1 and the errors out."""

import json

import pytest
from typer.testing import CliRunner

from server.cli import app
from server.errors import ParleyError
from server.evals.addressing import evaluate, read_items, render, to_json


def item(**changes):
    """An utterance that calls the agent, labelled so."""
    return {
        "id": "one",
        "agent_name": "Nova",
        "participants": ["Lena", "Marcus"],
        "speaker": "Lena",
        "utterance": "Nova, what is the budget?",
        "context": [{"speaker": "Marcus", "text": "Right.", "is_agent": False, "seconds_ago": 1.2}],
        "label": "respond",
        "category": "name_start",
        "source": "written",
        **changes,
    }


#: two answered rightly, one answered wrongly (by its label), one missed, one rightly silent
MIXED = [
    item(id="a"),
    item(id="b", utterance="Nova, and the date?"),
    item(id="c", label="stay_silent", category="other_person"),
    item(id="d", utterance="Nobody knows about the secret cellar.", category="followup_no_name"),
    item(id="e", utterance="Nova said so yesterday.", label="stay_silent", category="about_agent"),
]


def written(tmp_path, items, name="utterances.jsonl"):
    """A file with these lines."""
    file = tmp_path / name
    file.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in items), encoding="utf-8")
    return file


def test_precision_recall_and_f1_are_those_of_respond(tmp_path):
    """Of three answers two were wanted; of three wanted two came."""
    report = evaluate(written(tmp_path, MIXED))

    assert report.items == 5
    assert report.precision == report.recall == report.f1 == pytest.approx(2 / 3)


def test_every_error_is_listed_with_its_reason(tmp_path):
    """The JSON has the agreed keys and names what was expected, what came, and why."""
    data = json.loads(json.dumps(to_json(evaluate(written(tmp_path, MIXED)))))

    assert set(data) == {"items", "precision", "recall", "f1", "errors"}
    assert data["errors"] == [
        {"id": "c", "expected": "stay_silent", "got": "respond", "reason": "called"},
        {"id": "d", "expected": "respond", "got": "stay_silent", "reason": "not-called"},
    ]


def test_the_table_counts_errors_by_category_and_repeats_nothing_said(tmp_path):
    """The readable report names categories, ids and reasons; never an utterance or a person."""
    text = render(evaluate(written(tmp_path, MIXED)))

    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line}
    assert rows["about_agent"] == ["1", "0"]
    assert ["c", "stay_silent", "respond", "called"] in [line.split()[1:] for line in text.splitlines() if line]
    assert "0.667" in text
    assert "cellar" not in text and "Lena" not in text


def test_a_perfect_score_says_so(tmp_path):
    """No errors, no table; a rate over nothing is 1."""
    report = evaluate(written(tmp_path, [item(utterance="Fine.", label="stay_silent")]))

    assert (report.precision, report.recall, report.f1) == (1.0, 1.0, 1.0)
    assert render(report).endswith("no errors")


def test_answering_nothing_scores_nothing(tmp_path):
    """With nothing answered that was wanted, recall and F1 are 0."""
    report = evaluate(written(tmp_path, [item(utterance="Fine.")]))

    assert (report.recall, report.f1) == (0.0, 0.0)


def test_label_category_and_source_change_no_verdict(tmp_path):
    """The rules see the utterance and its context: the same lines with other labels get the same verdicts."""
    told = evaluate(written(tmp_path, MIXED))
    other = [{**one, "label": "stay_silent", "category": "respond", "source": "respond"} for one in MIXED]
    untold = evaluate(written(tmp_path, other, "other.jsonl"))

    answered = {miss.id for miss in untold.errors}
    assert answered == {one["id"] for one in MIXED if one["label"] == "respond"} ^ {miss.id for miss in told.errors}


def test_the_context_is_handed_on_as_it_stands(tmp_path):
    """Turns keep their order, speaker and age; a category that is missing is a dash; empty lines are skipped."""
    one = item()
    del one["category"], one["source"]
    (parsed,) = read_items(written(tmp_path, ["", one, ""]))

    (turn,) = parsed.context.recent
    assert (turn.speaker, turn.text, turn.is_agent, turn.ago) == ("Marcus", "Right.", False, 1.2)
    assert parsed.context.agents == ("Nova",) and parsed.context.participants == ("Lena", "Marcus")
    assert parsed.category == "-"


def turn(**changes):
    """An item whose one turn before is changed like this."""
    return item(context=[{"speaker": "M", "text": "secret", "is_agent": False, "seconds_ago": 1, **changes}])


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"utterance": "secret', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('["secret"]', "is not a JSON object"),
        (item(label="maybe"), "`label` is neither respond nor stay_silent"),
        (item(participants="Lena"), "`participants` is not a list of names"),
        (item(participants=[1]), "`participants` is not a list of names"),
        (item(utterance=7), "`utterance` is missing or not a string"),
        (item(utterance=" "), "`utterance` is missing or not a string"),
        (item(id=None), "`id` is missing or not a string"),
        (item(agent_name=""), "`agent_name` is missing or not a string"),
        (item(speaker=None), "`speaker` is missing or not a string"),
        (item(context="secret"), "`context` is not a list"),
        (item(context=["secret"]), "context[0] is not an object"),
        (turn(text=None), "context[0]: `speaker` and `text` must be strings"),
        (turn(is_agent="no"), "context[0]: `is_agent` is neither true nor false"),
        (turn(seconds_ago=-1), "context[0]: `seconds_ago` is not a number of seconds"),
        (turn(seconds_ago=True), "context[0]: `seconds_ago` is not a number of seconds"),
        (turn(seconds_ago=float("nan")), "context[0]: `seconds_ago` is not a number of seconds"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_reason(tmp_path, line, complaint):
    """The whole file is refused in one line that repeats nothing that was said."""
    with pytest.raises(ParleyError) as caught:
        evaluate(written(tmp_path, [item(), "", line]))

    assert str(caught.value).startswith("utterances.jsonl: line 3: ")
    assert complaint in str(caught.value)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """A path that is not there, no text, or nothing in it, is a plain complaint."""
    with pytest.raises(ParleyError, match=r"nowhere\.jsonl: cannot be read"):
        evaluate(tmp_path / "nowhere.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParleyError, match=r"bytes\.jsonl: is not UTF-8"):
        evaluate(tmp_path / "bytes.jsonl")
    with pytest.raises(ParleyError, match=r"utterances\.jsonl: holds no utterances"):
        evaluate(written(tmp_path, ["", " "]))


def test_the_command_prints_either_form(tmp_path):
    """`parley eval addressing FILE` prints the table, with --json the values."""
    file = written(tmp_path, MIXED)

    plain = CliRunner().invoke(app, ["eval", "addressing", str(file)])
    values = CliRunner().invoke(app, ["eval", "addressing", str(file), "--json"])

    assert plain.exit_code == values.exit_code == 0
    assert "precision 0.667" in plain.output
    assert json.loads(values.output)["items"] == 5


@pytest.mark.data
def test_the_labelled_set_is_judged_right(real_data):
    """On the labelled development set precision and recall are at least 0.95 each."""
    report = evaluate(real_data / "addressing-dev.jsonl")

    assert report.precision >= 0.95
    assert report.recall >= 0.95
