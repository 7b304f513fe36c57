"""The tile as a participant sees it: 1280x720 drawn, 320x180 shown, in every state."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.core.messages import Begin, Card, Flush, Hand, Line, ShowCard, State, Welcome
from tests.page_backend import RATE, ramp, speech
from tests.page_stage import Seat, shown

pytestmark = pytest.mark.browser

#: Everything readable on the tile: where it is, how large, and in which colours.
LOOK = """
() => {
  const out = [];
  let count = 0;
  const walk = document.createTreeWalker(document.querySelector('.tile'), NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.data.trim() || !node.parentElement.checkVisibility()) continue;
    count += 1;
    const range = document.createRange();
    range.selectNodeContents(node);
    const style = getComputedStyle(node.parentElement);
    let back = node.parentElement;
    while (back && getComputedStyle(back).backgroundColor === 'rgba(0, 0, 0, 0)') back = back.parentElement;
    // What is cut by an ellipsis or a line clamp is not seen: intersect with every box that hides its overflow.
    const clip = { left: -1e4, top: -1e4, right: 1e4, bottom: 1e4 };
    for (let el = node.parentElement; el && !el.classList.contains('tile'); el = el.parentElement) {
      if (getComputedStyle(el).overflow === 'visible' || el instanceof SVGElement) continue;
      const b = el.getBoundingClientRect();
      clip.left = Math.max(clip.left, b.left); clip.right = Math.min(clip.right, b.right);
      clip.top = Math.max(clip.top, b.top); clip.bottom = Math.min(clip.bottom, b.bottom);
    }
    for (const r of range.getClientRects()) {
      const box = [Math.max(r.left, clip.left), Math.max(r.top, clip.top),
        Math.min(r.right, clip.right), Math.min(r.bottom, clip.bottom)];
      if (box[2] - box[0] < 1 || box[3] - box[1] < 4) continue;
      const svg = node.parentElement instanceof SVGElement;
      out.push({ node: count, text: node.data.trim().slice(0, 40), box, size: parseFloat(style.fontSize),
        ink: svg ? style.fill : style.color, ground: getComputedStyle(back).backgroundColor });
    }
  }
  return out;
}
"""


def luminance(colour: str) -> float:
    """WCAG relative luminance of `rgb(r, g, b)`."""
    parts = [int(p) / 255 for p in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, two: str) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def check(page) -> list[str]:
    """The tile's rules, applied to what is on it. Returns all visible texts."""
    seen = page.evaluate(LOOK)
    for item in seen:
        left, top, right, bottom = item["box"]
        assert item["size"] >= 40, f"too small: {item}"
        assert left >= 47 and top >= 40 and right <= 1233 and bottom <= 680, f"in the margin: {item}"
        assert not (left < 330 and bottom > 600), f"in the bottom-left corner: {item}"
        assert contrast(item["ink"], item["ground"]) >= 7, f"too faint: {item}"
    for i, one in enumerate(seen):
        for two in seen[i + 1 :]:
            if one["node"] == two["node"]:
                continue  # an ellipsis adds a second box to its own text
            a, b = one["box"], two["box"]
            wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
            assert wide < 4 or high < 14, f"on top of each other: {one} {two}"
    assert page.evaluate("document.documentElement.scrollWidth <= 1280 && document.documentElement.scrollHeight <= 720")
    return [item["text"] for item in seen]


@pytest.fixture(params=[1.0, 0.25], ids=["1280x720", "320x180"])
def seat(request, browser, backend):
    seat = Seat(backend, browser, scale=request.param)
    yield seat
    assert seat.errors == []
    seat.close()


@pytest.fixture
def picture(request, seat, tmp_path):
    """Waits for the next drawing and keeps it: in PARLEY_SHOTS when that is set."""

    def take(name: str) -> list[str]:
        seat.page.wait_for_timeout(450)
        folder = Path(os.environ.get("PARLEY_SHOTS") or tmp_path)
        folder.mkdir(parents=True, exist_ok=True)
        size = "320x180" if seat.page.evaluate("devicePixelRatio") < 1 else "1280x720"
        data = seat.page.screenshot(path=folder / f"{name}.{size}.png", scale="device")
        assert tuple(int.from_bytes(data[i : i + 4], "big") for i in (16, 20)) == tuple(int(n) for n in size.split("x"))
        return check(seat.page)

    return take


TALK = (
    Line("1", "Ada Marsh", "So the rubber case is still on the table, but the cost came in above what we agreed on."),
    Line("2", "Ben Okafor", "Right. And procurement wants an answer before Friday."),
    Line("3", "Ada Marsh", "Parley, what did we decide about the case last week, and who was to check", final=False),
)  # fmt: skip

SPOKEN = (
    "You chose the rubber case, pending the cost check. Ben was going to ask procurement for a second quote "
    "by Friday, and Ada wanted the colour settled too."
)

CARDS = {
    "list": Card(
        "list", "Open items",
        items=("Second quote from procurement — **Ben**", "Colour of the case — Ada", "Ship date of the pilot",
               "Ask legal about the label"),
    ),
    "table": Card(
        "table", "Where the money goes", columns=("Part", "Now", "Plan"),
        rows=(("Case, rubber", "$4.10", "$3.20"), ("Board", "$7.85", "$7.90"), ("Remote, buttons", "$1.15", "$1.00"),
              ("Assembly", "$2.40", "$2.40"), ("Packing", "$0.60", "$0.55")),
    ),
    "long table": Card("table", "Too much", columns=("A", "B"), rows=tuple((f"Row {i}", str(i)) for i in range(30))),
    "bar": Card("bar", "Votes", labels=("Rubber case", "Plastic", "Titanium", "Wood"), values=(7, 4, 2, 1)),
    "negative bar": Card("bar", "Change", labels=("North", "South", "A long label of a region"), values=(4, -3, 2.5)),
    "line": Card(
        "line", "Sign-ups per week",
        labels=("1 Sep", "8 Sep", "15 Sep", "22 Sep", "29 Sep", "6 Oct", "13 Oct"),
        values=(120, 180, 260, 240, 410, 520, 480),
    ),
    "text": Card(
        "text", "What I heard",
        text="The team **chose the rubber case**, pending the cost check.\n\n- Ben asks procurement\n"
             "- Ada settles the *colour*\n- Pilot ships in `week 47`",
    ),
    "long text": Card("text", "A long story " * 9, text="It went on and on. " * 60),
}  # fmt: skip


def test_connecting(seat, backend, picture):
    """
    Before the backend answers, the tile says so.
    """
    backend.away = True
    seat.page.goto(backend.url)
    assert picture("connecting") == ["Parley", "AI", "Connecting"]


@pytest.mark.parametrize(("state", "word"), [("listening", "Listening"), ("thinking", "Thinking"), ("muted", "Muted")])
def test_states(seat, backend, picture, state, word):
    """
    Name, AI mark and the state's word are on the tile, alone and beside the meeting's lines.
    """
    seat.open()
    backend.send(State(state))
    assert picture(f"{state}-alone") == ["Parley", "AI", word]
    backend.send(*TALK)
    texts = picture(state)
    assert {"Parley", "AI", word, "Ada Marsh", "Ben Okafor"} <= set(texts)


@pytest.mark.parametrize("label", ["Ship date was changed", "About the second quote from procurement"])
def test_a_raised_hand_is_seen_beside_everything_else(seat, backend, picture, label):
    """
    Hand and label keep the tile's rules alone, beside lines and beside a card, and cover nothing; the beginning of a
    reply takes the hand down.
    """
    seat.open()
    name = label.split()[0].lower()
    backend.send(Hand(label))
    for stage, messages in (("alone", ()), ("talk", TALK), ("card", (ShowCard(CARDS["table"]),))):
        backend.send(*messages)
        texts = picture(f"hand-{name}-{stage}")
        assert label in texts and "Listening" in texts
        hand = seat.page.locator(".raised > path").bounding_box()
        assert hand["width"] > 80 or stage == "card"
        assert seat.page.evaluate("getComputedStyle(document.querySelector('.raised')).opacity") == "1"
        words = seat.page.locator(".talk").bounding_box() if stage == "talk" else None
        assert words is None or hand["x"] + hand["width"] < words["x"]
    backend.send(Begin(1, 1))
    seat.page.wait_for_function("() => document.querySelector('.hand').hidden")
    assert label not in picture(f"hand-{name}-down")


def test_a_page_that_comes_in_finds_the_hand_up(seat, backend, picture):
    """
    The welcome brings the raised hand; an empty label takes it down, and nothing else moves.
    """
    up = Welcome(session="s", name="Parley", epoch=1, state="listening", hand="Ship date was changed")
    backend.welcome = lambda hello: up
    seat.open()
    assert "Ship date was changed" in picture("hand-welcome")
    places = "['.name', '.doing', '.bubble'].map((s) => document.querySelector(s).getBoundingClientRect().toJSON())"
    before = seat.page.evaluate(places)
    backend.send(Hand(""))
    seat.page.wait_for_function("() => document.querySelector('.hand').hidden")
    assert seat.page.evaluate(places) == before


def test_trouble_is_one_calm_sentence(seat, backend, picture):
    """
    Trouble takes the place of lines and cards.
    """
    seat.open()
    backend.send(*TALK, State("trouble", "My voice is out for a moment. I can still write."))
    texts = picture("trouble")
    assert texts[:3] == ["Parley", "AI", "One moment"]
    assert "Ada Marsh" not in texts


@pytest.mark.parametrize("name", CARDS)
def test_cards(seat, backend, picture, name):
    """
    Every kind of card keeps the tile's rules; the presence steps aside and the newest line stays.
    """
    seat.open()
    backend.send(*TALK, ShowCard(CARDS[name]))
    texts = picture(f"card-{name.replace(' ', '-')}")
    assert CARDS[name].title[:10] in " ".join(texts)
    if name == "long table":
        assert any(text.startswith("and ") and text.endswith(" more") for text in texts)
    backend.send(ShowCard(None))
    seat.page.wait_for_function("() => document.querySelector('.card').hidden")


def test_a_picture_card(seat, backend, picture):
    """
    A data: PNG is shown; any other source is not even asked for.
    """
    asked: list[str] = []
    seat.page.on("request", lambda request: asked.append(request.url))
    seat.open()
    pixel = seat.page.evaluate(
        "() => { const c = document.createElement('canvas'); c.width = 320; c.height = 180;"
        " const x = c.getContext('2d'); x.fillStyle = '#8fd'; x.fillRect(0, 0, 320, 180); return c.toDataURL(); }"
    )
    backend.send(ShowCard(Card("image", "The new case", source=pixel)))
    picture("card-image")
    assert seat.page.evaluate("document.querySelector('.picture').naturalWidth") == 320
    asked.clear()
    for source in ("http://127.0.0.1:9/x.png", "data:image/svg+xml;base64,PHN2Zy8+", "javascript:alert(1)"):
        backend.send(ShowCard(Card("image", "Elsewhere", source=source)))
        seat.page.wait_for_timeout(150)
        assert seat.page.evaluate("document.querySelector('.card img')") is None
    assert asked == []


def test_speaking_shows_the_words_in_time(seat, backend, picture):
    """
    At most three lines of at least 48 px, never a word that is not about to be said.
    """
    seat.open()
    backend.send(*TALK, State("speaking"))
    backend.stream(speech(6), text=SPOKEN)
    backend.wait("played", lambda m: m["samples"] > RATE * 1.5)
    texts = picture("speaking")
    assert "Speaking" in texts and "Ada Marsh" not in texts
    captions = seat.page.evaluate(
        "[...document.querySelectorAll('.caption')]"
        ".map((c) => [c.textContent, parseFloat(getComputedStyle(c).fontSize)])"
    )
    assert 1 <= len(captions) <= 3
    assert all(size >= 48 for _, size in captions)
    said = " ".join(text for text, _ in captions)
    assert said in SPOKEN
    played = backend.of("played")[-1]["samples"]
    assert SPOKEN.index(said) + len(said) <= len(SPOKEN) * (played + 0.6 * RATE) / (6 * RATE)
    backend.send(ShowCard(CARDS["list"]))
    texts = picture("speaking-with-a-card")
    assert "Open items" in texts
    assert len(seat.page.evaluate("[...document.querySelectorAll('.caption')].map((c) => c.textContent)")) <= 2
    backend.send(Flush(5))


HOSTILE = (
    '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>',
    "A" * 3000,
    "مرحبا بالعالم، هذا نص طويل من اليمين إلى اليسار مع أرقام 123 وكلمات English",
    "👩‍👩‍👧‍👦🎉" * 60,
    "今日は会議の議事録を確認しましょう。" * 12,
    "line\u2028break \u202e reversed \u0000 nul " + "\u0301" * 200,
    "**bold** [link](javascript:window.pwned=1) `code`",
    "{{ 7*7 }} ${window.pwned=1} %s",
)


@pytest.mark.parametrize(
    "text", HOSTILE, ids=["html", "long", "rtl", "emoji", "cjk", "controls", "markdown", "template"]
)
def test_hostile_text_is_text(seat, backend, picture, text):
    """
    Whatever people say, are called or make us say is shown as text and keeps the layout.
    """
    hostile = Welcome(
        session="s", name=text[:60], epoch=1, state="listening",
        lines=(Line("1", text[:200], text), Line("2", "Ben", text)),
    )  # fmt: skip
    backend.welcome = lambda hello: hostile
    seat.open()
    number = HOSTILE.index(text)
    picture(f"hostile-{number}-lines")
    card = Card("list", text, items=(text, text, "end"))
    backend.send(ShowCard(card))
    picture(f"hostile-{number}-list")
    backend.send(ShowCard(Card("text", text, text=f"{text}\n\n# {text}")))
    picture(f"hostile-{number}-text")
    backend.send(ShowCard(Card("table", text, columns=(text, text), rows=((text, "1"), ("b", text)))))
    picture(f"hostile-{number}-table")
    backend.send(ShowCard(Card("bar", text, labels=(text, text), values=(1e300, -1))))
    picture(f"hostile-{number}-bar")
    backend.send(Hand(text))
    picture(f"hostile-{number}-hand-card")
    backend.send(ShowCard(None))
    picture(f"hostile-{number}-hand")
    backend.send(State("speaking", text))
    backend.say(ramp(0.5), text=text)
    backend.wait("played", lambda m: m["ended"])
    picture(f"hostile-{number}-captions")
    assert seat.page.evaluate("[window.pwned, document.querySelectorAll('main img, main script, main a').length]") == [
        None,
        0,
    ]


def test_the_tile_never_shows_a_code_or_an_address(seat, backend, picture):
    """
    Problems of the wire, a void link and another window are told in plain words, or not at all.
    """
    seat.open()
    backend.send(
        {"type": "problem", "code": "too_long", "message": "Traceback (most recent call last)", "fatal": False}
    )
    assert picture("after-a-problem") == ["Parley", "AI", "Listening"]
    backend.drop(4409)
    seat.page.wait_for_function("() => document.documentElement.dataset.state === 'replaced'")
    texts = picture("replaced")
    assert "taken by another window" in " ".join(shown(seat.page).split())
    assert not any("http" in text or "Traceback" in text for text in texts)


def test_nothing_is_drawn_while_nothing_happens(seat, backend):
    """
    Three seconds of listening, the hand up, leave the page untouched and no animation runs.
    """
    seat.open()
    backend.send(*TALK, Hand("Ship date was changed"))
    seat.page.wait_for_timeout(800)
    seat.page.evaluate(
        "() => { window.changes = 0; new MutationObserver((l) => { window.changes += l.length; })"
        ".observe(document, { subtree: true, childList: true, attributes: true, characterData: true }); }"
    )
    seat.page.wait_for_timeout(3000)
    assert seat.page.evaluate("[window.changes, document.getAnimations().length]") == [0, 0]
