"""Logs and metrics: what happened, how long it took, never what was said or by whom.

Both are built so that speech cannot get in by accident: a log record keeps only the extra fields named in
`FIELDS`, and no metric has a label whose values come from outside.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final, TextIO

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

#: Extra fields a log line may carry (`log.info("...", extra={"code": "timeout"})`), and the type each must
#: have.
FIELDS: Final[dict[str, type | tuple[type, ...]]] = {
    "session": str,
    "reply": int,
    "epoch": int,
    "code": str,
    "verdict": str,
    "reason": str,
    "provider": str,
    "seconds": (int, float),
    "ms": (int, float),
    "count": (int, float),
    "port": int,
    "version": int,
    "kind": str,
}
#: A text field is a word or an id, not a sentence: letters, digits and a few joints.
_WORD = re.compile(r"[A-Za-z0-9_.:/+-]{1,80}")
#: Keys and tokens, should one ever stand in a message of a library.
_SECRET = re.compile(
    r"\b(sk-[A-Za-z0-9_-]{6,}|Bearer\s+\S+|[\w-]*(?:token|key|password|secret|authorization)[\"']?\s*[=:]\s*\S+)",
    re.IGNORECASE,
)
#: Addresses lead into meetings and carry tokens; the host is enough to know which server it was.
_ADDRESS = re.compile(r"\b(https?|wss?)://(?:[^\s/@]+@)?([^\s/?#\"']+)[^\s\"')]*")


class Redact(logging.Filter):
    """Leaves of a record what may be kept: its fixed text, arguments that are words or numbers, known
    fields, and of an error the types and the places."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(harmless(value) for value in record.args)
        elif isinstance(record.args, dict):
            record.args = {name: harmless(value) for name, value in record.args.items()}
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = "(a log message that does not fit its arguments)"
        record.msg = clean(message)
        record.args = None
        if record.exc_info:
            record.exc_text = places(record.exc_info[1])
            record.exc_info = None
        record.stack_info = None
        return True


def harmless(value: Any) -> Any:
    """An argument of a log message, as far as it cannot be speech: numbers, single words, names of types."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else "(hidden)"
    if isinstance(value, PurePath):
        return harmless(value.name)
    return type(value).__name__


def clean(message: str) -> str:
    """A message on one line, without keys, tokens and the paths of addresses; at most 500 characters."""
    message = _ADDRESS.sub(r"\1://\2/…", message)
    message = _SECRET.sub("(hidden)", message)
    return " ".join(message.split())[:500]


def places(error: BaseException | None) -> str:
    """Where an error came from: the chain of types, and the frames of each. Its text stays out: it may hold
    speech."""
    parts: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(parts) < 5:
        seen.add(id(error))
        frames: list[str] = []
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}:{code.co_name}")
            trace = trace.tb_next
        parts.append(f"{type(error).__name__} at {' > '.join(frames[-8:]) or '?'}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " | from ".join(parts)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The known extra fields of a record, as far as they have the right type and are no sentences."""
    found: dict[str, Any] = {}
    for name, kind in FIELDS.items():
        value = record.__dict__.get(name)
        if value is None or not isinstance(value, kind):
            continue
        found[name] = value if not isinstance(value, str) or _WORD.fullmatch(value) else "(hidden)"
    return found


class TextLines(logging.Formatter):
    """`12:00:00.123 info    parley.session  page connected  session=abc`."""

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        extra = "".join(f"  {name}={value}" for name, value in fields_of(record).items())
        line = (
            f"{clock}.{int(record.msecs):03d} {record.levelname.lower():7} {record.name}  {record.getMessage()}{extra}"
        )
        return f"{line}\n    {record.exc_text}" if record.exc_text else line


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, message, error, and the known fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_text:
            line["error"] = record.exc_text
        return json.dumps(line, ensure_ascii=False, default=str)


#: Libraries that tell of every request, or of the texts in them, when they are asked to be talkative.
_QUIET = ("httpx", "httpx2", "httpcore", "openai", "websockets", "asyncio", "PIL", "multipart")


class _Ours(logging.StreamHandler[TextIO]):
    """The handler `set_up_logs` adds, so that a second call replaces it and nothing else."""


def set_up_logs(style: str = "text", level: str = "info", out: TextIO | None = None) -> None:
    """Send all logs through the filter to one place. `style` is text or json; `out` is stderr unless
    given."""
    handler = _Ours(out or sys.stderr)
    handler.addFilter(Redact())
    handler.setFormatter(JsonLines() if style == "json" else TextLines())
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Ours)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    # The access log writes whole addresses, and ours carry tokens.
    logging.getLogger("uvicorn.access").disabled = True


#: Milliseconds. From "nobody notices" to "it has failed".
_MS = (5, 10, 20, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10000, 30000)
#: Milliseconds for what must be immediate.
_FINE_MS = (1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000)


@dataclass(frozen=True)
class Metrics:
    """Every number of the process, in a registry of its own. Labels hold words of ours only: no names, no
    ids."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        gauges = {
            "sessions": "Sessions open now.",
            "pages": "Page sockets open now.",
            "tape_queue": "Entries that are not on disk yet.",
            "tape_entries": "Entries written to the tape since the process began.",
            "tape_dropped": "Entries the tape had no room for since the process began.",
            "tape_trouble": "1 while the tape cannot be written.",
        }
        counters = {
            "turns": ("Turns decided on, by verdict and reason.", ("verdict", "reason")),
            "replies": ("Replies ended, by brain and by how.", ("brain", "outcome")),
            "interruptions": ("Replies interrupted: directed, false or resumed.", ("kind",)),
            "provider_errors": ("Errors of brains, voices and ears, by part and code.", ("part", "code")),
            "frames_in": ("Sound frames from pages.", ()),
            "frames_out": ("Sound frames to pages.", ()),
            "messages_in": ("Text messages from pages.", ()),
            "messages_refused": ("Messages refused, by code.", ("code",)),
            "stale_dropped": ("Things of an old epoch that were dropped.", ()),
            "underruns": ("Times a page ran out of sound while speaking.", ()),
            "reconnects": ("Times a page came back to its session.", ()),
        }
        histograms = {
            "llm_ttft": ("Request to the first text of the brain, ms.", _MS),
            "tts_ttfb": ("Text to the first sound of the voice, ms.", _MS),
            "e2e": ("Last heard sample of a question to the first sample of the answer, ms.", _MS),
            "page_start": ("First sound sent to the first sample played, ms.", _MS),
            "stop_ms": ("Decision to stop to silence at the page, ms.", _FINE_MS),
            "overhead": ("Our own share of a turn, ms.", _FINE_MS),
            "loop_lag": ("How late the event loop runs what is due, ms.", _FINE_MS),
        }
        for name, text in gauges.items():
            self._add(name, Gauge(f"parley_{name}", text, registry=self.registry))
        for name, (text, labels) in counters.items():
            self._add(name, Counter(f"parley_{name}", text, labels, registry=self.registry))
        for name, (text, buckets) in histograms.items():
            unit = name if name.endswith("_ms") else f"{name}_ms"
            self._add(name, Histogram(f"parley_{unit}", text, buckets=buckets, registry=self.registry))

    def _add(self, name: str, metric: Any) -> None:
        object.__setattr__(self, name, metric)

    sessions: Gauge = field(init=False)
    pages: Gauge = field(init=False)
    tape_queue: Gauge = field(init=False)
    tape_trouble: Gauge = field(init=False)
    tape_entries: Gauge = field(init=False)
    tape_dropped: Gauge = field(init=False)
    turns: Counter = field(init=False)
    replies: Counter = field(init=False)
    interruptions: Counter = field(init=False)
    provider_errors: Counter = field(init=False)
    frames_in: Counter = field(init=False)
    frames_out: Counter = field(init=False)
    messages_in: Counter = field(init=False)
    messages_refused: Counter = field(init=False)
    stale_dropped: Counter = field(init=False)
    underruns: Counter = field(init=False)
    reconnects: Counter = field(init=False)
    llm_ttft: Histogram = field(init=False)
    tts_ttfb: Histogram = field(init=False)
    e2e: Histogram = field(init=False)
    page_start: Histogram = field(init=False)
    stop_ms: Histogram = field(init=False)
    overhead: Histogram = field(init=False)
    loop_lag: Histogram = field(init=False)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)


async def watch_loop(metrics: Metrics, every: float = 0.25) -> None:
    """Measure how late the event loop is, every `every` seconds, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every
        await asyncio.sleep(every)
        metrics.loop_lag.observe(max(0.0, loop.time() - due) * 1000)
