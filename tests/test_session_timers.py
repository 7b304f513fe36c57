"""The timers that the core wishes for: never before their time, on any event loop."""

from __future__ import annotations

import asyncio
import importlib.util
import time

import pytest

from server.core import effects as fx
from server.core import events as ev
from server.session import Parts, Session

WISHES = 300


class Wishing:
    """A core that wishes for a timer at every odd moment, one after the other, and keeps when each came."""

    def __init__(self) -> None:
        self.wished = 0.0
        self.early: list[float] = []
        self.over = asyncio.Event()

    def handle(self, event: ev.Event, now: float) -> list[fx.Effect]:
        if isinstance(event, ev.TimerFired):
            self.early.append(self.wished - now)
        if len(self.early) == WISHES:
            self.over.set()
            return []
        self.wished = now + 0.001 + len(self.early) % 23 * 0.00013
        return [fx.SetTimer("alarm", self.wished)]


class NoTape:
    """Keeps nothing."""

    def append(self, *entry: object) -> None:
        pass


async def _run() -> list[float]:
    core = Wishing()
    parts = Parts(brain=None, voice=None, ears=None, tape=NoTape())  # type: ignore[arg-type]
    session = Session("s", None, parts, clock=time.monotonic, conversation=core)  # type: ignore[arg-type]
    session.tell(ev.SpeechStarted())
    await asyncio.wait_for(core.over.wait(), 30)
    return core.early


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_no_timer_comes_early(loop):
    """A loop that counts in whole milliseconds may call a little early; the core is told only when it is time."""
    if loop == "uvloop" and importlib.util.find_spec("uvloop") is None:
        pytest.skip("uvloop is not installed")
    factory = None if loop == "asyncio" else importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        early = runner.run(_run())
    assert len(early) == WISHES
    assert max(early) <= 0.0
