"""What an answer is made from, and how words of the meeting are quoted in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from server.brains.base import BrainRequest
from server.brains.embedded import timing
from server.brains.embedded.digest import Digest, Sentence
from server.brains.embedded.intents import Ask
from server.brains.embedded.phrases import phrase
from server.brains.embedded.search import Hit, find
from server.brains.embedded.speech import brief, quotable

#: Words of quotes in one answer, about twenty seconds of speech.
BUDGET = 52
#: Lines of a list card that can be read on a small tile.
LINES = 6
LINE_WORDS = 14


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say, and the tools to call: (name, arguments)."""

    text: str
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """What an answer is made from."""

    request: BrainRequest
    digest: Digest
    ask: Ask

    def say(self, words: str, /, **values: str) -> str:
        """A fixed phrase in the meeting's language."""
        return phrase(words, self.request.language, **values)

    def when(self, start: float) -> str:
        """ "two minutes ago", "at minute twelve"."""
        return timing.ago(start, self.request.now, self.request.started_at)

    @property
    def people(self) -> list[str]:
        """Everyone but the agent: those who are known to be here, then those who only spoke."""
        names = dict.fromkeys(self.request.participants)
        names.update(dict.fromkeys(turn.speaker for turn in self.request.turns if not turn.is_agent))
        return [name for name in names if name and name.lower() != self.request.agent_name.lower()]

    @property
    def elapsed(self) -> float:
        """Seconds since the meeting began."""
        return max(0.0, self.request.now - self.request.started_at)


def quote(room: Room, sentence: Sentence, most: int, *, lead: str = "") -> str:
    """ "Four minutes ago, Ana said: "We ship on Friday."" """
    text = quotable(sentence.text, most)
    verb = "asked" if text.endswith("?") else "said"
    when = lead or room.when(sentence.start)
    return f"{capital(when)}, {sentence.speaker} {verb}: “{text}”"


def quotes(room: Room, chosen: list[Sentence]) -> str:
    """Two or three quotes in order of time, within the budget of words."""
    parts: list[str] = []
    left = BUDGET
    previous, before = "", 0.0
    for sentence in sorted(chosen, key=lambda one: one.start):
        most = min(28, left)
        text = quotable(sentence.text, most)
        if not text or left < 8:
            continue
        left -= text.count(" ") + 1
        if parts and sentence.speaker == previous:
            later = "then" if sentence.start - before < 90 else room.when(sentence.start)
            parts.append(f"And {later}: “{text}”")
        else:
            parts.append(quote(room, sentence, most))
        previous, before = sentence.speaker, sentence.start
    return " ".join(parts)


def closest(room: Room, sentence: Sentence) -> str:
    """ "The closest thing said was by Ana, four minutes ago: …" """
    text = quotable(sentence.text, 28)
    return f"{room.say('closest')} {sentence.speaker}, {room.when(sentence.start)}: “{text}”"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def is_question(room: Room, sentence: Sentence) -> bool:
    """Is this the question that is being answered, coming back from the transcript?"""
    asked = set(room.request.question.lower().split())
    said = set(sentence.text.lower().split())
    if sentence.speaker != room.request.asker or not said:
        return False
    return len(said & asked) >= 0.7 * len(said) and sentence.start >= room.request.now - 60


def hits_for(room: Room, topic: str, *, person: str = "", most: int = 3) -> list[Hit]:
    found = find(room.digest, topic, room.request.evidence, person=person, most=most + 2)
    return [hit for hit in found if not is_question(room, hit.sentence)][:most]


def list_card(room: Room, title: str, chosen: list[Sentence]) -> tuple[tuple[str, dict[str, Any]], ...]:
    items = [f"{one.speaker}: {brief(one.text, LINE_WORDS)}" for one in sorted(chosen, key=lambda one: one.start)]
    return (("show_card", {"kind": "list", "title": title, "items": items[:LINES]}),)


def without(text: str, name: str) -> str:
    return re.sub(rf"\b{re.escape(name)}(?:['’]s)?\b", "", text, flags=re.I).strip() if name else text


def short(topic: str) -> str:
    topic = re.sub(r"^(?:i|we|you|he|she|they)\b.*?\b(?:said|about)\b ", "", topic)
    return " ".join(topic.split()[:8]) or "that"


def lower(text: str) -> str:
    return text[:1].lower() + text[1:]
