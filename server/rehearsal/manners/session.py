"""The session's part in a virtual meeting: the real core, its wishes performed on the virtual clock, and a tape."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from server.core import effects as fx
from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.decision import Decision
from server.core.prompt import Thought
from server.core.transcript import Turn
from server.rehearsal.manners.clock import VirtualClock
from server.rehearsal.manners.conditions import Conditions
from server.rehearsal.manners.facts import Asked
from server.rehearsal.manners.page import VirtualPage
from server.rehearsal.manners.parties import Track, VirtualBrain, VirtualVoice


class VirtualSession:
    """One conversation with its brain, its voice and its page."""

    def __init__(
        self,
        config: Config,
        clock: VirtualClock,
        chance: Random,
        conditions: Conditions,
        answer: Callable[[Thought], str],
        on_turn: Callable[[Turn], None],
    ) -> None:
        """`answer` gives a brain's words; `on_turn` is told of every new turn of a person in the transcript."""
        self.config = config
        self.conversation = Conversation(config)
        self.page = VirtualPage(clock, chance, conditions, self.tell, self._turn_of)
        self.voice = VirtualVoice(clock, chance, conditions, self.tell, self.page.more)
        self.tape: list[tuple[float, ev.Event]] = []
        self.decisions: list[tuple[float, Decision]] = []
        self.asked: list[Asked] = []
        self.written: list[tuple[float, str]] = []
        #: kinds of what broke inside the core: as in the real session, one fact's fault does not end the meeting
        self.faults: list[str] = []
        self._brain = VirtualBrain(clock, chance, conditions, answer, self.tell)
        self._clock = clock
        self._timers: dict[str, int] = {}
        self._order = itertools.count()
        self._on_turn = on_turn
        self._turns, self._last_turn = 0, -1

    def tell(self, event: ev.Event) -> None:
        """Give the core a fact and perform its wishes."""
        now = round(self._clock.now, 6)
        self.tape.append((now, event))
        for effect in handled(self.conversation, event, now, self.faults):
            self._perform(effect)
        self._note_turns()

    def _note_turns(self) -> None:
        """New turns in the transcript, whatever event brought them there."""
        turns = self.conversation.transcript.turns
        if len(turns) == self._turns:
            return
        new = sorted((turn for turn in turns if turn.index > self._last_turn), key=lambda turn: turn.index)
        self._turns = len(turns)
        for turn in new:
            self._last_turn = turn.index
            if not turn.is_agent:
                self._on_turn(turn)

    def _turn_of(self, reply: int) -> int:
        running: Any = self.conversation.delivery.running
        return running.asked.turn if running is not None and running.id == reply else -1

    def _perform(self, effect: Any) -> None:
        match effect:
            case fx.ToPage(message):
                self.page.send(message)
            case fx.Think(thought):
                self._think(thought)
            case fx.Speak(epoch, reply, index, text):
                self.voice.speak(epoch, reply, index, text)
            case fx.Finish(reply):
                self.voice.finish(reply)
            case fx.Release(reply):
                self.page.release(self.voice.tracks.get(reply) or Track(reply, self.conversation.epoch))
            case fx.Stop(reply):
                self._brain.stop(reply)
                self.voice.stop(reply)
            case fx.SetTimer(key, at):
                token = self._timers[key] = next(self._order)
                self._clock.at(at, lambda: self._fire(key, token))
            case fx.CancelTimer(key):
                self._timers.pop(key, None)
            case fx.SendChat(text, _):
                self.written.append((self._clock.now, text))
            case fx.Decide(decision):
                self.decisions.append((self._clock.now, decision))
            case _:  # pictures, leaving: nothing that is heard
                pass

    def _think(self, thought: Thought) -> None:
        self.asked.append(Asked(self._clock.now, thought.reply, thought.question))
        self._brain.think(thought)

    def _fire(self, key: str, token: int) -> None:
        if self._timers.get(key) == token:
            del self._timers[key]
            self.tell(ev.TimerFired(key))


def handled(conversation: Conversation, event: ev.Event, now: float, faults: list[str]) -> list[fx.Effect]:
    """What the core wishes; nothing, and a fault noted, when it breaks."""
    try:
        return conversation.handle(event, now)
    except Exception as error:  # its text may hold what was said
        frame = traceback.extract_tb(error.__traceback__)[-1]
        faults.append(f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno} on {event.type}")
        return []


def replays_alike(config: Config, tape: list[tuple[float, ev.Event]], decisions: list[Decision]) -> bool:
    """Whether a fresh conversation that is told the tape comes to the same decisions, to every field."""
    conversation = Conversation(config)
    again = [
        effect.decision
        for at, event in tape
        for effect in handled(conversation, event, at, [])
        if isinstance(effect, fx.Decide)
    ]
    return again == decisions
