"""Can words without the agent's name go on with it: a question, a request, a correction, an answer; or only comment?

Pure tests of the words. Who may go on, and for how long, is in `core/addressing/before.py`.
"""

from __future__ import annotations

import re

from server.core.addressing.asides import (
    is_for_the_room,
    is_musing,
    is_opinion,
    is_thought,
    is_your_turn,
    names_the_room,
    phrases,
    puts_off,
)
from server.core.addressing.asking import (
    ENGLISH_QUESTIONS,
    asks,
    asks_in_place,
    ends_announcing,
    opens_question,
    opens_request,
    turns_to_asking,
)
from server.core.addressing.text import Token, bare, clauses, sentences, tokens_of, without_openers
from server.core.addressing.words import DETERMINERS, FILLERS, MODALS, QUESTIONS, SUBJECTS
from server.core.endpointing import trails_off

_AGAIN = phrases(
    r"(?:i'm )?sorry|pardon(?: me)?|excuse me|what|what was that|come again|say again|huh|wie bitte|comment|como",
    start="^",
    end="$",
)
_MORE = phrases(
    r"go (?:on|ahead)|carry on|keep going|continue|try again|one more time|once (?:more|again)",
    r"(?:and then|more|again|(?:slow|fast|loud|quiet|short|long|bigg|small|high|low|simpl|clear|bright"
    r"|dark)er)(?: \w+){0,2}$",
    r"(?:yes |yeah |yep |sure |ok |okay )?(?:please(?: do)?|do (?:it|that|so)|go ahead|that one|both)",
    r"another(?: one)?(?: please)?$|(?:something|anything)(?! like\b)(?: more| less)?(?: \w+){1,4}$",
    r"(?:a (?:bit|little|tad)|slightly)(?: more| less)?(?: \w+){1,4}$|(?:the )?same (?:for|again|with)",
    r"(?:(?:ok|okay|right|good|and|yes) )*next(?: one)?(?: please)?$"
    r"|(?:hm+ )?(?:one|two|three|four|five|some|a few) more(?: \w+)?(?: please)?$"
    r"|the next(?: one)?|(?:the|that|this|not the) (?:\w+ ){1,2}ones?(?: please)?$",
    r"weiter|encore|otra vez|noch ?mal|noch einmal",
    # "any others closer to us", "any with parking", "any cheaper ones"
    r"any (?:others?(?! (?:want|need|have|go|think|like|coming|going|business|questions?|comments?|points?)\b)"
    r"|with|without|in(?! favou?r)|from|under|over|near|nearer|closer|cheaper|bigger|smaller|earlier|later|sooner)"
    r"(?: (?!and\b)\w+){0,5}$",
    start="^",
)
_CORRECTS = phrases(
    r"(?:that's |it's )?not (?:that|the|what i|this)(?: one)?|i (?:meant|said|asked|wanted|was asking)|the other",
    r"i mean(?! (?:it's|that's|you|we|i))|i (?:didn't|couldn't) (?:get|hear|catch|understand|follow)",
    r"i missed (?:that|it|the)",
    r"that (?:wasn't|isn't|was not|is not) (?:my question|what i)",
    r"wrong|that's (?:wrong|the wrong)|you (?:mean|meant|misheard|misunderstood|said|forgot|missed|skipped|left)",
    r"make (?:it|that)|ich meine?|ich meinte|je veux dire|quiero decir",
    start=r"^(?:no|nope|well|sorry|wait|actually|but|oh|hmm|non|nein)?(?: no| sorry| wait)* ?",
)
# "no, April", "actually, half past": a few words in place of those of the answer
_INSTEAD = re.compile(
    r"^(?:no|nope|actually|sorry|nein|non)\b(?! (?:no|way|problem|idea|wonder|thanks|thank|need|doubt|worries|chance"
    r"|good|really|fair|true|sure|right|exactly|of|fine|okay|ok|seriously|kidding|i|it|it's|we|he|she|they|you"
    r"|that's|there)\b)"
    r"(?: [\w']+){1,6}$"
)
# "no that is the paper one I need the online date"
_NOT_THAT = re.compile(
    r"^(?:no|nope|nah|but|actually|nein)\b(?: \w+)? (?:that|it)(?:'s| is| was) .*"
    r"\b(?:i|we) (?:need|want|wanted|meant|asked)\b"
)
# "six, I said six", "not counting the break I mean"
_I_SAID = re.compile(r"^(\w+)(?: \w+)? i (?:said|meant|asked) (?:\w+ )?\1\b|^not (?:\w+ ){1,4}i (?:mean|meant)$")
# "and the year before", "what about the other one"
_ALSO = re.compile(
    r"^(?:(?:ok|okay|right|great|good|fine|yeah|yes|thanks|so|huh|hm|hmm|oh|ah|wow|interesting) )*"
    r"(?:and|und|et|y|e|en|or|also|plus|what about|how about)(?: now| then| also| the)*\b(?!.*\b(?:we|i|he|she|they"
    r"|let's|i'll|we'll|you|it's|that's|there's|is|was|are|were|has|had|have|goes|does|did|will|would)\b)"
)
_ALSO_WORDS = 8
# anybody may ask an answer to be repeated, or where it is from
_REPAIRS = phrases(
    r"(?:can|could|would|will) you (?:please |just |maybe )*(?:say|repeat|read|spell) (?:that|it|this)\b.*",
    r"(?:please )?(?:repeat|spell) (?:that|it)\b.*|say (?:that|it) (?:again|once more|louder|slower)\b.*",
    r"(?:can|could) you (?:please )?(?:speak|talk) (?:up|louder|slower|a bit|more)\b.*",
    r"(?:a bit |bit )?(?:louder|slower)",
    r"where (?:did|do) you (?:get|have|take) (?:that|it|this)\b.*|how do you know(?: that)?",
    r"(?:can|could|would|will) you (?:please |just )*(?:(?:look|check|search|try) again|double check)\b.*",
    r"did you say .{1,40}|was (?:it|that) \w+ or \w+",
    r"what(?:'s| is| was) (?:your|the) source(?: for that| of that| there)?",
    start=r"^(?:(?:sorry|pardon|excuse me|hang on|wait|okay|ok|but|and|so|um|uh|hmm|what) )*",
    end=r"(?: please)?$",
)
_MANNER = re.compile(
    r"\b(?:please|or what|i meant|in (?:more )?(?:english|german|french|spanish|italian|euros?"
    r"|dollars?|pounds?|short|detail))$"
)
_NEEDS = re.compile(
    r"^(?:i need (?:the|your|you|more)|i have (?:a|another|one more) question"
    r"|i'd like (?:to (?:hear|see|know|have)|the|you)|i (?:want|would like) to (?:know|see|hear))\b"
)
# a relative clause, no question: "which is what I said"
_WHICH = re.compile(r"^which (?:(?:is|was)(?! (?:more|less|the|\w+e(?:r|st))\b)|means|would|makes|i|we|they|he|she)\b")
_DECLINES = re.compile(
    r"^(?:sorry |oh )*(?:no|nope|nah|nein|non|not|nothing)\b(?=.*\b(?:thanks|thank|all|it|fine|need|now|good|okay|ok"
    r"|nothing|danke|merci|gracias)\b|$)"
    r"(?!.*\b(?:but|the|make|instead)\b)"
    # an order is more than a no: "no, leave that out for now"
    r"(?!\W+(?:(?:just|please) )?(?:leave|keep|put|use|take|skip|add|remove|change|move|send|don't) \w+)"
)
_IS_IT_THERE = re.compile(
    r"\b(?:(?:can|could|may) i ask(?: you)? (?:something|one thing)|let(?:'s| me) (?:see|think)"
    r"|(?:can|could|would) you help(?: me| us)?(?: out)?|are you (?:there|here|with us|listening|awake)"
    r"|can you hear (?:me|us)|listen|tell me|you there|hello|(?:one|a|another) question)$"
)
_NO_CHOICE = frozenset("more less sooner later so something whatever give take not two".split())
_CHOICE = 8
_INVERTED = SUBJECTS | frozenset("that this these those".split())
# "..., is that he left", "..., which means ..."
_NO_QUESTION = re.compile(
    r"^(?:(?:is|was) that (?:i|we|you|they|he|she|it|there|the)"
    r"|which (?:(?:is|was) (?:what|why|where|when|how|exactly|just|pretty|basically)"
    r"|means|would|makes|i|we|they|he|she))\b"
)
#: words of "isn't it", "don't you think" at most
_TAG_WORDS = 3
# "since when", "for how long"
_SINCE_WHEN = re.compile(
    r"^(?:since|until|till|by|from|to|for|at|in|on|with|about|before|after) (?:when|what|where|whom|how|which)\b"
    r"(?! (?:i|we|it)\b)"
)
_MURMURS = frozenset("really seriously right okay ok yeah yes no nice eh huh oh truly honestly indeed see sure".split())
_HALF = frozenset("you just please maybe me us quickly then also now for first".split())
_NO_REQUEST = frozenset("let wait hang hold do come".split())
_DID = frozenset("was thought forgot found didn't got see had missed meant know".split())
_TELLS_OF_IT = frozenset("it it's he she they that's he's i'm i'll".split())
#: words of a follow-up at most: who speaks longer without the name speaks to the room
_LONGEST = 30
#: words that without a question or a request still say what a caller wants
_TELLING = 3


def follows_up(tokens: list[Token], answer: str = "") -> bool:
    """Whether words go on with the agent's answer: a question, a request, a correction; not a comment on it."""
    words = bare(tokens)
    said = " ".join(words)
    if len(words) > _LONGEST or is_for_the_room(said):
        return False
    if asks_again(tokens):
        return True
    echoed = frozenset(bare(tokens_of(answer)))
    parts = sentences(tokens)
    thoughts = [_thinks(part) for part in parts]
    if any(thoughts):  # beside a thought only a plain question counts: "Are you sure? I thought it was ten."
        parts = [part for part, thought in zip(parts, thoughts, strict=True) if not thought and _asks_plainly(part)]
    return any(_continues(part, echoed) for part in parts) and not any(_muses(part) for part in parts)


def asks_again(tokens: list[Token]) -> bool:
    """Whether an answer is to be repeated, or its source is asked for: what anybody asks of who just answered."""
    first = sentences(tokens)[:1]
    said = [bare(first[0]), *clauses(first[0])[:1]] if first else []
    return any(_REPAIRS.match(" ".join(words)) for words in said)


def is_request(tokens: list[Token]) -> bool:
    """Whether words go on with the agent, or ask for something and are no mere phrase ("can you believe it")."""
    words = bare(tokens)
    said = " ".join(words)
    asked = opens_request(without_openers(words)) and not is_thought(said) and not is_musing(said)
    return asked or follows_up(tokens)


def ends_asking(tokens: list[Token]) -> bool:
    """Whether the last sentence asks for something, and not of everybody."""
    last = sentences(tokens)[-1:]
    if not last or names_the_room(" ".join(bare(last[0]))):
        return False
    return last[0][-1].word == "?" or _continues(last[0], frozenset())


def answers(tokens: list[Token]) -> bool:
    """Whether words answer the agent's question, rather than put it off, decline it or turn to the room."""
    words = bare(tokens)
    said = " ".join(words)
    if puts_off(said) or _DECLINES.search(said):
        return False
    return any(word not in FILLERS for word in words)


def declines(tokens: list[Token]) -> bool:
    """Whether words say no to an offer, with nothing else wanted."""
    return _DECLINES.search(" ".join(bare(tokens))) is not None


def completes(tokens: list[Token]) -> bool:
    """Whether words can be what somebody wants who has just called."""
    said = without_openers(bare(tokens))
    told = len(said) >= _TELLING and said[0] not in _TELLS_OF_IT and not (said[0] == "i" and said[1] in _DID)
    return told or asks(tokens)


def is_open(said: str) -> bool:
    """Whether these words stop where the asking has only begun: "can you", "are you there?", "um, the"."""
    words = bare(tokens_of(said))
    last = words[-1] if words else ""
    if trails_off(said) and not _asks_of_it(said, words):
        return True
    if last in _HALF or last in ENGLISH_QUESTIONS or ends_announcing(words):
        return True
    return bool(_IS_IT_THERE.search(" ".join(words)))


def _asks_of_it(said: str, words: list[str]) -> bool:
    """Whether words that end with "it" are a whole question all the same: "who makes it", "when is it"."""
    if words[-1:] != ["it"] or not said.rstrip().lower().endswith("it"):
        return False
    at = next((at for at, word in enumerate(words) if word in ENGLISH_QUESTIONS), len(words))
    between = words[at + 1 : -1]
    return bool(between) and (between[-1] not in MODALS or between in (["is"], ["was"]))


def is_for_anybody(tokens: list[Token]) -> bool:
    """Whether a question or a request is in these words: what an agent takes up that was invited into the talk."""
    said = " ".join(bare(tokens))
    return asks(tokens) and not is_thought(said) and not is_musing(said)


def _thinks(sentence: list[Token]) -> bool:
    """ "I thought it was ten": a thought, unless something is asked of the agent in it."""
    words = bare(sentence)
    core = " ".join(without_openers(words))
    return is_thought(core) and not _corrects(" ".join(words)) and not is_your_turn(core)


def _asks_plainly(sentence: list[Token]) -> bool:
    return sentence[-1].word == "?" or is_your_turn(" ".join(bare(sentence)))


def _muses(sentence: list[Token]) -> bool:
    words = bare(sentence)
    said, core = " ".join(words), " ".join(without_openers(words))
    return is_opinion(core) or (is_musing(core) and not _corrects(said))


def _corrects(said: str) -> bool:
    return bool(_CORRECTS.match(said) or _INSTEAD.match(said) or _NOT_THAT.match(said) or _I_SAID.match(said))


def _continues(sentence: list[Token], echoed: frozenset[str]) -> bool:
    words = [word for word in bare(sentence) if word not in FILLERS]
    said, rest = " ".join(words), without_openers(words)
    question = sentence[-1].word == "?"
    if _AGAIN.match(said):
        return question or len(words) > 1
    core = " ".join(rest)
    if _MORE.match(said) or _corrects(said):
        return True
    if not rest:
        return False
    if _MORE.match(core) or _MANNER.search(core) or _NEEDS.match(core):
        return True
    if question:  # "really?", "ninety euros?": a murmur, or an echo of the answer
        content = next((word for word in rest if word not in DETERMINERS), "")
        asked = any(opens_question(without_openers(clause)) for clause in clauses(sentence))
        echo = content in echoed and not asked and "or" not in rest and QUESTIONS.isdisjoint(rest)
        return not echo and (len(words) > 1 or rest[0] not in _MURMURS)
    if len(rest) > 1 and opens_question(rest) and not _WHICH.match(core):
        return True
    if turns_to_asking(rest) is not None or _SINCE_WHEN.match(core) or _is_choice(rest):
        return True
    if len(rest) <= _TELLING + 1 and asks_in_place(rest):
        return True
    if any(_requests(clause) or _asks_in(clause) for clause in clauses(sentence)):
        return True
    return 1 < len(words) <= _ALSO_WORDS and bool(_ALSO.match(said))


def _asks_in(clause: list[str]) -> bool:
    """Whether a clause, perhaps not the first, is plainly a question: inverted, and longer than a tag."""
    if len(clause) <= _TAG_WORDS or _NO_QUESTION.match(" ".join(clause)):
        return False
    return (clause[0] in MODALS and clause[1] in _INVERTED) or turns_to_asking(["so", *clause]) == 1


def _is_choice(words: list[str]) -> bool:
    """ "net or gross", "the red one or the grey one": a choice and nothing else."""
    if "or" not in words[1:-1] or len(words) > _CHOICE:
        return False
    return not any(word in MODALS or word in SUBJECTS or word in _NO_CHOICE for word in words)


def _requests(words: list[str]) -> bool:
    rest = without_openers(words)
    if rest[:2] == ["let", "me"]:
        return opens_request(rest)
    if rest == ["look"] or "enough" in rest:  # "look", "close enough"
        return False
    return opens_request(rest) and rest[0] not in _NO_REQUEST
