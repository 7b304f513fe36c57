"""What a vendor's API answers, and the answers a test has scripted for it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. A string body is HTML, None is no body at all, everything else is JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        if self.body is None:
            return Response(status_code=self.status, headers=dict(self.headers))
        if isinstance(self.body, str):
            return Response(self.body, self.status, dict(self.headers), media_type="text/html")
        return Response(json.dumps(self.body), self.status, dict(self.headers), media_type="application/json")


class Refusal(Exception):
    """Answers a request from wherever it was found wanting."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


@dataclass(slots=True)
class Scripted:
    """An answer to come, by name, for requests whose `METHOD /path` the pattern `on` is found in.

    `retry_after` replaces what its header of that name usually says.
    """

    name: str
    on: str = ""
    times: int = 1
    retry_after: str = ""

    def dress(self, answer: Answer) -> Answer:
        if not self.retry_after:
            return answer
        return replace(answer, headers={**answer.headers, "Retry-After": self.retry_after})


#: Nothing is scripted: the request is answered as it deserves.
NOTHING = Scripted("")


class Script:
    """Answers to come, by name. The service knows what the names mean."""

    def __init__(self) -> None:
        self._lines: list[Scripted] = []

    def add(self, line: Scripted) -> None:
        """The next `times` requests that it is for get this."""
        self._lines.append(line)

    def take(self, request: str) -> Scripted:
        """What the script has for this request, or NOTHING."""
        for line in self._lines:
            if re.search(line.on, request):
                line.times -= 1
                if line.times <= 0:
                    self._lines.remove(line)
                return line
        return NOTHING


class LostAnswer(Response):
    """Begins to answer and breaks the connection: the client cannot know what became of its request."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # A body shorter than its length is announced: the server drops the connection.
        headers = [(b"content-type", b"application/json"), (b"content-length", b"999")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
