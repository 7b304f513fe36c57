"""The messages that Recall sends: realtime events and dashboard webhooks, in every form that is about.

Realtime envelopes: `newer` is what is documented now; `older` is what older documents show (the artifact key
`audio_mixed_raw`, no email, no language, times of words also absolute); `odd` is what the vendor's samples tolerate
(`type` instead of `event`, bare ids where objects are usual, no recording); `flat` has the payload in `data` itself.
Status webhooks: `v1.11`, one event for each status, or `v1.10`, one event for all.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from server.core.transcript import Word

Json = dict[str, Any]
Envelope = Literal["newer", "older", "odd", "flat"]
Generation = Literal["v1.11", "v1.10"]

#: Artifact key by the first part of an event's name.
ARTIFACTS = {
    "transcript": "transcript",
    "participant_events": "participant_events",
    "audio_mixed_raw": "audio_mixed",
    "audio_separate_raw": "audio_separate",
    "video_separate_png": "video_separate",
    "video_separate_h264": "video_separate",
}
#: The key that an old type definition of sound and PNG has by mistake.
_OLD_ARTIFACT = "audio_mixed_raw"


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in the meeting. `id` is a number of the platform, unique within one meeting."""

    id: int
    name: str = field(repr=False)
    is_host: bool = False
    email: str | None = field(default=None, repr=False)
    platform: str = "desktop"
    extra_data: Mapping[str, Any] | None = field(default=None, repr=False)
    muted: bool = False

    def as_json(self, envelope: Envelope = "newer") -> Json:
        told: Json = {
            "id": self.id,
            "name": self.name,
            "is_host": self.is_host,
            "platform": self.platform,
            "extra_data": self.extra_data,
            "email": self.email,
        }
        if envelope == "older":
            del told["email"]
        return told


#: What stands in place of a participant whom the bot does not know yet.
NOBODY: Json = {"id": None, "name": None, "is_host": None, "platform": None, "extra_data": None, "email": None}


def event_message(
    event: str, data: Json, *, endpoint: Json, artifact: str, recording: Json, bot: Json, envelope: Envelope
) -> Json:
    """One realtime event around its payload. `endpoint`, `recording` and `bot` are `{id, metadata}`."""
    family = event.partition(".")[0]
    key = ARTIFACTS[family]
    if envelope == "odd":
        return {"type": event, "data": {"data": data, "realtime_endpoint": endpoint["id"], key: artifact, "bot": bot}}
    if envelope == "older" and family in ("audio_mixed_raw", "video_separate_png"):
        key = _OLD_ARTIFACT
    around = {
        "realtime_endpoint": endpoint,
        key: {"id": artifact, "metadata": {}},
        "recording": recording,
        "bot": bot,
    }
    return {"event": event, "data": {**data, **around} if envelope == "flat" else {"data": data, **around}}


def transcript_data(
    words: Sequence[Word], participant: Participant | None, *, language: str, begin: str, envelope: Envelope
) -> Json:
    """The payload of `transcript.data` and `.partial_data`. `begin` is the ISO time at which the recording began."""

    def stamp(at: float | None) -> Json | None:
        if at is None:
            return None
        return {"relative": at, "absolute": begin} if envelope == "older" else {"relative": at}

    told: Json = {
        "words": [
            {"text": word.text, "start_timestamp": stamp(word.start), "end_timestamp": stamp(word.end)}
            for word in words
        ],
        "language_code": language,
        "participant": NOBODY if participant is None else participant.as_json(envelope),
    }
    if envelope == "older":
        del told["language_code"]
    return told


def participant_data(participant: Participant, timestamp: Json, *, data: Json | None, envelope: Envelope) -> Json:
    """The payload of every `participant_events.*`; `data` is for a chat message only."""
    return {"participant": participant.as_json(envelope), "timestamp": timestamp, "data": data}


def media_data(
    buffer: bytes, timestamp: Json, *, participant: Participant | None, source: str = "", envelope: Envelope
) -> Json:
    """The payload of sound and pictures. `participant` None is the mix; `source` is a picture's `type`."""
    told: Json = {"buffer": base64.b64encode(buffer).decode(), "timestamp": timestamp}
    if source:
        told["type"] = source
    if participant is not None:
        told["participant"] = participant.as_json(envelope)
    return told


def status_message(
    code: str, sub_code: str | None, at: str, *, bot: Json, recording: str | None, generation: Generation
) -> Json:
    """The webhook of one change of a bot's status."""
    if generation == "v1.10":
        status = {"code": code, "created_at": at, "sub_code": sub_code, "message": None}
        if recording is not None:
            status["recording_id"] = recording
        return {"event": "bot.status_change", "data": {"bot_id": bot["id"], "status": status}}
    change = {"code": code, "sub_code": sub_code, "updated_at": at}
    return {"event": f"bot.{code}", "data": {"data": change, "bot": bot}}


def artifact_message(
    kind: str, code: str, sub_code: str | None, at: str, *, subject: Json, recording: Json, bot: Json
) -> Json:
    """The webhook of one change of a recording, a transcript or a realtime endpoint; `subject` is `{id, metadata}`."""
    change: Json = {"code": code, "sub_code": sub_code, "updated_at": at}
    if code == "failed" and kind != "transcript":
        change["error"] = {"code": "INTERNAL_ERROR", "message": f"The {kind.replace('_', ' ')} failed"}
    return {"event": f"{kind}.{code}", "data": {"data": change, kind: subject, "recording": recording, "bot": bot}}
