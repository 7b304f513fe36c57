"""Requests for the MeetStream stand-in, and one bot that is in a meeting with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from receiving import HURRIED, Receiver, client

from server.rehearsal.hosts.meetstream_bot import MeetStreamBot, MeetStreamHabits
from server.rehearsal.hosts.meetstream_service import MeetStreamService

MEET = "https://meet.google.com/qwe-rtyu-iop"
ZOOM = "https://us02web.zoom.us/j/81234567890"
TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"


def asked(**changes: Any) -> dict[str, Any]:
    """A small create request."""
    return {"meeting_link": MEET, "bot_name": "Parley", "video_required": True, **changes}


def everything(receiver: Receiver, **changes: Any) -> dict[str, Any]:
    """A create request with every channel."""
    return asked(
        callback_url=receiver.http + "/status",
        custom_attributes={"session_id": "s1"},
        socket_connection_url={"websocket_url": receiver.ws + "/control"},
        live_audio_required={"websocket_url": receiver.ws + "/audio"},
        live_video_required={"websocket_url": receiver.ws + "/video"},
        live_transcription_required={"webhook_url": receiver.http + "/words"},
        recording_config={
            "transcript": {"provider": {"meetstream_streaming": {}}},
            "retention": {"type": "timed", "hours": 24},
            "realtime_endpoints": [
                {
                    "type": "webhook",
                    "url": receiver.http + "/people",
                    "events": ["participant_events.join", "participant_events.leave"],
                }
            ],
        },
        automatic_leave={"voice_inactivity_timeout": 1800},
        **changes,
    )


@asynccontextmanager
async def seated(
    receiver: Receiver,
    request: dict[str, Any] | None = None,
    *,
    habits: MeetStreamHabits | None = None,
    **options: Any,
) -> AsyncIterator[tuple[MeetStreamBot, httpx.AsyncClient]]:
    """A bot that records, by default with every channel, and a client; nothing ever waits."""
    options = {"clocks": HURRIED, **options}
    async with MeetStreamService(habits=habits, **options) as meetstream, client(meetstream.url) as http:
        answer = await http.post("bots/create_bot", json=request or everything(receiver))
        assert answer.status_code == 201, answer.text
        bot = await meetstream.next_bot()
        await bot.reaches("recording")
        yield bot, http
