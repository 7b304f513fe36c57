"""The same words by several ears: the page's transcript socket, the host's own connection, and our own ear.

Pure. Two rules, for two kinds of twins.

- Page and host carry the same transcript, the host's. While the host's connection brings finals, the page's words are
  left alone; when it falls silent they count again. Where one takes over from the other an utterance may come by both.
- Our own ear hears the mixed sound by another recogniser: other words, other cuts, no names. What it hears is shown
  and thought about as a partial as soon as it comes, under the name of whoever seems to speak. As an utterance it
  counts only when the host's words for it stay away for longer than they usually do: at once where there are none,
  never where they came first. Words that both have are one utterance; the host's, when they come later, put ours
  right.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace

from server.core.events import Heard
from server.core.hearing import Hearing, covered, pairs
from server.core.people import People
from server.core.stretches import Stretches

#: the source of our own ear's words; their times are the session's
EARS = "ears"
#: who said what nobody can be named for
SOMEONE = "Someone"

#: seconds after a final of the host's connection in which the page's words are left alone
TRUSTED = 60.0
#: seconds within which the same words of the same person by two ears are one utterance
SAME = 15.0
#: finals remembered to find the twin of one; full: the oldest is forgotten, its twin would be a line of its own
REMEMBERED = 32

#: seconds that our words wait for the host's: while nothing is known of it, at least, and at most
FIRST_WAIT, LEAST_WAIT, LONGEST_WAIT = 1.0, 0.3, 1.5
#: utterances in a row that the host had no words for, after which we no longer wait for it
MISSES = 2
#: words of an utterance that we believe although the host, whose words come, has nothing of it: recognisers make
#: "thank you" of a cough
BELIEVED = 3
#: seconds by which the two ears may place the same words differently, once their clocks are compared
APART = 2.0
#: a host's clock that is this far (s) from when its words come has begun again
ASTRAY = 60.0
#: the same words at any time are the same utterance when there are so many of them
UNMISTAKABLE = 5
#: of a growing utterance, the share of words that others must have for it to bring nothing new
NOTHING_NEW = 0.7
#: seconds after which the host's words no longer put ours right
LATE = 20.0
#: delays of the host behind us that are remembered
LAGS = 12
#: utterances of each side that are remembered; full: the oldest is forgotten, its twin would be a line of its own
HEARINGS = 64
#: growing utterances of each side; full: the oldest is forgotten
GROWING = 32


class Sources:
    """Which words count, and whose they are."""

    def __init__(self, people: People | None = None) -> None:
        self._people = people
        self._stretches = Stretches()
        self._host_final: float | None = None
        #: (source, who, folded words, when)
        self._lately: deque[tuple[str, str, str, float]] = deque(maxlen=REMEMBERED)
        self._ours: deque[Hearing] = deque(maxlen=HEARINGS)
        self._theirs: deque[Hearing] = deque(maxlen=HEARINGS)
        # ours that wait for the host's words, and until when; at most HEARINGS, because `_ours` has them too
        self._waiting: list[tuple[float, Hearing]] = []
        # what is being said: the host's by person, ours by utterance
        self._growing: dict[str, Hearing] = {}
        self._shown: dict[str, Hearing] = {}
        # session seconds = seconds of this source + base; as many as there are sources
        self._bases: dict[str, float] = {}
        self._lags: deque[float] = deque(maxlen=LAGS)
        self._misses = 0
        self._fed = False
        self._void: list[str] = []

    # ------------------------------------------------------------ what comes in, and when

    def takes(self, event: Heard, now: float) -> list[Heard]:
        """What of these words counts now, and whose they are; nothing when they are known already."""
        if event.source == EARS:
            if event.key and any(ours.event.key == event.key for ours in self._ours):
                return []  # the end of this utterance was heard
            return self._our_final(event, now) if event.final else self._our_partial(event, now)
        if not self._by_one(event, now):
            return []
        self._fed = True
        return self._their_final(event, now) if event.final else self._their_partial(event, now)

    def person(self, id: str, name: str, speaking: bool, at: float) -> None:
        """Somebody began or stopped to speak, on sound of their own."""
        self._stretches.person(id, name, speaking, at)

    def due(self, now: float) -> list[Heard]:
        """Our words for which the host's stayed away: they count now."""
        said = []
        for until, ours in list(self._waiting):
            if until > now:
                continue
            self._waiting.remove((until, ours))
            if self._fed and self._misses < MISSES and len(ours.words) < BELIEVED:
                self._forget(ours)
                continue
            self._misses += 1
            said.append(self._count(ours, now))
        return said

    @property
    def next_due(self) -> float | None:
        """When `due` should be asked again."""
        return min((until for until, _ in self._waiting), default=None)

    def voided(self) -> list[str]:
        """Keys of people who are no longer thought to be saying what our ear heard; told once."""
        void, self._void = self._void, []
        return void

    # ------------------------------------------------------------ page and host

    def _by_one(self, event: Heard, now: float) -> bool:
        """Whether these words of the host's transcript come for the first time."""
        source, who = event.source, _who(event)
        if source == "page" and self._host_final is not None and now - self._host_final < TRUSTED:
            return False
        if not event.final:
            return True
        if source != "page":
            self._host_final = now
        folded = " ".join(re.findall(r"\w+", event.text.casefold()))
        for at, (other, person, words, when) in enumerate(self._lately):
            if other != source and person == who and words == folded and now - when < SAME:
                del self._lately[at]  # each has one twin: the same words said twice are two utterances
                return False
        self._lately.append((source, who, folded, now))
        return True

    # ------------------------------------------------------------ the host's words

    def _their_partial(self, event: Heard, now: float) -> list[Heard]:
        hearing, who = self._place(event, now), _who(event)
        _keep(self._growing, who, hearing)
        said = [ours for ours in self._ours if ours.counted and _together(hearing, ours)]
        shown = [ours for ours in self._shown.values() if ours.who == who and len(ours.words) > len(hearing.words)]
        new = max(covered(hearing, said), covered(hearing, shown)) < NOTHING_NEW
        return [event] if new else []

    def _their_final(self, event: Heard, now: float) -> list[Heard]:
        self._growing.pop(_who(event), None)
        if (known := next((known for known in self._theirs if _again(known.event, event)), None)) is not None:
            # The transcript knows a repeat from a correction; of what did not come to it whole it must get neither.
            return [event] if known.counted == known.event.text.strip() else []
        hearing = self._place(event, now)
        self._theirs.append(hearing)
        twins = [ours for ours in self._ours if ours.counted and self._join(hearing, ours)]
        text = hearing.left()
        if twins and not text:
            heard = self._corrected(hearing, twins[0]) if len(twins) == 1 and now - twins[0].at < LATE else []
        else:
            hearing.counted = text
            heard = [event if text == event.text.strip() else replace(event, text=text, words=())]
        for _, ours in list(self._waiting):
            left = ours.left()
            if not self._join(hearing, ours):
                continue
            twins.append(ours)
            if not hearing.counted:  # its beginning counted already, by our words: so does the rest
                heard.append(self._count(ours, now, left, event))
            elif not ours.left():
                self._forget(ours, by=_who(event))
        if twins:
            self._lag(now - max(ours.at for ours in twins))
        return heard

    def _corrected(self, hearing: Hearing, ours: Hearing) -> list[Heard]:
        """The host's words and speaker in the place of ours, when both are one whole utterance."""
        same = sum(hearing.known)
        whole = ours.counted == ours.event.text.strip() and 2 * same >= max(len(hearing.words), len(ours.words))
        if not whole or len(hearing.words) < 0.8 * len(ours.words):
            return []
        ours.counted = hearing.event.text.strip()
        if hearing.words == ours.words and _who(hearing.event) == _who(ours.event):
            return []
        return [replace(hearing.event, key=ours.event.key)]

    # ------------------------------------------------------------ our words

    def _our_partial(self, event: Heard, now: float) -> list[Heard]:
        hearing = self._place(event, now)
        for theirs in self._since(hearing):
            for _, place in self._same(theirs, hearing):
                hearing.known[place] = True
        text = hearing.left() if hearing.words else ""
        if not text or covered(hearing, self._being_said(now)) >= NOTHING_NEW:
            return []
        return [self._show(hearing, text, now)]

    def _our_final(self, event: Heard, now: float) -> list[Heard]:
        hearing = self._place(event, now)
        if shown := self._shown.get(event.key):
            hearing.who = shown.who
        self._ours.append(hearing)
        twins = [theirs for theirs in self._since(hearing) if self._join(theirs, hearing)]
        if twins:
            self._lag(max(theirs.at for theirs in twins) - now)
        text = hearing.left() if hearing.words else ""
        if not text:
            self._forget(hearing)
            return []
        wait = self._patience()
        if wait <= 0:
            return [self._count(hearing, now)]
        self._waiting.append((now + wait, hearing))
        return [self._show(hearing, text, now)]

    def _patience(self) -> float:
        """How long our words wait for the host's, in seconds."""
        if self._misses >= MISSES:
            return 0.0
        if not self._lags:
            return FIRST_WAIT
        usual = sorted(self._lags)[int(0.9 * (len(self._lags) - 1))]
        return 0.0 if usual > LONGEST_WAIT else min(LONGEST_WAIT, max(LEAST_WAIT, 1.2 * usual + 0.1))

    def _lag(self, seconds: float) -> None:
        """The host's words came so long after ours."""
        self._lags.append(seconds)
        if seconds <= LONGEST_WAIT:
            self._misses = 0

    # ------------------------------------------------------------ whose they are

    def _show(self, hearing: Hearing, text: str, now: float) -> Heard:
        id, name = self._whose(hearing, now)
        before = self._shown.get(hearing.event.key)
        self._name(hearing, id or name, before.who if before is not None else "")
        _keep(self._shown, hearing.event.key, hearing)
        return replace(hearing.event, text=text, final=False, speaker_id=id, speaker=name)

    def _count(self, ours: Hearing, now: float, text: str = "", by: Heard | None = None) -> Heard:
        """This stands in the transcript from now on, as said by whoever the host says, or seems to have said it."""
        ours.counted = text or ours.left()
        id, name = (by.speaker_id, by.speaker) if by is not None else self._whose(ours, now)
        self._shown.pop(ours.event.key, None)
        self._waiting = [(until, each) for until, each in self._waiting if each is not ours]
        self._name(ours, id or name, ours.who)
        ours.event = replace(ours.event, speaker_id=id, speaker=name)
        return replace(ours.event, text=ours.counted)

    def _forget(self, ours: Hearing, by: str = "") -> None:
        """This is no utterance of its own. `by`: the key of whoever is now known to have said it."""
        self._shown.pop(ours.event.key, None)
        self._waiting = [(until, each) for until, each in self._waiting if each is not ours]
        self._name(ours, by, ours.who)

    def _name(self, hearing: Hearing, who: str, before: str) -> None:
        if before and before != who:
            self._void.append(before)
        hearing.who = who

    def _whose(self, hearing: Hearing, now: float) -> tuple[str, str]:
        """Id and name of whoever seems to have said this: by their words, their sound, or for want of others."""
        said = [
            (max(covered(hearing, [theirs]), covered(theirs, [hearing])), theirs) for theirs in self._being_said(now)
        ]
        best = max(said, key=lambda each: each[0], default=None)
        if best is not None and best[0] >= 0.5:
            return best[1].event.speaker_id, best[1].event.speaker
        start, end = hearing.start, hearing.end
        if start is not None and (found := self._stretches.speaker(start, now if end is None else end)) is not None:
            return found
        if self._people is not None and len(self._people.humans) == 1:
            only = self._people.humans[0]
            return only.id, only.name
        return "", SOMEONE

    def _since(self, ours: Hearing) -> list[Hearing]:
        """The host's finals that may be of this: nobody's words come before they are said."""
        begun = ours.at if ours.start is None else ours.start
        return [theirs for theirs in self._theirs if theirs.at >= begun - APART]

    def _being_said(self, now: float) -> list[Hearing]:
        """What the host's partials hold; one that stopped growing long ago was lost."""
        return [theirs for theirs in self._growing.values() if now - theirs.at < SAME]

    # ------------------------------------------------------------ the same words

    def _join(self, theirs: Hearing, ours: Hearing) -> bool:
        """Account in both for the words that both have; whether there were any."""
        found = self._same(theirs, ours)
        size = max(len(theirs.words), len(ours.words))
        if len(found) >= 4 and len(found) >= 0.8 * size and theirs.event.end is not None and ours.end is not None:
            self._bases[theirs.event.source] = ours.end - theirs.event.end
        for at, place in found:
            theirs.known[at] = ours.known[place] = True
        return bool(found)

    @staticmethod
    def _same(theirs: Hearing, ours: Hearing) -> list[tuple[int, int]]:
        """The words that are the same in both, if they are of one utterance."""
        sizes, together = (len(theirs.unknown), len(ours.unknown)), _together(theirs, ours)
        least, most = min(sizes), max(sizes)
        if not least or not (together or least >= UNMISTAKABLE):
            return []
        found = pairs(theirs, ours)
        count = len(found)
        if not together:
            return found if count >= UNMISTAKABLE and count >= 0.8 * least else []
        if _within(theirs, ours):
            return found if count >= 0.5 * least else []
        part = count >= 0.75 * least and (count >= 3 or count == least >= 2)
        return found if part or count >= 0.6 * most else []

    def _place(self, event: Heard, now: float) -> Hearing:
        if event.source == EARS:
            return Hearing(event, now, event.start, event.end)
        base = self._bases.get(event.source)
        if base is None or event.start is None or event.end is None:
            return Hearing(event, now, None, None)
        if not now - ASTRAY <= event.end + base <= now + APART:
            del self._bases[event.source]
            return Hearing(event, now, None, None)
        return Hearing(event, now, event.start + base, event.end + base)


def _together(theirs: Hearing, ours: Hearing) -> bool:
    """Whether both were said at about the same time, as far as one can know."""
    start, end = ours.start, ours.at if ours.end is None else ours.end
    if start is None:
        start = end
    if theirs.start is not None and theirs.end is not None:
        return theirs.start - APART <= end and start - APART <= theirs.end
    return start - APART <= theirs.at <= end + SAME  # nobody's words come before they are said


def _within(theirs: Hearing, ours: Hearing) -> bool:
    """Whether one of them was said for the most part while the other was."""
    if theirs.start is None or theirs.end is None or ours.start is None or ours.end is None:
        return False
    shared = min(theirs.end, ours.end) - max(theirs.start, ours.start)
    return shared >= 0.5 * min(theirs.end - theirs.start, ours.end - ours.start)


def _again(one: Heard, other: Heard) -> bool:
    """Whether this is the same final once more, or a correction of it."""
    if one.source != other.source or _who(one) != _who(other):
        return False
    if other.key:
        return one.key == other.key
    return other.start is not None and one.start == other.start and one.text == other.text


def _who(event: Heard) -> str:
    return event.speaker_id or event.speaker


def _keep(growing: dict[str, Hearing], key: str, hearing: Hearing) -> None:
    growing.pop(key, None)
    growing[key] = hearing
    if len(growing) > GROWING:
        del growing[next(iter(growing))]
