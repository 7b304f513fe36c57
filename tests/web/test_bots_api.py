"""The API for bots over real HTTP: what it answers, what it describes, what it never says, and to whom it is closed."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from server.app import create_app
from server.telemetry import set_up_logs
from server.web.bots_api import VERBS
from server.web.openapi import document
from tests.seats.seating import KEY, MEET, SECRET, house, until
from tests.served import SECRET as OURS
from tests.served import serve, settings_for

pytestmark = pytest.mark.anyio


async def test_what_the_api_shows(tmp_path):
    """
    The list names every bot, the newest first, and the hosts that are set up; a bot is found by either of its ids.
    """
    async with house(tmp_path, meetstream=True) as it:
        assert (await it.http.get("/api/bots")).json() == {
            "bots": [],
            "hosts": [
                {"name": "recall", "title": "Recall.ai", "shows_page": True},
                {"name": "meetstream", "title": "MeetStream", "shows_page": False},
            ],
            "reachable": True,
        }
        first, bot = await it.seated()
        second, _ = await it.seated()
        listed = (await it.http.get("/api/bots")).json()["bots"]
        assert [each["id"] for each in listed] == [second.id, first.id]
        bot.person_joins(100, "Ana", is_host=True)
        bot.person_joins(200, "Otter.ai")
        await until(lambda: len(first.view()["people"]) == 2)
        view = await it.view(first)
        assert (await it.http.get(f"/api/bots/{bot.id}")).json() == view
        assert view["people"] == [
            {"id": "100", "name": "Ana", "host": True, "bot": False},
            {"id": "200", "name": "Otter.ai", "host": False, "bot": True},
        ]
        assert (view["state"], view["agent"], view["page"], view["over"]) == ("live", "listening", False, False)
        described = document()["components"]["schemas"]["Bot"]["properties"]
        assert view.keys() == described.keys()


async def test_commands_do_what_they_say(tmp_path):
    """
    The page is shown as camera or screen and taken away again; what the host refuses comes back with its reason.
    """
    async with house(tmp_path) as it:
        seat, bot = await it.seated()
        assert (await it.do(seat, "show", screen=True)).json()["words"] == "showing the page as a shared screen"
        assert bot.pages.open.keys() == {"camera", "screenshare"}
        assert (await it.do(seat, "hide", screen=True)).json()["words"] == "the shared screen was taken away"
        answer = await it.http.post(f"/api/bots/{bot.id}/hide")
        assert answer.status_code == 200 and not bot.pages.open
        assert (await it.do(seat, "show")).status_code == 200 and bot.pages.open.keys() == {"camera"}
        bot.end_meeting()
        await until(lambda: seat.closed)
        for verb, body in (("show", {}), ("hide", {}), ("say", {"text": "x"}), ("chat", {"text": "x"})):
            refused = await it.do(seat, verb, **body)
            assert (refused.status_code, refused.json()["code"]) == (409, "not-seated"), verb
            assert refused.json().keys() == {"code", "message", "advice"}


async def test_the_operator_sets_when_it_may_speak(tmp_path):
    """
    Muted it keeps quiet, standing it joins in, named it waits until it is called; anything else is refused.
    """
    async with house(tmp_path) as it:
        seat, _ = await it.seated()
        conversation = seat.session.conversation
        for policy, state in (("muted", "muted"), ("standing", "listening"), ("named", "listening")):
            assert (await it.do(seat, "policy", policy=policy, minutes=5)).status_code == 200
            now = seat.session.clock()
            assert (conversation.room.policy(now), conversation.state) == (policy, state)
        assert conversation.room.policy(now + 301) == "named"
        for body in ({}, {"policy": "loud"}, {"policy": "muted", "minutes": -1}):
            assert (await it.do(seat, "policy", **body)).status_code == 400


async def test_what_the_vendor_says_no_to(tmp_path):
    """
    The vendor's refusal is not the operator's fault: a wrong key is 502 and no 401, and so is a vendor who is away.
    """
    async with house(tmp_path) as it:
        seat, _ = await it.seated()
        for scripted, times, status in (("402", 1, 502), ("403", 1, 502), ("503", 9, 503)):
            it.recall.script(scripted, on="send_chat_message", times=times)
            answer = await it.do(seat, "chat", text="Hello")
            assert answer.status_code == status and answer.json().keys() == {"code", "message", "advice"}
            it.recall._script._lines.clear()
        await it.recall._serving.stop()
        answer = await it.do(seat, "chat", text="Hello")
        assert (answer.status_code, answer.json()["code"]) == (502, "unreachable")


BAD = [
    (b"not json", "/api/bots", "bad-request"),
    (b"[]", "/api/bots", "bad-request"),
    (b"{}", "/api/bots", "bad-request"),
    (b"\xff\xfe", "/api/bots", "bad-request"),
    (b'{"meeting_url": 7}', "/api/bots", "bad-request"),
    (b'{"meeting_url": "https://meet.google.com/abc", "senses": ["smell"]}', "/api/bots", "bad-request"),
    (b'{"meeting_url": "https://meet.google.com/abc", "colour": "blue"}', "/api/bots", "bad-request"),
    (b'{"meeting_url": "https://meet.google.com/abc", "name": "' + b"x" * 101 + b'"}', "/api/bots", "bad-request"),
    (b'{"text": ""}', "/api/bots/BOT/say", "bad-request"),
    (b'{"text": "' + b"x" * 8001 + b'"}', "/api/bots/BOT/chat", "bad-request"),
    (b'{"screen": "yes please"}', "/api/bots/BOT/show", "bad-request"),
    (b" " * 70_000, "/api/bots/BOT/say", "too-large"),
    (b"{}", "/api/bots/BOT/dance", "unknown"),
    (b"{}", "/api/bots/nobody/leave", "unknown"),
    (b'{"text": "x"}', "/api/bots/nobody/say", "unknown"),
]


async def test_bad_requests(tmp_path):
    """
    Whatever is wrong with a request, the answer says so in one shape, names the field, and repeats nothing of it.
    """
    async with house(tmp_path) as it:
        seat, _ = await it.seated()
        for body, path, code in BAD:
            answer = await it.http.post(path.replace("BOT", seat.id), content=body)
            told = answer.json()
            assert told["code"] == code and 400 <= answer.status_code < 500, (body[:60], told)
            assert told.keys() - {"fields"} == {"code", "message", "advice"} and isinstance(told["message"], str)
            assert "abc" not in answer.text and "smell" not in answer.text and "please" not in answer.text
        answer = await it.http.get("/api/bots/nobody")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown")
        assert len(it.seats.seats) == 1 and seat.state.value == "live"

        async def unannounced():
            for _ in range(100):
                yield b" " * 4096

        answer = await it.http.post("/api/bots", content=unannounced())
        assert answer.status_code == 413 and answer.json()["code"] == "too-large"


# ---------------------------------------------------------------- the document


def test_every_route_is_described_and_the_other_way_round(tmp_path):
    """
    The OpenAPI document and the application have the same paths with the same methods.
    """
    app = create_app(settings_for(tmp_path))
    described = {
        (path, method.upper())
        for path, item in document()["paths"].items()
        for method in item
        if method in ("get", "post", "put", "patch", "delete")
    }
    routed = set()
    for route in app.routes:
        if isinstance(route, Route) and route.path.startswith("/api/"):
            for method in (route.methods or set()) - {"HEAD"}:
                verbs = tuple(VERBS) if "{verb}" in route.path else ("",)
                routed |= {(route.path.replace("{verb}", verb), method) for verb in verbs}
    assert described == routed


def test_the_document_holds_together():
    """
    Every reference leads somewhere, every parameter of a path is described, and every operation has a name of its own.
    """
    whole = document()
    assert json.loads(json.dumps(whole)) == whole and whole["openapi"].startswith("3.1")
    schemas = whole["components"]["schemas"]
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(whole)):
        assert reference.removeprefix("#/components/schemas/") in schemas, reference
    names = []
    for path, item in whole["paths"].items():
        given = {each["name"] for each in item.get("parameters", []) if each["in"] == "path"}
        assert given == set(re.findall(r"{(\w+)}", path))
        for operation in (each for method, each in item.items() if method != "parameters"):
            names.append(operation["operationId"])
            assert operation["summary"] and {"4XX", "5XX"} < operation["responses"].keys()
    assert len(names) == len(set(names)) >= 12
    join = whole["paths"]["/api/bots"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert join["required"] == ["meeting_url"] and join["additionalProperties"] is False


async def test_the_document_is_served(tmp_path):
    """
    `GET /api/openapi.json` gives it.
    """
    async with serve(tmp_path) as served, client(served.http) as http:
        assert (await http.get("/api/openapi.json")).json() == json.loads(json.dumps(document()))


# ---------------------------------------------------------------- secrets, and who may come in


def client(url: str, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=20)


async def test_what_is_never_said(tmp_path, caplog):
    """
    No answer and no log holds the meeting's address, a key, a secret, or a word of what was said, on the good way
    and on the bad ones; and no line of our own log holds a token.
    """
    caplog.set_level(logging.DEBUG)
    out, root = io.StringIO(), logging.getLogger()
    before = root.handlers[:], root.level
    set_up_logs("text", "debug", out)
    answers: list[str] = []

    async def keep(response: httpx.Response) -> None:
        await response.aread()
        answers.append(response.text + str(response.headers))

    try:
        async with house(tmp_path) as it:
            it.dashboard()
            it.http.event_hooks["response"].append(keep)
            seat, bot = await it.seated(senses=["pictures"])
            tokens = [each["url"].split("/")[-2] for each in bot.asked["recording_config"]["realtime_endpoints"]]
            bot.person_joins(100, "Ana", is_host=True)
            bot.says(100, "Xylophones are confidential.", 1.0, 2.0)
            bot.chat(100, "Parley, what did we say about xylophones?")
            await until(lambda: bot.chat_sent)
            await it.do(seat, "chat", text="Zanzibar is private.")
            await it.do(seat, "say", text="Zanzibar is private.")
            it.recall.script("402", on="send_chat_message")
            await it.do(seat, "chat", text="Zanzibar is private.")
            bot.mischief.garbage()
            it.recall.script("403")
            failed = await it.join()
            await until(lambda: failed.closed)
            await it.http.post("/api/bots", json={"meeting_url": MEET, "name": "🤖"})
            await it.http.post(f"/hosts/recall/text/{tokens[0]}/", json={"text": "Xylophones"})
            await it.http.post(f"/hosts/recall/text/{it.served.token()}/", json={"text": "Xylophones"})
            for path in ("", f"/{seat.id}", f"/{seat.id}/sheet", "/nobody"):
                await it.http.get(f"/api/bots{path}")
            await it.http.get("/metrics")
            await it.http.get("/api/sessions")
            await it.do(seat, "leave")
            await until(lambda: seat.closed)
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
    assert len(answers) > 12 and "parley" in caplog.text
    private = [MEET, "abc-defg-hij", KEY, SECRET, SECRET.removeprefix("whsec_"), OURS, "ylophone", "anzibar"]
    for word in private:
        assert word not in caplog.text and not any(word in answer for answer in answers), word
    for word in [*private, *tokens, "Ana"]:
        assert word not in out.getvalue(), word


STRANGERS = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Host": "evil.example"},
    {"X-Forwarded-For": "203.0.113.9"},
    {"Via": "1.1 tunnel"},
]


async def test_closed_to_strangers(tmp_path):
    """
    Another site's page, another name, and whatever came through a tunnel may neither send bots nor steer them.
    """
    async with serve(tmp_path, public=True) as served:
        for headers in STRANGERS:
            async with client(served.http, **headers) as http:
                for path in ("/api/bots", "/api/bots/some/leave", "/api/sessions"):
                    answer = await http.post(path, json={"meeting_url": MEET})
                    assert answer.status_code == 403 and answer.json().keys() >= {"code", "message"}, headers
                if headers.keys().isdisjoint({"Origin", "Sec-Fetch-Site"}):
                    for path in ("/api/bots", "/api/bots/some", "/api/bots/some/picture", "/api/openapi.json"):
                        assert (await http.get(path)).status_code == 403, headers


async def test_open_with_the_password(tmp_path):
    """
    From elsewhere the password opens the API; without it the answer says where to log in.
    """
    async with serve(tmp_path, PARLEY_PASSWORD="correct horse") as served:
        async with client(served.http, **{"X-Forwarded-For": "203.0.113.9"}) as http:
            answer = await http.get("/api/bots")
            assert (answer.status_code, answer.json()["code"]) == (401, "password")
            login = await http.post("/login", data={"password": "correct horse"})
            assert login.status_code == 303
            http.cookies.set("parley_pass", login.cookies["parley_pass"])
            told: Any = (await http.get("/api/bots")).json()
            assert told["bots"] == [] and told["reachable"] is False
        assert not served.wired.seats.seats
