"""The page and its two sockets: coming, going, garbage, and a meeting without a microphone."""

from __future__ import annotations

import json
import re

import pytest

from server.core.messages import Ack, Line, Welcome
from tests.page_backend import TOKEN, ramp
from tests.page_stage import shown

pytestmark = pytest.mark.browser


def final(text, speaker="Ada"):
    return json.dumps({"transcript": {"speaker": speaker, "is_final": True, "words": [{"text": text}]}})


def partial(text, speaker="Ada"):
    return json.dumps({"transcript": {"speaker": speaker, "is_final": False, "words": [{"text": text}]}})


def words(message):
    return message["raw"]["transcript"]["words"][0]["text"]


def test_the_token_is_sent_first_and_leaves_the_address(seat, backend):
    """
    Hello carries it; the address keeps the rest; a reload still has it, with a new page id.
    """
    seat.open("&debug=1")
    hello = backend.hellos[0]
    assert (hello["type"], hello["token"], hello["version"], hello["resume"]) == ("hello", TOKEN, 1, None)
    assert hello["debug"] is True
    assert seat.page.url == f"{backend.origin}/agent/?debug=1"
    seat.page.reload()
    backend.connected(2)
    assert backend.hellos[1]["token"] == TOKEN
    assert backend.hellos[1]["page"] != hello["page"]


@pytest.mark.parametrize(("code", "says"), [(4401, "no longer valid"), (4409, "taken by another window")])
def test_a_refused_or_replaced_page_stays_away(seat, backend, code, says):
    """
    One calm sentence, no further connection, and nothing sounds any more.
    """
    seat.open()
    backend.say(ramp(3.0))
    backend.wait("played", lambda m: m["samples"] > 3000)
    backend.drop(code)
    seat.page.wait_for_function("() => ['refused', 'replaced'].includes(document.documentElement.dataset.state)")
    seat.page.wait_for_timeout(4000)
    assert len(backend.hellos) == 1
    assert says in re.sub(r"\s+", " ", shown(seat.page))
    runs = len(seat.heard())
    seat.page.wait_for_timeout(300)
    assert len(seat.heard()) == runs


def test_everything_else_comes_back(seat, backend):
    """
    After a closed socket, a refusing server and a restart the page is there again, by itself.
    """
    seat.open()
    for number, code in enumerate((1012, 4400, 4408, 4429, 4503), start=2):
        backend.drop(code)
        backend.connected(number)
    backend.away = True
    backend.drop()
    seat.page.wait_for_function("() => document.querySelector('.word').textContent === 'Connecting'")
    backend.away = False
    backend.connected(7)
    seat.page.wait_for_function("() => document.querySelector('.word').textContent === 'Listening'")


def test_the_hosts_words_are_passed_on_unchanged(seat, backend):
    """
    Each object gets a number; the feed's state is told.
    """
    seat.open()
    backend.feed_open()
    assert backend.wait("feed", lambda m: m["connected"])
    odd = {"event": "transcript.data", "data": {"deep": [1, {"ä": None}]}, "n": 1.5}
    backend.feed(json.dumps(odd))
    backend.feed(partial("hel"))
    backend.feed(final("hello"))
    backend.wait("transcript", lambda m: m["seq"] == 3)
    first, second, third = backend.of("transcript")
    assert (first["raw"], first["seq"]) == (odd, 1)
    assert (words(second), words(third)) == ("hel", "hello")
    assert second["age"] < 1000
    assert seat.page.evaluate("performance.getEntriesByName('parley:heard-partial').length") == 1


def test_garbage_from_the_hosts_socket_is_counted_and_nothing_else(seat, backend):
    """
    No JSON, no object, too long: the next good message passes as if nothing had been.
    """
    seat.open()
    backend.feed_open()
    seat.page.wait_for_function("() => parley.state.feed")
    bad = ["", "nonsense", "[1,2]", "null", "7", '"x"', "{" * 5000, json.dumps({"x": "y" * 70_000})]
    for text in bad:
        backend.feed(text)
    backend.feed(final("still here"))
    assert words(backend.wait("transcript")) == "still here"
    health = backend.wait("health", lambda m: m["values"]["feed_garbage"] == len(bad))
    assert all(isinstance(v, (int, float)) for v in health["values"].values())


def test_words_spoken_while_the_backend_is_away_arrive_later(seat, backend):
    """
    Exactly the unconfirmed messages come again, in order, with their age; what a later message repeats is merged.
    """
    acked = []
    backend.welcome = lambda hello: Welcome(
        session="s", name="P", epoch=1, state="listening", acked=acked[-1] if acked else 0
    )
    seat.open()
    backend.feed_open()
    seat.page.wait_for_function("() => parley.state.feed")
    for text in ("one", "two", "three"):
        backend.feed(final(text))
    backend.wait("transcript", lambda m: m["seq"] == 3)
    backend.send(Ack(1))
    acked.append(2)
    backend.away = True
    backend.drop()
    seat.page.wait_for_function("() => parley.state.connection === 'lost'")
    for text in ("fo", "fou", "four"):
        backend.feed(partial(text))
    backend.feed(final("four five"))
    seat.page.wait_for_timeout(300)
    backend.clear()
    backend.away = False
    backend.wait("transcript", lambda m: m["seq"] == 4)
    assert [(m["seq"], words(m)) for m in backend.of("transcript")] == [(3, "three"), (4, "four five")]
    assert all(m["age"] > 100 for m in backend.of("transcript"))


def test_garbage_from_the_backend_does_not_hurt(seat, backend):
    """
    Broken JSON, wrong kinds, unknown types and broken frames are counted; the socket and the page live on.
    """
    seat.open()
    bad = ["{", "[]", '{"type":"begin"}', '{"type":"state","state":"dancing"}', b"abc", bytes(21), bytes(20)]
    backend.send(*bad, '{"type":"from the future","x":1}', Line("1", "Ada", "good"))
    seat.page.wait_for_function("() => document.querySelector('.line .words')?.textContent === 'good'")
    backend.wait("health", lambda m: m["values"]["garbage"] == len(bad))
    assert len(backend.hellos) == 1


def test_the_debug_overlay_shows_numbers_only_when_asked(seat, backend):
    """
    Nothing of it without ?debug=1; `parley.overlay()` switches it; no word of the meeting is in the handle.
    """
    seat.open()
    assert seat.page.locator(".overlay").count() == 0
    backend.send(Line("1", "Ada", "a secret sentence"))
    seat.page.evaluate("parley.overlay()")
    assert "connection" in seat.page.locator(".overlay").inner_text()
    seat.page.evaluate("parley.overlay()")
    assert seat.page.locator(".overlay").count() == 0
    handle = seat.page.evaluate("JSON.stringify([parley.state, parley.stats(), parley.events, parley.version])")
    assert "secret" not in handle and TOKEN not in handle
