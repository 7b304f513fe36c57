"""Is a name in an utterance called, or only talked about? From where it stands and what stands around it.

The same rules hold for the agent's name and for anybody else's: a person who is called is the one spoken to.
"""

from __future__ import annotations

import re
from enum import Enum

from server.core.addressing.asking import announces, asks, asks_with, opens_request, turns_to_asking
from server.core.addressing.names import Mention, Names
from server.core.addressing.quoted import quoted
from server.core.addressing.spoken_to import begins_clause, goes_on_about, leads_to_asking, speaks_to
from server.core.addressing.text import Token, bare, plain, sentence_end, sentence_start, without_openers
from server.core.addressing.words import (
    ABOUT_BEFORE,
    DETERMINERS,
    FILLERS,
    HEY,
    IMPERATIVES,
    MODALS,
    OPENERS,
    THANKS_TO,
    VERBS_AFTER,
    YOU,
    is_common,
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
_TELLS = frozenset("ask asks asked asking tell tells told telling say says said saying that".split())
_NAMES_IT = frozenset("named name call called calls nickname christen christened rename renamed naming".split())
_CALLED_SO = frozenset("called named name name's is it's as".split())
_OBJECTS = frozenset("that this it those these them you me us".split())
_BE = frozenset("is was are were be it's that's who's this".split())
# "which floor is it on, Parley": a preposition left at the end of a question
_STRANDED = frozenset("it that this he she we they you i there".split())
_AWAY = frozenset("up off out down away back".split())
_TURNS = frozenset(
    "turn turned turning switch switched switching set shut pick picked bring brought kick kicked put back call called"
    " take took let block blocked tear throw threw give gave hang hung".split()
)
# commands that take an object: a name right behind them is that, not a call
_DOERS = frozenset("please just you we i someone somebody anyone not don't let's".split())
_DOES_TO = IMPERATIVES - frozenset(
    "stop wait continue go repeat help start pause resume speak talk please again summarise summarize elaborate recap"
    " explain clarify confirm translate spell check note do come finish end begin answer respond reply try"
    " guess".split()
)
_SAYS = frozenset("said say says mean meant mention mentioned".split())
_PREPOSITIONS = frozenset("on in at to from for with about of over into by".split())
_SUBJECTS = frozenset("i we he she they".split())
_SUBJECTS_OF = _SUBJECTS | {"you"}
# "before we move on Parley": a particle that belongs to its verb
_PHRASAL = frozenset(
    "move moving moved go going carry carrying hang hold log logging sign wrap get coming come ended end left".split()
)
_PARTICLES = frozenset("on off over through in up".split())
_ASIDES = frozenset("sorry actually wait hold hang thanks thank hello hi hey ok okay well yes yeah".split())
_NO = frozenset("no not never".split())
_NO_THAT = frozenset("no not that that's the i wait sorry mind don't".split())
_TAKES_UP = frozenset("yes yeah yep no nope nah oh it it's its that's he's she's i he she never the".split())
_SOFTENERS = frozenset("maybe perhaps too also please then again included now as well".split())
_EVERYBODY = frozenset(
    "anyone anybody everyone everybody someone somebody all both either guys team folks together".split()
)
_INCLUDING = frozenset("including includes include even maybe perhaps or and also plus".split())
_HAILS = frozenset("right okay ok sorry please yeah yes no hey so well".split())
# "No, just Ana": the name is an answer, no call
_PICKS = frozenset("just only also plus not".split())
_GREETS = re.compile(
    r"\b(?:thanks (?:a lot|again|(?:so|very) much)|(?:well|nicely) done|bye|goodbye|see you"
    r"|(?:over|back) to you"
    r"|(?:good|great|nice|excellent|brilliant) (?:job|work|one|stuff|morning|night|evening|afternoon))$"
)
_ADJECTIVES = frozenset("poor dear old near even mind named name like called own".split())
_PERFECT = frozenset("has have had haven't hasn't".split())
# said to whoever is asked
_ADDRESSES = re.compile(
    r"\b(?:if you (?:don't mind|would|could|can|like|want|wish)|as you (?:know|remember|recall)|if i may"
    r"|(?:can|could|would|will) you)$"
)
_LEAVES = re.compile(r"\bthat(?:'s| is) (?:all|it|everything)(?: from (?:me|us))?$")
# "it is Tuesday, isn't it Parley"
_TAGGED = re.compile(r"n't (?:it|they|he|she|we|you)$")
_YOU_TOO = re.compile(r"\b(?:and|or|including) you(?: too| as well| also)?$|\byou (?:too|as well|also)$")
# what the agent is, as other people call it: "our assistant, Parley, ..."
_KIND = (
    r"(?:bot|assistant|agent|a\.?i\.?|tool|note ?taker|app|helper|product|software|system|machine|robot|thing|model"
    r"|assistent|assistentin|asistente|assistente)"
)
_KIND_BEFORE = re.compile(rf"\b(?:our|the|a|an|my|your|this|new|little|ai|unser|notre|nuestro) (?:\w+ ){{0,2}}{_KIND}$")
_KIND_AFTER = re.compile(rf"^, (?:which|who)(?:'s)? [^,]+,|^, (?:our|the|a|an|my|your|this) (?:\w+ ){{0,3}}{_KIND}\b")


def how(tokens: list[Token], mention: Mention, names: Names) -> How:
    """What this name is there for."""
    if mention.possessive:
        return How.ABOUT
    first, last = mention.first, mention.last
    start, end = sentence_start(tokens, first), sentence_end(tokens, last)
    left, right = tokens[start:first], tokens[last + 1 : end]
    question, unmarked = end < len(tokens) and tokens[end].word == "?", end == len(tokens)
    if _longer_name(tokens, last, names) or (question and not right and _only_repeats(tokens[end + 1 :])):
        return How.ABOUT
    called_last = not right and (question or (end >= len(tokens) - 1 and asks(left)))
    if quoted(tokens, first, last, start, called_last):
        return How.QUOTED
    if _in_company(tokens, start, first, names):
        while right and right[0].word in _SOFTENERS:
            right = right[1:]
        together = speaks_to(right, question) if right and not right[0].mark else asks(right) or asks(tokens[end:])
        together = together or (unmarked and bool(right) and leads_to_asking(bare(right)))
        return How.ALL if together else How.ABOUT
    if all(token.mark or token.word in OPENERS for token in left):
        if left and left[-1].word in _PICKS and not right:
            return How.ABOUT
        if left and left[-1].word in THANKS_TO:
            return How.CALLED
        if _together(right, names, tokens, last + 1):
            return How.ALL
        return How.CALLED if _opens(right, question, unmarked) else How.ABOUT
    if left[-1].mark:
        return _after_a_mark(left, right, question)
    return _after_a_word(left, right, question, unmarked)


def _longer_name(tokens: list[Token], last: int, names: Names) -> bool:
    """ "Nova Scotia", "Wren Kitchens": a word with a capital behind it that is no common one, nor somebody else."""
    name, after = tokens[last], tokens[last + 1] if last + 1 < len(tokens) else None
    if after is None or after.word in names.begins or not after.capital or not name.capital or not after.word.isascii():
        return False
    return after.word.isalpha() and not is_common(after.word) and not names.is_person(tokens, last + 1)


def _only_repeats(rest: list[Token]) -> bool:
    """Whether the name with a question mark only takes up what was said: "Parley? Yeah, better than the last one"."""
    following = bare(rest)
    return bool(following) and following[0] in _TAKES_UP and not asks(rest) and YOU.isdisjoint(following)


def _opens(right: list[Token], question: bool, unmarked: bool) -> bool:
    """Called by a name that opens the sentence? `unmarked`: no mark ends it, so marks may be missing inside too."""
    if not right:
        return True
    following = bare(right)
    if right[0].mark:
        return not _KIND_AFTER.match(plain(right)) and not goes_on_about(right, question)
    first = following[0]
    if first in HEY or first in _ASIDES or all(word in OPENERS for word in following):
        return True
    if first in _NO and (len(following) == 1 or following[1] in _NO_THAT):
        return True
    if speaks_to(right, question, opening=True, unmarked=unmarked):
        return True
    return (unmarked and leads_to_asking(following)) or (begins_clause(following) and asks(right))


def _together(right: list[Token], names: Names, tokens: list[Token], at: int) -> bool:
    """ "Parley and Ana, can you two ...", "Parley, Ana, what do you both think": called with others behind it."""
    following = bare(right)
    if len(following) < 2 or not asks(right):
        return False
    joined = following[0] in ("and", "or") and not right[0].mark
    listed = right[0].mark and names.is_person(tokens, at + 1)
    return (joined or listed) and not (_EVERYBODY | YOU).isdisjoint(following)


def _after_a_mark(left: list[Token], right: list[Token], question: bool) -> How:
    """A comma or a dash stands before the name."""
    words = [word for word in bare(left) if word not in FILLERS]
    following = bare(right)
    if _KIND_BEFORE.search(" ".join(words)):
        return How.ABOUT
    if words and words[-1] in _CALLED_SO:
        return How.CALLED if question and not following and words[-1] == "is" else How.ABOUT
    if all(word in _SOFTENERS for word in following):
        return How.CALLED
    if right[0].mark:
        return How.ABOUT if _KIND_AFTER.match(plain(right)) or goes_on_about(right, question) else How.CALLED
    if following[0] in ("included", "too") and not _EVERYBODY.isdisjoint(words):
        return How.ALL
    return How.CALLED if speaks_to(right, question) else How.ABOUT


def _after_a_word(left: list[Token], right: list[Token], question: bool, unmarked: bool) -> How:
    """The name stands in the middle or at the end of a clause, without a mark before it."""
    words, following = bare(left), bare(right)
    before, second = words[-1], words[-2] if len(words) > 1 else ""
    if (before in HEY or before in THANKS_TO) and second not in ("you", "they", "we", "i"):
        return How.CALLED
    said = " ".join(words)
    if _GREETS.search(said) or (
        _TAGGED.search(said) and (not right or right[0].mark or begins_clause(following) or following[0] in _AND_OR)
    ):
        return How.CALLED
    if _LEAVES.search(said) and following and (speaks_to(right, question, joined=True) or asks(right)):
        return How.CALLED
    everybody = not _EVERYBODY.isdisjoint(words) or not _EVERYBODY.isdisjoint(following)
    its_verb = bool(following) and following[0] in VERBS_AFTER
    if before in _INCLUDING and everybody and not its_verb and (question or asks(right) or asks([*left, *right])):
        return How.ALL
    if question and _YOU_TOO.search(said):
        return How.ALL
    if following[:1] == ["to"] and before == "you" and not right[0].mark:
        return How.CALLED  # "I need you Parley to ..."
    if following[:1] and following[0] in MODALS and following[1:2] and following[1] in YOU and before not in _TELLS:
        return How.CALLED  # "before we move on Parley could you ..."
    clause = bare(_last_clause(left))
    if set(clause) <= _HAILS or clause[-2:] == ["i", "mean"]:  # "it was thirty, right Parley?", "Ana, I mean Parley"
        return How.CALLED if not right or right[0].mark or speaks_to(right, question) else How.ABOUT
    if following and (before in _JOINS or before in FILLERS or before in _THINKS):
        return How.CALLED if _joined(before, right, question) else How.ABOUT
    if _ADDRESSES.search(said) or announces(words[-3:]):
        return How.CALLED
    if _is_object(words, _asking_clause(words), at_end=not following):
        return How.ABOUT
    if all(word in _SOFTENERS for word in following):
        clause = without_openers(words)
        who_did = clause[:1] == ["who"] and len(clause) <= 2
        return How.CALLED if asks(left) and not who_did else How.ABOUT
    if right[0].mark:
        asked = opens_request(without_openers(following)) or asks(_last_clause(left))
        return How.CALLED if asked else How.ABOUT
    if unmarked and begins_clause(following) and before not in _TELLS and asks(right):
        return How.CALLED  # "I was thinking Parley we never fixed a date did we"
    moved_on = before in _PARTICLES and second in _PHRASAL  # "before we move on Parley ..."
    return How.CALLED if speaks_to(right, question, joined=moved_on, unmarked=unmarked) else How.ABOUT


def _joined(before: str, right: list[Token], question: bool) -> bool:
    """Called behind "and", "so", "um", "I think"?"""
    following = bare(right)
    if right[0].mark:
        return opens_request(without_openers(following)) or (question and asks(right))
    return speaks_to(right, question, joined=before not in _THINKS) and (
        before not in _THINKS or following[0] not in IMPERATIVES
    )


def _is_object(words: list[str], clause: list[str], *, at_end: bool) -> bool:
    """Whether the words before make the name an object: "ask Parley", "with Parley", "is that Parley"."""
    before, second = words[-1], words[-2] if len(words) > 1 else ""
    if before in MODALS and second in _SUBJECTS_OF:
        return False  # "if you would Parley", not "would Parley"
    if before in ABOUT_BEFORE and second in DETERMINERS and before not in _ADJECTIVES:
        return False  # "with everyone on the call Parley"
    if at_end and before.endswith("ed") and clause[:1] and clause[0] in _PERFECT and "been" not in clause:
        return True  # "has the board approved Parley"
    if before in _OBJECTS:
        if second in _NAMES_IT:
            return True  # "who named it Parley"
        if second in _BE and clause[:1] and (clause[0] in _BE or clause[0].startswith("who")):
            return True
        return before == "you" and second in ABOUT_BEFORE and second not in ("and", "for")
    if before in _DOES_TO and (len(clause) == 1 or second in _DOERS):
        return True  # "please ignore Parley"
    if before not in ABOUT_BEFORE or before in _SUBJECTS or (second in _PHRASAL and before in _PARTICLES):
        return False
    if at_end and before in ("both", "either", "neither"):
        return False
    if at_end and before in _AWAY and second not in _TURNS:
        return False  # "how many signed up Parley", not "who turned off Parley"
    if at_end and before in _SAYS and second not in ("", "who") and (asks_with(clause) or clause[0] in IMPERATIVES):
        return False  # "tell me what Ana said Parley"
    stranded = at_end and before in _PREPOSITIONS and second in _STRANDED
    return not (stranded and asks_with(clause) and not clause[0].startswith("who"))


def _asking_clause(words: list[str]) -> list[str]:
    """The words from the last question or request that begins in them."""
    words = without_openers(words)
    return words[turns_to_asking(words) or 0 :]


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
