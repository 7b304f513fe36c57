"""Who writes a meeting's transcript: Recall.ai's own recogniser, the platform's captions, or a third party.

Only what is live is offered. Recall's own is quick for English alone and minutes late for everything else; captions
are free and live, and their language is the meeting's; third parties need their key in the vendor's dashboard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.errors import HostError
from server.hosts.platforms import Meeting

#: asks for no transcript at all, for an agent with ears of its own
NONE = "none"
OWN = "recallai_streaming"
CAPTIONS = "meeting_captions"

#: Name -> its settings for a language. Partials must be switched on where they are not the rule.
PROVIDERS: dict[str, Callable[[str], dict[str, Any]]] = {
    # The mode must be said: without it the transcript is three to ten minutes late. Options are not supported in it.
    OWN: lambda language: {"mode": "prioritize_low_latency", "language_code": "en"},
    CAPTIONS: lambda language: {},
    # booleans are strings here
    "deepgram_streaming": lambda language: {
        "model": "nova-3",
        "language": language.replace("_", "-") or "multi",
        "interim_results": "true",
    },
    "assembly_ai_v3_streaming": lambda language: {},
    "elevenlabs_streaming": lambda language: {"model_id": "scribe_v2_realtime"},
    "gladia_v2_streaming": lambda language: {
        "language_config": {"languages": [_base(language)] if language else []},
        "messages_config": {"receive_partial_transcripts": True},
    },
    "rev_streaming": lambda language: {"language": _base(language)} if language else {},
    "aws_transcribe_streaming": lambda language: {"language_code": language.replace("_", "-")} if language else {},
    "speechmatics_streaming": lambda language: {"language": _base(language) or "en", "enable_partials": True},
}


def transcript_for(language: str, provider: str, meeting: Meeting) -> dict[str, Any] | None:
    """The `transcript` of a recording; None for no transcript. Raises HostError when there can be none that is live."""
    if provider == NONE:
        return None
    name = provider or (OWN if is_english(language) else CAPTIONS)
    if name not in PROVIDERS:
        raise HostError(
            "Recall has no live transcript provider of this name",
            advice=f"Choose {', '.join(PROVIDERS)} or {NONE}.",
            code="bad-provider",
        )
    if name == OWN and not is_english(language):
        raise HostError(
            "Recall's own transcript is live in English only, and minutes late in other languages",
            advice=f"Choose {CAPTIONS}, or another provider such as deepgram_streaming.",
            code="late-provider",
        )
    if name == CAPTIONS and not has_captions(meeting):
        raise HostError(
            "this platform gives Recall no captions, from which the transcript would be made",
            advice=f"Name another transcript provider, such as deepgram_streaming, or {NONE}.",
            code="no-captions",
        )
    transcript: dict[str, Any] = {"provider": {name: PROVIDERS[name](language)}}
    if name == OWN:
        # Exact speakers where the platform gives separate streams. Captions have them anyway; third parties count
        # every stream against their limit.
        transcript["diarization"] = {"use_separate_streams_when_available": True}
    return transcript


def is_english(language: str) -> bool:
    """Whether a language tag, such as `en`, `en-GB` or `en_us`, is English."""
    return _base(language) == "en"


def has_captions(meeting: Meeting) -> bool:
    """Whether Recall can read the platform's captions: not on Webex, nor in personal Teams."""
    personal = meeting.host == "teams.live.com" or meeting.host.endswith(".teams.live.com")
    return meeting.platform in ("zoom", "google_meet", "microsoft_teams") and not personal


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].strip().lower()
