"""Makes spoken language fit to be quoted: without noises, repeats and broken words, with its meaning untouched."""

from __future__ import annotations

import re

_NOISE = re.compile(r"(?<=\s)[-–—]+(?=\s)|\{[^}]*\}|\[[^\]]*\]|@+|\*+|[_~^]{2,}")
_SPELLED = re.compile(r"\b((?:[A-Za-z]_)+)")
_FILLER = re.compile(
    r"(?:(?<=^)|(?<=[\s,.;:?!-]))"
    r"(?:u+[hm]+|e+r+m?|h+m+|m+h?m+|mm-?hmm|uh-?huh|ah+|oh|eh|euh|äh+m?|ähm|hm+)"
    r"(?=$|[\s,.;:?!-])[,.]?",
    re.I,
)
_FILLER_BETWEEN = re.compile(r",\s*(?:u+[hm]+|e+r+m?|h+m+|m+h?m+|ah+|oh|eh|äh+m?)\s*,\s*", re.I)
_PARENTHESIS = re.compile(
    r"(?:(?<=^)|(?<=[.;:?!]\s))(?:you know|i mean|you see)\s*,\s*"
    r"|\s*,\s*(?:you know|i mean|you see)\s*(?:,|(?=[.?!]|$))",
    re.I,
)
_REPEAT = re.compile(r"\b((?:[^\W\d_][\w'’]*)(?:\s+[^\W\d_][\w'’]*){0,4}?)(?:\s*,?\s+\1\b)+", re.I)
#: said twice on purpose, or said as digits
_MEANT_TWICE = frozenset(
    "very really much many no yes more bye zero one two three four five six seven eight nine ten twenty "
    "thirty forty"
    " fifty hundred thousand million half".split()
)
_SHORT_WORDS = frozenset(
    "a i o ah am an and any are as at be big but by can did do few for get go got had has he her him his "
    "how i'd i'm if"
    " in is it its just let man may me my no non not now of off oh ok old on one or our out own per put re "
    "say see set"
    " she sit so son sub tea ten the they tie to too tv two up us use was way we who why yes yet you".split()
)
_LEAD = re.compile(
    r"^(?:(?:so|and|but|or|yeah|yep|yes|okay|ok|well|right|alright|all right|now|then|also|anyway|sure|oh|"
    r"no no|'cause|"
    r"because|like|o|actually|basically|i mean|you know|i think|i guess|i thought|i would "
    r"say)\b[\s,.]*)+(?=\S)",
    re.I,
)
_TAIL = re.compile(
    r"(?:[\s,]+(?:and|so|but|or|because|cuz|'cause|like|the|a|an|to|of|that|which|if|with|for|in|is|it's|i|we|um|uh|then"
    r"|and then|or something|or whatever|you know|i mean|i don't know))+[\s,]*$",
    re.I,
)
_SPLIT = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+(?=[\"'“‘(]?[^\s])")
_ABBREVIATION = re.compile(r"(?:\b(?:mr|mrs|ms|dr|prof|st|vs|e\.g|i\.e|etc|no|approx)|\b[a-z])\.$", re.I)
#: "you have to The whole remote": the speaker began again, which transcripts show by a capital
_RESTART = re.compile(
    r"(?<=[a-z,'])\s+(?=(?:The|We|We're|You|It|It's|That|That's|So|They|And|But|If|What|How|Can|Because|"
    r"There|There's|Do|Like"
    r"|Basically|Maybe|When|This|My|Yeah|Or|Is|He|She|Does|Did|Have|In|For|Whether|At|Then|Just|Well|No|"
    r"Not|Are|Why|Way)\s)"
)
_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"\s+([,.;:?!])")
_MARKS = re.compile(r"([,;:])(?:\s*[,;:])+|[,;:]+\s*([.?!])")

#: Turns made of these words alone carry nothing to quote.
BACKCHANNEL = frozenset(
    "yeah yep yes yup no nope ok okay kay right sure mm mmm hmm hm mhm mm-hmm mm-hm uh-huh uh um ah oh eh "
    "huh cool nice great"
    " good wow exactly true really alright absolutely definitely indeed well so and but i see got it "
    "that's fine hello hi"
    " thanks thank you sorry what yi k' 'kay oops ha haha aha correct agreed quite probably mean know like "
    "the".split()
)


def clean(text: str) -> str:
    """The text without noises, fillers, stutters and repeated words. Keeps every sentence."""
    text = _NOISE.sub(" ", text.lstrip("-–— "))
    text = _SPELLED.sub(lambda found: found[1].replace("_", "") + " ", text) if "_" in text else text
    text = _FILLER.sub(" ", _FILLER_BETWEEN.sub(" ", text))
    text = _PARENTHESIS.sub("", _SPACES.sub(" ", text).strip())
    text = _stutters(_SPACES.sub(" ", text).strip())
    text = _REPEAT.sub(_once, text)
    text = _BEFORE_MARK.sub(r"\1", text)
    text = _MARKS.sub(lambda found: found[1] or found[2], text)
    return _SPACES.sub(" ", text).strip(" ,;:-")


def _once(found: re.Match[str]) -> str:
    return found[0] if found[1].lower() in _MEANT_TWICE else found[1]


def _stutters(text: str) -> str:
    """Without broken beginnings: "d diff different" is "different", "w we" is "we"."""
    words = text.split(" ")
    kept: list[str] = []
    for word, following in zip(words, [*words[1:], ""], strict=True):
        bare = word.strip(",.-").lower()
        if bare and not bare.isdigit() and bare not in _SHORT_WORDS:
            onward = following.lower()
            broken = len(bare) <= 4 and onward.startswith(bare) and len(onward.strip(",.?!")) > len(bare)
            if broken or (len(bare) == 1 and bare.isascii() and bare.isalpha() and word[-1:] not in ".,"):
                continue
        kept.append(word)
    return " ".join(kept)


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its mark; one that was broken off has none."""
    found: list[str] = []
    for part in _SPLIT.split(text):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] += " " + part
        elif part:
            found.append(part)
    return [piece for whole in found for piece in _RESTART.split(whole)]


def quotable(sentence: str, most: int = 30) -> str:
    """A cleaned sentence as it may be read out: no lead-in, no hanging end, at most `most` words, a capital first."""
    sentence = sentence.lstrip("-–— ")
    body = _LEAD.sub("", sentence, count=1)
    if len(body.split()) < 3:
        body = sentence
    mark = body[-1] if body.endswith((".", "?", "!")) else "."
    body = _TAIL.sub("", body.rstrip(".?!,;: ")).rstrip(",;: ")
    words = body.split()
    if len(words) > most:
        words = words[: _cut(words, most)]
        body, mark = _TAIL.sub("", " ".join(words)).rstrip(",;:.- "), "…"
    if not body:
        return ""
    return body[0].upper() + body[1:] + mark


def _cut(words: list[str], most: int) -> int:
    """Where to end a long sentence: after the last comma, or before the last joining word, that fits."""
    for at in range(most, most // 2, -1):
        if words[at - 1][-1:] in ",;:" or words[at].lower() in ("and", "but", "because", "so", "which", "then", "or"):
            return at
    return most


def is_backchannel(text: str) -> bool:
    """Nothing but "yeah, okay, right"?"""
    words = re.findall(r"[\w'’-]+", text.lower())
    return len(words) <= 5 and all(word.replace("’", "'") in BACKCHANNEL for word in words)


def brief(text: str, most: int) -> str:
    """At most `most` words of a sentence, for a card."""
    return quotable(text, most)
