"""Is somebody else spoken to: a person in the call, one who can only be a person, another assistant?"""

from __future__ import annotations

from server.core.addressing.asking import asks
from server.core.addressing.called import How, how
from server.core.addressing.names import Mention, Names
from server.core.addressing.text import Token, sentences
from server.core.addressing.words import ASSISTANTS, MODALS, OPENERS, ORDINARY, QUESTIONS

_NO_NAMES = ORDINARY | OPENERS | QUESTIONS | MODALS


def called_person(tokens: list[Token], names: Names) -> int | None:
    """Index of the first name of a person in the call that is called, not only mentioned."""
    for at in range(len(tokens)):
        if names.is_person(tokens, at):
            mention = Mention(at, at, possessive=tokens[at].word.endswith("'s"))
            if how(tokens, mention, names) is How.CALLED:
                return at
    return None


def turns_away(tokens: list[Token], names: Names) -> bool:
    """Whether somebody else is called, by a name of the call or by a word that can only be a name."""
    return called_person(tokens, names) is not None or any(_calls_stranger(sentence) for sentence in sentences(tokens))


def called_assistant(tokens: list[Token], names: Names) -> bool:
    """Whether another assistant is called: "Alexa, stop", "hey Siri what", "ok Google"."""
    own = {word for words in names.agents for word in words}
    return any(
        token.word in ASSISTANTS and token.word not in own and how(tokens, Mention(at, at), names) is How.CALLED
        for at, token in enumerate(tokens)
    )


def _calls_stranger(sentence: list[Token]) -> bool:
    """ "Johno, where are you?", "is it you, Srini?": a capital, a comma, and a word that is no common one."""
    words = [token for token in sentence if token.mark or token.word not in OPENERS]
    while words and words[0].mark:
        words = words[1:]
    if len(words) < 3:
        return False
    opens = words[1].word == "," and not words[2].mark and _is_strange(words[0])
    closes = words[-1].mark and words[-3].word == "," and _is_strange(words[-2])
    return (opens and asks(words[2:])) or (closes and asks(words))


def _is_strange(token: Token) -> bool:
    word = token.word
    return token.capital and word not in _NO_NAMES and word.isalpha() and not word.endswith(("ly", "ing", "ed"))
