"""What is expected of every seat, whatever the scenario. Pure: facts in, verdicts out."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from server.core.events import Heard
from server.core.transcript import Turn
from server.rehearsal.agent_sound import HeardReply
from server.rehearsal.report import SeatReport, Verdict
from server.rehearsal.seating.bridge import Said
from server.replay import replay
from server.store.base import Entry
from server.store.codec import event_from_entry

#: Counted by our side, but nothing that went wrong: a hint that it leaves alone.
HARMLESS = frozenset({"speech-hint"})
#: What begins within so many seconds may stand in either order.
SAME_TIME = 0.5
#: Seconds by which a reply's first sound on the tape and as it was heard may differ.
SAME_REPLY = 1.5


def seat_verdicts(
    report: SeatReport,
    seated: float,
    gone: float | None,
    entries: Sequence[Entry],
    said: Sequence[Said],
    replies: Sequence[HeardReply],
) -> tuple[Verdict, ...]:
    """`seated` and `gone` are the seconds that it took to be in the meeting and out of it; `gone` None: it never was.
    `said` is what the host was told, `replies` what was heard of the agent.
    """
    states = " → ".join(dict.fromkeys([*(step.state for step in report.steps), report.state]))
    turns = replay(entries).turns if entries else ()
    return (
        # Whoever never got in has no report, but an error that says where it stayed.
        Verdict("takes its seat", "from the waiting room to live", f"after {seated:.1f} s", True),
        _once(entries, turns, said),
        _in_order(turns, said, replies),
        _signatures(report),
        _read(report),
        Verdict(
            "leaves",
            "done, when it was told to",
            f"after {gone:.1f} s: {states}" if gone is not None else f"it never did: {states}",
            gone is not None,
        ),
    )


def _once(entries: Sequence[Entry], turns: Sequence[Turn], said: Sequence[Said]) -> Verdict:
    """Every line that was said is in the transcript exactly once, however many ears it came by."""
    lines = Counter(_key(each.person, each.text) for each in said if not each.written)
    wanted = f"{lines.total()} lines, each once"
    ears: Counter[str] = Counter()
    for entry in entries:
        if entry.kind == "event" and isinstance(event := event_from_entry(entry.data), Heard) and event.final:
            ears[event.source] += 1
    kept = Counter(_key(turn.speaker, turn.text) for turn in turns if not turn.is_agent and not turn.via)
    lost = (lines - kept).total()
    doubled = sum(count - lines[key] for key, count in kept.items() if 0 < lines[key] < count)
    heard = ", ".join(f"{count} by the {source}" for source, count in sorted(ears.items())) or "none"
    found = f"{lines.total() - lost} of {lines.total()}, {doubled} doubled; finals: {heard}"
    return Verdict("hears every line once", wanted, found, not lost and not doubled)


def _in_order(turns: Sequence[Turn], said: Sequence[Said], replies: Sequence[HeardReply]) -> Verdict:
    """The transcript has lines and replies in the order in which they began, whatever clocks their times come from."""
    begun: dict[str, deque[float]] = {}
    for at, text in sorted((each.at, _folded(each.text)) for each in said):
        begun.setdefault(text, deque()).append(at)
    own = [turn for turn in turns if turn.is_agent and not turn.via]
    if len(own) == len(replies):  # else one was broken off before a word of it was heard
        begun[""] = deque(sorted(reply.begin for reply in replies))
    name, rule = "keeps the order", f"{sum(map(len, begun.values()))} lines and replies as they began"
    latest, before = float("-inf"), ""
    for turn in turns:
        text = "" if turn.is_agent else _folded(turn.text)
        if (turn.is_agent and turn.via) or not begun.get(text):
            continue
        at = begun[text].popleft()
        if at < latest - SAME_TIME:
            found = f"{_title(text)} stands {latest - at:.1f} s too late, behind {_title(before)}"
            return Verdict(name, rule, found, False)
        if at > latest:
            latest, before = at, text
    return Verdict(name, rule, "so they are in the transcript", True)


def _title(text: str) -> str:
    return f"“{text[:40]}”" if text else "a reply of the agent"


def _key(speaker: str, text: str) -> tuple[str, str]:
    return speaker.casefold(), _folded(text)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _signatures(report: SeatReport) -> Verdict:
    refused = [status for each in report.connections for status in each.refused]
    refused += [status for each in report.webhooks for status in each.refused]
    found = f"{report.signed} let in, the forged one got {report.forged}"
    if refused:
        found += f", {len(refused)} of the vendor's own refused ({', '.join(map(str, sorted(set(refused))))})"
    held = report.signed > 0 and report.forged in (401, 403) and not refused
    return Verdict("checks signatures", "the vendor's let in, a forged one refused", found, held)


def _read(report: SeatReport) -> Verdict:
    odd = {what: count for what, count in report.odd.items() if what not in HARMLESS}
    lost = sum(each.lost for each in report.connections)
    found = ", ".join(f"{what} {count} times" for what, count in sorted(odd.items())) or "all of it was understood"
    if lost:
        found += f"; {lost} messages did not get through"
    return Verdict("understands everything", f"{sum(report.sent.values())} messages", found, not odd and not lost)


def number_replies(replies: Sequence[HeardReply], entries: Sequence[Entry], zero: float) -> None:
    """Give replies that were heard without a page the numbers that the tape has for them. `zero` is the second of the
    meeting at which the session began."""
    begun = [
        (zero + float(at), int(entry.data["reply"]))
        for entry in entries
        if entry.kind == "decision"
        and entry.data.get("reply")
        and isinstance(at := (entry.data.get("times") or {}).get("first_sound"), (int, float))
    ]
    for reply in replies:
        nearest = min(begun, key=lambda each: abs(each[0] - reply.begin), default=None)
        if nearest is not None and abs(nearest[0] - reply.begin) <= SAME_REPLY:
            reply.number = nearest[1]
            begun.remove(nearest)
        else:
            reply.number = 0
