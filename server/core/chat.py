"""The meeting's chat: commands for the people allowed, and questions that are answered in writing.

Pure. A written answer goes its own way: it needs no voice, no page and no floor, and does not disturb a spoken one.
Everything written enters the transcript, addressed to the agent or not.
"""

from __future__ import annotations

import re

from server.core import addressing, commands
from server.core.asking import Asking
from server.core.cards import card_from
from server.core.composing import SORRY
from server.core.decision import Decision
from server.core.delivery import PATIENCE, Delivery
from server.core.effects import LeaveMeeting, SendChat, Stop, Think
from server.core.events import BrainDone, BrainText, BrainTool, ChatSaid
from server.core.obeying import Obeying
from server.core.outbox import Outbox
from server.core.prompt import PastReply
from server.core.reply import Asked, Reply
from server.core.room import Room

#: answers being written at once; a further question is told to wait
MOST = 3
#: characters of one written answer
LONGEST = 4000
BUSY = "One moment, I am still writing an answer. Please ask again."
NOT_ALLOWED = "Only a host of this meeting can ask me that."

#: A command is the whole line; a sentence that only begins like one ("leave a note for Ben") is a request.
_COMMAND = re.compile(
    r"^(?:(?P<unmute>unmute)|(?P<mute>mute)(?P<for>[\s:,]+(?:for\s+)?(?:\d{1,3}|an?|one|two|three|five|ten|fifteen|twenty"
    r"|thirty)\s+(?:min(?:ute)?|hour|second)s?)?|(?P<leave>leave)(?:\s+(?:now|please|(?:the|this)\s+(?:meeting|call)))*"
    r"|(?P<say>say)[\s:,]+(?P<words>\S.*))[\s.!]*$",
    re.I | re.S,
)
#: keys of lines remembered to know one that comes twice; full: the oldest is forgotten
REMEMBERED = 200


class Chat:
    """What comes of a line in the chat."""

    def __init__(self, room: Room, delivery: Delivery, asking: Asking) -> None:
        self._room = room
        self._out: Outbox = room.out
        self._delivery = delivery
        self._asking = asking
        self._obeying = Obeying(room, delivery)
        self._writing: dict[int, tuple[Reply, str, list[str]]] = {}
        self._seen: dict[str, None] = {}

    # ------------------------------------------------------------ what people write

    def said(self, event: ChatSaid, now: float) -> str:
        """Somebody wrote this. Returns what the agent shall say aloud, if that is what was wanted."""
        room, text = self._room, event.text.strip()
        who, agent = event.speaker_id or event.speaker, room.config.name.casefold()
        if not text or event.speaker.casefold() == agent or self._twice(event.key):
            return ""
        turn = room.transcript.written(event.speaker_id, event.speaker, text, now)
        room.memory.add(turn)
        to = event.speaker_id if event.private and event.speaker_id else "everyone"
        context = room.context(who, turn.speaker, now)
        called = _called(text, context)
        command = _COMMAND.match(called or (text if event.private else ""))
        if command is not None:
            return self._obey(command, turn.index, turn.speaker, who, text, to, now)
        verdict = addressing.judge(text, context)
        if not verdict.addressed and not event.private:
            self._decide("silent", verdict.reason, turn.index, turn.speaker, text, now, verdict.evidence)
            return ""
        if verdict.reason in ("thanked", "taken-back"):
            self._decide("silent", verdict.reason, turn.index, turn.speaker, text, now, verdict.evidence)
            return ""
        if (spoken := commands.parse(verdict.question or text)) is not None:
            return self._obey_spoken(spoken, turn.index, turn.speaker, who, text, to, now)
        reason = "wrote-to-us" if event.private and not verdict.addressed else "called-in-chat"
        asked = Asked(
            turn.index, turn.speaker, turn.speaker_id, text, verdict.question or text, reason, verdict.evidence,
            since=now, latest=now,
        )  # fmt: skip
        self._answer(asked, to, now)
        return ""

    def _obey(self, command: re.Match[str], turn: int, speaker: str, who: str, text: str, to: str, now: float) -> str:
        if command["mute"]:
            self._delivery.mute(commands.minutes(command["for"] or ""), now)
            self._decide("mute", "be-quiet", turn, speaker, text, now)
        elif command["unmute"]:
            self._delivery.unmute()
            self._decide("obeyed", "asked-in-chat", turn, speaker, text, now)
        elif not self._room.may_command(who, speaker):
            self._decide("silent", "not-allowed", turn, speaker, text, now)
            self._out.add(SendChat(NOT_ALLOWED, to))
        elif command["leave"]:
            self._decide("obeyed", "asked-in-chat", turn, speaker, text, now)
            self._out.add(LeaveMeeting("asked"))
        else:
            self._decide("obeyed", "asked-in-chat", turn, speaker, text, now)
            return command["words"].strip()
        return ""

    def _twice(self, key: str) -> bool:
        """Whether the host delivers this line again."""
        if not key:
            return False
        known = key in self._seen
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return known

    def _obey_spoken(
        self, command: commands.Command, turn: int, speaker: str, who: str, text: str, to: str, now: float
    ) -> str:
        """The requests that need no brain are understood in writing as they are in speech."""
        if command.kind == "leave" and (leave := _COMMAND.match("leave")):
            return self._obey(leave, turn, speaker, who, text, to, now)
        if command.kind == "stop":
            self._delivery.interrupt("stop", now)
        verdict, reason = self._obeying.do(command, who, speaker, now)
        self._decide(verdict, reason, turn, speaker, text, now)
        return ""

    # ------------------------------------------------------------ answering in writing

    def _answer(self, asked: Asked, to: str, now: float) -> None:
        if len(self._writing) >= MOST:
            self._decide("silent", "busy", asked.turn, asked.speaker, asked.text, now, asked.evidence)
            self._out.add(SendChat(BUSY, to))
            return
        delivery = self._delivery
        delivery.count += 1
        reply = Reply(delivery.count, delivery.epoch, asked, at=now)
        reply.stage("final", now)
        reply.stage("committed", now)
        self._writing[reply.id] = (reply, to, [])
        self._out.timer(f"write:{reply.id}", now + 3 * PATIENCE)
        self._out.add(Think(self._asking.thought(asked, reply.id, reply.epoch, now, written=True)))

    def owns(self, reply: int) -> bool:
        """Whether this reply is a written one."""
        return reply in self._writing

    def text(self, event: BrainText, now: float) -> None:
        """Some of it came."""
        reply, _, parts = self._writing[event.reply]
        reply.stage("first_token", now)
        if sum(map(len, parts)) < LONGEST:
            parts.append(event.text)

    def tool(self, event: BrainTool) -> None:
        """The brain wants something shown; what needs a spoken reply does not belong to a written one."""
        if event.name == "show_card" and (card := card_from(event.arguments)):
            self._delivery.tile.show(card)
        elif event.name == "hide_card":
            self._delivery.tile.show(None)

    def done(self, event: BrainDone, now: float) -> None:
        """It is complete."""
        reply, _, parts = self._writing[event.reply]
        reply.brain = event.brain
        reply.trouble = event.standing_in or ("cut" if event.reason == "cut" else "")
        self._send(event.reply, "".join(parts).strip(), now)

    def failed(self, reply_id: int, code: str, now: float) -> None:
        """No brain could finish it: what there is goes out, or one short sentence."""
        reply, _, parts = self._writing[reply_id]
        reply.trouble = code
        self._send(reply_id, "".join(parts).strip(), now)

    def late(self, reply_id: int, now: float) -> None:
        """The brain took too long."""
        if reply_id in self._writing:
            self._out.add(Stop(reply_id))
            self.failed(reply_id, "timeout", now)

    def resume(self, now: float) -> None:
        """The process died meanwhile: everything that was being written is asked for anew."""
        for reply, _, parts in self._writing.values():
            parts.clear()
            self._out.timer(f"write:{reply.id}", now + 3 * PATIENCE)
            self._out.add(Think(self._asking.thought(reply.asked, reply.id, reply.epoch, now, written=True)))

    def _send(self, reply_id: int, text: str, now: float) -> None:
        reply, to, _ = self._writing.pop(reply_id)
        self._out.cancel(f"write:{reply_id}")
        config, transcript = self._room.config, self._room.transcript
        if not text:
            reply.trouble = reply.trouble or "empty"
            text = SORRY.get(config.language, SORRY["en"])
        text = text[:LONGEST]
        self._out.add(SendChat(text, to))
        meeting = transcript.clock.now(now)
        transcript.add_own(config.name, text, meeting, meeting, via="chat")
        self._delivery.past.append(PastReply(reply.asked.question, reply.asked.speaker, text, text, meeting, True))
        reply.spoken.add(text)
        self._out.decide(reply.decision("written", now, self._room.floor.describe(now)))

    def _decide(
        self, verdict: str, reason: str, turn: int, speaker: str, text: str, now: float, evidence: str = ""
    ) -> None:
        self._out.decide(
            Decision(
                turn, now, verdict, reason, speaker, text, evidence, self._room.floor.describe(now),
                self._delivery.epoch, times={"final": round(now, 4), "ended": round(now, 4)},
            )
        )  # fmt: skip


def _called(text: str, context: addressing.Context) -> str:
    """What stands behind the agent's name at the beginning of a line: "@Parley, mute" gives "mute"."""
    found = re.match(r"^\s*[@/]?(?P<name>[^\s,:]+)[\s,:]+(?P<rest>.+)$", text, re.S)
    if found and addressing.is_name(found["name"].strip("@"), context):
        return found["rest"].strip()
    return ""
