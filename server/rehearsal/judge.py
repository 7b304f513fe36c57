"""Whether what happened is what the scenario expects. Pure: facts in, verdicts out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.rehearsal.agent_sound import AUDIBLE, HeardReply, PageState
from server.rehearsal.expecting import Most, Words
from server.rehearsal.meeting import Line
from server.rehearsal.report import ReplyReport, Verdict
from server.rehearsal.scenario import Step
from server.rehearsal.spoken import RATE

#: A reply this much before the end of the line's sound is an interruption of the speaker, not an answer.
EARLIEST = -0.05
#: How long after the line a card or a state may come.
CARD_WITHIN = 8.0
STATE_WITHIN = 3.0
REPLY_WITHIN = 8.0
#: How long an answer in the chat may take when the step does not say.
CHAT_WITHIN = 10.0
#: Share of a line's words that a decision's text must have to be about it.
ALIKE = 0.6

Record = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """What the agent wrote into the chat, and when, in seconds of the meeting."""

    at: float
    text: str


@dataclass(eq=False)
class Played:
    """One step as it was played. `speaking` is the reply that was being heard when the line began."""

    step: Step
    line: Line
    speaking: HeardReply | None
    #: what the step waited for and never saw; empty when it came
    waited_in_vain: str = ""

    @property
    def speech_end(self) -> float:
        """Where the line's sound ends, in seconds of the meeting."""
        pcm = self.line.spoken.pcm[: max(0, round((self.line.end - self.line.start) * RATE))]
        whole = len(pcm) // 480
        if not whole:
            return self.line.end
        blocks = pcm[: whole * 480].reshape(whole, 480).astype(np.float64) / 32768
        loud = np.flatnonzero(np.sqrt(np.mean(blocks**2, axis=1)) > AUDIBLE)
        return self.line.start + (int(loud[-1]) + 1) * 0.01 if len(loud) else self.line.end


@dataclass(frozen=True)
class Facts:
    """Everything that was seen and heard of the agent, and what its tape says."""

    replies: Sequence[HeardReply]
    states: Sequence[PageState]
    decisions: Sequence[Record]
    written: Sequence[Written] = ()


def reply_after(played: Played, replies: Sequence[HeardReply], before: float = float("inf")) -> HeardReply | None:
    """The first reply that began after the line began and was not yet being heard then."""
    for reply in replies:
        if played.line.start < reply.begin < before and reply is not played.speaking:
            return reply
    return None


def decisions_of(steps: Sequence[Played], decisions: Sequence[Record]) -> dict[int, Record]:
    """Which decision is about which step, by speaker and words; each decision is used once."""
    found: dict[int, Record] = {}
    used: set[int] = set()
    for played in steps:
        if played.step.kind in ("joins", "leaves"):
            continue  # nothing was said
        candidates = [
            (index, record) for index, record in enumerate(decisions) if index not in used and _is_about(record, played)
        ]
        if not candidates:
            continue
        wants = played.step.expect.wants_reply
        best = next((c for c in candidates if wants and c[1].get("verdict") == "reply"), candidates[0])
        used.add(best[0])
        found[played.step.index] = best[1]
    return found


def _is_about(record: Record, played: Played) -> bool:
    who = str(record.get("speaker") or record.get("asker") or "").casefold()
    # A host may not tell who wrote into the chat.
    unnamed = played.step.kind == "chat" and who == "someone"
    if who and who != played.step.person.casefold() and not unnamed:
        return False
    about = _tokens(str(record.get("text") or record.get("question") or ""))
    said = _tokens(played.step.text)
    if not about or not said:
        return False
    both = len(about & said)
    return both / len(said) >= ALIKE or (both == len(about) and both / len(said) >= ALIKE / 2)


def _tokens(text: str) -> set[str]:
    return set(re.findall(r"[\w']+", text.casefold()))


def reply_report(reply: HeardReply | None, record: Record | None, zero: float = 0.0) -> ReplyReport | None:
    """What was heard and what the tape says about it, as one; its times count from `zero`."""
    if reply is None:
        return None
    about = record if record is not None and record.get("reply") in (None, 0, reply.number) else {}
    return ReplyReport(
        reply.number,
        round(reply.begin - zero, 3),
        round(reply.end - zero, 3),
        **{key: str(about.get(key) or "") for key in ("outcome", "planned", "heard", "brain", "voice")},
    )


class Judge:
    """Gives the verdicts on one step after another."""

    def __init__(self, steps: Sequence[Played], facts: Facts) -> None:
        self._steps = list(steps)
        self._facts = facts
        self.decisions = decisions_of(steps, facts.decisions)

    def reply_of(self, played: Played) -> HeardReply | None:
        """The reply to a step: by its decision, else the first new one before the next line that wants its
        own.
        """
        record = self.decisions.get(played.step.index)
        number = int(record.get("reply") or 0) if record else 0
        if number:
            by_number = next((r for r in self._facts.replies if r.number == number), None)
            if by_number is not None:
                return by_number
        following = [p.line.start for p in self._steps if p.line.start > played.line.start]
        before = min(following, default=float("inf"))
        if played.step.expect.wants_reply:
            asked = [
                p.line.start for p in self._steps if p.line.start > played.line.start and p.step.expect.wants_reply
            ]
            before = min(asked, default=float("inf"))
        return reply_after(played, self._facts.replies, before)

    def chat_of(self, played: Played) -> tuple[Written, ...]:
        """What the agent wrote after this step and before the next one that wants it to write."""
        start = played.line.start
        asked = [p.line.start for p in self._steps if p.line.start > start and p.step.expect.wants_chat]
        before = min(asked, default=float("inf"))
        return tuple(each for each in self._facts.written if start < each.at < before)

    def record_of_reply(self, reply: HeardReply | None) -> Record | None:
        """The tape's decision about a heard reply."""
        if reply is None or not reply.number:
            return None
        return next((d for d in self._facts.decisions if d.get("reply") == reply.number), None)

    def verdicts(self, played: Played) -> tuple[Verdict, ...]:
        """All verdicts on one step, in the order of the scenario's keys."""
        expect, out = played.step.expect, []
        if played.waited_in_vain:
            out.append(Verdict("after", played.waited_in_vain, "it never came", False))
        if expect.replies_within is not None:
            out.append(self._replies(played, expect.replies_within))
        if expect.reply_contains is not None:
            out.append(self._contains(played))
        if expect.stays_silent is not None:
            out.append(self._silent(played, expect.stays_silent))
        if expect.keeps_talking is not None:
            out.append(self._keeps(played, expect.keeps_talking))
        if expect.stops_within is not None:
            out.append(self._stops(played, expect.stops_within))
        if expect.heard_at_most is not None:
            out.append(self._heard(played, expect.heard_at_most))
        if expect.shows_card is not None:
            out.append(self._card(played, expect.shows_card))
        if expect.state_is is not None:
            out.append(self._state(played, expect.state_is))
        if expect.chat_within is not None:
            out.append(self._chats(played, expect.chat_within))
        if expect.chat_contains is not None:
            out.append(self._chat_contains(played, expect.chat_contains))
        return tuple(out)

    def _chats(self, played: Played, within: float) -> Verdict:
        wanted, lines = f"at most {within:g} s", self.chat_of(played)
        if not lines:
            return Verdict("chat within", wanted, "it wrote nothing", False)
        late = lines[0].at - played.speech_end
        return Verdict("chat within", wanted, f"{max(0.0, late):.2f} s", late <= within)

    def _chat_contains(self, played: Played, words: Words) -> Verdict:
        text = " ".join(line.text for line in self.chat_of(played))
        if not text:
            return Verdict("chat contains", str(words), "it wrote nothing", False)
        wrong = words.missing(text)
        return Verdict("chat contains", str(words), wrong or text, not wrong)

    def _replies(self, played: Played, within: float) -> Verdict:
        wanted = f"at most {within:g} s"
        reply = self.reply_of(played)
        if reply is None:
            return Verdict("replies within", wanted, "no reply was heard", False)
        late = reply.begin - played.speech_end
        if late < EARLIEST:
            return Verdict("replies within", wanted, f"{-late:.2f} s before the line ended", False)
        return Verdict("replies within", wanted, f"{max(0.0, late):.2f} s", late <= within)

    def _contains(self, played: Played) -> Verdict:
        words = played.step.expect.reply_contains
        assert words is not None
        name, wanted = "reply contains", str(words)
        reply = self.reply_of(played)
        record = self.record_of_reply(reply) or self.decisions.get(played.step.index)
        if reply is None:
            return Verdict(name, wanted, "no reply was heard", False)
        text = str((record or {}).get("planned") or (record or {}).get("heard") or "")
        if not text:
            return Verdict(name, wanted, "the tape has no words of this reply", False)
        wrong = words.missing(text)
        return Verdict(name, wanted, wrong or text, not wrong)

    def _silent(self, played: Played, seconds: float) -> Verdict:
        until = played.speech_end + seconds
        broke = [
            reply
            for reply in self._facts.replies
            if played.line.start < reply.begin < until and reply is not played.speaking
        ]
        wanted = f"for {seconds:g} s"
        if not broke:
            return Verdict("stays silent", wanted, "it was silent", True)
        at = broke[0].begin - played.speech_end
        return Verdict("stays silent", wanted, f"it spoke {at:.2f} s after the line", False)

    def _keeps(self, played: Played, seconds: float) -> Verdict:
        wanted, reply = f"for {seconds:g} s", played.speaking
        if reply is None:
            return Verdict("keeps talking", wanted, "it was not speaking", False)
        went_on = reply.end - played.line.start
        outcome = str((self.record_of_reply(reply) or {}).get("outcome") or "")
        held = went_on >= seconds - 0.15 or outcome == "complete"
        found = "to the end of its reply" if outcome == "complete" else f"for {went_on:.2f} s"
        return Verdict("keeps talking", wanted, found, held)

    def _stops(self, played: Played, seconds: float) -> Verdict:
        wanted, reply = f"at most {seconds:g} s", played.speaking
        if reply is None:
            return Verdict("stops within", wanted, "it was not speaking", False)
        took = max(0.0, reply.end - played.line.start)
        if (self.record_of_reply(reply) or {}).get("outcome") == "complete":
            return Verdict("stops within", wanted, f"its reply was over by itself after {took:.2f} s", False)
        return Verdict("stops within", wanted, f"{took:.2f} s after the line began", took <= seconds)

    def _heard(self, played: Played, most: Most) -> Verdict:
        reply = played.speaking or self.reply_of(played)
        name, wanted = "heard at most", str(most)
        if reply is None:
            return Verdict(name, wanted, "no reply was heard", False)
        if most.unit == "seconds":
            return Verdict(name, wanted, f"{reply.seconds:.2f} seconds", reply.seconds <= most.value)
        record = self.record_of_reply(reply)
        if record is None:
            return Verdict(name, wanted, "the tape has no decision about this reply", False)
        heard = len(str(record.get("heard") or "").split())
        planned = len(str(record.get("planned") or "").split())
        if most.unit == "words":
            return Verdict(name, wanted, f"{heard} words", heard <= most.value)
        share = 100 * heard / planned if planned else 0.0
        return Verdict(name, wanted, f"{share:.0f} % ({heard} of {planned} words)", share <= most.value)

    def _card(self, played: Played, wanted: bool | str) -> Verdict:
        until = played.speech_end + CARD_WITHIN
        cards = [s.card for s in self._facts.states if played.line.start <= s.at <= until and s.card]
        name = "shows card"
        if wanted is False:
            return Verdict(name, "none", "a card was shown" if cards else "none", not cards)
        if not cards:
            return Verdict(name, str(wanted) if wanted is not True else "any", "none was shown", False)
        text = " ".join(cards[-1].split())
        if wanted is True:
            return Verdict(name, "any", f"“{text}”", True)
        held = any(wanted.casefold() in " ".join(card.split()).casefold() for card in cards)
        return Verdict(name, wanted, f"“{text}”", held)

    def _state(self, played: Played, wanted: str) -> Verdict:
        until = played.speech_end + STATE_WITHIN
        before = [s.agent for s in self._facts.states if s.at < played.line.start][-1:]
        during = [s.agent for s in self._facts.states if played.line.start <= s.at <= until]
        seen = list(dict.fromkeys([*before, *during]))
        return Verdict("state is", wanted, " → ".join(seen) or "nothing", wanted in seen)
