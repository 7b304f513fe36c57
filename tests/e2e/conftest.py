"""The agent page in a browser, at a scripted backend, with a microphone in a quiet room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.page_backend import Backend
from tests.page_stage import Seat, chromium, hiss, microphone


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser whose microphone hears a quiet room."""
    quiet = microphone(tmp_path_factory.mktemp("mic") / "quiet.wav", hiss(3))
    yield from chromium(f"--use-file-for-fake-audio-capture={quiet}")


@pytest.fixture
def backend() -> Iterator[Backend]:
    """A backend that does what the test says."""
    with Backend() as backend:
        yield backend


@pytest.fixture
def seat(browser: Any, backend: Backend) -> Iterator[Seat]:
    """The page, which must not fail in any test."""
    seat = Seat(backend, browser)
    yield seat
    assert seat.errors == []
    seat.close()
