"""The sounds that are no words: as long and as loud as they should be, and always the same."""

import numpy as np
import pytest

from server.rehearsal.manners.noises import noise
from server.rehearsal.spoken import RATE
from server.rehearsal.steps import SOUNDS


@pytest.mark.parametrize("kind", SOUNDS)
def test_every_sound_of_a_scenario_can_be_heard(kind):
    """It lasts as long as it should, is as loud as a line, clips nowhere, and is the same for the same person."""
    sound, again, other = noise(kind, 1.3), noise(kind, 1.3), noise(kind, 1.3, seed=2)
    assert len(sound.pcm) == round(1.3 * RATE) and sound.seconds == 1.3
    assert 5_000 < int(np.max(np.abs(sound.pcm.astype(int)))) < 12_000
    assert np.array_equal(sound.pcm, again.pcm) and not np.array_equal(sound.pcm, other.pcm)
    assert sound.words == ()


def test_a_transcriber_may_make_words_of_it():
    """Its words last as long as the sound."""
    (word,) = noise("coughs", 0.5, text="[cough]").words
    assert (word.text, word.start, word.end) == ("[cough]", 0.0, 0.5)
