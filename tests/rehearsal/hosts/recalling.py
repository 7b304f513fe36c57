"""Requests for the Recall stand-in, and one bot that is seated with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from receiving import HURRIED, Receiver, client

from server.rehearsal.hosts.recall_bot import RecallBot
from server.rehearsal.hosts.recall_life import Habits
from server.rehearsal.hosts.recall_service import RecallService

MEET = "https://meet.google.com/abc-defg-hij"
ZOOM = "https://us02web.zoom.us/j/81234567890?pwd=abc"

TEXT = [
    "transcript.data",
    "transcript.partial_data",
    *(
        f"participant_events.{kind}"
        for kind in (
            "join", "leave", "update", "speech_on", "speech_off", "webcam_on", "webcam_off", "screenshare_on",
            "screenshare_off", "chat_message",
        )
    ),
]  # fmt: skip
MEDIA = ["audio_mixed_raw.data", "audio_separate_raw.data", "video_separate_png.data", "video_separate_h264.data"]


def asked(**changes: Any) -> dict[str, Any]:
    """A small Create Bot request."""
    return {"meeting_url": MEET, "bot_name": "Parley", "metadata": {"session_id": "s1"}, **changes}


def endpoint(url: str, events: list[str], kind: str = "websocket") -> dict[str, Any]:
    return {"type": kind, "url": url, "events": events, "metadata": {"channel": "one"}}


def everything(*endpoints: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A Create Bot request with every sense switched on and these realtime endpoints."""
    return asked(
        variant=dict.fromkeys(("zoom", "google_meet", "microsoft_teams", "webex"), "web_4_core"),
        recording_config={
            "transcript": {"provider": {"recallai_streaming": {"mode": "prioritize_low_latency"}}},
            "audio_mixed_raw": {},
            "audio_separate_raw": {},
            "video_separate_png": {},
            "video_separate_h264": {},
            "video_mixed_layout": "gallery_view_v2",
            "start_recording_on": "call_join",
            "realtime_endpoints": list(endpoints),
        },
        **changes,
    )


@asynccontextmanager
async def seated(
    receiver: Receiver, request: dict[str, Any] | None = None, *, habits: Habits | None = None, **options: Any
) -> AsyncIterator[tuple[RecallBot, httpx.AsyncClient]]:
    """A bot that records, by default with one websocket for everything at `/rt/`, and a client; nothing ever waits."""
    request = request or everything(endpoint(receiver.ws + "/rt/", TEXT + MEDIA))
    options = {"clocks": HURRIED, "dashboard_url": receiver.http + "/status", **options}
    async with RecallService(habits=habits, **options) as recall, client(recall.url) as http:
        answer = await http.post("bot/", json=request)
        assert answer.status_code == 201, answer.text
        bot = await recall.next_bot()
        await bot.reaches("in_call_recording")
        yield bot, http
