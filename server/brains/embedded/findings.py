"""Decisions, action items, open questions and summaries, as an answer or as a card."""

from __future__ import annotations

from server.brains.embedded import extract, timing
from server.brains.embedded.digest import subject
from server.brains.embedded.extract import Finding
from server.brains.embedded.phrases import listed
from server.brains.embedded.room import (
    BUDGET,
    LINE_WORDS,
    LINES,
    Answer,
    Room,
    capital,
    closest,
    hits_for,
    is_question,
    list_card,
    quote,
    short,
    without,
)  # fmt: skip
from server.brains.embedded.speech import brief, quotable
from server.brains.embedded.summary import summarize


async def decisions(room: Room) -> Answer:
    found = await extract.decisions(room.digest)
    return await _findings(room, found, "decision", "sounded like decisions", "sounded like a decision", "Decisions")


async def actions(room: Room) -> Answer:
    found = await extract.actions(room.digest, room.people)
    if room.ask.person:
        found = [one for one in found if room.ask.person in (one.owner, one.sentence.speaker)]
    return await _findings(
        room, found, "action item", "sounded like action items", "sounded like an action item", "Action items"
    )


async def questions(room: Room) -> Answer:
    found = [one for one in await extract.questions(room.digest) if not is_question(room, one.sentence)]
    return await _findings(room, found, "open question", "seem to be open", "seems to be open", "Open questions")


async def _findings(room: Room, found: list[Finding], noun: str, many: str, one: str, title: str) -> Answer:
    topic = without(room.ask.topic, room.ask.person)
    about = set(subject(topic)) if noun != "open question" or room.ask.topic else set()
    whole = found
    if about:
        found = [finding for finding in found if about & finding.sentence.terms]
    if not found:
        return Answer(_none(room, noun, topic if about else "", whole))
    best = sorted(found, key=lambda finding: -finding.score)
    if room.ask.show or room.ask.form == "list":
        chosen = sorted(best[:LINES], key=lambda finding: finding.sentence.start)
        items = [_line(finding) for finding in chosen]
        count = timing.plural(len(items), "thing")
        spoken = f"I heard {count} that {one if len(items) == 1 else many}. {room.say('shown')}"
        return Answer(spoken, (("show_card", {"kind": "list", "title": title, "items": items}),))
    chosen = sorted(best[:3], key=lambda finding: finding.sentence.start)
    lead = (
        f"One thing {one}."
        if len(found) == 1
        else f"{capital(timing.plural(len(chosen), 'thing'))} {many}."
        if len(found) <= 3
        else f"{capital(timing.plural(len(found), 'thing'))} {many}; the clearest:"
    )
    room_for = max(12, 44 // len(chosen))
    quotes = [_item(room, finding, room_for) for finding in chosen]
    return Answer(f"{lead} {' '.join(quotes)}")


def _item(room: Room, finding: Finding, most: int) -> str:
    sentence = finding.sentence
    text = quotable(sentence.text, most)
    verb = "asked" if text.endswith("?") else "said"
    owner = f" That was for {finding.owner}." if finding.owner and finding.owner != sentence.speaker else ""
    return f"{capital(room.when(sentence.start))}, {sentence.speaker} {verb}: “{text}”{owner}"


def _line(finding: Finding) -> str:
    sentence = finding.sentence
    owner = finding.owner or sentence.speaker
    return f"{owner}: {brief(sentence.text, LINE_WORDS)}"


def _none(room: Room, noun: str, topic: str, whole: list[Finding]) -> str:
    if not room.digest.passages:
        return room.say("nothing_yet")
    article = "an" if noun[0] in "aeiou" else "a"
    if not topic:
        person = f" for {room.ask.person}" if room.ask.person else ""
        return (
            f"I haven't noticed {article} clear {noun}{person} so far."
            if article == "a"
            else f"I haven't noticed an {noun}{person} so far."
        )
    text = f"I haven't noticed {article} {noun} about {short(topic)}."
    hits = [hit for hit in hits_for(room, topic) if hit.shared]
    if not hits:
        return text
    return f"{text} {closest(room, hits[0].sentence)}"


async def summary(room: Room) -> Answer:
    request, ask = room.request, room.ask
    since, until = request.started_at, request.now
    lead = ""
    if ask.seconds:
        since = max(since, request.now - ask.seconds)
        lead = f"In the last {timing.length(request.now - since)}"
    elif ask.detail:
        joined = next((turn.start for turn in request.turns if turn.speaker == request.asker), None)
        if joined is not None and joined - request.started_at > 60:
            since, until = (joined, request.now) if ask.detail == "since" else (request.started_at, joined)
            lead = "Since you first spoke" if ask.detail == "since" else "Before you first spoke"
    length = until - since
    told = await summarize(room.digest, since, until, quotes=3 if length > 300 else 2)
    sentences_ = [sentence for sentence in told.sentences if not is_question(room, sentence)]
    if not sentences_ and not told.topics:
        return Answer(
            room.say("nothing_yet") if not room.digest.passages else f"{lead or 'So far'}, not much was said."
        )
    lead = lead or f"So far, in {timing.length(length)}"
    text = f"{lead}, it was mostly about {listed(list(told.topics))}." if told.topics else f"{lead}:"
    most = BUDGET // max(2, len(sentences_))
    quotes = [quote(room, sentence, most) for sentence in sentences_]
    quoted = {sentence.text for sentence in sentences_}
    decided = [
        one
        for one in await extract.decisions(room.digest)
        if since <= one.sentence.start <= until and one.sentence.text not in quoted
    ]
    if decided:
        best = max(decided, key=lambda one: one.score)
        quotes = quotes[: 2 if len(quotes) > 2 else len(quotes)]
        quotes.append(f"This sounded like a decision, by {best.sentence.speaker}: “{quotable(best.sentence.text, 16)}”")
    calls = list_card(room, "Summary", sentences_) if ask.show else ()
    return Answer(" ".join([text, *quotes]), calls)
