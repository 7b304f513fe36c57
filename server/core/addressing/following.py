"""Can words without the agent's name go on with it: a question, a request, a correction, an answer; or only comment?

Pure tests of the words. Who may go on, and for how long, is in `core/addressing/before.py`.
"""

from __future__ import annotations

import re

from server.core.addressing.asking import announces, asks, opens_question, opens_request, turns_to_asking
from server.core.addressing.text import Token, bare, clauses, sentences, tokens_of, without_openers
from server.core.addressing.words import DETERMINERS, FILLERS, MODALS, QUESTIONS, SUBJECTS
from server.core.endpointing import trails_off


def _any(*phrases: str, start: str = r"\b", end: str = r"\b") -> re.Pattern[str]:
    return re.compile(f"{start}(?:{'|'.join(phrases)}){end}")


_MOMENT = r"(?:one|just a|a|give me a) (?:second|moment|minute|sec)"
# said to the people in the room
_GROUP = _any(
    r"(?<!to )(?<!for )(?<!with )(?:everyone|everybody)|all of (?:you|us)|you all|y'all",
    r"you (?:guys|two|three|lot|both)|both of you|guys|folks",
    r"(?:anyone|anybody|someone|somebody)(?: else)? (?:have|has|want|know|object|remember|got|else|who|up|can|should"
    r"|please|call|get|take|tell)",
    r"(?:does|do|can|could|would|will|is) (?:anyone|anybody|someone|somebody)",
    r"who (?:has (?:an?|any|something|anything|time)|knows|wants|would like|is going to|will|can|else|volunteers|agrees"
    r"|disagrees)|who'd like|who's (?:going|up|in|with|next|first|taking|doing|coming|writing)",
    r"(?:shall|should|may|could|can) (?:we|i)(?! (?:get|have|see|hear)\b)|why (?:don't|not) we|what if we|how about we",
    r"let's|let us|do we (?:all|want|agree|need|think|like|really|go|even)",
    r"are we (?:all|happy|agreed|okay|ok|good|done|ready|fine|in agreement)",
    r"(?:what|how|where|when) (?:do|should|shall|can|could|would|will|are) we(?! (?:on|at|late|early|behind)\b)",
    r"we (?:should|could|can|need|must|have to|will)|we'll|(?<!there )any objections?|any other|agreed$",
    r"alguien|vamos|jemand|sollen wir|wollen wir|quelqu'un|on fait|on y va",
)
_WE = re.compile(
    r"^(?:(?:so|okay|ok|right|then|and|well|but|good|great|fine) )*(?:we|anyone|anybody|somebody|someone)\b"
)
# said to oneself, to nobody, or about what was heard
_MUSING = _any(
    r"let me (?!know|hear)|i (?:knew|thought|told|think|guess|suppose|see|wonder|doubt|bet|hope|like|love|don't know"
    r"|dunno|would have|would've)|i'd have|i'll|i'm|did i|was i",
    r"where (?:are you|did i|were we|was i)|what was i|why won't|did you (?:get|catch) that$",
    r"isn't (?:it|that|this) (?:great|amazing|funny|nice|lovely|wonderful|crazy|fantastic|cool|strange|odd|weird|fun)",
    r"why (?:is|are|won't|does|am) (?:this|it|that|i|my)(?: \w+)? (?:so|not|always|keep|load|work)",
    r"who knew|who (?:would|could) have|who'd have|who cares|who knows|tell me about it|say no more|what a",
    r"how (?:about that|nice|funny|odd|strange|interesting)|come on|of course|no way|you see|see(?!.* you)",
    r"what do you (?:think|reckon|say)|can you (?:believe|imagine)|would you believe",
    r"(?:do|did|don't) you (?:want|like|agree|mind|think|feel|believe|hear|see|bring|talk|speak|ever)",
    r"are you (?:coming|ready|okay|ok|free|happy|going|all|in|there yet)|were you",
    r"have you (?:all|seen|been|ever|tried)",
    r"(?:it|he|she|they) (?:just )?(?:said|says|told|knows|is right|was right)",
    r"pass me|hand me|hello|call (?:you|me) back|not to (?:me|you)",
    _MOMENT,
)
# "that's cheap, isn't it": an opinion
_TAG = _any(
    r"right|eh|huh|no|don't you think"
    r"|(?:is|was|are|were|has|have|does|do|did|will|would|can|could|wo|ca)(?:n't)? (?:it|they|he|she|we)",
    start=r"^(?:well |so |but )?(?:that's|that is|it's|it is|this is|that was|they're|sounds|looks)\b.*\b",
    end="$",
)
_AGAIN = _any(
    r"(?:i'm )?sorry|pardon(?: me)?|excuse me|what|what was that|come again|say again|huh|wie bitte|comment|como",
    start="^",
    end="$",
)
_MORE = _any(
    r"go (?:on|ahead)|carry on|keep going|continue|try again|one more time|once (?:more|again)",
    r"(?:and then|more|again|slower|louder|faster|shorter|longer)(?: \w+){0,2}$",
    r"(?:yes |yeah |yep |sure |ok |okay )?(?:please(?: do)?|do (?:it|that|so)|go ahead|that one|both)",
    r"next(?: one)?(?: please)?$|the next(?: one)?|(?:the|that|this|not the) (?:\w+ ){1,2}ones?(?: please)?$",
    r"weiter|encore|otra vez|noch ?mal|noch einmal",
    start="^",
)
_CORRECTS = _any(
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
    r"|good|really|fair|true|sure|right|exactly|of|fine|okay|ok|seriously|kidding|i|it|it's|we|he|she|they|you|that's|there)\b)"
    r"(?: [\w']+){1,6}$"
)
# "and the year before", "what about the other one"
_ALSO = re.compile(
    r"^(?:(?:ok|okay|right|great|good|fine|yeah|yes|thanks|so) )*"
    r"(?:and|und|et|y|e|en|or|also|plus|what about|how about)(?: now| then| also| the)*\b(?!.*\b(?:we|i|he|she|they"
    r"|let's|i'll|we'll|you|it's|that's|there's|is|was|are|were|has|had|have|goes|does|did|will|would)\b)"
)
_ALSO_WORDS = 8
_MANNER = re.compile(
    r"\b(?:please|in (?:more )?(?:english|german|french|spanish|italian|euros?|dollars?|pounds?|short|detail))$"
)
_NEEDS = re.compile(
    r"^(?:i need (?:the|your|you|more)|i have (?:a|another|one more) question"
    r"|i'd like (?:to (?:hear|see|know|have)|the|you)|i (?:want|would like) to (?:know|see|hear))\b"
)
# a relative clause, no question: "which is what I said"
_WHICH = re.compile(r"^which (?:is|was|means|would|makes|i|we|they|he|she)\b")
_DECLINES = re.compile(
    r"^(?:sorry |oh )*(?:no|nope|nah|nein|non|not|nothing)\b(?=.*\b(?:thanks|thank|all|it|fine|need|now|good|okay|ok|danke|merci|gracias)\b|$)"
    r"(?!.*\b(?:but|the|make|instead)\b)"
)
_HOLDS = _any(
    _MOMENT,
    r"let me (?:think|see|check|ask|look)|hang on|hold on|i(?:'ll| will) (?:have to )?(?:check|ask|think|look|see)",
    r"i need to (?:check|ask|think)|we(?:'ll| will) (?:check|see|get back)",
    start=r"^(?:(?:um|uh|er|hmm|well|good question|oh|ah|okay|ok|so)\W*)*",
)
_TO_THE_ROOM = _any(
    r"let's (?!say\b|make it\b)\w+|shall we|should we|what do (?:you|we)(?: \w+)? think|everyone|everybody"
)
_IS_IT_THERE = re.compile(
    r"\b(?:(?:can|could|would) you help(?: me| us)?(?: out)?|are you (?:there|here|with us|listening|awake)|can you hear (?:me|us)|you there|hello|quick question"
    r"|(?:one|a|another) question)$"
)
_NO_CHOICE = frozenset("more less sooner later so something whatever give take not two".split())
_CHOICE = 8
# "since when", "for how long"
_SINCE_WHEN = re.compile(
    r"^(?:since|until|till|by|from|to|for|at|in|on|with|about|before|after) (?:when|what|where|whom|how)\b(?! (?:i|we|it)\b)"
)
_MURMURS = frozenset("really seriously right okay ok yeah yes no nice eh huh oh truly honestly indeed see sure".split())
_HALF = frozenset("you just please maybe me us quickly then also now for first".split())
_NO_REQUEST = frozenset("let wait hang hold do come".split())
_TELLS_OF_IT = frozenset("it it's he she they that's he's i'm i'll".split())
#: words of a follow-up at most: who speaks longer without the name speaks to the room
_LONGEST = 30
#: words that without a question or a request still say what a caller wants
_TELLING = 3


def follows_up(tokens: list[Token], answer: str = "") -> bool:
    """Whether words go on with the agent's answer: a question, a request, a correction; not a comment on it."""
    words = bare(tokens)
    said = " ".join(words)
    if len(words) > _LONGEST or _GROUP.search(said) or _WE.match(said):
        return False
    echoed = frozenset(bare(tokens_of(answer)))
    parts = sentences(tokens)
    return any(_continues(part, echoed) for part in parts) and not any(_muses(part) for part in parts)


def is_request(tokens: list[Token]) -> bool:
    """Whether words go on with the agent, or ask for something and are no mere phrase ("can you believe it")."""
    words = bare(tokens)
    return follows_up(tokens) or (opens_request(without_openers(words)) and not _MUSING.search(" ".join(words)))


def ends_asking(tokens: list[Token]) -> bool:
    """Whether the last sentence asks for something, and not of everybody."""
    last = sentences(tokens)[-1:]
    if not last or _GROUP.search(" ".join(bare(last[0]))):
        return False
    return last[0][-1].word == "?" or _continues(last[0], frozenset())


def answers(tokens: list[Token]) -> bool:
    """Whether words answer the agent's question, rather than put it off, decline it or turn to the room."""
    words = bare(tokens)
    said = " ".join(words)
    if _HOLDS.search(said) or _DECLINES.search(said) or _TO_THE_ROOM.search(said):
        return False
    return any(word not in FILLERS for word in words)


def declines(tokens: list[Token]) -> bool:
    """Whether words say no to an offer, with nothing else wanted."""
    return _DECLINES.search(" ".join(bare(tokens))) is not None


def completes(tokens: list[Token]) -> bool:
    """Whether words can be what somebody wants who has just called."""
    said = without_openers(bare(tokens))
    return asks(tokens) or (len(said) >= _TELLING and said[0] not in _TELLS_OF_IT)


def is_open(said: str) -> bool:
    """Whether these words stop where the asking has only begun: "can you", "are you there?", "um, the"."""
    words = bare(tokens_of(said))
    last = words[-1] if words else ""
    if trails_off(said) or last in _HALF or last in QUESTIONS or announces(words[-3:]):
        return True
    return bool(_IS_IT_THERE.search(" ".join(words)))


def is_for_anybody(tokens: list[Token]) -> bool:
    """Whether a question or a request is in these words: what an agent takes up that was invited into the talk."""
    return asks(tokens) and not _MUSING.search(" ".join(bare(tokens)))


def _muses(sentence: list[Token]) -> bool:
    words = bare(sentence)
    said, core = " ".join(words), " ".join(without_openers(words))
    return bool(_TAG.search(core)) or (bool(_MUSING.search(core)) and not _corrects(said))


def _corrects(said: str) -> bool:
    return bool(_CORRECTS.match(said) or _INSTEAD.match(said))


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
        echo = content in echoed and not opens_question(rest) and QUESTIONS.isdisjoint(rest)
        return not echo and (len(words) > 1 or rest[0] not in _MURMURS)
    if len(rest) > 1 and opens_question(rest) and not _WHICH.match(core):
        return True
    if turns_to_asking(rest) is not None or _SINCE_WHEN.match(core) or _is_choice(rest):
        return True
    if any(_requests(clause) for clause in clauses(sentence)):
        return True
    return 1 < len(words) <= _ALSO_WORDS and bool(_ALSO.match(said))


def _is_choice(words: list[str]) -> bool:
    """ "net or gross", "the red one or the grey one": a choice and nothing else."""
    if "or" not in words[1:-1] or len(words) > _CHOICE:
        return False
    return not any(word in MODALS or word in SUBJECTS or word in _NO_CHOICE for word in words)


def _requests(words: list[str]) -> bool:
    rest = without_openers(words)
    if rest[:2] == ["let", "me"]:
        return opens_request(rest)
    return opens_request(rest) and rest[0] not in _NO_REQUEST and (rest[0] != "look" or len(rest) > 1)
