"""The `parley` command. Parts are imported where they are used, so that every command starts quickly."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from server import __version__, cli_bots
from server.errors import HostError, ParleyError, RehearsalError, SettingsError, TapeError
from server.settings import Settings, load

app = typer.Typer(
    name="parley",
    help="The agent that takes a seat in your meeting.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
evals = typer.Typer(help="Measure how well a part works, on files of yours.", no_args_is_help=True)
app.add_typer(evals, name="eval")


def main() -> None:
    """Run a command; a known error is one line and exit status 2."""
    try:
        app()
    except ParleyError as error:
        typer.echo(f"parley: {error}", err=True)
        if isinstance(error, HostError) and error.advice:
            typer.echo(f"        {error.advice}", err=True)
        raise SystemExit(2) from None


def _settings() -> Settings:
    try:
        return load()
    except SettingsError as error:
        typer.echo(f"parley: {error}", err=True)
        raise typer.Exit(2) from None


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.", is_eager=True)] = False,
) -> None:
    """The agent that takes a seat in your meeting."""
    if version:
        typer.echo(f"parley {__version__}")
        raise typer.Exit


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on; the setting is PARLEY_PORT or PORT.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; the setting is PARLEY_HOST.")] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the rehearsal room in a browser.")] = False,
) -> None:
    """Serve the agent page, the rehearsal room and the sockets; print the page URL to give to a bot."""
    from server.serving import run

    settings = _settings()
    changes: dict[str, Any] = {}
    if port is not None:
        changes["port"] = port
    if host is not None:
        changes["host"] = host
    raise typer.Exit(run(settings.model_copy(update=changes), open_browser=open_browser))


@app.command()
def rehearse(
    file: Annotated[Path | None, typer.Argument(help="A scenario in YAML; the built-in one when left out.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report, the video and the tape.")] = None,
    meeting: Annotated[Path | None, typer.Option(help="A meeting file to play around the agent first.")] = None,
    speed: Annotated[float, typer.Option(help="How fast the meeting file is played.", min=0.1, max=1000)] = 1.0,
    record: Annotated[bool, typer.Option("--video/--no-video", help="Make a video of the tile.")] = True,
    host: Annotated[str, typer.Option(help="recall or meetstream: seated by a stand-in of that host.")] = "",
) -> None:
    """Rehearse headless: real backend, real Chromium, the production page, a meeting that talks; then a report."""
    try:
        from server.rehearsal.console import Console
        from server.rehearsal.run import rehearse as run
    except ModuleNotFoundError as error:
        raise RehearsalError(f"rehearsing needs the package {error.name}: run `make setup`") from None

    with Console() as console:
        report = asyncio.run(
            run(file, out=out, meeting=meeting, host=host, speed=speed, on_progress=console.progress, record=record)
        )
    raise typer.Exit(0 if report.passed else 1)


@app.command()
def doctor() -> None:
    """Check what is configured and reachable; say in one line each what is missing and what to do."""
    from server.app import make_brain, make_transcriber, make_voice
    from server.doctor import examine, render

    settings = _settings()
    transcriber = make_transcriber(settings)
    findings = asyncio.run(
        examine(
            settings,
            make_brain=lambda: make_brain(settings),
            make_voice=lambda: make_voice(settings),
            check_transcriber=transcriber.check if transcriber is not None else None,
        )
    )
    typer.echo(render(findings))
    raise typer.Exit(0 if all(finding.ok is not False for finding in findings) else 1)


@app.command()
def sessions() -> None:
    """List the sessions on the tape, the newest first."""
    from datetime import datetime

    from server.store.tape import read_sessions

    for row in read_sessions(_settings().tape):
        opened = datetime.fromtimestamp(row.opened).isoformat(sep=" ", timespec="seconds")
        typer.echo(f"{row.id}  {opened}  {row.entries} entries{'' if row.closed else '  open'}")


@app.command()
def replay(session: str) -> None:
    """Run a session's tape through the core again and show every decision that differs."""
    from server.replay import replay as run
    from server.store.tape import read_entries

    result = run(read_entries(_settings().tape, session))
    typer.echo(result.render())
    raise typer.Exit(0 if result.same else 1)


@app.command()
def export(
    session: str,
    format: Annotated[
        str, typer.Option(help="md, json, vtt, srt, or zip: all of these with what was recorded.")
    ] = "md",
    out: Annotated[Path | None, typer.Option(help="File to write; standard output when left out.")] = None,
) -> None:
    """Write a session's transcript and decisions in another form, or everything there is of it as one archive."""
    from server.replay import replay as run
    from server.store.export import export as render
    from server.store.tape import read_entries

    settings = _settings()
    entries = read_entries(settings.tape, session)
    result = run(entries)
    decisions = [entry.data for entry in entries if entry.kind == "decision"]

    def text(form: str) -> str:
        return render(result.turns, decisions, form, title=f"Meeting {session}")

    if format == "zip":
        from server.store.bundle import bundle

        written = bundle(out or Path(f"parley-{session}.zip"), text, settings.recordings, session)
        typer.echo(f"{written.path}: {written.files} files, {written.bytes / 1e6:.1f} MB")
    elif out is None:
        sys.stdout.write(text(format))
    else:
        out.write_text(text(format), encoding="utf-8")


@app.command()
def forget(session: str) -> None:
    """Delete a session: everything that was said in it from the tape, and everything that was recorded."""
    from server.media.takes import forget as forget_takes
    from server.store.tape import SqliteTape

    settings = _settings()

    async def run() -> int:
        tape = SqliteTape(settings.tape)
        try:
            return await tape.forget(session)
        finally:
            await tape.close()

    gone = asyncio.run(run())
    try:
        recorded = forget_takes(settings.recordings, session)
    except OSError as error:
        raise TapeError(f"the recording could not be deleted: {error.strerror or type(error).__name__}") from None
    if not gone and not recorded:
        raise TapeError("there is no such session on the tape")
    typer.echo(f"{gone} entries deleted{', and the recording' if recorded else ''}")


@evals.command("memory")
def eval_memory(
    files: Annotated[list[Path], typer.Argument(help="Meeting files with queries and their spans.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How well the memory of the meeting finds what a question is about, beside plain BM25 in the same run."""
    from server.evals.memory import evaluate, render, to_json

    report = evaluate(files)
    typer.echo(json.dumps(to_json(report)) if as_json else render(report))


@evals.command("addressing")
def eval_addressing(
    file: Annotated[Path, typer.Argument(help="Labelled utterances, one JSON object per line.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How well the agent knows when it is spoken to: precision, recall, F1, and the errors by category."""
    from server.evals.addressing import evaluate, render, to_json

    report = evaluate(file)
    typer.echo(json.dumps(to_json(report)) if as_json else render(report))


@evals.command("manners")
def eval_manners(
    scenarios: Annotated[
        list[str] | None, typer.Argument(help="Files, or parts of names in the library; all of it when left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    repeat: Annotated[int, typer.Option(help="Runs of each scenario, each with other chances.", min=1, max=1000)] = 1,
    sound: Annotated[bool, typer.Option("--sound", help="The marked ones on real sound, in real Chromium.")] = False,
) -> None:
    """How well the agent behaves among people: scenarios on virtual time through the real core, and their scorecard."""
    try:
        from server.rehearsal.manners.run import chosen, evaluate
        from server.rehearsal.manners.scorecard import render, to_json

        if sound:
            from server.rehearsal.manners.on_sound import evaluate_on_sound

            card = asyncio.run(evaluate_on_sound(chosen(scenarios or []), repeat))
        else:
            card = evaluate(chosen(scenarios or []), repeat)
    except ModuleNotFoundError as error:
        raise RehearsalError(f"scenarios need the package {error.name}: run `make setup`") from None

    typer.echo(json.dumps(to_json(card), ensure_ascii=False) if as_json else render(card))


cli_bots.add_to(app)

if __name__ == "__main__":
    main()
