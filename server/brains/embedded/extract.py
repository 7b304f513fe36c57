"""Finds decisions, tasks and open questions by their wording. Every rule and weight can be read and argued with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from server.brains.embedded.digest import Digest, Passage, Sentence
from server.brains.embedded.speech import is_backchannel

#: The latest passages may still grow and be answered, so they are judged anew each time.
_UNSETTLED = 8
#: Words judged before the event loop gets its turn again: about 2 ms.
_STRETCH = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence that does something: its score, and for a task who took it ("" when nobody did)."""

    sentence: Sentence
    score: float
    owner: str = ""


def _weigh(rules: Sequence[tuple[float, re.Pattern[str]]], text: str) -> float:
    return sum(weight for weight, pattern in rules if pattern.search(text))


def _rules(*pairs: tuple[float, str]) -> tuple[tuple[float, re.Pattern[str]], ...]:
    return tuple((weight, re.compile(pattern)) for weight, pattern in pairs)


_HEDGE = re.compile(
    r"\b(?:maybe|probably|might|perhaps|possibly|could|i don't know|dunno|not sure|i guess|wondering|if we|"
    r"if you|whether|would)\b"
)
_DATE = re.compile(
    r"\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|tonight|today|this afternoon|"
    r"this evening|(?:this|next) (?:week|month|meeting|time)"
    r"|end of (?:the )?(?:day|week|month|quarter)|january|february|march|april|june|july|august|september|"
    r"october|november|december"
    r"|in (?:a|an|half|one|two|three|\d+) (?:an )?(?:hour|day|week|month)s?|by (?:noon|then|the \w+))\b"
)
_NUMBER = re.compile(r"\d|\b(?:hundred|thousand|million|percent|euros?|dollars?|cents?)\b")
_AGREES = re.compile(
    r"^(?:[\s,.]*(?:yeah|yes|yep|yup|okay|ok|sure|right|agreed|exactly|alright|all right|good|fine|great|"
    r"perfect|sounds good|definitely|absolutely|i agree|deal|will do|no problem|of course))+\b"
)

# ---------------------------------------------------------------- decisions

_DECISION_FIRST = re.compile(
    r"decid|decision|agreed|settled|conclu|let's|we'll|we will|we're |we are |we just|we keep|we take|we "
    r"go|we chose|we should|go with|going with|going to|gonna|final|approved|that's it|stick with|no more|"
    r"^(?:okay,? |so,? )?no "
)
_DECISIONS = _rules(
    (3.0, r"\bwe(?:'ve| have)?(?: all| just| already| now)? (?:decided|agreed|settled|concluded|chosen|"
          r"chose)\b(?! what| how| which| whether| if)"),
    (2.0, r"\b(?:decision is|decision was|it's decided|that's decided|that's settled|is settled|it's "
          r"settled|agreed then|final decision|approved|we have a deal|that's final)\b"),
    (2.6, r"\blet's (?:just )?(?:go with|go for|use|take|keep|drop|skip|say|make it|stick|postpone|cancel|"
          r"choose|pick|leave|put|ship|launch|aim|target|plan|limit|stay|set|settle|hire|buy|call it|not|"
          r"forget)\b"),
    (2.4, r"\bwe(?:'ll| will|'re going to|'re gonna| are going to| are gonna| just| gonna)(?: just| then| "
          r"probably| definitely| all)? (?:go with|go for|use|take|keep|drop|skip|stick|postpone|cancel|"
          r"choose|pick|ship|launch|hire|buy|move|put|leave out|record|start with|target|focus|make|have|"
          r"do without)\b"),
    (2.6, r"\b(?:go|going|went) with (?!you|me|him|her|us|them)"),
    (2.2, r"\bwe (?:just |only )?(?:take|keep|skip|drop) (?:that|this|it|the|one)\b"),
    (1.6, r"\b(?:we're|we are) not (?:going to |gonna )?(?:do|doing|use|using|go|going|focus|focusing|have|"
          r"having|make|making|hire|hiring|ship|shipping)\b"),
    (2.6, r"^(?:okay|so|right|then|alright)[, ]+(?:then )?no (?!no\b|i\b|you\b|we\b|it\b|that\b|problem|"
          r"but)\w+"),
    (1.4, r"\bwe should (?:just |definitely )?(?:use|go|take|keep|drop|stick|make|focus|put|avoid)\b"),
    (0.6, r"^(?:so|okay|right|then|alright)\b"),
    (0.5, r"\bthen[.,]?$|\bonly\b|\binstead\b|\bfor now\b"),
)  # fmt: skip
_NOT_DECIDED = re.compile(
    r"\bwhy don't we\b|\bi'm (?:just |not |only )?(?:saying|betting|guessing|hoping|thinking|wondering|"
    r"sure|afraid|not)\b|\bhow about\b|\bwhat (?:else )?we(?:'re| are|'ll| will)?\b|^otherwise\b|\bwe have "
    r"(?:\w+ )?minutes\b|\blet's (?:see|say that i|start|begin|move on|go on|go back|talk|look|hope|wait|"
    r"take a (?:look|break)|discuss|think)\b|\bwe'll (?:see|come|get|talk|be|discuss|find)\b|\b(?:they|he|"
    r"she|you) (?:decided|agreed)\b"
    r"|\b(?:have|has|need|want|going|able|trying|supposed|get|got) to (?:make|take|decide|a |some "
    r")?\s*(?:a |some |any |the )?(?:decide|decision|decisions)\b|to (?:be )?decided?\b|before we decide|"
    r"haven't decided|not decided|didn't decide|can't decide|undecided|whether|let's say\b"
    r"|going to be (?:a problem|hard|difficult|interesting)|\bwent with (?:him|her|them)\b|we will have "
    r"(?:a|another|the) (?:meeting|break|lunch|look)|get(?:ting)? going with"
)

# ---------------------------------------------------------------- tasks

_ACTION_FIRST = re.compile(
    r"i'll|i will|i can |i could |i'm going to|i'm gonna|can you|could you|would you|will you|you should|"
    r"you need to|you have to|you'll|we need to|we have to|we should|somebody|someone|action item|to[- ]do|"
    r"next step|follow up|by (?:mon|tue|wed|thu|fri|tom|next|the end)|going to|gonna|\bwill\b|please|let "
    r"me|has to|needs to|should"
)
_DOING = (
    r"(?:send|e-?mail|mail|write|draft|prepare|make|create|set up|schedule|book|arrange|organi[sz]e|check|"
    r"ask|call|contact|talk to|speak to|follow up|look into|look at|look up|find out|find|figure out"
    r"|investigate|review|read|fix|update|add|put|share|upload|post|copy|archive|delete|move|test|run|try "
    r"out|order|buy|bring|get (?:back|in touch|the|a|some|that|those|you|them|it)|take care|finish|"
    r"complete|do (?:that|this|it|the|a|some)|collect|gather|print|install|build|design"
    r"|implement|present|report|submit|circulate|forward|invite|hire|recruit|pay|announce|publish|clean up|"
    r"record|transcribe|give (?:you|them|it|the)|pull (?:it|that|the|them) up|work on|handle|confirm|"
    r"document|plan|sketch|measure|compare|translate|summari[sz]e|type|distribute|start on|remind|let "
    r"(?:you|them|him|her|everyone|jane|people) know)"
)
_ACTIONS = _rules(
    (2.6, rf"\b(?:i'll|i will|i'm going to|i'm gonna|i am going to|i can|i could|let me (?=check|look|find|"
          rf"ask|send|write))(?: just| also| then| probably| definitely| try to| have to| go and| go| be "
          rf"able to| certainly| happily|,? um,?)* {_DOING}\b"),
    (2.4, rf"\b(?:can|could|would|will) you(?: please| just| maybe| also| guys| two| both| perhaps)* "
          rf"{_DOING}\b"),
    (1.2, rf"\byou(?:'ll| will| should| need to| have to| must| could| can)(?: just| also| then| all| "
          rf"probably)* {_DOING}\b"),
    (1.6, rf"\b(?:we|somebody|someone|one of us|everyone|everybody)(?: really| still| also| just)* (?:need "
          rf"to|needs to|have to|has to|should|must|ought to|will|'ll)(?: really| still| also| just| "
          rf"probably)* {_DOING}\b"),
    (1.2, rf"\b(?:please|remember to|don't forget to|make sure (?:to|you|we)) (?:\w+ )?{_DOING}\b"),
    (2.6, r"\b(?:action item|to-do|my (?:task|job|homework) (?:is|will be)|next step(?:s)? (?:is|are|for|"
          r"would be)|i'll take care of|i'll take that|i volunteer|leave (?:that|it) to me|i'm on it|on my "
          r"list)\b"),
    (1.5, r"\b(?:by|before|until|for) (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|"
          r"tonight|next (?:week|month|meeting|time)|the (?:end|next)|noon)\b"),
    (0.5, r"\b(?:document|report|slides?|e-?mail|notes?|minutes|draft|list|file|files|data|results?|budget|"
          r"prototype|paper|code|folder|form|forms|website|web page|presentation|questionnaire|agenda)\b"),
)  # fmt: skip
_NOT_ACTION = re.compile(
    r"\b(?:i'll|i will|let me|i can) (?:say|tell you|be|see|just say|admit|bet|assume|give you (?:an?|the|"
    r"some|my) (?:\w+ )?(?:example|idea|version|other side|overview|background|hint)|try to explain|"
    r"explain|start by|hear)\b|\b(?:can|could) you (?:hear|see|explain|repeat|say|imagine|tell me|believe|"
    r"do that|do this|do it)\b|\bif (?:i|you|we)\b|\bused to\b|\bwhen (?:i|you)\b|\bwould have\b|\bi can "
    r"(?:see|hear|imagine|do|get)\b"
    r"|\byou can (?:find|get|put|make|do|look|move|use|put|run|add|give|build|design|ask)\b|\byou could "
    r"(?:put|make|have|do|find|run|add|build|get)\b"
)
_NAMED = re.compile(
    rf"^(?:and |so |then |okay |ok )*(?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]*)?),? (?:can you|could you|will "
    rf"you|would you|please|will|is going to|'s going to|should|has to|needs to|you)\b.*?\b{_DOING}\b"
)

# ---------------------------------------------------------------- questions

_UNKNOWN = re.compile(
    r"\b(?:open question|still (?:need|have) to (?:decide|figure out|find out|check|think about|work out|"
    r"discuss)|(?:we|i|nobody|no one|they)(?: still| really| also)? (?:don't|doesn't|do not|didn't) "
    r"(?:really |yet |actually )?know (?:yet )?(?:how|what|who|whether|if|when|where|which|why)"
    r"|knows? (?:how|whether) yet|remains to be|to be (?:decided|determined|discussed)|the (?:big |main |"
    r"real |only )?question is|not (?:sure|clear|certain) (?:yet )?(?:if|whether|how|what|which|who|when|"
    r"where)|i wonder (?:if|whether|how|what)|unclear|we haven't decided|undecided|need an answer)\b"
)
_SMALL_TALK = re.compile(
    r"\b(?:right|okay|ok|yeah|huh|no|isn't it|aren't they|doesn't it|don't you|you know|do you know what i "
    r"mean|does that make sense|make sense|you see|is that right|is that okay|are you sure|what do you "
    r"mean)\s*\?$"
    r"|^(?:what|who|why|how|really|sorry|pardon|is it|is that it|did you|do you|you mean|which one|and|"
    r"like what|for what|how come|what is it|what's that|any questions|can you hear me|can you see|how are "
    r"you|are you ready|ready|shall we|anything else|all right|everybody|what did you say)[^a-z]*\?$|"
    r"\b(?:can|could) (?:i|we|you) (?:just |please )?(?:say|ask|go|see|hear|start|move|have a look|repeat|"
    r"take)\b"
)
_ASKS = re.compile(
    r"\b(?:what|how|who|when|where|which|why|whether|should|do|does|did|is|are|can|could|will|would|have|"
    r"has)\b"
)
_NO_ANSWER = re.compile(
    r"\b(?:don't know|dunno|not sure|no idea|good question|depends|have to (?:see|check|think|find)|hard "
    r"to say|i wonder|we'll see|maybe|might|whatever)\b"
)


_OPEN_FIRST = re.compile(r"\?|question|know|sure|wonder|decide|clear|determined|discussed|remains|answer")

Judge = Callable[[Digest, Sentence, str], "Finding | None"]


async def decisions(digest: Digest) -> list[Finding]:
    """What was decided, in order of time."""
    return await _found(digest, "decisions", _DECISION_FIRST, _decision, at_least=2.6)


async def actions(digest: Digest, people: Iterable[str] = ()) -> list[Finding]:
    """Who took on what, in order of time."""
    known = tuple(people)
    return await _found(digest, "actions", _ACTION_FIRST, lambda d, s, low: _action(d, s, low, known), at_least=2.6)


async def questions(digest: Digest) -> list[Finding]:
    """What was asked and not answered, in order of time."""
    return await _found(digest, "questions", _OPEN_FIRST, _question, at_least=2.0)


async def _found(digest: Digest, kind: str, first: re.Pattern[str], judge: Judge, *, at_least: float) -> list[Finding]:
    """Every sentence that reaches the score. Passages that can no longer change are judged once per meeting."""
    known: dict[int, list[Finding]] = digest.kept(kind)
    settled = len(digest.passages) - _UNSETTLED
    findings: list[Finding] = []
    since_pause = 0
    for place, passage in enumerate(digest.passages):
        if place in known:
            findings += known[place]
            continue
        judged: list[Finding] = []
        if first.search(passage.text.lower()):
            since_pause += passage.words
            for sentence in passage.sentences(place):
                low = sentence.text.lower().replace("’", "'")
                finding = judge(digest, sentence, low) if first.search(low) else None
                if finding is not None and finding.score >= at_least:
                    judged.append(finding)
        if place < settled:
            known[place] = judged
        findings += judged
        if since_pause >= _STRETCH:
            since_pause = 0
            await asyncio.sleep(0)
    return _apart(findings)


def _apart(findings: list[Finding]) -> list[Finding]:
    """Without those that say the same again: the better one stays."""
    kept: list[Finding] = []
    for finding in findings:
        again = next((other for other in kept if _same(finding.sentence, other.sentence)), None)
        if again is None:
            kept.append(finding)
        elif finding.score > again.score:
            kept[kept.index(again)] = finding
    return kept


def _same(one: Sentence, other: Sentence) -> bool:
    shared = len(one.terms & other.terms)
    return shared > 0 and shared >= 0.6 * min(len(one.terms), len(other.terms))


def _shape(sentence: Sentence, low: str) -> float:
    """What makes any sentence more or less worth quoting."""
    size = low.count(" ") + 1
    score = 0.0
    if size < 4:
        score -= 1.5
    elif size > 40:
        score -= 1.0
    if len(sentence.terms) < 2:
        score -= 0.8
    score -= 0.7 * len(_HEDGE.findall(low))
    if sentence.text[-1:] not in ".!?":
        score -= 0.5
    return score


def _replies(digest: Digest, sentence: Sentence, within: float = 12.0) -> Iterator[str]:
    """What others said right after, agreement included: raw turns, because "yeah" is no passage of its own."""
    passage = digest.passages[sentence.passage]
    yield from digest.after(passage, sentence.start, within)


def _agreement(digest: Digest, sentence: Sentence) -> float:
    agreed = sum(1 for reply in _replies(digest, sentence) if _AGREES.match(reply.lower()))
    return min(1.2, 0.6 * agreed)


def _decision(digest: Digest, sentence: Sentence, low: str) -> Finding | None:
    if _NOT_DECIDED.search(low):
        return None
    score = _weigh(_DECISIONS, low)
    if score < 1.2:
        return None
    score += _shape(sentence, low) + _agreement(digest, sentence)
    if low.endswith("?"):
        score -= 2.0
    if _NUMBER.search(low) or _DATE.search(low):
        score += 0.4
    return Finding(sentence, score)


def _action(digest: Digest, sentence: Sentence, low: str, people: Sequence[str]) -> Finding | None:
    if _NOT_ACTION.search(low):
        return None
    score = _weigh(_ACTIONS, low)
    owner = ""
    named = _NAMED.match(sentence.text)
    if named and (name := _who(named["name"], people)):
        score += 2.6
        owner = name
    if score < 1.5:
        return None
    score += _shape(sentence, low)
    if _DATE.search(low):
        score += 0.7
    if not owner and re.search(
        r"\b(?:i'll|i will|i'm going|i'm gonna|i can|i could|let me|my task|on my list|leave (?:it|that) "
        r"to me|i volunteer|i'm on it)\b",
        low,
    ):
        owner = sentence.speaker
    elif re.search(r"\byou\b", low) and not owner:
        owner = next((name for name in people if f"{name.lower()}" in low), "") or _accepts(digest, sentence)
        score += 0.8 if owner else -0.4
    if low.endswith("?") and not re.search(r"\b(?:can|could|would|will) you\b", low):
        score -= 2.0
    return Finding(sentence, score, owner)


def _accepts(digest: Digest, sentence: Sentence) -> str:
    """Who said "sure" to a request."""
    passage = digest.passages[sentence.passage]
    for speaker, reply in digest.answers(passage, sentence.start, 10.0):
        if _AGREES.match(reply.lower()):
            return speaker
    return ""


def _who(name: str, people: Sequence[str]) -> str:
    """The participant of this name or first name."""
    wanted = name.lower()
    for person in people:
        if wanted == person.lower() or wanted in person.lower().split():
            return person
    first = wanted.split()[0]
    return next((person for person in people if first in person.lower().split()), "")


def _question(digest: Digest, sentence: Sentence, low: str) -> Finding | None:
    unknown = bool(_UNKNOWN.search(low))
    asked = low.endswith("?") and bool(_ASKS.search(low)) and not _SMALL_TALK.search(low)
    if not (unknown or asked) or len(sentence.terms) < 2:
        return None
    score = (2.2 if unknown else 0.0) + (1.4 if asked else 0.0)
    size = low.count(" ") + 1
    score += 0.4 if 6 <= size <= 25 else -0.6
    if asked:
        score += _open(digest, sentence)
    return Finding(sentence, score)


def _open(digest: Digest, sentence: Sentence) -> float:
    """Was the question left open? Someone else's real sentence answers it, unless it says "I don't know"."""
    passage = digest.passages[sentence.passage]
    answered = last_words(passage, sentence)
    for reply in _replies(digest, sentence, 20.0):
        if _NO_ANSWER.search(reply.lower()):
            return 1.2
        if (not is_backchannel(reply) and not reply.rstrip().endswith("?")) or re.match(
            r"(?:yes|yeah|no|nope|yep|sure)\b", reply.lower()
        ):
            answered = True
        if answered:
            break
    return -1.5 if answered else 0.8


def last_words(passage: Passage, sentence: Sentence) -> bool:
    """Did the speaker go on for two sentences or more after asking? Then they gave the answer themselves."""
    return len(passage.sentences(sentence.passage)) - sentence.place > 2
