"""A second voice speaks when the first cannot."""

from collections.abc import AsyncIterator

import pytest

from server.errors import ProviderError, ProviderLimited, ProviderRefused, ProviderTimeout, ProviderUnreachable
from server.voices.base import Sound
from server.voices.fallback import FallbackVoice

pytestmark = pytest.mark.anyio


class Scripted:
    """Says its name, or fails at a chosen point. Keeps what it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fails: ProviderError | None = None
        self.after = 0
        self.asked: list[tuple[str, str, str]] = []
        self.closed = 0
        self.stopped = 0

    async def speak(self, text: str, *, voice: str = "", language: str = "en") -> AsyncIterator[Sound]:
        self.asked.append((text, voice, language))
        try:
            for number in range(3):
                if self.fails is not None and number == self.after:
                    raise type(self.fails)(str(self.fails), retry_after=self.fails.retry_after)
                yield Sound(f"{self.name}{number}".encode())
        finally:
            self.stopped += 1

    async def check(self) -> str:
        if self.fails is not None:
            raise self.fails
        return f"{self.name} works"

    async def close(self) -> None:
        self.closed += 1


class Stage:
    """Two voices, a clock that is moved by hand, and the codes that were told."""

    def __init__(self) -> None:
        self.first, self.second = Scripted("a"), Scripted("b")
        self.now = 100.0
        self.codes: list[str] = []
        self.voice = FallbackVoice(self.first, self.second, on_fallback=self.codes.append, clock=lambda: self.now)

    async def says(self, text: str = "Hello.") -> str:
        heard = b"".join([sound.pcm async for sound in self.voice.speak(text, voice="marin", language="de")])
        return heard.decode()


async def test_the_first_speaks_when_it_can() -> None:
    """The second is not even asked."""
    stage = Stage()

    assert await stage.says() == "a0a1a2"
    assert stage.first.asked == [("Hello.", "marin", "de")] and not stage.second.asked
    assert stage.codes == []


@pytest.mark.parametrize("error", [ProviderUnreachable, ProviderTimeout, ProviderRefused, ProviderLimited])
async def test_the_second_speaks_the_whole_piece(error: type[ProviderError]) -> None:
    """A failure before any sound leads to the second voice, with its own speaker, and is told."""
    stage = Stage()
    stage.first.fails = error("gone")

    assert await stage.says() == "b0b1b2"
    assert stage.second.asked == [("Hello.", "", "de")]
    assert stage.codes == [error.code]


async def test_a_failure_in_the_middle_is_raised() -> None:
    """Half a piece has been heard: the session decides what to say again. The next piece is the second's."""
    stage = Stage()
    stage.first.fails, stage.first.after = ProviderUnreachable("gone"), 2

    with pytest.raises(ProviderUnreachable):
        await stage.says()
    assert not stage.second.asked
    assert await stage.says() == "b0b1b2"


async def test_a_dead_voice_is_left_alone_for_a_while() -> None:
    """During the cool-down the first is not asked; after it, it speaks again."""
    stage = Stage()
    stage.first.fails = ProviderTimeout("late")
    await stage.says()
    stage.now += 29.9
    assert await stage.says() == "b0b1b2" and len(stage.first.asked) == 1

    stage.now += 0.2
    stage.first.fails = None
    assert await stage.says() == "a0a1a2"
    assert await stage.says() == "a0a1a2"
    assert stage.codes == ["timeout", "timeout"]


async def test_only_one_piece_tries_a_dead_voice() -> None:
    """While one piece waits for the first voice, another is spoken by the second at once."""
    stage = Stage()
    stage.first.fails = ProviderTimeout("late")
    await stage.says()
    stage.now += 31

    inner: list[str] = []
    plain = stage.first.speak

    async def slow(text: str, *, voice: str = "", language: str = "en") -> AsyncIterator[Sound]:
        stage.first.speak = plain  # type: ignore[method-assign]
        inner.append(await stage.says("Meanwhile."))
        async for sound in plain(text):
            yield sound

    stage.first.speak = slow  # type: ignore[method-assign]
    await stage.says("Probe.")

    assert inner == ["b0b1b2"]
    assert [text for text, _, _ in stage.first.asked] == ["Hello.", "Probe."]


async def test_the_provider_may_ask_for_a_longer_rest() -> None:
    """A Retry-After beyond the cool-down is respected."""
    stage = Stage()
    stage.first.fails = ProviderLimited("later", retry_after=120.0)
    await stage.says()
    stage.first.fails = None
    stage.now += 119
    assert await stage.says() == "b0b1b2"
    stage.now += 2
    assert await stage.says() == "a0a1a2"


async def test_when_both_fail_the_second_error_is_raised() -> None:
    """The cause is the first's."""
    stage = Stage()
    stage.first.fails, stage.second.fails = ProviderTimeout("late"), ProviderRefused("no")

    with pytest.raises(ProviderRefused) as raised:
        await stage.says()
    assert isinstance(raised.value.__cause__, ProviderTimeout)


async def test_closing_the_iterator_closes_the_voice_beneath() -> None:
    """An interruption reaches the voice that is speaking, at once."""
    stage = Stage()
    sounds = stage.voice.speak("Hello.")
    await anext(sounds)
    await sounds.aclose()  # type: ignore[attr-defined]

    assert stage.first.stopped == 1


async def test_check_and_close_reach_both() -> None:
    """The check says which one works; closing closes both."""
    stage = Stage()
    assert await stage.voice.check() == "a works"
    stage.first.fails = ProviderTimeout("late")
    assert await stage.voice.check() == "a failed (timeout: late); b works"
    await stage.voice.close()

    assert (stage.first.closed, stage.second.closed) == (1, 1)
    assert stage.voice.name == "a+b"
