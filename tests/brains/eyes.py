"""A meeting to look at: people, what is on, and eyes that remember what they were asked for."""

import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from PIL import Image

from server.brains.base import BrainRequest, ChatMessage, Sight
from server.core.looking import Source, Visible, Wish
from tests.brains.asking import REQUEST, SECRET

ANAS_SCREEN = Visible("1", "Ana Lima", "screenshare")
ANAS_CAMERA = Visible("1", "Ana Lima", "webcam")
BENS_CAMERA = Visible("2", "Ben Ortiz", "webcam")
VISIBLE = (ANAS_CAMERA, BENS_CAMERA, ANAS_SCREEN)

SCREEN = Wish("screenshare", "1", "Ana Lima", "screen-named", visible=VISIBLE)
PERHAPS = replace(SCREEN, why="this", sure=False)
NO_SCREEN = Wish("screenshare", "", "", "screen-named")
BEN = Wish("webcam", "2", "Ben Ortiz", "person-looks", visible=VISIBLE)
EVERYBODY = Wish("stage", "", "", "everybody", visible=VISIBLE)

QUESTION = ChatMessage("user", "Ana asks you, 1:00 into the meeting: what is on the slide?")


def jpeg(colour: str) -> bytes:
    """A small picture."""
    made = io.BytesIO()
    Image.new("RGB", (16, 9), colour).save(made, "JPEG")
    return made.getvalue()


SLIDE = Sight(jpeg("white"), 16, 9, 3.2, "screenshare", "1", "Ana Lima")
BENS_FACE = Sight(jpeg("brown"), 16, 9, 0.4, "webcam", "2", "Ben Ortiz")
ALL = Sight(jpeg("grey"), 16, 9, 200.0, "stage")


class Eyes:
    """Looks up what there is to see: by source and person id, in turn; the last one stays. Keeps what was asked."""

    def __init__(self, *there: Sight) -> None:
        self.there: dict[tuple[Source, str], list[Sight]] = {}
        self.asked: list[tuple[Source, str]] = []
        for sight in there:
            self.there.setdefault((sight.source, sight.person_id), []).append(sight)

    async def __call__(self, source: Source, person_id: str) -> Sight | None:
        """The next picture of this."""
        self.asked.append((source, person_id))
        found = self.there.get((source, person_id), [])
        return found.pop(0) if len(found) > 1 else next(iter(found), None)


def asks(wish: Wish | None, look: Callable[[Source, str], Awaitable[Sight | None]] | None, **more: Any) -> BrainRequest:
    """Ana's question about the slide."""
    messages = (ChatMessage("system", f"You are Parley. {SECRET}"), QUESTION)
    return replace(REQUEST, **({"wish": wish, "look": look, "messages": messages} | more))
