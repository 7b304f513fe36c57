"""What a rehearsal prints, on a terminal and in a log."""

from __future__ import annotations

import io

from rich.console import Console as Terminal

from server.rehearsal.console import Console
from server.rehearsal.director import Progress
from server.rehearsal.report import Report, TurnReport, Verdict

MISSED = Verdict("replies within", "at most 3 s", "no reply was heard", False)
TURN = TurnReport(4, "ask", "Ana", "Parley, what about it?", 1, 2, 1.9, verdicts=(MISSED,))


def printed(*events: Progress, terminal: bool = False) -> str:
    out = io.StringIO()
    with Console(Terminal(file=out, force_terminal=terminal, width=60, highlight=False)) as console:
        for event in events:
            console.progress(event)
    return out.getvalue()


def test_a_log_gets_whole_lines_without_colours():
    """
    Where there is no terminal a line of speech stays one line, and no escape codes appear.
    """
    text = printed(Progress("line", "word " * 40, 12.34, "Ana"), Progress("stage", "making the film"))

    first, second = text.splitlines()
    assert first.startswith("  12.3  Ana  word") and first.count("word") == 40
    assert second.strip() == "making the film" and "\x1b" not in text


def test_a_terminal_gets_colours_and_its_cursor_back():
    """
    The cursor is hidden while it runs and shown again at the end.
    """
    text = printed(Progress("reply", "begins to speak", 3.0), terminal=True)

    assert "\x1b[?25l" in text and text.rstrip().endswith("\x1b[?25h") and "the agent begins to speak" in text


def test_the_end_says_what_was_missed_and_where():
    """
    A rehearsal that did not pass names each step with what was wanted and found.
    """
    report = Report("A review", False, "2026-01-01T10:00:00+00:00", 10.0, {}, (TURN,))

    text = printed(Progress("done", "out", held=False, report=report))

    assert "A review: did not pass" in text and "0 of 1 held" in text
    assert "step 4 (ask): replies within at most 3 s: no reply was heard" in text
