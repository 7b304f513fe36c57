"""The report's section about the agent's seat: its steps, and the meeting as the vendor's stand-in saw it."""

from __future__ import annotations

from html import escape

from server.rehearsal.report import Connection, SeatReport, Webhooks


def seat_section(seat: SeatReport | None) -> str:
    """The section; nothing when no host seated the agent."""
    if seat is None:
        return ""
    steps = "".join(
        f'<li><span class="when">{step.at:.1f} s</span> <b>{escape(step.state)}</b> {escape(step.words)}'
        f"{f' <em>{escape(step.advice)}</em>' if step.advice else ''}</li>"
        for step in seat.steps
    )
    rows = [
        ("bot", " → ".join(seat.bot)),
        ("asked to send", ", ".join(("words", "people", *seat.senses))),
        *(("websocket", _connection(each)) for each in seat.connections),
        *(("webhook", _webhooks(each)) for each in seat.webhooks),
        ("signatures", f"{seat.signed} requests let in; a forged one got {seat.forged}"),
        ("sent", _counts(seat.sent)),
        ("left alone by us", _counts(seat.odd) or "nothing"),
        *((f"chat, {at:.1f} s", text) for at, text in seat.chat),
        *seat.more.items(),
    ]
    table = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
    return (
        f'<section class="seat"><h2>Seated through {escape(seat.title)}</h2><ol class="steps">{steps}</ol>'
        f"<h3>As the vendor's stand-in saw it</h3><table>{table}</table></section>"
    )


def _connection(line: Connection) -> str:
    opened = "once" if line.opened == 1 else f"{line.opened} times"
    return f"{line.channel}: opened {opened}, {_refused(line.refused)}{line.lost} messages lost"


def _webhooks(post: Webhooks) -> str:
    return f"{post.channel}: {_refused(post.refused)}{post.taken} taken"


def _refused(statuses: tuple[int, ...]) -> str:
    return f"refused {len(statuses)} times ({', '.join(map(str, statuses[:5]))}), " if statuses else ""


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{what} {count}" for what, count in counts.items() if count)
