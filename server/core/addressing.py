"""Is this said to the agent, and does it ask for something?

Pure: an utterance and its context in, a verdict with its reason out. Tier one, rules one can explain. Later tiers (a
classifier with a deadline, follow-up per speaker, standing invitations) take the same `Context` and return the same
`Verdict`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[,.!?;:…—–]|-{1,2}(?=\s)")
_OPENERS = frozenset(
    (
        "hey hi hello ok okay so um uh er well and but now right yes yeah yo oh ah alright actually sorry please "
        "hallo also gut bonjour salut hola oye bueno dear excuse me thanks thank you then no"
    ).split()
)
#: after a name at the beginning these say that it is talked about
_ABOUT_AFTER = frozenset(
    (
        "is was has had said says will would can't cannot could does did doesn't didn't isn't wasn't won't seems "
        "looks sounds gave told made got and or keeps kept thinks thought knows knew might may should heard answered "
        "joined left"
    ).split()
)
#: ... unless what follows makes it a question or a request to it: "Parley can you", "Parley will you"
_YOU = frozenset(("you we us").split())
#: before a name these say that it is talked about
_ABOUT_BEFORE = frozenset(
    (
        "ask asked asking about with to of for from by let have make tell told told use using called like than the a "
        "our my your his her their this that and or invite need needs want turn got get give see via is was are not "
        "saw heard hear says said mention mentioned call named over with without through at on in"
    ).split()
)
_ASKS = re.compile(
    r"\?|\b(?:what|who|whom|whose|when|where|why|which|how|can|could|would|will|do|does|did|is|are|was|were|should"
    r"|tell|show|give|list|summari[sz]e|recap|repeat|say|explain|remind|set|start|stop|wait|be|mute|hide|put|read|find"
    r"|check|note|write|send|help|go|please|continue|let|speak|describe|compare|name|count|add|take|look|draw|make"
    r"|was|wer|wann|wo|warum|wie|welche|kannst|zeig|sag|fasse|quoi|qui|quand|où|pourquoi|comment|peux|montre|dis"
    r"|qué|quién|cuándo|dónde|cómo|puedes|muestra|di)\b",
    re.I,
)
_QUESTION_WORDS = frozenset(("what what's who who's when where why how which tell show").split())
_MODALS = frozenset(("can could would will do did should are have").split())
_THANKS = re.compile(
    r"\b(?:thanks?|thank you|cheers|danke|merci|gracias|bye|goodbye|see you|well done|good job)\b", re.I
)
_TAKEN_BACK = re.compile(r"\b(?:never ?mind|forget it|scratch that|no,? wait,? (?:nothing|forget))\W*$", re.I)


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules may know. `agents` is the agent's name first, then its aliases."""

    agents: tuple[str, ...]
    participants: tuple[str, ...] = ()
    speaker: str = ""
    policy: str = "named"
    #: the agent asked this speaker something and waits for the answer
    expecting: bool = False
    #: words of the same speaker just before this utterance, still unanswered
    before: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`addressed` says whether to answer. `question` is what was asked, without the name where it only calls."""

    addressed: bool
    reason: str
    evidence: str = ""
    question: str = ""
    #: the name was called and nothing asked yet
    call_only: bool = False


def judge(utterance: str, context: Context) -> Verdict:
    """Whether this utterance is meant for the agent, and why."""
    tokens = _TOKEN.findall(utterance)
    at = _find_name(tokens, context)
    if at is None:
        if context.policy == "open" and len(context.participants) <= 1:
            return Verdict(True, "alone", "policy open", utterance)
        if context.expecting:
            return Verdict(True, "answered-us", "it had asked", utterance)
        return Verdict(False, "not-called")
    first, last = at
    evidence = f"name at word {first + 1} of {len(tokens)}"
    if _vocative_of_other(tokens, first, context):
        return Verdict(False, "other-person", evidence)
    if not _is_called(tokens, first, last):
        return Verdict(False, "talked-about", evidence)
    rest = _without_call(utterance, tokens, first, last)
    if _TAKEN_BACK.search(rest):
        return Verdict(False, "taken-back", evidence)
    if _only_thanks(f"{rest} {' '.join(tokens[:first])}"):
        return Verdict(False, "thanked", evidence)
    if not any(character.isalnum() for character in rest):
        if context.before and _ASKS.search(context.before):
            return Verdict(True, "asked-then-called", evidence, context.before)
        return Verdict(True, "called", evidence, utterance, call_only=True)
    if all(token.lower() in _OPENERS or not token[0].isalnum() for token in _TOKEN.findall(rest)):
        return Verdict(True, "called", evidence, utterance, call_only=True)
    return Verdict(True, "called", evidence, rest)


def is_name(word: str, context: Context) -> bool:
    """Whether this word is the agent's name, an alias, or one letter off when nobody else is called like that."""
    folded = _fold(word)
    others = {_fold(part) for person in context.participants for part in person.split()}
    for name in context.agents:
        wanted = _fold(name)
        if folded == wanted:
            return True
        if len(wanted) >= 5 and folded not in others and folded[:1] == wanted[:1] and _one_off(folded, wanted):
            return True
    return False


def calls(text: str, context: Context) -> bool:
    """Whether the agent is called in these words at all."""
    tokens = _TOKEN.findall(text)
    at = _find_name(tokens, context)
    return at is not None and _is_called(tokens, *at)


def _find_name(tokens: list[str], context: Context) -> tuple[int, int] | None:
    """First and last token of the occurrence that calls best: a vocative before a mention."""
    found: list[tuple[int, int]] = []
    for at, token in enumerate(tokens):
        if token[0].isalnum() and is_name(token, context):
            found.append((at, at))
        else:
            for name in context.agents:
                parts = [_fold(part) for part in name.split()]
                if len(parts) > 1 and [_fold(word) for word in tokens[at : at + len(parts)]] == parts:
                    found.append((at, at + len(parts) - 1))
    for first, last in found:
        if _is_called(tokens, first, last):
            return first, last
    return found[0] if found else None


def _is_called(tokens: list[str], first: int, last: int) -> bool:
    before = tokens[first - 1] if first else ""
    after = tokens[last + 1] if last + 1 < len(tokens) else ""
    if _at_clause_start(tokens, first):
        if after.lower() in _ABOUT_AFTER:
            following = tokens[last + 2].lower() if last + 2 < len(tokens) else ""
            return following in _YOU
        return not after.lower().endswith(("'s", "’s")) and not tokens[last].lower().endswith(("'s", "’s"))
    ends_clause = not after or after in ",.!?;:…—–"
    if before in (",", "—", "–", ":", "-") and ends_clause:
        return True
    if before.lower() not in ("say", "said", "says", "hey") and _asks_you(tokens, last):
        return True
    if ends_clause and before.lower() not in _ABOUT_BEFORE and before[:1].isalnum():
        clause = " ".join(tokens[_clause_start(tokens, first) : first])
        return bool(_ASKS.search(clause) or _THANKS.search(clause))
    return before.lower() in ("hey", "hi", "hello", "okay", "ok")


def _asks_you(tokens: list[str], last: int) -> bool:
    """The name is followed by "what ...", "could you ..." or "you can ...", wherever in the sentence it stands."""
    following = [token.lower() for token in tokens[last + 1 : last + 3] if token != ","]
    if not following:
        return False
    if following[0] in _QUESTION_WORDS:
        return True
    return len(following) == 2 and "you" in following and following[1 - following.index("you")] in _MODALS


def _clause_start(tokens: list[str], at: int) -> int:
    start = at
    while start > 0 and tokens[start - 1] not in (".", "!", "?", ";", "…"):
        start -= 1
    return start


def _at_clause_start(tokens: list[str], at: int) -> bool:
    """Only openers ("okay, so", "hey") stand between the beginning of the sentence and the name."""
    between = tokens[_clause_start(tokens, at) : at]
    return all(not token[0].isalnum() or token.lower() in _OPENERS for token in between)


def _vocative_of_other(tokens: list[str], at: int, context: Context) -> bool:
    """Another person's name opens the sentence that the agent's name is in, and is followed by a comma."""
    start = _clause_start(tokens, at)
    others = {_fold(part) for person in context.participants for part in person.split()} - {
        _fold(name) for name in context.agents
    }
    for position in range(start, min(start + 4, at)):
        token = tokens[position]
        if _fold(token) in others and position + 1 < len(tokens) and tokens[position + 1] == ",":
            return True
        if token[0].isalnum() and token.lower() not in _OPENERS:
            return False
    return False


def _without_call(utterance: str, tokens: list[str], first: int, last: int) -> str:
    """The utterance without the name and the openers that lead to it."""
    name = re.escape(tokens[first]) + r"".join(r"\s+" + re.escape(token) for token in tokens[first + 1 : last + 1])
    match = re.search(rf"\b{name}\b", utterance)
    if not match:
        return utterance
    head, tail = utterance[: match.start()], utterance[match.end() :]
    tail = re.sub(r"^[\s,.!?;:…—–-]+(?=\w)", " ", tail)
    head = re.sub(r"[\s,;:—–-]+$", "", head)
    if not any(token.lower() not in _OPENERS for token in _TOKEN.findall(head) if token[0].isalnum()):
        head = ""
    return f"{head}{tail}".strip(" ,;:—–-")


def _only_thanks(text: str) -> bool:
    if not _THANKS.search(text):
        return False
    rest = _THANKS.sub(" ", text)
    return len(re.findall(r"\w+", rest)) <= 5 and not re.search(
        r"\?|\b(?:can|could|would|what|tell|show|send)\b", rest, re.I
    )


def _fold(word: str) -> str:
    word = word.casefold().replace("’", "'")
    return word.removesuffix("'s").strip("'")


def _one_off(one: str, other: str) -> bool:
    """Edit distance of exactly one."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    short, long = sorted((one, other), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
