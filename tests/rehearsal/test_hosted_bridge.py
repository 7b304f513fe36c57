"""The bridges between the rehearsed meeting and the vendors' bots, on a clock that only moves when somebody waits."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from rehearsing import ToneVoice, VirtualTime

from server.errors import RehearsalError
from server.rehearsal.hosts.film import faces
from server.rehearsal.meeting import Meeting
from server.rehearsal.seating.bridge import Said
from server.rehearsal.seating.meetstream_bridge import FILM, MeetStreamBridge, device
from server.rehearsal.seating.recall_bridge import VOICE_RATE, RecallBridge

pytestmark = pytest.mark.anyio


class Told:
    """A bot that keeps what it was told: (when, what, arguments)."""

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        self.calls: list[tuple[float, str, tuple]] = []
        self.people: set[object] = set()
        self.completed = False

    def person_joins(self, person, name, **details) -> None:
        self.people.add(person)
        self.note("person_joins", person, name, *details.values())

    def leaves(self, person) -> None:
        self.people.discard(person)
        self.note("leaves", person)

    def transcript(self, person, words, *, final=True) -> None:
        self.note("transcript", person, tuple(words), final)

    def __getattr__(self, name):
        return lambda *arguments: self.note(name, *arguments)

    def note(self, what: str, *arguments) -> None:
        self.calls.append((round(self.meeting.now(), 3), what, arguments))

    def of(self, *names: str) -> list[tuple]:
        return [(at, what, *arguments) for at, what, arguments in self.calls if what in names]


@pytest.fixture
def meeting(time: VirtualTime, voice: ToneVoice) -> Meeting:
    """Without anybody yet."""
    return Meeting(voice, clock=time.clock, sleep=time.sleep, bot_id="bot-1")


def recall(meeting: Meeting, *senses: str, slide: tuple[str, ...] = ()) -> tuple[RecallBridge, Told]:
    told = Told(meeting)
    return RecallBridge(meeting, told, senses, slide), told


async def test_people_come_and_go_and_write(meeting, time):
    """
    Who is there is told at the start, everybody else as they come; a leave is noticed half a second later, so that a
    last word still has its speaker. The first is the meeting's host.
    """
    ana = meeting.add("Ana", "500")
    bridge, told = recall(meeting)
    bridge.start()
    ben = meeting.add("Ben", "700")
    meeting.rename(ana.id, "Ana Maria")
    meeting.write(ben.id, "Parley, hello")
    line = await meeting.say(ben.id, "one two three")
    await time.run(0.45)
    meeting.remove(ben.id)
    await time.run(2.0)
    await bridge.stop()
    meeting.add("Carl")

    assert told.of("person_joins", "renames", "chat", "leaves") == [
        (0.0, "person_joins", ana.id, "Ana", True),
        (0.0, "person_joins", ben.id, "Ben", False),
        (0.0, "renames", ana.id, "Ana Maria"),
        (0.0, "chat", ben.id, "Parley, hello"),
        (0.95, "leaves", ben.id),
    ]
    assert told.of("speaking") == [(0.0, "speaking", ben.id, True), (0.45, "speaking", ben.id, False)]
    at, _, person, words, final = told.of("transcript")[-1]
    assert line.cut and person == ben.id and final and at == pytest.approx(0.7)
    assert [word.text for word in words] == ["one", "two"]
    assert bridge.said == [Said(0.0, "Ben", "Parley, hello", written=True), Said(0.0, "Ben", "one two")]
    assert bridge.sent["participant_events.join"] == 2 and bridge.sent["participant_events.chat_message"] == 1


async def test_the_page_and_the_bot_get_the_same_words_of_the_same_person_at_the_same_times(meeting, time):
    """
    Both count from the moment at which the host began to record, partials and finals alike.
    """
    ana = meeting.add("Ana", "500")
    await time.run(5.0)
    meeting.host_zero = meeting.now()
    page = meeting.subscribe_transcript()
    bridge, told = recall(meeting)
    bridge.start()
    line = await meeting.say(ana.id, "one two three four")
    await time.run(2.0)
    page.close()
    await bridge.stop()

    by_page = [message["transcript"] async for message in page]
    by_bot = told.of("transcript")
    assert len(by_page) == len(by_bot) >= 3
    for message, (_, _, person, words, final) in zip(by_page, by_bot, strict=True):
        assert (message["speaker_id"], message["is_final"]) == (person, final)
        assert [(w["text"], w["start_time"], w["end_time"]) for w in message["words"]] == [
            (w.text, w.start, w.end) for w in words
        ]
    assert by_bot[-1][3][0].start == 0.0 and by_bot[-1][3][-1].end == pytest.approx(line.end - 5.0, abs=0.001)


async def test_every_voice_is_sent_by_itself(meeting, time):
    """
    Frames of 0.1 s at 16 kHz for everybody, silence included, placed on the host's clock; nobody's sound is in
    another's, and who breaks off is silent.
    """
    ana, ben = meeting.add("Ana", "500"), meeting.add("Ben", "900")
    await time.run(1.0)
    meeting.host_zero = 1.0
    bridge, told = recall(meeting, "voices")
    bridge.start()
    await time.run(0.33)
    line = await meeting.say(ana.id, "one two three four")
    await time.run(0.75)
    meeting.stop(line)
    await time.run(0.6)
    await bridge.stop()

    frames = told.of("sounds")
    starts = [at for _, _, _, at in frames]
    assert np.allclose(np.diff(starts), 0.1) and starts[0] == pytest.approx(0.1)
    assert all(set(heard) == {ana.id, ben.id} for _, _, heard, _ in frames)
    voices = {
        who: np.frombuffer(b"".join(f[2][who] for f in frames), np.int16).astype(float) for who in (ana.id, ben.id)
    }
    assert not voices[ben.id].any()
    first = round((line.start - 1.0 - starts[0]) * VOICE_RATE)
    heard = voices[ana.id]
    assert not heard[: first - 80].any() and not heard[first + round(0.76 * VOICE_RATE) :].any()
    spectrum = np.abs(np.fft.rfft(heard[first : first + 3200]))
    assert np.argmax(spectrum) * VOICE_RATE / 3200 == pytest.approx(500, abs=10)
    assert bridge.sent["audio_separate_raw.data"] == 2 * len(frames)


async def test_faces_move_while_their_owner_speaks_and_the_first_shares_the_slide(meeting, time):
    """
    Two pictures a second of everybody; a still face for whoever is silent; without a slide nobody shares.
    """
    ana, ben = meeting.add("Ana", "500"), meeting.add("Ben", "900")
    bridge, told = recall(meeting, "pictures", slide=("One", "Two"))
    bridge.start()
    await meeting.say(ben.id, "one two three four five six seven")
    await time.run(1.8)
    await bridge.stop()

    assert told.of("webcam", "share") == [
        (0.0, "webcam", ana.id, True),
        (0.0, "share", ana.id, True),
        (0.0, "webcam", ben.id, True),
    ]
    seen = {ana.id: [], ben.id: []}
    for _, _, person, source, png, _ in told.of("picture"):
        if source == "webcam":
            seen[person].append(png)
    assert len(seen[ana.id]) == 4 and set(seen[ana.id]) == {faces("Ana", 4)[0]}
    assert seen[ben.id] == [faces("Ben", 4)[turn] for turn in (0, 1, 2, 3)]
    assert [call[2] for call in told.of("picture") if call[3] == "screenshare"] == [ana.id] * 4
    bare, told = recall(meeting, "pictures")
    bare.start()
    await time.run(0.6)
    await bare.stop()
    assert told.of("share") == [] and {call[3] for call in told.of("picture")} == {"webcam"}


async def test_film_is_sent_a_second_at_a_time(meeting, time):
    """
    Fifteen access units for everybody, the first of them a key frame, and again from the begin when it is over.
    """
    meeting.add("Ana", "500")
    bridge, told = recall(meeting, "film")
    bridge.start()
    async with asyncio.timeout(30):
        while len(told.of("film")) < 6:
            await time.run(0.5)
            await asyncio.sleep(0.01)  # film is made in a thread
    await bridge.stop()

    parts = [call[4] for call in told.of("film")]
    assert all(len(part) == 15 for part in parts)
    assert parts[4] == parts[0] != parts[1]
    assert bridge.sent["video_separate_h264.data"] == 15 * len(parts)


async def test_a_bot_that_is_gone_is_told_nothing_more(meeting, time):
    """
    Neither sound nor pictures nor words are lost on it.
    """
    ana = meeting.add("Ana", "500")
    bridge, told = recall(meeting, "voices", "pictures")
    bridge.start()
    await time.run(0.5)
    told.completed = True
    before = len(told.calls)
    await meeting.say(ana.id, "one two three")
    await time.run(2.0)
    await bridge.stop()

    assert len(told.calls) == before


async def test_what_goes_wrong_in_a_bridge_is_not_lost(meeting, time):
    """
    A bot that refuses what it is told ends that part of the bridge; whoever checks hears of it.
    """

    def refuse(*arguments: object) -> None:
        raise RehearsalError("nobody reads what the stand-in says")

    meeting.add("Ana", "500")
    bridge, told = recall(meeting, "voices")
    told.sounds = refuse
    bridge.start()
    bridge.check()
    await time.run(0.5)
    await bridge.stop()
    await bridge.stop()

    with pytest.raises(RehearsalError, match="nobody reads"):
        bridge.check()


# ---------------------------------------------------------------- MeetStream


async def test_meetstream_gets_the_mixed_sound_with_who_is_loudest(meeting, time):
    """
    20 ms of 48 kHz every 20 ms, exactly what everybody hears; labelled with nobody while nobody speaks, and with the
    louder of two.
    """
    ana, ben = meeting.add("Ana", "500"), meeting.add("Ben", "900")
    told = Told(meeting)
    bridge = MeetStreamBridge(meeting, told)
    people = meeting.subscribe_sound()
    bridge.start()
    await time.run(0.2)
    loud = await meeting.prepare(ana, "one two three")
    quiet = await meeting.prepare(ben, "one two three four five")
    quiet.pcm[:] = quiet.pcm // 4
    await meeting.say(ana.id, "one two three", spoken=loud)
    await meeting.say(ben.id, "one two three four five", spoken=quiet)
    await time.run(2.0)
    people.close()
    await bridge.stop()

    everybody = b"".join([frame async for frame in people])
    sound = told.of("sound")
    assert all(len(frame) == 1920 for *_, frame in sound)
    assert b"".join(frame for *_, frame in sound).endswith(everybody[-9600:])
    labels = [label for _, _, label, _ in sound]
    runs = [label for index, label in enumerate(labels) if index == 0 or labels[index - 1] != label]
    # In the gaps between Ana's words Ben's can be louder; his last two are his alone.
    assert runs[0] is None and runs[1] == device(ana) and runs[-2:] == [device(ben), None]


async def test_meetstream_people_words_and_chat(meeting, time):
    """
    People have ids like device paths; a new name is another join; nobody is told who wrote.
    """
    ana = meeting.add("Ana", "500")
    told = Told(meeting)
    bridge = MeetStreamBridge(meeting, told)
    bridge.start()
    meeting.rename(ana.id, "Ana Maria")
    meeting.write(ana.id, "Hello")
    await meeting.say(ana.id, "one two")
    await time.run(1.0)
    meeting.remove(ana.id)
    await time.run(1.0)
    await bridge.stop()

    who = f"spaces/rehearsal/devices/{ana.id}"
    assert told.of("person_joins", "chats", "leaves") == [
        (0.0, "person_joins", who, "Ana"),
        (0.0, "person_joins", who, "Ana Maria"),
        (0.0, "chats", "Hello"),
        (1.5, "leaves", who),
    ]
    assert told.of("transcript")[-1][2] == who and told.of("transcript")[-1][4] is True


async def test_meetstream_film_goes_on_for_as_long_as_the_meeting(meeting):
    """
    At the pace of its own clock, one film behind the other, each announced.
    """
    flows, begun, three = [], [], asyncio.Event()

    async def flow(data: bytes, *, bit_rate: float) -> None:
        flows.append(len(data) * 8 / bit_rate)
        if len(flows) == 3:
            three.set()
        await asyncio.sleep(0)

    told = Told(meeting)
    told.video = SimpleNamespace(flow=flow, begin=lambda: begun.append(len(flows)))
    bridge = MeetStreamBridge(meeting, told, b"film" * 1000)
    bridge.start()
    await three.wait()
    await bridge.stop()

    assert set(flows) == {FILM} and begun[:2] == [1, 2]


async def test_the_meeting_keeps_its_rules_for_what_is_written(meeting):
    """
    An empty line or one of nobody is refused; nothing is told.
    """
    ana = meeting.add("Ana")
    with pytest.raises(RehearsalError, match="needs a word"):
        meeting.write(ana.id, " ")
    with pytest.raises(RehearsalError, match="nobody with this id"):
        meeting.write(99, "Hello")
    line = meeting.write(ana.id, "Hello")
    assert line.done.is_set() and line.start == line.end and not len(line.spoken.pcm)
