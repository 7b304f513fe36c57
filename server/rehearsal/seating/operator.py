"""What an operator does with the backend's own API: sends a bot, looks how it is, takes it out."""

from __future__ import annotations

from typing import Any

import httpx

from server.errors import RehearsalError


class Operator:
    """Calls to `/api/bots` of one backend."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=60.0, trust_env=False)

    async def join(self, **wish: Any) -> dict[str, Any]:
        """`POST /api/bots`."""
        return await self._ask("POST", "/api/bots", wish)

    async def view(self, bot: str) -> dict[str, Any]:
        """`GET /api/bots/{id}`."""
        return await self._ask("GET", f"/api/bots/{bot}")

    async def leave(self, bot: str) -> dict[str, Any]:
        """`POST /api/bots/{id}/leave`."""
        return await self._ask("POST", f"/api/bots/{bot}/leave")

    async def close(self) -> None:
        await self._http.aclose()

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Raises RehearsalError with the backend's own words."""
        try:
            answer = await self._http.request(method, path, json=body)
            content = answer.json()
        except (httpx.HTTPError, ValueError):
            raise RehearsalError("the backend's API did not answer: see backend.log in the output") from None
        if answer.status_code >= 400 or not isinstance(content, dict):
            fields = "; ".join(f"{each['field']}: {each['problem']}" for each in content.get("fields", []))
            words = str(content.get("message", f"status {answer.status_code}"))
            advice = str(content.get("advice", ""))
            raise RehearsalError(f"the backend refused: {'. '.join(filter(None, (words, fields, advice)))}")
        return content
