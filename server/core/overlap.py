"""People speak while a reply is on its way: duck, decide, then stop or go on.

Pure. Sound alone ducks at once and soon holds; words decide (`core/bargein.py`), with what the rules of addressing make
of them. A held reply goes on from the exact sample. Where sounds keep turning out to be nothing, murmurs of people who
listen, the agent has more patience with the next ones, so that they only lower its voice.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from server.core import addressing, bargein, commands
from server.core.addressing.text import fold
from server.core.delivery import Delivery
from server.core.guessing import folded
from server.core.reply import Reply
from server.core.resuming import HARDLY, Resuming
from server.core.room import Room
from server.core.turns import Turns

#: speech of this length over the agent holds it, even before any words have come: of somebody in the mixed sound or
#: the person it answers, and of another one on sound of their own
PAUSE_AFTER = 0.18
PAUSE_OTHER = 0.6
#: where holding it turned out to be wrong, speech has to last longer the next times
PAUSE_MORE = (0.0, 0.5, 1.0)
#: seconds after which a wrong hold is forgotten
WRONG = 60.0
#: seconds since harmless words, or our own, in which the sound that goes on is taken to be explained by them
EXPLAINED = 1.5
#: seconds between two looks while it is held
LOOK = 0.5
#: seconds after the end of speech, as it is known, in which the voice is back: with all words known, and with some
#: still on their way
RESUME = 0.3
RESUME_WORDS = 0.7
#: seconds for which it is held at most; then the floor is theirs
HELD = 6.0
#: seconds for which what was cut still counts as being said
SAYING = 3.0
#: seconds for which somebody who was called by another, or called, is taken to be talking with them
SIDE_TALK = 8.0
#: seconds within which a second remark of the same person is no remark any more
REMARKS = 6.0
#: speech that began this close to our first sample, or before it, is no echo of ours: both began together
TOGETHER = 0.15
#: seconds by which ears may tell of speech that had begun before the sound was let out
EDGE_LATE = 0.5
#: speech that began so soon after our first sample, and brings no words, may be ours
OWN_SOUND = 1.0
#: seconds for which words of ours in the transcript tell that our sound comes back, too
CARRIES = 30.0
#: seconds between our falling silent and the end of a sound that was ours
ENDS_WITH_US = 0.8
#: seconds after the first sample in which the same words again are the question's, late or repeated
REPEATED = 3.0


@dataclass(slots=True)
class Speech:
    """Somebody's speech over the running reply, since it was last quiet."""

    onset: float
    #: key of the person, where the sound is theirs alone
    who: str = ""
    #: when its last words came, and whether all of them were harmless, or our own
    worded: float | None = None
    harmless: bool = True
    #: since when they have been harmless
    harmless_since: float | None = None

    def words(self, now: float, *, harmless: bool) -> None:
        """Some of it is known in words."""
        if not harmless:
            self.harmless_since = None
        elif self.harmless_since is None:
            self.harmless_since = now
        self.worded, self.harmless = now, harmless


class Overlap:
    """What happens to a running reply when somebody speaks."""

    def __init__(self, room: Room, delivery: Delivery, turns: Turns, resuming: Resuming) -> None:
        self._room = room
        self._delivery = delivery
        self._turns = turns
        self._resuming = resuming
        self._speech: Speech | None = None
        self._held: float | None = None
        #: who is speaking now, as words tell, and when they came
        self._words_of: tuple[str, float] = ("", 0.0)
        #: who cut in last, what was being said, and when
        self._cut: tuple[str, str, float] = ("", "", -SAYING)
        #: who spoke of something else last, and when
        self._remark: tuple[str, float] = ("", 0.0)
        # people talking with each other, and until when; as many as are called by name
        self._aside: dict[str, float] = {}
        self._carried = -CARRIES
        #: when holding turned out to be wrong; as many as PAUSE_MORE knows
        self._wrong: deque[float] = deque(maxlen=len(PAUSE_MORE) - 1)
        #: times that a sound over us turned out to be ours
        self._ours = 0
        self._began = 0
        room.saying = self.saying

    def saying(self) -> str:
        """What is being said, as far as it was heard; or was when the person now speaking cut in."""
        reply = self._delivery.running
        if reply is not None and reply.audible:
            return reply.spoken.heard or "—"
        (who, now), (by, text, at) = self._words_of, self._cut
        return text if who == by and now - at <= SAYING else ""

    # ------------------------------------------------------------ words

    def words(
        self,
        who: str,
        text: str,
        end: float | None,
        now: float,
        *,
        final: bool,
        turn: int = -1,
        start: float | None = None,
    ) -> bool:
        """Somebody's words, said from `start` to `end`. True when they are dealt with and need no judging."""
        self._words_of = (who, now)
        reply = self._delivery.running
        if reply is None or reply.guess:
            return final and self._only_stopped(who, text, turn, now)
        asker = bool(who) and who == reply.asked.who
        if not reply.audible:
            if asker:
                self._before_sound(text, now)
            return False
        since = now - reply.times.get("first_sound", now)
        if end is not None and end <= now - since:
            return False  # said before we began; the words only came late
        repeated = asker and end is None and since < REPEATED and _same_words(text, reply.asked.text)
        if repeated and not bargein.says_stop(text):
            return final
        if (told := self._told_to_stop(text)) is not None and (asker or told or len(text.split()) <= bargein.SHORT):
            # Nothing but that: no rule of addressing could make anything else of it, and it is to be quick.
            stop = bargein.Overlap.STOP
            self._note(stop, now)
            if not self._stop(reply, who, text, stop, now, start, final=final, turn=turn, asker=asker, named=told):
                if not final:
                    return False
                self._turns.forget()
                self._record("stop", "stop", who, text, turn, now)
            return True
        context = self._room.context(who, self._room.name_of(who), now)
        verdict, named = addressing.judge(text, context), addressing.calls(text, context)
        meaning = self._meaning(reply, who, text, verdict, now, since, asker=asker, named=named, final=final)
        if final and verdict.addressed and since >= bargein.GRACE and meaning not in bargein.HARMLESS | bargein.ENDS:
            meaning = bargein.Overlap.FLOOR  # few words, but that is all of them, and they are for us
        self._note(meaning, now)
        if meaning in bargein.ENDS:
            return self._stop(reply, who, text, meaning, now, start, final=final, turn=turn, asker=asker, named=named)
        if meaning is bargein.Overlap.HOLD and not final:
            self._hold(now)
            self._alarm(now + LOOK)
        elif meaning in bargein.HARMLESS or final:
            self._go_on(now, meaning is bargein.Overlap.BACKCHANNEL)
        else:
            self._delivery.duck()
            self._alarm(now + bargein.FALSE_ALARM)
        if final:
            reason = verdict.reason
            if meaning is bargein.Overlap.BACKCHANNEL:
                reason = "backchannel"
            elif verdict.addressed or (meaning is bargein.Overlap.ASIDE and reason == "not-called"):
                reason = "aside"
            self._record("silent", reason, who, text, turn, now)
        return final

    def _meaning(
        self, reply: Reply, who: str, text: str, verdict: addressing.Verdict, now: float, since: float,
        *, asker: bool, named: bool, final: bool,
    ) -> bargein.Overlap:  # fmt: skip
        command = commands.resumption(text)
        if command is not None and command.kind == "go-on" and not named:
            return bargein.Overlap.BACKCHANNEL
        about = frozenset(_words(f"{reply.spoken.heard} {reply.asked.question}"))
        meaning = bargein.judge(
            text, reason=verdict.reason, asker=asker, named=named, since=since, final=final, about=about
        )
        if verdict.reason == "other-person" and meaning is bargein.Overlap.ASIDE:
            self._talk_aside(who, text, now)
        elif meaning is bargein.Overlap.ASIDE and verdict.reason not in bargein.ELSEWHERE:
            before, self._remark = self._remark, (who, now)
            if before[0] == who and now - before[1] <= REMARKS:
                return bargein.Overlap.FLOOR  # no remark any more: they talk
        elif now < self._aside.get(who, 0.0) and not (meaning is bargein.Overlap.STOP or named or verdict.addressed):
            self._aside[who] = now + SIDE_TALK
            return meaning if meaning is bargein.Overlap.BACKCHANNEL else bargein.Overlap.ASIDE
        return meaning

    def _stop(
        self, reply: Reply, who: str, text: str, meaning: bargein.Overlap, now: float, start: float | None,
        *, final: bool, turn: int, asker: bool, named: bool,
    ) -> bool:  # fmt: skip
        """The reply ends here. True when nothing is left to be judged."""
        self._wrong.clear()
        stop = meaning is bargein.Overlap.STOP
        self._aside.pop(who, None)
        speech, self._speech, self._held = self._speech, None, None
        if not stop and not named and reply.spoken.played < HARDLY:
            if asker and self._began_before(reply, speech, start, now):
                asked = reply.asked
                self._delivery.interrupt("merged", now)
                self._turns.goes_on(asked, now)
                return False
            if not asker:
                self._resuming.gave_way(reply, who, now)
                self._delivery.interrupt("gave-way", now)
                return False
        self._cut = (who, reply.spoken.heard or "—", now)
        self._resuming.cut_by(who)
        self._delivery.interrupt("stop" if stop else "interrupted", now)
        if final and stop and not named and commands.parse(text) is not None:
            self._record("stop", "stop", who, text, turn, now)
            return True
        return False

    def _told_to_stop(self, text: str) -> bool | None:
        """Whether the agent's name is in words that otherwise only say stop; None when they say anything else."""
        names = {name.casefold() for name in (self._room.config.name, *self._room.config.aliases)}
        words = text.split()
        rest = [word for word in words if word.strip(" ,.!?-").casefold() not in names]
        command = commands.parse(" ".join(rest)) if rest else None
        return len(rest) < len(words) if command is not None and command.kind == "stop" else None

    def _only_stopped(self, who: str, text: str, turn: int, now: float) -> bool:
        """Whether these are the last words of whoever just cut in, and they wanted nothing but that."""
        by, _, at = self._cut
        if who != by or now - at > SAYING:
            return False
        context = self._room.context(who, self._room.name_of(who), now)
        words = [word for word in text.split() if not addressing.is_name(word.strip(" ,.!?"), context)]
        command = commands.parse(" ".join(words))
        if command is None or command.kind != "stop":
            return False
        self._record("stop", "stop", who, text, turn, now)
        return True

    def _began_before(self, reply: Reply, speech: Speech | None, start: float | None, now: float) -> bool:
        """Whether these words belong to speech that began when our sound did: the question was not over."""
        latest = reply.times.get("first_sound", now) + 2 * TOGETHER
        return (start is not None and start <= latest) or (speech is not None and speech.onset <= latest)

    def _before_sound(self, text: str, now: float) -> None:
        """The asker goes on before a sound of the answer was out: both parts are one question."""
        reply = self._delivery.running
        if reply is None or bargein.is_backchannel(text) or _same_words(text, reply.asked.text):
            return  # a murmur, or a late or repeated event of what was already asked
        if (asked := self._delivery.withdraw("merged", now)) is not None:
            self._turns.goes_on(asked, now)

    def _note(self, meaning: bargein.Overlap, now: float) -> None:
        """What these words tell about the sound over us."""
        self._ours = 0 if meaning not in bargein.HARMLESS else self._ours
        if self._speech is None:
            self._speech = Speech(now)
        self._speech.words(now, harmless=meaning in bargein.HARMLESS)

    def _talk_aside(self, who: str, text: str, now: float) -> None:
        """Two people talk with each other: whoever speaks, and whoever was called."""
        said = _words(text)
        for key, name in self._room.transcript.names.items():
            if key != who and not said.isdisjoint(_words(name)):
                self._aside[key] = now + SIDE_TALK
        if who:
            self._aside[who] = now + SIDE_TALK

    def echo(self, now: float) -> None:
        """Words of ours came back: nobody's, and a sign that our sound comes back, too."""
        self._carried = now
        reply = self._delivery.running
        if reply is None or not reply.audible:
            return
        if self._speech is not None and (self._speech.worded is None or self._speech.harmless):
            self._speech.words(now, harmless=True)
            self._go_on(now)

    # ------------------------------------------------------------ sound

    def sound(self, now: float, onset: float | None = None, who: str = "") -> None:
        """Somebody's voice since `onset`, on sound of their own when `who` says whose; None: only a loud noise."""
        reply = self._delivery.running
        if reply is None or not reply.audible:
            return
        self._delivery.duck()
        if onset is None:
            self._alarm(now + bargein.FALSE_ALARM)
            return
        if self._speech is None:
            self._speech = Speech(onset, who)
        if onset <= reply.times.get("first_sound", now) + TOGETHER * (2 if who else 1):
            self._hold(now)  # both began together: yield, and come back
            self._alarm(now + LOOK)
        else:
            self._alarm(max(now, onset + self._patience(reply)))

    def played(self, now: float) -> None:
        """The page reported: the first time, look whether somebody began while our sound was on its way to it."""
        reply = self._delivery.running
        if reply is None or not reply.audible or self._began == reply.id:
            return
        self._began = reply.id
        self._speech = self._held = None
        since, released = self._room.floor.speaking_since, reply.times.get("released", now)
        if since is not None and since > released - EDGE_LATE and self._room.floor.talking(now):
            self.sound(now, since)

    def quiet(self, now: float) -> None:
        """The room is quiet again."""
        if self._delivery.running is None:
            return
        self._delivery.try_release(now)
        speech, self._speech = self._speech, None
        if speech is None and not self._delivery.ducked and self._held is None:
            return
        held = self._held
        ended = self._room.floor.speech_end(now) or now
        if speech is not None and speech.worded is None and not speech.who:
            ours = held is not None and held <= ended <= held + ENDS_WITH_US
            self._ours += 1 if ours or self._may_be_ours(speech, self._delivery.running) else 0
        pending = speech is not None and not speech.harmless
        self._alarm(now + (RESUME_WORDS if pending else RESUME))

    def look(self, now: float) -> None:
        """Time to decide: hold while somebody really speaks, go on when it was nothing."""
        reply = self._delivery.running
        if reply is None:
            return
        speech = self._speech
        if not self._room.floor.talking(now):
            self._resume(now)
            return
        worded = speech is not None and speech.worded is not None
        if self._held is not None and now - self._held >= HELD and worded:
            self._resuming.cut_by(self._words_of[0])
            self._speech = self._held = None
            self._delivery.interrupt("floor-taken", now)
            return
        if speech is not None and speech.worded is not None and self._is_nothing(speech, reply, now):
            self._was_wrong(now)
            self._held = None
            self._delivery.unduck(now)
        elif self._held is None and speech is not None and self._is_nothing(speech, reply, now):
            self._delivery.unduck(now)
        elif self._held is None and (speech is None or now - speech.onset + 1e-6 >= self._patience(reply)):
            self._hold(now)
        self._alarm(now + LOOK)

    def _is_nothing(self, speech: Speech, reply: Reply, now: float) -> bool:
        """Whether the sound that goes on is explained: by harmless words just now, or by our own voice."""
        if speech.worded is not None:
            return speech.harmless and (now - speech.worded <= EXPLAINED or now - self._carried <= CARRIES)
        if speech.who:
            return False
        return now - self._carried <= CARRIES or self._ours > 0 or self._may_be_ours(speech, reply)

    def _may_be_ours(self, speech: Speech, reply: Reply | None) -> bool:
        """Whether it began so soon after we did that it may be our own sound coming back."""
        first = reply.times.get("first_sound") if reply is not None else None
        return first is not None and first + TOGETHER < speech.onset <= first + OWN_SOUND

    def _patience(self, reply: Reply) -> float:
        speech = self._speech
        if speech is None:
            return PAUSE_AFTER
        wrong = sum(speech.onset - at <= WRONG for at in self._wrong)
        other = speech.who not in ("", reply.asked.who)
        return (PAUSE_OTHER if other else PAUSE_AFTER) + PAUSE_MORE[wrong]

    # ------------------------------------------------------------ what is done

    def _hold(self, now: float) -> None:
        self._delivery.duck()
        self._delivery.pause(now)
        if self._held is None:
            self._held = now

    def _go_on(self, now: float, sure: bool = True) -> None:
        """It was nothing: go on when the room is quiet, and where it is held and they may say more, a little later."""
        ended = self._room.floor.speech_end(now)
        free = now if sure or self._held is None else max(now, (now if ended is None else ended) + RESUME_WORDS)
        if self._room.floor.talking(now):
            since = self._speech.harmless_since if self._speech is not None else None
            # More words of the same kind do not put it off.
            later = max(now, (now if since is None else since) + LOOK)
            self._alarm(now if sure and self._held is not None else later)
        elif free > now:
            self._alarm(free)
        else:
            self._resume(now)

    def _was_wrong(self, now: float) -> None:
        """It need not have been held: have more patience for a while."""
        if self._held is not None:
            self._wrong.append(now)

    def _resume(self, now: float) -> None:
        self._was_wrong(now)
        self._speech = self._held = None
        self._delivery.unduck(now)

    def _alarm(self, at: float) -> None:
        self._room.out.timer("alarm", at)

    def _record(self, verdict: str, reason: str, who: str, text: str, turn: int, now: float) -> None:
        self._room.decide(
            verdict, reason, now, turn=turn, speaker=self._room.name_of(who), text=text, epoch=self._delivery.epoch
        )


def _same_words(text: str, other: str) -> bool:
    """Whether these words are already part of the others, whatever their case and punctuation."""
    return folded(text) in folded(other)


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in re.findall(r"[\w']+", text))
