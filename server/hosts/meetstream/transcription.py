"""The words of the meeting from MeetStream's live transcription: three shapes of webhook, one utterance after another.

Each delivery holds the current text of a speaker's turn, which replaces what was there; some say when the turn is over,
some only whether the text is final, the oldest nothing. A turn keeps one `key` from its first words on, so that a
better version of a committed turn corrects its line instead of adding one.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from server.core.events import Heard
from server.core.transcript import Word
from server.hosts.meetstream.fields import LONGEST_ID, LONGEST_NAME, first_text, flag_of, number_of, seconds_of, text_of

#: speakers whose turn is kept; full: the one who was silent longest is forgotten, and only a correction would miss it
SPEAKERS = 200
#: characters and words of one turn; nobody speaks that long without its end
LONGEST_TURN = 20_000
MOST_WORDS = 2_000
#: share of equal words from which a formatted text is the same turn as the plain one before it
SAME = 0.5
#: seconds of silence after which other words are another turn, although the end of the one before never came
LOST_AFTER = 5.0
#: how the vendor names sound that it could attribute to nobody
NOBODY = "NoSpeaker"


@dataclass(frozen=True, slots=True)
class Update:
    """One delivery. `text` is all that the speaker said in this turn so far."""

    speaker: str
    speaker_id: str
    text: str
    final: bool
    formatted: bool
    at: float | None
    words: tuple[Word, ...]

    @property
    def who(self) -> str:
        return self.speaker_id or self.speaker


@dataclass(slots=True)
class _Turn:
    """One turn of one speaker."""

    key: str
    text: str
    start: float | None = None
    end: float | None = None
    formatted: bool = False


@dataclass(slots=True)
class _Speaker:
    """Where one speaker is: in an open turn or after a committed one. `at` is the time of the newest delivery."""

    open: _Turn | None = None
    last: _Turn | None = None
    at: float | None = None
    text: str = ""


def update_of(message: Any) -> Update | None:
    """What a webhook's JSON says; None when it holds no words of anybody."""
    if not isinstance(message, dict):
        return None
    text = first_text(message, "transcript", "new_text", most=LONGEST_TURN)
    ends, final = flag_of(message.get("end_of_turn")), flag_of(message.get("is_final"))
    is_final = ends if ends is not None else final if final is not None else True
    if not text and not (ends or final):
        return None
    speaker = first_text(message, "speakerName", "speaker", most=LONGEST_NAME)
    return Update(
        speaker="" if speaker == NOBODY else speaker,
        speaker_id=text_of(message.get("speakerId"), LONGEST_ID),
        text=text,
        final=is_final,
        formatted=flag_of(message.get("turn_is_formatted")) is True,
        at=seconds_of(message.get("timestamp")),
        words=_words(message.get("words")),
    )


def _words(words: Any) -> tuple[Word, ...]:
    return tuple(
        Word(text, number_of(word.get("start")), number_of(word.get("end")))
        for word in (words[:MOST_WORDS] if isinstance(words, list) else ())
        if isinstance(word, dict) and (text := first_text(word, "punctuated_word", "word"))
    )


class Assembly:
    """The turns of one meeting. Deliveries may come twice, late and out of order, and any of them may be missing."""

    def __init__(self, prefix: str = "") -> None:
        # of its own for each life of the process: a key that is used again would correct a line of long ago
        self._prefix = prefix or uuid.uuid4().hex[:8]
        self._count = 0
        self._speakers: OrderedDict[str, _Speaker] = OrderedDict()

    def take(self, update: Update) -> list[Heard]:
        """What was heard by this delivery, in order; empty when it says nothing new."""
        speaker = self._speakers.pop(update.who, None) or _Speaker()
        self._speakers[update.who] = speaker
        if len(self._speakers) > SPEAKERS:
            self._speakers.popitem(last=False)
        if _is_old(speaker, update):
            return []
        found = []
        if speaker.open is not None and _is_lost(speaker, speaker.open, update):
            found.append(self._heard(speaker.open, update, final=True))
            speaker.last, speaker.open = speaker.open, None
        speaker.at = update.at if update.at is not None else speaker.at
        speaker.text = update.text
        if speaker.last is not None and _corrects(speaker, speaker.last, update):
            self._grow(speaker.last, update)
            return [*found, self._heard(speaker.last, update, final=True)]
        if speaker.open is None:
            if not update.text:
                return found
            self._count += 1
            speaker.open = _Turn(f"{self._prefix}-{self._count}", update.text)
        turn = speaker.open
        self._grow(turn, update)
        if update.final:
            speaker.last, speaker.open = turn, None
        return [*found, self._heard(turn, update, final=update.final)]

    def _grow(self, turn: _Turn, update: Update) -> None:
        """Deliveries carry the newest words only, or all of them: a turn reaches from the first to the last seen."""
        turn.text = update.text or turn.text
        turn.formatted = update.formatted
        starts = [word.start for word in update.words if word.start is not None]
        ends = [word.end for word in update.words if word.end is not None]
        turn.start = min((s for s in (turn.start, *starts) if s is not None), default=None)
        turn.end = max((e for e in (turn.end, *ends) if e is not None), default=None)

    def _heard(self, turn: _Turn, update: Update, *, final: bool) -> Heard:
        whole = _folded(" ".join(word.text for word in update.words)) == _folded(turn.text)
        return Heard(
            speaker=update.speaker,
            text=turn.text,
            final=final,
            speaker_id=update.speaker_id,
            key=turn.key,
            start=turn.start,
            end=turn.end,
            words=update.words if whole else (),
            source="host",
        )


def _is_old(speaker: _Speaker, update: Update) -> bool:
    """Whether this came before, or something newer of this speaker did."""
    if update.at is not None and speaker.at is not None:
        if update.at != speaker.at:
            return update.at < speaker.at
        return update.text == speaker.text and (speaker.open is None or not update.final)
    # Without times a late partial shows only in that it is the beginning of what was just committed.
    if update.final or speaker.open is not None or speaker.last is None:
        return False
    said = _folded(update.text)
    return _folded(speaker.last.text)[: len(said)] == said


def _is_lost(speaker: _Speaker, turn: _Turn, update: Update) -> bool:
    """Whether the end of the open turn never came: after a silence something else is being said."""
    if update.at is None or speaker.at is None or update.at - speaker.at < LOST_AFTER or not update.text:
        return False
    return _alike(turn.text, update.text) < SAME and not update.text.startswith(turn.text)


def _corrects(speaker: _Speaker, last: _Turn, update: Update) -> bool:
    """Whether this is the formatted version of the plain turn that was committed last."""
    if not (update.final and update.formatted) or last.formatted:
        return False
    alike = _alike(last.text, update.text)
    return alike >= SAME and (speaker.open is None or alike > _alike(speaker.open.text, update.text))


def _alike(one: str, other: str) -> float:
    """Share of equal words, 0 to 1, by the first two hundred of each."""
    return SequenceMatcher(None, _folded(one)[:200], _folded(other)[:200], autojunk=False).ratio()


def _folded(text: str) -> list[str]:
    """The words of a text without letter case and punctuation."""
    return "".join(c if c.isalnum() else " " for c in text.casefold()).split()
