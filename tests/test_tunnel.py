"""The public address from ngrok's local API, and the configuration that makes it."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from server.settings import Settings
from server.tunnel import find_public_url

pytestmark = pytest.mark.anyio

ENDPOINTS = {
    "endpoints": [
        {"name": "ssh", "url": "tcp://1.tcp.ngrok.example:1", "upstream": {"url": "127.0.0.1:22"}},
        {"name": "other", "url": "https://other.ngrok.example", "upstream": {"url": "http://127.0.0.1:3000"}},
        {"name": "parley", "url": "https://Parley.ngrok.example", "upstream": {"url": "http://localhost:8000"}},
    ],
    "uri": "/api/endpoints",
}
TUNNELS = {
    "tunnels": [
        {"name": "a", "public_url": "http://p.ngrok.example", "config": {"addr": "http://localhost:8000"}},
        {"name": "b", "public_url": "https://p.ngrok.example", "config": {"addr": "http://localhost:8000"}},
    ]
}


@asynccontextmanager
async def agent(pages: dict[str, object]):
    """A stand-in for the agent: answers GET with the given JSON (or text) by path, 404 otherwise."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        page = pages.get(request.split()[1].decode())
        body = (page if isinstance(page, str) else json.dumps(page)).encode()
        status = "404 Not Found" if page is None else "200 OK"
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_the_agents_endpoints_are_understood():
    """The https endpoint that forwards to our port is the one."""
    async with agent({"/api/endpoints": ENDPOINTS}) as api:
        assert await find_public_url(api, 8000) == "https://parley.ngrok.example"
        assert await find_public_url(api, 3000) == "https://other.ngrok.example"
        assert await find_public_url(api, 9000) is None
        assert await find_public_url(api) == "https://other.ngrok.example"


@pytest.mark.parametrize("upstream", ["8000", "localhost:8000", "127.0.0.1:8000", "http://[::1]:8000"])
async def test_every_form_of_upstream_is_understood(upstream):
    """ngrok takes a port, a host with a port, or an address."""
    page = {"endpoints": [{"url": "https://p.ngrok.example", "upstream": {"url": upstream}}]}
    async with agent({"/api/endpoints": page}) as api:
        assert await find_public_url(api, 8000) == "https://p.ngrok.example"


@pytest.mark.parametrize("upstream", ["8001", "192.168.1.9:8000", "http://127.0.0.1:99999", "", "x"])
async def test_what_leads_elsewhere_is_not_ours(upstream):
    """An endpoint to another port or another machine is not taken."""
    page = {"endpoints": [{"url": "https://p.ngrok.example", "upstream": {"url": upstream}}]}
    async with agent({"/api/endpoints": page}) as api:
        assert await find_public_url(api, 8000) is None


async def test_an_older_agent_is_understood():
    """An agent that knows only of tunnels is asked for those, and https is preferred."""
    async with agent({"/api/tunnels": TUNNELS}) as api:
        assert await find_public_url(api, 8000) == "https://p.ngrok.example"


@pytest.mark.parametrize("page", ["not json", [], {}, {"endpoints": None}, {"endpoints": [1, {"url": 5}]}, None])
async def test_odd_answers_are_no_address(page):
    """Whatever answers on that port, the result is an address or none."""
    async with agent({"/api/endpoints": page, "/api/tunnels": page}) as api:
        assert await find_public_url(api, 8000) is None


async def test_no_agent_is_no_address():
    """Nothing listening there is an answer, not an error."""
    async with agent({}) as api:
        pass
    assert await find_public_url(api, 8000) is None


def test_the_configuration_is_of_version_three_and_holds_no_token():
    """ngrok.yml leads to our default port, records no traffic and carries no secret."""
    text = (Path(__file__).parent.parent / "ngrok.yml").read_text()
    config = yaml.safe_load(text)
    assert config["version"] == 3
    assert set(config["agent"]) == {"inspect_db_size"}
    assert config["agent"]["inspect_db_size"] == -1
    (endpoint,) = config["endpoints"]
    defaults = Settings()
    assert endpoint["upstream"] == {"url": f"http://{defaults.host}:{defaults.port}", "protocol": "http1"}
    assert "authtoken" not in config["agent"]
