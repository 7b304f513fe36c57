"""Does a question point at something to be seen, and at what: the shared screen, or somebody's picture?

Pure. Rules one can explain, tried for each sentence in this order:

1. What is about the agent's own tile ("your card", "hide the chart") or orders something to be shown is no wish.
2. A person is meant when it is asked how they look, or what they hold, wear or do: "what is Ana holding".
3. The screen is meant when it is asked what is seen or shared, or when it or something drawn on it is named with a word
   of place or of seeing, or is pointed at: "on the slide", "read the screen", "this chart", "the third row here". Such
   a wish stands even when nobody shares a screen: the answer has to say so.
4. Words that may as well be about what was said ("the total", "this") count only while a screen is shared.

A wish is sure or not. A sure one may be looked at before anybody is asked. One that is not sure leaves it to a model
whether to look: the words were vague, or they were about another time ("the chart we discussed last week") while a
screen is shared that may show it again. Without a picture, words about another time are about memory: no wish.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from server.core import looking_words as words

#: where a picture comes from; `stage` is everybody in one picture
Source = Literal["screenshare", "webcam", "stage"]

#: characters of a question that count, from its end: who talks for minutes points at something last
LONGEST = 1000

#: Every rule that can make a wish, in plain words.
REASONS: dict[str, str] = {
    "person-looks": "it was asked how somebody looks, or what they hold, wear or do",
    "person-named": "it was told to look at somebody",
    "everybody": "it was asked what it sees of everybody",
    "being-shared": "it was asked what is being shared",
    "what-is-seen": "it was asked what it sees, or what is written there",
    "screen-named": "the screen or a slide was named as the place to look at",
    "pointed-at": "a chart or the like was pointed at",
    "part-pointed-at": "a row, a number or the like was pointed at",
    "this": "something was called only this or here, while a screen is shared",
}


@dataclass(frozen=True, slots=True)
class Visible:
    """A source of pictures that is on. The name is the one the meeting knows the person by."""

    person_id: str
    person: str = field(repr=False)
    source: Source


@dataclass(frozen=True, slots=True)
class Wish:
    """What the question wants looked at. `why` is a key of REASONS.

    Both `person_id` and `person` are empty for whoever shares, and for everybody; the id alone, for somebody whom the
    host never named.
    """

    source: Source
    person_id: str
    person: str = field(repr=False)
    why: str
    sure: bool = True
    #: what could be looked at when this was decided, the latest last
    visible: tuple[Visible, ...] = field(default=(), repr=False)

    @property
    def there(self) -> bool:
        """Whether there is a picture of it, as far as the core knows."""
        if self.source == "stage":
            return bool(self.visible)
        whoever = not (self.person_id or self.person)
        found = (one for one in self.visible if one.source == self.source)
        return any(whoever or _same(one, self.person_id, self.person) for one in found)


def _same(one: Visible, person_id: str, person: str) -> bool:
    """Is this a picture of the person? Names may change and occur twice, ids do not."""
    return one.person_id == person_id if person_id else one.person == person


def wanted(
    question: str,
    people: Iterable[tuple[str, str]],
    visible: Sequence[Visible],
    *,
    asker_id: str = "",
    asker: str = "",
) -> Wish | None:
    """What this question wants looked at, or None when it does not point at anything to be seen.

    `people` are (id, name) of those in the meeting, without the agent; an id may be empty. `visible` is what has
    pictures now, the latest last.
    """
    text = question[-LONGEST:].lower().replace("’", "'")
    if not words.HINT.search(text):
        return None
    people = tuple(people)
    asker_id = asker_id or next((id for id, name in people if id and name == asker), "")
    meeting = _Meeting(people, tuple(visible), asker_id, asker)
    perhaps = None
    for sentence in words.SENTENCE.split(text):
        wish = _wish(words.ELISION.sub(r"\1' ", sentence.strip()), meeting)
        if wish is not None and wish.sure:
            return wish
        perhaps = perhaps or wish
    return perhaps


def _wish(sentence: str, meeting: _Meeting) -> Wish | None:
    text = words.SAYINGS.sub("~", words.COURTESY.sub("", sentence))
    if words.OWN.search(text) or words.TAKE_AWAY.match(text):
        return None
    if words.ORDER.match(text) and not words.SEEN.search(text):
        return _to_be_read(text, meeting)
    wish = _person(text, meeting) or _everybody(text, meeting) or _screen(text, meeting)
    if wish is not None and words.ELSEWHEN.search(text):
        return replace(wish, sure=False) if wish.there else None
    return wish


def _to_be_read(text: str, meeting: _Meeting) -> Wish | None:
    """ "Make a table from this slide": perhaps it has to be read for that. "Show it on the screen": never."""
    for noun in _nouns(words.TOKEN.findall(text)):
        if meeting.shared and noun.word not in words.PART and (noun.this or noun.place in words.FROM):
            return meeting.screen("pointed-at", sure=False)
    return None


def _person(text: str, meeting: _Meeting) -> Wish | None:
    for why, patterns in (("person-looks", words.LOOKS), ("person-named", words.LOOK_AT)):
        for pattern in patterns:
            if (found := pattern.search(text)) is None:
                continue
            said = found.groupdict()
            person = meeting.person(said.get("who") or "me")
            if person is None:
                continue
            does = said.get("does") or ""
            if does in ("sharing", "presenting"):
                return meeting.screen("being-shared", owner=person)
            shows = does.startswith(("show", "point", "draw"))
            if shows and meeting.shares(person):
                return meeting.screen("being-shared", owner=person)
            if shows and not meeting.on_camera(person):
                return meeting.screen("being-shared")
            return Wish("webcam", *person, why, visible=meeting.visible)
    return None


def _everybody(text: str, meeting: _Meeting) -> Wish | None:
    return Wish("stage", "", "", "everybody", visible=meeting.visible) if words.EVERYBODY.search(text) else None


def _screen(text: str, meeting: _Meeting) -> Wish | None:
    if words.BEING_SHARED.search(text):
        return meeting.screen("being-shared")
    if words.SEES.search(text):
        asker = (meeting.asker_id, meeting.asker)
        if not meeting.shared and meeting.on_camera(asker):  # held up for us to see
            return Wish("webcam", *asker, "what-is-seen", visible=meeting.visible)
        return meeting.screen("what-is-seen")
    tokens = words.TOKEN.findall(text)
    here = words.HERE.search(text) is not None
    perhaps = None
    for noun in () if words.ASKED.isdisjoint(tokens) else _nouns(tokens):
        why, sure = _judge(noun, here, meeting.shared)
        if not why:
            continue
        owner = meeting.person(noun.owner) if noun.owner else None
        if owner is not None and noun.word not in words.OWNED and not meeting.shares(owner):
            owner = None  # a chart of Ana's may be on Ben's screen
        wish = meeting.screen(why, sure=sure, owner=owner)
        if sure:
            return wish
        perhaps = perhaps or wish
    if perhaps is None and meeting.shared and words.VAGUE.search(text):
        return meeting.screen("this", sure=False)
    return perhaps


def _judge(noun: _Noun, here: bool, shared: bool) -> tuple[str, bool]:
    """The rule by which a noun makes a wish, or "", and whether the wish is sure."""
    pointed = noun.this or here or noun.looked
    if noun.word in words.SCREEN:
        at = noun.place and (shared or noun.place not in words.FROM)
        return ("screen-named", True) if noun.this or noun.looked or noun.says or at else ("", False)
    if noun.word in words.DRAWN:
        if pointed:
            return "pointed-at", True
        return ("pointed-at", bool(noun.place or noun.says)) if shared else ("", False)
    grid = noun.word in words.GRID
    if shared:
        return "part-pointed-at", bool(pointed or (grid and noun.place))
    return ("part-pointed-at", True) if grid and here else ("", False)


@dataclass(frozen=True, slots=True)
class _Noun:
    """Something that can be seen, as it stands in a sentence: "on this slide", "Ana's screen"."""

    word: str
    #: "this", not "the"
    this: bool
    #: the word of place before it, or ""
    place: str
    #: a verb of looking stands before it, a verb of saying behind it
    looked: bool
    says: bool
    #: whose it is, as said, or ""
    owner: str


def _nouns(tokens: Sequence[str]) -> Iterator[_Noun]:
    for at, token in enumerate(tokens):
        word = token.removesuffix("'s")
        if word not in words.NOUNS:
            continue
        first = _determiner(tokens, at, word)
        if first is None:
            if not (at and word in words.SCREEN and tokens[at - 1] in words.AT):
                continue
            first = at  # "on screen", "on slide four": only these do without an article
        determiner = tokens[first] if first < at else ""
        before = tokens[max(0, first - 4) : first]
        place = determiner if determiner in words.FUSED else before[-1] if before and before[-1] in words.AT else ""
        after = tokens[at + 1 : at + 4]
        yield _Noun(
            word,
            this=determiner in words.THIS,
            place=place,
            looked=not (words.LOOK.isdisjoint(before) and words.LOOK_LAST.isdisjoint(after))
            or ("you", "see") in itertools.pairwise(before),
            says=not words.SAYS.isdisjoint(after) or (bool(before) and before[-1] in words.SAYS_FIRST),
            owner="me" if determiner in words.ME else determiner if determiner.endswith("'s") else "",
        )


def _determiner(tokens: Sequence[str], at: int, word: str) -> int | None:
    """Where the article, pronoun or possessive of the noun at `at` stands: at most two words lie between."""
    for place in range(at - 1, max(-1, at - 4), -1):
        token = tokens[place]
        if token == "," or (token == "that" and word.endswith("s")):
            return None  # "I think that charts …"
        if token in words.THIS or token in words.THE or (token.endswith("'s") and token not in words.SHORT_FORMS):
            return place
        if token in words.NOUNS and place < at - 1:
            return None  # the article belongs to that one
    return None


@dataclass(frozen=True, slots=True)
class _Meeting:
    """Who is there and what can be seen. A person is (id, name)."""

    people: tuple[tuple[str, str], ...]
    visible: tuple[Visible, ...]
    asker_id: str
    asker: str

    @property
    def shared(self) -> bool:
        """Is any screen shared?"""
        return any(one.source == "screenshare" for one in self.visible)

    def shares(self, person: tuple[str, str]) -> bool:
        """Does this person share a screen?"""
        return self._has(person, "screenshare")

    def on_camera(self, person: tuple[str, str]) -> bool:
        """Is this person's camera on?"""
        return self._has(person, "webcam")

    def _has(self, person: tuple[str, str], source: Source) -> bool:
        return any(person) and any(one.source == source and _same(one, *person) for one in self.visible)

    def screen(self, why: str, *, sure: bool = True, owner: tuple[str, str] | None = None) -> Wish:
        """A wish for the screen of its owner; without one, for the one that was shared last."""
        shown = [one for one in self.visible if one.source == "screenshare"]
        if owner is None and not shown and any(one.source == "stage" for one in self.visible):
            # The recorder's view of the meeting shows what is shared, where a host sends nothing else.
            return Wish("stage", "", "", why, sure, self.visible)
        if owner is None:
            owner = (shown[-1].person_id, shown[-1].person) if shown else ("", "")
        return Wish("screenshare", *owner, why, sure, self.visible)

    def person(self, said: str) -> tuple[str, str] | None:
        """Whom these words name, by the whole name or a part of it. Of several, one with a picture."""
        parts = {part.partition("'")[0].strip(".") for part in said.split()}
        if parts <= words.ME:
            return (self.asker_id, self.asker) if self.asker_id or self.asker else None
        if len("".join(parts)) < 2:
            return None  # "a" is no Person A
        known = dict.fromkeys([*((one.person_id, one.person) for one in self.visible), *self.people])
        found = [person for person in known if parts <= set(person[1].lower().replace(".", "").split())]
        return max(found, key=lambda person: (self.on_camera(person), bool(person[0])), default=None)
