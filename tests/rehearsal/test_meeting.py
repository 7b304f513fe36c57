"""A meeting without a meeting: lines, mixed sound and transcript, on a clock of the test's own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from rehearsing import ToneVoice, VirtualTime

from server.errors import RehearsalError
from server.rehearsal.meeting import Meeting, MeetingEvent
from server.rehearsal.replay import load_meeting_file
from server.rehearsal.spoken import RATE, hurry

pytestmark = pytest.mark.anyio


def meeting_of(voice: ToneVoice, time: VirtualTime, **options: object) -> Meeting:
    return Meeting(voice, clock=time.clock, sleep=time.sleep, bot_id="bot-1", **options)  # type: ignore[arg-type]


def level(frames: list[bytes], begin: float, end: float) -> float:
    """Loudness of a stretch of received sound, as the root of its mean square."""
    sound = np.frombuffer(b"".join(frames), np.int16).astype(np.float64)
    return float(np.sqrt(np.mean(sound[int(begin * RATE) : int(end * RATE)] ** 2)))


async def drained(feed: object) -> list[object]:
    feed.close()  # type: ignore[attr-defined]
    return [item async for item in feed]  # type: ignore[attr-defined]


async def test_a_line_is_heard_from_its_start_to_its_end(voice, time):
    """
    The mix is silent before and after a line, has the line's tone during it, and is one frame per 20 ms.
    """
    meeting = meeting_of(voice, time)
    ana = meeting.add("Ana", "440")
    feed = meeting.subscribe_sound()
    await time.run(0.2)
    line = await meeting.say(ana.id, "hello there")
    await time.run(0.75)

    frames = await drained(feed)

    assert 47 <= len(frames) <= 48 and {len(f) for f in frames} == {1920}
    assert line.start == pytest.approx(0.2, abs=0.021)
    assert line.end - line.start == pytest.approx(0.5, abs=0.06)
    assert line.done.is_set()
    assert level(frames, 0, line.start) == 0.0
    assert level(frames, line.start + 0.01, line.start + 0.19) > 5000
    assert level(frames, line.end + 0.02, 0.94) < 5
    await meeting.close()


async def test_people_may_talk_at_once(voice, time):
    """
    Overlapping lines add up in the mix, each with its own voice.
    """
    meeting = meeting_of(voice, time)
    ana, ben = meeting.add("Ana", "500"), meeting.add("Ben", "1500")
    feed = meeting.subscribe_sound()
    await time.run(0.02)
    await meeting.say(ana.id, "one")
    await meeting.say(ben.id, "two")
    await time.run(0.2)

    sound = np.frombuffer(b"".join(await drained(feed)), np.int16)[2400 : 2400 + 4800]  # type: ignore[arg-type]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(4800)))

    peaks = {int(i) * 10 for i in np.argsort(spectrum)[-6:]}
    assert {500, 1500} <= peaks
    await meeting.close()


async def test_partials_grow_and_the_final_comes_after_its_delay(voice, time):
    """
    Partials carry a growing beginning of the words every 0.3 s; the final has all, 0.25 s after the sound ended.
    """
    meeting = meeting_of(voice, time)
    ana = meeting.add("Ana")
    feed = meeting.subscribe_transcript()
    arrivals: list[tuple[float, dict]] = []

    async def collect() -> None:
        async for message in feed:
            at = meeting.now()
            arrivals.append((at, message["transcript"]))

    reader = asyncio.create_task(collect())
    line = await meeting.say(ana.id, "what did we decide about it")
    await time.run(3.0)
    await drained(feed)
    await reader

    words = [len(m["words"]) for _, m in arrivals]
    assert words == sorted(words) and words[-1] == 6 and len(words) >= 4
    assert [m["is_final"] for _, m in arrivals] == [False] * (len(words) - 1) + [True]
    assert arrivals[-1][0] == pytest.approx(line.end + 0.25, abs=0.001)
    assert {m["original_transcript_id"] for _, m in arrivals} == {line.id}
    assert [w["text"] for w in arrivals[-1][1]["words"]] == "what did we decide about it".split()
    starts = [w["start_time"] for w in arrivals[-1][1]["words"]]
    assert starts == pytest.approx([line.start + i * 0.3 for i in range(6)], abs=0.02)
    for at, message in arrivals[:-1]:
        assert all(w["end_time"] <= at + 0.001 for w in message["words"])
    await meeting.close()


async def test_shapes_that_cannot_say_final_carry_no_partials(voice, time):
    """
    In the shapes without a final flag only whole utterances are sent, as the documents imply.
    """
    for shape, path in (("outer_data", ("data",)), ("inner_data", ()), ("event", ("data", "data"))):
        meeting = meeting_of(voice, time, shape=shape)
        ana = meeting.add("Ana")
        feed = meeting.subscribe_transcript()
        await meeting.say(ana.id, "one two three four")
        await time.run(2.0)
        messages = await drained(feed)
        for message in messages:
            node = message
            for key in path:
                node = node[key]
            assert node["participant"]["name"] == "Ana"
            assert node["words"][0]["start_timestamp"]["relative"] >= 0
        if shape == "event":
            assert [m["event"] for m in messages][-2:] == ["transcript.partial_data", "transcript.data"]
        else:
            assert len(messages) == 1
        await meeting.close()


async def test_a_line_that_is_stopped_keeps_only_the_words_that_began(voice, time):
    """
    Stopping a line ends its sound at once and its final holds the words said so far.
    """
    meeting = meeting_of(voice, time)
    ana = meeting.add("Ana")
    sound, transcript = meeting.subscribe_sound(), meeting.subscribe_transcript()
    line = await meeting.say(ana.id, "one two three four five six")
    await time.run(0.7)
    meeting.stop(line)
    meeting.stop(line)
    await time.run(1.0)

    messages = await drained(transcript)
    frames = await drained(sound)

    assert line.cut and line.done.is_set()
    assert line.end == pytest.approx(0.7, abs=0.001)
    assert [w["text"] for w in messages[-1]["transcript"]["words"]] == ["one", "two", "three"]
    assert messages[-1]["transcript"]["is_final"]
    assert level(frames, 0.75, 1.6) == 0.0
    await meeting.close()


async def test_a_slow_reader_loses_the_oldest_sound_and_keeps_the_time(voice, time):
    """
    A reader that falls behind by more than a second finds the newest second, and `position` says which.
    """
    meeting = meeting_of(voice, time)
    meeting.add("Ana")
    feed = meeting.subscribe_sound()
    await time.run(3.0)
    frames = [await anext(feed)]

    assert feed.lost == 100 + 1 or feed.lost == 100
    assert feed.position == feed.lost
    frames += await drained(feed)
    assert len(frames) == 50
    await meeting.close()


async def test_frames_keep_to_the_meetings_clock_after_a_stall(voice, time):
    """
    After the loop was held up for two seconds the missing frames follow at once: the count never drifts.
    """
    meeting = meeting_of(voice, time)
    feed = meeting.subscribe_sound()
    await time.run(0.5)
    time.now += 2.0
    await time.run(0.5)
    seen = feed.lost + len(await drained(feed))

    assert seen == pytest.approx(150, abs=1)
    await meeting.close()


async def test_nothing_runs_with_nobody_listening(voice, time):
    """
    The mixer's task lives from the first sound feed to the last, and a meeting nobody hears has no task at all.
    """
    before = asyncio.all_tasks()
    meeting = meeting_of(voice, time)
    meeting.add("Ana")
    assert asyncio.all_tasks() == before
    one, two = meeting.subscribe_sound(), meeting.subscribe_sound()
    await time.run(0.1)
    assert len(asyncio.all_tasks() - before) == 1
    one.close()
    two.close()
    await time.run(0.1)
    assert asyncio.all_tasks() == before
    await meeting.close()


async def test_people_join_change_their_names_and_leave(voice, time):
    """
    Everyone listening is told; a person who leaves in the middle of a line breaks off.
    """
    meeting = meeting_of(voice, time)
    events: list[MeetingEvent] = []
    stop = meeting.listen(events.append)
    ana = meeting.add("Ana")
    meeting.rename(ana.id, "Ana Maria")
    line = await meeting.say(ana.id, "I have to go now")
    await time.run(0.4)
    meeting.remove(ana.id)
    stop()
    meeting.add("Ben")

    assert [e.kind for e in events] == ["joined", "renamed", "started", "ended", "left"]
    assert line.cut and line.person.name == "Ana Maria"
    with pytest.raises(RehearsalError):
        await meeting.say(ana.id, "still here?")
    await meeting.close()


async def test_closing_ends_feeds_lines_and_tasks(voice, time):
    """
    After close every feed is at its end, every line is done, and nothing is left running.
    """
    before = asyncio.all_tasks()
    meeting = meeting_of(voice, time)
    ana = meeting.add("Ana")
    sound, transcript = meeting.subscribe_sound(), meeting.subscribe_transcript()
    line = await meeting.say(ana.id, "one two three")
    await meeting.close()
    await meeting.close()

    assert len(await drained(sound)) <= 1 and await drained(transcript) == []
    assert line.done.is_set()
    assert asyncio.all_tasks() == before
    with pytest.raises(RehearsalError):
        await meeting.say(ana.id, "anyone?")


def recording(tmp_path: Path) -> Path:
    """Four turns of two people; the second rides over the first, one is a cough."""
    turns = [
        {"i": 0, "speaker": "Ana", "text": "We could paint it green.", "start": 1.0, "end": 3.0},
        {"i": 1, "speaker": "Ben", "text": "Green it is.", "start": 2.0, "end": 3.5},
        {"i": 2, "speaker": "Ben", "text": ""},
        {"i": 3, "speaker": "Ana", "text": "Next point.", "start": 6.0, "end": 7.0},
    ]
    path = tmp_path / "small.json"
    path.write_text(json.dumps({"id": "small", "turns": turns}), "utf-8")
    return path


async def test_a_recorded_meeting_plays_at_speed(voice, time, tmp_path):
    """
    At four times the speed a file's turns come in order, without sound, at their times divided by four.
    """
    meeting = meeting_of(voice, time)
    feed = meeting.subscribe_transcript()
    started: list[tuple[float, str]] = []

    def note(event: MeetingEvent) -> None:
        if event.kind == "started" and event.line is not None:
            started.append((event.line.start, event.line.text))
            assert len(event.line.spoken.pcm) == 0

    meeting.listen(note)
    playing = asyncio.create_task(meeting.play(recording(tmp_path), 4.0))
    await time.run(3.0)

    assert await playing == 3
    assert [p.name for p in meeting.people] == ["Ana", "Ben"]
    assert [text for _, text in started] == ["We could paint it green.", "Green it is.", "Next point."]
    assert [at for at, _ in started] == pytest.approx([0.25, 0.5, 1.5], abs=0.02)
    finals = [m["transcript"] for m in await drained(feed) if m["transcript"]["is_final"]]
    assert [f["speaker"] for f in finals] == ["Ana", "Ben", "Ana"]
    await meeting.close()


async def test_a_stretch_of_a_recording_can_be_played(voice, time, tmp_path):
    """
    `begin` and `until` choose the turns that start between them, and time starts at `begin`.
    """
    meeting = meeting_of(voice, time)
    started: list[float] = []
    meeting.listen(lambda e: started.append(e.line.start) if e.kind == "started" and e.line else None)
    playing = asyncio.create_task(meeting.play(load_meeting_file(recording(tmp_path)), 4.0, until=5.0, begin=1.5))
    await time.run(2.0)

    assert await playing == 1
    assert started == pytest.approx([0.125], abs=0.02)
    await meeting.close()


async def test_playing_can_be_called_off(voice, time, tmp_path):
    """
    Cancelling the play cuts the open lines and leaves no task behind.
    """
    before = asyncio.all_tasks()
    meeting = meeting_of(voice, time)
    playing = asyncio.create_task(meeting.play(recording(tmp_path), 4.0))
    await time.run(0.55)
    (first, second) = meeting.lines
    playing.cancel()
    await time.run(1.0)

    assert playing.cancelled()
    assert first.cut and second.cut and meeting.lines == ()
    await meeting.close()
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "no list of turns"),
        ('{"turns": [{"speaker": "A", "start": 0, "end": 1}]}', "turn 0 .* text is missing"),
        ('{"turns": [{"text": "hi", "start": 0, "end": 1}]}', "turn 0 .* speaker is missing"),
        ('{"turns": [{"speaker": "A", "text": "hi", "start": 2, "end": 1}]}', "turn 0 .* in order"),
        ('{"turns": [{"text": ""}]}', "nobody says anything"),
    ],
)
def test_a_broken_recording_is_refused_with_its_place_and_reason(tmp_path, text, reason):
    """
    The error names the turn and what is wrong with it, never what was said.
    """
    path = tmp_path / "broken.json"
    path.write_text(text, "utf-8")
    with pytest.raises(RehearsalError, match=reason):
        load_meeting_file(path)


def test_hurried_speech_is_shorter_at_the_same_pitch():
    """
    Twice as fast halves the length and keeps the tone's frequency and loudness.
    """
    tone = (8000 * np.sin(2 * np.pi * 300 * np.arange(24_000) / 24_000)).astype(np.int16)

    fast = hurry(tone, 2.0, rate=24_000)

    assert len(fast) == pytest.approx(12_000, rel=0.05)
    middle = fast[2000:10_000].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert float(np.argmax(spectrum)) * 24_000 / len(middle) == pytest.approx(300, abs=6)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(8000 / np.sqrt(2), rel=0.1)


@pytest.mark.data
async def test_a_real_meeting_plays_whole(voice, time, real_data):
    """
    Every turn with text of a real meeting is said once, in the order the turns start.
    """
    recorded = load_meeting_file(real_data / "meetings" / "ES2004a.json")
    meeting = meeting_of(voice, time, partial_every=0.0)
    said: list[str] = []
    meeting.listen(lambda e: said.append(e.line.text) if e.kind == "started" and e.line else None)
    playing = asyncio.create_task(meeting.play(recorded, 20.0))
    while not playing.done():
        await time.run(5.0)

    assert await playing == len(recorded.turns)
    assert len(said) == len(recorded.turns)
    await meeting.close()
