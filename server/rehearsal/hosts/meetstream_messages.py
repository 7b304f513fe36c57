"""The messages that MeetStream sends, in every form that is about.

Callbacks: `newest` names the event in `event` and, precisely, in `bot_event`; `bot_event_only` is an earlier guide's
form; `older` has only `event`, no timestamp, and tells the reason of an ending in `bot_status` alone.
Transcripts: `newest` is a running buffer with `is_final` and `end_of_turn`; `incremental` is the documented form with
`new_text`; `oldest` comes once for each segment and names no bot.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from server.core.transcript import Word

Json = dict[str, Any]
Generation = Literal["newest", "bot_event_only", "older"]
TranscriptShape = Literal["newest", "incremental", "oldest"]
Ending = Literal["stopped", "kicked", "notallowed", "denied", "failed"]

#: Status and text by the name of a step.
STEPS: dict[str, tuple[str, str]] = {
    "scheduled": ("Scheduled", "Bot is scheduled"),
    "joining": ("Joining", "Bot is joining the meeting"),
    "in_waiting_room": ("InWaitingRoom", "Bot is waiting to be admitted"),
    "inmeeting": ("InMeeting", "Bot is in the meeting"),
    "recording_permission_allowed": ("InMeeting", "Recording was allowed"),
    "recording_permission_denied": ("InMeeting", "Recording was denied"),
    "recording": ("Recording", "Bot started recording"),
    "leaving": ("Leaving", "Bot is leaving the meeting"),
}
#: Status, text and status code by the reason of an ending.
ENDINGS: dict[Ending, tuple[str, str, int]] = {
    "stopped": ("Stopped", "Bot left the meeting", 200),
    "kicked": ("Stopped", "Bot was removed by a participant", 200),
    "notallowed": ("NotAllowed", "Not admitted to the meeting", 500),
    "denied": ("Denied", "Host refused the request", 500),
    "failed": ("FAILED", "Unexpected error", 500),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the meeting; on Meet the id looks like a device path."""

    id: str
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class About:
    """What every callback of a bot carries, and how."""

    bot: str
    attributes: Mapping[str, Any]
    generation: Generation


def step_message(name: str, about: About, at: str) -> Json:
    """The callback of one step of a bot's life."""
    status, text = STEPS[name]
    return _callback(f"bot.{name}", f"bot.{name}", status, text, 200, about, at)


def ending_message(reason: Ending, about: About, at: str) -> Json:
    """The callback of an ending."""
    status, text, code = ENDINGS[reason]
    if about.generation == "older":
        code = 200
    return _callback("bot.stopped", f"bot.{reason}", status, text, code, about, at)


def _callback(event: str, bot_event: str, status: str, text: str, code: int, about: About, at: str) -> Json:
    message: Json = {
        "event": event,
        "bot_event": bot_event,
        "bot_id": about.bot,
        "bot_status": status,
        "message": text,
        "status_code": code,
        "timestamp": at,
        "custom_attributes": about.attributes,
    }
    left_out = {"newest": (), "bot_event_only": ("event",), "older": ("bot_event", "timestamp")}[about.generation]
    return {key: value for key, value in message.items() if key not in left_out}


def provider_error(about: About, status: str) -> Json:
    """`bot.error`, which is no ending: the streaming transcription failed, the bot stays."""
    return {
        "event": "bot.error",
        "bot_id": about.bot,
        "bot_status": status,
        "message": "Streaming transcription provider rejected the connection",
    }


def processed_messages(about: About, at: str) -> list[Json]:
    """What comes after an ending, up to `bot.done`; the same in every generation."""
    common = {"bot_id": about.bot, "status": "success", "status_code": 200}
    rest = {"custom_attributes": about.attributes, "timestamp": at}
    return [
        {"event": "manifest.completed", **common, "manifest_status": "Success", "message": "Manifest uploaded", **rest},
        {"event": "audio.processed", **common, "audio_status": "Success", "message": "Audio processed", **rest},
        {"event": "transcription.skipped", **common, "message": "No post-call provider", **rest},
        {"event": "video.processed", **common, "video_status": "Success", "message": "Video processed", **rest},
        {
            "event": "bot.done",
            "bot_id": about.bot,
            "bot_status": "Done",
            "message": "All processing complete",
            "status_code": 200,
            **rest,
        },
    ]


def participant_message(action: str, person: Person, about: About, *, platform: str, relative: float, at: str) -> Json:
    """`participant_events.join` and `.leave`."""
    who = {"id": person.id, "name": person.name.partition(" ")[0], "full_name": person.name, "platform": platform}
    return {
        "event": f"participant_events.{action}",
        "timestamp": at,
        "data": {
            "data": {
                "action": action,
                "participant": who,
                "timestamp": {"relative": round(relative, 3), "absolute": at},
            },
            "bot": {"id": about.bot, "metadata": {}},
        },
        "custom_attributes": about.attributes,
    }


def transcript_message(
    shape: TranscriptShape,
    person: Person,
    words: Sequence[Word],
    about: About,
    *,
    final: bool,
    at: str,
    new_text: str = "",
) -> Json:
    """One update of what somebody is saying. `new_text` is the newest increment."""
    text = " ".join(word.text for word in words)
    if shape == "incremental":
        return {
            "bot_id": about.bot,
            "speakerId": person.id,
            "speakerName": person.name,
            "timestamp": at.removesuffix("Z"),
            "new_text": new_text,
            "transcript": text,
            "words": [
                {"word": w.text, "start": w.start, "end": w.end, "confidence": 0.97, "word_is_final": True}
                for w in words[-1:]
            ],
            "word_is_final": True,
            "end_of_turn": final,
            "custom_attributes": about.attributes,
        }
    told = [
        {
            "word": w.text,
            "start": w.start,
            "end": w.end,
            "confidence": 0,
            "speaker": person.name,
            "punctuated_word": w.text,
            "speech_confidence": 0,
        }
        for w in words
    ]
    if shape == "oldest":
        return {"speakerName": person.name, "timestamp": at, "transcript": text, "words": told}
    return {
        "bot_id": about.bot,
        "speakerName": person.name,
        "timestamp": at,
        "transcript": text,
        "utterance": "",
        "words": told,
        "is_final": final,
        "end_of_turn": final,
        "turn_is_formatted": final,
        "transcription_mode": "raw",
        "custom_attributes": about.attributes,
    }


def ready_message(bot: str) -> str:
    """The first message on the audio and control sockets."""
    return json.dumps({"type": "ready", "bot_id": bot, "message": "Ready to receive messages"})


def sound_frame(person: Person, pcm: bytes) -> bytes:
    """One binary frame of live audio: type, id and name with their lengths in bytes, s16le mono 48 kHz."""
    identity, name = person.id.encode(), person.name.encode()
    head = struct.pack("<BH", 1, len(identity)) + identity + struct.pack("<H", len(name)) + name
    return head + pcm


def legacy_sound(person: Person, pcm: bytes) -> str:
    """The same as the text frame of an earlier transport."""
    data = base64.b64encode(pcm).decode()
    return json.dumps({"type": "PCMChunk", "speakerName": person.name, "audioData": data})
