"""What cannot work is refused before anything is sent to a vendor."""

from __future__ import annotations

import pytest

from server.errors import HostError
from server.seats.service import Wish
from tests.seats.seating import KEY, MEET, house
from tests.served import serve

pytestmark = pytest.mark.anyio

REFUSED = [
    ({"meeting_url": "https://meet.goto.com/123456789"}, "no-output-media", "Meet on Zoom"),
    ({"meeting_url": "https://example.org/room"}, "no-output-media", "Meet on Zoom"),
    ({"meeting_url": "meet me"}, "bad-meeting-url", "invitation"),
    ({"meeting_url": "https://meet.google.com/"}, "bad-meeting-url", "invitation"),
    ({"meeting_url": "https://127.0.0.1/abc"}, "bad-meeting-url", "invitation"),
    ({"meeting_url": MEET, "name": "🤖"}, "bad-name", "plain name"),
    ({"meeting_url": MEET, "name": "shitbot"}, "bad-name", "plain name"),
    ({"meeting_url": MEET, "senses": ["film"]}, "small-variant", "0.60 to 1.10 USD"),
    ({"meeting_url": MEET, "variant": "native"}, "bad-variant", "web_4_core"),
    ({"meeting_url": MEET, "host": "zoomies"}, "no-host", "recall and meetstream"),
    ({"meeting_url": MEET, "host": "meetstream", "senses": ["pictures"]}, "no-pictures", "film"),
]


async def test_refused_early(tmp_path):
    """
    What cannot work is refused before a session is made or anything is sent, with what to do instead.
    """
    async with house(tmp_path, meetstream=True) as it:
        for wish, code, advice in REFUSED:
            answer = await it.http.post("/api/bots", json=wish)
            assert (answer.status_code, answer.json()["code"]) == (400, code), wish
            assert advice in answer.json()["advice"] and answer.json()["message"]
            assert wish["meeting_url"] not in answer.text
        assert not it.recall.requests and not it.meetstream.requests
        assert not it.seats.seats and not it.served.wired.hub.sessions


async def test_no_public_address(tmp_path):
    """
    Without an address that a bot can reach, joining is refused with how to get one.
    """
    async with house(tmp_path, public=False) as it:
        answer = await it.http.post("/api/bots", json={"meeting_url": MEET})
        assert (answer.status_code, answer.json()["code"]) == (409, "no-address")
        assert "ngrok" in answer.json()["advice"]
        assert (await it.http.get("/api/bots")).json()["reachable"] is False


async def test_a_loopback_address_is_none_for_the_real_vendor(tmp_path):
    """
    An address of this machine is refused for a vendor in the cloud; only a stand-in could reach it.
    """
    env = {"PARLEY_RECALL_API_KEY": KEY, "PARLEY_RECALL_REGION": "eu-central-1"}
    async with serve(tmp_path, public=True, **env) as served:
        with pytest.raises(HostError, match="cannot reach the address") as refused:
            await served.wired.seats.join(Wish(MEET))
        assert refused.value.code == "not-public" and not served.wired.seats.seats


async def test_no_host_is_set_up(tmp_path):
    """
    Without a key there is no host, and the refusal names the settings.
    """
    async with serve(tmp_path, public=True) as served:
        with pytest.raises(HostError, match="no meeting bot host") as refused:
            await served.wired.seats.join(Wish(MEET))
        assert "PARLEY_RECALL_API_KEY" in refused.value.advice


async def test_too_many_sessions(tmp_path):
    """
    A bot for which there is no session left is refused, and nothing is sent.
    """
    async with house(tmp_path, PARLEY_MAX_SESSIONS="1") as it:
        await it.seated()
        answer = await it.http.post("/api/bots", json={"meeting_url": MEET})
        assert (answer.status_code, answer.json()["code"]) == (503, "full") and len(it.recall.bots) == 1
