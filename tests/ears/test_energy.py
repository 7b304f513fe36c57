"""The cheap first judgement."""

import random

from hypothesis import given
from hypothesis import strategies as st

from server.ears.energy import EnergyGate, NoiseFloor

#: Frames of a second.
SECOND = 31


def test_the_floor_is_what_the_room_is_rarely_below() -> None:
    """In a room at -55 with speech half of the time, the floor is the room."""
    floor, rng = NoiseFloor(), random.Random(1)
    for number in range(10 * SECOND):
        floor.hear(-25 if number // SECOND % 2 else -55 + rng.uniform(-1, 1))

    assert -57 <= floor.level <= -54


def test_the_floor_forgets() -> None:
    """Ten seconds after the room became louder, the floor is the louder room; a quieter one shows sooner."""
    floor = NoiseFloor()
    for level, seconds in ((-60, 10), (-40, 10)):
        for _ in range(seconds * SECOND + 10):
            floor.hear(level)
    assert floor.level == -40
    for _ in range(SECOND):
        floor.hear(-65)
    assert floor.level == -65


def test_digital_silence_is_no_room() -> None:
    """A host that sends zeros between speech does not make the room look quieter than it is."""
    floor = NoiseFloor()
    for _ in range(3 * SECOND):
        floor.hear(-45)
        floor.hear(-120)

    assert floor.level == -45


def test_the_gate_opens_for_speech() -> None:
    """Nine decibels above the floor for two frames open it; a single click does not."""
    gate = EnergyGate()
    for _ in range(2 * SECOND):
        assert not gate.hear(-60)
    assert not gate.hear(-20)
    assert not gate.hear(-60)
    assert not gate.hear(-60)
    assert not gate.hear(-40)
    assert gate.hear(-40)


def test_the_gate_gets_used_to_a_fan() -> None:
    """Steady noise opens it at first, then no more; speech above the fan still opens it."""
    gate = EnergyGate()
    opened = [gate.hear(-35) for _ in range(12 * SECOND)]

    assert any(opened[:SECOND]) and not any(opened[2 * SECOND :])
    assert [gate.hear(-24) for _ in range(3)][-1]


def test_very_quiet_sound_never_opens_it() -> None:
    """Below -50 dBFS nothing is speech that anyone could follow, however quiet the room."""
    gate = EnergyGate()
    for number in range(5 * SECOND):
        assert not gate.hear(-80 if number % 10 else -51)


def test_the_guess_has_hysteresis() -> None:
    """Between six and nine decibels above the floor it neither begins nor ends speech."""
    gate = EnergyGate()
    for _ in range(2 * SECOND):
        gate.hear(-50)

    assert (gate.guess(-38), gate.guess(-43), gate.guess(-48)) == (1.0, 0.4, 0.0)


@given(st.lists(st.floats(-150, 6), max_size=400))
def test_any_levels_give_a_sane_floor(levels: list[float]) -> None:
    """The floor stays between -90 and 0 dBFS, whatever is heard."""
    gate = EnergyGate()
    for level in levels:
        gate.hear(level)
        assert -90 <= gate.floor <= 0
