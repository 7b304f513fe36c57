"""The stage with a real Chromium, real processes and a backend of one page: what goes in comes out, on time."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time as clock
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest
from rehearsing import ToneVoice

from server.chromium import find_chromium
from server.errors import RehearsalError
from server.rehearsal import stage
from server.rehearsal.agent_sound import AgentSound
from server.rehearsal.backend import Backend
from server.rehearsal.browser import Browser
from server.rehearsal.meeting import Meeting
from server.rehearsal.recorder import PeopleSound, make_film
from server.rehearsal.run import rehearse
from server.rehearsal.screencast import Screencast
from server.rehearsal.spoken import RATE
from server.rehearsal.stand_in import StandIn

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
]

TINY = (sys.executable, str(Path(__file__).with_name("tiny_backend.py")))
SCENARIO = """
title: Tiny
people: [Ana, Ben]
steps:
  - ana: "Good morning."
    expect: {stays silent: 1s}
  - {id: ask, ana: "Parley, what time is it?", expect: {replies within: 5s, reply contains: what time}}
  - {after: reply has played 0.5s, ben: "Mm-hmm.", expect: {keeps talking: 1s}}
  - {id: again, after: ask, ana: "Parley, tell us more.", expect: {replies within: 5s}}
  - {after: reply has played 0.5s, ben: "Parley, stop.",
     expect: {stops within: 2.4s, heard at most: 1 words, state is: listening}}
"""


class Rig:
    """A stage without a director: the test says what happens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.meeting = Meeting(ToneVoice(), clock=clock.monotonic, bot_id="bot-1")
        self.agent = AgentSound(self.meeting.now, clock.time)
        self.stand_in = StandIn(self.meeting, self.agent, wall=clock.time, folder=folder)
        self.backend = Backend(folder, command=TINY)

    async def __aenter__(self) -> Rig:
        await self.stand_in.start()
        await self.backend.start()
        self.browser = Browser(self.folder / "profile", port=self.stand_in.port, key_hash=self.stand_in.key_hash)
        await self.browser.__aenter__()
        await self.browser.open(f"{self.backend.url}/agent/")
        self.http = httpx.AsyncClient(base_url=self.backend.url)
        await self.until(self.connected)
        return self

    async def connected(self) -> bool:
        page = (await self.http.get("/said")).json()["connected"]
        return bool(page and self.stand_in.taps and self.stand_in.microphones and self.agent.states)

    async def until(self, true) -> None:
        while not await true():  # noqa: ASYNC110 - another process cannot set our event
            await asyncio.sleep(0.05)

    async def __aexit__(self, *error: object) -> None:
        await self.http.aclose()
        await self.browser.__aexit__(None, None, None)
        await self.backend.stop()
        await self.stand_in.close()
        await self.meeting.close()


async def test_the_page_hears_and_reads_the_meeting_as_a_bot_would(tmp_path):
    """
    At exactly 1280x720, under a strict policy, the page gets the transcript over TLS from the host's own address and
    the people's sound without loss (as soon as the machine keeps up), and no complaint appears.
    """
    async with Rig(tmp_path) as rig:
        size = await rig.browser.page.evaluate("[innerWidth, innerHeight, devicePixelRatio]")
        ana = rig.meeting.add("Ana", "500")
        people = PeopleSound(rig.meeting)
        lines = []
        for _ in range(4):
            lines.append(await rig.meeting.say(ana.id, "one two three four five"))
            await lines[-1].done

        async def has_final() -> bool:
            got = (await rig.http.get("/said")).json()["transcripts"]
            return sum(t["transcript"]["is_final"] for t in got) == 4

        await rig.until(has_final)
        transcripts = (await rig.http.get("/said")).json()["transcripts"]
        heard = await rig.http.get("/heard")
        sent = people.rendered(rig.meeting.now()).astype(np.float64) / 32768
        await people.close()
        complaints = rig.browser.errors

    assert size == [1280, 720, 1]
    assert transcripts[-1]["transcript"]["speaker"] == "Ana"
    assert [w["text"] for w in transcripts[-1]["transcript"]["words"]] == ["one", "two", "three", "four", "five"]
    assert len(transcripts) >= 3 and not transcripts[0]["transcript"]["is_final"]
    assert heard.headers["x-rate"] == "48000"
    got = np.frombuffer(heard.content, np.float32).astype(np.float64)
    firsts = [round(line.start * RATE) for line in lines]
    ratios = [signal_to_noise(got, sent[first : first + RATE]) for first in firsts]
    print("microphone: signal to noise in dB:", [round(r) for r in ratios])
    assert max(ratios) > 40
    assert complaints == []


def signal_to_noise(got: np.ndarray, sent: np.ndarray) -> float:
    """In dB, where `sent` is found best in `got`."""
    size = 1 << (len(got) + len(sent)).bit_length()
    match = np.fft.irfft(np.fft.rfft(got, size) * np.conj(np.fft.rfft(sent, size)))
    at = int(np.argmax(match[: len(got) - len(sent)]))
    piece = got[at : at + len(sent)]
    gain = float(piece @ sent / (sent @ sent))
    return float(10 * np.log10(np.sum((gain * sent) ** 2) / np.sum((piece - gain * sent) ** 2)))


async def test_the_film_has_picture_and_sound_at_the_same_time(tmp_path):
    """
    A flash with a beep, four times: in the film the two are at most 80 ms apart in the middle of the four, the agent's
    sound and the people's are both in it, and each beep is one reply.
    """
    av = pytest.importorskip("av", reason="PyAV is not installed")
    frames = tmp_path / "frames"
    frames.mkdir()
    async with Rig(tmp_path) as rig:
        meeting = rig.meeting
        people = PeopleSound(meeting)
        cast = Screencast(rig.browser, frames, lambda wall: meeting.now() - (clock.time() - wall))
        await cast.start()
        begin = meeting.now()
        line = await meeting.say(meeting.add("Ana", "500").id, "one two")
        await line.done
        for number in range(1, 5):
            await rig.http.get("/beep", params={"beep": 1000, "seconds": 0.5, "reply": number})
            await meeting.until(meeting.now() + 1.5)
        end = meeting.now()
        await cast.stop()
        await people.close()
        rig.agent.finish()
    film = await make_film(tmp_path / "meeting.mp4", tmp_path, cast, people, rig.agent, begin=begin, end=end)

    with av.open(str(film)) as container:
        video = container.streams.video[0]
        assert (video.width, video.height) == (1280, 720)
        light = [(float(f.pts * f.time_base), f.to_ndarray(format="gray").mean()) for f in container.decode(video=0)]
    with av.open(str(film)) as container:
        sound = np.concatenate([f.to_ndarray().ravel() for f in container.decode(audio=0)])
    flashes = [at for (_, dark), (at, bright) in pairwise(light) if dark < 150 <= bright]
    beeps = onsets(sound, 1000)
    apart = [flash - min(beeps, key=lambda beep: abs(beep - flash)) for flash in flashes]
    print("film: picture minus sound in ms:", [round(1000 * seconds) for seconds in apart])
    # A busy machine may draw a flash late or not at all; the middle says how well the two clocks agree.
    assert len(beeps) == 4 and 3 <= len(flashes) <= 4
    assert abs(np.median(apart)) <= 0.08
    assert onsets(sound, 500)[0] == pytest.approx(line.start - begin, abs=0.03)
    assert [reply.number for reply in rig.agent.replies] == [1, 2, 3, 4]
    for reply, beep in zip(rig.agent.replies, beeps, strict=True):
        assert reply.begin - begin == pytest.approx(beep, abs=0.03)


def onsets(sound: np.ndarray, frequency: int) -> list[float]:
    """Where a tone begins, in seconds, to 10 ms."""
    blocks = sound[: len(sound) // 480 * 480].reshape(-1, 480)
    level = np.abs(np.fft.rfft(blocks, axis=1))[:, frequency // 100]
    loud = level > level.max() * 0.3
    return [i * 0.01 for i in range(1, len(loud)) if loud[i] and not loud[max(0, i - 25) : i].any()]


async def test_a_whole_rehearsal_ends_in_a_report_and_leaves_nothing_behind(tmp_path, monkeypatch):
    """
    Every expectation of the scenario holds, the folder has report, page, film, pictures and tape, and neither a
    temporary file nor a process of ours is left.
    """
    monkeypatch.setattr("tempfile.tempdir", str(_fresh(tmp_path / "temporary")))
    (tmp_path / "tiny.yaml").write_text(SCENARIO)
    told = []

    report = await rehearse(
        tmp_path / "tiny.yaml", out=tmp_path / "out", on_progress=told.append, voice=ToneVoice(), command=TINY
    )

    missed = [v for v in report.all_verdicts if not v.held]
    assert report.passed, missed
    assert len(report.all_verdicts) == 8
    stored = json.loads((tmp_path / "out" / "report.json").read_text())
    assert stored["passed"] and [t["id"] for t in stored["turns"]][1] == "ask"
    turn = stored["turns"][1]
    assert turn["decision"]["reason"] == "called" and turn["reply"]["outcome"] == "complete"
    assert turn["first_sound_ms"] > 0 and turn["stages_ms"]["first_sound"] > 0
    assert stored["turns"][3]["reply"]["heard"] == "Beep"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<svg" in page and "data:image/jpeg;base64," in page and "http" not in page.split("<body>")[0]
    for name in ("meeting.mp4", "tape.db", turn["screenshot"]):
        assert (tmp_path / "out" / name).stat().st_size > 1000
    assert stored["page_errors"] == []
    assert next(e.text for e in told if e.kind == "line") == "Good morning."
    assert told[-1].kind == "done" and told[-1].report is report
    assert list((tmp_path / "temporary").iterdir()) == []
    assert _processes_naming(tmp_path) == []


async def test_an_expectation_that_does_not_hold_fails_the_rehearsal(tmp_path):
    """
    The report says which, and a step that waited for a reply in vain says so.
    """
    (tmp_path / "bad.yaml").write_text(
        "people: [Ana]\nsteps:\n"
        "  - {ana: 'Good morning.', expect: {replies within: 1s}}\n"
        "  - {after: reply ends, ana: 'Well.'}\n"
    )

    report = await rehearse(tmp_path / "bad.yaml", out=tmp_path / "out", voice=ToneVoice(), command=TINY, record=False)

    assert not report.passed
    assert [(v.name, v.held) for v in report.all_verdicts] == [("replies within", False), ("after", False)]
    assert "film" not in report.files and "did not pass" in (tmp_path / "out" / "report.html").read_text()


async def test_a_recorded_meeting_in_which_nobody_calls_is_silent(tmp_path):
    """
    With only a meeting file the agent is expected to say nothing to its end.
    """
    turns = [
        {"speaker": "Ana", "text": "We could paint it green.", "start": 0.0, "end": 2.0},
        {"speaker": "Ben", "text": "Green it is.", "start": 2.0, "end": 3.0},
    ]
    path = tmp_path / "small.json"
    path.write_text(json.dumps({"turns": turns}))

    report = await rehearse(
        None, meeting=path, out=tmp_path / "out", speed=4, voice=ToneVoice(), command=TINY, record=False
    )

    assert report.passed and [v.name for v in report.verdicts] == ["says nothing"]
    assert [d["text"] for d in report.other_decisions] == ["We could paint it green.", "Green it is."]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
async def test_a_rehearsal_that_is_called_off_cleans_up(tmp_path, sign):
    """
    On Ctrl-C and on SIGTERM, Chromium, backend and temporary files are gone when the process is.
    """
    (tmp_path / "tiny.yaml").write_text(SCENARIO)
    # A short name: Chromium puts a socket in there, whose path has a limit.
    temporary = Path(tempfile.mkdtemp(prefix="pr-"))
    script = (
        "import asyncio, sys; from pathlib import Path; sys.path[:0] = sys.argv[4:]\n"
        "from rehearsing import ToneVoice; from server.rehearsal.run import rehearse\n"
        "asyncio.run(rehearse(Path(sys.argv[1]), out=Path(sys.argv[2]), voice=ToneVoice(),\n"
        "    command=(sys.executable, sys.argv[3]), on_progress=lambda e: print(e.kind, e.text, flush=True)))\n"
    )
    here = Path(__file__).parent
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, tmp_path / "tiny.yaml", tmp_path / "out", TINY[1]),
        *(str(here), str(here.parents[1])),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    before = []
    async for line in process.stdout:
        before.append(line.decode())
        if line.startswith(b"line"):
            break
    assert _processes_naming(tmp_path) != [], before
    process.send_signal(sign)
    await process.wait()

    assert process.returncode != 0
    assert _rehearsals_in(temporary) == []
    shutil.rmtree(temporary)
    while _processes_naming(tmp_path):  # noqa: ASYNC110 - Chromium's helpers follow a moment later
        await asyncio.sleep(0.1)


async def test_a_backend_that_does_not_start_is_an_error_with_its_own_words(tmp_path):
    """
    The last line of its log is in the error; nothing else is started.
    """
    with pytest.raises(RehearsalError, match="stopped at start: no such setting"):
        await rehearse(
            None,
            out=tmp_path / "out",
            voice=ToneVoice(),
            command=(sys.executable, "-c", "import sys; sys.exit('no such setting')"),
        )


async def test_a_page_that_does_not_connect_is_an_error_that_says_to_what(tmp_path, monkeypatch):
    """
    A page that never opens the transcript or the microphone is named as such.
    """
    empty = (
        "import http.server, os\n"
        "class Empty(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.send_header('content-length', '0'); self.end_headers()\n"
        "    def log_message(self, *a): pass\n"
        "http.server.HTTPServer(('127.0.0.1', int(os.environ['PARLEY_PORT'])), Empty).serve_forever()\n"
    )
    monkeypatch.setattr(stage, "PAGE_WITHIN", 2.0)
    with pytest.raises(RehearsalError, match="did not connect to its backend, the transcript, its microphone"):
        await rehearse(
            None, out=tmp_path / "out", voice=ToneVoice(), command=(sys.executable, "-c", empty), record=False
        )


async def test_missing_parts_are_named_before_anything_starts(tmp_path, monkeypatch):
    """
    Without a browser the error says what to install, and no folder is made.
    """
    monkeypatch.setenv("CHROME_PATH", str(tmp_path / "nothing"))
    with pytest.raises(RehearsalError, match="no Chromium found"):
        await rehearse(None, out=tmp_path / "out", voice=ToneVoice(), command=TINY)
    assert not (tmp_path / "out").exists()


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _rehearsals_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("parley-")]


def _processes_naming(folder: Path) -> list[str]:
    """Command lines of running processes that have this folder in them, our own left out."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (entry / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if int(entry.name) != os.getpid() and (str(folder) in line or f"PARLEY_TAPE={folder}" in environment):
            found.append(line)
    return found
