"""Spoken requests that need no brain: stop, be quiet, join in, leave, show everybody.

Pure. They are obeyed whatever brain is configured, even a dead one; what they mean is in `core/commands.py`.
"""

from __future__ import annotations

from server.core.commands import Command
from server.core.delivery import Delivery
from server.core.effects import LeaveMeeting, ShowSight
from server.core.room import Room
from server.core.transcript import Turn

#: minutes for which the agent joins in when nobody said for how long
JOINS_IN = 10.0


class Obeying:
    """Does what was asked."""

    def __init__(self, room: Room, delivery: Delivery) -> None:
        self._room = room
        self._delivery = delivery

    def obey(self, command: Command, turn: Turn, text: str, now: float, evidence: str) -> None:
        """Do this, and record it. Whatever was being said ends first."""
        delivery = self._delivery
        if delivery.running is not None:
            if delivery.running.audible:
                delivery.interrupt("stop", now)
            else:
                delivery.withdraw("taken-back", now)
        verdict, reason = self.do(command, turn.speaker_id or turn.speaker, turn.speaker, now)
        self._room.decide(
            verdict, reason, now,
            turn=turn.index, speaker=turn.speaker, text=text, epoch=delivery.epoch, evidence=evidence,
        )  # fmt: skip

    def do(self, command: Command, who: str, speaker: str, now: float) -> tuple[str, str]:
        """Do what this person asks, beside what is being said; verdict and reason of it. A stop is the caller's."""
        match command.kind:
            case "faces":
                self._room.out.add(ShowSight("stage", "In the meeting"))
                return "obeyed", "show-everybody"
            case "leave":
                if not self._room.may_command(who, speaker):
                    return "silent", "not-allowed"
                self._room.out.add(LeaveMeeting("asked"))
                return "obeyed", "asked-to-leave"
            case "quiet":
                set_policy(self._room, self._delivery, "muted", command.minutes, now)
                return "mute", "be-quiet"
            case "stay":
                set_policy(self._room, self._delivery, "standing", command.minutes, now)
                return "obeyed", "asked-to-stay"
            case "dismiss":
                set_policy(self._room, self._delivery, "named", 0.0, now)
                return "obeyed", "dismissed"
        return "stop", "stop"


def set_policy(room: Room, delivery: Delivery, policy: str, minutes: float, now: float) -> None:
    """Keep quiet for so many minutes (0: until called), join in (0: for JOINS_IN), or only answer when called."""
    room.standing_until = 0.0
    room.out.cancel("standing")
    if policy == "muted":
        delivery.mute(minutes, now)
        return
    delivery.unmute()
    if policy == "standing":
        minutes = minutes or JOINS_IN
        room.standing_until = now + minutes * 60
        room.out.timer("standing", room.standing_until)
        delivery.show_idle(f"Joining in for {minutes:.0f} min")
