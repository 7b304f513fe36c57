"""What the tests of media share: a video decoder with its real process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.media.video import VideoDecoder


@pytest.fixture
async def video(anyio_backend: str) -> AsyncIterator[VideoDecoder]:
    """The decoder of H.264 and fragmented MP4."""
    pytest.importorskip("av", reason="the extra 'video' is not installed")
    # Generous deadlines: these tests are about order, and the machine may be busy.
    decoder = VideoDecoder(start_deadline=60.0, patience=60.0, look_deadline=60.0)
    yield decoder
    await decoder.close()
