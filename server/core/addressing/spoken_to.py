"""Are the words behind a name, with no mark between, said to its bearer or about them?

"Parley what did we decide" against "Parley is a bit slow today", without the comma that would tell.
"""

from __future__ import annotations

import re
from itertools import pairwise

from server.core.addressing import languages
from server.core.addressing.asking import CLITICS, SUBORDINATE, announces, asks, asks_with, turns_to_asking
from server.core.addressing.text import PARTS, Token, bare, plain
from server.core.addressing.words import (
    ABOUT_AFTER,
    DETERMINERS,
    IMPERATIVES,
    MODALS,
    OPENERS,
    SUBJECTS,
    VERBS_AFTER,
    YOU,
)

_AT_ONCE = frozenset("just quickly quick also now then first maybe only".split())
_ASKING_FOR = frozenset("please bitte any anything kindly enough".split())
_SPEAKER = frozenset("i i'm i'd i've i'll we we're we've we'd let's".split())
_OBJECTS = frozenset("that this it those these them you me us please for to".split())
_TURN = ("over to you", "back to you", "your turn")
_NEEDS = re.compile(r"(?:i|we) (?:need|want|have (?:a|one) question)\b|i'd (?:like|love)\b")
# imperatives that are also a past tense: "and Parley put it in the notes"
_SAME_PAST = frozenset("put set read let cut shut quit split".split())
_FINITE = VERBS_AFTER - languages.VERBS_AFTER
_ABLE = frozenset("can could should would will shall".split())
_DO = frozenset("did does do are were".split())
_BE = frozenset("is was are were".split())
_PREDICATES = frozenset("one ones bot name same best worst only new assistant reason thing problem right wrong".split())
_EXISTS = DETERMINERS | frozenset(
    "anything anyone anybody something somebody enough still another one more time".split()
)
_NO_SUBJECTS = frozenset("them him us me".split())
_POINTING = frozenset("it this that".split())
_COPULAS = frozenset("is was".split())
_NO_COMMAND = frozenset("to not never who that".split()) | DETERMINERS
# French commands: "redis-nous"
_TO_US = frozenset("moi nous".split())
_WHAT = frozenset("that this it those these them me us".split())
_YOU_KNOW = frozenset("know see".split())
_SINGULAR = frozenset("does doesn't has hasn't is isn't".split())
_PLURAL = frozenset("i you we they".split())
_NO_NOUNS = _AT_ONCE | OPENERS | frozenset("love dear darling honey".split())
_WITH_IT = frozenset("up down out in off on it us me that through back over everyone everybody all".split())
#: words within which a question is announced: "Parley, last one, quick question"
_ANNOUNCED = 3
_ADVERBS = frozenset("only just never always still really actually probably even often sometimes".split())
_TAG = re.compile(
    r"(?:^|, )(?:right|correct|yeah|no|eh|huh|okay|(?:is|does|did|was|has|can|wo|do)n't (?:it|he|she)|is it)$"
)
# a clause of its own behind the name: "Parley there's a typo", "Parley that list"
_OWN_SUBJECT = frozenset(
    "there's there i i'm i'd i've i'll we we're we've we'd let's he she they he's she's they're it's this these those"
    " that that's you".split()
)
# the name is joined to others, or a relative clause follows
_JOINED_ON = frozenset("and or who which whose".split())
_HEDGE = re.compile(r"^i(?:'d say| (?:think|guess|suppose|reckon|believe|would say|bet))$")
#: tokens within which a parenthesis behind a name closes
_PARENTHESIS = 5


def speaks_to(
    right: list[Token], question: bool, *, opening: bool = False, joined: bool = False, unmarked: bool = False
) -> bool:
    """Whether these words are said to the bearer of the name before them.

    `question`: a question mark ends the sentence; `unmarked`: nothing does, so marks may be missing; `opening`: the
    name opens the sentence, `joined`: a clause, so that less is needed.
    """
    words = bare(right)
    first, second = words[0] if words else "", words[1] if len(words) > 1 else ""
    if first == "and" and asks_with(words[1:]):
        return True
    if asks_with(words) or (first in YOU and second not in _YOU_KNOW) or first in _ASKING_FOR:
        return True
    if second in _TO_US:
        return True
    if opening and first == "don't":
        return second not in SUBJECTS  # "don't forget"
    if first in MODALS:
        if right[1:2] and right[1].mark:
            return False  # "Parley was, you know, late"
        if first == "do" and second in DETERMINERS and not question:
            return True  # "do the sum"
        if len(words) > 3 and right[1].capital and first in _BE and (unmarked or question):
            return True  # "is Ana still on holiday"
        return _inverted(words, question and not _TAG.search(plain(right)), unmarked)
    if first in IMPERATIVES:
        if second in _FINITE or second == "of":
            return False  # "Parley answer was wrong"
        if opening or not second or second in _OBJECTS:
            return True
        return second in DETERMINERS if first in _SAME_PAST else joined or second in DETERMINERS
    if (first in _AT_ONCE or first in CLITICS) and second in IMPERATIVES:
        return True
    if first in ABOUT_AFTER and " ".join(words[:3]) not in _TURN:
        return False
    said = " ".join(words)
    if (opening or joined) and (said.startswith(_TURN) or _NEEDS.match(said)):
        return True
    if opening and first in _SPEAKER:
        return True
    if not (opening or joined) or _third_person(first):
        return False
    # an elliptic request or question: "Parley the total please", "Parley time left?"
    return "please" in words or (opening and question and not _TAG.search(plain(right)))


def leads_to_asking(words: list[str]) -> bool:
    """Without marks: the name has no verb of its own, and asking follows ("in your opinion which one's better")."""
    if not words:
        return False
    at = turns_to_asking(words, relative=False)
    if at is None:
        late = words[0] in SUBORDINATE
        at = next((at for at in range(1, len(words) - 1) if _commands(words, at, late)), None)
    if at is None:
        return announces(words) and not has_verb(words[:_ANNOUNCED])
    if at == 1 and words[0] not in _NO_NOUNS and not words[0].endswith("ly"):
        return False  # "olive oil can you pass it"
    return not has_verb(words[:at])


def begins_clause(words: list[str]) -> bool:
    """Whether the name before is no part of the sentence: another subject follows, or a command with its object."""
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first in IMPERATIVES and first not in _SAME_PAST:
        if second in _OBJECTS or second in DETERMINERS or second in _WITH_IT:
            return True
        return (
            bool(second)
            and second not in _FINITE
            and second not in ABOUT_AFTER
            and second != "of"
            and not second.endswith("ing")
        )
    return first in _OWN_SUBJECT and (first not in _POINTING or second not in _COPULAS)


def _commands(words: list[str], at: int, late: bool) -> bool:
    """ "... make it", "... list the": no verb of somebody else, whose subject or "to" would stand before it."""
    before, word, after = words[at - 1 : at + 2]
    if word not in IMPERATIVES or word in _SAME_PAST:
        return False
    if before in SUBJECTS or before in MODALS or before in _NO_COMMAND:
        return False
    return late or after in _WHAT or after in DETERMINERS


def has_verb(words: list[str]) -> bool:
    """Whether the name before these words is the subject of a verb in them: one that has no other subject."""
    if not words:
        return False
    first = next((word for word in words if word not in _ADVERBS), "")
    if first in VERBS_AFTER or first in _JOINED_ON or _third_person(first):
        return True
    return any(
        (word in _FINITE or word.endswith("ed")) and before not in SUBJECTS and before not in _ADVERBS
        for before, word in pairwise(words)
    )


def goes_on_about(right: list[Token], question: bool) -> bool:
    """ "Parley, of course, is late": behind a parenthesis the sentence goes on about it."""
    at = next((at for at in range(1, min(len(right), _PARENTHESIS + 1)) if right[at].word in PARTS), None)
    if at is None or asks(right[1:at]):
        return False
    if _HEDGE.match(" ".join(bare(right[1:at]))):
        return True  # "Parley, I'd say, or what do you two think?": the name is an answer
    rest = bare(right[at:])
    return bool(rest) and rest[0] in VERBS_AFTER and not speaks_to(right[at:], question)


def _inverted(words: list[str], question: bool, unmarked: bool) -> bool:
    """A verb before its subject: "can you", "is there", "did Ana send it?"; not "is a bit slow", "did that"."""
    first, second, third = [*words, "", ""][:3]
    if first.endswith("n't") and (second == "it" or (second in _POINTING and third in DETERMINERS)):
        return True  # "isn't that the old one"
    if first in _SINGULAR and second in _PLURAL:
        return False  # "doesn't I mean": no subject of it
    if (first in ("is", "was") and second.endswith("ed")) or (first in _DO and second in _NO_SUBJECTS):
        return False  # "was asked for", "does them now"
    if second in YOU or (first in _ABLE and second in DETERMINERS):
        return True
    if second in _POINTING:
        if first in _ABLE and third:
            return True
        if first in ("has", "had", "have"):
            return third == "been" or (question and third not in ("", "all", "already"))
        return question or (first in _BE and bool(third) and (second == "it" or (unmarked and len(words) > 3)))
    if second == "there" and first in _BE:
        return question or third in _EXISTS
    if second in SUBJECTS:
        return True
    if first in ("has", "have") and second in DETERMINERS and unmarked and "been" in words:
        return True
    if first in _BE and second == "the" and third in _PREDICATES:
        return False  # "is the one with the blue icon"
    if second in DETERMINERS and first in _DO and len(words) > 4 and unmarked:
        return second not in ("a", "an")
    if second in DETERMINERS or first in _DO:
        return question and second not in ("a", "an", "well", "not") and len(words) > 3
    return question and first in ("is", "was", "has", "have") and len(words) > 3 and second not in ABOUT_AFTER


def _third_person(word: str) -> bool:
    return word.endswith("ed") or (word.endswith("s") and len(word) > 3 and "'" not in word)
