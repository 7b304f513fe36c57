"""python -m bench.latency [--quick] [--json]: what the backend adds to a turn and to a core, beside a bare relay."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.latency import parts
from bench.latency.lab import Lab
from bench.latency.parts import Overhead, Step, Stops, at


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run everything that was asked for; print as it comes unless JSON was asked for."""
    say = (lambda *_: None) if options.json else print
    result: dict[str, Any] = {"loop": options.loop, "http": options.http}
    with (
        tempfile.TemporaryDirectory(prefix="parley-bench-") as folder,
        Lab(Path(folder), loop=options.loop, http=options.http) as lab,
    ):
        if "overhead" in options.only:
            relay, parley = lab.subject("relay"), lab.subject("parley")
            found = parts.overhead(lab, relay, parley, blocks=options.blocks, turns=options.turns)
            result["overhead"] = _overhead(found)
            say(_overhead_lines(result["overhead"]))
            lab.retire(relay)
            lab.retire(parley)
        if "load" in options.only:
            subjects = [lab.subject("relay"), lab.subject("parley")]
            steps = parts.climb(lab, subjects, options.steps, options.seconds)
            result["load"] = _load(steps)
            say(_load_lines(steps, result["load"]))
            for subject in subjects:
                lab.retire(subject)
        if "vad" in options.only:
            sound = Path(folder) / "speech.pcm"
            sound.write_bytes(_speech())
            vad = lab.subject("parley", env={"PARLEY_VAD": "auto"}, sound=str(sound))
            off = lab.subject("parley", sound=str(sound))
            lab.set_times(**parts.REAL)
            one, other = (parts.step(lab, each, options.vad_sessions, options.seconds) for each in (off, vad))
            result["vad"] = {"sessions": options.vad_sessions, "off": asdict(one), "auto": asdict(other)}
            say(_vad_lines(one, other))
            lab.retire(vad)
            lab.retire(off)
        if "stop" in options.only:
            subject = lab.subject("parley", stamp=True)
            result["stop"] = []
            for sessions in options.stop_sessions:
                stops = parts.stops(lab, subject, sessions, options.seconds)
                result["stop"].append(_stops(stops))
                say(_stop_lines(result["stop"][-1]))
    return result


def _overhead(found: Overhead) -> dict[str, Any]:
    return {
        "turns": len(found.parley),
        "relay": {"p50": at(found.relay, 0.5), "p95": at(found.relay, 0.95)},
        "parley": {"p50": at(found.parley, 0.5), "p95": at(found.parley, 0.95)},
        "cpu": found.cpu,
        "waited": found.waited,
        "ratio": {
            "cpu": found.cpu["parley"] / max(1e-9, found.cpu["relay"]),
            "p50": at(found.parley, 0.5) / max(1e-9, at(found.relay, 0.5)),
            "p95": at(found.parley, 0.95) / max(1e-9, at(found.relay, 0.95)),
        },
    }


def _overhead_lines(found: dict[str, Any]) -> str:
    relay, parley, ratio = found["relay"], found["parley"], found["ratio"]
    return (
        f"\nOverhead of one turn, one session, {found['turns']} turns (ms beyond the providers' own time)\n"
        f"          {'p50':>7} {'p95':>7} {'cpu':>7} {'waited':>7}   cpu: of the server per turn; waited: for a core\n"
        f"  relay   {relay['p50']:7.1f} {relay['p95']:7.1f} {found['cpu']['relay']:7.1f}"
        f" {found['waited']['relay']:7.1f}\n"
        f"  parley  {parley['p50']:7.1f} {parley['p95']:7.1f} {found['cpu']['parley']:7.1f}"
        f" {found['waited']['parley']:7.1f}\n"
        f"  ratio   {ratio['p50']:7.2f} {ratio['p95']:7.2f} {ratio['cpu']:7.2f}   (reach: 2 and 2)"
    )


def _load(steps: list[Step]) -> dict[str, Any]:
    ours = [one for one in steps if one.kind == "parley"]
    theirs = [one for one in steps if one.kind == "relay"]
    cpu = {
        one.sessions: one.cpu / other.cpu
        for one in ours
        for other in theirs
        if other.sessions == one.sessions and other.cpu
    }
    return {
        "steps": [{**asdict(one), "over": one.over, "disturbed": one.disturbed} for one in steps],
        "sessions_per_core": {
            "parley": max((one.sessions for one in ours if not one.over), default=0),
            "relay": max((one.sessions for one in theirs if not one.over), default=0),
        },
        "by_processor": {"parley": parts.by_processor(ours), "relay": parts.by_processor(theirs)},
        "cpu_ratio": cpu,
        "mb_per_session": {"parley": parts.per_session_mb(ours), "relay": parts.per_session_mb(theirs)},
        "longest_block_ms": max((one.block_cpu for one in ours), default=0.0),
        "longest_gc_ms": max((one.gc for one in ours), default=0.0),
    }


def _load_lines(steps: list[Step], load: dict[str, Any]) -> str:
    lines = [
        "\nLoad on one core: 20 ms sound frames, a turn every 15 s; cpu in ms per session and second, times in ms",
        f"  {'':8}{'sessions':>8}{'turns':>6}{'p50':>7}{'p95':>7}{'cpu':>6}{'ratio':>6}{'core':>6}{'RSS':>7}"
        f"{'frame':>7}{'worst':>7}{'lag99':>6}{'lagmax':>7}{'block':>6}{'gc':>6}{'pages':>6}{'waited':>7}",
    ]
    for one in steps:
        ratio = load["cpu_ratio"].get(one.sessions) if one.kind == "parley" else None
        lines.append(
            f"  {one.kind:8}{one.sessions:8}{one.turns:6}{one.p50:7.1f}{one.p95:7.1f}{one.cpu:6.2f}"
            f"{f'{ratio:.2f}' if ratio else '':>6}{one.core:5.0f}%{one.rss_mb:5.0f}MB{one.trip_p95:7.1f}"
            f"{one.trip_max:7.1f}{one.lag_p99:6.1f}{one.lag_max:7.1f}{one.block_cpu:6.1f}{one.gc:6.1f}"
            f"{one.own_late:6.0f}{one.waited:6.0f}%{'  over' if one.over else ''}"
            f"{' (disturbed)' if one.disturbed else ''}"
            f"{f'  {one.unanswered} unanswered' if one.unanswered else ''}"
            f"{f'  in {one.block_in}' if one.block_cpu > 20 else ''}"
        )
    carried, memory = load["sessions_per_core"], load["mb_per_session"]
    lines += [
        f"  sessions per core within the limits: parley {carried['parley']}, relay {carried['relay']} (of the steps "
        f"above); by processor time: parley {load['by_processor']['parley']}, relay {load['by_processor']['relay']}",
        f"  memory per session: parley {memory['parley']:.2f} MB, relay {memory['relay']:.2f} MB (reach: 2)",
        f"  longest callback: {load['longest_block_ms']:.1f} ms of processor (reach: 20); "
        f"longest collection {load['longest_gc_ms']:.1f} ms",
    ]
    return "\n".join(lines)


def _vad_lines(off: Step, vad: Step) -> str:
    return (
        f"\nVoice activity on speech, {off.sessions} sessions: {vad.cpu:.2f} ms of processor per session and second, "
        f"{off.cpu:.2f} without ({vad.cpu - off.cpu:+.2f}); RSS {vad.rss_mb:.0f} MB, {off.rss_mb:.0f} without; "
        f"worst frame {vad.trip_max:.0f} ms, longest callback {vad.block_cpu:.1f} ms"
    )


def _stops(found: Stops) -> dict[str, Any]:
    return {
        "sessions": found.sessions, "stops": found.stops, "missed": found.missed, "stale": found.stale,
        "inside": {"p50": at(found.inside, 0.5), "p95": at(found.inside, 0.95), "max": max(found.inside, default=0)},
        "outside": {"p50": at(found.outside, 0.5), "p95": at(found.outside, 0.95)},
    }  # fmt: skip


def _stop_lines(found: dict[str, Any]) -> str:
    inside, outside = found["inside"], found["outside"]
    return (
        f"\nStop word to flush, {found['sessions']} sessions, {found['stops']} stops ({found['missed']} missed): "
        f"inside the server p50 {inside['p50']:.2f}, p95 {inside['p95']:.2f}, max {inside['max']:.2f} ms (reach: 1); "
        f"at the page, less a round trip, p50 {outside['p50']:.2f}, p95 {outside['p95']:.2f} ms; "
        f"stale sound after it: {found['stale']} frames"
    )


def _speech() -> bytes:
    """Half a minute of meeting sound, 16 kHz: the embedded voice speaking, with pauses as long as the speech."""
    import asyncio

    from server.media.pcm import resample
    from server.voices.espeak import EspeakVoice

    async def speak() -> bytes:
        voice = EspeakVoice()
        out = b""
        try:
            for line in ("We looked at the numbers again and they are fine.", "Let us move the review to Thursday."):
                said = b"".join([sound.pcm async for sound in voice.speak(line)])
                pcm = resample(said, 24_000, 16_000)
                out += pcm + bytes(len(pcm))
        finally:
            await voice.close()
        return out[: len(out) // 640 * 640]

    return asyncio.run(speak())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--quick", action="store_true", help="a smoke test, under a minute")
    parser.add_argument("--only", nargs="+", default=["overhead", "load", "vad", "stop"])
    parser.add_argument("--steps", nargs="+", type=int, default=None, help="sessions of each step")
    parser.add_argument("--seconds", type=float, default=None, help="of each step")
    parser.add_argument("--turns", type=int, default=25, help="turns of a block of the overhead")
    parser.add_argument("--blocks", type=int, default=None, help="blocks of turns on each server")
    parser.add_argument("--vad-sessions", type=int, default=None)
    parser.add_argument("--stop-sessions", nargs="+", type=int, default=None)
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio", help="event loop of both servers")
    parser.add_argument("--http", choices=("aiohttp", "httpx2"), default="aiohttp", help="transport of Parley's client")
    options = parser.parse_args()
    quick = options.quick
    options.steps = options.steps or ([2, 10] if quick else [10, 50, 100, 150, 200])
    options.seconds = options.seconds or (4.0 if quick else 10.0)
    options.blocks = options.blocks or (1 if quick else 4)
    options.vad_sessions = options.vad_sessions or (5 if quick else 50)
    options.stop_sessions = options.stop_sessions or ([5] if quick else [10, 50])
    began = time.monotonic()
    result = measure(options)
    result["took_seconds"] = round(time.monotonic() - began, 1)
    if options.json:
        print(json.dumps(result))
    else:
        print(f"\n{result['took_seconds']:.0f} s")


if __name__ == "__main__":
    main()
