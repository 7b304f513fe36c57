"""People speak while a reply is on its way: duck, decide, then stop or go on.

Pure. Sound alone only ducks, and after a while holds; words decide (`core/bargein.py`).
"""

from __future__ import annotations

from server.core import addressing, bargein
from server.core.delivery import Delivery
from server.core.room import Room
from server.core.turns import Turns

#: speech of this length over the agent holds it, even before any words have come
PAUSE_AFTER = 1.5
#: seconds between two looks while it is held
LOOK = 0.5


class Overlap:
    """What happens to a running reply when somebody speaks."""

    def __init__(self, room: Room, delivery: Delivery, turns: Turns) -> None:
        self._room = room
        self._delivery = delivery
        self._turns = turns

    def words(self, who: str, text: str, end: float | None, now: float, *, final: bool, turn: int = -1) -> bool:
        """Somebody's words. True when they are dealt with and need no judging. `end` is the meeting's time of it."""
        reply = self._delivery.running
        if reply is None:
            return False
        from_asker = who == reply.asked.who
        if not reply.audible:
            if from_asker:
                self._before_sound(text, now)
            return False
        first_sound = reply.times.get("first_sound", now)
        if end is not None and end <= self._room.transcript.clock.now(now) - (now - first_sound):
            return False  # said before we began; the words only came late
        named = addressing.calls(text, self._room.context(who, "", now))
        meaning = bargein.judge(text, from_asker=from_asker, named=named, since_first_sample=now - first_sound)
        if meaning in (bargein.Overlap.STOP, bargein.Overlap.FLOOR):
            stop = meaning is bargein.Overlap.STOP
            self._delivery.interrupt("stop" if stop else "interrupted", now)
            if final and stop and not named:
                self._record("stop", "stop", who, text, turn, now)
                return True
            return False
        if meaning is bargein.Overlap.BACKCHANNEL and not self._room.floor.talking(now):
            self._delivery.unduck(now)
        elif meaning is bargein.Overlap.UNSURE:
            self._delivery.duck()
            self._room.out.timer("alarm", now + bargein.FALSE_ALARM)
        if final and not named:
            backchannel = meaning is bargein.Overlap.BACKCHANNEL
            self._record("silent", "backchannel" if backchannel else "not-called", who, text, turn, now)
            return True
        return False

    def _before_sound(self, text: str, now: float) -> None:
        """The asker goes on before a sound of the answer was out: both parts are one question."""
        reply = self._delivery.running
        if reply is None or bargein.is_backchannel(text) or _same_words(text, reply.asked.text):
            return  # a murmur, or a late or repeated event of what was already asked
        if (asked := self._delivery.withdraw("merged", now)) is not None:
            self._turns.goes_on(asked, now)

    def sound(self, now: float) -> None:
        """Somebody's voice, or a loud noise."""
        reply = self._delivery.running
        if reply is not None and reply.audible:
            self._delivery.duck()
            self._room.out.timer("alarm", now + PAUSE_AFTER)

    def quiet(self, now: float) -> None:
        """The room is quiet again."""
        if self._delivery.running is not None:
            self._delivery.try_release(now)
            if self._delivery.ducked:
                self._room.out.timer("alarm", now + bargein.FALSE_ALARM / 2)

    def look(self, now: float) -> None:
        """Time to decide: hold while somebody really speaks, go on when it was nothing."""
        if self._room.floor.talking(now):
            self._delivery.pause(now)
            self._room.out.timer("alarm", now + LOOK)
        else:
            self._delivery.unduck(now)

    def _record(self, verdict: str, reason: str, who: str, text: str, turn: int, now: float) -> None:
        self._room.decide(
            verdict, reason, now, turn=turn, speaker=self._room.name_of(who), text=text, epoch=self._delivery.epoch
        )


def _same_words(text: str, other: str) -> bool:
    """Whether these words are already part of the others, whatever their case and punctuation."""
    return _folded(text) in _folded(other)


def _folded(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
