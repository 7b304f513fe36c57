"""Two brains as one."""

from collections.abc import AsyncGenerator

import pytest

from server.brains.base import BrainEvent, BrainRequest, Done, TextDelta, ToolCall
from server.brains.embedded import EmbeddedBrain
from server.brains.fallback import FallbackBrain
from server.errors import (
    ProviderError,
    ProviderLimited,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
)

pytestmark = pytest.mark.anyio

REQUEST = BrainRequest(1, "Parley", "who are you", "Ana", 60.0)


class ScriptedBrain:
    """Plays events and raises what stands among them."""

    def __init__(self, name: str, *script: BrainEvent | ProviderError) -> None:
        self.name = name
        self.script = script
        self.asked: list[BrainRequest] = []
        self.closed = 0
        self.left = False

    async def reply(self, request: BrainRequest) -> AsyncGenerator[BrainEvent, None]:
        """Play the script."""
        self.asked.append(request)
        try:
            for item in self.script:
                if isinstance(item, ProviderError):
                    raise item
                yield item
        except GeneratorExit:
            self.left = True
            raise

    async def check(self) -> str:
        """The name, or the first error of the script."""
        for item in self.script:
            if isinstance(item, ProviderError):
                raise item
        return self.name

    async def close(self) -> None:
        """Count."""
        self.closed += 1


class Stage:
    """A fallback brain over two scripts, with a clock to set."""

    def __init__(self, *script: BrainEvent | ProviderError) -> None:
        self.now = 100.0
        self.codes: list[str] = []
        self.first = ScriptedBrain("first", *script)
        self.second = ScriptedBrain("second", TextDelta("From the second."), Done())
        self.brain = FallbackBrain(self.first, self.second, self.codes.append, clock=lambda: self.now)

    async def ask(self, request: BrainRequest = REQUEST) -> list[BrainEvent]:
        """All events of one reply."""
        return [event async for event in self.brain.reply(request)]


def second(code: str) -> list[BrainEvent]:
    """What is heard of the second brain, standing in for this reason."""
    return [TextDelta("From the second."), Done(brain="second", standing_in=code)]


async def test_a_working_brain_is_passed_through() -> None:
    """Nothing is added, nothing is held back, and the second is never asked."""
    script = [TextDelta("Hi"), ToolCall("a", "hide_card"), TextDelta("."), Done("length", 3, 4, 1)]
    stage = Stage(*script)

    assert [*script[:-1], Done("length", 3, 4, 1, brain="first")] == await stage.ask()
    assert stage.codes == [] and stage.second.asked == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProviderUnreachable("x"), "unreachable"),
        (ProviderTimeout("x"), "timeout"),
        (ProviderRefused("x"), "refused"),
        (ProviderLimited("x"), "limited"),
        (ProviderError("x"), "failed"),
    ],
)
async def test_the_second_answers_when_the_first_fails_at_once(error: ProviderError, code: str) -> None:
    """The same request, marked with the reason, and the reason reported once."""
    stage = Stage(error)

    assert await stage.ask() == second(code)
    assert [code] == stage.codes
    assert [code] == [request.standing_in for request in stage.second.asked]
    assert stage.second.asked[0].question == "who are you"


@pytest.mark.parametrize("script", [[Done("length")], [TextDelta("  "), Done()], []])
async def test_an_empty_reply_is_answered_by_the_second(script: list[BrainEvent]) -> None:
    """Nobody who asked is left in silence."""
    stage = Stage(*script)

    result = await stage.ask()

    assert [event for event in result if event != TextDelta("  ")] == second("empty")
    assert stage.codes == ["empty"]


async def test_a_reply_that_breaks_off_is_ended_with_one_sentence() -> None:
    """Another brain does not finish the sentence of the first."""
    stage = Stage(TextDelta("We chose the"), ProviderUnreachable("x"))

    result = await stage.ask()

    assert TextDelta("We chose the") == result[0]
    assert result[-1] == Done("cut", brain="first", standing_in="unreachable")
    said = "".join(event.text for event in result if isinstance(event, TextDelta))
    assert said == "We chose the … Sorry, the connection to my language model broke."
    assert stage.codes == ["unreachable"] and stage.second.asked == []


async def test_the_sentence_is_in_the_language_of_the_meeting() -> None:
    """Where we have it."""
    stage = Stage(TextDelta("Ja."), ProviderTimeout("x"))

    result = await stage.ask(BrainRequest(1, "Parley", "?", "Ana", 1.0, language="de-DE"))

    assert TextDelta(" Entschuldigung, die Verbindung zu meinem Sprachmodell ist abgebrochen.") == result[1]


async def test_a_tool_call_before_the_failure_counts_as_begun() -> None:
    """What was done must not be done twice."""
    stage = Stage(ToolCall("a", "set_timer", {"seconds": 5}), ProviderTimeout("x"))

    result = await stage.ask()

    assert [ToolCall] == [type(event) for event in result if isinstance(event, ToolCall)]
    assert result[-1] == Done("cut", brain="first", standing_in="timeout") and stage.second.asked == []


@pytest.mark.parametrize(
    ("error", "rest"),
    [
        (ProviderRefused("x"), 15.0),
        (ProviderLimited("x"), 15.0),
        (ProviderLimited("x", retry_after=40.0), 40.0),
        (ProviderLimited("x", retry_after=9000.0), 300.0),
    ],
)
async def test_after_a_refusal_the_first_is_left_alone_for_a_while(error: ProviderError, rest: float) -> None:
    """During the rest the second answers at once; afterwards the first is asked again."""
    stage = Stage(error)
    await stage.ask()

    stage.now += rest - 0.1
    assert await stage.ask() == second(error.code)
    assert len(stage.first.asked) == 1 and error.code == stage.brain.resting

    stage.now += 0.2
    await stage.ask()
    assert len(stage.first.asked) == 2
    assert [error.code] * 3 == stage.codes


async def test_a_passing_fault_leaves_no_rest() -> None:
    """A timeout may not happen again: the next question goes to the first."""
    stage = Stage(ProviderTimeout("x"))
    await stage.ask()
    await stage.ask()

    assert len(stage.first.asked) == 2 and stage.brain.resting == ""


async def test_closing_the_reply_closes_the_brain_that_speaks() -> None:
    """`aclose` reaches the first, so that it hangs up at its provider."""
    stage = Stage(TextDelta("One"), TextDelta("Two"), Done())

    stream = stage.brain.reply(REQUEST)
    assert TextDelta("One") == await anext(stream)
    await stream.aclose()

    assert stage.first.left


async def test_check_tells_who_stands_in() -> None:
    """The operator sees both lines when the first fails."""
    assert await Stage(TextDelta("x"), Done()).brain.check() == "first"
    line = await Stage(ProviderRefused("wrong key")).brain.check()
    assert line == "second; standing in for first (refused: wrong key)"


async def test_close_closes_both() -> None:
    """Also twice."""
    stage = Stage()
    await stage.brain.close()
    await stage.brain.close()

    assert stage.first.closed == 2 and stage.second.closed == 2


async def test_the_embedded_brain_says_that_it_stands_in() -> None:
    """The person who asked hears that the model is missing."""
    brain = FallbackBrain(ScriptedBrain("first", ProviderTimeout("x")), EmbeddedBrain(), clock=lambda: 0.0)

    events = [event async for event in brain.reply(REQUEST)]

    said = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert said.startswith("My language model isn't answering, so from the transcript alone: I'm Parley.")
