"""`parley rehearse` as a user runs it: the command, its folder and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.chromium import find_chromium
from server.replay import replay
from server.store.tape import read_entries, read_sessions

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def chromium() -> None:
    """A browser is needed."""
    if find_chromium() is None:
        pytest.skip("no Chromium on this machine: set CHROME_PATH, or install Debian's package chromium")


def rehearse(*arguments: str) -> tuple[int, str]:
    """Run the command; its exit status and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "rehearse", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=380, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def report_of(folder: Path) -> dict[str, Any]:
    """The report it left."""
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_the_built_in_scenario(tmp_path):
    """Every expectation holds; the folder has report, pictures, a film, and a tape that replays."""
    out = tmp_path / "out"
    status, printed = rehearse("--out", str(out))
    assert status == 0, printed[-3000:]
    report = report_of(out)
    assert report["passed"] and not report["page_errors"]
    html = (out / "report.html").read_text(encoding="utf-8")
    assert "<svg" in html and "data:image" in html and "http://" not in html.replace("http://www.w3.org", "")
    import av

    with av.open(str(out / "meeting.mp4")) as film:
        kinds = {stream.type for stream in film.streams}
        assert kinds == {"video", "audio"} and film.duration > 60_000_000
        assert (film.streams.video[0].width, film.streams.video[0].height) == (1280, 720)
    (row,) = read_sessions(out / "tape.db")
    result = replay(read_entries(out / "tape.db", row.id))
    assert result.same and len(result.decisions) >= 10, result.render()


def test_an_expectation_that_does_not_hold_is_status_1(tmp_path):
    """Nobody called the agent, so no reply comes: the report says which expectation was missed."""
    scenario = tmp_path / "wrong.yaml"
    scenario.write_text(
        "title: wrong\npeople: [{name: Ana}]\nsteps:\n  - {ana: 'Shall we begin?', expect: {replies within: 1s}}\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    status, printed = rehearse(str(scenario), "--out", str(out), "--no-video")
    assert status == 1 and "replies within" in printed
    assert report_of(out)["passed"] is False


def test_a_bad_scenario_is_one_line_and_status_2(tmp_path):
    """The step and the reason, no traceback."""
    scenario = tmp_path / "bad.yaml"
    scenario.write_text("people: [{name: Ana}]\nsteps:\n  - {bob: Hello.}\n", encoding="utf-8")
    status, printed = rehearse(str(scenario))
    assert status == 2 and "step 1" in printed and "Traceback" not in printed


@pytest.mark.data
def test_a_real_meeting_and_its_questions(tmp_path, real_data):
    """A real meeting draws not one unasked reply; several of its queries, asked by name, are answered from it."""
    file = real_data / "meetings" / "ES2004a.json"
    meeting = json.loads(file.read_text(encoding="utf-8"))
    queries = [query["query"] for query in meeting["queries"] if query["spans"]][:3]
    steps = [
        {
            "id": f"query{at}",
            "after": "reply ends" if at else "meeting ends",
            "guest": f"Parley, {query}",
            "expect": {"replies within": "8s"},
        }
        for at, query in enumerate(queries)
    ]
    scenario = tmp_path / "real.yaml"
    scenario.write_text(json.dumps({"title": "real", "people": [{"name": "Guest"}], "steps": steps}), encoding="utf-8")
    out = tmp_path / "out"
    status, printed = rehearse(str(scenario), "--meeting", str(file), "--speed", "60", "--out", str(out), "--no-video")
    assert status == 0, printed[-3000:]
    (row,) = read_sessions(out / "tape.db")
    decisions = [e.data for e in read_entries(out / "tape.db", row.id) if e.kind == "decision"]
    spoken = [decision for decision in decisions if decision["verdict"] != "silent"]
    assert {decision["speaker"] for decision in spoken} == {"Guest"}
    assert len([d for d in spoken if d["outcome"] == "complete"]) == len(queries)
    names = {speaker["name"] for speaker in meeting["speakers"]}
    assert all(any(name in decision["heard"] for name in names) for decision in spoken), "each answer quotes somebody"
    said = len({(t["speaker"], t["text"].casefold(), t["start"]) for t in meeting["turns"] if t["text"]})
    assert len([d for d in decisions if d["speaker"] in names]) == said
