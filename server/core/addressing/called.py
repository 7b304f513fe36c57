"""Is a name in an utterance called, or only talked about? From where it stands and what stands around it.

The same rules hold for the agent's name and for anybody else's: a person who is called is the one spoken to.
"""

from __future__ import annotations

import re
from enum import Enum

from server.core.addressing.asking import (
    SUBORDINATE,
    asks,
    asks_with,
    ends_announcing,
    opens_request,
    turns_to_asking,
)
from server.core.addressing.described import is_kind_before, is_kind_behind, is_longer_name, only_repeats
from server.core.addressing.governed import PARTICLES, PHRASAL, TELLS, governs, is_object
from server.core.addressing.names import Mention, Names
from server.core.addressing.quoted import quoted
from server.core.addressing.spoken_to import begins_clause, goes_on_about, leads_to_asking, speaks_to
from server.core.addressing.text import Token, bare, sentence_end, sentence_start, without_openers
from server.core.addressing.words import (
    DETERMINERS,
    FILLERS,
    HEY,
    IMPERATIVES,
    MODALS,
    OPENERS,
    THANKS_TO,
    VERBS_AFTER,
    YOU,
)


class How(Enum):
    """What a name in an utterance is there for."""

    CALLED = "called"
    #: called together with others
    ALL = "all"
    ABOUT = "about"
    QUOTED = "quoted"


# words that lead from one clause to the next: "so Parley give us ..."
_JOINS = frozenset("and but so then now well because or also plus first again und aber et mais y pero e ma".split())
_AND_OR = frozenset("or and und et y o ou oder e".split())
_THINKS = frozenset("think thought guess suppose hope wish bet sure feel doubt wonder reckon".split())
_HELPS = frozenset("help helps helped helping".split())
_THEN = frozenset("so then now".split())
_CALLED_SO = frozenset("called named name name's is it's as".split())
_ASIDES = THANKS_TO | frozenset("actually wait hold hang hello hi hey ok okay well yes yeah".split())
_NO = frozenset("no not never".split())
_NO_THAT = frozenset("no not that that's the i wait sorry mind don't".split())
_SOFTENERS = frozenset(
    "maybe perhaps too also please then again included now as well peut etre vielleicht quizas forse talvez misschien"
    " bitte stp svp".split()
)
_PERHAPS = frozenset("maybe perhaps".split())
_EVERYBODY = frozenset(
    "anyone anybody everyone everybody someone somebody all both either guys team folks together quelqu'un jemand"
    " alguien qualcuno alguem iemand ktos".split()
)
_SEVERAL = _EVERYBODY | YOU
_INCLUDING = frozenset("including includes include even maybe perhaps or and also plus".split())
_HAILS = frozenset("right okay ok sorry please yeah yes no hey so well".split())
# "No, just Ana": the name is an answer, no call
_ADDS = frozenset("but because and or".split())
_PICKS = frozenset("just only also plus not".split())
_GREETS = re.compile(
    r"\b(?:(?:thanks|ta|cheers) (?:a lot|a million|again|(?:so|very) much|for that)|(?:well|nicely) done|bye|goodbye"
    r"|see you"
    r"|(?:over|back) to you"
    r"|(?:good|great|nice|excellent|brilliant) (?:job|work|one|stuff|morning|night|evening|afternoon))$"
)
_ARTICLES = frozenset("the a an".split())
_COPULAS = frozenset("is are was were".split())
_IS_RIGHT = frozenset("all is was are were be that's it's not".split())
# said to whoever is asked
_ADDRESSES = re.compile(
    r"\b(?:if you (?:don't mind|would|could|can|like|want|wish)|as you (?:know|remember|recall)|if i may"
    r"|(?:can|could|would|will|did|do|are|were|have) you)$"
)
# "the nice thing with Parley is ..."
_POINT_OF = re.compile(
    r"\b(?:thing|problem|trouble|issue|beauty|point|advantage|drawback|joy|part|bit|idea)s?"
    r" (?:with|about|of|for|behind)$"
)
_LEADS_IN = re.compile(r"\b(?:(?:as|like) i (?:was |have )?(?:said|saying|say)|you know what)$")
_LEAVES = re.compile(r"\bthat(?:'s| is) (?:all|it|everything|us|me)(?: done)?(?: from (?:me|us))?$")
# "it is Tuesday, isn't it Parley"
_TAGGED = re.compile(
    r"n't (?:it|they|he|she|we|you)$"
    r"|\w+ \w+ \w+ (?:then |now )?(?:is|was|are|were|has|have|does|did) (?:it|they|he|she|there)$"
)
_YOU_TOO = re.compile(r"\b(?:and|or|including) you(?: too| as well| also)?$|\byou (?:too|as well|also)$")
# "what I'd want to know Parley is how many ..."
_TO_KNOW = re.compile(
    r"\b(?:what|all|the (?:only |one )?(?:thing|question)(?: that)?) (?:i|i'd|i'm|we|we'd|we're)"
    r"(?: (?:would|am|are|really|just|actually|only|want|need|like|love|keen|still))* "
    r"(?:wondering|curious about|unsure about|after|to (?:know|hear|understand|see|find out))$"
    r"|\bmy (?:\w+ )?question$"
)
_TO_HAVE = re.compile(r"\b(?:what|all) (?:i|i'd|we|we'd) (?:(?:would|really|just|actually) )*(?:need|want|like)$")


def how(tokens: list[Token], mention: Mention, names: Names) -> How:
    """What this name is there for."""
    if mention.possessive:
        return How.ABOUT
    first, last = mention.first, mention.last
    start, end = sentence_start(tokens, first), sentence_end(tokens, last)
    left, right = tokens[start:first], tokens[last + 1 : end]
    question, unmarked = end < len(tokens) and tokens[end].word == "?", end == len(tokens)
    if is_longer_name(tokens, last, names) or (question and not right and only_repeats(tokens[end + 1 :])):
        return How.ABOUT
    called_last = not right and (question or (end >= len(tokens) - 1 and asks(left)))
    if _before_the_question(left, right):
        return How.CALLED
    if quoted(tokens, first, last, start, called_last):
        return How.QUOTED
    if _in_company(tokens, start, first, names):
        while right and right[0].word in _SOFTENERS:
            right = right[1:]
        together = speaks_to(right, question) if right and not right[0].mark else asks(right) or asks(tokens[end:])
        together = together or (unmarked and bool(right) and leads_to_asking(bare(right)))
        return How.ALL if together else How.ABOUT
    if all(token.mark or token.word in OPENERS for token in left):
        if left and not right and (left[-1].word in _PICKS or (left[-1].word in _ADDS and not question)):
            return How.ABOUT
        if left and left[-1].word in THANKS_TO:
            return How.CALLED
        if _together(right, names, tokens, last + 1):
            return How.ALL
        return How.CALLED if _opens(right, question, unmarked) else How.ABOUT
    if left[-1].mark:
        return _after_a_mark(left, right, question)
    return _after_a_word(left, right, question, unmarked)


def _before_the_question(left: list[Token], right: list[Token]) -> bool:
    """ "What I want to know, Parley, is how many came": the question is announced before the name, and asked behind."""
    following = bare(right)
    if following[:1] == ["is"] and _TO_HAVE.search(" ".join(bare(left))) and not DETERMINERS.isdisjoint(following[1:2]):
        return True  # "what I'd need, Parley, is a list of ..."
    if following[:1] != ["is"] or not (asks_with(following[1:]) or following[1:2] in (["if"], ["whether"])):
        return False
    return _TO_KNOW.search(" ".join(bare(left))) is not None


def _opens(right: list[Token], question: bool, unmarked: bool) -> bool:
    """Called by a name that opens the sentence? `unmarked`: no mark ends it, so marks may be missing inside too."""
    if not right:
        return True
    following = bare(right)
    if following and following[0] in FILLERS and asks(right):
        return True
    if right[0].mark:
        return not is_kind_behind(right, question) and not goes_on_about(right, question)
    first = following[0]
    if first in HEY or first in _ASIDES or all(word in OPENERS for word in following):
        return True
    if first in _NO and (len(following) == 1 or following[1] in _NO_THAT):
        return True
    if speaks_to(right, question, opening=True, unmarked=unmarked):
        return True
    if unmarked and first in _COPULAS and not DETERMINERS.isdisjoint(following[1:2]) and "or" in following[4:-1]:
        return True  # "Parley is the closure on this agenda or the next"
    return (unmarked and leads_to_asking(following)) or (begins_clause(following) and asks(right))


def _together(right: list[Token], names: Names, tokens: list[Token], at: int) -> bool:
    """ "Parley and Ana, can you two ...", "Parley, Ana, what do you both think": called with others behind it."""
    if len(right) < 2:
        return False
    joined, listed = right[0].word in ("and", "or"), right[0].mark and names.is_person(tokens, at + 1)
    return (joined or listed) and not _SEVERAL.isdisjoint(bare(right)) and asks(right)


def _after_a_mark(left: list[Token], right: list[Token], question: bool) -> How:
    """A comma or a dash stands before the name."""
    words = [word for word in bare(left) if word not in FILLERS]
    following = bare(right)
    if is_kind_before(" ".join(words)):
        return How.ABOUT
    broken_off = bool(right) and right[0].mark and asks(right)  # "so what is, um, Parley, how much is it"
    if words and words[-1] in _CALLED_SO and not broken_off:
        return How.CALLED if question and not following and words[-1] == "is" else How.ABOUT
    if all(word in _SOFTENERS for word in following):
        guessed = not _PERHAPS.isdisjoint(following) and not question and not asks(left)
        return How.ABOUT if guessed else How.CALLED
    if right[0].mark:
        return How.ABOUT if is_kind_behind(right, question) or goes_on_about(right, question) else How.CALLED
    if (following[0] in ("included", "too") or following[:2] == ["as", "well"]) and not _EVERYBODY.isdisjoint(words):
        return How.ALL
    return How.CALLED if speaks_to(right, question) else How.ABOUT


def _after_a_word(left: list[Token], right: list[Token], question: bool, unmarked: bool) -> How:
    """The name stands in the middle or at the end of a clause, without a mark before it."""
    words, following = bare(left), bare(right)
    before, second = words[-1], words[-2] if len(words) > 1 else ""
    if before in _ARTICLES:
        return How.ABOUT
    if (before in HEY or before in THANKS_TO) and second not in ("you", "they", "we", "i"):
        return How.CALLED
    said = " ".join(words)
    if _GREETS.search(said) or (
        _TAGGED.search(said) and (not right or right[0].mark or begins_clause(following) or following[0] in _AND_OR)
    ):
        return How.CALLED
    if _LEAVES.search(said) and following and (speaks_to(right, question, joined=True) or asks(right)):
        return How.CALLED
    if _POINT_OF.search(said) and following and following[0] in VERBS_AFTER:
        return How.ABOUT
    everybody = not _EVERYBODY.isdisjoint(words) or not _EVERYBODY.isdisjoint(following)
    its_verb = bool(following) and following[0] in VERBS_AFTER
    if before in _INCLUDING and everybody and not its_verb and (question or asks(right) or asks([*left, *right])):
        return How.ALL
    if question and _YOU_TOO.search(said):
        return How.ALL
    if following[:1] in (["too"], ["included"]) and everybody and asks(right[1:]):
        return How.ALL  # "everybody, and I mean Parley too, give me one word"
    if following[:1] == ["to"] and before == "you" and not right[0].mark:
        return How.CALLED  # "I need you Parley to ..."
    if following[:1] and following[0] in MODALS and following[1:2] and following[1] in YOU and before not in TELLS:
        return How.CALLED  # "before we move on Parley could you ..."
    clause = bare(_last_clause(left))
    if before == "right" and second not in _IS_RIGHT and (not right or right[0].mark):
        return How.CALLED  # "it's in euros right Parley"
    if set(clause) <= _HAILS or clause[-2:] == ["i", "mean"]:  # "it was thirty, right Parley?", "Ana, I mean Parley"
        return How.CALLED if not right or right[0].mark or speaks_to(right, question) else How.ABOUT
    if following and (before in _JOINS or before in FILLERS or before in _THINKS):
        return How.CALLED if _joined(before, right, question) else How.ABOUT
    if _ADDRESSES.search(said) or ends_announcing(words):
        return How.CALLED
    if _LEADS_IN.search(said) and (
        not following or begins_clause(following) or speaks_to(right, question, joined=True)
    ):
        return How.CALLED
    main = bool(following) and turns_to_asking(["so", *following]) == 1
    if main and without_openers(words)[:1] and without_openers(words)[0] in SUBORDINATE and not governs(before):
        return How.CALLED  # "if nobody knows Parley what's the answer"
    if is_object(words, at_end=not following):
        return How.ABOUT
    if all(word in _SOFTENERS for word in following):
        asked = asks(left) or clause[:1] == ["any"]
        return How.CALLED if asked and second != "who" else How.ABOUT  # not "who owns Parley"
    if right[0].mark:
        asked = opens_request(without_openers(following)) or asks(_last_clause(left))
        return How.CALLED if asked else How.ABOUT
    if following[0] in IMPERATIVES and (before in TELLS or before in _HELPS):
        return How.ABOUT
    if "please" in following and opens_request(following):
        return How.CALLED
    if following[0] in _THEN:
        following = following[1:] or following
    if unmarked and begins_clause(following) and before not in TELLS and (asks(right) or asks(left)):
        return How.CALLED  # "I was thinking Parley we never fixed a date did we"
    moved_on = before in PARTICLES and second in PHRASAL  # "before we move on Parley ..."
    return How.CALLED if speaks_to(right, question, joined=moved_on, unmarked=unmarked) else How.ABOUT


def _joined(before: str, right: list[Token], question: bool) -> bool:
    """Called behind "and", "so", "um", "I think"?"""
    following = bare(right)
    if right[0].mark:
        return opens_request(without_openers(following)) or (question and asks(right))
    return speaks_to(right, question, joined=before not in _THINKS) and (
        before not in _THINKS or following[0] not in IMPERATIVES
    )


def _last_clause(left: list[Token]) -> list[Token]:
    at = next((at for at in range(len(left) - 1, -1, -1) if left[at].mark), -1)
    return left[at + 1 :]


def _in_company(tokens: list[Token], start: int, first: int, names: Names) -> bool:
    """Only other people's names stand before it, with openers and joining words: "Ana or Parley can you"."""
    found = False
    for at in range(start, first):
        token = tokens[at]
        if names.is_person(tokens, at):
            found = True
        elif not (token.mark or token.word in OPENERS or token.word in _AND_OR):
            return False
    return found
