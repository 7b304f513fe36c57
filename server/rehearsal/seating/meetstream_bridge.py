"""The meeting for a bot of MeetStream's: people and words by webhook, the mixed sound with who is loudest, a film."""

from __future__ import annotations

import numpy as np

from server.core.transcript import Word
from server.rehearsal.hosts.film import fragmented
from server.rehearsal.hosts.meetstream_bot import MeetStreamBot
from server.rehearsal.hosts.meetstream_video import LiveVideo
from server.rehearsal.meeting import Line, Meeting, Person
from server.rehearsal.mixer import FRAME, FRAME_SECONDS
from server.rehearsal.seating.bridge import Bridge
from server.rehearsal.spoken import RATE

#: Seconds of one film; one follows another for as long as the meeting lasts.
FILM = 20.0
#: Pictures a second: enough to be a film, little to be made.
PICTURES = 5


class MeetStreamBridge(Bridge):
    """See `Bridge`. Nobody is told who wrote into the chat: MeetStream does not say."""

    def __init__(self, meeting: Meeting, bot: MeetStreamBot, film: bytes = b"") -> None:
        """`film` is fragmented MP4 of `FILM` seconds, or nothing."""
        super().__init__(meeting)
        self._bot = bot
        self._film = film

    def begin(self) -> None:
        self.spawn(self._sound())
        if self._film and self._bot.video is not None:
            self.spawn(self._show(self._bot.video))

    # ------------------------------------------------------------ people and words

    def knows(self, person: Person) -> bool:
        return device(person) in self._bot.people and not self._bot.completed

    def joined(self, person: Person) -> None:
        self._bot.person_joins(device(person), person.name)
        self.sent["participant_events.join"] += 1

    def left(self, person: Person) -> None:
        self._bot.leaves(device(person))
        self.sent["participant_events.leave"] += 1

    def renamed(self, person: Person) -> None:
        # There is no word for it: somebody of this id joins again.
        self.joined(person)

    def wrote(self, person: Person, text: str) -> None:
        self._bot.chats(text)
        self.sent["usermsg"] += 1

    def words(self, person: Person, words: list[Word], *, final: bool) -> None:
        self._bot.transcript(device(person), words, final=final)
        self.sent["final words" if final else "words"] += 1

    def speaks(self, line: Line, *, on: bool) -> None:
        """MeetStream sends no such hint."""

    # ------------------------------------------------------------ sound and film

    async def _sound(self) -> None:
        feed = self.meeting.subscribe_sound()
        try:
            async for frame in feed:
                if self._bot.completed:
                    return
                person = self.loudest(feed.position * FRAME_SECONDS)
                self._bot.sound(device(person) if person is not None and self.knows(person) else None, frame)
                self.sent["sound"] += 1
        finally:
            feed.close()

    def loudest(self, at: float) -> Person | None:
        """Who is heard most in the frame that begins at this second of the meeting."""
        most, found = 0.0, None
        for line in self.meeting.lines:
            first = round((at - line.start) * RATE)
            part = line.spoken.pcm[max(0, first) : max(0, first + FRAME)].astype(np.float64)
            level = float(np.mean(part**2)) if len(part) else 0.0
            if level > most:
                most, found = level, line.person
        return found

    async def _show(self, video: LiveVideo) -> None:
        """The film again and again, at its own pace, with a ping every second."""
        while True:
            await video.flow(self._film, bit_rate=len(self._film) * 8 / FILM)
            self.sent["films"] += 1
            video.begin()


def make_film() -> bytes:
    """Film for `MeetStreamBridge`. Takes a while: not for an event loop."""
    return fragmented(FILM, name="Everybody", rate=PICTURES)


def device(person: Person) -> str:
    """Ids look like device paths on Google Meet."""
    return f"spaces/rehearsal/devices/{person.id}"
