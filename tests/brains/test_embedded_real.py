"""The embedded brain on real meetings."""

import json
from pathlib import Path

import pytest

from server.brains.base import BrainRequest, TextDelta
from server.brains.embedded import EmbeddedBrain
from server.brains.embedded.speech import clean
from server.core.transcript import Turn

pytestmark = pytest.mark.anyio


@pytest.mark.data
@pytest.mark.parametrize("name", ["ES2004a", "TS3004b", "Bed003", "Bmr006"])
async def test_every_question_about_a_real_meeting_is_answered_with_quotes_from_it(real_data: Path, name: str) -> None:
    """Short enough to listen to, attributed to people who were there, in words that were spoken."""
    meeting = json.loads((real_data / "meetings" / f"{name}.json").read_text())
    said = [
        Turn(turn["i"], turn["speaker"], turn["text"], turn["start"], turn["end"])
        for turn in meeting["turns"]
        if turn.get("start") is not None
    ]
    heard = clean(" ".join(turn.text for turn in said)).lower()
    brain = EmbeddedBrain()
    questions = [query["query"] for query in meeting["queries"]] + [
        "what did we decide?",
        "action items?",
        "open questions?",
    ]
    for question in questions:
        asked = BrainRequest(1, "Parley", question, said[0].speaker, said[-1].end + 5, turns=said)
        text = "".join([event.text async for event in brain.reply(asked) if isinstance(event, TextDelta)])
        assert 3 <= len(text.split()) <= 95, question
        for quote in text.split("“")[1:]:
            quoted = [word.strip('.,;:?!…"') for word in quote.split("”")[0].lower().split()]
            assert sum(word in heard for word in quoted) >= 0.9 * len(quoted), question
