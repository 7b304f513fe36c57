"""Is a name part of words that somebody says, types or reads out: "you just say hey Parley and then your question"?"""

from __future__ import annotations

import re

from server.core.addressing.text import Token, bare
from server.core.addressing.words import FILLERS, HEY

# verbs whose object the name, and what follows it, may be
_CUE = frozenset(
    "say says said saying type types typed typing write writes wrote shout shouts shouted shouting yell yells yelled"
    " whisper whispered goes went go scream screamed asked sagt sagte sag sagen dit dijo decir".split()
)
_COMMAND_OF_CUE = frozenset("say go sag".split())
# what is "hey Parley": the phrase, the example on the slide
_PHRASE = re.compile(
    r"\b(?:phrase|words?|commands?|example|prompt|trigger|line|greeting|title|sentence|slogan|favou?rite)\b"
)
_BE = frozenset("is was be are with".split())
# "with hey Parley", "a hey Parley": the call itself is the thing talked of
_OF_A_CALL = frozenset("with a the your that for on to by like about just of".split())
# "it says here, and I quote, Parley, list ..."
_QUOTES = re.compile(
    r"\b(?:(?:i )?quote|unquote"
    r"|(?:shout|yell|scream|whisper)(?:s|ed|ing)? (?:out )?(?:from|in|into|to|at|across) (?:the|my|his|her|our) \w+"
    r"|(?:it|that|this|slide|card|poster|page|email|sign|example) (?:says|reads|said)(?: here)?"
    r"(?: in (?:big |bold |red )?(?:letters|print|type))?)$"
)
# "just ask hey Parley"
_ASKS = frozenset("ask asks asking try".split())
_BETWEEN = frozenset("just only then loud out like something first".split())
_AS_I_SAID = re.compile(r"\b(?:as|like) (?:i|we|you) (?:was |were |have |just )?(?:said|say|saying|wrote)$")
# not "and then she goes, Parley, ..."
_GOING = re.compile(r"\bwe go$|\b(?:before|until|till|when|if|once|after|as) (?:\w+ )?(?:go|goes|went)$")
_LIKE = frozenset("was is were i'm be".split())
_CUE_AFTER = re.compile(
    r"\b(?:is (?:what|how|all|the (?:command|phrase|wake|trigger|way))"
    r"|that'?s (?:how|what|all) (?:you|we|i|they|it|she|he)"
    r"|works? (?:too|as well|fine)|(?:was|is) what (?:i|you|she|he|they|we) (?:say|said|typed))\b"
)


def quoted(tokens: list[Token], first: int, last: int, start: int, called_last: bool) -> bool:
    """Whether the name from `first` to `last`, in the sentence that begins at `start`, is quoted.

    `called_last`: the name ends a sentence that asks ("What did Ana say, Parley?").
    """
    if _CUE_AFTER.search(" ".join(bare(tokens[last + 1 :]))):
        return True
    at = first - 1
    heyed = marked = False
    while at >= start and (tokens[at].mark or tokens[at].word in HEY or tokens[at].word in FILLERS):
        heyed = heyed or tokens[at].word in HEY
        marked = marked or tokens[at].word == '"'
        at -= 1
    while at >= start and tokens[at].word in _BETWEEN:
        if tokens[at].word == "like" and at > start and tokens[at - 1].word in _LIKE:
            return True  # "I was like, Parley, are you serious"
        at -= 1
    before = bare(tokens[start : at + 1])
    if marked and _closes(tokens, last, bool(before) or start > 0):
        return True
    if not before:
        return False
    cue = before[-1]
    if not called_last and _QUOTES.search(" ".join(before)):
        return True
    if cue in _CUE:
        said = " ".join(before)
        if _GOING.search(said) or _AS_I_SAID.search(said):
            return False
        return (heyed or not called_last) and before not in ([command] for command in _COMMAND_OF_CUE)
    if heyed and (cue in _OF_A_CALL or cue in _ASKS):
        return True
    return cue in _BE and _PHRASE.search(" ".join(before)) is not None


def _closes(tokens: list[Token], last: int, said_before: bool) -> bool:
    """Whether the quotation marks close around only a part of what is said."""
    at = next((at for at in range(last + 1, len(tokens)) if tokens[at].word == '"'), None)
    return at is not None and (said_before or bool(bare(tokens[at:])))
