"""The tile as a still picture, for a bot that shows no page: who it is, what it is doing, and what it has to show.

Drawn as `static/agent/agent.css` and `templates/agent.html` say, which are the truth about its looks.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw

from server.core.messages import AgentState, Card
from server.hosts.meetstream.lettering import Lettering, canvas
from server.hosts.meetstream.still_card import draw_card

SIZE = (1280, 720)
_RIGHT = 1232

#: as in static/shared/tokens.css
GROUND, STAGE, PANEL = "#101b1a", "#152321", "#1d2e2c"
INK, SOFT, ACCENT, ON_ACCENT = "#f5f0e6", "#b9cbc4", "#ffb182", "#1a1411"

#: shapes are drawn so many times as large and then made smaller, which smooths their edges
FINE = 2

_WORDS: dict[AgentState, str] = {
    "listening": "Listening",
    "thinking": "Thinking",
    "speaking": "Speaking",
    "muted": "Muted",
    "trouble": "One moment",
}
#: where the presence stands and how large it is: alone, beside words, beside a card
_ALONE, _TALK, _CARD = (388, 150, 1.15), (36, 172, 0.98), (44, 196, 0.62)

#: the bubble's outline as cubic curves from (220, 20): two control points and an end each
_BUBBLE = (
    ((332, 20), (404, 86), (404, 196)),
    ((404, 242), (391, 280), (367, 308)),
    ((371, 342), (389, 366), (414, 386)),
    ((421, 392), (417, 403), (408, 403)),
    ((362, 405), (324, 391), (296, 366)),
    ((273, 372), (247, 375), (220, 375)),
    ((108, 375), (36, 306), (36, 196)),
    ((36, 86), (108, 20), (220, 20)),
)

Point = tuple[float, float]

#: the raised hand in the presence's own measure: fingers and thumb, and the outline of the palm
_FINGERS: tuple[tuple[Point, Point], ...] = (
    ((374, 40), (374, 76)),
    ((402, 8), (402, 76)),
    ((430, 12), (430, 76)),
    ((458, 36), (458, 76)),
    ((372, 116), (330, 76)),
)
_PALM: tuple[Point, ...] = (
    (374, 76), (374, 100), (377, 117), (387, 131), (401, 139), (416, 142), (431, 139), (445, 131), (455, 117),
    (458, 100), (458, 76),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Face:
    """How the agent looks to the meeting."""

    name: str = field(default="", repr=False)
    state: AgentState = "listening"
    #: a few plain words, or empty
    detail: str = field(default="", repr=False)
    card: Card | None = field(default=None, repr=False)
    #: the label of the raised hand, or empty while it is down
    hand: str = field(default="", repr=False)


def draw_still(face: Face, fonts: Path | None) -> bytes:
    """A PNG of 1280x720. `fonts` is the folder of the typeface. Takes some 50 ms: not for an event loop."""
    sentence = (face.detail or "I need a moment.") if face.state == "trouble" else ""
    card = None if sentence else face.card
    place = _CARD if card else _TALK if sentence else _ALONE
    hand = "" if sentence or face.state == "speaking" else face.hand
    image = _shapes(face.state, place, bool(hand), fonts).copy()
    pen = ImageDraw.Draw(image)
    _who(pen, face.name, fonts)
    _doing(pen, face.state, fonts)
    if card:
        draw_card(image, pen, card, fonts)
    elif sentence:
        letters = Lettering(fonts, 60, 600)
        lines = letters.lines(sentence, 712, 4)
        for at, line in enumerate(lines):
            letters.draw(pen, (520, 396 - 37 * len(lines) + 74 * at), line, INK)
    elif face.detail and not hand:
        letters = Lettering(fonts, 40, 500)
        detail = letters.fit(face.detail, 712)
        letters.draw(pen, (_RIGHT - letters.width(detail), 658), detail, SOFT)
    if hand:
        _label(pen, hand, place, fonts)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _who(pen: ImageDraw.ImageDraw, name: str, fonts: Path | None) -> None:
    letters, mark = Lettering(fonts, 60, 700), Lettering(fonts, 40, 800)
    shown = letters.fit(name, 640)
    letters.draw(pen, (56, 105), shown, INK)
    left = 56 + letters.width(shown) + 20 if shown else 56
    width = mark.width("AI") + 36
    pen.rounded_rectangle((left, 58, left + width, 110), 16, outline=INK, width=4)
    mark.draw(pen, (left + 18, 98), "AI", INK)


def _doing(pen: ImageDraw.ImageDraw, state: AgentState, fonts: Path | None) -> None:
    letters = Lettering(fonts, 44, 650)
    colour = ON_ACCENT if state == "speaking" else INK
    letters.draw(pen, (_RIGHT - 30 - letters.width(_WORDS[state]), 99), _WORDS[state], colour)


def _label(pen: ImageDraw.ImageDraw, label: str, place: tuple[int, int, float], fonts: Path | None) -> None:
    """What the hand is up for: under the presence, in a frame where there is room for one."""
    if place == _CARD:
        letters = Lettering(fonts, 40, 650)
        lines = letters.lines(label, 292, 3)
        for at, line in enumerate(lines):
            letters.draw(pen, (194 - letters.width(line) / 2, 542 - 22 * len(lines) + 44 * at), line, INK)
        return
    letters = Lettering(fonts, 42, 650)
    shown = letters.fit(label, 532)
    half = letters.width(shown) / 2 + 34
    pen.rounded_rectangle((640 - half, 620, 640 + half, 680), 30, fill=PANEL, outline=ACCENT, width=4)
    letters.draw(pen, (640 - half + 34, 664), shown, INK)


@lru_cache(maxsize=32)
def _shapes(state: AgentState, place: tuple[int, int, float], hand: bool, fonts: Path | None) -> Image.Image:
    """Everything without letters. There are few of them, so each is drawn once."""
    image, pen = canvas((SIZE[0] * FINE, SIZE[1] * FINE), GROUND)
    _presence(pen, state, place, hand)
    left = _RIGHT - 30 - round(Lettering(fonts, 44, 650).width(_WORDS[state])) - 18 - 44 - 26
    pen.rounded_rectangle(_fine((left, 48, _RIGHT, 120)), 36 * FINE, fill=ACCENT if state == "speaking" else PANEL)
    _mark(pen, state, (left + 26, 62))
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def _fine(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return box[0] * FINE, box[1] * FINE, box[2] * FINE, box[3] * FINE


def _presence(pen: ImageDraw.ImageDraw, state: AgentState, place: tuple[int, int, float], hand: bool) -> None:
    left, top, scale = place

    def at(x: float, y: float) -> Point:
        return (left + x * scale) * FINE, (top + y * scale) * FINE

    def stroke(points: list[Point], width: float, colour: str) -> None:
        """A line with round ends and corners."""
        thick = width * scale * FINE
        pen.line(points, colour, round(thick), joint="curve")
        for x, y in (points[0], points[-1]):
            pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), colour)

    asleep = state == "muted"
    fill, edge, face = (PANEL, SOFT, SOFT) if asleep else (ACCENT, ACCENT, ON_ACCENT)
    pen.ellipse((*at(-50, -65), *at(490, 475)), STAGE)
    outline = [at(*point) for point in _bubble()]
    pen.polygon(outline, fill)
    stroke([*outline, outline[0]], 10, edge)
    dx, dy, tall = {
        "thinking": (26.0, -24.0, 1.0),
        "speaking": (0.0, -10.0, 1.0),
        "trouble": (-14.0, 14.0, 0.72),
        "muted": (0.0, 16.0, 0.24),
    }.get(state, (0.0, 0.0, 1.0))
    for eye in (130, 270):
        x, y = eye + dx, 168 + (132 - 168) * tall + dy
        radius = min(20, 36 * tall) * scale * FINE
        pen.rounded_rectangle((*at(x, y), *at(x + 40, y + 72 * tall)), radius, face)
    upper, lower = _mouth(state)
    pen.polygon([at(*point) for point in (*upper, *reversed(lower))], face)
    for line in (upper, lower):
        stroke([at(*point) for point in line], 20, face)
    if hand:
        palm = [at(*point) for point in _PALM]
        for width, colour in ((43, GROUND), (19, ACCENT)):
            pen.polygon(palm, colour)
            for finger in _FINGERS:
                stroke([at(*point) for point in finger], width, colour)
            stroke([*palm, palm[0]], width, colour)


def _bubble() -> list[Point]:
    points: list[Point] = [(220, 20)]
    for one, two, end in _BUBBLE:
        start = points[-1]
        for step in range(1, 33):
            t = step / 32
            a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
            points.append(
                (
                    a * start[0] + b * one[0] + c * two[0] + d * end[0],
                    a * start[1] + b * one[1] + c * two[1] + d * end[1],
                )
            )
    return points


def _mouth(state: AgentState) -> tuple[list[Point], list[Point]]:
    """Upper and lower lip, as in static/agent/view/face.js: half its width, and how far both curves reach."""
    half, line, upper, lower = {
        "thinking": (34.0, 262.0, 292.0, 292.0),
        "speaking": (52.0, 262.0, 268.0, 337.0),
        "muted": (40.0, 272.0, 272.0, 272.0),
        "trouble": (40.0, 272.0, 272.0, 272.0),
    }.get(state, (52.0, 262.0, 292.0, 292.0))

    def curve(reach: float) -> list[Point]:
        steps = [step / 12 for step in range(13)]
        return [(220 - half + 2 * half * t, (1 - t) ** 2 * line + 2 * (1 - t) * t * reach + t**2 * line) for t in steps]

    return curve(upper), curve(lower)


def _mark(pen: ImageDraw.ImageDraw, state: AgentState, corner: tuple[int, int]) -> None:
    """The shape that stands for a state, in a square of 44 pixels."""
    unit = 44 / 48 * FINE
    left, top = corner[0] * FINE, corner[1] * FINE
    colour = {"speaking": ON_ACCENT, "muted": SOFT}.get(state, ACCENT)
    thick = round(6 * unit)

    def box(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        return left + x * unit, top + y * unit, left + (x + width) * unit, top + (y + height) * unit

    match state:
        case "listening":
            pen.ellipse(box(4, 4, 40, 40), outline=colour, width=thick)
            pen.ellipse(box(17, 17, 14, 14), colour)
        case "thinking":
            for dot in (2, 18, 34):
                pen.ellipse(box(dot, 18, 12, 12), colour)
        case "speaking":
            for x, y, height in ((3, 16, 16), (19.5, 5, 38), (36, 12, 24)):
                pen.rounded_rectangle(box(x, y, 9, height), 4.5 * unit, colour)
        case "muted":
            pen.ellipse(box(3, 3, 42, 42), outline=colour, width=thick)
            x0, y0, x1, y1 = box(12, 12, 24, 24)
            pen.line((x0, y1, x1, y0), colour, thick)
        case "trouble":
            x0, y0, x1, y1 = box(6, 8, 36, 31)
            corners = [((x0 + x1) / 2, y0), (x1, y1), (x0, y1), ((x0 + x1) / 2, y0), (x1, y1)]
            pen.line(corners, colour, thick, joint="curve")
