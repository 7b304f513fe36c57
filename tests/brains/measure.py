"""Speed of the brains, printed. Nothing here is asserted.

python -m tests.brains.measure client      50 streams at once: cost per chunk over httpx2 and aiohttp
python -m tests.brains.measure embedded    time to the first word; PARLEY_REAL_DATA names the meetings
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from functools import partial
from pathlib import Path

from server.brains.base import BrainRequest, ChatMessage, TextDelta
from server.brains.embedded import EmbeddedBrain
from server.brains.openai_chat import OpenAIChatBrain
from server.brains.openai_client import make_client
from server.core.memory import Memory
from server.core.transcript import Turn

PORT = 8197
WORDS = 60


def request(**more: object) -> BrainRequest:
    """A small prompt."""
    messages = (ChatMessage("system", "You are Parley."), ChatMessage("user", "Ana: how are you?"))
    return BrainRequest(**({"reply": 1, "agent_name": "Parley", "question": "?", "asker": "Ana", "now": 1.0,
                            "messages": messages} | more))  # type: ignore[arg-type]  # fmt: skip


async def _stream(brain: OpenAIChatBrain, late: list[float], wait: float = 0.0) -> int:
    await asyncio.sleep(wait)
    begun = time.perf_counter()
    chunks = 0
    async for event in brain.reply(request()):
        if isinstance(event, TextDelta):
            if not chunks:
                late.append(time.perf_counter() - begun)
            chunks += 1
    return chunks


async def _bare(client: object, late: list[float], wait: float = 0.0) -> int:
    """The client's own way, for comparison."""
    await asyncio.sleep(wait)
    begun = time.perf_counter()
    chunks = 0
    stream = await client.chat.completions.create(  # type: ignore[attr-defined]
        model="m", messages=[{"role": "user", "content": "hi"}], stream=True
    )
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            if not chunks:
                late.append(time.perf_counter() - begun)
            chunks += 1
    return chunks


async def client(streams: int) -> None:
    """Cost of streaming, with the server in a process of its own."""
    options = ("--port", str(PORT), "--first", "0.3", "--rate", "30", "--words", str(WORDS))
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.standins.chat", *options)
    try:
        await asyncio.sleep(3)
        for fast in (False, True):
            made = make_client(f"http://127.0.0.1:{PORT}/v1", fast=fast)
            brain = OpenAIChatBrain(made, "m", hedge_after=None)
            for name, run in (("ours", partial(_stream, brain)), ("create()", partial(_bare, made))):
                await asyncio.gather(*(run([]) for _ in range(streams)))  # warm: connections are open
                late: list[float] = []
                worst, watch = [0.0], asyncio.create_task(_lag())
                cpu = time.process_time()
                chunks = sum(await asyncio.gather(*(run(late, at * 2.0 / streams) for at in range(streams))))
                cpu = time.process_time() - cpu
                watch.cancel()
                worst = await watch
                first = statistics.quantiles(late, n=20)
                transport = "aiohttp" if fast else "httpx2"
                print(
                    f"{transport:8} {name:9} {streams} streams: {cpu / chunks * 1e6:5.0f} us of CPU a chunk, "
                    f"first token p50 {statistics.median(late) * 1e3:.0f} p95 {first[18] * 1e3:.0f} ms, "
                    f"loop lag p95 {worst[0] * 1e3:.1f} ms"
                )
            await brain.close()
            await made.close()
    finally:
        server.terminate()
        await server.wait()


async def _lag() -> list[float]:
    """How late the loop wakes a 10 ms sleeper: [p95] in seconds."""
    late: list[float] = []
    try:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.01)
            late.append(time.perf_counter() - begun - 0.01)
    except asyncio.CancelledError:
        return [statistics.quantiles(late, n=20)[18]] if len(late) > 2 else [0.0]


async def embedded() -> None:
    """First word and longest hold of the loop, cold and warm, for each real meeting, as CPU time."""
    folder = Path(os.environ["PARLEY_REAL_DATA"]) / "meetings"
    kinds = (
        "what was said about the equipment?",
        "what did we decide?",
        "action items?",
        "open questions?",
        "summarize",
        "who talked most?",
        "why?",
    )
    for path in sorted(folder.glob("*.json")):
        meeting = json.loads(path.read_text())
        turns = [
            Turn(turn["i"], turn["speaker"], turn["text"], turn["start"], turn["end"])
            for turn in meeting["turns"]
            if turn.get("start") is not None
        ]
        memory = Memory(turns)
        print(f"{path.stem}: {len(turns)} turns (first word ms / whole reply ms / longest hold ms)")
        for question in kinds:
            evidence = tuple(found.turn for found in memory.find(question))
            asked = request(question=question, turns=turns, evidence=evidence, now=turns[-1].end + 5)
            brain = EmbeddedBrain()
            figures = [await _timed(brain, asked), await _timed(brain, asked)]
            print(f"  {question:36} cold {figures[0]}   warm {figures[1]}")


async def _timed(brain: EmbeddedBrain, asked: BrainRequest) -> str:
    holds: list[float] = []
    begun = time.thread_time()
    first = 0.0

    async def run() -> None:
        nonlocal first
        async for event in brain.reply(asked):
            if isinstance(event, TextDelta) and not first:
                first = time.thread_time() - begun

    coroutine = run()
    while True:
        step = time.thread_time()
        try:
            coroutine.send(None)
        except StopIteration:
            holds.append(time.thread_time() - step)
            break
        holds.append(time.thread_time() - step)
    whole = time.thread_time() - begun
    return f"{first * 1e3:5.1f} / {whole * 1e3:5.1f} / {max(holds) * 1e3:5.1f}"


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "client":
        asyncio.run(client(int(sys.argv[2]) if len(sys.argv) > 2 else 50))
    elif what == "embedded":
        asyncio.run(embedded())
    else:
        print(__doc__)
