"""Whose turn is it, is it for us, and is it over? From an utterance to a committed question.

Pure. An utterance is judged when its final comes; one that is for the agent waits until its speaker is done
(`core/endpointing.py`), growing with whatever the same person adds, and is then answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from server.core import addressing, commands, endpointing
from server.core.asking import Asking
from server.core.delivery import Delivery
from server.core.effects import LeaveMeeting, ShowSight
from server.core.reply import Asked
from server.core.room import Room
from server.core.transcript import Turn

#: words of one speaker this recent belong to what the same speaker says now
JOINED = 2.5
#: seconds in which an answer to the agent's own question needs no name
EXPECTING = 20.0
#: how long a bare call of the name waits for the question
CALL_WAIT = 1.4
#: people whose last words are remembered
REMEMBERED = 200


class Turns:
    """The turns of one conversation that are meant for the agent."""

    def __init__(self, room: Room, delivery: Delivery, asking: Asking, *, mute: Callable[[float, float], None]) -> None:
        self._room = room
        self._asking = asking
        self._delivery = delivery
        self._mute = mute
        #: the turn that is for us and still growing
        self.asked: Asked | None = None
        # Others who called while an answer was on its way; full: the oldest question is dropped, decided as stale.
        self._waiting: deque[Asked] = deque(maxlen=3)
        self._before: dict[str, tuple[str, float]] = {}
        self.closing = False

    # ------------------------------------------------------------ judging

    def said(self, turn: Turn, who: str, text: str, now: float) -> None:
        """Somebody said this. Was it to the agent? Answer, act or stay silent."""
        before = self._join(who, text, now)
        asked = self.asked if self.asked is not None and self.asked.who == who else None
        if asked is not None:
            text = f"{asked.text} {text}"
        verdict = addressing.judge(text, self._room.context(who, turn.speaker, now, before))
        if not verdict.addressed:
            if asked is not None:
                self.forget()
            self._silent(verdict.reason, now, turn.index, turn.speaker, text, verdict.evidence)
            return
        command = commands.parse(verdict.question)
        if command is not None:
            self._obey(command, turn, text, now, verdict.evidence)
            return
        if self._delivery.muted:
            self._delivery.unmute()
        if self.asked is not None and asked is None:
            self.commit(now)  # another person calls while one was still asking: that one is done
        self.asked = Asked(
            turn=turn.index,
            speaker=turn.speaker,
            speaker_id=turn.speaker_id,
            text=text,
            question=verdict.question,
            reason="called-then-asked" if asked is not None and asked.call_only else verdict.reason,
            evidence=verdict.evidence,
            since=asked.since if asked is not None else now,
            latest=now,
            call_only=verdict.call_only,
        )
        self.settle(now)

    def remember(self, who: str, text: str, now: float) -> None:
        """Words that needed no judging; they may still belong to what this person says next."""
        self._join(who, text, now)

    def _join(self, who: str, text: str, now: float) -> str:
        """What the same person said just before this, if it belongs together; remembers this for the next time."""
        before, at = self._before.get(who, ("", -JOINED))
        recent = before if now - at <= JOINED else ""
        self._before[who] = (f"{recent} {text}".strip()[-400:], now)
        if len(self._before) > REMEMBERED:
            del self._before[next(iter(self._before))]
        return recent

    def _obey(self, command: commands.Command, turn: Turn, text: str, now: float, evidence: str) -> None:
        self.forget()
        delivery = self._delivery
        if delivery.running is not None:
            if delivery.running.audible:
                delivery.interrupt("stop", now)
            else:
                delivery.withdraw("taken-back", now)
        if command.kind == "faces":
            self._room.out.add(ShowSight("stage", "In the meeting"))
            self._room.decide(
                "obeyed", "show-everybody", now,
                turn=turn.index, speaker=turn.speaker, text=text, epoch=delivery.epoch, evidence=evidence,
            )  # fmt: skip
            return
        if command.kind == "leave":
            self._leave(turn, text, now, evidence)
            return
        quiet = command.kind == "quiet"
        if quiet:
            self._mute(command.minutes, now)
        self._room.decide(
            "mute" if quiet else "stop", "be-quiet" if quiet else "stop", now,
            turn=turn.index, speaker=turn.speaker, text=text, epoch=delivery.epoch, evidence=evidence,
        )  # fmt: skip

    def _leave(self, turn: Turn, text: str, now: float, evidence: str) -> None:
        allowed = self._room.may_command(turn.speaker_id or turn.speaker, turn.speaker)
        self._room.decide(
            "obeyed" if allowed else "silent", "asked-to-leave" if allowed else "not-allowed", now,
            turn=turn.index, speaker=turn.speaker, text=text, epoch=self._delivery.epoch, evidence=evidence,
        )  # fmt: skip
        if allowed:
            self._room.out.add(LeaveMeeting("asked"))

    def _silent(self, reason: str, now: float, turn: int, speaker: str, text: str, evidence: str = "") -> None:
        epoch = self._delivery.epoch
        self._room.decide("silent", reason, now, turn=turn, speaker=speaker, text=text, epoch=epoch, evidence=evidence)

    # ------------------------------------------------------------ is it over?

    def still_speaking(self, now: float) -> None:
        """More is coming: look again when it has come, or when it has taken too long."""
        if self.asked is not None:
            self._room.out.timer("endpoint", now + endpointing.LONGEST)

    def settle(self, now: float) -> None:
        """Commit now if the turn is over, else wait for as long as its words ask."""
        asked, floor = self.asked, self._room.floor
        if asked is None:
            return
        if floor.talking(now):
            if asked.call_only or not endpointing.looks_complete(asked.text):
                self.still_speaking(now)
            else:
                # The words are complete and the sound may only lag behind them: begin to think. Nothing is said
                # before the room is quiet, and if the person goes on the reply is taken back.
                self._room.out.timer("endpoint", max(now, asked.latest + endpointing.COMPLETE))
            return
        needed = CALL_WAIT if asked.call_only else endpointing.silence_needed(asked.text)
        ended = floor.speech_end(now)
        if ended is not None:
            due = max(ended, asked.latest - endpointing.DEFAULT) + needed
        elif endpointing.looks_complete(asked.text) and not asked.call_only:
            due = now  # no sound to judge by: the source of the words has already waited for their end
        else:
            due = asked.latest + needed
        if due <= now:
            self.commit(now)
        else:
            self._room.out.timer("endpoint", due)

    def goes_on(self, asked: Asked, now: float) -> None:
        """A reply was taken back because its asker goes on: the question grows again."""
        self.asked = replace(asked, reason="called", latest=now)
        self.still_speaking(now)

    def forget(self) -> None:
        """The growing question is none any more."""
        self.asked = None
        self._room.out.cancel("endpoint")

    def commit(self, now: float) -> None:
        """The turn is over and it is ours."""
        asked = self.asked
        self.forget()
        if asked is None:
            return
        if self.closing:
            self._silent("closing", now, asked.turn, asked.speaker, asked.text, asked.evidence)
        elif not self._delivery.page_there:
            self._silent("no-page", now, asked.turn, asked.speaker, asked.text, asked.evidence)
        elif self._delivery.running is not None:
            if len(self._waiting) == self._waiting.maxlen:
                stale = self._waiting.popleft()
                self._silent("floor-taken", now, stale.turn, stale.speaker, stale.text, stale.evidence)
            self._waiting.append(asked)
        else:
            self.answer(asked, now)

    # ------------------------------------------------------------ answering

    def answer(self, asked: Asked, now: float) -> None:
        """Have the brain answer this."""
        reply = self._delivery.begin(asked, now)
        self._delivery.think(self._asking.thought(asked, reply.id, reply.epoch, now))

    def next(self, now: float) -> None:
        """A reply ended: remember a question it asked, and take up who else called meanwhile."""
        room, delivery = self._room, self._delivery
        room.expecting = ("", 0.0)
        if delivery.past and delivery.past[-1].heard.rstrip().endswith("?"):
            asker = delivery.past[-1].asker
            who = next((key for key, name in room.transcript.names.items() if name == asker), asker)
            room.expecting = (who, now + EXPECTING)
        if self._waiting and delivery.running is None and not self.closing:
            self.answer(self._waiting.popleft(), now)
