"""A meeting in other forms: Markdown and JSON to read and keep, WebVTT and SRT for its recording.

Everything people say is untrusted text: in each form it is escaped, so that it stays text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from server.core.transcript import Turn
from server.errors import TapeError
from server.store.cues import cues_of, one_line
from server.store.writing import as_json

FORMATS = ("md", "json", "vtt", "srt")


def export(turns: Sequence[Turn], decisions: Sequence[dict[str, Any]], format: str, title: str) -> str:
    """The meeting as text in one of `FORMATS`. Captions have no place for decisions and leave them out.

    Raises `TapeError` for another format.
    """
    match format:
        case "md":
            return _markdown(turns, decisions, title)
        case "json":
            return _json(turns, decisions, title)
        case "vtt":
            return _vtt(turns, title)
        case "srt":
            return _srt(turns)
    raise TapeError(f"a meeting can be exported as {', '.join(FORMATS)}")


# ---------------------------------------------------------------- Markdown


#: What means something anywhere in a line.
_MARKS = re.compile(r"([\\`*_{}\[\]<>|&~@^$]|:(?=//))")
#: What makes a heading, a list, a quote or a rule at the beginning of a line.
_BEGINS = re.compile(r"^(\d{1,9})([.)])|^([#+=-])")


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: no emphasis, link, HTML, heading, list or table cell."""
    text = _MARKS.sub(r"\\\1", one_line(text))
    return _BEGINS.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", text)


def _markdown(turns: Sequence[Turn], decisions: Sequence[dict[str, Any]], title: str) -> str:
    lines = [f"# {_escaped(title)}", ""]
    for turn in turns:
        if one_line(turn.text):
            who = _escaped(turn.speaker) or "Unknown"
            mark = " (agent)" if turn.is_agent else ""
            lines += [f"**{who}**{mark} `{clock(turn.start)}`  ", f"{_escaped(turn.text)}", ""]
    if decisions:
        lines += ["## Decisions", "", "| Time | Speaker | Verdict | Reason |", "| --- | --- | --- | --- |"]
        for each in decisions:
            cells = [
                clock(_number(each.get("at"))),
                *(_escaped(str(each.get(key) or "")) for key in ("speaker", "verdict")),
                _escaped(str(each.get("words") or each.get("reason") or "")),
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


# ---------------------------------------------------------------- JSON


def _json(turns: Sequence[Turn], decisions: Sequence[dict[str, Any]], title: str) -> str:
    plain = [
        {
            "speaker": turn.speaker,
            "speaker_id": turn.speaker_id,
            "agent": turn.is_agent,
            "text": turn.text,
            "start": round(turn.start, 3),
            "end": round(turn.end, 3),
            "words": [{"text": word.text, "start": word.start, "end": word.end} for word in turn.words],
        }
        for turn in turns
    ]
    whole = json.loads(as_json({"title": title, "turns": plain, "decisions": list(decisions)}))
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


# ---------------------------------------------------------------- captions


def _vtt(turns: Sequence[Turn], title: str) -> str:
    # "-->" in the header would end it; the angle is escaped like everywhere
    head = f"WEBVTT - {_vtt_text(one_line(title))}" if one_line(title) else "WEBVTT"
    blocks = [head]
    for number, cue in enumerate(cues_of(turns), 1):
        span = f"{clock(cue.start, thousandths='.')} --> {clock(cue.end, thousandths='.')}"
        text = "\n".join(_vtt_text(line) for line in cue.lines)
        blocks.append(f"{number}\n{span}\n<v {_vtt_text(cue.speaker)}>{text}")
    return "\n\n".join(blocks) + "\n"


def _vtt_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _srt(turns: Sequence[Turn]) -> str:
    blocks = []
    for number, cue in enumerate(cues_of(turns, prefixed=True), 1):
        span = f"{clock(cue.start, thousandths=',')} --> {clock(cue.end, thousandths=',')}"
        blocks.append("\n".join([str(number), span, *map(_srt_text, cue.lines)]))
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def _srt_text(text: str) -> str:
    """SRT has no escapes, and players take angles and braces for markup: look-alikes stand in for them."""
    return text.translate(str.maketrans("<>{}", "‹›❴❵"))


def clock(seconds: float, *, thousandths: str = "") -> str:
    """`01:02:03`, or `01:02:03.450` with the given mark before the thousandths."""
    whole = max(0, round(seconds * 1000))
    hours, minutes = divmod(whole // 60_000, 60)
    text = f"{hours:02d}:{minutes:02d}:{whole // 1000 % 60:02d}"
    return f"{text}{thousandths}{whole % 1000:03d}" if thousandths else text


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
