"""When the rules of addressing are not sure, a model may be asked; it has a third of a second, then they decide alone.

Pure. Meanwhile the agent already thinks (`core/guessing.py`), so that a yes costs no time.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.core.addressing import Context, Verdict
from server.core.addressing.asking import asks
from server.core.addressing.text import tokens_of
from server.core.effects import AskAddressee
from server.core.transcript import Turn

#: seconds that a model has to say whether it was meant
DEADLINE = 0.35
#: turns before the utterance that it is shown
SHOWN = 6
#: silence that may be wrong when something was asked, and replies that may be wrong
_SILENT = frozenset(("aside", "talked-about"))
_SPOKEN = frozenset(("sounds-like", "asked-indirectly", "standing"))


@dataclass(frozen=True, slots=True)
class Doubt:
    """An utterance whose verdict waits for a second opinion."""

    turn: Turn
    who: str
    text: str
    verdict: Verdict

    def answered(self, addressed: bool) -> Verdict:
        """The verdict, with the model's opinion in place of the rules' own."""
        reason = "second-opinion" if addressed else "second-opinion-no"
        question = self.verdict.question or self.text
        return Verdict(addressed, reason, f"the rules: {self.verdict.reason}", question, heard_as=self.verdict.heard_as)


def is_unsure(verdict: Verdict, text: str) -> bool:
    """Whether a verdict is one of those that rules get wrong."""
    if verdict.addressed:
        return verdict.reason in _SPOKEN and not verdict.call_only
    return verdict.reason in _SILENT and asks(tokens_of(text))


def question_of(turn: Turn, text: str, context: Context) -> AskAddressee:
    """What a model is asked."""
    recent = tuple((one.speaker, one.text) for one in context.recent[-SHOWN:])
    return AskAddressee(turn.index, context.agents[0], context.participants, recent, turn.speaker, text)
