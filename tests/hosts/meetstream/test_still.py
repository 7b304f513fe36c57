"""The still tile: readable, in the project's colours, whatever it is given; and how often it is drawn."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import struct
import threading
import zlib
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageColor

from server.core.messages import AgentState, Card
from server.hosts.meetstream import still, still_card
from server.hosts.meetstream.camera import APART, Camera, Drawer
from server.hosts.meetstream.lettering import Lettering
from server.hosts.meetstream.still import Face, draw_still
from tests.hosts.meetstream.told import VirtualTimers

SHARED = Path(__file__).parents[3] / "static" / "shared"
FONTS = SHARED / "fonts"
STATES = get_args(AgentState)


def opened(face: Face, fonts: Path | None = FONTS) -> Image.Image:
    """The drawn picture, decoded."""
    image = Image.open(io.BytesIO(draw_still(face, fonts)))
    image.load()
    return image


def differs(one: Image.Image, other: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether two pictures differ in this part."""
    return ImageChops.difference(one.crop(box), other.crop(box)).getbbox() is not None


def png(width: int, height: int, colour: str = "#3366ff") -> str:
    """A picture as a data: address."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def bomb(width: int, height: int) -> str:
    """A file of a few bytes that says it is an enormous picture."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return "data:image/png;base64," + base64.b64encode(data).decode()


DOING, TALK, CARD = (800, 40, 1240, 130), (500, 150, 1240, 680), still_card.BOX


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_a_picture_of_the_tile(state):
    """1280x720, on the ground colour to its edges, small enough to be sent each second."""
    data = draw_still(Face("Parley", state), FONTS)
    image = Image.open(io.BytesIO(data))
    assert image.size == (1280, 720) and image.format == "PNG" and len(data) < 200_000
    assert {image.getpixel(corner) for corner in ((0, 0), (1279, 0), (0, 719), (1279, 719))} == {
        ImageColor.getrgb(still.GROUND)
    }


def test_states_differ_in_word_and_shape():
    """No two states look alike where the state is told, nor does the face."""
    pictures = {state: opened(Face("Parley", state)) for state in STATES}
    for one in STATES:
        for other in STATES:
            if one < other:
                assert differs(pictures[one], pictures[other], DOING), (one, other)
                assert differs(pictures[one], pictures[other], (380, 150, 900, 700)), (one, other)


def test_the_name_and_the_mark_are_there():
    """Who it is, and that it is an AI, stands at the top left; a long name does not run into the state."""
    plain, named = opened(Face("")), opened(Face("Parley"))
    assert differs(plain, named, (50, 40, 500, 120))
    endless = opened(Face("A name without any end " * 40))
    assert not differs(named, endless, (960, 40, 1240, 130))
    assert differs(opened(Face("")), Image.new("RGB", (1280, 720), still.GROUND), (50, 40, 200, 120)), "the mark alone"


def test_the_colours_are_the_projects():
    """Every colour is the one of that name in the shared style."""
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", (SHARED / "tokens.css").read_text(encoding="utf-8")))
    for module in (still, still_card):
        for name, value in vars(module).items():
            if isinstance(value, str) and value.startswith("#"):
                assert tokens[name.lower().replace("_", "-")] == value


def test_trouble_is_one_sentence():
    """It takes the place of everything else that could be shown."""
    card = Card("text", "Title", "words")
    trouble = opened(Face("Parley", "trouble", "I had trouble answering", card))
    assert not differs(trouble, opened(Face("Parley", "trouble", "I had trouble answering")), TALK)
    assert differs(trouble, opened(Face("Parley", "trouble", "Something else")), TALK)
    assert differs(opened(Face("Parley", "trouble")), opened(Face("Parley", "listening")), TALK)


CARDS = [
    Card("text", "What was decided", text="The brass **hinge**, and `two` screws.\n\nUntil Friday."),
    Card("text", "", text="word " * 900),
    Card("list", "Steps", text="In order:", items=tuple(f"step {at} " * (at + 1) for at in range(30))),
    Card("table", "Costs", columns=("Part", "Each"), rows=(("Case", "2.10"), ("Hinge",), ("a", "b", "c", "d", "e"))),
    Card("table", "", rows=tuple((str(at),) for at in range(100))),
    Card("image", "A drawing", source=png(300, 200)),
    Card("image", "", source=png(20, 2000)),
    Card("bar", "Votes", labels=("Brass", "Steel", "Wood"), values=(9, 0.25, -3.5)),
    Card("bar", "Nothing", labels=("a",), values=(0.0,)),
    Card("line", "Sales", labels=("Jan", "Feb"), values=(1e9, 2.5e4, 3, 4)),
    Card("line", "One", values=(5.0,)),
    Card("line", "Many", values=tuple(float(at % 7) for at in range(500))),
]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: f"{card.kind}-{card.title}")
def test_cards_are_drawn_inside_their_panel(card):
    """Every kind shows something, and nothing of it leaves the panel."""
    empty, shown = opened(Face("Parley", card=Card("text"))), opened(Face("Parley", card=card))
    left, top, right, bottom = ImageChops.difference(empty, shown).getbbox()
    assert left >= CARD[0] and top >= CARD[1] and right <= CARD[2] and bottom <= CARD[3]


@pytest.mark.parametrize(
    "source",
    ["", "https://example.net/x.png", "data:image/png;base64,???", "data:image/png;base64,AAAA",
     "data:image/gif;base64,AA==", "data:text/html;base64," + base64.b64encode(b"<b>").decode(), png(5000, 4000),
     png(64, 64)[:-40], bomb(12_000, 12_000), bomb(60_000, 60_000)],
    ids=["none", "address", "no-base64", "no-picture", "gif", "html", "too-large", "cut-off", "bomb", "great-bomb"],
)  # fmt: skip
def test_a_picture_that_is_none(source):
    """An address, another kind of file, a broken or an enormous one: the card stays empty, and nothing is fetched."""
    empty, shown = opened(Face("Parley", card=Card("text"))), opened(Face("Parley", card=Card("image", source=source)))
    assert not differs(empty, shown, CARD)


@pytest.mark.parametrize("name", ["Łukasz Žižka", "Zoë", "田中さん", "אבג", "👩‍💻", "a\nb\tc", "\ud800", ""])
def test_names_of_any_script(name):
    """Letters that the typeface has are drawn from its second file; others become boxes, never errors."""
    opened(Face(name.encode("utf-8", "replace").decode(), "listening", name[:1].encode("utf-8", "replace").decode()))


def test_letters_beyond_latin_come_from_the_second_file():
    """The two files of the typeface are one to whoever writes."""
    letters = Lettering(FONTS, 40, 700)
    runs = letters._runs("Žofie Łąk a")
    assert len({id(font) for font, _ in runs}) == 2 and "".join(run for _, run in runs) == "Žofie Łąk a"


def test_without_the_typeface():
    """Where its files are missing or cannot be read, Pillow's own font is used."""
    for fonts in (None, Path("/nowhere")):
        assert opened(Face("Parley", "thinking", card=CARDS[0]), fonts).size == (1280, 720)


def test_lines_fit():
    """Text is broken at its spaces, cut with an ellipsis where it must be, and never wider than its place."""
    letters = Lettering(FONTS, 42, 450)
    lines = letters.lines("one two three " * 50 + "x" * 500, 400, 4)
    assert len(lines) == 4 and all(letters.width(line) <= 400 for line in lines) and lines[-1].endswith("…")
    assert letters.lines("short", 400, 4) == ["short"] and letters.lines("", 400, 4) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (5.0, "5"), (0.256, "0.26"), (2.55, "2.5"), (123.4, "123"), (9999, "9999"), (12_345, "12.3k"),
     (2e6, "2M"), (3.21e9, "3.2B"), (-45_000, "-45k")],
)  # fmt: skip
def test_numbers_are_short(value, text):
    """A number on a chart has about five signs."""
    assert still_card.short(value) == text


texts = st.text(max_size=30)
cards = st.builds(
    Card,
    kind=st.sampled_from(["text", "list", "table", "image", "bar", "line"]),
    title=texts,
    text=texts,
    items=st.lists(texts, max_size=4).map(tuple),
    columns=st.lists(texts, max_size=5).map(tuple),
    rows=st.lists(st.lists(texts, max_size=5).map(tuple), max_size=4).map(tuple),
    source=texts | st.binary(max_size=40).map(lambda b: "data:image/webp;base64," + base64.b64encode(b).decode()),
    labels=st.lists(texts, max_size=4).map(tuple),
    values=st.lists(st.floats() | st.integers(-10, 10).map(float), max_size=5).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(st.builds(Face, texts, st.sampled_from(STATES), texts, st.none() | cards))
def test_no_face_raises(face):
    """Whatever it is to show, there is a picture."""
    assert draw_still(face, FONTS)[:4] == b"\x89PNG"


# ---------------------------------------------------------------- the camera


class Film:
    """A camera whose drawings a test finishes by hand."""

    def __init__(self) -> None:
        self.timers = VirtualTimers()
        self.asked: list[Face] = []
        self.waiting: list = []
        self.sent: list[tuple[float, str]] = []
        self.camera = Camera(lambda image: self.sent.append((self.timers.now, image)), self._draw, self.timers)

    def _draw(self, face: Face, done) -> None:
        self.asked.append(face)
        self.waiting.append(done)

    def finish(self, image: str = "picture") -> None:
        self.waiting.pop(0)(image)


def test_one_picture_a_second_and_the_newest():
    """Faces that come faster are left out; the last one is always shown in the end."""
    film = Film()
    for state in STATES:
        film.camera.show(Face(state=state))
    film.finish()
    assert [face.state for face in film.asked] == ["listening"] and len(film.sent) == 1
    film.timers.run(APART - 0.01)
    assert len(film.asked) == 1
    film.timers.run(0.02)
    film.finish()
    assert [face.state for face in film.asked] == ["listening", "trouble"] and len(film.sent) == 2
    film.timers.run(10)
    assert film.timers.waiting == 0 and not film.waiting


def test_a_face_that_comes_back_in_time_needs_no_picture():
    """Thinking for a moment between two pictures is not worth one."""
    film = Film()
    film.camera.show(Face(state="listening"))
    film.finish()
    film.camera.show(Face(state="thinking"))
    film.camera.show(Face(state="listening"))
    film.timers.run(5)
    assert len(film.asked) == 1


def test_a_drawing_that_failed_is_not_tried_again():
    """The same face would fail again; another one is drawn at once."""
    film = Film()
    film.camera.show(Face(state="listening"))
    film.finish("")
    film.camera.show(Face(state="listening"))
    assert len(film.asked) == 1
    film.camera.show(Face(state="muted"))
    film.finish()
    assert len(film.sent) == 1


def test_a_closed_camera_sends_nothing():
    """A drawing that is finished late goes nowhere."""
    film = Film()
    film.camera.show(Face(state="listening"))
    film.camera.close()
    film.finish()
    film.camera.show(Face(state="muted"))
    film.camera.close()
    film.timers.run(5)
    assert not film.sent and len(film.asked) == 1


@pytest.mark.anyio
async def test_drawing_happens_in_another_thread(monkeypatch):
    """The event loop only asks and is called back with base64; a drawing that breaks comes back empty."""
    threads = []

    def drawn(face: Face, fonts: Path | None) -> bytes:
        threads.append(threading.get_ident())
        if face.state == "trouble":
            raise ValueError("no paint")
        return b"a picture"

    monkeypatch.setattr("server.hosts.meetstream.camera.draw_still", drawn)
    draw = Drawer(FONTS)
    images: asyncio.Queue[str] = asyncio.Queue()
    draw(Face("Parley"), images.put_nowait)
    assert base64.b64decode(await asyncio.wait_for(images.get(), 30)) == b"a picture"
    draw(Face("Parley", "trouble"), images.put_nowait)
    assert await asyncio.wait_for(images.get(), 30) == ""
    assert threading.get_ident() not in threads
