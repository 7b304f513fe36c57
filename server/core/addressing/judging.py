"""Is this said to the agent, and does it ask for something?

Pure: an utterance and its context in, a verdict with its reason out. Tier one, rules one can explain, in this order:

1. the agent's name, exactly: called, quoted, talked about, or wanted in the third person;
2. what sounds like its name, where somebody could be called: the less alike, the more the words around must say;
3. no name: the rest of a call, an answer to the agent's question, words into its speech, a follow-up on its answer;
   or the policy: alone with one person, invited for a while.

A wrong interruption of a meeting costs more than a question asked twice: in doubt the verdict is silence.
"""

from __future__ import annotations

import re

from server.core.addressing.asking import asks, opens_question, opens_request
from server.core.addressing.before import Before
from server.core.addressing.called import How, how
from server.core.addressing.context import Context, Verdict
from server.core.addressing.following import follows_up, is_open
from server.core.addressing.governed import stands_free
from server.core.addressing.indirect import asked_indirectly
from server.core.addressing.names import Likeness, Mention, Names, mentions, names_in, soundalikes, sounds_like
from server.core.addressing.others import called_assistant, called_person, turns_away
from server.core.addressing.sound import is_slip
from server.core.addressing.spoken_to import speaks_to
from server.core.addressing.text import Token, bare, clauses, fold, sentence_start, tokens_of, without_openers
from server.core.addressing.unnamed import WINDOW, tells_to_stop, unnamed
from server.core.addressing.wanted import only_thanks, praises, taken_back
from server.core.addressing.words import FILLERS, HEY, OPENERS

#: seconds between a question and the bare name behind it
JOINED = 2.5
#: verdicts that may end a mute: it was called, and by its own name
_CALLED_BACK = frozenset({"called", "asked-then-called"})
_CALLED = (How.CALLED, How.ALL)
#: words of a question that is more than a tag
_ASKS_OF = 3
_CORRECTS = frozenset("sorry no actually mean rather wait not".split())
# with a name, they are all that is said to its bearer: "hang on Ana"
_LETS_GO = frozenset(
    "sorry hang hold wait on no worries thanks cheers ta pardon one sec second right okay ok yes no yeah".split()
)
# a call begins a new clause
_BREAK = (Token(",", 0, 0, True),)
_LOUD_HEY = frozenset("hey hi hello hallo hola salut dis".split())
# "Nora, is she coming?": behind a name that is only like the agent's
_OF_HER = frozenset("she she's her he he's his him".split())
# "June, is that when we move?": the word is taken up, so it means itself
_POINTS_BACK = _OF_HER | frozenset("it it's its that that's this they they're them those these then".split())
_TAKEN_UP = re.compile(r"^(?:is|was|are|were|isn't|wasn't) (?:that|those|these) (?:the|a|an|when|where|what|how)\b")
# asked of a person: where the name is only like the agent's, it is that person's
#: words of such a question at most: "are you coming tomorrow"
_PRESENT = 4
_PRESENCE = re.compile(r"^where (?:are|were|is) you\b|^are you\b")


def judge(utterance: str, context: Context) -> Verdict:
    """Whether this utterance is meant for the agent, and why."""
    tokens, names = tokens_of(utterance), names_in(context)
    found = mentions(tokens, names)
    verdict: Verdict | None
    if found:
        verdict = _named(utterance, tokens, found, names, context)
    else:
        verdict = _sounding(utterance, tokens, names, context)
    if context.policy == "muted":
        if verdict is not None and verdict.addressed and verdict.reason in _CALLED_BACK:
            return verdict
        return Verdict(False, "muted", verdict.evidence if verdict is not None else "")
    if verdict is not None:
        return verdict
    return unnamed(utterance, tokens, names, context, _before(context, names))


def calls(text: str, context: Context) -> bool:
    """Whether the agent is called in these words at all."""
    return _calls(text, names_in(context))


def is_name(word: str, context: Context) -> bool:
    """Whether this word is the agent's name, an alias, or sounds like it when nobody else is called like that."""
    names = names_in(context)
    folded = fold(word).removesuffix("'s")
    return (folded,) in names.agents or sounds_like(folded, names)


def _before(context: Context, names: Names) -> Before:
    return Before(
        context,
        calls=lambda said: _calls(said, names),
        begins=lambda said: _begins(said, context),
        turns_away=lambda said: turns_away(tokens_of(said), names),
    )


def _calls(text: str, names: Names) -> bool:
    tokens = tokens_of(text)
    if found := mentions(tokens, names):
        return any(how(tokens, mention, names) in _CALLED for mention in found)
    return any(_is_meant(tokens, mention, names) for mention in soundalikes(tokens, names))


def _begins(said: str, context: Context) -> bool:
    """Whether these words call the agent and leave open what for."""
    verdict = judge(said, Context(context.agents, context.participants))
    return verdict.addressed and (verdict.call_only or is_open(said) or is_open(verdict.question))


# ---------------------------------------------------------------- its name


def _named(text: str, tokens: list[Token], found: list[Mention], names: Names, context: Context) -> Verdict:
    """The agent's name is in it: what for?"""
    ways = [how(tokens, mention, names) for mention in found]
    for at in range(1, len(found)):  # "she kept saying Parley, Parley, and nothing happened"
        same = sentence_start(tokens, found[at].first) == sentence_start(tokens, found[at - 1].first)
        if same and ways[at - 1] is How.QUOTED:
            ways[at] = How.QUOTED
    called = [(mention, way) for mention, way in zip(found, ways, strict=True) if way in _CALLED]
    if called:
        # "Thanks, Parley. Parley, what is next?": the last call that something is asked behind
        mention, way = next((one for one in reversed(called) if asks(tokens[one[0].last + 1 :])), called[0])
        if way is How.ALL:
            return Verdict(True, "asked-all", _where(tokens, mention), text)
        return _called(text, tokens, mention, names, context)
    evidence = _where(tokens, found[0])
    if How.QUOTED in ways:
        return Verdict(False, "quoted", evidence)
    if called_person(tokens, names) is not None:
        return Verdict(False, "other-person", evidence)
    if called_assistant(tokens, names):
        return Verdict(False, "other-assistant", evidence)
    if any(asked_indirectly(tokens, mention) for mention in found):
        return Verdict(True, "asked-indirectly", evidence, text)
    if len(found) == 1 and context.recent and _goes_on(tokens, found[0], _before(context, names), context.speaker):
        return Verdict(True, "called", evidence, _without_call(text, tokens, found[0]))
    return Verdict(False, "talked-about", evidence)


def _goes_on(tokens: list[Token], mention: Mention, before: Before, speaker: str) -> bool:
    """Whether the one it answers goes on with it, and its name stands free among the words: "Parley, the other one"."""
    own = before.own()
    if own is None or own.closed or own.asker != speaker or not stands_free(tokens, mention):
        return False
    at_edge = not bare(tokens[: mention.first]) or not bare(tokens[mention.last + 1 :])
    rest = [*tokens[: mention.first], *tokens[mention.last + 1 :]]
    return own.speaking or (at_edge and own.turn.ago <= WINDOW and follows_up(rest, own.turn.text))


def _called(text: str, tokens: list[Token], mention: Mention, names: Names, context: Context) -> Verdict:
    """It is called here: what is asked of it, and is that still wanted?"""
    evidence = _where(tokens, mention)
    before, behind = tokens[: mention.first], tokens[mention.last + 1 :]
    if silent := _turned_to_other(tokens, mention, names):
        return Verdict(False, silent, evidence)
    rest = [*before, *_BREAK, *behind]
    back, thanks = taken_back(behind), only_thanks(rest)
    if back or thanks or praises(rest):
        own = _before(context, names).own()
        if own is not None and own.speaking and tells_to_stop(rest):
            return Verdict(True, "cut-in", evidence, "stop")
        if back:
            return Verdict(False, "taken-back", evidence)
        answers = own is not None and own.asked and own.asker == context.speaker  # "is nine okay?", "that's great"
        if thanks or not answers:
            return Verdict(False, "thanked", evidence)
    if all(word in OPENERS for word in bare([*before, *behind])):
        earlier = context.before or _said_last(context)
        if earlier and asks(tokens_of(earlier)):
            return Verdict(True, "asked-then-called", evidence, earlier)
        return Verdict(True, "called", evidence, text, call_only=True)
    return Verdict(True, "called", evidence, _without_call(text, tokens, mention))


def _turned_to_other(tokens: list[Token], mention: Mention, names: Names) -> str:
    """Why a call is not for the agent where somebody else is called as well; "" when it is."""
    other = called_person(tokens, names)
    if other is None:
        return ""
    if other < mention.first:
        done = bool(other) and all(token.word in _LETS_GO for token in tokens[:other])  # "sorry Ana, Parley ..."
        return "" if done or tokens[mention.first - 1].mark else "other-person"
    began = sentence_start(tokens, other)
    between = tokens[mention.last + 1 : began if began > mention.last else other]
    kept = [token for token in between if token.word not in _CORRECTS and token.word not in FILLERS]
    if len(kept) < len(between) and (not asks(kept) or is_open(" ".join(bare(kept)))):
        return "taken-back"  # "Parley, no, sorry, Ana, ..."
    to_us = [*tokens[: mention.first], *between]
    if only_thanks(to_us):
        return "thanked"
    return "" if asks(to_us) else "other-person"


def _said_last(context: Context) -> str:
    """What this speaker said right before."""
    last = context.recent[-1] if context.recent else None
    ours = last is not None and not last.is_agent and last.speaker == context.speaker and last.ago <= JOINED
    return last.text if last is not None and ours else ""


def _without_call(text: str, tokens: list[Token], mention: Mention) -> str:
    """The utterance without the name and the openers that lead to it."""
    head, tail = text[: tokens[mention.first].start], text[tokens[mention.last].end :]
    if all(token.mark or token.word in OPENERS for token in tokens[: mention.first]):
        head = ""
    tail = re.sub(r"^[\s,.!?;:…—–、，。-]+(?=\w)", " ", tail)
    head = re.sub(r"[\s,;:—–-]+$", "", head)
    return f"{head}{tail}".strip(" ,;:—–-")


def _where(tokens: list[Token], mention: Mention) -> str:
    before = len(bare(tokens[: mention.first]))
    sure = {Likeness.EXACT: "", Likeness.NEAR: ", nearly as it sounds"}.get(mention.likeness, ", as it may sound")
    return f"name at word {before + 1} of {len(bare(tokens))}{sure}"


# ---------------------------------------------------------------- something like its name


def _sounding(text: str, tokens: list[Token], names: Names, context: Context) -> Verdict | None:
    """Something that sounds like its name is called, and asked for something."""
    mention = next((one for one in soundalikes(tokens, names) if _is_meant(tokens, one, names)), None)
    if mention is None:
        return None
    if called_person(tokens, names) is not None:
        return Verdict(False, "other-person", _where(tokens, mention))  # "Barley, how much is left, Ana?"
    verdict = _called(text, tokens, mention, names, context)
    if not verdict.addressed:
        return verdict
    heard = text[tokens[mention.first].start : tokens[mention.last].end]
    return Verdict(True, "sounds-like", verdict.evidence, verdict.question, verdict.call_only, heard)


def _is_misspelt(tokens: list[Token], mention: Mention, names: Names, *, bald: bool) -> bool:
    """Whether a word opens the utterance that is the name but for one letter, and not its first.

    It has a capital, unless the words are `bald`: without any marks.
    """
    token = tokens[mention.first]
    opens = all(before.mark or before.word in OPENERS for before in tokens[: mention.first])
    if not opens or not (token.capital or bald) or mention.first != mention.last:
        return False
    return any(len(own) == 1 and is_slip(token.word, own[0]) for own in names.agents)


def _without_fillers(behind: list[Token]) -> tuple[list[Token], bool]:
    """What stands behind a name without an "um", which is as good as a mark; and whether there was one."""
    first = next((at for at, token in enumerate(behind) if not token.mark), len(behind))
    last = first
    while last < len(behind) and (behind[last].mark or behind[last].word in FILLERS):
        last += 1
    fillers = any(token.word in FILLERS for token in behind[first:last])
    return (behind[last:], True) if fillers and last < len(behind) else (behind, False)


def _is_meant(tokens: list[Token], mention: Mention, names: Names) -> bool:
    """Whether the words around make up for the difference in sound."""
    if how(tokens, mention, names) is not How.CALLED:
        return False
    before = tokens[mention.first - 1].word if mention.first else ""
    behind, paused = _without_fillers(tokens[mention.last + 1 :])
    words = without_openers(bare(behind))
    clear = mention.likeness is Likeness.NEAR and not mention.ordinary
    bald = not any(token.mark for token in tokens)
    if not bare(behind):
        if without_openers(bare(tokens[: mention.first])):
            parted = bald or (before == "," and tokens[mention.first].capital)
            return clear and parted and asks(tokens[: mention.first])
        return clear and before in _LOUD_HEY
    said = " ".join(words)
    if _PRESENCE.match(said) and not (clear and before in _LOUD_HEY and len(words) > _PRESENT):
        return False
    if _TAKEN_UP.match(said):
        return False
    direct = opens_request(words)
    if mention.likeness is Likeness.WILD:
        return before in _LOUD_HEY and (direct or (opens_question(words) and not mention.ordinary))
    first = clauses(behind)[0]
    # "Bali, was it, where you went"
    tag = len(first) < _ASKS_OF and first[0].isascii() and ("'" not in first[0] or first[0].endswith("n't"))
    asked = direct or ((opens_question(words) or asks(behind)) and (before in HEY or not tag))
    marked = paused or behind[0].mark
    if marked and opens_question(words) and not mention.ordinary and _is_misspelt(tokens, mention, names, bald=bald):
        return len(first) >= _ASKS_OF and _OF_HER.isdisjoint(words[:_ASKS_OF])
    close = mention.likeness >= Likeness.CLOSE
    if mention.ordinary:
        if (marked or bald) and direct and _is_misspelt(tokens, mention, names, bald=bald):
            return len(first) >= _ASKS_OF and _POINTS_BACK.isdisjoint(words)  # "Alas, can you name the three halls?"
        split = close and marked and mention.last > mention.first  # "May pull, add up ..."
        return (asked and before in _LOUD_HEY) or (direct and (before in HEY or split))
    if mention.likeness <= Likeness.CLOSE:
        opening = bald and mention.first == 0
        if opening and (direct or (close and opens_question(words))):
            return True
        return (asked and (before in HEY or (close and marked))) or (direct and marked)
    return asked and (marked or before in HEY or speaks_to(behind, any(token.word == "?" for token in behind)))
