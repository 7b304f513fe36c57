"""Where in an utterance the agent's name stands, or what sounds like it, and where other people's names stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from server.core.addressing.context import Context
from server.core.addressing.sound import is_slip, may_be, one_letter_off, rhymes, unlike
from server.core.addressing.text import ENDS, PARTS, Token, fold
from server.core.addressing.words import FILLERS, HEY, MODALS, OPENERS, ORDINARY, PHRASES, QUESTIONS, SUBJECTS

#: sounds this unlike the name are as good as it, or need more evidence; beyond, it is another word
NEAR = 0.15
CLOSE = 0.19
FAR = 0.26
#: the utmost: only behind "hey", and asked directly
WILD = 0.31
#: no mis-hearing of a name is longer than this many words
LONGEST = 3
#: letters: shorter names, and shorter words, are only known exactly
_SHORTEST_NAME = 3
#: places of the name that are looked at in one utterance
_MENTIONS = 12


class Likeness(IntEnum):
    """How sure it is that these words are the agent's name."""

    WILD = 1
    FAR = 2
    CLOSE = 3
    NEAR = 4
    EXACT = 5


@dataclass(frozen=True, slots=True)
class Mention:
    """The agent's name, from token `first` to token `last`."""

    first: int
    last: int
    likeness: Likeness = Likeness.EXACT
    possessive: bool = False
    #: made of ordinary words, which mostly mean themselves
    ordinary: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The agent's names and everybody else's, folded and split into words. One object for the same names."""

    agents: tuple[tuple[str, ...], ...]
    #: the first words of the agent's names, and these in the possessive
    begins: frozenset[str]
    others: frozenset[str]

    def is_person(self, tokens: list[Token], at: int) -> bool:
        """Whether the token is part of another person's name; "will" and "mark" only where they look like one."""
        token = tokens[at]
        name = token.word.removesuffix("'s")
        if token.mark or name not in self.others:
            return False
        if name not in ORDINARY:
            return True
        following = tokens[at + 1].word if at + 1 < len(tokens) else ""
        return token.capital and not (name in MODALS and following in SUBJECTS)


def names_in(context: Context) -> Names:
    """The names that matter in this context."""
    return _names(context.agents, context.participants)


@lru_cache(maxsize=64)
def _names(agents: tuple[str, ...], participants: tuple[str, ...]) -> Names:
    own = tuple(words for words in (tuple(fold(part) for part in name.split()) for name in agents) if words)
    begins = frozenset(form for words in own for form in (words[0], f"{words[0]}'s"))
    others: set[str] = set()
    for person in participants:
        parts = [fold(part).strip("().,") for part in person.split()]
        # "Project Manager", "Meeting Room 2": of what follows the first word only names
        others.update(part for at, part in enumerate(parts) if part and (at == 0 or part not in ORDINARY))
    return Names(own, begins, frozenset(others - {words[0] for words in own}))


def mentions(tokens: list[Token], names: Names) -> list[Mention]:
    """Every place where exactly the name stands."""
    found: list[Mention] = []
    for at, token in enumerate(tokens):
        if token.word not in names.begins or len(found) == _MENTIONS:
            continue
        for words in names.agents:
            said = [t.word for t in tokens[at : at + len(words)]]
            possessive = bool(said) and said[-1] == f"{words[-1]}'s"
            if tuple(said) == words or (possessive and (*said[:-1], words[-1]) == words):
                found.append(Mention(at, at + len(words) - 1, possessive=possessive))
                break
    return found


def soundalikes(tokens: list[Token], names: Names) -> list[Mention]:
    """What may be the name mis-heard, only where somebody could be called: behind an opening or "hey", or last."""
    found = []
    for at in _places(tokens):
        best: tuple[float, Mention] | None = None
        for count in range(1, LONGEST + 1):
            part = tokens[at : at + count]
            if len(part) < count or part[-1].mark:
                break
            heard = " ".join(token.word for token in part)
            likeness, cost = _likeness(heard, names)
            if likeness is not None and (best is None or cost < best[0]):
                ordinary = count == LONGEST or all(_is_ordinary(word) for word in heard.split())
                best = cost, Mention(at, at + count - 1, likeness, ordinary=ordinary)
        if best is not None:
            found.append(best[1])
    return found


def sounds_like(word: str, names: Names) -> bool:
    """Whether one word by itself is nearly the agent's name."""
    return word not in ORDINARY and _likeness(word, names)[0] is Likeness.NEAR


def _places(tokens: list[Token]) -> list[int]:
    """Where a called name could begin."""
    places = []
    opening = True
    last_word = max((at for at, token in enumerate(tokens) if not token.mark), default=-1)
    for at, token in enumerate(tokens):
        if token.mark:
            opening = opening or token.word in ENDS or token.word in PARTS
            continue
        before = tokens[at - 1].word if at else ""
        if opening or before in HEY or at == last_word:
            places.append(at)
        if at == last_word and at > 1 and not tokens[at - 1].mark:
            places.append(at - 1)  # a name split in two
        opening = opening and (token.word in OPENERS or token.word in FILLERS)
    return places


def _is_ordinary(word: str) -> bool:
    return len(word) == 1 or "'" in word or word in ORDINARY or word in QUESTIONS or word in OPENERS


def _is_farther(heard: str, other: str) -> bool:
    """Whether a word that is one letter off the agent's name is more than that off another: Nora from Noah."""
    return not (one_letter_off(heard, other) or other.startswith(heard) or unlike(heard, other) == 0.0)


@lru_cache(maxsize=8192)
def _likeness(heard: str, names: Names) -> tuple[Likeness | None, float]:
    """How like the agent's name these one to three words sound, unless they sound more like somebody else's."""
    words = heard.split()
    if "_".join(words) in PHRASES or any(word.removesuffix("'s") in names.others for word in words):
        return None, 1.0
    best: tuple[Likeness | None, float] = None, 1.0
    if len(heard) < _SHORTEST_NAME and heard.isascii():
        return best
    for own in names.agents:
        name = " ".join(own)
        if len(name) < _SHORTEST_NAME:
            continue
        rhyming = len(words) == 1 and rhymes(heard, name)
        if not rhyming and not may_be(heard, name):
            continue
        cost = unlike(heard, name)
        if len(words) == 1 and len(heard) >= 4 and one_letter_off(heard, name):
            cost = min(cost, NEAR if len(name) > 4 else FAR)
        elif rhyming:
            cost = min(cost, WILD)
        elif heard[0] == name[0] and len(name) > 4 and sorted(heard) == sorted(name):
            cost = min(cost, NEAR)  # Carla for Clara
        if cost > WILD or cost >= best[1]:
            continue
        slip = len(words) == 1 and is_slip(heard, name)
        if any(unlike(heard, other) <= cost and not (slip and _is_farther(heard, other)) for other in names.others):
            continue  # somebody in the call is called more like that
        near = FAR if not heard.isascii() else NEAR  # another script spells the name itself, only by its own sounds
        levels = ((near, Likeness.NEAR), (CLOSE, Likeness.CLOSE), (FAR, Likeness.FAR), (WILD, Likeness.WILD))
        best = next(level for limit, level in levels if cost <= limit), cost
    return best
