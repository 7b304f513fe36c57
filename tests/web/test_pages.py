"""The pages over a real connection: what a bot's browser, a stranger and an operator get."""

from __future__ import annotations

import httpx
import pytest

from tests.served import Served, serve

pytestmark = pytest.mark.anyio


def http(served: Served, **headers: str) -> httpx.AsyncClient:
    """A client of this backend."""
    return httpx.AsyncClient(base_url=served.http, headers=headers)


async def test_the_agent_page(tmp_path):
    """With a good token, or none (it keeps its own), the page comes with its policy and nothing inline."""
    async with serve(tmp_path) as served, http(served) as client:
        for path in (f"/agent/?t={served.token()}", "/agent/"):
            answer = await client.get(path)
            assert answer.status_code == 200
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "wss://meeting-data.bot.recall.ai" in policy
            assert "unsafe" not in policy and "<style" not in answer.text
            assert served.token() not in answer.text
            assert 'data-transcript-url="wss://meeting-data.bot.recall.ai/api/v1/transcript"' in answer.text


@pytest.mark.parametrize("path", ["/agent/?t=wrong", "/rehearsal/agent/?t=wrong", "/nowhere"])
async def test_what_is_refused_is_calm(tmp_path, path):
    """A stale link or a wrong address is a calm page without address, token or trace."""
    async with serve(tmp_path) as served, http(served) as client:
        answer = await client.get(path)
        assert answer.status_code in (403, 404)
        assert "<h1>" in answer.text and "wrong" not in answer.text and "Traceback" not in answer.text


async def test_a_fault_is_calm_too(tmp_path, monkeypatch):
    """A handler that breaks shows no trace."""
    from server.web.pages import Pages

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("words that nobody may see")

    monkeypatch.setattr(Pages, "_agent", breaks)
    async with serve(tmp_path) as served, http(served) as client:
        answer = await client.get("/agent/")
        assert answer.status_code == 500
        assert "Back in a moment" in answer.text and "nobody may see" not in answer.text


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/sessions", "/rehearsal/agent/?t=x"])
async def test_strangers_see_no_operators_page(tmp_path, path):
    """Through a tunnel, under another name, nothing of the operator's is shown without a password."""
    async with serve(tmp_path) as served:
        for headers in ({"X-Forwarded-For": "203.0.113.7"}, {"Host": "agent.example.com"}):
            async with http(served, **headers) as client:
                assert (await client.get(path)).status_code == 403


async def test_a_session_and_its_page(tmp_path):
    """The API makes a session's page on the public address; the token in it opens that session's socket."""
    async with serve(tmp_path, PARLEY_PUBLIC_URL="https://agent.example.com") as served, http(served) as client:
        made = (await client.post("/api/sessions")).json()
        assert made["page_url"].startswith("https://agent.example.com/agent/?t=")
        from tests.page_client import PageClient

        async with PageClient(served.socket, made["page_url"].partition("?t=")[2]) as page:
            assert (await page.until_type("welcome"))["session"] == made["session"]
            sessions = (await client.get("/api/sessions")).json()["sessions"]
            assert [session["id"] for session in sessions] == [made["session"]]
        forged = await client.post("/api/sessions", headers={"Origin": "https://evil.example"})
        assert forged.status_code == 403


async def test_machines_can_ask(tmp_path):
    """Health, readiness and metrics say what is so; a closing process is not ready."""
    async with serve(tmp_path) as served, http(served) as client:
        assert (await client.get("/healthz")).text == "ok\n"
        assert (await client.get("/readyz")).json()["ready"] is True
        metrics = (await client.get("/metrics")).text
        assert "parley_sessions 0.0" in metrics and "parley_e2e_ms_bucket" in metrics
        served.wired.hub.closing = True
        assert (await client.get("/readyz")).status_code == 503
