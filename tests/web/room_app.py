"""A tiny application around the rehearsal room: a voice of tones and an agent that follows a script.

The room, the meeting, the sockets and the page are the real ones. `python -m tests.web.room_app PORT` serves.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from server.rehearsal.meeting import Meeting, MeetingEvent
from server.rehearsal.room import Room
from server.rehearsal.room_registry import Rooms
from server.voices.base import SAMPLE_RATE, Sound, WordMark
from server.web.headers import policy
from server.web.room_socket import routes

ROOT = Path(__file__).parents[2]

#: In place of the agent's page: it takes the microphone and the transcript as that one does.
AGENT_PAGE = """<!doctype html><title>agent</title><link rel="stylesheet" href="/agent.css">
<script src="/static/rehearsal/stand-in.js"></script><script type="module" src="/agent.js"></script>
<p id="said">Parley</p>"""
AGENT_STYLE = """
body { margin: 0; height: 720px; display: grid; place-items: center; font: 64px sans-serif;
       background: #101b1a; color: #f5f0e6 }
"""
AGENT_SCRIPT = """
window.heard = { samples: 0, loud: 0, rate: 0, chunks: 0, peak: 0 };
window.lines = [];
const feed = new URL(new URLSearchParams(location.search).get("feed"), location.href);
feed.protocol = "ws:";
new WebSocket(feed).onmessage = ({ data }) => {
  const { transcript } = JSON.parse(data);
  const text = transcript.words.map((word) => word.text).join(" ");
  window.lines.push({ speaker: transcript.speaker, text, final: transcript.is_final });
  document.getElementById("said").textContent = text;
};
const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false } });
const reader = new MediaStreamTrackProcessor({ track: stream.getAudioTracks()[0] }).readable.getReader();
for (;;) {
  const { value, done } = await reader.read();
  if (done) break;
  const samples = new Float32Array(value.numberOfFrames);
  value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
  window.heard.rate = value.sampleRate;
  window.heard.chunks += 1;
  window.heard.samples += samples.length;
  for (const x of samples) {
    if (Math.abs(x) > 0.02) window.heard.loud += 1;
    window.heard.peak = Math.max(window.heard.peak, Math.abs(x));
  }
  value.close();
}
"""


class TonesVoice:
    """A voice that hums: 0.2 seconds for each word, at a pitch that the speaker's name decides."""

    name = "tones"

    async def speak(self, text: str, *, voice: str = "", language: str = "en") -> AsyncIterator[Sound]:
        pitch = 200 + 40 * (sum(voice.encode()) % 10)
        at = 0
        for index, word in enumerate(text.split()):
            offset = text.index(word, at)
            at = offset + len(word)
            time_ = np.arange(SAMPLE_RATE // 5) / SAMPLE_RATE
            pcm = (np.sin(2 * np.pi * pitch * time_) * 8000).astype(np.int16)
            yield Sound(pcm.tobytes(), words=(WordMark(offset, len(word), index * SAMPLE_RATE // 5),))

    async def check(self) -> str:
        return "tones"

    async def close(self) -> None:
        pass


class ScriptedAgent:
    """Stands in for the agent's session: answers whoever says its name, keeps silent otherwise."""

    def __init__(self) -> None:
        self._observers: dict[str, list[Callable[[dict[str, Any]], None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0

    def observe(self, session: str, callback: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        self._observers.setdefault(session, []).append(callback)
        return lambda: self._observers[session].remove(callback)

    def tell(self, session: str, event: dict[str, Any]) -> None:
        for callback in list(self._observers.get(session, [])):
            callback(event)

    def hears(self, session: str, event: MeetingEvent) -> None:
        if event.kind == "ended" and event.line is not None and not event.line.cut:
            task = asyncio.create_task(self._answer(session, event.line.person.name, event.line.text))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, session: str, speaker: str, text: str) -> None:
        self._count += 1
        number = str(self._count)
        line = {"type": "line", "id": number, "speaker": speaker, "text": text, "final": True, "agent": False}
        self.tell(session, line)
        if "parley" not in text.lower():
            why = {"verdict": "silent", "reason": "not-called", "words": "nobody called its name"}
            self.tell(session, {"type": "decision", **why, "reply": 0, "latency_ms": None})
            return
        why = {"verdict": "reply", "reason": "called", "words": "its name was called", "reply": self._count}
        self.tell(session, {"type": "decision", **why, "latency_ms": 640})
        self.tell(session, {"type": "state", "state": "speaking"})
        answer = "I am Parley, an AI. I listen to this meeting and answer when somebody calls my name."
        line = {"type": "line", "id": f"r{number}", "speaker": "Parley", "text": answer, "agent": True}
        self.tell(session, {**line, "final": False})
        await asyncio.sleep(1.5)
        self.tell(session, {**line, "final": True})
        self.tell(session, {"type": "state", "state": "listening"})


def build(
    *,
    voice: Any = None,
    grace: float = 60.0,
    limit: int = 8,
    authorise: Callable[[Any], bool] = lambda _: True,
) -> Starlette:
    """The application. `app.state.rooms` and `app.state.agent` are there for tests to look at."""
    agent = ScriptedAgent()
    speaks = voice or TonesVoice()
    count = 0

    async def make_room() -> Room:
        nonlocal count
        count += 1
        session = f"session-{count}"
        meeting = Meeting(speaks, clock=time.monotonic, bot_id="rehearsal")
        meeting.listen(lambda event: agent.hears(session, event))
        return Room(meeting, session)

    rooms = Rooms(make_room, limit=limit, grace=grace)
    templates = Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=True)

    def page(session: str) -> str:
        room = rooms.of_session(session)
        assert room is not None
        return f"/rehearsal/agent/?t=token&feed={room.transcript_path}"

    async def start(request: Request) -> Response:
        html = templates.get_template("rehearsal.html").render(console_url="/console")
        return HTMLResponse(html, headers={"Content-Security-Policy": policy(request.headers["host"], (), frames=True)})

    async def agent_page(request: Request) -> Response:
        headers = {"Content-Security-Policy": policy(request.headers["host"], (), frames=False)}
        return HTMLResponse(AGENT_PAGE, headers=headers)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await rooms.close()

    app = Starlette(
        routes=[
            Route("/", start),
            Route("/api/bots", lambda _: JSONResponse({"bots": [], "hosts": [], "reachable": False})),
            Route("/rehearsal/agent/", agent_page),
            Route("/agent.js", lambda _: Response(AGENT_SCRIPT, media_type="text/javascript")),
            Route("/agent.css", lambda _: Response(AGENT_STYLE, media_type="text/css")),
            *routes(rooms, observe=agent.observe, authorise=authorise, page_url=page),
            Mount("/static", StaticFiles(directory=ROOT / "static")),
        ],
        lifespan=lifespan,
    )
    app.state.rooms, app.state.agent = rooms, agent
    return app


if __name__ == "__main__":
    import uvicorn

    from server.voices.espeak import EspeakVoice

    uvicorn.run(build(voice=EspeakVoice()), port=int(sys.argv[1]), log_level="warning")
