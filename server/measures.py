"""What a decision adds to the metrics."""

from __future__ import annotations

from server.core.decision import Decision
from server.session import latency_ms
from server.telemetry import Metrics


def count_decision(metrics: Metrics, decision: Decision) -> None:
    """One turn ended: count it, and how long each of its steps took. All stages in milliseconds."""
    metrics.turns.labels(decision.verdict, decision.reason).inc()
    if decision.verdict != "reply":
        return
    metrics.replies.labels(decision.brain or "none", decision.outcome).inc()
    if decision.outcome == "interrupted":
        metrics.interruptions.labels("directed").inc()
    times = decision.times
    for name, begin, end in (
        ("llm_ttft", "guessed" if "guessed" in times else "committed", "first_token"),
        ("tts_ttfb", "first_piece", "voice"),
        ("page_start", "released", "first_sound"),
        ("stop_ms", "stopped", "ended"),
    ):
        if begin in times and end in times:
            getattr(metrics, name).observe(max(0.0, (times[end] - times[begin]) * 1000))
    if (whole := latency_ms(decision)) is not None:
        metrics.e2e.observe(whole)
    if "released" in times and "voice" in times and "first_piece" in times and "committed" in times:
        ours = (times["committed"] - times["final"]) + max(0.0, times["released"] - times["voice"])
        metrics.overhead.observe(max(0.0, ours * 1000))
