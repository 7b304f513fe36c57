"""Is a name described, taken up, or part of a longer one: "our assistant, Parley", "Parley? Yeah", "Nova Scotia"?"""

from __future__ import annotations

import re

from server.core.addressing.asking import asks
from server.core.addressing.names import Names
from server.core.addressing.text import Token, bare, plain
from server.core.addressing.words import YOU, is_common

_TAKES_UP = frozenset("yes yeah yep no nope nah oh it it's its that's he's she's i he she never the".split())
# what the agent is, as other people call it: "our assistant, Parley, ..."
_KIND = (
    r"(?:bot|assistant|agent|a\.?i\.?|tool|note ?taker|app|helper|product|software|system|machine|robot|thing|model"
    r"|assistent|assistentin|asistente|assistente)"
)
_KIND_BEFORE = re.compile(rf"\b(?:our|the|a|an|my|your|this|new|little|ai|unser|notre|nuestro) (?:\w+ ){{0,2}}{_KIND}$")
_WHO_IS = re.compile(r"^, (?:which|who)(?:'s)? [^,]+,")
# not "Parley, the other thing, ..." or "Parley, the thing is ...": that leads to what is asked
_KIND_AFTER = re.compile(
    r"^, (?!\w+ (?:(?:other|next|last|first|second|same|one|main|only) )*thing (?:is|was|i|we|about)\b"
    r"|\w+ (?:other|next|last|first|second|same|one|main) thing\b)"
    rf"(?:our|the|a|an|my|your|this) (?:\w+ ){{0,3}}{_KIND}\b"
)


def is_kind_before(said: str) -> bool:
    """Whether these words before a name and a comma say what it is: "our assistant"."""
    return _KIND_BEFORE.search(said) is not None


def is_kind_behind(right: list[Token], question: bool) -> bool:
    """Whether a parenthesis behind a name says what it is: ", the bot", ", which is new,".

    `question`: a question mark ends the sentence, so that "who" and "which" ask.
    """
    said = plain(right)
    return _KIND_AFTER.match(said) is not None or (not question and _WHO_IS.match(said) is not None)


def is_longer_name(tokens: list[Token], last: int, names: Names) -> bool:
    """ "Nova Scotia", "Wren Kitchens": a word with a capital behind it that is no common one, nor somebody else."""
    name, after = tokens[last], tokens[last + 1] if last + 1 < len(tokens) else None
    if after is None or after.word in names.begins or not after.capital or not name.capital or not after.word.isascii():
        return False
    return after.word.isalpha() and not is_common(after.word) and not names.is_person(tokens, last + 1)


def only_repeats(rest: list[Token]) -> bool:
    """Whether the name with a question mark only takes up what was said: "Parley? Yeah, better than the last one"."""
    following = bare(rest)
    return bool(following) and following[0] in _TAKES_UP and not asks(rest) and YOU.isdisjoint(following)
