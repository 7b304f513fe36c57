"""The brain that needs no key and no network: it answers from the transcript, and says what it is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

from server.brains.base import BrainEvent, BrainRequest, Done, TextDelta, ToolCall
from server.brains.embedded.answers import answer
from server.brains.embedded.digest import Digest, Digests
from server.brains.embedded.intents import understand
from server.brains.embedded.phrases import phrase
from server.brains.embedded.room import Answer
from server.brains.embedded.sight import honest
from server.brains.embedded.wordings import Intent

#: Answered without looking at the transcript, so they come at once however long the meeting is.
_AT_ONCE = frozenset(
    {
        Intent.CALLED, Intent.QUIET, Intent.REPEAT, Intent.GO_ON, Intent.HIDE, Intent.SHOW_LAST, Intent.TIMER,
        Intent.TIMER_LEFT, Intent.CLOCK, Intent.ELAPSED, Intent.PEOPLE, Intent.TALK_TIME, Intent.SPOKE,
        Intent.LAST_SPEAKER, Intent.HELP, Intent.THANKS, Intent.GREETING,
    }
)  # fmt: skip
#: Orders are carried out the same with or without a language model, so nothing has to be said about it.
_UNMARKED = frozenset({Intent.QUIET, Intent.REPEAT, Intent.GO_ON, Intent.HIDE})

_WORD = re.compile(r"\s*\S+\s*?(?=\s|$)")
#: Turns not yet prepared that make us say "let me look" first.
_MANY = 250
#: What has to be judged passage by passage for an intent.
_JUDGED = {
    Intent.DECISIONS: "decisions",
    Intent.SUMMARY: "decisions",
    Intent.ACTIONS: "actions",
    Intent.QUESTIONS: "questions",
}
#: Words passed on before the event loop gets its turn, for a reader that never waits.
_BREATH = 16


class EmbeddedBrain:
    """Understands a question by rules and answers with quotes. One instance serves every session of the process."""

    name = "embedded"

    def __init__(self) -> None:
        self._digests = Digests()

    async def reply(self, request: BrainRequest) -> AsyncGenerator[BrainEvent, None]:
        """Stream the reply word by word; see `Brain.reply`."""
        if request.wish is not None and request.wish.sure:
            for word in _WORD.findall(await honest(request, request.wish)):
                yield TextDelta(word)
            yield Done("stop")
            return
        people = list(dict.fromkeys((*request.participants, *_speakers(request))))
        ask = understand(request.question, request.agent_name, people, request.asker)
        if request.standing_in and ask.intent not in _UNMARKED:
            yield TextDelta(phrase("standing_in", request.language))
        digest = Digest()
        if ask.intent not in _AT_ONCE:
            digest = self._digests.of(request.turns, request.agent_name)
            if _takes_long(digest, request, ask.intent) and not request.standing_in:
                # The first such question in a long meeting takes a tenth of a second: begin to speak meanwhile.
                yield TextDelta(phrase("looking", request.language))
            await digest.follow(request.turns)
        made = await answer(request, digest, ask)
        for number, (name, arguments) in enumerate(made.calls):
            yield ToolCall(f"embedded-{request.reply}-{number}", name, arguments)
        for number, word in enumerate(_words(made)):
            if number and number % _BREATH == 0:
                await asyncio.sleep(0)
            yield TextDelta(word)
        yield Done("stop")

    async def check(self) -> str:
        """Always there."""
        return "embedded: answers from the transcript, without a language model"

    async def close(self) -> None:
        """Nothing to give back."""


def _takes_long(digest: Digest, request: BrainRequest, intent: Intent) -> bool:
    kind = _JUDGED.get(intent)
    if intent is Intent.SUMMARY and len(request.turns) > 2 * _MANY:
        return True
    return digest.behind(request.turns) > _MANY or (kind is not None and digest.unjudged(kind) > _MANY // 2)


def _speakers(request: BrainRequest) -> list[str]:
    return [turn.speaker for turn in request.turns if not turn.is_agent]


def _words(made: Answer) -> list[str]:
    return _WORD.findall(made.text)
