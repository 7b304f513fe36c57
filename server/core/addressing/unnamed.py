"""The verdict on words without the agent's name: what went before, or the policy, can make them the agent's."""

from __future__ import annotations

import re
from dataclasses import replace

from server.core.addressing.asking import asks
from server.core.addressing.before import Before, Own
from server.core.addressing.context import Context, Verdict
from server.core.addressing.following import answers, asks_again, completes, declines, follows_up, is_for_anybody
from server.core.addressing.names import Names
from server.core.addressing.others import called_assistant, turns_away
from server.core.addressing.text import Token, bare, sentences, tokens_of
from server.core.addressing.wanted import only_thanks, taken_back
from server.core.addressing.words import OPENERS
from server.core.bargein import is_backchannel

#: seconds after its answer in which the same person needs no name, and after a question of its own
WINDOW = 8.0
EXPECTING = 20.0
#: seconds after its answer to somebody else in which anybody may ask for it again
REPAIR = 4.0
#: words with which anybody may stop it: with a clear word, with a "wait"
CLEAR_STOP = 8
WEAK_STOP = 3
_STOPS = re.compile(
    r"^(?:(?:no|ok|okay|right|sorry|please|oh|um|uh|all right|alright|yeah|yes|hey|thanks|cheers|shh+|sh)\W+)*"
    r"(?:(?:can|could|would|will) you (?:please |just )*(?=(?:stop|pause|be quiet|shut up)\b))?"
    r"(?P<clear>stop(?! by)\b|that'?s (?:enough|plenty|fine thanks)|enough\b|(?:be )?quiet\b|shut up|silence\b|cut it"
    r"|(?:you (?:can|may|could) stop|we (?:get|got) (?:it|the (?:idea|point|picture))|that(?:'ll| will) do)\b"
    r"|skip (?:that|this|it|to|ahead|the)|next one|cancel\b|pause\b|stopp\b|halt\b|arrete"
    r"|para\b|basta\b|silencio|ruhe\b)"
    r"|^(?:(?:ok|okay|sorry|please|oh|um|uh|alright|hey)\W+)*"
    r"(?P<weak>wait\b|hold on|hang on|hold it|(?:one|just a|a) (?:second|moment|sec|minute)\b|no no|let me (?:stop|cut)"
    r"|sorry to (?:cut|interrupt|stop)|(?:can|could|may) i (?:just|stop|interrupt)|not that|wrong\b"
    r"|that'?s (?:wrong|not)"
    r"|excuse me|warte|moment\b|attends?\b|espera\b|aspetta\b|wacht\b)"
)
# the person it answers has had enough, wherever the words stand
_ENOUGH = re.compile(
    r"\b(?:that(?:'s| is) (?:enough|plenty)|stop(?: there| it)?|that(?:'ll| will) do)(?: thanks| please| now)?$"
)
# the person it answers objects in the middle of the answer
_OBJECTS = re.compile(
    r"^(?:no|nope|nein|non|not)\b(?! (?:way|problem|worries|wonder|idea|bad|surprise|kidding|thanks))"
)


def tells_to_stop(tokens: list[Token]) -> bool:
    """Whether clear words to stop are said, with or without thanks: "okay, okay, that'll do"."""
    said = " ".join(bare(tokens))
    match = _STOPS.search(said)
    return bool(match and match["clear"]) or _ENOUGH.search(said) is not None


def unnamed(text: str, tokens: list[Token], names: Names, context: Context, before: Before) -> Verdict:
    """Whether words without the name are for the agent."""
    alone = context.policy == "open" and len(context.participants) <= 1
    if alone or context.policy == "standing":
        return _invited(text, tokens, names, context, before)
    if not context.recent and not context.expecting:
        return Verdict(False, "not-called")
    own, begun = before.own(), before.has_begun()
    if own is None and not begun and not context.expecting:
        return Verdict(False, "not-called")
    ours = own is not None and own.asker == context.speaker
    expected = context.expecting or (own is not None and ours and own.asked and own.turn.ago <= EXPECTING)
    elsewhere = _elsewhere(tokens, names)
    if elsewhere is not None and not (expected and _only_names(tokens, names)):
        return elsewhere
    if begun:
        if taken_back(tokens):
            return Verdict(False, "taken-back", "it had been called")
        if not is_backchannel(text) and completes(tokens):
            return Verdict(True, "called-then-asked", "it had been called", text)
    if own is not None and own.speaking and _cuts_in(tokens, own.asker == context.speaker):
        return Verdict(True, "cut-in", "while it spoke", _stop_or(text, tokens))
    if own is not None and own.closed:
        return Verdict(False, "not-called")
    if expected:
        return _answer(text, tokens)
    if own is not None and not ours and own.turn.ago <= REPAIR and asks_again(tokens):
        return Verdict(True, "followed-up", f"{own.turn.ago:.1f} s after its answer", text)
    if own is None or not ours or own.turn.ago > WINDOW:
        return Verdict(False, "not-called")
    return _follow_up(text, tokens, own)


def _elsewhere(tokens: list[Token], names: Names) -> Verdict | None:
    if called_assistant(tokens, names):
        return Verdict(False, "other-assistant")
    if turns_away(tokens, names):
        return Verdict(False, "other-person")
    return None


def _only_names(tokens: list[Token], names: Names) -> bool:
    """Whether nothing but names is said: the answer to "who?"."""
    return all(token.mark or names.is_person(tokens, at) or token.word in OPENERS for at, token in enumerate(tokens))


def _answer(text: str, tokens: list[Token]) -> Verdict:
    """The agent had asked this person."""
    if declines(tokens) or only_thanks(tokens):
        return Verdict(False, "thanked", "it had asked")
    if answers(tokens):
        return Verdict(True, "answered-us", "it had asked", text)
    return Verdict(False, "aside", "it had asked")


def _follow_up(text: str, tokens: list[Token], own: Own) -> Verdict:
    """The agent had answered this person a moment ago."""
    evidence = f"{own.turn.ago:.1f} s after its answer"
    if only_thanks(tokens):
        return Verdict(False, "thanked", evidence)
    if taken_back(tokens):
        return Verdict(False, "taken-back", evidence)
    if follows_up(tokens, own.turn.text):
        return Verdict(True, "followed-up", evidence, text)
    return Verdict(False, "backchannel" if is_backchannel(text) else "aside", evidence)


def _cuts_in(tokens: list[Token], asker: bool) -> bool:
    """Said while the agent speaks, or just as it ends: is it told to stop, or that this was not what was asked?"""
    words = bare(tokens)
    said = " ".join(words)
    if asker and (_OBJECTS.match(said) or _ENOUGH.search(said)):
        return True
    match = _STOPS.search(said)
    if match is None:
        return False
    if match["clear"] and not asker:  # "Stop there. How many of those are on my ward?"
        return len(bare(sentences(tokens)[0])) <= CLEAR_STOP
    return asker or len(words) <= WEAK_STOP


def _stop_or(text: str, tokens: list[Token]) -> str:
    """ "stop" where nothing but that is wanted, else the words."""
    said = " ".join(bare(tokens))
    match = _STOPS.search(said)
    only = match is not None and match["clear"] and not match["clear"].startswith(("skip", "next"))
    return "stop" if only and match and not asks(tokens_of(said[match.end() :])) else text


def _invited(text: str, tokens: list[Token], names: Names, context: Context, before: Before) -> Verdict:
    """Alone with one person, or invited for a while: what is not for somebody else is for the agent."""
    if (elsewhere := _elsewhere(tokens, names)) is not None:
        return elsewhere
    if is_backchannel(text):
        return Verdict(False, "backchannel")
    if only_thanks(tokens):
        return Verdict(False, "thanked")
    if taken_back(tokens):
        return Verdict(False, "taken-back")
    if context.policy == "open":
        return Verdict(True, "alone", "policy open", text)
    if is_for_anybody(tokens):
        return Verdict(True, "standing", "policy standing", text)
    return unnamed(text, tokens, names, replace(context, policy="named"), before)
