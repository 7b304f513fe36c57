"""What can be said of a picture without a model that understands it: whose it is and how old, and no more."""

from __future__ import annotations

from server.brains.base import BrainRequest, Sight
from server.brains.embedded import timing
from server.brains.embedded.phrases import phrase
from server.brains.seeing import glance
from server.core.looking import Wish

#: (second, seconds, minutes) where numbers are said as digits
_UNITS = {
    "de": ("Sekunde", "Sekunden", "Minuten"),
    "fr": ("seconde", "secondes", "minutes"),
    "es": ("segundo", "segundos", "minutos"),
}


async def honest(request: BrainRequest, wish: Wish) -> str:
    """One honest sentence or two about what was to be looked at."""
    language = request.language
    why = phrase("model_away" if request.standing_in else "no_eyes", language)
    sight = await glance(request.look, wish.source, wish.person_id) if request.look is not None else None
    if sight is not None:
        what = _what(sight, wish, language)
        return phrase("seen", language, what=what, age=_age(sight.age, language), why=why)
    return f"{_nothing(wish, language)} {why[:1].upper()}{why[1:]}."


def _what(sight: Sight, wish: Wish, language: str) -> str:
    who = sight.person or (wish.person if sight.person_id == wish.person_id else "")
    match sight.source:
        case "screenshare":
            return phrase("screen_of", language, who=who) if who else phrase("the_screen", language)
        case "webcam" if who:
            return phrase("camera_of", language, who=who)
        case _:
            return phrase("everybody", language)


def _nothing(wish: Wish, language: str) -> str:
    if wish.source == "screenshare":
        return phrase("no_screen_of", language, who=wish.person) if wish.person else phrase("no_screen", language)
    return phrase("no_picture", language, who=wish.person) if wish.person else phrase("no_pictures", language)


def _age(seconds: float, language: str) -> str:
    """ "three seconds", "2 Minuten"."""
    units = _UNITS.get(language[:2].lower())
    if units is None:
        return timing.length(seconds)
    whole = max(1, round(seconds))
    if whole == 1:
        return f"1 {units[0]}"
    return f"{whole} {units[1]}" if whole < 90 else f"{round(whole / 60)} {units[2]}"
