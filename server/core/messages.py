"""The messages between page and backend, typed. `docs/protocol.md` says what each one means.

Text frames are JSON objects told apart by `type`; binary frames are sound with a fixed 20-byte header. The dataclasses
here are the source of the protocol's shape: the web layer validates what arrives against `FROM_PAGE`, and a test
fails when a message or a field is missing from the document or from `static/agent/messages.js`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

#: Raised when a message changes its meaning. A page of another version is told to reload.
VERSION = 1

AgentState = Literal["listening", "thinking", "speaking", "muted", "trouble"]


# ---------------------------------------------------------------- cards


@dataclass(frozen=True, slots=True)
class Card:
    """Something to look at on the tile. Which fields count depends on `kind`; the rest stay empty."""

    kind: Literal["text", "list", "table", "image", "bar", "line"]
    title: str = ""
    text: str = ""
    items: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    #: a data: URL of a PNG, JPEG or WebP picture, for kind image
    source: str = ""
    labels: tuple[str, ...] = ()
    values: tuple[float, ...] = ()


# ---------------------------------------------------------------- page to backend


@dataclass(frozen=True, slots=True)
class Resume:
    """Where the page was when it lost its socket or was loaded again."""

    epoch: int
    reply: int
    played: int


@dataclass(frozen=True, slots=True)
class Hello:
    """First message of every connection. `page` is a random id made at each load of the page."""

    token: str
    page: str
    version: int = VERSION
    resume: Resume | None = None
    debug: bool = False
    type: Literal["hello"] = "hello"


@dataclass(frozen=True, slots=True)
class TranscriptRaw:
    """One message of the host's transcript socket, unchanged. `seq` counts from 1 for each `page` id;
    `age` is how many milliseconds ago the page received it (more than 0 after a reconnect)."""

    seq: int
    raw: dict[str, Any]
    age: float = 0.0
    type: Literal["transcript"] = "transcript"


@dataclass(frozen=True, slots=True)
class Feed:
    """The page's transcript socket opened or closed."""

    connected: bool
    type: Literal["feed"] = "feed"


@dataclass(frozen=True, slots=True)
class Played:
    """How far the voice was really played: samples of this reply that left the player, counted from 0.

    Sent at the first sample, at least every 100 ms while playing, and on pause, resume, flush and end.
    """

    epoch: int
    reply: int
    samples: int
    buffered: int = 0
    underruns: int = 0
    ended: bool = False
    type: Literal["played"] = "played"


@dataclass(frozen=True, slots=True)
class Flushed:
    """Answer to `flush`: playing stopped after this many samples of the reply that was playing (0, 0 when none was)."""

    epoch: int
    reply: int
    samples: int
    type: Literal["flushed"] = "flushed"


@dataclass(frozen=True, slots=True)
class Mic:
    """State of the meeting's sound as the page gets it."""

    state: Literal["live", "denied", "missing", "ended"]
    rate: int = 0
    channels: int = 0
    type: Literal["mic"] = "mic"


@dataclass(frozen=True, slots=True)
class Onset:
    """The page heard a loud onset while speaking and ducked by itself. `level` is dBFS."""

    level: float
    type: Literal["onset"] = "onset"


@dataclass(frozen=True, slots=True)
class Health:
    """The page's own health over the last five seconds; every value is a finite number."""

    values: dict[str, float]
    type: Literal["health"] = "health"


@dataclass(frozen=True, slots=True)
class PageTrouble:
    """Something on the page failed. `code` is one lower-case word (see docs/protocol.md); never a text from outside."""

    code: str
    type: Literal["trouble"] = "trouble"


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a pong with the same `t`."""

    t: float
    type: Literal["ping"] = "ping"


FROM_PAGE = (Hello, TranscriptRaw, Feed, Played, Flushed, Mic, Onset, Health, PageTrouble, Ping)
FromPage = Hello | TranscriptRaw | Feed | Played | Flushed | Mic | Onset | Health | PageTrouble | Ping


# ---------------------------------------------------------------- backend to page


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the meeting as the tile shows it. The same `id` again replaces the line."""

    id: str
    speaker: str
    text: str
    final: bool = True
    agent: bool = False
    type: Literal["line"] = "line"


@dataclass(frozen=True, slots=True)
class Welcome:
    """Answer to `hello`. `acked` is the last transcript `seq` of this page id that the backend has.

    `resume` names the reply that goes on, or is null; its sound follows from sample `played`.
    """

    session: str
    name: str
    epoch: int
    state: AgentState
    acked: int = 0
    lines: tuple[Line, ...] = ()
    card: Card | None = None
    resume: Resume | None = None
    version: int = VERSION
    #: label of the raised hand, "" when it is down
    hand: str = ""
    type: Literal["welcome"] = "welcome"


@dataclass(frozen=True, slots=True)
class State:
    """What the agent is doing. `detail` is a few plain words for the tile, or empty."""

    state: AgentState
    detail: str = ""
    type: Literal["state"] = "state"


@dataclass(frozen=True, slots=True)
class Begin:
    """A reply begins to be spoken. Its sound starts at sample 0."""

    epoch: int
    reply: int
    type: Literal["begin"] = "begin"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the reply begins at sample `start`; `text` is what it says."""

    epoch: int
    reply: int
    index: int
    start: int
    text: str
    type: Literal["piece"] = "piece"


@dataclass(frozen=True, slots=True)
class Marks:
    """Word and mouth times of a piece, in samples of the reply. `words` holds (offset, length, sample), `mouth`
    holds (shape, sample)."""

    epoch: int
    reply: int
    index: int
    words: tuple[tuple[int, int, int], ...] = ()
    mouth: tuple[tuple[str, int], ...] = ()
    type: Literal["marks"] = "marks"


@dataclass(frozen=True, slots=True)
class End:
    """All sound of the reply has been sent, `samples` in total. Once it is out the page reports `played`, `ended`."""

    epoch: int
    reply: int
    samples: int
    type: Literal["end"] = "end"


@dataclass(frozen=True, slots=True)
class Flush:
    """Stop at once and drop everything of an epoch below this one. The page answers `flushed`."""

    epoch: int
    type: Literal["flush"] = "flush"


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold the reply where it is, keeping what is not yet played."""

    epoch: int
    reply: int
    type: Literal["pause"] = "pause"


@dataclass(frozen=True, slots=True)
class Continue:
    """Go on with a paused reply from the exact sample."""

    epoch: int
    reply: int
    type: Literal["continue"] = "continue"


@dataclass(frozen=True, slots=True)
class Duck:
    """Lower the voice by `db` decibels over `ramp` milliseconds; 0 dB brings it back. Also ends the page's own duck."""

    db: float
    ramp: int = 30
    type: Literal["duck"] = "duck"


@dataclass(frozen=True, slots=True)
class ShowCard:
    """Show this card, or none."""

    card: Card | None
    type: Literal["card"] = "card"


@dataclass(frozen=True, slots=True)
class Hand:
    """The agent has something to say and waits to be asked: show a raised hand with this short label; "" lowers it."""

    label: str
    type: Literal["hand"] = "hand"


@dataclass(frozen=True, slots=True)
class Ack:
    """The backend has every transcript message of this page id up to `seq`, safely on the tape's queue."""

    seq: int
    type: Literal["ack"] = "ack"


@dataclass(frozen=True, slots=True)
class Problem:
    """A message was refused (`fatal` false: the socket lives on) or the connection is (`fatal` true: it closes)."""

    code: str
    message: str
    fatal: bool = False
    type: Literal["problem"] = "problem"


@dataclass(frozen=True, slots=True)
class Pong:
    """Answer to a ping."""

    t: float
    type: Literal["pong"] = "pong"


TO_PAGE = (
    Welcome, State, Begin, Piece, Marks, End, Flush, Pause, Continue, Duck, Line, ShowCard, Hand, Ack,
    Problem, Pong,
)  # fmt: skip
ToPage = (
    Welcome | State | Begin | Piece | Marks | End | Flush | Pause | Continue | Duck | Line | ShowCard | Hand | Ack
    | Problem | Pong
)  # fmt: skip


#: the names of each class's fields, looked up once: every message and every entry of a tape asks for them
_NAMES: dict[type, tuple[str, ...]] = {}
_ATOMS = frozenset((str, int, float, bool, type(None)))


def plain(value: Any) -> Any:
    """A message as dicts, lists and plain values, ready for `json.dumps`."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    names = _NAMES.get(kind)
    if names is None and is_dataclass(kind):
        names = _NAMES[kind] = tuple(field.name for field in fields(kind))
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


# ---------------------------------------------------------------- sound frames

#: kind u8, flags u8 (0), reserved u16 (0), epoch u32, reply u32, first sample u64; little-endian.
HEADER = struct.Struct("<BBHIIQ")
#: backend to page: 24 kHz s16le mono of a reply
VOICE = 1
#: page to backend: 16 kHz s16le mono of the meeting; epoch and reply are 0
SOUND = 2


def pack_sound(kind: int, epoch: int, reply: int, first_sample: int, pcm: bytes) -> bytes:
    """One binary frame: the 20-byte header and whole 16-bit samples."""
    return HEADER.pack(kind, 0, 0, epoch, reply, first_sample) + pcm
