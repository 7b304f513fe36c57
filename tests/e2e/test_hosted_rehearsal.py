"""`parley rehearse --host`: a whole meeting from `join` to `leave` through the vendors' stand-ins."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from server.chromium import find_chromium
from server.replay import replay
from server.store.tape import read_entries, read_sessions

pytestmark = pytest.mark.timeout(400)
ROOT = Path(__file__).parents[2]


def rehearse(*arguments: str) -> tuple[int, str]:
    """Run the command; its exit status and what it printed."""
    pytest.importorskip("av", reason="PyAV is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "rehearse", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=380, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def report_of(folder: Path) -> dict[str, Any]:
    """The report it left."""
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def turn(report: dict[str, Any], id: str) -> dict[str, Any]:
    """One step of the report."""
    return next(each for each in report["turns"] if each["id"] == id)


def check_seat(report: dict[str, Any], out: Path) -> None:
    """What holds for every host: the states in order, nothing refused or lost, the answers where they were asked."""
    seat = report["seat"]
    states = list(dict.fromkeys(step["state"] for step in seat["steps"]))
    assert states[:4] == ["joining", "waiting", "in-call", "live"] and seat["state"] == "done"
    assert all(each["opened"] == 1 and not each["refused"] and not each["lost"] for each in seat["connections"])
    assert all(each["taken"] and not each["refused"] for each in seat["webhooks"])
    assert seat["forged"] == 401 and seat["signed"] > 5
    assert "twelfth of March" in turn(report, "written")["chat"] and turn(report, "written")["reply"] is None
    assert [text for _, text in seat["chat"]] == [turn(report, "written")["chat"]]
    assert turn(report, "again")["reply"]["outcome"] == "interrupted"
    assert turn(report, "aloud")["first_sound_ms"] > 0 and turn(report, "aloud")["stages_ms"]["first_sound"] > 0
    assert report["unasked"] == []
    (row,) = read_sessions(out / "tape.db")
    result = replay(read_entries(out / "tape.db", row.id))
    assert result.same, result.render()
    html = (out / "report.html").read_text(encoding="utf-8")
    assert f"Seated through {seat['title']}" in html and "data:image" in html


@pytest.mark.browser
def test_a_whole_meeting_through_recall(tmp_path):
    """The page in Chromium, words by page and endpoint but each once, voices and pictures; every expectation holds."""
    if find_chromium() is None:
        pytest.skip("no Chromium on this machine: set CHROME_PATH, or install Debian's package chromium")
    out = tmp_path / "out"
    status, printed = rehearse("--host", "recall", "--out", str(out))
    assert status == 0, printed[-4000:]
    report = report_of(out)
    check_seat(report, out)
    seat = report["seat"]
    assert {each["channel"] for each in seat["connections"]} == {"text", "media"}
    once = next(verdict["found"] for verdict in report["verdicts"] if verdict["name"] == "hears every line once")
    assert "6 by the host, 6 by the page" in once
    assert seat["sent"]["audio_separate_raw.data"] > 100 and seat["sent"]["video_separate_png.data"] > 50
    assert seat["more"]["page"] == "opened once" and not report["page_errors"]
    assert (out / "meeting.mp4").stat().st_size > 10_000
    assert "waiting" in printed and "the agent writes" in printed


def test_a_whole_meeting_through_meetstream(tmp_path):
    """No page, no film: the voice is what the bot was told to play, the face are stills; pings are answered."""
    out = tmp_path / "out"
    status, printed = rehearse("--host", "meetstream", "--out", str(out))
    assert status == 0, printed[-4000:]
    report = report_of(out)
    check_seat(report, out)
    assert {each["channel"] for each in report["seat"]["connections"]} == {"control", "audio", "video"}
    assert "no" in report["environment"]["film"] and "chromium" not in report["environment"]
    assert "film" not in report["files"] and not (out / "meeting.mp4").exists()
    assert next(v for v in report["verdicts"] if v["name"] == "answers pings")["held"]
    with wave.open(str(out / "meeting.wav")) as sound:
        assert sound.getframerate() == 48_000 and sound.getnframes() / 48_000 == pytest.approx(
            report["seconds"], abs=0.1
        )
    numbers = [each["reply"]["number"] for each in report["turns"] if each["reply"] is not None]
    assert all(numbers) and len(set(numbers)) == len(numbers)


def test_an_agent_that_is_asked_to_leave_goes_by_itself(tmp_path):
    """Nothing is held against it that came when it was gone, and the operator has nothing left to do."""
    scenario = tmp_path / "asked.yaml"
    scenario.write_text(
        "people: [Ana]\n"
        "steps:\n"
        "  - {at: 1, joins: Ana, expect: {replies within: 8s}}\n"
        "  - {ana: 'The case is rubber.', expect: {stays silent: 1s}}\n"
        "  - {chat: {ana: 'Parley, leave'}}\n"
        "  - {pause: 3s, ana: 'Is it gone?', expect: {stays silent: 1s}}\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    status, printed = rehearse(str(scenario), "--host", "meetstream", "--out", str(out), "--no-video")
    assert status == 0, printed[-4000:]
    seat = report_of(out)["seat"]
    assert any(step["words"] == "leaving: it was asked to leave" for step in seat["steps"])
    assert not any("the operator" in step["words"] for step in seat["steps"])
    assert not (out / "meeting.wav").exists()


def test_what_the_host_cannot_do_is_one_line_and_status_2(tmp_path):
    """The backend's own reason and advice, no traceback, no report."""
    scenario = tmp_path / "voices.yaml"
    scenario.write_text("people: [Ana]\nseat: {senses: [voices]}\nsteps: [{ana: Hello.}]\n", encoding="utf-8")
    out = tmp_path / "out"
    status, printed = rehearse(str(scenario), "--host", "meetstream", "--out", str(out))
    assert status == 2 and "Traceback" not in printed
    assert "parley: the backend refused: MeetStream sends the meeting's sound mixed" in printed
    assert not (out / "report.json").exists()
