"""The meeting for a bot of Recall's: participant events, transcripts, chat, each voice by itself, faces and a slide."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import numpy as np
import soxr

from server.core.transcript import Word
from server.rehearsal.hosts.film import access_units, faces, slide
from server.rehearsal.hosts.recall_bot import FILM_RATE, RecallBot
from server.rehearsal.meeting import Line, Meeting, Person
from server.rehearsal.seating.bridge import Bridge
from server.rehearsal.spoken import RATE, Samples

#: Samples per second of the voices that Recall sends.
VOICE_RATE = 16_000
#: Seconds of one buffer of sound, and between two pictures of one person.
FRAME, PICTURE = 0.1, 0.5
#: Seconds of film that are made once and shown again and again.
FILM = 4


class RecallBridge(Bridge):
    """See `Bridge`. Whoever came first is the host of the meeting and shares the slide."""

    def __init__(self, meeting: Meeting, bot: RecallBot, senses: Collection[str], shared: Sequence[str]) -> None:
        """`shared` are the lines of the slide; without any nobody shares."""
        super().__init__(meeting)
        self._bot = bot
        self._senses = frozenset(senses)
        self._slide = slide(tuple(shared)) if shared and "pictures" in self._senses else b""
        self._lines: list[tuple[Line, Samples]] = []

    def begin(self) -> None:
        if self._senses & {"voices", "mixed"}:
            self.spawn(self._voices())
        if "pictures" in self._senses:
            self.spawn(self._pictures())
        if "film" in self._senses:
            self.spawn(self._film())

    # ------------------------------------------------------------ people and words

    def knows(self, person: Person) -> bool:
        return person.id in self._bot.people and not self._bot.completed

    def joined(self, person: Person) -> None:
        self._bot.person_joins(person.id, person.name, is_host=person.id == 1)
        self.sent["participant_events.join"] += 1
        if self._senses & {"pictures", "film"}:
            self._bot.webcam(person.id, True)
            self.sent["participant_events.webcam_on"] += 1
        if self._slide and self.meeting.people[:1] == (person,):
            self._bot.share(person.id, True)
            self.sent["participant_events.screenshare_on"] += 1

    def left(self, person: Person) -> None:
        self._bot.leaves(person.id)
        self.sent["participant_events.leave"] += 1

    def renamed(self, person: Person) -> None:
        self._bot.renames(person.id, person.name)
        self.sent["participant_events.update"] += 1

    def wrote(self, person: Person, text: str) -> None:
        self._bot.chat(person.id, text)
        self.sent["participant_events.chat_message"] += 1

    def words(self, person: Person, words: list[Word], *, final: bool) -> None:
        self._bot.transcript(person.id, words, final=final)
        self.sent["transcript.data" if final else "transcript.partial_data"] += 1

    def speaks(self, line: Line, *, on: bool) -> None:
        self._bot.speaking(line.person.id, on)
        self.sent["participant_events.speech_on" if on else "participant_events.speech_off"] += 1
        if on and len(line.spoken.pcm) and self._senses & {"voices", "mixed"}:
            pcm = soxr.resample(line.spoken.pcm, RATE, VOICE_RATE).astype(np.int16)
            self._lines.append((line, pcm))

    # ------------------------------------------------------------ sound

    async def _voices(self) -> None:
        """Everybody's sound, silence included, as unmuted people send it."""
        number = int(self.meeting.now() / FRAME) + 1
        while True:
            await self.meeting.until((number + 1) * FRAME)
            first = round(number * FRAME * VOICE_RATE)
            heard = {
                person.id: self.voice(person, first, round(FRAME * VOICE_RATE)).tobytes()
                for person in self.meeting.people
                if self.knows(person)
            }
            if heard:
                self._bot.sounds(heard, self.meeting.host_time(number * FRAME))
                self.sent["audio_separate_raw.data"] += len(heard) if "voices" in self._senses else 0
                self.sent["audio_mixed_raw.data"] += "mixed" in self._senses
            over = number * FRAME
            self._lines = [(line, pcm) for line, pcm in self._lines if line.end > over]
            number += 1

    def voice(self, person: Person, first: int, count: int) -> Samples:
        """`count` samples of somebody from the meeting's sample `first` on, at 16 kHz."""
        total = np.zeros(count, np.int32)
        for line, pcm in self._lines:
            if line.person.id != person.id:
                continue
            start = round(line.start * VOICE_RATE)
            length = min(len(pcm), round((line.end - line.start) * VOICE_RATE))
            begin, end = max(first, start), min(first + count, start + length)
            if begin < end:
                total[begin - first : end - first] += pcm[begin - start : end - start]
        return np.clip(total, -32768, 32767).astype(np.int16)

    # ------------------------------------------------------------ pictures

    async def _pictures(self) -> None:
        """A face for everybody, its mouth moving while they speak; and the slide."""
        turn = 0
        while True:
            at = self.meeting.now()
            talking = {line.person.id for line in self.meeting.lines}
            for person in self.meeting.people:
                if self.knows(person):
                    number = turn % 4 if person.id in talking else 0
                    self._bot.picture(person.id, "webcam", faces(person.name, 4)[number], self.meeting.host_time(at))
                    self.sent["video_separate_png.data"] += 1
            for person in self.meeting.people[:1] if self._slide else ():
                if self.knows(person):
                    self._bot.picture(person.id, "screenshare", self._slide, self.meeting.host_time(at))
                    self.sent["video_separate_png.data"] += 1
            turn += 1
            await self.meeting.until(at + PICTURE)

    async def _film(self) -> None:
        """A second of everybody's camera at a time."""
        second = 0
        while True:
            at = self.meeting.now()
            part = slice(second % FILM * FILM_RATE, (second % FILM + 1) * FILM_RATE)
            for person in self.meeting.people:
                if self.knows(person):
                    film = await asyncio.to_thread(access_units, FILM * FILM_RATE, name=person.name, rate=FILM_RATE)
                    self._bot.film(person.id, "webcam", film[part], self.meeting.host_time(at))
                    self.sent["video_separate_h264.data"] += FILM_RATE
            second += 1
            await self.meeting.until(at + 1.0)
