"""Somebody speaks while the agent speaks: murmur, aside, or taking the floor?

Pure: words and what the rules of addressing made of them in, verdict out. Stop words, the agent's name and what is said
to it stop it at once; the person it answers has more right to the floor than others; murmurs, noises and what is said
to somebody else do not stop it. Evidence from the sound alone only ducks the voice, and after a while holds it.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

#: words that stop the agent: from the person it answers, and from anybody else, who must take up what is talked about
WORDS_OF_ASKER = 3
WORDS_OF_OTHERS = 7
#: words of others that hold it, and that stop it once they are known to be all
WORDS_HOLD = 4
WORDS_FINAL = 5
#: words of others that stop it whatever they are about
WORDS_LONG = 12
#: words of others at most in which one stop word is enough
SHORT = 3
#: seconds of ducking without any words after which the voice comes back
FALSE_ALARM = 1.0
#: seconds after the first sample in which only stop words count: late words of the turn before
GRACE = 0.5

_MURMURS = (
    r"m+h*m+|mm+|m+-?hm+|uh[- ]?huh|a?h+a*|oh+|ooh|hm+|u[hm]|er|eh|yeah|yep|yup|yes|ok|okay|right|sure|got it|i see"
    r"|cool|nice|great|wow|whoa|exactly|true|go on|thanks|thank you|good|fine|alright|all right|absolutely|totally"
    r"|indeed|(?:that |it )?makes sense|(?:that's |that is |that sounds |sounds )(?:great|good|right|true|fair"
    r"|interesting|cool|nice|perfect|helpful|fine|lovely|amazing|correct)"
    r"|interesting|very (?:good|nice|interesting|true)|fair(?: enough| point)?|good point|of course|no way|i know"
    r"|i agree|agreed|i understand|understood|gotcha|perfect|lovely|brilliant|amazing|excellent|awesome|definitely"
    r"|correct|for sure|good to know|bless you"
    r"|ja|genau|ach so|stimmt|oui|d'accord|bien sûr|sí|vale|claro|certo|va bene|ha(?: ?ha)+|he(?: ?he)+"
    r"|(?:(?:laugh|chuckle|cough|sneeze)(?:s|ing|ter)?)|achoo|pff+|tsk|ugh|brr+|phew"
)
_BACKCHANNEL = re.compile(rf"(?:(?:{_MURMURS})(?: |$)){{1,5}}", re.I)
# what may still become a murmur: "that" of "that makes sense"
_BEGINS_ONE = frozenset(
    "that that's that makes sounds fair of i very bless for thank got go you're all good to makes well no".split()
)
# "[cough]", "(laughter)", "*typing*", "♪": what a recogniser writes of a noise
_NOISE = re.compile(r"\[[^\]]{0,40}\]|\([^)]{0,40}\)|\*[^*]{1,40}\*|<[^>]{0,40}>|[♪♫]+")
_STOP = re.compile(
    r"\b(?:stop(?! by)|wait|hold on|hang on|(?:one|a) (?:second|moment|sec)|quiet|shut up|never ?mind|cancel|enough"
    r"|no,? no|that'?s wrong|excuse me|let me|stopp|halt|warte|arrête|attends?|espera|para ya|silencio)\b",
    re.I,
)
_OPENERS = re.compile(r"^(?:(?:oh|ok|okay|sorry|please|um|uh|yes|yeah|no|hey|alright|guys|everyone|so|well)\W+)*", re.I)
_WORDS = re.compile(r"[\w']+")
_MURMURS_FIRST = re.compile(rf"^(?:(?:{_MURMURS})\b[\s,.!-]*)+", re.I)
# how somebody begins who answers, objects, asks or asks for the floor, rather than speaks of something else
_TAKES_UP = re.compile(
    r"^(?:(?:oh|ok|okay|yes|yeah|no|well|so|and|um|uh|hey|right|sorry)\W+)*(?:but|actually|no|not|wait|i (?:think|don't"
    r"|didn't|thought|would|have|disagree|agree|just|want|was)|i'd|we|that|that's|this|it|it's|they|you|can|could|may"
    r"|might|should|shall|what|what's|why|how|who|when|where|which|is|are|do|does|did|has|have|let|just|quick|one"
    r"|before|if|because|maybe|sorry|excuse|hold|hang|the (?:problem|thing|point|question|issue|answer)"
    r"|aber|nein|ich|wir|das|mais|non|je|nous|pero|yo|eso)\b",
    re.I,
)
# how others begin who mean to cut in
_CUTS_IN = re.compile(
    r"^\W*(?:(?:oh|ok|okay|yes|yeah|well|so|um|uh|hey)\W+)*(?:but|wait|actually|sorry|excuse|hold|hang|no|nope"
    r"|(?:can|may|could) i|let me|aber|nein|moment|mais|non|pero|perdon)\b",
    re.I,
)


class Meaning(Enum):
    """What somebody's words during our reply mean."""

    BACKCHANNEL = "backchannel"
    #: said to somebody else
    ASIDE = "aside"
    UNSURE = "unsure"
    #: it may well be an interruption: be silent until it is known
    HOLD = "hold"
    STOP = "stop"
    FLOOR = "floor"


#: these let the agent go on
HARMLESS = frozenset({Meaning.BACKCHANNEL, Meaning.ASIDE})
#: these end the reply
ENDS = frozenset({Meaning.STOP, Meaning.FLOOR})
#: verdicts of addressing on what is said to somebody else
ELSEWHERE = frozenset({"other-person", "other-assistant"})
#: verdicts of addressing that make the agent yield at the first words; "alone" and "standing" are too weak for that
_TO_US = frozenset(
    "called sounds-like called-then-asked asked-then-called asked-indirectly asked-all answered-us followed-up"
    " cut-in".split()
)


def is_noise(text: str) -> bool:
    """Whether these are no words at all: "[cough]", "...", ""."""
    return not _WORDS.search(_NOISE.sub(" ", text))


@lru_cache(maxsize=1024)
def is_backchannel(text: str) -> bool:
    """Whether these words only say "I am listening", or are only noises."""
    rest = re.sub(r"[^\w\s'-]", " ", _NOISE.sub(" ", text[:200]).replace("’", "'"))
    rest = " ".join(re.sub(r"(?<!\w)-|-(?!\w)", " ", rest).split())
    return (
        not rest
        or _BACKCHANNEL.fullmatch(rest) is not None
        or _BACKCHANNEL.fullmatch(rest.replace("-", " ")) is not None
    )


def says_stop(text: str) -> bool:
    """Whether these words hold a stop word near their beginning or are little more than one."""
    match = _STOP.search(text)
    return match is not None and (_count(text) <= 6 or _count(text[: match.start()]) <= 2)


def judge(
    text: str, *, reason: str, asker: bool, named: bool, since: float, final: bool = False, about: frozenset[str]
) -> Meaning:
    """What these words mean while the agent speaks.

    `reason` is the verdict of addressing; `asker`: said by the person it answers; `named`: they call the agent;
    `since`: seconds since its first sample; `about`: the folded words of what it says; `final`: no more will come.
    """
    if is_noise(text):
        return Meaning.BACKCHANNEL
    if reason in ELSEWHERE and not named:
        return Meaning.ASIDE
    count = _count(text)
    if says_stop(text) and (asker or named or (count <= SHORT and _STOP.match(_OPENERS.sub("", text)))):
        return Meaning.STOP
    if is_backchannel(text) and reason != "answered-us":
        return Meaning.BACKCHANNEL
    if reason == "cut-in":
        return Meaning.HOLD if _may_be_murmur(text) and not final else Meaning.FLOOR
    if since < GRACE or (_may_be_murmur(text) and not final and not named):
        return Meaning.UNSURE
    if named or reason in _TO_US:
        return Meaning.FLOOR
    if asker:
        return Meaning.FLOOR if count >= WORDS_OF_ASKER else Meaning.HOLD
    if count >= (WORDS_FINAL if final else WORDS_OF_OTHERS):
        if count >= WORDS_LONG or takes_up(text, about):
            return Meaning.FLOOR
        return Meaning.ASIDE if final else Meaning.HOLD
    return Meaning.HOLD if count >= WORDS_HOLD or _CUTS_IN.match(text) else Meaning.UNSURE


def _may_be_murmur(text: str) -> bool:
    """Whether one more word may make these words a murmur: "that", "I see, makes", "no" of "no way"."""
    rest = _MURMURS_FIRST.sub("", text.strip()).strip(" ,.!").lower()
    return rest in _BEGINS_ONE


def takes_up(text: str, about: frozenset[str]) -> bool:
    """Whether somebody else's words take up the talk: answer it, object, ask; or say something of their own."""
    if _TAKES_UP.match(text.strip()) or text.rstrip().endswith("?"):
        return True
    return any(len(word) > 3 and word in about for word in _WORDS.findall(text.casefold()))


def _count(text: str) -> int:
    return len(_WORDS.findall(text))
