"""Whose turn is it, is it for us, and is it over? From an utterance to a committed question.

Pure. An utterance is judged when its final comes; one that is for the agent waits until its speaker is done
(`core/endpointing.py`), growing with whatever the same person adds, and is then answered.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from server.core import addressing, commands, endpointing
from server.core.asking import Asking
from server.core.delivery import Delivery
from server.core.doubt import DEADLINE, Doubt, is_unsure, question_of
from server.core.guessing import Guessing, folded
from server.core.obeying import Obeying
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


@dataclass(frozen=True, slots=True)
class Growing:
    """What somebody seems to be saying, standing since `asked.latest`, and when the last word of it was spoken."""

    asked: Asked
    ended: float | None

    @property
    def who(self) -> str:
        """The key of the speaker."""
        return self.asked.who


class Turns:
    """The turns of one conversation that are meant for the agent."""

    def __init__(self, room: Room, delivery: Delivery, asking: Asking) -> None:
        self._room = room
        self._asking = asking
        self._delivery = delivery
        self._obeying = Obeying(room, delivery)
        #: the turn that is for us and still growing
        self.asked: Asked | None = None
        # Others who called while an answer was on its way; full: the oldest question is dropped, decided as stale.
        self._waiting: deque[Asked] = deque(maxlen=3)
        self._before: dict[str, tuple[str, float]] = {}
        self.closing = False
        self.guessing = Guessing(room, delivery, asking)
        self._growing: Growing | None = None
        self._doubt: Doubt | None = None

    # ------------------------------------------------------------ judging

    def grows(self, speaker_id: str, speaker: str, text: str, now: float, *, ended: float | None) -> None:
        """Somebody is in the middle of saying this: keep it in mind, and begin to think if it may be the whole.

        `ended` is the session time at which the last of these words was spoken, None when unknown.
        """
        who = speaker_id or speaker
        if self.asked is not None and self.asked.who == who:
            if folded(text) in folded(self.asked.text):
                return  # late, or repeated: the final of these words is here
            self.still_speaking(now)
            text = f"{self.asked.text} {text}"
        self.guessing.contradicted(who, text, now)
        before = self._growing
        since = before.asked.latest if before is not None and before.who == who and before.asked.text == text else now
        asked = Asked(-1, speaker, speaker_id, text, text, "called", "", since=since, latest=since)
        self._growing = Growing(asked, ended)
        self._guess(now)

    def _guess(self, now: float) -> None:
        """Begin to think about words that are still growing, or wait for the end of their turn."""
        if not self._free:
            return
        asked, growing = self.asked, self._growing
        if growing is not None:
            asked = growing.asked
            if not self.guessing.may_grow(asked, now, ended=growing.ended):
                return
            verdict = addressing.judge(asked.text, self._room.context(asked.who, asked.speaker, now))
            if not verdict.addressed:
                return
            asked = replace(asked, question=verdict.question, reason=verdict.reason, call_only=verdict.call_only)
        elif asked is None or not self.guessing.may(asked):
            return
        if not asked.call_only and commands.parse(asked.question) is None:
            self.guessing.begin(asked, now)

    def said(self, turn: Turn, who: str, text: str, now: float) -> None:
        """Somebody said this. Was it to the agent? Answer, act or stay silent."""
        self._growing = None
        before = self._join(who, text, now)
        asked = self.asked if self.asked is not None and self.asked.who == who else None
        if asked is not None:
            text = f"{asked.text} {text}"
        self.guessing.next_utterance()
        self.guessing.contradicted(who, text, now)
        context = self._room.context(who, turn.speaker, now, before)
        verdict = addressing.judge(text, context)
        self.decide_alone(now)
        idle = self._delivery.running is None or self._delivery.running.guess
        if self._room.config.second_opinion and idle and is_unsure(verdict, text):
            self._doubt = Doubt(turn, who, text, verdict)
            self._room.out.add(question_of(turn, text, context))
            self._room.out.timer("doubt", now + DEADLINE)
            self._guess_doubted(self._doubt, now)
        else:
            self._take(turn, who, text, verdict, now)

    def opinion(self, turn: int, addressed: bool, now: float) -> None:
        """A model says whether this turn was meant."""
        doubt = self._doubt
        if doubt is not None and doubt.turn.index == turn:
            self._undoubt()
            self._take(doubt.turn, doubt.who, doubt.text, doubt.answered(addressed), now)

    def decide_alone(self, now: float) -> None:
        """No model said anything in time, or something else was said meanwhile: the rules' verdict holds."""
        if (doubt := self._doubt) is not None:
            self._undoubt()
            self._take(doubt.turn, doubt.who, doubt.text, doubt.verdict, now)

    def _undoubt(self) -> None:
        self._doubt = None
        self._room.out.cancel("doubt")

    def _guess_doubted(self, doubt: Doubt, now: float) -> None:
        turn = doubt.turn
        asked = Asked(
            turn.index, turn.speaker, turn.speaker_id, doubt.text, doubt.verdict.question or doubt.text,
            "second-opinion", doubt.verdict.reason, since=now, latest=now,
        )  # fmt: skip
        if self._free and self.guessing.may(asked):
            self.guessing.begin(asked, now)

    @property
    def _free(self) -> bool:
        """Whether a guess could become a reply: nothing else runs, and it may and can speak."""
        delivery = self._delivery
        return delivery.running is None and not self.closing and not delivery.muted and delivery.page_there

    def _take(self, turn: Turn, who: str, text: str, verdict: addressing.Verdict, now: float) -> None:
        """Answer, act or stay silent, as the verdict says."""
        asked = self.asked if self.asked is not None and self.asked.who == who else None
        if not verdict.addressed:
            if asked is not None:
                self.forget()
            if (guess := self.guessing.guess) is not None and guess.who == who:
                self.guessing.drop(now)
            self._silent(verdict.reason, now, turn.index, turn.speaker, text, verdict.evidence)
            return
        if verdict.heard_as:
            self._room.heard_as(verdict.heard_as)
        if self._joins(who, verdict, text, now):
            self._silent("joined", now, turn.index, turn.speaker, text, verdict.evidence)
            return
        invited = self._delivery.tile.hand.waits and (verdict.call_only or commands.invites(verdict.question))
        if invited and self._invited(turn, text, now, verdict.evidence):
            return
        command = commands.parse(verdict.question)
        if command is not None:
            self.forget()
            self.guessing.drop(now)
            self._obeying.obey(command, turn, text, now, verdict.evidence)
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
        if verdict.call_only:
            self._delivery.attend()
        self.settle(now)

    def _invited(self, turn: Turn, text: str, now: float, evidence: str) -> bool:
        """Its hand is up, and it is asked what it wanted to say. True when it says it now."""
        self.guessing.drop(now)
        if self._delivery.running is not None or self.closing or (unsaid := self._delivery.tile.hand.take()) is None:
            return False
        self.forget()
        self._delivery.unmute()
        asked = replace(
            unsaid.asked, turn=turn.index, speaker=turn.speaker, speaker_id=turn.speaker_id, text=text,
            reason="invited", evidence=evidence, since=now, latest=now,
        )  # fmt: skip
        if unsaid.text:
            self._delivery.say(asked, unsaid.text, now)
        else:
            self.answer(asked, now)
        return True

    def _joins(self, who: str, verdict: addressing.Verdict, text: str, now: float) -> bool:
        """Whether this only asks again for what is being thought about already."""
        reply = self._delivery.running
        if reply is None or reply.guess or reply.audible:
            return False
        if verdict.call_only:
            return who == reply.asked.who
        words = folded(verdict.question)
        return bool(words) and words in (folded(reply.asked.question), folded(reply.asked.text))

    def remember(self, who: str, text: str, now: float) -> None:
        """Words that needed no judging; they may still belong to what this person says next."""
        self._growing = None
        self._join(who, text, now)

    def _join(self, who: str, text: str, now: float) -> str:
        """What the same person said just before this, if it belongs together; remembers this for the next time."""
        before, at = self._before.get(who, ("", -JOINED))
        recent = before if now - at <= JOINED else ""
        self._before[who] = (f"{recent} {text}".strip()[-400:], now)
        if len(self._before) > REMEMBERED:
            del self._before[next(iter(self._before))]
        return recent

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
            self._guess(now)
            return
        if floor.speaks(asked.who, now):
            if asked.call_only or not endpointing.looks_complete(asked.text):
                self.still_speaking(now)
            else:
                # The words are complete and the sound may only lag behind them: begin to think. Nothing is said
                # before the room is quiet, and if the person goes on the reply is taken back.
                self._room.out.timer("endpoint", max(now, asked.latest + endpointing.COMPLETE))
                self._guess(now)
            return
        needed = CALL_WAIT if asked.call_only else self._room.habits.silence_needed(asked.who, asked.text)
        ended = floor.speech_end(now, asked.who)
        if self._growing is not None and self._growing.who == asked.who:
            # words of theirs have begun to come whose final has not: it may be late
            due = max(asked.latest, ended or now) + max(needed, self._room.lateness.wait(self._room.words_from))
        elif ended is not None:
            due = max(ended, asked.latest - endpointing.DEFAULT) + needed
        elif endpointing.looks_complete(asked.text) and not asked.call_only:
            due = now  # no sound to judge by: the source of the words has already waited for their end
        else:
            due = asked.latest + needed
        if due <= now:
            self.commit(now)
        else:
            self._room.out.timer("endpoint", due)
            self._guess(now)

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
        asked = self._with_growing(self.asked, now)
        self.forget()
        if asked is None:
            return
        if self.guessing.adopt(asked, now):
            self._room.habits.interrupted()
            self._room.answered = asked.speaker
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

    def _with_growing(self, asked: Asked | None, now: float) -> Asked | None:
        """The question with the words that were waited for in vain: their final is late, or lost."""
        if asked is None or self._growing is None or self._growing.who != asked.who:
            return asked
        text, self._growing = self._growing.asked.text, None
        verdict = addressing.judge(text, self._room.context(asked.who, asked.speaker, now))
        if not verdict.addressed or verdict.call_only:
            return asked
        return replace(asked, text=text, question=verdict.question, call_only=False)

    # ------------------------------------------------------------ answering

    def answer(self, asked: Asked, now: float) -> None:
        """Have the brain answer this."""
        self._room.habits.interrupted()
        self._room.answered = asked.speaker
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
        if self._waiting and self.asked is None and delivery.running is None and not self.closing:
            self.answer(self._waiting.popleft(), now)
