"""Do words ask a question, or for something to be done?

A clause that begins like a question or a request does. Without marks nobody tells where a clause begins: there it is
the order of the words ("... did we", "... what's the", "... tell me") that shows it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from server.core.addressing import languages
from server.core.addressing.text import Token, bare, clauses, without_openers
from server.core.addressing.words import (
    DETERMINERS,
    FILLERS,
    IMPERATIVES,
    MODALS,
    OPENERS,
    QUESTIONS,
    SUBJECTS,
    WAS_ASKS,
    YOU,
)

# "could have been worse", "is not": behind a modal that opens the sentence these leave no room for a subject
_NO_SUBJECTS = frozenset("have be been not do get go well also never always just only still probably better".split())
_PLEASE = languages.PLEASE | frozenset("please kindly".split())
_WANTED = re.compile(
    r"\b(?:i(?:'d| would)? (?:like|love|need|want)|i(?:'ve| have) (?:got )?a question|i was (?:going|about) to ask"
    r"|i (?:wanted|meant) (?:to ask|you)|we(?:'d| would)? (?:need|like) (?:you|the|a|to)|put me down|over to you"
    r"|your (?:turn|thoughts?|view|opinion|take|call)|you (?:can|may|could|might|should) (?:now )?\w+"
    r"|any (?:ideas?|word|joy|luck|thoughts?|news|update|chance|objections?|suggestions?|questions?)"
    r"|anything (?:else|to|we|i|you)"
    r"|let's (?:hear|see|have)|have (?:a|another) (?:look|go|think|try|guess)|(?:wait|hang on|hold on"
    r"|give me) a (?:second|moment|minute)|hold on|hang on"
    r"|tu (?:peux|pourrais)|vous pou\w+|same (?:for|again)|one more time|once (?:more|again)|am i right|tell me)\b"
    # Chinese, Japanese, Korean: how a question or a request ends, or what it asks with
    r"|(?:か|かな|の|吗|呢|么|까|나요|죠|줘|주세요|て|ください|下さい|お願いします|教えて)$"
    r"|什么|多少|几点|哪|谁|怎么|为什么|请|帮我|何|いつ|どこ|誰|なぜ|どう|いくら|무엇|언제|누구|얼마|어디"
)
# a question with its word in place: "that's from which report", "belonged to who"
_IN_PLACE = re.compile(
    r"\b(?:for|from|to|at|by|with|of|about|in|on|until|since) (?:who|whom|what|where|when|which(?: \w+)?)$"
)
# a question is on its way: "quick question", "one more check"
_ANNOUNCES = re.compile(
    r"\b(?:quick|one|two|three|some|a few|another|small|last|final|same)(?: (?:more|quick|small|last|sanity))?"
    r" (?:questions?|check|query|doubt|favou?r|request)\b"
    r"|\b(?:my|the) (?:next |first |other )?(?:question|doubt|query) is\b|\bquestion for you\b"
)
# behind these a clause may begin
_LOOSE = OPENERS | FILLERS | frozenset("or just then maybe perhaps know sure".split())
_JOINS = frozenset("so but then now well just please also kindly maybe quickly".split())
# behind these a question is only told of: "I know what's ..."
_TAKES = frozenset(
    "know knows knew knowing wonder wonders wondering wondered ask asks asked asking say says said saying see sees saw"
    " seen seeing tell tells told telling remember remembers forget forgot idea about of on to with for by from is was"
    " are that's it's matter matters care cares understand understands understood explain explains explained"
    " figure show shows showed check checked mean means meant like likes depends than exactly precisely me us him her"
    " them decide decided regardless whatever guess think thinks clear here's there's and or not which who that".split()
)
# "that's basically what Ana said": it is told what something is
_TELLS_WHAT = re.compile(
    r"\b(?:(?:that|it|this|which) (?:is|was)|that's|it's)(?: (?:pretty|much|more|or|less|kind|sort|of|just|\w+ly))+$"
)
_OF = frozenset("about of on to with for by from like than".split())
_WH_IS = frozenset("what's what're where's how's when's why's".split())
_PEOPLE = frozenset("who who's which whose".split())
_THOSE = frozenset("those one ones people someone anyone everyone somebody anybody everybody guys all".split())
_MEASURES = frozenset("many much long far often old big high deep late soon fast heavy wide tall".split())
_DO = frozenset("do does did can could would will should shall have has had don't doesn't didn't".split())
_BE = frozenset("is are was were isn't aren't wasn't weren't".split())
_PRONOUNS = frozenset("i we you they he she it there anyone anybody someone somebody".split())
# before a verb: it has its subject, or is no question
_HAS_SUBJECT = _PRONOUNS | QUESTIONS | MODALS | frozenset("to not that if all than as nor neither".split())
_SELF = _PRONOUNS - frozenset("you anyone anybody someone somebody".split())
CLITICS = frozenset("ci mi me nos".split())
_TU = frozenset("tu vous".split())
#: a clause that begins with these leaves the main one for later: "if you don't mind read it back"
SUBORDINATE = frozenset("if when while before after once since as".split())
_FOR_ME = frozenset("tell give show send remind read list".split())
_ME = frozenset("me us".split())
_IT = DETERMINERS | _ME | frozenset("it them".split())
_TO_DO = frozenset("i we they you he she it to will would can could should might must not people who n't".split())


def asks_with(words: list[str]) -> bool:
    """Whether the first of these words is one that asks: "what", "wann", and "was" in German."""
    if not words:
        return False
    if len(words) > 1 and (
        (words[0] == "what" and words[1] in ("a", "an")) or (words[0] == "how" and words[1] in _SELF)
    ):
        return False  # "what a mess", "how I hate it"
    if len(words) > 1 and words[0] in languages.PREPOSITIONS and words[1] in languages.QUESTIONS:
        return True
    return words[0] in QUESTIONS or (words[0] == "was" and len(words) > 1 and words[1] in WAS_ASKS)


def opens_question(words: list[str]) -> bool:
    """Whether these words begin like a question: "what", "is there", "did Ana"."""
    if not words:
        return False
    first, second = words[0], words[1] if len(words) > 1 else ""
    if asks_with(words):
        return True
    if first not in MODALS or second in _NO_SUBJECTS:
        return False
    return second in SUBJECTS or second in DETERMINERS or len(words) > 2


def opens_request(words: list[str]) -> bool:
    """Whether these words begin like a request: a verb that commands, "can you", "please"."""
    if not words:
        return False
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first in IMPERATIVES:
        return first != "let" or second != "me" or words[2:3] in (["know"], ["hear"], ["have"])
    if first in CLITICS and second in languages.IMPERATIVES:
        return True
    return first in _PLEASE or (first in MODALS and second in YOU) or (first in _TU and second in MODALS)


def asks(tokens: list[Token]) -> bool:
    """Whether any sentence or clause of these words asks a question or for something to be done."""
    if any(token.word == "?" for token in tokens):
        return True
    words = bare(tokens)
    if not _PLEASE.isdisjoint(words) or _WANTED.search(" ".join(words)) or announces(words) or asks_in_place(words):
        return True
    for clause in clauses(tokens):
        said = without_openers(clause)
        if opens_question(said) or opens_request(said) or turns_to_asking(said) is not None:
            return True
    return any(word in MODALS and after in YOU for word, after in pairwise(words))


def asks_in_place(words: list[str]) -> bool:
    """Whether these words end with what they ask for: "that's from which report"."""
    return _IN_PLACE.search(" ".join(words[-3:])) is not None


def announces(words: list[str]) -> bool:
    """Whether these words say that a question comes: "quick question"."""
    return _ANNOUNCES.search(" ".join(words)) is not None


def ends_announcing(words: list[str]) -> bool:
    """Whether these words end by saying that a question comes."""
    said = " ".join(words[-4:])
    return any(match.end() == len(said) for match in _ANNOUNCES.finditer(said))


def turns_to_asking(words: list[str], *, relative: bool = True) -> int | None:
    """Where, behind other words and without a mark, a question or a request begins that is nobody's object.

    `relative`: a "who" or "which" behind a noun may go on about that noun.
    """
    for at in range(1, len(words) - 1):
        word = words[at]
        if word in QUESTIONS:
            if _question_turns(words, at, relative):
                return at
        elif word in MODALS and _modal_turns(words, at):
            return at
        if word in IMPERATIVES and _request_turns(words, at):
            return at
    return None


def _question_turns(words: list[str], at: int, relative: bool) -> bool:
    """ "... so who's got the keys", "... what did we say"; not "I know what's going on", "the one who is late"."""
    before, word, second = words[at - 1], words[at], words[at + 1]
    if not asks_with(words[at:]) or (before in MODALS and word not in _WH_IS):
        return False
    if second in _SELF or (second == "you" and before not in _JOINS):
        return False  # "just what I needed"
    if _TELLS_WHAT.search(" ".join(words[:at])):
        return False
    if before in _JOINS or (before in FILLERS and word != "which"):
        return True
    if second in _DO and at + 2 < len(words) and words[at + 2] in _PRONOUNS and before not in _OF:
        return True
    if word in _PEOPLE and before in _THOSE:
        return False
    if before in _TAKES or (
        relative and word in _PEOPLE and before not in _LOOSE and not second.startswith(("one", "of"))
    ):
        return False
    if word in _WH_IS or word in _PEOPLE or word not in ENGLISH_QUESTIONS:
        return True
    if word == "how" and second in _MEASURES:
        return True
    if second == "about":
        return True
    verb = at + 1 if second in _DO or second in _BE else at + 2
    if verb + 1 >= len(words) or (verb == at + 2 and (word not in ("what", "how") or second in _PRONOUNS)):
        return False
    subject = words[verb + 1]
    return words[verb] in _BE or (words[verb] in _DO and (subject in _PRONOUNS or subject in DETERMINERS))


ENGLISH_QUESTIONS = QUESTIONS - languages.QUESTIONS


def _modal_turns(words: list[str], at: int) -> bool:
    """ "... can you", "... did we", "... isn't it"; not "what I did", "what can we"."""
    before, word, second = words[at - 1], words[at], words[at + 1]
    if before in _HAS_SUBJECT:
        return False
    if second in YOU:
        return True
    if second in _PRONOUNS:
        last = at + 2 == len(words)
        return word in _DO or word not in _BE or before in _LOOSE or (last and word.endswith("n't"))
    return word in ("did", "does") and before in _LOOSE and second not in DETERMINERS and at + 3 < len(words)


def _request_turns(words: list[str], at: int) -> bool:
    """ "... now read it back", "if you like read it back", "... tell us"; not "they tell us", "to read it"."""
    before, word, second = words[at - 1 : at + 2]
    if before in _JOINS or (words[0] in SUBORDINATE and before not in _TO_DO and before not in DETERMINERS):
        return second in _IT
    return word in _FOR_ME and second in _ME and before not in _TO_DO and before != "and" and not before.endswith("s")
