"""The commands that seat the agent in meetings. They talk to the running `parley serve` on this machine."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated, Any

import typer

from server.errors import HostError
from server.settings import Settings, load

#: seconds between two looks at a bot on its way
LOOK = 1.0
#: exit status of a bot that failed
FAILED = 1


class Policy(StrEnum):
    """When the agent may speak, as `core.events.Policy`."""

    NAMED = "named"
    STANDING = "standing"
    MUTED = "muted"


Bot = Annotated[str, typer.Argument(help="The bot, as `parley bots` lists it: its id or the host's.")]


class Server:
    """The API of the Parley that runs on this machine."""

    def __init__(self, settings: Settings) -> None:
        self._port = settings.port

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer's JSON. Raises HostError with the server's own words, or when no server runs."""
        import httpx

        try:
            url = f"http://127.0.0.1:{self._port}{path}"
            answer = httpx.request(method, url, json=body, timeout=90.0, trust_env=False)
        except httpx.HTTPError:
            raise HostError(
                f"no Parley answers on port {self._port}", advice="Start it with `parley serve`.", code="not-running"
            ) from None
        try:
            content = answer.json()
        except ValueError:
            content = {}
        if answer.status_code >= 400 or not isinstance(content, dict):
            content = content if isinstance(content, dict) else {}
            fields = "; ".join(f"{each['field']}: {each['problem']}" for each in content.get("fields", []))
            words = content.get("message", f"the server answered {answer.status_code}")
            raise HostError(f"{words}: {fields}" if fields else words, advice=content.get("advice", ""))
        return content


def _server() -> Server:
    return Server(load())


def join(
    meeting_url: Annotated[str, typer.Argument(metavar="MEETING_URL", help="The meeting's link, as pasted.")],
    name: Annotated[str, typer.Option(help="The bot's name in the meeting; the agent's when left out.")] = "",
    host: Annotated[str, typer.Option(help="recall or meetstream; the first that is set up when left out.")] = "",
    variant: Annotated[str, typer.Option(help="Size of the bot's machine, by the host's name: web_4_core.")] = "",
    screen: Annotated[bool, typer.Option("--screen", help="Show the page as a shared screen, not as camera.")] = False,
    language: Annotated[str, typer.Option(help="Language of the meeting; the agent's when left out.")] = "",
    provider: Annotated[str, typer.Option(help="Transcript provider, by the host's name.")] = "",
    sense: Annotated[
        list[str] | None, typer.Option(help="What the host sends besides words: mixed, voices, pictures, film.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Keep what comes in, until `parley forget`.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the bot until it is seated.")] = True,
) -> None:
    """Send the agent into a meeting, and say what happens until it is seated."""
    server = _server()
    asked = {
        "meeting_url": meeting_url, "name": name, "host": host, "variant": variant, "screen": screen,
        "language": language, "provider": provider, "senses": sense or [], "record": record,
    }  # fmt: skip
    bot = server.ask("POST", "/api/bots", asked)
    typer.echo(f"bot {bot['id']} on {bot['host']}")
    if wait:
        raise typer.Exit(_follow(server, bot["id"]))


def _follow(server: Server, which: str) -> int:
    """Print every step until the bot is in, or over."""
    told = 0
    while True:
        bot = server.ask("GET", f"/api/bots/{which}")
        for step in bot["steps"][told:]:
            typer.echo(f"  {time.strftime('%H:%M:%S', time.localtime(step['at']))}  {step['state']:8} {step['words']}")
            if step["advice"]:
                typer.echo(f"  {'':8}  {'':8} {step['advice']}")
        told = len(bot["steps"])
        if bot["over"]:
            return FAILED if bot["state"] == "failed" else 0
        if bot["state"] == "live" or (bot["state"] == "in-call" and bot["page"]):
            typer.echo(f"seated; `parley leave {which}` takes it out again")
            return 0
        time.sleep(LOOK)


def bots(
    every: Annotated[bool, typer.Option("--all", help="Those that are over as well.")] = False,
) -> None:
    """List the agent's bots: where each is, and what it waits for."""
    for bot in _server().ask("GET", "/api/bots")["bots"]:
        if every or not bot["over"]:
            people = f"{len(bot['people'])} people" if bot["people"] else ""
            typer.echo(f"{bot['id']}  {bot['host']:10} {bot['state']:8} {people:10} {bot['words']}")
            if bot["advice"]:
                typer.echo(f"{'':22}{bot['advice']}")


def leave(bot: Bot) -> None:
    """Take a bot out of its meeting."""
    _do(bot, "leave")


def show(bot: Bot, screen: Annotated[bool, typer.Option("--screen", help="As a shared screen.")] = False) -> None:
    """Show the agent's page on a running bot."""
    _do(bot, "show", {"screen": screen})


def hide(bot: Bot, screen: Annotated[bool, typer.Option("--screen", help="The shared screen.")] = False) -> None:
    """Take the agent's page away from a running bot."""
    _do(bot, "hide", {"screen": screen})


def say(bot: Bot, text: Annotated[str, typer.Argument(help="What to say aloud, in the next gap.")]) -> None:
    """Have the agent say something aloud."""
    _do(bot, "say", {"text": text})


def chat(bot: Bot, text: Annotated[str, typer.Argument(help="What to write; long texts go in parts.")]) -> None:
    """Write into the meeting's chat."""
    _do(bot, "chat", {"text": text})


def policy(
    bot: Bot,
    to: Annotated[Policy, typer.Argument(help="named: when called; standing: it joins in; muted: not until called.")],
    minutes: Annotated[float, typer.Option(help="For how long. 0: ten when standing, until called when muted.")] = 0.0,
) -> None:
    """Set when the agent may speak."""
    _do(bot, "policy", {"policy": to.value, "minutes": minutes})


def _do(bot: str, verb: str, body: dict[str, Any] | None = None) -> None:
    answer = _server().ask("POST", f"/api/bots/{bot}/{verb}", body or {})
    typer.echo(f"{answer['id']}: {answer['words']}")


def add_to(app: typer.Typer) -> None:
    """Put the commands into the `parley` command."""
    for command in (join, bots, leave, show, hide, say, chat, policy):
        app.command()(command)
