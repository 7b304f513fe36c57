"""Somebody who has no secret tries to tell our side that its bot is gone."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import httpx

from server.errors import RehearsalError
from server.rehearsal.hosts.clocks import Clocks, iso
from server.rehearsal.hosts.recall_messages import status_message
from server.rehearsal.hosts.signing import BodySigner, Signer, new_id


async def forged_status(url: str, bot: str) -> int:
    """A status webhook as Recall.ai's, signed with a made-up secret: the HTTP status that it gets."""
    clocks = Clocks()
    message = status_message(
        "fatal",
        "bot_errored",
        iso(clocks.wall(), "+00:00"),
        bot={"id": bot, "metadata": {}},
        recording=None,
        generation="v1.11",
    )
    body = json.dumps(message).encode()
    secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
    return await _post(url, body, Signer([secret], clocks).headers(body, new_id()))


async def forged_callback(url: str, message: Mapping[str, Any]) -> int:
    """A callback as MeetStream's, signed with a made-up secret: the HTTP status that it gets."""
    body = json.dumps(message).encode()
    return await _post(url, body, BodySigner(secrets.token_hex(16), Clocks()).headers(body))


async def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    async with httpx.AsyncClient(timeout=15.0, trust_env=False) as client:
        try:
            answer = await client.post(url, content=body, headers={"Content-Type": "application/json", **headers})
        except httpx.HTTPError:
            raise RehearsalError("the backend did not answer a webhook: see backend.log in the output") from None
        return answer.status_code
