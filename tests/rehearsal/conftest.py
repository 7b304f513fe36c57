"""Fixtures of the rehearsal's tests."""

import pytest
from rehearsing import ToneVoice, VirtualTime


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def voice() -> ToneVoice:
    return ToneVoice()
