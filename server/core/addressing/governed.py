"""Do the words around a name take it in, as the object or the subject of what is said: "ask Parley", "Parley is late"?

A name that nothing takes in stands free, and is there to call its bearer.
"""

from __future__ import annotations

from server.core.addressing.asking import asks_in_place, asks_with, opens_request, turns_to_asking
from server.core.addressing.names import Mention
from server.core.addressing.spoken_to import has_verb
from server.core.addressing.text import Token, bare, sentence_end, sentence_start, without_openers
from server.core.addressing.words import ABOUT_BEFORE, DETERMINERS, IMPERATIVES, MODALS, SUBJECTS

TELLS = frozenset("ask asks asked asking tell tells told telling say says said saying that".split())
# "before we move on Parley": a particle that belongs to its verb
PHRASAL = frozenset(
    "move moving moved crack press push kick close sum start finish go going carry carrying hang hold log logging"
    " sign wrap get coming come ended end left".split()
)
PARTICLES = frozenset("on off over through in up".split())
_NAMES_IT = frozenset("named name call called calls nickname christen christened rename renamed naming".split())
_OBJECTS = frozenset("that this it those these them you me us".split())
_BE = frozenset("is was are were be it's that's who's this".split())
# "which floor is it on, Parley": a preposition left at the end of a question
_STRANDED = frozenset("it that this he she we they you i there come amount apply belong refer relate boil".split())
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
_PREPOSITIONS = frozenset("on in at to from for about of over into by".split())
_SUBJECTS = frozenset("i we he she they".split())
_SUBJECTS_OF = _SUBJECTS | {"you"}
# German verbs that may end a clause
_VERB_LAST = frozenset("ist hat".split())
# verbs whose object is asked for: "what shall I bring"; not those with two, "what did you tell Parley"
_GAPS = frozenset(
    "bring add try use need want get make see hear know believe remove install buy have like set put read".split()
)
_WHAT = frozenset("what which".split())
_GAP_WORDS = 3
_GIVES = frozenset("send give get buy bring find offer sell".split())
# verbs that need no object, and what is no verb behind "you"
_ALONE = (IMPERATIVES - _DOES_TO) | frozenset(
    "know think agree mean vote go leave meet happen matter fit work close open be here there all both too now up down"
    " on off in out away back over ready right sure then again say do need want like wish stand look listen move arrive"
    " expand act exit join reply add pay eat order charge offer nog choose decide pick recommend suggest".split()
)
_CAN = frozenset("can could would should will might must shall".split())
_POLITE = frozenset("would could can".split())
_ADJECTIVES = frozenset("first second third next last previous other new old same whole real little famous own".split())
# before a verb in -ing that has an object: "mind removing"
_GOVERNS = frozenset("mind without of by for stop start keep try consider".split())
# verbs of ABOUT_BEFORE that are nouns behind an article: "the call"
_NOUNS_TOO = frozenset("call show try need use switch watch set test turn mention say tool buy bring start".split())
_PERFECT = frozenset("has have had haven't hasn't".split())


def stands_free(tokens: list[Token], mention: Mention) -> bool:
    """Whether nothing makes the name a part of what is said: no verb is about it, none has it as its object."""
    left = bare(tokens[sentence_start(tokens, mention.first) : mention.first])
    right = bare(tokens[mention.last + 1 : sentence_end(tokens, mention.last)])
    return not mention.possessive and not (left and is_object(left, at_end=not right)) and not has_verb(right)


def is_object(words: list[str], *, at_end: bool) -> bool:
    """Whether the words before make the name an object: "ask Parley", "with Parley", "is that Parley"."""
    clause = _asking_clause(words)
    before, second = words[-1], words[-2] if len(words) > 1 else ""
    if not clause:
        return before in ABOUT_BEFORE
    if at_end and len(words) > 3 and asks_in_place(words):
        return False
    if at_end and second in _GOVERNS and before.endswith("ing"):
        return True  # "would you mind removing Parley"
    if before in MODALS and second in _SUBJECTS_OF and (at_end or before in _POLITE):
        return False  # "if you would Parley", not "would Parley"
    if before in _ADJECTIVES and second in DETERMINERS:
        return True  # "the previous Parley"
    if before in _NOUNS_TOO and second in DETERMINERS:
        return False  # "with everyone on the call Parley"
    if at_end and before in _VERB_LAST and opens_request(without_openers(words)):
        return False  # "kannst du sagen wie alt das ist Parley"
    if at_end and before.endswith("ed") and clause[0] in _PERFECT and "been" not in clause:
        return True  # "has the board approved Parley"
    asked = asks_with(clause) and clause[1:2] and clause[1] not in SUBJECTS  # not "when you press"
    if _is_verb(before, second, at_end=at_end) and not asked:
        return True  # "we need to label Parley"
    if before in _OBJECTS:
        if second in _NAMES_IT:
            return True  # "who named it Parley"
        if second in _GIVES and not asks_with(clause):
            return True
        if second in _BE and (clause[0] in _BE or clause[0].startswith("who")):
            return True
        return before == "you" and second in ABOUT_BEFORE and second not in ("and", "for")
    if before in _DOES_TO and (len(clause) == 1 or second in _DOERS):
        return True  # "please ignore Parley"
    if before not in ABOUT_BEFORE or before in _SUBJECTS or (second in PHRASAL and before in PARTICLES):
        return False
    if at_end and before in ("both", "either", "neither"):
        return False
    if at_end and before in _AWAY and second not in _TURNS:
        return False  # "how many signed up Parley", not "who turned off Parley"
    if (
        at_end
        and before in _SAYS
        and second not in ("", "who")
        and (asks_with(clause) or clause[0] in IMPERATIVES or clause[0] == "any")
    ):
        return False  # "tell me what Ana said Parley"
    if at_end and before == "got" and asks_with(clause):
        return False  # "what's the biggest they've got Parley"
    if at_end and clause[0] in _WHAT and before in _GAPS and len(clause) > _GAP_WORDS:
        return False  # "what did Ana want us to bring Parley": it is "what" that is brought
    stranded = at_end and before in _PREPOSITIONS and second in _STRANDED
    if second in ("that", "this") and (len(words) < 3 or words[-3] not in MODALS):
        stranded = False  # "explain that to Parley", not "which floor is that on Parley"
    return not (stranded and asks_with(clause) and not clause[0].startswith("who"))


def _is_verb(word: str, before: str, *, at_end: bool) -> bool:
    """Whether a word is a verb that takes an object, by what stands before it: "to label", "you press", "I've seen"."""
    if word in _ALONE or word in MODALS or word in _SAYS or word in SUBJECTS or word in _OBJECTS:
        return False
    if before.endswith(("'re", "'ve", "'ll")):
        return True
    return at_end and (before == "to" or before in _CAN or (before in _SUBJECTS_OF and not word.endswith("ing")))


def governs(word: str) -> bool:
    """Whether a word takes the name behind it for its object, whatever else is said."""
    return word in TELLS or word in _PREPOSITIONS or word in _BE


def _asking_clause(words: list[str]) -> list[str]:
    """The words from the last question or request that begins in them."""
    words = without_openers(words)
    return words[turns_to_asking(words) or 0 :]
