"""A backend of one page, to try the stage on: `python tiny_backend.py`, settings as for the real one.

Its page has the strict policy of the real one, opens the transcript socket, listens to the microphone and beeps. The
backend beeps when a final has its name in front ("Parley, ..."), stops at "Parley, stop.", and keeps a tape.
`/beep` beeps with a flash, `/heard` gives what the microphone heard, `/said` the transcript.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.store.tape import SqliteTape
from server.web.access import check

PAGE = """<!doctype html><title>tiny</title><link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script><main data-stage="alone"><p id="log">waiting</p></main>"""
CSS = "body{margin:0;background:#101418;color:#fff;font:48px sans-serif}body.flash{background:#fff}"
SCRIPT = """
const backend = new WebSocket(`ws://${location.host}/ws${location.search}`);
backend.binaryType = "arraybuffer";
await new Promise((done) => (backend.onopen = done));
const tell = (what) => backend.send(JSON.stringify(what));
const feed = new WebSocket("wss://meeting-data.bot.recall.ai/api/v1/transcript");
feed.onmessage = ({ data }) => tell({ transcript: JSON.parse(data) });
feed.onopen = () => tell({ feed: true });

const stream = await navigator.mediaDevices.getUserMedia({
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
const track = stream.getAudioTracks()[0];
const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
(async () => {
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const samples = new Float32Array(value.numberOfFrames);
    value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
    const frame = new Float32Array(samples.length + 1);
    frame[0] = value.sampleRate;
    frame.set(samples, 1);
    value.close();
    backend.send(frame.buffer);
  }
})();

const context = new AudioContext({ sampleRate: 24000 });
const out = new GainNode(context);
out.connect(context.destination);
const state = { agent: "listening", reply: 0, paused: false };
window.parley = Object.freeze({ get state() { return { ...state }; }, events: [] });
let tone = null;
backend.onmessage = async ({ data }) => {
  const { beep, seconds, flash, reply } = JSON.parse(data);
  if (beep === 0) return tone?.stop();
  await context.resume();
  Object.assign(state, { agent: "speaking", reply });
  const began = context.currentTime;
  tone = new OscillatorNode(context, { frequency: beep });
  tone.connect(out);
  tone.start();
  tone.stop(context.currentTime + seconds);
  if (flash) document.body.classList.add("flash");
  document.getElementById("log").textContent = `beep ${reply}`;
  tone.onended = async () => {
    document.body.classList.remove("flash");
    Object.assign(state, { agent: "listening", reply: 0 });
    tell({ over: reply, played: context.currentTime - began });
    await context.suspend();
  };
};
"""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; "
    "connect-src 'self' ws://{host} wss://meeting-data.bot.recall.ai"
)
#: Seconds of one reply.
REPLY = 2.5


class Tiny:
    """Who is connected, what they heard, and the decisions."""

    def __init__(self) -> None:
        self.page: WebSocket | None = None
        self.pcm = bytearray()
        self.rate = 0
        self.transcripts: list[dict] = []
        self.connected = False
        self.replies: dict[int, dict] = {}
        self.tape = SqliteTape(Path(os.environ["PARLEY_TAPE"]))
        self.session = ""
        self.began = time.monotonic()

    async def socket(self, ws: WebSocket) -> None:
        await ws.accept()
        self.page = ws
        if token := ws.query_params.get("t"):
            self.session = check(os.environ["PARLEY_SECRET"], token)
            self.tape.open_session(self.session)
        while (message := await ws.receive())["type"] != "websocket.disconnect":
            if message.get("bytes"):
                data = np.frombuffer(message["bytes"], np.float32)
                self.rate = int(data[0])
                self.pcm += data[1:].tobytes()
            else:
                await self.told(json.loads(message["text"]))

    async def told(self, what: dict) -> None:
        self.connected = self.connected or bool(what.get("feed"))
        if "over" in what and (record := self.replies.get(what["over"])):
            complete = what["played"] > REPLY - 0.2
            record |= {"outcome": "complete" if complete else "interrupted"}
            record["heard"] = record["planned"] if complete else "Beep"
            self.decide(record)
        if "transcript" not in what:
            return
        self.transcripts.append(what["transcript"])
        said = what["transcript"]["transcript"]
        if not said["is_final"]:
            return
        text = " ".join(word["text"] for word in said["words"])
        record = {"verdict": "silent", "reason": "not-called", "words": "nobody called its name"}
        record |= {"speaker": said["speaker"], "text": text, "reply": 0}
        if text == "Parley, stop.":
            await self.send(beep=0, seconds=0, reply=0)
            self.decide(record | {"verdict": "stop", "reason": "stop"})
        elif text.startswith("Parley,"):
            number = len(self.replies) + 1
            planned = f"Beep, you said: {text}"
            times = {"speech_end": self.now() - 0.2, "final": self.now(), "first_sound": self.now() + 0.01}
            self.replies[number] = record | {
                "verdict": "reply", "reason": "called", "reply": number, "planned": planned,
                "times": times, "brain": "tiny",
            }  # fmt: skip
            await self.send(beep=660, seconds=REPLY, reply=number)
        else:
            self.decide(record)

    def now(self) -> float:
        return time.monotonic() - self.began

    def decide(self, record: dict) -> None:
        self.tape.append(self.session, self.now(), "decision", record)

    async def send(self, **message: float) -> None:
        assert self.page is not None
        await self.page.send_json(message)

    async def beep(self, request: Request) -> Response:
        query = request.query_params
        await self.send(beep=float(query["beep"]), seconds=float(query["seconds"]), flash=1, reply=int(query["reply"]))
        return PlainTextResponse("ok")

    async def heard(self, request: Request) -> Response:
        return Response(bytes(self.pcm), headers={"x-rate": str(self.rate)})

    async def said(self, request: Request) -> Response:
        return JSONResponse({"transcripts": self.transcripts, "connected": self.connected})


def app(tiny: Tiny) -> Starlette:
    async def page(request: Request) -> Response:
        headers = {"Content-Security-Policy": POLICY.format(host=request.url.netloc)}
        return HTMLResponse(PAGE, headers=headers)

    async def script(request: Request) -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    async def style(request: Request) -> Response:
        return Response(CSS, media_type="text/css")

    async def ready(request: Request) -> Response:
        return PlainTextResponse("ready")

    return Starlette(
        routes=[
            Route("/readyz", ready),
            Route("/agent/", page),
            Route("/page.js", script),
            Route("/page.css", style),
            Route("/beep", tiny.beep),
            Route("/heard", tiny.heard),
            Route("/said", tiny.said),
            WebSocketRoute("/ws", tiny.socket),
        ]
    )


async def main() -> None:
    tiny = Tiny()
    site = app(tiny)
    server = uvicorn.Server(
        uvicorn.Config(site, host="127.0.0.1", port=int(os.environ["PARLEY_PORT"]), log_level="warning")
    )
    try:
        await server.serve()
    finally:
        await tiny.tape.close()


if __name__ == "__main__":
    asyncio.run(main())
