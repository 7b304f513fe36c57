"""What a bot without a page plays into the meeting, heard piece by piece as it is played."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.rehearsal.agent_sound import AgentSound
from server.rehearsal.hosts.meetstream_playback import RATE, Playback
from server.rehearsal.stand_in import TapFrame

#: Seconds between two looks at what was played.
LOOK = 0.02
#: Samples by which two chunks may miss each other and still be one stretch: their times are rounded.
SEAM = 2


class Mouth:
    """Passes on what was played to `agent`, never what still waits: an interruption may drop that.

    `clock` is the bot's, and the one that `agent` takes for the wall clock.
    """

    def __init__(
        self, playback: Callable[[], Playback | None], agent: AgentSound, *, clock: Callable[[], float]
    ) -> None:
        """`playback` gives nothing while the bot has no connection through which it is told to speak."""
        self._playback = playback
        self._agent = agent
        self._clock = clock
        #: the sample up to which everything was passed on, counted from the clock's zero; and the stretch it belongs to
        self._heard = 0
        self._run = 0

    async def listen(self) -> None:
        """Until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK)

    def look(self) -> None:
        """Pass on what was played since the last look."""
        playback = self._playback()
        if playback is None:
            return
        until = int(self._clock() * RATE)
        for stretch in playback.stretches:
            start = round(stretch.at * RATE)
            first, last = max(start, self._heard), min(start + len(stretch.pcm) // 2, until)
            if first >= last:
                continue
            if first - self._heard > SEAM:
                self._run += 1
            pcm = stretch.pcm[(first - start) * 2 : (last - start) * 2]
            self._agent.sound(TapFrame(self._run, RATE, last / RATE, pcm))
            self._heard = last
