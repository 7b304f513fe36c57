"""From everything that was recorded to the report: verdicts, measured times, pictures."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.rehearsal.agent_sound import AgentSound, HeardReply
from server.rehearsal.judge import Facts, Judge, Played, Written, reply_report
from server.rehearsal.recorder import PeopleSound
from server.rehearsal.report import Report, TurnReport, Verdict
from server.rehearsal.scenario import Scenario
from server.rehearsal.seating.base import Account

#: The backend's stages in order, after the end of speech.
STAGES = ("final", "committed", "first_token", "first_piece", "voice", "released", "first_sound", "ended")
#: More pictures make the page heavy without saying more.
MOST_PICTURES = 24


@dataclass(frozen=True)
class Recording:
    """What was seen and heard. `temporary` is gone soon; `folder` is where the report goes."""

    folder: Path
    temporary: Path
    people: PeopleSound
    agent: AgentSound
    written: Sequence[Written]
    #: seconds of the meeting's clock between which the scenario was played; the report counts from `begin`
    begin: float
    end: float
    account: Account


def findings(
    scenario: Scenario,
    played: list[Played],
    decisions: list[dict[str, Any]],
    recording: Recording,
    *,
    started: str,
    environment: dict[str, str],
    files: dict[str, str],
) -> Report:
    """The report of a rehearsal that is over. Copies the pictures it refers to."""
    agent, account = recording.agent, recording.account
    judge = Judge(played, Facts(agent.replies, agent.states, decisions, recording.written))
    offset = clock_offset(agent.replies, decisions)
    turns = [_turn(judge, each, recording, offset) for each in played]
    owned = {id(judge.reply_of(each)) for each in played}
    unasked = [reply for reply in agent.replies if id(reply) not in owned]
    used = {id(record) for record in judge.decisions.values()}
    verdicts: list[Verdict] = list(account.verdicts)
    if scenario.silent:
        count = len(agent.replies)
        found = "it said nothing" if not count else f"it spoke {count} times"
        verdicts.append(Verdict("says nothing", "to the end", found, count == 0))
    held = all(v.held for v in verdicts) and all(v.held for turn in turns for v in turn.verdicts)
    for key in ("brain", "voice"):
        names = sorted({str(record[key]) for record in decisions if record.get(key)})
        environment = {key: ", ".join(names) or "not used", **environment}
    return Report(
        title=scenario.title,
        passed=held,
        started=started,
        seconds=round(recording.end - recording.begin, 3),
        environment=environment,
        turns=tuple(turns),
        verdicts=tuple(verdicts),
        unasked=tuple(
            report
            for r in unasked
            if (report := reply_report(r, judge.record_of_reply(r), recording.begin)) is not None
        ),
        other_decisions=tuple(record for record in decisions if id(record) not in used),
        page_errors=account.errors,
        files=files,
        clock_error_ms=round(account.clock_error * 1000, 2),
        seat=account.seat,
        folder=recording.folder,
    )


def _turn(judge: Judge, played: Played, recording: Recording, offset: float | None) -> TurnReport:
    reply = judge.reply_of(played)
    record = judge.decisions.get(played.step.index)
    about = judge.record_of_reply(reply) or record
    end, zero = played.speech_end, recording.begin
    chat = judge.chat_of(played) if played.step.expect.wants_chat else ()
    return TurnReport(
        step=played.step.index + 1,
        id=played.step.id,
        person=played.step.person,
        text=played.step.text,
        start=round(played.line.start - zero, 3),
        end=round(played.line.end - zero, 3),
        speech_end=round(end - zero, 3),
        decision=record or about,
        reply=reply_report(reply, about, zero),
        first_sound_ms=round((reply.begin - end) * 1000, 1) if reply is not None else None,
        stages_ms=stages_of(about, None if offset is None else end - offset),
        verdicts=judge.verdicts(played),
        screenshot=_picture(played, reply, recording),
        kind=played.step.kind,
        chat=" ".join(line.text for line in chat),
        chat_ms=round((chat[0].at - end) * 1000, 1) if chat else None,
    )


def clock_offset(replies: Sequence[HeardReply], decisions: Sequence[dict[str, Any]]) -> float | None:
    """Seconds from the backend's clock to the meeting's: the middle of what the replies' first sounds say."""
    heard = {reply.number: reply.begin for reply in replies if reply.number}
    found = sorted(
        heard[record["reply"]] - at
        for record in decisions
        if record.get("reply") in heard
        and isinstance(at := (record.get("times") or {}).get("first_sound"), (int, float))
    )
    return found[len(found) // 2] if found else None


def stages_of(record: dict[str, Any] | None, zero: float | None = None) -> dict[str, float]:
    """The times of a decision in the order of the stages, in milliseconds after `zero` (the end of speech on the
    backend's clock; its own idea of it when not given)."""
    times = (record or {}).get("times") or {}
    known = {stage: at for stage in STAGES if isinstance(at := times.get(stage), (int, float))}
    if zero is None:
        zero = times.get("speech_end", times.get("final", min(known.values(), default=0.0)))
    return {stage: round((at - zero) * 1000, 1) for stage, at in known.items()}


def _picture(played: Played, reply: HeardReply | None, recording: Recording) -> str:
    """The tile in the middle of the reply, or a second after the line."""
    pictures = recording.account.pictures
    if pictures is None or played.step.index >= MOST_PICTURES:
        return ""
    at = reply.begin + min(1.2, reply.seconds / 2) if reply is not None else played.speech_end + 1.0
    source = pictures.at(at)
    if source is None:
        return ""
    name = f"pictures/step-{played.step.index + 1:02d}{source.suffix}"
    target = recording.folder / name
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, target)
    return name
