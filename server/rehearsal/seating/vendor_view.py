"""What a stand-in's connections, webhooks and requests came to, for the report."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from server.rehearsal.hosts.line import Line
from server.rehearsal.hosts.post import Post
from server.rehearsal.hosts.vendor import Vendor
from server.rehearsal.report import Connection, Webhooks


def channel_of(url: str) -> str:
    """The channel in one of our addresses for hosts: `/hosts/{host}/{channel}/{token}/`."""
    parts = urlsplit(url).path.split("/")
    return parts[3] if len(parts) > 3 else ""


def connection_of(line: Line) -> Connection:
    """A websocket as the vendor saw it."""
    return Connection(channel_of(line.url), line.connections, tuple(line.refusals), line.lost + line.dropped)


def webhooks_of(post: Post, channel: str = "") -> Webhooks:
    """A webhook address as the vendor saw it; its channel is read from it when not given."""
    statuses = [each.status for each in post.deliveries]
    refused = tuple(status for status in statuses if not 200 <= status < 300)
    return Webhooks(channel or channel_of(post.url), len(statuses) - len(refused), refused)


def calls_of(service: Vendor[Any], bot: str) -> str:
    """Which requests the vendor got, and how many of each."""
    calls = Counter(f"{call.method} {call.path.replace(bot, '{id}')}" for call in service.requests)
    return ", ".join(f"{what} ({count})" for what, count in calls.items())
