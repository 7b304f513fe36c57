"""Who is in the meeting: names, hosts, joins and leaves, as far as the host tells.

Pure. A meeting whose host says nothing of people has an empty list; then nobody can be known to have left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.core.looking import Source

#: people remembered; full: whoever left first is forgotten
REMEMBERED = 500
#: a name with one of these words in it belongs to another bot: a note taker, a recorder
_BOT = re.compile(
    r"\b(?:bot|notetaker|note ?taker|recorder|recording|transcriber|fireflies|otter(?:\.ai)?|read\.ai|fathom|fellow"
    r"|tl;?dv|gong|chorus|avoma|meetgeek|sembly|ai assistant|ai notes?)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Someone:
    """A participant, or a bot that looks like one."""

    id: str
    name: str
    is_host: bool = False
    here: bool = True

    @property
    def is_bot(self) -> bool:
        """Whether the name is that of a machine."""
        return _BOT.search(self.name) is not None


class People:
    """Everybody the host named, without the agent itself."""

    def __init__(self, agent: str) -> None:
        self._agent = agent.casefold()
        self._known: dict[str, Someone] = {}
        #: what can be seen now: (id, source), in the order it came up
        self.shown: dict[tuple[str, Source], None] = {}
        #: somebody who is no bot was here at some time
        self.met = False

    def seen(self, id: str, name: str, is_host: bool) -> None:
        """Somebody is here, or is called differently now. The agent's own bot is nobody."""
        if not id or name.casefold() == self._agent:
            return
        known = self._known.pop(id, None)
        self._known[id] = Someone(id, name or (known.name if known else ""), is_host or bool(known and known.is_host))
        self.met = self.met or not self._known[id].is_bot
        if len(self._known) > REMEMBERED:
            gone = next((id for id, one in self._known.items() if not one.here), next(iter(self._known)))
            del self._known[gone]

    def left(self, id: str) -> None:
        """Somebody is gone, with their pictures."""
        known = self._known.get(id)
        if known is not None:
            self._known[id] = Someone(known.id, known.name, known.is_host, here=False)
        for key in [key for key in self.shown if key[0] == id]:
            del self.shown[key]

    def shows(self, id: str, source: Source, on: bool) -> None:
        """Somebody's camera or shared screen went on or off."""
        self.shown.pop((id, source), None)
        if on:
            self.shown[id, source] = None

    def by(self, id: str, name: str = "") -> Someone | None:
        """The person with this id, or else the only one of this name."""
        if id in self._known:
            return self._known[id]
        same = [one for one in self._known.values() if name and one.name == name]
        return same[0] if len(same) == 1 else None

    @property
    def here(self) -> tuple[Someone, ...]:
        """Everybody in the meeting now, in the order they were last seen to come."""
        return tuple(one for one in self._known.values() if one.here)

    @property
    def humans(self) -> tuple[Someone, ...]:
        """Everybody here who is no bot."""
        return tuple(one for one in self.here if not one.is_bot)

    @property
    def host_known(self) -> bool:
        """Whether the host told who leads the meeting."""
        return any(one.is_host for one in self.here)
