"""The drawings of the report: who spoke when, and where the time of a reply went."""

from __future__ import annotations

from html import escape

from server.rehearsal.report import Report, TurnReport

_WORDS = {
    "final": "final transcript",
    "committed": "turn taken",
    "first_token": "first word thought",
    "first_piece": "first sentence",
    "voice": "first voice",
    "released": "released",
    "first_sound": "first sound (page)",
}
_WIDTH, _LEFT, _ROW = 720, 150, 22


def timeline(report: Report) -> str:
    """One lane for each person and one for the agent, over the whole meeting."""
    people = list(dict.fromkeys(turn.person for turn in report.turns))
    lanes = [*people, "agent"]
    width, left, row = 1080, 110, 26
    length = max(report.seconds, 1.0)
    scale = (width - left - 10) / length
    height = row * len(lanes) + 30
    parts = [f'<svg viewBox="0 0 {width} {height}" class="timeline" role="img" aria-label="Who spoke when">']
    for index, name in enumerate(lanes):
        y = index * row
        parts.append(f'<text x="0" y="{y + 17}" class="lane">{escape(name)}</text>')
        parts.append(f'<line x1="{left}" x2="{width - 10}" y1="{y + 13}" y2="{y + 13}" class="rail"/>')
    step = next(s for s in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3600) if length / s <= 14)
    for tick in range(0, int(length) + 1, step):
        x = left + tick * scale
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{row * len(lanes)}" class="tick"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 8}" class="axis">{tick} s</text>')
    for turn in report.turns:
        y = lanes.index(turn.person) * row
        bad = any(not verdict.held for verdict in turn.verdicts)
        parts.append(_bar(left, scale, y, turn.start, turn.end, "bad" if bad else "person", turn.text))
    replies = [turn.reply for turn in report.turns if turn.reply is not None]
    for reply in (*replies, *report.unasked):
        y = (len(lanes) - 1) * row
        parts.append(_bar(left, scale, y, reply.begin, reply.end, "agent", reply.heard or reply.planned))
    return "\n".join([*parts, "</svg>"])


def _bar(left: float, scale: float, y: float, begin: float, end: float, kind: str, text: str) -> str:
    width = max(2.0, (end - begin) * scale)
    return (
        f'<rect x="{left + begin * scale:.1f}" y="{y + 5}" width="{width:.1f}" height="16" rx="4" '
        f'class="{kind}"><title>{escape(text)}</title></rect>'
    )


def waterfall(turn: TurnReport) -> str:
    """Each stage of a reply as a bar from the one before it; a mark where the first sound was really
    heard.
    """
    stages = {name: at for name, at in turn.stages_ms.items() if name in _WORDS}
    measured = turn.first_sound_ms if turn.reply is not None else None
    if not stages or measured is None:
        return ""
    least = min(0.0, *stages.values())
    most = max(*stages.values(), measured, 200.0)
    scale = (_WIDTH - _LEFT - 70) / (most - least)
    height = _ROW * (len(stages) + 1) + 8

    def x(at: float) -> float:
        return _LEFT + (at - least) * scale

    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" class="waterfall" role="img" '
        f'aria-label="From the end of speech to the first sound: {measured:.0f} milliseconds">',
        f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{height}" class="zero"/>',
    ]
    before = 0.0
    for index, (name, at) in enumerate(stages.items()):
        y = index * _ROW
        begin, end = min(before, at), max(before, at)
        parts.append(f'<text x="0" y="{y + 15}" class="stage">{_WORDS[name]}</text>')
        parts.append(
            f'<rect x="{x(begin):.1f}" y="{y + 4}" width="{max(2.0, (end - begin) * scale):.1f}" height="14" '
            f'rx="3" class="stage-{name}"/>'
        )
        parts.append(f'<text x="{x(end) + 6:.1f}" y="{y + 15}" class="ms">{at:.0f} ms</text>')
        before = max(before, at)
    y = len(stages) * _ROW
    parts.append(f'<text x="0" y="{y + 15}" class="stage heard">heard, measured</text>')
    parts.append(f'<circle cx="{x(measured):.1f}" cy="{y + 11}" r="6" class="heard"/>')
    parts.append(f'<text x="{x(measured) + 12:.1f}" y="{y + 15}" class="ms heard">{measured:.0f} ms</text>')
    return "\n".join([*parts, "</svg>"])
