"""Every message that MeetStream is known to send, fed to the adapter, has its visible effect.

The same is done with the vendor's own examples when PARLEY_REFERENCE names the folder that holds them.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from server.hosts.meetstream.adapter import MeetStream
from server.hosts.meetstream.client import Client
from server.hosts.meetstream.link import ControlLink
from server.hosts.meetstream.status import status_of
from tests.hosts.meetstream.told import PAYLOADS, Told, VirtualTimers

pytestmark = pytest.mark.anyio

#: folder and beginning of the name of what comes to us, and the channel on which it does
RECEIVED = {
    ("control", "from_bot."): "control",
    ("live_audio", ""): "audio",
    ("live_video", "video_stream"): "video",
    ("live_video", "video_latency_ping"): "video",
    ("live_video", "session_replay"): "video",
    ("live_video", "fmp4_box_walk"): "video",
    ("live_transcription", ""): "words",
    ("webhooks", "participant_events."): "people",
    ("webhooks", "signature_vector."): "status",
    ("webhooks", ""): "status",
    ("rest", "status.response."): "rest",
}


def channel_of(file: Path) -> str:
    """The channel on which this message comes; empty for what we send, or what we never ask for."""
    for (folder, begin), channel in RECEIVED.items():
        if file.parent.name == folder and file.name.startswith(begin):
            return channel
    return ""


def received(folder: Path) -> list[Path]:
    """All messages that come to us, below this folder."""
    return sorted(file for file in folder.rglob("*.json") if channel_of(file))


class Effects:
    """An adapter, and everything that could be seen of what it was fed."""

    def __init__(self) -> None:
        self.told = Told()
        self.links: list[ControlLink] = []
        self.sent: list[Any] = []
        self.host = MeetStream(
            Client("a-key"),
            on_link=lambda sink, link: self.links.append(link),
            draw=lambda face, done: None,
            timers=VirtualTimers,
        )

    def feed(self, channel: str, messages: list[str | bytes]) -> None:
        socket = self.host.connect(channel, self.told, self.sent.append)
        for message in messages:
            socket.feed(message)
        socket.close()

    @property
    def seen(self) -> int:
        told = self.told
        visible = (told.events, told.sounds, told.pictures, told.blinds, told.changes, self.links, self.sent)
        return sum(len(each) for each in visible)


def frames(name: str, content: Any) -> list[str | bytes]:
    """The websocket messages that an example stands for."""
    if name.startswith("binary_frames"):
        return [bytes.fromhex(frame["frame_hex"]) + bytes(4800) for frame in content["frames"]]
    start = json.dumps({"type": "video_stream_start", "bot_id": "b"})
    if name.startswith("fmp4_box_walk"):
        return [start, *(bytes.fromhex(message) for message in content["websocket_binary_messages_hex"])]
    if name.startswith("session_replay"):
        return [
            base64.b64decode(message["base64"]) if "base64" in message else json.dumps(message["json"])
            for message in content["messages"]
            if message["direction"] == "from_bot"
        ]
    if name.startswith("legacy_pcm_chunk"):
        content = {**content, "audioData": base64.b64encode(bytes(9600)).decode()}  # enough to come out resampled
    return [start, json.dumps(content)] if name.startswith("video_stream_end") else [json.dumps(content)]


def check(file: Path) -> None:
    """Feed one example and look for its effect."""
    content = json.loads(file.read_text(encoding="utf-8"))
    channel, effects = channel_of(file), Effects()
    if channel == "rest":
        assert status_of("b", content) is not None
    elif channel in effects.host.hooks:
        body = json.loads(content["raw_body"]) if "raw_body" in content else content
        effects.host.posted(channel, body, effects.told)
        assert effects.seen == 1
    else:
        effects.feed(channel, frames(file.name, content))
        announces = file.name == "ready.json"  # of sound: what follows is heard
        assert (effects.seen > 0) is not announces
    assert not effects.told.counts


@pytest.mark.parametrize("file", received(PAYLOADS), ids=lambda file: f"{file.parent.name}/{file.stem}")
async def test_every_message_has_its_effect(file):
    """It is heard, seen, told, answered or shown as news of the bot, and nothing of it counts as odd."""
    check(file)


@pytest.fixture
def reference() -> Path:
    """The vendor's own examples; skipped, with a reason, when nobody names their folder."""
    folder = os.environ.get("PARLEY_REFERENCE", "")
    if not folder:
        pytest.skip("PARLEY_REFERENCE is not set: no folder of the vendors' own examples to read")
    return Path(folder) / "meetstream"


async def test_every_example_of_the_vendor_has_its_effect(reference):
    """The same holds for the vendor's own examples, and none of their kinds is missing here."""
    examples = received(reference)
    assert examples
    ours = {str(file.relative_to(PAYLOADS)) for file in PAYLOADS.rglob("*.json")}
    for file in examples:
        check(file)
        name = str(file.relative_to(reference))
        assert name in ours or "signature_vector" in name
