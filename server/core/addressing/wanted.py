"""Is what was said to the agent still wanted, or only thanks, or taken back in the same breath?"""

from __future__ import annotations

import re

from server.core.addressing.asking import asks
from server.core.addressing.following import is_open, is_request
from server.core.addressing.text import Token, bare, clauses, plain, tokens_of
from server.core.addressing.words import FILLERS, HEY, OPENERS, PRAISE, THANKS_TO

_THANKS = re.compile(
    r"\b(?:thanks?(?: (?:a (?:lot|million|bunch)|so much|very much|again))?|thank (?:you|u)(?: (?:so|very) much)?"
    r"|cheers|ta"
    r"|danke(?: schon| sehr)?|vielen dank|merci(?: beaucoup| bien)?|(?:muchas )?gracias|grazie(?: mille)?|obrigad[oa]"
    r"|bedankt|dank (?:je|u)|tack|kiitos|dziekuje|spasibo|arigato|bye(?: bye)?|good ?bye|see (?:you|ya)|good ?night"
    r"|farewell|tschuss|au revoir|adios|hasta luego|ciao ciao|arrivederci"
    r"|(?:well|nicely) done|(?:good|great|nice|excellent|amazing|fantastic) (?:job|work|one|stuff|answer|point|catch)"
    r"|you'?re (?:the best|great|brilliant|a star|amazing)|(?:much )?appreciated?(?: (?:it|that))?"
    r"|that(?:'s| is| was) (?:exactly |just |precisely |all )?what (?:i|we) (?:needed|wanted|was after|were after)"
    r"|(?:we|i)'?(?:re|m| are| am) (?:all )?(?:good|done|set|finished|fine)|all (?:good|set|done)"
    r"|that(?:'s| is| was) (?:all|it|everything)|that(?:'?ll| will) (?:do|be (?:all|it))|nothing else"
    r"|no (?:further|more|other) questions|talk (?:to you )?(?:later|soon|tomorrow))\b|ありがとう|谢谢|감사|спасибо"
)
# takes a request back wherever it stands, unless something is asked after it
_TAKEN_BACK = re.compile(
    r"\b(?:(?:oh |no |just )?scrap (?:that|it)|let'?s (?:leave|park|skip|drop) (?:that|it|this)\b|never ?mind"
    r"|(?:oh |just )?forget (?:it|that|about it|i (?:asked|said))|scratch that|strike that"
    r"|(?:it )?does(?:n't| not) matter|no matter|ignore (?:that|me|it)|not now|leave it|don'?t (?:worry|bother)"
    r"|(?:wasn'?t|was not|not) (?:talking|speaking) to you|didn'?t mean (?:you|to)|not you|no,? nothing|sorry,? nothing"
    r"|it'?s nothing|false alarm|my (?:mistake|bad)|vergiss es|egal|schon gut|laisse tomber|peu importe|oublie|olvidalo"
    r"|no importa|dejalo|lascia stare|non importa|laat maar|deixa pra la"
    r"|i'?ll (?:just )?(?:(?:\w+ ){1,3}(?:myself|later|afterwards|another time|now)"
    r"|(?:look|google|check|ask (?!you)\w+)\b)"
    r"|i can (?:\w+ ){1,3}(?:myself|here)"
    r"|let(?:'s hear (?:from |it from )?(?!you|your|it|the|that|a|what|how)\w+"
    r"| (?!me|us)\w+ (?:finish|answer|speak|talk|go|say|continue|respond|explain|present|tell|have)\b))"
)
# takes it back only behind an "oh", "ah", "no", "wait": the answer was found, or somebody else has it
_FOUND_OUT = re.compile(
    r"(?:\b(?:oh|ah|aha|no|wait|actually|hmm|hm|sorry|okay|ok|right)\b|…|—|-)\W*(?:\w+\W+){0,2}?"
    r"(?:i(?:'ve| have|'ve just)? (?:just )?(?:got|found|see|remember|know|can see|spotted) (?:it|that|now)?"
    r"|(?:i )?(?:found|got) it|i see|i remember|there it is|there we (?:go|are)|here (?:it is|we (?:go|are))"
    r"|let me (?:ask|check|look|see|find|think|try)\b|i have (?:\w+ ){1,2}here"
    r"|it'?s (?:right )?(?:here|there|on|in|at|up|fine|okay|ok|alright|all right|nothing|good)\b"
    r"|\w+(?:'s|'s already| has| already has| has already) (?:got )?(?:it|done|answered|said|found)\b"
    r"|\w+ (?:knows|has|had|did|said|wrote|answered) (?:it|this|that|so|already)\b"
    r"|(?!you\b)\w+ (?:just|already) \w+|\w+ (?:should|can|will|could) (?:answer|take|do|say|handle|explain)\b)"
)
# why it is no longer wanted: "don't worry, Ana's just put it in the chat"
_SOMEBODY = r"(?!(?:so|and|but|or|now|then|that|what|there|here|let|you|just|please)\b)\w+"
_HAS_DONE = re.compile(
    rf"(?:[,.!;…-]? ?{_SOMEBODY}(?:'s|'ve| has| have) (?:just|already|now)"
    rf"|[,.!;…-] ?{_SOMEBODY} (?:just|already))\b[^,.!?;…]*"
)
# what else is said on taking back
_LEAVE = re.compile(r"(?:[ ,.!]*\b(?:carry on|go on|go ahead|continue|sorry|thanks|as you were))+[ ,.!]*$")
_YOU_MAY = re.compile(r"\W*(?:(?:and|so|now|then) )*you (?:can|may|could) (?!be|go back)\w+")
# "that's ever so helpful"
_IS_SO = re.compile(
    r"^(?:(?:oh|ah|well|yes|yeah|and|so) )*"
    r"(?:(?:that|this|it)(?:'s| is| was)|you(?:'re| are| were|'ve been| have been)|how|what an?) "
)
_PRAISED = PRAISE | frozenset("helpful useful handy kind clever superb marvellous fab impressive".split())
# only of somebody: "you're a star", not "help"
_PRAISED_AS = _PRAISED | frozenset("star legend gem lifesaver help".split())
# what may stand around them
_COMPLIMENTS = (
    FILLERS
    | THANKS_TO
    | frozenset(
        "ever so very really just absolutely truly quite such most super incredibly extremely a an great big real"
        " indeed of you quick fast yes yeah ok okay right well and actually".split()
    )
)
_CHANGED = frozenset("oh ah aha no actually wait sorry hmm okay ok ach ay non nein".split())
_NEW_CLAUSE = frozenset(
    "i i'm i'll i've i'd it it's its there there's here here's that that's we we've we're we'll he he's she she's they"
    " they've you you've never forget found got don't".split()
)


def only_thanks(tokens: list[Token]) -> bool:
    """Whether these words thank, praise or take leave, and ask nothing of the agent beside: of the room they may."""
    words = bare(tokens)
    praised = not PRAISE.isdisjoint(words) and HEY.isdisjoint(words)
    if praised and all(word in OPENERS or word in PRAISE for word in words):
        return True
    said = plain(tokens)
    if not _THANKS.search(said):
        return False
    for clause in re.findall(r"[^,.!;:…-]+", _THANKS.sub(",", said)):
        part = tokens_of(clause)
        if is_request(part) or _YOU_MAY.match(clause):
            return False
    return True


def praises(tokens: list[Token]) -> bool:
    """Whether nothing is said but a compliment: "brilliant, that's ever so helpful"."""
    if any(token.word == "?" for token in tokens):
        return False
    praised = False
    for clause in clauses(tokens):
        said = " ".join(clause)
        rest = _IS_SO.sub("", said)
        known, words = _PRAISED if rest == said else _PRAISED_AS, rest.split()
        if any(word not in known and word not in _COMPLIMENTS for word in words):
            return False
        praised = praised or not known.isdisjoint(words)
    return praised


def taken_back(tokens: list[Token]) -> bool:
    """Whether a request that was begun is taken back, and nothing asked after that."""
    if _breaks_off(tokens):
        return True
    said = _LEAVE.sub("", plain(tokens))
    ends = [match.end() for pattern in (_TAKEN_BACK, _FOUND_OUT) for match in pattern.finditer(said)]
    if not ends:
        return False
    reason = _HAS_DONE.match(said, max(ends))
    return not asks(tokens_of(said[reason.end() if reason else max(ends) :]))


def _breaks_off(tokens: list[Token]) -> bool:
    """ "what was the ... oh, it's on the slide": half a request, an "oh", and a statement of something else."""
    at = next((at for at in range(len(tokens) - 1, 0, -1) if tokens[at].word in _CHANGED), 0)
    if not bare(tokens[:at]):
        return False
    head = [word for word in bare(tokens[:at]) if word not in _CHANGED]
    tail = [word for word in bare(tokens[at:]) if word not in _CHANGED and word not in OPENERS]
    half = is_open(" ".join(head)) or tokens[at - 1].word == "…"
    return bool(head) and half and bool(tail) and tail[0] in _NEW_CLAUSE and not asks(tokens[at + 1 :])
