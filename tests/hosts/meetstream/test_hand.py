"""The raised hand where no page is shown: on the still picture of the bot's camera."""

from __future__ import annotations

import pytest

from server.core.messages import Begin, Card, Hand, State, Welcome
from server.hosts.meetstream.still import Face
from tests.hosts.meetstream.test_link import Bot
from tests.hosts.meetstream.test_still import differs, opened

#: above the presence's right eye; below it; beside a card
RAISED, LABEL, BESIDE = (770, 130, 960, 330), (300, 615, 980, 685), (40, 470, 350, 600)
FACE = Face("Parley")


def test_a_hand_and_its_label_are_drawn():
    """The hand is up beside the face, the label under it or beside a card."""
    plain, up = opened(FACE), opened(Face("Parley", hand="Ship date"))
    assert differs(plain, up, RAISED) and differs(plain, up, LABEL)
    card = Card("list", "Open", items=("a",))
    alone, both = opened(Face("Parley", card=card)), opened(Face("Parley", card=card, hand="Ship date"))
    assert differs(alone, both, BESIDE) and not differs(alone, both, (360, 136, 1232, 680))


@pytest.mark.parametrize("state", ["speaking", "trouble"])
def test_no_hand_while_it_speaks_or_cannot(state):
    """Who has the floor, or cannot take it, asks for nothing."""
    assert not differs(opened(Face("P", state)), opened(Face("P", state, hand="x")), (0, 0, 1280, 720))


@pytest.mark.parametrize("label", ["A" * 4000, "\u202e مرحبا بالعالم " * 9, "\x00\n\t", "日本語の議事録" * 20])
def test_any_label_can_be_drawn(label):
    """Long and strange labels are cut, never an error."""
    for card in (None, Card("text", "", text="x")):
        assert opened(Face("Parley", hand=label, card=card)).size == (1280, 720)


def test_messages_raise_and_lower_the_hand():
    """A welcome or a `hand` raises it; an empty label and the beginning of a reply lower it."""
    bot = Bot()
    bot.link.send(Welcome("s", "Parley", 1, "listening", hand="Cost"))
    assert bot.faces[-1].hand == "Cost"
    for message, hand in (
        (Hand("Ship date"), "Ship date"),
        (Hand(""), ""),
        (Hand("Cost"), "Cost"),
        (Begin(1, 1), ""),
        (State("listening"), ""),
    ):
        bot.link.send(message)
        bot.timers.run(2.0)
        assert bot.faces[-1].hand == hand
