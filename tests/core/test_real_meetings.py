"""Whole real meetings through the core on virtual time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.core import effects as fx
from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.prompt import tokens

pytestmark = pytest.mark.data

MEETINGS = ("ES2004a", "TS3004b", "Bed003", "Bmr006")


def load(folder: Path, name: str) -> dict[str, Any]:
    """A meeting file."""
    return json.loads((folder / "meetings" / f"{name}.json").read_text(encoding="utf-8"))


def listened(meeting: dict[str, Any], *, partials: bool = False) -> tuple[Conversation, list[fx.Effect], float]:
    """The conversation after the whole meeting, everything it wished for, and the time at the end."""
    conversation = Conversation(Config())
    ids = {speaker["name"]: str(speaker["participant_id"]) for speaker in meeting["speakers"]}
    effects = conversation.handle(ev.PageJoined("page"), 0.0)
    now = 0.0
    for turn in sorted((t for t in meeting["turns"] if t["text"]), key=lambda t: t["start"]):
        who = ids[turn["speaker"]]
        start, end = turn["start"], turn["end"]
        now = max(now, start)
        words = turn["text"].split()
        if partials:
            for count in range(2, len(words), 4):
                part = " ".join(words[:count])
                effects += conversation.handle(ev.Heard(turn["speaker"], part, False, who, start=start), now)
        now = max(now, end + 0.3)
        heard = ev.Heard(turn["speaker"], turn["text"], True, who, start=start, end=end)
        effects += conversation.handle(heard, now)
    return conversation, effects, now


@pytest.mark.parametrize("name", MEETINGS)
@pytest.mark.parametrize("partials", [False, True], ids=["finals", "partials"])
def test_a_whole_meeting_draws_not_one_reply(real_data, name, partials):
    """Nobody in these meetings speaks to an agent: it stays silent from the first word to the last."""
    meeting = load(real_data, name)
    conversation, effects, _ = listened(meeting, partials=partials)
    assert not [effect for effect in effects if isinstance(effect, fx.Think | fx.Speak)]
    verdicts = [effect.decision.verdict for effect in effects if isinstance(effect, fx.Decide)]
    assert verdicts and set(verdicts) == {"silent"}
    # two lines of one file are repeats: same speaker, same words, same start
    said = {(t["speaker"], t["text"].casefold(), t["start"]) for t in meeting["turns"] if t["text"]}
    assert len(conversation.transcript.turns) == len(said)


@pytest.mark.parametrize("name", MEETINGS)
def test_its_questions_asked_by_name_are_thought_about(real_data, name):
    """Each of the meeting's queries, asked of the agent by name, is a turn with at most twelve turns of evidence and a
    prompt within its budget."""
    meeting = load(real_data, name)
    conversation, _, now = listened(meeting)
    budget = conversation.config.prompt_tokens
    for at, query in enumerate(meeting["queries"]):
        now += 60
        asked = ev.Heard("Guest", f"Parley, {query['query']}", True, "9", start=now, end=now + 2)
        thoughts = [e.thought for e in conversation.handle(asked, now + 3) if isinstance(e, fx.Think)]
        if not thoughts:  # trailing off, or no question mark: the turn ends a little later
            key, due = next((k, t) for k, t in conversation.out.timers.items() if k == "endpoint")
            effects = conversation.handle(ev.TimerFired(key), due)
            thoughts = [effect.thought for effect in effects if isinstance(effect, fx.Think)]
        (thought,) = thoughts
        assert 0 < len(thought.evidence) <= 12
        assert sum(tokens(message.text) for message in thought.messages) <= budget
        conversation.handle(ev.BrainFailed(at + 1, "failed"), now + 4)
        conversation.handle(ev.VoiceFailed(at + 1, 0, "failed"), now + 5)
        now += 5
