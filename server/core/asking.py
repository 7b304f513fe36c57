"""From a question to what a brain is asked: the prompt, the places in the meeting it is about, what is to be seen.

Pure. Spoken and written answers are asked for in the same way.
"""

from __future__ import annotations

from server.core import looking, prompt
from server.core.delivery import Delivery
from server.core.reply import Asked
from server.core.room import Room


class Asking:
    """Puts a question to the brain of one conversation."""

    def __init__(self, room: Room, delivery: Delivery) -> None:
        self._room = room
        self._delivery = delivery
        self._lines = prompt.Lines(room.config.name)

    def thought(self, asked: Asked, reply: int, epoch: int, now: float, *, written: bool = False) -> prompt.Thought:
        """Everything a brain gets for this question. `reply` and `epoch` are what its answer will carry."""
        room, delivery = self._room, self._delivery
        config, transcript = room.config, room.transcript
        meeting = transcript.clock.now(now)
        # The question itself is in the memory too: without `before` its own line would be the best place.
        before = asked.turn if asked.turn >= 0 else None
        found = room.memory.find(asked.question, asker=asked.speaker, before=before)
        evidence = tuple(hit.turn for hit in found)
        here = (one.name for one in room.people.here if one.name)
        people = tuple(dict.fromkeys([*transcript.names.values(), *transcript.speakers, *here]))
        past = tuple(delivery.past)
        messages = prompt.build(
            name=config.name,
            instructions=config.instructions,
            question=asked.question,
            asker=asked.speaker,
            now=meeting,
            turns=transcript.turns,
            evidence=evidence,
            participants=people,
            past=past,
            unheard=delivery.unheard,
            budget=config.prompt_tokens,
            language=config.language,
            lines=self._lines,
            written=written,
        )
        return prompt.Thought(
            reply=reply,
            epoch=epoch,
            question=asked.question,
            asker=asked.speaker,
            now=meeting,
            messages=messages,
            evidence=evidence,
            participants=people,
            past=past,
            unheard=delivery.unheard,
            language=config.language,
            wish=self._wish(asked),
            written=written,
        )

    def _wish(self, asked: Asked) -> looking.Wish | None:
        """What the question points at to be seen."""
        people, names = self._room.people, self._room.transcript.names
        known = {**names, **{one.id: one.name for one in people.here}}
        visible = tuple(looking.Visible(id, known.get(id, ""), source) for id, source in people.shown)
        return looking.wanted(asked.question, known.items(), visible, asker_id=asked.speaker_id, asker=asked.speaker)
