"""The few requests that need no brain: stop, and be quiet.

Pure: the question in, a command or None out. They work the same whatever brain is configured, even a dead one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.core.addressing.text import fold

_ONE_STOP = (
    r"(?:stop(?: it| that| talking| speaking| there)?|that'?s enough|enough|shut up|cancel(?: that)?|hold on"
    r"|wait(?: a (?:second|moment))?|never ?mind|stopp|halt|warte|arrête|attends|para(?: ya)?|espera)"
)
_STOP = re.compile(
    rf"^(?:(?:ok(?:ay)?|please|no|alright|oh|sorry)[, ]+)*{_ONE_STOP}(?:[, ]+(?:{_ONE_STOP}|please|now))*$", re.I
)
_QUIET = re.compile(
    r"\b(?:be quiet|stay quiet|keep quiet|be silent|stay silent|mute yourself|go on mute"
    r"|don'?t (?:talk|speak|say anything)|no more talking|sei still|sei ruhig|tais-toi|cállate)\b",
    re.I,
)
_LEAVE = re.compile(
    r"^(?:(?:ok(?:ay)?|please|you can|you may|could you|can you|now)[, ]+)*"
    r"(?:leave|exit|quit|get out of|drop off)(?: (?:the|this) (?:meeting|call))(?: (?:now|please|again))*$"
    r"|^(?:verlass|verlasse) (?:bitte )?(?:das|dieses) meeting$|^quitte la réunion$|^sal de la reunión$",
    re.I,
)
_FACES = re.compile(
    r"^(?:(?:please|can you|could you|now)[, ]+)*(?:show|display|put up)(?: me| us)? "
    r"(?:everybody|everyone|all(?: the)? faces|everyone's faces|(?:the|a) contact sheet"
    r"|who(?:'s| is) (?:here|in the (?:meeting|call|room)))"
    r"(?: on (?:your|the) tile| on screen| now| please)*$"
    r"|^zeig(?:e)?(?: mir| uns)? alle$|^montre(?:-nous|-moi)? tout le monde$|^mu[eé]stra(?:nos|me)? a todos$",
    re.I,
)
_STAY = re.compile(
    r"^(?:(?:ok(?:ay)?|please|now|can you|could you|will you|would you|do)[, ]+)*"
    r"(?:(?:stay|stick) with (?:us|me)|join (?:in|us|the (?:discussion|conversation))"
    r"|(?:feel free to|you (?:can|may)) (?:just )?(?:chime|jump|join) in|chime in|take part"
    r"|bleib(?:e)? (?:bei uns|dabei)|mach mit|reste avec nous|participe|qu[eé]date con nosotros|participa)"
    r"(?: (?:for|until|as long|whenever|when|in|on) .*)?(?: (?:please|now|for now|a (?:bit|while)))*$",
    re.I,
)
_DISMISS = re.compile(
    r"^(?:(?:ok(?:ay)?|thanks|thank you|please|now|you can|you may)[, ]+)*"
    r"(?:that'?s all for now|stand (?:down|by)|step back|go back to listening|just listen(?: (?:now|again|from here))?"
    r"|(?:only )?(?:speak|talk|answer|reply) (?:only )?when (?:i|we|someone|somebody) (?:calls?|asks?) (?:you|for you)"
    r"|wait until (?:i|we) call you|hör(?: ab jetzt)? nur zu|écoute seulement|solo escucha)"
    r"(?: (?:please|now|again|thanks|thank you))*$",
    re.I,
)
_INVITES = re.compile(
    r"^(?:(?:yes|yeah|ok(?:ay)?|sure|please|so|what|and)[, ]+)*(?:yes|yeah|go ahead|go on|please|shoot|speak(?: up)?"
    r"|what is it|what'?s up|what do you (?:have|want to say|think)|what did you want(?: to say)?"
    r"|(?:did )?you (?:had|have|wanted|want) (?:something|to say something|to add something|a point).*|your turn"
    r"|over to you|tell us|say it|you raised your hand|you have your hand up|ja|bitte|sprich|oui|vas-y|s[ií]|adelante"
    r"|dime)(?: (?:please|then|now))*$",
    re.I,
)
_MINUTES = re.compile(r"\b(\d{1,3}|a|one|two|three|five|ten|fifteen|twenty|thirty)\s+(minute|min|hour|second)", re.I)
_NUMBERS = {
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "five": 5,
    "ten": 10,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
}
_UNITS = {"second": 1 / 60, "min": 1.0, "minute": 1.0, "hour": 60.0}


@dataclass(frozen=True, slots=True)
class Command:
    """`kind` is stop, quiet, stay (join in), dismiss (only when called), leave, faces (show everybody), go-on or where.

    `minutes` is 0 when no time was given (until called).
    """

    kind: str
    minutes: float = 0.0


def parse(question: str) -> Command | None:
    """The command in these words, if they are one."""
    text = question.strip().strip(" .,!?…").strip()
    if _STOP.match(text):
        return Command("stop")
    if _FACES.match(text):
        return Command("faces")
    if _LEAVE.match(text):
        return Command("leave")
    if _STAY.match(text):
        return Command("stay", minutes(text))
    if _DISMISS.match(text):
        return Command("dismiss")
    if _QUIET.search(text) and len(text.split()) <= 14:
        return Command("quiet", minutes(text))
    return None


def invites(question: str) -> bool:
    """Whether these words invite somebody whose hand is up to speak."""
    return _INVITES.match(question.strip().strip(" .,!?…").strip()) is not None


def minutes(text: str) -> float:
    """The length of time named in the text, in minutes; 0 when there is none."""
    match = _MINUTES.search(text)
    if not match:
        return 0.0
    number = match.group(1).lower()
    return (_NUMBERS.get(number) or float(number)) * _UNITS[match.group(2).lower()]


_COURTESY = r"(?:please|bitte|s'il (?:te|vous) plait|por favor|per favore|per piacere|thanks|thank you|then|now|again)"
_LEAD_IN = (
    r"(?:(?:ok|okay|sorry|please|yes|yeah|no|alright|all right|right|anyway|so|and|now|well|thanks|thank you|good|fine"
    r"|you can|you may|can you|could you|would you|just|but|bitte|entschuldigung|ja|also|oui|non|pardon|et|alors|si|y"
    r"|perdon|do)[, ]+)*"
)
_GO_ON = re.compile(
    rf"^{_LEAD_IN}(?:go on|go ahead|continue|carry on|keep going|keep talking|resume|proceed|(?:and )?you were saying"
    r"|as you were(?: saying)?|(?:please )?finish(?: (?:that|it|up|your (?:sentence|thought|point|answer)"
    r"|what you (?:were saying|wanted to say)))?|back to you|pick up where you (?:left off|stopped)"
    r"|(?:mach|red|rede|sprich|erzahl|erzahle|lies) (?:bitte )?weiter|weiter|fahr(?:e)? (?:bitte )?fort"
    r"|du wolltest (?:etwas )?sagen|continue[sz]?|vas[- ]y|allez[- ]y|poursui[st]|poursuivez|reprends|tu disais"
    r"|sigue|siga|segui|continua|adelante|prosigue|decias|vai avanti|dicevi|prosegui|ga (?:door|verder))"
    r"(?:[, ]+(?:with (?:that|it|what you were saying|your (?:answer|point))"
    rf"|(?:from )?where you (?:were|stopped|left off)|{_COURTESY}))*$"
)
_WHERE = re.compile(
    rf"^{_LEAD_IN}(?:wait[, ]+)?(?:(?:where|what) (?:were|was) you(?: (?:at|up to|saying|about to say|going to say"
    r"|talking about))?|where (?:were|are) we(?: at)?|where did you (?:stop|leave off|get to)"
    r"|what (?:were|was) you (?:just )?saying(?: before)?|what was the last (?:thing|bit|part) you said"
    r"|wo (?:warst|waren) (?:du|wir|sie)(?: (?:gerade|stehen ?geblieben))?|wo bist du stehen ?geblieben"
    r"|was (?:wolltest|sagtest) du(?: (?:gerade|sagen))*|tu en etais ou|ou en etais[- ]tu|ou tu en etais"
    r"|que disais[- ]tu|tu disais quoi|donde (?:estabas|te quedaste)|que (?:estabas diciendo|decias)|por donde ibas"
    rf"|dove eri(?: rimasto)?|cosa stavi dicendo)(?:[, ]+{_COURTESY})*$"
)


def resumption(question: str) -> Command | None:
    """ "Go on" (kind go-on) and "where were you?" (kind where), which mean something only after an interruption."""
    text = " ".join(fold(word) for word in question.split()).strip(" .,!?…¿¡-—")
    if _GO_ON.match(text):
        return Command("go-on")
    return Command("where") if _WHERE.match(text) else None
