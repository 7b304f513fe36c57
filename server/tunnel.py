"""The public address, as a running ngrok agent on this machine tells it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from server.addresses import is_loopback

#: Seconds; the agent is on this machine, so a slow answer is none.
DEADLINE = 2.0
#: The agent's local API: version 3 speaks of endpoints, older ones of tunnels.
_PATHS = ("/api/endpoints", "/api/tunnels")


async def find_public_url(ngrok_api: str, port: int | None = None) -> str | None:
    """The https address that leads to `port` on this machine (to any port when None); None when there is
    none.

    Asks the agent's local API, of this generation or the one before. Never raises: without an agent there is
    no address, and that is an answer.
    """
    async with httpx.AsyncClient(base_url=ngrok_api, timeout=DEADLINE, trust_env=False) as client:
        for path in _PATHS:
            try:
                answer = await client.get(path)
            except (httpx.HTTPError, httpx.InvalidURL):
                return None
            if answer.status_code == 200 and (found := _pick(_listed(answer), port)):
                return found
    return None


def _listed(answer: httpx.Response) -> list[dict[str, Any]]:
    try:
        content = answer.json()
    except ValueError:
        return []
    if isinstance(content, dict):
        content = content.get("endpoints") or content.get("tunnels") or []
    return [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []


def _pick(listed: list[dict[str, Any]], port: int | None) -> str | None:
    for each in listed:
        url = each.get("public_url") or each.get("url") or ""
        if isinstance(url, str) and url.startswith("https://") and _leads_to(_upstream(each), port):
            return f"https://{urlsplit(url).netloc.lower()}"
    return None


def _upstream(each: dict[str, Any]) -> str:
    """Where an endpoint forwards to; it stands in one of three places."""
    for holder, key in ((each.get("upstream"), "url"), (each.get("config"), "addr"), (each, "upstream_url")):
        if isinstance(holder, dict) and holder.get(key):
            return str(holder[key])
    return ""


def _leads_to(upstream: str, port: int | None) -> bool:
    """An upstream is a port, a host with a port, or an address."""
    if port is None:
        return True
    if upstream.isdigit():
        return int(upstream) == port
    parts = urlsplit(upstream if "://" in upstream else f"http://{upstream}")
    try:
        number = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return False
    return number == port and is_loopback(parts.hostname or "")
