"""A meeting on virtual time: people who speak, the agent's real core, and what happened, as facts.

Everything random comes from the seed: the same scenario with the same seed is the same meeting, to the sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from server.core import events as ev
from server.core.conversation import Config
from server.core.prompt import Thought
from server.core.transcript import Turn, Word
from server.rehearsal.manners.clock import VirtualClock
from server.rehearsal.manners.echoing import Echoing
from server.rehearsal.manners.facts import Facts, Line, Sound, Sounded, first_reply
from server.rehearsal.manners.parties import ANSWER
from server.rehearsal.manners.session import VirtualSession, replays_alike
from server.rehearsal.manners.sound import RoomSound
from server.rehearsal.manners.words import Speaker, Transcriber
from server.rehearsal.scenario import SOUNDS, Scenario, Step

#: seconds between two looks of whoever waits for something
LOOK = 0.02
#: a step never waits longer for another than this, in seconds
PATIENCE = 45.0
#: seconds after the last step in which an unasked reply may still come
TAIL = 3.0
#: seconds in which the page's last report reaches the core
LAST_WORD = 1.0
#: seconds after which a meeting that does not end is ended
LONGEST = 600.0
#: seconds a reply may take when the step does not say
REPLY_WITHIN = 4.0
#: words a second of people, and seconds of the shortest line
PACE = 2.9
LEAST = 0.3
#: nobody says anything twice at the same pace, or exactly when planned (seconds)
VARIES = (0.92, 1.08)
LATER = 0.03

Waiting = Generator[float, None, bool]


@dataclass(frozen=True)
class Played:
    """A scenario that was run once."""

    scenario: Scenario
    seed: str
    facts: Facts
    #: a fresh conversation told the same events came to the same decisions
    replayed: bool


def play(scenario: Scenario, *, seed: str = "", speculate: bool | None = None) -> Played:
    """Run a scenario to its end. `speculate` overrides the setting of that name."""
    return _Meeting(scenario, seed, speculate).play()


class _Meeting:
    def __init__(self, scenario: Scenario, seed: str, speculate: bool | None) -> None:
        self._scenario = scenario
        self._seed = seed
        conditions = self._conditions = scenario.conditions
        # One stream of chance for each part: what one part draws does not change what happens to another.
        self._clock = clock = VirtualClock()
        config = Config(
            name=scenario.agent or "Parley", policy=conditions.policy, language=conditions.language, instructions=""
        )
        if speculate is not None:
            config = replace(config, speculate=speculate)
        self._session = VirtualSession(config, clock, self._chance("session"), conditions, self._answer, self._turn)
        self._echoing = Echoing(clock, self._chance("echo"), conditions, self._session)
        self._sound = RoomSound(
            clock,
            self._chance("sound"),
            conditions,
            tell=self._session.tell,
            page_onset=self._session.page.onset,
            echo=self._echoing.sounds,
        )
        self._transcriber = Transcriber(clock, self._chance("words"), conditions, self._session.tell)
        self._ids = {person.name: str(100 + index) for index, person in enumerate(scenario.people)}
        self._people = self._chance("people")
        self._lines: list[Line] = []
        self._over = False

    def _chance(self, part: str) -> Random:
        return Random(f"{self._scenario.name}|{self._seed}|{part}")

    def play(self) -> Played:
        session, clock = self._session, self._clock
        clock.at(0.0, self._open)
        steps = self._steps()
        clock.at(0.05, lambda: self._advance(steps))
        ended = clock.run(lambda: self._over, LONGEST)
        decisions = [decision for _, decision in session.decisions]
        replayed = replays_alike(session.config, session.tape, decisions)
        return Played(self._scenario, self._seed, self._facts(ended), replayed)

    def _open(self) -> None:
        self._session.tell(ev.PageJoined("page"))
        for person in self._scenario.present:
            self._arrive(person.name)

    def _arrive(self, name: str) -> None:
        self._sound.person(self._ids[name], name)
        if self._conditions.people_known:
            self._session.tell(ev.PersonSeen(self._ids[name], name))

    def _facts(self, ended: bool) -> Facts:
        session, page = self._session, self._session.page
        by_reply = {decision.reply: decision for _, decision in session.decisions if decision.reply}
        for reply in page.replies:
            reply.decision = by_reply.get(reply.number)
            if reply.decision is not None and reply.decision.turn >= 0:
                reply.turn = reply.decision.turn
        return Facts(
            lines=tuple(self._lines),
            replies=tuple(page.replies),
            decisions=tuple(session.decisions),
            asked=tuple(session.asked),
            flushes=tuple(page.flushes),
            gains=tuple(page.gains),
            states=tuple(page.states),
            hands=tuple(page.hands),
            cards=tuple(page.cards),
            written=tuple(session.written),
            seconds=self._clock.now,
            ended=ended,
            faults=tuple(session.faults),
        )

    # ------------------------------------------------------------ the brain's answers, and whose words became a turn

    def _turn(self, turn: Turn) -> None:
        """A turn belongs to the line it has the words of, the latest where several have."""
        said = _tokens(turn.text)
        best, most = None, 0.4
        for line in self._lines:
            words = _tokens(line.step.text)
            if words and turn.speaker == line.step.person and (alike := len(said & words) / len(said | words)) >= most:
                best, most = line, alike
            elif words and (line.step.mixed or line.step.pauses) and (words <= said or said <= words):
                best, most = line, max(most, 0.5)
        if best is not None:
            best.turns.add(turn.index)

    def _answer(self, thought: Thought) -> str:
        """What the scenario says for the step whose words are most like the question."""
        asked = _tokens(thought.question)
        best, most = ANSWER, 0.0
        for line in self._lines:
            if line.step.answer and (said := _tokens(line.step.text)):
                alike = len(asked & said) / len(asked | said)
                if alike >= most and alike > 0:
                    best, most = line.step.answer, alike
        return best

    # ------------------------------------------------------------ steps, one after another

    def _advance(self, steps: Generator[float, None, None]) -> None:
        wait = next(steps, None)
        if wait is None:
            self._over = True
        else:
            self._clock.after(wait, lambda: self._advance(steps))

    def _steps(self) -> Generator[float, None, None]:
        for step in self._scenario.steps:
            missing = yield from self._wait_for(step)
            speaking = self._session.page.sounding
            line = self._act(step, speaking)
            line.missing = missing
            self._lines.append(line)  # nothing of it is heard before the next tick of the clock
        yield from self._until(lambda: all(self._settled(line) for line in self._lines))
        yield TAIL
        while self._session.page.sounding is not None and self._clock.now < LONGEST:
            yield from self._until(lambda: self._session.page.sounding is None)
            yield LAST_WORD

    def _act(self, step: Step, speaking: Sounded | None) -> Line:
        now, session, who = self._clock.now, self._session, self._ids[step.person]
        if step.kind == "joins":
            self._arrive(step.person)
        elif step.kind == "leaves":
            session.tell(ev.PersonLeft(who))
        elif step.kind == "chat":
            session.tell(ev.ChatSaid(step.person, step.text, who))
        elif step.kind in SOUNDS:
            return self._make_noise(step, who, speaking)
        else:
            return self._say(step, who, speaking)
        return Line(step, now, now, (), (), speaking)

    def _make_noise(self, step: Step, who: str, speaking: Sounded | None) -> Line:
        """A cough, a laugh, a noise: laughter and a cough are like speech to a detector, typing and a fan are not."""
        now = self._clock.now
        sound = Sound(now, now + step.lasts, who, speech=step.kind != "noise")
        words = tuple(Word(word, now, now + step.lasts) for word in step.text.split())
        return self._heard(Line(step, now, now + step.lasts, (sound,), words, speaking))

    def _say(self, step: Step, who: str, speaking: Sounded | None) -> Line:
        words, at, sounds = [], self._clock.now, []
        tokens = step.text.split()
        cuts = [0, *(count for count, _ in step.pauses), len(tokens)]
        for part, (first, last) in enumerate(pairwise(cuts)):
            if part:
                at += step.pauses[part - 1][1]
            said = tokens[first:last]
            length = max(LEAST, len(said) / PACE) / step.speed * self._people.uniform(*VARIES)
            words.extend(_timed(said, at, length))
            sounds.append(Sound(at, at + length, who))
            at += length
        return self._heard(Line(step, self._clock.now, at, tuple(sounds), tuple(words), speaking))

    def _heard(self, line: Line) -> Line:
        step = line.step
        for sound in line.sounds:
            self._sound.add(sound)
        if line.words:
            self._transcriber.hear(
                Speaker(self._ids[step.person], step.person),
                line.words,
                late=step.late,
                before=self._own_words(line) if step.mixed else lambda: "",
            )
        return line

    def _own_words(self, line: Line) -> Callable[[], str]:
        return lambda: self._echoing.between(line.start - 1.5, line.start)

    # ------------------------------------------------------------ waiting

    def _until(self, true: Callable[[], bool], patience: float = PATIENCE) -> Waiting:
        end = self._clock.now + patience
        while not true():
            if self._clock.now > end:
                return False
            yield LOOK
        return True

    def _wait_for(self, step: Step) -> Generator[float, None, str]:
        """Wait for the step's moment; returns what never came, in words, or nothing."""
        missing, at = "", self._clock.now
        if step.at is not None:
            at = step.at
        elif (after := step.after) is not None and after.kind != "meeting ends":
            line = self._lines[after.step]
            if after.kind == "begins":
                at = line.start
            elif after.kind == "ends":
                at = line.end
            elif after.kind == "settled":
                yield from self._until(lambda: self._settled(line))
                at = self._clock.now
            else:
                missing = yield from self._wait_for_reply(line, after.kind, after.seconds)
                at = self._clock.now
        at += step.pause + self._people.uniform(0.0, LATER)
        if at > self._clock.now:
            yield at - self._clock.now
        return missing

    def _wait_for_reply(self, line: Line, kind: str, seconds: float) -> Generator[float, None, str]:
        yield max(0.0, line.end - self._clock.now)
        patience = (line.step.expect.replies_within or REPLY_WITHIN) + 0.5
        yield from self._until(lambda: self._reply(line) is not None, patience)
        reply = self._reply(line)
        if reply is None:
            return f"a reply to {line.step.label}"
        if kind == "reply ends":
            yield from self._until(lambda: reply.over)
        elif kind == "reply played":
            page = self._session.page
            yield from self._until(lambda: page.samples(reply.number) >= seconds * 24_000 or reply.over)
            if page.samples(reply.number) < seconds * 24_000:
                return f"{seconds:g} s of the reply to {line.step.label}"
        return ""

    def _reply(self, line: Line) -> Sounded | None:
        return first_reply(line, self._lines, self._session.page.replies)

    def _settled(self, line: Line) -> bool:
        """Whether everything that the step expects has come or can no longer come in time."""
        expect, now = line.step.expect, self._clock.now
        if now < line.end:
            return False
        if now > line.end + PATIENCE:
            return True
        speaking = line.speaking is not None and not line.speaking.over
        if expect.wants_reply:
            reply = self._reply(line)
            within = expect.replies_within if expect.replies_within is not None else REPLY_WITHIN
            if now < line.end + within + 0.3 if reply is None else not reply.over:
                return False
        waits = (
            (expect.stays_silent, line.end),
            (expect.keeps_talking, line.start),
            (expect.resumes_within, line.end + 0.3),
            (expect.stops_within if speaking else None, line.start + 0.3),
            (3.0 if expect.state_is or expect.raises_hand is not None else None, line.end),
        )
        if any(seconds is not None and now < since + seconds for seconds, since in waits):
            return False
        return not (speaking and expect.keeps_talking is not None)


def _timed(words: list[str], at: float, length: float) -> list[Word]:
    """Words that share out a stretch of time by their letters."""
    weights = [len(word) + 1 for word in words]
    out, passed = [], 0
    for word, weight in zip(words, weights, strict=True):
        start = at + length * passed / sum(weights)
        passed += weight
        out.append(Word(word, round(start, 3), round(at + length * passed / sum(weights), 3)))
    return out


def _tokens(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
