"""What comes in of a meeting that is recorded, made into pieces for the disk. On the event loop; touches no file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from server.media.annexb import EntryGate
from server.media.fmp4 import Fmp4Error, Part, Splitter
from server.media.pictures import MediaError, png_size
from server.media.pieces import AccessUnit, FilmPart, Line, Named, Piece, Shot, Voice
from server.media.timeline import Timeline
from server.media.tracks import LOOSE_SLACK
from server.media.wav import RATE

#: People, and sources of pictures, of one recording. Those beyond are left out and counted.
MOST_PEOPLE, MOST_SOURCES = 64, 96
#: Least seconds between two snapshots of one source.
PAUSE = 5.0
_MIXED = "mixed"
_SOURCES = ("webcam", "screenshare", "stage")
_LONGEST_LINE = 10_000
#: Bytes of the largest box of film.
_MOST_BOX = 16 << 20
#: Bytes of sound gathered to a piece (half a second, instead of fifty messages a second), and seconds after which sound
#: that nothing follows is a piece as well.
_GATHER, _SWEEP = RATE, 1.0
#: Seconds by which a message may be off by its host's time and still belongs to the same piece.
_SEAM = 0.02


@dataclass(slots=True)
class _Gathered:
    """Sound of one person on its way to a piece that is worth writing."""

    start: float
    stamped: bool
    data: bytearray = field(default_factory=bytearray)
    #: messages in it, and our clock at the last one
    messages: int = 0
    touched: float = 0.0

    def goes_on(self, start: float, stamped: bool) -> bool:
        """Whether sound that begins there follows without a seam that anybody should hear."""
        off = start - self.start - len(self.data) / 2 / RATE
        return stamped == self.stamped and (abs(off) <= _SEAM if stamped else off <= LOOSE_SLACK / RATE)


@dataclass(slots=True)
class _Source:
    """One source of pictures of one person."""

    gate: EntryGate = field(default_factory=EntryGate)
    #: None after bytes that are no MP4, until a stream begins
    splitter: Splitter | None = field(default_factory=lambda: Splitter(most=_MOST_BOX))
    init: bytes = b""
    #: number of the film's stream, 0 before the first
    stream: int = 0
    #: the stream's beginning is on its way to the disk
    begun: bool = False
    #: a fragment was dropped: nothing is of use before the next key frame
    lost: bool = False
    #: key frames are marked in this film
    keys: bool = False
    #: host time and hash of the last unit
    last: tuple[float, int] = (0.0, 0)
    #: second of the last snapshot
    shot: float = -PAUSE


class Intake:
    """Never waits, never raises. `counts` says what was left out, see `Recorder.counts`."""

    def __init__(self, put: Callable[[Piece], bool], counts: Counter[str], clock: Callable[[], float]) -> None:
        self._put = put
        self._counts = counts
        self._clock = clock
        self._timeline = Timeline(clock())
        self._people: dict[str, str] = {}
        self._heard: dict[str, float] = {}
        self._gathered: dict[str, _Gathered] = {}
        self._swept = 0.0
        self._sources: dict[tuple[str, str], _Source] = {}

    def person(self, person_id: str, name: str) -> None:
        """Somebody is called this."""
        if who := self._who(person_id):
            self._put(Named(who, person_id[:200], name[:200]))

    def hear(self, pcm: bytes, person_id: str, at: float | None) -> None:
        """Sound of one person, or of all ("")."""
        who = self._who(person_id)
        if not who:
            return
        if at is not None:
            if self._heard.get(who) == at:
                self._counts["same"] += 1
                return
            self._heard[who] = at
        pcm = pcm[: len(pcm) & ~1]
        now = self._clock()
        start = self._timeline.place(now, at, len(pcm) / 2 / RATE)
        gathered = self._gathered.get(who)
        if gathered is None or not gathered.goes_on(start, at is not None):
            self._release(who)
            gathered = self._gathered[who] = _Gathered(start, at is not None)
        gathered.data += pcm
        gathered.messages += 1
        gathered.touched = now
        if len(gathered.data) >= _GATHER:
            self._release(who)
        if now - self._swept >= _SWEEP:
            self._swept = now
            for each in [each for each, held in self._gathered.items() if now - held.touched >= _SWEEP]:
                self._release(each)

    def flush(self) -> None:
        """Nothing more comes: what was gathered is on its way."""
        for who in list(self._gathered):
            self._release(who)

    def _release(self, who: str) -> None:
        gathered = self._gathered.pop(who, None)
        if gathered is None or not gathered.data:
            return
        if not self._put(Voice(who, gathered.start, bytes(gathered.data), gathered.stamped)):
            self._counts["sound"] += gathered.messages

    def line(self, text: str) -> None:
        """A line of the transcript."""
        line = " ".join(text[:_LONGEST_LINE].split())
        if not self._put(Line(line.encode("utf-8", "replace") + b"\n")):
            self._counts["lines"] += 1

    def see(self, person_id: str, source: str, coding: str, data: bytes, at: float | None) -> None:
        """A picture or a stretch of film."""
        # It becomes part of a file's name, so it is one of these words whatever a host sends.
        source = source if source in _SOURCES else _SOURCES[0]
        who = self._who(person_id)
        known = self._source(who, source) if who else None
        if known is None:
            return
        second = self._timeline.place(self._clock(), at)
        match coding:
            case "png":
                self._shoot(who, source, known, second, data)
            case "h264":
                if at is not None and known.last == (at, hash(data)):
                    self._counts["same"] += 1
                    return
                known.last = (at or 0.0, hash(data))
                self._unit(who, source, known, second, data)
            case "fmp4":
                self._film(who, source, known, second, data)
            case _:
                self._counts["foreign"] += 1

    def end(self, person_id: str, source: str) -> None:
        """The stream of this source ended. One that goes on without a beginning goes on with this one's."""
        known = self._sources.get((self._people.get(person_id, _MIXED), source))
        if known is not None:
            known.gate.lose()
            known.splitter = Splitter(known.init, most=_MOST_BOX)

    def _who(self, person_id: str) -> str:
        """The number by which files are named, because an id may hold a name; "" beyond the bound."""
        if not person_id:
            return _MIXED
        who = self._people.get(person_id)
        if who is None:
            if len(self._people) >= MOST_PEOPLE:
                self._counts["crowd"] += 1
                return ""
            who = self._people[person_id] = f"p{len(self._people) + 1:02}"
            self._put(Named(who, person_id[:200], ""))
        return who

    def _source(self, who: str, source: str) -> _Source | None:
        known = self._sources.get((who, source))
        if known is None:
            if len(self._sources) >= MOST_SOURCES:
                self._counts["crowd"] += 1
                return None
            known = self._sources[who, source] = _Source()
        return known

    def _shoot(self, who: str, source: str, known: _Source, second: float, data: bytes) -> None:
        if second < known.shot + PAUSE:
            return
        try:
            png_size(data)
        except MediaError as error:
            self._counts[error.code] += 1
            return
        if self._put(Shot(who, source, second, data)):
            known.shot = second
        else:
            self._counts["video"] += 1

    def _unit(self, who: str, source: str, known: _Source, second: float, data: bytes) -> None:
        try:
            taken = known.gate.take(data)
        except ValueError:
            self._counts["foreign"] += 1
            return
        if taken is not None and not self._put(AccessUnit(who, source, second, *taken)):
            self._counts["video"] += 1
            known.gate.lose()

    def _film(self, who: str, source: str, known: _Source, second: float, data: bytes) -> None:
        if data[4:8] == b"ftyp":
            known.splitter = Splitter(most=_MOST_BOX)
        if known.splitter is None:
            self._counts["foreign"] += 1
            return
        try:
            parts = known.splitter.feed(data)
        except Fmp4Error as error:
            parts, known.splitter = list(error.parts), None
            self._counts["foreign"] += 1
        for part in parts:
            self._part(who, source, known, second, part)

    def _part(self, who: str, source: str, known: _Source, second: float, part: Part) -> None:
        if part.kind == "init":
            known.init, known.begun, known.lost, known.keys = part.data, False, False, False
            known.stream += 1
            return
        known.keys = known.keys or part.key
        if not known.init or (known.lost and known.keys and not part.key):
            self._counts["video"] += 1
            return
        data = part.data if known.begun else known.init + part.data
        if self._put(FilmPart(who, source, second, data, known.stream)):
            known.begun, known.lost = True, False
        else:
            self._counts["video"] += 1
            known.lost = True
