"""What is being asked: the intent, and the topic, person, time and form that go with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.brains.embedded.timing import duration
from server.brains.embedded.wordings import RULES, Intent


@dataclass(frozen=True, slots=True)
class Ask:
    """A question, understood: what is wanted, about what, of whom, over which time."""

    intent: Intent
    #: the words it is about, as asked, without the frame of the question
    topic: str = ""
    #: the participant it is about, spelled as in the meeting
    person: str = ""
    #: seconds: of a timer, of silence, or of "the last ten minutes"
    seconds: float | None = None
    #: what a timer is for
    label: str = ""
    #: a card is wanted, not only words
    show: bool = False
    #: "since" or "before" (I joined), "least", "judge" (asks for a reason or an opinion), or empty
    detail: str = ""
    #: the kind of card asked for: list, table, bar, or empty
    form: str = ""


_COMPILED = tuple((intent, re.compile(pattern)) for intent, pattern in RULES)

_TIMER = re.compile(
    r"\b(?:remind|timer|time ?box|alarm|countdown|count down|ping|nudge|wake|warn|interrupt|let (?:us|me) "
    r"know|(?:tell|give|call|stop) (?:us|me)|erinner\w*|rappelle\w*|recu[eé]rda\w*)\b"
)
_SHOW = re.compile(
    r"\b(?:show(?! up)|(?<!menu )(?<!a )(?<!the )(?<!their )display|(?:on|to) (?:the |your )?(?:screen|"
    r"tile)|chart|graph|table|diagram|card|visuali[sz]e|put (?:it|that|them|the \w+) up|as a list|zeig\w*|"
    r"montre\w*|muestra\w*)\b"
)
_POLITE = re.compile(
    r"^(?:(?:um+|uh+|er+m?|hmm+|so|ok|okay|well|right|and|but|now|yeah|yes|hey|hi|hello|sorry|please|"
    r"actually|quick question|just|oh|also|then|alright|good|excuse me)\b[\s,]*)+(?=\w)"
)
_ASKED = re.compile(
    r"^(?:(?:can|could|would|will) (?:you|we|i|someone)(?: (?:please|maybe|just|quickly|perhaps|also|"
    r"kindly))* (?=\w)|(?:do|did) you (?:know|remember|recall|happen to know|catch)(?: if| whether)? ?|"
    r"i(?:'d| would) (?:like|love) (?:you )?to (?:know|hear|see)? ?"
    r"|i (?:want|need) to (?:know|see|hear) |i (?:wonder|was wondering)(?: if| whether)? |(?:please "
    r")?(?:tell|give|read|get) (?:me|us)(?: back| out)? (?!about)|let(?:'s| us) (?:see|hear) |maybe |any "
    r"idea |please )+"
)
_FILLERS = re.compile(
    r"\b(?:um+|uh+|erm*|hmm+|please|you know|i mean|kind of|sort of|for me|for us|bitte|s'il (?:te|vous) "
    r"pla[iî]t|por favor)\b,?"
)
_TOPIC = re.compile(
    r"\b(?:about|on the (?:topic|subject|question|issue) of|on|regarding|concerning|of|regards to|respect "
    r"to|around|über|zu|sur|sobre)\s+(.+)$"
)
_TOPIC_ABROAD = re.compile(r"\b(?:über|sobre|sur)\s+(.+)$")
_SAID = re.compile(
    r"\b(?:mention\w*|discuss\w*|suggest\w*|propos\w*|explain\w*|present\w*|recommend\w*|bring up|brought up)\s+(.+)$"
)
_TOPIC_TAIL = re.compile(
    r"(?:\s+(?:gesagt|besprochen|entschieden"
    r"|so far|today|until now|earlier|before|again|just now|in (?:this|the|our) (?:meeting|call)|"
    r"when (?:we |they )?(?:discuss\w*|present\w*|talk\w*) .*|at (?:the )?(?:start|beginning|end)|in the "
    r"(?:last|past) .*|yet|exactly|here|there|please|then|now|as a (?:list|card|table|chart)|on (?:the "
    r")?(?:screen|tile|card)))+$"
)
_JUDGE = re.compile(
    r"^why\b|\b(?:do|would) you (?:think|suggest|recommend|feel|believe)|your (?:opinion|view|take)|^should\b"
)
_DECIDED = re.compile(r"\b(?:decided?|agreed?|settled?) (?:to|for|against|that) (.+)$")
_RANGE = re.compile(r"\b(?:last|past|previous|letzten|derni[eè]res|[uú]ltimos)\b\s+(.*)$")


def understand(question: str, agent: str, people: Sequence[str], asker: str = "") -> Ask:
    """What a question wants. `people` are the names that may be asked about; the agent's own name is overlooked."""
    plain = _plain(question, agent)
    if plain in ("", "hey", "yo"):
        return Ask(Intent.CALLED)
    return replace(_understand(plain, people, asker), form=_form(plain))


def _form(plain: str) -> str:
    if re.search(r"\b(?:chart|graph|diagram|bars?)\b", plain):
        return "bar"
    found = re.search(r"\b(?:as|in|with|the|a) (list|table)\b", plain)
    return found[1] if found else ""


def _understand(plain: str, people: Sequence[str], asker: str) -> Ask:
    person = _person(plain, people, asker)
    show = bool(_SHOW.search(plain))
    body = _ASKED.sub("", _POLITE.sub("", plain)).strip() or plain
    seconds = duration(plain)
    if seconds is not None and _TIMER.search(plain) and not _RANGE.search(plain):
        return Ask(Intent.TIMER, seconds=seconds, label=_timer_label(plain))
    for intent, pattern in _COMPILED:
        if pattern.search(body) or (body != plain and pattern.search(plain)):
            return _fill(intent, body, plain, person, seconds, show)
    detail = "judge" if _JUDGE.search(body) else ""
    return Ask(Intent.OTHER, topic=body, person=person, show=show, detail=detail)


def _fill(intent: Intent, body: str, plain: str, person: str, seconds: float | None, show: bool) -> Ask:
    topic = _topic(body)
    detail = ""
    if _JUDGE.search(body) and intent in (Intent.SAID, Intent.DECISIONS):
        # "Why …", "what do you think …": reasons and opinions are beyond us, the nearest words are not.
        return Ask(Intent.OTHER, topic=topic or body, person=person, show=show, detail="judge")
    if intent is Intent.DECISIONS and not topic and (found := _DECIDED.search(body)):
        topic = _TOPIC_TAIL.sub("", found[1])
    if intent is Intent.SUMMARY:
        if re.search(r"\bsince\b", plain):
            detail = "since"
        elif re.search(r"\bmiss(?:ed)?\b|\bbefore i\b|catch me|up to (?:speed|date)", plain):
            detail = "before"
        elif topic and not _RANGE.search(plain) and not _is_frame(topic):
            intent = Intent.SAID
        elif person and re.search(r"\b(?:said|say|says|points?|from|by)\b", plain):
            intent, topic = Intent.SAID, ""
        if not _RANGE.search(plain):
            seconds = None
    elif intent is Intent.ELAPSED and topic and not _is_frame(topic):
        intent = Intent.SAID
    elif intent is Intent.SAID and not topic and (found := _SAID.search(body)):
        topic = _TOPIC_TAIL.sub("", found[1])
    elif intent is Intent.TALK_TIME and re.search(r"\bleast\b", plain):
        detail = "least"
    elif intent is Intent.WHO_SAID:
        found = re.search(
            r"(?:said|mentioned|suggested|proposed|raised|wants?|wanted|knows|likes?|offered|presented|"
            r"explained"
            r"|thinks|thought|pointed out|brought up)(?: that| about| of)? (.+)$", body)  # fmt: skip
        topic = _TOPIC_TAIL.sub("", found[1]) if found and not topic else topic
    elif intent is Intent.QUIET and seconds is None and (found := re.search(r"for (?:the rest|good|ever)", plain)):
        seconds = None
    return Ask(intent, topic=topic, person=person, seconds=seconds, show=show, detail=detail)


def _plain(question: str, agent: str) -> str:
    """Lower-case words without noises, courtesies and the agent's name (or what it was misheard as)."""
    text = question.lower().replace("’", "'")
    text = re.sub(r"[^\w\s',:;.%€$-]", " ", text)
    text = re.sub(r"(?<!\d)[.,:;](?!\d)|(?<=\d)[.,:;](?!\d)", " , ", text)
    words = [word.strip("-'") if word != "'" else "" for word in text.split()]
    own = agent.lower()
    kept = [
        word
        for at, word in enumerate(words)
        if word and not (word == own or word == own + "'s" or _misheard(word, own, at, words))
    ]
    text = _FILLERS.sub(" ", " ".join(kept).replace(" ,", ",") + " ")
    text = re.sub(r"[\s,]*,[\s,]*", " ", text)
    return re.sub(r"\s+", " ", text).strip(" -")


def _misheard(word: str, own: str, at: int, words: Sequence[str]) -> bool:
    """A word at either end, set off by a comma or after a greeting, that sounds like the agent's name."""
    if len(own) < 5 or abs(len(word) - len(own)) > 1 or word == own:
        return False
    first = at == 0 and len(words) > 1 and words[1] == ","
    greeted = at == 1 and words[0] in ("hey", "hi", "ok", "okay", "hello", "thanks")
    last = at >= len(words) - 2 and at > 1 and words[at - 1] == ","
    return (first or greeted or last) and _distance(word, own) <= 2


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def _person(plain: str, people: Sequence[str], asker: str) -> str:
    """The participant named in the question: by full name, or by a part of it that is nobody else's."""
    padded = " " + re.sub(r"'s?(?= |$)", "", plain) + " "
    for name in sorted(people, key=len, reverse=True):
        if name and f" {name.lower()} " in padded:
            return name
    parts: dict[str, str] = {}
    for name in people:
        for part in name.lower().split():
            parts[part] = "" if part in parts else name
    for part, name in parts.items():
        if name and len(part) > 2 and f" {part} " in padded:
            return name
    if asker and re.search(
        r"\b(?:did|do|have|what|must|should|am|tasks for) i\b(?! (?:miss|ask))|\bmy (?:action|task|to-?do|"
        r"opinion|point)",
        plain,
    ):
        return asker
    return ""


def _topic(body: str) -> str:
    """What follows "about", "on", "regarding" …, or the words after "decide" and the like."""
    found = _TOPIC_ABROAD.search(body) or _TOPIC.search(body)
    topic = found[1] if found else ""
    topic = _TOPIC_TAIL.sub("", topic).strip()
    return re.sub(r"^(?:the (?:topic|subject|issue|question) of |that |all )", "", topic)


def _is_frame(topic: str) -> bool:
    """Is this only "the meeting", "what was said", "the last part", not a subject?"""
    return bool(
        re.fullmatch(
            r"(?:(?:the|this|our|whole|entire|full|main|key|last|past|first|meeting|call|discussion|"
            r"conversation|talk|points?"
            r"|everything|it|that|so far|today|us|me|what|was|has|been|we|said|discussed|happened|all|of|"
            r"in|part|half|things?|topics?|far|so|you|they|group)\s*)+",
            topic,
        )
    )


def _timer_label(plain: str) -> str:
    """What the reminder is for: "to take a break", "about the demo"."""
    found = re.search(
        r"\b(?:to|that|about) (?!(?:\d|a |an |the |five|ten|two|three)\b.*(?:minute|second|hour))(.+)$", plain
    )
    label = found[1] if found else ""
    label = re.sub(r"\b(?:in|after|for) (?:\S+ ){1,3}(?:seconds?|minutes?|hours?|mins?|secs?)\b.*$", "", label)
    return label.strip()[:60]
