"""What the tests of media share: a video decoder with its real process, and frames with and without it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.media.frames import Frames
from server.media.video import VideoDecoder
from tests.media.looking import Clock


@pytest.fixture
async def video(anyio_backend: str) -> AsyncIterator[VideoDecoder]:
    """The decoder of H.264 and fragmented MP4."""
    pytest.importorskip("av", reason="the extra 'video' is not installed")
    # Generous deadlines: these tests are about order, and the machine may be busy.
    decoder = VideoDecoder(start_deadline=60.0, patience=60.0, look_deadline=60.0)
    yield decoder
    await decoder.close()


@pytest.fixture
def clock() -> Clock:
    """The time that frames go by."""
    return Clock()


@pytest.fixture
def frames(clock: Clock, anyio_backend: str) -> Frames:
    """Frames that never need a process: it cannot be started."""
    return Frames(VideoDecoder(command=("/nowhere/python",)), clock=clock)


@pytest.fixture
def film(video: VideoDecoder, clock: Clock) -> Frames:
    """Frames with the real decoder."""
    return Frames(video, clock=clock)
