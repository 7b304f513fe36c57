"""Asked to look, the embedded brain says what there is to see, and that it cannot make it out."""

from dataclasses import replace
from typing import Any

import pytest

from server.brains.base import Done, Sight, TextDelta
from server.brains.embedded import EmbeddedBrain
from server.core.looking import Source, Wish
from tests.brains.eyes import ALL, BEN, BENS_FACE, EVERYBODY, NO_SCREEN, PERHAPS, SCREEN, SLIDE, Eyes
from tests.brains.meeting import request

pytestmark = pytest.mark.anyio

NO_MODEL = "I run without a model that understands pictures"


async def say(wish: Wish | None, look: Any, **more: Any) -> str:
    """What is said to Ben's question."""
    asked = request("what is on the slide?", wish=wish, look=look, **more)
    result = [event async for event in EmbeddedBrain().reply(asked)]
    assert result[-1] == Done("stop") and all(isinstance(event, TextDelta) for event in result[:-1])
    return "".join(event.text for event in result if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    ("wish", "sight", "said"),
    [
        (SCREEN, SLIDE, "I have a picture of Ana Lima's screen from three seconds ago, but"),
        (SCREEN, replace(SLIDE, person="", age=61), "I have a picture of Ana Lima's screen from one minute ago, but"),
        (NO_SCREEN, replace(SLIDE, person_id="", person=""), "I have a picture of the shared screen from three"),
        (BEN, BENS_FACE, "I have a picture of Ben Ortiz from one second ago, but"),
        (EVERYBODY, ALL, "I have a picture of everybody here from three minutes ago, but"),
    ],
)
async def test_it_says_what_it_has_and_what_it_lacks(wish: Wish, sight: Sight, said: str) -> None:
    """Whose picture, how old, and that it cannot tell what it shows."""
    answer = await say(wish, Eyes(sight))

    assert answer.startswith(said)
    assert answer.endswith(f"but I can't tell what it shows: {NO_MODEL}.")


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (NO_SCREEN, "Nobody is sharing a screen that I can see."),
        (SCREEN, "Ana Lima isn't sharing a screen that I can see."),
        (BEN, "I have no picture of Ben Ortiz."),
        (EVERYBODY, "I have no pictures of anybody here."),
    ],
)
@pytest.mark.parametrize("look", [None, Eyes()])
async def test_it_says_that_there_is_nothing_to_see(wish: Wish, said: str, look: Any) -> None:
    """No screen, no camera, or a meeting without pictures."""
    assert await say(wish, look) == f"{said} {NO_MODEL}."


async def test_a_broken_look_is_nothing_to_see() -> None:
    """Nothing that goes wrong with a picture costs the answer."""

    async def broken(source: Source, person_id: str) -> Sight | None:
        raise RuntimeError("the decoder is gone")

    assert (await say(SCREEN, broken)).startswith("Ana Lima isn't sharing a screen that I can see.")


async def test_in_place_of_a_model_it_says_that_this_is_away() -> None:
    """The reason is another one then."""
    answer = await say(SCREEN, Eyes(SLIDE), standing_in="timeout")

    assert answer.endswith("I can't tell what it shows: my language model isn't answering.")
    assert (await say(NO_SCREEN, None, standing_in="timeout")).endswith(" My language model isn't answering.")


@pytest.mark.parametrize(
    ("language", "slide", "nothing", "face", "everybody"),
    [
        (
            "de",
            "Ich habe ein Bild vom Bildschirm von Ana Lima, 3 Sekunden alt, kann aber nicht sagen, was es zeigt: ",
            "Niemand teilt einen Bildschirm, den ich sehen kann. Ich laufe ohne",
            "Ich habe ein Bild von Ben Ortiz, 1 Sekunde alt,",
            "Ich habe ein Bild von allen hier, 3 Minuten alt,",
        ),
        (
            "fr",
            "J'ai une image de l'écran partagé par Ana Lima, vieille de 3 secondes, mais je ne peux pas dire ",
            "Personne ne partage d'écran que je puisse voir. Je fonctionne sans",
            "J'ai une image où l'on voit Ben Ortiz, vieille de 1 seconde,",
            "J'ai une image de tout le monde ici, vieille de 3 minutes,",
        ),
        (
            "es",
            "Tengo una imagen de la pantalla de Ana Lima, de hace 3 segundos, pero no puedo decir qué muestra: ",
            "Nadie comparte una pantalla que yo pueda ver. Funciono sin",
            "Tengo una imagen de Ben Ortiz, de hace 1 segundo,",
            "Tengo una imagen de todos, de hace 3 minutos,",
        ),
    ],
)
async def test_it_says_so_in_the_language_of_the_meeting(
    language: str, slide: str, nothing: str, face: str, everybody: str
) -> None:
    """In the four languages that it speaks."""
    assert (await say(SCREEN, Eyes(SLIDE), language=language)).startswith(slide)
    assert (await say(NO_SCREEN, None, language=language)).startswith(nothing)
    assert (await say(BEN, Eyes(BENS_FACE), language=language)).startswith(face)
    assert (await say(EVERYBODY, Eyes(ALL), language=language)).startswith(everybody)


@pytest.mark.parametrize("wish", [None, PERHAPS])
async def test_what_is_not_plainly_about_a_picture_is_answered_from_the_transcript(wish: Wish | None) -> None:
    """And nothing is looked at."""
    eyes = Eyes(SLIDE)
    asked = request("what was said about the soup?", wish=wish, look=eyes)

    said = "".join([event.text async for event in EmbeddedBrain().reply(asked) if isinstance(event, TextDelta)])

    assert "pumpkin soup" in said and eyes.asked == []
