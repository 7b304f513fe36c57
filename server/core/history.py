"""What people really heard of the agent: the memory of its replies, its lines in the transcript, what may come back.

Pure. Only what the page reported as played counts as heard; the plan beyond that is kept as the unheard rest.
"""

from __future__ import annotations

from server.core.echo import Ledger
from server.core.messages import Line
from server.core.outbox import Outbox
from server.core.prompt import PastReply
from server.core.reply import Reply
from server.core.transcript import Transcript

#: replies remembered
REPLIES = 12
#: characters of what is about to be out that may already come back: the page's reports are a little late
COMING = 24


class History:
    """The agent's own words in one conversation."""

    def __init__(self, out: Outbox, transcript: Transcript, name: str) -> None:
        self._out = out
        self._transcript = transcript
        self._name = name
        self.past: list[PastReply] = []
        #: what the last reply that was interrupted still meant to say
        self.unheard = ""
        self.ledger = Ledger((name,))

    def played(self, reply: Reply, now: float) -> None:
        """The page played on: these words may come back from now on."""
        out, planned = reply.spoken.sounded, reply.spoken.planned
        if len(out) > reply.heard_logged:
            self.ledger.played(planned[reply.heard_logged : len(out)], now, planned[len(out) : len(out) + COMING])
            reply.heard_logged = len(out)

    def over(self, reply: Reply, outcome: str, now: float) -> None:
        """The reply is over: what was heard of it stands in the transcript, and no more."""
        self.played(reply, now)
        self.ledger.played("", now)  # nothing more is about to be out
        self.unheard = reply.spoken.unheard if outcome == "interrupted" else ""
        heard = reply.spoken.heard
        if not heard:
            if reply.released:
                self._out.page(Line(reply.line, self._name, "", final=True, agent=True))
            return
        complete = outcome == "complete"
        text = heard if complete else f"{heard} —"
        meeting = self._transcript.clock.now(now)
        began = meeting - (now - reply.times.get("first_sound", now))
        self._transcript.add_own(self._name, text, began, meeting)
        self._out.page(Line(reply.line, self._name, text, final=True, agent=True))
        asked = reply.asked
        self.past.append(PastReply(asked.question, asked.speaker, reply.spoken.planned, heard, began, complete))
        del self.past[:-REPLIES]
