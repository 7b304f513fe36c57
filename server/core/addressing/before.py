"""What was said before an utterance: the agent's last turn and whom it answered, and a call that waits for its rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.core.addressing.context import Context, Recent
from server.core.addressing.following import ends_asking, is_open
from server.core.addressing.text import bare, tokens_of
from server.core.bargein import is_backchannel

#: seconds after which what the agent said has nothing to do with what is said now
FORGOTTEN = 20.0
#: seconds in which it may not have stopped speaking yet, or only just has
SPEAKING = 0.6
#: seconds between a bare call, or half a request, and the rest of it
SPREAD = 5.0
#: seconds between a question without the name and an answer that shows it was for the agent
ANSWERED = 2.5
#: words a second of its own voice
PACE = 2.7
#: words of somebody else between a call and its rest that do not part them: "go ahead"
ASIDE = 3
#: words of somebody else's remark on its answer at most: "ooh, not bad at all"
REMARK = 5
#: and of one that may be anything but an answer in its place: "only five?", "told you"
EXCLAMATION = 3
#: words of "yes, I'm listening" at most
LISTENING = 6
#: turns of others looked past for the call that the agent answered
PAST = 2


_ASKS = ("?", "？", "؟")
# who says more than a remark
_ANSWERS_FOR_IT = frozenset("i i'll i'm i've i'd we we'll we're we've we'd let's".split())
_TALKS = _ANSWERS_FOR_IT | frozenset("you you're you'll me us".split())


@dataclass(frozen=True, slots=True)
class Own:
    """The agent's last turn and what became of the talk since."""

    turn: Recent
    #: the person it answered, "" when nobody can be told
    asker: str
    #: it was only called, so that what it said asked what for
    waited: bool
    #: somebody else took up the talk, or the asker turned to somebody else
    closed: bool

    @property
    def asked(self) -> bool:
        """It ended with a question, or had only been called and said that it listens."""
        return self.waited or self.turn.text.rstrip(" —-").endswith(_ASKS)

    @property
    def speaking(self) -> bool:
        """It may still be speaking as the utterance begins."""
        return self.turn.ago <= SPEAKING


def _is_remark(text: str) -> bool:
    """Whether words leave the talk where it was: a murmur, or "ah, them"; not "I can send it"."""
    if is_backchannel(text):
        return True
    words = bare(tokens_of(text))
    if len(words) <= EXCLAMATION:
        return _ANSWERS_FOR_IT.isdisjoint(words)
    return len(words) <= REMARK and _TALKS.isdisjoint(words) and not text.rstrip().endswith(_ASKS)


class Before:
    """The turns before an utterance, seen through three questions.

    `calls`: whether words call the agent; `begins`: and leave open what for; `turns_away`: whether they call somebody
    else.
    """

    def __init__(
        self,
        context: Context,
        *,
        calls: Callable[[str], bool],
        begins: Callable[[str], bool],
        turns_away: Callable[[str], bool],
    ) -> None:
        self._context = context
        self._calls = calls
        self._begins = begins
        self._turns_away = turns_away

    def own(self) -> Own | None:
        """The agent's last turn, when it is recent enough to matter."""
        recent = self._context.recent
        at = next((i for i in range(len(recent) - 1, -1, -1) if recent[i].is_agent), None)
        if at is None or recent[at].ago > FORGOTTEN:
            return None
        asker, waited = self._asker(recent[:at], recent[at])
        asker = self._context.answered or asker
        since = [turn for turn in recent[at + 1 :] if not _is_remark(turn.text)]
        closed = any(turn.speaker != asker or self._turns_away(turn.text) for turn in since)
        return Own(recent[at], asker, waited, closed)

    def _asker(self, earlier: tuple[Recent, ...], own: Recent) -> tuple[str, bool]:
        """Whom the agent answered: who called it last, or who asked just before it spoke; and if it was only called."""
        began = own.ago + len(own.text.split()) / PACE
        passed = 0
        for turn in reversed(earlier):
            if turn.is_agent:
                continue
            if self._calls(turn.text):
                short = len(own.text.split()) <= LISTENING
                return turn.speaker, short and self._begins(turn.text)
            if is_backchannel(turn.text):
                continue
            if not passed and turn.ago - began <= ANSWERED and ends_asking(tokens_of(turn.text)):
                return ("" if self._turns_away(turn.text) else turn.speaker), False
            passed += 1
            if passed > PAST:
                break
        return "", False

    def has_begun(self) -> bool:
        """Whether this speaker called the agent just before, and has not said yet, or not to the end, what for."""
        speaker = self._context.speaker
        said = ""
        within = SPREAD
        for turn in reversed(self._context.recent):
            if turn.is_agent:
                return False
            if turn.speaker != speaker:
                if len(turn.text.split()) > ASIDE:
                    return False
                continue
            if turn.ago > within:
                return False
            said = f"{turn.text} {said}".rstrip()
            if self._calls(turn.text):
                return self._begins(said)
            if len(turn.text.split()) > ASIDE + 1 and not is_open(turn.text):
                return False
            within = turn.ago + SPREAD
        return False
