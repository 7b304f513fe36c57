"""What the voices of many meetings cost: `python -m bench.audio [--meetings 20] [--people 10] [--seconds 15]`.

Each person of each meeting sends 16 kHz PCM fifty times a second, a meeting's voices through one websocket, as from
Recall.ai. The receiver reads them as the product does; with `--vad` it hears who speaks (one in ten does, the others
send zeros), with `--record` it writes a file for each person. Beside it a bare receiver that only counts bytes.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.video import Child, Stream, message, run, serve
from server.ears.base import EarStream
from server.ears.vad import VadEars
from server.hosts.base import Person, Picture, Source
from server.media.pcm import from_float
from server.media.recorder import Limits, Recorder

#: Samples of a frame of 20 ms.
FRAME = 320


class Ears:
    """A sink that hears and records; one for all meetings, so people are told apart by id."""

    def __init__(self, vad: bool, folder: Path | None) -> None:
        self._vad = VadEars(4) if vad else None
        self._folder = folder
        self._streams: dict[str, EarStream] = {}
        self._recorders: dict[str, Recorder] = {}
        self.samples = 0
        self.edges = 0
        self.odd = 0

    def tell(self, event: Any) -> None: ...
    def see(self, picture: Picture) -> None: ...
    def change(self, change: Any) -> None: ...
    def blind(self, person: Person | None, source: Source) -> None: ...

    def count(self, what: str) -> None:
        self.odd += 1

    def hear(self, pcm: bytes, person: Person | None = None, at: float | None = None) -> None:
        assert person is not None
        self.samples += len(pcm) // 2
        if self._vad is not None:
            stream = self._streams.get(person.id)
            if stream is None:
                stream = self._streams[person.id] = self._vad.stream(self._edge)
            stream.feed(pcm)
        if self._folder is not None:
            meeting = person.id[:-2]
            recorder = self._recorders.get(meeting)
            if recorder is None:
                recorder = self._recorders[meeting] = Recorder(self._folder, f"meeting-{meeting}", Limits(floor=0))
            recorder.hear(pcm, person.id)

    def _edge(self, edge: object) -> None:
        self.edges += 1

    def told(self) -> dict[str, Any]:
        return {
            "samples": self.samples,
            "edges": self.edges,
            "odd": self.odd,
            "written": sum(recorder.written for recorder in self._recorders.values()),
            "lost": sum(sum(recorder.counts.values()) for recorder in self._recorders.values()),
        }


def voices(meetings: int, people: int) -> list[Stream]:
    """One speaks in each meeting, the others are silent."""
    noise = from_float(np.random.default_rng(1).normal(0, 0.1, 25 * FRAME))
    streams = []
    for meeting in range(meetings):
        for person in range(people):
            pcm = noise if person == 0 else bytes(len(noise))
            frames = [pcm[at : at + 2 * FRAME] for at in range(0, len(pcm), 2 * FRAME)]
            who = 100 * (meeting + 1) + person
            texts = [message("audio_separate_raw.data", who, each) for each in frames]
            streams.append(Stream(texts, 0.02, meeting))
    return streams


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the voices of many meetings cost.")
    parser.add_argument("--meetings", type=int, default=20)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--vad", action="store_true", help="hear who speaks")
    parser.add_argument("--record", action="store_true", help="write a file for each person")
    parser.add_argument("--serve", choices=("bare", "ears"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(Ears(options.vad, options.folder) if options.serve == "ears" else None)
        return
    streams = voices(options.meetings, options.people)
    print(f"{options.meetings} meetings of {options.people} people, 50 frames/s each")
    with tempfile.TemporaryDirectory() as folder:
        more = (["--vad"] if options.vad else []) + (["--folder", folder] if options.record else [])
        children = [Child("bench.audio", *more, "--serve", kind) for kind in ("bare", "ears")]
        try:
            shares = []
            for name, child in zip(("bare", "ears"), children, strict=True):
                share, told = run(child, f"  {name}", streams, options.seconds)
                shares.append(share)
            print(
                f"  ratio {shares[1] / shares[0]:.2f}; heard {told['samples'] / 16_000:.0f} s of sound, "
                f"{told['edges']} edges of speech, {told['written'] / 1e6:.1f} MB written, "
                f"lost {told['lost']}, odd {told['odd']}"
            )
        finally:
            for child in children:
                child.end()


if __name__ == "__main__":
    main()
