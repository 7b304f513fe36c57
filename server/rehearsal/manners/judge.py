"""Whether what happened in a virtual meeting is what its scenario expects. Pure: facts in, verdicts out.

The expectations mean what docs/rehearsal.md says of them; here the truth of every sample is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.rehearsal.expecting import Most, Words
from server.rehearsal.manners.facts import Facts, Line, Sounded
from server.rehearsal.scenario import SOUNDS

#: a reply this much before the end of the line interrupts the speaker
EARLIEST = 0.05
#: a reply that begins within this of a line collides with it: both started
COLLISION = 0.5
#: seconds of silence beyond the length of a sound that are still "going on"
HELD = 1.0
#: seconds in which a card, a state or a raised hand may come
CARD_WITHIN = 8.0
STATE_WITHIN = 3.0
#: reasons of replies that belong to no line
OF_ITS_OWN = frozenset({"timer", "operator", "greeting", "asked-in-chat", "resumed"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """One expectation of a line: what was wanted, what was found, and the rate it counts in ("" for none)."""

    line: Line
    name: str
    wanted: str
    found: str
    held: bool
    measure: str = ""


def verdicts(facts: Facts) -> list[Verdict]:
    """Every expectation of every line."""
    found = []
    for line in facts.lines:
        if line.missing:
            found.append(Verdict(line, "after", line.missing, "it never came", False))
        found += _Judge(facts, line).all()
    return found


def unasked(facts: Facts) -> list[Sounded]:
    """Replies that nobody wanted."""
    return [reply for reply in facts.replies if not _wanted(facts, reply)]


def _wanted(facts: Facts, reply: Sounded) -> bool:
    if reply.decision is not None and reply.decision.reason in OF_ITS_OWN:
        return True
    line = facts.line_of(reply.turn)
    return line is not None and any(each.step.expect.wants_reply for each in facts.group(line))


def measure_of(line: Line) -> str:
    """The rate in which it counts that the agent goes on over this line, or stays silent after it."""
    if line.step.kind in SOUNDS:
        return "noises"
    return "backchannels" if line.step.role == "backchannel" else "not_for_us"


class _Judge:
    def __init__(self, facts: Facts, line: Line) -> None:
        self._facts = facts
        self._line = line
        self._reply = facts.reply_to(line)

    def all(self) -> list[Verdict]:
        expect, found = self._line.step.expect, []
        if expect.replies_within is not None:
            found.append(self._replies(expect.replies_within))
        if expect.reply_contains is not None:
            found.append(self._contains(expect.reply_contains))
        if expect.question_contains is not None:
            found.append(self._question(expect.question_contains))
        if expect.replies_at_most is not None:
            found.append(self._at_most(expect.replies_at_most))
        if expect.stays_silent is not None:
            found.append(self._silent(expect.stays_silent))
        if expect.keeps_talking is not None:
            found.append(self._keeps(expect.keeps_talking))
        if expect.stops_within is not None:
            found.append(self._stops(expect.stops_within))
        if expect.resumes_within is not None:
            found.append(self._resumes(expect.resumes_within))
        if expect.heard_at_most is not None:
            found.append(self._heard(expect.heard_at_most))
        if expect.shows_card is not None:
            found.append(self._card(expect.shows_card))
        if expect.state_is is not None:
            found.append(self._state(expect.state_is))
        if expect.raises_hand is not None:
            found.append(self._hand(expect.raises_hand))
        if expect.chat_contains is not None:
            found.append(self._chat(expect.chat_contains))
        return found

    def _verdict(self, name: str, wanted: object, found: str, held: bool, measure: str = "") -> Verdict:
        return Verdict(self._line, name, str(wanted), found, held, measure)

    def _replies(self, within: float) -> Verdict:
        line, reply = self._line, self._reply
        if reply is None:
            return self._verdict("replies within", f"{within:g} s", self._why_silent(), False, "answered")
        late = reply.begin - line.end
        held = -EARLIEST <= late <= within
        return self._verdict("replies within", f"{within:g} s", f"after {late:.2f} s", held, "answered")

    def _why_silent(self) -> str:
        """What was decided about the line, in the record's words."""
        turns = {turn for each in self._facts.group(self._line) for turn in each.turns}
        about = [decision for _, decision in self._facts.decisions if decision.turn in turns]
        said = "; ".join(dict.fromkeys(f"{one.verdict} ({one.reason})" for one in about))
        return f"no reply: {said or 'nothing was decided'}"

    def _contains(self, words: Words) -> Verdict:
        decision = self._reply.decision if self._reply is not None else None
        if decision is None:
            return self._verdict("reply contains", words, "no reply", False)
        wrong = words.missing(decision.planned)
        return self._verdict("reply contains", words, wrong or "it is", not wrong)

    def _question(self, words: Words) -> Verdict:
        reply = self._reply
        if reply is None:
            return self._verdict("question contains", words, "no reply", False)
        questions = [asked.question for asked in self._facts.asked if asked.reply == reply.number]
        text = questions[-1] if questions else (reply.decision.text if reply.decision is not None else "")
        wrong = words.missing(text)
        return self._verdict("question contains", words, wrong or "it does", not wrong)

    def _at_most(self, most: int) -> Verdict:
        turns = {turn for each in self._facts.group(self._line) for turn in each.turns}
        count = sum(reply.turn in turns for reply in self._facts.replies)
        return self._verdict("replies at most", most, str(count), count <= most)

    def _silent(self, seconds: float) -> Verdict:
        line, facts = self._line, self._facts
        mine = {turn for each in facts.group(line) for turn in each.turns}
        for reply in facts.replies:
            if reply is line.speaking or not line.start < reply.begin < line.end + seconds:
                continue
            if reply.turn in mine or not _wanted(facts, reply):
                found = f"it spoke {reply.begin - line.end:.2f} s after the line: {_reason(reply)}"
                return self._verdict("stays silent", f"{seconds:g} s", found, False, measure_of(line))
        return self._verdict("stays silent", f"{seconds:g} s", "it was silent", True, measure_of(line))

    def _keeps(self, seconds: float) -> Verdict:
        line, reply = self._line, self._line.speaking
        name, wanted, measure = "keeps talking", f"{seconds:g} s", measure_of(line)
        if reply is None:
            return self._verdict(name, wanted, "it was not speaking", False)
        if self._reply is not None and self._reply.turn in line.turns and not line.step.expect.wants_reply:
            return self._verdict(name, wanted, f"it answered: {_reason(self._reply)}", False, measure)
        if reply.flushed and reply.end < line.start + seconds - 0.15:
            found = f"it stopped after {reply.end - line.start:.2f} s: {_reason(reply)}"
            return self._verdict(name, wanted, found, False, measure)
        silent = max((b - a for a, b in gaps(reply) if b > line.start and a < line.end + HELD), default=0.0)
        held = silent <= line.end - line.start + HELD
        return self._verdict(name, wanted, f"silent for {silent:.2f} s at most", held, measure)

    def _stops(self, seconds: float) -> Verdict:
        line, reply = self._line, self.interrupted
        name, wanted = "stops within", f"{seconds:g} s"
        if reply is None and line.missing:
            return self._verdict(name, wanted, "it was not speaking", False)
        if reply is None:
            return self._verdict(name, wanted, "it had not begun", True, "yielded")
        took = reply.end - line.start
        if reply.over and not reply.flushed:
            return self._verdict(name, wanted, f"it spoke to its end, for {took:.2f} s", False, "yielded")
        return self._verdict(name, wanted, f"after {took:.2f} s", took <= seconds, "yielded")

    @property
    def interrupted(self) -> Sounded | None:
        """The reply that this line interrupts, or that began with it."""
        return interrupted(self._facts, self._line)

    def _resumes(self, seconds: float) -> Verdict:
        line = self._line
        for reply in self._facts.replies:
            for span in reply.spans:
                if span.end > line.end:
                    took = max(0.0, span.begin - line.end)
                    return self._verdict("resumes within", f"{seconds:g} s", f"after {took:.2f} s", took <= seconds)
        return self._verdict("resumes within", f"{seconds:g} s", "it did not", False)

    def _heard(self, most: Most) -> Verdict:
        reply = self.interrupted or self._reply
        if reply is None or reply.decision is None:
            return self._verdict("heard at most", most, "no reply", False)
        if most.unit == "seconds":
            heard = reply.samples / 24_000
        else:
            heard = float(len(reply.decision.heard.split()))
            if most.unit == "percent":
                heard *= 100 / max(1, len(reply.decision.planned.split()))
        return self._verdict("heard at most", most, f"{heard:.1f}", heard <= most.value)

    def _card(self, wanted: bool | str) -> Verdict:
        shown = self._during(self._facts.cards, CARD_WITHIN)
        if isinstance(wanted, str):
            held = any(wanted.casefold() in card.casefold() for card in shown)
        else:
            held = any(shown) is wanted
        return self._verdict("shows card", wanted, f"{len([card for card in shown if card])} shown", held)

    def _state(self, wanted: str) -> Verdict:
        before = [state for at, state in self._facts.states if at < self._line.start][-1:]
        seen = [*before, *self._during(self._facts.states, STATE_WITHIN)]
        return self._verdict("state is", wanted, " → ".join(seen) or "nothing", wanted in seen)

    def _hand(self, wanted: bool) -> Verdict:
        up = any(self._during(self._facts.hands, STATE_WITHIN))
        return self._verdict("raises hand", wanted, "raised" if up else "down", up is wanted)

    def _chat(self, words: Words) -> Verdict:
        text = " ".join(self._during(self._facts.written, CARD_WITHIN))
        wrong = words.missing(text)
        return self._verdict("chat contains", words, wrong or "it does", not wrong)

    def _during(self, shown: Sequence[tuple[float, str]], within: float) -> list[str]:
        line = self._line
        return [what for at, what in shown if line.start <= at <= line.end + within]


def interrupted(facts: Facts, line: Line) -> Sounded | None:
    """The reply that a line interrupts, or that began together with it."""
    if line.speaking is not None:
        return line.speaking
    return next((reply for reply in facts.replies if 0 <= reply.begin - line.start < COLLISION), None)


def gaps(reply: Sounded) -> list[tuple[float, float]]:
    """The silent stretches inside a reply."""
    return [(one.end, other.begin) for one, other in pairwise(reply.spans) if other.begin - one.end > 0.001]


def _reason(reply: Sounded) -> str:
    decision = reply.decision
    return f"{decision.reason}, {decision.outcome} {decision.trouble}".strip() if decision is not None else "unknown"
