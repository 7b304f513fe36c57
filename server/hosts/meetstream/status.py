"""What MeetStream says about its bots: the webhooks of all its generations, and the answer of the status endpoint.

Newest: `event` is always there and `bot_event` names an ending exactly. Older: only one of the two, no `timestamp`, and
the reason of an ending only in `bot_status`. Every letter case is accepted; what is unknown changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.core.events import PersonLeft, PersonSeen
from server.hosts.base import SeatChange, SeatState
from server.hosts.meetstream.fields import LONGEST_ID, child, first_text, seconds_of, text_of


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word of the vendor means: the state, what happened, what to do about it."""

    state: SeatState | None
    words: str
    advice: str = ""


_DONE = Meaning(SeatState.DONE, "The bot has left the meeting.")
_KICKED = Meaning(
    SeatState.DONE,
    "Somebody removed the bot from the meeting.",
    "Ask the host whether it may come back before you send another one.",
)
_NOT_ALLOWED = Meaning(
    SeatState.FAILED,
    "Nobody let the bot in while it was waiting.",
    "Ask the host to admit it, then send it again.",
)
_DENIED = Meaning(
    SeatState.FAILED,
    "The host refused to let the bot in.",
    "Tell the host who it is and ask them to admit it, then send it again.",
)
_FAILED = Meaning(
    SeatState.FAILED,
    "The bot failed on MeetStream's side.",
    "Send it again; if it fails again, give MeetStream's support the bot's id and the time.",
)

#: the exact reasons of an ending, as event and as status
_ENDINGS = {"kicked": _KICKED, "notallowed": _NOT_ALLOWED, "denied": _DENIED, "failed": _FAILED}

EVENTS: dict[str, Meaning] = {
    "bot.scheduled": Meaning(SeatState.JOINING, "The bot is scheduled."),
    "bot.joining": Meaning(SeatState.JOINING, "The bot is on its way into the meeting."),
    "bot.in_waiting_room": Meaning(
        SeatState.WAITING, "The bot is in the waiting room.", "Ask somebody in the meeting to admit it."
    ),
    "bot.inmeeting": Meaning(SeatState.IN_CALL, "The bot is in the meeting."),
    "bot.recording_permission_allowed": Meaning(None, "The host allowed the bot to record."),
    "bot.recording_permission_denied": Meaning(
        None,
        "The host did not allow the bot to record, so it hears and sees nothing.",
        "Ask the host to allow recording.",
    ),
    "bot.recording": Meaning(SeatState.LIVE, "The bot hears the meeting."),
    "bot.leaving": Meaning(SeatState.LEAVING, "The bot is leaving."),
    "bot.stopped": _DONE,
    **{f"bot.{reason}": meaning for reason, meaning in _ENDINGS.items()},
    "bot.error": Meaning(
        None,
        "MeetStream's transcription has failed; the bot stays in the meeting.",
        "Look at the transcription provider and its key in MeetStream's dashboard, or choose another provider.",
    ),
    "bot.uploading": Meaning(None, "MeetStream is storing the recording."),
    "bot.transcriptionready": Meaning(None, "MeetStream has a transcript."),
    "bot.done": Meaning(SeatState.DONE, "MeetStream is done with the bot."),
    "manifest.completed": Meaning(None, "MeetStream has stored the recording."),
    "manifest.skipped": Meaning(None, "MeetStream stored no recording."),
    "audio.processed": Meaning(None, "MeetStream has processed the sound."),
    "audio.skipped": Meaning(None, "MeetStream stored no sound."),
    "video.processed": Meaning(None, "MeetStream has processed the film."),
    "transcription.processed": Meaning(None, "MeetStream has stored a transcript."),
    "transcription.skipped": Meaning(None, "MeetStream stored no transcript; ours is complete."),
    "transcription.failed": Meaning(None, "MeetStream could not make a transcript afterwards; ours is complete."),
    "data_deletion": Meaning(None, "MeetStream has deleted what it stored of this meeting."),
}

#: deliveries after which the bot is out of the meeting, by either of their two names
_OVER = frozenset({"bot.stopped", *(f"bot.{reason}" for reason in _ENDINGS)})

#: `bot_status` of a webhook, `status` of the status endpoint. Not listed, and so no change: Active.
STATUSES: dict[str, Meaning] = {
    "scheduled": EVENTS["bot.scheduled"],
    "joining": EVENTS["bot.joining"],
    "inwaitingroom": EVENTS["bot.in_waiting_room"],
    "inmeeting": EVENTS["bot.inmeeting"],
    "recording": EVENTS["bot.recording"],
    "leaving": EVENTS["bot.leaving"],
    "stopped": _DONE,
    **_ENDINGS,
    "error": _FAILED,
    "done": EVENTS["bot.done"],
    "mediaexpired": EVENTS["bot.done"],
}


def news_of(message: Any) -> SeatChange | None:
    """The news in a callback's JSON; None when it is about something else or unknown."""
    if not isinstance(message, dict):
        return None
    names = [name for field in ("bot_event", "event") if (name := text_of(message.get(field)).casefold())]
    status = text_of(message.get("bot_status"))
    if any(name in _OVER for name in names):
        meaning: Meaning | None = _reason(names, status)
    elif names:
        meaning = next((EVENTS[name] for name in names if name in EVENTS), None)
    else:
        meaning = STATUSES.get(_folded(status))  # the oldest form names no event
    if meaning is None:
        return None
    return SeatChange(
        bot=text_of(message.get("bot_id"), LONGEST_ID),
        state=meaning.state,
        code=names[0] if names else f"status.{_folded(status)}",
        sub_code=status,
        at=seconds_of(message.get("timestamp")),
        words=meaning.words,
        advice=meaning.advice,
        session=session_of(message),
    )


def _reason(names: list[str], status: str) -> Meaning:
    """Why a bot ended: by the exact name of the event, else by the status, else it simply left."""
    for reason in (*(name.removeprefix("bot.") for name in names), _folded(status)):
        if reason in _ENDINGS:
            return _ENDINGS[reason]
    return _FAILED if _folded(status) == "error" else _DONE


def _folded(status: str) -> str:
    """A status without its letter case and whatever stands between its words."""
    return "".join(c for c in status.casefold() if c.isalnum())


def status_of(bot: str, message: Any) -> SeatChange | None:
    """The news in the status endpoint's answer; None when it says nothing we know."""
    status = text_of(child(message).get("status"))
    meaning = STATUSES.get(_folded(status))
    if meaning is None:
        return None
    code = f"status.{_folded(status)}"
    session = session_of(child(message))
    return SeatChange(bot, meaning.state, code, status, None, meaning.words, meaning.advice, session)


def session_of(message: dict[str, Any]) -> str:
    """The session that we wrote into the bot's attributes."""
    return text_of(child(message, "custom_attributes").get("session_id"), LONGEST_ID)


def person_of(message: Any) -> PersonSeen | PersonLeft | None:
    """Who came or went, in a participant event; None when it is none."""
    inner = child(message, "data", "data")
    person = child(inner, "participant")
    name = first_text(person, "full_name", "name")
    ident = text_of(person.get("id"), LONGEST_ID) or name
    event = text_of(child(message).get("event"))
    action = (text_of(inner.get("action")) or event.rpartition(".")[2]).casefold()
    if not ident or action not in ("join", "leave"):
        return None
    return PersonSeen(ident, name) if action == "join" else PersonLeft(ident)
