"""The rehearsal as it happens, on a terminal; plain lines where there is none."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console as Terminal
from rich.table import Table
from rich.text import Text

from server.rehearsal.director import Progress
from server.rehearsal.report import Report, percentile

_WHO = ("cyan", "magenta", "yellow", "blue", "bright_red", "bright_cyan")


class Console:
    """Give `progress` as `on_progress`. Use as `with`: the cursor of a terminal is hidden meanwhile."""

    def __init__(self, terminal: Terminal | None = None) -> None:
        self._console = terminal or Terminal(highlight=False)
        self._colours: dict[str, str] = {}

    def __enter__(self) -> Console:
        self._console.show_cursor(False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._console.show_cursor(True)

    def progress(self, event: Progress) -> None:
        """One line for one event; the summary for the last."""
        at = f"{event.at:6.1f}  " if event.at is not None else " " * 8
        text = Text(at, style="dim", overflow="fold")
        match event.kind:
            case "line" | "chat" | "act":
                colour = self._colours.setdefault(event.who, _WHO[len(self._colours) % len(_WHO)])
                text.append(f"{event.who}  ", style=f"bold {colour}")
                if event.kind == "chat":
                    text.append("writes  ", style="dim")
                text.append(event.text, style="dim" if event.kind == "act" else "none")
            case "written":
                text.append("the agent writes  ", style="green").append(event.text, style="none")
            case "seat":
                text.append(f"{event.who:8}  {event.text}", style="blue")
            case "reply" | "silent":
                text.append(f"the agent {event.text}", style="green" if event.kind == "reply" else "dim green")
            case "trouble":
                text.append(f"waited in vain for {event.text}", style="red")
            case "verdict":
                word, style = ("held    ", "green") if event.held else ("missed  ", "bold red")
                text.append(word, style=style).append(event.text, style="none")
            case "stage":
                text.append(event.text, style="dim")
            case "done":
                if event.report is not None:
                    self.summary(event.report)
                return
        self._console.print(text, soft_wrap=True)

    def summary(self, report: Report) -> None:
        """What held, how fast it was, and where the report is."""
        table = Table.grid(padding=(0, 2))
        held = sum(v.held for v in report.all_verdicts)
        table.add_row("expectations", f"{held} of {len(report.all_verdicts)} held")
        sounds = report.first_sounds()
        middle, late = percentile(sounds, 0.5), percentile(sounds, 0.95)
        if middle is not None and late is not None:
            row = f"{middle / 1000:.2f} s in the middle, {late / 1000:.2f} s at the slowest"
            table.add_row("first sound", row)
        if report.page_errors:
            table.add_row("browser", f"{len(report.page_errors)} complaints, see the report")
        table.add_row("report", str(report.folder / report.files.get("page", "report.json")))
        self._console.print()
        self._console.print(table)
        word = Text("passed", style="bold green") if report.passed else Text("did not pass", style="bold red")
        self._console.print(Text(f"{report.title}: ").append_text(word))
        missed = [("", verdict) for verdict in report.verdicts]
        missed += [(f"step {t.step} ({t.id}): ", verdict) for t in report.turns for verdict in t.verdicts]
        for where, verdict in missed:
            if not verdict.held:
                line = f"  {where}{verdict.name} {verdict.wanted}: {verdict.found}"
                self._console.print(Text(line, style="red"), soft_wrap=True)
