"""Requests that name the agent in the third person: "it would be good if Parley could ...", "let's ask Parley".

Something is wanted here and now: a thing it can do, its view, or a question in one breath. What is put off ("later,
once we have the numbers"), refused ("let's not ask"), past or only about its abilities ("can Parley do French?") is no
request.
"""

from __future__ import annotations

import re

from server.core.addressing.asking import asks, opens_question
from server.core.addressing.names import Mention
from server.core.addressing.text import Token, bare, clauses, sentence_end, sentence_start, without_openers
from server.core.addressing.words import QUESTIONS, SERVICES, VERBS_AFTER

# In the patterns § stands for the name.
_NAME = "§"
_PUT_OFF = re.compile(
    r"\b(?:later|tomorrow|yesterday|afterwards|(?:next|last) (?:time|week|meeting|month|quarter|year)(?!'s)|once (?:we"
    r"|they|it|you)"
    r"|instead|(?<!straight )(?<!right )after (?:the|this|that|we|lunch)"
    r"|when (?:we|you|they) (?:have|get|are)|at the (?:end|start|beginning) of"
    r"|(?:in the )?future|some ?day|one day|another time|in general|always|usually|every (?:week|meeting|time|day)"
    r"|some time)\b"
)
# what is asked now for then
_SCHEDULES = re.compile(r"§ (?:to |could |can |would )?(?:please |just )?(?:remind|schedule|book)\b")
_REFUSED = re.compile(r"\b(?:not|never|no need|rather than|(?<!why )(?!don't mind)\w+n't)\b")
_ADVERBS = r"(?:(?:please|just|maybe|perhaps|also|quickly|possibly|then|probably|surely|certainly|definitely|kindly) )*"
_OBJECT = (
    r"(?:us|me|that|this|it|the|those|these|everyone|everybody|all|an?|our|my|him|her|them|down|back|out|up"
    r"|last|next|today|yesterday|\w+'s)\b"
)
_HAVE = r"(?:have|get|let)"
_LEADS = r"(?:^|[,:-] |\b(?:well|so|or|and|but|actually|maybe|perhaps|if|then|now|okay|ok|right|please|sorry) )"
# "could Parley tell us ..."
_COULD = re.compile(rf"{_LEADS}(?:can|could|would|will) § (?:, )?{_ADVERBS}(?:be able to )?(?P<verb>\w+)(?P<rest>.*)")
# "would Parley mind reading ...", "perhaps Parley would be so kind as to ..."
_KINDLY = re.compile(
    rf"(?:\b(?:can|could|would|will|might) § |§ (?:can|could|would|will|might) ){_ADVERBS}(?:mind (?P<doing>\w+)ing\b"
    rf"|(?:be (?:so|able|kind|good|nice|willing|happy)(?: \w+){{0,2}}|care) to (?P<verb>\w+)(?! (?:an?|two|three"
    rf"|more)\b))"
)
# "I'd like Parley to ...", "let's have Parley ...", "we could do with Parley ...ing"
_WANTED = re.compile(
    r"(?:\b(?:i'?d (?:quite |really |rather )?(?:like|love|want|prefer)|i (?:would|want|need)(?: like| love)?"
    r"|we'?d (?:like|love)"
    rf"|we (?:want|need|would like|request)|i request|(?:can|could|may) (?:we|i|you) (?:please )?{_HAVE}"
    rf"|let'?s {_HAVE}|we could {_HAVE}"
    rf"|why don'?t (?:we|you) (?:just )?{_HAVE}|(?:maybe|perhaps) {_HAVE}|(?:maybe |perhaps )?we (?:should|can|could"
    rf"|might) (?:just )?{_HAVE}|how about (?:we )?(?:{_HAVE}|having|letting"
    r"|getting)|(?:would|'d|could|might|is it|wouldn't it)(?: \w+){1,4} for)"
    rf"|^(?:(?:so|okay|ok|right|well|now|and) )*(?:{_HAVE}|(?:it's )?time for)) § (?:to )?{_ADVERBS}(?P<verb>\w+)"
)
_DO_IT = re.compile(r"do (?:the|that|this|our|a quick) (?!demo|honou?rs|talk|rest)\w+")
# "it would be good if Parley could ...", "it'd help if Parley put ..."
_IF = re.compile(
    rf"\b(?:if|whether|(?P<hope>hop(?:e|ing)(?: that)?)) § (?:could|can|would|might|was able to"
    rf"|were to)? ?{_ADVERBS}(?P<verb>\w+)(?P<rest>.*)"
)
# "any chance Parley could ..."
_CHANCE = re.compile(rf"\b(?:any|a) chance (?:that )?§ (?:could|can|would) {_ADVERBS}(?P<verb>\w+)")
_WELCOME = re.compile(
    r"\b(?:would|\w+'d)(?! (?:not|hate)\b)(?!.*\b(?:shame|pity|bad|worse|odd|weird|terrible)\b)"
    r"|\b(?:wonder|wondering|nice|great|good|helpful|useful|handy|grateful|ideal|cool|lovely|see|possible|perhaps"
    r"|maybe)\b"
)
_WOULD = re.compile(r"\bwould\b|'d\b")
# the whole sentence: "if Parley could just read that again"
_POLITE = re.compile(
    r"^(?:(?:so|and|well|now|okay|ok|then) ?,? )*if § (?:could|would) (?:[^,]*$|just\b|please\b|kindly\b)"
)
_PAST = ("t", "d", "e")
# "Parley can probably tell us", "maybe Parley knows who ..."
_ABLE = re.compile(
    r"(?P<maybe>\b(?:maybe|perhaps|possibly|surely|hopefully) )?§ (?P<modal>(?:can|could|might|may|should|would|must"
    rf"|will|ought to) )?{_ADVERBS}(?:be able to )?{_ADVERBS}(?P<verb>tell|answer|say|help|knows?|confirm|check|look"
    r"|find|remembers?|remind|give|explain|has|have|show|read|put|send|work|calculate|clarify|add|list|pull)\b"
    r"(?P<rest>.*)"
)
# "perhaps Parley can break the tie, what's the rule"
_MAYBE_CAN = re.compile(r"\b(?:maybe|perhaps) § (?:can|could|might) \w+")
# "reckon Parley could look that up for us"
_SUPPOSED = re.compile(
    rf"\b(?:reckon|think|suppose|bet|guess|figure)(?: that)? § (?:can|could|might|should) {_ADVERBS}(?P<verb>\w+)"
    r"(?P<rest>.*)"
)
_FOR_US = re.compile(r"^ (?:\w+ )?(?:that|this|it|them|these|those)(?: \w+)? for (?:us|me)\b")
# "let's ask Parley", "let's see what Parley thinks"
_ASK = re.compile(
    r"\b(?P<who>let'?s|let me|let us|why don'?t (?:we|i|you)|shall we|should we|we (?:could|can|should|might)|maybe"
    r"|perhaps|(?:can|could) (?:we|someone|somebody|anyone|i)|i'?ll|i'?d|i (?:will|want to|would)|how about we|may i)"
    r"(?: just| quickly| maybe| also| simply| all)* (?P<how>ask|request|check with|consult|try|see what|hear what"
    r"|find out what|hear(?: it)? from) §(?P<rest>.*)"
)
_TONIGHT = re.compile(r"\b(?:tonight|this (?:evening|afternoon|week)|soon)\b")
_RELATIVE = frozenset("that which what where how when because things".split())
_LISTENING = ("let", "i'd", "can we", "could we", "shall we")
# "this is one for Parley", "over to Parley", "I'll hand that to Parley": it is given the word
_HANDS_OVER = re.compile(
    r"\b(?:(?:question|one|job|task|something|bit|thing)(?: is)? for|over to|(?:put|throw|give|pass|hand|leave)"
    r"(?: (?:it|that|this)(?: one)?)?(?: over)? to|(?:turn|goes) to) §(?P<rest>.*)"
)
_OVER_TO = re.compile(rf"{_LEADS}(?:over|back) to §$")
# "I'd love to hear what Parley makes of it", "it would be good to have Parley's view"
_CURIOUS = re.compile(
    r"(?:\b(?:would|could we|can we|may we|let's|curious|interested|keen|i want|we want|shall we)|'d)\b.*"
    r"\b(?:(?:hear|know|see|learn|curious|interested)(?: (?:what|how))? §(?!'s) (?:thinks?|says?|makes?|reckons?"
    r"|would|has"
    r"|suggests?|recommends?|sees?|feels?)\b|(?:have|hear|get|know|like) §'s (?:take|views?|opinion|thoughts?"
    r"|input|advice|answer|verdict|guess)\b|(?:have|hear|get|like|want) (?:\w+ ){0,4}from §)"
)
# "what does Parley think?"
_VIEW = re.compile(
    r"\b(?:what|how) (?:does|would|do|might) § (?:think|say|reckon|make of|suggest|recommend|propose|see|feel)\b"
    r"|\bwonder(?:ing)? what § (?:thinks|says|would|makes|knows|recommends)\b"
)
# "does Parley know who ...", "I wonder if Parley has the number"
_KNOWS = re.compile(
    rf"(?:{_LEADS}(?:does|do|would|might|will) § (?:happen to |by any chance |still |maybe )?(?:know|remember|recall)"
    r"|.*\bwonder(?:ing)? (?:if|whether) § (?:knows|remembers|recalls|has (?=the |our |my |that ))) ?(?P<what>\w+)"
)
#: words of a question that is more than a tag ("can't it")
_QUESTION_WORDS = 3


def asked_indirectly(tokens: list[Token], mention: Mention) -> bool:
    """Whether something is wanted of the agent, whose name is only mentioned here."""
    start, end = sentence_start(tokens, mention.first), sentence_end(tokens, mention.last)
    words = [token.word for token in tokens]
    head = " ".join(words[start : mention.first])
    name = f"{_NAME}'s" if mention.possessive else _NAME
    sentence = " ".join([*words[start : mention.first], name, *words[mention.last + 1 : end]])
    if (_PUT_OFF.search(sentence) and not _SCHEDULES.search(sentence)) or _REFUSED.search(head):
        return False
    if _CURIOUS.search(sentence):
        return True
    if mention.possessive:
        return False
    asked_beside = asks(tokens[:start]) or _asked_next(tokens[mention.last + 1 : end], tokens[end + 1 :])
    return (
        _could(sentence)
        or _kindly(sentence)
        or _wanted(sentence)
        or _if(sentence)
        or _able(sentence, asked_beside)
        or (asked_beside and _MAYBE_CAN.search(sentence) is not None)
        or _supposed(sentence)
        or _ask(sentence, asked_beside)
        or _handed_over(sentence, tokens[mention.last + 1 :])
        or _VIEW.search(sentence) is not None
        or _knows(sentence)
    )


def _could(sentence: str) -> bool:
    match = _COULD.search(sentence)
    if match is None or match["verb"] not in SERVICES:
        return False
    return re.match(f" {_OBJECT}", match["rest"]) is not None or " please" in match["rest"]


def _kindly(sentence: str) -> bool:
    match = _KINDLY.search(sentence)
    if match is None:
        return False
    stem = match["doing"]  # reading, taking, putting
    return match["verb"] in SERVICES or (stem is not None and not SERVICES.isdisjoint({stem, f"{stem}e", stem[:-1]}))


def _wanted(sentence: str) -> bool:
    match = _WANTED.search(sentence)
    return match is not None and (match["verb"] in SERVICES or _DO_IT.match(sentence, match.start("verb")) is not None)


def _if(sentence: str) -> bool:
    if chance := _CHANCE.search(sentence):
        return chance["verb"] in SERVICES
    match = _IF.search(sentence)
    if match is None:
        return False
    if match["verb"] in SERVICES and (match["hope"] or _POLITE.match(sentence)):
        return True
    if not _WELCOME.search(f"{sentence[: match.start()]} {match['rest']}"):
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
    if sentence[: match.start()].split()[-1:] and sentence[: match.start()].split()[-1] in _RELATIVE:
        return False  # "a format that Parley can read"
    if verb in ("has", "have"):
        return (asked_beside or opens_question(rest[1:])) and rest[:1] != ["to"]
    if not match["modal"] and verb in ("tell", "say", "know", "have"):
        return False
    return asked_beside or any(word in QUESTIONS for word in rest[:3])


def _supposed(sentence: str) -> bool:
    match = _SUPPOSED.search(sentence)
    return match is not None and match["verb"] in SERVICES and _FOR_US.match(match["rest"]) is not None


def _ask(sentence: str, asked_beside: bool) -> bool:
    match = _ASK.search(sentence)
    if match is None:
        return False
    if match["how"].startswith(("see", "hear", "find")):
        return match["who"].startswith(_LISTENING)
    if match["who"].startswith(("i'll", "i will")) and _TONIGHT.search(match["rest"]):
        return False
    rest = [word for word in match["rest"].split() if word[0].isalnum()]
    embedded = rest[:1] and (rest[0] in QUESTIONS or rest[0] in ("to", "for", "if", "whether") or opens_question(rest))
    return asked_beside or bool(embedded)


def _handed_over(sentence: str, behind: list[Token]) -> bool:
    if _OVER_TO.search(sentence):
        return True
    following = bare(behind)
    told_of = bool(following) and following[0] in VERBS_AFTER  # "over to Parley was the plan"
    return not told_of and _HANDS_OVER.search(sentence) is not None and asks(behind)


def _knows(sentence: str) -> bool:
    match = _KNOWS.search(sentence)
    return match is not None and (
        match["what"] in QUESTIONS or match["what"] in ("if", "whether", "the", "our", "that")
    )


def _asked_next(here: list[Token], next_: list[Token]) -> bool:
    """Whether a question follows: in a later clause of the sentence, or in the next sentences."""
    later = [clause for clause in clauses(here)[1:] if len(clause) >= _QUESTION_WORDS]
    said = [*later, bare(next_)]
    return any(token.word == "?" for token in next_) or any(opens_question(without_openers(part)) for part in said)
