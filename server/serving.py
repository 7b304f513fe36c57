"""Run the server until it is told to stop, and say where it is."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import webbrowser
from collections.abc import Iterator

import typer
import uvicorn

from server.app import Wired, create_app
from server.settings import Settings
from server.telemetry import set_up_logs
from server.web.host_sockets import LargeForHosts


def run(settings: Settings, *, open_browser: bool = False) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit status."""
    set_up_logs(settings.log_format, settings.log_level)
    try:
        listener = _listen(settings.host, settings.port)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        typer.echo(f"parley: cannot listen on port {settings.port}: {reason}; choose another with PORT=…", err=True)
        return 2
    application = create_app(settings)
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        ws=LargeForHosts,
        ws_per_message_deflate=False,
        ws_max_size=max(settings.max_text_bytes, settings.max_sound_bytes) * 4,
        timeout_graceful_shutdown=int(settings.shutdown_grace) + 2,
        server_header=False,
    )
    server = _Server(config, settings, application.state.parley, open_browser)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:  # uvloop, where it is installed
        runner.run(server.serve(sockets=[listener]))
    return 0


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """uvicorn, with a word to the person who started it, and sessions that end before their sockets are cut."""

    def __init__(self, config: uvicorn.Config, settings: Settings, wired: Wired, open_browser: bool) -> None:
        super().__init__(config)
        self._settings = settings
        self._wired = wired
        self._open = open_browser

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, without raising the signal again at the end: a graceful stop is exit status 0."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say where everything is once it can be reached."""
        await super().startup(sockets)
        wired, settings = self._wired, self._settings
        typer.echo(f"\n  Parley is listening as “{settings.name}”.\n")
        typer.echo(f"  Rehearsal room   {wired.local_url}/")
        if wired.public_url:
            typer.echo(f"  Page for a bot   {wired.page_url()}")
        else:
            typer.echo("  Page for a bot   needs a public address: run ngrok, or set PARLEY_PUBLIC_URL")
            typer.echo(f"  Page, local      {wired.page_url()}")
        brain = "no model configured: answers come from the transcript alone"
        typer.echo(f"  Brain            {wired.parts.brain.name}")
        if settings.chosen_brain == "embedded":
            typer.echo(f"                   ({brain})")
        typer.echo(f"  Voice            {wired.parts.voice.name}\n")
        if self._open:
            webbrowser.open(f"{wired.local_url}/")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let every session finish its sentence while its page is still there."""
        for server in self.servers:
            server.close()
        await self._wired.seats.close()
        await self._wired.rooms.close()
        await self._wired.hub.close(self._settings.shutdown_grace)
        await super().shutdown(sockets)
