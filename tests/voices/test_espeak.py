"""The embedded voice, in its real process."""

import asyncio
import contextlib
import importlib.util
import itertools
import os
import random
import signal
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from server.errors import ProviderRefused, ProviderTimeout, ProviderUnreachable
from server.media.pcm import level_dbfs, samples
from server.voices.base import Sound
from server.voices.espeak import VOICES, EspeakVoice
from server.voices.espeak_process import COMMAND, WINDOW
from server.voices.espeak_wire import FrameReader, Kind
from tests.voices.hearing import alike, pitch, quiet_start, seconds, whole

pytestmark = pytest.mark.anyio

SENTENCE = "The rubber case was chosen last week, pending a check of what it costs."
LONG = ("Somebody says a sentence of ordinary length, and then another one follows it. " * 52)[:4096]

# Processes that speak the protocol and then misbehave.
HANGS = """
import sys, time
from server.voices.espeak_wire import *
sys.stdout.buffer.write(encode_json(Kind.HELLO, 0, {"version": VERSION, "engine": "a process that hangs"}))
sys.stdout.buffer.flush()
sys.stdin.buffer.readline()
time.sleep(600)
"""
NEVER_STARTS = "import time; time.sleep(600)"
# Speaks to the first request for ten times 0.1 s, and only then to the second.
IS_BUSY = """
import json, sys, time
from server.voices.base import Sound
from server.voices.espeak_wire import *
out = sys.stdout.buffer
def send(frame):
    out.write(frame)
    out.flush()
send(encode_json(Kind.HELLO, 0, {"version": VERSION, "engine": "a busy process"}))
numbers = [json.loads(sys.stdin.buffer.readline())["id"] for _ in range(2)]
for _ in range(10):
    time.sleep(0.1)
    send(encode_sound(numbers[0], Sound(bytes(480))))
for number in numbers:
    send(encode_sound(number, Sound(bytes(960))))
    send(encode(Kind.DONE, number))
sys.stdin.buffer.readline()
"""
BABBLES = """
import sys
from server.voices.espeak_wire import *
sys.stdout.buffer.write(encode_json(Kind.HELLO, 0, {"version": VERSION, "engine": "a process that babbles"}))
sys.stdout.buffer.flush()
sys.stdin.buffer.readline()
sys.stdout.buffer.write(b"this is not a frame, not at all")
sys.stdout.buffer.flush()
sys.stdin.buffer.readline()
"""


async def spoken(voice: EspeakVoice, text: str, who: str = "", language: str = "en") -> list[Sound]:
    return [sound async for sound in voice.speak(text, voice=who, language=language)]


async def test_a_sentence_becomes_sound(espeak: EspeakVoice) -> None:
    """A sentence is audible, not clipped, begins within 20 ms and lasts as long as people take to say it."""
    sounds = await spoken(espeak, SENTENCE)
    pcm = whole(sounds)

    assert all(sound.pcm and len(sound.pcm) % 2 == 0 for sound in sounds)
    assert 3.0 < seconds(pcm) < 8.0
    assert -30 < level_dbfs(pcm) < -10
    assert np.abs(samples(pcm).astype(int)).max() < 32767
    assert quiet_start(pcm) <= 24_000 // 50


async def test_every_word_has_its_place(espeak: EspeakVoice) -> None:
    """Each word of plain text is marked once, in order, and begins inside the sound that carries the mark."""
    text = "Größe matters, naïve café — it's 3.5 kg & done 👍 now."
    at = 0
    words = []
    for sound in await spoken(espeak, text):
        end = at + len(sound.pcm) // 2
        for mark in (*sound.words, *sound.mouth):
            assert at <= mark.start < end or (mark.start < at and mark.start >= at - 2400)
        words += [(text[mark.offset : mark.offset + mark.length], mark.start) for mark in sound.words]
        at = end

    spelt = [word for word, _ in words]
    expected = [
        "Größe", "matters,", "naïve", "café", "it's", "3.5", "kg", "&", "done", "now.",
    ]  # fmt: skip
    assert expected == [word for word in spelt if word not in ("—", "👍")]
    starts = [start for _, start in words]
    assert starts == sorted(starts)


async def test_the_mouth_closes_for_m_and_opens_for_a(espeak: EspeakVoice) -> None:
    """Mouth shapes come from a known set, in order, and end at rest."""
    marks = [mark for sound in await spoken(espeak, "Mama bought a very small moon.") for mark in sound.mouth]

    assert {mark.shape for mark in marks} <= {"rest", "closed", "open", "wide", "round", "teeth"}
    assert [mark.shape for mark in marks[:3]] == ["closed", "open", "closed"]
    assert marks[-1].shape == "rest"
    assert [mark.start for mark in marks] == sorted(mark.start for mark in marks)


async def test_words_are_where_they_sound(espeak: EspeakVoice) -> None:
    """A word after a long pause is marked where the sound begins again, within 60 ms."""
    text = "One. Two."
    sounds = await spoken(espeak, text)
    (start,) = (mark.start for sound in sounds for mark in sound.words if mark.offset == 5)
    values = np.abs(samples(whole(sounds)).astype(int))
    quiet = np.flatnonzero(np.convolve(values[: start + 2400] > 300, np.ones(1200), "same") == 0)

    assert abs((quiet[-1] + 600) - start) < 24 * 60


async def test_people_sound_different(espeak: EspeakVoice) -> None:
    """There are at least twelve speakers; all of them speak, and no two have both pitch and pace in common."""
    assert len(VOICES) >= 12
    heard = {who: whole(await spoken(espeak, "Good morning everybody.", who)) for who in VOICES}

    assert all(level_dbfs(pcm) > -35 and 0.6 < seconds(pcm) < 3.0 for pcm in heard.values())
    pairs = itertools.combinations(heard.values(), 2)
    assert not any(alike(one, other) and abs(pitch(one) / pitch(other) - 1) < 0.05 for one, other in pairs)
    pitches = sorted(pitch(pcm) for pcm in heard.values())
    assert pitches[-1] / pitches[0] > 1.5


async def test_rate_and_pitch_can_be_asked_for(espeak: EspeakVoice) -> None:
    """A higher rate is shorter, a higher pitch is higher; the voice's own sound is unchanged in between."""
    plain = whole(await spoken(espeak, SENTENCE, "en-us+m3@rate=160,pitch=40"))
    fast = whole(await spoken(espeak, SENTENCE, "en-us+m3@rate=260,pitch=40"))
    high = whole(await spoken(espeak, SENTENCE, "en-us+m3@rate=160,pitch=80"))
    again = whole(await spoken(espeak, SENTENCE, "en-us+m3@rate=160,pitch=40"))

    assert seconds(fast) < 0.8 * seconds(plain)
    assert pitch(high) > 1.2 * pitch(plain)
    assert alike(again, plain)


async def test_the_language_chooses_the_voice(espeak: EspeakVoice) -> None:
    """The same letters in German and in French sound different from English; an unknown language is spoken."""
    text = "Die Situation ist normal."
    heard = {code: whole(await spoken(espeak, text, language=code)) for code in ("en", "de", "fr-FR", "xx")}

    assert not alike(heard["en"], heard["de"])
    assert not alike(heard["en"], heard["fr-FR"])
    assert not alike(heard["de"], heard["fr-FR"])
    assert alike(heard["xx"], heard["en"])


@pytest.mark.parametrize("name", ["en-us+nobody", "zz-zz", "../../secret", "en-us@rate=9000", "marin voice"])
async def test_an_unknown_speaker_is_refused(espeak: EspeakVoice, name: str) -> None:
    """A name that is malformed or that eSpeak does not have is refused, and the process lives on."""
    with pytest.raises(ProviderRefused):
        await spoken(espeak, "Hello.", name)
    assert await spoken(espeak, "Hello.")


async def test_any_text_is_survived(espeak: EspeakVoice) -> None:
    """Odd texts make sound or none, never an error; offsets stay inside the text and marks inside the sound."""
    rng = random.Random(7)
    alphabet = "ab Z9.,!?-'\"()[]{}<>&/\\\0\n\t\r\u200b\u202e\ud800é日本한עא🙂👩‍👩‍👧%$€½…"
    texts = ["", " ", "…", "\0", "[[h@ˈloʊ]]", "<speak>hi</speak>", "a" * 4096, "日本語" * 200, "1" * 60]
    texts += ["".join(rng.choices(alphabet, k=rng.randrange(1, 80))) for _ in range(60)]
    for text in texts:
        sounds = await spoken(espeak, text)
        total = len(whole(sounds)) // 2
        offsets = [word.offset for sound in sounds for word in sound.words]
        assert offsets == sorted(set(offsets))
        assert all(
            word.offset >= 0 and word.offset + word.length <= len(text) and 0 <= word.start < total
            for sound in sounds
            for word in sound.words
        )


async def test_a_text_beyond_the_limit_is_refused(espeak: EspeakVoice) -> None:
    """4096 characters are spoken, one more is refused."""
    with pytest.raises(ProviderRefused, match="4096"):
        await spoken(espeak, "a" * 4097)


async def test_a_killed_process_is_replaced(espeak: EspeakVoice) -> None:
    """The process dies in mid-sentence: that piece fails as unreachable, the next one is spoken by another."""
    async with aclosing(espeak.speak(LONG)) as sounds:
        await anext(sounds)
        first = espeak.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        with pytest.raises(ProviderUnreachable):
            async for _ in sounds:
                pass

    assert whole(await spoken(espeak, "Here I am again."))
    assert espeak.pid not in (None, first)


async def test_a_process_that_hangs_is_ended() -> None:
    """No sound before the deadline is a timeout for the one who waited longest, and the process is gone."""
    voice = EspeakVoice(command=(sys.executable, "-c", HANGS), frame_deadline=0.2, start_deadline=30.0)
    try:
        with pytest.raises(ProviderTimeout):
            await spoken(voice, "Hello.")
        assert voice.pid is None
    finally:
        await voice.close()


async def test_a_process_at_work_for_others_is_not_ended() -> None:
    """A request may wait longer than the deadline for its turn, as long as the process is seen to work."""
    voice = EspeakVoice(command=(sys.executable, "-c", IS_BUSY), frame_deadline=0.5, start_deadline=30.0)
    try:
        first, second = await asyncio.gather(spoken(voice, "One."), spoken(voice, "Two."))
    finally:
        await voice.close()

    assert len(whole(first)) == 10 * 480 + 960 and len(whole(second)) == 960


async def test_a_process_that_never_starts_is_ended() -> None:
    """A process that says nothing at all is a timeout too."""
    voice = EspeakVoice(command=(sys.executable, "-c", NEVER_STARTS), start_deadline=0.2)
    with pytest.raises(ProviderTimeout):
        await voice.check()
    await voice.close()


async def test_a_process_out_of_step_is_ended() -> None:
    """Bytes that are no frame end the process; nobody waits for ever."""
    voice = EspeakVoice(command=(sys.executable, "-c", BABBLES), frame_deadline=30.0, start_deadline=30.0)
    with pytest.raises(ProviderUnreachable):
        await spoken(voice, "Hello.")
    await voice.close()


async def test_a_missing_engine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data in the wrong place is refused with a sentence for the operator, not a crash."""
    monkeypatch.setenv("ESPEAK_LIBRARY", "libespeak-ng.so.1")
    monkeypatch.setenv("ESPEAK_DATA", "/nowhere/espeak-ng-data")
    voice = EspeakVoice(start_deadline=30.0)
    with pytest.raises(ProviderRefused, match="eSpeak NG"):
        await voice.check()
    await voice.close()


async def test_a_named_library_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """ESPEAK_LIBRARY and ESPEAK_DATA name a copy elsewhere; one that does not exist is refused."""
    spec = importlib.util.find_spec("espeakng_loader")
    if spec is None or spec.origin is None:
        pytest.skip("the extra 'voice' is not installed")
    folder = Path(spec.origin).parent
    monkeypatch.setenv("ESPEAK_DATA", str(folder / "espeak-ng-data"))
    for library, works in ((next(folder.glob("*espeak-ng.*")), True), (folder / "no-such-library", False)):
        monkeypatch.setenv("ESPEAK_LIBRARY", str(library))
        voice = EspeakVoice(frame_deadline=20.0, start_deadline=30.0)
        with contextlib.nullcontext() if works else pytest.raises(ProviderRefused, match="loaded"):
            assert "eSpeak NG" in await voice.check()
        await voice.close()


async def test_a_cancelled_piece_stops_and_the_next_is_spoken(espeak: EspeakVoice) -> None:
    """Closing the iterator after its first sound leaves the process free for others at once."""
    for _ in range(20):
        async with aclosing(espeak.speak(LONG)) as sounds:
            await anext(sounds)
    process = espeak.pid

    assert whole(await spoken(espeak, "Still here."))
    assert espeak.pid == process


async def test_a_slow_listener_does_not_hold_up_the_others(espeak: EspeakVoice) -> None:
    """One who does not read gets no more than the window, others are served, and the rest is not lost."""
    reference = whole(await spoken(espeak, LONG))
    async with aclosing(espeak.speak(LONG)) as slow:
        taken = (await anext(slow)).pcm
        assert whole(await spoken(espeak, SENTENCE))
        assert espeak._process is not None
        (request,) = espeak._process._requests.values()
        held = sum(len(item.pcm) for item in request._frames._queue if isinstance(item, Sound))
        assert held <= WINDOW + 24_000
        async for sound in slow:
            taken += sound.pcm

    assert alike(taken, reference)


async def test_many_speak_at_once(espeak: EspeakVoice) -> None:
    """Forty pieces at once, by different speakers, are each the same as when spoken alone."""
    texts = [f"This is number {number}. It says a second sentence as well." for number in range(40)]
    alone = [whole(await spoken(espeak, text, VOICES[i % 5])) for i, text in enumerate(texts[:5])]
    together = await asyncio.gather(*(spoken(espeak, text, VOICES[i % 5]) for i, text in enumerate(texts)))

    assert all(alike(whole(sounds), one) for sounds, one in zip(together[:5], alone, strict=True))
    assert all(level_dbfs(whole(sounds)) > -35 for sounds in together)


async def test_it_says_what_it_is(espeak: EspeakVoice) -> None:
    """The check names the engine and its version."""
    assert (await espeak.check()).startswith("espeak: eSpeak NG 1.")


async def test_closing_ends_the_process(espeak: EspeakVoice) -> None:
    """After close the process is gone, a second close does nothing, and speaking is refused politely."""
    await espeak.check()
    process = espeak.pid
    assert process is not None
    await espeak.close()
    await espeak.close()

    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(ProviderUnreachable):
        await spoken(espeak, "Hello.")


def test_the_server_never_loads_the_library() -> None:
    """Importing the voice does not import eSpeak's loader or our binding to it: the GPL part stays outside."""
    code = (
        "import sys, server.voices.espeak as e; e.EspeakVoice();"
        "print([m for m in ('espeakng_loader', 'server.voices.espeak_library') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_process_learns_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of our environment the process gets only what it needs to run."""
    from server.voices.espeak_process import _environment

    chosen = _environment({"PATH": "/bin", "OPENAI_API_KEY": "k", "PARLEY_SECRET": "s", "ESPEAK_DATA": "/d"})

    assert set(chosen) == {"PATH", "ESPEAK_DATA", "PYTHONPATH"}


@pytest.mark.parametrize(("sent", "status"), [(b"", 0), (b"not json\n", 2), (b'{"op":"speak","id":1}\n', 2)])
def test_the_process_ends_with_its_input(sent: bytes, status: int) -> None:
    """Says hello, and is gone when the server is, or when the server does not speak its language."""
    pytest.importorskip("espeakng_loader", reason="the extra 'voice' is not installed")
    done = subprocess.run(list(COMMAND), input=sent, capture_output=True, timeout=60)
    (hello,) = FrameReader().feed(done.stdout)

    assert hello.kind is Kind.HELLO and b"eSpeak NG" in hello.payload
    assert done.returncode == status
