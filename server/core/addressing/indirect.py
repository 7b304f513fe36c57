"""Requests that name the agent in the third person: "it would be good if Parley could ...", "let's ask Parley".

Something is wanted here and now: a thing it can do, or a question in the same breath. What is put off ("later, once
we have the numbers"), refused ("let's not ask") or only about its abilities ("can Parley do French?") is no request.
"""

from __future__ import annotations

import re

from server.core.addressing.asking import asks, opens_question
from server.core.addressing.names import Mention
from server.core.addressing.text import Token, bare, clauses, sentence_end, sentence_start, without_openers
from server.core.addressing.words import QUESTIONS, SERVICES

# In the patterns § stands for the name.
_NAME = "§"
_PUT_OFF = re.compile(
    r"\b(?:later|tomorrow|afterwards|next (?:time|week|meeting|month|year)|once (?:we|they|it|you)|instead"
    r"|after (?:the|this|that|we|lunch)|when (?:we|you|they) (?:have|get|are)|in (?:the )?future|some ?day|one day"
    r"|another time|in general|always|usually|every (?:week|meeting|time|day)|some time)\b"
)
_REFUSED = re.compile(r"\b(?:not|never|no need|rather than|(?<!why )(?!don't mind)\w+n't)\b")
_ADVERBS = r"(?:(?:please|just|maybe|perhaps|also|quickly|possibly|then|probably|surely|certainly|definitely) )*"
_OBJECT = r"(?:us|me|that|this|it|the|those|these|everyone|everybody|all|an?|our|my|him|her|them|down|back|out|up)\b"
_HAVE = r"(?:have|get|let)"
# "could Parley tell us ..."
_COULD = re.compile(
    r"(?:^|[,:-] |\b(?:well|so|or|and|but|maybe|perhaps|if) )(?:can|could|would) § "
    rf"{_ADVERBS}(?:be able to )?(?P<verb>\w+)(?P<rest>.*)"
)
# "I'd like Parley to ...", "let's have Parley ...", "we could do with Parley ...ing"
_WANTED = re.compile(
    r"(?:\b(?:i'?d (?:like|love|want|prefer)|i (?:would|want|need)(?: like| love)?|we'?d (?:like|love)"
    rf"|we (?:want|need|would like)|(?:can|could|may) (?:we|i|you) (?:please )?{_HAVE}|let'?s {_HAVE}|we could {_HAVE}"
    rf"|why don'?t (?:we|you) (?:just )?{_HAVE}|maybe (?:we )?{_HAVE}|how about (?:we )?(?:{_HAVE}|having|letting"
    rf"|getting))|^{_HAVE}) § (?:to )?{_ADVERBS}(?P<verb>\w+)"
)
# "it would be good if Parley could ...", "it'd help if Parley put ..."
_IF = re.compile(
    rf"\b(?:if|whether) § (?:could|can|would|might|was able to|were to)? ?{_ADVERBS}(?P<verb>\w+)(?P<rest>.*)"
)
_WELCOME = re.compile(
    r"\b(?:would|\w+'d)(?! (?:not|hate)\b)(?!.*\b(?:shame|pity|bad|worse|odd|weird|terrible)\b)"
    r"|\b(?:wonder|wondering|nice|great|good|helpful|useful|handy|grateful|ideal|cool|lovely|see|possible|perhaps"
    r"|maybe)\b"
)
_WOULD = re.compile(r"\bwould\b|'d\b")
# the whole sentence: "if Parley could just read that again"
_POLITE = re.compile(r"^(?:(?:so|and|well|now|okay|ok|then) ?,? )*if § (?:could|would) [^,]*$")
_PAST = ("t", "d", "e")
# "Parley can probably tell us", "maybe Parley knows who ..."
_ABLE = re.compile(
    r"(?P<maybe>\b(?:maybe|perhaps|possibly|surely|hopefully) )?§ (?P<modal>(?:can|could|might|may|should|would|must"
    rf"|will|ought to) )?{_ADVERBS}(?:be able to )?{_ADVERBS}(?P<verb>tell|answer|say|help|knows?|confirm|check|look"
    r"|find|remembers?|remind|give|explain|has|have|show|read|put|send|work|calculate|clarify|add|list|pull)\b"
    r"(?P<rest>.*)"
)
# "let's ask Parley", "let's see what Parley thinks"
_ASK = re.compile(
    r"\b(?P<who>let'?s|let me|let us|why don'?t (?:we|i|you)|shall we|should we|we (?:could|can|should|might)|maybe"
    r"|perhaps|(?:can|could) (?:we|someone|somebody|anyone|i)|i'?ll|i'?d|i (?:will|want to|would)|how about we|may i)"
    r"(?: just| quickly| maybe| also| simply| all)* (?P<how>ask|check with|consult|see what|hear what|hear from) §"
    r"(?P<rest>.*)"
)
#: words of a question that is more than a tag ("can't it")
_QUESTION_WORDS = 3
_LISTENING = ("let", "i'd", "can we", "could we", "shall we")
# "what does Parley think?"
_VIEW = re.compile(
    r"\b(?:what|how) (?:does|would|do) § (?:think|say|reckon|make of|suggest|recommend|propose|see|feel)\b"
    r"|\bwonder(?:ing)? what § (?:thinks|says|would|makes|knows|recommends)\b"
)
# "does Parley know who ..."
_KNOWS = re.compile(
    r"(?:^|[,-] |\b(?:so|and|but|well|or|okay|ok) )(?:(?:does|do|would|might|will) § (?:know|remember|recall)"
    r"|.*\bwonder(?:ing)? (?:if|whether) § (?:knows|remembers)) (?P<what>\w+)"
)


def asked_indirectly(tokens: list[Token], mention: Mention) -> bool:
    """Whether something is wanted of the agent, whose name is only mentioned here."""
    if mention.possessive:
        return False
    start, end = sentence_start(tokens, mention.first), sentence_end(tokens, mention.last)
    words = [token.word for token in tokens]
    head = " ".join(words[start : mention.first])
    sentence = " ".join([*words[start : mention.first], _NAME, *words[mention.last + 1 : end]])
    if _PUT_OFF.search(sentence) or _REFUSED.search(head):
        return False
    asked_beside = asks(tokens[:start]) or _asked_next(tokens[mention.last + 1 : end], tokens[end + 1 :])
    return (
        _could(sentence)
        or _wanted(sentence)
        or _if(sentence)
        or _able(sentence, asked_beside)
        or _ask(sentence, asked_beside)
        or _VIEW.search(sentence) is not None
        or _knows(sentence)
    )


def _could(sentence: str) -> bool:
    match = _COULD.search(sentence)
    if match is None or match["verb"] not in SERVICES:
        return False
    return re.match(f" {_OBJECT}", match["rest"]) is not None or " please" in match["rest"]


def _wanted(sentence: str) -> bool:
    match = _WANTED.search(sentence)
    return match is not None and match["verb"] in SERVICES


def _if(sentence: str) -> bool:
    match = _IF.search(sentence)
    if match is not None and match["verb"] in SERVICES and _POLITE.match(sentence):
        return True
    if match is None or not _WELCOME.search(f"{sentence[: match.start()]} {match['rest']}"):
        return False
    would = _WOULD.search(sentence[: match.start()]) is not None
    done = would and match["verb"].endswith(_PAST) and re.match(f" {_OBJECT}", match["rest"]) is not None
    return match["verb"] in SERVICES or done


def _able(sentence: str, asked_beside: bool) -> bool:
    match = _ABLE.search(sentence)
    if match is None:
        return False
    rest, verb = match["rest"].split(), match["verb"]
    if match["maybe"] and verb in SERVICES and re.match(f" {_OBJECT}", match["rest"]):
        return True
    if verb in ("has", "have"):
        return asked_beside
    if not match["modal"] and verb in ("tell", "say", "know", "have"):
        return False
    return asked_beside or any(word in QUESTIONS for word in rest[:3])


def _ask(sentence: str, asked_beside: bool) -> bool:
    match = _ASK.search(sentence)
    if match is None:
        return False
    if match["how"].startswith(("see", "hear")):
        return match["who"].startswith(_LISTENING)
    rest = [word for word in match["rest"].split() if word[0].isalnum()]
    embedded = rest[:1] and (rest[0] in QUESTIONS or rest[0] in ("to", "for", "if", "whether") or opens_question(rest))
    return asked_beside or bool(embedded)


def _knows(sentence: str) -> bool:
    match = _KNOWS.search(sentence)
    return match is not None and (match["what"] in QUESTIONS or match["what"] in ("if", "whether"))


def _asked_next(here: list[Token], next_: list[Token]) -> bool:
    """Whether a question follows: in a later clause of the sentence, or in the next sentences."""
    later = [clause for clause in clauses(here)[1:] if len(clause) >= _QUESTION_WORDS]
    said = [*later, bare(next_)]
    return any(token.word == "?" for token in next_) or any(opens_question(without_openers(part)) for part in said)
