"""Which answer belongs to which intent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from server.brains.base import BrainRequest
from server.brains.embedded import facts, findings, quotes
from server.brains.embedded.digest import Digest
from server.brains.embedded.intents import Ask
from server.brains.embedded.room import Answer, Room
from server.brains.embedded.wordings import Intent


async def answer(request: BrainRequest, digest: Digest, ask: Ask) -> Answer:
    """The answer to a question. Raises nothing; what is not known is said."""
    return await _ANSWERS[ask.intent](Room(request, digest, ask))


_ANSWERS: dict[Intent, Callable[[Room], Awaitable[Answer]]] = {
    Intent.CALLED: facts.fixed,
    Intent.GREETING: facts.fixed,
    Intent.THANKS: facts.fixed,
    Intent.HELP: facts.fixed,
    Intent.QUIET: facts.quiet,
    Intent.REPEAT: facts.repeat,
    Intent.GO_ON: facts.go_on,
    Intent.HIDE: facts.hide,
    Intent.SHOW_LAST: facts.show_last,
    Intent.TIMER: facts.timer,
    Intent.TIMER_LEFT: facts.timer_left,
    Intent.CLOCK: facts.clock,
    Intent.ELAPSED: facts.elapsed,
    Intent.PEOPLE: facts.people,
    Intent.TALK_TIME: facts.talk_time,
    Intent.SPOKE: facts.spoke,
    Intent.LAST_SPEAKER: facts.last_speaker,
    Intent.DECISIONS: findings.decisions,
    Intent.ACTIONS: findings.actions,
    Intent.QUESTIONS: findings.questions,
    Intent.SUMMARY: findings.summary,
    Intent.SAID: quotes.said,
    Intent.WHO_SAID: quotes.who_said,
    Intent.WHEN_SAID: quotes.when_said,
    Intent.OTHER: quotes.other,
}
