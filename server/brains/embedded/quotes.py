"""Who said what, when, and what comes nearest to a question beyond the rules."""

from __future__ import annotations

import re

from server.brains.embedded.digest import Sentence, stemmed, subject
from server.brains.embedded.facts import last_speaker
from server.brains.embedded.findings import summary
from server.brains.embedded.phrases import listed
from server.brains.embedded.room import (
    Answer,
    Room,
    capital,
    closest,
    hits_for,
    is_question,
    list_card,
    lower,
    quote,
    quotes,
    short,
    without,
)  # fmt: skip
from server.brains.embedded.search import Hit
from server.brains.embedded.speech import quotable
from server.core.memory_words import ASKING

#: stems of the words that belong to the asking
_ASKING = frozenset(stemmed(word) for word in ASKING)


def _best(hits: list[Hit]) -> list[Sentence]:
    """The first and what comes near it: a weak second quote is worse than none."""
    if not hits:
        return []
    top = hits[0].score
    return [hit.sentence for hit in hits if hit.score >= 0.55 * top][:2]


async def said(room: Room) -> Answer:
    ask = room.ask
    topic, person = ask.topic, ask.person
    if person:
        topic = without(topic, person)
    if not subject(topic):
        rest = _core(room.request.question, room)
        lately_asked = person and re.search(r"\b(?:last|latest|recent\w*|just)\b", rest.lower())
        if not lately_asked and any(term not in _ASKING for term in subject(rest)):
            return await other(room)
        return await (lately(room) if person else summary(room))
    hits = hits_for(room, topic, person=person)
    if person and hits and not any(hit.shared for hit in hits):
        near = quotable(hits[0].sentence.text, 28)
        return Answer(f"{person} didn't use those words. The closest, {room.when(hits[0].sentence.start)}: “{near}”")
    if person and not hits:
        text = room.say("not_person", person=person, topic=short(topic))
        others = [hit for hit in hits_for(room, topic) if hit.shared and hit.sentence.speaker != person]
        return Answer(f"{text} But {lower(quote(room, others[0].sentence, 28))}" if others else text)
    if not hits:
        return Answer(room.say("nobody", topic=short(topic)))
    if not any(hit.shared for hit in hits):
        return Answer(f"Nobody used those words. {closest(room, hits[0].sentence)}")
    text = quotes(room, _best(hits))
    return Answer(text, list_card(room, capital(short(topic)), [hit.sentence for hit in hits]) if ask.show else ())


async def lately(room: Room) -> Answer:
    """The last real things a person said."""
    person = room.ask.person
    found: list[Sentence] = []
    for place in range(len(room.digest.passages) - 1, -1, -1):
        passage = room.digest.passages[place]
        if passage.speaker != person:
            continue
        whole = [
            sentence
            for sentence in passage.sentences(place)
            if len(sentence.terms) >= 3 and sentence.text.endswith((".", "!", "?")) and not is_question(room, sentence)
        ]
        found += sorted(whole, key=lambda one: -len(one.terms))[:1]
        if len(found) == 2:
            break
    if not found:
        return Answer(room.say("person_silent", person=person))
    return Answer(quotes(room, found))


async def who_said(room: Room) -> Answer:
    topic = room.ask.topic or _core(room.request.question, room)
    if not subject(topic):
        return await last_speaker(room)
    hits = [hit for hit in hits_for(room, topic, most=6) if hit.shared]
    if not hits:
        return Answer(room.say("nobody", topic=short(topic)))
    best = hits[0]
    others = [
        hit.sentence.speaker
        for hit in hits[1:]
        if hit.shared >= best.shared and hit.score >= 0.6 * best.score and hit.sentence.speaker != best.sentence.speaker
    ]
    others = list(dict.fromkeys(others))[:2]
    sentence = best.sentence
    text = f"{sentence.speaker}, {room.when(sentence.start)}: “{quotable(sentence.text, 30)}”"
    return Answer(f"{text} {listed(others)} spoke about it too." if others else text)


async def when_said(room: Room) -> Answer:
    topic = room.ask.topic or _core(room.request.question, room)
    asked = set(subject(topic))
    known = {term for term in asked if room.digest.spread.get(term)}
    places = [
        place
        for place in range(len(room.digest.passages))
        if known and len(known & room.digest.terms_of(place)) >= max(1, round(0.6 * len(known)))
    ]
    sentence = [
        next((one for one in room.digest.passages[place].sentences(place) if one.terms & known), None)
        for place in places
    ]
    mentions = [one for one in sentence if one is not None and not is_question(room, one)]
    if not mentions:
        return Answer(room.say("nobody", topic=short(topic)))
    first, last = mentions[0], mentions[-1]
    text = f"It first came up {room.when(first.start)}: {first.speaker} said “{quotable(first.text, 24)}”"
    if len(mentions) > 1 and last.start - first.start > 60:
        text += f" The last time was {room.when(last.start)}, by {last.speaker}."
    return Answer(text)


async def other(room: Room) -> Answer:
    """A question beyond the rules: quote the sentence that holds all its words, or offer what comes nearest."""
    honest = room.say("cannot" if room.request.standing_in else "no_model")
    judge = room.ask.detail == "judge"
    topic = _core(room.ask.topic if judge else room.request.question, room)
    about = set(subject(topic))
    if not about:
        return Answer(honest)
    hits = hits_for(room, topic, person=room.ask.person) or hits_for(room, topic)
    if not hits:
        return Answer(f"{honest} {room.say('not_said')}")
    best = hits[0].sentence
    if not judge and about <= best.terms and not best.text.endswith("?"):
        return Answer(quote(room, best, 30))
    return Answer(f"{honest} {closest(room, best)}")


def _core(question: str, room: Room) -> str:
    return without(re.sub(rf"\b{re.escape(room.request.agent_name)}\b", "", question, flags=re.I), room.ask.person)
