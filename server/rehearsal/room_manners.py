"""What the agent does with the floor, its voice and its hand, as the rehearsal room shows it.

Made from what the agent's session tells: the messages it sends to its page, its decisions, and what its ears hear.
"""

from __future__ import annotations

from typing import Any, Literal

Event = dict[str, Any]

#: `held` is silent but not over; `stopped` stays until the agent speaks again.
Voice = Literal["silent", "speaking", "lowered", "held", "going on", "stopped"]

#: why a reply that was cut short ended, in a word or two; the decision's `trouble` says which
_STOPPED = {"interrupted": "interrupted", "stop": "told to", "closing": "it is leaving"}

#: a reply is out, or waits in the middle of a word
_IN_REPLY: frozenset[Voice] = frozenset(("speaking", "lowered", "held", "going on"))


class Manners:
    """The last that is known; `take` says what changed."""

    def __init__(self) -> None:
        self.voice: Voice = "silent"
        #: why it stopped, in a word or two
        self.words = ""
        #: the label of the raised hand, or empty
        self.hand = ""
        #: the agent's ears hear somebody
        self.talking = False

    @property
    def snapshot(self) -> Event:
        """For a page that has just come in."""
        return {"voice": self.voice, "words": self.words, "hand": self.hand, "talking": self.talking}

    def take(self, event: Event) -> Event | None:
        """One event of the session; an event for the room's page when it changes something."""
        match event.get("type"):
            case "floor":
                talking = bool(event.get("talking"))
                if talking != self.talking:
                    self.talking = talking
                    return {"type": "floor", "talking": talking}
            case "hand":
                label = str(event.get("label", ""))
                if label != self.hand:
                    self.hand = label
                    return {"type": "hand", "label": label}
            case "decision" if self.voice == "stopped" and event.get("outcome") == "interrupted":
                return self._turn("stopped", _STOPPED.get(str(event.get("trouble", "")), ""))
            case _:
                return self._turn(self._after(event))
        return None

    def _after(self, event: Event) -> Voice:
        """The voice after this event."""
        in_reply = self.voice in _IN_REPLY
        match event:
            case {"type": "state", "state": "speaking"} if not in_reply:
                return "speaking"
            case {"type": "state", "state": state} if in_reply and state != "speaking":
                return "silent"
            case {"type": "duck", "db": db} if in_reply and db < 0:
                return "held" if self.voice == "held" else "lowered"
            case {"type": "duck"} if self.voice == "lowered":
                return "going on"
            case {"type": "pause"} if in_reply:
                return "held"
            case {"type": "continue"} if in_reply:
                return "going on"
            case {"type": "flush"} if in_reply:
                return "stopped"
        return self.voice

    def _turn(self, voice: Voice, words: str = "") -> Event | None:
        if voice == self.voice and (not words or words == self.words):
            return None
        self.voice, self.words = voice, words
        return {"type": "voice", "voice": voice, "words": words}
