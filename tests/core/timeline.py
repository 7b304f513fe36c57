"""A meeting on virtual time: people speak, a scripted brain and voice answer, a page plays, and nothing sleeps.

The timeline plays the session's part with the real core: it performs every effect on a virtual clock and keeps what
happened for the test to read.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from server.core import effects as fx
from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.decision import Decision
from server.core.messages import Begin, Continue, Flush, Pause, ToPage

RATE = 24_000
#: characters a second of the scripted voice
SPEED = 15.0


@dataclass
class Sounding:
    """The page's player for one reply."""

    reply: int
    epoch: int
    total: int = 0
    released: bool = False
    paused: bool = False
    samples: int = 0
    since: float = 0.0


@dataclass
class Timeline:
    """Say things with `says`, script the brain with `model`, then `run`."""

    config: Config = field(default_factory=Config)
    ttft: float = 0.3
    token_gap: float = 0.02
    tts: float = 0.1
    final_delay: float = 0.25
    sound: bool = True
    marks: bool = True
    page: bool = True

    def __post_init__(self) -> None:
        self.conversation = Conversation(self.config)
        self.now = 0.0
        self.answers: list[str | Callable[[int], list[ev.Event]]] = []
        self.decisions: list[Decision] = []
        self.messages: list[tuple[float, ToPage]] = []
        self.events: list[tuple[float, ev.Event]] = []
        self.effects: list[fx.Effect] = []
        self.spoken_samples: list[tuple[float, int, int]] = []
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._tick = itertools.count()
        self._timers: dict[str, int] = {}
        self._player: Sounding | None = None
        self._stopped: set[int] = set()
        self._silenced: set[int] = set()
        self._page_epoch = self.conversation.epoch
        self._finished: set[int] = set()
        self._unsaid: dict[int, int] = {}
        self._due: dict[int, int] = {}
        self._asked = 0
        self._ids: dict[str, str] = {}
        if self.page:
            self.at(0.0, lambda: self.tell(ev.PageJoined("page")))

    # ------------------------------------------------------------ the script

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Do something at this time."""
        heapq.heappush(self._queue, (when, next(self._tick), action))

    def says(
        self, speaker: str, text: str, at: float, until: float | None = None, *, delay: float | None = None
    ) -> None:
        """A person says something: sound, growing partials, then the final."""
        until = at + max(0.3, len(text) / SPEED) if until is None else until
        who = self._ids.setdefault(speaker, str(100 * (len(self._ids) + 1)))
        words = text.split()
        if self.sound:
            self.at(at + 0.12, lambda: self.tell(ev.SpeechStarted(0.12)))
            self.at(until + 0.2, lambda: self.tell(ev.SpeechStopped(0.2)))
        steps = max(1, int((until - at) / 0.4))
        for step in range(1, steps):
            part = " ".join(words[: max(1, len(words) * step // steps)])
            when = at + (until - at) * step / steps + 0.2
            self.at(
                when,
                lambda p=part, w=when: self.tell(ev.Heard(speaker, p, False, who, start=at, end=w - 0.2)),
            )
        final = until + (self.final_delay if delay is None else delay)
        self.at(final, lambda: self.tell(ev.Heard(speaker, text, True, who, start=at, end=until)))

    def model(self, answer: str | Callable[[int], list[ev.Event]]) -> None:
        """What the brain answers to the next question; a function gives its own events, sent after `ttft`."""
        self.answers.append(answer)

    def run(self, until: float = 60.0) -> Timeline:
        """Play everything."""
        while self._queue and self._queue[0][0] <= until:
            when, _, action = heapq.heappop(self._queue)
            self.now = max(self.now, when)
            action()
        return self

    # ------------------------------------------------------------ the session's part

    def tell(self, event: ev.Event) -> None:
        """Give the core a fact and perform its wishes."""
        self.events.append((self.now, event))
        for effect in self.conversation.handle(event, self.now):
            self.effects.append(effect)
            self._perform(effect)

    def _perform(self, effect: fx.Effect) -> None:
        match effect:
            case fx.ToPage(message):
                self.messages.append((self.now, message))
                self._page(message)
            case fx.Think(thought):
                self._think(thought.reply)
            case fx.Speak(epoch, reply, index, text):
                self._silenced.discard(reply)
                self._due[reply] = self._due.get(reply, 0) + 1
                taken_back = self._unsaid.get(reply, 0)
                self.at(self.now + self.tts, lambda: self._voice(epoch, reply, index, text, taken_back))
            case fx.Finish(reply):
                self._finished.add(reply)
            case fx.Release(reply):
                assert self._player is not None and self._player.reply == reply
                self._player.released, self._player.since = True, self.now
                self._report()
            case fx.Unsay(reply):
                self._unsaid[reply] = self._unsaid.get(reply, 0) + 1
                self._due[reply] = 0
                if self._player is not None and self._player.reply == reply:
                    assert not self._player.released, "only what was not let out is taken back"
                    self._player = None
            case fx.Stop(reply):
                self._stopped.add(reply)
                self._silenced.add(reply)
                if self._player is not None and self._player.reply == reply:
                    self._player = None
            case fx.SetTimer(key, at):
                assert at >= self.now - 1e-9
                token = next(self._tick)
                self._timers[key] = token
                self.at(at, lambda: self._fire(key, token))
            case fx.CancelTimer(key):
                self._timers.pop(key, None)
            case fx.Decide(decision):
                self.decisions.append(decision)

    def _fire(self, key: str, token: int) -> None:
        if self._timers.get(key) == token:
            del self._timers[key]
            self.tell(ev.TimerFired(key))

    def _think(self, reply: int) -> None:
        answer = self.answers[min(self._asked, len(self.answers) - 1)] if self.answers else "All right."
        self._asked += 1
        if callable(answer):
            for offset, event in enumerate(answer(reply)):
                self._later(reply, self.ttft + offset * self.token_gap, event)
            return
        tokens = [word if at == 0 else f" {word}" for at, word in enumerate(answer.split(" "))]
        for at, token in enumerate(tokens):
            self._later(reply, self.ttft + at * self.token_gap, ev.BrainText(reply, token))
        self._later(reply, self.ttft + len(tokens) * self.token_gap, ev.BrainDone(reply, "stop", "scripted"))

    def _later(self, reply: int, after: float, event: ev.Event) -> None:
        self.at(self.now + after, lambda: None if reply in self._stopped else self.tell(event))

    def _voice(self, epoch: int, reply: int, index: int, text: str, taken_back: int) -> None:
        if reply in self._silenced or self._unsaid.get(reply, 0) != taken_back:
            return
        if self._player is None or self._player.reply != reply:
            self._player = Sounding(reply, epoch)
        player = self._player
        self._due[reply] -= 1
        start = player.total
        player.total += int(len(text) / SPEED * RATE)
        if self.marks:
            marks, offset = [], 0
            for word in text.split(" "):
                marks.append((offset, len(word), start + int(offset / SPEED * RATE)))
                offset += len(word) + 1
            self.tell(ev.VoiceMarks(reply, index, tuple(marks)))
        self.tell(ev.VoiceBegan(reply, index, start, "scripted"))
        if reply not in self._silenced:
            self.tell(ev.VoiceDone(reply, index, player.total))

    # ------------------------------------------------------------ the page's part

    def _page(self, message: ToPage) -> None:
        player = self._player
        match message:
            case Flush(epoch):
                self._advance()
                self._page_epoch = epoch
                reply, samples = (player.reply, player.samples) if player else (0, 0)
                self._player = None
                old = player.epoch if player else 0
                self.at(
                    self.now + 0.002,
                    lambda: self.tell(ev.PlaybackReport(old or epoch, reply, samples, flushed=True)),
                )
            case Pause():
                self._advance()
                if player:
                    player.paused = True
            case Continue():
                if player:
                    player.paused, player.since = False, self.now
            case Begin(epoch, reply):
                assert epoch == self.conversation.epoch, "a reply begins in the current epoch"

    def _advance(self) -> None:
        player = self._player
        if player is None or not player.released or player.paused:
            return
        before = player.samples
        player.samples = min(player.total, player.samples + int((self.now - player.since) * RATE))
        player.since = self.now
        if player.samples > before:
            self.spoken_samples.append((self.now, player.epoch, player.samples - before))
            assert player.epoch == self._page_epoch, "no sample of an old epoch is played"

    def _report(self) -> None:
        player = self._player
        if player is None:
            return
        self._advance()
        ended = player.reply in self._finished and not self._due.get(player.reply) and player.samples >= player.total
        if player.samples or ended:
            self.tell(ev.PlaybackReport(player.epoch, player.reply, player.samples, ended))
        if self._player is player and not ended:
            self.at(self.now + 0.1, self._report)

    # ------------------------------------------------------------ what a test asks

    @property
    def replies(self) -> list[Decision]:
        """The turns that were answered."""
        return [decision for decision in self.decisions if decision.verdict == "reply"]

    def sent(self, kind: type) -> list[ToPage]:
        """Messages of this kind that the page got."""
        return [message for _, message in self.messages if isinstance(message, kind)]
