"""Short sounds that are no words, made here: a cough, laughter, typing. The same person always sounds the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from server.core.transcript import Word
from server.rehearsal.spoken import RATE, Spoken

Wave = NDArray[np.float64]

#: full scale 1.0; as loud as a line
LEVEL = 0.25
#: seconds of one ha, and of one bark of a cough
HA, BARK = 0.19, 0.24
#: keys a second
KEYS = 6.0


def noise(kind: str, seconds: float, *, text: str = "", seed: int = 0) -> Spoken:
    """The sound of a step's kind (one of SOUNDS) at 48 kHz; `text` is what a transcriber makes of it."""
    chance = np.random.default_rng(seed)
    count = max(1, round(seconds * RATE))
    wave = {"coughs": _cough, "laughs": _laugh, "noise": _typing}[kind](count, chance)
    peak = float(np.max(np.abs(wave))) or 1.0
    pcm = np.asarray(wave / peak * LEVEL * 32767, np.int16)
    words = tuple(Word(word, 0.0, seconds) for word in text.split())
    return Spoken(pcm, words, seconds)


def _cough(count: int, chance: np.random.Generator) -> Wave:
    """Barks of breath: a sharp begin, a fall of a fifth of a second, hollow below 2 kHz."""
    breath = _low(chance.normal(0, 1, count), 24)
    times = np.arange(count) / RATE % BARK
    return np.asarray(breath * np.exp(-times * 18) * np.minimum(1, times / 0.008))


def _laugh(count: int, chance: np.random.Generator) -> Wave:
    """A row of voiced "ha": a falling pitch with its overtones, and breath before each."""
    times = np.arange(count) / RATE
    pitch = 210 * np.exp(-0.25 * times) * (1 + 0.02 * chance.normal())
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice: Wave = np.zeros(count)
    for overtone, share in enumerate((1.0, 0.7, 0.5, 0.35, 0.2, 0.1), 1):
        voice += share * np.sin(overtone * phase)
    within = times % HA / HA
    opened = np.clip(np.sin(np.pi * np.clip((within - 0.2) / 0.7, 0, 1)), 0, None)
    breath = _low(chance.normal(0, 1, count), 6) * (within < 0.3)
    return np.asarray(voice * opened + 0.4 * breath)


def _typing(count: int, chance: np.random.Generator) -> Wave:
    """Clicks of 4 ms at the pace of a hurried typist."""
    wave: Wave = np.zeros(count)
    click = chance.normal(0, 1, RATE // 250) * np.exp(-np.arange(RATE // 250) / (RATE / 1500))
    at = 0.02
    while (first := round(at * RATE)) + len(click) < count:
        wave[first : first + len(click)] += click * chance.uniform(0.4, 1.0)
        at += chance.exponential(1 / KEYS) + 0.05
    return wave


def _low(wave: Wave, width: int) -> Wave:
    """Without what lies far above RATE / width."""
    return np.convolve(wave, np.ones(width) / width, "same")
