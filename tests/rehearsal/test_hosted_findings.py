"""What a rehearsal through a host finds: chat, the seat as a whole, and what a bot without a page says and shows."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console as Terminal

from server.core.conversation import Config
from server.core.events import Heard
from server.core.transcript import Word
from server.rehearsal.agent_sound import AgentSound, HeardReply
from server.rehearsal.console import Console
from server.rehearsal.director import Progress
from server.rehearsal.hosts.meetstream_playback import RATE, Playback
from server.rehearsal.judge import Facts, Judge, Played, Written, decisions_of
from server.rehearsal.meeting import Line, Person
from server.rehearsal.report import Connection, Report, SeatReport, SeatStep, TurnReport, Webhooks
from server.rehearsal.report_html import render
from server.rehearsal.scenario import parse_scenario
from server.rehearsal.seating.bridge import Said
from server.rehearsal.seating.checks import number_replies, seat_verdicts
from server.rehearsal.seating.mouth import Mouth
from server.rehearsal.seating.stills import Stills
from server.rehearsal.seating.vendor_view import channel_of
from server.rehearsal.spoken import UNSAID
from server.store.base import Entry
from server.store.codec import config_to_entry, event_to_entry

PEOPLE = {"Ana": Person(1, "Ana", ""), "Ben": Person(2, "Ben", "")}


def played(*steps: tuple[float, dict]) -> list[Played]:
    """Steps that happened at these seconds; a line takes two."""
    scenario = parse_scenario({"people": ["Ana", "Ben"], "steps": [step for _, step in steps]})
    found = []
    for (at, _), step in zip(steps, scenario.steps, strict=True):
        end = at + 2.0 if step.kind == "says" else at
        found.append(Played(step, Line(step.index + 1, PEOPLE[step.person], step.text, at, end, (), UNSAID), None))
    return found


# ---------------------------------------------------------------- chat

ASKS = (10.0, {"chat": {"ana": "Parley, which case?"}, "expect": {"chat within": "3s", "chat contains": "rubber"}})


def verdicts(steps: list[Played], *written: Written) -> dict[str, tuple[bool, str]]:
    judge = Judge(steps, Facts([], [], [], written))
    return {v.name: (v.held, v.found) for v in judge.verdicts(steps[0])}


def test_an_answer_in_the_chat_is_judged_by_its_time_and_words():
    """
    The first line counts for the time, all of them for the words; a late or wrong one does not hold.
    """
    steps = played(ASKS)

    parts = Written(11.0, "We took the"), Written(11.2, "rubber case.")
    assert verdicts(steps, *parts) == {
        "chat within": (True, "1.00 s"),
        "chat contains": (True, "We took the rubber case."),
    }
    assert verdicts(steps, Written(13.5, "Metal.")) == {
        "chat within": (False, "3.50 s"),
        "chat contains": (False, "“rubber” is not in it"),
    }
    nothing = (False, "it wrote nothing")
    assert verdicts(steps) == {"chat within": nothing, "chat contains": nothing}
    assert verdicts(steps, Written(9.0, "rubber"))["chat contains"] == nothing


def test_what_is_written_belongs_to_the_latest_step_that_wants_it():
    """
    A line after the next question is no answer to the one before.
    """
    steps = played(ASKS, (20.0, {"ben": "Well."}), (30.0, ASKS[1]))

    assert verdicts(steps, Written(25.0, "rubber"), Written(31.0, "metal"))["chat contains"] == (True, "rubber")
    assert verdicts(steps, Written(31.0, "rubber"))["chat contains"][0] is False


def test_a_decision_about_a_chat_line_is_found_also_when_nobody_says_who_wrote_it():
    """
    MeetStream does not; a spoken line always has its speaker. Comings and goings have no decision.
    """
    asked, joins = played(ASKS, (12.0, {"leaves": "ben"}))
    said = played((10.0, {"ana": "Parley, which case?"}))
    record = {"speaker": "Someone", "text": "Parley, which case?", "verdict": "written"}

    assert decisions_of([asked], [record]) == {0: record}
    assert decisions_of(said, [record]) == {}
    assert decisions_of([joins], [{"speaker": "Ben", "text": "Ben leaves"}]) == {}


# ---------------------------------------------------------------- the seat

SEAT = SeatReport(
    "recall",
    "Recall.ai",
    ("voices",),
    "done",
    (SeatStep(-2.0, "waiting", "the bot is waiting", "Admit <it>."), SeatStep(-0.5, "live", "it is in")),
    ("joining_call", "done"),
    (Connection("text", 1),),
    (Webhooks("status", 9),),
    10,
    401,
    {"transcript.data": 2},
    ((12.0, "Rubber & metal"),),
    {"speech-hint": 4},
    {"page": "opened once"},
)


def tape(*heard: Heard, at: float = 20.0) -> list[Entry]:
    """A session in which this was heard, one second apart."""
    entries = [Entry(1, 0.0, "config", config_to_entry(Config()))]
    for index, event in enumerate(heard):
        entries.append(Entry(index + 2, at + index, "event", event_to_entry(event)))
    return entries


def final(speaker: str, text: str, start: float, source: str) -> Heard:
    words = (Word(text, start, start + 1.0),)
    return Heard(speaker, text, True, speaker_id=speaker, start=start, end=start + 1.0, words=words, source=source)


LINES = (Said(10.0, "Ana", "The case is rubber."), Said(14.0, "Ben", "The battery comes in March."))
BOTH = (
    final("Ana", "The case is rubber.", 10.0, "host"),
    final("Ana", "The case is rubber.", 10.0, "page"),
    final("Ben", "The battery comes in March.", 14.0, "page"),
    final("Ben", "The battery comes in March.", 14.0, "host"),
)


def of_seat(report: SeatReport = SEAT, *, entries=None, said=LINES, gone: float | None = 0.4, replies=()):
    found = seat_verdicts(report, 2.5, gone, tape(*BOTH) if entries is None else entries, said, replies)
    return {v.name: (v.held, v.found) for v in found}


def test_a_good_seat_holds_everything():
    """
    Every line came by both ears and is in the transcript once and in order; signatures were checked; the end is done.
    """
    assert of_seat() == {
        "takes its seat": (True, "after 2.5 s"),
        "hears every line once": (True, "2 of 2, 0 doubled; finals: 2 by the host, 2 by the page"),
        "keeps the order": (True, "so they are in the transcript"),
        "checks signatures": (True, "10 let in, the forged one got 401"),
        "understands everything": (True, "all of it was understood"),
        "leaves": (True, "after 0.4 s: waiting → live → done"),
    }


def test_a_lost_or_doubled_line_is_found():
    """
    Lost in both ears, or twice in the transcript because the ears disagree about the words.
    """
    lost = of_seat(entries=tape(*BOTH[:2]))["hears every line once"]
    assert lost == (False, "1 of 2, 0 doubled; finals: 1 by the host, 1 by the page")
    again = final("Ana", "The case is rubber.", 30.0, "host")
    doubled = of_seat(entries=tape(*BOTH, again))["hears every line once"]
    assert doubled[0] is False and doubled[1].startswith("2 of 2, 1 doubled")
    assert of_seat(entries=[])["hears every line once"] == (False, "0 of 2, 0 doubled; finals: none")


def test_lines_in_another_order_than_they_were_said_are_found():
    """
    Whatever the words' own times say; half a second either way is no order.
    """
    late = final("Ana", "The case is rubber.", 18.0, "host")
    wrong = of_seat(entries=tape(late, BOTH[3]))["keeps the order"]
    assert wrong[0] is False and "“the case is rubber.” stands 4.0 s too late, behind “the battery" in wrong[1]
    close = (LINES[0], replace(LINES[1], at=10.3))
    assert of_seat(entries=tape(late, BOTH[3]), said=close)["keeps the order"][0] is True


@pytest.mark.parametrize(
    ("changes", "name", "found"),
    [
        ({"forged": 204}, "checks signatures", "10 let in, the forged one got 204"),
        ({"signed": 0}, "checks signatures", "0 let in, the forged one got 401"),
        (
            {"webhooks": (Webhooks("status", 9, (500, 500)),)},
            "checks signatures",
            "10 let in, the forged one got 401, 2 of the vendor's own refused (500)",
        ),
        ({"odd": {"bad-json": 3}}, "understands everything", "bad-json 3 times"),
        (
            {"connections": (Connection("media", 2, lost=7),)},
            "understands everything",
            "all of it was understood; 7 messages did not get through",
        ),
    ],
)
def test_what_is_wrong_with_a_seat_is_a_missed_expectation(changes, name, found):
    """
    A forgery that was let in, a vendor that was refused, messages that were lost or not understood.
    """
    assert of_seat(replace(SEAT, **changes))[name] == (False, found)


def test_a_bot_that_stays_is_a_missed_expectation():
    """
    With where it stayed.
    """
    assert of_seat(replace(SEAT, state="live"), gone=None)["leaves"] == (False, "it never did: waiting → live")


def test_replies_that_no_page_numbers_get_the_tape_s_numbers():
    """
    By when they began; one that the tape does not know stays without a number, and no number is given twice.
    """
    decisions = [
        Entry(1, 0.0, "decision", {"reply": number, "times": {"first_sound": at}})
        for number, at in ((4, 8.0), (7, 20.0))
    ]
    decisions.append(Entry(3, 0.0, "decision", {"reply": 9, "times": {}}))
    replies = [HeardReply(10.1, 12, 1), HeardReply(16.0, 17, 2), HeardReply(21.6, 25, 3), HeardReply(22.4, 25, 4)]

    number_replies(replies, decisions, 2.0)

    assert [reply.number for reply in replies] == [4, 0, 7, 0]


# ---------------------------------------------------------------- a bot without a page


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def tone(seconds: float) -> bytes:
    return (b"\x00\x20" * round(seconds * RATE))[: round(seconds * RATE) * 2]


def test_what_a_bot_plays_is_heard_when_it_is_played():
    """
    Chunks that come in bursts are one stretch; its begin is that of its first sample, its end that of its last.
    """
    clock = Clock()
    agent = AgentSound(clock, clock)
    playback = Playback(clears=True)
    mouth = Mouth(lambda: playback, agent, clock=clock)
    clock.now = 100.5
    for _ in range(4):
        playback.arrive(tone(0.1), clock.now)
    for clock.now in (100.51, 100.66, 100.67, 101.5):
        mouth.look()
    clock.now = 103.0
    playback.arrive(tone(0.2), clock.now)
    clock.now = 104.0
    mouth.look()
    mouth.look()
    agent.finish()

    assert [(round(r.begin, 2), round(r.end, 2)) for r in agent.replies] == [(100.5, 100.9), (103.0, 103.2)]
    heard = agent.rendered(104.0)
    assert (heard != 0).sum() == pytest.approx(0.6 * RATE, abs=4)


def test_what_an_interruption_drops_was_never_heard():
    """
    Only what was played until then.
    """
    clock = Clock()
    agent = AgentSound(clock, clock)
    playback = Playback(clears=True)
    mouth = Mouth(lambda: playback, agent, clock=clock)
    playback.arrive(tone(2.0), clock.now)
    clock.now = 100.7
    mouth.look()
    clock.now = 100.75
    playback.interrupt(clock.now)
    clock.now = 105.0
    mouth.look()
    agent.finish()

    assert agent.replies[0].end == pytest.approx(100.75, abs=0.011)


def test_a_bot_without_a_connection_says_nothing():
    """
    Looking does no harm.
    """
    clock = Clock()
    agent = AgentSound(clock, clock)
    Mouth(lambda: None, agent, clock=clock).look()

    assert agent.replies == []


def test_stills_are_kept_with_their_time(tmp_path):
    """
    The newest one at any second; before the first there is none.
    """
    stills = Stills(tmp_path)
    stills.take([b"\x89PNG one"], 5.0)
    stills.take([b"\x89PNG one", b"\xff\xd8 two"], 9.0)

    assert stills.at(4.9) is None
    assert stills.at(8.9).read_bytes() == b"\x89PNG one" and stills.at(8.9).suffix == ".png"
    assert stills.at(9.0).read_bytes() == b"\xff\xd8 two" and stills.at(99.0).suffix == ".jpg"


def test_the_channel_of_an_address():
    """
    As `/hosts/{host}/{channel}/{token}/` has it.
    """
    assert channel_of("ws://127.0.0.1:8000/hosts/recall/media/a.b-c/") == "media"
    assert channel_of("http://127.0.0.1/") == ""


# ---------------------------------------------------------------- the report and the terminal


def test_the_report_has_the_seat_with_everything_escaped():
    """
    Steps, connections, webhooks, signatures, chat and what only this vendor has; comings without a decision.
    """
    turns = (
        TurnReport(1, "a", "Ana", "joins", 1, 1, 1, kind="joins"),
        TurnReport(2, "b", "Ana", "Parley?", 2, 2, 2, kind="chat", chat="Yes <b>", chat_ms=120.0),
    )
    page = render(Report("Seated", True, "2026-01-01T10:00:00+00:00", 10.0, {}, turns, seat=SEAT))

    assert "Seated through Recall.ai" in page and "Admit &lt;it&gt;." in page
    assert "text: opened once, 0 messages lost" in page and "status: 9 taken" in page
    assert "10 requests let in; a forged one got 401" in page
    assert "Rubber &amp; metal" in page and "opened once" in page
    assert "Yes &lt;b&gt;" in page and "after 0.12 s" in page and page.count("no decision") == 1


def test_the_report_of_a_plain_rehearsal_has_no_seat():
    """
    Nothing is said about what was not there.
    """
    page = render(Report("Plain", True, "2026-01-01T10:00:00+00:00", 10.0, {}, ()))

    assert "Seated through" not in page and "<audio" not in page
    with_sound = Report("Sound", True, "2026-01-01T10:00:00+00:00", 10.0, {}, (), files={"sound": "meeting.wav"})
    assert '<audio controls src="meeting.wav">' in render(with_sound)


def test_the_terminal_tells_of_the_seat_and_the_chat():
    """
    Each in a line of its own, as it happens.
    """
    out = io.StringIO()
    with Console(Terminal(file=out, force_terminal=False, width=200, highlight=False)) as console:
        console.progress(Progress("seat", "the bot is waiting", who="waiting"))
        console.progress(Progress("act", "joins", 1.0, "Ana"))
        console.progress(Progress("chat", "Parley, which case?", 2.0, "Ana"))
        console.progress(Progress("written", "Rubber.", 2.5))

    assert [" ".join(line.split()) for line in out.getvalue().splitlines()] == [
        "waiting the bot is waiting",
        "1.0 Ana joins",
        "2.0 Ana writes Parley, which case?",
        "2.5 the agent writes Rubber.",
    ]
