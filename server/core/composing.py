"""From the brain's text to pieces that can be spoken: as they come, when they stall, when they end or fail.

Pure. What a brain asks for besides words (cards, timers, silence) is done here too.
"""

from __future__ import annotations

from server.core.cards import card_from
from server.core.chunking import STALL
from server.core.delivery import Delivery
from server.core.effects import Stop
from server.core.events import BrainDone, BrainText, BrainTool
from server.core.holding import AFTER, Holding
from server.core.outbox import Outbox
from server.core.reply import Reply

#: seconds of the longest timer a brain may set
LONGEST_TIMER = 24 * 3600.0
SORRY = {
    "en": "Sorry, I can't answer right now.",
    "de": "Entschuldigung, ich kann gerade nicht antworten.",
    "fr": "Désolé, je ne peux pas répondre maintenant.",
    "es": "Lo siento, ahora no puedo responder.",
}


class Composing:
    """The words of the running reply."""

    def __init__(self, out: Outbox, delivery: Delivery, language: str) -> None:
        self._out = out
        self._delivery = delivery
        self._holding = Holding(language)
        self._sorry = SORRY.get(language, SORRY["en"])

    def text(self, event: BrainText, now: float) -> None:
        """Some text came."""
        reply = self._open(event.reply)
        if reply is None:
            return
        if "first_token" not in reply.times:
            reply.stage("first_token", now)
            self._out.cancel(f"patience:{reply.id}")
            self._out.cancel(f"dead:{reply.id}")
            if reply.spoken.pieces and not reply.released:
                self._delivery.unsay(reply)  # the answer is quicker than the line that was to bridge the wait
        reply.last_text = now
        self._delivery.speak(reply, reply.chunker.feed(event.text), now)
        if "stall" not in self._out.timers and reply.chunker.waiting:
            self._out.timer("stall", now + STALL)

    def hold_on(self, reply_id: int, now: float) -> None:
        """Not a word of the answer so far: say that it takes a moment."""
        reply = self._open(reply_id)
        if reply is None or "first_token" in reply.times or reply.tools:
            return
        if line := self._holding.line():
            self._delivery.speak(reply, [line], now)
            self._out.timer(f"dead:{reply.id}", now + 2 * AFTER)

    def stalled(self, now: float) -> None:
        """The stall timer came: speak the last clause if the text has really stopped coming."""
        reply = self._delivery.running
        if reply is None or reply.thought or not reply.chunker.waiting:
            return
        if now - reply.last_text + 1e-6 < STALL:
            self._out.timer("stall", reply.last_text + STALL)
        else:
            self._delivery.speak(reply, reply.chunker.stalled(), now)

    def tool(self, event: BrainTool, now: float) -> None:
        """The brain wants something done."""
        reply = self._delivery.of(event.reply)
        if reply is None:
            return
        if reply.guess:
            reply.tools_kept.append(event)
            return
        reply.tools += 1
        if event.name == "show_card" and (card := card_from(event.arguments)):
            self._delivery.tile.show(card)
        elif event.name == "hide_card":
            self._delivery.tile.show(None)
        elif event.name == "set_timer":
            seconds = _number(event.arguments.get("seconds"))
            if 0 < seconds <= LONGEST_TIMER:
                label = str(event.arguments.get("label") or "")[:120]
                self._out.timer(f"remind:{reply.id}.{reply.tools}:{label}", now + seconds)
        elif event.name == "be_quiet":
            self._delivery.mute(_number(event.arguments.get("minutes")), now)

    def done(self, event: BrainDone, now: float) -> None:
        """The text is complete, or what there is of it."""
        reply = self._open(event.reply)
        if reply is None:
            return
        reply.brain = event.brain
        reply.trouble = reply.trouble or event.standing_in or ("cut" if event.reason == "cut" else "")
        self._delivery.speak(reply, reply.chunker.flush(), now)
        if reply.spoken.pieces or reply.tools or reply.tools_kept:
            self._delivery.complete(reply, now)
        elif reply.guess:
            self._delivery.withdraw("empty", now)  # asked again when the turn is committed
        else:
            self._apologise(reply, "empty", now)

    def failed(self, reply_id: int, code: str, now: float) -> None:
        """No brain could go on: finish what there is, or say one short sentence."""
        reply = self._open(reply_id)
        if reply is None:
            return
        self._delivery.speak(reply, reply.chunker.flush(), now)
        if reply.spoken.pieces:
            reply.trouble = code
            self._delivery.complete(reply, now)
        elif reply.guess:
            self._delivery.withdraw(code, now)
        else:
            self._apologise(reply, code, now)

    def patience_over(self, reply_id: int, now: float) -> None:
        """The brain said nothing for too long."""
        reply = self._open(reply_id)
        if reply is not None and "first_token" not in reply.times:
            self._out.add(Stop(reply.id))
            self._apologise(reply, "timeout", now)

    def _apologise(self, reply: Reply, code: str, now: float) -> None:
        reply.trouble = code
        self._delivery.speak(reply, [self._sorry], now)
        self._delivery.complete(reply, now)

    def _open(self, reply_id: int) -> Reply | None:
        """The running reply, if it has this id and more words may come."""
        reply = self._delivery.of(reply_id)
        return reply if reply is not None and not reply.thought else None


def _number(value: object) -> float:
    """A number a model gave, or 0."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
