"""The conversation as the rehearsal room shows it: everybody's lines, and why the agent spoke or did not."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from server.rehearsal.meeting import Line

Event = dict[str, Any]

#: Lines kept for a page that comes in later; the oldest go first.
KEPT = 400
#: How many of the latest lines are searched for the one the agent has just understood.
_RECENT = 200
#: How often a line tells what became of the agent's voice; later turns are left out.
MAX_TOLD = 8
#: What its voice does when nobody is in its way.
_PLAIN = frozenset(("silent", "speaking"))


class Lines:
    """The lines of a room, oldest first, each as the dict that the room's page receives."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, Event] = OrderedDict()
        #: the session's id of a line, to ours
        self._ours: OrderedDict[str, str] = OrderedDict()
        self._last_understood = ""

    def snapshot(self, now: float) -> list[Event]:
        """All kept lines; `age` is how many seconds ago an unfinished one began."""
        return [
            line if line["final"] else {**line, "age": round(max(0.0, now - line["start"]), 3)}
            for line in self._lines.values()
        ]

    def started(self, line: Line) -> Event:
        """A person begins. `words` are the begins of the words in seconds since the line's begin."""
        return self._keep(
            {
                "type": "line",
                "id": f"p{line.id}",
                "person": line.person.id,
                "speaker": line.person.name,
                "text": line.text,
                "agent": False,
                "final": False,
                "cut": False,
                "start": round(line.start, 3),
                "seconds": round(line.end - line.start, 3),
                "words": [round((word.start or line.start) - line.start, 3) for word in line.words],
            }
        )

    def ended(self, line: Line) -> Event:
        """A person has finished, or broken off: then `text` is what was said of it."""
        begun = self._lines.get(f"p{line.id}") or self.started(line)
        event = {**begun, "final": True, "cut": line.cut, "words": []}
        if line.cut:
            event["text"] = " ".join(word.text for word in line.words)
        return self._keep(event)

    def agent(self, event: Event) -> Event:
        """The agent says something; the same id again replaces it."""
        return self._keep(
            {
                "type": "line",
                "id": f"a{event.get('id', '')}",
                "person": 0,
                "speaker": str(event.get("speaker", "")),
                "text": str(event.get("text", "")),
                "agent": True,
                "final": bool(event.get("final", True)),
                "cut": False,
                "start": 0.0,
                "words": [],
            }
        )

    def voiced(self, voice: str) -> Event | None:
        """The agent lowered its voice, held it, went on or stopped: kept with the line it is saying, if any."""
        line = next((line for line in reversed(self._lines.values()) if line["agent"]), None)
        if line is None or line["final"] or voice in _PLAIN:
            return None
        told = line.get("voice", [])
        if voice in told[-1:] or len(told) >= MAX_TOLD:
            return None
        return self._keep({**line, "voice": [*told, voice]})

    def understood(self, event: Event) -> None:
        """The agent has a line in its transcript: find out which of ours that is."""
        if not event.get("final", True):
            return
        theirs, key = str(event.get("id", "")), _key(event)
        ours = self._ours.get(theirs, "")
        if not ours:
            taken = set(self._ours.values())
            recent = [line for line in list(self._lines.values())[-_RECENT:] if not line["agent"]]
            ours = next((line["id"] for line in recent if _key(line) == key and line["id"] not in taken), "")
        if ours:
            self._ours[theirs] = self._last_understood = ours
            while len(self._ours) > KEPT:
                self._ours.popitem(last=False)

    def decided(self, event: Event) -> Event:
        """A decision and its line: the one of the same words, or the last one the agent understood."""
        line = self._about(event) or self._last_understood
        decision = {
            "verdict": str(event.get("verdict", "")),
            "reason": str(event.get("reason", "")),
            "words": str(event.get("words", "")),
            "evidence": str(event.get("evidence", "")),
            "floor": str(event.get("floor", "")),
            "outcome": str(event.get("outcome", "")),
            "latency_ms": event.get("latency_ms"),
        }
        if line in self._lines:
            # A copy: the dict without the decision may still be waiting to be sent.
            self._lines[line] = {**self._lines[line], "decision": decision}
        return {"type": "decision", "line": line, **decision}

    def _about(self, event: Event) -> str:
        """The line a decision is about: the first of the same words that has none yet. When a person went on
        after a pause, the decision is about all of it, and shown at the last part."""
        speaker, text = _key(event)
        if not text:
            return ""
        recent = [line for line in list(self._lines.values())[-_RECENT:] if not line["agent"]]
        theirs = [(line, said) for line in recent for who, said in [_key(line)] if who == speaker and said]
        same = [line for line, said in theirs if said == text]
        parts = [line for line, said in theirs if text.endswith(said)]
        free = [line for line in same if "decision" not in line]
        found = free[:1] or same[-1:] or parts[-1:]
        return str(found[0]["id"]) if found else ""

    def _keep(self, event: Event) -> Event:
        before = self._lines.get(event["id"])
        if before is not None and "decision" in before:
            event["decision"] = before["decision"]
        if before is not None and "voice" in before:
            event.setdefault("voice", before["voice"])
        self._lines[event["id"]] = event
        while len(self._lines) > KEPT:
            self._lines.popitem(last=False)
        return event


def _key(event: Event) -> tuple[str, str]:
    return str(event.get("speaker", "")).casefold(), " ".join(str(event.get("text", "")).split()).casefold()
