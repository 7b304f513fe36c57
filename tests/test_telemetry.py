"""Logs and metrics: enough to find what went wrong, nothing of what was said."""

import asyncio
import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.telemetry import FIELDS, Metrics, Redact, clean, harmless, set_up_logs, watch_loop

SPEECH = "we should let Tobias go before christmas"


@pytest.fixture
def lines():
    """Set the logs up and give back the lines they write; afterwards everything is as before."""
    root, before = logging.getLogger(), logging.getLogger().level
    kept = [(log, log.level, log.disabled) for log in map(logging.getLogger, ("httpx", "openai", "uvicorn.access"))]
    out = io.StringIO()

    def start(style: str = "text", level: str = "info"):
        set_up_logs(style, level, out)
        return lambda: out.getvalue().splitlines()

    yield start
    for handler in [each for each in root.handlers if getattr(each, "stream", None) is out]:
        root.removeHandler(handler)
    root.setLevel(before)
    for log, level, disabled in kept:
        log.setLevel(level)
        log.disabled = disabled


def test_a_line_names_what_happened_and_its_known_fields(lines):
    """A text line has the time, the level, the logger, the message and the fields that are known."""
    read = lines()
    logging.getLogger("parley.x").info("page connected", extra={"session": "abc", "ms": 12, "text": SPEECH})
    (line,) = read()
    assert line.endswith("info    parley.x  page connected  session=abc  ms=12")


def test_json_lines_are_json(lines):
    """Each line of the JSON form is one object with the known fields beside the message."""
    read = lines("json")
    logging.getLogger("parley.x").warning("late by %d ms", 40, extra={"code": "timeout", "who": "Ana"})
    line = json.loads(read()[0])
    assert (line["level"], line["message"], line["code"]) == ("warning", "late by 40 ms", "timeout")
    assert "who" not in line


@pytest.mark.parametrize("style", ["text", "json"])
def test_speech_does_not_get_in(lines, style):
    """Not as an argument, not as a field, known or unknown, not as an error's text, not as its cause's."""
    read = lines(style, "debug")
    log = logging.getLogger("parley.x")
    log.info("heard %s", SPEECH)
    log.info("heard %(what)s", {"what": SPEECH})
    log.info("heard %s and %r", {"text": SPEECH}, [SPEECH])
    log.info("turn", extra={"reason": SPEECH, "text": SPEECH, "code": [SPEECH]})
    try:
        try:
            raise KeyError(SPEECH)
        except KeyError as error:
            raise ValueError(SPEECH) from error
    except ValueError:
        log.exception("a reply failed")
    text = "\n".join(read())
    assert SPEECH not in text
    assert "Tobias" not in text
    assert "ValueError at test_telemetry.py" in text
    assert "from KeyError at test_telemetry.py" in text


def test_a_message_that_does_not_fit_its_arguments_is_said_to_be_one():
    """A mistake in a log call costs its text, not the process."""
    record = logging.LogRecord("x", logging.INFO, "", 0, "%d words", (SPEECH,), None)
    assert Redact().filter(record)
    assert record.getMessage() == "(a log message that does not fit its arguments)"


@pytest.mark.parametrize(
    "secret",
    [
        "failed with sk-abcdef1234567890",
        "sent Authorization: Bearer-abcdef",
        "header Bearer abcdef123456",
        'body {"api_key": "abcdef"}',
        "opened https://agent.example.com/agent?t=abcdef.123",
        "opened wss://user:abcdef@zoom.example/j/abcdef",
        "joined https://meet.example/abcdef",
    ],
)
def test_keys_tokens_and_meeting_addresses_do_not_get_in(secret):
    """What looks like a key, a token or the path of an address is taken out of a message."""
    assert "abcdef" not in clean(secret)


def test_where_a_server_is_may_be_said():
    """The host of an address stays, because it says which server failed."""
    assert (
        clean("no answer from https://api.example.com/v1/x?y=z now") == "no answer from https://api.example.com/… now"
    )


@given(st.text())
def test_a_message_is_one_short_line(text):
    """Whatever a library logs becomes one line of bounded length."""
    assert len(clean(text).splitlines()) <= 1
    assert len(clean(text)) <= 500


@given(st.text().filter(lambda text: any(char.isspace() for char in text)))
def test_anything_with_a_space_is_hidden(text):
    """An argument of more than one word is never logged."""
    assert harmless(text) == "(hidden)"


def test_setting_up_twice_logs_once(lines):
    """A second set-up replaces the first."""
    lines()
    read = lines()
    logging.getLogger("parley.x").info("once")
    assert len(read()) == 1


def test_the_access_log_is_off(lines):
    """Addresses carry tokens, so the server's access log writes nothing, and HTTP clients only warnings."""
    read = lines("text", "debug")
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "GET", "/agent?t=x", "1.1", 200)
    logging.getLogger("httpx").info("HTTP Request: POST https://x.example")
    assert read() == []


def test_metrics_read_as_prometheus_text():
    """Every metric is in the text form, observed values in their buckets."""
    metrics = Metrics()
    metrics.sessions.inc()
    metrics.turns.labels(verdict="answer", reason="named").inc()
    metrics.e2e.observe(640)
    metrics.stop_ms.observe(18)
    text = metrics.text().decode()
    assert "parley_sessions 1.0" in text
    assert 'parley_turns_total{reason="named",verdict="answer"} 1.0' in text
    assert 'parley_e2e_ms_bucket{le="750.0"} 1.0' in text
    assert 'parley_stop_ms_bucket{le="20.0"} 1.0' in text
    assert text.count("# HELP parley_") == text.count("# TYPE parley_") >= 24


def test_metrics_of_two_apps_do_not_meet():
    """Each `Metrics` has a registry of its own, so that tests and several apps in a process do not clash."""
    one, two = Metrics(), Metrics()
    one.pages.inc()
    assert "parley_pages 0.0" in two.text().decode()


def test_no_label_holds_a_name_or_an_id():
    """The labels of all metrics are our own few words."""
    labels = {label for metric in vars(Metrics()).values() for label in getattr(metric, "_labelnames", ())}
    assert labels <= {"verdict", "reason", "brain", "outcome", "kind", "part", "code"}
    assert "session" in FIELDS  # a log line may name one; a metric may not


@pytest.mark.anyio
async def test_the_loop_is_watched():
    """The lag of the event loop is observed again and again until the watch is cancelled."""
    metrics, seen, enough = Metrics(), [], asyncio.Event()

    class Spy:
        def observe(self, lag: float) -> None:
            seen.append(lag)
            if len(seen) == 3:
                enough.set()

    object.__setattr__(metrics, "loop_lag", Spy())
    watch = asyncio.create_task(watch_loop(metrics, every=0.001))
    await enough.wait()
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch
    assert min(seen) >= 0
