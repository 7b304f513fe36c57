"""`parley eval manners --sound`: the marked scenarios in real Chromium, and the figures that only real sound can tell.

The existing rehearsal plays them; what the page really played is compared with what the voice made of the same words,
so that ducking is seen to 10 ms, and silence where the sound ends.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from server.core import effects as fx
from server.core.conversation import Config, Conversation
from server.errors import RehearsalError
from server.rehearsal.agent_sound import AUDIBLE, HeardReply
from server.rehearsal.backend import COMMAND
from server.rehearsal.director import OnProgress, nobody
from server.rehearsal.findings import Recording, clock_offset
from server.rehearsal.judge import Played
from server.rehearsal.manners.measuring import Samples
from server.rehearsal.manners.scorecard import TARGETS, Failure, Scorecard, Target, figure
from server.rehearsal.report import Report, TurnReport
from server.rehearsal.scenario import Scenario
from server.rehearsal.spoken import RATE
from server.rehearsal.stage import Stage
from server.replay import replay
from server.store.base import Entry
from server.store.codec import config_from_entry, event_from_entry
from server.voices.base import SAMPLE_RATE as VOICE_RATE
from server.voices.espeak import EspeakVoice

Sound = NDArray[np.float64]

#: the figures that real sound tells, and how long the rehearsal's own microphone takes: a busy machine shows there
FIGURES = (
    *(target for target in TARGETS if target.name in ("duck", "decision_to_silence", "onset_to_silence")),
    Target("sound_path", "of these, the sound's way to the ears", "ms"),
)
#: samples of 10 ms; steps of half of that
WINDOW, HOP = RATE // 100, RATE // 200
#: seconds of a reply by which what was played is laid over what was voiced, and how far apart they may begin
LAID, APART = 1.5, 0.5
#: a gain below this share of the one before is a lowered voice: -12 dB are 0.25, reached over 30 ms
LOWERED = 0.6
#: full scale 1.0; quieter windows of the voice say nothing about the gain
LOUD = 0.01
#: a voice that is not lowered within so many seconds never was
NEVER = 2.0


class _Listening(Stage):
    """A stage that keeps what was recorded."""

    recording: Recording
    played: list[Played]
    entries: Sequence[Entry]

    async def _report(self, recording: Recording, backend: Any, entries: Sequence[Entry], *rest: Any) -> Report:
        self.recording, self.entries, self.played = recording, entries, rest[0]
        return await super()._report(recording, backend, entries, *rest)


async def evaluate_on_sound(
    scenarios: Sequence[Scenario], repeat: int = 1, *, on_progress: OnProgress = nobody
) -> Scorecard:
    """Rehearse each scenario `repeat` times. Raises RehearsalError when a part is missing or none is marked."""
    marked = [scenario for scenario in scenarios if scenario.sound]
    if not marked:
        raise RehearsalError("none of these scenarios says `sound: true`")
    samples: Samples = defaultdict(list)
    failures: list[Failure] = []
    replayed = 0
    for scenario in marked * repeat:
        with tempfile.TemporaryDirectory(prefix="parley-manners-") as temporary:
            stage = _Listening(scenario, Path(temporary), speed=1.0, tell=on_progress, record=False, shape="legacy")
            report = await stage.run(Path(temporary), None, COMMAND, datetime.now().astimezone())
            for name, values in (await _measure(stage)).items():
                samples[name] += values
            replayed += replay(stage.entries).same
        failures += _failures(scenario, report)
    return Scorecard(
        scenarios=len(marked),
        runs=len(marked) * repeat,
        figures=tuple(figure(target, samples[target.name]) for target in FIGURES),
        failures=tuple(failures),
        replayed=replayed,
    )


def _failures(scenario: Scenario, report: Report) -> list[Failure]:
    missed = [
        Failure(scenario.name, _step(turn), turn.text, turn.start, f"{one.name} {one.wanted}", one.found)
        for turn in report.turns
        for one in turn.verdicts
        if not one.held
    ]
    return missed + [
        Failure(scenario.name, "", "", reply.begin, "no reply", "an unasked reply") for reply in report.unasked
    ]


def _step(turn: TurnReport) -> str:
    return f"step {turn.step} ({turn.id})"


async def _measure(stage: _Listening) -> Samples:
    samples: Samples = defaultdict(list)
    recording = stage.recording
    decisions = {entry.data.get("reply"): entry.data for entry in stage.entries if entry.kind == "decision"}
    heard = recording.agent.rendered(recording.end + 1.0).astype(np.float64) / 32768
    voiced = await _voiced(stage.entries)
    offset = clock_offset(recording.agent.replies, list(decisions.values()))
    for played in stage.played:
        reply = played.speaking
        onset = onset_of(played)
        if reply is None or onset is None or not reply.begin < onset < reply.end:
            continue
        if offset is not None and (path := _path(stage.entries, onset, offset)) is not None:
            samples["sound_path"].append(path)
        alone = not any(one.line.start <= onset < one.line.end for one in stage.played if one is not played)
        lowers = alone and reply.number in voiced  # over somebody else's sound it is low already
        if lowers and (duck := duck_after(onset, reply, heard, voiced[reply.number])) is not None:
            samples["duck"].append(duck)
        decision = decisions.get(reply.number, {})
        if played.step.expect.stops_within is None or decision.get("outcome") != "interrupted":
            continue
        samples["onset_to_silence"].append(reply.end - onset)
        times = decision["times"]
        if "stopped" in times and "first_sound" in times:
            # The page's report of its first sample ties the backend's clock to the sound, to a few milliseconds.
            decided = reply.begin + times["stopped"] - times["first_sound"]
            samples["decision_to_silence"].append(max(0.0, reply.end - decided))
    return samples


def _path(entries: Sequence[Entry], onset: float, offset: float) -> float | None:
    """Seconds from the sound of a line to the moment its first sample was with the backend's ears."""
    for entry in entries:
        if entry.kind == "event" and entry.data["type"] == "SpeechStarted":
            came = entry.at + offset - float(entry.data["lag"])
            if 0 <= came - onset < NEVER:
                return came - onset
    return None


def onset_of(played: Played) -> float | None:
    """Where the sound of a line begins, in seconds of the meeting; None when it has none."""
    pcm = played.line.spoken.pcm
    whole = len(pcm) // WINDOW
    if not whole:
        return None
    blocks = pcm[: whole * WINDOW].reshape(whole, WINDOW).astype(np.float64) / 32768
    loud: NDArray[np.intp] = np.flatnonzero(np.sqrt(np.mean(blocks**2, axis=1)) > AUDIBLE)
    return played.line.start + int(loud[0]) * WINDOW / RATE if len(loud) else None


def duck_after(onset: float, reply: HeardReply, heard: Sound, voice: Sound) -> float | None:
    """Seconds from an onset to the lowered voice; None when it was lowered already, or cannot be told.

    `heard` is everything the page played, from the meeting's second 0; `voice` is the reply as it was voiced.
    """
    first = max(0, round((reply.begin - APART) * RATE))
    lag = _lay(heard[first : first + round((LAID + 2 * APART) * RATE)], voice[: round(LAID * RATE)])
    if lag is None:
        return None
    start = first + lag
    length = min(len(voice), len(heard) - start, round((reply.end - start / RATE) * RATE))
    times, gains = _gains(heard[start : start + length], voice[:length])
    times = times + start / RATE
    before = gains[(times > onset - 0.6) & (times <= onset)]
    if len(before) < 10:
        return None
    # The full voice of this reply: a voice that is low already cannot be lowered.
    full = float(np.median(gains[times < reply.begin + LAID]))
    if float(np.median(before)) < LOWERED * full:
        return None
    low = (times > onset) & (gains < LOWERED * full)
    both = np.flatnonzero(low[:-1] & low[1:])
    found = float(times[both[0]] - onset) if len(both) else reply.end - onset
    return min(found, NEVER)


def _lay(heard: Sound, voice: Sound) -> int | None:
    """The sample of `heard` at which `voice` begins, by where both are most alike."""
    if len(heard) < len(voice) or not len(voice):
        return None
    size = 1 << (len(heard) + len(voice)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(voice, size)), size)
    return int(np.argmax(product[: len(heard) - len(voice) + 1]))


def _gains(heard: Sound, voice: Sound) -> tuple[Sound, Sound]:
    """The gain of each window in which the voice is loud enough to tell, and when it ends (seconds)."""
    count = max(0, (min(len(heard), len(voice)) - WINDOW) // HOP)
    begins = np.arange(count) * HOP

    def level(sound: Sound) -> Sound:
        power = np.concatenate([[0.0], np.cumsum(sound**2)])
        return np.asarray(np.sqrt((power[begins + WINDOW] - power[begins]) / WINDOW))

    there, here = level(voice), level(heard)
    loud = there > LOUD
    return (begins[loud] + WINDOW) / RATE, here[loud] / there[loud]


async def _voiced(entries: Sequence[Entry]) -> dict[int, Sound]:
    """Every reply as the embedded voice speaks it: its pieces are what the core wished for when told the tape."""
    conversation = Conversation(Config())
    pieces: dict[int, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.kind == "config":
            conversation = Conversation(config_from_entry(entry.data))
        elif entry.kind == "event":
            for effect in conversation.handle(event_from_entry(entry.data), entry.at):
                if isinstance(effect, fx.Speak):
                    pieces[effect.reply].append(effect.text)
    voices = {entry.data["reply"] for entry in entries if entry.kind == "decision" and entry.data["voice"] == "espeak"}
    voice = EspeakVoice()
    try:
        return {reply: await _speak(voice, texts) for reply, texts in pieces.items() if reply in voices}
    finally:
        await voice.close()


async def _speak(voice: EspeakVoice, texts: Sequence[str]) -> Sound:
    pcm = b""
    for text in texts:
        async for sound in voice.speak(text):
            pcm += sound.pcm
    samples = np.frombuffer(pcm, np.int16).astype(np.float64) / 32768
    resampled = await asyncio.to_thread(soxr.resample, samples, VOICE_RATE, RATE)
    return np.asarray(resampled, np.float64)
