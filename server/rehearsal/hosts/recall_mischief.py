"""What a broken or hostile sender does with Recall's own messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from server.rehearsal.hosts.film import bomb, faces
from server.rehearsal.hosts.mischief import Mischief

if TYPE_CHECKING:
    from server.rehearsal.hosts.recall_bot import RecallBot

PNG = "video_separate_png.data"
H264 = "video_separate_h264.data"
SOUND = "audio_separate_raw.data"

#: The largest message that anybody is said to let in.
HUGE = 16 * 1024 * 1024


class RecallMischief(Mischief):
    """`as_bytes` sends every event as a binary frame from now on."""

    def __init__(self, bot: RecallBot) -> None:
        super().__init__(lambda: bot.lines, lambda: bot.posts)
        self.as_bytes = False
        self._bot = bot

    def huge(self, size: int = HUGE) -> None:
        """A PNG event whose text is exactly `size` bytes, on every websocket."""
        for endpoint in self._bot.endpoints:
            if endpoint.line is None:
                continue
            message = self._bot.message(PNG, {"buffer": "", "type": "webcam"}, endpoint)
            message["data"]["data"]["buffer"] = "A" * (size - len(json.dumps(message)))
            endpoint.line.put(json.dumps(message))

    def bad_base64(self, person: int, event: str = PNG) -> None:
        """A picture or sound whose buffer is no base64."""
        self._buffer(event, person, "not*base64=%")

    def truncated_png(self, person: int) -> None:
        """A picture that ends in the middle."""
        png = faces("Somebody")[0]
        self._bot.picture(person, "webcam", png[: len(png) // 2])

    def bomb(self, person: int) -> None:
        """A small picture that wants gigabytes when decoded."""
        self._bot.picture(person, "screenshare", bomb())

    def broken_film(self, person: int) -> None:
        """H.264 that is none: no start code, an empty unit, a key frame of noise."""
        noise = bytes(range(256)) * 8
        for unit in (noise, b"", b"\x00\x00\x00\x01\x67" + noise, b"\x00\x00\x00\x01\x65" + noise):
            self._bot.film(person, "webcam", [unit])

    def odd_sound(self, person: int) -> None:
        """Sound of an odd number of bytes, then of none."""
        self._bot.sound(person, b"\x01\x02\x03")
        self._buffer(SOUND, person, "")

    def _buffer(self, event: str, person: int, buffer: Any) -> None:
        recording = self._bot.recording
        if recording is not None:
            participant = self._bot.people[person].as_json()
            data = {"buffer": buffer, "timestamp": recording.timestamp(), "participant": participant}
            self._bot.emit(event, {**data, "type": "webcam"} if "video" in event else data, person=person, media=True)
