"""A meeting file in the rehearsal room on a virtual clock: faster, paused in mid-sentence, at once, over."""

import asyncio

import pytest
from rehearsing import ToneVoice, VirtualTime

from server.errors import RehearsalError
from server.rehearsal.meeting import Meeting
from server.rehearsal.room import Room
from server.rehearsal.room_file import read_meeting

pytestmark = pytest.mark.anyio

FILE = {
    "turns": [
        {"speaker": "Ana", "text": "one two three four five six seven eight", "start": 0.0, "end": 8.0},
        {"speaker": "Ben", "text": "nine ten", "start": 9.0, "end": 10.0},
        {"speaker": "Cleo", "text": "eleven", "start": 20.0, "end": 21.0},
    ]
}


class Stage:
    """A room, its clock, and everything it said."""

    def __init__(self, time: VirtualTime, voice: ToneVoice) -> None:
        self.time = time
        meeting = Meeting(voice, clock=time.clock, bot_id="bot", sleep=time.sleep, partial_every=0.0)
        self.room = Room(meeting, "session", voices=("400", "500", "600"))
        self.said: list[str] = []
        self.states: list[str] = []
        self.room.listen(self._event)

    def _event(self, event: dict) -> None:
        if event["type"] == "line" and event["final"]:
            self.said.append(event["text"])
        elif event["type"] == "meeting" and event["meeting"]:
            self.states.append(event["meeting"]["state"])


@pytest.fixture
def stage(time: VirtualTime, voice: ToneVoice) -> Stage:
    return Stage(time, voice)


async def test_five_times_as_fast(stage: Stage):
    """At 5x every turn is over at a fifth of its time, and progress counts in seconds of the recording."""
    player = await stage.room.load(FILE)
    await stage.room.play(5.0)
    await stage.time.run(1.9)
    assert stage.said == ["one two three four five six seven eight"]
    assert (player.snapshot["said"], player.snapshot["seconds"]) == (2, pytest.approx(9.5))
    await stage.time.run(2.5)
    assert stage.said[1:] == ["nine ten", "eleven"]
    assert (player.state, player.snapshot["said"], player.snapshot["seconds"]) == ("over", 3, 21.0)
    await stage.room.close()


async def test_a_pause_loses_no_word(stage: Stage):
    """Paused in the middle of a line, playing on says the rest of it and everything after, once."""
    player = await stage.room.load(FILE)
    await stage.room.play(5.0)
    await stage.time.run(0.9)
    await stage.room.pause()
    at = player.seconds
    assert player.state == "paused"
    await stage.time.run(30.0)
    assert player.seconds == at
    assert len(stage.said) == 1
    await stage.room.play(20.0)
    await stage.time.run(3.0)
    words = " ".join(stage.said).split()
    assert words == "one two three four five six seven eight nine ten eleven".split()
    assert 0 < len(stage.said[0].split()) < 8
    assert player.state == "over"
    await stage.room.close()


async def test_another_speed_in_the_middle(stage: Stage):
    """Choosing another speed while it plays goes on from the same place, without a state in between."""
    player = await stage.room.load(FILE)
    await stage.room.play(5.0)
    await stage.time.run(0.5)
    await stage.room.play(0.0)
    await stage.time.run(2.0)
    assert " ".join(stage.said).split() == "one two three four five six seven eight nine ten eleven".split()
    assert set(stage.states) == {"ready", "playing", "over"}
    assert player.seconds == 21.0
    await stage.room.close()


async def test_over_means_from_the_beginning(stage: Stage):
    """Playing a meeting that is over plays all of it again."""
    await stage.room.load(FILE)
    for _ in range(2):
        await stage.room.play(0.0)
        await stage.time.run(2.0)
    assert len(stage.said) == 6
    await stage.room.close()


async def test_its_people_stay_while_it_plays(stage: Stage):
    """Who speaks in the playing meeting is neither renamed nor removed; others are, and after a pause all are."""
    await stage.room.load(FILE)
    cleo = stage.room.meeting.find("Cleo")
    await stage.room.play(5.0)
    with pytest.raises(RehearsalError, match="pause it first"):
        stage.room.remove_person(cleo.id)
    extra = stage.room.add_person("Dora")
    stage.room.remove_person(extra.id)
    await stage.room.pause()
    stage.room.rename_person(cleo.id, "Chloe")
    await stage.room.close()


async def test_its_people_leave_with_it(stage: Stage):
    """Putting the meeting away sends home who joined with it; who was there before stays, and so does the last."""
    await stage.room.load(FILE)
    assert [person.name for person in stage.room.meeting.people] == ["Ana", "Ben", "Cleo"]
    await stage.room.unload()
    assert [person.name for person in stage.room.meeting.people] == ["Ana", "Ben"]
    await stage.room.load(FILE)
    for number in (1, 2):
        stage.room.remove_person(number)
    await stage.room.unload()
    assert [person.name for person in stage.room.meeting.people] == ["Cleo"]
    await stage.room.close()


async def test_a_person_says_one_line_after_the_other(stage: Stage):
    """Two lines typed at once by one person do not overlap; another person may talk into them."""
    lines = [asyncio.create_task(stage.room.say(1, text)) for text in ("first line", "second line")]
    other = asyncio.create_task(stage.room.say(2, "meanwhile"))
    await asyncio.wait([lines[0], other])
    assert not lines[1].done()
    await stage.time.run(3.0)
    while not lines[1].done():
        await stage.time.run(0.1)
    first, second = lines[0].result(), lines[1].result()
    assert first.end <= second.start
    assert other.result().start < first.end
    await stage.room.close()


async def test_everyone_has_a_voice_of_their_own(stage: Stage):
    """While there are voices left nobody shares one."""
    stage.room.add_person("Cleo")
    voices = [person.voice for person in stage.room.meeting.people]
    assert len(set(voices)) == 3
    await stage.room.close()


def test_a_file_without_times_gets_an_ordinary_pace():
    """Turns without start and end follow each other, each as long as its words take."""
    file = read_meeting({"turns": [{"speaker": "A", "text": "one two three"}, {"speaker": "B", "text": "four"}]})
    first, second = file.turns
    assert first.start == 0.0 and first.end == pytest.approx(3 / 2.9)
    assert second.start > first.end
