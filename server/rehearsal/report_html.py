"""The report as one page that needs nothing else: no script, no network, pictures inside."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from server.rehearsal.report import ReplyReport, Report, TurnReport, Verdict, percentile
from server.rehearsal.report_seat import seat_section
from server.rehearsal.report_svg import timeline, waterfall
from server.rehearsal.steps import SOUNDS

#: What somebody does, where it is not speaking.
_DOES = {
    "chat": " <em>writes</em>",
    "coughs": " <em>coughs</em>",
    "laughs": " <em>laughs</em>",
    "noise": " <em>is loud</em>",
}
_STYLE = Path(__file__).with_name("report.css")


def write_html(report: Report) -> Path:
    """Write `report.html` beside `report.json`."""
    path = report.folder / "report.html"
    path.write_text(render(report), "utf-8")
    return path


def render(report: Report) -> str:
    """The whole page."""
    verdicts = report.all_verdicts
    held = sum(v.held for v in verdicts)
    sounds = report.first_sounds()
    middle, late = percentile(sounds, 0.5), percentile(sounds, 0.95)
    figures = [
        ("expectations held", f"{held} of {len(verdicts)}"),
        ("first sound, middle", "–" if middle is None else f"{middle / 1000:.2f} s"),
        ("first sound, slowest", "–" if late is None else f"{late / 1000:.2f} s"),
        ("replies", str(sum(turn.reply is not None for turn in report.turns) + len(report.unasked))),
        ("length", f"{report.seconds:.0f} s"),
    ]
    parts = [
        "<!doctype html>",
        '<html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(report.title)}: rehearsal</title>",
        f"<style>{_STYLE.read_text('utf-8')}</style>",
        "<body><main>",
        f'<header><p class="over">Rehearsal, {escape(report.started)}</p>'
        f"<h1>{escape(report.title)}</h1>{_badge(report.passed)}</header>",
        '<dl class="figures">',
        *(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures),
        "</dl>",
        _film(report),
        f'<section class="wide"><h2>Who spoke when</h2>{timeline(report)}</section>',
        *(_verdicts("The rehearsal as a whole", report.verdicts)),
        seat_section(report.seat),
        "<h2>Line by line</h2>",
        *(_turn(report, turn) for turn in report.turns),
        _unasked(report.unasked),
        _errors(report),
        _environment(report),
        "</main></body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _badge(passed: bool) -> str:
    word, kind = ("passed", "good") if passed else ("did not pass", "bad")
    return f'<p class="badge {kind}">{word}</p>'


def _film(report: Report) -> str:
    film = report.files.get("film")
    if not film:
        sound = report.files.get("sound")
        return f'<p class="film"><audio controls src="{escape(sound)}"></audio></p>' if sound else ""
    # Some browsers show nothing of a film before it plays: then a reply shall be seen.
    shown = next((turn for turn in report.turns if turn.reply is not None and turn.screenshot), None)
    data = _data(report.folder, shown.screenshot) if shown is not None else ""
    poster = f' poster="{data}"' if data else ""
    return f'<p class="film"><video controls preload="metadata" src="{escape(film)}"{poster}></video></p>'


def _verdicts(title: str, verdicts: tuple[Verdict, ...]) -> list[str]:
    if not verdicts:
        return []
    return [f"<h2>{escape(title)}</h2>", _list(verdicts)]


def _list(verdicts: tuple[Verdict, ...]) -> str:
    if not verdicts:
        return ""
    rows = "".join(
        f'<li class="{"good" if v.held else "bad"}"><b>{escape(v.name)}</b> '
        f'<span class="wanted">{escape(v.wanted)}</span> <span class="found">{escape(v.found)}</span></li>'
        for v in verdicts
    )
    return f'<ul class="verdicts">{rows}</ul>'


def _turn(report: Report, turn: TurnReport) -> str:
    decision = turn.decision or {}
    why = str(decision.get("words") or decision.get("reason") or "")
    evidence = str(decision.get("evidence") or "")
    parts = [
        '<article class="turn">',
        f'<p class="when">{turn.start:.1f} s</p>',
        f'<div class="said"><h3>{escape(turn.person)}{_DOES.get(turn.kind, "")}</h3><p>{escape(turn.text)}</p>',
    ]
    if turn.kind in ("joins", "leaves", *SOUNDS):
        pass  # nothing was said, so nothing was decided
    elif decision:
        verdict = escape(str(decision.get("verdict") or "decided"))
        more = f" <em>({escape(evidence)})</em>" if evidence else ""
        parts.append(f'<p class="why"><b>{verdict}</b>: {escape(why)}{more}</p>')
    else:
        parts.append('<p class="why"><b>no decision</b> on the tape for this line</p>')
    if turn.chat:
        late = f" · after {turn.chat_ms / 1000:.2f} s" if turn.chat_ms is not None else ""
        parts.append(f"<blockquote>{escape(turn.chat)}<footer>written into the chat{late}</footer></blockquote>")
    parts += [_reply(turn.reply), _list(turn.verdicts), waterfall(turn), "</div>"]
    parts += [_picture(report.folder, turn), "</article>"]
    return "\n".join(part for part in parts if part)


def _reply(reply: ReplyReport | None) -> str:
    if reply is None:
        return ""
    text = reply.heard or reply.planned
    rest = ""
    if reply.heard and reply.planned.startswith(reply.heard) and len(reply.planned) > len(reply.heard):
        rest = f'<span class="unheard" title="never heard">{escape(reply.planned[len(reply.heard) :])}</span>'
    outcome = f" · {escape(reply.outcome)}" if reply.outcome else ""
    seconds = f"{reply.end - reply.begin:.1f} s"
    shown = escape(text) if text else "<i>(the tape has no words of it)</i>"
    return f"<blockquote>{shown}{rest}<footer>heard for {seconds}{outcome}</footer></blockquote>"


def _picture(folder: Path, turn: TurnReport) -> str:
    data = _data(folder, turn.screenshot)
    return f'<img alt="The tile at this moment" loading="lazy" src="{data}">' if data else ""


def _data(folder: Path, name: str) -> str:
    """A picture as an address that holds it; empty when it is not there."""
    path = folder / name
    if not name or not path.is_file():
        return ""
    kind = "png" if path.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _unasked(replies: tuple[ReplyReport, ...]) -> str:
    if not replies:
        return ""
    rows = "".join(f"<li>at {r.begin:.1f} s {_reply(r)}</li>" for r in replies)
    return f"<h2>Replies that no line asked for</h2><ul>{rows}</ul>"


def _errors(report: Report) -> str:
    if not report.page_errors:
        return ""
    rows = "".join(f"<li><code>{escape(line)}</code></li>" for line in report.page_errors)
    return f"<h2>What the browser complained about</h2><ul>{rows}</ul>"


def _environment(report: Report) -> str:
    facts = {**report.environment, "clock error": f"{report.clock_error_ms:g} ms"}
    rows = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in facts.items())
    files = " · ".join(f'<a href="{escape(f)}">{escape(f)}</a>' for f in ("report.json", *report.files.values()))
    return f'<h2>Rehearsed with</h2><table>{rows}</table><p class="files">{files}</p>'
