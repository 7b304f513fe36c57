"""People speak while a reply is on its way: duck, decide, then stop or go on.

Pure. Sound alone ducks at once and soon holds; words decide (`core/bargein.py`), with what the rules of addressing make
of them. A held reply goes on from the exact sample. Where sounds keep turning out to be nothing, murmurs of people who
listen, the agent has more patience with the next ones, so that they only lower its voice.
"""

from __future__ import annotations

import re

from server.core import addressing, bargein, commands
from server.core.addressing.text import fold
from server.core.delivery import Delivery
from server.core.guessing import folded
from server.core.overspeech import TOGETHER, OwnSound, Patience, Speech, Words
from server.core.reply import Reply
from server.core.resuming import HARDLY, Resuming
from server.core.room import Room
from server.core.turns import Turns

#: seconds between two looks while it is held
LOOK = 0.5
#: seconds after "right" in which the next words tell whether it was a murmur, or the begin of something
MORE_WORDS = 0.35
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
#: seconds by which ears may tell of speech that had begun before the sound was let out
EDGE_LATE = 0.5
#: seconds after the first sample in which the same words again are the question's, late or repeated
REPEATED = 3.0


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
        self._patience = Patience()
        self._own_sound = OwnSound()
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

    def words(self, said: Words) -> bool:
        """Somebody's words. True when they are dealt with and need no judging."""
        now = said.now
        self._words_of = (said.who, now)
        reply = self._delivery.running
        if reply is None or reply.guess:
            return said.final and self._only_stopped(said)
        asker = _asks(said, reply)
        if not reply.audible:
            if asker:
                self._before_sound(said.text, now)
            return False
        first = reply.times.get("first_sound", now)
        if said.end is not None and said.end <= first:
            return False  # said before we began; the words only came late
        repeated = asker and said.end is None and now - first < REPEATED and _same_words(said.text, reply.asked.text)
        if repeated and not bargein.says_stop(said.text):
            return said.final
        told = self._says_only_stop(said.text)
        if told is not None and (asker or told or len(said.text.split()) <= bargein.SHORT):
            return self._told_to_stop(reply, said, named=told)
        return self._judged(reply, said, now - first)

    def _judged(self, reply: Reply, said: Words, since: float) -> bool:
        """Decide on what the words mean, `since` seconds after our first sample. True as in `words`."""
        now, context = said.now, self._room.context(said.who, self._room.name_of(said.who), said.now)
        verdict, named = addressing.judge(said.text, context), addressing.calls(said.text, context)
        meaning = self._meaning(reply, said, verdict, since, named=named)
        if (
            said.final
            and verdict.addressed
            and since >= bargein.GRACE
            and meaning not in bargein.HARMLESS | bargein.ENDS
        ):
            meaning = bargein.Meaning.FLOOR  # few words, but that is all of them, and they are for us
        self._note(meaning, now)
        if meaning in bargein.ENDS:
            return self._stop(reply, said, meaning, named=named)
        if meaning is bargein.Meaning.HOLD and not said.final:
            self._hold(now)
            self._alarm(now + LOOK)
        elif meaning in bargein.HARMLESS or said.final:
            more = 0.0 if said.final or bargein.is_noise(said.text) else MORE_WORDS
            self._go_on(now, meaning is bargein.Meaning.BACKCHANNEL, more)
        else:
            self._delivery.duck()
            self._alarm(now + bargein.FALSE_ALARM)
        if said.final:
            reason = verdict.reason
            if meaning is bargein.Meaning.BACKCHANNEL:
                reason = "backchannel"
            elif verdict.addressed or (meaning is bargein.Meaning.ASIDE and reason == "not-called"):
                reason = "aside"
            self._record("silent", reason, said)
        return said.final

    def _meaning(
        self, reply: Reply, said: Words, verdict: addressing.Verdict, since: float, *, named: bool
    ) -> bargein.Meaning:
        who, now = said.who, said.now
        command = commands.resumption(said.text)
        if command is not None and command.kind == "go-on" and not named:
            return bargein.Meaning.BACKCHANNEL
        meaning = bargein.judge(
            said.text,
            reason=verdict.reason,
            asker=_asks(said, reply),
            named=named,
            since=since,
            final=said.final,
            about=frozenset(_words(f"{reply.spoken.heard} {reply.asked.question}")),
        )
        if verdict.reason == "other-person" and meaning is bargein.Meaning.ASIDE:
            self._talk_aside(who, said.text, now)
        elif meaning is bargein.Meaning.ASIDE and verdict.reason not in bargein.ELSEWHERE:
            before, self._remark = self._remark, (who, now)
            if before[0] == who and now - before[1] <= REMARKS:
                return bargein.Meaning.FLOOR  # no remark any more: they talk
        elif now < self._aside.get(who, 0.0) and not (meaning is bargein.Meaning.STOP or named or verdict.addressed):
            self._aside[who] = now + SIDE_TALK
            return meaning if meaning is bargein.Meaning.BACKCHANNEL else bargein.Meaning.ASIDE
        return meaning

    def _stop(self, reply: Reply, said: Words, meaning: bargein.Meaning, *, named: bool) -> bool:
        """The reply ends here. True when nothing is left to be judged."""
        who, now, stop = said.who, said.now, meaning is bargein.Meaning.STOP
        self._patience.was_right()
        self._aside.pop(who, None)
        speech, self._speech, self._held = self._speech, None, None
        if not stop and not named and reply.spoken.played < HARDLY:
            if not _asks(said, reply):
                self._resuming.gave_way(reply, who, now)
                self._delivery.interrupt("gave-way", now)
                return False
            if _began_before(reply, speech, said):
                asked = reply.asked
                self._delivery.interrupt("merged", now)
                self._turns.goes_on(asked, now)
                return False
        self._cut = (who, reply.spoken.heard or "—", now)
        self._resuming.cut_by(who)
        self._delivery.interrupt("stop" if stop else "interrupted", now)
        if said.final and stop and not named and commands.parse(said.text) is not None:
            self._record("stop", "stop", said)
            return True
        return False

    def _told_to_stop(self, reply: Reply, said: Words, *, named: bool) -> bool:
        """Nothing but that: no rule of addressing could make anything else of it, and it is to be quick."""
        self._note(bargein.Meaning.STOP, said.now)
        if self._stop(reply, said, bargein.Meaning.STOP, named=named):
            return True
        if said.final:
            self._turns.forget()
            self._record("stop", "stop", said)
        return said.final

    def _says_only_stop(self, text: str) -> bool | None:
        """Whether the agent's name is in words that otherwise only say stop; None when they say anything else."""
        names = {name.casefold() for name in (self._room.config.name, *self._room.config.aliases)}
        words = text.split()
        rest = [word for word in words if word.strip(" ,.!?-").casefold() not in names]
        return len(rest) < len(words) if _says_stop(rest) else None

    def _only_stopped(self, said: Words) -> bool:
        """Whether these are the last words of whoever just cut in, and they wanted nothing but that."""
        by, _, at = self._cut
        if said.who != by or said.now - at > SAYING:
            return False
        context = self._room.context(said.who, self._room.name_of(said.who), said.now)
        if not _says_stop([word for word in said.text.split() if not addressing.is_name(word.strip(" ,.!?"), context)]):
            return False
        self._record("stop", "stop", said)
        return True

    def _before_sound(self, text: str, now: float) -> None:
        """The asker goes on before a sound of the answer was out: both parts are one question."""
        reply = self._delivery.running
        if reply is None or bargein.is_backchannel(text) or _same_words(text, reply.asked.text):
            return  # a murmur, or a late or repeated event of what was already asked
        if (asked := self._delivery.withdraw("merged", now)) is not None:
            self._turns.goes_on(asked, now)

    def _note(self, meaning: bargein.Meaning, now: float) -> None:
        """What these words tell about the sound over us."""
        if meaning not in bargein.HARMLESS:
            self._own_sound.was_a_person()
        if self._speech is None:
            self._speech = Speech(now)
        self._speech.means(now, harmless=meaning in bargein.HARMLESS)

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
        self._own_sound.came_back(now)
        reply = self._delivery.running
        if reply is None or not reply.audible:
            return
        if self._speech is not None and (self._speech.worded is None or self._speech.harmless):
            self._speech.means(now, harmless=True)
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
            self._alarm(max(now, onset + self._patience.seconds(self._speech, reply)))

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
        reply = self._delivery.running
        if reply is None:
            return
        self._delivery.try_release(now)
        speech, self._speech = self._speech, None
        if speech is None and not self._delivery.ducked and self._held is None:
            return
        if speech is not None:
            self._own_sound.ended(speech, reply, self._held, self._room.floor.speech_end(now) or now)
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
        if speech is not None and (worded or self._held is None) and self._own_sound.explains(speech, reply, now):
            if worded:
                self._was_wrong(now)
            self._held = None
            self._delivery.unduck(now)
        elif self._held is None and (
            speech is None or now - speech.onset + 1e-6 >= self._patience.seconds(speech, reply)
        ):
            self._hold(now)
        self._alarm(now + LOOK)

    # ------------------------------------------------------------ what is done

    def _hold(self, now: float) -> None:
        self._delivery.duck()
        self._delivery.pause(now)
        if self._held is None:
            self._held = now

    def _go_on(self, now: float, sure: bool = True, more: float = 0.0) -> None:
        """It was nothing: go on when the room is quiet, and where it is held and they may say more, a little later.

        `more`: seconds within which more words may tell otherwise, though these are `sure`.
        """
        ended = self._room.floor.speech_end(now)
        free = now if sure or self._held is None else max(now, (now if ended is None else ended) + RESUME_WORDS)
        if self._room.floor.talking(now):
            since = self._speech.harmless_since if self._speech is not None else None
            wait = more if sure and self._held is not None else LOOK
            # More words of the same kind do not put it off.
            self._alarm(max(now, (now if since is None else since) + wait))
        elif free > now:
            self._alarm(free)
        else:
            self._resume(now)

    def _was_wrong(self, now: float) -> None:
        """It need not have been held: have more patience for a while."""
        if self._held is not None:
            self._patience.was_wrong(now)

    def _resume(self, now: float) -> None:
        self._was_wrong(now)
        self._speech = self._held = None
        self._delivery.unduck(now)

    def _alarm(self, at: float) -> None:
        self._room.out.timer("alarm", at)

    def _record(self, verdict: str, reason: str, said: Words) -> None:
        self._room.decide(
            verdict,
            reason,
            said.now,
            turn=said.turn,
            speaker=self._room.name_of(said.who),
            text=said.text,
            epoch=self._delivery.epoch,
        )


def _asks(said: Words, reply: Reply) -> bool:
    """Whether whoever speaks is the one it answers."""
    return bool(said.who) and said.who == reply.asked.who


def _began_before(reply: Reply, speech: Speech | None, said: Words) -> bool:
    """Whether these words belong to speech that began when our sound did: the question was not over."""
    latest = reply.times.get("first_sound", said.now) + 2 * TOGETHER
    return (said.start is not None and said.start <= latest) or (speech is not None and speech.onset <= latest)


def _says_stop(words: list[str]) -> bool:
    """Whether these words, without any name, only say stop."""
    command = commands.parse(" ".join(words)) if words else None
    return command is not None and command.kind == "stop"


def _same_words(text: str, other: str) -> bool:
    """Whether these words are already part of the others, whatever their case and punctuation."""
    return folded(text) in folded(other)


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in re.findall(r"[\w']+", text))
